-- Every protection is taken away once, and what it stops must then get through: the tests of attacks.sql can fail.
\ir include/mallory.sql
SELECT no_plan();

-- what an attack gets while all defences stand, and without one of them: 'before -> without'; nothing of it is kept
CREATE FUNCTION public.without(defence text, who name, VARIADIC statements text[]) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	loot text[] := '{}';
BEGIN
	FOR i IN 1 .. 2 LOOP
		BEGIN
			IF i = 2 THEN
				EXECUTE defence;
			END IF;
			loot := loot || public.attack_as(who, VARIADIC statements);
			RAISE SQLSTATE 'UNDO1';
		EXCEPTION WHEN SQLSTATE 'UNDO1' THEN
			NULL;
		END;
	END LOOP;
	RETURN array_to_string(loot, ' -> ');
END
$$;

-- ---- row security, table by table
INSERT INTO orchestration.container_status_history (namespace_id, container_id, container_name, new_status, source) VALUES (:theirs, :target, 'target', 'running', 'user');
INSERT INTO orchestration.user_roles (user_id, role_id, namespace_id) SELECT :mallory, id, :mine FROM orchestration.roles WHERE name = 'operator';
SELECT is(public.without(format('ALTER TABLE orchestration.%I DISABLE ROW LEVEL SECURITY', t), 'attack_mallory', format('SELECT least(count(*), 1) FROM orchestration.%I WHERE namespace_id = %s', t, :theirs)), '0 -> 1', 'row security of ' || t)
FROM unnest('{containers,config_maps,secrets,volumes,container_images,environment_variables,container_status_history,operation_logs}'::text[]) t;
SELECT is(public.without(format('CREATE POLICY p ON orchestration.%I USING (true)', t), 'attack_mallory', format('SELECT least(count(*), 1) FROM orchestration.%I WHERE namespace_id = %s', t, :theirs)), '0 -> 1', 'the policy of ' || t)
FROM unnest('{containers,secrets,operation_logs}'::text[]) t;
SELECT is(public.without('ALTER TABLE orchestration.users DISABLE ROW LEVEL SECURITY', 'attack_mallory', 'SELECT count(*) > 0 FROM orchestration.users'), '42501 -> 42501', 'users: the columns are not granted either');
DO $$ BEGIN EXECUTE (SELECT format('GRANT SELECT ON orchestration.%I TO attack_mallory', 'container_status_history_' || to_char(now() AT TIME ZONE 'UTC', 'YYYYMM'))); END $$;
SELECT 'container_status_history_' || to_char(now() AT TIME ZONE 'UTC', 'YYYYMM') AS month \gset
SELECT is(public.without(format('ALTER TABLE orchestration.%I DISABLE ROW LEVEL SECURITY', :'month'), 'attack_mallory', format('SELECT count(*) > 0 FROM orchestration.%I', :'month')), 'false -> true', 'row security of a partition, were it granted');
SELECT is(public.without('ALTER ROLE attack_mallory BYPASSRLS', 'attack_mallory', :'see'), '0 -> 1', 'BYPASSRLS');
SELECT is(public.without('CREATE VIEW public.v AS SELECT * FROM orchestration.containers; GRANT SELECT ON public.v TO PUBLIC', 'attack_mallory', 'SELECT count(*) FROM public.v WHERE name = ''target'''), '42P01 -> 1', 'a view of the owner that somebody else may read');
SELECT is(public.without('ALTER VIEW orchestration_internal.parts_environment SET (security_invoker = false)', 'attack_mallory', format('SELECT count(*) > 0 FROM orchestration_internal.parts_environment WHERE namespace_id = %s', :theirs)), 'false -> true', 'security_invoker')
WHERE current_setting('server_version_num')::int >= 150000
UNION ALL
SELECT is(public.without('GRANT SELECT ON orchestration_internal.parts_environment TO orchestration_user', 'attack_mallory', format('SELECT count(*) > 0 FROM orchestration_internal.parts_environment WHERE namespace_id = %s', :theirs)), '42501 -> true', 'views are granted to nobody on 14')
WHERE current_setting('server_version_num')::int < 150000;

