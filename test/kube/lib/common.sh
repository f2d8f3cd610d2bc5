# lib/common.sh: paths, versions and messages that build.sh and cluster share.
# Sourced, never run. Everything it prints goes to stderr: stdout belongs to the caller's answer.

KUBE_HOME=$(dirname "$(dirname "$(realpath "${BASH_SOURCE[0]}")")")
REPO_HOME=$(dirname "$(dirname "$KUBE_HOME")")
CACHE=${ORCHESTRATION_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/orchestration}
SKIP=77 # what automake and many CI systems read as "skipped"

# Debian keeps runc, iptables and friends where only root's PATH looks.
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
[ -d /usr/local/go/bin ] && PATH=$PATH:/usr/local/go/bin
# what scripts/install-go.sh brought is newer than the machine's own
[ -d "$CACHE/go/bin" ] && PATH=$CACHE/go/bin:$PATH

# now: seconds since the epoch with fraction; elapsed SINCE: seconds since then with one decimal.
now() { printf '%s' "${EPOCHREALTIME/,/.}"; }
elapsed() { awk -v a="$1" -v b="$(now)" 'BEGIN { printf "%.1f", b - a }'; }
BEGUN=$(now)

say() { printf '[%6ss] %s\n' "$(elapsed "$BEGUN")" "$*" >&2; }
die() { printf 'error: %s\n' "$*" >&2; exit 1; }
skip() { printf 'skipped: %s\n' "$*" >&2; exit "$SKIP"; }
have() { command -v "$1" >/dev/null 2>&1; }

# version_of MODULE PATH: the version that MODULE's go.mod pins; go.mod is the only place that holds one.
version_of() {
	awk -v p="$2" '$1 == p { print $2; exit } $1 == "require" && $2 == p { print $3; exit }' "$KUBE_HOME/modules/$1/go.mod"
}

KUBERNETES_VERSION=$(version_of kubernetes k8s.io/kubernetes)
ETCD_VERSION=$(version_of etcd go.etcd.io/etcd/server/v3)
CONTAINERD_VERSION=$(version_of containerd github.com/containerd/containerd/v2)
COREDNS_VERSION=$(version_of coredns github.com/coredns/coredns)
KWOK_VERSION=$(version_of kwok sigs.k8s.io/kwok)

# an add-on: a new version of it is no reason to build all the others anew
METRICS_SERVER_VERSION=$(version_of metrics-server sigs.k8s.io/metrics-server)
METRICS_SERVER=metrics-server-${METRICS_SERVER_VERSION#v}

VERSIONS_KEY=kubernetes-${KUBERNETES_VERSION#v}_etcd-${ETCD_VERSION#v}_containerd-${CONTAINERD_VERSION#v}_kwok-${KWOK_VERSION#v}_coredns-${COREDNS_VERSION#v}_$(uname -m)
BUILT=$CACHE/kube/$VERSIONS_KEY
BIN=$BUILT/bin

# find_binary NAME: path of NAME. The envtest convention (KUBEBUILDER_ASSETS) is honoured for the three it covers.
find_binary() {
	case $1 in etcd | kube-apiserver | kubectl)
		if [ -n "${KUBEBUILDER_ASSETS:-}" ] && [ -x "$KUBEBUILDER_ASSETS/$1" ]; then
			printf '%s\n' "$KUBEBUILDER_ASSETS/$1"
			return 0
		fi ;;
	esac
	[ -x "$BIN/$1" ] && printf '%s\n' "$BIN/$1"
}

# with_ticker LABEL LOG COMMAND...: runs COMMAND with its output in LOG and says every 20 seconds that it still goes on.
with_ticker() {
	local label=$1 log=$2 since pid tick=0
	shift 2
	since=$(now)
	"$@" >"$log" 2>&1 </dev/null &
	pid=$!
	while kill -0 "$pid" 2>/dev/null; do
		sleep 0.2
		tick=$((tick + 1))
		[ $((tick % 100)) -eq 0 ] && say "$label: still going, $(elapsed "$since") s so far"
	done
	if wait "$pid"; then
		say "$label: done in $(elapsed "$since") s"
		return 0
	fi
	say "$label: failed after $(elapsed "$since") s; the end of $log:"
	tail -n 15 "$log" >&2
	return 1
}
