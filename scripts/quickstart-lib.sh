# quickstart-lib.sh: where the quick start keeps what it started, and how to talk to it.  Sourced.
#
# QS holds state, keys and logs.  The server's data folder is below it too, unless root's home is closed to the
# user that PostgreSQL runs as.

QS=${XDG_CACHE_HOME:-$HOME/.cache}/orchestration/quickstart
QS_CLUSTER=quickstart
QS_DATABASE=orchestration

# remember NAME VALUE: kept for the next command
remember()
{
	[ -e "$QS/env" ] || (umask 077 && : >"$QS/env")
	sed -i "/^$1=/d" "$QS/env"
	printf '%s=%q\n' "$1" "$2" >>"$QS/env"
	declare -g "$1=$2"
}

recall()
{
	# shellcheck disable=SC1091
	[ ! -s "$QS/env" ] || . "$QS/env"
}

need_quickstart()
{
	recall
	[ -n "${QS_PORT:-}" ] || { echo "nothing was started here: run make quickstart" >&2; exit 1; }
}

# qs_psql ARGS...: psql in the quick start's database; scram over loopback, so that no other user of the machine gets in
qs_psql()
{
	PGPASSFILE=$QS/pgpass PGHOST=127.0.0.1 PGPORT=$QS_PORT PGUSER=postgres PGDATABASE=${PGDATABASE:-$QS_DATABASE} \
		PGCONNECT_TIMEOUT=10 "$QS_PGBIN/psql" "$@"
}

qs_query() { qs_psql -XqAt -v ON_ERROR_STOP=1 "$@" </dev/null; }

# the user that may run a server
qs_as_server()
{
	if [ "$(id -u)" = 0 ]; then (cd / && exec runuser -u postgres -- "$@"); else "$@"; fi
}

# A real node needs root; its state then belongs to root, its cache to whoever asked.
qs_cluster()
{
	local with=()

	if [ "$(id -u)" != 0 ] && [ "${QS_SUDO:-0}" = 1 ]; then
		with=(sudo env "PATH=$PATH" "ORCHESTRATION_CACHE=${ORCHESTRATION_CACHE:-$(dirname "$QS")}" "ORCHESTRATION_RUN=$QS/cluster"
			"KUBEBUILDER_ASSETS=${KUBEBUILDER_ASSETS:-}")
	fi
	ORCHESTRATION_CLUSTER=$QS_CLUSTER "${with[@]}" "$ROOT/test/kube/cluster" "$@" --name $QS_CLUSTER
}
