-- changing, listing and deleting what was created, by name, as an operator of one namespace
SET client_min_messages = warning;
CREATE EXTENSION orchestration CASCADE;
SELECT orchestration.bootstrap();
SELECT orchestration.create_namespace(n) IS NOT NULL AS made FROM unnest('{shop,other}'::text[]) n;
CREATE ROLE update_ann LOGIN IN ROLE orchestration_user;
CREATE ROLE update_vic LOGIN IN ROLE orchestration_user;
INSERT INTO orchestration.users (username, db_role) VALUES ('ann', 'update_ann'), ('vic', 'update_vic');
INSERT INTO orchestration.user_roles (user_id, role_id, namespace_id)
SELECT u.id, r.id, n.id FROM (VALUES ('ann', 'operator'), ('vic', 'viewer')) v (u, r)
JOIN orchestration.users u ON u.username = v.u JOIN orchestration.roles r ON r.name = v.r JOIN orchestration.namespaces n ON n.name = 'shop';
SELECT orchestration.create_container('other', 'web', 'nginx:1') IS NOT NULL AS made;
\set SHOW_CONTEXT never
SET SESSION AUTHORIZATION update_ann;
SET search_path = orchestration;

SELECT create_config_map('shop', 'app', '{"colour": "red", "size": "2"}') IS NOT NULL AS made, create_secret('shop', 'db', '{"password": "x", "user": "u"}') IS NOT NULL AS made,
	create_volume('shop', 'data', size => '1Gi') IS NOT NULL AS made, create_volume('shop', 'cache', 'EmptyDir') IS NOT NULL AS made,
	create_registry('shop', 'main', 'registry.example', 'u', 'p') IS NOT NULL AS made;
SELECT create_container('shop', 'web', 'nginx:1.26', replicas => 2, cpu_request => '100m', memory_limit => '64Mi', env => '{"A": "1", "B": "2"}',
	ports => '[{"name": "http", "containerPort": 80, "servicePort": 80}, {"name": "admin", "containerPort": 81}]',
	volumes => '[{"volume": "data", "mountPath": "/data"}]', readiness_probe => '{"httpGet": {"port": "http"}}', description => 'the shop') AS web \gset
CREATE TEMP VIEW row AS SELECT generation, replicas, cpu_request, cpu_limit, memory_limit, strategy, max_surge, labels, description, desired_state FROM containers WHERE name = 'web' AND status <> 'deleted';
CREATE TEMP VIEW parts AS
SELECT 'env ' || name AS part, concat_ws(' ', position, value, key) AS state FROM environment_variables
UNION ALL SELECT 'port ' || container_port || protocol, concat_ws(' ', name, service_port, service_type) FROM port_mappings
UNION ALL SELECT 'mount ' || mount_path, (SELECT v.name FROM volumes v WHERE v.id = volume_id) FROM container_volumes
UNION ALL SELECT probe_type, concat_ws(' ', handler, port, command) FROM container_probes ORDER BY 1;
CREATE TEMP VIEW ids AS SELECT 'env ' || name AS part, id FROM environment_variables UNION ALL SELECT 'port ' || container_port, id FROM port_mappings
UNION ALL SELECT 'mount ' || mount_path, id FROM container_volumes UNION ALL SELECT probe_type, id FROM container_probes;
CREATE TEMP TABLE before AS SELECT * FROM ids;

-- the image, by id and by name; one generation each, and none for the same image
SELECT set_image(:web, 'nginx:1.27');
SELECT image, (SELECT generation FROM row) AS generation FROM container_list WHERE name = 'web';
SELECT set_image('shop', 'web', 'registry.example/team/app:2@sha256:0000000000000000000000000000000000000000000000000000000000000000');
SELECT set_image('shop', 'web', 'registry.example/team/app:2@sha256:0000000000000000000000000000000000000000000000000000000000000000');
SELECT image, (SELECT generation FROM row) AS generation FROM container_list WHERE name = 'web';
-- error: no image
SELECT set_image('shop', 'web', NULL);
-- error: not an image
SELECT set_image('shop', 'web', 'Nginx');

