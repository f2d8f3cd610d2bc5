-- trends of what containers use, for charts, and who may see and record it
\set SHOW_CONTEXT never
CREATE EXTENSION orchestration CASCADE;
SELECT orchestration.bootstrap();
\i sql/include/as_people.sql
SET timezone = 'UTC';
SET SESSION AUTHORIZATION regress_administrator;
SELECT orchestration.create_namespace('shop'), orchestration.create_namespace('lab');
SELECT orchestration.create_container('shop', 'web', 'nginx:1', replicas => 2, cpu_limit => '500m', memory_limit => '100Mi'),
	orchestration.create_container('shop', 'db', 'postgres:15'), orchestration.create_container('lab', 'trial', 'trial:1');
SELECT joins('regress_operator', 'operator', 'shop') \gset
SELECT joins('regress_operator', 'operator', 'lab') \gset
RESET SESSION AUTHORIZATION;
SELECT orchestration_internal.ensure_log_partition('container_resource_usage', m::date) FROM unnest('{2020-02-01,2020-03-01}'::date[]) m;
-- web: two pods, each 100m and 1 MB, once a minute from 9:30 to 10:30 and from 12:00 to 13:00; the second pod only until 10:00
INSERT INTO orchestration.container_resource_usage (namespace_id, recorded_at, container_id, instance_id, cpu_millicores, memory_bytes, network_receive_bytes, network_transmit_bytes, disk_used_bytes)
SELECT 1, t, 1, pod, 100, 1000000, 60, 6, 4096
FROM generate_series('2020-03-02 09:30:00+00'::timestamptz, '2020-03-02 12:59:00+00', '1 minute') t, generate_series(1, 2) pod
WHERE (t < '2020-03-02 10:30:00+00' OR t >= '2020-03-02 12:00:00+00') AND (pod = 1 OR t < '2020-03-02 10:00:00+00');
-- db: no figure of its network, all pods together, a peak
INSERT INTO orchestration.container_resource_usage (namespace_id, recorded_at, container_id, cpu_millicores, memory_bytes)
SELECT 1, t, 2, CASE WHEN t = '2020-03-02 12:10:00+00' THEN 3040 ELSE 40 END, 500000
FROM generate_series('2020-03-02 12:00:00+00'::timestamptz, '2020-03-02 12:59:00+00', '1 minute') t;
INSERT INTO orchestration.container_resource_usage (namespace_id, recorded_at, container_id, cpu_millicores) VALUES (2, '2020-03-02 12:30:00+00', 3, 7);

CREATE VIEW chart AS
SELECT to_char(bucket_start, 'DD HH24:MI') AS at, samples AS n, round(cpu_millicores_avg::numeric, 2) AS cpu, cpu_millicores_max AS cpu_max,
	memory_bytes_avg AS memory, memory_bytes_max AS memory_max, network_receive_bytes AS received, network_transmit_bytes AS sent, disk_used_bytes_max AS disk
FROM (SELECT * FROM orchestration.usage_trend(1, '2020-03-02 00:00:00+00', '2020-03-02 01:00:00+00')) u WHERE false;
CREATE FUNCTION chart(container bigint, since timestamptz, until timestamptz, step interval) RETURNS SETOF chart LANGUAGE sql AS $$
	SELECT to_char(bucket_start, 'DD HH24:MI'), samples, round(cpu_millicores_avg::numeric, 2), cpu_millicores_max,
		memory_bytes_avg, memory_bytes_max, network_receive_bytes, network_transmit_bytes, disk_used_bytes_max
	FROM orchestration.usage_trend($1, $2, $3, $4)
