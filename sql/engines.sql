-- what rows ask of the engine of their cluster, and what it refuses
SET client_min_messages = warning;
CREATE EXTENSION orchestration CASCADE;
SELECT orchestration.bootstrap();
\i sql/include/as_people.sql
RESET client_min_messages;
\set SHOW_CONTEXT never

-- the lists: an engine says of each capability whether it has it, and what is asked for is one
SELECT engine, can, string_agg(capability, ' ' ORDER BY capability) AS capabilities
FROM orchestration_internal.engine_capabilities WHERE engine = 'docker' OR NOT can GROUP BY engine, can ORDER BY engine, can;
SELECT count(*) AS of_no_capability FROM orchestration_internal.asked_capabilities() a WHERE a.capability NOT IN (SELECT e.capability FROM orchestration_internal.engines() e);
SELECT count(*) AS of_no_column FROM orchestration_internal.asked_capabilities() a WHERE NOT orchestration_internal.has_column(a.relation, COALESCE(a.column_name, 'id'));

-- an engine that is made up: what it can is changed below
INSERT INTO orchestration_internal.engine_capabilities (engine, capability, words, can) SELECT 'stone', e.capability, e.words, false FROM orchestration_internal.engines() e WHERE e.engine = 'kubernetes';
SET SESSION AUTHORIZATION regress_administrator;
INSERT INTO orchestration.clusters (name, engine, api_server, auth_method, enabled) VALUES ('quarry', 'stone', 'https://127.0.0.1', 'in-cluster', false);
INSERT INTO orchestration.clusters (name, api_server, auth_method, enabled) VALUES ('dev', 'https://127.0.0.1', 'in-cluster', false);
SELECT name, engine FROM orchestration.clusters ORDER BY name;
-- error: there is none of this name
INSERT INTO orchestration.clusters (name, engine, api_server, auth_method, enabled) VALUES ('other', 'steam', 'https://127.0.0.1', 'in-cluster', false);
-- error: an engine stays
UPDATE orchestration.clusters SET engine = 'stone' WHERE name = 'dev';
UPDATE orchestration.clusters SET engine = 'kubernetes', enabled = false WHERE name = 'dev';
SELECT orchestration.create_namespace('rock', 'quarry') > 0 AND orchestration.create_namespace('town', 'dev') > 0 AND orchestration.create_namespace('air') > 0 AS made;
RESET SESSION AUTHORIZATION;
SELECT count(joins('regress_operator', 'operator', n)) AS joined FROM unnest('{rock,town,air}'::text[]) n;

-- what asks for nothing is taken everywhere
SET SESSION AUTHORIZATION regress_operator;
SELECT orchestration.create_container(n, 'web', 'nginx:1', ports => '[{"containerPort": 80, "servicePort": 80}]', liveness_probe => '{"tcpSocket": {"port": 80}}') > 0 AS web,
	orchestration.create_container(n, 'task', 'busybox:1', restart_policy => 'Never', replicas => 2) > 0 AS task,
	orchestration.create_container(n, 'host', 'nginx:1', ports => '[{"containerPort": 80, "servicePort": 8080, "serviceType": "NodePort"}]') > 0 AS host,
	orchestration.create_volume(n, 'data', size => '1Gi') > 0 AS data FROM unnest('{rock,town,air}'::text[]) n;

-- what an operator at psql is told
-- error: it has no labels to choose by
SELECT orchestration.create_container('rock', 'db', 'postgres:15', node_selector => '{"disk": "fast"}');
-- error: nor a load balancer
SELECT orchestration.create_container('rock', 'db', 'postgres:15', ports => '[{"containerPort": 80, "servicePort": 80, "serviceType": "LoadBalancer"}]');
-- error: nor one host port for two
SELECT orchestration.scale_container('rock', 'host', 2);
-- error: nor another port within
SELECT orchestration.create_container('rock', 'db', 'postgres:15', ports => '[{"containerPort": 5432, "servicePort": 80}]');
-- error: and no routes at all
SELECT orchestration.create_route('rock', 'web', 'web.example', 'web', 80);
RESET SESSION AUTHORIZATION;

