-- alert rules: hysteresis with a clock of the test's own, subjects, acknowledgement, who may what
SET client_min_messages = warning;
CREATE EXTENSION orchestration CASCADE;
SELECT orchestration.bootstrap();
\i sql/include/as_people.sql
RESET client_min_messages;
SET timezone = 'UTC';
\set SHOW_CONTEXT never

SET SESSION AUTHORIZATION regress_administrator;
-- the specification's thresholds are there, and every rule watches an indicator that exists
SELECT name, indicator, comparison, threshold FROM orchestration.alert_rules WHERE name IN ('connections_high', 'query_response_time', 'operation_errors') ORDER BY name;
RESET SESSION AUTHORIZATION;
SELECT count(*) > 40 AS many, count(*) FILTER (WHERE d.name IS NULL) AS of_nothing
FROM orchestration.alert_rules r LEFT JOIN orchestration_internal.known_indicators() d ON d.name = r.indicator;

-- what a user changed is left alone, what is missing comes back
SET SESSION AUTHORIZATION regress_administrator;
UPDATE orchestration.alert_rules SET threshold = 60, clear_threshold = 50 WHERE name = 'connections_high';
DELETE FROM orchestration.alert_rules WHERE name = 'slow_queries';
RESET SESSION AUTHORIZATION;
SELECT orchestration.bootstrap();
SELECT name, threshold FROM orchestration.alert_rules WHERE name IN ('connections_high', 'slow_queries') ORDER BY name;

SET SESSION AUTHORIZATION regress_administrator;
-- error: an indicator that does not exist
INSERT INTO orchestration.alert_rules (name, indicator, threshold, description) VALUES ('x', 'happiness', 1, '');
\set VERBOSITY terse
-- error: clearing above the threshold would open and resolve by turns
UPDATE orchestration.alert_rules SET clear_threshold = 61 WHERE name = 'connections_high';
-- error: for < it is the other way round
UPDATE orchestration.alert_rules SET clear_threshold = 0.5 WHERE name = 'worker_down';
\set VERBOSITY default
RESET SESSION AUTHORIZATION;

-- ---- hysteresis: more than 60 for two minutes opens, 50 or less for five minutes ends
UPDATE orchestration.alert_rules SET enabled = name = 'connections_high';
CREATE FUNCTION pg_temp.judge(minute double precision, value double precision, labels jsonb DEFAULT '{}')
RETURNS text LANGUAGE sql AS $$
	SELECT format('%s opened, %s resolved', j.opened, j.resolved)
	FROM orchestration_internal.judge_readings(jsonb_build_array(jsonb_build_object('name', 'connections_used', 'labels', $3, 'value', $2)), '2030-01-01Z'::timestamptz + make_interval(secs => 60 * $1)) j
$$;
CREATE VIEW pg_temp.seen AS
SELECT state, to_char(breached_since, 'HH24:MI') AS breached, to_char(opened_at, 'HH24:MI') AS opened, to_char(resolved_at, 'HH24:MI') AS resolved, value_at_open, peak_value, last_value
FROM orchestration.alerts ORDER BY id;
SELECT pg_temp.judge(0, 70);
SELECT * FROM pg_temp.seen;
SELECT pg_temp.judge(1, 40);
SELECT count(*) FROM orchestration.alerts;
SELECT pg_temp.judge(2, 70), pg_temp.judge(3, 65);
SELECT pg_temp.judge(4, 66);
SELECT * FROM pg_temp.seen;
SELECT pg_temp.judge(5, 90), pg_temp.judge(6, 55), pg_temp.judge(20, 55);
SELECT * FROM pg_temp.seen;
-- could not be measured: nothing changes, for however long
SELECT pg_temp.judge(21, 45), pg_temp.judge(30, NULL);
SELECT state, last_value FROM pg_temp.seen;
SELECT pg_temp.judge(30, 45);
SELECT * FROM pg_temp.seen;
-- and a new one
SELECT pg_temp.judge(40, 99), pg_temp.judge(42, 99);
SELECT state, value_at_open FROM pg_temp.seen;

SET SESSION AUTHORIZATION regress_administrator;
-- acknowledged once, by somebody
SELECT orchestration.acknowledge_alert(id, 'on my way') FROM orchestration.open_alerts;
SELECT rule, acknowledged_at IS NOT NULL AS acknowledged, acknowledged_by, note, namespace FROM orchestration.open_alerts;
-- error: resolved ones are over
SELECT orchestration.acknowledge_alert(id) FROM orchestration.alerts WHERE state = 'resolved';
-- error: NULL is none
SELECT orchestration.acknowledge_alert(NULL);
RESET SESSION AUTHORIZATION;

