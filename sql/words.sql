-- what people are told: everything that is known, and no sentence with a hole
CREATE EXTENSION orchestration CASCADE;
SELECT orchestration.bootstrap();
\i sql/include/as_people.sql
INSERT INTO orchestration.clusters (name, api_server, auth_method, status, observed_at) VALUES ('dev', 'https://127.0.0.1', 'in-cluster', 'connected', now());
SELECT orchestration.create_namespace('shop', 'dev') > 0 AS made;
SELECT joins('regress_operator', 'operator', 'shop');
SET SESSION AUTHORIZATION regress_operator;
SELECT orchestration.create_config_map('shop', 'settings', '{"a": "1"}') > 0 AS made, orchestration.create_config_map('shop', 'mentioned', '{"a": "1"}') > 0 AS made, orchestration.create_config_map('shop', 'shown', '{"a": "1"}') > 0 AS made,
	orchestration.create_config_map('shop', 'unused', '{}') > 0 AS made, orchestration.create_secret('shop', 'keys', '{"a": "1"}') > 0 AS made, orchestration.create_secret('shop', 'late', '{"a": "1"}') > 0 AS made,
	orchestration.create_volume('shop', 'data', size => '1Gi') > 0 AS made, orchestration.create_volume('shop', 'early', size => '1Gi') > 0 AS made, orchestration.create_volume('shop', 'pages', 'ConfigMap', config_map => 'shown') > 0 AS made;
SELECT orchestration.create_container('shop', 'web', 'web:1', env => '[{"name": "A", "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "a"}}}, {"name": "B", "valueFrom": {"secretKeyRef": {"name": "keys", "key": "a"}}}]',
	volumes => '[{"volume": "data", "mountPath": "/data"}, {"volume": "pages", "mountPath": "/pages"}]',
	init_containers => '[{"name": "init", "image": "busybox", "envFrom": [{"configMapRef": {"name": "mentioned"}}, {"secretRef": {"name": "late"}}], "volumeMounts": [{"name": "early", "mountPath": "/early"}]}]') > 0 AS made,
	orchestration.create_container('shop', 'other', 'web:1') > 0 AS made;
RESET SESSION AUTHORIZATION;

-- the worker has done its work
SET session_replication_role = replica;
UPDATE orchestration.namespaces SET status = 'active', observed_generation = generation WHERE name = 'shop';
UPDATE orchestration.containers SET status = 'running', ready_replicas = 1, observed_generation = generation;
INSERT INTO orchestration.managed_objects (namespace_id, cluster_id, api_version, kind, cluster_namespace, name, owner_type, owner_id, owner_generation, apply_order, desired_hash, applied_hash, uid)
SELECT n.id, n.cluster_id, 'v1', o.kind, 'shop', o.name, o.owner_type, o.owner_id, 1, o.rank, 'h', 'h', o.kind || o.name
FROM orchestration.namespaces n CROSS JOIN LATERAL (
	SELECT 'Namespace' AS kind, n.name, 'namespace' AS owner_type, n.id AS owner_id, 10 AS rank
	UNION ALL SELECT 'ConfigMap', m.name, 'config_map', m.id, 20 FROM orchestration.config_maps m
	UNION ALL SELECT 'Secret', s.name, 'secret', s.id, 20 FROM orchestration.secrets s
	UNION ALL SELECT 'PersistentVolumeClaim', v.name, 'volume', v.id, 20 FROM orchestration.volumes v WHERE v.volume_type = 'PVC'
	UNION ALL SELECT 'Deployment', c.name, 'container', c.id, 40 FROM orchestration.containers c) o
WHERE n.name = 'shop';
RESET session_replication_role;
CREATE FUNCTION last_line(of_text text) RETURNS text LANGUAGE sql AS $$ SELECT (regexp_split_to_array(of_text, E'\n'))[array_upper(regexp_split_to_array(of_text, E'\n'), 1)] $$;
SET SESSION AUTHORIZATION regress_operator;
SELECT last_line(orchestration.why(id)) FROM orchestration.containers ORDER BY name DESC;
RESET SESSION AUTHORIZATION;

