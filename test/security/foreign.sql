-- What a tenant learns of others: everything that he may call or read is called and read with the ids and names of
-- another namespace, and with ids and names that nothing has.  The answers must be the same, and no answer holds a canary.
SET client_min_messages = warning;
CREATE EXTENSION orchestration CASCADE;
SELECT orchestration.bootstrap();
SELECT no_plan();

CREATE ROLE foreign_tenant IN ROLE orchestration_user, operators, admin_role;
CREATE ROLE foreign_nobody IN ROLE orchestration_user;
INSERT INTO orchestration.clusters (name, api_server, auth_method, enabled) VALUES ('c', 'https://127.0.0.1', 'in-cluster', false);
SELECT orchestration.create_namespace('mine', 'c') AS mine \gset
INSERT INTO orchestration.users (username, db_role) VALUES ('tenant', 'foreign_tenant') RETURNING id AS tenant \gset
INSERT INTO orchestration.users (username, db_role) VALUES ('nobody', 'foreign_nobody');
INSERT INTO orchestration.roles (name, permissions) VALUES ('everything', '{"*": ["*"]}');
INSERT INTO orchestration.user_roles (user_id, role_id, namespace_id) SELECT :tenant, id, :mine FROM orchestration.roles WHERE name = 'everything';
SELECT orchestration.create_config_map('mine', 'own', '{"k": "v"}'), orchestration.create_secret('mine', 'own', '{"k": "v"}'), orchestration.create_volume('mine', 'own', size => '1Gi');
SELECT orchestration.create_container('mine', 'own', 'nginx', env => '{"A": "b"}') AS own \gset

-- no id of the other namespace is one of ours
DO $$
DECLARE
	s record;
BEGIN
	FOR s IN SELECT c.oid::regclass AS sequence, row_number() OVER (ORDER BY c.relname) AS number FROM pg_class c WHERE c.relkind = 'S' AND c.relnamespace = 'orchestration'::regnamespace LOOP
		PERFORM setval(s.sequence, 1000 * s.number);
	END LOOP;
END
$$;
SELECT orchestration.create_namespace('canary-ns', 'c') AS theirs \gset
SELECT orchestration.create_config_map('canary-ns', 'canary-map', '{"canary": "canary"}'), orchestration.create_secret('canary-ns', 'canary-secret', '{"canary": "canary"}'),
	orchestration.create_volume('canary-ns', 'canary-volume', size => '1Gi'), orchestration.create_registry('canary-ns', 'canary-registry', 'canary.example', 'canary', 'canary');
SELECT orchestration.create_container('canary-ns', 'canary', 'canary/nginx', env => '{"CANARY": "canary"}', ports => '[{"containerPort": 80}]') AS target \gset
INSERT INTO orchestration.users (username, full_name) VALUES ('canary', 'canary');
INSERT INTO orchestration.roles (name, description, permissions) VALUES ('canary-role', 'canary', '{"logs": ["read"]}');
INSERT INTO orchestration.user_roles (user_id, role_id, namespace_id) SELECT u.id, r.id, :theirs FROM orchestration.users u, orchestration.roles r WHERE u.username = 'canary' AND r.name = 'everything';
INSERT INTO orchestration.user_sessions (user_id, token_id, application_name) SELECT id, 'canary', 'canary' FROM orchestration.users WHERE username = 'canary';
INSERT INTO orchestration.user_secrets (user_id, secret_type, name, encrypted_value) SELECT id, 'canary', 'canary', 'canary' FROM orchestration.users WHERE username = 'canary';
SELECT count(*) AS sent FROM orchestration.clusters c, orchestration_internal.simulate_claim(c.id, 100) \gset
INSERT INTO orchestration_internal.plan_errors (namespace_id, owner_type, owner_id, owner_generation, reason, message, next_attempt_at) VALUES (:theirs, 'container', :target, 1, 'canary', 'canary', now());
INSERT INTO orchestration.container_instances (namespace_id, container_id, cluster_id, pod_name, pod_uid, resource_version, phase, observed)
SELECT :theirs, :target, id, 'canary-1', 'canary', '1', 'Running', '{}' FROM orchestration.clusters;
INSERT INTO orchestration.alerts (namespace_id, rule, labels, state, severity, description, unit, breached_since, opened_at)
VALUES (:theirs, 'containers_failed', '{"namespace": "canary-ns"}', 'open', 'warning', 'canary', 'count', now(), now()), (0, 'cluster_lost', '{"cluster": "canary"}', 'open', 'warning', 'canary', 'count', now(), now());
SELECT orchestration.record_usage(ARRAY[:target]::bigint[], ARRAY[now()], ARRAY[1.0]);
REFRESH MATERIALIZED VIEW orchestration_internal.container_summary_stored;

