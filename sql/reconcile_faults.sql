-- what may go wrong between the worker and the cluster
-- as the owner: what the worker makes of its cluster is the subject
CREATE EXTENSION orchestration CASCADE;
SELECT orchestration.bootstrap();
UPDATE orchestration.installation SET id = '00000000-0000-0000-0000-000000000001';
\i sql/include/fake_cluster.sql
INSERT INTO orchestration.clusters (name, api_server, auth_method, enabled) VALUES ('dev', 'https://127.0.0.1', 'in-cluster', false);
CREATE FUNCTION id_of(container text) RETURNS bigint LANGUAGE sql AS $$ SELECT id FROM orchestration.containers WHERE name = container ORDER BY id DESC LIMIT 1 $$;
CREATE FUNCTION path_of(kind text, name text) RETURNS text LANGUAGE sql AS $$ SELECT orchestration_internal.object_path(kind, 'shop', name) $$;

-- a namespace of that name is there and not ours: nothing is put into it
SELECT fake.store('/api/v1/namespaces/shop', 'Namespace', '{"metadata": {"name": "shop"}}') IS NOT NULL;
SELECT orchestration.create_namespace('shop', 'dev'), orchestration.create_container('shop', 'web', 'nginx:1');
SELECT * FROM fake.turn();
SELECT * FROM fake.turn();
SELECT status, status_reason, status_message FROM orchestration.namespaces WHERE name = 'shop';
SELECT fake.look() > 0 AS again;
SELECT * FROM fake.state;
-- it goes away
SELECT fake.remove('/api/v1/namespaces/shop'), fake.skip_waiting();
SELECT fake.live();
SELECT * FROM fake.state;
SELECT status, status_reason, status_message FROM orchestration.namespaces WHERE name = 'shop';

-- a Deployment of that name is there and not ours: not touched, reported, tried again
SELECT fake.store(path_of('Deployment', 'api'), 'Deployment', '{"metadata": {"name": "api", "namespace": "shop"}, "spec": {"replicas": 5}}') #> '{spec}';
SELECT orchestration.create_container('shop', 'api', 'nginx:1');
SELECT * FROM fake.turn();
SELECT * FROM fake.state WHERE name = 'api';
SELECT attempts, next_attempt_at - updated_at BETWEEN '3 s' AND '7 s' AS waits FROM orchestration.managed_objects WHERE name = 'api';
SELECT fake.skip_waiting();
UPDATE orchestration.managed_objects SET due_since = due_since - interval '1 hour' WHERE name = 'api';
SELECT * FROM fake.turn();
SELECT attempts, next_attempt_at - updated_at BETWEEN '7 s' AND '13 s' AS waits FROM orchestration.managed_objects WHERE name = 'api';
-- however often it is tried, it has been waiting since it was asked for
SELECT now() - due_since BETWEEN '59 minutes' AND '61 minutes' AS waits_since, updated_at > created_at AS tried_later FROM orchestration.managed_objects WHERE name = 'api';
-- one that is as desired begins to wait when it is not any more, and one that waits goes on waiting
BEGIN;
CREATE FUNCTION pg_temp.waits_anew(OUT due boolean, OUT anew boolean) LANGUAGE plpgsql AS $$
BEGIN
	SELECT m.applied_hash IS DISTINCT FROM m.desired_hash OR m.desired_hash IS NULL, m.due_since > '2020-01-01' INTO due, anew
	FROM orchestration.managed_objects m WHERE m.kind = 'Deployment' AND m.name = 'web';
	UPDATE orchestration.managed_objects SET due_since = '2020-01-01' WHERE kind = 'Deployment' AND name = 'web';
