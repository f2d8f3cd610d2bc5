#!/bin/bash
# symbols.sh: the library exports what PostgreSQL must find and nothing else.
# Another extension's function of the same name in the same process would be called instead of ours.
set -euo pipefail
root=${LINT_ROOT:-$(cd "$(dirname "$0")/../.." && pwd)}
library=$root/orchestration.so
[ -e "$library" ] || { echo "orchestration.so: not built; run make"; exit 1; }
# the compiler's own bookkeeping, where it is left visible
strays=$(nm -D --defined-only "$library" | awk '{ print $NF }' |
	grep -vxE 'orch_[a-z0-9_]+|pg_finfo_orch_[a-z0-9_]+|Pg_magic_func|_PG_init|_init|_fini|_edata|_end|__bss_start' || true)
[ -z "$strays" ] || { for name in $strays; do echo "orchestration.so: exports $name; only orch_* may leave it"; done; exit 1; }
# a C function for SQL needs its info record, or CREATE EXTENSION fails
nm -D --defined-only "$library" | awk '{ print $NF }' | sort >"$root/build/symbols.txt"
rc=0
for name in $(sed -n "s/^AS 'MODULE_PATHNAME', '\(\w*\)'.*/\1/p" "$root"/src/*/*.sql "$root"/src/*/*/*.sql | sort -u); do
	grep -qx "pg_finfo_$name" "$root/build/symbols.txt" || { echo "src: SQL names the C function $name, which the library does not export"; rc=1; }
done
exit $rc
