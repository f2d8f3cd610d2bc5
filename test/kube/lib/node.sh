# lib/node.sh: the nodes: a real one (containerd, runc, kubelet on a bridge of its own) and a simulated one (kwok).
# Sourced by cluster. The real node needs root; where it cannot be, kwok serves alone and the output says so.

# why_no_real_node: prints the first reason found, or nothing.
why_no_real_node() {
	local p probe="orchp$$"
	[ "$(id -u)" = 0 ] || { echo "not root"; return; }
	for p in runc ip iptables busybox tar; do
		have "$p" || { echo "$p is not installed"; return; }
	done
	[ -x "$(cni_dir)/bridge" ] || { echo "no CNI plugins (containernetworking-plugins)"; return; }
	[ -x "$BIN/pause" ] || { echo "no pause binary (it needs gcc)"; return; }
	can_run_registry || { echo "no registry (docker-registry, apache2-utils, jq)"; return; }
	ip link add "$probe" type bridge 2>/dev/null || { echo "this machine lets nobody make a network bridge"; return; }
	ip link del "$probe"
	[ -n "$(cgroup_roots)" ] || { echo "no writable control groups"; return; }
}

cni_dir() {
	local d
	for d in /usr/lib/cni /opt/cni/bin; do
		[ -x "$d/bridge" ] && { echo "$d"; return; }
	done
	echo /usr/lib/cni
}

# cgroup_roots: every hierarchy that can be written: one of version 2, or one per controller of version 1.
cgroup_roots() {
	awk '$3 == "cgroup" || $3 == "cgroup2" { print $2 }' /proc/self/mounts | while read -r d; do
		[ -w "$d" ] && echo "$d"
	done
}

make_cgroups() {
	local d
	for d in $(cgroup_roots); do
		mkdir -p "$d/$CGROUP" 2>/dev/null || true
		# version 2 alone: children get no controller that the parent does not hand down
		if [ -e "$d/cgroup.subtree_control" ] && [ -s "$d/cgroup.controllers" ]; then
			sed 's/^/+/; s/ / +/g' "$d/cgroup.controllers" >"$d/cgroup.subtree_control" 2>/dev/null || true
		fi
		# version 1 alone: an empty cpuset takes no process
		if [ -e "$d/$CGROUP/cpuset.cpus" ]; then
			cat "$d/cpuset.cpus" >"$d/$CGROUP/cpuset.cpus" 2>/dev/null || true
			cat "$d/cpuset.mems" >"$d/$CGROUP/cpuset.mems" 2>/dev/null || true
		fi
	done
}

make_bridge() {
	ip link show "$BRIDGE" >/dev/null 2>&1 && return 0
	ip link add "$BRIDGE" type bridge
	ip addr add "$BRIDGE_IP/$BRIDGE_MASK" dev "$BRIDGE"
	ip link set "$BRIDGE" up
}

fill_template() { # NAME TARGET
	sed -e "s#@NODE@#$NODE#g; s#@PKI@#$PKI#g; s#@BRIDGE@#$BRIDGE#g; s#@BRIDGE_IP@#$BRIDGE_IP#g; s#@POD_CIDR@#$POD_CIDR#g" \
		-e "s#@CNI@#$(cni_dir)#g; s#@RUNC@#$(command -v runc)#g; s#@SNAPSHOTTER@#$SNAPSHOTTER#g; s#@CGROUP@#$CGROUP#g" \
		-e "s#@HEALTH_PORT@#$KUBELET_HEALTH_PORT#g" \
		-e "s#@CONFIGS@#$CONFIGS#g; s#@ROUTER_IP@#$ROUTER_IP#g; s#@DNS_HEALTH_PORT@#$DNS_HEALTH_PORT#g" "$KUBE_HOME/etc/$1" >"$2"
}

# overlayfs does not stack on every file system; native copies instead.
choose_snapshotter() {
	local t=$NODE/overlay-probe
	SNAPSHOTTER=native
	mkdir -p "$t"/{lower,upper,work,merged}
	if mount -t overlay overlay -o "lowerdir=$t/lower,upperdir=$t/upper,workdir=$t/work" "$t/merged" 2>/dev/null; then
		umount "$t/merged"
		SNAPSHOTTER=overlayfs
	fi
	rm -rf "$t"
}

define_real_node() {
	mkdir -p "$NODE"/{cni,opt,kubelet,certs,podlogs}
	choose_snapshotter
	fill_template containerd.toml "$NODE/containerd.toml"
	fill_template kubelet.yaml "$NODE/kubelet.yaml"
	fill_template cni.conflist "$NODE/cni/10-bridge.conflist"
	printf 'nameserver %s\n' "$BRIDGE_IP" >"$NODE/resolv.conf"
	define_process containerd "$BIN/containerd" -c "$NODE/containerd.toml"
	define_process kubelet "$BIN/kubelet" --config "$NODE/kubelet.yaml" --kubeconfig "$CONFIGS/kubelet.kubeconfig" \
		--containerd "$NODE/containerd.sock" --root-dir "$NODE/kubelet" --cert-dir "$NODE/certs" \
		--hostname-override real-0 --node-ip "$BRIDGE_IP" --node-labels type=real
}