-- ---- what the policies ask
SELECT is(public.without('CREATE OR REPLACE FUNCTION orchestration_internal.permits(namespace_id bigint, resource text, actions text) RETURNS boolean LANGUAGE sql STABLE AS ''SELECT true''', 'attack_mallory', :'see'), '0 -> 1', 'permits()');
SELECT is(public.without('INSERT INTO orchestration.user_roles (user_id, role_id) SELECT u.id, r.id FROM orchestration.users u, orchestration.roles r WHERE u.username = ''mallory'' AND r.name = ''viewer''', 'attack_mallory', :'see'), '0 -> 1', 'a grant is seen at once');
\set strip 'UPDATE orchestration.roles SET permissions = \'{}\' WHERE name IN (\'maker\', \'operator\')'
SELECT is(public.without(:'strip', 'attack_mallory', 'SELECT count(*) FROM orchestration.containers'), '1 -> 0', 'so is a revoke');
SELECT is(public.without('ALTER TABLE orchestration.roles DISABLE TRIGGER forget_grants; ' || :'strip', 'attack_mallory', 'SELECT count(*) FROM orchestration.containers'), '1 -> 1', 'not without the trigger that drops the cache');
SELECT is(public.without('ALTER TABLE orchestration.roles DISABLE TRIGGER forget_grants; ' || :'strip' || '; SELECT orchestration_internal.refresh_permissions()', 'attack_mallory', 'SELECT count(*) FROM orchestration.containers'), '1 -> 0', 'refresh_permissions() makes up for it');

-- ---- identity
SELECT is(public.without('GRANT orchestration_gateway TO attack_mallory', 'attack_mallory', format('SELECT orchestration.act_as(%s)', :chief), :'see'), '42501 -> 1', 'only gateways act for others');
SELECT is(public.without('GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA orchestration, orchestration_internal TO attack_mallory', 'attack_mallory', format('SELECT orchestration.act_as(%s)', :chief), :'see'), '42501 -> 42501', 'EXECUTE on everything makes no gateway');
SELECT is(public.without('GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA orchestration, orchestration_internal TO attack_mallory', 'attack_mallory', format('SELECT orchestration_internal.assume_identity(%s)', :chief), :'see'), '42501 -> 42501', 'nor does it pass the other door');
SELECT is(public.without('GRANT SET ON PARAMETER orchestration.user_id TO attack_mallory', 'attack_mallory', format('SET LOCAL orchestration.user_id = %L', :chief), :'see'), '42501 -> 1', 'only gateways may SET')
WHERE current_setting('server_version_num')::int >= 150000
UNION ALL
SELECT pass('there is no GRANT SET on 14') WHERE current_setting('server_version_num')::int < 150000;

-- ---- writing
SELECT format('UPDATE orchestration.containers SET replicas = 5 WHERE id = %s RETURNING 1', :target) AS change \gset
DELETE FROM orchestration.user_roles WHERE user_id = :mallory AND role_id <> (SELECT id FROM orchestration.roles WHERE name = 'maker');
SELECT format('INSERT INTO orchestration.config_maps (namespace_id, name) VALUES (%s, ''x'')', :theirs) AS insert \gset
SELECT is(public.without('ALTER TABLE orchestration.config_maps DISABLE TRIGGER zz_access', 'attack_mallory', :'insert', 'SELECT 1'), '42501 -> 42501', 'without the trigger, the policy refuses');
SELECT is(public.without('CREATE POLICY p ON orchestration.config_maps USING (true)', 'attack_mallory', :'insert', 'SELECT 1'), '42501 -> 42501', 'without the policy, the trigger does');
SELECT is(public.without('ALTER TABLE orchestration.config_maps DISABLE TRIGGER zz_access; CREATE POLICY p ON orchestration.config_maps USING (true)', 'attack_mallory', :'insert', 'SELECT 1'), '42501 -> 1', 'without both, nobody');
SELECT is(public.without('ALTER TABLE orchestration.containers DISABLE TRIGGER zz_access', 'attack_mallory', format('WITH d AS (DELETE FROM orchestration.containers WHERE id = %s RETURNING 1) SELECT count(*) FROM d', :own)), '42501 -> 1', 'deleting what one sees is the trigger''s to refuse');
SELECT is(public.without('ALTER TABLE orchestration.containers DISABLE TRIGGER zz_access', 'attack_operator', format('UPDATE orchestration.containers SET created_by = %s WHERE id = %s RETURNING 1', :chief, :own)), '42501 -> 1', 'and so is another name');

