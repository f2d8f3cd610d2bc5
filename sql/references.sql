-- what refers to what: one definition for generation, config hash, in use and existence
SET client_min_messages = warning;
CREATE EXTENSION orchestration CASCADE;
SELECT orchestration.bootstrap();
RESET client_min_messages;
\set SHOW_CONTEXT never
-- as the owner: the definition itself; what people are told of it stands at the end
SET search_path = orchestration, orchestration_internal, public;
SET jit = off;
SET plan_cache_mode = force_generic_plan;
INSERT INTO clusters (name, api_server, auth_method, enabled) VALUES ('c', 'https://127.0.0.1', 'in-cluster', false);
SELECT create_namespace('shop', 'c') > 0 AS made;
UPDATE namespaces SET pod_security = 'privileged' WHERE name = 'shop';
SELECT create_config_map('shop', 'm', '{"a": "1", "b": "2"}') > 0 AS made, create_secret('shop', 's', '{"a": "1", "b": "2"}') > 0 AS made, create_volume('shop', 'pv', size => '1Gi') > 0 AS made,
	create_volume('shop', 'vm', 'ConfigMap', config_map => 'm') > 0 AS made, create_volume('shop', 'vs', 'Secret', secret => 's') > 0 AS made, create_registry('shop', 'r', 'r.example', 'u', 'p') > 0 AS made;
-- nothing refers to these
SELECT create_config_map('shop', 'other', '{"a": "1"}') > 0 AS made, create_secret('shop', 'others', '{"a": "1"}') > 0 AS made;

-- every way of referring: what, whether the key b counts too, whether the pod can do without, and the arguments of create_container()
CREATE TABLE ways (n integer GENERATED ALWAYS AS IDENTITY, way text, what text, whole boolean, optional boolean, arguments text);
INSERT INTO ways (way, what, whole, optional, arguments)
-- variables, in each container of the pod
SELECT place.way || ' ' || source.way, source.what, source.whole, source.optional, format(place.arguments, source.json)
FROM (VALUES
	('init container', $$init_containers => '[{"name": "i", "image": "x", %s}]'$$),
	('sidecar', $$init_containers => '[{"name": "i", "image": "x", "restartPolicy": "Always", %s}]'$$),
	('override', $$overrides => '{"spec": {"containers": [{"name": "NAME", %s}]}}'$$),
	('second container', $$overrides => '{"spec": {"containers": [{"name": "second", "image": "x", %s}]}}'$$),
	('init container in overrides', $$overrides => '{"spec": {"initContainers": [{"name": "j", "image": "x", %s}]}}'$$)) place (way, arguments),
(VALUES
	('env of config map', 'config_map', false, false, '"env": [{"name": "A", "valueFrom": {"configMapKeyRef": {"name": "m", "key": "a"}}}]'),
	('env of secret', 'secret', true, false, '"env": [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "s", "key": "a"}}}]'),
	('optional env of config map', 'config_map', false, true, '"env": [{"name": "A", "valueFrom": {"configMapKeyRef": {"name": "m", "key": "a", "optional": true}}}]'),
	('envFrom of config map', 'config_map', true, false, '"envFrom": [{"configMapRef": {"name": "m"}}]'),
	('envFrom of secret', 'secret', true, false, '"envFrom": [{"prefix": "X_", "secretRef": {"name": "s"}}]'),
	('optional envFrom of secret', 'secret', true, true, '"envFrom": [{"secretRef": {"name": "s", "optional": true}}]'),
	('mount of config map', 'config_map', true, false, '"volumeMounts": [{"name": "vm", "mountPath": "/m"}]'),
	('mount of secret', 'secret', true, false, '"volumeMounts": [{"name": "vs", "mountPath": "/s"}]'),
	('mount of claim', 'volume', true, false, '"volumeMounts": [{"name": "pv", "mountPath": "/p"}]'),
	('device', 'volume', true, false, '"volumeDevices": [{"name": "pv", "devicePath": "/dev/p"}]')) source (way, what, whole, optional, json)