-- every line of the list, but that aspects of kinds are written by their modules: in which way somebody may ask, beside what it takes, and after what else
CREATE TABLE asking (relation text, column_name text, capability text, value text, beside text, after text);
INSERT INTO asking VALUES ('containers', 'node_selector', 'node_selection', '{"disk": "fast"}'), ('containers', 'tolerations', 'tolerations', '[{"operator": "Exists"}]'),
	('containers', 'service_account', 'service_accounts', 'default'), ('containers', 'autoscaled', 'autoscaling', 'true'), ('containers', 'overrides', 'overrides', '{"spec": {"hostname": "x"}}'),
	('port_mappings', 'service_type', 'load_balancers', 'LoadBalancer'), ('port_mappings', 'service_port', 'port_translation', '8080'),
	('container_probes', 'handler', 'grpc_probes', 'grpc'), ('volumes', 'storage_class', 'storage_classes', 'fast'), ('routes', NULL, 'routes', NULL);
INSERT INTO asking (relation, column_name, capability, value, after) VALUES
	('containers', 'replicas', 'shared_host_ports', '2', $$INSERT INTO orchestration.port_mappings (namespace_id, container_id, container_port, service_port, service_type) SELECT c.namespace_id, c.id, 82, 82, 'NodePort'$$),
	('port_mappings', 'service_type', 'shared_host_ports', 'NodePort', 'UPDATE orchestration.containers x SET replicas = 2');
SELECT relation, column_name, capability FROM orchestration_internal.asked_capabilities() EXCEPT SELECT relation, column_name, capability FROM asking EXCEPT SELECT 'containers', aspect, aspect FROM orchestration_internal.kinds();
CREATE FUNCTION inserted(a asking, into_namespace text) RETURNS text LANGUAGE sql AS $$
	SELECT CASE a.relation
		WHEN 'containers' THEN format(CASE a.column_name WHEN 'replicas' THEN 'WITH c AS (%s%s RETURNING *) ' || a.after || ' FROM c' ELSE '%s%s' END,
			format('INSERT INTO orchestration.containers (namespace_id, name, image_id, restart_policy, %I) SELECT c.namespace_id, ''asking'', c.image_id, %L, %L', a.column_name, COALESCE(a.beside, 'Always'), a.value), web)
		WHEN 'port_mappings' THEN format('INSERT INTO orchestration.port_mappings (namespace_id, container_id, container_port, service_port, service_type) SELECT c.namespace_id, c.id, 81, %L, %L',
			CASE a.column_name WHEN 'service_port' THEN a.value ELSE '81' END, CASE a.column_name WHEN 'service_type' THEN a.value ELSE 'ClusterIP' END) || web
		WHEN 'container_probes' THEN format('INSERT INTO orchestration.container_probes (namespace_id, container_id, probe_type, port, handler) SELECT c.namespace_id, c.id, ''readiness'', ''81'', %L', a.value) || web
		WHEN 'volumes' THEN format('INSERT INTO orchestration.volumes (namespace_id, name, volume_type, size_bytes, access_mode, storage_class) SELECT c.namespace_id, ''asking'', ''PVC'', 1048576, ''ReadWriteOnce'', %L', a.value) || web
		WHEN 'routes' THEN 'INSERT INTO orchestration.routes (namespace_id, name, host, container_id, service_port) SELECT c.namespace_id, ''asking'', ''a.example'', c.id, 80' || web
	END
	FROM format(' FROM orchestration.containers c JOIN orchestration.namespaces n ON n.id = c.namespace_id WHERE n.name = %L AND c.name = ''web''', into_namespace) web