import_pause() {
	build_image "$NODE/pause" localhost/pause:1 '["/pause"]' "$BIN/pause=/pause"
	tar -C "$NODE/pause" -cf "$NODE/pause.tar" .
	"$BIN/ctr" -a "$NODE/containerd.sock" -n k8s.io images import --snapshotter "$SNAPSHOTTER" "$NODE/pause.tar" >>"$STATE/log/images.log" 2>&1
	rm -rf "$NODE/pause" "$NODE/pause.tar"
}

# Beside a real node kwok has its own pods alone (label and taint); without one it takes everything.
define_kwok() {
	printf '%s stdout F this container is simulated by kwok\n' 2026-01-01T00:00:00.000000000Z >"$STATE/log/kwok-container.log"
	{
		cat "$BUILT/share/kwok-stages.yaml"
		sed "s#@KWOK_LOG@#$STATE/log/kwok-container.log#" "$KUBE_HOME/etc/kwok-logs.yaml"
	} >"$STATE/kwok.yaml"
	define_process kwok "$BIN/kwok" --kubeconfig "$CONFIGS/admin.kubeconfig" --config "$STATE/kwok.yaml" \
		--manage-all-nodes=false --manage-nodes-with-label-selector type=kwok --node-lease-duration-seconds 40 \
		--cidr "$KWOK_CIDR" --node-ip "$KWOK_IP" --node-port "$KWOK_PORT" --server-address "$KWOK_IP:$KWOK_PORT" \
		--tls-cert-file "$PKI/kwok-server.crt" --tls-private-key-file "$PKI/kwok-server.key"
}

register_kwok_node() {
	local taints=""
	[ "$REAL" = 1 ] && taints='{"key": "kwok.x-k8s.io/node", "value": "fake", "effect": "NoSchedule"}'
	sed "s#@TAINTS@#$taints#" "$KUBE_HOME/manifests/kwok-node.yaml" | kube apply --server-side -f -
}

node_ready() { [ "$(kube get node "$1" -o 'jsonpath={.status.conditions[?(@.type=="Ready")].status}')" = True ]; }

pids_with() { # TEXT: processes of whose command line TEXT is one argument
	local f
	for f in /proc/[0-9]*/cmdline; do
		tr '\0' '\n' 2>/dev/null <"$f" | grep -qxF -- "$1" && basename "$(dirname "$f")"
	done
	return 0
}

# end_containers: what the kubelet and containerd would leave running when they are killed.
end_containers() {
	local i pids shims sockets
	for ((i = 0; i < 20; i++)); do
		pids=$(find $(cgroup_roots | sed "s#\$#/$CGROUP#") -name cgroup.procs -exec cat {} + 2>/dev/null | sort -u) || true
		[ -n "$pids" ] || break
		# shellcheck disable=SC2086
		kill -9 $pids 2>/dev/null || true
		sleep 0.1
	done
	shims=$(pids_with "$NODE/containerd.sock")
	[ -n "$shims" ] || return 0
	# A shim's socket lies in a folder that all containerds of the machine share.
	sockets=$(ss -Hxlp 2>/dev/null | grep -F "$(printf 'pid=%s,\n' $shims)" | awk '{ print $5 }' | grep '^/run/containerd/' || true)
	# shellcheck disable=SC2086
	kill -9 $shims 2>/dev/null || true
	# shellcheck disable=SC2086
	rm -f $sockets
	rmdir /run/containerd/s /run/containerd 2>/dev/null || true
}

unmount_below() { # FOLDER
	awk -v d="$1/" 'index($2, d) == 1 { print $2 }' /proc/self/mounts | sort -r | while read -r m; do
		umount -l "$m" 2>/dev/null || true
	done
}

remove_cgroups() {
	local d i
	for ((i = 0; i < 20; i++)); do
		for d in $(cgroup_roots); do
			[ -d "$d/$CGROUP" ] && find "$d/$CGROUP" -depth -type d -exec rmdir {} + 2>/dev/null
		done
		[ -z "$(find $(cgroup_roots) -maxdepth 1 -name "$CGROUP" 2>/dev/null)" ] && return 0
		sleep 0.1
	done
}

# The kubelet links each log from a folder that cannot be configured.
remove_log_links() {
	[ -d /var/log/containers ] || return 0
	find /var/log/containers -type l -lname "$STATE/*" -delete
}

clear_real_node() {
	end_containers
	clear_network
	unmount_below "$STATE"
	ip link del "$BRIDGE" 2>/dev/null || true
	remove_cgroups
	remove_log_links
}