$$;
SET SESSION AUTHORIZATION regress_operator;
-- of entries; where nothing was measured there is nothing, not 0
SELECT * FROM chart(1, '2020-03-02 09:15:00+00', '2020-03-02 11:00:00+00', '15 min');
-- of hours, before and after maintenance
CREATE TEMP TABLE before AS SELECT 'hour' AS step, c.* FROM chart(1, '2020-03-02 09:00:00+00', '2020-03-02 14:00:00+00', '1 hour') c
UNION ALL SELECT 'day', c.* FROM chart(1, '2020-03-01 00:00:00+00', '2020-03-04 00:00:00+00', '1 day') c
UNION ALL SELECT 'six', c.* FROM chart(2, '2020-03-02 00:00:00+00', '2020-03-03 00:00:00+00', '6 hours') c;
TABLE before;
RESET SESSION AUTHORIZATION;
SELECT orchestration_internal.maintain_usage_rollups();
SET SESSION AUTHORIZATION regress_operator;
SELECT count(*) FROM (
	SELECT 'hour' AS step, c.* FROM chart(1, '2020-03-02 09:00:00+00', '2020-03-02 14:00:00+00', '1 hour') c
	UNION ALL SELECT 'day', c.* FROM chart(1, '2020-03-01 00:00:00+00', '2020-03-04 00:00:00+00', '1 day') c
	UNION ALL SELECT 'six', c.* FROM chart(2, '2020-03-02 00:00:00+00', '2020-03-03 00:00:00+00', '6 hours') c
	INTERSECT TABLE before) same;
-- weeks begin on Mondays
SELECT to_char(bucket_start, 'Dy DD'), samples FROM orchestration.usage_trend(1, '2020-02-27 00:00:00+00', '2020-03-10 00:00:00+00', '7 days');
-- a whole namespace
SELECT to_char(bucket_start, 'HH24:MI') AS at, samples, round(cpu_millicores_avg::numeric, 2) AS cpu, round(cpu_millicores_max::numeric, 2) AS cpu_max, memory_bytes_avg AS memory, network_receive_bytes AS received
FROM orchestration.namespace_usage_trend('shop', '2020-03-02 09:00:00+00', '2020-03-02 13:00:00+00', '1 hour');
SELECT to_char(bucket_start, 'HH24:MI') AS at, samples, cpu_millicores_avg AS cpu, cpu_millicores_max AS cpu_max FROM orchestration.namespace_usage_trend('shop', '2020-03-02 12:00:00+00', '2020-03-02 12:30:00+00', '10 min');
RESET SESSION AUTHORIZATION;
-- a step that suits the time
SELECT span, orchestration_internal.usage_step('2020-01-01', '2020-01-01'::timestamptz + span, NULL) FROM unnest('{10 min,1 day,3 days,7 days,30 days,365 days,10000 days}'::interval[]) span;
SELECT step, orchestration_internal.usage_source(step) FROM unnest('{10 s,59 min,1 hour,90 min,24 hours,25 hours,7 days}'::interval[]) step;
SET SESSION AUTHORIZATION regress_operator;
-- error: backwards
SELECT orchestration.usage_trend(1, '2020-03-02', '2020-03-01');
-- error: months are not of one length
SELECT orchestration.usage_trend(1, '2020-03-01', '2020-03-02', '1 month');
-- error: nothing a chart could show
SELECT orchestration.usage_trend(1, '2020-03-01', '2021-03-02', '1 second');
-- error: no such container
SELECT orchestration.usage_trend(99, '2020-03-01', '2020-03-02');
-- error: no such namespace
SELECT orchestration.namespace_usage_trend('nowhere', '2020-03-01', '2020-03-02');
RESET SESSION AUTHORIZATION;
-- what the report draws: of entries, of hours, of days; what the rollups hold is there when the entries are gone
CREATE FUNCTION drawn(span interval) RETURNS TABLE (of text, cpu text, received text) LANGUAGE sql AS $$
	SELECT s.name, (SELECT string_agg(round(v::numeric, 1)::text, ' ') FROM jsonb_array_elements_text(s.cpu) v), (SELECT string_agg(round(v::numeric, 3)::text, ' ') FROM jsonb_array_elements_text(s.receive) v)
	FROM orchestration_internal.report_usage_series('2020-03-03Z'::timestamptz - span, '2020-03-03Z') s ORDER BY s.place
