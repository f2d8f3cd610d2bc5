-- a clock that ran ahead and was put right: whatever lies in an impossible future is due now
-- as the owner: what maintenance, worker and alerts do is the subject
CREATE EXTENSION orchestration CASCADE;
SELECT orchestration.bootstrap();
SET client_min_messages = warning;
-- every column of a time is one that cannot lie ahead, or is left out for a reason
SELECT c.relname, a.attname
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND a.atttypid = 'timestamptz'::regtype
WHERE c.relnamespace IN ('orchestration'::regnamespace, 'orchestration_internal'::regnamespace) AND c.relkind IN ('r', 'p') AND NOT c.relispartition
	AND NOT EXISTS (SELECT FROM orchestration_internal.past_times() p WHERE p.relation = c.oid AND a.attname = ANY (p.columns))
ORDER BY 1, 2;

-- steps of maintenance that are to run in a year run now
UPDATE orchestration.maintenance_steps SET next_run_at = now() + interval '1 year';
SELECT count(*) = (SELECT count(*) FROM orchestration.maintenance_steps WHERE enabled) AS all_due FROM (
	SELECT name FROM orchestration.maintenance_steps s WHERE s.enabled AND orchestration_internal.step_is_due(s.next_run_at, s.every)) x;
SELECT orchestration_internal.worker_claim_maintenance() IS NOT NULL AS claimed;
SELECT count(*) > 5 AS run FROM orchestration.run_maintenance(only_due => true);
-- as late as a run plans it is not due
SELECT orchestration_internal.step_is_due(clock_timestamp() + interval '1 hour', '1 hour'), orchestration_internal.step_is_due(clock_timestamp() + interval '61 minutes', '1 hour');

-- a row in each table that can be made here
INSERT INTO orchestration.clusters (name, api_server, auth_method) VALUES ('dev', 'https://127.0.0.1', 'in-cluster');
SELECT count(orchestration.create_namespace(n, 'dev')) FROM unnest('{shop,held}'::text[]) n;
SELECT count(*) FROM (
	SELECT orchestration.create_config_map('shop', 'm', '{}'), orchestration.create_secret('shop', 's', '{"k": "v"}'), orchestration.create_volume('shop', 'v', 'EmptyDir'),
		orchestration.create_registry('shop', 'r', 'registry.example', 'u', 'p'), orchestration.create_container('shop', 'web', 'nginx:1', ports => '[{"containerPort": 80}]', env => '{"A": "b"}'),
		orchestration.create_container('held', 'web', 'nginx:1')) x;
SET orchestration.simulate_worker = on;
SELECT count(*) > 0 AS sent FROM orchestration.clusters c, orchestration_internal.simulate_claim(c.id, 100);
SELECT orchestration_internal.note_plan_error('container', namespace_id, id, generation, 'RenderFailed', 'x') FROM orchestration.containers LIMIT 1;
INSERT INTO orchestration.container_instances (namespace_id, container_id, cluster_id, pod_name, pod_uid, resource_version, phase, observed)
SELECT c.namespace_id, c.id, k.id, 'p', 'u', '1', 'Running', '{}' FROM orchestration.containers c, orchestration.clusters k LIMIT 1;
SELECT count(*) > 0 AS evaluated FROM orchestration_internal.judge_readings('[{"name": "deadlocks", "value": 9}]');

-- what waits for a time that no failure sets is due when it is read; so is a row that could not be planned
UPDATE orchestration.managed_objects SET uid = 'u' || id, applied_hash = desired_hash WHERE kind = 'Namespace';
UPDATE orchestration.managed_objects SET next_attempt_at = now() + interval '1 day' WHERE name = 'm';
UPDATE orchestration.managed_objects SET next_attempt_at = now() + interval '20 minutes' WHERE name = 's';
SELECT s.path FROM orchestration.clusters c, orchestration_internal.simulate_claim(c.id, 100) s WHERE s.path ~ '/[ms]$' ORDER BY s.path;
SELECT count(*) > 0 AS derived FROM orchestration.containers c, orchestration_internal.refresh_containers(ARRAY[c.namespace_id], ARRAY[c.id]);
UPDATE orchestration_internal.plan_errors SET next_attempt_at = now() + interval '1 day';
DELETE FROM orchestration.managed_objects m USING orchestration_internal.plan_errors e WHERE m.owner_type = 'container' AND m.owner_id = e.owner_id;
SELECT count(*) FROM orchestration.clusters c, orchestration_internal.unplanned_owners(c.id, 'container', 0, 10) o WHERE NOT o.is_planned;

