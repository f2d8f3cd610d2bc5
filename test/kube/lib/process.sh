# lib/process.sh: starting, finding and ending the processes of one cluster.
# Sourced by cluster. A process is known by its pid and its start time, so that a pid that the kernel gave to somebody else
# is never signalled. STATE/cmd/NAME holds the command line: a restart needs nothing but that.

# in the order of starting; ending goes backwards
COMPONENTS="etcd apiserver registry controller-manager scheduler containerd kubelet kwok gateway proxy dns metrics-server"

known_component() { [[ " $COMPONENTS " == *" $1 "* ]] || die "no component \"$1\"; there are: $COMPONENTS"; }
has_component() { [ -s "$STATE/cmd/$1" ]; }

# start_time PID: field 22 of /proc/PID/stat; the name in field 2 may hold spaces.
start_time() {
	local stat
	{ stat=$(<"/proc/$1/stat"); } 2>/dev/null || return 1
	set -- ${stat##*) }
	[ "$1" != Z ] && echo "${20}"
}

# pid_of NAME: prints the pid if that very process is alive.
pid_of() {
	local pid since
	read -r pid since 2>/dev/null <"$STATE/pid/$1" || return 1
	[ -n "$since" ] && [ "$(start_time "$pid")" = "$since" ] && echo "$pid"
}

# define_process NAME COMMAND...: writes the script that becomes the process.
define_process() {
	local name=$1 script=$STATE/cmd/$1
	shift
	mkdir -p "$STATE/cmd" "$STATE/pid" "$STATE/log"
	{
		# Descriptors of whoever called us (a test's pipe, our lock) must not live on in a daemon.
		cat <<-'S'
			for f in /proc/$$/fd/*; do
				f=${f##*/}
				case $f in 0|1|2|255) ;; *) eval "exec $f>&-" 2>/dev/null ;; esac
			done
			stat=$(</proc/$$/stat); set -- ${stat##*) }
		S
		printf 'echo "$$ ${20}" >%q\n' "$STATE/pid/$name"
		printf 'cd / && export PATH=%q\n' "$BIN:$PATH"
		printf 'exec'
		printf ' %q' "$@"
		echo
	} >"$script"
}

launch() {
	local i
	pid_of "$1" >/dev/null && return 0
	rm -f "$STATE/pid/$1"
	setsid bash "$STATE/cmd/$1" >>"$STATE/log/$1.log" 2>&1 </dev/null &
	disown
	for ((i = 0; i < 100; i++)); do
		[ -s "$STATE/pid/$1" ] && return 0
		sleep 0.02
	done
	die "$1 did not start; see $STATE/log/$1.log"
}

# end_process NAME SIGNAL GRACE: signals, waits up to GRACE seconds, then kills. Quiet when it is not there.
end_process() {
	local pid i
	pid=$(pid_of "$1") || { rm -f "$STATE/pid/$1"; return 0; }
	kill -s "$2" "$pid" 2>/dev/null || true
	kill -s CONT "$pid" 2>/dev/null || true
	for ((i = 0; i < $3 * 20; i++)); do
		pid_of "$1" >/dev/null || break
		sleep 0.05
	done
	if pid_of "$1" >/dev/null; then
		kill -s KILL "$pid" 2>/dev/null || true
		for ((i = 0; i < 100; i++)); do
			pid_of "$1" >/dev/null || break
			sleep 0.05
		done
	fi
	rm -f "$STATE/pid/$1"
}

# await NAME LABEL SECONDS COMMAND...: runs COMMAND until it succeeds. Gives up early when process NAME dies ("-": no process).
await() {
	local name=$1 label=$2 limit=$3 since tick=0
	shift 3
	since=$SECONDS
	until "$@" >"$STATE/log/.await" 2>&1; do
		if [ "$name" != - ] && ! pid_of "$name" >/dev/null; then
			tail -n 15 "$STATE/log/$name.log" >&2
			die "$name ended by itself; the end of $STATE/log/$name.log is above"
		fi
		if [ $((SECONDS - since)) -ge "$limit" ]; then
			tail -n 5 "$STATE/log/.await" >&2
			die "$label: not after $limit s; see $STATE/log"
		fi
		tick=$((tick + 1))
		[ $((tick % 100)) -eq 0 ] && say "$label: still waiting, $((SECONDS - since)) s so far"
		sleep 0.1
	done
}

fetch_ok() { curl -fsS -m 5 -o /dev/null "$@" 2>/dev/null; }

healthy() {
	case $1 in
	etcd) fetch_ok "http://127.0.0.1:$ETCD_PORT/health" ;;
	apiserver) fetch_ok --cacert "$PKI/ca.crt" -H "Authorization: Bearer $ADMIN_TOKEN" "https://127.0.0.1:$API_PORT/readyz" ;;
	controller-manager) fetch_ok -k "https://127.0.0.1:$CONTROLLER_PORT/healthz" ;;
	scheduler) fetch_ok -k "https://127.0.0.1:$SCHEDULER_PORT/healthz" ;;
	registry) fetch_ok -u "$REGISTRY_USER:$REGISTRY_PASSWORD" "http://127.0.0.1:$REGISTRY_PORT/v2/" ;;
	containerd) timeout 5 "$(find_binary ctr)" -a "$NODE/containerd.sock" version ;;
	kubelet) fetch_ok "http://127.0.0.1:$KUBELET_HEALTH_PORT/healthz" ;;
	kwok) fetch_ok "http://$KWOK_IP:$KWOK_PORT/healthz" ;;
	proxy) fetch_ok "http://$ROUTER_IP:10256/healthz" ;;
	dns) fetch_ok "http://127.0.0.1:$DNS_HEALTH_PORT/health" ;;
	metrics-server) fetch_ok --cacert "$PKI/ca.crt" "https://127.0.0.1:$METRICS_PORT/livez" ;;
	*) pid_of "$1" >/dev/null ;;
	esac
}

await_healthy() { await "$1" "$1" "${2:-60}" healthy "$1"; }