-- whatever is not right with what a container refers to, why() tells it, to whom may look; and of nothing else
CREATE FUNCTION pg_temp.told(change text) RETURNS TABLE (kind text, object text, web text, other boolean) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
	object record;
BEGIN
	FOR object IN SELECT m.kind, m.name, m.id FROM orchestration.managed_objects m WHERE m.owner_type <> 'container' ORDER BY m.apply_order, m.kind, m.name LOOP
		BEGIN
			SET LOCAL session_replication_role = replica;
			EXECUTE format('UPDATE orchestration.managed_objects SET %s WHERE id = %s', change, object.id);
			SET LOCAL ROLE regress_operator;
			kind := object.kind;
			told.object := object.name;
			SELECT (SELECT string_agg(l, ' | ') FROM regexp_split_to_table(regexp_replace(orchestration.why(c.id), 'since [0-9-]+ [0-9:]+ [A-Z]+', 'since TIME', 'g'), E'\n') l WHERE l ~ format('%s "%s"', object.kind, object.name)) INTO web
			FROM orchestration.containers c WHERE c.name = 'web';
			SELECT last_line(orchestration.why(c.id)) <> 'What to do: nothing, all is as wanted.' INTO other FROM orchestration.containers c WHERE c.name = 'other';
			RAISE 'undo' USING ERRCODE = 'ZZZZZ';
		EXCEPTION WHEN SQLSTATE 'ZZZZZ' THEN NULL;
		END;
		RETURN NEXT;
	END LOOP;
END $$;
\pset format unaligned
SELECT kind, object, web, other FROM pg_temp.told($$last_error_reason = 'Conflict', last_error = 'belongs to somebody else', attempts = 3, applied_hash = NULL$$);
SELECT kind, object, web FROM pg_temp.told('deletion_started_at = now()') WHERE kind = 'PersistentVolumeClaim';
SELECT kind, object, web FROM pg_temp.told($$observed = '{"phase": "Lost"}'$$) WHERE kind = 'PersistentVolumeClaim';
SELECT kind, count(web) AS told, count(*) FILTER (WHERE other) AS beyond FROM pg_temp.told('uid = NULL, applied_hash = NULL') GROUP BY 1 ORDER BY 1;

\pset format aligned
-- a cluster that nothing is known of is told, too
UPDATE orchestration.clusters SET enabled = false;
SELECT last_line(orchestration.why(id)) FROM orchestration.containers WHERE name = 'web';
UPDATE orchestration.clusters SET enabled = true;
-- and a container that was paused and runs still
SET session_replication_role = replica;
UPDATE orchestration.containers SET desired_state = 'paused', replicas = 2, ready_replicas = 2, status_reason = 'Stopping' WHERE name = 'web';
RESET session_replication_role;
SELECT name, status, reason, ready FROM orchestration.container_list WHERE name = 'web';
SELECT split_part(orchestration.why(id), E'\n', 2) FROM orchestration.containers WHERE name = 'web';

-- every reason has an advice, but for those that pass by themselves
SELECT string_agg(r, ' ') AS without_advice FROM unnest('{Deleting,Creating,Recreating,Updating,Stopping,Suspending,Suspended,ScaledToZero,Completed,Completing,Terminating,NamespaceTerminating,FinalizerBlocked,StopOverdue,
	FailedCreate,Failed,PodFailed,Pending,Init:0/1,Starting,PartiallyReady,NotReady,Restarting,NodeLost,OOMKilled,CrashLoopBackOff,ProgressDeadlineExceeded,SurplusPods,Unschedulable,ErrImagePull,ImagePullBackOff,InvalidImageName,
	Invalid,Forbidden,QuotaExceeded,Conflict,RenderFailed,Unreachable,ServerError,Unauthorized,TooManyRequests,ClaimLost,Unbound,Replacing,Resizing}'::text[]) r
WHERE orchestration_internal.advice(r) IS NULL;

-- states of every kind, each text missing, empty or there: nobody is told a sentence with a hole
CREATE FUNCTION pg_temp.hole(of_text text) RETURNS text LANGUAGE sql AS $$
	SELECT l FROM regexp_split_to_table(of_text, E'\n') l
	WHERE l ~ ': \.|: :|: ;|: ,|; ;|, ,|\(\)|""|  |now ago|for now|\mNULL\M|\(null\)|^\s|[ :;,]$' OR l = ''
	LIMIT 1
