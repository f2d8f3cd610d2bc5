-- months of the log tables: arithmetic, policies, rotation, archive
CREATE EXTENSION orchestration CASCADE;
SELECT orchestration.bootstrap();
SET TimeZone = 'Asia/Shanghai';
-- a month is one of UTC, whatever the zone of the session
SELECT orchestration_internal.month_start('2027-01-01 07:59:59+08') AT TIME ZONE 'UTC' AS december, orchestration_internal.month_start('2027-01-01 08:00:00+08') AT TIME ZONE 'UTC' AS january;
SELECT orchestration_internal.month_start('2024-01-31 12:00+00', n) AT TIME ZONE 'UTC' AS start, orchestration_internal.month_suffix(orchestration_internal.month_start('2024-01-31 12:00+00', n)) AS suffix
FROM generate_series(-2, 2) n;
SELECT orchestration_internal.month_suffix('0044-03-15 BC'), orchestration_internal.month_suffix('12345-01-01'), orchestration_internal.month_start('0001-01-15 00:00+00', -1) AT TIME ZONE 'UTC';
-- error: no month of infinity
SELECT orchestration_internal.month_start('infinity');
-- error: time ends
SELECT orchestration_internal.month_start('294276-12-31 00:00+00', 1);
-- error: nor is it known so far
SELECT orchestration_internal.month_suffix('-infinity');
RESET TimeZone;
-- a month by its distance from the current one
CREATE FUNCTION public.distance(at timestamptz) RETURNS integer LANGUAGE sql AS $$
	SELECT n FROM generate_series(-120, 120) n WHERE orchestration_internal.month_start(now(), n) = orchestration_internal.month_start(at) $$;
CREATE FUNCTION public.distance(log_table text, partition_name text) RETURNS integer LANGUAGE sql AS $$
	SELECT n FROM generate_series(-120, 120) n WHERE left(partition_name, length(log_table) + 1 + length(orchestration_internal.month_suffix(now()))) = log_table || '_' || orchestration_internal.month_suffix(orchestration_internal.month_start(now(), n)) $$;
