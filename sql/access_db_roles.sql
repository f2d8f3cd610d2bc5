-- a user of the database is a role, not a name
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE EXTENSION orchestration CASCADE;
SELECT orchestration.bootstrap();
RESET client_min_messages;
CREATE ROLE regress_ann IN ROLE orchestration_user;
CREATE ROLE regress_bob IN ROLE orchestration_user;
CREATE ROLE regress_clerk IN ROLE admin_role;
CREATE ROLE regress_pool IN ROLE regress_ann, regress_bob;
INSERT INTO orchestration.users (username, db_role) VALUES ('ann', 'regress_ann'), ('bob', 'regress_bob'), ('clerk', 'regress_clerk');
INSERT INTO orchestration.roles (name, permissions) VALUES ('clerk', '{"users": ["read", "create", "update"]}');
INSERT INTO orchestration.user_roles (user_id, role_id) SELECT u.id, r.id FROM orchestration.users u, orchestration.roles r WHERE u.username = 'clerk' AND r.name = 'clerk';
CREATE VIEW public.tied AS SELECT u.username, u.db_role, r.rolname AS tied_to, u.db_role_system = orchestration_internal.system_identifier() AS here
FROM orchestration.users u LEFT JOIN pg_roles r ON r.oid = u.db_role_id WHERE u.username <> 'postgres' ORDER BY u.username;
-- who somebody with this role is; whoever is nobody by it is who logged in: postgres
CREATE FUNCTION public.who(role name) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text;
BEGIN
	EXECUTE format('SET LOCAL ROLE %I', role);
	answer := COALESCE(orchestration.current_user_name(), 'nobody');
	RESET ROLE;
	RETURN answer;
END
$$;
SELECT * FROM public.tied;

-- a new name is his, and the old one nobody's, whoever has it then
SELECT public.who('regress_ann') AS before;
ALTER ROLE regress_ann RENAME TO regress_anna;
CREATE ROLE regress_ann IN ROLE orchestration_user;
SELECT public.who('regress_anna') AS renamed, public.who('regress_ann') AS namesake;
SELECT * FROM public.tied;
-- exchanged
BEGIN;
ALTER ROLE regress_anna RENAME TO regress_tmp;
ALTER ROLE regress_bob RENAME TO regress_anna;
ALTER ROLE regress_tmp RENAME TO regress_bob;
SELECT public.who('regress_bob') AS bob, public.who('regress_anna') AS anna;
SELECT * FROM public.tied;
ROLLBACK;
SELECT * FROM public.tied;

-- who is dropped is gone, whoever is made under his name
DROP ROLE regress_bob;
CREATE ROLE regress_bob IN ROLE orchestration_user;
SELECT public.who('regress_bob') AS namesake;
SELECT * FROM public.tied;
-- also where nothing noticed, as in another database of the server
SET session_replication_role = replica;
UPDATE orchestration.users SET db_role = 'regress_bob', db_role_id = 1, db_role_system = orchestration_internal.system_identifier() WHERE username = 'bob';
RESET session_replication_role;
SELECT public.who('regress_bob') AS namesake;
SELECT orchestration_internal.follow_db_roles();
SELECT * FROM public.tied;

-- writing the name ties him to who has it
UPDATE orchestration.users SET db_role = 'regress_bob' WHERE username = 'bob';
SELECT public.who('regress_bob') AS bob;
-- error: there is nobody to be tied to
UPDATE orchestration.users SET db_role = 'regress_nobody' WHERE username = 'bob';
-- error: likewise
INSERT INTO orchestration.users (username, db_role) VALUES ('x', 'regress_nobody');
-- error: one role is one user
INSERT INTO orchestration.users (username, db_role) VALUES ('x', 'regress_bob');
-- what is kept by the database is not for others to write
SET ROLE regress_clerk;
UPDATE orchestration.users SET db_role_id = 10, db_role_system = 1 WHERE username = 'bob';
INSERT INTO orchestration.users (username, db_role_id, db_role_system) VALUES ('y', 10, orchestration_internal.system_identifier());
UPDATE orchestration.users SET db_role = db_role WHERE username = 'bob';
RESET ROLE;
SELECT * FROM public.tied;
-- nor is an old name a new role's for who only writes the row again
ALTER ROLE regress_bob RENAME TO regress_robert;
CREATE ROLE regress_bob IN ROLE orchestration_user;
SET session_replication_role = replica;
UPDATE orchestration.users SET db_role = 'regress_bob' WHERE username = 'bob';
RESET session_replication_role;
UPDATE orchestration.users SET db_role = db_role WHERE username = 'bob';
SELECT public.who('regress_bob') AS namesake, public.who('regress_robert') AS robert;
-- a new user takes the name that an old one still has in his row
INSERT INTO orchestration.users (username, db_role) VALUES ('young bob', 'regress_bob');
SELECT public.who('regress_bob') AS young, public.who('regress_robert') AS old;
SELECT * FROM public.tied;

-- a dump of another server: oids say nothing, names do until they are looked up, once
SET session_replication_role = replica;
UPDATE orchestration.users SET db_role_system = 1, db_role_id = (SELECT oid FROM pg_roles WHERE rolname = 'regress_pool') WHERE username = 'ann';
UPDATE orchestration.users SET db_role_system = 1, db_role_id = 1, db_role = 'regress_late' WHERE username = 'bob';
RESET session_replication_role;
SELECT public.who('regress_anna') AS by_name, public.who('regress_pool') AS by_oid;
SELECT orchestration_internal.follow_db_roles();
SELECT public.who('regress_anna') AS anna;
SELECT * FROM public.tied;
-- a role that is made later is not his, unless a superuser says so
CREATE ROLE regress_late IN ROLE orchestration_user;
SELECT orchestration_internal.follow_db_roles();
SELECT public.who('regress_late') AS late;
SET ROLE regress_clerk;
UPDATE orchestration.users SET db_role = db_role WHERE username = 'bob';
RESET ROLE;
SELECT public.who('regress_late') AS late;
UPDATE orchestration.users SET full_name = 'Bob' WHERE username = 'bob';
SELECT public.who('regress_late') AS late;
UPDATE orchestration.users SET db_role = db_role;
SELECT public.who('regress_late') AS late;
SELECT * FROM public.tied;

SET client_min_messages = warning;
DROP VIEW public.tied;
DROP FUNCTION public.who(name);
DROP EXTENSION orchestration CASCADE;
-- as before it came
DROP ROLE regress_pool, regress_ann, regress_anna, regress_bob, regress_robert, regress_clerk, regress_late;
