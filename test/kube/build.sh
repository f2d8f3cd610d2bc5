#!/bin/bash
# build.sh: builds what the test cluster runs (Kubernetes, etcd, containerd, kwok, metrics-server) from Go modules, once per set of versions.
#
# usage: build.sh [--print-bin] [--no-packages]
#
# The binaries land outside of the tree, in $ORCHESTRATION_CACHE (default ~/.cache/orchestration) under kube/<versions>/bin;
# only what is missing is built. modules/*/go.mod and go.sum pin every line of code that goes in.
# Exit status: 0 all there; 1 a build failed; 77 Go or the network is missing and something has to be built.
set -euo pipefail
. "$(dirname "$(realpath "$0")")/lib/common.sh"

PACKAGES="runc containernetworking-plugins iptables busybox-static socat conntrack docker-registry apache2-utils openssl curl jq gcc libc6-dev iproute2 procps"
GO_WANTED=1.26

# name, module, package; the order is the one in which a later build gains most from an earlier one
targets() {
	cat <<-T
		kube-apiserver kubernetes k8s.io/kubernetes/cmd/kube-apiserver
		kube-controller-manager kubernetes k8s.io/kubernetes/cmd/kube-controller-manager
		kube-scheduler kubernetes k8s.io/kubernetes/cmd/kube-scheduler
		kubelet kubernetes k8s.io/kubernetes/cmd/kubelet
		kube-proxy kubernetes k8s.io/kubernetes/cmd/kube-proxy
		kubectl kubernetes k8s.io/kubernetes/cmd/kubectl
		etcd etcd go.etcd.io/etcd/server/v3
		kwok kwok sigs.k8s.io/kwok/cmd/kwok
		containerd containerd github.com/containerd/containerd/v2/cmd/containerd
		containerd-shim-runc-v2 containerd github.com/containerd/containerd/v2/cmd/containerd-shim-runc-v2
		coredns coredns orchestration.test/coredns
		ctr containerd github.com/containerd/containerd/v2/cmd/ctr
		$METRICS_SERVER metrics-server sigs.k8s.io/metrics-server/cmd/metrics-server
	T
}

missing() {
	local name module package
	while read -r name module package; do
		[ -n "$(find_binary "$name")" ] || echo "$name $module $package"
	done < <(targets)
}

# Installing docker-registry on a machine with an init system would start a registry without a password on every address.
install_quietly() {
	local policy=/usr/sbin/policy-rc.d rc=0
	if [ ! -e "$policy" ]; then
		printf '#!/bin/sh\nexit 101\n' >"$policy"
		chmod 755 "$policy"
	else
		policy=
	fi
	DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@" || rc=$?
	[ -z "$policy" ] || rm -f "$policy"
	return "$rc"
}

missing_packages() {
	local p
	have dpkg-query || return 0
	for p in $PACKAGES; do
		[ "$(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null)" = installed ] || printf '%s ' "$p"
	done
}

packages() {
	local missing
	missing=$(missing_packages)
	[ -n "$missing" ] || return 0
	if [ "$(id -u)" != 0 ] || ! have apt-get; then
		say "not installed, and only root on Debian can have it done here: $missing(without these there is no real node, or no registry)"
		return 0
	fi
	say "installing Debian packages: $missing"
	# shellcheck disable=SC2086
	with_ticker "apt-get install" "$BUILT/log/apt.log" install_quietly $missing ||
		{ with_ticker "apt-get update" "$BUILT/log/apt-update.log" apt-get update -q &&
			with_ticker "apt-get install" "$BUILT/log/apt.log" install_quietly $missing; } ||
		say "the packages could not be installed; what needs them will say so"
}

