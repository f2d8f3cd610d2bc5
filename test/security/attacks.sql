-- What mallory tries (include/mallory.sql); mutations.sql shows that these tests can fail.
\ir include/mallory.sql
SELECT no_plan();

-- ---- to be somebody else
SELECT is(public.attack('SELECT orchestration.current_user_name()'), 'mallory', 'she is who she is');
SELECT is(public.attack('SELECT count(*) FROM orchestration.containers'), '1', 'and sees what is hers');
SELECT is(public.attack(:'see'), '0', 'not what is not');
SELECT is(public.attack(format('SET orchestration.user_id = %L', :chief), :'see'), '42501', 'SET');
SELECT is(public.attack(format('SET LOCAL orchestration.user_id = %L', :chief), :'see'), '42501', 'SET LOCAL');
SELECT is(public.attack(format('SELECT set_config(''orchestration.user_id'', %L, true)', :chief)), '42501', 'set_config()');
SELECT is(public.attack(format('UPDATE pg_settings SET setting = %L WHERE name = ''orchestration.user_id''', :chief), :'see'), '42501', 'UPDATE pg_settings');
SELECT is(public.attack(format('CREATE FUNCTION planted.f() RETURNS bigint LANGUAGE sql SET orchestration.user_id = %L AS ''SELECT 1''', :chief), :'see'), '42501', 'a SET clause of a function');
SELECT is(public.attack(format('ALTER ROLE attack_mallory SET orchestration.user_id = %L', :chief), :'see'), '42501', 'ALTER ROLE ... SET');
SELECT is(public.attack(format('ALTER DATABASE %I SET orchestration.user_id = %L', current_database(), :chief), :'see'), '42501', 'ALTER DATABASE ... SET');
SELECT is(public.attack('RESET ALL', 'SELECT orchestration.current_user_name()'), 'mallory', 'RESET ALL');
SELECT is(public.attack(format('SELECT orchestration.act_as(%s)', :chief)), '42501', 'act_as(id)');
SELECT is(public.attack('SELECT orchestration.act_as(''chief'')'), '42501', 'act_as(name)');
SELECT is(public.attack(format('SELECT orchestration_internal.assume_identity(%s)', :chief)), '42501', 'assume_identity()');
SELECT is(public.attack('SELECT orchestration.authenticate(''eyJhbGciOiJub25lIn0.eyJzdWIiOiJjaGllZiIsImV4cCI6NDEwMjQ0NDgwMH0.'')'), '28000', 'a token with alg none');
SELECT is(public.attack(format('UPDATE orchestration.users SET db_role = ''attack_mallory'' WHERE id = %s', :chief), :'see'), '42501', 'another user''s db_role');
SELECT is(public.attack('INSERT INTO orchestration.users (username) VALUES (''x'')', :'see'), '42501', 'a new user');
SELECT is(public.attack('SELECT email FROM orchestration.users WHERE username = ''chief'''), '42501', 'somebody''s address');
SELECT is(public.attack('SET orchestration.simulate_worker = on', :'see'), '42501', 'the worker');
SELECT is(public.attack('SET orchestration.token_keys_file = ''/tmp/hers''', :'see'), '42501', 'the keys of tokens');
SELECT is(ARRAY(SELECT name FROM pg_settings WHERE name LIKE 'orchestration.%' AND context = 'user'), '{orchestration.request_id}'::text[], 'any other of our settings');
SELECT is(public.attack('SET session_replication_role = replica', :'see'), '42501', 'writes without triggers');
SELECT is(public.attack('GRANT orchestration_gateway TO attack_mallory', :'see'), '42501', 'the gateways'' role');
SELECT is(public.attack('GRANT SET ON PARAMETER orchestration.user_id TO attack_mallory', 'SET orchestration.user_id = 1', :'see'), '42501', 'the right to SET');

