-- updating and deleting what others use
SET client_min_messages = warning;
CREATE EXTENSION orchestration CASCADE;
SELECT orchestration.bootstrap();
\i sql/include/as_people.sql
RESET client_min_messages;
SET search_path = orchestration, orchestration_internal, public;
\set SHOW_CONTEXT never

SET SESSION AUTHORIZATION regress_administrator;
SELECT create_namespace('shop') AS ns \gset
SELECT joins('regress_operator', 'operator', 'shop') \gset
SET SESSION AUTHORIZATION regress_operator;
SELECT create_config_map('shop', 'app', '{"colour": "red", "size": "2", "later": "x"}') AS app, create_config_map('shop', 'lonely', '{}') AS lonely \gset
SELECT create_secret('shop', 'db', '{"password": "x", "user": "u"}') AS db, create_registry('shop', 'main', 'registry.example', 'u', 'p') AS registry \gset
SELECT create_volume('shop', 'data', size => '1Gi') AS data, create_volume('shop', 'pages', 'ConfigMap', config_map => 'app') AS pages, create_volume('shop', 'keys', 'Secret', secret => 'db') AS keys \gset
SELECT count(create_container('shop', 'web-' || i, 'busybox',
	env => '[{"name": "COLOUR", "valueFrom": {"configMapKeyRef": {"name": "app", "key": "colour"}}},
		{"name": "LATER", "valueFrom": {"configMapKeyRef": {"name": "app", "key": "later", "optional": true}}},
		{"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": "db", "key": "password"}}}]',
	volumes => '[{"volume": "data", "mountPath": "/data"}]')) AS made FROM generate_series(1, 7) i;

-- error: used by variables and volumes
SELECT delete_config_map('shop', 'app');
-- error: used by variables and volumes
SELECT delete_secret('shop', 'db');
-- error: mounted
SELECT delete_volume('shop', 'data');
-- error: a key that containers need would go
SELECT update_config_map('shop', 'app', '{"size": "3"}');
-- error: a key that containers need would go
SELECT update_secret('shop', 'db', '{"user": "u"}');
-- error: not strings
SELECT update_config_map('shop', 'app', '{"colour": 1}');
-- error: not an object
SELECT update_secret('shop', 'db', '["x"]');
-- a key that nobody needs may go, new ones may come, and what is optional does not hold
SELECT update_config_map('shop', 'app', '{"colour": "blue", "shape": "round"}');
SELECT data, generation FROM config_maps WHERE id = :app;
SELECT update_secret('shop', 'db', '{"password": {"base64": "AAEC"}}');
RESET SESSION AUTHORIZATION;
SELECT data_keys, generation, convert_from(unseal(encrypted_data, format('secret/%s/db', namespace_id)), 'UTF8')::jsonb AS sealed FROM secrets WHERE id = :db;
SET SESSION AUTHORIZATION regress_operator;
SELECT update_registry('shop', 'main', username => 'robot', password => 'new');
RESET SESSION AUTHORIZATION;
SELECT username, convert_from(unseal(encrypted_password, format('registry/%s/registry.example', namespace_id)), 'UTF8') AS password FROM registries WHERE id = :registry;

-- what nobody uses goes
SET SESSION AUTHORIZATION regress_operator;
SELECT delete_config_map('shop', 'lonely'), delete_volume('shop', 'pages'), delete_volume('shop', 'keys'), delete_registry('shop', 'main');
-- errors: twice, and what never was
SELECT delete_config_map('shop', 'lonely');
SELECT delete_volume('shop', 'pages');
SELECT delete_registry('shop', 'main');
SELECT delete_secret('shop', 'none');
SELECT update_config_map('shop', 'none', '{}');
SELECT update_secret('none', 'db', '{}');
SELECT update_registry('shop', 'none');
SELECT delete_namespace('none');
SELECT delete_namespace(NULL);

-- a deleted container lets go
UPDATE containers SET desired_state = 'deleted' WHERE name LIKE 'web-%';
SELECT delete_config_map('shop', 'app'), delete_secret('shop', 'db'), delete_volume('shop', 'data');

-- a namespace takes its containers along and gives its name back
SELECT create_container('shop', 'last', 'busybox') AS last \gset
SET SESSION AUTHORIZATION regress_administrator;
SELECT delete_namespace('shop');
SELECT desired_state, status FROM namespaces WHERE id = :ns;
SELECT name, desired_state, status FROM containers WHERE id = :last;
-- error: twice
SELECT delete_namespace('shop');
-- error: nothing is made in it
SELECT create_config_map('shop', 'new', '{}');
SELECT create_namespace('shop') <> :ns AS anew;
-- error: the platform stays
SELECT delete_namespace('platform');

-- in a namespace with a cluster, deletion is a wish until it is proven
INSERT INTO clusters (name, api_server, auth_method, enabled) VALUES ('c', 'https://127.0.0.1', 'in-cluster', false);
SELECT create_namespace('there', 'c') AS there \gset
SELECT create_container('there', 'web', 'busybox') AS web \gset
SELECT delete_namespace('there');
SELECT n.desired_state, n.status, c.desired_state, c.status FROM namespaces n JOIN containers c ON c.namespace_id = n.id WHERE n.id = :there;
-- error: nothing is made in it meanwhile
SELECT create_container('there', 'new', 'busybox');
-- error: nor is its name free
SELECT create_namespace('there');
RESET SESSION AUTHORIZATION;
RESET search_path;
SET client_min_messages = warning;
DROP EXTENSION orchestration CASCADE;