$$;
SELECT pg_temp.hole('Namespace "x" is pending: .') IS NOT NULL AS found, pg_temp.hole('create container "": x') IS NOT NULL AS found, pg_temp.hole('last turn now ago') IS NOT NULL AS found, pg_temp.hole('all is well.') IS NULL AS fine;
CREATE FUNCTION pg_temp.any_of(n integer, VARIADIC texts text[]) RETURNS text LANGUAGE sql VOLATILE AS $$ SELECT texts[1 + floor(random() * cardinality(texts))::integer] $$;
CREATE FUNCTION pg_temp.scramble(n integer) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	UPDATE orchestration.clusters SET status = pg_temp.any_of(n, 'connected', 'unreachable', 'standby', 'unknown'), status_message = pg_temp.any_of(n, NULL, '', 'no route'), observed_at = CASE WHEN random() < 0.5 THEN now() END,
		server_version = pg_temp.any_of(n, NULL, '', '1.36'), lease_holder = pg_temp.any_of(n, NULL, '', 'me'), usage_message = pg_temp.any_of(n, NULL, '', 'no metrics'), enabled = random() < 0.8;
	UPDATE orchestration.namespaces SET status = pg_temp.any_of(n, 'pending', 'active', 'failed'), status_reason = pg_temp.any_of(n, NULL, '', 'Conflict'), status_message = pg_temp.any_of(n, NULL, '', 'taken') WHERE name = 'shop';
	UPDATE orchestration.containers SET status = pg_temp.any_of(n, 'pending', 'running', 'paused', 'stopped', 'failed'), desired_state = pg_temp.any_of(n, 'running', 'paused', 'stopped', 'deleted'), status_reason = pg_temp.any_of(n, NULL, '', 'Updating', 'CrashLoopBackOff'),
		status_message = pg_temp.any_of(n, NULL, '', E'first\nsecond'), ready_replicas = floor(random() * 3)::integer, observed_generation = floor(random() * 3)::integer;
	UPDATE orchestration.managed_objects SET last_error_reason = pg_temp.any_of(n, NULL, NULL, 'Conflict', 'Unexpected'), last_error = pg_temp.any_of(n, NULL, '', 'x'), last_warning = pg_temp.any_of(n, NULL, '', 'w'), uid = pg_temp.any_of(n, NULL, 'u', 'u'),
		desired_hash = pg_temp.any_of(n, NULL, 'h', 'h'), applied_hash = pg_temp.any_of(n, NULL, 'h', 'h'), replacing = random() < 0.2, deletion_started_at = CASE WHEN random() < 0.2 THEN now() END,
		next_attempt_at = CASE WHEN random() < 0.5 THEN now() + interval '5 s' ELSE '-infinity' END, observed = pg_temp.any_of(n, NULL, '{}', '{"phase": "Lost"}', '{"phase": ""}')::jsonb;
	DELETE FROM orchestration.container_instances;
	INSERT INTO orchestration.container_instances (namespace_id, container_id, cluster_id, pod_name, pod_uid, resource_version, node_name, phase, ready, restart_count, terminating_at, observed)
	SELECT c.namespace_id, c.id, 1, 'web-a-b', 'u' || g || c.id, '1', pg_temp.any_of(n, NULL, '', 'node-1'), pg_temp.any_of(n, 'Pending', 'Running'), random() < 0.5, floor(random() * 2)::integer, CASE WHEN random() < 0.3 THEN now() END,
		jsonb_build_object('reason', pg_temp.any_of(n, NULL, '', 'Evicted'), 'message', pg_temp.any_of(n, NULL, '', 'm'), 'waitingReason', pg_temp.any_of(n, NULL, '', 'ErrImagePull'), 'waitingMessage', pg_temp.any_of(n, NULL, '', 'm'),
			'unscheduledReason', pg_temp.any_of(n, NULL, '', 'Unschedulable'), 'unscheduledMessage', pg_temp.any_of(n, NULL, '', 'm'))
		|| CASE WHEN random() < 0.5 THEN jsonb_build_object('terminated', jsonb_build_object('reason', pg_temp.any_of(n, NULL, '', 'Error'), 'exitCode', pg_temp.any_of(n, NULL, '1')::integer, 'message', pg_temp.any_of(n, NULL, '', 'm'))) ELSE '{}' END
	FROM orchestration.containers c, generate_series(1, floor(random() * 3)::integer) g;
	DELETE FROM orchestration_internal.plan_errors;
	INSERT INTO orchestration_internal.plan_errors (namespace_id, owner_type, owner_id, owner_generation, reason, message, next_attempt_at)
	SELECT o.namespace_id, o.owner_type, o.owner_id, 1, 'RenderFailed', pg_temp.any_of(n, '', 'm'), now() FROM orchestration.managed_objects o WHERE random() < 0.3 GROUP BY 1, 2, 3;
	UPDATE orchestration.maintenance_steps SET failures = floor(random() * 2)::integer, last_error = pg_temp.any_of(n, NULL, '', 'x'), last_result = pg_temp.any_of(n, NULL, '', 'x'), last_finished_at = CASE WHEN random() < 0.5 THEN clock_timestamp() END;
	INSERT INTO orchestration.operation_logs (namespace_id, started_at, source, operation, resource_type, resource_id, resource_name, status, error_message)
	VALUES (0, clock_timestamp(), 'user', 'create', pg_temp.any_of(n, '', 'container'), CASE WHEN random() < 0.5 THEN 1 END, pg_temp.any_of(n, NULL, '', 'web'), 'failed', pg_temp.any_of(n, NULL, '', 'x'));
	UPDATE orchestration.volumes SET status_reason = NULL;