-- ---- to be believed
SELECT is(public.attack('CREATE FUNCTION planted.permits(bigint, text, text) RETURNS boolean LANGUAGE sql AS ''SELECT true''', 'SET LOCAL search_path = planted, orchestration', :'see'), '0', 'a planted permits()');
SELECT is(public.attack('CREATE FUNCTION planted.always(bigint, bigint) RETURNS boolean LANGUAGE sql AS ''SELECT true''',
	'CREATE OPERATOR planted.= (FUNCTION = planted.always, LEFTARG = bigint, RIGHTARG = bigint)',
	'SET LOCAL search_path = planted, pg_catalog', :'see' || ' AND true'), '0', 'a planted operator');
SELECT is(public.attack('CREATE TEMP TABLE user_roles AS SELECT 1 AS user_id', 'CREATE TEMP TABLE users AS SELECT 1 AS id', 'SET LOCAL search_path = pg_temp, orchestration', :'see'), '0', 'planted tables');
SELECT is(public.attack('CREATE FUNCTION orchestration.planted() RETURNS int LANGUAGE sql AS ''SELECT 1''', :'see'), '42501', 'a function in our schema');
SELECT is(public.attack('CREATE OR REPLACE FUNCTION orchestration_internal.permits(bigint, text, text) RETURNS boolean LANGUAGE sql AS ''SELECT true''', :'see'), '42501', 'another permits()');
SELECT is(public.attack('ALTER FUNCTION orchestration_internal.permits(bigint, text, text) VOLATILE', :'see'), '42501', 'a changed permits()');
SELECT is(public.attack('CREATE FUNCTION planted.p(bigint, text, text) RETURNS boolean LANGUAGE sql SUPPORT orchestration_internal.permits_support AS ''SELECT true''', :'see'), '42501', 'our support function on her function');
SELECT is(public.attack('CREATE FUNCTION planted.f() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS $f$ SELECT count(*) FROM orchestration.containers WHERE name = ''target'' $f$', 'SELECT planted.f()'), '0', 'her own SECURITY DEFINER');
SELECT is(public.attack('CREATE VIEW planted.v AS SELECT * FROM orchestration.containers', 'SELECT count(*) FROM planted.v WHERE name = ''target'''), '0', 'a view of hers');
SELECT is(public.attack('CREATE MATERIALIZED VIEW planted.m AS SELECT * FROM orchestration.containers', 'SELECT count(*) FROM planted.m WHERE name = ''target'''), '0', 'a materialized view of hers');
SELECT is(public.attack('CREATE TABLE planted.seen (name text)',
	'CREATE FUNCTION planted.leak(text) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 AS $f$ BEGIN INSERT INTO planted.seen VALUES ($1); RETURN false; END $f$',
	'SELECT count(*) FROM orchestration.containers WHERE planted.leak(name)', 'SELECT string_agg(name, '','') FROM planted.seen'), 'own', 'a leaky function in WHERE');
