#!/bin/bash
# selftest.sh: shows that the test cluster does what README.md says, with clusters of its own, and leaves nothing behind.
# usage: selftest.sh     ends with "N passed, N failed"; exit status 0, 1, or 77 when the cluster cannot be built here
set -uo pipefail
HERE=$(dirname "$(realpath "$0")")
RIG=$HERE/cluster
# one name that YAML would take for a number
A=selftest-$$ B=$(($$ % 1000))
PASSED=0 FAILED=0
WORK=$(mktemp -d)

a() { "$RIG" "$1" --name "$A" "${@:2}"; }
b() { "$RIG" "$1" --name "$B" "${@:2}"; }
k() { "$RIG" kubectl --name "$A" "$@"; }

finish() {
	a down >/dev/null 2>&1
	b down >/dev/null 2>&1
	rm -rf "$WORK"
}
trap finish EXIT

result() { # STATUS LABEL
	if [ "$1" = 0 ]; then
		PASSED=$((PASSED + 1))
		printf 'ok - %s\n' "$2"
	else
		FAILED=$((FAILED + 1))
		printf 'not ok - %s\n' "$2"
		sed 's/^/# /' "$WORK/out" 2>/dev/null | tail -n 8
	fi
}

check() { local l=$1; shift; "$@" >"$WORK/out" 2>&1; result $? "$l"; }
check_not() { local l=$1; shift; if "$@" >"$WORK/out" 2>&1; then result 1 "$l"; else result 0 "$l"; fi; }
same() { echo "got: $1, wanted: $2"; [ "$1" = "$2" ]; }
holds() { echo "got: $1, wanted in it: $2"; [ -n "$2" ] && [[ $1 == *"$2"* ]]; }
differ() { echo "got: $1 and $2"; [ -n "$1" ] && [ -n "$2" ] && [ "$1" != "$2" ]; }

# eventually COMMAND...: the answer of a real cluster takes its time; 60 seconds are far more than it needs
eventually() {
	local i
	for ((i = 0; i < 120; i++)); do
		"$@" && return 0
		sleep 0.5
	done
	return 1
}

waiting_reason() { k get pods -l "app=$1" -o 'jsonpath={.items[*].status.containerStatuses[*].state.waiting.reason}'; }
last_reason() { k get pods -l "app=$1" -o 'jsonpath={.items[*].status.containerStatuses[*].lastState.terminated.reason}'; }
has_reason() { [[ $("$1" "$2") =~ $3 ]]; }
running() { [ "$(k get pods -l "app=$1" --field-selector status.phase=Running -o name | wc -l)" = "$2" ]; }
node_of() { k get pods -l "app=$1" -o 'jsonpath={.items[*].spec.nodeName}' | tr ' ' '\n' | sort -u | xargs; }

# deployment NAME REPLICAS POD_FIELDS CONTAINER_FIELDS
deployment() {
	k apply -f - <<-Y
		apiVersion: apps/v1
		kind: Deployment
		metadata: {name: $1}
		spec:
		  replicas: $2
		  selector: {matchLabels: {app: $1}}
		  template:
		    metadata: {labels: {app: $1}}
		    spec: {$3, terminationGracePeriodSeconds: 0, containers: [{name: c, $4}]}
	Y
}

test_up() {
	a up
	case $? in 0) ;; 77) exit 77 ;; *) a down; echo "0 passed, 1 failed"; exit 1 ;; esac
	check "status says that all is up" a status
	check "a second up says that it is already up" holds "$(a up 2>&1)" "already up"
	set -a
	eval "$(a env)"
	set +a
}

