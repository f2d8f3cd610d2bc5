-- What mallory tries.  She is a user who may read and create containers in "mine" and knows that "theirs" exists.
-- An attack returns what it got: a value, or the SQLSTATE that stopped it.
SET client_min_messages = warning;
CREATE EXTENSION orchestration CASCADE;
SELECT orchestration.bootstrap();

CREATE ROLE attack_mallory IN ROLE orchestration_user;
CREATE ROLE attack_chief;
CREATE ROLE attack_clerk_too;
GRANT CREATE ON SCHEMA public TO attack_mallory;
CREATE SCHEMA planted AUTHORIZATION attack_mallory;
INSERT INTO orchestration.clusters (name, api_server, auth_method, enabled) VALUES ('c', 'https://127.0.0.1', 'in-cluster', false);
SELECT count(orchestration.create_namespace(n, 'c')) FROM unnest('{mine,theirs}'::text[]) n;
SELECT id AS mine FROM orchestration.namespaces WHERE name = 'mine' \gset
SELECT id AS theirs FROM orchestration.namespaces WHERE name = 'theirs' \gset
SELECT orchestration.create_container('mine', 'own', 'nginx') AS own \gset
SELECT orchestration.create_container('theirs', 'target', 'nginx', env => '{"TOKEN": "canary"}') AS target \gset
SELECT orchestration.create_config_map('theirs', 'app', '{"k": "canary"}') AS map \gset
SELECT orchestration.create_secret('theirs', 'key', '{"k": "canary"}') AS secret \gset
SELECT orchestration.create_volume('theirs', 'data', size => '1Gi') AS volume \gset
INSERT INTO orchestration.users (username, db_role, email) VALUES ('mallory', 'attack_mallory', NULL), ('chief', 'attack_chief', 'chief@example.org');
SELECT id AS mallory FROM orchestration.users WHERE username = 'mallory' \gset
SELECT id AS chief FROM orchestration.users WHERE username = 'chief' \gset
INSERT INTO orchestration.roles (name, permissions) VALUES ('maker', '{"containers": ["read", "create"], "namespaces": ["read"], "config_maps": ["read", "create", "update"], "roles": ["read", "create", "update", "delete"]}');
INSERT INTO orchestration.user_roles (user_id, role_id, namespace_id, expires_at) SELECT :mallory, id, :mine, now() + interval '1 day' FROM orchestration.roles WHERE name = 'maker';
INSERT INTO orchestration.user_roles (user_id, role_id) SELECT :chief, id FROM orchestration.roles WHERE name = 'administrator';
INSERT INTO orchestration.operation_logs (namespace_id, user_id, operation, resource_type) VALUES (:theirs, :chief, 'reveal', 'secret');

-- others who may do more, and want still more: a clerk of users, a keeper of clusters, an operator of "mine"
CREATE ROLE attack_clerk IN ROLE admin_role;
CREATE ROLE attack_keeper IN ROLE orchestration_user;
CREATE ROLE attack_operator IN ROLE orchestration_user;
INSERT INTO orchestration.users (username, db_role) SELECT n, 'attack_' || n FROM unnest('{clerk,keeper,operator}'::text[]) n;
INSERT INTO orchestration.roles (name, permissions) VALUES ('clerk', '{"users": ["read", "create", "update", "delete"]}'), ('keeper', '{"clusters": ["read", "create", "update", "delete"]}');
INSERT INTO orchestration.user_roles (user_id, role_id, namespace_id)
SELECT u.id, r.id, CASE r.name WHEN 'operator' THEN :mine END FROM orchestration.users u JOIN orchestration.roles r ON r.name = u.username WHERE u.username IN ('clerk', 'keeper', 'operator');

-- the last statement gives the loot, those before it prepare it; what stops them is an SQLSTATE
CREATE FUNCTION public.attack_as(who name, VARIADIC statements text[]) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	loot text;
BEGIN
	EXECUTE format('SET LOCAL ROLE %I', who);
	FOR i IN 1 .. cardinality(statements) - 1 LOOP
		EXECUTE statements[i];
	END LOOP;
	EXECUTE statements[cardinality(statements)] INTO loot;
	RESET search_path;
	SET LOCAL ROLE NONE;
	RETURN COALESCE(loot, 'nothing');
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE;
END
$$;
CREATE FUNCTION public.attack(VARIADIC statements text[]) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN public.attack_as('attack_mallory', VARIADIC statements); END $$;
SELECT format('SELECT count(*) FROM orchestration.containers WHERE namespace_id = %s', :theirs) AS see \gset
