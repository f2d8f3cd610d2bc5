#!/bin/bash
# check-pgtap.sh [TEST...]: every test/pgtap/*.sql and test/security/*.sql, or some, in a database of its own.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
install_extension
work=$(scratch pgtap)
trap 'stop_server "$work/data"; rm -rf "$work"' EXIT
cp -r "$ROOT/test/pgtap/." "$ROOT/test/security/." "$work/"
[ "$(id -u)" = 0 ] && chown -R "$PGUSER_OS" "$work"
start_server "$work/data" "$(free_port)"
export PGHOST=127.0.0.1 PGUSER=postgres PGDATABASE=template1
PGPORT=$(sed -n 's/^port = //p' "$work/data/postgresql.conf" | tail -1)
export PGPORT
"$PGBIN/psql" -Xq -c 'CREATE EXTENSION pgtap' >/dev/null
cat >"$work/run" <<'SH'
#!/bin/bash
# a database for each file, made from template1 with pgtap in it
db=t_$(basename "$1" .sql | tr -c 'a-z0-9\n' _)
psql -Xq -d postgres -c "DROP DATABASE IF EXISTS $db" -c "CREATE DATABASE $db" 2>/dev/null
exec psql -Xq -v ON_ERROR_STOP=1 -P tuples_only=on -P format=unaligned -P pager=off -d "$db" -f "$1"
SH
chmod 755 "$work/run"
tests=("${@/%/.sql}")
[ $# -gt 0 ] || tests=("")
# shellcheck disable=SC2086
prove ${PROVE_FLAGS:-} --ext .sql --exec "$work/run" "${tests[@]/#/$work/}"