-- ---- becoming more
SELECT is(public.without('ALTER TABLE orchestration.user_roles DISABLE TRIGGER guard_escalation', 'attack_mallory',
	format('INSERT INTO orchestration.user_roles (user_id, role_id, namespace_id) SELECT %s, 1, %s', :mallory, :mine), 'SELECT 1'), '42501 -> 1', 'who may grant grants what he does not hold');
SELECT is(public.without('ALTER TABLE orchestration.users DISABLE TRIGGER guard_escalation', 'attack_clerk', format('UPDATE orchestration.users SET username = ''clerk2'' WHERE id = %s RETURNING 1', :chief)), '42501 -> 1', 'who may change users takes names');
INSERT INTO orchestration.user_roles (user_id, role_id) SELECT u.id, r.id FROM orchestration.users u, orchestration.roles r WHERE u.username = 'mallory' AND r.name = 'maker';
SELECT is(public.without('ALTER TABLE orchestration.roles DISABLE TRIGGER guard_escalation', 'attack_mallory', 'INSERT INTO orchestration.roles (name, permissions) VALUES (''all'', ''{"*": ["*"]}'')', 'SELECT 1'), '42501 -> 1', 'who may write roles writes better ones');

SELECT is(public.without('ALTER TABLE orchestration.users DISABLE TRIGGER guard_escalation', 'attack_clerk', format('DELETE FROM orchestration.users WHERE id = %s RETURNING 1', :chief)), '42501 -> 1', 'and deletes whom he likes');
SELECT is(public.without('ALTER TABLE orchestration.roles DISABLE TRIGGER zz_origin', 'attack_mallory', format('INSERT INTO orchestration.roles (name, created_by) VALUES (''x'', %s)', :chief), 'SELECT 1'), '42501 -> 1', 'signs for others');
SELECT is(public.without('ALTER TABLE orchestration.users DISABLE TRIGGER zz_origin', session_user, 'INSERT INTO orchestration.users (id, username) OVERRIDING SYSTEM VALUE VALUES (987654, ''heir'') RETURNING 1'), '428C9 -> 1', 'takes the id of who is gone');
SELECT is(public.without('ALTER TABLE orchestration.containers DISABLE TRIGGER zz_access', 'attack_mallory', format('INSERT INTO orchestration.config_maps (id, namespace_id, name) OVERRIDING SYSTEM VALUE VALUES (%s, %s, ''x'') RETURNING 1', :map, :mine)), '428C9 -> 428C9', 'the id of another namespace, on one table');
SELECT is(public.without('ALTER TABLE orchestration.config_maps DISABLE TRIGGER zz_access', 'attack_mallory', format('INSERT INTO orchestration.config_maps (id, namespace_id, name) OVERRIDING SYSTEM VALUE VALUES (%s, %s, ''x'') RETURNING 1', :map, :mine)), '428C9 -> 1', 'is that of its own trigger to refuse');
SELECT is(public.without('ALTER TABLE orchestration.volumes DISABLE TRIGGER keep_table; ALTER TABLE orchestration.container_volumes DISABLE TRIGGER keep_table', session_user, 'TRUNCATE orchestration.volumes CASCADE', 'SELECT count(*) FROM orchestration.volumes'), 'OR050 -> 0', 'TRUNCATE, by whoever may');