$$;
SELECT span, d.* FROM unnest('{1 day,48 hours,48 days}'::interval[]) span, drawn(span) d;
BEGIN;
DELETE FROM orchestration.container_resource_usage;
SELECT span, d.* FROM unnest('{1 day,48 hours,48 days}'::interval[]) span, drawn(span) d;
ROLLBACK;
SET SESSION AUTHORIZATION regress_operator;
-- who uses most
SELECT namespace, container, round(cpu_millicores_avg::numeric, 2) AS cpu, cpu_millicores_max AS cpu_max FROM orchestration.top_consumers('cpu', '2020-03-02 09:00:00+00', '2020-03-02 13:00:00+00');
SELECT container, memory_bytes_avg AS memory FROM orchestration.top_consumers('memory', '2020-02-20 09:00:00+00', '2020-03-02 13:00:00+00', 2);
SELECT container, network_receive_bytes + network_transmit_bytes AS bytes FROM orchestration.top_consumers('network', '2020-03-02', '2020-03-03', of_namespace => 'shop');
SELECT container, disk_used_bytes_max AS disk FROM orchestration.top_consumers('disk', '2020-03-02', '2020-03-03', of_namespace => 'lab');
-- error: unknown
SELECT orchestration.top_consumers('luck');
RESET SESSION AUTHORIZATION;