-- ---- what he may read: every relation, every column that he may
CREATE FUNCTION public.seen(who name, relation regclass, what text DEFAULT 'canary') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	columns text := (SELECT string_agg(quote_ident(a.attname), ', ') FROM pg_attribute a
		WHERE a.attrelid = relation AND a.attnum > 0 AND NOT a.attisdropped AND has_column_privilege(who, relation, a.attnum, 'SELECT'));
	found text;
BEGIN
	IF columns IS NULL THEN
		RETURN 'nothing';
	END IF;
	EXECUTE format('SET LOCAL ROLE %I', who);
	EXECUTE format('SELECT min(x::text) FILTER (WHERE x::text ~ %L) FROM (SELECT %s FROM %s) x', what, columns, relation) INTO found;
	SET LOCAL ROLE NONE;
	RETURN COALESCE(found, 'nothing');
EXCEPTION WHEN insufficient_privilege THEN
	RETURN 'nothing';
END
$$;
SELECT is(ARRAY(SELECT format('%s in %s: %s', who, c.oid::regclass, public.seen(who, c.oid)) FROM unnest('{foreign_tenant,foreign_nobody}'::name[]) who, pg_class c
	WHERE c.relnamespace IN ('orchestration'::regnamespace, 'orchestration_internal'::regnamespace) AND c.relkind IN ('r', 'p', 'v', 'm') AND public.seen(who, c.oid) <> 'nothing' AND NOT (who = 'foreign_tenant' AND c.oid = 'orchestration.roles'::regclass) ORDER BY 1),
	'{}'::text[], 'no table and no view shows a row of another namespace');
SELECT cmp_ok((SELECT count(*) FROM pg_class c WHERE c.relnamespace = 'orchestration'::regnamespace AND c.relkind IN ('r', 'p', 'v') AND has_any_column_privilege('foreign_tenant', c.oid, 'SELECT')), '>', 40::bigint, 'of many');

-- ---- what he may call: with what is there and not his, and with what is not there
CREATE TABLE public.foreign_rows (id bigint, name text, other text);
-- of what has no namespace, who may read roles or clusters anywhere may know
CREATE TABLE public.unlimited_rows AS SELECT id, name, 'canary-ns'::text AS other FROM orchestration.roles WHERE name = 'canary-role';
INSERT INTO public.foreign_rows
SELECT id, name, 'canary-ns' FROM orchestration.containers WHERE namespace_id = :theirs
UNION ALL SELECT id, name, 'canary-ns' FROM orchestration.config_maps WHERE namespace_id = :theirs
UNION ALL SELECT id, name, 'canary-ns' FROM orchestration.secrets WHERE namespace_id = :theirs
UNION ALL SELECT id, name, 'canary-ns' FROM orchestration.volumes WHERE namespace_id = :theirs
UNION ALL SELECT id, name, 'canary-ns' FROM orchestration.registries WHERE namespace_id = :theirs
UNION ALL SELECT id, name, 'canary-ns' FROM orchestration.environment_variables WHERE namespace_id = :theirs
UNION ALL SELECT id, 'canary', 'canary-ns' FROM orchestration.container_images WHERE namespace_id = :theirs
UNION ALL SELECT min(id), min(name), 'canary-ns' FROM orchestration.managed_objects WHERE namespace_id = :theirs
UNION ALL SELECT id, pod_name, 'canary-ns' FROM orchestration.container_instances WHERE namespace_id = :theirs
UNION ALL SELECT id, 'canary', 'canary-ns' FROM orchestration.alerts
UNION ALL SELECT id, 'canary', 'canary-ns' FROM orchestration.user_sessions
UNION ALL SELECT id, username, 'canary-ns' FROM orchestration.users WHERE username = 'canary'
UNION ALL SELECT id, name, 'canary-ns' FROM orchestration.namespaces WHERE id = :theirs;

