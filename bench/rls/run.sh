#!/bin/bash
# run.sh [--full] [--rounds N] [--containers N --namespaces N]
#
# What row security costs: the CPU time of a statement for users of one, of 100 and of half the namespaces and for an
# administrator, against a filter written by hand (which no row security checks), the policy of the specification with its
# function in PL/pgSQL, and an array in a sub-select, as Supabase advises.  All of it in one run on one table, the variants
# in turn within each round; medians.  --full takes 1,000,000 containers in 10,000 namespaces, 2 GB and some minutes.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../../scripts/lib.sh"

containers=100000 namespaces=1000 rounds=3
while [ $# -gt 0 ]; do
	case $1 in
	--full) containers=1000000 namespaces=10000 ;;
	--rounds) rounds=$2; shift ;;
	--containers) containers=$2; shift ;;
	--namespaces) namespaces=$2; shift ;;
	*) die "unknown argument $1" ;;
	esac
	shift
done

install_extension
work=$(scratch bench-rls)
trap 'stop_server "$work/data" immediate; rm -rf "$work"' EXIT
port=$(free_port)
start_server "$work/data" "$port" "shared_buffers = '1GB'" "work_mem = '64MB'" "maintenance_work_mem = '512MB'" "jit = off" \
	"max_parallel_workers_per_gather = 0" "autovacuum = off" "max_wal_size = '8GB'"
export PGHOST=127.0.0.1 PGPORT=$port PGUSER=postgres PGDATABASE=postgres
psql() { "$PGBIN/psql" -Xq -v ON_ERROR_STOP=1 "$@"; }

say "loading $containers containers in $namespaces namespaces ..."
psql -v containers="$containers" -v namespaces="$namespaces" -f "$here/setup.sql" >/dev/null
say "measuring, $rounds rounds ..."
psql -v rounds="$rounds" -f "$here/measure.sql" >/dev/null
echo "$containers containers, $namespaces namespaces, PostgreSQL $(psql -Atc 'SHOW server_version'), $(nproc) CPUs, $rounds rounds"
psql -P border=2 -f "$here/report.sql"
