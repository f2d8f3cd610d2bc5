-- What somebody with one permission makes of it: sign for others, be somebody who is gone, end the record, send secrets away.
\ir include/mallory.sql
SELECT no_plan();

-- ---- TRUNCATE, by the owner of everything, of every table there is; also of a month that is made later, and past other triggers
SELECT orchestration_internal.ensure_log_partition('container_status_history', '2031-05-01') \gset
CREATE FUNCTION public.truncated(relation regclass) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('TRUNCATE %s CASCADE', relation);
	RETURN 'truncated';
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE;
END
$$;
SELECT is(ARRAY(SELECT c.oid::regclass::text FROM pg_class c WHERE c.relnamespace IN ('orchestration'::regnamespace, 'orchestration_internal'::regnamespace) AND c.relkind IN ('r', 'p') AND public.truncated(c.oid) <> 'OR050' ORDER BY 1),
	'{}'::text[], 'no table is truncated');
SELECT cmp_ok((SELECT count(*) FROM pg_class c WHERE c.relnamespace IN ('orchestration'::regnamespace, 'orchestration_internal'::regnamespace) AND c.relkind IN ('r', 'p')), '>', 50::bigint, 'of many');
SET session_replication_role = replica;
SELECT is(ARRAY(SELECT c.oid::regclass::text FROM pg_class c WHERE c.relnamespace IN ('orchestration'::regnamespace, 'orchestration_internal'::regnamespace) AND c.relkind IN ('r', 'p') AND public.truncated(c.oid) <> 'OR050' ORDER BY 1),
	'{}'::text[], 'nor by who turns triggers off');
RESET session_replication_role;

-- ---- who made a row, and under which id: an administrator who is no superuser, on every table that he may write
CREATE ROLE attack_admin IN ROLE orchestration_user, admin_role;
INSERT INTO orchestration.users (username, db_role) VALUES ('admin', 'attack_admin') RETURNING id AS admin \gset
INSERT INTO orchestration.user_roles (user_id, role_id) SELECT :admin, id FROM orchestration.roles WHERE name = 'administrator';
SELECT orchestration.create_config_map('mine', 'm', '{"k": "v"}') AS mine_map, orchestration.create_volume('mine', 'v', size => '1Gi') AS mine_volume \gset
SELECT image_id AS image FROM orchestration.containers WHERE id = :own \gset
INSERT INTO orchestration.port_mappings (namespace_id, container_id, container_port, service_port) VALUES (:mine, :own, 80, 80);
CREATE TABLE public.inserts (relation text, columns text, row text);
INSERT INTO public.inserts VALUES
	('clusters', 'name, auth_method, api_server, enabled', '''x'', ''in-cluster'', '''', false'),
	('namespaces', 'name', '''x'''),
	('config_maps', 'namespace_id, name', format('%s, ''x''', :mine)),
	('secrets', 'namespace_id, name, data_keys, encrypted_data', format('%s, ''x'', ''{k}'', orchestration_internal.seal_secret(%1$s, ''x'', ''{"k": "v"}'')', :mine)),
	('registries', 'namespace_id, name, server, username, encrypted_password', format('%s, ''x'', ''x.example'', ''u'', orchestration_internal.seal_registry_password(%1$s, ''x.example'', ''p'')', :mine)),
	('volumes', 'namespace_id, name, volume_type', format('%s, ''x'', ''EmptyDir''', :mine)),
	('container_images', 'namespace_id, repository', format('%s, ''x''', :mine)),
	('containers', 'namespace_id, name, image_id', format('%s, ''x'', %s', :mine, :image)),
	('container_volumes', 'namespace_id, container_id, volume_id, mount_path', format('%s, %s, %s, ''/x''', :mine, :own, :mine_volume)),
	('port_mappings', 'namespace_id, container_id, container_port', format('%s, %s, 81', :mine, :own)),
	('environment_variables', 'namespace_id, container_id, name, value', format('%s, %s, ''X'', ''x''', :mine, :own)),
	('container_probes', 'namespace_id, container_id, probe_type, handler, command', format('%s, %s, ''liveness'', ''exec'', ''{true}''', :mine, :own)),
	('routes', 'namespace_id, name, host, container_id, service_port', format('%s, ''x'', ''x.example'', %s, 80', :mine, :own)),
	('users', 'username', '''x'''),
	('roles', 'name', '''x'''),
	('user_roles', 'user_id, role_id', format('%s, (SELECT id FROM orchestration.roles WHERE name = ''viewer'')', :mallory)),
	('user_secrets', 'user_id, secret_type, encrypted_value', format('%s, ''x'', ''x''', :admin)),
	('alert_rules', 'name, indicator, threshold, description', '''x'', ''containers'', 1, ''x''');