CREATE FUNCTION public.argument(type oid, name text, the public.foreign_rows, namespace_id bigint) RETURNS text LANGUAGE sql AS $$
	SELECT CASE
		WHEN type = 'bigint'::regtype THEN quote_literal(CASE WHEN name ~ 'namespace' THEN namespace_id ELSE the.id END) || '::bigint'
		WHEN type = 'bigint[]'::regtype THEN format('ARRAY[%s]::bigint[]', CASE WHEN name ~ 'namespace' THEN namespace_id ELSE the.id END)
		WHEN type IN ('text'::regtype, 'name'::regtype) THEN quote_literal(CASE
			WHEN name ~ 'namespace' THEN the.other WHEN name = 'cluster' THEN 'c'
			WHEN name ~ '^resource' THEN 'containers' WHEN name ~ '^actions?$' THEN 'read' WHEN name = 'operation' THEN 'create'
			WHEN name = 'status' THEN 'running' WHEN name = 'verb' THEN 'stop_container' WHEN name IN ('state', 'to_state', 'from_state') THEN 'stopped'
			WHEN name = 'metric' THEN 'cpu' WHEN name = 'size' THEN '1Gi' WHEN name = 'type' THEN 'PVC' WHEN name ~ 'owner_type|of_type' THEN 'container'
			WHEN name ~ 'image' THEN 'nginx' ELSE the.name END) || '::' || format_type(type, NULL)
		WHEN type = 'text[]'::regtype THEN format('ARRAY[%L]', the.name)
		WHEN type = 'jsonb'::regtype THEN CASE WHEN name = 'data' THEN '''{"k": "v"}''::jsonb' ELSE '''{}''::jsonb' END
		WHEN type IN ('integer'::regtype, 'double precision'::regtype) THEN '1'
		WHEN type = 'boolean'::regtype THEN 'false'
		WHEN type = 'interval'::regtype THEN '''0''::interval'
		WHEN type = 'timestamptz'::regtype THEN '''2026-01-01''::timestamptz'
		WHEN type = 'timestamptz[]'::regtype THEN 'ARRAY[now()]'
		ELSE 'NULL::' || format_type(type, NULL)
	END
$$;
CREATE FUNCTION public.call_of(function oid, count integer, the public.foreign_rows, namespace_id bigint) RETURNS text LANGUAGE sql AS $$
	SELECT format('SELECT string_agg(x::text, '','') FROM %I.%I(%s) x', p.pronamespace::regnamespace, p.proname,
		(SELECT string_agg(CASE WHEN p.provariadic <> 0 AND n = p.pronargs THEN 'VARIADIC ' ELSE '' END || public.argument(t, COALESCE(p.proargnames[n], ''), the, namespace_id), ', ' ORDER BY n)
		 FROM unnest(p.proargtypes::oid[]) WITH ORDINALITY u (t, n) WHERE n <= count))
	FROM pg_proc p WHERE p.oid = function