-- many things in one call: one generation, one entry of the container in the trail
SELECT update_container('shop', 'web', image => 'nginx:1.27', replicas => 3, cpu_limit => '1', env => '{"A": "1", "B": "3", "C": "4"}',
	ports => '[{"name": "http", "containerPort": 8080, "servicePort": 80}, {"name": "admin", "containerPort": 81}]',
	volumes => '[{"volume": "data", "mountPath": "/data"}, {"volume": "cache", "mountPath": "/cache"}]',
	liveness_probe => '{"exec": {"command": ["true"]}}', labels => '{"tier": "front"}', max_surge => '50%');
SELECT * FROM row;
SELECT * FROM parts;
-- what is the same has kept its row
SELECT b.part FROM before b JOIN ids i USING (part, id) ORDER BY 1;
-- the same again writes nothing
SELECT generation AS generation, updated_at AS updated_at FROM containers WHERE id = :web \gset
SELECT update_container(:web, image => 'nginx:1.27', replicas => 3, env => '{"A": "1", "B": "3", "C": "4"}',
	ports => '[{"name": "http", "containerPort": 8080, "servicePort": 80}, {"name": "admin", "containerPort": 81}]', liveness_probe => '{"exec": {"command": ["true"]}}');
SELECT update_container(:web), update_container('shop', 'web', reset => NULL);
SELECT generation = :generation AS same_generation, updated_at = :'updated_at' AS untouched FROM containers WHERE id = :web;
-- ports change numbers and names with each other
SELECT update_container('shop', 'web', ports => '[{"name": "admin", "containerPort": 8080, "servicePort": 81}, {"name": "http", "containerPort": 81, "servicePort": 80}]');
SELECT * FROM parts WHERE part LIKE 'port%';
SELECT generation - :generation AS generations FROM containers WHERE id = :web;

-- back to what create_container() would have made of it
SELECT update_container(:web, reset => '{replicas,cpu_request,cpu_limit,memory_limit,env,volumes,liveness_probe,labels,max_surge,description}');
SELECT * FROM row;
SELECT * FROM parts;
-- an empty collection is none, too; and a reset beside a change
SELECT update_container(:web, ports => '[]', reset => '{readiness_probe}', max_unavailable => '1');
SELECT * FROM parts;
-- what belongs to a rolling update goes with it
SELECT update_container(:web, strategy => 'Recreate', description => 'all at once', desired_state => 'stopped');
SELECT strategy, max_unavailable, description, desired_state FROM containers WHERE id = :web;
-- a reference, and then its value in place
SELECT update_container(:web, env => '[{"name": "COLOUR", "valueFrom": {"configMapKeyRef": {"name": "app", "key": "colour"}}}]', volumes => '[{"volume": "data", "mountPath": "/data"}]');
SELECT * FROM parts;

-- an argument that there is not, one without a default, a NULL name: told is what can be reset, all that update_container() may be given but what always is there
CREATE FUNCTION pg_temp.refused_reset(reset text[]) RETURNS TABLE (message text, detail text, all_told boolean) LANGUAGE plpgsql AS $$
DECLARE
	hint text;
BEGIN
	PERFORM orchestration.update_container((SELECT c.id FROM orchestration.containers c WHERE c.name = 'web'), reset => refused_reset.reset);
EXCEPTION WHEN SQLSTATE 'OR003' THEN
	GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	all_told := hint = format('Those that have: %s.', (
		SELECT string_agg(a.name, ', ' ORDER BY a.nth) FROM pg_proc p CROSS JOIN LATERAL unnest(p.proargnames) WITH ORDINALITY a (name, nth)
		WHERE p.pronamespace = 'orchestration'::regnamespace AND p.proname = 'update_container' AND p.proargnames[1] = 'id' AND a.name <> ALL ('{id,image,desired_state,reset}')));
	RETURN NEXT;