-- the plan of a trend: the index of container and time, and no month but those asked for
SELECT orchestration_internal.ensure_log_partition('container_resource_usage', '2020-04-01');
INSERT INTO orchestration.container_usage_hourly (namespace_id, container_id, bucket_start, samples)
SELECT 1, c, '2019-01-01'::timestamptz + h * interval '1 hour', 60 FROM generate_series(1, 20) c, generate_series(1, 500) h;
ANALYZE orchestration.container_usage_hourly, orchestration.container_resource_usage;
CREATE FUNCTION plan_of(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP
		RETURN NEXT substring(line FROM '(?:Index Scan|Index Only Scan|Bitmap Index Scan|Seq Scan).*');
	END LOOP;
END $$;
SET enable_seqscan = off;
SELECT DISTINCT p FROM plan_of(replace(replace(replace(replace(orchestration_internal.usage_moments('entries'), '$1', '1'), '$2', '2'), '$3', '''2020-03-01 00:00:00+00''::timestamptz'), '$4', '''2020-03-31 00:00:00+00''::timestamptz')) p WHERE p IS NOT NULL;
SELECT DISTINCT p FROM plan_of(replace(replace(replace(replace(orchestration_internal.usage_moments('hours'), '$1', '1'), '$2', '2'), '$3', '''2020-03-01 00:00:00+00''::timestamptz'), '$4', '''2020-03-31 00:00:00+00''::timestamptz')) p WHERE p ~ 'hourly';
RESET enable_seqscan;

-- ---- recording ----
CREATE ROLE usage_collector LOGIN;
CREATE ROLE usage_reader LOGIN;
CREATE ROLE usage_stranger LOGIN;
GRANT orchestration_user TO usage_collector, usage_reader, usage_stranger;
INSERT INTO orchestration.users (username, email, db_role) VALUES ('collector', 'c@example.org', 'usage_collector'), ('reader', 'r@example.org', 'usage_reader'), ('stranger', 's@example.org', 'usage_stranger');
INSERT INTO orchestration.roles (name, permissions) VALUES ('collector', '{"monitoring": ["create"]}'), ('reader', '{"monitoring": ["read"], "containers": ["read"]}');
INSERT INTO orchestration.user_roles (user_id, role_id, namespace_id)
SELECT u.id, r.id, 1 FROM orchestration.users u JOIN orchestration.roles r ON r.name = u.username WHERE u.username IN ('collector', 'reader');

SET SESSION AUTHORIZATION usage_collector;
SELECT orchestration.record_usage('{1,1,2,77}', array_fill(now(), '{4}'), '{250,NULL,1000,1}', '{52428800,52428800,NULL,1}', '{1,2,3,4}', NULL, NULL, '{11,12,NULL,1}');
-- of a month that nobody made
SELECT orchestration.record_usage('{1}', ARRAY[now() - interval '300 days'], '{1}');
-- of a namespace that he does not see he is told nothing, as of a container that does not exist
BEGIN;
SELECT orchestration.record_usage('{1,3}', array_fill(now(), '{2}'), '{1,1}'), orchestration.record_usage('{3,99}', array_fill(now(), '{2}'), '{1,1}');
ROLLBACK;
-- error: an entry without a time
SELECT orchestration.record_usage('{1,2}', array_fill(now(), '{1}'), '{1,1}');
-- error: too old
SELECT orchestration.record_usage('{1}', '{2000-01-01 00:00:00+00}', '{1}');
\set VERBOSITY sqlstate
-- error: negative
SELECT orchestration.record_usage('{1}', array_fill(now(), '{1}'), '{-1}');
\set VERBOSITY default
-- sees nothing of it
SELECT count(*) FROM orchestration.container_resource_usage;
SELECT count(*) FROM orchestration_internal.usage_hours;
-- error: the rollups are made by maintenance
INSERT INTO orchestration.container_usage_hourly (namespace_id, container_id, bucket_start, samples) VALUES (1, 1, now(), 1);
-- error: and so are the months
SELECT orchestration_internal.ensure_month('container_resource_usage', '2040-01-01');
RESET SESSION AUTHORIZATION;

SET SESSION AUTHORIZATION usage_reader;
SELECT container, pods, cpu_millicores, cpu_limit, cpu_percent, memory_bytes, memory_limit, memory_percent, network_receive_bytes AS received, network_transmit_bytes AS sent FROM orchestration.current_usage ORDER BY container_id;
SELECT sum(samples) FROM orchestration.usage_trend(1, '2020-03-02', '2020-03-03', '1 hour');
SELECT sum(samples) FROM orchestration.usage_trend(1, now() - interval '1 hour', now() + interval '1 minute', '1 hour');
SELECT container FROM orchestration.top_consumers('cpu', '2020-03-02', '2020-03-03');
-- error: not his to see
SELECT orchestration.usage_trend(3, '2020-03-02', '2020-03-03', '1 hour');
-- error: not his to record
SELECT orchestration.record_usage('{1}', array_fill(now(), '{1}'), '{1}');
-- error: nor by hand
INSERT INTO orchestration.container_resource_usage (namespace_id, container_id, cpu_millicores) VALUES (1, 1, 1);
RESET SESSION AUTHORIZATION;

SET SESSION AUTHORIZATION usage_stranger;
SELECT (SELECT count(*) FROM orchestration.container_resource_usage), (SELECT count(*) FROM orchestration.container_usage_hourly),
	(SELECT count(*) FROM orchestration.container_usage_daily), (SELECT count(*) FROM orchestration_internal.container_usage_pending), (SELECT count(*) FROM orchestration.current_usage),
	(SELECT count(*) FROM orchestration.top_consumers('cpu', '2020-03-02', '2020-03-03'));
-- error: what the worker alone reads
SELECT count(*) FROM orchestration_internal.container_usage_counters;
RESET SESSION AUTHORIZATION;
DROP OWNED BY usage_collector, usage_reader, usage_stranger;
DROP ROLE usage_collector, usage_reader, usage_stranger;
SET client_min_messages = warning;
DROP VIEW chart CASCADE;
DROP TABLE before;
DROP FUNCTION plan_of;
DROP EXTENSION orchestration CASCADE;