END $$;
SELECT due FROM pg_temp.waits_anew();
UPDATE orchestration.containers SET replicas = 7 WHERE name = 'web';
SELECT fake.plan();
SELECT due, anew AS something_else_is_asked_for FROM pg_temp.waits_anew();
UPDATE orchestration.containers SET replicas = 8 WHERE name = 'web';
SELECT fake.plan();
SELECT due, anew AS and_again FROM pg_temp.waits_anew();
SELECT count(*) > 0 AS applied FROM fake.turn();
SELECT due FROM pg_temp.waits_anew();
SELECT fake.remove(path_of('Deployment', 'web')), fake.deliver();
SELECT due, anew AS lost FROM pg_temp.waits_anew();
ROLLBACK;
-- every statement that changes what an object is, or is to be, sees to that
SELECT count(*) > 5 AS found, string_agg(p.proname, ', ') FILTER (WHERE statement !~ 'due_since = ') AS forgotten
FROM pg_proc p CROSS JOIN regexp_split_to_table(p.prosrc, ';') statement
WHERE p.pronamespace IN ('orchestration'::regnamespace, 'orchestration_internal'::regnamespace) AND statement ~ 'managed_objects' AND statement ~ '(SET|,|\*/)\s+(applied|desired)_hash = ';
SELECT object -> 'spec' FROM fake.objects WHERE path = path_of('Deployment', 'api');
-- the container may be deleted, the other's object stays
SELECT orchestration.delete_container(id_of('api'));
SELECT * FROM fake.turn();
SELECT * FROM fake.state WHERE name = 'api';
SELECT object -> 'spec' FROM fake.objects WHERE path = path_of('Deployment', 'api');
SELECT fake.remove(path_of('Deployment', 'api'));

-- planned, and perhaps sent, for all that the rows know: looked for, and gone
SELECT orchestration.create_container('shop', 'short', 'nginx:1') IS NOT NULL;
SELECT fake.plan();
SELECT orchestration.delete_container(id_of('short'));
SELECT * FROM fake.turn();
SELECT * FROM fake.state WHERE name = 'short';

-- the answer to a creation is lost: found, known by its labels, adopted
SELECT orchestration.create_container('shop', 'lost', 'nginx:1') IS NOT NULL;
SELECT fake.plan();
SELECT * FROM fake.send();
SELECT * FROM fake.turn();
SELECT * FROM fake.turn();
SELECT * FROM fake.inventory WHERE name = 'lost';
-- or the event tells first
SELECT orchestration.create_container('shop', 'lost2', 'nginx:1') IS NOT NULL;
SELECT fake.plan();
SELECT * FROM fake.send();
SELECT fake.deliver();
SELECT * FROM fake.turn();
SELECT fake.live();
SELECT * FROM fake.state WHERE name LIKE 'lost%';
-- the answer is lost and the container deleted: looked for, then deleted
SELECT orchestration.create_container('shop', 'lost3', 'nginx:1') IS NOT NULL;
SELECT fake.plan();
SELECT * FROM fake.send();
SELECT orchestration.delete_container(id_of('lost3'));
SELECT * FROM fake.turn();
SELECT * FROM fake.turn();
SELECT fake.control(), fake.deliver();
SELECT * FROM fake.state WHERE name = 'lost3';

-- no more is sent than may be under way
UPDATE orchestration.containers SET replicas = 2 WHERE name IN ('lost', 'lost2');
SELECT w.action, w.path FROM orchestration.clusters c, orchestration_internal.simulate_claim(c.id, 1) w;
SELECT count(*) FROM orchestration.clusters c, orchestration_internal.simulate_claim(c.id, 10) w;
SELECT fake.live();