SELECT is(public.attack('SELECT count(*) FROM orchestration.containers WHERE namespace_id <> ' || :mine || ' AND 1 / (CASE WHEN name = ''target'' THEN 0 ELSE 1 END) = 1'), '0', 'an error that tells');
SELECT is(public.attack('CREATE FUNCTION planted.plan() RETURNS text LANGUAGE plpgsql AS $f$ DECLARE r text; BEGIN FOR r IN EXECUTE ''EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) SELECT * FROM orchestration.containers WHERE name = ''''target'''''' LOOP IF r LIKE ''%canary%'' THEN RETURN r; END IF; END LOOP; RETURN ''dry''; END $f$', 'SELECT planted.plan()'), '42501', 'EXPLAIN ANALYZE');
SELECT is(public.attack('SELECT count(*) FROM pg_stats WHERE schemaname = ''orchestration'' AND tablename IN (''containers'', ''config_maps'', ''environment_variables'')'), '0', 'statistics');

-- ---- past row security
SELECT is(public.attack('SET LOCAL row_security = off', :'see'), '42501', 'row_security = off');
SELECT is(public.attack('ALTER TABLE orchestration.containers DISABLE ROW LEVEL SECURITY', :'see'), '42501', 'DISABLE ROW LEVEL SECURITY');
SELECT is(public.attack('DROP POLICY orchestration_read ON orchestration.containers', :'see'), '42501', 'DROP POLICY');
SELECT is(public.attack('CREATE POLICY p ON orchestration.containers USING (true)', :'see'), '42501', 'CREATE POLICY');
SELECT is(public.attack('ALTER ROLE attack_mallory BYPASSRLS', :'see'), '42501', 'BYPASSRLS');
SELECT is(public.attack('CREATE TRIGGER t BEFORE UPDATE ON orchestration.containers FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()', :'see'), '42501', 'a trigger on our table');
SELECT is(public.attack('ALTER TABLE orchestration.containers DISABLE TRIGGER zz_access', :'see'), '42501', 'our trigger off');
SELECT is(public.attack('CREATE RULE r AS ON SELECT TO orchestration.containers DO INSTEAD SELECT 1', :'see'), '42501', 'a rule on our table');
SELECT is(public.attack('CREATE TABLE planted.r (n bigint, c bigint, FOREIGN KEY (n, c) REFERENCES orchestration.containers (namespace_id, id))', :'see'), '42501', 'a foreign key to our table');
SELECT is(public.attack('CREATE TABLE planted.child () INHERITS (orchestration.containers)', :'see'), '42501', 'a child of our table');
SELECT is(public.attack(format('SELECT count(*) FROM orchestration.%I', 'container_status_history_' || to_char(now() AT TIME ZONE 'UTC', 'YYYYMM'))), '42501', 'a partition');
SELECT is(public.attack('SELECT count(*) FROM orchestration.container_status_history WHERE namespace_id = ' || :theirs), '0', 'the history');
SELECT is(public.attack('SELECT count(*) FROM orchestration.operation_logs'), '0', 'the log');
SELECT is(public.attack('SELECT count(*) FROM orchestration.environment_variables WHERE value = ''canary'''), '0', 'variables');
SELECT is(public.attack('SELECT count(*) FROM orchestration.config_maps WHERE data @> ''{"k": "canary"}'''), '0', 'config maps, by an operator with an index');
SELECT is(public.attack('SELECT count(*) FROM orchestration.managed_objects WHERE namespace_id = ' || :theirs), '0', 'the inventory');
SELECT is(public.attack('SELECT count(*) FROM orchestration.manifests WHERE namespace_id = ' || :theirs), '0', 'manifests');
SELECT is(public.attack(format('SELECT c.name FROM orchestration.containers c WHERE c.ctid = (SELECT ctid FROM orchestration.containers WHERE id = %s)', :target)), 'nothing', 'by physical place');
SELECT is(public.attack(format('SELECT name FROM orchestration.containers WHERE id = %s FOR UPDATE', :target)), 'nothing', 'by locking');
SELECT is(public.attack(format('SELECT orchestration.why(%s)', :target)) IN ('OR004', 'nothing'), true, 'why()');
SELECT is(public.attack(format('SELECT line FROM orchestration.container_logs(%s)', :target)), 'OR004', 'its logs');
SELECT is(public.attack(format('SELECT line FROM orchestration.container_logs(%s)', :own)), '42501', 'the logs of her own container, without the permission');
SELECT is(public.attack(format('SELECT orchestration.wait_for_container(%s, ''running'', interval ''0'')', :target)), 'OR004', 'waiting for it');
SELECT is(public.attack('COPY orchestration.containers TO ''/tmp/attack''', :'see'), '42501', 'COPY to a file');
SELECT is(public.attack('COPY orchestration.containers FROM PROGRAM ''true''', :'see'), '42501', 'COPY from a program');