UNION ALL
-- volumes of the pod's own
SELECT 'own volume: ' || source.way, source.what, source.whole, source.optional, format($$overrides => '{"spec": {"volumes": [{"name": "own", %s}]}}'$$, source.json)
FROM (VALUES
	('config map', 'config_map', true, false, '"configMap": {"name": "m"}'),
	('config map, one key', 'config_map', false, false, '"configMap": {"name": "m", "items": [{"key": "a", "path": "a"}]}'),
	('optional config map', 'config_map', true, true, '"configMap": {"name": "m", "optional": true}'),
	('secret', 'secret', true, false, '"secret": {"secretName": "s"}'),
	('secret, one key', 'secret', true, false, '"secret": {"secretName": "s", "items": [{"key": "a", "path": "a"}]}'),
	('projected config map', 'config_map', true, false, '"projected": {"sources": [{"serviceAccountToken": {"path": "t"}}, {"configMap": {"name": "m"}}]}'),
	('projected key', 'config_map', false, false, '"projected": {"sources": [{"configMap": {"name": "m", "items": [{"key": "a", "path": "a"}]}}]}'),
	('projected secret', 'secret', true, false, '"projected": {"sources": [{"secret": {"name": "s"}}]}'),
	('optional projected secret', 'secret', true, true, '"projected": {"sources": [{"secret": {"name": "s", "optional": true}}]}'),
	('claim', 'volume', true, false, '"persistentVolumeClaim": {"claimName": "pv"}'),
	('azureFile', 'secret', true, false, '"azureFile": {"secretName": "s", "shareName": "x"}'),
	('cephfs', 'secret', true, false, '"cephfs": {"monitors": ["a"], "secretRef": {"name": "s"}}'),
	('cinder', 'secret', true, false, '"cinder": {"volumeID": "x", "secretRef": {"name": "s"}}'),
	('csi', 'secret', true, false, '"csi": {"driver": "x.example", "nodePublishSecretRef": {"name": "s"}}'),
	('flexVolume', 'secret', true, false, '"flexVolume": {"driver": "x/y", "secretRef": {"name": "s"}}'),
	('iscsi', 'secret', true, false, '"iscsi": {"targetPortal": "1.2.3.4", "iqn": "iqn.2001-04.com.example:x", "lun": 0, "chapAuthSession": true, "secretRef": {"name": "s"}}'),
	('rbd', 'secret', true, false, '"rbd": {"monitors": ["a"], "image": "x", "secretRef": {"name": "s"}}'),
	('scaleIO', 'secret', true, false, '"scaleIO": {"gateway": "x", "system": "x", "volumeName": "v", "secretRef": {"name": "s"}}'),
	('storageos', 'secret', true, false, '"storageos": {"volumeName": "x", "secretRef": {"name": "s"}}')) source (way, what, whole, optional, json)