END
$$;
SELECT r.* FROM pg_temp.refused_reset('{colour}') r UNION ALL SELECT r.* FROM pg_temp.refused_reset('{image}') r UNION ALL SELECT r.* FROM pg_temp.refused_reset('{NULL}') r;
-- error: both
SELECT update_container(:web, replicas => 2, reset => '{replicas}');
-- error: out of range
SELECT update_container(:web, replicas => -1);
-- error: not a quantity
SELECT update_container(:web, cpu_limit => 'much');
-- error: the limit below the request
SELECT update_container(:web, cpu_request => '2', cpu_limit => '1');
-- error: no meaning
SELECT update_container(:web, max_surge => '1');
-- error: leads nowhere
SELECT update_container(:web, env => '[{"name": "A", "valueFrom": {"secretKeyRef": {"name": "db", "key": "colour"}}}]');
-- error: no such volume
SELECT update_container(:web, volumes => '[{"volume": "gone", "mountPath": "/x"}]');
-- error: no such port
SELECT update_container(:web, readiness_probe => '{"httpGet": {"port": "http"}}');
-- error: the namespace does not allow it
SELECT update_container(:web, security_context => '{"privileged": true}');
-- error: no such step
SELECT update_container(:web, desired_state => 'paused');
-- error: not to be asked for
SELECT update_container(:web, desired_state => 'deleted');
-- nothing of a refused call stays
-- error: the last part is wrong
SELECT update_container(:web, image => 'nginx:half', replicas => 9, env => '{"A": "1"}', volumes => '[{"volume": "gone", "mountPath": "/x"}]');
SELECT image, (SELECT replicas FROM row) AS replicas FROM container_list WHERE name = 'web';
SELECT update_container(:web, ports => '[{"name": "http", "containerPort": 80}]', readiness_probe => '{"httpGet": {"port": "http"}}');
-- error: a probe asks the port that would be gone
SELECT update_container(:web, reset => '{ports}');

-- one transaction, one generation; what is undone does not count
SELECT generation AS generation FROM containers WHERE id = :web \gset
BEGIN;
SELECT set_image(:web, 'nginx:2');
UPDATE environment_variables SET value = 'blue', config_map_id = NULL, key = NULL WHERE container_id = :web;
INSERT INTO environment_variables (namespace_id, container_id, name, value) SELECT namespace_id, id, 'D', '1' FROM containers WHERE id = :web;
COMMIT;
SELECT generation - :generation AS generations FROM containers WHERE id = :web;
BEGIN;
SAVEPOINT s;
SELECT set_image(:web, 'nginx:3');
ROLLBACK TO s;
UPDATE environment_variables SET value = 'green' WHERE name = 'COLOUR';
COMMIT;
SELECT generation - :generation AS generations FROM containers WHERE id = :web;

-- every verb by name
SELECT start_container('shop', 'web'), scale_container('shop', 'web', 4), pause_container('shop', 'web'), resume_container('shop', 'web'), restart_container('shop', 'web'), stop_container('shop', 'web');
SELECT desired_state, replicas, restart_requested_at IS NOT NULL AS restarted FROM containers WHERE id = :web;
SELECT split_part(why('shop', 'web'), ' since', 1) AS why, wait_for_container('shop', 'web', 'running', '0s') AS reached;
-- error: no cluster
SELECT * FROM container_logs('shop', 'web', tail => 1);
-- error: no such container
SELECT pause_container('shop', 'none');
-- error: nor such a namespace
SELECT why('none', 'web');
-- error: nothing
SELECT why(NULL, NULL);
-- error: one that she may not see is one that is not there
SELECT update_container('other', 'web', replicas => 2);
-- error: likewise
SELECT wait_for_container('other', 'web', 'running');
-- error: nor has a container that is not there a log
SELECT * FROM container_logs('shop', 'none');

