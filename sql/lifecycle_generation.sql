-- generation: raised by every change of what is rendered, and by nothing else
SET client_min_messages = warning;
CREATE EXTENSION orchestration CASCADE;
SELECT orchestration.bootstrap();
\i sql/include/as_people.sql
RESET client_min_messages;
SET search_path = orchestration, orchestration_internal, public;

INSERT INTO clusters (name, api_server, auth_method, enabled) VALUES ('c', 'https://127.0.0.1', 'in-cluster', false), ('d', 'https://127.0.0.2', 'in-cluster', false);
INSERT INTO namespaces (name, cluster_id, service_accounts) SELECT 'n', id, '{x}' FROM clusters WHERE name = 'c';
INSERT INTO users (username) VALUES ('somebody');
SELECT id AS ns FROM namespaces WHERE name = 'n' \gset
INSERT INTO container_images (namespace_id, repository) VALUES (:ns, 'nginx'), (:ns, 'redis');
SELECT min(id) AS image, max(id) AS image2 FROM container_images WHERE namespace_id = :ns \gset
INSERT INTO config_maps (namespace_id, name, data) VALUES (:ns, 'm', '{"a": "1"}') RETURNING id AS m \gset
INSERT INTO config_maps (namespace_id, name, data) VALUES (:ns, 'mounted', '{"a": "1"}') RETURNING id AS mounted \gset
INSERT INTO secrets (namespace_id, name, data_keys, encrypted_data) VALUES (:ns, 's', '{a}', seal('{}', format('secret/%s/s', :ns))) RETURNING id AS s \gset
INSERT INTO volumes (namespace_id, name, volume_type, config_map_id) VALUES (:ns, 'v', 'ConfigMap', :mounted) RETURNING id AS v \gset
INSERT INTO volumes (namespace_id, name, volume_type) VALUES (:ns, 'tmp', 'EmptyDir') RETURNING id AS tmp \gset
INSERT INTO volumes (namespace_id, name, volume_type, size_bytes, access_mode) VALUES (:ns, 'data', 'PVC', 1, 'ReadWriteOnce') RETURNING id AS data \gset
INSERT INTO config_maps (namespace_id, name) VALUES (:ns, 'third');
INSERT INTO registries (namespace_id, name, server, username, encrypted_password) VALUES (:ns, 'r', 'r.example.com', 'u', seal_registry_password(:ns, 'r.example.com', 'p'));
INSERT INTO containers (namespace_id, name, image_id) VALUES (:ns, 'web', :image) RETURNING id AS web \gset
INSERT INTO containers (namespace_id, name, image_id) VALUES (:ns, 'other', :image2) RETURNING id AS other \gset

-- every column of a table, changed by itself: does it count?
CREATE FUNCTION public.counts(relation text, row_id bigint) RETURNS TABLE (raises text, does_not text, refused text) LANGUAGE plpgsql AS $$
DECLARE
	special constant jsonb := $json${"created_by": "(SELECT max(id) FROM orchestration.users)", "max_surge": "'1'", "max_unavailable": "'1'", "image_pull_policy": "'Always'", "restart_policy": "'Never'",
		"strategy": "'Recreate'", "memory_limit": "1048576", "working_dir": "'/x'", "host_path": "'/x'", "desired_state": "'deleted'", "status": "status", "medium": "'Memory'", "retention": "'delete'", "access_mode": "'ReadWriteMany'", "tolerations": "'[{\"operator\": \"Exists\"}]'",
		"init_containers": "'[{\"name\": \"i\", \"image\": \"busybox\"}]'", "overrides": "'{\"spec\": {\"hostname\": \"x\"}}'", "security_context": "'{\"runAsUser\": 1}'",
		"pod_security_context": "'{\"runAsUser\": 1}'", "server": "'x.example.com'", "api_server": "'https://127.0.0.3'", "pod_security": "'privileged'",
		"encrypted_data": "orchestration_internal.seal('{}', format('secret/%s/%s', namespace_id, name))", "encrypted_password": "orchestration_internal.seal('p', format('registry/%s/%s', namespace_id, server))"}$json$;
	a record;
	new_value text;
	before bigint;
	after bigint;
