#!/bin/bash
# quickstart-stop.sh [--purge]: ends what make quickstart started.
#
# Data is kept, so that the next make quickstart goes on where this one stopped; --purge removes it all.
set -euo pipefail
ROOT=$(cd "$(dirname "$0")/.." && pwd)
. "$ROOT/scripts/quickstart-lib.sh"
recall

running() { [ -n "${QS_DATA:-}" ] && qs_as_server "$QS_PGBIN/pg_ctl" -D "$QS_DATA" status >/dev/null 2>&1; }

# In a cluster that is not ours to end, what the sample made there goes by the same way as it came: through rows.
clear_given_cluster()
{
	local left=0 i

	[ "${QS_CLUSTER_KIND:-}" = given ] && [ -n "${QS_DATA:-}" ] || return 0
	running || qs_as_server "$QS_PGBIN/pg_ctl" -D "$QS_DATA" -l "$QS_DATA/server.log" -o "-p $QS_PORT" -w start >/dev/null
	echo "removing the sample from the cluster of $QS_KUBECONFIG_GIVEN ..."
	qs_query -c "SELECT orchestration.delete_namespace(name) FROM orchestration.namespace_list WHERE status <> 'deleting'" >/dev/null || true
	for ((i = 0; i < 120; i++)); do
		left=$(qs_query -c 'SELECT count(*) FROM orchestration.managed_objects') || break
		[ "$left" != 0 ] || return 0
		[ $((i % 10)) -ne 9 ] || echo "   $left objects are still there ($((i + 1)) s)"
		sleep 1
	done
	echo "not all is gone; look with: kubectl get all -A -l app.kubernetes.io/managed-by=orchestration" >&2
}

purge=0
[ "${1:-}" != --purge ] || purge=1
[ $purge = 0 ] || clear_given_cluster

if running; then
	echo "stopping PostgreSQL on port $QS_PORT ..."
	qs_as_server "$QS_PGBIN/pg_ctl" -D "$QS_DATA" -m fast -w stop >/dev/null
fi
if [ "${QS_CLUSTER_KIND:-}" = own ]; then
	if [ $purge = 1 ]; then qs_cluster down; else qs_cluster down --keep; fi
elif [ "${QS_CLUSTER_KIND:-}" = given ] && [ $purge = 0 ]; then
	echo "the sample goes on running in the cluster of $QS_KUBECONFIG_GIVEN; make quickstart-stop ARGS=--purge removes it"
fi
if [ $purge = 1 ]; then
	[ -z "${QS_DATA:-}" ] || rm -rf "$(dirname "$QS_DATA")"
	rm -rf "$QS"
	echo "all gone"
elif [ -n "${QS_DATA:-}" ]; then
	echo "stopped; make quickstart goes on from here, make quickstart-stop ARGS=--purge removes the data"
else
	echo "nothing was started here"
fi