test_real_node() {
	local pull="imagePullSecrets: [{name: pull}]" ip first
	k create secret docker-registry pull --docker-server="$REGISTRY" --docker-username="$REGISTRY_USER" \
		--docker-password="$REGISTRY_PASSWORD" >/dev/null
	# first, while the node has never seen the image
	deployment nosecret 1 "hostNetwork: false" "image: '$IMAGE', command: [sleep, inf]" >/dev/null
	check "without a pull secret the image is refused" eventually has_reason waiting_reason nosecret 'ErrImagePull|ImagePullBackOff'
	k apply -f - >/dev/null <<-Y
		apiVersion: v1
		kind: PersistentVolumeClaim
		metadata: {name: data}
		spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Mi}}}
	Y
	deployment web 1 "$pull, volumes: [{name: d, persistentVolumeClaim: {claimName: data}}]" \
		"image: '$IMAGE', volumeMounts: [{name: d, mountPath: /data}], readinessProbe: {httpGet: {path: /, port: 80}, periodSeconds: 1},
		command: [sh, -c, 'date +%N >>/data/index.html; echo serving; exec httpd -f -p 80 -h /data']" >/dev/null
	check "a pod runs an image that was pulled with the secret" k rollout status deployment/web --timeout 90s
	check "it runs on the real node" same "$(node_of web)" real-0
	ip=$(k get pods -l app=web -o 'jsonpath={.items[0].status.podIP}')
	first=$(curl -fsS -m 5 "http://$ip/")
	check "it answers HTTP on its own address" test -n "$first"
	check "its log can be read" holds "$(k logs deployment/web)" serving
	check "a command runs in it" same "$(k exec deployment/web -- sh -c 'echo $((6 * 7))')" 42
	check "the claim is bound" same "$(k get pvc data -o 'jsonpath={.status.phase}')" Bound
	k delete pod -l app=web >/dev/null
	k rollout status deployment/web --timeout 90s >/dev/null
	ip=$(k get pods -l app=web -o 'jsonpath={.items[0].status.podIP}')
	check "its data outlives the pod" holds "$(curl -fsS -m 5 "http://$ip/")" "$first"
	check "the kubelet's summary comes through the API server" \
		eventually eval '"$KUBECTL" get --raw /api/v1/nodes/real-0/proxy/stats/summary | grep -q "\"name\": \"web-"'
	deployment hog 1 "$pull" "image: '$IMAGE', command: [tail, /dev/zero], resources: {limits: {memory: 32Mi}}" >/dev/null
	check "a container over its memory limit is OOMKilled" eventually has_reason last_reason hog OOMKilled
	deployment crash 1 "$pull" "image: '$IMAGE', command: ['false']" >/dev/null
	check "a crashing container gets to CrashLoopBackOff" eventually has_reason waiting_reason crash CrashLoopBackOff
	echo 'made by the self-test' >"$WORK/page"
	check "an image of one's own can be made and pushed" same \
		"$(a image page:7 --cmd '["/bin/cat","/page"]' "$WORK/page=/page" "$(command -v busybox)=/bin/busybox" busybox@/bin/cat)" "$REGISTRY/page:7"
	deployment page 1 "$pull" "image: '$REGISTRY/page:7'" >/dev/null
	check "and runs" eventually eval 'k logs deployment/page 2>/dev/null | grep -q "made by the self-test"'
	check "the registry refuses whoever has no password" same \
		"$(curl -s -m 5 -o /dev/null -w '%{http_code}' "http://$REGISTRY/v2/busybox/manifests/1")" 401
}

test_service_network() {
	k create service clusterip web --tcp=80:80 >/dev/null
	deployment client 1 "imagePullSecrets: [{name: pull}]" "image: '$IMAGE', command: [sleep, inf]" >/dev/null
	k rollout status deployment/client --timeout 90s >/dev/null
	check "the machine reaches a Service by its address" \
		eventually eval 'curl -fsS -m 2 "http://$(k get service web -o "jsonpath={.spec.clusterIP}")/"'
	check "a container reaches another by its Service's short name" \
		eventually eval 'k exec deployment/client -- wget -q -O - http://web/'
	check "a pod reaches the API server as every pod does" \
		eventually eval 'k exec deployment/client -- sh -c "nc -w 3 kubernetes.default 443 </dev/null"'
	check "and by the full one" \
		eventually eval 'k exec deployment/client -- wget -q -O - http://web.default.svc.cluster.local/'
}

test_kwok() {
	local where="hostNetwork: false"
	[ "$REAL_NODE" = 0 ] || where="nodeSelector: {type: kwok}, tolerations: [{key: kwok.x-k8s.io/node, operator: Exists}]"
	deployment many 100 "$where" "image: none" >/dev/null
	check "100 simulated pods run" eventually running many 100
	check "all of them on kwok's node" same "$(node_of many)" kwok-0
	check "a simulated pod has a log" eventually eval 'k logs deployment/many 2>/dev/null | grep -q simulated'
}

as() { "$KUBECTL" --kubeconfig "$KUBECONFIG_DIR/$1.kubeconfig" "${@:2}"; }

