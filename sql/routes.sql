-- routes: a host and a path lead to a service port of a container; a row is an Ingress
CREATE EXTENSION orchestration CASCADE;
SELECT orchestration.bootstrap();
UPDATE orchestration.installation SET id = '00000000-0000-0000-0000-000000000001';
\i sql/include/fake_cluster.sql
\i sql/include/as_people.sql
\set VERBOSITY default
\set SHOW_CONTEXT never
INSERT INTO orchestration.clusters (name, api_server, auth_method, enabled) VALUES ('dev', 'https://127.0.0.1', 'in-cluster', false);
SELECT orchestration.create_namespace('shop', 'dev') > 0 AS made, orchestration.create_namespace('other', 'dev') > 0 AS made;
SELECT joins('regress_operator', 'operator', 'shop'), joins('regress_viewer', 'viewer', 'shop');
INSERT INTO orchestration.roles (name, permissions) VALUES ('deployer', '{"containers": ["*"]}'), ('router', '{"routes": ["*"]}');
CREATE ROLE regress_deployer LOGIN IN ROLE orchestration_user;
CREATE ROLE regress_router LOGIN IN ROLE orchestration_user;
INSERT INTO orchestration.users (username, db_role) VALUES ('regress_deployer', 'regress_deployer'), ('regress_router', 'regress_router');
SELECT joins('regress_deployer', 'deployer', 'shop'), joins('regress_router', 'router', 'shop');

SET SESSION AUTHORIZATION regress_operator;
SELECT orchestration.create_container('shop', 'web', 'nginx:1', ports => '[{"containerPort": 8080, "servicePort": 80}, {"containerPort": 53, "servicePort": 53, "protocol": "UDP"}]') AS web,
	orchestration.create_container('shop', 'api', 'nginx:1', ports => '[{"containerPort": 8080, "servicePort": 81, "serviceType": "NodePort"}]') AS api \gset
SELECT orchestration.create_secret('shop', 'cert', '{"tls.crt": "c", "tls.key": "k"}', type => 'kubernetes.io/tls') > 0 AS made, orchestration.create_secret('shop', 'plain', '{"a": "b"}') > 0 AS made;
SELECT orchestration.create_route('shop', 'web', 'shop.example', 'web', 80, tls_secret => 'cert', ingress_class => 'nginx', labels => '{"team": "web"}', annotations => '{"example.org/timeout": "5"}') AS route \gset
SELECT orchestration.create_route('shop', 'api', '*.shop.example', 'api', 81, path => '/api', path_type => 'Exact') > 0 AS made;
SELECT namespace, name, host, path, type, container, port, tls_secret, class, status, reason, addresses FROM orchestration.route_list;
SELECT m.api_version, m.kind, m.apply_order, jsonb_pretty(m.manifest) FROM orchestration.manifests m WHERE m.kind = 'Ingress' ORDER BY m.name;

