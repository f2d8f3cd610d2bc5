#!/bin/bash
# check-faults.sh [TIMES]: the tests that commit the faults of docs/reliability.md, again and again; ends with the first that fails.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
times=${1:-1}
log=$ROOT/build/logs/check-faults.log

# of FOLDER: the files of the matrix in it, without the folder
of() { grep -oE "\`$1/[A-Za-z0-9_/]+\.(pl|c|sql)" "$ROOT/docs/reliability.md" | sed "s|^\`$1/||" | sort -u; }

# tell WHAT COMMAND...: runs it, with its output in the log
tell()
{
	local what=$1 since=$SECONDS
	shift

	"$@" >>"$log" 2>&1 || { tail -n 40 "$log"; die "round $round of $times: $what failed; all of it is in $log"; }
	say "round $round of $times: $what, $((SECONDS - since)) s"
}

units()
{
	local room

	for room in $(of test/unit | cut -d/ -f1 | sort -u); do make -s -C "$ROOT/test/unit/$room" check || return 1; done
}

mapfile -t regress < <(of sql | sed 's/\.sql$//')
mapfile -t tap < <(of test/t | sed 's|^|t/|')
mapfile -t stub < <(of test/stub/t | sed 's|^|t/|')
mapfile -t kube < <(of test/kube/t | sed 's|^|t/|')
mkdir -p "$ROOT/build/logs"
: >"$log"
for ((round = 1; round <= times; round++)); do
	tell "unit" units
	tell "regress (${#regress[@]})" "$ROOT/scripts/check-regress.sh" "${regress[@]}"
	tell "tap (${#tap[@]})" env PROVE_FLAGS=-j2 "$ROOT/scripts/check-tap.sh" test/t "${tap[@]}"
	tell "stub (${#stub[@]})" env PROVE_FLAGS=-j4 "$ROOT/scripts/check-tap.sh" test/stub/t "${stub[@]}"
	tell "kube (${#kube[@]})" "$ROOT/scripts/check-kube.sh" "${kube[@]}"
done
say "the fault matrix held $times times in a row"