CREATE VIEW public.months AS SELECT table_name, distance(from_time) AS month, state, due_action, due_at > now() AS later, last_action, last_result, last_error
FROM orchestration.partition_status ORDER BY table_name, from_time;
CREATE FUNCTION public.patience() RETURNS interval LANGUAGE sql AS $$ SELECT current_setting('test.patience')::interval $$;
SET test.patience = '1 minute';
CREATE VIEW public.rotation AS SELECT r.table_name, distance(r.table_name, r.partition_name) AS month, r.action, regexp_replace(r.result, 'before .*', 'before ...') AS result
FROM orchestration.rotate_partitions(public.patience()) r ORDER BY 1, 2, 3;
SELECT table_name, months_left, partitions, distance(from_time) AS first, distance(before_time) AS after_last, retention_months, action, failed FROM orchestration.log_table_status ORDER BY 1;
-- a policy is checked
-- error: too few ahead
UPDATE orchestration.partition_policies SET months_ahead = 2 WHERE table_name = 'operation_logs';
-- error: nothing would be kept
UPDATE orchestration.partition_policies SET retention_months = 0 WHERE table_name = 'operation_logs';
-- error: an unknown action
UPDATE orchestration.partition_policies SET action = 'archive' WHERE table_name = 'operation_logs';
-- error: no tablespace
UPDATE orchestration.partition_policies SET action = 'tablespace' WHERE table_name = 'operation_logs';
-- error: a tablespace that is not there
UPDATE orchestration.partition_policies SET action = 'tablespace', tablespace = 'nowhere' WHERE table_name = 'operation_logs';
-- error: a tablespace for nothing
UPDATE orchestration.partition_policies SET tablespace = 'pg_default' WHERE table_name = 'operation_logs';
-- error: no time flows backwards
UPDATE orchestration.partition_policies SET grace = '-1 day' WHERE table_name = 'operation_logs';
-- error: no such table
INSERT INTO orchestration.partition_policies (table_name) VALUES ('nothing');
-- error: not partitioned
INSERT INTO orchestration.partition_policies (table_name) VALUES ('containers');
CREATE TABLE orchestration.own_logs (at timestamptz NOT NULL, what text) PARTITION BY RANGE (at);
CREATE TABLE orchestration.own_logs_default PARTITION OF orchestration.own_logs DEFAULT;
-- error: a default partition forbids DETACH CONCURRENTLY
INSERT INTO orchestration.partition_policies (table_name) VALUES ('own_logs');
DROP TABLE orchestration.own_logs_default;
-- a log table of one's own is rotated like ours
INSERT INTO orchestration.partition_policies (table_name, months_ahead, retention_months) VALUES ('own_logs', 4, 2);
SELECT * FROM rotation;
-- rows of long ago; the writer asks for their months
SELECT orchestration_internal.ensure_month('own_logs', orchestration_internal.month_start(now(), n)) FROM generate_series(-4, -1) n;
INSERT INTO orchestration.own_logs SELECT orchestration_internal.month_start(now(), n), 'row of ' || n FROM generate_series(-4, 4) n;
-- seen as too old; nothing happens within the grace
SELECT * FROM rotation;
SELECT * FROM months WHERE table_name = 'own_logs' AND month < 0;
SELECT count(*) FROM orchestration.own_logs;
-- a clock that had run ahead: the day is not over
UPDATE orchestration.partition_actions SET due_since = now() + interval '10 years' WHERE state = 'due';
SELECT * FROM rotation;
SELECT count(*), bool_and(due_since <= now()) FROM orchestration.partition_actions WHERE state = 'due';
-- the policy is loosened: not too old any more
UPDATE orchestration.partition_policies SET retention_months = 12 WHERE table_name = 'own_logs';
SELECT * FROM rotation;
SELECT * FROM months WHERE due_action IS NOT NULL;
-- dropped when the grace is over
UPDATE orchestration.partition_policies SET retention_months = 2, grace = '0' WHERE table_name = 'own_logs';
SELECT * FROM rotation;
SELECT count(*), min(distance(at)) FROM orchestration.own_logs;
SELECT to_regclass('orchestration.own_logs_' || orchestration_internal.month_suffix(orchestration_internal.month_start(now(), -3))) AS gone;
-- detached: a table of its own is left, of no use to anybody but its owner
UPDATE orchestration.partition_policies SET retention_months = 1, action = 'detach' WHERE table_name = 'own_logs';
SELECT * FROM rotation;
SELECT * FROM months WHERE state = 'detached';
SELECT c.relrowsecurity, c.relforcerowsecurity, c.relacl FROM pg_class c WHERE c.relname = 'own_logs_' || orchestration_internal.month_suffix(orchestration_internal.month_start(now(), -2));
-- what was kept by detaching is not dropped by a later change of mind
UPDATE orchestration.partition_policies SET action = 'drop' WHERE table_name = 'own_logs';
SELECT * FROM rotation;
-- and can be attached again; it is kept from then on
-- error: the month is there
SELECT orchestration_internal.attach_partition('own_logs', now());
-- error: no such table
SELECT orchestration_internal.attach_partition('own_logs', '1999-01-01');
-- error: no log table
SELECT orchestration_internal.attach_partition('containers', now());
SELECT count(*) FROM orchestration.own_logs WHERE distance(at) = -2;
SELECT orchestration_internal.attach_partition('own_logs', orchestration_internal.month_start(now(), -2)) = 'own_logs_' || orchestration_internal.month_suffix(orchestration_internal.month_start(now(), -2));
SELECT count(*) FROM orchestration.own_logs WHERE distance(at) = -2;
SELECT * FROM rotation;
SELECT * FROM months WHERE month = -2;
UPDATE orchestration.partition_actions SET kept = false WHERE kept;
SELECT * FROM rotation;
-- a table with rows of another month is refused, and stays as it was
CREATE TABLE orchestration.own_logs_199901 (at timestamptz NOT NULL, what text);
INSERT INTO orchestration.own_logs_199901 VALUES ('1999-01-31 23:59:59.999999+00', 'in'), ('1999-02-01 00:00+00', 'out');
GRANT SELECT ON orchestration.own_logs_199901 TO PUBLIC;
-- error: a row outside of the month
SELECT orchestration_internal.attach_partition('own_logs', '1999-01-01');
SELECT relacl IS NULL AS without_grants, relrowsecurity FROM pg_class WHERE relname = 'own_logs_199901';
DELETE FROM orchestration.own_logs_199901 WHERE what = 'out';
SELECT orchestration_internal.attach_partition('own_logs', '1999-01-15 00:00+00');
SELECT has_table_privilege('public', oid, 'SELECT'), relrowsecurity, relforcerowsecurity FROM pg_class WHERE relname = 'own_logs_199901';
SELECT what FROM orchestration.own_logs WHERE at < '2000-01-01';
-- error: it is no longer than before
CREATE TABLE orchestration.own_logs_199902 (at timestamptz NOT NULL);
SELECT orchestration_internal.attach_partition('own_logs', '1999-02-01');
-- a month whose name is taken gets another one: no row is refused
SELECT orchestration_internal.ensure_month('own_logs', '1999-02-15');
INSERT INTO orchestration.own_logs VALUES ('1999-02-15', 'late');
SELECT tableoid::regclass FROM orchestration.own_logs WHERE what = 'late';
-- within a transaction that uses the table a rotation waits for its end, and it is told what remains
SELECT orchestration_internal.ensure_month('own_logs', orchestration_internal.month_start(now(), -5));
BEGIN;
SELECT count(*) FROM orchestration.own_logs;
SET LOCAL test.patience = '1 s';
SELECT count(*), bool_and(result = 'under way') AS under_way FROM rotation;
COMMIT;
SELECT orchestration_internal.maintain_partitions() LIKE '%done, 0 remaining';
SELECT * FROM rotation;
-- who may look, and who may change a policy
SELECT p.proname FROM pg_proc p
WHERE p.pronamespace IN ('orchestration'::regnamespace, 'orchestration_internal'::regnamespace) AND has_function_privilege('orchestration_user', p.oid, 'EXECUTE') AND p.proname IN ('rotate_partitions', 'attach_partition', 'start_rotation', 'take_partition_step',
	'move_partition', 'record_partition_step', 'mark_expired_partitions', 'schedule_maintenance', 'unschedule_maintenance', 'ensure_month', 'partition_plan') ORDER BY 1;