-- ---- to write
SELECT is(public.attack(format('INSERT INTO orchestration.config_maps (namespace_id, name) VALUES (%s, ''x'')', :theirs), :'see'), '42501', 'INSERT elsewhere');
SELECT is(public.attack(format('INSERT INTO orchestration.config_maps (namespace_id, name) VALUES (%s, ''app'') ON CONFLICT (namespace_id, name) DO UPDATE SET data = ''{}''', :theirs), :'see'), '42501', 'ON CONFLICT DO UPDATE');
SELECT is(public.attack(format('UPDATE orchestration.config_maps SET data = ''{}'' WHERE id = %s RETURNING data ->> ''k''', :map)), 'nothing', 'UPDATE ... RETURNING');
SELECT is(public.attack(format('DELETE FROM orchestration.config_maps WHERE id = %s RETURNING data ->> ''k''', :map)), 'nothing', 'DELETE ... RETURNING');
SELECT is(public.attack(format('WITH d AS (DELETE FROM orchestration.containers WHERE id = %s RETURNING 1) SELECT count(*) FROM d', :target)), '0', 'a DELETE in WITH');
SELECT is(public.attack('INSERT INTO orchestration.config_maps (namespace_id, name) VALUES (' || :mine || ', ''bait'')', format('UPDATE orchestration.config_maps SET namespace_id = %s WHERE name = ''bait''', :theirs), :'see') IN ('42501', 'OR003', 'OR006'), true, 'a row moved there');
SELECT is(public.attack(format('UPDATE orchestration.containers SET replicas = 5 WHERE id = %s', :own), :'see'), '42501', 'what she may create, but not update');
SELECT is(public.attack(format('SELECT orchestration.delete_container(%s)', :own)), '42501', 'nor delete');
SELECT is(public.attack(format('SELECT orchestration.stop_container(%s)', :target)), 'OR004', 'somebody else''s, by the API');
SELECT is(public.attack(format('INSERT INTO orchestration.environment_variables (namespace_id, container_id, name, secret_id, key) VALUES (%s, %s, ''K'', %s, ''k'')', :mine, :own, :secret), :'see'), '23503', 'a reference to their secret');
SELECT is(public.attack(format('INSERT INTO orchestration.container_volumes (namespace_id, container_id, volume_id, mount_path) VALUES (%s, %s, %s, ''/d'')', :mine, :own, :volume), :'see'), '23503', 'a reference to their volume');
SELECT is(public.attack('TRUNCATE orchestration.containers CASCADE', :'see'), '42501', 'TRUNCATE');
SELECT is(public.attack('SELECT setval(''orchestration.containers_id_seq'', 1)'), '42501', 'a sequence set back');
SELECT is(public.attack(format('INSERT INTO orchestration.operation_logs (user_id, operation, resource_type) VALUES (%s, ''create'', ''container'')', :chief), :'see'), '42501', 'a log entry in another name');
SELECT is(public.attack(format('INSERT INTO orchestration.container_status_history (namespace_id, container_id, container_name, new_status, source) VALUES (%s, %s, ''own'', ''running'', ''worker'')', :mine, :own), :'see'), '42501', 'a made-up history');
SELECT is(public.attack('DELETE FROM orchestration.operation_logs', :'see'), '42501', 'a log entry less');
SELECT is(public.attack_as(who, statement), '42501', who || ': ' || statement)
FROM unnest('{attack_mallory,attack_clerk,attack_keeper,attack_operator}'::name[]) who, unnest(ARRAY[
	'UPDATE orchestration.operation_logs SET user_id = NULL', 'DELETE FROM orchestration.audit_seals', 'UPDATE orchestration.audit_seals SET row_count = 1',
	'INSERT INTO orchestration.partition_actions (partition_name, table_name, action, state) VALUES (''operation_logs_202001'', ''operation_logs'', ''drop'', ''done'')',
	'UPDATE orchestration.partition_actions SET action = ''drop''',
	'SELECT orchestration_internal.worker_mac(''x'')', 'SELECT orchestration_internal.maintain_audit_seals()', 'SELECT orchestration.verify_audit()', 'SELECT * FROM orchestration.audit_anchor',
	'SELECT orchestration.redact_audit((SELECT min(l.id) FROM orchestration.operation_logs l), ''{changes}'', ''x'')', 'SELECT orchestration_internal.maintain_audit_watch()',
	'UPDATE orchestration_internal.audit_watch SET problem = NULL', 'DELETE FROM orchestration_internal.audited_tables',
	'SELECT orchestration_internal.record_operation(0, ''create'', ''container'', 1, ''x'')', 'SELECT orchestration_internal.worker_take_notes()']) statement;