# go_ready: Go is there and new enough, or this exits with 77.
go_ready() {
	local v
	have go || skip "Go is not installed and these binaries are not built yet: $*. Install Go $GO_WANTED or newer, or set KUBEBUILDER_ASSETS and ORCHESTRATION_CACHE to a machine's copy."
	v=$(go env GOVERSION)
	[ "$(printf '%s\n%s\n' "$GO_WANTED" "${v#go}" | sort -V | head -n 1)" = "$GO_WANTED" ] ||
		skip "Go is ${v#go}, and Kubernetes $KUBERNETES_VERSION needs $GO_WANTED or newer."
}

# fetch MODULE PACKAGE...: brings the source of all packages into Go's module cache, or exits with 77.
fetch() {
	local module=$1
	shift
	(cd "$KUBE_HOME/modules/$module" && with_ticker "source of $module" "$BUILT/log/fetch-$module.log" go list -mod=readonly -deps "$@") ||
		skip "the Go modules of $module could not be fetched; see $BUILT/log/fetch-$module.log"
}

compile() {
	local name=$1 module=$2 package=$3 tmp=$BIN/.$1.$$ ldflags="-s -w"
	local version=k8s.io/component-base/version v=${KUBERNETES_VERSION#v}
	if [ "$module" = kubernetes ]; then
		ldflags+=" -X $version.gitVersion=$KUBERNETES_VERSION -X $version.gitMajor=${v%%.*} -X $version.gitMinor=$(echo "$v" | cut -d. -f2)"
	fi
	(cd "$KUBE_HOME/modules/$module" &&
		with_ticker "$name" "$BUILT/log/build-$name.log" nice go build -mod=readonly -buildvcs=false \
			-tags "no_btrfs no_devmapper no_zfs" -ldflags "$ldflags" -o "$tmp" "$package") || { rm -f "$tmp"; die "$name does not build"; }
	mv "$tmp" "$BIN/$name"
}

# kwok comes without behaviour: its stages are data in its module.
kwok_stages() {
	local dir f out=$BUILT/share/kwok-stages.yaml
	[ ! -s "$out" ] || return 0
	go_ready kwok-stages.yaml
	dir=$(cd "$KUBE_HOME/modules/kwok" && go mod download -json sigs.k8s.io/kwok | jq -r .Dir)/kustomize
	for f in stage/node/fast/node-initialize stage/node/heartbeat-with-lease/node-heartbeat-with-lease \
		stage/pod/fast/pod-ready stage/pod/fast/pod-complete stage/pod/fast/pod-delete \
		metrics/usage/usage-from-annotation metrics/resource/metrics-resource; do
		cat "$dir/$f.yaml"
		echo ---
	done >"$out.$$"
	mv "$out.$$" "$out"
}

# The sandbox process of every pod; static, because its image holds nothing else.
pause_binary() {
	[ ! -x "$BIN/pause" ] || return 0
	have gcc || { say "no gcc: no pause image, so no real node"; return 0; }
	gcc -static -Os -o "$BIN/.pause.$$" "$KUBE_HOME/pause.c" && mv "$BIN/.pause.$$" "$BIN/pause"
}

main() {
	local name module package todo=() want_packages=1
	for arg in "$@"; do
		case $arg in
		--print-bin) echo "$BIN"; exit 0 ;;
		--no-packages) want_packages=0 ;;
		*) sed -n '2,8s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
		esac
	done
	# a finished copy may lie on a read-only disk
	if [ -s "$BUILT/complete" ] && [ -z "$(missing)" ] && { [ "$want_packages" = 0 ] || [ -z "$(missing_packages)" ]; }; then
		say "all there: $BIN"
		exit 0
	fi
	mkdir -p "$BIN" "$BUILT/log" "$BUILT/share"
	exec 9>"$BUILT/.lock"
	flock -n 9 || { say "another build goes on in $BUILT: waiting for it"; flock 9; }
	[ "$want_packages" = 0 ] || packages

	mapfile -t todo < <(missing)
	if [ ${#todo[@]} -gt 0 ]; then
		go_ready "${todo[@]%% *}"
		say "building ${todo[*]%% *} in $BIN (from nothing: 20 to 30 minutes on two cores)"
		for module in $(printf '%s\n' "${todo[@]}" | cut -d' ' -f2 | uniq); do
			# shellcheck disable=SC2046
			fetch "$module" $(printf '%s\n' "${todo[@]}" | awk -v m="$module" '$2 == m { print $3 }')
		done
		for line in "${todo[@]}"; do
			read -r name module package <<<"$line"
			compile "$name" "$module" "$package"
		done
	fi
	kwok_stages
	pause_binary
	date -u +%FT%TZ >"$BUILT/complete"
	say "all there: $BIN"
}

main "$@"