CREATE ROLE partition_ann LOGIN IN ROLE orchestration_user;
CREATE ROLE partition_bob LOGIN IN ROLE orchestration_user;
INSERT INTO orchestration.users (username, email, db_role) VALUES ('ann', 'a@example.org', 'partition_ann'), ('bob', 'b@example.org', 'partition_bob');
INSERT INTO orchestration.roles (name, permissions) VALUES ('watcher', '{"monitoring": ["read"]}'), ('keeper', '{"monitoring": ["read"], "audit": ["delete"]}');
INSERT INTO orchestration.user_roles (user_id, role_id) SELECT u.id, r.id FROM orchestration.users u JOIN orchestration.roles r ON (u.username, r.name) IN (('ann', 'watcher'), ('bob', 'keeper'));
SET SESSION AUTHORIZATION partition_ann;
SELECT table_name, months_left FROM orchestration.log_table_status ORDER BY 1;
-- error: to watch is not to delete
UPDATE orchestration.partition_policies SET retention_months = 1 WHERE table_name = 'operation_logs';
RESET SESSION AUTHORIZATION;
SET SESSION AUTHORIZATION partition_bob;
UPDATE orchestration.partition_policies SET retention_months = 36 WHERE table_name = 'operation_logs';
-- error: nor does anybody make one
INSERT INTO orchestration.partition_policies (table_name) VALUES ('operation_logs');
RESET SESSION AUTHORIZATION;
DROP TABLE orchestration.own_logs CASCADE;
SET client_min_messages = warning;
DROP VIEW public.months, public.rotation;
DROP FUNCTION public.distance(timestamptz), public.distance(text, text), public.patience();
DROP EXTENSION orchestration CASCADE;
DROP ROLE partition_ann, partition_bob;
