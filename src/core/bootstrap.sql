/*
 * bootstrap() makes the tables as ordinary objects, so that they are dumped,
 * extended and replicated by everybody's tools and are not the extension's to
 * drop.
 */

CREATE OR REPLACE FUNCTION orchestration_internal.schema_version()
RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$ SELECT 1 $$;

COMMENT ON FUNCTION orchestration_internal.schema_version() IS 'Version of the tables that this release of the extension works with.';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.installed_schema_version()
RETURNS integer
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF pg_catalog.to_regclass('orchestration.installation') IS NULL THEN
		RETURN NULL;
	END IF;
	RETURN (SELECT i.schema_version FROM orchestration.installation i);
END
$$;

COMMENT ON FUNCTION orchestration_internal.installed_schema_version() IS 'Version of the tables in this database; NULL before bootstrap().';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.check_bootstrap()
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	installed integer := orchestration_internal.installed_schema_version();
	strays text;
BEGIN
	IF NOT (SELECT r.rolsuper FROM pg_catalog.pg_roles r WHERE r.rolname = current_user) THEN
		RAISE EXCEPTION 'permission denied to bootstrap orchestration'
			USING ERRCODE = '42501', HINT = 'Run bootstrap() as a superuser: it makes roles and grants.';
	END IF;
	IF pg_catalog.getdatabaseencoding() <> 'UTF8' THEN
		RAISE EXCEPTION 'database encoding "%" is not supported', pg_catalog.getdatabaseencoding()
			USING ERRCODE = '0A000', HINT = 'Create the database with ENCODING ''UTF8''.';
	END IF;
	IF installed > orchestration_internal.schema_version() THEN
		RAISE EXCEPTION 'the tables have schema version %, this release works with version %', installed, orchestration_internal.schema_version()
			USING ERRCODE = 'OR031', HINT = 'Install the newer release and run ALTER EXTENSION orchestration UPDATE.';
	END IF;
	IF installed IS NULL THEN
		SELECT pg_catalog.string_agg(c.relname, ', ' ORDER BY c.relname) INTO strays
		FROM pg_catalog.pg_class c
		WHERE c.relnamespace IN ('orchestration'::regnamespace, 'orchestration_internal'::regnamespace) AND c.relkind IN ('r', 'p', 'v', 'm');
		IF strays IS NOT NULL THEN
			RAISE EXCEPTION 'schema orchestration holds relations but no installation'
				USING ERRCODE = 'OR031',
					DETAIL = pg_catalog.format('Relations found: %s.', strays),
					HINT = 'A restore was probably not completed: finish it, or drop these relations, then run bootstrap() again.';
		END IF;
	END IF;
END
$$;

COMMENT ON FUNCTION orchestration_internal.check_bootstrap() IS 'Refuses what bootstrap() cannot work on: 42501 without superuser, 0A000 for an encoding other than UTF8, OR031 for newer or half-restored tables.';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.check_encryption_key()
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	place record;
	sealed record;
BEGIN
	FOR place IN SELECT * FROM orchestration_internal.sealed_columns() LOOP
		EXECUTE pg_catalog.format('SELECT t.%I AS encrypted, %s AS context FROM %s t WHERE %s AND t.%1$I IS NOT NULL LIMIT 1', place.value_column, place.context, place.relation, place.condition)
		INTO sealed;
		IF sealed.encrypted IS NOT NULL THEN
			PERFORM orchestration_internal.unseal(sealed.encrypted, sealed.context);
			RETURN;
		END IF;
	END LOOP;
EXCEPTION
	WHEN SQLSTATE 'OR041' THEN
		RAISE WARNING 'the encryption key does not fit the stored secrets' USING ERRCODE = 'OR041', DETAIL = SQLERRM;
END
$$;

COMMENT ON FUNCTION orchestration_internal.check_encryption_key() IS 'Tries the key on a stored value: OR040 when there are such values and no key, a warning when it does not fit.';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.make_constraint_trigger(name text, relation regclass, definition text)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF EXISTS (SELECT FROM pg_catalog.pg_trigger t WHERE t.tgrelid = relation AND t.tgname = name AND pg_catalog.obj_description(t.oid, 'pg_trigger') = definition) THEN
		RETURN;
	END IF;
	EXECUTE pg_catalog.format('DROP TRIGGER IF EXISTS %I ON %s', name, relation);
	EXECUTE pg_catalog.format('CREATE CONSTRAINT TRIGGER %I %s', name, pg_catalog.replace(definition, ' DEFERRED ', pg_catalog.format(' ON %s DEFERRABLE INITIALLY DEFERRED ', relation)));
	EXECUTE pg_catalog.format('COMMENT ON TRIGGER %I ON %s IS %L', name, relation, definition);
END
$$;

COMMENT ON FUNCTION orchestration_internal.make_constraint_trigger(text, regclass, text) IS 'Makes a deferred constraint trigger unless it is there: it cannot be replaced, and to drop it locks out whoever reads the table. Arguments: name, table, and AFTER ... DEFERRED FOR EACH ROW ..., which its comment keeps.';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration.bootstrap()
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET client_min_messages = warning
/* so that the audit trail says whose rows these are */
SET application_name = 'orchestration bootstrap'
AS $$
BEGIN
	PERFORM orchestration_internal.worker_wait_for_lock('bootstrap');
	PERFORM orchestration_internal.check_bootstrap();

	IF orchestration_internal.installed_schema_version() IS NULL THEN
		EXECUTE orchestration_internal.table_definitions();
		INSERT INTO orchestration.installation (schema_version) VALUES (orchestration_internal.schema_version());
		EXECUTE pg_catalog.format('ALTER DATABASE %I SET timezone = ''UTC''', pg_catalog.current_database());
	END IF;

	EXECUTE orchestration_internal.code_definitions();
	EXECUTE orchestration_internal.seed_definitions();
	/* after a restore with triggers disabled */
	PERFORM orchestration_internal.refresh_permissions();
	EXECUTE pg_catalog.format('GRANT CONNECT ON DATABASE %I TO orchestration_worker', pg_catalog.current_database());
	PERFORM orchestration_internal.ensure_log_partitions();
	/* a restored database needs the key of its origin: a new one would hide that it is missing */
	PERFORM orchestration_internal.check_encryption_key();
	PERFORM orchestration_internal.ensure_encryption_key();
	PERFORM orchestration_internal.record_encryption_keys();
	PERFORM orchestration_internal.wake_worker();
END
$$;

COMMENT ON FUNCTION orchestration.bootstrap() IS 'Makes tables, system roles, months of the log tables and the encryption key where they are missing, and views, triggers, policies and grants anew. Changes no table that is there, and is safe to run again at any time. Run it after CREATE EXTENSION, after ALTER EXTENSION UPDATE and after a restore. Raises 42501, 0A000, OR031, OR040.';
-- for the owner alone