BEGIN
	FOR a IN SELECT attname, format_type(atttypid, NULL) AS type FROM pg_attribute WHERE attrelid = ('orchestration.' || relation)::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attname LOOP
		new_value := coalesce(special ->> a.attname, CASE a.type WHEN 'bigint' THEN format('coalesce(%I, 0) + 1', a.attname) WHEN 'integer' THEN format('coalesce(%I, 0) + 1', a.attname) WHEN 'boolean' THEN format('NOT %I', a.attname)
			WHEN 'jsonb' THEN '''{"x": "y"}''' WHEN 'text[]' THEN '''{x}''' WHEN 'bytea' THEN '''\x01''' WHEN 'timestamp with time zone' THEN '''2020-01-01''' ELSE '''x''' END);
		BEGIN
			EXECUTE format('SELECT generation FROM orchestration.%I WHERE id = $1', relation) INTO before USING row_id;
			EXECUTE format('UPDATE orchestration.%I SET %I = %s WHERE id = $1 RETURNING generation', relation, a.attname, new_value) INTO after USING row_id;
			RAISE EXCEPTION USING ERRCODE = 'ZZ000', MESSAGE = after - before;
		EXCEPTION
			WHEN SQLSTATE 'ZZ000' THEN
				IF SQLERRM::bigint > 0 THEN raises := concat_ws(' ', raises, a.attname); ELSE does_not := concat_ws(' ', does_not, a.attname); END IF;
			WHEN check_violation THEN
				/* the column counts or not, but this value is not allowed here */
				refused := concat_ws(' ', refused, a.attname);
			WHEN SQLSTATE 'OR003' OR SQLSTATE 'OR004' OR SQLSTATE 'OR041' THEN
				refused := concat_ws(' ', refused, format('%s (%s)', a.attname, SQLSTATE));
			WHEN generated_always THEN
				refused := concat_ws(' ', refused, a.attname || ' (generated)');
		END;
	END LOOP;
	RETURN NEXT;
END
$$;
\x
-- of containers all that is specification does, or is refused with this value
SELECT (SELECT string_agg(n, ' ') FROM regexp_split_to_table(c.raises, ' ') n WHERE n <> ALL (specification_columns('containers') || '{generation}'::text[])) AS raises_wrongly, c.does_not,
	(SELECT string_agg(n, ' ') FROM regexp_split_to_table(c.does_not, ' ') n WHERE n = ANY (specification_columns('containers'))) AS does_not_wrongly,
	(SELECT count(*) > 25 FROM regexp_split_to_table(c.raises, ' ')) AS many_raise, (SELECT count(*) < 5 FROM regexp_split_to_table(c.refused, '\) ')) AS few_refused
FROM counts('containers', :web) c;
SELECT * FROM counts('namespaces', :ns);
SELECT * FROM counts('config_maps', :m);
SELECT * FROM counts('secrets', :s);
SELECT * FROM counts('registries', (SELECT id FROM registries));
SELECT * FROM counts('volumes', :tmp);
SELECT * FROM counts('volumes', :v);
SELECT * FROM counts('volumes', :data);
SELECT * FROM counts('clusters', (SELECT min(id) FROM clusters));
\x