-- made, then deleted by somebody, and both events are here before the answer: not believed to exist
CREATE TABLE answer AS SELECT m.id AS object_id, o.object FROM orchestration.managed_objects m, fake.objects o WHERE m.name = 'lost2' AND o.path = path_of('Deployment', 'lost2');
SELECT fake.remove(path_of('Deployment', 'lost2')), fake.deliver();
SELECT orchestration_internal.simulate_answers(c.id, jsonb_build_array(jsonb_build_object('object_id', a.object_id, 'action', 'apply', 'status', 200, 'hash', 'x', 'body', a.object))) FROM orchestration.clusters c, answer a;
SELECT kind, name, state, uid IS NULL AS unknown FROM fake.inventory WHERE name = 'lost2';
SELECT fake.skip_waiting();
SELECT fake.live();
-- an edit that comes in before the answer to our own apply is drift all the same
UPDATE orchestration.containers SET replicas = 3 WHERE name = 'lost2';
SELECT fake.plan();
CREATE TABLE late AS SELECT w.object_id, w.hash, r.* FROM orchestration.clusters c, orchestration_internal.simulate_claim(c.id, 10) w, fake.request(w.action, w.path, w.body::jsonb) r;
SELECT fake.edit(path_of('Deployment', 'lost2'), '{spec,replicas}', '9'), fake.deliver();
SELECT orchestration_internal.simulate_answers(c.id, jsonb_build_array(jsonb_build_object('object_id', l.object_id, 'action', l.action, 'status', l.status, 'hash', l.hash, 'body', l.answer))) FROM orchestration.clusters c, late l;
SELECT * FROM fake.inventory WHERE name = 'lost2' AND state = 'due';
SELECT fake.skip_waiting();
SELECT fake.live() > 0;
SELECT object #> '{spec,replicas}' FROM fake.objects WHERE path = path_of('Deployment', 'lost2');
-- an answer twice, and for what is not in the inventory
SELECT orchestration_internal.simulate_answers(c.id, jsonb_build_array(r, r)) FROM orchestration.clusters c, LATERAL (SELECT jsonb_build_object('object_id', -1, 'action', 'apply', 'status', 200, 'body', '{"metadata": {"uid": "x"}}'::jsonb) AS r) x;

-- deleted and made anew by somebody under our feet: the apply is refused by uid, then the name is looked at
SELECT fake.remove(path_of('Deployment', 'lost'));
SELECT fake.store(path_of('Deployment', 'lost'), 'Deployment', '{"metadata": {"name": "lost", "namespace": "shop"}}') IS NOT NULL;
DELETE FROM fake.events;
UPDATE orchestration.containers SET replicas = 3 WHERE name = 'lost';
SELECT * FROM fake.turn();
SELECT fake.skip_waiting();
SELECT * FROM fake.turn();
SELECT * FROM fake.state WHERE name = 'lost';
SELECT fake.remove(path_of('Deployment', 'lost')), fake.skip_waiting();
SELECT fake.live();
SELECT * FROM fake.state WHERE name = 'lost';

