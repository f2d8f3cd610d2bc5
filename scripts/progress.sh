# progress.sh: long steps say that they go on and how long they took.  Sourced.

# with_progress LABEL LOG COMMAND...: runs COMMAND with its output in LOG, says
# every 15 seconds that it goes on, and shows the end of LOG when it fails.
with_progress()
{
	local label=$1 log=$2 since=$SECONDS rc=0 pid ticks=0
	shift 2

	printf '   %s ...\n' "$label" >&2
	"$@" >"$log" 2>&1 </dev/null &
	pid=$!
	while kill -0 "$pid" 2>/dev/null; do
		sleep 0.2
		ticks=$((ticks + 1))
		[ $((ticks % 75)) -ne 0 ] || printf '   %s ... %d s\n' "$label" $((SECONDS - since)) >&2
	done
	wait "$pid" || rc=$?
	if [ "$rc" -ne 0 ]; then
		printf '   %s: failed after %d s; the end of %s:\n' "$label" $((SECONDS - since)) "$log" >&2
		tail -n 20 "$log" >&2
		return "$rc"
	fi
	printf '   %s: done in %d s\n' "$label" $((SECONDS - since)) >&2
}