$$;
CREATE FUNCTION updated(a asking, in_namespace text) RETURNS text LANGUAGE sql AS $$
	SELECT CASE WHEN a.column_name IS NOT NULL THEN format('UPDATE orchestration.%I x SET %I = %L FROM orchestration.namespaces n, orchestration.containers c WHERE n.id = x.namespace_id AND n.name = %L AND c.namespace_id = n.id AND c.name = %L AND %s',
		a.relation, a.column_name, a.value, in_namespace, CASE WHEN a.beside IS NULL THEN 'web' ELSE 'task' END,
		CASE a.relation WHEN 'containers' THEN 'x.id = c.id' WHEN 'volumes' THEN 'x.name = ''data''' ELSE 'x.container_id = c.id' END) END
$$;
-- what must be so before somebody asks
CREATE FUNCTION before_it(a asking, in_namespace text) RETURNS text LANGUAGE sql AS $$
	SELECT COALESCE(a.after || ' FROM orchestration.namespaces n, orchestration.containers c WHERE c.namespace_id = n.id AND c.name = ''web'''
		|| CASE WHEN a.relation <> 'containers' THEN ' AND x.namespace_id = n.id AND x.id = c.id' ELSE '' END || format(' AND n.name = %L', in_namespace), 'SELECT')
$$;
-- tries statements, each as somebody, and takes everything back
CREATE FUNCTION tried(VARIADIC steps text[]) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	rows bigint;
	at_column text;
	detail text;
BEGIN
	FOR i IN 1 .. cardinality(steps) BY 2 LOOP
		EXECUTE format('SET LOCAL SESSION AUTHORIZATION %I', 'regress_' || steps[i]);
		EXECUTE steps[i + 1];
		GET DIAGNOSTICS rows = ROW_COUNT;
	END LOOP;
	RAISE EXCEPTION 'taken back' USING ERRCODE = 'ZZ000';
EXCEPTION
	WHEN SQLSTATE 'ZZ000' THEN
		RETURN rows || ' taken';
	WHEN OTHERS THEN
		GET STACKED DIAGNOSTICS at_column = COLUMN_NAME, detail = PG_EXCEPTION_DETAIL;
		RETURN concat_ws(' ', SQLSTATE, NULLIF(at_column, ''), substring(SQLERRM FROM '^engine "stone" cannot'), COALESCE(substring(detail FROM '^.* asks for it'), SQLERRM));
END
$$;
CREATE FUNCTION stone_can(what text[], others boolean) RETURNS void LANGUAGE sql AS $$
	UPDATE orchestration_internal.engine_capabilities e SET can = (e.capability = ANY (what)) <> others WHERE e.engine = 'stone'
$$;
CREATE FUNCTION every_way() RETURNS TABLE (relation text, column_name text, capability text, way text, told text) LANGUAGE plpgsql AS $$
DECLARE
	line record;
	ask asking;
	move constant text := 'UPDATE orchestration.namespaces SET cluster_id = (SELECT id FROM orchestration.clusters WHERE name = ''quarry'') WHERE name = ''%s''';
