# lib/state.sh: where a cluster keeps its state, and which ports, addresses and names it has.
# Sourced by cluster. A cluster's numbers are chosen once, at its first up, and kept in STATE/config until it is taken down.

RUN_ROOT=${ORCHESTRATION_RUN:-$CACHE/run}
# Not below RUN_ROOT: ports and bridges belong to the machine, and two rigs may have different roots.
SLOT_DIR=/tmp/orchestration-kube-$(id -u)
SLOTS=60

use_cluster() {
	[[ $1 =~ ^[a-z0-9][a-z0-9-]{0,29}$ ]] || die "a cluster's name is up to 30 lower-case letters, digits and hyphens, not \"$1\""
	NAME=$1
	STATE=$RUN_ROOT/$NAME
	NODE=$STATE/node
	PKI=$STATE/pki
	CONFIGS=$STATE/kubeconfig
}

# Everything that follows from the slot. The API server's node proxy refuses loopback, so kwok stands on the bridge where there is one.
derive_numbers() {
	local p net=10.$((128 + SLOT))
	p=$(slot_base "$SLOT")
	API_PORT=$p
	ETCD_PORT=$((p + 1))
	ETCD_PEER_PORT=$((p + 2))
	CONTROLLER_PORT=$((p + 3))
	SCHEDULER_PORT=$((p + 4))
	REGISTRY_PORT=$((p + 5))
	KWOK_PORT=$((p + 6))
	KUBELET_HEALTH_PORT=$((p + 7))
	DNS_HEALTH_PORT=$((p + 8))
	METRICS_PORT=$((p + 9))
	BRIDGE=orch$SLOT
	BRIDGE_IP=$net.0.1
	BRIDGE_MASK=20
	POD_CIDR=$net.0.0/20
	ROUTER=orch${SLOT}r
	ROUTER_HOST_IP=$net.64.1
	ROUTER_IP=$net.64.2
	SERVICE_CIDR=$net.128.0/17
	SERVICE_API_IP=$net.128.1
	KWOK_CIDR=100.$((64 + SLOT)).0.0/16
	KWOK_IP=127.0.0.1
	[ "$REAL" = 0 ] || KWOK_IP=$BRIDGE_IP
	CGROUP=orch-kube-$SLOT
}

load_config() {
	[ -s "$STATE/config" ] || return 1
	# shellcheck disable=SC1091
	. "$STATE/config"
	derive_numbers
}

need_config() { load_config || die "there is no cluster \"$NAME\" in $RUN_ROOT: cluster up --name $NAME"; }

# One command at a time changes a cluster. down removes the file, so whoever waited for it looks whether it is still the same.
lock_cluster() {
	local file=$RUN_ROOT/.$NAME.lock
	[ -z "${LOCKED:-}" ] || return 0
	while :; do
		mkdir -p "$RUN_ROOT"
		exec 8>>"$file"
		flock -n 8 || { say "another command is changing $NAME: waiting for it"; flock 8; }
		[ "$(stat -Lc %i /proc/$$/fd/8)" = "$(stat -c %i "$file" 2>/dev/null)" ] && break
	done
	LOCKED=1
}

port_free() { ! (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# below the kernel's range for outgoing connections, so that no client takes a port between two starts
slot_base() { echo $((21000 + $1 * 20)); }

slot_free() {
	local i p owner link=$SLOT_DIR/$1
	if [ -L "$link" ]; then
		owner=$(readlink "$link")
		[ -s "$owner/config" ] && return 1
		rm -f "$link"
	fi
	if have ip; then
		ip link show "orch$1" >/dev/null 2>&1 && return 1
		ip -4 route show table all 2>/dev/null | grep -q "\b10\.$((128 + $1))\." && return 1
	fi
	p=$(slot_base "$1")
	for i in {0..9}; do
		port_free $((p + i)) || return 1
	done
}

# choose_slot: claims the first free set of numbers; the link is made atomically, so two rigs never share one.
choose_slot() {
	local s
	mkdir -p -m 700 "$SLOT_DIR"
	for ((s = 0; s < SLOTS; s++)); do
		if slot_free "$s" && ln -s "$STATE" "$SLOT_DIR/$s" 2>/dev/null; then
			SLOT=$s
			return 0
		fi
	done
	die "all $SLOTS sets of ports are taken; see $SLOT_DIR"
}

release_slot() {
	[ -n "${SLOT:-}" ] && [ "$(readlink "$SLOT_DIR/$SLOT" 2>/dev/null)" = "$STATE" ] && rm -f "$SLOT_DIR/$SLOT"
	[ -n "$(find "$SLOT_DIR" -type l 2>/dev/null)" ] || restore_sysctls
	rmdir "$SLOT_DIR" 2>/dev/null || true
}

# A kubelet and a bridge set these for the whole machine; the first cluster notes them and the last one puts them back.
SYSCTLS="net.ipv4.ip_forward vm.overcommit_memory vm.panic_on_oom kernel.panic kernel.panic_on_oops kernel.keys.root_maxkeys kernel.keys.root_maxbytes net.bridge.bridge-nf-call-iptables"

save_sysctls() {
	local s
	[ ! -e "$SLOT_DIR/sysctls" ] || return 0
	for s in $SYSCTLS; do
		sysctl -e "$s"
	done >"$SLOT_DIR/sysctls" 2>/dev/null || true
}

restore_sysctls() {
	[ -e "$SLOT_DIR/sysctls" ] || return 0
	sysctl -q -p "$SLOT_DIR/sysctls" >/dev/null 2>&1 || true
	rm -f "$SLOT_DIR/sysctls"
}

random_hex() { od -An -N"$1" -tx1 /dev/urandom | tr -d ' \n'; }

# new_config NODES REAL: writes STATE/config, the choices that nothing else follows from.
new_config() {
	mkdir -p "$STATE"
	choose_slot
	(
		umask 077
		cat >"$STATE/config" <<-C
			SLOT=$SLOT
			NODES=$1
			REAL=$2
			ADMIN_TOKEN=admin-$(random_hex 16)
			ALICE_TOKEN=alice-$(random_hex 16)
			REGISTRY_USER=puller
			REGISTRY_PASSWORD=$(random_hex 12)
			AUDIT=${AUDIT:-0}
			APISERVER_FLAGS=$(printf '%q' "${APISERVER_FLAGS:-}")
		C
	)
	load_config
}