-- a rule that is disabled has no alerts
UPDATE orchestration.alert_rules SET enabled = false;
SELECT pg_temp.judge(43, 99);
SELECT state FROM pg_temp.seen;

-- ---- subjects: each set of labels has an alert of its own, in its namespace; gone is well
UPDATE orchestration.alert_rules SET enabled = name IN ('containers_failed', 'shop_only'), for_duration = '0', clear_duration = '0';
SET SESSION AUTHORIZATION regress_administrator;
SELECT orchestration.create_namespace('shop') > 0 AS made, orchestration.create_namespace('bank') > 0 AS made;
INSERT INTO orchestration.alert_rules (name, indicator, labels, comparison, threshold, clear_duration, severity, description)
VALUES ('shop_only', 'containers_failed', '{"namespace": "shop"}', '>=', 2, '0', 'critical', 'For the shop.');
RESET SESSION AUTHORIZATION;
CREATE FUNCTION pg_temp.failed(minute integer, VARIADIC failed jsonb[]) RETURNS text LANGUAGE sql AS $$
	SELECT format('%s opened, %s resolved', j.opened, j.resolved)
	FROM orchestration_internal.judge_readings((SELECT jsonb_agg(jsonb_build_object('name', 'containers_failed', 'labels', jsonb_build_object('namespace', f -> 0), 'value', f -> 1)) FROM unnest($2) f),
		'2030-01-02Z'::timestamptz + make_interval(mins => $1)) j
$$;
SELECT pg_temp.failed(0, '["shop", 2]', '["bank", 1]', '["unknown", 1]');
SELECT rule, severity, namespace, labels, value FROM orchestration.open_alerts ORDER BY rule, namespace;
SELECT pg_temp.failed(1, '["bank", 1]');
SELECT rule, namespace FROM orchestration.open_alerts ORDER BY rule, namespace;
-- the same reading twice is one
SELECT pg_temp.failed(2, '["bank", 1]', '["bank", 1]', '["shop", 1]', '["shop", 1]');
SELECT rule, namespace FROM orchestration.open_alerts ORDER BY rule, namespace;
-- the source failed as a whole: known alerts stay
SELECT opened, resolved FROM orchestration_internal.judge_readings('[{"name": "containers_failed", "labels": {}, "value": null}]', '2030-01-02 12:00Z');
SELECT opened, resolved FROM orchestration_internal.judge_readings('[]', '2030-01-02 12:01Z');

-- a payload never exceeds what NOTIFY can carry
UPDATE orchestration.alert_rules SET enabled = name = 'connections_high', for_duration = '0';
SELECT pg_temp.judge(2000, 99, jsonb_build_object('long', repeat('x', 2000), 'wide', repeat(chr(8364), 500)));
DELETE FROM orchestration.alerts;