SELECT is(ARRAY(SELECT c.relname::text FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid WHERE c.relnamespace IN ('orchestration'::regnamespace, 'orchestration_internal'::regnamespace) AND c.relkind IN ('r', 'p')
		AND a.attname = 'created_by' AND (has_table_privilege('attack_admin', c.oid, 'INSERT') OR has_column_privilege('attack_admin', c.oid, a.attnum, 'UPDATE')) ORDER BY 1),
	ARRAY(SELECT relation FROM public.inserts ORDER BY 1), 'every table with an author that users write is tried');
SELECT is(ARRAY(SELECT c.relname::text FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid WHERE c.relnamespace IN ('orchestration'::regnamespace, 'orchestration_internal'::regnamespace) AND c.relkind IN ('r', 'p') AND NOT c.relispartition
		AND a.attname IN ('created_by', 'id') AND has_column_privilege('attack_admin', c.oid, a.attnum, 'INSERT') AND NOT EXISTS (SELECT FROM public.inserts i WHERE i.relation = c.relname) ORDER BY 1), '{}'::text[], 'and every other one with an id');
-- as attack_as(), and nothing of it is kept
CREATE FUNCTION public.tried(who name, VARIADIC statements text[]) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	loot text;
BEGIN
	loot := public.attack_as(who, VARIADIC statements);
	RAISE SQLSTATE 'UNDO1';
EXCEPTION WHEN SQLSTATE 'UNDO1' THEN
	RETURN loot;
END
$$;
SELECT is(public.tried('attack_admin', format('INSERT INTO orchestration.%I (%s) VALUES (%s) RETURNING created_by', relation, columns, row)), :admin::text, relation || ': made by who makes it') FROM public.inserts;
SELECT is(public.tried('attack_admin', format('INSERT INTO orchestration.%I (%s, created_by) VALUES (%s, NULL) RETURNING created_by', relation, columns, row)), :admin::text, relation || ': not by nobody') FROM public.inserts;
SELECT is(public.tried('attack_admin', format('INSERT INTO orchestration.%I (%s, created_by) VALUES (%s, %s) RETURNING created_by', relation, columns, row, :chief)), '42501', relation || ': not by somebody else') FROM public.inserts;
SELECT is(public.tried('attack_admin', format('INSERT INTO orchestration.%I (%s) VALUES (%s)', relation, columns, row), format('WITH u AS (UPDATE orchestration.%I SET created_by = %s WHERE created_by = %s RETURNING 1) SELECT count(*) > 0 FROM u', relation, :chief, :admin)), '42501', relation || ': nor afterwards') FROM public.inserts;
SELECT is(public.tried('attack_admin', format('INSERT INTO orchestration.%I (%s) VALUES (%s)', relation, columns, row), format('WITH u AS (UPDATE orchestration.%I SET created_by = NULL WHERE created_by = %s RETURNING 1) SELECT count(*) > 0 FROM u', relation, :admin)), '42501', relation || ': nor is it forgotten') FROM public.inserts;
-- a number of its own, far from every other; the one that it would get; and one that was just given and given up
SELECT is(public.tried('attack_admin', format('INSERT INTO orchestration.%I (id, %s) OVERRIDING SYSTEM VALUE VALUES (%s, %s) RETURNING id', relation, columns, id, row)), '428C9', format('%s: %s', relation, what))
FROM public.inserts, (VALUES ('987654', 'a chosen id'), (:target::text, 'an id of another namespace')) v (id, what) WHERE relation <> 'alert_rules';
SELECT is(public.tried('attack_admin', format('INSERT INTO orchestration.%I (%s) VALUES (%s)', relation, columns, row), format('DELETE FROM orchestration.%I WHERE created_by = %s', relation, :admin),
	format('INSERT INTO orchestration.%1$I (id, %2$s) OVERRIDING SYSTEM VALUE VALUES (currval(pg_get_serial_sequence(''orchestration.%1$s'', ''id'')), %3$s) RETURNING id', relation, columns, row)), '42501', relation || ': what the sequence gave is not told')
