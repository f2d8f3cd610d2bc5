# Shared by the scripts: where PostgreSQL is, who may run it, free ports.
# Source it; it sets ROOT, PG_CONFIG, PGBIN and defines the functions below.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
PG_CONFIG=${PG_CONFIG:-pg_config}
PGBIN=$($PG_CONFIG --bindir)

say() { printf '%s\n' "$*" >&2; }
die() { say "$0: $*"; exit 1; }

# PostgreSQL refuses to run as root: then everything runs as this user.
if [ "$(id -u)" = 0 ]; then PGUSER_OS=${PGUSER_OS:-postgres}; else PGUSER_OS=$(id -un); fi

# as_postgres COMMAND...: runs a command as the user that may run a server
as_postgres()
{
	if [ "$(id -u)" = 0 ]; then
		# root's home, where a checkout may be, is closed to that user
		( [ -x . ] && runuser -u "$PGUSER_OS" -- test -x . 2>/dev/null || cd /; exec runuser -u "$PGUSER_OS" -- "$@" )
	else
		"$@"
	fi
}

# scratch NAME: a fresh folder that this user can use, printed
scratch()
{
	local dir

	dir=$(mktemp -d "${TMPDIR:-/tmp}/orchestration-$1.XXXXXX")
	[ "$(id -u)" = 0 ] && chown "$PGUSER_OS" "$dir"
	chmod 755 "$dir"
	printf '%s\n' "$dir"
}

free_port()
{
	python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# sudo_if_needed COMMAND...: for what only root may do
sudo_if_needed()
{
	if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# install_extension: puts the built extension where the server finds it
install_extension()
{
	sudo_if_needed make -s -C "$ROOT" install PG_CONFIG="$PG_CONFIG" >/dev/null
}

# init_data DATADIR: a new one, or a copy of INITIAL_DATA for those who need many
init_data()
{
	if [ -n "${INITIAL_DATA:-}" ]; then
		as_postgres cp -a "$INITIAL_DATA" "$1"
	else
		as_postgres "$PGBIN/initdb" -D "$1" -U postgres -E UTF8 --locale=C.UTF-8 -A trust -N >/dev/null
	fi
}

# server_settings: what every throw-away server runs with, beside test/regress.conf
start_server()	# start_server DATADIR PORT [SETTING=VALUE ...]
{
	local data=$1 port=$2 setting
	shift 2
	init_data "$data"
	{
		cat "$ROOT/test/regress.conf"
		echo "port = $port"
		echo "listen_addresses = '127.0.0.1'"
		echo "unix_socket_directories = '$data'"
		for setting in "$@"; do printf "%s\n" "$setting"; done
	} | as_postgres tee -a "$data/postgresql.conf" >/dev/null
	as_postgres "$PGBIN/pg_ctl" -D "$data" -l "$data/server.log" -w -t 60 start >/dev/null
}

stop_server()	# stop_server DATADIR [MODE]
{
	as_postgres "$PGBIN/pg_ctl" -D "$1" -m "${2:-fast}" -w stop >/dev/null 2>&1 || true
}