SELECT joins('regress_operator', 'operator', 'n') \gset
-- it never goes down, anybody may raise it, a change raises it at least by one
SET SESSION AUTHORIZATION regress_operator;
SELECT generation FROM containers WHERE id = :web;
UPDATE containers SET generation = 10 WHERE id = :web RETURNING generation;
UPDATE containers SET generation = 3 WHERE id = :web RETURNING generation;
UPDATE containers SET generation = 3, replicas = 2 WHERE id = :web RETURNING generation;
UPDATE containers SET generation = 20, replicas = 3 WHERE id = :web RETURNING generation;
UPDATE containers SET replicas = 3, labels = labels, command = command WHERE id = :web RETURNING generation;
UPDATE containers SET observed_generation = 20, observed_at = now() WHERE id = :web RETURNING observed_generation, observed_at;
RESET SESSION AUTHORIZATION;
SET orchestration.simulate_worker = on;
UPDATE containers SET observed_generation = 20, observed_at = '2026-01-01', status = 'running', ready_replicas = 3, status_reason = 'Fine' WHERE id = :web RETURNING generation, observed_generation, observed_at IS NOT NULL AS observed, status, ready_replicas, updated_at = now() AS updated;
RESET orchestration.simulate_worker;
SET SESSION AUTHORIZATION regress_operator;
UPDATE containers SET description = 'x' WHERE id = :web RETURNING generation, updated_at = now() AS updated;

