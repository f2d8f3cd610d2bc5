#!/bin/bash
# test.sh: every kind of test that this machine can run, with elapsed times;
# ends with 'N passed, N failed[, N skipped]' over the kinds.
set -uo pipefail
. "$(dirname "$0")/lib.sh"
passed=0 failed=0 skipped=0 failures=()
began=$SECONDS
mkdir -p "$ROOT/build/logs"

# run KIND: one make target; exit code 77 means that this machine cannot run it
run()
{
	local start=$SECONDS rc=0

	printf '== %s\n' "$1"
	make -s -C "$ROOT" "$1" PG_CONFIG="$PG_CONFIG" 2>&1 | tee "$ROOT/build/logs/$1.log"
	rc=${PIPESTATUS[0]}
	if [ "$rc" -ne 0 ] && grep -q '^SKIPPED:' "$ROOT/build/logs/$1.log"; then rc=77; fi
	case $rc in
		0) passed=$((passed + 1)); printf '== %s passed (%d s)\n\n' "$1" $((SECONDS - start)) ;;
		77) skipped=$((skipped + 1)); printf '== %s SKIPPED (%d s)\n\n' "$1" $((SECONDS - start)) ;;
		*) failed=$((failed + 1)); failures+=("$1"); printf '== %s FAILED (%d s)\n\n' "$1" $((SECONDS - start)) ;;
	esac
}

# tell KIND: what failed in it, again: whoever reads the end must not look for it among everything that passed
tell()
{
	local log=$ROOT/build/logs/$1.log

	printf 'of %s:\n' "$1"
	grep -E '^ *not ok |FAILED|Dubious|Failed test|^# +(got|expected|at )|^t/.*(Wstat|Failed)|^error:' "$log" | grep -v '# TODO' | tail -n 40 || tail -n 20 "$log"
}

"$ROOT/scripts/install-dependencies.sh" test || die "could not install what the tests need"
make -s -C "$ROOT" all WERROR=-Werror PG_CONFIG="$PG_CONFIG" || die "the build failed"
for kind in ${KINDS:-check-lint check-unit check-regress check-isolation check-pgtap check-mutations check-docs check-tap check-stub check-kube}; do
	run "$kind"
done
for kind in ${failures[@]+"${failures[@]}"}; do tell "$kind"; done
[ ${#failures[@]} -eq 0 ] || printf 'failed: %s (logs in build/logs)\n' "${failures[*]}"
printf 'kinds of tests, in %d s:\n' $((SECONDS - began))
if [ $skipped -gt 0 ]; then
	printf '%d passed, %d failed, %d skipped\n' $passed $failed $skipped
else
	printf '%d passed, %d failed\n' $passed $failed
fi
[ $failed -eq 0 ] && { [ -z "${CI:-}" ] || [ $skipped -eq 0 ]; }