test_accounts() {
	local kind
	for kind in admin token tokenfile files insecure orchestration; do
		check "kubeconfig $kind works" as "$kind" get deployments -A
	done
	check "alice may not" holds "$(as alice get pods 2>&1)" Forbidden
	check "a wrong token is Unauthorized" holds "$(as bad-token get pods 2>&1)" Unauthorized
	check "an expired token is Unauthorized" holds "$(as expired get pods 2>&1)" Unauthorized
	check "a wrong CA is found out" holds "$(as wrong-ca get pods 2>&1)" "unknown authority"
	check "the worker's account makes no cluster roles" same "$(as orchestration auth can-i create clusterroles 2>/dev/null)" no
	check "the worker's account executes nothing in pods" same "$(as orchestration auth can-i create pods/exec 2>/dev/null)" no
	check "the worker's account applies deployments" as orchestration auth can-i patch deployments -A
}

test_faults() {
	local before after
	before=$(a env | sed -n 's/^PID_APISERVER=//p')
	a restart apiserver --kill9 >/dev/null 2>&1
	after=$(a env | sed -n 's/^PID_APISERVER=//p')
	check "a killed API server comes back as another process" differ "$before" "$after"
	check "with the objects it had" k get deployment many
	a freeze apiserver
	check_not "a frozen one does not answer" curl -ks -m 2 -o /dev/null "$API_SERVER/readyz"
	a thaw apiserver
	check "a thawed one does" eventually curl -ksf -m 2 -o /dev/null "$API_SERVER/version"
	a stop scheduler >/dev/null 2>&1
	check_not "status tells that a component is down" a status
	a start scheduler >/dev/null 2>&1
	check "and that it is up again" eventually a status
}

test_side_by_side() {
	check "a second control plane comes up" b up --nodes none
	check "on a port of its own" differ "$(b env | sed -n 's/^API_SERVER=//p')" "$API_SERVER"
	check "it answers, and knows nothing of the first" same \
		"$("$RIG" kubectl --name "$B" get namespaces,deployments -A -o name 2>&1 | grep -v -e kube- -e orchestration)" namespace/default
	b stop etcd --kill9 >/dev/null 2>&1
	check "a half dead cluster goes down" b down
	check "the first one does not mind" eventually a status
}

test_keep() {
	check "down --keep" a down --keep
	check_not "nothing answers any more" curl -ks -m 2 -o /dev/null "$API_SERVER/version"
	check "up again" a up
	check "on the same port" same "$(a env | sed -n 's/^API_SERVER=//p')" "$API_SERVER"
	check "with the same objects" k get deployment many
	[ "$REAL_NODE" = 0 ] || check "and its pods run again" k rollout status deployment/web --timeout 120s
}

processes_of() { grep -lsF -- "$1" /proc/[0-9]*/cmdline 2>/dev/null | grep -v "/proc/$$/" | while read -r f; do { tr '\0' ' ' <"$f"; echo; } 2>/dev/null; done; }

test_nothing_left() {
	local state=$STATE_DIR folders slot bridge cgroup
	slot=$(sed -n 's/^SLOT=//p' "$state/config")
	bridge=orch$slot
	cgroup=orch-kube-$slot
	folders=$(k get pv -o 'jsonpath={.items[*].spec.hostPath.path}')
	check "down" a down
	check "its state is gone" test ! -e "$state"
	check "no process is left" same "$(processes_of "$state/")" ""
	check "no mount is left" same "$(grep -cF "$state" /proc/self/mounts)" 0
	check "no bridge is left" test ! -e "/sys/class/net/$bridge"
	check "no cable to a router is left" test ! -e "/sys/class/net/${bridge}r"
	check "no control group is left" same "$(find /sys/fs/cgroup -maxdepth 2 -name "$cgroup")" ""
	check "no volume is left" eval "for f in $folders; do [ ! -e \$f ] || exit 1; done"
	check "no link to a log is left" same "$(find /var/log/containers -lname "$state/*" 2>/dev/null)" ""
	check "a second down finds nothing to do" holds "$(a down 2>&1)" "there is no cluster"
}

test_up
if [ "$REAL_NODE" = 1 ]; then
	test_real_node
	if [ "${SERVICES:-0}" = 1 ]; then test_service_network; else echo "# skipped: Services, which this machine cannot route"; fi
else
	echo "# skipped: everything that needs a real node"
fi
test_kwok
test_accounts
test_faults
test_side_by_side
test_keep
test_nothing_left
echo "$PASSED passed, $FAILED failed"
[ "$FAILED" = 0 ]
