-- somebody insists on something else than was applied: who it is, and that it is put right once they stop
-- as the owner: plays the worker's part
CREATE EXTENSION orchestration CASCADE;
SELECT orchestration.bootstrap();
UPDATE orchestration.installation SET id = '00000000-0000-0000-0000-000000000001';
\i sql/include/fake_cluster.sql
INSERT INTO orchestration.clusters (name, api_server, auth_method, enabled) VALUES ('dev', 'https://127.0.0.1', 'in-cluster', false);
-- what an admission policy makes of every object in the request itself
CREATE TABLE fake.policies (kind text, at text[], value jsonb);
CREATE FUNCTION fake.admit(object jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
	policy record;
BEGIN
	FOR policy IN SELECT * FROM fake.policies p WHERE p.kind = object ->> 'kind' LOOP
		object := jsonb_set(object, policy.at, policy.value);
	END LOOP;
	RETURN object;
END $$;
-- and what the worker remembers of what it sent
CREATE TABLE fake.memory (lost boolean);
ALTER FUNCTION fake.answers(bigint, text, text, text, text) RENAME TO plain_answers;
CREATE FUNCTION fake.answers(object_id bigint, action text, path text, body text, hash text) RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_agg(a.value || CASE WHEN a.value -> 'body' <> 'null' THEN jsonb_build_object('body', fake.admit(a.value -> 'body')) ELSE '{}' END
		|| CASE WHEN action IN ('create', 'apply') AND NOT EXISTS (SELECT FROM fake.memory)
			THEN jsonb_build_object('manifest', body::jsonb #- '{metadata,resourceVersion}' #- '{metadata,uid}') ELSE '{}' END ORDER BY a.n)
	FROM jsonb_array_elements(fake.plain_answers(object_id, action, path, body, hash)) WITH ORDINALITY a (value, n)
$$;
CREATE FUNCTION fake.later(ago interval) RETURNS void LANGUAGE sql AS $$
	UPDATE orchestration.managed_objects SET applied_at = applied_at - ago, next_attempt_at = CASE WHEN isfinite(next_attempt_at) THEN next_attempt_at - ago ELSE next_attempt_at END
$$;
CREATE VIEW fake.insisting AS
	SELECT m.kind, m.name, m.desired_hash = m.applied_hash AS as_desired, m.last_error_reason AS reason, m.insisted FROM orchestration.managed_objects m ORDER BY m.apply_order, m.name;
\pset format unaligned
SELECT orchestration.create_namespace('shop', 'dev') > 0 AS made;
SELECT orchestration.create_container('shop', 'web', 'nginx', replicas => 1, env => '{"A": "1"}', ports => '[{"containerPort": 80, "servicePort": 80}]', cpu_limit => '500m') AS web \gset
SELECT orchestration.create_secret('shop', 'key', '{"token": "secret"}') > 0 AS made;

-- nobody insists: nothing is told of any kind
SELECT * FROM fake.turn();
SELECT * FROM fake.turn();
SELECT * FROM fake.turn();
SELECT * FROM fake.insisting;
SELECT count(*) AS due FROM fake.turn();

-- a policy
INSERT INTO fake.policies VALUES ('Deployment', '{spec,replicas}', '2'), ('Secret', '{data,token}', '"b3RoZXI="');
SELECT orchestration.update_container('shop', 'web', image => 'nginx:2'), orchestration.update_secret('shop', 'key', '{"token": "secret2"}');
SELECT * FROM fake.turn();
SELECT * FROM fake.turn();
SELECT * FROM fake.insisting WHERE insisted IS NOT NULL;
SELECT regexp_replace(line, '^.*?: ', '') AS line FROM regexp_split_to_table(orchestration.why(:web), E'\n') line WHERE line ~ 'Deployment|What to do';
-- it is applied again after ten minutes and not before; a failure is no reason to hurry
SELECT count(*) AS due FROM fake.turn();
SELECT fake.later('9 minutes');
SELECT count(*) AS due FROM fake.turn();
INSERT INTO fake.faults (action, path, status, body) VALUES ('apply', '%/deployments/web', 500, '{"kind": "Status", "status": "Failure", "message": "no"}');
SELECT fake.later('2 minutes');
SELECT * FROM fake.turn();
SELECT * FROM fake.insisting WHERE insisted IS NOT NULL OR NOT as_desired;
SELECT operation, status, changes ->> 'reason' AS reason FROM orchestration.operation_logs WHERE source = 'worker' AND resource_type = 'Deployment' ORDER BY id DESC LIMIT 1;
SELECT count(*) AS due FROM fake.turn();
DELETE FROM fake.faults;
-- and is put right once the policy is gone
DELETE FROM fake.policies;
SELECT fake.later('10 minutes');
SELECT * FROM fake.turn();
SELECT count(*) AS insisted FROM fake.insisting WHERE insisted IS NOT NULL;
SELECT fake.later('1 hour');
SELECT count(*) AS due FROM fake.turn();

-- what was sent is not known any more: what is told stays
INSERT INTO fake.policies VALUES ('Deployment', '{spec,replicas}', '2');
SELECT orchestration.update_container('shop', 'web', image => 'nginx:3');
SELECT * FROM fake.turn();
SELECT fake.later('1 hour');
INSERT INTO fake.memory VALUES (true);
SELECT * FROM fake.turn();
SELECT kind, insisted FROM fake.insisting WHERE insisted IS NOT NULL;
DELETE FROM fake.policies;

-- who changes it again and again
SELECT orchestration_internal.insisted_by(f.facts), orchestration_internal.describe_insisted(orchestration_internal.insisted_by(f.facts))
FROM (VALUES ('{"times": 3, "manager": "scaler"}'::jsonb), ('{"times": 2, "manager": null}'), ('{}'), ('{"differing": null, "fields": null}'),
	('{"differing": [{"path": "a", "fields": ["f:a"], "sent": 1}], "fields": [], "times": 4, "manager": "x"}')) f (facts);
DROP SCHEMA fake CASCADE;
DROP EXTENSION orchestration CASCADE;
