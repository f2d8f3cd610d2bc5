/*
 * init-database.sql: a database becomes a control plane.
 *
 *   createdb -E UTF8 -T template0 platform
 *   psql -d platform -v ON_ERROR_STOP=1 -v admin=alice -v application=backend -f examples/init-database.sql
 *
 * As a superuser, with orchestration in shared_preload_libraries.  Variables, both optional: admin (a login role that is to
 * administer the platform), application (a login role that acts for end users, behind a pooler).  Can be run again.
 */
\set ON_ERROR_STOP on
SET client_min_messages = warning;

-- tables, indexes, triggers, functions, policies, roles, the key of the secrets
CREATE EXTENSION IF NOT EXISTS orchestration CASCADE;
SELECT orchestration.bootstrap();

\if :{?admin}
-- a person at psql: the database role is the user
SELECT format('CREATE ROLE %I LOGIN', :'admin') WHERE to_regrole(quote_ident(:'admin')) IS NULL \gexec
SELECT format('GRANT orchestration_user, admin_role TO %I', :'admin') \gexec
INSERT INTO orchestration.users (username, full_name, db_role) VALUES (:'admin', 'Administrator', :'admin') ON CONFLICT DO NOTHING;
INSERT INTO orchestration.user_roles (user_id, role_id)
SELECT u.id, r.id FROM orchestration.users u, orchestration.roles r WHERE u.db_role = :'admin' AND r.name = 'administrator' ON CONFLICT DO NOTHING;
\endif

\if :{?application}
-- a program: one role for all its users, for whom it calls act_as() in each transaction
SELECT format('CREATE ROLE %I LOGIN', :'application') WHERE to_regrole(quote_ident(:'application')) IS NULL \gexec
SELECT format('GRANT orchestration_gateway TO %I', :'application') \gexec
\endif

-- what is there now
SELECT (SELECT count(*) FROM pg_class WHERE relnamespace = 'orchestration'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition) AS tables,
	(SELECT count(*) FROM pg_class WHERE relnamespace = 'orchestration'::regnamespace AND relkind IN ('i', 'I') AND NOT relispartition) AS indexes,
	(SELECT count(*) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid WHERE c.relnamespace = 'orchestration'::regnamespace AND NOT t.tgisinternal AND NOT c.relispartition) AS triggers,
	(SELECT count(*) FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid WHERE c.relnamespace = 'orchestration'::regnamespace) AS policies,
	(SELECT string_agg(name, ', ' ORDER BY id) FROM orchestration.roles WHERE is_system) AS system_roles,
	orchestration_internal.installed_schema_version() AS schema_version;
