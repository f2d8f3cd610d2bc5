-- what is true of every line of the two lists: kinds() and resources()
SET client_min_messages = warning;
CREATE EXTENSION orchestration CASCADE;
SELECT orchestration.bootstrap();
SELECT plan(42);
SET search_path = orchestration_internal, public;

CREATE TEMP TABLE r AS SELECT l.*, to_regclass('orchestration.' || l.relation) AS oid FROM resources() l;
CREATE TEMP TABLE k AS SELECT l.* FROM kinds() l;
CREATE TEMP VIEW columns AS
SELECT r.relation, a.attname::text AS name FROM r JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped;
CREATE TEMP VIEW triggers AS
SELECT r.relation, t.tgname::text AS name, p.proname::text AS function, t.tgenabled,
	ARRAY(SELECT a FROM regexp_split_to_table(encode(t.tgargs, 'escape'), '\\000') WITH ORDINALITY s (a, n) WHERE n <= t.tgnargs ORDER BY n) AS arguments
FROM r JOIN pg_trigger t ON t.tgrelid = r.oid JOIN pg_proc p ON p.oid = t.tgfoid;

-- ---- resources ----
SELECT cmp_ok((SELECT count(*)::int FROM r), '>=', 22, 'there are resources');
SELECT is_empty($$ SELECT relation FROM r WHERE oid IS NULL $$, 'every table of the list is there');
SELECT is_empty($$ SELECT singular FROM r GROUP BY singular HAVING count(*) > 1 UNION SELECT called FROM r GROUP BY called HAVING count(*) > 1 $$, 'no two are called the same');
SELECT is_empty($$ SELECT relation FROM r WHERE NOT valid_permissions(jsonb_build_object(permission, '["read"]'::jsonb)) $$, 'every permission is known');
SELECT is_empty($$
	SELECT c.relname FROM pg_class c
	WHERE c.relnamespace = 'orchestration'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
		AND EXISTS (SELECT FROM unnest('{orchestration_user,orchestration_gateway,operators,admin_role}'::name[]) u (name)
			WHERE has_any_column_privilege(u.name, c.oid, 'INSERT') OR has_any_column_privilege(u.name, c.oid, 'UPDATE') OR has_table_privilege(u.name, c.oid, 'DELETE'))
		AND c.relname NOT IN (SELECT relation FROM r)
$$, 'what users may write is in the list');
SELECT is_empty($$
	SELECT r.relation, n.name FROM r
	CROSS JOIN LATERAL (
		SELECT r.scope UNION ALL SELECT r.title UNION ALL SELECT unnest(r.secret || r.unlogged) UNION ALL SELECT b FROM unnest(r.bounds) b WHERE b !~ '^[0-9]+$'
		UNION ALL SELECT 'container_id' WHERE r.part_of = 'containers'
	) n (name)
	WHERE n.name IS NOT NULL AND (r.relation, n.name) NOT IN (SELECT relation, name FROM columns)
$$, 'the columns that the list names are there');
SELECT is_empty($$ SELECT DISTINCT a FROM r, unnest(r.apart) a WHERE a NOT IN (SELECT name FROM columns) $$, 'no column is set apart that no table has');
SELECT is_empty($$ SELECT relation FROM r WHERE part_of NOT IN (SELECT relation FROM r) $$, 'parts are parts of resources');

-- audit
SELECT is_empty($$
	SELECT r.relation, e.name FROM r CROSS JOIN unnest('{insert,update,delete}'::text[]) e (name)
	WHERE NOT EXISTS (SELECT FROM triggers t WHERE t.relation = r.relation AND t.name = 'zz_audit_' || e.name AND t.function = 'audit_changes' AND t.tgenabled = 'O'
		AND t.arguments = ARRAY[r.singular, COALESCE(r.title, '')] || r.secret || ARRAY(SELECT '-' || u FROM unnest(r.unlogged) u))
$$, 'every resource is audited, by the names and with the secrets of the list');
SELECT set_eq($$ SELECT relation FROM audited_tables $$, $$ SELECT relation FROM r $$, 'and the trail is watched for it');
SELECT is_empty($$ SELECT c.relation, c.name FROM columns c JOIN r USING (relation) WHERE c.name ~ '^encrypted|token' AND c.name <> ALL (r.secret) $$, 'what looks like ciphertext is a secret');
SELECT is_empty($$
	SELECT r.relation, s FROM r CROSS JOIN unnest(r.secret) s CROSS JOIN unnest('{orchestration_user,orchestration_gateway,orchestration_monitor,operators}'::name[]) u
	WHERE has_column_privilege(u, r.oid, s, 'SELECT')
$$, 'no user reads what is secret');

