# progress.sh: long steps say that they go on and how long they took.  Sourced.

# with_progress LABEL LOG COMMAND...: runs COMMAND with its output in LOG, says
# every 15 seconds that it goes on, and shows the end of LOG when it fails.
with_progress()
{
	local label=$1 log=$2 since=$SECONDS rc=0 ticker
	shift 2

	printf '   %s ...\n' "$label" >&2
	(
		while sleep 15; do printf '   %s ... %d s\n' "$label" $((SECONDS - since)) >&2; done
	) &
	ticker=$!
	"$@" >"$log" 2>&1 </dev/null || rc=$?
	kill "$ticker" 2>/dev/null
	wait "$ticker" 2>/dev/null || true
	if [ "$rc" -ne 0 ]; then
		printf '   %s: failed after %d s; the end of %s:\n' "$label" $((SECONDS - since)) "$log" >&2
		tail -n 20 "$log" >&2
		return "$rc"
	fi
	printf '   %s: done in %d s\n' "$label" $((SECONDS - since)) >&2
}