-- everything at once: the clock said a year more
SELECT orchestration_internal.leave_out_owners('container', ARRAY[c.namespace_id], ARRAY[c.id]) FROM orchestration.containers c LIMIT 1;
SELECT orchestration_internal.take_samples();
CREATE FUNCTION pg_temp.run_ahead() RETURNS void LANGUAGE plpgsql SET session_replication_role = replica AS $$
DECLARE place record;
BEGIN
	FOR place IN SELECT * FROM orchestration_internal.past_times() LOOP
		EXECUTE format('UPDATE %s SET %s', place.relation, (SELECT string_agg(format('%1$I = CASE WHEN isfinite(%1$I) THEN now() + interval ''1 year'' ELSE %1$I END', c), ', ') FROM unnest(place.columns) c));
	END LOOP;
END $$;
CREATE FUNCTION pg_temp.ahead() RETURNS TABLE (relation regclass, rows bigint) LANGUAGE plpgsql AS $$
DECLARE place record;
BEGIN
	FOR place IN SELECT * FROM orchestration_internal.past_times() LOOP
		RETURN QUERY EXECUTE format('SELECT %L::regclass, count(*) FROM %s WHERE %s', place.relation, place.relation, (SELECT string_agg(format('%I > clock_timestamp()', c), ' OR ') FROM unnest(place.columns) c));
	END LOOP;
END $$;
SELECT pg_temp.run_ahead();
SELECT count(*) FILTER (WHERE rows > 0) >= 22 AS tables FROM pg_temp.ahead();
SELECT round(value / 86400) AS days FROM orchestration.indicators WHERE name = 'clock_went_back';
-- an age that is negative is as bad as a long one
SELECT name, value > 86400 AS alarming FROM orchestration.indicators WHERE name IN ('oldest_due_object', 'oldest_locked_row', 'alert_evaluation_age') ORDER BY name;
SELECT name, value FROM orchestration.indicators WHERE name = 'containers_stuck';
CREATE TEMP TABLE specified AS SELECT id, generation, desired_state, restart_requested_at FROM orchestration.containers;
SELECT regexp_replace(orchestration_internal.run_maintenance_step('clock'), 'was .* ahead: \d+ rows', 'was a year ahead: N rows');
SELECT * FROM pg_temp.ahead() WHERE rows > 0;
SELECT bool_and(c.generation = s.generation AND c.desired_state = s.desired_state) AS untouched FROM specified s JOIN orchestration.containers c USING (id);
SELECT bool_and(next_attempt_at = '-infinity') AS due FROM orchestration.managed_objects;
SELECT round(value / 86400) AS days FROM orchestration.indicators WHERE name = 'clock_went_back';
SELECT orchestration_internal.run_maintenance_step('clock');
-- the alert
SELECT opened FROM orchestration_internal.judge_readings('[{"name": "clock_went_back", "value": 3600}]');
SELECT rule, severity FROM orchestration.open_alerts WHERE rule = 'clock_went_back';
-- counters that were sampled ahead tell nothing, and the next ones do
SELECT count(*) FROM (SELECT orchestration_internal.take_samples()) x;
UPDATE orchestration_internal.indicator_samples SET sampled_at = now() + interval '1 day', previous_at = now() + interval '1 day', previous_sample = sample;
SELECT name, value FROM orchestration.indicators WHERE name IN ('transactions', 'transaction_time', 'deadlocks') ORDER BY name;
SELECT orchestration_internal.store_sample('database', orchestration_internal.database_counters());
SELECT pg_sleep(0.01);
SELECT name, value >= 0 AS known FROM orchestration.indicators WHERE name = 'transactions';
SET client_min_messages = warning;
DROP EXTENSION orchestration CASCADE;
