# lib/state.sh: where an engine keeps its state, and which addresses and names it has.
# Sourced by engine. Its numbers are chosen once, at its first up, and kept in STATE/config until it is purged.

# Not in anybody's home: the user that PostgreSQL runs as has to get to the socket.
ENGINES=${ORCHESTRATION_ENGINES:-/var/lib/orchestration-engine}
SLOTS=60
IMAGE=docker.io/library/busybox:1.36

use_engine() {
	[[ $1 =~ ^[a-z0-9][a-z0-9-]{0,29}$ ]] || die "an engine's name is up to 30 lower-case letters, digits and hyphens, not \"$1\""
	NAME=$1
	STATE=$ENGINES/$NAME
	SOCKET=$STATE/engine.sock
}

# Whoever asks through sudo runs PostgreSQL as himself.
be_root() {
	[ "$(id -u)" != 0 ] || return 0
	have sudo || die "only root can run an engine"
	exec sudo env "PATH=$PATH" "ORCHESTRATION_ENGINES=$ENGINES" "ENGINE_USER=${ENGINE_USER:-$(id -un)}" "$HERE/engine" "${ARGUMENTS[@]}"
}

# One command at a time, for all engines: they choose their numbers from the same ones.
lock_engines() {
	exec 8<"$(dirname "$ENGINES")"
	flock -n 8 || { say "another command is changing an engine: waiting for it"; flock 8; }
}

load_config() {
	[ -s "$STATE/config" ] || return 1
	# shellcheck disable=SC1091
	. "$STATE/config"
	NET=10.$((192 + SLOT))
	POOL=$NET.0.0/16
	REGISTRY_PORT=$((22400 + SLOT))
	CHAINS=$(printf 'ORCH%02d' "$SLOT")
}

need_config() { load_config || die "there is no engine \"$NAME\": engine up --name $NAME"; }

slot_free() {
	! grep -qsx "SLOT=$1" "$ENGINES"/*/config &&
		! ip -4 route show table all | grep -q "\b10\.$((192 + $1))\." &&
		! (exec 3<>"/dev/tcp/127.0.0.1/$((22400 + $1))") 2>/dev/null
}

random_hex() { od -An -N"$1" -tx1 /dev/urandom | tr -d ' \n'; }

# The folder and the socket in it are for root and one group, that of the user who runs PostgreSQL.
new_config() {
	local slot
	for ((slot = 0; slot < SLOTS; slot++)); do
		! slot_free $slot || break
	done
	[ $slot -lt $SLOTS ] || die "all $SLOTS ranges of addresses are taken"
	GROUP=$(id -gn "${ENGINE_USER:-postgres}")
	mkdir -p "$STATE"
	chmod 755 "$ENGINES"
	chown "root:$GROUP" "$STATE"
	chmod 750 "$STATE"
	mkdir -m 700 "$STATE"/{bin,etc,home,log,networks,pin,run,storage,tmp}
	(
		umask 077
		cat >"$STATE/config" <<-C
			SLOT=$slot
			GROUP=$GROUP
			REGISTRY_USER=puller
			REGISTRY_PASSWORD=$(random_hex 12)
			FORWARDING=$(</proc/sys/net/ipv4/ip_forward)
		C
	)
	load_config
	write_settings
}

# overlayfs does not stack on every file system; copies instead.
storage_driver() {
	local t=$STATE/tmp/probe driver=vfs
	mkdir -p "$t"/{lower,upper,work,merged}
	if mount -t overlay overlay -o "lowerdir=$t/lower,upperdir=$t/upper,workdir=$t/work" "$t/merged" 2>/dev/null; then
		umount "$t/merged"
		driver=overlay
	fi
	rm -rf "$t"
	echo "$driver"
}

least() { printf '%s\n' "$@" | grep -vx unlimited | sort -n | head -n 1; }

fill_template() { # NAME TARGET
	sed -e "s#@STATE@#$STATE#g; s#@NET@#$NET#g; s#@REGISTRY_PORT@#$REGISTRY_PORT#g; s#@DRIVER@#$DRIVER#g; s#@CHAINS@#$CHAINS#g" \
		-e "s#@FILES@#$(least "$(ulimit -Hn)" 1048576)#g; s#@PROCESSES@#$(least "$(ulimit -Hu)" "$(</proc/sys/kernel/pid_max)")#g" "$HERE/etc/$1" >"$2"
}

write_settings() {
	local file
	DRIVER=$(storage_driver)
	for file in "$HERE"/etc/*.*; do fill_template "$(basename "$file")" "$STATE/etc/$(basename "$file")"; done
	for file in iptables ip6tables; do fill_template iptables "$STATE/bin/$file"; done
	chmod 755 "$STATE"/bin/*
}

env_lines() { # NAME VALUE...
	while [ $# -gt 0 ]; do
		printf '%s=%q\n' "$1" "$2"
		shift 2
	done
}