$$;
-- what somebody is told, without the names and ids that he gave
CREATE FUNCTION public.answer(who name, call text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text;
	detail text;
	hint text;
BEGIN
	BEGIN
		EXECUTE format('SET LOCAL ROLE %I', who);
		EXECUTE call INTO answer;
		RAISE SQLSTATE 'UNDO1' USING MESSAGE = COALESCE(answer, 'nothing');
	EXCEPTION WHEN OTHERS THEN
		GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
		answer := concat_ws(' | ', SQLSTATE, SQLERRM, detail, hint);
	END;
	/* names differ by a letter; ids, times and ciphertext are given, or of the moment */
	RETURN regexp_replace(regexp_replace(replace(answer, 'canor', 'canar'), '\\x[0-9a-f]+', 'bytes', 'g'), '\d\d:\d\d:\d\d[.\d]*|\d{4,}', 'N', 'g');
END
$$;

SET client_min_messages = error;
CREATE TABLE public.answers AS
SELECT w.who, p.oid::regprocedure AS function, the.name, public.answer(w.who, public.call_of(p.oid, n, (the.id, the.name, the.other)::public.foreign_rows, w.theirs)) AS foreign_answer,
	public.answer(w.who, public.call_of(p.oid, n, (the.id + 500, replace(the.name, 'canary', 'canory'), 'canory-ns')::public.foreign_rows, w.theirs + 500)) AS missing_answer
FROM pg_proc p
CROSS JOIN LATERAL (SELECT DISTINCT n FROM unnest(ARRAY[p.pronargs::integer, p.pronargs - p.pronargdefaults]) n WHERE n > 0) a
CROSS JOIN (VALUES ('foreign_tenant'::name, :theirs::bigint), ('foreign_nobody', :theirs)) w (who, theirs)
CROSS JOIN LATERAL (SELECT * FROM public.foreign_rows UNION ALL SELECT * FROM public.unlimited_rows WHERE w.who = 'foreign_nobody') the
/* what is immutable reads no table */
WHERE p.pronamespace IN ('orchestration'::regnamespace, 'orchestration_internal'::regnamespace) AND p.prokind = 'f' AND p.provolatile <> 'i'
	AND p.prorettype NOT IN ('trigger'::regtype, 'event_trigger'::regtype, 'internal'::regtype) AND NOT 'internal'::regtype = ANY (p.proargtypes::oid[])
	AND has_function_privilege(w.who, p.oid, 'EXECUTE');
SELECT is(ARRAY(SELECT DISTINCT ON (function, who) format('%s calls %s with %s: %s; with none: %s', who, function, name, foreign_answer, missing_answer) FROM public.answers WHERE foreign_answer <> missing_answer ORDER BY function, who),
	'{}'::text[], 'no function tells what exists elsewhere');
SELECT cmp_ok((SELECT count(*) FROM public.answers), '>', 1000::bigint, 'of many calls');

-- the same of plain SQL: what he writes, or refers to
CREATE FUNCTION public.writes(the public.foreign_rows, namespace_id bigint, mine bigint, own bigint) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT format(statement, the.id, the.name, namespace_id, mine, own)
	FROM unnest(ARRAY[
		'INSERT INTO orchestration.config_maps (namespace_id, name) VALUES (%3$s, %2$L)', 'INSERT INTO orchestration.container_images (namespace_id, repository) VALUES (%3$s, %2$L)',
		'INSERT INTO orchestration.environment_variables (namespace_id, container_id, name, secret_id, key) VALUES (%4$s, %5$s, ''K'', %1$s, ''k'')',
		'INSERT INTO orchestration.environment_variables (namespace_id, container_id, name, config_map_id, key) VALUES (%4$s, %5$s, ''K'', %1$s, ''k'')',
		'INSERT INTO orchestration.environment_variables (namespace_id, container_id, name, value) VALUES (%4$s, %1$s, ''K'', ''k'')',
		'INSERT INTO orchestration.environment_variables (namespace_id, container_id, name, value) VALUES (%3$s, %1$s, ''K'', ''k'')',
		'INSERT INTO orchestration.container_volumes (namespace_id, container_id, volume_id, mount_path) VALUES (%4$s, %5$s, %1$s, ''/d'')',
		'INSERT INTO orchestration.port_mappings (namespace_id, container_id, container_port) VALUES (%3$s, %1$s, 80)',
		'INSERT INTO orchestration.containers (namespace_id, name, image_id) VALUES (%4$s, ''x'', %1$s)', 'INSERT INTO orchestration.containers (namespace_id, name, image_id) VALUES (%3$s, %2$L, %1$s)',
		'INSERT INTO orchestration.volumes (namespace_id, name, volume_type, secret_id) VALUES (%4$s, ''x'', ''Secret'', %1$s)',
		'INSERT INTO orchestration.user_roles (user_id, role_id, namespace_id) SELECT orchestration.current_user_id(), r.id, %3$s FROM orchestration.roles r WHERE r.name = ''viewer''',
		'UPDATE orchestration.containers SET namespace_id = %3$s WHERE id = %5$s', 'UPDATE orchestration.containers SET replicas = 2 WHERE id = %1$s RETURNING 1',
		'DELETE FROM orchestration.containers WHERE id = %1$s RETURNING 1', 'DELETE FROM orchestration.namespaces WHERE id = %3$s RETURNING 1',
		'UPDATE orchestration.alerts SET note = ''x'' WHERE id = %1$s RETURNING 1', 'DELETE FROM orchestration.users WHERE id = %1$s RETURNING 1',
		'INSERT INTO orchestration.config_maps (namespace_id, id, name) OVERRIDING SYSTEM VALUE VALUES (%4$s, %1$s, ''x'')']) statement
$$;
CREATE TABLE public.written AS
SELECT the.name, s.statement, public.answer('foreign_tenant', s.statement) AS foreign_answer, public.answer('foreign_tenant', m.statement) AS missing_answer
FROM public.foreign_rows the
CROSS JOIN LATERAL ROWS FROM (public.writes(the, :theirs, :mine, :own)) WITH ORDINALITY s (statement, n)
JOIN LATERAL ROWS FROM (public.writes((the.id + 500, replace(the.name, 'canary', 'canory'), 'canory-ns'), :theirs + 500, :mine, :own)) WITH ORDINALITY m (statement, n) ON m.n = s.n;
SELECT is(ARRAY(SELECT DISTINCT ON (statement) format('%s: %s; of none: %s', statement, foreign_answer, missing_answer) FROM public.written WHERE foreign_answer <> missing_answer ORDER BY statement),
	'{}'::text[], 'nor does a statement');
SELECT cmp_ok((SELECT count(*) FROM public.written WHERE foreign_answer NOT LIKE 'UNDO1%'), '>', 100::bigint, 'most of which are refused');

-- ---- in his own namespace: who may not read what is of one kind sees no name of it, and his plan does not lie
CREATE ROLE foreign_but IN ROLE orchestration_user;
INSERT INTO orchestration.users (username, db_role) VALUES ('but', 'foreign_but') RETURNING id AS but \gset
SELECT orchestration.create_namespace('half', 'c') AS half \gset
SELECT orchestration.create_config_map('half', 'plain-config-maps', '{"k": "v"}') AS map, orchestration.create_secret('half', 'plain-secrets', '{"k": "v"}') AS secret, orchestration.create_volume('half', 'plain-volumes', size => '1Gi') AS volume,
	orchestration.create_registry('half', 'plain-registries', 'docker.io', 'plain-registries', 'p') AS registry, orchestration.create_container('half', 'plain-containers', 'nginx') AS container \gset
INSERT INTO orchestration.environment_variables (namespace_id, container_id, name, secret_id, key) VALUES (:half, :container, 'S', :secret, 'k');
INSERT INTO orchestration.environment_variables (namespace_id, container_id, name, config_map_id, key) VALUES (:half, :container, 'M', :map, 'k');
INSERT INTO orchestration.container_volumes (namespace_id, container_id, volume_id, mount_path) VALUES (:half, :container, :volume, '/v');
SELECT count(*) AS sent FROM orchestration.clusters c, orchestration_internal.simulate_claim(c.id, 100) \gset
UPDATE orchestration.managed_objects SET uid = name, applied_hash = desired_hash, applied_at = now();
INSERT INTO orchestration_internal.plan_errors (namespace_id, owner_type, owner_id, owner_generation, reason, message, next_attempt_at)
SELECT :half, o.owner_type, 1, 1, 'RenderFailed', 'plain-' || replace(o.resource, '_', '-'), now() FROM orchestration_internal.owner_resources() o WHERE o.owner_type <> 'namespace';

-- relations that name it, and lines of plan() that name it or are no 'none'
CREATE FUNCTION public.slips(resource text) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
	found text[] := '{}';
	plain text := 'plain-' || replace(resource, '_', '-');
BEGIN
	DELETE FROM orchestration.user_roles WHERE user_id = (SELECT id FROM orchestration.users WHERE username = 'but');
	INSERT INTO orchestration.roles (name, permissions) SELECT 'but ' || resource, jsonb_object_agg(r, '["*"]'::jsonb) FROM unnest('{containers,config_maps,secrets,volumes,registries,namespaces,monitoring}'::text[]) r WHERE r <> resource;
	INSERT INTO orchestration.user_roles (user_id, role_id, namespace_id) SELECT u.id, r.id, n.id FROM orchestration.users u, orchestration.roles r, orchestration.namespaces n WHERE u.username = 'but' AND r.name = 'but ' || resource AND n.name = 'half';
	SET LOCAL ROLE foreign_but;
	found := ARRAY(SELECT format('plan: %s %s', action, name) FROM orchestration.plan('half') WHERE action <> 'none' OR name ~ plain ORDER BY 1);
	SET LOCAL ROLE NONE;
	RETURN found || ARRAY(SELECT c.oid::regclass::text FROM pg_class c WHERE c.relnamespace IN ('orchestration'::regnamespace, 'orchestration_internal'::regnamespace) AND c.relkind IN ('r', 'p', 'v', 'm')
		AND public.seen('foreign_but', c.oid, plain) <> 'nothing' ORDER BY 1);
END
$$;
SELECT is(public.slips(r), '{}'::text[], 'who may read everything but ' || r) FROM unnest('{containers,config_maps,secrets,volumes,registries}'::text[]) r;
SELECT is(public.slips('nothing of it'), '{}'::text[], 'who may read everything');
SELECT is((SELECT count(*) FROM orchestration.managed_objects WHERE namespace_id = :half), 6::bigint, 'there is one of each');
SELECT is(ARRAY(SELECT r.singular FROM orchestration_internal.resources() r WHERE orchestration_internal.is_owner_type(r.singular) ORDER BY 1),
	ARRAY(SELECT owner_type FROM orchestration_internal.owner_resources() ORDER BY 1), 'every kind of owner has a resource that is asked for');

SELECT * FROM finish();
DROP OWNED BY foreign_tenant, foreign_nobody, foreign_but;
DROP ROLE foreign_tenant, foreign_nobody, foreign_but;
