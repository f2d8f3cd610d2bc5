-- the same rows make the same manifests, byte for byte, whatever the plan, the statistics and the order of rows
SET client_min_messages = warning;
CREATE EXTENSION orchestration CASCADE;
SELECT orchestration.bootstrap();
RESET client_min_messages;
-- as the owner: what is rendered is for the worker
SET search_path = orchestration, orchestration_internal, public;
SET jit = off;
INSERT INTO clusters (name, api_server, auth_method, enabled) VALUES ('c', 'https://127.0.0.1', 'in-cluster', false);
SELECT create_namespace('shop', 'c') > 0 AS made, create_namespace('other', 'c') > 0 AS made;
SELECT count(create_config_map(n, 'm' || g, jsonb_build_object('a', g::text, 'b', '2', 'B', '3', 'c.d', '4'))) FROM unnest('{shop,other}'::text[]) n, generate_series(1, 3) g;
SELECT count(create_secret(n, 's' || g, '{"b": "2", "a": "1", "c": "3"}')) FROM unnest('{shop,other}'::text[]) n, generate_series(1, 3) g;
SELECT count(create_registry(n, 'r' || g, CASE g WHEN 1 THEN 'docker.io' ELSE 'r.example:' || g END, 'u', 'p')) FROM unnest('{shop,other}'::text[]) n, generate_series(1, 3) g;
SELECT count(create_volume(n, 'v' || g, 'ConfigMap', config_map => 'm' || g)), count(create_volume(n, 'w' || g, 'Secret', secret => 's' || g)), count(create_volume(n, 'p' || g, size => '1Gi')) FROM unnest('{shop,other}'::text[]) n, generate_series(1, 3) g;
SELECT count(create_container(n, 'w' || g, CASE WHEN g % 3 = 0 THEN 'r.example:2/' ELSE '' END || 'app:1', restart_policy => CASE WHEN g % 5 = 0 THEN 'Never' ELSE 'Always' END, labels => '{"b": "1", "a": "2", "aa": "3"}',
	env => (SELECT jsonb_agg(CASE e % 3 WHEN 0 THEN jsonb_build_object('name', 'E' || e, 'value', 'x') WHEN 1 THEN jsonb_build_object('name', 'e' || e, 'valueFrom', jsonb_build_object('configMapKeyRef', jsonb_build_object('name', 'm' || 1 + e % 3, 'key', 'a')))
		ELSE jsonb_build_object('name', 'F' || e, 'valueFrom', jsonb_build_object('secretKeyRef', jsonb_build_object('name', 's' || 1 + e % 2, 'key', 'b'))) END) FROM generate_series(1, 9) e WHERE e <> 2 AND e <> 5 AND e <> 8),
	ports => '[{"containerPort": 80, "servicePort": 80, "name": "http"}, {"containerPort": 81, "servicePort": 81}, {"containerPort": 81, "servicePort": 81, "protocol": "UDP"}, {"containerPort": 80, "servicePort": 8080, "serviceType": "NodePort", "name": "http"}, {"containerPort": 90, "servicePort": 90, "serviceType": "LoadBalancer"}]',
	volumes => (SELECT jsonb_agg(jsonb_build_object('volume', v, 'mountPath', '/' || m || v)) FROM unnest('{v1,v2,w1,w2,p1,v1}'::text[]) WITH ORDINALITY u (v, m)),
	liveness_probe => '{"tcpSocket": {"port": "http"}}', readiness_probe => '{"httpGet": {"port": 81, "path": "/"}}', startup_probe => '{"exec": {"command": ["true"]}}',
	init_containers => CASE WHEN g % 2 = 0 THEN '[{"name": "i", "image": "r.example:3/x", "envFrom": [{"secretRef": {"name": "s3"}}], "volumeMounts": [{"name": "v3", "mountPath": "/z"}]}, {"name": "h", "image": "x"}]'::jsonb END,
	overrides => CASE WHEN g % 4 = 0 THEN format('{"spec": {"containers": [{"name": "w%s", "envFrom": [{"configMapRef": {"name": "m3"}}], "env": [{"name": "Z", "value": "1"}, {"name": "Y", "value": "1"}]}, {"name": "second", "image": "x"}], "imagePullSecrets": [{"name": "own"}, {"name": "registry-r1"}], "volumes": [{"name": "z", "emptyDir": {}}, {"name": "a", "projected": {"sources": [{"secret": {"name": "s2"}}, {"configMap": {"name": "m1"}}]}}]}}', g)::jsonb END))
FROM unnest('{shop,other}'::text[]) n, generate_series(1, 10) g;