-- a name means the one that lives
SELECT delete_container('shop', 'web');
-- error: the last one of the name is deleted
SELECT set_image('shop', 'web', 'nginx');
-- error: and so is what the id says
SELECT update_container(:web, replicas => 2);
SELECT split_part(why('shop', 'web'), ' since', 1) AS why;
SELECT create_container('shop', 'web', 'nginx') AS second \gset
SELECT scale_container('shop', 'web', 7);
SELECT id = :second AS second, replicas FROM containers WHERE replicas = 7;

-- the lists
SELECT namespace, name, image, status, ready, restarts, cpu, memory, age ~ '^\d+s$' AS age FROM container_list;
SELECT update_container('shop', 'web', cpu_request => '250m', cpu_limit => '1', memory_request => '0.5Gi');
SELECT cpu, memory, ready FROM container_list;
SELECT name, cluster, status, containers, pod_security FROM namespace_list;
SELECT namespace, name, keys FROM config_map_list;
SELECT namespace, name, type, keys FROM secret_list;
SELECT namespace, name, server, username FROM registry_list;
SELECT namespace, name, type, size, access_mode, source, status, containers FROM volume_list;
SELECT orchestration_internal.short_age(a::interval) FROM unnest('{-1s,0s,119s,120s,130s,599s,600s,3h,3h 20m,8h,47h 59m,48h,2d 4h,8d 4h,729d,730d,800d,9000d}'::text[]) a;

-- parameters without a type: two are an id and an image, three a name
PREPARE by_id AS SELECT set_image($1, $2);
PREPARE by_name AS SELECT set_image($1, $2, $3);
EXECUTE by_id (:second, 'nginx:4');
EXECUTE by_name ('shop', 'web', 'nginx:5');
SELECT image FROM container_list;
PREPARE waiting AS SELECT wait_for_container(id => $1, status => $2, timeout => '0s');
EXECUTE waiting (:second, 'pending');

-- config maps and secrets: all of it, or some of it
SELECT update_config_map('shop', 'app', '{"size": "3", "colour": null, "shape": "round"}', merge => true);
SELECT data FROM config_maps WHERE name = 'app';
SELECT update_config_map('shop', 'app', '{"size": "4"}', labels => '{"tier": "front"}'), update_config_map('shop', 'app', annotations => '{"note": "x"}');
SELECT data, labels, annotations, generation FROM config_maps WHERE name = 'app';
-- error: null is no value
SELECT update_config_map('shop', 'app', '{"size": null}');
-- error: nothing to merge
SELECT update_config_map('shop', 'app', '[]', merge => true);
-- she may not reveal the secret, and changes one key of it
SELECT has_namespace_permission(current_user_id(), n.id, 'secrets', 'reveal') AS may_reveal FROM namespaces n WHERE n.name = 'shop';
SELECT update_secret('shop', 'db', '{"password": "y", "host": "db.example"}', merge => true);
SELECT update_secret('shop', 'db', '{"host": null, "port": {"base64": "NTQzMg=="}}', merge => true);
SELECT update_secret('shop', 'db', labels => '{"tier": "back"}');
SELECT data_keys, labels, generation FROM secrets WHERE name = 'db';
-- error: not base64, and the value is not told
SELECT update_secret('shop', 'db', '{"port": {"base64": "?"}}', merge => true);
-- error: the type wants other keys
SELECT update_secret('shop', 'db', type => 'kubernetes.io/tls');
RESET SESSION AUTHORIZATION;
SELECT reveal_secret('shop', 'db');
SET SESSION AUTHORIZATION update_ann;
-- registries and volumes
SELECT update_registry('shop', 'main', username => 'robot'), update_registry('shop', 'main', server => 'other.example', password => 'q');
SELECT server, username, generation FROM registries;
-- error: a stored password is for its server
SELECT update_registry('shop', 'main', server => 'third.example');
SELECT create_registry('shop', 'second', 'third.example', 'u', 'p') IS NOT NULL AS made;
-- error: taken
SELECT update_registry('shop', 'main', server => 'third.example', password => 'q');
SELECT update_volume('shop', 'data', size => '2Gi', storage_class => 'fast'), update_volume('shop', 'cache', size => '1Gi', medium => 'Memory');
SELECT name, size_bytes, storage_class, medium, generation FROM volumes ORDER BY name;
SELECT update_volume('shop', 'data', reset => '{storage_class}'), update_volume('shop', 'cache', type => 'ConfigMap', config_map => 'app');
SELECT name, type, size, storage_class, source FROM volume_list;
-- error: what a volume of this type does not have
SELECT update_volume('shop', 'cache', size => '1Gi');
-- error: needs one
SELECT update_volume('shop', 'data', reset => '{size}');
-- error: no such secret
SELECT update_volume('shop', 'cache', type => 'Secret', secret => 'none');
-- error: a container of the namespace does not keep to that
SELECT update_namespace('shop', labels => '{"team": "a"}', description => 'ours', pod_security => 'restricted');
SELECT update_namespace('shop', labels => '{"team": "a"}', description => 'ours', annotations => '{"note": "x"}'), update_namespace('shop', reset => '{annotations}');
SELECT description, pod_security, labels, annotations FROM namespaces WHERE name = 'shop';