SELECT is(public.attack('UPDATE orchestration.managed_objects SET desired_hash = NULL', :'see'), '42501', 'what is to run in the cluster');
SELECT is(public.attack('SELECT orchestration.bootstrap()'), '42501', 'bootstrap()');

-- ---- secrets
SELECT is(public.attack('SELECT encrypted_data FROM orchestration.secrets'), '42501', 'ciphertext');
SELECT is(public.attack('SELECT encrypted_kubeconfig FROM orchestration.clusters'), '42501', 'credentials');

SELECT is(public.attack('SELECT orchestration.reveal_secret(''theirs'', ''key'')') IN ('42501', 'OR004'), true, 'a secret in clear');

-- ---- to become more
SELECT is(public.attack(format('INSERT INTO orchestration.user_roles (user_id, role_id) SELECT %s, 1', :mallory), :'see'), '42501', 'the administrator''s role');
SELECT is(public.attack(format('INSERT INTO orchestration.user_roles (user_id, role_id, namespace_id) SELECT %s, id, %s FROM orchestration.roles WHERE name = ''maker''', :mallory, :theirs), :'see'), '42501', 'her role, elsewhere');
SELECT is(public.attack(format('UPDATE orchestration.user_roles SET expires_at = NULL WHERE user_id = %s', :mallory), :'see'), '42501', 'her role, for ever');
SELECT is(public.attack('UPDATE orchestration.roles SET permissions = ''{"*": ["*"]}'' WHERE name = ''maker''', 'SELECT count(*) FROM orchestration.containers'), '1', 'a better role');
SELECT is(public.attack(format('SELECT orchestration.has_namespace_permission(%s, 1)', :chief)), '42501', 'what others may do');