FROM public.inserts WHERE relation <> 'alert_rules';
SELECT is(public.tried('attack_admin', format('INSERT INTO orchestration.%I (%s) VALUES (%s)', relation, columns, row), format('WITH u AS (UPDATE orchestration.%I SET id = DEFAULT WHERE created_by = %s RETURNING 1) SELECT count(*) > 0 FROM u', relation, :admin)) IN ('428C9', 'OR003'), true, relation || ': another id')
FROM public.inserts WHERE relation <> 'alert_rules';

-- a user's id is his name on record: not even a superuser gives it to another one
INSERT INTO orchestration.users (username) VALUES ('gone') RETURNING id AS gone \gset
DELETE FROM orchestration.users WHERE username = 'gone';
PREPARE again AS INSERT INTO orchestration.users (id, username) OVERRIDING SYSTEM VALUE VALUES (:gone, 'heir');
SELECT throws_ok('again', '428C9', NULL, 'the id that was given last');
INSERT INTO orchestration.users (username) VALUES ('next');
SELECT throws_ok('again', '428C9', NULL, 'the id of a deleted user');
SELECT throws_ok(format('UPDATE orchestration.users SET id = DEFAULT WHERE username = ''next'''), '428C9', NULL, 'another id for a user');
SELECT lives_ok('INSERT INTO orchestration.users (username) SELECT ''many'' || g FROM generate_series(1, 10) g ORDER BY -g', 'many get theirs');

-- every column that names who did something is checked, or nobody writes it
SELECT is(ARRAY(SELECT c.relname || '.' || a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid WHERE c.relnamespace IN ('orchestration'::regnamespace, 'orchestration_internal'::regnamespace) AND c.relkind IN ('r', 'p')
		AND a.attname ~ '_by$' AND a.attname <> 'created_by' AND has_column_privilege('attack_admin', c.oid, a.attnum, 'INSERT, UPDATE') ORDER BY 1), '{alerts.acknowledged_by}'::text[], 'one other names a user');
INSERT INTO orchestration.alerts (namespace_id, rule, state, severity, description, unit, breached_since, opened_at) VALUES (:mine, 'containers_failed', 'open', 'warning', 'x', 'count', now(), now());
SELECT is(public.tried('attack_admin', format('UPDATE orchestration.alerts SET acknowledged_at = now(), acknowledged_by = %s RETURNING 1', who)), outcome, 'acknowledged by ' || who)
FROM (VALUES (:chief::text, '42501'), ('NULL', '42501'), (:admin::text, '1')) v (who, outcome);

-- ---- deleting a user takes what changing his login takes
SELECT is(public.tried('attack_clerk', format('DELETE FROM orchestration.users WHERE id = %s RETURNING 1', :chief)), '42501', 'a clerk deletes no administrator');
SELECT is(public.tried('attack_clerk', format('DELETE FROM orchestration.users WHERE username = %L RETURNING 1', 'next')), '1', 'but one who holds nothing');
SELECT is(public.tried('attack_clerk', format('INSERT INTO orchestration.user_roles (user_id, role_id) VALUES (%s, 1)', :chief)), '42501', 'nor does he give him a role');
SELECT is(public.tried('attack_mallory', format('SELECT orchestration_internal.permissions_of(1)')), '{"*": ["*"]}', 'who assigns roles knows what is in them');
SELECT is(public.tried('attack_keeper', format('SELECT orchestration_internal.permissions_of(1)')), 'nothing', 'who does not, does not');
SELECT is(public.tried('attack_keeper', format('SELECT orchestration_internal.holds_all_of(%s)', id)), 'false', 'nor what somebody holds') FROM (VALUES (:mallory), (987654)) v (id);