-- ---- what Kubernetes would refuse
CREATE FUNCTION pg_temp.told(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	detail text;
BEGIN
	EXECUTE statement;
	RAISE SQLSTATE 'UNDO1';
EXCEPTION WHEN SQLSTATE 'UNDO1' THEN
	RETURN 'taken';
WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
	RETURN concat_ws(' ', SQLSTATE, SQLERRM || ':', detail);
END
$$;
SELECT host, pg_temp.told(format('SELECT orchestration.create_route(''shop'', ''x'', %L, ''web'', 80)', host)) AS told
FROM unnest('{a,a.b-c.example,*.example,*.*.example,*,*example,a.*.example,.example,example.,a..b,Shop.example,10.0.0.1,010.0.0.255,10.0.0.256,1.2.3,*.10.0.0.1,a_b.example,shop.example:80,"",-a.example}'::text[]) host
UNION ALL SELECT 'long', pg_temp.told(format('SELECT orchestration.create_route(''shop'', ''x'', %L, ''web'', 80)', '*.' || repeat('a.', 125) || 'aa'));
SELECT path, pg_temp.told(format('SELECT orchestration.create_route(''shop'', ''x'', ''x.example'', ''web'', 80, path => %L)', path)) AS prefix,
	pg_temp.told(format('SELECT orchestration.create_route(''shop'', ''x'', ''x.example'', ''web'', 80, path => %L, path_type => ''ImplementationSpecific'')', path)) AS specific
FROM unnest('{/,/a,/a/,/a.b/..c,a,"",//,/a//b,/./a,/a/.,/a/..,/../a,/a%2fb,/a%2Fb,/$1(.*)}'::text[]) path;
-- error: there are three types of paths
SELECT orchestration.create_route('shop', 'x', 'x.example', 'web', 80, path_type => 'prefix');
-- error: a name
SELECT orchestration.create_route('shop', 'X', 'x.example', 'web', 80);
-- error: an ingress class is a name
SELECT orchestration.create_route('shop', 'x', 'x.example', 'web', 80, ingress_class => 'N ginx');
-- error: no such service port
SELECT orchestration.create_route('shop', 'x', 'x.example', 'web', 8080);
-- error: that one is not TCP
SELECT orchestration.create_route('shop', 'x', 'x.example', 'web', 53);
-- error: a secret of another type
SELECT orchestration.create_route('shop', 'x', 'x.example', 'web', 80, tls_secret => 'plain');
-- error: no such secret
SELECT orchestration.create_route('shop', 'x', 'x.example', 'web', 80, tls_secret => 'none');
-- error: no such container
SELECT orchestration.create_route('shop', 'x', 'x.example', 'none', 80);
-- error: the name is taken
SELECT orchestration.create_route('shop', 'web', 'x.example', 'web', 80);
-- error: host and path are taken, in this class
SELECT orchestration.create_route('shop', 'x', 'shop.example', 'web', 80, ingress_class => 'nginx');
-- in another class, or by another type of path, they are not
SELECT orchestration.create_route('shop', 'inner', 'shop.example', 'web', 80, ingress_class => 'inner') > 0 AS made, orchestration.create_route('shop', 'exact', 'shop.example', 'web', 80, path_type => 'Exact', ingress_class => 'nginx') > 0 AS made;
SELECT orchestration.delete_route('shop', 'inner'), orchestration.delete_route('shop', 'exact');

-- ---- changes, and what they raise
SELECT orchestration.update_route('shop', 'web', path => '/shop', port => 80);
SELECT generation, host, path, path_type, service_port, ingress_class FROM orchestration.routes WHERE name = 'web';
SELECT orchestration.update_route('shop', 'web', path => '/shop');
SELECT orchestration.update_route('shop', 'web', reset => '{path,ingress_class}');
SELECT generation, path, ingress_class FROM orchestration.routes WHERE name = 'web';
-- error: a default that there is not
SELECT orchestration.update_route('shop', 'web', reset => '{host}');
-- error: another has it
SELECT orchestration.update_route('shop', 'api', host => 'shop.example', path => '/', path_type => 'Prefix');
-- error: there is no such route
SELECT orchestration.update_route('shop', 'none', host => 'x.example');

-- ---- what it refers to stays
-- error: a route leads to it
SELECT orchestration.delete_container('shop', 'web');
-- error: and by plain SQL
DELETE FROM orchestration.containers WHERE id = :web;
-- error: the port that it leads to
SELECT orchestration.update_container('shop', 'web', ports => '[{"containerPort": 8080, "servicePort": 8080}]');
-- error: a service that becomes one of UDP
UPDATE orchestration.port_mappings SET protocol = 'UDP' WHERE container_id = :web AND service_port = 80;
-- error: the certificate
SELECT orchestration.delete_secret('shop', 'cert');
-- error: nor does it become something else
SELECT orchestration.update_secret('shop', 'cert', type => 'Opaque');
-- the port may move, and the secret and the container get other names: the Ingress follows
SELECT orchestration.update_container('shop', 'web', ports => '[{"containerPort": 9090, "servicePort": 80, "serviceType": "LoadBalancer"}]');
RESET SESSION AUTHORIZATION;
UPDATE orchestration.secrets SET name = 'certificate', encrypted_data = orchestration_internal.seal_secret(namespace_id, 'certificate', '{"tls.crt": "c", "tls.key": "k"}') WHERE name = 'cert';
UPDATE orchestration.containers SET name = 'front' WHERE id = :web;
SELECT r.generation, m.manifest #> '{spec,rules,0,http,paths,0,backend}' AS backend, m.manifest #> '{spec,tls}' AS tls
FROM orchestration.routes r JOIN orchestration.manifests m ON m.namespace_id = r.namespace_id AND m.owner_type = 'route' AND m.owner_id = r.id WHERE r.name = 'web';
UPDATE orchestration.containers SET name = 'web' WHERE id = :web;

-- ---- who may
SET SESSION AUTHORIZATION regress_viewer;
SELECT name, container, tls_secret FROM orchestration.route_list;
-- error: a viewer
SELECT orchestration.delete_route('shop', 'web');
SET SESSION AUTHORIZATION regress_deployer;
SELECT count(*) FROM orchestration.route_list;
-- error: he may not read routes, and is not told which
SELECT orchestration.delete_container('shop', 'web');
SET SESSION AUTHORIZATION regress_router;
SELECT name, container, tls_secret FROM orchestration.route_list;
INSERT INTO orchestration.routes (namespace_id, name, host, container_id, service_port) SELECT r.namespace_id, 'mine', 'mine.example', r.container_id, 80 FROM orchestration.routes r WHERE r.name = 'web';
-- error: who may not read containers is not told of them
INSERT INTO orchestration.routes (namespace_id, name, host, container_id, service_port) SELECT r.namespace_id, 'x', 'x.example', r.container_id, 82 FROM orchestration.routes r WHERE r.name = 'web';
SELECT orchestration.delete_route('shop', 'mine');
SET SESSION AUTHORIZATION regress_nobody;
-- error: nobody sees the namespace
SELECT orchestration.create_route('shop', 'x', 'x.example', 'web', 80);
RESET SESSION AUTHORIZATION;
SELECT operation, resource_name, status, count(*) FROM orchestration.operation_logs WHERE resource_type = 'route' GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;

-- ---- in the cluster: applied last, deleted first
SELECT fake.settle() > 0 AS settled;
SELECT split_part(o.path, '/', 7) || '/' || split_part(o.path, '/', 8) AS object FROM fake.objects o WHERE o.kind = 'Ingress' ORDER BY 1;
SELECT name, status, status_reason, generation = observed_generation AS known, addresses FROM orchestration.routes ORDER BY name;
SELECT fake.store(o.path, o.kind, o.object || '{"status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}, {"hostname": "lb.example"}]}}}') IS NOT NULL AS told FROM fake.objects o WHERE o.path LIKE '%/ingresses/web';
SELECT fake.deliver(), fake.settle() >= 0 AS settled;
SELECT name, status, status_reason, addresses FROM orchestration.routes ORDER BY name;
SET SESSION AUTHORIZATION regress_operator;
SELECT name, action FROM orchestration.plan('shop') WHERE kind = 'Ingress' ORDER BY name;
SELECT l FROM regexp_split_to_table(orchestration.why('shop', 'web'), E'\n') l WHERE l LIKE 'Ingress%';
SELECT orchestration.delete_route('shop', 'web'), orchestration.delete_container('shop', 'web');
RESET SESSION AUTHORIZATION;
SELECT sent FROM fake.turn();
INSERT INTO fake.faults (action, path, status, body) VALUES ('apply', '%/ingresses/api', 422, fake.refuse(422, 'Invalid', 'host is taken'));
UPDATE orchestration.routes SET host = 'taken.example' WHERE name = 'api';
SELECT fake.settle() >= 0 AS settled;
SELECT name, status, status_reason, status_message FROM orchestration.routes ORDER BY name;

-- ---- a namespace takes its routes along
SET SESSION AUTHORIZATION regress_administrator;
SELECT orchestration.delete_namespace('shop');
RESET SESSION AUTHORIZATION;
SELECT count(*) FROM orchestration.manifests WHERE owner_type = 'route';
SELECT fake.settle() > 0 AS settled;
SELECT count(*) FROM fake.objects WHERE kind = 'Ingress';
DROP OWNED BY regress_deployer, regress_router;
DROP ROLE regress_deployer, regress_router;
DROP SCHEMA fake CASCADE;
DROP EXTENSION orchestration CASCADE;
