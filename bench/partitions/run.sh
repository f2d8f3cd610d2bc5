#!/bin/bash
# run.sh [--rounds N]
#
# What rotation costs and whom it holds up, beside pg_partman: three tables of 120 monthly partitions with two indexes each, in
# one server and one run.  CPU is that of all server processes a run takes (the session, and ours in the background), by the
# postmaster's account of its children.  Then a reader holds a partition for 10 s while a month is retired, and others read and
# write.  Needs postgresql-NN-partman.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../../scripts/lib.sh"

rounds=20
while [ $# -gt 0 ]; do
	case $1 in
	--rounds) rounds=$2; shift ;;
	*) die "unknown argument $1" ;;
	esac
	shift
done
[ -e "$($PG_CONFIG --sharedir)/extension/pg_partman.control" ] || die "pg_partman is not installed (postgresql-15-partman)"

install_extension
work=$(scratch bench-partitions)
trap 'kill $(jobs -p) 2>/dev/null || true; stop_server "$work/data" immediate; rm -rf "$work"' EXIT
port=$(free_port)
start_server "$work/data" "$port" "autovacuum = off" "max_locks_per_transaction = 1024" "jit = off"
export PGHOST=127.0.0.1 PGPORT=$port PGUSER=postgres
postmaster=$(head -1 "$work/data/postmaster.pid" 2>/dev/null || sudo_if_needed head -1 "$work/data/postmaster.pid")
psql() { "$PGBIN/psql" -Xq -v ON_ERROR_STOP=1 "$@"; }

for db in ours partman; do
	psql -d postgres -c "CREATE DATABASE $db"
	psql -d $db -f "$here/setup_$db.sql" >/dev/null
done

# one run of each way, as its user would say it
run_ours="SELECT count(*) FROM orchestration.rotate_partitions('1 minute')"
run_partman="SELECT partman.run_maintenance()"

# of postmaster's children that have ended, in ticks of 10 ms
child_ticks() { sed 's/^.*) //' "/proc/$postmaster/stat" | awk '{ print $14 + $15 }'; }

settled()
{
	sleep 0.15	# a session ends a moment after its client
	child_ticks
}

# cpu DATABASE PREPARE RUN: mean CPU in ms of RUN, over all rounds
cpu()
{
	local db=$1 prepare=$2 run=$3 total=0 before n

	for ((n = 0; n < rounds; n++)); do
		[ -z "$prepare" ] || psql -d "$db" -c "$prepare" >/dev/null
		before=$(settled)
		psql -d "$db" -c "$run" >/dev/null
		total=$((total + $(settled) - before))
	done
	awk -v t=$total -v n=$rounds 'BEGIN { printf "%.1f", t * 10 / n }'
}

row() { printf '| %-44s | %10s | %10s | %7s |\n' "$1" "$2" "$3" "$(awk -v a="$2" -v b="$3" 'BEGIN { if (a > 0) printf "%.1fx", b / a; else print "-" }')"; }

compare()
{
	local ours partman

	ours=$(cpu ours "$2" "$run_ours")
	partman=$(cpu partman "$3" "$run_partman")
	row "$1" "$ours" "$partman"
}

echo "3 tables, 120 months each, PostgreSQL $(psql -d ours -Atc 'SHOW server_version'), pg_partman $(psql -d partman -Atc "SELECT extversion FROM pg_extension WHERE extname = 'pg_partman'"), $rounds rounds"
echo
echo "| CPU of the server, ms a run (with its session) | ours       | pg_partman | ratio   |"
echo "|---|---|---|---|"
row "a session that does nothing (SELECT 1)" "$(cpu ours '' 'SELECT 1')" "$(cpu partman '' 'SELECT 1')"
compare "nothing to do" '' ''
compare "make 3 months of each table" 'CALL drop_last()' 'CALL drop_last()'
compare "retire 2 months of each table" 'CALL make_first()' 'CALL make_first()'
echo

# ---- locks on the parents
psql -d ours -c 'CALL make_first()' -c 'CALL drop_last()'
psql -d ours -c 'CALL sample_locks(5)' &
sampler=$!
sleep 0.5
psql -d ours -c "$run_ours" >/dev/null
wait $sampler
echo "| strongest locks on the tables | modes |"
echo "|---|---|"
echo "| ours | $(psql -d ours -Atc "SELECT string_agg(DISTINCT mode, ', ') FROM lock_samples") |"
psql -d partman -c 'CALL make_first()' -c 'CALL drop_last()'
echo "| pg_partman, to the end of its transaction | $(psql -d partman -At -c BEGIN -c "$run_partman" -c "SELECT string_agg(DISTINCT l.mode, ', ') FROM pg_locks l WHERE l.pid = pg_backend_pid() AND l.relation IN ('logs.l1'::regclass, 'logs.l2'::regclass, 'logs.l3'::regclass)" -c ROLLBACK | grep Lock) |"
echo

# ---- whom it holds up: reader for 10 s, rotation after 1 s
table_ours=orchestration.l1 table_partman=logs.l1

probe()	# probe DATABASE TABLE RUN: max and 99th percentile in ms of others' reads and writes
{
	local db=$1 table=$2 run=$3 pids=()

	rm -f "$work"/probe.*
	echo "SELECT count(*) FROM $table WHERE at >= date_trunc('month', now());" >"$work/probe.read.sql"
	echo "INSERT INTO $table (at, what) VALUES (now(), 'probe');" >"$work/probe.write.sql"
	psql -d "$db" -c 'CALL make_first()'
	psql -d "$db" -c BEGIN -c "SELECT count(*) FROM $table" -c 'SELECT pg_sleep(10)' -c COMMIT >/dev/null &
	pids+=($!)
	sleep 0.5
	for kind in read write; do
		(cd "$work" && "$PGBIN/pgbench" -n -c 1 -R 40 -T 13 -l --log-prefix="probe.$kind" -f "probe.$kind.sql" "$db" >/dev/null 2>&1) &
		pids+=($!)
	done
	sleep 0.5
	[ -z "$run" ] || psql -d "$db" -c "$run" >/dev/null
	wait "${pids[@]}"
	for kind in read write; do
		cat "$work"/probe."$kind".[0-9]* | awk '{ print $3 / 1000 }' | sort -n |
			awk '{ v[NR] = $1 } END { printf "%.1f / %.1f|", v[NR], v[int(NR * 0.99)] }'
	done
}

echo "| while a reader holds the table for 10 s: ms, slowest / 99 % | other readers | writers |"
echo "|---|---|---|"
for way in ours partman; do
	table=table_$way run=run_$way
	IFS='|' read -r reads writes < <(probe $way "${!table}" ''; echo)
	echo "| $way, no rotation | $reads | $writes |"
	IFS='|' read -r reads writes < <(probe $way "${!table}" "${!run}"; echo)
	echo "| $way, a month is retired | $reads | $writes |"
done
echo

# ---- how long a full month takes to go
psql -d ours -f "$here/full_month.sql"
