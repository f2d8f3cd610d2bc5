#!/bin/bash
# check-tap.sh DIR [TEST...]: Perl tests with PostgreSQL's own test modules.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
dir=$ROOT/$1
shift
compgen -G "$dir/*.pl" >/dev/null || { say "no test in $dir"; exit 0; }
install_extension
work=$(scratch tap)
trap 'umount "$work/small" 2>/dev/null || true; rm -rf "$work"' EXIT
mkdir -p "$work/t" "$work/log" "$work/small"
# a disk that a test may fill: only root can make one
small=
if [ "$(id -u)" = 0 ] && mount -t tmpfs -o size=64m tmpfs "$work/small" 2>/dev/null; then small=$work/small; fi
cp "$dir"/*.pl "$work/t/"
cp "$ROOT"/test/perl/*.pm "$work/" 2>/dev/null || true
cp "$ROOT"/test/regress.conf "$ROOT"/test/include/*.sql "$ROOT"/test/stub/kube_stub.py "$ROOT"/test/stub/relay.py "$ROOT"/test/unit/kube/make-pki.sh "$work/"
[ "$(id -u)" = 0 ] && chown -R "$PGUSER_OS" "$work"
perl_modules=$(dirname "$($PG_CONFIG --pgxs)")/../../src/test/perl
regress=$(dirname "$($PG_CONFIG --pgxs)")/../../src/test/regress/pg_regress
cd "$work"
tests=("$@")
[ ${#tests[@]} -gt 0 ] || tests=(t/*.pl)
as_postgres env PATH="$PGBIN:$PATH" PG_REGRESS="$regress" TESTDATADIR="$work/data" TESTLOGDIR="$work/log" TESTDIR="$work" \
	ORCH_ROOT="$ROOT" ORCH_SMALL_DISK="$small" top_builddir="$work" PGUSER=postgres \
	prove -I "$perl_modules" -I "$work" ${PROVE_FLAGS:-} "${tests[@]}" || {
	rc=$?
	mkdir -p "$ROOT/build/tap" && cp -r "$work/log/." "$ROOT/build/tap/" 2>/dev/null || true
	say "logs are in build/tap"
	exit $rc
}
