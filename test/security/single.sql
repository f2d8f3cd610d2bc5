-- What each permission alone opens, beside reading: every resource and verb, everywhere, against what is worth having.
\ir include/mallory.sql
SELECT no_plan();

CREATE ROLE attack_single IN ROLE orchestration_user, admin_role;
CREATE ROLE attack_spare;
INSERT INTO orchestration.users (username, db_role) VALUES ('single', 'attack_single') RETURNING id AS single \gset
INSERT INTO orchestration.roles (name, permissions) VALUES ('reader', '{"containers": ["read"], "namespaces": ["read"], "volumes": ["read"], "config_maps": ["read"], "secrets": ["read"], "registries": ["read"], "logs": ["read"], "monitoring": ["read"], "audit": ["read"], "users": ["read"], "roles": ["read"], "clusters": ["read"]}'), ('one', '{}');
INSERT INTO orchestration.user_roles (user_id, role_id) SELECT :single, id FROM orchestration.roles WHERE name IN ('reader', 'one');
INSERT INTO orchestration.users (username) VALUES ('nobody') RETURNING id AS nobody \gset
SELECT orchestration.register_cluster('real', orchestration.kubeconfig('https://real.example', 't')) AS real \gset
INSERT INTO orchestration.user_sessions (user_id, token_id) VALUES (:chief, 't') RETURNING id AS session \gset
INSERT INTO orchestration.user_secrets (user_id, secret_type, encrypted_value) VALUES (:chief, 'api_key', 'x');
INSERT INTO orchestration.alerts (namespace_id, rule, state, severity, description, unit, breached_since, opened_at) VALUES (:theirs, 'containers_failed', 'open', 'warning', 'x', 'count', now(), now()) RETURNING id AS alert \gset

CREATE TABLE public.goals (goal text, statement text, opened_by text[]);
INSERT INTO public.goals VALUES
	('a secret in clear', 'SELECT orchestration.reveal_secret(''theirs'', ''key'', ''k'') = ''canary''', '{secrets: reveal}'),
	('the administrator''s role', format('INSERT INTO orchestration.user_roles (user_id, role_id) SELECT %s, id FROM orchestration.roles WHERE name = ''administrator'' RETURNING true', :single), '{roles together}'),
	('the same for a friend', format('INSERT INTO orchestration.user_roles (user_id, role_id) SELECT %s, id FROM orchestration.roles WHERE name = ''administrator'' RETURNING true', :nobody), '{roles together}'),
	('an operator of a namespace', format('INSERT INTO orchestration.user_roles (user_id, role_id, namespace_id) SELECT %s, id, %s FROM orchestration.roles WHERE name = ''operator'' RETURNING true', :single, :theirs), '{roles together}'),
	('what one holds, for a friend', format('INSERT INTO orchestration.user_roles (user_id, role_id) SELECT %s, id FROM orchestration.roles WHERE name = ''reader'' RETURNING true', :nobody), '{roles: create}'),
	('a role with everything', 'INSERT INTO orchestration.roles (name, permissions) VALUES (''x'', ''{"*": ["*"]}'') RETURNING true', '{roles together}'),
	('more in one''s own role', 'UPDATE orchestration.roles SET permissions = ''{"secrets": ["reveal"]}'' WHERE name = ''one'' RETURNING true', '{roles together}'),
	('a system role', 'UPDATE orchestration.roles SET description = ''x'' WHERE name = ''viewer'' RETURNING true', '{}'),
	('an administrator''s name', format('UPDATE orchestration.users SET username = ''x'' WHERE id = %s RETURNING true', :chief), '{users together}'),
	('an administrator''s login', format('UPDATE orchestration.users SET db_role = ''attack_spare'' WHERE id = %s RETURNING true', :chief), '{users together}'),
	('an administrator locked', format('UPDATE orchestration.users SET status = ''locked'' WHERE id = %s RETURNING true', :chief), '{users together}'),
	('an administrator gone', format('DELETE FROM orchestration.users WHERE id = %s RETURNING true', :chief), '{users together}'),
	('somebody''s login who holds nothing', format('UPDATE orchestration.users SET db_role = ''attack_spare'' WHERE id = %s RETURNING true', :nobody), '{users: update}'),
	('a new user', 'INSERT INTO orchestration.users (username) VALUES (''x'') RETURNING true', '{users: create}'),
	('a user''s key', 'SELECT orchestration.reveal_user_secret(''api_key'', username => ''chief'') IS NOT NULL', '{}'),
	('another key for a user', 'SELECT orchestration.set_user_secret(''api_key'', ''x'', username => ''chief'') > 0', '{users: update}'),
	('a session ended', format('SELECT orchestration.revoke_session(%s) IS NOT NULL', :session), '{users: update}'),
	('a cluster elsewhere', format('UPDATE orchestration.clusters SET encrypted_kubeconfig = orchestration_internal.seal(convert_to(%L, ''UTF8''), ''cluster/real'') WHERE id = %s RETURNING true', orchestration.kubeconfig('https://evil.example', 't'), :real), '{}'),
	('another token for a cluster', format('UPDATE orchestration.clusters SET encrypted_kubeconfig = orchestration_internal.seal(convert_to(%L, ''UTF8''), ''cluster/real'') WHERE id = %s RETURNING true', orchestration.kubeconfig('https://real.example', 'u'), :real), '{clusters: update}'),
	('a new cluster', format('SELECT orchestration.register_cluster(''x'', %L) > 0', orchestration.kubeconfig('https://evil.example', 't')), '{clusters: create}'),
	('the lease of a cluster', 'SELECT orchestration.take_over(''real'') IS NOT NULL', '{clusters: update}'),
	('a cluster forgotten', 'SELECT orchestration.unregister_cluster(''real'') IS NOT NULL', '{clusters: delete}'),
	('a namespace with secrets elsewhere', format('UPDATE orchestration.namespaces SET cluster_id = %s WHERE id = %s RETURNING true', :real, :theirs), '{}'),
	('a namespace off its cluster', format('UPDATE orchestration.namespaces SET cluster_id = NULL WHERE id = %s RETURNING true', :theirs), '{namespaces: update}'),
	('a looser namespace', format('UPDATE orchestration.namespaces SET pod_security = ''privileged'' WHERE id = %s RETURNING true', :theirs), '{namespaces together}'),
	('the inventory forgotten', 'WITH d AS (DELETE FROM orchestration.managed_objects RETURNING 1) SELECT count(*) > 0 FROM d', '{}'),
	('an entry of the log', 'INSERT INTO orchestration.operation_logs (operation, resource_type) VALUES (''create'', ''container'') RETURNING true', '{}'),
	('an entry less', 'WITH d AS (DELETE FROM orchestration.operation_logs RETURNING 1) SELECT count(*) > 0 FROM d', '{}'),
	('a shorter log', 'UPDATE orchestration.partition_policies SET retention_months = 1 WHERE table_name = ''operation_logs'' RETURNING true', '{audit: delete}'),
	('no seals', 'UPDATE orchestration.maintenance_steps SET enabled = false WHERE name = ''audit_seals'' RETURNING true', '{}'),
	('no alerts of the log', 'UPDATE orchestration.alert_rules SET enabled = false WHERE name = ''audit_gap'' RETURNING true', '{}'),
	('no alert of failures', 'UPDATE orchestration.alert_rules SET enabled = false WHERE name = ''disk_full'' RETURNING true', '{monitoring: update}'),
	('an alert answered', format('SELECT orchestration.acknowledge_alert(%s) IS NOT NULL', :alert), '{monitoring: update}'),
	('what containers used', format('SELECT orchestration.record_usage(ARRAY[%s]::bigint[], ARRAY[now()], ARRAY[1.0]) = 1', :target), '{monitoring: create}'),
	('a container of one''s own', 'SELECT orchestration.create_container(''theirs'', ''x'', ''nginx'') > 0', '{containers: create}'),
	('another image', format('WITH i AS (INSERT INTO orchestration.container_images (namespace_id, repository) VALUES (%s, ''evil'') RETURNING id) UPDATE orchestration.containers SET image_id = i.id FROM i WHERE containers.id = %s RETURNING true', :theirs, :target), '{containers: update}'),
	('a container stopped', format('SELECT count(*) = 1 FROM orchestration.stop_container(%s)', :target), '{containers: execute}'),
	('a container gone', format('SELECT count(*) = 1 FROM orchestration.delete_container(%s)', :target), '{containers: delete}'),
	('another variable', format('UPDATE orchestration.environment_variables SET value = ''evil'' WHERE container_id = %s RETURNING true', :target), '{containers: update}'),
	('another value of a secret', 'SELECT count(*) = 1 FROM orchestration.update_secret(''theirs'', ''key'', ''{"k": "evil"}'')', '{secrets: update}');