-- who may
SELECT is_empty($$
	SELECT r.relation FROM r WHERE r.scope IS NOT NULL AND NOT EXISTS (
		SELECT FROM triggers t WHERE t.relation = r.relation AND t.name = 'zz_access' AND t.tgenabled = 'A' AND t.arguments[1] = r.permission AND t.arguments[2] = r.scope)
$$, 'every write into a namespace asks for the permission');
SELECT is_empty($$ SELECT r.relation FROM r JOIN pg_class c ON c.oid = r.oid WHERE NOT (c.relrowsecurity AND c.relforcerowsecurity) $$, 'row security is on, for the owner too');
SELECT is_empty($$
	SELECT r.relation, c.command FROM r CROSS JOIN unnest('{r,a,w,d}'::text[]) c (command)
	WHERE r.scope IS NOT NULL AND NOT EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = r.oid AND p.polcmd::text = c.command AND p.polpermissive
		AND concat(pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid)) ~ 'permits')
$$, 'and has a policy for every command');
SELECT is_empty($$ SELECT r.relation FROM r WHERE NOT EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = r.oid AND p.polcmd = 'r') $$, 'every resource has one for reading');
SELECT is_empty($$
	SELECT p.permission, o.name FROM (SELECT DISTINCT permission FROM r WHERE scope IS NOT NULL AND secret = '{}') p CROSS JOIN unnest('{operator,viewer}'::text[]) o (name)
	WHERE NOT EXISTS (SELECT FROM orchestration.roles x WHERE x.name = o.name AND x.permissions -> p.permission ? 'read')
$$, 'operators and viewers read everything in a namespace that is no secret');

