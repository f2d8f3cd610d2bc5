-- the functions that other programs are written against: names, defaults, and the code of every refusal
SET client_min_messages = warning;
CREATE EXTENSION orchestration CASCADE;
SELECT orchestration.bootstrap();
SELECT plan(40);
SET search_path = orchestration, orchestration_internal, public;

-- by position and by name, as the issue and its callers write them
SELECT cmp_ok(create_namespace('shop'), '>', 0::bigint, 'create_namespace(name)');
SELECT cmp_ok(create_config_map('shop', 'app', '{"k": "v"}'), '>', 0::bigint, 'create_config_map(namespace, name, data)');
SELECT cmp_ok(create_secret('shop', 'db', '{"p": "v"}'), '>', 0::bigint, 'create_secret(namespace, name, data)');
SELECT cmp_ok(create_volume('shop', 'data', 'PVC', '1Gi', 'ReadWriteOnce'), '>', 0::bigint, 'create_volume(namespace, name, type, size, access_mode)');
SELECT cmp_ok(create_container('shop', 'web', 'busybox', 2, '{sh}', '{-c,true}', '100m', '1', '16Mi', '64Mi', '{"A": "1"}', '[{"containerPort": 80}]',
	'[{"volume": "data", "mountPath": "/data"}]', '{"tcpSocket": {"port": 80}}', '{"tcpSocket": {"port": 80}}', '{"tcpSocket": {"port": 80}}', 'Always', '{}'), '>', 0::bigint, 'create_container() by position');
SELECT cmp_ok(create_container(namespace => 'shop', name => 'job', image => 'busybox', restart_policy => 'Never'), '>', 0::bigint, 'create_container() by name');
SELECT lives_ok($$SELECT create_container('shop', 'nulls', 'busybox', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)$$,
	'NULL stands for every default');
SELECT is((SELECT (replicas, restart_policy, strategy, image_pull_policy, termination_grace_period, desired_state)::text FROM containers WHERE name = 'nulls'), '(1,Always,RollingUpdate,IfNotPresent,30,running)', 'and gives them');

SELECT throws_ok($$SELECT create_namespace('Shop')$$, 'OR001');
SELECT throws_ok($$SELECT create_container('shop', 'a.b', 'busybox')$$, 'OR001');
SELECT throws_ok($$SELECT create_config_map('shop', 'a_b', '{}')$$, 'OR001');
SELECT throws_ok($$INSERT INTO users (username) VALUES ('')$$, 'OR001');
SELECT throws_ok($$SELECT create_container('shop', 'new', 'busybox', cpu_request => 'much')$$, 'OR002');
SELECT throws_ok($$SELECT create_volume('shop', 'new', size => 'much')$$, 'OR002');
SELECT throws_ok($$UPDATE containers SET memory_request = 2, memory_limit = 1 WHERE name = 'web'$$, 'OR002');
SELECT throws_ok($$SELECT create_container('shop', 'new', 'Busybox')$$, 'OR003');
SELECT throws_ok($$SELECT create_container('shop', 'new', 'busybox', env => '[{"name": "A"}]')$$, 'OR003');
SELECT throws_ok($$SELECT create_container('shop', 'new', 'busybox', ports => '[{"containerPort": 0}]')$$, 'OR003');
SELECT throws_ok($$SELECT create_container('shop', 'new', 'busybox', volumes => '[{"volume": "x", "mountPath": "/x"}]')$$, 'OR003');
SELECT throws_ok($$SELECT create_container('shop', 'new', 'busybox', overrides => '{"selector": {}}')$$, 'OR003');
SELECT throws_ok($$INSERT INTO roles (name, permissions) VALUES ('new', '{"x": []}')$$, 'OR003');
SELECT throws_ok($$SELECT create_container('nowhere', 'new', 'busybox')$$, 'OR004');
SELECT throws_ok($$SELECT create_namespace('new', 'nowhere')$$, 'OR004');
SELECT throws_ok($$SELECT delete_volume('shop', 'none')$$, 'OR004');
SELECT throws_ok($$SELECT create_namespace('shop')$$, 'OR005');
SELECT throws_ok($$SELECT create_container('shop', 'web', 'busybox')$$, 'OR005');
SELECT throws_ok($$SELECT create_secret('shop', 'db', '{}')$$, 'OR005');
SELECT throws_ok($$SELECT create_volume('shop', 'data', size => '1Gi')$$, 'OR005');
SELECT throws_ok($$SELECT delete_volume('shop', 'data')$$, 'OR006');
SELECT throws_ok($$SELECT delete_namespace('platform')$$, 'OR006');
SELECT throws_ok($$SELECT register_cluster('new', 'nonsense')$$, 'OR020');
SELECT throws_ok($$SELECT register_cluster('new', NULL)$$, 'OR020');

-- nothing is made when the last part of it is wrong
SELECT throws_ok($$SELECT create_container('shop', 'half', 'busybox:half', env => '{"A": "1"}', startup_probe => '{}')$$, 'OR003');
SELECT is((SELECT count(*)::int FROM containers WHERE name = 'half'), 0, 'no container');
SELECT is((SELECT count(*)::int FROM container_images WHERE tag = 'half'), 0, 'no image');

SELECT lives_ok($$SELECT delete_namespace('shop')$$, 'a namespace goes with all that is in it');
SELECT throws_ok($$SELECT delete_namespace('shop')$$, 'OR012');

-- what an installation begins with
SELECT is((SELECT array_agg(name ORDER BY name) FROM roles WHERE is_system), '{administrator,operator,viewer}', 'three system roles');
SELECT is((SELECT array_agg(u.db_role) FROM users u JOIN user_roles r ON r.user_id = u.id JOIN roles o ON o.id = r.role_id WHERE o.name = 'administrator' AND r.namespace_id IS NULL), ARRAY[session_user::text], 'who ran bootstrap() is administrator');
SELECT is((SELECT name FROM namespaces WHERE id = 0), 'platform', 'namespace 0 is the platform');
SELECT * FROM finish();