-- what somebody gets with one more permission
CREATE FUNCTION public.opens(statement text, resource text, verb text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
	opened boolean;
BEGIN
	UPDATE orchestration.roles SET permissions = jsonb_build_object(resource, jsonb_build_array(verb)) WHERE name = 'one';
	opened := public.attack_as('attack_single', statement) = 'true';
	RAISE SQLSTATE 'UNDO1';
EXCEPTION WHEN SQLSTATE 'UNDO1' THEN
	RETURN opened;
END
$$;
-- which open it, one at a time; "together": none of a resource alone, but several of it
CREATE FUNCTION public.opened_by(statement text) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
	resource text;
	alone text[];
	found text[] := '{}';
BEGIN
	FOREACH resource IN ARRAY '{containers,namespaces,volumes,config_maps,secrets,registries,logs,monitoring,audit,users,roles,clusters}'::text[] LOOP
		CONTINUE WHEN NOT public.opens(statement, resource, '*');
		alone := ARRAY(SELECT resource || ': ' || v FROM unnest('{create,update,delete,execute,reveal,bind,escalate}'::text[]) v WHERE public.opens(statement, resource, v));
		found := found || CASE WHEN alone = '{}' THEN ARRAY[resource || ' together'] ELSE alone END;
	END LOOP;
	RETURN found;
END
$$;
-- nothing is committed: who passed something on must still hold it then
BEGIN;
SELECT jsonb_object_agg(goal, public.opened_by(statement)) AS results FROM public.goals \gset
ROLLBACK;
SELECT is(ARRAY(SELECT jsonb_array_elements_text(:'results'::jsonb -> goal)), opened_by, goal) FROM public.goals;
SELECT is((SELECT count(*) FROM public.goals), 40::bigint, 'goals');

DROP OWNED BY attack_single;
DROP ROLE attack_single, attack_spare;
\ir include/end.sql
