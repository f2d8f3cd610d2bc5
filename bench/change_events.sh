#!/bin/bash
# change_events.sh [--rounds N] [--seconds N] [--rows N]
#
# What change events cost those who write: transactions of one row from 16 clients, and one statement of many rows, with
# and without them, in turn within each round; medians.  CPU is that of the backends, as the postmaster counts it when they
# have ended.  fsync is on: a transaction that notifies keeps others from committing with it.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../scripts/lib.sh"

rounds=3 seconds=8 rows=100000
while [ $# -gt 0 ]; do
	case $1 in
	--rounds) rounds=$2; shift ;;
	--seconds) seconds=$2; shift ;;
	--rows) rows=$2; shift ;;
	*) die "unknown argument $1" ;;
	esac
	shift
done

install_extension
work=$(scratch bench-events)
trap 'stop_server "$work/data" immediate; rm -rf "$work"' EXIT
port=$(free_port)
start_server "$work/data" "$port" "fsync = on" "synchronous_commit = on" "autovacuum = off" "max_wal_size = '8GB'" "jit = off"
export PGHOST=127.0.0.1 PGPORT=$port PGUSER=postgres PGDATABASE=postgres PGOPTIONS='-c client_min_messages=warning'
postmaster=$(head -n 1 "$work/data/postmaster.pid")
psql() { "$PGBIN/psql" -XAtq -v ON_ERROR_STOP=1 "$@"; }

# hundredths of a second that ended backends have used
ended_cpu() { sed 's/^.*) //' "/proc/$postmaster/stat" | awk '{ print $14 + $15 }'; }
median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

psql -c 'CREATE EXTENSION orchestration CASCADE' -c 'SELECT orchestration.bootstrap()' >/dev/null
psql -v rows="$rows" >/dev/null <<'SQL'
INSERT INTO orchestration.namespaces (name) SELECT 'n' || g FROM generate_series(1, 100) g;
INSERT INTO orchestration.container_images (namespace_id, repository) SELECT n.id, 'nginx' FROM orchestration.namespaces n WHERE n.id > 0;
INSERT INTO orchestration.containers (namespace_id, name, image_id)
SELECT i.namespace_id, 'c' || g, i.id FROM orchestration.container_images i, generate_series(1, :rows / 100) g;
VACUUM ANALYZE;
SQL
echo "\\set id random(1, $rows)
UPDATE orchestration.containers SET description = description || '.' WHERE id = :id;" >"$work/one.sql"
psql -c "UPDATE orchestration.containers SET description = 'x'"
chmod -R a+rX "$work" 2>/dev/null || true

switch()
{
	if [ "$1" = on ]; then psql -c "SELECT orchestration.enable_change_events('containers')" >/dev/null
	else psql -c "SELECT orchestration_internal.disable_change_events('containers')" >/dev/null; fi
	psql -c 'VACUUM orchestration.containers' -c CHECKPOINT
}

for round in $(seq "$rounds"); do
	for mode in off on; do
		switch $mode
		before=$(ended_cpu)
		"$PGBIN/pgbench" -n -c 16 -j 2 -T "$seconds" -f "$work/one.sql" >"$work/pgbench.log" 2>&1 || { cat "$work/pgbench.log"; exit 1; }
		sleep 0.5
		cpu=$(( $(ended_cpu) - before ))
		count=$(sed -n 's/^number of transactions actually processed: \([0-9]*\).*/\1/p' "$work/pgbench.log")
		sed -n 's/^tps = \([0-9.]*\).*/\1/p' "$work/pgbench.log" >>"$work/tps.$mode"
		awk -v c="$cpu" -v n="$count" 'BEGIN { print c * 10000 / n }' >>"$work/one.$mode"
		before=$(ended_cpu)
		psql -c "UPDATE orchestration.containers SET description = 'round $round $mode'"
		sleep 0.5
		echo $(( $(ended_cpu) - before )) >>"$work/bulk.$mode"
		say "round $round $mode: $(tail -n 1 "$work/tps.$mode") tps, $(tail -n 1 "$work/one.$mode") us of CPU, $rows rows: $(tail -n 1 "$work/bulk.$mode")0 ms of CPU"
	done
done

ratio() { awk -v a="$(median <"$work/$1.on")" -v b="$(median <"$work/$1.off")" 'BEGIN { printf "%.2f", a / b }'; }
echo "$rows containers, PostgreSQL $(psql -c 'SHOW server_version'), $(nproc) CPUs, $rounds rounds"
echo "with events / without: transactions per second of 16 clients $(ratio tps), CPU of one $(ratio one), CPU of a statement of $rows rows $(ratio bulk)"