-- ---- the audit trail's watch
INSERT INTO orchestration.roles (name, permissions) VALUES ('watchman', '{"monitoring": ["*"]}');
INSERT INTO orchestration.user_roles (user_id, role_id) SELECT u.id, r.id FROM orchestration.users u, orchestration.roles r WHERE (u.username, r.name) = ('keeper', 'watchman');
SELECT is(public.without('ALTER TABLE orchestration.maintenance_steps DISABLE TRIGGER guard_audit_watch', 'attack_keeper', 'UPDATE orchestration.maintenance_steps SET enabled = false WHERE name = ''audit_seals'' RETURNING 1'), '42501 -> 1', 'no more seals');
SELECT is(public.without('ALTER TABLE orchestration.alert_rules DISABLE TRIGGER guard_audit_watch', 'attack_keeper', 'DELETE FROM orchestration.alert_rules WHERE name = ''audit_gap'' RETURNING 1'), '42501 -> 1', 'no more alerts of it');

-- ---- where secrets go
SELECT orchestration.register_cluster('real', orchestration.kubeconfig('https://real.example', 't')) AS real \gset
SELECT format('SELECT orchestration.update_cluster(''real'', %L)::text', orchestration.kubeconfig('https://evil.example', 't')) AS point_elsewhere \gset
SELECT is(public.without('CREATE OR REPLACE FUNCTION orchestration_internal.guard_server_change(cluster_id bigint, cluster_name text, before text, after text, insecure boolean) RETURNS void LANGUAGE sql AS ''''', 'attack_keeper', :'point_elsewhere', 'SELECT api_server FROM orchestration.clusters WHERE name = ''real'''), '42501 -> https://evil.example', 'a cluster elsewhere');
SELECT is(public.without('ALTER TABLE orchestration.clusters DISABLE TRIGGER zx_guard_kubeconfig', 'attack_keeper', 'UPDATE orchestration.clusters SET api_server = ''https://good.example'' WHERE name = ''real'' RETURNING api_server'), 'OR003 -> https://good.example', 'that says it is where it was');
SELECT orchestration.create_secret('mine', 'key', '{"k": "canary"}') AS mine_secret \gset
SELECT is(public.without('ALTER TABLE orchestration.namespaces DISABLE TRIGGER zz_cluster_update', 'attack_operator', format('UPDATE orchestration.namespaces SET cluster_id = %s WHERE id = %s RETURNING 1', :real, :mine)), '42501 -> 1', 'a namespace elsewhere');

-- ---- what was made of what one may not read
SELECT count(*) AS planned FROM orchestration.clusters c, orchestration_internal.simulate_claim(c.id, 100) \gset
SELECT is(public.without('CREATE POLICY p ON orchestration.managed_objects USING (orchestration_internal.permits(namespace_id, ''containers'', ''read''))', 'attack_mallory',
	format('SELECT count(*) FROM orchestration.managed_objects WHERE namespace_id = %s AND kind = ''Secret''', :theirs)), '0 -> 1', 'names of secrets, by the inventory');
SELECT is(public.without('CREATE OR REPLACE FUNCTION orchestration_internal.holds_permission(namespace_id bigint, resource text, action text) RETURNS boolean LANGUAGE plpgsql STABLE AS ''BEGIN RETURN true; END''', 'attack_mallory',
	'SELECT count(*) FROM orchestration.plan(''theirs'') WHERE kind = ''Secret'''), '0 -> 1', 'and by plan()');