-- ---- the audit trail's own watch, by somebody who may do everything with monitoring
CREATE ROLE attack_watchman IN ROLE orchestration_user;
INSERT INTO orchestration.users (username, db_role) VALUES ('watchman', 'attack_watchman') RETURNING id AS watchman \gset
INSERT INTO orchestration.roles (name, permissions) VALUES ('watchman', '{"monitoring": ["*"]}'), ('auditor', '{"audit": ["delete"]}');
INSERT INTO orchestration.user_roles (user_id, role_id) SELECT :watchman, id FROM orchestration.roles WHERE name = 'watchman';
SELECT set_eq('SELECT name FROM orchestration.maintenance_steps WHERE orchestration_internal.guards_audit(''maintenance_steps'', name)', 'SELECT name FROM orchestration.maintenance_steps WHERE name ~ ''^audit|^alerts$|^partitions$''', 'steps that guard the trail');
SELECT cmp_ok((SELECT count(*) FROM orchestration.alert_rules WHERE orchestration_internal.guards_audit('alert_rules', name, indicator)), '>=', 4::bigint, 'and rules');
SELECT is(ARRAY(SELECT s.name || ': ' || change FROM orchestration.maintenance_steps s, unnest('{enabled = false,every = ''100 years'',keep = ''0'',next_run_at = ''infinity''}'::text[]) change
	WHERE (public.tried('attack_watchman', format('UPDATE orchestration.maintenance_steps SET %s WHERE name = %L RETURNING 1', change, s.name)) = '42501') <> orchestration_internal.guards_audit('maintenance_steps', s.name)),
	'{}'::text[], 'they are not put off, every other is');
SELECT is(ARRAY(SELECT s.name || ': ' || change FROM orchestration.alert_rules s, unnest(ARRAY['UPDATE orchestration.alert_rules SET enabled = false', 'UPDATE orchestration.alert_rules SET threshold = 1e9, clear_threshold = NULL', 'UPDATE orchestration.alert_rules SET indicator = ''containers''',
		'UPDATE orchestration.alert_rules SET severity = ''info''', 'DELETE FROM orchestration.alert_rules']) change
	WHERE s.comparison = '>' AND (public.tried('attack_watchman', format('%s WHERE name = %L RETURNING 1', change, s.name)) = '42501') <> orchestration_internal.guards_audit('alert_rules', s.name, s.indicator)),
	'{}'::text[], 'nor are rules silenced');
SELECT is(public.tried('attack_watchman', 'UPDATE orchestration.maintenance_steps SET next_run_at = now() WHERE name = ''audit_seals'' RETURNING 1'), '1', 'to run one now is no harm');
INSERT INTO orchestration.user_roles (user_id, role_id) SELECT :watchman, id FROM orchestration.roles WHERE name = 'auditor';
SELECT is(public.tried('attack_watchman', 'UPDATE orchestration.maintenance_steps SET enabled = false WHERE name = ''audit_seals'' RETURNING 1'), '1', 'who may delete from the trail may');

