-- What EXPLAIN tells mallory (include/mallory.sql) of rows that she may not see.
\ir include/mallory.sql
SELECT no_plan();
SELECT orchestration.create_secret('theirs', 'database-password', '{"k": "v"}') > 0;

-- every name of another namespace, by a search for the range that holds one: what was removed by the filter counts it
CREATE FUNCTION public.recover(explain text, relation text, namespace bigint) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	found text;
	line text;
	counted text;
	before text := '';
	character text;
BEGIN
	SET LOCAL enable_seqscan = off;
	SET LOCAL enable_bitmapscan = off;
	FOR i IN 1 .. 30 LOOP
		found := NULL;
		FOREACH character IN ARRAY regexp_split_to_array('-abcdefghijklmnopqrstuvwxyz', '') LOOP
			counted := NULL;
			FOR line IN EXECUTE format('%s SELECT 1 FROM %s WHERE namespace_id = %s AND name >= %L AND name < %L', explain, relation, namespace, before || character, before || character || '~') LOOP
				counted := COALESCE(substring(line FROM 'Rows Removed by Filter: (\d+)'), counted);
			END LOOP;
			IF counted::int > 0 THEN
				found := character;
				EXIT;
			END IF;
		END LOOP;
		EXIT WHEN found IS NULL;
		before := before || found;
	END LOOP;
	RETURN before;
END
$$;
SELECT is(public.attack(format('SELECT public.recover(''EXPLAIN (ANALYZE, TIMING OFF)'', ''orchestration.%s'', %s)', t, :theirs)), '42501', 'names of ' || t || ', by counting what the filter removes')
FROM unnest('{secrets,containers,config_maps,volumes,managed_objects}'::text[]) t;

-- by every way of asking for it
\set target 'SELECT name FROM orchestration.containers WHERE name = ''target'''
SELECT is(public.attack(VARIADIC statements), '42501', statements[cardinality(statements)]) FROM (VALUES
	(ARRAY['EXPLAIN ANALYZE ' || :'target']),
	(ARRAY['EXPLAIN (ANALYZE) ' || :'target']),
	(ARRAY['EXPLAIN (ANALYZE false, ANALYZE true) ' || :'target']),
	(ARRAY['EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ' || :'target']),
	(ARRAY['PREPARE p AS ' || :'target', 'EXPLAIN ANALYZE EXECUTE p']),
	(ARRAY['EXPLAIN ANALYZE DECLARE c CURSOR FOR ' || :'target']),
	(ARRAY['EXPLAIN ANALYZE CREATE TABLE planted.t AS ' || :'target']),
	(ARRAY['CREATE VIEW planted.w AS ' || :'target', 'EXPLAIN ANALYZE SELECT * FROM planted.w']),
	(ARRAY['CREATE FUNCTION planted.q() RETURNS SETOF text LANGUAGE sql STABLE AS $f$ ' || :'target' || ' $f$', 'EXPLAIN ANALYZE SELECT * FROM planted.q()']),
	(ARRAY['EXPLAIN ANALYZE UPDATE orchestration.containers SET replicas = 2 WHERE name = ''target''']),
	(ARRAY['EXPLAIN ANALYZE WITH x AS (' || :'target' || ') SELECT count(*) FROM x']),
	(ARRAY['EXPLAIN ANALYZE SELECT 1 WHERE EXISTS (' || :'target' || ')']),
	(ARRAY['EXPLAIN ANALYZE SELECT * FROM orchestration.container_status_history']),
	(ARRAY['EXPLAIN ANALYZE SELECT * FROM orchestration.manifests']),
	-- what runs while the statement is planned, and fails, does not end the guard
	(ARRAY['CREATE FUNCTION planted.early() RETURNS text LANGUAGE plpgsql IMMUTABLE AS $f$ BEGIN PERFORM count(*) FROM orchestration.containers; PERFORM 1 / 0; RETURN ''x''; EXCEPTION WHEN division_by_zero THEN RETURN ''target''; END $f$',
		'EXPLAIN ANALYZE SELECT name FROM orchestration.containers WHERE name = planted.early()'])
) v (statements);

-- the statistics that everybody may read count the same: what an index is searched for must be hers
CREATE FUNCTION public.read_of(relation regclass) RETURNS numeric LANGUAGE sql AS $$
	SELECT pg_stat_get_xact_tuples_fetched(relation) + pg_stat_get_xact_tuples_returned(relation) + sum(pg_stat_get_xact_tuples_returned(i.indexrelid))
	FROM pg_index i WHERE i.indrelid = relation
$$;
CREATE FUNCTION public.reads(relation regclass, condition text, without text[], namespace bigint) RETURNS numeric LANGUAGE plpgsql AS $$
DECLARE
	query text := format('SELECT count(*) FROM %s t, (SELECT $1 AS ns OFFSET 0) v WHERE %s', relation, condition);
	before numeric;