CREATE TABLE seen (n integer GENERATED ALWAYS AS IDENTITY, how text, objects bigint, digest text);
CREATE FUNCTION look(how text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO seen (how, objects, digest)
	SELECT how || ': all', count(*), md5(string_agg(concat(m.kind, ' ', m.cluster_namespace, ' ', m.name, ' ', m.manifest, ' ', m.manifest_hash), E'\n' ORDER BY m.kind, m.cluster_namespace, m.name COLLATE "C"))
	FROM orchestration.manifests m WHERE m.owner_type = 'container';
	INSERT INTO seen (how, objects, digest)
	SELECT how || ': in sets', count(*), md5(string_agg(concat(m.kind, ' ', m.cluster_namespace, ' ', m.name, ' ', m.manifest, ' ', m.manifest_hash), E'\n' ORDER BY m.kind, m.cluster_namespace, m.name COLLATE "C"))
	FROM orchestration_internal.render_manifests('container', (SELECT array_agg(c.namespace_id ORDER BY c.id) FROM orchestration.containers c), (SELECT array_agg(c.id ORDER BY c.id) FROM orchestration.containers c)) m;
	INSERT INTO seen (how, objects, digest)
	SELECT how || ': one by one', count(*), md5(string_agg(concat(m.kind, ' ', m.cluster_namespace, ' ', m.name, ' ', m.manifest, ' ', m.manifest_hash), E'\n' ORDER BY m.kind, m.cluster_namespace, m.name COLLATE "C"))
	FROM orchestration.containers c CROSS JOIN LATERAL orchestration_internal.render_manifests('container', ARRAY[c.namespace_id], ARRAY[c.id]) m;
END
$$;
SELECT look('as inserted');
DISCARD PLANS;
ANALYZE;
SELECT look('analyzed');
-- each kind of plan that the planner can do without
DO $$
DECLARE
	setting text;
BEGIN
	FOR setting IN SELECT s.name FROM pg_settings s WHERE s.name LIKE 'enable\_%' AND s.vartype = 'bool' AND s.name <> 'enable_partition_pruning' ORDER BY 1 LOOP
		PERFORM set_config(setting, CASE current_setting(setting) WHEN 'on' THEN 'off' ELSE 'on' END, true);
		DISCARD PLANS;
		PERFORM orchestration.look('without ' || setting);
		PERFORM set_config(setting, CASE current_setting(setting) WHEN 'on' THEN 'off' ELSE 'on' END, true);
	END LOOP;
	FOREACH setting IN ARRAY '{force_custom_plan,force_generic_plan}'::text[] LOOP
		PERFORM set_config('plan_cache_mode', setting, true);
		DISCARD PLANS;
		PERFORM orchestration.look(setting);
	END LOOP;
	PERFORM set_config('work_mem', '64kB', true);
	DISCARD PLANS;
	PERFORM orchestration.look('little memory');
END
$$;
-- settings that change how values are written
SET TimeZone = 'Asia/Tokyo';
SET DateStyle = 'German, DMY';
SET IntervalStyle = 'iso_8601';
SET bytea_output = 'escape';
SET extra_float_digits = 0;
SELECT look('other settings');
RESET TimeZone;
RESET DateStyle;
RESET IntervalStyle;
RESET bytea_output;
RESET extra_float_digits;
-- rows in another order, on the pages and in the indexes
SET session_replication_role = replica;
DO $$
DECLARE
	relation text;
	row_id bigint;
BEGIN
	FOREACH relation IN ARRAY '{environment_variables,port_mappings,container_volumes,container_probes,config_maps,secrets,registries,volumes,containers,namespaces}'::text[] LOOP
		FOR row_id IN EXECUTE format('SELECT id FROM orchestration.%I WHERE id > 0 ORDER BY md5(id::text)', relation) LOOP
			EXECUTE format('UPDATE orchestration.%I SET updated_at = updated_at + interval ''1 s'' WHERE id = $1', relation) USING row_id;
		END LOOP;
	END LOOP;
END
$$;
RESET session_replication_role;
VACUUM FULL environment_variables;
VACUUM FULL container_volumes;
VACUUM FULL registries;
SELECT look('in another order');
DISCARD PLANS;
VACUUM ANALYZE;
SELECT look('and analyzed');

SELECT count(*) > 60 AS looked, count(DISTINCT digest) AS different, min(objects) = max(objects) AS all_of_them FROM seen;
SELECT how FROM seen WHERE digest <> (SELECT digest FROM seen WHERE n = 1) ORDER BY n;
-- another value is another hash, and back again
CREATE TABLE before AS SELECT kind, name, cluster_namespace, manifest_hash FROM manifests;
UPDATE config_maps SET data = data || '{"a": "9"}' WHERE name = 'm1' AND namespace_id = (SELECT id FROM namespaces WHERE name = 'shop');
SELECT m.kind, count(*) FROM manifests m JOIN before b USING (kind, name, cluster_namespace) WHERE m.manifest_hash <> b.manifest_hash GROUP BY 1 ORDER BY 1;
UPDATE config_maps SET data = data || '{"a": "1"}' WHERE name = 'm1' AND namespace_id = (SELECT id FROM namespaces WHERE name = 'shop');
SELECT count(*) FROM manifests m JOIN before b USING (kind, name, cluster_namespace) WHERE m.manifest_hash <> b.manifest_hash;

-- no two rows ask for one object, by whatever way they came; what is refused is undone
CREATE FUNCTION public.tried(statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE statement;
	SET CONSTRAINTS ALL IMMEDIATE;
	RETURN 'accepted';
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE;
END
$$;
SELECT create_container('shop', v, 'app') > 0 AS made FROM unnest(ARRAY['a', 'a-nodeport', 'a-loadbalancer', 'a-nodeport-nodeport', repeat('l', 63), repeat('l', 45) || '-' || left(md5(repeat('l', 63)), 8) || '-nodeport', repeat('l', 41) || '-' || left(md5(repeat('l', 63)), 8) || '-loadbalancer']) v;
CREATE TABLE named AS SELECT id, namespace_id, name FROM containers WHERE name NOT LIKE 'w%';
CREATE TABLE statements AS
SELECT row_number() OVER (ORDER BY md5(s.statement)) AS n, s.statement FROM (
	SELECT format('INSERT INTO orchestration.port_mappings (namespace_id, container_id, container_port, service_port, service_type) VALUES (%s, %s, %s, %s, %L)', c.namespace_id, c.id, p, p, t)
	FROM named c, unnest('{ClusterIP,NodePort,LoadBalancer}'::text[]) t, unnest('{80,81}'::integer[]) p
	UNION ALL
	SELECT format('UPDATE orchestration.port_mappings SET service_type = %L WHERE container_id = %s', t, c.id) FROM named c, unnest('{ClusterIP,NodePort,LoadBalancer}'::text[]) t
	UNION ALL
	SELECT format('UPDATE orchestration.port_mappings SET service_port = NULL WHERE container_id = %s AND service_type = ''ClusterIP''', c.id) FROM named c
	UNION ALL
	SELECT format('UPDATE orchestration.port_mappings SET service_port = container_port WHERE container_id = %s', c.id) FROM named c
	UNION ALL
	SELECT format('DELETE FROM orchestration.port_mappings WHERE container_id = %s AND container_port = 80', c.id) FROM named c
	UNION ALL
	SELECT format('UPDATE orchestration.containers SET name = %L WHERE id = %s', d.name, c.id) FROM named c, named d
	UNION ALL
	SELECT format('UPDATE orchestration.port_mappings SET container_id = %s WHERE container_id = %s', d.id, c.id) FROM named c, named d WHERE d.id <> c.id
	UNION ALL
	SELECT format('SELECT orchestration.delete_container(%s); SELECT orchestration.create_container(''shop'', %L, ''app'', ports => ''[{"containerPort": 80, "servicePort": 80, "serviceType": "NodePort"}]'')', c.id, c.name) FROM named c
) s (statement);
CREATE FUNCTION public.meeting() RETURNS TABLE (accepted bigint, refused bigint, met bigint) LANGUAGE plpgsql AS $$
DECLARE
	s record;
	answer text;
BEGIN
	accepted := 0; refused := 0; met := 0;
	FOR s IN SELECT x.statement FROM orchestration.statements x CROSS JOIN generate_series(1, 3) g ORDER BY g, md5(x.statement || g) LOOP
		answer := public.tried(s.statement);
		IF answer = 'accepted' THEN accepted := accepted + 1; ELSE refused := refused + 1; END IF;
		met := met + (SELECT count(*) FROM (SELECT FROM orchestration.manifests m WHERE m.namespace_id = (SELECT n.id FROM orchestration.namespaces n WHERE n.name = 'shop') AND m.kind = 'Service' GROUP BY m.cluster_id, m.kind, m.cluster_namespace, m.name HAVING count(*) > 1) d);
	END LOOP;
	RETURN NEXT;
END
$$;
SELECT accepted > 20 AS accepted, refused > 20 AS refused, met FROM meeting();

SET client_min_messages = warning;
DROP FUNCTION public.tried, public.meeting;
DROP EXTENSION orchestration CASCADE;
