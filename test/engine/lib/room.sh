# lib/room.sh: the mount namespace that everything of an engine lives in, and its end.
# Sourced by engine. A file keeps it, so that service and commands come back to it whatever was killed.

ROOM_PLACES="/run/containers /run/netns /run/runc"

# why_no_engine: prints the first reason found, or nothing.
why_no_engine() {
	local p probe="orchp$$"
	[ "$(id -u)" = 0 ] || have sudo || { echo "not root, and no sudo"; return; }
	for p in podman runc conmon ip iptables busybox jq curl; do
		have "$p" || { echo "$p is not installed"; return; }
	done
	for p in netavark aardvark-dns; do
		[ -x "/usr/lib/podman/$p" ] || [ -x "/usr/libexec/podman/$p" ] || { echo "$p is not installed"; return; }
	done
	[ "$(id -u)" = 0 ] || return 0
	unshare --mount true 2>/dev/null || { echo "this machine gives nobody a mount namespace"; return; }
	ip link add "$probe" type bridge 2>/dev/null || { echo "this machine lets nobody make a network bridge"; return; }
	ip link del "$probe"
	iptables -t nat -nL >/dev/null 2>&1 || { echo "no address translation"; return; }
	[ -n "$(cgroup_roots)" ] || echo "no writable control groups"
}

# cgroup_roots: every hierarchy that can be written: one of version 2, or one per controller of version 1.
cgroup_roots() {
	awk '$3 == "cgroup" || $3 == "cgroup2" { print $2 }' /proc/self/mounts | while read -r d; do
		[ -w "$d" ] && echo "$d"
	done
}

has_room() { mountpoint -q "$STATE/pin/room"; }

# The words before a command that goes on in the room, without what root may have told his own Podman.
enter_room() {
	ENTER=(nsenter --mount="$STATE/pin/room" -- env -u CONTAINERS_CONF -u CONTAINERS_STORAGE_CONF -u CONTAINERS_REGISTRIES_CONF
		-u CONTAINER_HOST -u DOCKER_HOST -u DOCKER_CONFIG -u REGISTRY_AUTH_FILE -u NOTIFY_SOCKET
		-u XDG_CONFIG_HOME -u XDG_DATA_HOME -u XDG_RUNTIME_DIR "HOME=$STATE/home" "PATH=$STATE/bin:$PATH")
}

in_room() { # COMMAND...
	enter_room
	"${ENTER[@]}" "$@" 8<&-
}

make_room() {
	local place
	! has_room || return 0
	rm -rf "$STATE/run"
	mkdir -m 700 "$STATE/run"
	for place in $ROOM_PLACES; do
		[ -d "$place" ] || { mkdir "$place"; echo "$place" >>"$STATE/made"; }
	done
	# a namespace can be kept only where its own mount does not spread
	mount --bind "$STATE/pin" "$STATE/pin"
	mount --make-private "$STATE/pin"
	touch "$STATE/pin/room"
	unshare --mount="$STATE/pin/room" --propagation slave "$HERE/lib/furnish.sh" "$STATE" && return 0
	umount "$STATE/pin/room" "$STATE/pin" || true
	die "no room for $NAME"
}

# Conmon, aardvark and the service; a container's own processes live in a namespace below.
pids_in_room() {
	find /proc/[0-9]*/ns/mnt -maxdepth 0 -lname "mnt:\[$(stat -Lc %i "$STATE/pin/room")\]" 2>/dev/null | cut -d/ -f3 || true
}

container_cgroups() {
	local ids
	ids=$(cd "$STATE/storage" && ls -d -- *-containers/*/ 2>/dev/null | cut -d/ -f2) || true
	[ -n "$ids" ] || return 0
	# shellcheck disable=SC2046
	find $(cgroup_roots | sed 's,$,/libpod_parent,') -mindepth 1 -maxdepth 1 -type d 2>/dev/null | grep -F "$ids" || true
}

# What is frozen cannot be killed.
kill_containers() {
	local group
	for group in $(container_cgroups); do
		[ ! -e "$group/freezer.state" ] || echo THAWED >"$group/freezer.state" || true
		[ ! -e "$group/cgroup.freeze" ] || echo 0 >"$group/cgroup.freeze" || true
		find "$group" -name cgroup.procs -exec cat {} + 2>/dev/null | sort -u | xargs -r kill -KILL 2>/dev/null || true
	done
}

remove_cgroups() {
	local group root
	for group in $(container_cgroups); do
		find "$group" -depth -type d -exec rmdir {} + 2>/dev/null || true
	done
	for root in $(cgroup_roots); do
		# all of a machine's Podmans have these in common; somebody's processes in there keep them
		rmdir "$root"/libpod_parent/conmon "$root/libpod_parent" 2>/dev/null || true
	done
	[ -z "$(container_cgroups)" ]
}

# Conmon first: it would see its container end, and restart it.
empty_room() {
	local i pids
	for ((i = 0; i < 50; i++)); do
		pids=$(pids_in_room)
		# shellcheck disable=SC2086
		[ -z "$pids" ] || kill -KILL $pids 2>/dev/null || true
		kill_containers
		if remove_cgroups && [ -z "$(pids_in_room)" ]; then return 0; fi
		sleep 0.1
	done
	die "processes of $NAME do not end: $(pids_in_room | tr '\n' ' ')$(container_cgroups)"
}

# leave_machine: processes, mounts, control groups, links and rules go; data stay.
leave_machine() {
	local place
	end_process registry KILL 5
	if has_room; then
		empty_room
		umount "$STATE/pin/room"
	fi
	! mountpoint -q "$STATE/pin" || umount "$STATE/pin"
	clear_firewall
	clear_links
	rm -rf "$STATE/run" "$STATE/pid" "$SOCKET"
	[ ! -e "$STATE/made" ] || while read -r place; do rmdir "$place" 2>/dev/null || true; done <"$STATE/made"
	rm -f "$STATE/made"
	# for containers' packets Podman switches it on
	if [ "$FORWARDING" = 0 ] && [ -z "$(ip -o link show type bridge)" ]; then echo 0 >/proc/sys/net/ipv4/ip_forward; fi
}
