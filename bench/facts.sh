#!/bin/bash
# facts.sh [--rounds N]
#
# What it costs to take facts and fingerprint out of a Deployment and a pod (bench/facts/*.json, as API server 1.36 gave
# them): parsing, reading in C, and the PL/pgSQL that did it until 0.4, in turn; medians of five, in microseconds.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../scripts/lib.sh"

rounds=20000
while [ $# -gt 0 ]; do
	case $1 in
	--rounds) rounds=$2; shift ;;
	*) die "unknown argument $1" ;;
	esac
	shift
done

install_extension
work=$(scratch bench-facts)
trap 'stop_server "$work/data" immediate; rm -rf "$work"' EXIT
port=$(free_port)
start_server "$work/data" "$port" "fsync = off" "autovacuum = off" "jit = off"
export PGHOST=127.0.0.1 PGPORT=$port PGUSER=postgres PGDATABASE=postgres PGOPTIONS='-c client_min_messages=warning'
psql() { "$PGBIN/psql" -XAtq -v ON_ERROR_STOP=1 "$@"; }

# built like the extension, into a library of its own
include=$("$PG_CONFIG" --includedir-server)
sources=()
for file in "$here"/../src/engine/kubernetes/*.c "$here"/../src/engine/seen.c "$here"/../src/core/compat.c "$here"/facts/facts_bench.c; do
	case $file in *_sql.c | */answer*.c) ;; *) sources+=("$file") ;; esac
done
cc -O2 -shared -fPIC -fno-strict-aliasing -fwrapv -I"$here/../src" -I"$include" -include core/text_domain.h -o "$work/facts_bench.so" "${sources[@]}"
chmod -R a+rX "$work"

psql -c 'CREATE EXTENSION orchestration CASCADE' -f "$here/facts/former.sql" >/dev/null
psql -v lib="$work/facts_bench.so" -v deployment="$(cat "$here/facts/deployment.json")" -v pod="$(cat "$here/facts/pod.json")" -v rounds="$rounds" <<'SQL'
CREATE FUNCTION facts_bench(text, text, integer, boolean) RETURNS double precision LANGUAGE c STRICT AS :'lib', 'facts_bench';
CREATE TABLE samples (kind text, json text);
INSERT INTO samples VALUES ('Deployment', :'deployment'), ('Pod', :'pod');

CREATE FUNCTION former(kind text, json jsonb, rounds integer) RETURNS double precision LANGUAGE plpgsql AS $$
DECLARE
	started timestamptz := clock_timestamp();
BEGIN
	IF kind = 'Pod' THEN
		PERFORM former.pod_facts(json) FROM generate_series(1, rounds);
	ELSE
		PERFORM former.object_facts(json), former.object_fingerprint(json) FROM generate_series(1, rounds);
	END IF;
	RETURN extract(epoch FROM clock_timestamp() - started) * 1000000 / rounds;
END $$;

\pset format aligned
\pset tuples_only off
\pset footer off
SELECT kind, max(bytes) AS bytes, round(percentile_disc(0.5) WITHIN GROUP (ORDER BY parse)::numeric, 1) AS "parse us",
	round(percentile_disc(0.5) WITHIN GROUP (ORDER BY read)::numeric, 1) AS "read us",
	round(percentile_disc(0.5) WITHIN GROUP (ORDER BY former)::numeric, 1) AS "former us (parsed)",
	round(1000000 / (percentile_disc(0.5) WITHIN GROUP (ORDER BY parse) + percentile_disc(0.5) WITHIN GROUP (ORDER BY read))::numeric) AS "objects/s",
	round(1000000 / (percentile_disc(0.5) WITHIN GROUP (ORDER BY parse) + percentile_disc(0.5) WITHIN GROUP (ORDER BY former))::numeric) AS "former objects/s"
FROM (
	SELECT s.kind, length(s.json) AS bytes, facts_bench(s.kind, s.json, :rounds, true) AS parse, facts_bench(s.kind, s.json, :rounds, false) AS read,
		former(s.kind, s.json::jsonb, :rounds / 20) AS former
	FROM generate_series(1, 5) turn CROSS JOIN samples s
) x
GROUP BY kind ORDER BY kind;
SQL