-- our label taken off: it looks deleted, and is found to be the same
SELECT fake.store(path, kind, object #- '{metadata,labels}') IS NOT NULL FROM fake.objects WHERE path = path_of('Deployment', 'lost');
UPDATE fake.events SET type = 'DELETED', object = jsonb_set(object, '{metadata,labels}', '{"orchestration.dev/installation": "00000000-0000-0000-0000-000000000001"}');
SELECT fake.deliver(), fake.skip_waiting();
SELECT * FROM fake.turn();
SELECT * FROM fake.turn();
SELECT fake.live();
-- the same while it is to be deleted: not taken for proof
SELECT orchestration.delete_container(id_of('lost'));
SELECT fake.plan();
INSERT INTO fake.events (kind, type, object) SELECT kind, 'DELETED', object FROM fake.objects WHERE path = path_of('Deployment', 'lost');
SELECT fake.deliver();
SELECT * FROM fake.state WHERE name = 'lost';
SELECT fake.skip_waiting();
SELECT * FROM fake.turn();
SELECT * FROM fake.turn();
-- accepted, and no event ever comes: looked after until it is gone
SELECT fake.control();
DELETE FROM fake.events;
SELECT * FROM fake.turn();
SELECT fake.skip_waiting();
SELECT * FROM fake.turn();
SELECT * FROM fake.state WHERE name = 'lost';
-- its pods too
SELECT fake.remove(path) FROM fake.objects WHERE kind = 'Pod' AND path LIKE '%/lost-%';
SELECT fake.deliver();
SELECT * FROM fake.state WHERE name = 'lost';

-- answers and what becomes of them
CREATE TABLE answers (n integer, status integer, body jsonb, error text, retry_after integer, least interval, most interval);
INSERT INTO answers VALUES
	(1, 0, NULL, 'connection refused', -1, '0.7 s', '1.3 s'),
	(2, 500, fake.refuse(500, 'InternalError', 'etcd is gone'), NULL, -1, '0.7 s', '1.3 s'),
	(3, 429, fake.refuse(429, 'TooManyRequests', 'slow down'), NULL, 7000, '7 s', '7 s'),
	(4, 401, fake.refuse(401, 'Unauthorized', 'Unauthorized'), NULL, -1, '0.7 s', '1.3 s'),
	(5, 403, fake.refuse(403, 'Forbidden', 'deployments.apps is forbidden: User "x" cannot patch'), NULL, -1, '11 s', '19 s'),
	(6, 403, fake.refuse(403, 'Forbidden', 'exceeded quota: pods'), NULL, -1, '11 s', '19 s'),
	(7, 403, fake.refuse(403, 'Forbidden', 'is being terminated') || '{"details": {"causes": [{"reason": "NamespaceTerminating"}]}}', NULL, -1, '0.7 s', '1.3 s'),
	(8, 422, fake.refuse(422, 'Invalid', 'spec.x: Invalid value'), NULL, -1, '45 s', '75 s'),
	(9, 400, '"<html>bad gateway</html>"', NULL, -1, '45 s', '75 s'),
	(10, 404, fake.refuse(404, 'NotFound', 'namespaces "shop" not found'), NULL, -1, '0.7 s', '1.3 s'),
	(11, 409, fake.refuse(409, 'Conflict', 'Apply failed with 1 conflict: .spec.replicas'), NULL, -1, '3.7 s', '6.3 s');
CREATE FUNCTION judge(answer answers) RETURNS TABLE (status text, reason text, message text, attempts integer, in_time boolean) LANGUAGE plpgsql AS $$
BEGIN
	UPDATE orchestration.managed_objects m SET attempts = 0, next_attempt_at = '-infinity', applied_hash = NULL, last_error_reason = NULL, last_error = NULL, gone_uid = NULL,
		uid = o.object #>> '{metadata,uid}'
	FROM fake.objects o
	WHERE m.name = 'lost2' AND o.path = path_of('Deployment', 'lost2');
	PERFORM orchestration_internal.simulate_answers(c.id, jsonb_build_array(jsonb_build_object('object_id', m.id, 'action', 'apply', 'status', answer.status,
		'hash', m.desired_hash, 'error', answer.error, 'retry_after_ms', answer.retry_after, 'body', answer.body)))
	FROM orchestration.clusters c, orchestration.managed_objects m WHERE m.name = 'lost2';
	RETURN QUERY SELECT c.status, m.last_error_reason, m.last_error, m.attempts,
		isfinite(m.next_attempt_at) AND CASE WHEN isfinite(m.next_attempt_at) THEN m.next_attempt_at - clock_timestamp() BETWEEN answer.least - interval '1 s' AND answer.most END
	FROM orchestration.managed_objects m, orchestration.containers c WHERE m.name = 'lost2' AND c.name = 'lost2';
END $$;
SELECT a.n, j.* FROM answers a, judge(a) j ORDER BY a.n;
-- what is written of a cluster
SELECT orchestration_internal.worker_cluster_report(id, 'unreachable', 'connection refused', NULL, NULL) FROM orchestration.clusters;
SELECT orchestration_internal.worker_cluster_report(id, 'connected', NULL, 'v1.36.3', 'me') FROM orchestration.clusters;
SELECT name, status, status_message, server_version, lease_holder FROM orchestration.clusters;
SELECT fake.skip_waiting();
SELECT fake.live();
-- refused, corrected, accepted at once
SELECT j.status, j.reason FROM answers a, judge(a) j WHERE a.n = 8;
UPDATE orchestration.containers SET replicas = 1 WHERE name = 'lost2';
SELECT * FROM fake.turn();
SELECT fake.live();
SELECT * FROM fake.state WHERE name = 'lost2';

-- one answer that cannot be stored does not lose the others
CREATE FUNCTION fake.choke() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '22000'; END $$;
SELECT fake.skip_waiting();
UPDATE orchestration.containers SET replicas = 2 WHERE name IN ('lost2', 'web');
SELECT fake.plan();
CREATE TRIGGER choke BEFORE UPDATE ON orchestration.managed_objects FOR EACH ROW WHEN (NEW.name = 'web') EXECUTE FUNCTION fake.choke();
\set VERBOSITY terse
SELECT * FROM fake.turn();
\set VERBOSITY default
DROP TRIGGER choke ON orchestration.managed_objects;
SELECT * FROM fake.inventory WHERE name IN ('lost2', 'web') ORDER BY name;
SELECT fake.skip_waiting();
SELECT fake.live();

-- a row that cannot be planned, and one whose secret cannot be read, among good ones
SELECT orchestration.create_container('shop', 'a', 'nginx:1', ports => '[{"containerPort": 80, "servicePort": 80, "serviceType": "NodePort"}]') IS NOT NULL,
	orchestration.create_container('shop', 'a-nodeport', 'nginx:1') IS NOT NULL,
	orchestration.create_container('shop', 'b', 'nginx:1') IS NOT NULL,
	orchestration.create_secret('shop', 'broken', '{"a": "1"}') IS NOT NULL, orchestration.create_secret('shop', 'whole', '{"a": "1"}') IS NOT NULL;
ALTER TABLE orchestration.port_mappings DISABLE TRIGGER zz_claim_service_names_insert;
INSERT INTO orchestration.port_mappings (namespace_id, container_id, container_port, service_port) SELECT namespace_id, id, 80, 80 FROM orchestration.containers WHERE name = 'a-nodeport';
ALTER TABLE orchestration.port_mappings ENABLE TRIGGER zz_claim_service_names_insert;
SET session_replication_role = replica;
UPDATE orchestration.secrets SET encrypted_data = '\xdeadbeef', generation = generation + 1 WHERE name = 'broken';
RESET session_replication_role;
SELECT fake.live();
SELECT * FROM fake.state WHERE name IN ('a', 'a-nodeport', 'b');
SELECT kind, name, state, attempts, error FROM fake.inventory WHERE kind = 'Secret';
SELECT owner_type, reason, message, attempts FROM orchestration_internal.plan_errors;
SELECT fake.skip_waiting();
SELECT fake.live();
SELECT attempts, next_attempt_at - clock_timestamp() BETWEEN '15 s' AND '21 s' AS waits FROM orchestration_internal.plan_errors;
-- out of the way
UPDATE orchestration.containers SET name = 'a2' WHERE name = 'a';
SELECT fake.live() > 0, fake.skip_waiting();
SELECT fake.live() >= 0, fake.live() >= 0;
SELECT * FROM fake.state WHERE name IN ('a2', 'a-nodeport', 'b');
SELECT count(*) FROM orchestration_internal.plan_errors;

-- a list without an object of ours: made again; a broken-off list is never pruned, so there is nothing to test
DELETE FROM fake.objects WHERE path = path_of('Deployment', 'b');
SELECT fake.list('Deployment'), fake.skip_waiting();
SELECT * FROM fake.turn();
SELECT fake.list('Pod'), fake.live();
DELETE FROM fake.objects WHERE kind = 'Pod' AND path LIKE '%/b-%';
SELECT fake.list('Pod');
SELECT * FROM fake.state WHERE name = 'b';

-- a list whose versions went back, as after a restore of the cluster, is believed; a watch is not
SELECT orchestration_internal.simulate_events(c.id, 'Deployment', jsonb_build_array(jsonb_build_object('type', 'MODIFIED', 'object', v.object)), false)
FROM orchestration.clusters c, fake.objects o, jsonb_set(jsonb_set(o.object, '{metadata,resourceVersion}', '"3"'), '{metadata,managedFields,0,fieldsV1}', '{}') v (object) WHERE o.path = path_of('Deployment', 'web');
SELECT resource_version = '3' AS rewound, applied_hash IS NULL AS due FROM orchestration.managed_objects WHERE kind = 'Deployment' AND name = 'web';
SELECT orchestration_internal.simulate_events(c.id, 'Deployment', jsonb_build_array(v.object), true)
FROM orchestration.clusters c, fake.objects o, jsonb_set(jsonb_set(o.object, '{metadata,resourceVersion}', '"3"'), '{metadata,managedFields,0,fieldsV1}', '{}') v (object) WHERE o.path = path_of('Deployment', 'web');
SELECT resource_version = '3' AS rewound, applied_hash IS NULL AS due FROM orchestration.managed_objects WHERE kind = 'Deployment' AND name = 'web';
SELECT orchestration_internal.simulate_events(c.id, 'Pod', (SELECT jsonb_agg(CASE WHEN o.path LIKE '%/web-1' THEN jsonb_set(jsonb_set(o.object, '{metadata,resourceVersion}', '"3"'), '{status,phase}', '"Unknown"') ELSE o.object END)
	FROM fake.objects o WHERE o.kind = 'Pod'), true) FROM orchestration.clusters c;
SELECT resource_version, phase FROM orchestration.container_instances WHERE resource_version = '3';
SELECT fake.list('Deployment'), fake.list('Pod'), fake.skip_waiting();
SELECT fake.live() >= 0;
SELECT * FROM fake.state WHERE name = 'web';

-- one that cannot be stored is left out, and is there all the same; what no object is to blame for is raised
CREATE FUNCTION fake.stumble() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = NEW.observed ->> 'reason'; END $$;
CREATE TRIGGER stumble BEFORE INSERT OR UPDATE ON orchestration.container_instances FOR EACH ROW WHEN (NEW.observed ? 'reason') EXECUTE FUNCTION fake.stumble();
CREATE FUNCTION fake.pods(reason text) RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_agg(CASE WHEN o.path LIKE '%/web-%' THEN o.object || jsonb_build_object('metadata', (o.object -> 'metadata') || jsonb_build_object('resourceVersion', nextval('fake.version')::text),
		'status', (o.object -> 'status') || CASE WHEN o.path LIKE '%/web-1' THEN jsonb_build_object('reason', $1) ELSE '{"message": "seen"}' END) ELSE o.object END)
	FROM fake.objects o WHERE o.kind = 'Pod'
$$;
\set VERBOSITY terse
SELECT orchestration_internal.simulate_events(c.id, 'Pod', fake.pods('22000'), true) FROM orchestration.clusters c;
SELECT count(*), count(*) FILTER (WHERE message = 'seen') AS stored, bool_and(observed_at > clock_timestamp() - interval '1 minute') AS all_seen
FROM orchestration.container_instances WHERE container_id = id_of('web') AND ended_at IS NULL;
-- error: a deadlock is nobody's fault
SELECT orchestration_internal.simulate_events(c.id, 'Pod', fake.pods('40P01'), true) FROM orchestration.clusters c;
\set VERBOSITY default
DROP TRIGGER stumble ON orchestration.container_instances;
SELECT fake.list('Pod');

-- orphans: ours, and no row knows them
INSERT INTO fake.objects SELECT replace(path, '/b', '/ghost'), kind, jsonb_set(jsonb_set(jsonb_set(object, '{metadata,name}', '"ghost"'), '{metadata,uid}', '"uid-ghost"'), '{metadata,labels,orchestration.dev/owner}', '"container-999999"')
FROM fake.objects WHERE path = path_of('Deployment', 'b');
-- a copy that somebody made of an object of ours, labels and all
INSERT INTO fake.objects SELECT replace(path, '/b', '/copy'), kind, jsonb_set(jsonb_set(object, '{metadata,name}', '"copy"'), '{metadata,uid}', '"uid-copy"') #- '{metadata,managedFields}'
FROM fake.objects WHERE path = path_of('Deployment', 'b');
-- one that its living owner no longer asks for
INSERT INTO fake.objects SELECT replace(path, '/b', '/old'), kind, jsonb_set(jsonb_set(object, '{metadata,name}', '"old"'), '{metadata,uid}', '"uid-old"')
FROM fake.objects WHERE path = path_of('Deployment', 'b');
SELECT fake.list('Deployment');
SELECT name, state, uid FROM fake.inventory WHERE name IN ('ghost', 'copy', 'old');
SELECT * FROM fake.turn() ORDER BY sent;
SELECT fake.live() >= 0;
SELECT path FROM fake.objects WHERE kind = 'Deployment' ORDER BY path;

-- the inventory is lost: resync plans again, everything is found
DELETE FROM orchestration.managed_objects WHERE kind <> 'Secret';
SELECT orchestration_internal.simulate_resync(id) FROM orchestration.clusters;
SELECT count(*), array_agg(DISTINCT got) FROM fake.turn();
SELECT fake.live() > 0;
SELECT fake.live();
SELECT kind, name, state FROM fake.inventory;
-- a row that vanished without its trigger
ALTER TABLE orchestration.containers DISABLE TRIGGER release_objects;
DELETE FROM orchestration.containers WHERE name = 'b';
SELECT orchestration_internal.simulate_resync(id) FROM orchestration.clusters;
SELECT * FROM fake.turn();
ALTER TABLE orchestration.containers ENABLE TRIGGER release_objects;
SELECT fake.live() >= 0;

-- a claim of the same name as the one before: the old data must go first
SELECT orchestration.create_volume('shop', 'data', 'PVC', '1Gi', 'ReadWriteOnce', retention => 'delete') IS NOT NULL;
SELECT fake.live();
SELECT name, status FROM orchestration.volumes;
DELETE FROM orchestration.volumes WHERE name = 'data';
SELECT orchestration.create_volume('shop', 'data', 'PVC', '2Gi', 'ReadWriteOnce', retention => 'delete') IS NOT NULL;
SELECT * FROM fake.turn();
SELECT name, status, status_reason FROM orchestration.volumes;
SELECT fake.control(), fake.deliver();
SELECT * FROM fake.turn();
SELECT fake.live() >= 0;
SELECT name, status, status_reason FROM orchestration.volumes;

-- a namespace deleted in the cluster comes back with all that was in it
UPDATE fake.objects SET object = jsonb_set(object, '{metadata,deletionTimestamp}', '"2026-01-01T00:00:00Z"') WHERE kind = 'Namespace';
SELECT fake.store(path, kind, object) IS NOT NULL FROM fake.objects WHERE kind = 'Namespace';
SELECT fake.deliver();
SELECT status, status_reason FROM orchestration.namespaces WHERE name = 'shop';
UPDATE orchestration.containers SET replicas = 1 WHERE name = 'web';
SELECT fake.remove(path) FROM fake.objects WHERE kind NOT IN ('Namespace', 'Pod') AND path NOT LIKE '%copy';
SELECT fake.remove(path) FROM fake.objects WHERE kind = 'Pod';
SELECT fake.deliver(), fake.skip_waiting();
SELECT fake.look() > 0 AS again;
SELECT * FROM fake.state WHERE status <> 'deleted' ORDER BY name;
SELECT * FROM fake.turn();
SELECT fake.remove('/api/v1/namespaces/shop'), fake.deliver(), fake.skip_waiting();
SELECT * FROM fake.turn();
SELECT fake.live() > 0;
SELECT * FROM fake.state WHERE status <> 'deleted' ORDER BY name;

-- error: a namespace cannot be renamed where it is in use
UPDATE orchestration.namespaces SET name = 'store' WHERE name = 'shop';
INSERT INTO orchestration.clusters (name, api_server, auth_method, enabled) VALUES ('prod', 'https://127.0.0.2', 'in-cluster', false);
-- error: nor moved
UPDATE orchestration.namespaces SET cluster_id = (SELECT id FROM orchestration.clusters WHERE name = 'prod') WHERE name = 'shop';
DELETE FROM orchestration.clusters WHERE name = 'prod';
-- taken off its cluster: everything goes
DELETE FROM fake.objects WHERE path LIKE '%/copy%';
UPDATE orchestration.namespaces SET cluster_id = NULL WHERE name = 'shop';
SELECT fake.live() > 0;
SELECT * FROM fake.inventory;
UPDATE orchestration.namespaces SET name = 'store' WHERE name = 'shop';

DROP SCHEMA fake CASCADE;
DROP FUNCTION id_of, path_of, judge;
DROP TABLE answer, late, answers;
DROP EXTENSION orchestration CASCADE;