RESET SESSION AUTHORIZATION;
-- what belongs to a container: once per statement, however many rows
CREATE FUNCTION public.raised(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	before jsonb := (SELECT jsonb_object_agg(name, generation) FROM orchestration.containers);
BEGIN
	EXECUTE statement;
	RETURN (SELECT coalesce(string_agg(name || ' +' || generation - (before ->> name)::bigint, ', ' ORDER BY name), 'none') FROM orchestration.containers WHERE generation <> (before ->> name)::bigint);
END
$$;
SET SESSION AUTHORIZATION regress_operator;
SELECT raised(format('INSERT INTO environment_variables (namespace_id, container_id, name, value) SELECT %s, %s, ''V'' || g, g FROM generate_series(1, 50) g', :ns, :web)) AS insert_50_variables;
SELECT raised(format('INSERT INTO environment_variables (namespace_id, container_id, name, value) VALUES (%1$s, %2$s, ''W'', 1), (%1$s, %3$s, ''W'', 1)', :ns, :web, :other)) AS variables_of_two;
SELECT raised('UPDATE environment_variables SET value = ''x'' WHERE name = ''V1''') AS update_one;
SELECT raised('UPDATE environment_variables SET value = value, name = name, updated_at = now(), created_by = created_by') AS update_nothing;
SELECT raised('UPDATE environment_variables SET value = ''x'' WHERE name LIKE ''nobody''') AS update_no_row;
SELECT raised('DELETE FROM environment_variables WHERE name LIKE ''V%''') AS delete_50;
SELECT raised(format('UPDATE environment_variables SET container_id = %s, name = ''MOVED'' WHERE container_id = %s', :other, :web)) AS moved;
SELECT raised(format('INSERT INTO port_mappings (namespace_id, container_id, container_port) VALUES (%s, %s, 80)', :ns, :web)) AS port;
SELECT raised('UPDATE port_mappings SET service_port = 80') AS port_changed;
SELECT raised('UPDATE port_mappings SET service_port = 80') AS port_unchanged;
SELECT raised(format('INSERT INTO container_volumes (namespace_id, container_id, volume_id, mount_path) VALUES (%s, %s, %s, ''/v'')', :ns, :web, :v)) AS mount;
SELECT raised('UPDATE container_volumes SET read_only = true') AS mount_changed;
SELECT raised(format('INSERT INTO container_probes (namespace_id, container_id, probe_type, handler, command) VALUES (%s, %s, ''liveness'', ''exec'', ''{true}'')', :ns, :web)) AS probe;
SELECT raised('UPDATE container_probes SET command = ''{false}''') AS probe_changed;
SELECT raised('DELETE FROM container_probes') AS probe_gone;
SELECT raised(format('INSERT INTO environment_variables (namespace_id, container_id, name, config_map_id, key) VALUES (%s, %s, ''M'', %s, ''a'') ON CONFLICT (namespace_id, container_id, name) DO UPDATE SET key = excluded.key', :ns, :other, :m)) AS upsert_new;
SELECT raised(format('INSERT INTO environment_variables (namespace_id, container_id, name, config_map_id, key) VALUES (%s, %s, ''M'', %s, ''a'') ON CONFLICT (namespace_id, container_id, name) DO UPDATE SET key = excluded.key', :ns, :other, :m)) AS upsert_same;
SELECT raised(format('INSERT INTO environment_variables (namespace_id, container_id, name, secret_id, key) VALUES (%s, %s, ''S'', %s, ''a'')', :ns, :web, :s)) AS secret_variable;
SELECT updated_at = created_at AS never_updated FROM environment_variables WHERE name = 'S';

-- what a container refers to
SELECT raised('UPDATE config_maps SET data = ''{"a": "2"}'' WHERE name = ''m''') AS by_variable;
SELECT raised('UPDATE config_maps SET data = ''{"a": "2"}'' WHERE name = ''mounted''') AS by_mount;
SELECT raised('UPDATE config_maps SET data = ''{"a": "3"}''') AS both;
SELECT raised('UPDATE config_maps SET data = data') AS unchanged;
SELECT raised('UPDATE config_maps SET labels = ''{"a": "b"}''') AS labels_alone;
SELECT raised('UPDATE secrets SET encrypted_data = orchestration_internal.seal_secret(namespace_id, name, ''{"a": "2"}'')') AS secret;
SELECT raised('UPDATE volumes SET medium = ''Memory'' WHERE name = ''tmp''') AS unused_volume;
SELECT raised('UPDATE volumes SET name = ''w'' WHERE name = ''v''') AS volume;
SELECT raised('UPDATE container_images SET tag = ''2'' WHERE repository = ''redis''') AS image;
SELECT raised('UPDATE registries SET encrypted_password = orchestration_internal.seal_registry_password(namespace_id, server, ''q'')') AS registry;
SELECT raised('DELETE FROM registries') AS registry_gone;
SELECT raised('UPDATE namespaces SET labels = ''{"a": "b"}'' WHERE name = ''n''') AS namespace_labels;
UPDATE config_maps SET generation = 100;
SET SESSION AUTHORIZATION regress_administrator;
SELECT raised('UPDATE namespaces SET cluster_id = NULL WHERE name = ''n''') AS cluster_taken_away;
SELECT name, generation FROM config_maps ORDER BY name;

-- not within the transaction that creates the container, also below a savepoint
UPDATE namespaces SET cluster_id = (SELECT min(id) FROM clusters) WHERE name = 'n';
SET SESSION AUTHORIZATION regress_operator;
BEGIN;
INSERT INTO containers (namespace_id, name, image_id) VALUES (:ns, 'fresh', :image) RETURNING id AS fresh \gset
INSERT INTO environment_variables (namespace_id, container_id, name, value) VALUES (:ns, :fresh, 'A', '1');
SAVEPOINT a;
INSERT INTO port_mappings (namespace_id, container_id, container_port) VALUES (:ns, :fresh, 80);
SAVEPOINT b;
INSERT INTO container_volumes (namespace_id, container_id, volume_id, mount_path) VALUES (:ns, :fresh, :v, '/v');
SELECT generation AS fresh FROM containers WHERE id = :fresh;
COMMIT;
SELECT raised(format('UPDATE environment_variables SET value = 2 WHERE container_id = %s', :fresh)) AS later;
-- a row that the transaction has only described must not lose the change of its variable
BEGIN;
UPDATE containers SET description = 'described' WHERE id = :fresh RETURNING generation;
UPDATE environment_variables SET value = '3' WHERE container_id = :fresh;
SELECT generation FROM containers WHERE id = :fresh;
COMMIT;
-- a deleted container is left alone
UPDATE namespaces SET cluster_id = NULL WHERE name = 'n';
SELECT delete_container(:fresh);
SELECT raised('UPDATE container_images SET tag = ''3''') AS not_the_deleted;

RESET SESSION AUTHORIZATION;
RESET search_path;
DROP FUNCTION public.counts, public.raised;
SET client_min_messages = warning;
DROP EXTENSION orchestration CASCADE;
