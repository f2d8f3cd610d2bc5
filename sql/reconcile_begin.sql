-- a worker that begins, and hears of everything again, writes nothing where nothing has changed
CREATE EXTENSION orchestration CASCADE;
SELECT orchestration.bootstrap();
\i sql/include/as_people.sql
UPDATE orchestration.installation SET id = '00000000-0000-0000-0000-000000000001';
\i sql/include/fake_cluster.sql
INSERT INTO orchestration.clusters (name, api_server, auth_method, enabled) VALUES ('dev', 'https://127.0.0.1', 'in-cluster', false);
SET SESSION AUTHORIZATION regress_administrator;
SELECT orchestration.create_namespace('shop', 'dev');
SELECT joins('regress_operator', 'operator', 'shop') \gset
SET SESSION AUTHORIZATION regress_operator;
-- every kind that there is
SELECT count(*) FROM (SELECT orchestration.create_config_map('shop', 'settings', '{"mode": "fast"}'), orchestration.create_secret('shop', 'app', '{"password": "hunter2"}'),
	orchestration.create_volume('shop', 'data', 'PVC', '1Gi', 'ReadWriteOnce')) x;
SELECT count(*) FROM (SELECT orchestration.create_container('shop', 'web', 'nginx:1', replicas => 2, ports => '[{"containerPort": 80, "servicePort": 80}]'),
	orchestration.create_container('shop', 'report', 'report:1', restart_policy => 'Never'),
	orchestration.create_container('shop', 'nightly', 'report:1', restart_policy => 'Never', schedule => '{"schedule": "30 3 * * *"}')) x;
SELECT count(*) FROM (SELECT orchestration.create_route('shop', 'web', 'web.example.com', 'web', 80)) x;
RESET SESSION AUTHORIZATION;
SELECT fake.settle() > 0 AS something_was_sent;
SELECT fake.live();
SELECT fake.settle() AS nothing_more;
-- kinds that are in the inventory, and those of the list that are not
SELECT string_agg(DISTINCT kind, ' ' ORDER BY kind) FROM orchestration.managed_objects;
SELECT k.kind FROM orchestration_internal.kinds() k WHERE k.apply_order > 0 AND NOT EXISTS (SELECT FROM orchestration.managed_objects m WHERE m.kind = k.kind);

CREATE TABLE fake.before AS
SELECT kind || '/' || name AS what, xmin::text AS written FROM orchestration.managed_objects
UNION ALL SELECT 'pod/' || pod_name, xmin::text FROM orchestration.container_instances
UNION ALL SELECT 'container/' || name, xmin::text FROM orchestration.containers;
CREATE VIEW fake.written AS
SELECT n.what FROM (
	SELECT kind || '/' || name AS what, xmin::text AS written FROM orchestration.managed_objects
	UNION ALL SELECT 'pod/' || pod_name, xmin::text FROM orchestration.container_instances
	UNION ALL SELECT 'container/' || name, xmin::text FROM orchestration.containers) n
JOIN fake.before b USING (what)
WHERE n.written <> b.written
ORDER BY 1;

-- all lists, and then every object with another version
SELECT count(fake.list(k.kind)) > 0 AS listed FROM orchestration_internal.kinds() k WHERE k.watched <> 'not';
SELECT * FROM fake.written;
SELECT count(fake.store(o.path, o.kind, o.object)) > 0 AS told FROM fake.objects o;
SELECT fake.deliver();
SELECT * FROM fake.written;

-- whoever plays the worker is shown all that would be sent
INSERT INTO orchestration.config_maps (namespace_id, name) SELECT id, 'm' || i FROM orchestration.namespaces, generate_series(1, 150) i WHERE name = 'shop';
SELECT action, count(*) FROM orchestration.clusters c, orchestration_internal.simulate_claim(c.id, 200) GROUP BY action;

DROP SCHEMA fake CASCADE;
DROP EXTENSION orchestration CASCADE;