-- ---- who may what
CREATE ROLE mon_viewer LOGIN IN ROLE orchestration_user;
CREATE ROLE mon_shop LOGIN IN ROLE orchestration_user;
CREATE ROLE mon_operator LOGIN IN ROLE orchestration_user;
CREATE ROLE mon_exporter LOGIN IN ROLE orchestration_monitor;
CREATE ROLE mon_nobody LOGIN IN ROLE orchestration_user;
INSERT INTO orchestration.users (username, db_role) SELECT r, r FROM unnest('{mon_viewer,mon_shop,mon_operator}'::text[]) r;
INSERT INTO orchestration.roles (name, permissions) VALUES ('watch', '{"monitoring": ["read"]}'), ('watch_and_act', '{"monitoring": ["read", "create", "update", "delete"]}');
INSERT INTO orchestration.user_roles (user_id, role_id, namespace_id)
SELECT u.id, r.id, n.id
FROM (VALUES ('mon_viewer', 'watch', NULL), ('mon_shop', 'watch_and_act', 'shop'), ('mon_operator', 'watch_and_act', NULL)) a (username, role, namespace)
JOIN orchestration.users u USING (username) JOIN orchestration.roles r ON r.name = a.role LEFT JOIN orchestration.namespaces n ON n.name = a.namespace;
UPDATE orchestration.alert_rules SET enabled = name = 'containers_failed';
SELECT pg_temp.failed(10000, '["shop", 1]', '["bank", 1]');
SET SESSION AUTHORIZATION mon_viewer;
SELECT rule, labels FROM orchestration.open_alerts ORDER BY labels;
SELECT count(*) > 10 AS indicators FROM orchestration.indicators;
-- error: reading is not acknowledging
SELECT orchestration.acknowledge_alert(max(id)) FROM orchestration.open_alerts;
-- error: nor changing rules
UPDATE orchestration.alert_rules SET threshold = 0 WHERE name = 'connections_high';
-- error: nor making them
INSERT INTO orchestration.alert_rules (name, indicator, threshold, description) VALUES ('mine', 'slow_queries', 1, '');
-- error: nor evaluating
SELECT orchestration_internal.evaluate_alerts();
-- error: nor probing the disks
SELECT orchestration_internal.disk_space(0);
-- error: nor writing readings
SELECT orchestration_internal.take_samples();
-- error: nor inventing alerts
INSERT INTO orchestration.alerts (rule, state, severity, description, unit, breached_since) VALUES ('x', 'pending', 'info', '', '', now());
SET SESSION AUTHORIZATION mon_shop;
SELECT rule, labels FROM orchestration.open_alerts;
SELECT orchestration.acknowledge_alert(id) FROM orchestration.open_alerts;
-- error: not in the name of somebody else
UPDATE orchestration.alerts SET acknowledged_by = 1;
-- error: indicators speak of all namespaces
SELECT * FROM orchestration.indicators;
-- error: and rules are for all
UPDATE orchestration.alert_rules SET threshold = 0 WHERE name = 'containers_failed';
SET SESSION AUTHORIZATION mon_operator;
SELECT count(orchestration.acknowledge_alert(id, 'seen')) FROM orchestration.open_alerts;
UPDATE orchestration.alert_rules SET threshold = 1 WHERE name = 'containers_failed';
INSERT INTO orchestration.alert_rules (name, indicator, threshold, description) VALUES ('mine', 'slow_queries', 1, 'Mine.');
DELETE FROM orchestration.alert_rules WHERE name = 'mine';
-- error: it is the rules that resolve
UPDATE orchestration.alerts SET state = 'resolved';
SET SESSION AUTHORIZATION mon_exporter;
SELECT count(*) > 10 AS indicators FROM orchestration.indicators;
SELECT count(*) > 10 AS metrics FROM orchestration.prometheus_metrics;
SELECT orchestration.metrics() LIKE '# HELP orchestration_%' AS text;
-- error: an exporter sees no rows
SELECT * FROM orchestration.alerts;
-- error: of nothing
SELECT * FROM orchestration.containers;
-- error: and changes none
SELECT orchestration_internal.take_samples();
SET SESSION AUTHORIZATION mon_nobody;
-- error: a user without permissions sees nothing
SELECT orchestration.metrics();
SELECT count(*) FROM orchestration.open_alerts;
RESET SESSION AUTHORIZATION;

-- ---- Prometheus' text
SELECT orchestration_internal.prometheus_text('m', '{}', 1), orchestration_internal.prometheus_text('m', '{"b": "x\"y\\z\nw", "a": ""}', 'NaN'), orchestration_internal.prometheus_text('m', '{}', 'Infinity'), orchestration_internal.prometheus_text('m', '{}', '-Infinity'), orchestration_internal.prometheus_text('m', '{}', 1e300);
-- each series once, each family announced once
SELECT count(*) > 30 AS samples, count(*) - count(DISTINCT split_part(line, ' ', 1)) AS doubles
FROM regexp_split_to_table(orchestration.metrics(), E'\n') line WHERE line !~ '^#' AND line <> '' AND line !~ 'path=|container=';
SELECT count(*) - count(DISTINCT line) AS doubles FROM regexp_split_to_table(orchestration.metrics(), E'\n') line WHERE line ~ '^# TYPE';
-- every unit has a name there
SELECT DISTINCT d.unit FROM orchestration_internal.known_indicators() d WHERE d.unit NOT IN ('percent', 'ms', 's', 'bytes', 'millicores', 'per_second', 'count', 'boolean');

