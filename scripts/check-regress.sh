#!/bin/bash
# check-regress.sh TEST...: pg_regress in a throw-away server with the library preloaded.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
[ $# -gt 0 ] || die "no test named"
install_extension
work=$(scratch regress)
trap 'stop_server "$work/data"; rm -rf "$work"' EXIT
cp -r "$ROOT/sql" "$ROOT/expected" "$work/"
mkdir -p "$work/out"
[ "$(id -u)" = 0 ] && chown -R "$PGUSER_OS" "$work"
start_server "$work/data" "$(free_port)"
rc=0
port=$(sed -n 's/^port = //p' "$work/data/postgresql.conf" | tail -1)
pg_regress=$(dirname "$($PG_CONFIG --pgxs)")/../../src/test/regress/pg_regress
# pgcrypto is there from the start, or the first test alone would print a NOTICE about it
(cd "$work" && as_postgres "$pg_regress" --load-extension=pgcrypto --inputdir="$work" --outputdir="$work/out" --bindir="$PGBIN" \
	--host=127.0.0.1 --port="$port" --user=postgres --dbname=contrib_regression "$@") || rc=$?
mkdir -p "$ROOT/build/regress" && rm -rf "$ROOT/build/regress/results"
cp -r "$work/out/results" "$ROOT/build/regress/" 2>/dev/null || true
if [ $rc -ne 0 ]; then
	cp "$work/out/regression.diffs" "$ROOT/build/regress/" 2>/dev/null || true
	cat "$work/out/regression.diffs" 2>/dev/null | head -${REGRESS_DIFF_LINES:-200} || true
	say "results are in build/regress/results; server log tail:"
	tail -5 "$work/data/server.log" >&2 || true
fi
exit $rc
