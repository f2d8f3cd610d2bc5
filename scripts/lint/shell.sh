#!/bin/bash
# shell.sh: shellcheck over every shell script, where it is installed.
# SC2034, unused variables, is off: it does not see who sources a file.
set -euo pipefail
root=${LINT_ROOT:-$(cd "$(dirname "$0")/../.." && pwd)}
cd "$root"
command -v shellcheck >/dev/null || { echo "note: shellcheck is not installed"; exit 0; }
mapfile -t scripts < <(git -c safe.directory='*' ls-files -co --exclude-standard 2>/dev/null | while read -r f; do
	[ -f "$f" ] && head -c 64 "$f" | head -n 1 | tr -d '\0' | grep -qE '^#!.*\b(ba)?sh\b' && printf '%s\n' "$f"
done || true)
[ ${#scripts[@]} -eq 0 ] || shellcheck -x -P SCRIPTDIR -S warning -e SC2034 -f gcc "${scripts[@]}"
