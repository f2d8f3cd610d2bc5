#!/bin/bash
# facts.sh [--rounds N]
#
# What it costs to take facts and fingerprint out of a Deployment and a pod (bench/facts/*.json, as API server 1.36 gave
# them), in microseconds of CPU, medians of five, in turn: parsing the whole text, reading what is parsed in C, and in the PL/pgSQL that
# did it until 0.4; then as the worker does it, which leaves out before parsing what nobody reads.
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
cc -O2 -D_GNU_SOURCE -shared -fPIC -fno-strict-aliasing -fwrapv -I"$here/../src" -I"$include" -include core/text_domain.h -o "$work/facts_bench.so" "${sources[@]}"
chmod -R a+rX "$work"

psql -c 'CREATE EXTENSION orchestration CASCADE' -f "$here/facts/former.sql" >/dev/null
psql -v lib="$work/facts_bench.so" -v deployment="$(cat "$here/facts/deployment.json")" -v pod="$(cat "$here/facts/pod.json")" -v rounds="$rounds" <<'SQL'
CREATE FUNCTION facts_bench(text, text, integer, text) RETURNS double precision LANGUAGE c STRICT AS :'lib', 'facts_bench';
CREATE FUNCTION facts_cpu() RETURNS double precision LANGUAGE c VOLATILE AS :'lib', 'facts_cpu';
CREATE TABLE samples (kind text, json text);
INSERT INTO samples VALUES ('Deployment', :'deployment'), ('Pod', :'pod');

CREATE FUNCTION facts_same(text, text) RETURNS boolean LANGUAGE c STRICT AS :'lib', 'facts_same';
SELECT 'what is left out of a ' || kind || ' is read after all' FROM samples WHERE NOT facts_same(kind, json);

CREATE FUNCTION former(kind text, json jsonb, rounds integer) RETURNS double precision LANGUAGE plpgsql AS $$
DECLARE
	started double precision := facts_cpu();
BEGIN
	IF kind = 'Pod' THEN
		PERFORM former.pod_facts(json) FROM generate_series(1, rounds);
	ELSE
		PERFORM former.object_facts(json), former.object_fingerprint(json) FROM generate_series(1, rounds);
	END IF;
	RETURN (facts_cpu() - started) / rounds;
END $$;

CREATE FUNCTION median(double precision[]) RETURNS numeric LANGUAGE sql AS 'SELECT round(percentile_disc(0.5) WITHIN GROUP (ORDER BY v)::numeric, 1) FROM unnest($1) v';
CREATE TABLE times AS
SELECT s.kind, length(s.json) AS bytes, facts_bench(s.kind, s.json, :rounds, 'slim') AS slim, facts_bench(s.kind, s.json, :rounds, 'text') AS text,
	facts_bench(s.kind, s.json, :rounds, 'parse') AS parse, facts_bench(s.kind, s.json, :rounds, 'read') AS read,
	former(s.kind, s.json::jsonb, :rounds / 20) AS former
FROM generate_series(1, 5) turn CROSS JOIN samples s;

\pset format aligned
\pset tuples_only off
\pset footer off
SELECT kind, bytes, parse AS "parse whole", read AS "read jsonb", former AS "former, jsonb", slim, text AS "slim + parse + read",
	round(1000000 / text) AS "objects/s", round(1000000 / (parse + former)) AS "former objects/s"
FROM (
	SELECT kind, max(bytes) AS bytes, median(array_agg(parse)) AS parse, median(array_agg(read)) AS read, median(array_agg(former)) AS former,
		median(array_agg(slim)) AS slim, median(array_agg(text)) AS text
	FROM times GROUP BY kind
) x
ORDER BY kind;
SQL