-- ---- where secrets go: a keeper of clusters, who may do everything with them, and with namespaces
SELECT orchestration.create_secret('mine', 'key', '{"k": "canary"}') AS mine_secret \gset
SELECT orchestration.register_cluster('real', orchestration.kubeconfig('https://real.example', 'token', '-----BEGIN A-----')) AS real \gset
SELECT orchestration.create_namespace('served', 'real') AS served \gset
SELECT orchestration.create_secret('served', 'key', '{"k": "canary"}') AS served_secret \gset
INSERT INTO orchestration.roles (name, permissions) VALUES ('builder', '{"clusters": ["*"], "namespaces": ["*"]}'), ('revealer', '{"secrets": ["reveal"]}');
INSERT INTO orchestration.user_roles (user_id, role_id) SELECT u.id, r.id FROM orchestration.users u, orchestration.roles r WHERE u.username = 'keeper' AND r.name = 'builder';
SELECT format('SELECT orchestration.update_cluster(''real'', %L)', k) AS change, what, outcome INTO public.changes
FROM (VALUES
	(orchestration.kubeconfig('https://evil.example', 'token', '-----BEGIN A-----'), 'another address', '42501'),
	(orchestration.kubeconfig('https://real.example:444', 'token', '-----BEGIN A-----'), 'another port', '42501'),
	(orchestration.kubeconfig('https://real.example', 'token', '-----BEGIN B-----'), 'another authority', '42501'),
	(orchestration.kubeconfig('https://real.example', 'token'), 'any authority', '42501'),
	(orchestration.kubeconfig('https://real.example', 'token', insecure_skip_tls_verify => true), 'no verification', '42501'),
	(orchestration.kubeconfig('https://real.example', 'token', '-----BEGIN A-----', tls_server_name => 'evil.example'), 'another name', '42501'),
	(orchestration.kubeconfig('https://real.example', 'token', '-----BEGIN A-----', proxy_url => 'http://evil.example'), 'a proxy', '42501'),
	(orchestration.kubeconfig('http://evil.example', 'token'), 'plain http', 'OR020'),
	(orchestration.kubeconfig('http://127.0.0.1.evil.example', 'token'), 'plain http by a name that looks like loopback', 'OR020'),
	(orchestration.kubeconfig('http://127.0.0.1', 'token', proxy_url => 'http://evil.example'), 'plain http by a proxy', 'OR020'),
	(orchestration.kubeconfig('https://real.example', 'another', '-----BEGIN A-----'), 'another token', 'nothing')) v (k, what, outcome);
SELECT is(public.tried('attack_keeper', change || '::text'), CASE outcome WHEN 'nothing' THEN '' ELSE outcome END, what) FROM public.changes;
SELECT is(public.tried('attack_keeper', format('UPDATE orchestration.clusters SET encrypted_kubeconfig = orchestration_internal.seal(convert_to(%L, ''UTF8''), ''cluster/real'') WHERE id = %s RETURNING 1', orchestration.kubeconfig('https://evil.example', 't'), :real)), '42501', 'the same by UPDATE');
SELECT is(public.tried('attack_keeper', format('UPDATE orchestration.clusters SET encrypted_kubeconfig = NULL, auth_method = ''in-cluster'' WHERE id = %s RETURNING 1', :real)), '42501', 'to where the database runs');
SELECT is(public.tried('attack_keeper', format('UPDATE orchestration.clusters SET name = ''other'', encrypted_kubeconfig = orchestration_internal.seal(convert_to(%L, ''UTF8''), ''cluster/other'') WHERE id = %s RETURNING 1', orchestration.kubeconfig('https://evil.example', 't'), :real)), '42501', 'with another name');
SELECT is(public.tried('attack_keeper', 'SELECT orchestration.register_cluster(''evil'', orchestration.kubeconfig(''https://evil.example'', ''t'')) > 0'), 'true', 'a new one has nothing to lose');
SELECT is(public.tried('attack_keeper', 'SELECT orchestration.register_cluster(''evil'', orchestration.kubeconfig(''http://evil.example'', ''t''))'), 'OR020', 'but is not reached in clear');
SELECT is(public.tried('attack_keeper', 'SELECT orchestration.register_cluster(''evil'', orchestration.kubeconfig(''https://evil.example'', ''t''))', format('UPDATE orchestration.namespaces SET cluster_id = (SELECT id FROM orchestration.clusters WHERE name = ''evil'') WHERE id = %s RETURNING 1', ns)), outcome, 'what holds secrets is not moved there: ' || ns)
FROM (VALUES (:served, '42501'), (:mine, '42501')) v (ns, outcome);
SELECT is(public.tried('attack_keeper', 'SELECT orchestration.register_cluster(''evil'', orchestration.kubeconfig(''https://evil.example'', ''t''))', 'SELECT orchestration.create_namespace(''empty'', ''real'')',
	'UPDATE orchestration.namespaces SET cluster_id = (SELECT id FROM orchestration.clusters WHERE name = ''evil'') WHERE name = ''empty'' RETURNING 1'), '1', 'what holds none is');