-- ---- secrets
SELECT is(public.without('GRANT SELECT (encrypted_data) ON orchestration.secrets TO attack_operator', 'attack_operator', 'SELECT orchestration.create_secret(''mine'', ''s'', ''{"a": "b"}'')', 'SELECT length(encrypted_data) > 0 FROM orchestration.secrets'), '42501 -> true', 'the privilege on the column');
SELECT is(public.without('CREATE OR REPLACE FUNCTION orchestration_internal.holds_permission(namespace_id bigint, resource text, action text) RETURNS boolean LANGUAGE plpgsql STABLE AS ''BEGIN RETURN true; END''', 'attack_mallory', 'SELECT orchestration.reveal_secret(''theirs'', ''key'', ''k'')'), '42501 -> canary', 'the permission to reveal');
SELECT orchestration.create_secret('theirs', 'other', '{"k": "other"}') AS other \gset
SELECT format('UPDATE orchestration.secrets SET encrypted_data = (SELECT o.encrypted_data FROM orchestration.secrets o WHERE o.id = %s) WHERE id = %s', :secret, :other) AS swap \gset
SELECT is(public.without('ALTER TABLE orchestration.secrets DISABLE TRIGGER zy_bind_sealed', session_user, :'swap', format('SELECT orchestration_internal.secret_values(%s, ''secret'', %s)', :theirs, :other)), 'OR041 -> OR041', 'a swapped ciphertext is refused; written past the trigger, it does not open');
SELECT is(public.without('ALTER TABLE orchestration.secrets DISABLE TRIGGER zy_bind_sealed', session_user, :'swap', 'SELECT 1'), 'OR041 -> 1', 'which is what the trigger refuses');
\set kubeconfig '{"apiVersion": "v1", "kind": "Config", "clusters": [{"name": "c", "cluster": {"server": "https://evil.example"}}], "users": [{"name": "u", "user": {"tokenFile": "/etc/passwd"}}], "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}], "current-context": "c"}'
SELECT is(public.without('ALTER TABLE orchestration.clusters DISABLE TRIGGER zx_guard_kubeconfig', 'attack_keeper', format('INSERT INTO orchestration.clusters (name, api_server, auth_method, encrypted_kubeconfig) VALUES (''evil'', ''x'', ''kubeconfig'', orchestration_internal.seal(convert_to(%L, ''UTF8''), ''cluster/evil''))', :'kubeconfig'), 'SELECT 1'), '42501 -> 1', 'files of the server');
SELECT is(public.without('GRANT EXECUTE ON FUNCTION orchestration_internal.check_socket(text, text) TO attack_keeper', 'attack_keeper', 'SELECT orchestration_internal.check_socket(''docker'', ''/etc/passwd'')'), '42501 -> OR020', 'sockets of the server');

-- ---- pod security
SELECT is(public.without('ALTER TABLE orchestration.containers DISABLE TRIGGER zz_pod_security_update', 'attack_operator', format('UPDATE orchestration.containers SET overrides = ''{"spec": {"hostNetwork": true}}'' WHERE id = %s RETURNING 1', :own)), 'OR007 -> 1', 'overrides');
SELECT is(public.without('ALTER TABLE orchestration.containers DISABLE TRIGGER zz_pod_security_insert', 'attack_operator', 'SELECT orchestration.create_container(''mine'', ''p'', ''nginx'', security_context => ''{"privileged": true}'') > 0'), 'OR007 -> true', 'a privileged container');
SELECT is(public.without('ALTER TABLE orchestration.volumes DISABLE TRIGGER zz_pod_security', 'attack_operator', 'SELECT orchestration.create_volume(''mine'', ''h'', ''HostPath'', host_path => ''/'') > 0'), 'OR007 -> true', 'the host''s files');
SELECT is(public.without('ALTER TABLE orchestration.namespaces DISABLE TRIGGER zz_pod_security_update', 'attack_operator', format('UPDATE orchestration.namespaces SET pod_security = ''privileged'' WHERE id = %s RETURNING 1', :mine)), '42501 -> 1', 'loosening it');
\ir include/end.sql