BEGIN
	FOR line IN SELECT * FROM orchestration_internal.asked_capabilities() LOOP
		SELECT * INTO ask FROM asking s WHERE s.relation = line.relation AND s.column_name IS NOT DISTINCT FROM line.column_name AND s.capability = line.capability;
		CONTINUE WHEN NOT FOUND;
		relation := line.relation;
		column_name := line.column_name;
		capability := line.capability;
		FOR way, told IN
			SELECT w.way, CASE w.limits WHEN 'lacks it' THEN (SELECT concat(stone_can(ARRAY[line.capability], true))) ELSE (SELECT concat(stone_can(ARRAY[line.capability], false))) END
				|| CASE w.how
				WHEN 'insert' THEN tried('operator', CASE line.relation WHEN 'containers' THEN 'SELECT' ELSE before_it(ask, w.place) END, 'operator', inserted(ask, w.place))
				WHEN 'update' THEN CASE WHEN line.column_name IS NULL THEN 'none' ELSE tried('operator', before_it(ask, w.place), 'operator', updated(ask, w.place)) END
				WHEN 'move' THEN tried('operator', CASE line.relation WHEN 'containers' THEN 'SELECT' ELSE before_it(ask, w.place) END, 'operator', inserted(ask, w.place), 'administrator', format(move, w.place)) END
			FROM (
				SELECT h.how || ' ' || CASE h.how WHEN 'move' THEN 'from ' ELSE 'in ' END || p.place || ', ' || l.limits AS way, h.how, p.place, l.limits
				FROM unnest('{insert,update,move}'::text[]) WITH ORDINALITY h (how, nth), unnest('{rock,town,air}'::text[]) WITH ORDINALITY p (place, nth), unnest('{lacks it,lacks all else}'::text[]) WITH ORDINALITY l (limits, nth)
				WHERE h.how <> 'move' OR p.place <> 'rock'
				ORDER BY l.nth, h.nth, p.nth) w
		LOOP
			RETURN NEXT;
		END LOOP;
	END LOOP;
END
$$;
CREATE TABLE tries AS SELECT * FROM every_way();
-- an engine that lacks it refuses, in its clusters alone, whoever asks and however; one that lacks all else takes it
SELECT way, count(*) AS lines, string_agg(DISTINCT told, ', ') FILTER (WHERE told NOT LIKE 'OR022%') AS told,
	count(*) FILTER (WHERE told ~ ('^OR022 ' || COALESCE(named || ' ', '') || 'engine "stone" cannot ' || COALESCE(named || ' of ', '') || '.* asks for it$')) AS refused
FROM tries, LATERAL (SELECT CASE WHEN capability = 'shared_host_ports' AND way ~ 'move' THEN 'replicas' ELSE column_name END) one_of_both (named) GROUP BY way ORDER BY way;
SELECT relation, column_name, way, told FROM tries WHERE relation = 'routes' OR column_name = 'autoscaled' ORDER BY relation, way;

-- what is deleted asks for nothing; what is updated beside it is not looked at
SELECT stone_can('{}', false);
SELECT tried('operator', $$INSERT INTO orchestration.containers (namespace_id, name, image_id, autoscaled) SELECT c.namespace_id, 'asking', c.image_id, true FROM orchestration.containers c JOIN orchestration.namespaces n ON n.id = c.namespace_id WHERE n.name = 'air' AND c.name = 'web'$$,
	'operator', $$UPDATE orchestration.containers SET desired_state = 'deleted', status = 'deleted' WHERE name = 'asking'$$,
	'administrator', $$UPDATE orchestration.namespaces SET cluster_id = (SELECT id FROM orchestration.clusters WHERE name = 'quarry') WHERE name = 'air'$$);
