#!/bin/bash
# check-isolation.sh SPEC...: PostgreSQL's isolation tester in a throw-away server.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
[ $# -gt 0 ] || { say "no isolation test"; exit 0; }
install_extension
work=$(scratch isolation)
trap 'stop_server "$work/data"; rm -rf "$work"' EXIT
cp -r "$ROOT/test/isolation/." "$work/"
mkdir -p "$work/out"
[ "$(id -u)" = 0 ] && chown -R "$PGUSER_OS" "$work"
start_server "$work/data" "$(free_port)"
port=$(sed -n 's/^port = //p' "$work/data/postgresql.conf" | tail -1)
tester=$(dirname "$($PG_CONFIG --pgxs)")/../../src/test/isolation/pg_isolation_regress
rc=0
(cd "$work" && as_postgres "$tester" --inputdir="$work" --outputdir="$work/out" --bindir="$PGBIN" \
	--host=127.0.0.1 --port="$port" --user=postgres --dbname=isolation_regression "$@") || rc=$?
mkdir -p "$ROOT/build/isolation" && cp -r "$work/out/." "$ROOT/build/isolation/"
[ $rc -eq 0 ] || cat "$work/out/regression.diffs" 2>/dev/null || true
exit $rc
