#!/bin/bash
# check-kube.sh [TEST...]: the product against a real Kubernetes cluster.
#
#   check-kube.sh                        all of test/kube/t
#   check-kube.sh t/02_drift.pl          some
#   check-kube.sh --run COMMAND...       a command in the same surroundings
#   check-kube.sh --run-alone COMMAND... the same without that cluster, for what starts one of its own
#
# The cluster ORCHESTRATION_CLUSTER (default "test") is started unless it is up,
# and then taken down again; a cluster that was up stays up.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
export ORCHESTRATION_CLUSTER=${ORCHESTRATION_CLUSTER:-test}
cluster=$ROOT/test/kube/cluster
work=
ours=0

skip() { echo "SKIPPED: $*"; exit 77; }

finish()
{
	[ $ours = 0 ] || [ -n "${ORCH_KEEP:-}" ] || "$cluster" down >&2 || true
	[ -z "$work" ] || rm -rf "$work"
}
trap finish EXIT

bring_up()
{
	local rc=0

	! "$cluster" status >/dev/null 2>&1 || return 0
	ours=1
	"$cluster" up --nodes real,kwok >&2 || rc=$?
	case $rc in
		0) ;;
		77) ours=0; skip "this machine cannot build or run a Kubernetes cluster" ;;
		*) die "the test cluster does not start" ;;
	esac
	if [ "$("$cluster" env | sed -n 's/^REAL_NODE=//p')" != 1 ]; then
		say "no real node on this machine: what needs one is skipped"
		[ -z "${CI:-}" ] || die "CI must run the real node"
	fi
}

prepare()
{
	install_extension
	[ "${1:-}" = --run-alone ] || bring_up
	work=$(scratch kube)
	mkdir -p "$work/log" "$work/data"
	cp -r "$ROOT/test/kube/t" "$work/t"
	cp "$ROOT"/test/perl/*.pm "$ROOT/test/regress.conf" "$work/"
	export PATH="$PGBIN:$PATH" TESTDIR="$work" TESTDATADIR="$work/data" TESTLOGDIR="$work/log" ORCH_ROOT="$ROOT" ORCH_PGUSER_OS="$PGUSER_OS" PERL5LIB="$work"
}

keep_logs()
{
	rm -rf "$ROOT/build/kube"
	mkdir -p "$ROOT/build/kube"
	cp -r "$work/log/." "$ROOT/build/kube/"
	say "server logs are in build/kube"
}

# tests that need the cluster and a bootstrapped database, and no worker
run_shell_tests()
{
	local script rc=0

	start_server "$work/shell" "$(free_port)"
	set -a
	eval "$("$cluster" env)"
	PGHOST=$work/shell PGPORT=$(sed -n 's/^port = //p' "$work/shell/postgresql.conf" | tail -1) PGUSER=postgres PGDATABASE=app
	set +a
	psql -Xqd postgres -c 'CREATE DATABASE app'
	psql -Xq -c 'CREATE EXTENSION orchestration CASCADE' -c 'SELECT orchestration.bootstrap()' >/dev/null
	for script in "$ROOT"/test/kube/t/*.sh; do
		[ -e "$script" ] || continue
		say "== $(basename "$script")"
		"$script" || rc=1
	done
	stop_server "$work/shell" immediate
	return $rc
}

prepare "$@"
if [ "${1:-}" = --run ] || [ "${1:-}" = --run-alone ]; then
	shift
	rc=0
	"$@" || rc=$?
	exit $rc
fi
cd "$work"
tests=("$@")
[ ${#tests[@]} -gt 0 ] || tests=(t/*.pl)
rc=0
prove --timer -j "${KUBE_JOBS:-1}" -I "$work" ${PROVE_FLAGS:-} "${tests[@]}" || rc=1
[ $# -gt 0 ] || run_shell_tests || rc=1
[ $rc = 0 ] || keep_logs
exit $rc
