#!/bin/bash
# run.sh [--slim] [--rounds N] [--containers N] [--single N]
#
# What history and audit cost: CPU time of an UPDATE of the status of all containers, and of one at a time, against the same
# UPDATE without triggers, and beside the same in PL/pgSQL, supa_audit and temporal_tables.  All of it in one run on one
# table, the variants in turn within each round, the others in the first one only (they take
# minutes); medians.  supa_audit and temporal_tables are measured where they are
# installed (CREATE EXTENSION works).  --slim takes the CHECKs and every index but the key away from containers: the cheapest
# UPDATE there is, and so the dearest ratios.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../../scripts/lib.sh"

containers=100000 rounds=3 single=5000 slim=off
while [ $# -gt 0 ]; do
	case $1 in
	--slim) slim=on; shift; continue ;;
	--rounds) rounds=$2 ;;
	--containers) containers=$2 ;;
	--single) single=$2 ;;
	*) die "unknown argument $1" ;;
	esac
	shift 2
done

install_extension
work=$(scratch bench-audit)
trap 'stop_server "$work/data" immediate; rm -rf "$work"' EXIT
port=$(free_port)
start_server "$work/data" "$port" "shared_preload_libraries = 'orchestration'" "orchestration.worker_enabled = off" "shared_buffers = '1GB'" \
	"jit = off" "autovacuum = off" "max_wal_size = '16GB'" "wal_level = replica" "fsync = off"
export PGHOST=127.0.0.1 PGPORT=$port PGUSER=postgres PGDATABASE=postgres
psql() { "$PGBIN/psql" -Xq -v ON_ERROR_STOP=1 "$@"; }

say "loading $containers containers ..."
psql -v containers="$containers" -v slim="$slim" -f "$here/setup.sql" >/dev/null
for peer in supa_audit temporal_tables; do
	if psql -Atc "SELECT 1 FROM pg_available_extensions WHERE name = '$peer'" | grep -q 1; then psql -f "$here/$peer.sql" >/dev/null; else say "$peer is not installed: left out"; fi
done
say "measuring, $rounds rounds ..."
for round in $(seq "$rounds"); do
	psql -Atc "SELECT name FROM bench.variant WHERE number <= 4 OR $round = 1 ORDER BY number" | while read -r variant; do
		psql -c "CALL bench.cell($round, '$variant', $single)"
		psql -c "VACUUM orchestration.containers"
	done
done
echo "$containers containers, PostgreSQL $(psql -Atc 'SHOW server_version'), $(nproc) CPUs, $rounds rounds$([ $slim = on ] && echo ", slim")"
psql -P border=2 -f "$here/report.sql"