-- a container that is frozen where that can be done, and has no pods elsewhere: asked of neither
SELECT tried('operator', $$UPDATE orchestration.containers SET desired_state = 'paused' WHERE name = 'web' AND namespace_id = (SELECT id FROM orchestration.namespaces WHERE name = 'town')$$);
-- who writes all columns of a row anew asks for nothing new
SELECT stone_can('{}', true);
INSERT INTO orchestration.containers (namespace_id, name, image_id, autoscaled) SELECT c.namespace_id, 'asked', c.image_id, true FROM orchestration.containers c JOIN orchestration.namespaces n ON n.id = c.namespace_id WHERE n.name IN ('rock', 'air') AND c.name = 'web';
SELECT stone_can('{}', false);
SELECT tried('operator', $$UPDATE orchestration.containers SET autoscaled = true, replicas = 2 WHERE name = 'asked' AND namespace_id = (SELECT id FROM orchestration.namespaces WHERE name = 'rock')$$);
-- a condition that reads several columns is asked when any of them changes
SELECT tried('operator', $$UPDATE orchestration.port_mappings x SET container_port = 81 FROM orchestration.containers c JOIN orchestration.namespaces n ON n.id = c.namespace_id WHERE x.namespace_id = c.namespace_id AND x.container_id = c.id AND n.name = 'rock' AND c.name = 'web'$$);
-- many replicas, or a port of the host: not both; without a Service there is no other port
SELECT tried('operator', $$UPDATE orchestration.containers x SET replicas = 3 FROM orchestration.namespaces n WHERE n.id = x.namespace_id AND n.name = 'rock' AND x.name IN ('web', 'task')$$);
SELECT tried('operator', $$UPDATE orchestration.port_mappings x SET service_port = NULL FROM orchestration.containers c JOIN orchestration.namespaces n ON n.id = c.namespace_id WHERE x.namespace_id = c.namespace_id AND x.container_id = c.id AND n.name = 'rock' AND c.name = 'web'$$);
-- whoever may move a namespace is not told the names of what he may not read in it
INSERT INTO orchestration.roles (name, permissions) VALUES ('mover', '{"namespaces": ["read", "update"], "clusters": ["read"]}');
SELECT joins('regress_viewer', 'mover', 'air');
SELECT tried('viewer', $$UPDATE orchestration.namespaces SET cluster_id = (SELECT id FROM orchestration.clusters WHERE name = 'quarry') WHERE name = 'air'$$);
-- bootstrap() takes in what an engine of the list can, and leaves others alone
UPDATE orchestration_internal.engine_capabilities SET can = false WHERE engine = 'kubernetes';
SET client_min_messages = warning;
SELECT orchestration.bootstrap();
RESET client_min_messages;
SELECT engine, bool_or(can) AS can_something, bool_and(can) AS can_all FROM orchestration_internal.engine_capabilities GROUP BY engine ORDER BY engine;
-- as users: nobody writes what an engine can
SET SESSION AUTHORIZATION regress_administrator;
-- error: it is the owner's
UPDATE orchestration_internal.engine_capabilities SET can = true;
RESET SESSION AUTHORIZATION;
-- one machine with Docker
SET SESSION AUTHORIZATION regress_administrator;
SELECT orchestration.register_cluster('yard', engine => 'docker', endpoint => 'tcp://127.0.0.1', enabled => false) > 0 AND orchestration.create_namespace('shed', 'yard') > 0 AS made;
RESET SESSION AUTHORIZATION;
SELECT joins('regress_operator', 'operator', 'shed');
SET SESSION AUTHORIZATION regress_operator;
SELECT orchestration.create_config_map('shed', 'settings', '{"LEVEL": "info"}') > 0 AND orchestration.create_volume('shed', 'data', size => '1Gi') > 0
	AND orchestration.create_container('shed', 'web', 'nginx:1', replicas => 2, ports => '[{"containerPort": 80, "servicePort": 80}]', liveness_probe => '{"httpGet": {"port": 80}}', volumes => '[{"volume": "data", "mountPath": "/data"}]') > 0
	AND orchestration.create_container('shed', 'host', 'nginx:1', ports => '[{"containerPort": 80, "servicePort": 8080, "serviceType": "NodePort"}]') > 0
	AND orchestration.create_container('shed', 'task', 'busybox:1', restart_policy => 'Never', replicas => 2) > 0 AS made;
SELECT orchestration.pause_container('shed', 'host');
-- error: it keeps no schedule
SELECT orchestration.create_container('shed', 'nightly', 'busybox:1', restart_policy => 'Never', schedule => '{"schedule": "@daily"}');
-- error: nor a port of the machine for two
SELECT orchestration.scale_container('shed', 'host', 2);
RESET SESSION AUTHORIZATION;
DROP FUNCTION tried, stone_can, every_way, inserted, updated, before_it;
DROP TABLE asking, tries;
SET client_min_messages = warning;
DROP EXTENSION orchestration CASCADE;