-- ---- what is read is what is defined; a source that fails is unknown, and said to be
SELECT i.name FROM orchestration.indicators i EXCEPT SELECT d.name FROM orchestration_internal.known_indicators() d;
SELECT value FROM orchestration.indicators WHERE name = 'indicator_failures';
SELECT orchestration_internal.maintain_alerts() ~ '^\d+ opened, \d+ resolved$' AS evaluated;
SELECT count(*) > 20 AS recorded FROM orchestration.indicator_history;
BEGIN;
ALTER TABLE orchestration.operation_logs RENAME TO hidden;
SET LOCAL client_min_messages = error;
SELECT value FROM orchestration.indicators WHERE name = 'indicator_failures';
SELECT name, value FROM orchestration.indicators WHERE name LIKE 'operation%' AND value IS NOT NULL;
ROLLBACK;

-- of many namespaces with trouble the worst are told, and of the others nobody says that they are well
BEGIN;
SELECT count(orchestration.create_container(n.name, 'c1', 'x')) FROM (SELECT 'many' || i AS name, orchestration.create_namespace('many' || i) FROM generate_series(1, 205) i) n;
SELECT orchestration.create_container('many205', 'c2', 'x') IS NOT NULL AS made;
UPDATE orchestration.containers SET status = 'failed', status_reason = 'CrashLoopBackOff';
SELECT i.name, count(*) AS readings, count(*) FILTER (WHERE i.value IS NULL AND i.labels = '{}') AS more, max(i.value) AS worst
FROM orchestration_internal.indicators_of_containers() i WHERE i.name IN ('containers_failed', 'containers_crash_looping', 'containers_stuck') GROUP BY 1 ORDER BY 1;
SELECT string_agg(i.name || ' ' || (i.labels ->> 'namespace'), ', ' ORDER BY i.name) AS first FROM orchestration_internal.indicators_of_containers() i WHERE i.value = 2 AND i.labels ? 'namespace';
UPDATE orchestration.alert_rules SET threshold = 0, for_duration = '0', clear_duration = '0' WHERE name = 'containers_failed';
DELETE FROM orchestration.alerts;
INSERT INTO orchestration.alerts (namespace_id, rule, labels, state, severity, description, unit, breached_since, opened_at)
SELECT n.id, 'containers_failed', jsonb_build_object('namespace', n.name), 'open', 'warning', '', 'count', now(), now() FROM orchestration.namespaces n WHERE n.name LIKE 'many%';
SELECT * FROM orchestration_internal.evaluate_alerts();
-- when there is room for all of them again, it is
UPDATE orchestration.containers SET status = 'running', status_reason = NULL WHERE name = 'c1' AND id % 2 = 0;
SELECT opened, resolved > 90 AS resolved FROM orchestration_internal.evaluate_alerts();
-- nor does every namespace tell of every ripple of its usage
INSERT INTO orchestration.container_resource_usage (namespace_id, container_id, recorded_at, cpu_millicores)
SELECT c.namespace_id, c.id, now() - u.age, u.cpu
FROM (VALUES ('many1', interval '30 minutes', 100), ('many1', '1 minute', 120), ('many2', '30 minutes', 100), ('many2', '1 minute', 300)) u (namespace, age, cpu)
JOIN orchestration.namespaces n ON n.name = u.namespace JOIN orchestration.containers c ON c.namespace_id = n.id;
SELECT i.labels, i.value FROM orchestration_internal.indicators_of_usage() i WHERE i.name = 'usage_growth';
ROLLBACK;

-- history goes when its time has come
UPDATE orchestration.alerts SET state = 'resolved', resolved_at = now() - interval '2 years';
INSERT INTO orchestration.indicator_history VALUES (now() - interval '16 days', 'slow_queries', '{}', 1);
SELECT orchestration_internal.maintain_alerts() IS NOT NULL AS done;
SELECT count(*) FILTER (WHERE resolved_at < now() - interval '1 year') FROM orchestration.alerts;
SELECT count(*) FROM orchestration.indicator_history WHERE recorded_at < now() - interval '15 days';

-- error: a standby that nobody saw
SELECT orchestration_internal.forget_standby('b');
-- error: of the hysteresis function, too, a word that it does not know
SELECT orchestration_internal.alert_step('none', NULL, NULL, 'value', 1, '=', 1, 1, '0', '0', now());
-- error: and a state
SELECT orchestration_internal.alert_step('nowhere', NULL, NULL, 'value', 1, '>', 1, 1, '0', '0', now());
SELECT orchestration_internal.disk_space(1), orchestration_internal.disk_space(1663) IS NULL AS unknown;

RESET SESSION AUTHORIZATION;
SET client_min_messages = warning;
DROP ROLE mon_viewer, mon_shop, mon_operator, mon_exporter, mon_nobody;
DROP EXTENSION orchestration CASCADE;