-- a viewer reads the lists, and is refused by permission
SET SESSION AUTHORIZATION update_vic;
SELECT name, image FROM container_list;
SELECT (SELECT count(*) FROM config_map_list) AS config_maps, (SELECT count(*) FROM secret_list) AS secrets, (SELECT count(*) FROM volume_list) AS volumes, (SELECT count(*) FROM registry_list) AS registries;
-- error: not hers to change
SELECT update_container('shop', 'web', replicas => 1);
-- error: likewise
SELECT set_image('shop', 'web', 'nginx:9');
-- error: likewise
SELECT update_config_map('shop', 'app', '{}');
-- error: likewise
SELECT update_secret('shop', 'db', '{}');
-- error: nor some of it
SELECT update_secret('shop', 'db', '{}', merge => true);
-- error: likewise
SELECT update_volume('shop', 'data', size => '3Gi');
-- error: likewise
SELECT update_registry('shop', 'main', username => 'v');
-- error: likewise
SELECT update_namespace('shop', description => 'mine');
-- error: likewise
SELECT delete_volume('shop', 'data');
-- error: likewise
SELECT delete_namespace('shop');
-- what changes nothing asks for nothing, as UPDATE does
SELECT update_container('shop', 'web', replicas => 7);

-- clusters, as whoever may
RESET SESSION AUTHORIZATION;
SELECT register_cluster('c', kubeconfig('https://127.0.0.1:6443', 't')) IS NOT NULL AS made;
SELECT update_cluster('c', max_in_flight => 8, enabled => false);
SELECT api_server, max_in_flight, enabled FROM clusters;
SELECT update_cluster('c', kubeconfig('https://127.0.0.2:6443', 't'), reset => '{max_in_flight,enabled}');
SELECT api_server, max_in_flight, enabled FROM clusters;
-- error: a context of what
SELECT update_cluster('c', context => 'x');
-- error: out of range
SELECT update_cluster('c', max_in_flight => 0);
-- error: no name
SELECT update_cluster(NULL);
SELECT update_namespace('shop', cluster => 'c');
SELECT name, cluster, status FROM namespace_list;
-- error: no such cluster
SELECT update_namespace('shop', cluster => 'none');
-- error: the platform is no namespace of anybody
SELECT update_namespace('platform', description => 'x');

-- what the trail says of the one call above
SELECT resource_type, resource_name, operation, changes -> 'after' AS after FROM operation_logs
WHERE transaction_id = (SELECT transaction_id FROM operation_logs WHERE resource_type = 'container' AND changes -> 'after' ? 'max_surge' AND operation = 'update' ORDER BY id LIMIT 1) ORDER BY id;

RESET search_path;
DROP OWNED BY update_ann, update_vic;
DROP EXTENSION orchestration CASCADE;
DROP ROLE update_ann, update_vic;