-- ---- users with more rights
SELECT is(public.attack_as('attack_clerk', format('UPDATE orchestration.users SET db_role = ''attack_keeper'' WHERE id = %s RETURNING 1', :chief)), '42501', 'the chief''s login, by a clerk');
SELECT is(public.attack_as('attack_clerk', format('UPDATE orchestration.users SET username = ''clerk2'' WHERE id = %s RETURNING 1', :chief)), '42501', 'the chief''s name, which tokens and gateways go by');
SELECT is(public.attack_as('attack_clerk', 'INSERT INTO orchestration.users (username, db_role) VALUES (''chief'', ''attack_clerk_too'') ON CONFLICT (username) DO UPDATE SET db_role = EXCLUDED.db_role RETURNING 1'), '42501', 'the same by ON CONFLICT');
SELECT is(public.attack_as('attack_clerk', format('INSERT INTO orchestration.user_sessions (user_id) VALUES (%s) RETURNING 1', :chief)), '42501', 'a made-up session');
SELECT is(public.attack_as('attack_clerk', 'UPDATE orchestration.user_sessions SET status = ''active'' RETURNING 1'), '42501', 'a revoked session brought back');
\set kubeconfig '{"apiVersion": "v1", "kind": "Config", "clusters": [{"name": "c", "cluster": {"server": "https://evil.example"}}], "users": [{"name": "good", "user": {"token": "t"}}, {"name": "evil", "user": {"tokenFile": "/etc/passwd"}}], "contexts": [{"name": "good", "context": {"cluster": "c", "user": "good"}}, {"name": "evil", "context": {"cluster": "c", "user": "evil"}}], "current-context": "good"}'
SELECT format('INSERT INTO orchestration.clusters (name, api_server, auth_method, encrypted_kubeconfig, kubeconfig_context) VALUES (''evil'', ''x'', ''kubeconfig'', orchestration_internal.seal(convert_to(%L, ''UTF8''), ''cluster/evil''), ', :'kubeconfig') AS evil \gset
SELECT is(public.attack_as('attack_keeper', format('SELECT orchestration.register_cluster(''evil'', %L, ''evil'')', :'kubeconfig')), '42501', 'a kubeconfig that names a file of the server');
SELECT is(public.attack_as('attack_keeper', 'SELECT orchestration_internal.guard_socket(''docker'', ''/etc/passwd'')'), '42501', 'a look at what is on the server by way of a socket');
SELECT is(public.attack_as('attack_keeper', :'evil' || '''evil'') RETURNING 1'), '42501', 'the same, sealed by herself');
SELECT is(public.attack_as('attack_keeper', :'evil' || '''good'') RETURNING 1', 'UPDATE orchestration.clusters SET kubeconfig_context = ''evil'' WHERE name = ''evil'' RETURNING 1'), '42501', 'the same, by another context');
SELECT is(public.attack_as('attack_keeper', :'evil' || '''good'') RETURNING 1'), '1', 'one that names none is hers to register');
SELECT is(public.attack_as('attack_operator', format('INSERT INTO orchestration.secrets (namespace_id, name, secret_type, data_keys, encrypted_data, annotations) VALUES (%s, ''t'', ''kubernetes.io/service-account-token'', ''{a}'', orchestration_internal.seal_secret(%1$s, ''t'', ''{"a": "b"}''), ''{"kubernetes.io/service-account.name": "admin"}'') RETURNING 1', :mine)), 'OR003', 'the token of a service account');
SELECT is(public.attack_as('attack_operator', 'SELECT orchestration.create_secret(''mine'', ''t'', ''{"a": "b"}'')', 'UPDATE orchestration.secrets SET secret_type = ''kubernetes.io/service-account-token'' WHERE name = ''t'' RETURNING 1'), 'OR003', 'the same, by an UPDATE');
SELECT is(public.attack_as('attack_operator', format('INSERT INTO orchestration.config_maps (namespace_id, name, created_by) VALUES (%s, ''x'', %s) RETURNING 1', :mine, :chief)), '42501', 'a row in another name');
SELECT is(public.attack_as('attack_operator', format('UPDATE orchestration.containers SET created_by = %s WHERE id = %s RETURNING 1', :chief, :own)), '42501', 'a row put into another name');
SELECT is(public.attack_as('attack_operator', format('INSERT INTO orchestration.config_maps (namespace_id, name, created_by) VALUES (%s, ''x'', orchestration.current_user_id()) RETURNING 1', :mine)), '1', 'her own is hers to write');
SELECT is(public.attack_as('attack_operator', 'SELECT orchestration.set_user_secret(''api_key'', ''x'') > 0'), 'true', 'a secret of her own');
UPDATE orchestration.users SET status = 'locked' WHERE username = 'operator';
SELECT is(public.attack_as('attack_operator', 'SELECT orchestration.reveal_user_secret(''api_key'')'), '42501', 'and not to be had by who is locked');
UPDATE orchestration.users SET status = 'active' WHERE username = 'operator';
SELECT is(public.attack_as('attack_operator', format('MERGE INTO orchestration.config_maps m USING (SELECT %s::bigint AS id) s ON m.namespace_id = s.id WHEN MATCHED THEN UPDATE SET data = ''{}'' WHEN NOT MATCHED THEN INSERT (namespace_id, name) VALUES (s.id, ''x'')', :theirs), 'SELECT ''done'''),
	CASE WHEN current_setting('server_version_num')::int < 150000 THEN '42601' ELSE '42501' END, 'MERGE');
SELECT is(public.attack_as('attack_operator', 'SELECT count(*) FROM orchestration.config_maps WHERE namespace_id = ' || :theirs || ' AND data @> ''{"k": "canary"}'''), '0', 'what an operator of another namespace sees');

-- one verb is not another: of somebody who may start and stop, and of somebody who may change
INSERT INTO orchestration.roles (name, permissions) VALUES ('starter', '{"containers": ["read", "execute"]}'), ('changer', '{"containers": ["read", "update"]}');
INSERT INTO orchestration.user_roles (user_id, role_id, namespace_id) SELECT u.id, r.id, :mine FROM orchestration.users u, orchestration.roles r WHERE (u.username, r.name) IN (('keeper', 'starter'), ('clerk', 'changer'));
SELECT is(public.attack_as(who, format('UPDATE orchestration.containers SET %s WHERE id = %s RETURNING 1', change, :own)), outcome, format('%s: %s', who, change))
FROM (VALUES ('attack_keeper', 'replicas = 4', '42501'), ('attack_keeper', 'desired_state = ''deleted''', '42501'), ('attack_keeper', 'desired_state = ''stopped'', replicas = 4', '42501'),
	('attack_clerk', 'desired_state = ''stopped''', '42501'), ('attack_clerk', 'desired_state = ''deleted''', '42501'), ('attack_clerk', 'restart_requested_at = now()', '42501'),
	('attack_keeper', 'desired_state = ''stopped''', '1'), ('attack_clerk', 'replicas = 4', '1')) v (who, change, outcome);

-- ---- what may be called: a function with the rights of its owner asks who calls, or is added here by hand
SELECT is(ARRAY(SELECT DISTINCT p.proname::text FROM pg_proc p WHERE p.pronamespace IN ('orchestration'::regnamespace, 'orchestration_internal'::regnamespace) AND p.prosecdef AND has_function_privilege('orchestration_user', p.oid, 'EXECUTE')
		AND p.prosrc !~ 'orchestration(_internal)?\.(permits|permits_everywhere|permits_anywhere|holds_permission|has_namespace_permission|require_monitoring|owner_of_secrets|current_user_id)\(' ORDER BY 1),
	/* the second tells the names of engines, the third asks whether he may run programs on the server */
	'{authenticate,check_engine_name,guard_socket}'::text[], 'functions with the rights of their owner that users may call and that do not ask who they are');
SELECT is(ARRAY(SELECT DISTINCT p.proname::text FROM pg_proc p, aclexplode(p.proacl) a WHERE p.pronamespace IN ('orchestration'::regnamespace, 'orchestration_internal'::regnamespace) AND a.grantee = 0 AND (p.prosecdef OR p.proname ~ 'signature|token|encrypt|identity|act_as')),
	'{}'::text[], 'nothing for PUBLIC with the rights of its owner, or about identity');
SELECT is(ARRAY(SELECT r.rolname::text || ' ' || a.privilege_type || ' ' || c.relname FROM pg_class c, aclexplode(c.relacl) a JOIN pg_roles r ON r.oid = a.grantee
	WHERE c.relnamespace IN ('orchestration'::regnamespace, 'orchestration_internal'::regnamespace) AND a.grantee <> c.relowner AND a.privilege_type IN ('TRUNCATE', 'REFERENCES', 'TRIGGER')), '{}'::text[], 'nobody may truncate, refer to or put triggers on our tables');
SELECT is(ARRAY(SELECT r.rolname::text FROM pg_roles r WHERE r.rolname IN ('orchestration_user', 'orchestration_gateway', 'operators', 'admin_role', 'orchestration_worker')
	AND (r.rolsuper OR r.rolcreaterole OR r.rolcreatedb OR r.rolreplication OR (r.rolbypassrls OR r.rolcanlogin) AND r.rolname <> 'orchestration_worker')), '{}'::text[], 'roles that can do no more than they need');

\ir include/end.sql