UNION ALL
SELECT v.* FROM (VALUES
	('variable of config map', 'config_map', false, false, $$env => '[{"name": "A", "valueFrom": {"configMapKeyRef": {"name": "m", "key": "a"}}}]'$$),
	('optional variable of config map', 'config_map', false, true, $$env => '[{"name": "A", "valueFrom": {"configMapKeyRef": {"name": "m", "key": "a", "optional": true}}}]'$$),
	('variable of secret', 'secret', true, false, $$env => '[{"name": "A", "valueFrom": {"secretKeyRef": {"name": "s", "key": "a"}}}]'$$),
	('mounted config map', 'config_map', true, false, $$volumes => '[{"volume": "vm", "mountPath": "/m"}]'$$),
	('mounted secret', 'secret', true, false, $$volumes => '[{"volume": "vs", "mountPath": "/s"}]'$$),
	('mounted claim', 'volume', true, false, $$volumes => '[{"volume": "pv", "mountPath": "/p"}]'$$),
	('mount narrowed by overrides', 'config_map', false, false, $$volumes => '[{"volume": "vm", "mountPath": "/m"}]', overrides => '{"spec": {"volumes": [{"name": "vm", "configMap": {"items": [{"key": "a", "path": "a"}]}}]}}'$$),
	('key by overrides', 'config_map', false, false, $$env => '[{"name": "A", "valueFrom": {"configMapKeyRef": {"name": "m", "key": "b"}}}]', overrides => '{"spec": {"containers": [{"name": "NAME", "env": [{"name": "A", "valueFrom": {"configMapKeyRef": {"key": "a"}}}]}]}}'$$),
	('image', 'registry', true, true, NULL),
	('image of init container', 'registry', true, true, $$init_containers => '[{"name": "i", "image": "r.example/x"}]'$$),
	('image in overrides', 'registry', true, true, $$overrides => '{"spec": {"containers": [{"name": "second", "image": "r.example/x"}]}}'$$),
	('pull secret', 'secret', true, false, $$overrides => '{"spec": {"imagePullSecrets": [{"name": "s"}]}}'$$),
	('pull secret of registry', 'registry', true, false, $$overrides => '{"spec": {"imagePullSecrets": [{"name": "registry-r"}]}}'$$),
	/* these refer to nothing */
	('nothing', NULL, false, true, NULL),
	('variable removed by overrides', NULL, false, true, $$env => '[{"name": "A", "valueFrom": {"configMapKeyRef": {"name": "m", "key": "a"}}}]', overrides => '{"spec": {"containers": [{"name": "NAME", "env": [{"name": "A", "value": "x", "valueFrom": null}]}]}}'$$),
	('name that is only text', NULL, false, true, $$overrides => '{"spec": {"containers": [{"name": "NAME", "env": [{"name": "A", "value": "m"}, {"name": "B", "value": "s"}, {"name": "C", "value": "pv"}]}]}}'$$)) v;
SELECT count(*) FROM ways;

