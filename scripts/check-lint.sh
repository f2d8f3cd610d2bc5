#!/bin/bash
# check-lint.sh [RULE...]: the rules that a machine can check, each a script in scripts/lint/ that says why it exists.
# A finding is a line "file:line: what is wrong"; lines that begin with "note:" do not fail.
# The rules are themselves tested: scripts/check-lint-selftest.sh plants a defect for each.
set -uo pipefail
lint=$(cd "$(dirname "$0")/lint" && pwd)
rules=("$@")
[ ${#rules[@]} -gt 0 ] || rules=(symbols.sh version.sh install_sql.py audience.py errcodes.py rooms.py lists.py interface.py documented.py reliability.py way.py people.py expected.py shape.py shell.sh)
failed=0
for rule in "${rules[@]}"; do
	if output=$("$lint/$rule" 2>&1); then
		printf 'ok      %s\n' "${rule%.*}"
	else
		printf 'FAILED  %s\n' "${rule%.*}"
		failed=$((failed + 1))
	fi
	[ -z "$output" ] || printf '%s\n' "$output" | sed 's/^/        /'
done
[ $failed -eq 0 ]