BEGIN
	PERFORM set_config('enable_' || s, CASE WHEN s = ANY (without) THEN 'off' ELSE 'on' END, true)
	FROM unnest('{seqscan,indexscan,indexonlyscan,bitmapscan,hashjoin,mergejoin,material}'::text[]) s;
	SET LOCAL plan_cache_mode = force_generic_plan;
	before := public.read_of(relation);
	EXECUTE query USING namespace;
	EXECUTE 'PREPARE q(bigint) AS ' || query;
	EXECUTE format('EXECUTE q(%s)', namespace);
	DEALLOCATE q;
	RETURN public.read_of(relation) - before;
END
$$;
-- as much as of a namespace that does not exist
SELECT is(public.attack(format('SELECT public.reads(''orchestration.%I'', %L, %L, %s)', relation, condition, without, :theirs)),
	public.attack(format('SELECT public.reads(''orchestration.%I'', %L, %L, 1000000)', relation, condition, without)), format('%s: %s, without %s', relation, condition, without))
FROM unnest('{secrets,containers,config_maps,volumes}'::text[]) relation,
	unnest(ARRAY['t.namespace_id = $1 AND t.name > ''a''', 't.namespace_id = $1', 't.namespace_id = $1::int', 't.namespace_id = ANY (ARRAY[$1]) AND t.name > ''a''', 't.namespace_id IN ($1, $1 + 100) AND t.name > ''a''',
		't.namespace_id = ($1 % 30000)::smallint AND t.name > ''a''', 't.namespace_id = ANY (ARRAY[$1::int]) AND t.name > ''a''', 't.namespace_id = ANY (ARRAY[($1 % 30000)::smallint]) AND t.name > ''a''',
		't.namespace_id = v.ns::int AND t.name > ''a''', 't.namespace_id = (v.ns % 30000)::smallint AND t.name > ''a''', 't.namespace_id = ANY (ARRAY[v.ns, NULL]) AND t.name > ''a''',
		't.namespace_id BETWEEN $1 AND $1 AND t.name > ''a''', '(t.namespace_id, t.name) >= ($1, ''a'') AND (t.namespace_id, t.name) <= ($1, ''z'')', 't.namespace_id IS NOT DISTINCT FROM $1 AND t.name > ''a''',
		'(t.namespace_id = $1 OR t.namespace_id = $1 + 100) AND t.name > ''a''', 't.name > ''a'' AND $1 = t.namespace_id',
		't.namespace_id = v.ns AND t.name > ''a''', 't.namespace_id = v.ns', 't.name > ''a'' AND t.namespace_id + 0 = $1']) condition,
	unnest(ARRAY['seqscan,bitmapscan', 'seqscan,bitmapscan,hashjoin,mergejoin,material', 'seqscan,indexscan,indexonlyscan,hashjoin,mergejoin,material']) w,
	string_to_array(w, ',') without;
SELECT isnt(public.attack(format('SELECT public.reads(''orchestration.containers'', ''t.namespace_id = $1'', ''{}'', %s)', :mine)), '0', 'what is hers is read');

-- what stays: plans, what is nobody's secret, and who sees everything anyway
SELECT is(public.attack('EXPLAIN (COSTS OFF) SELECT 1'), 'Result', 'EXPLAIN');
SELECT isnt(public.attack('EXPLAIN ' || :'target'), '42501', 'EXPLAIN of our tables');
SELECT isnt(public.attack('EXPLAIN (ANALYZE false) ' || :'target'), '42501', 'the same in other words');
SELECT isnt(public.attack('EXPLAIN ANALYZE SELECT count(*) FROM pg_class'), '42501', 'EXPLAIN ANALYZE of other tables');
SELECT isnt(public.attack('CREATE TABLE planted.hers AS SELECT 1 AS a', 'EXPLAIN ANALYZE SELECT * FROM planted.hers'), '42501', 'and of her own');
SELECT lives_ok('EXPLAIN ANALYZE ' || :'target', 'EXPLAIN ANALYZE by whom row security does not apply to');
SELECT is(public.attack('EXPLAIN ANALYZE SELECT orchestration.current_user_id()') LIKE 'Result%', true, 'EXPLAIN ANALYZE of a question');
-- whose plans are in the server's log is the administrator's to decide
SET auto_explain.log_analyze = on;
LOAD 'auto_explain';
SET auto_explain.log_min_duration = 0;
SET auto_explain.log_nested_statements = on;
SELECT is(public.attack(:'target'), 'nothing', 'auto_explain measures what she does');
SELECT is(public.attack('CREATE FUNCTION planted.n() RETURNS bigint LANGUAGE plpgsql AS $f$ BEGIN RETURN (SELECT count(*) FROM orchestration.containers); END $f$', 'EXPLAIN ANALYZE SELECT planted.n()') LIKE 'Result%', true, 'also within what she measures herself');
SET auto_explain.log_min_duration = -1;

\ir include/end.sql