SELECT is(public.tried('attack_operator', format('UPDATE orchestration.namespaces SET cluster_id = %s WHERE id = %s RETURNING 1', :real, :mine)), '42501', 'not even between known ones');
DELETE FROM orchestration.user_roles WHERE user_id = :mallory;
INSERT INTO orchestration.roles (name, permissions) VALUES ('mover', '{"namespaces": ["read", "create", "update"]}');
INSERT INTO orchestration.user_roles (user_id, role_id) SELECT :mallory, id FROM orchestration.roles WHERE name = 'mover';
SELECT is(public.tried('attack_mallory', format('INSERT INTO orchestration.namespaces (name, cluster_id) VALUES (''x'', %s) RETURNING 1', c)), 'OR004', 'into a cluster that one does not see: ' || c) FROM (VALUES (:real), (987654)) v (c);

-- who may reveal secrets everywhere may, and it is on record
INSERT INTO orchestration.user_roles (user_id, role_id) SELECT u.id, r.id FROM orchestration.users u, orchestration.roles r WHERE u.username = 'keeper' AND r.name = 'revealer';
SELECT is(public.attack_as('attack_keeper', change || '::text'), '', what || ', by who may reveal') FROM public.changes WHERE what = 'another address';
SELECT is((SELECT changes - 'before' FROM orchestration.operation_logs WHERE operation = 'change_server'), '{"api_server": ["https://real.example", "https://evil.example"], "insecure_skip_tls_verify": false}', 'is on record');
SELECT is(public.tried('attack_keeper', change || '::text'), outcome, what || ', by who may reveal') FROM public.changes WHERE outcome = 'OR020';
SET orchestration.allow_plain_http = on;
SELECT is(public.tried('attack_keeper', change || '::text'), '', what || ', where the installation allows it') FROM public.changes WHERE outcome = 'OR020';
RESET orchestration.allow_plain_http;
SELECT is(public.tried('attack_keeper', 'SET orchestration.allow_plain_http = on'), '42501', 'which is not his to say');

-- ---- a row says what its kubeconfig says
SELECT is(public.tried(who, format('INSERT INTO orchestration.clusters (name, api_server, auth_method, insecure_skip_tls_verify, encrypted_kubeconfig) VALUES (''liar'', ''https://good.example'', ''in-cluster'', false,
	orchestration_internal.seal(convert_to(%L, ''UTF8''), ''cluster/liar'')) RETURNING (api_server, auth_method, insecure_skip_tls_verify)::text', orchestration.kubeconfig('https://evil.example', 't', insecure_skip_tls_verify => true))),
	'(https://evil.example,kubeconfig,t)', 'an INSERT by ' || who) FROM unnest(ARRAY['attack_keeper', session_user]) who;
SELECT is(public.tried(who, format('UPDATE orchestration.clusters SET %s WHERE name = ''real'' RETURNING 1', change)), 'OR003', format('%s, by %s', change, who))
FROM unnest(ARRAY['attack_keeper', session_user]) who, unnest('{api_server = ''https://good.example'',auth_method = ''in-cluster'',insecure_skip_tls_verify = true}'::text[]) change;
SELECT is(public.tried('attack_keeper', 'UPDATE orchestration.clusters SET enabled = false, max_in_flight = 3, usage_interval = 0 WHERE name = ''real'' RETURNING 1'), '1', 'other columns are columns');

DROP OWNED BY attack_admin, attack_watchman;
DROP ROLE attack_admin, attack_watchman;
\ir include/end.sql
