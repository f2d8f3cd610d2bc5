#!/bin/bash
# refused.sh [--rate N] [--seconds N] [--clients N]
#
# How many refused operations a second get on record: clients that are refused N times a second, each time in a
# subtransaction that its block catches, while the worker writes rows.  Says how many have rows of their own, how many were
# only counted, whether any is lost, and what the worker paid.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../../scripts/lib.sh"

rate=2500 seconds=20 clients=4
while [ $# -gt 0 ]; do
	case $1 in
	--rate) rate=$2 ;;
	--seconds) seconds=$2 ;;
	--clients) clients=$2 ;;
	*) die "unknown argument $1" ;;
	esac
	shift 2
done

install_extension
work=$(scratch bench-refused)
trap 'stop_server "$work/data" immediate; tail -20 "$work/data/server.log" >&2; rm -rf "$work"' EXIT
port=$(free_port)
start_server "$work/data" "$port" "shared_preload_libraries = 'orchestration'" "orchestration.worker_enabled = on" "orchestration.database_scan_interval = '1s'" "fsync = on" "synchronous_commit = on"
export PGHOST=127.0.0.1 PGPORT=$port PGUSER=postgres PGDATABASE=postgres
psql() { "$PGBIN/psql" -XAtq -v ON_ERROR_STOP=1 "$@"; }

psql -c "CREATE EXTENSION orchestration CASCADE" -c "SELECT orchestration.bootstrap()" -c "CREATE ROLE refused LOGIN IN ROLE orchestration_user" >/dev/null
for i in $(seq 100); do [ -n "$(psql -c "SELECT 1 FROM pg_stat_activity WHERE backend_type = 'orchestration worker'")" ] && break; sleep 0.2; done
cat >"$work/storm.sql" <<'SQL'
DO $$ BEGIN FOR i IN 1..10 LOOP BEGIN PERFORM email FROM orchestration.users; EXCEPTION WHEN insufficient_privilege THEN NULL; END; END LOOP; END $$;
SQL
cpu() { awk '{print $14 + $15}' "/proc/$(psql -c "SELECT pid FROM pg_stat_activity WHERE backend_type = 'orchestration worker'")/stat"; }
before=$(cpu)
began=$(date +%s.%N)
"$PGBIN/pgbench" -n -U refused -f "$work/storm.sql" -c "$clients" -j 2 -R $((rate / 10)) -T "$seconds" >"$work/pgbench.out" 2>&1
ended=$(date +%s.%N)
for i in $(seq 600); do [ "$(psql -c "SELECT waiting + summed FROM orchestration_internal.audit_queue()")" = 0 ] && break; sleep 0.05; done
recorded=$(date +%s.%N)
after=$(cpu)
tried=$((10 * $(sed -n 's/^number of transactions actually processed: \([0-9]*\).*/\1/p' "$work/pgbench.out")))
read -r rows summed <<<"$(psql -F ' ' -c "SELECT count(*) FILTER (WHERE resource_type <> 'operation_log'), COALESCE(sum((changes ->> 'count')::bigint), 0) FROM orchestration.operation_logs WHERE db_role = 'refused' AND status = 'refused'")"
awk -v tried="$tried" -v rows="$rows" -v summed="$summed" -v s="$(echo "$ended $began" | awk '{print $1 - $2}')" -v late="$(echo "$recorded $ended" | awk '{print $1 - $2}')" -v cpu="$((after - before))" -v hz="$(getconf CLK_TCK)" 'BEGIN {
	printf "refused: %d in %.1f s, %.0f a second\nrows: %d, only counted: %d, lost: %d\nall on record %.2f s after the last; worker: %.1f s of CPU, %.0f us a row\n",
		tried, s, tried / s, rows, summed, tried - rows - summed, late, cpu / hz, rows ? cpu / hz * 1e6 / rows : 0 }'
