#!/bin/bash
# run.sh [--rounds N] [--containers N]
#
# What the rules between rows and the bounds of sizes cost: CPU time of bulk writes and of single rows with their triggers and
# with these disabled, in turn within each round, all of it undone after each; medians.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../../scripts/lib.sh"

containers=100000 rounds=3
while [ $# -gt 0 ]; do
	case $1 in
	--rounds) rounds=$2 ;;
	--containers) containers=$2 ;;
	*) die "unknown argument $1" ;;
	esac
	shift 2
done

install_extension
work=$(scratch bench-rules)
trap 'stop_server "$work/data" immediate; rm -rf "$work"' EXIT
port=$(free_port)
start_server "$work/data" "$port" "shared_preload_libraries = 'orchestration'" "orchestration.worker_enabled = off" "shared_buffers = '1GB'" \
	"jit = off" "autovacuum = off" "max_wal_size = '16GB'" "fsync = off"
export PGHOST=127.0.0.1 PGPORT=$port PGUSER=postgres PGDATABASE=postgres
psql() { "$PGBIN/psql" -Xq -v ON_ERROR_STOP=1 "$@"; }

psql -f "$here/setup.sql" >/dev/null
psql -c "CREATE TABLE bench.kept (LIKE bench.result)"
for round in $(seq "$rounds"); do
	for variant in without with; do
		say "round $round, $variant rules ..."
		# the figures go out before everything is undone
		psql -At <<-SQL >>"$work/figures"
			BEGIN;
			CALL bench.cell($round, '$variant', $containers);
			SELECT round, what, variant, us FROM bench.result;
			ROLLBACK;
		SQL
		psql -c "VACUUM"
	done
done
psql -c "\\copy bench.kept FROM '$work/figures' (DELIMITER '|')"
echo "$containers containers, PostgreSQL $(psql -Atc 'SHOW server_version'), $(nproc) CPUs, $rounds rounds"
psql -P border=2 <<'SQL'
SELECT what, round(without, 1) AS "without, us a row", round("with", 1) AS "with", round("with" / without, 2) AS "times"
FROM (SELECT what, percentile_cont(0.5) WITHIN GROUP (ORDER BY us) FILTER (WHERE variant = 'without')::numeric AS without,
	percentile_cont(0.5) WITHIN GROUP (ORDER BY us) FILTER (WHERE variant = 'with')::numeric AS "with" FROM bench.kept GROUP BY what) m
ORDER BY what;
SQL
