#!/bin/bash
# run.sh [--rows N] [--rounds N]
#
# How fast usage is taken in, and how fast it is looked at.
#
# The same rows go by COPY (text, from a file of the server) and by record_usage() (batches of 10,000, the arrays as texts, as a
# client sends them) into the same partitioned table with its keys, checks, trigger and row security; in turn, several rounds,
# medians of wall time and of the CPU time of the backend.  Then, over all rows: maintenance, the trend of one container over
# 30 days by the hour, the day and 15 minutes, current_usage, the top consumers.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../../scripts/lib.sh"

rows=1000000 rounds=3
while [ $# -gt 0 ]; do
	case $1 in
	--rows) rows=$2; shift ;;
	--rounds) rounds=$2; shift ;;
	*) die "unknown argument $1" ;;
	esac
	shift
done

install_extension
work=$(scratch bench-usage)
trap 'stop_server "$work/data" immediate; rm -rf "$work"' EXIT
port=$(free_port)
start_server "$work/data" "$port" "shared_buffers = '1GB'" "maintenance_work_mem = '512MB'" "work_mem = '64MB'" "jit = off" \
	"max_parallel_workers_per_gather = 0" "autovacuum = off" "max_wal_size = '8GB'" "checkpoint_timeout = '1h'"
export PGHOST=127.0.0.1 PGPORT=$port PGUSER=postgres PGDATABASE=postgres
psql() { "$PGBIN/psql" -Xq -v ON_ERROR_STOP=1 "$@"; }

say "preparing $rows rows ..."
psql -v rows="$rows" -v work="$work" -f "$here/setup.sql" >/dev/null

for ((round = 1; round <= rounds; round++)); do
	say "round $round of $rounds ..."
	for way in copy record_usage; do
		psql -c 'DELETE FROM orchestration.container_resource_usage' -c 'DELETE FROM orchestration_internal.container_usage_pending' \
			-c 'VACUUM FULL orchestration.container_resource_usage, orchestration_internal.container_usage_pending' -c CHECKPOINT
		psql -At -v work="$work" -f "$here/ingest_$way.sql" >>"$work/result"
	done
done
echo "$rows rows, PostgreSQL $(psql -Atc 'SHOW server_version'), $(nproc) CPUs, $rounds rounds, medians"
psql -c "CREATE TABLE result (way text, wall double precision, cpu double precision)" -c "\copy result FROM '$work/result' (FORMAT csv)"
psql -P border=2 -v rows="$rows" -f "$here/report.sql"
