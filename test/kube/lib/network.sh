# lib/network.sh: Service addresses and names for the containers of a real node: kube-proxy and CoreDNS.
# Sourced by cluster. kube-proxy's rules have fixed names, so two of them cannot share a network namespace, and they are nothing
# that a test should leave in a machine's own tables. Each cluster therefore has a router: a namespace with those rules and
# one cable. The machine sends the cluster's Service range there; what comes back goes to a pod.

router() { nsenter --net="$NODE/router.netns" "$@"; }

make_router() {
	local file=$NODE/router.netns
	router true 2>/dev/null && return 0
	touch "$file"
	unshare --net="$file" true
	ip link del "$ROUTER" 2>/dev/null || true
	ip link add "$ROUTER" type veth peer name uplink netns "$file"
	ip addr add "$ROUTER_HOST_IP/30" dev "$ROUTER"
	ip link set "$ROUTER" up
	ip route replace "$SERVICE_CIDR" via "$ROUTER_IP" dev "$ROUTER"
	router ip link set lo up
	router ip addr add "$ROUTER_IP/30" dev uplink
	router ip link set uplink up
	# no default route: what is not for a pod of this cluster goes nowhere
	router ip route add "$POD_CIDR" via "$ROUTER_HOST_IP"
	router sysctl -qw net.ipv4.ip_forward=1
	sysctl -qw net.ipv4.ip_forward=1
}

# The API server listens on loopback alone; the router and the pods reach it through this, on the bridge. Pods find it where
# every cluster has it: Service "kubernetes" in namespace default.
define_gateway() {
	define_process gateway socat "TCP-LISTEN:$API_PORT,bind=$BRIDGE_IP,reuseaddr,fork" "TCP:127.0.0.1:$API_PORT"
}

publish_gateway() {
	sed "s#@BRIDGE_IP@#$BRIDGE_IP#g; s#@API_PORT@#$API_PORT#g" "$KUBE_HOME/manifests/gateway.yaml" | kube apply --server-side -f -
}

# define_network: three more components, or 1 and the reason said.
define_network() {
	if [ ! -x "$BIN/kube-proxy" ] || [ ! -x "$BIN/coredns" ] || ! have socat; then
		say "no kube-proxy, coredns or socat: Services have no addresses and no names"
		return 1
	fi
	make_router || { say "no router namespace: Services have no addresses and no names"; return 1; }
	router iptables -t nat -nL >/dev/null 2>&1 || { say "no address translation: Services have no addresses and no names"; return 1; }
	define_gateway
	sed "s#https://127.0.0.1:#https://$BRIDGE_IP:#" "$CONFIGS/proxy.kubeconfig" >"$NODE/proxy.kubeconfig"
	fill_template kube-proxy.yaml "$NODE/kube-proxy.yaml"
	fill_template Corefile "$NODE/Corefile"
	define_process proxy nsenter "--net=$NODE/router.netns" "$BIN/kube-proxy" --config "$NODE/kube-proxy.yaml" --hostname-override real-0
	define_process dns "$BIN/coredns" -conf "$NODE/Corefile"
}

clear_network() {
	ip link del "$ROUTER" 2>/dev/null || true
}
