\set ECHO none
-- An API server and a deployment controller made of tables, so that the worker's
-- functions can be played through without a cluster.  \i this file after bootstrap().
SET client_min_messages = warning;
SET orchestration.simulate_worker = on;
CREATE SCHEMA fake;
CREATE TABLE fake.objects (path text PRIMARY KEY, kind text NOT NULL, object jsonb NOT NULL);
CREATE TABLE fake.events (id bigint GENERATED ALWAYS AS IDENTITY, kind text NOT NULL, type text NOT NULL, object jsonb NOT NULL);
-- what the server answers instead: the first rule whose pattern fits
CREATE TABLE fake.faults (id integer GENERATED ALWAYS AS IDENTITY, action text, path text, status integer, body jsonb, error text);
CREATE SEQUENCE fake.version START 9;
CREATE SEQUENCE fake.uid;

-- stores a version of an object and tells the watchers
CREATE FUNCTION fake.store(of_path text, of_kind text, value jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
	old jsonb := (SELECT o.object FROM fake.objects o WHERE o.path = of_path);
BEGIN
	value := value || jsonb_build_object('kind', of_kind, 'metadata', (value -> 'metadata') || jsonb_build_object(
		'resourceVersion', nextval('fake.version')::text,
		'uid', COALESCE(old #>> '{metadata,uid}', 'uid-' || nextval('fake.uid')),
		'creationTimestamp', COALESCE(old #>> '{metadata,creationTimestamp}', '2026-01-01T00:00:00Z'))
		|| CASE WHEN of_kind IN ('Deployment', 'Job') THEN jsonb_build_object('generation', COALESCE((old #>> '{metadata,generation}')::integer, 0)
			+ CASE WHEN old -> 'spec' IS DISTINCT FROM value -> 'spec' THEN 1 ELSE 0 END) ELSE '{}' END);
	INSERT INTO fake.objects VALUES (of_path, of_kind, value) ON CONFLICT (path) DO UPDATE SET object = value;
	INSERT INTO fake.events (kind, type, object) VALUES (of_kind, CASE WHEN old IS NULL THEN 'ADDED' ELSE 'MODIFIED' END, value);
	RETURN value;
END $$;

-- removes an object for good
CREATE FUNCTION fake.remove(of_path text) RETURNS void LANGUAGE sql AS $$
	WITH gone AS (DELETE FROM fake.objects o WHERE o.path = of_path RETURNING o.kind, o.object)
	INSERT INTO fake.events (kind, type, object)
	SELECT kind, 'DELETED', jsonb_set(object, '{metadata,resourceVersion}', to_jsonb(nextval('fake.version')::text)) FROM gone
$$;

-- server-side apply by us: our managedFields entry holds what we sent
CREATE FUNCTION fake.apply(of_path text, body jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
	old jsonb := (SELECT o.object FROM fake.objects o WHERE o.path = of_path);
BEGIN
	RETURN fake.store(of_path, body ->> 'kind', COALESCE(old, '{}') || body || jsonb_build_object('metadata',
		COALESCE(old -> 'metadata', '{}') || (body -> 'metadata') || jsonb_build_object('managedFields', jsonb_build_array(jsonb_build_object(
			'manager', 'orchestration', 'operation', 'Apply', 'apiVersion', body ->> 'apiVersion', 'fieldsV1', body #- '{metadata,uid}' #- '{metadata,resourceVersion}')))));
END $$;

-- somebody edits an object: what is changed is ours no longer
CREATE FUNCTION fake.edit(of_path text, at text[], value jsonb) RETURNS void LANGUAGE sql AS $$
	SELECT fake.store(of_path, o.kind, jsonb_set(o.object #- (ARRAY['metadata', 'managedFields', '0', 'fieldsV1'] || at), at, value))
	FROM fake.objects o WHERE o.path = of_path
$$;

CREATE FUNCTION fake.refuse(code integer, reason text, message text) RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_build_object('kind', 'Status', 'status', 'Failure', 'code', code, 'reason', reason, 'message', message)
$$;

-- one request as the worker makes it
CREATE FUNCTION fake.request(INOUT action text, of_path text, body jsonb, OUT status integer, OUT answer jsonb, OUT error text) LANGUAGE plpgsql AS $$
DECLARE
	present jsonb := (SELECT o.object FROM fake.objects o WHERE o.path = of_path);
BEGIN
	IF action = 'look' AND present IS NOT NULL THEN
		status := 200;
		answer := present;
		RETURN;
	ELSIF action = 'create' AND present IS NOT NULL THEN
		status := 409;
		answer := fake.refuse(409, 'Conflict', 'Operation cannot be fulfilled: the object has been modified; please apply your changes to the latest version and try again');
		RETURN;
	END IF;
	SELECT f.status, f.body, f.error INTO status, answer, error FROM fake.faults f
	WHERE request.action LIKE f.action AND of_path LIKE f.path ORDER BY f.id LIMIT 1;
	IF FOUND THEN
		RETURN;
	ELSIF action = 'apply' AND body #>> '{metadata,uid}' IS DISTINCT FROM present #>> '{metadata,uid}' THEN
		status := 409;
		answer := fake.refuse(409, 'Conflict', 'Precondition failed: UID in precondition differs, or uid mismatch');
	ELSIF action IN ('create', 'apply') THEN
		status := CASE WHEN present IS NULL THEN 201 ELSE 200 END;
		answer := fake.apply(of_path, body);
	ELSIF present IS NULL THEN
		status := 404;
		answer := fake.refuse(404, 'NotFound', 'not found');
	ELSIF body #>> '{preconditions,uid}' IS DISTINCT FROM present #>> '{metadata,uid}' THEN
		status := 409;
		answer := fake.refuse(409, 'Conflict', 'Precondition failed: UID in precondition differs');
	ELSIF present ->> 'kind' IN ('Deployment', 'Job', 'Namespace', 'PersistentVolumeClaim') THEN
		status := 202;
		answer := fake.store(of_path, present ->> 'kind', jsonb_set(present, '{metadata,deletionTimestamp}', '"2026-01-01T00:00:00Z"'));
	ELSE
		PERFORM fake.remove(of_path);
		status := 200;
		answer := '{"kind": "Status", "status": "Success"}';
	END IF;
END $$;

-- what rows want, written into the inventory; how many objects that was
CREATE FUNCTION fake.plan() RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
	at record;
	line record;
	planned bigint[] := '{}';
BEGIN
	SELECT 0 AS next_type, 0::bigint AS next_id INTO at;
	LOOP
		FOR line IN SELECT * FROM orchestration_internal.worker_plan((SELECT id FROM orchestration.clusters), at.next_type, at.next_id, 10) LOOP
			IF line.object_id IS NULL THEN
				SELECT line.next_type, line.next_id INTO at;
			ELSE
				planned := planned || line.object_id;
			END IF;
		END LOOP;
		EXIT WHEN at.next_type = 0;
	END LOOP;
	RETURN (SELECT count(DISTINCT o) FROM unnest(planned) o);
END $$;

-- what became of rows by the passing of time; the soonest that one is to be looked at again
CREATE FUNCTION fake.look() RETURNS integer LANGUAGE sql AS $$
	SELECT min(s.look_in)
	FROM orchestration.clusters k
	CROSS JOIN LATERAL (
		SELECT jsonb_agg(jsonb_build_object('type', o.owner_type, 'ns', o.namespace_id, 'id', o.id, 'generation', o.generation)) AS owners
		FROM orchestration_internal.owner_rows o JOIN orchestration.namespaces n ON n.id = o.namespace_id AND n.cluster_id = k.id) r
	CROSS JOIN LATERAL orchestration_internal.write_statuses(k.id, r.owners) s
$$;

-- sends what is due, and no answer ever comes
CREATE FUNCTION fake.send() RETURNS TABLE (action text, status integer) LANGUAGE sql AS $$
	SELECT r.action, r.status FROM orchestration.clusters c, orchestration_internal.simulate_claim(c.id, 10) w, fake.request(w.action, w.path, w.body::jsonb) r
$$;

-- what the worker gets for one request.  That a creation has met something is known in memory alone, and what
-- is there is looked at next: that answer is here, too.
CREATE FUNCTION fake.answers(object_id bigint, action text, path text, body text, hash text) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
	reply record := fake.request(action, path, body::jsonb);
BEGIN
	RETURN jsonb_build_array(jsonb_build_object('object_id', object_id, 'action', action, 'path', path, 'status', reply.status, 'error', reply.error,
			'retry_after_ms', -1, 'hash', hash, 'body', reply.answer))
		|| CASE WHEN action = 'create' AND reply.status = 409 THEN fake.answers(object_id, 'look', path, NULL, NULL) ELSE '[]' END;
END $$;

-- the worker's turn: plan, send, take the answers; shows what was sent
CREATE FUNCTION fake.turn(maximum integer DEFAULT 100) RETURNS TABLE (sent text, got integer) LANGUAGE plpgsql AS $$
DECLARE
	cluster bigint := (SELECT id FROM orchestration.clusters);
	results jsonb := '[]';
	claim record;
BEGIN
	FOR claim IN SELECT * FROM orchestration_internal.simulate_claim(cluster, maximum) LOOP
		results := results || fake.answers(claim.object_id, claim.action, claim.path, claim.body, claim.hash);
	END LOOP;
	PERFORM orchestration_internal.simulate_answers(cluster, results);
	RETURN QUERY SELECT (r.value ->> 'action') || ' ' || regexp_replace(r.value ->> 'path', '^/apis?/', ''), (r.value ->> 'status')::integer
	FROM jsonb_array_elements(results) WITH ORDINALITY r (value, n) ORDER BY r.n;
END $$;

-- the same until nothing is due; only how many requests it took
CREATE FUNCTION fake.settle() RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
	total integer := 0;
	round integer;
BEGIN
	LOOP
		round := (SELECT count(*) FROM fake.turn());
		total := total + round;
		EXIT WHEN round = 0 OR total > 500;
		PERFORM fake.deliver();
	END LOOP;
	RETURN total;
END $$;

-- back-offs end now
CREATE FUNCTION fake.skip_waiting() RETURNS void LANGUAGE sql AS $$
	UPDATE orchestration.managed_objects SET next_attempt_at = '-infinity' WHERE next_attempt_at > now();
	UPDATE orchestration_internal.plan_errors SET next_attempt_at = '-infinity';
$$;

-- what watches and lists deliver: our label only, metadata only for data
CREATE FUNCTION fake.seen(kind text, object jsonb) RETURNS jsonb LANGUAGE sql AS $$
	SELECT CASE WHEN kind IN ('ConfigMap', 'Secret') THEN object - 'data' - 'type' ELSE object END
$$;

CREATE FUNCTION fake.is_ours(object jsonb) RETURNS boolean LANGUAGE sql AS $$
	SELECT object #>> '{metadata,labels,orchestration.dev/installation}' = (SELECT id::text FROM orchestration.installation)
$$;

CREATE FUNCTION fake.deliver() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	batch record;
BEGIN
	FOR batch IN
		SELECT e.kind, jsonb_agg(jsonb_build_object('type', e.type, 'object', fake.seen(e.kind, e.object)) ORDER BY e.id) AS events
		FROM fake.events e WHERE fake.is_ours(e.object) GROUP BY e.kind ORDER BY e.kind
	LOOP
		PERFORM orchestration_internal.simulate_events((SELECT id FROM orchestration.clusters), batch.kind, batch.events, false);
	END LOOP;
	DELETE FROM fake.events;
END $$;

CREATE FUNCTION fake.list(of_kind text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM orchestration_internal.simulate_events((SELECT id FROM orchestration.clusters), of_kind, COALESCE(
		(SELECT jsonb_agg(fake.seen(o.kind, o.object)) FROM fake.objects o
		 WHERE o.kind = of_kind AND fake.is_ours(o.object)), '[]'), true);
END $$;

-- one pod of a workload in the state given
CREATE FUNCTION fake.pod(workload jsonb, pod text, template text, status jsonb) RETURNS void LANGUAGE sql AS $$
	SELECT fake.store('/api/v1/namespaces/' || (workload #>> '{metadata,namespace}') || '/pods/' || pod, 'Pod', jsonb_build_object(
		'metadata', jsonb_build_object('name', pod, 'namespace', workload #> '{metadata,namespace}',
			'labels', (workload #> '{spec,template,metadata,labels}') || jsonb_build_object('pod-template-hash', template),
			'ownerReferences', jsonb_build_array(CASE workload ->> 'kind' WHEN 'Job' THEN jsonb_build_object('kind', 'Job', 'uid', workload #> '{metadata,uid}')
				ELSE jsonb_build_object('kind', 'ReplicaSet', 'uid', template) END)),
		'spec', '{"nodeName": "node-1"}'::jsonb, 'status', status))
$$;

CREATE FUNCTION fake.ready() RETURNS jsonb LANGUAGE sql AS $$
	SELECT '{"phase": "Running", "podIP": "10.0.0.1", "conditions": [{"type": "Ready", "status": "True"}],
		"containerStatuses": [{"ready": true, "started": true, "restartCount": 0, "state": {"running": {}}}]}'::jsonb
$$;

CREATE FUNCTION fake.waiting(reason text, message text DEFAULT NULL, restarts integer DEFAULT 0, last jsonb DEFAULT NULL) RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_build_object('phase', CASE WHEN restarts > 0 THEN 'Running' ELSE 'Pending' END, 'conditions', '[{"type": "Ready", "status": "False"}]'::jsonb,
		'containerStatuses', jsonb_build_array(jsonb_build_object('ready', false, 'started', false, 'restartCount', restarts,
			'state', jsonb_build_object('waiting', jsonb_build_object('reason', reason, 'message', message)),
			'lastState', CASE WHEN last IS NOT NULL THEN jsonb_build_object('terminated', last) ELSE '{}' END)))
$$;

-- the controllers: pods come and go as the workloads want, deletions end
CREATE FUNCTION fake.control() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	workload record;
	place text;
	wanted integer;
BEGIN
	FOR workload IN SELECT o.path, o.kind, o.object, o.object #>> '{metadata,name}' AS name FROM fake.objects o WHERE o.kind IN ('Deployment', 'Job') ORDER BY o.path LOOP
		place := '/api/v1/namespaces/' || (workload.object #>> '{metadata,namespace}') || '/pods/' || workload.name || '-';
		wanted := CASE WHEN workload.object #> '{metadata,deletionTimestamp}' IS NOT NULL THEN 0
			WHEN workload.kind = 'Job' THEN CASE WHEN workload.object #>> '{spec,suspend}' = 'true' THEN 0 ELSE 1 END
			ELSE (workload.object #>> '{spec,replicas}')::integer END;
		PERFORM fake.remove(o.path) FROM fake.objects o
		WHERE o.kind = 'Pod' AND o.path LIKE place || '%' AND substring(o.path FROM '[0-9]+$')::integer > wanted;
		PERFORM fake.pod(workload.object, workload.name || '-' || n, left(md5(workload.object #>> '{spec,template}'), 8), fake.ready())
		FROM generate_series(1, wanted) n
		WHERE NOT EXISTS (SELECT FROM fake.objects o WHERE o.path = place || n);
		IF workload.object #> '{metadata,deletionTimestamp}' IS NOT NULL THEN
			PERFORM fake.remove(workload.path);
		ELSIF workload.kind = 'Deployment' AND workload.object #> '{status,observedGeneration}' IS DISTINCT FROM workload.object #> '{metadata,generation}' THEN
			PERFORM fake.store(workload.path, 'Deployment', workload.object || jsonb_build_object('status', jsonb_build_object(
				'observedGeneration', workload.object #> '{metadata,generation}', 'replicas', wanted, 'updatedReplicas', wanted, 'readyReplicas', wanted)));
		END IF;
	END LOOP;
	PERFORM fake.remove(o.path) FROM fake.objects o
	WHERE o.kind = 'PersistentVolumeClaim' AND o.object #> '{metadata,deletionTimestamp}' IS NOT NULL;
	PERFORM fake.remove(o.path) FROM fake.objects o
	WHERE o.kind = 'Namespace' AND o.object #> '{metadata,deletionTimestamp}' IS NOT NULL
		AND NOT EXISTS (SELECT FROM fake.objects i WHERE i.path LIKE o.path || '/%');
	PERFORM fake.store(o.path, o.kind, o.object || '{"status": {"phase": "Bound"}}') FROM fake.objects o
	WHERE o.kind = 'PersistentVolumeClaim' AND o.object #>> '{status,phase}' IS NULL;
	PERFORM fake.store(o.path, o.kind, o.object || '{"status": {"phase": "Active"}}') FROM fake.objects o
	WHERE o.kind = 'Namespace' AND o.object #>> '{status,phase}' IS NULL;
END $$;

-- worker and controllers in turn until all rests
CREATE FUNCTION fake.live() RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
	total integer := 0;
	requests integer;
BEGIN
	FOR round IN 1 .. 20 LOOP
		requests := fake.settle();
		PERFORM fake.control();
		total := total + requests;
		EXIT WHEN requests = 0 AND NOT EXISTS (SELECT FROM fake.events);
		PERFORM fake.deliver();
	END LOOP;
	RETURN total;
END $$;

CREATE VIEW fake.state AS
SELECT c.name, c.desired_state, c.status, c.status_reason AS reason, c.status_message AS message, c.ready_replicas AS ready, c.generation = c.observed_generation AS observed
FROM orchestration.containers c ORDER BY c.id;
CREATE VIEW fake.inventory AS
SELECT m.kind, m.name, CASE WHEN m.desired_hash IS NULL THEN 'to go' WHEN m.applied_hash = m.desired_hash THEN 'as wanted' ELSE 'due' END AS state,
	m.uid, m.attempts, m.last_error_reason AS error
FROM orchestration.managed_objects m ORDER BY m.namespace_id, m.apply_order, m.kind, m.name;
\set ECHO all
