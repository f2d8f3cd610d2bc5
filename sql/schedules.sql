-- containers with a schedule: what may be written, what comes out, what is told of them
SET client_min_messages = warning;
CREATE EXTENSION orchestration CASCADE;
SELECT orchestration.bootstrap();
RESET client_min_messages;
\set SHOW_CONTEXT never
SET search_path = orchestration, orchestration_internal, public;
SET jit = off;
SET timezone = 'UTC';
INSERT INTO clusters (name, api_server, auth_method, enabled, status, observed_at) VALUES ('c', 'https://127.0.0.1', 'in-cluster', false, 'connected', now());
SELECT create_namespace('shop', 'c') > 0 AS made;

-- ---- schedules: the grammar of the controller's library, and its times ----
CREATE FUNCTION judged(schedule text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	fact text;
BEGIN
	RETURN to_char(orchestration_internal.cron_next(schedule, '2026-02-27 12:34:56'), 'Dy YYYY-MM-DD HH24:MI');
EXCEPTION WHEN SQLSTATE 'OR003' THEN
	GET STACKED DIAGNOSTICS fact = PG_EXCEPTION_DETAIL;
	RETURN fact;
END
$$;
SELECT s AS schedule, judged(s) FROM unnest(ARRAY[
	'* * * * *', '@hourly', '@daily', '@midnight', '@weekly', '@monthly', '@yearly', '@annually', '30 3 * * *', '*/15 * * * *', '5/20 * * * *', '0 9-17/4 * * *', '0 0 29 2 *', '0 0 1 jan,JUL ?',
	'0 0 * * mon-fri', '0 0 13 * 5', '0 0 */5 * 1', '0 0 31 2 *', '  1   2  3  4  5  ', '0,0 1,13 * * *', '34 12 * * *', '35 12 * * *',
	'', '* * * *', '* * * * * *', '60 * * * *', '* 24 * * *', '* * 0 * *', '* * * 13 *', '* * * * 7', '5-1 * * * *', '*/0 * * * *', '1,,2 * * * *', '1, * * * *', '-1 * * * *', '* * * x *', '@every 5m', '@reboot', 'TZ=UTC * * * * *', '99999999999 * * * *', '* * * * monday', '*-5 * * * *']) WITH ORDINALITY u (s, n) ORDER BY n;
-- what the calendar says, minute by minute, is what is found
SELECT s AS wrong FROM unnest('{7 * * * *,0 */6 * * *,30 2 1-7 * *,15 4 * * 0,0 0 15 * 3,0 12 * 3-11/4 *}'::text[]) s
WHERE cron_next(s, '2026-03-01 00:00') IS DISTINCT FROM (
	SELECT min(t) FROM generate_series('2026-03-01 00:01'::timestamp, '2026-05-01', '1 minute') t
	CROSS JOIN LATERAL (SELECT extract(minute FROM t) AS mi, extract(hour FROM t) AS h, extract(day FROM t) AS d, extract(month FROM t) AS mo, extract(dow FROM t) AS w) x
	WHERE CASE s WHEN '7 * * * *' THEN mi = 7 WHEN '0 */6 * * *' THEN mi = 0 AND h::integer % 6 = 0 WHEN '30 2 1-7 * *' THEN mi = 30 AND h = 2 AND d <= 7
		WHEN '15 4 * * 0' THEN mi = 15 AND h = 4 AND w = 0 WHEN '0 0 15 * 3' THEN mi = 0 AND h = 0 AND (d = 15 OR w = 3) ELSE mi = 0 AND h = 12 AND mo IN (3, 7, 11) END);
-- summer time: an hour that is left out, and one that comes twice
SELECT next_run('{"schedule": "30 2 * * *", "timeZone": "Europe/Berlin"}', '2026-03-28 12:00+01') AS spring, next_run('{"schedule": "30 3 * * *", "timeZone": "Europe/Berlin"}', '2026-03-28 12:00+01') AS after_it,
	next_run('{"schedule": "30 2 * * *", "timeZone": "Europe/Berlin"}', '2026-10-24 12:00+02') AS autumn, next_run('{"schedule": "0 0 30 2 *"}', '2026-01-01 00:00+00') AS never;
SELECT z, is_time_zone(z) FROM unnest('{Etc/UTC,UTC,Europe/Berlin,America/Argentina/Ushuaia,Etc/GMT+3,europe/berlin,Europe/Atlantis,"",local,FOO3,EST5EDT4,"../etc/passwd",<+03>-3}'::text[]) WITH ORDINALITY u (z, n) ORDER BY n;

-- ---- what may be written, by an INSERT as by the function ----
CREATE FUNCTION refused(schedule jsonb, policy text DEFAULT 'Never', name text DEFAULT 'x') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	told text;
	fact text;
	hint text;
	again text;
BEGIN
	BEGIN
		PERFORM orchestration.create_container('shop', name, 'app:1', restart_policy => policy, schedule => schedule);
		RAISE EXCEPTION 'accepted' USING ERRCODE = 'ZZZZZ';
	EXCEPTION WHEN OTHERS THEN
		GET STACKED DIAGNOSTICS fact = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
		told := concat_ws(' ', SQLSTATE, SQLERRM, fact, CASE WHEN SQLSTATE <> 'ZZZZZ' AND hint = '' THEN 'NO HINT' END);
	END;
	BEGIN
		INSERT INTO orchestration.containers (namespace_id, name, image_id, restart_policy, schedule)
		SELECT n.id, refused.name, orchestration_internal.find_image(n.id, 'app:1'), policy, refused.schedule FROM orchestration.namespaces n WHERE n.name = 'shop';
		RAISE EXCEPTION 'accepted' USING ERRCODE = 'ZZZZZ';
	EXCEPTION WHEN OTHERS THEN
		GET STACKED DIAGNOSTICS fact = PG_EXCEPTION_DETAIL;
		again := concat_ws(' ', SQLSTATE, SQLERRM, fact);
	END;
	RETURN CASE WHEN told = again THEN told ELSE told || ' BUT ' || again END;
END
$$;
\pset format unaligned
SELECT s AS schedule, refused(s) FROM unnest(ARRAY['{"schedule": "@hourly"}', '{"schedule": "0 0 * * *", "timeZone": "Europe/Berlin", "concurrencyPolicy": "Replace", "startingDeadlineSeconds": 0, "successfulJobsHistoryLimit": 0, "failedJobsHistoryLimit": 2147483647}',
	'"@hourly"', '{}', '[]', 'null', '{"schedule": 5}', '{"schedule": "x"}', '{"schedule": "@hourly", "suspend": true}', '{"schedule": "@hourly", "timeZone": "Mars/Olympus"}', '{"schedule": "@hourly", "timeZone": null}',
	'{"schedule": "@hourly", "concurrencyPolicy": "forbid"}', '{"schedule": "@hourly", "startingDeadlineSeconds": -1}', '{"schedule": "@hourly", "startingDeadlineSeconds": "5"}', '{"schedule": "@hourly", "successfulJobsHistoryLimit": 1.5}', '{"schedule": "@hourly", "failedJobsHistoryLimit": 2147483648}']::jsonb[]) WITH ORDINALITY u (s, n) ORDER BY n;
SELECT refused('{"schedule": "@hourly"}', 'Always'), refused('{"schedule": "@hourly"}', 'OnFailure', repeat('x', 52)), refused('{"schedule": "@hourly"}', 'OnFailure', repeat('x', 53));
\pset format aligned

-- ---- what comes out ----
SELECT create_config_map('shop', 'settings', '{"a": "1"}') > 0 AS made;
SELECT create_container('shop', 'backup', 'app:1', restart_policy => 'OnFailure', command => '{backup}', labels => '{"tier": "back"}', annotations => '{"example.com/a": "b"}',
	env => '[{"name": "A", "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "a"}}}]', schedule => '{"schedule": "30 3 * * *", "timeZone": "Europe/Berlin", "concurrencyPolicy": "Forbid", "startingDeadlineSeconds": 600}') AS backup \gset
CREATE VIEW made AS SELECT m.kind, m.name, m.api_version, m.apply_order, m.manifest, m.manifest_hash, m.once FROM manifests m WHERE m.owner_type = 'container' AND m.owner_id = :backup;
SELECT kind, name, api_version, apply_order, jsonb_pretty((manifest #- '{spec,jobTemplate,spec,template,spec}') #- '{metadata,labels,orchestration.dev/installation}' #- '{spec,jobTemplate,spec,template,metadata,labels,orchestration.dev/installation}') AS manifest FROM made;
-- its pods are as those of a Job without a schedule, and known as ours; its Jobs are the controller's
SELECT manifest #>> '{spec,jobTemplate,spec,template,metadata,labels,orchestration.dev/container-id}' = :'backup' AS pods_are_ours, manifest #>> '{spec,jobTemplate,spec,template,spec,restartPolicy}' AS restart_policy,
	manifest #> '{spec,jobTemplate,metadata,labels}' ?| '{orchestration.dev/installation,orchestration.dev/owner}' AS jobs_are_ours FROM made;
SELECT update_container('shop', 'backup', schedule => '{"schedule": "@daily"}');
SELECT generation, manifest #>> '{spec,schedule}' AS schedule, manifest #>> '{spec,timeZone}' AS zone, manifest #>> '{spec,concurrencyPolicy}' AS concurrency, manifest #>> '{spec,startingDeadlineSeconds}' AS deadline FROM made, containers WHERE id = :backup;
-- the same once more is nothing new
SELECT update_container(:backup, schedule => '{"schedule": "@daily"}');
SELECT generation FROM containers WHERE id = :backup;

-- ---- verbs: paused and stopped suspend it, a start waits for its time, a restart is a run beside it ----
CREATE FUNCTION shown() RETURNS TABLE (kind text, name text, suspended jsonb, manual text) LANGUAGE sql AS $$
	SELECT m.kind, m.name, m.manifest #> '{spec,suspend}', m.manifest #>> '{metadata,annotations,cronjob.kubernetes.io/instantiate}' FROM made m ORDER BY m.kind;
$$;
SELECT pause_container('shop', 'backup');
SELECT * FROM shown();
SELECT stop_container('shop', 'backup');
SELECT * FROM shown();
SELECT start_container('shop', 'backup');
SELECT * FROM shown();
SELECT restart_container('shop', 'backup');
SELECT * FROM shown();
-- no change is another run, but another restart
SELECT manifest_hash AS run FROM made WHERE kind = 'Job' \gset
SELECT update_container('shop', 'backup', image => 'app:2', labels => '{"tier": "c"}', args => '{x}', schedule => '{"schedule": "@hourly"}');
SELECT manifest_hash = :'run' AS same_run FROM made WHERE kind = 'Job';
SELECT restart_container('shop', 'backup');
SELECT manifest_hash = :'run' AS same_run FROM made WHERE kind = 'Job';
-- what ran without a schedule does not run again when it is given one; without one it runs once
SELECT create_container('shop', 'once', 'app:1', restart_policy => 'Never') > 0 AS made;
SELECT restart_container('shop', 'once');
SELECT update_container('shop', 'once', schedule => '{"schedule": "@daily"}');
SELECT m.kind FROM manifests m JOIN containers c ON c.id = m.owner_id WHERE c.name = 'once' AND m.owner_type = 'container';
SELECT update_container('shop', 'once', reset => '{schedule}');
SELECT m.kind FROM manifests m JOIN containers c ON c.id = m.owner_id WHERE c.name = 'once' AND m.owner_type = 'container';
-- error: what has a schedule runs to completion
SELECT update_container('shop', 'backup', restart_policy => 'Always');

-- ---- the decision table: rows 4, 5, 10, 24, 25 ----
CREATE FUNCTION derived(facts jsonb, pods jsonb DEFAULT '[]') RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(' ', d.decided_by, d.status, d.reason, '"' || d.message || '"') FROM derive_container_status('{"desired": "running", "current": "running", "replicas": 1, "objectsRemain": true, "workloadExists": true, "kind": "CronJob", "specApplied": true, "deadlineSeconds": 600}' || facts || jsonb_build_object('pods', pods)) d
$$;
SELECT t AS what, derived(f::jsonb, p::jsonb) FROM (VALUES
	('not made yet', '{"current": "pending", "workloadExists": false}', '[]'),
	('waits for its first time', '{"current": "pending"}', '[]'),
	('waits, the last run went well', '{}', '[{"name": "a", "phase": "Succeeded", "created": 1}]'),
	('a run is under way', '{"activeRuns": 1}', '[{"name": "a", "phase": "Running", "ready": true, "started": true, "created": 1}]'),
	('whose pod is not there yet', '{"activeRuns": 1}', '[]'),
	('whose image comes not', '{"activeRuns": 1}', '[{"name": "a", "phase": "Pending", "created": 1, "waitingReason": "ImagePullBackOff", "waitingMessage": "back-off"}]'),
	('whose image cannot come', '{"activeRuns": 1}', '[{"name": "a", "phase": "Pending", "created": 1, "waitingReason": "InvalidImageName"}]'),
	('which is tried again', '{"activeRuns": 1}', '[{"name": "a", "phase": "Failed", "created": 1, "terminated": {"reason": "Error", "exitCode": 3}}]'),
	('the last run failed', '{"lastRunFailed": true}', '[{"name": "a", "phase": "Failed", "created": 1, "terminated": {"reason": "Error", "exitCode": 3, "message": "no disk"}}]'),
	('and nothing is left of it', '{"lastRunFailed": true}', '[]'),
	('and the next is under way', '{"current": "failed", "activeRuns": 1, "lastRunFailed": false}', '[{"name": "b", "phase": "Running", "ready": true, "started": true, "created": 2}]'),
	('and went well', '{"current": "failed"}', '[{"name": "b", "phase": "Succeeded", "created": 2}]'),
	('refused by the cluster', '{"errorReason": "Invalid", "errorFinal": true}', '[]'),
	('paused', '{"desired": "paused", "suspended": true}', '[]'),
	('stopped', '{"desired": "stopped", "suspended": true}', '[]'),
	('stopped while a run is under way', '{"desired": "stopped", "suspended": true, "activeRuns": 1, "stoppingSeconds": 5000}', '[{"name": "a", "phase": "Running", "ready": true, "started": true, "created": 1}]'),
	('stopped, and not suspended yet', '{"desired": "stopped", "suspended": false}', '[]'),
	('deleted', '{"desired": "deleted", "objectsRemain": false, "workloadExists": false}', '[]')) v (t, f, p);

-- ---- what is observed, and told ----
INSERT INTO managed_objects (namespace_id, cluster_id, api_version, kind, cluster_namespace, name, owner_type, owner_id, owner_generation, apply_order, desired_hash, applied_hash, applied_at, uid, observed)
SELECT r.namespace_id, r.cluster_id, r.api_version, r.kind, r.cluster_namespace, r.name, r.owner_type, r.owner_id, r.owner_generation, r.apply_order, r.manifest_hash, r.manifest_hash, now(), 'cron',
	object_facts('{"kind": "CronJob", "spec": {"suspend": false, "schedule": "@hourly", "jobTemplate": {}}, "status": {"active": [{"kind": "Job", "name": "backup-29000001", "uid": "j2"}], "lastScheduleTime": "2026-01-02T03:00:00Z", "lastSuccessfulTime": "2026-01-02T02:00:09Z"}}')
FROM manifests r WHERE r.owner_id = :backup AND r.owner_type = 'container' AND r.kind = 'CronJob';
SELECT observed FROM managed_objects WHERE kind = 'CronJob';
CREATE FUNCTION told() RETURNS TABLE (active text, failed text, status text, reason text) LANGUAGE sql AS $$
	SELECT f.facts ->> 'activeRuns', f.facts ->> 'lastRunFailed', d.status, d.reason FROM orchestration.managed_objects m CROSS JOIN LATERAL orchestration_internal.container_facts(ARRAY[m.namespace_id], ARRAY[m.owner_id]) f
	CROSS JOIN LATERAL orchestration_internal.derive_container_status(f.facts) d WHERE m.kind = 'CronJob'
$$;
CREATE FUNCTION observed(facts jsonb) RETURNS void LANGUAGE sql AS $$ UPDATE orchestration.managed_objects SET observed = observed || facts WHERE kind = 'CronJob' $$;
SELECT * FROM told();
SELECT observed('{"active": []}');
SELECT * FROM told();
SELECT observed('{"lastSucceeded": "2026-01-02T03:00:09Z"}');
SELECT * FROM told();
-- one that was asked for beside it counts, by when it ended
INSERT INTO job_runs (namespace_id, container_id, run_hash, metadata, spec, uid) SELECT namespace_id, owner_id, 'h', '{}', '{}', 'manual' FROM managed_objects WHERE kind = 'CronJob';
SELECT * FROM told();
UPDATE job_runs SET outcome = '{"failed": true}', finished_at = '2026-01-02 03:30+00';
SELECT * FROM told();
SELECT observed('{"lastScheduled": "2026-01-02T04:00:00Z", "lastSucceeded": "2026-01-02T04:00:07Z"}');
SELECT * FROM told();
-- whose pods are its own: those of its Jobs, by name, and of a Job beside it, by uid
SELECT p AS pod, is_pod_of('CronJob', 'backup', '{cron}', 'p', NULL, o) AS of_it, is_pod_of('Job', 'backup', '{manual}', 'p', NULL, o) AS beside_it FROM (VALUES
	('scheduled', '{"ownerKind": "Job", "ownerName": "backup-29000001", "ownerUid": "j2"}'::jsonb), ('beside', '{"ownerKind": "Job", "ownerName": "backup", "ownerUid": "manual"}'), ('of another', '{"ownerKind": "Job", "ownerName": "backup-all-29000001", "ownerUid": "j9"}'),
	('copied', '{"ownerKind": "Job", "ownerName": "copy", "ownerUid": "j8"}'), ('of a ReplicaSet', '{"ownerKind": "ReplicaSet", "ownerName": "backup-29000001", "ownerUid": "r"}'), ('of nothing', '{}')) v (p, o);

\i sql/include/as_people.sql
SELECT joins('regress_operator', 'operator', 'shop');
SET session_replication_role = replica;
UPDATE containers SET status = 'running', status_reason = 'Scheduled', observed_generation = generation WHERE id = :backup;
UPDATE namespaces SET status = 'active' WHERE name = 'shop';
RESET session_replication_role;
SET SESSION AUTHORIZATION regress_operator;
SET search_path = orchestration, public;
SELECT namespace, name, schedule, time_zone, concurrency, status, reason, next_run_at = date_trunc('hour', now()) + interval '1 hour' AS next, last_success_at, active_runs FROM schedule_list;
\pset format unaligned
SELECT l FROM regexp_split_to_table(regexp_replace(why('shop', 'backup'), '[0-9]{4}-[0-9-]+ [0-9:]+ [A-Z]+', 'TIME', 'g'), E'\n') l WHERE l !~ '^(Cluster|No worker|The worker)';
-- of one that is deleted nothing is said any more
SELECT orchestration.delete_container('shop', 'backup');
RESET SESSION AUTHORIZATION;
SET orchestration.simulate_worker = on;
UPDATE orchestration.containers SET status = 'deleted' WHERE name = 'backup';
RESET orchestration.simulate_worker;
SET SESSION AUTHORIZATION regress_operator;
SELECT count(*) FROM regexp_split_to_table(orchestration.why(:backup), E'\n') l WHERE l ~ '^Schedule';
RESET SESSION AUTHORIZATION;

-- ---- an engine that cannot is not asked to ----
INSERT INTO orchestration_internal.engine_capabilities (engine, capability, words, can) SELECT 'stone', e.capability, e.words, e.capability <> 'schedule' FROM orchestration_internal.engines() e WHERE e.engine = 'kubernetes';
INSERT INTO orchestration.clusters (name, engine, api_server, auth_method, enabled) VALUES ('quarry', 'stone', 'https://127.0.0.1', 'in-cluster', false);
SELECT orchestration.create_namespace('rock', 'quarry') > 0 AS made;
-- error: it has no schedules
SELECT orchestration.create_container('rock', 'x', 'app:1', restart_policy => 'Never', schedule => '{"schedule": "@hourly"}');
SELECT orchestration.create_container('rock', 'x', 'app:1', restart_policy => 'Never') > 0 AS made;

SET client_min_messages = warning;
DROP EXTENSION orchestration CASCADE;