-- does the statement raise the generation of this container, and is its workload another one then?  All of it is undone
CREATE FUNCTION effect(of_container bigint, statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	before record;
	after record;
BEGIN
	SELECT c.generation, (SELECT m.manifest #>> '{spec,template,metadata,annotations,orchestration.dev/config-hash}' FROM orchestration.manifests m WHERE m.owner_id = c.id AND m.kind = 'Deployment' AND m.owner_type = 'container') AS hash INTO before
	FROM orchestration.containers c WHERE c.id = of_container;
	EXECUTE statement;
	SELECT c.generation, (SELECT m.manifest #>> '{spec,template,metadata,annotations,orchestration.dev/config-hash}' FROM orchestration.manifests m WHERE m.owner_id = c.id AND m.kind = 'Deployment' AND m.owner_type = 'container') AS hash INTO after
	FROM orchestration.containers c WHERE c.id = of_container;
	RAISE SQLSTATE 'ZZZZZ' USING MESSAGE = concat_ws(', ', CASE WHEN after.generation > before.generation THEN 'touched' END, CASE WHEN after.hash IS DISTINCT FROM before.hash THEN 'replaced' END);
EXCEPTION WHEN SQLSTATE 'ZZZZZ' THEN
	RETURN SQLERRM;
WHEN OTHERS THEN
	RETURN SQLSTATE;
END
$$;

/* what must come of each statement, and what does; 'exists' is the last of the four decisions */
CREATE TABLE decisions (way text, statement text, wanted text, got text);
CREATE FUNCTION decide(w ways) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	name text := 'w' || w.n;
	arguments text := COALESCE(', ' || replace(w.arguments, 'NAME', name), '');
	image text := CASE w.way WHEN 'image' THEN 'r.example/app' ELSE 'app' END;
	made bigint;
	missing text;
	again bigint;
BEGIN
	/* a transaction of its own would check this at its end */
	EXECUTE format('SELECT orchestration.create_container(%L, %L, %L%s)', 'shop', name, image, arguments) INTO made;
	SET CONSTRAINTS ALL IMMEDIATE;
	SET CONSTRAINTS ALL DEFERRED;
	/* not new any more to is_new_row() */
	UPDATE orchestration.containers SET description = 'x' WHERE id = made;
	INSERT INTO decisions
	SELECT w.way, d.statement, d.wanted, CASE WHEN d.run IS NULL THEN d.wanted ELSE effect(made, d.run) END
	FROM (VALUES
		('change of a', $s$UPDATE orchestration.config_maps SET data = data || '{"a": "new"}' WHERE name = 'm'$s$, CASE w.what WHEN 'config_map' THEN 'touched, replaced' ELSE '' END),
		('change of b', $s$UPDATE orchestration.config_maps SET data = data || '{"b": "new"}' WHERE name = 'm'$s$, CASE w.what WHEN 'config_map' THEN CASE WHEN w.whole THEN 'touched, replaced' ELSE 'touched' END ELSE '' END),
		('labels of m', $s$UPDATE orchestration.config_maps SET labels = '{"x": "y"}' WHERE name = 'm'$s$, ''),
		('change of s', $s$SELECT orchestration.update_secret('shop', 's', '{"a": "new", "b": "2"}')$s$, CASE w.what WHEN 'secret' THEN CASE w.way WHEN 'pull secret' THEN 'touched' ELSE 'touched, replaced' END ELSE '' END),
		('change of another map', $s$UPDATE orchestration.config_maps SET data = '{"a": "new"}' WHERE name = 'other'$s$, ''),
		('change of another secret', $s$SELECT orchestration.update_secret('shop', 'others', '{"a": "new"}')$s$, ''),
		('size of pv', $s$UPDATE orchestration.volumes SET size_bytes = 2 * size_bytes WHERE name = 'pv'$s$, CASE w.what WHEN 'volume' THEN 'touched' ELSE '' END),
		('host of r', $s$UPDATE orchestration.registries SET server = 'q.example', encrypted_password = orchestration_internal.seal_registry_password(namespace_id, 'q.example', 'p') WHERE name = 'r'$s$, CASE WHEN w.way LIKE 'image%' THEN 'touched' ELSE '' END),
		('registry of another host', $s$SELECT orchestration.create_registry('shop', 'q', 'q.example', 'u', 'p')$s$, ''),
		('registry goes', $s$DELETE FROM orchestration.registries WHERE name = 'r'$s$, CASE WHEN w.way LIKE 'image%' THEN 'touched' WHEN w.what = 'registry' THEN 'OR006' ELSE '' END),
		('m is renamed', $s$UPDATE orchestration.config_maps SET name = 'n' WHERE name = 'm'$s$, CASE WHEN w.what = 'config_map' THEN CASE WHEN COALESCE(w.arguments, '') LIKE '%overrides%"name": "m"%' AND NOT w.optional OR w.arguments LIKE 'init%"name": "m"%' AND NOT w.optional THEN 'OR006' ELSE 'touched, replaced' END ELSE '' END),
		('pv is renamed', $s$UPDATE orchestration.volumes SET name = 'pw' WHERE name = 'pv'$s$, CASE WHEN w.what = 'volume' THEN CASE w.way WHEN 'mounted claim' THEN 'touched' ELSE 'OR006' END ELSE '' END),
		('m goes', $s$SET CONSTRAINTS ALL IMMEDIATE; DELETE FROM orchestration.volumes WHERE name = 'vm'; DELETE FROM orchestration.config_maps WHERE name = 'm'$s$, CASE WHEN w.what = 'config_map' THEN CASE WHEN NOT w.optional OR w.way LIKE '%variable%' THEN 'OR006' ELSE 'touched, replaced' END WHEN w.way LIKE 'variable removed%' THEN 'OR006' ELSE '' END),
		('s goes', $s$DELETE FROM orchestration.volumes WHERE name = 'vs'; DELETE FROM orchestration.secrets WHERE name = 's'$s$, CASE w.what WHEN 'secret' THEN CASE WHEN NOT w.optional THEN 'OR006' ELSE 'touched, replaced' END ELSE '' END),
		('pv goes', $s$DELETE FROM orchestration.volumes WHERE name = 'pv'$s$, CASE w.what WHEN 'volume' THEN 'OR006' ELSE '' END),
		('a of m goes', $s$UPDATE orchestration.config_maps SET data = data - 'a' WHERE name = 'm'$s$, CASE WHEN w.what = 'config_map' THEN CASE WHEN NOT w.whole AND NOT w.optional THEN 'OR006' ELSE 'touched, replaced' END WHEN w.way LIKE 'variable removed%' THEN 'OR006' ELSE '' END)
	) d (statement, run, wanted);
	/* existence: the same container, with names that are not there */
	missing := regexp_replace(regexp_replace(arguments, '"name": "(m|s)"', '"name": "\1-absent"', 'g'), '"(secretName|claimName)": "(s|pv)"', '"\1": "\2-absent"', 'g');
	IF missing <> arguments THEN
		BEGIN
			EXECUTE format('SELECT orchestration.create_container(%L, %L, %L%s)', 'shop', name || '-absent', image, replace(missing, name, name || '-absent')) INTO again;
			SET CONSTRAINTS ALL IMMEDIATE;
			RAISE SQLSTATE 'ZZZZZ' USING MESSAGE = (SELECT COALESCE(string_agg(DISTINCT r.what, ', '), 'nothing') FROM orchestration_internal.container_references(ARRAY[(SELECT id FROM orchestration.namespaces WHERE namespaces.name = 'shop')], ARRAY[again]) r
				WHERE r.id IS NULL AND r.name LIKE '%-absent');
		EXCEPTION WHEN SQLSTATE 'ZZZZZ' THEN
			INSERT INTO decisions VALUES (w.way, 'exists', w.what, SQLERRM);
		WHEN OTHERS THEN
			INSERT INTO decisions VALUES (w.way, 'exists', CASE WHEN w.way LIKE '%variable%' OR w.way LIKE 'key by%' THEN 'OR003' END, SQLSTATE);
		END;
	END IF;
	DELETE FROM orchestration.containers WHERE id = made;
END
$$;
SET client_min_messages = error;
SELECT count(decide(w)) FROM ways w;
RESET client_min_messages;
SELECT count(*) AS decided, count(DISTINCT way) AS ways FROM decisions;
-- where a decision is another one than it should be: none
SELECT way, statement, wanted, got FROM decisions WHERE wanted IS DISTINCT FROM got ORDER BY 1, 2;

-- what people are told: of what is not there, of a key that is not, and who uses it
RESET search_path;
\i sql/include/as_people.sql
SELECT joins('regress_operator', 'operator', 'shop');
SET SESSION AUTHORIZATION regress_operator;
SELECT orchestration.create_container('shop', 'told', 'app', init_containers => '[{"name": "i", "image": "x", "envFrom": [{"secretRef": {"name": "made-by-others"}}, {"configMapRef": {"name": "never", "optional": true}}, {"configMapRef": {"name": "m"}}]}]') > 0 AS made;
-- error: the pod could not start
SELECT orchestration.create_container('shop', 'stuck', 'app', overrides => '{"spec": {"containers": [{"name": "stuck", "env": [{"name": "A", "valueFrom": {"configMapKeyRef": {"name": "m", "key": "c"}}}]}]}}');
-- error: it has a user that names it
SELECT orchestration.delete_config_map('shop', 'm');
-- error: who would lose it
UPDATE orchestration.config_maps SET name = 'n' WHERE name = 'm';
RESET SESSION AUTHORIZATION;
-- what it names may come later, and is then a reference
SELECT orchestration.create_secret('shop', 'made-by-others', '{"a": "1"}') > 0 AS made;
SELECT name, generation FROM orchestration.containers WHERE name = 'told';
SELECT what, id IS NOT NULL AS known, name, optional, place FROM orchestration_internal.container_references((SELECT ARRAY[namespace_id] FROM orchestration.containers WHERE name = 'told'), (SELECT ARRAY[id] FROM orchestration.containers WHERE name = 'told')) ORDER BY place COLLATE "C";
SET client_min_messages = warning;
DROP EXTENSION orchestration CASCADE;