SELECT is_empty($$
	SELECT r.permission, o.permissions -> r.permission FROM r, orchestration.roles o
	WHERE o.name = 'operator' AND r.scope IS NOT NULL AND r.relation = r.permission
		AND (o.permissions -> r.permission @> '["read", "create", "update"]' AND (o.permissions -> r.permission ? 'delete') = (r.relation <> 'namespaces')) IS NOT TRUE
$$, 'operators write it');
CREATE FUNCTION pg_temp.hint_of(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	hint text;
BEGIN
	EXECUTE statement;
	RETURN NULL;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
	RETURN hint;
END
$$;
SELECT is_empty($$ SELECT permission FROM r WHERE pg_temp.hint_of('SELECT orchestration_internal.valid_permissions(''{"x": []}'')') !~ ('\y' || permission || '\y') $$, 'who misspells a permission is told all of them');

-- bounds and generation
SELECT is_empty($$
	SELECT r.relation FROM r WHERE r.bounds <> '{}' AND NOT EXISTS (SELECT FROM triggers t WHERE t.relation = r.relation AND t.function = 'bound_columns' AND t.arguments = r.bounds)
$$, 'bounds are those of the list');
SELECT set_eq($$ SELECT relation FROM columns WHERE name = 'generation' $$, $$ SELECT relation FROM r WHERE owner OR relation = 'clusters' $$, 'what becomes an object has a generation');
SELECT is_empty($$
	SELECT r.relation FROM r WHERE EXISTS (SELECT FROM columns c WHERE c.relation = r.relation AND c.name = 'generation') AND NOT EXISTS (
		SELECT FROM triggers t WHERE t.relation = r.relation AND t.function IN ('bump_generation', 'guard_container') AND t.arguments = specification_columns(r.relation))
$$, 'which every column of the specification raises');
SELECT is_empty($$
	SELECT c.relation, c.name FROM columns c JOIN r USING (relation)
	WHERE (c.name = ANY (specification_columns(c.relation))) = (c.name = ANY (r.apart || r.secret))
$$, 'a column is either specification or set apart');
SELECT is_empty($$
	SELECT r.relation FROM r WHERE r.part_of IS NOT NULL AND NOT EXISTS (
		SELECT FROM triggers t WHERE t.relation = r.relation AND t.name = 'touch_update' AND t.arguments = ARRAY['container'] || specification_columns(r.relation))
$$, 'and so does every column of a part');
SELECT is_empty($$
	SELECT r.relation, n.name FROM r CROSS JOIN (VALUES ('release_objects', true), ('wake_worker', true)) n (name)
	WHERE r.owner AND NOT EXISTS (SELECT FROM triggers t WHERE t.relation = r.relation AND t.name = n.name)
$$, 'a deleted owner releases its objects, and a changed one wakes the worker');
SELECT is_empty($$
	SELECT r.relation FROM r WHERE r.owner AND NOT EXISTS (
		SELECT FROM pg_index i WHERE i.indrelid = r.oid AND pg_get_expr(i.indpred, i.indrelid) = '(generation > observed_generation)')
$$, 'what is to be planned is found by an index');
SELECT is_empty($$
	SELECT r.relation FROM r
	WHERE r.owner AND NOT (has_table_privilege('orchestration_worker', r.oid, 'SELECT') AND has_table_privilege('orchestration_worker', r.oid, 'UPDATE'))
$$, 'the worker may say what it saw');
SELECT is_empty($$
	SELECT DISTINCT v.relname, d.refobjid::regprocedure
	FROM pg_class v JOIN pg_rewrite w ON w.ev_class = v.oid
	JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid AND d.refclassid = 'pg_proc'::regclass
	WHERE v.relnamespace = 'orchestration_internal'::regnamespace AND v.relname ~ '^(rendered|parts)_' AND NOT has_function_privilege('orchestration_worker', d.refobjid, 'EXECUTE')
$$, 'and render what it is made of');

-- ---- kinds ----
SELECT cmp_ok((SELECT count(*)::int FROM k), '>=', 8, 'there are kinds');
SELECT is_empty($$
	SELECT k.kind FROM k WHERE object_path(k.kind, 'x', 'y') IS DISTINCT FROM
		CASE WHEN k.api_version LIKE '%/%' THEN '/apis/' ELSE '/api/' END || k.api_version || CASE WHEN k.namespaced THEN '/namespaces/x' ELSE '' END || '/' || k.plural || '/y'
$$, 'paths are made of the list');
SELECT throws_ok($$ SELECT object_path('Ingresss', 'x', 'y') $$, 'OR003', NULL, 'and of nothing else');
SELECT is_empty($$ SELECT kind FROM k WHERE kind_order(kind) IS DISTINCT FROM apply_order OR kind_version(kind) <> api_version OR kind_immutable(kind) <> immutable OR kind_heritable(kind) <> heritable
	OR kind_pod_owner(kind) IS DISTINCT FROM pod_owner OR kind_aspect(kind) IS DISTINCT FROM aspect $$,
	'what is asked about one kind is what the list says');
SELECT is_empty($$
	SELECT k.kind FROM k WHERE k.apply_order IS NOT NULL AND NOT EXISTS (
		SELECT FROM pg_views v WHERE v.schemaname = 'orchestration_internal' AND v.viewname LIKE 'rendered\_%' AND strpos(v.definition, quote_literal(k.kind)) > 0)
$$, 'every kind that is applied is rendered by some view');
-- a kind with an aspect: what goes by its name, tried by the test of its module
SELECT is_empty($$ SELECT a FROM k, unnest(ARRAY[k.aspect]) a WHERE a <> ALL (specification_columns('containers')) $$, 'an aspect is a column of the specification');
SELECT is_empty($$
	SELECT k.kind, f FROM k, format('orchestration_internal.%s_facts(bigint,bigint,jsonb)', k.aspect) f WHERE k.aspect IS NOT NULL AND NOT COALESCE(has_function_privilege('orchestration_worker', to_regprocedure(f), 'EXECUTE'), false)
	UNION ALL
	SELECT k.kind, f FROM k, format('orchestration_internal.%s_words(bigint)', k.aspect) f WHERE k.aspect IS NOT NULL AND NOT COALESCE(has_function_privilege('orchestration_user', to_regprocedure(f), 'EXECUTE'), false)
$$, 'it has facts for the worker, and words for why()');
SELECT is_empty($$
	SELECT k.kind FROM k WHERE k.aspect IS NOT NULL AND ARRAY(SELECT attname FROM pg_attribute WHERE attrelid = to_regclass('orchestration_internal.rendered_' || k.aspect) AND attnum > 0 ORDER BY attnum)
		<> ARRAY(SELECT attname FROM pg_attribute WHERE attrelid = 'orchestration_internal.rendered_services'::regclass AND attnum > 0 ORDER BY attnum)
$$, 'and a view like the others');

-- one row of each
INSERT INTO orchestration.clusters (name, api_server, auth_method, enabled) VALUES ('lists', 'https://lists.example', 'in-cluster', false);
SELECT orchestration.create_namespace('shop', 'lists');
SELECT orchestration.create_config_map('shop', 'app', '{"k": "v"}');
SELECT orchestration.create_secret('shop', 'db', '{"p": "v"}');
SELECT orchestration.create_registry('shop', 'hub', 'registry.example', 'u', 'p');
SELECT orchestration.create_volume('shop', 'data', 'PVC', '1Gi', 'ReadWriteOnce');
SELECT orchestration.create_volume('shop', 'scratch', 'EmptyDir');
SELECT orchestration.create_container('shop', 'web', 'busybox', ports => '[{"containerPort": 80, "servicePort": 80}]');
SELECT orchestration.create_container('shop', 'once', 'busybox', restart_policy => 'Never');
SELECT is_empty($$ SELECT m.kind, m.name FROM orchestration.manifests m LEFT JOIN k USING (kind)
	WHERE (k.api_version, k.apply_order, k.namespaced) IS DISTINCT FROM (m.api_version, m.apply_order, m.cluster_namespace <> '') OR m.manifest ->> 'apiVersion' <> k.api_version OR m.manifest ->> 'kind' <> k.kind $$,
	'manifests have version and order of their kind');
SELECT cmp_ok((SELECT count(DISTINCT owner_type)::int FROM orchestration.manifests), '>=', 6, 'for many');
SELECT set_eq($$ SELECT DISTINCT owner_type, namespace_id, owner_id FROM orchestration.manifests $$, $$ SELECT owner_type, namespace_id, id FROM owners WHERE cluster_id IS NOT NULL AND wanted $$,
	'the owners that want objects are those with manifests');
SELECT is_empty($$ SELECT owner_type, id FROM owners WHERE NOT owner_exists(owner_type, id) OR owner_of_label(owner_type || '-' || id) <> ARRAY[owner_type, id::text] $$, 'every owner is found by its label');
SELECT results_eq($$ SELECT owner_of_label(l) FROM unnest('{container-,container-x,container-1-2,user-1,-1,container-1234567890123456789,container-007}'::text[]) l $$,
	$$ VALUES (NULL::text[]), (NULL), (NULL), (NULL), (NULL), (NULL), ('{container,007}') $$, 'a label that no row has is none');

-- facts
SELECT is_empty($$
	SELECT k.kind, f FROM k, jsonb_object_keys(object_facts(jsonb_build_object('kind', k.kind, 'metadata', '{}'::jsonb,
		'spec', '{"replicas": 1, "suspend": true, "clusterIP": "10.0.0.1", "ports": []}'::jsonb,
		'status', '{"phase": "Bound", "observedGeneration": 1, "updatedReplicas": 1, "capacity": {"storage": "1Gi"}, "loadBalancer": {"ingress": []},
			"conditions": [{"type": "Complete", "status": "True", "reason": "r", "message": "m"}, {"type": "Failed", "status": "True", "reason": "r", "message": "m"},
				{"type": "Progressing", "status": "False"}, {"type": "ReplicaFailure", "status": "True", "message": "m"}, {"type": "Resizing", "status": "True"}]}'::jsonb))) f
	WHERE f <> ALL (k.facts) AND k.watched = 'whole'
$$, 'facts are those that the list names');
SELECT * FROM finish();
