#!/bin/bash
# check-engine.sh [TEST...]: the product against a real container engine that speaks Docker's API.
#
# The engine ORCHESTRATION_ENGINE (default "test") is started by the first test that asks for it, and purged at the
# end; an engine that was up stays up.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
export ORCHESTRATION_ENGINE=${ORCHESTRATION_ENGINE:-test} ENGINE_USER=$PGUSER_OS
engine=$ROOT/test/engine/engine
why=$("$engine" why-not)
[ -z "$why" ] || { echo "SKIPPED: no container engine on this machine: $why"; exit 77; }
install_extension
work=$(scratch engine)
was_up=0
! "$engine" status >/dev/null 2>&1 || was_up=1

finish()
{
	[ $was_up = 1 ] || [ -n "${ORCH_KEEP:-}" ] || "$engine" purge 2>/dev/null || true
	rm -rf "$work"
}
trap finish EXIT

mkdir -p "$work/log" "$work/data"
cp -r "$ROOT/test/engine/t" "$work/t"
cp "$ROOT"/test/perl/*.pm "$ROOT/test/regress.conf" "$work/"
export PATH="$PGBIN:$PATH" TESTDIR="$work" TESTDATADIR="$work/data" TESTLOGDIR="$work/log" ORCH_ROOT="$ROOT" ORCH_PGUSER_OS="$PGUSER_OS" PERL5LIB="$work"
cd "$work"
tests=("$@")
[ ${#tests[@]} -gt 0 ] || tests=(t/*.pl)
prove --timer -I "$work" ${PROVE_FLAGS:-} "${tests[@]}" || {
	rc=$?
	mkdir -p "$ROOT/build/engine" && cp -r "$work/log/." "$ROOT/build/engine/"
	say "logs are in build/engine"
	exit $rc
}