END $$;
SELECT setseed(0.5);
SET session_replication_role = replica;
CREATE TEMP TABLE holes (source text, line text);
DO $$
BEGIN
	FOR n IN 1 .. 40 LOOP
		PERFORM pg_temp.scramble(n);
		INSERT INTO holes SELECT 'why', pg_temp.hole(orchestration.why(c.id)) FROM orchestration.containers c;
		INSERT INTO holes SELECT 'overview', pg_temp.hole(o.subject || ' | ' || o.state) FROM orchestration.overview o;
		INSERT INTO holes SELECT 'overview', 'nothing is said of ' || o.subject FROM orchestration.overview o WHERE o.state IS NULL;
		/* what the worker derives from such facts */
		PERFORM orchestration_internal.write_observed('volume', ARRAY(SELECT namespace_id FROM orchestration.volumes), ARRAY(SELECT id FROM orchestration.volumes));
		PERFORM orchestration_internal.refresh_namespaces(ARRAY(SELECT id FROM orchestration.namespaces));
		INSERT INTO holes SELECT 'volumes', pg_temp.hole(v.status_message) FROM orchestration.volumes v;
		INSERT INTO holes SELECT 'volumes', v.name || ' is ' || v.status || ' without a reason' FROM orchestration.volumes v WHERE v.status NOT IN ('available', 'bound') AND v.status_reason IS NULL;
		INSERT INTO holes SELECT 'namespaces', pg_temp.hole(v.status_message) FROM orchestration.namespaces v;
		INSERT INTO holes SELECT 'namespaces', v.name || ' is ' || v.status || ' without a reason' FROM orchestration.namespaces v WHERE v.status <> 'active' AND v.status_reason IS NULL;
		INSERT INTO holes SELECT 'containers', pg_temp.hole(d.message) FROM orchestration_internal.container_facts(ARRAY(SELECT namespace_id FROM orchestration.containers), ARRAY(SELECT id FROM orchestration.containers)) f,
			orchestration_internal.derive_container_status(f.facts) d;
	END LOOP;
END $$;
RESET session_replication_role;
SELECT count(*) > 500 AS looked FROM holes;
SELECT source, line, count(*) FROM holes WHERE line IS NOT NULL GROUP BY 1, 2 ORDER BY 3 DESC LIMIT 10;
DROP FUNCTION last_line;
DROP EXTENSION orchestration CASCADE;
