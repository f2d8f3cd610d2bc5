/*
 * Roles of the platform, made before the functions that are granted to them.  They
 * belong to the whole server: another database may have brought them already, and
 * DROP EXTENSION leaves them.
 */
DO $$
DECLARE
	wanted record;
BEGIN
	FOR wanted IN
		SELECT r.name, r.attributes, r.description
		FROM (VALUES
			('orchestration_user', 'NOLOGIN', 'May use the tables and functions of orchestration; what it sees there is decided by its user''s permissions.'),
			('orchestration_gateway', 'NOLOGIN', 'May act for any user of orchestration.'),
			('operators', 'NOLOGIN', 'May see who the users of orchestration are, but not how to reach them.'),
			('admin_role', 'NOLOGIN', 'May see and change everything of the users of orchestration that their permissions allow.'),
			('orchestration_monitor', 'NOLOGIN', 'May read the indicators and metrics of orchestration, and no row of it: for exporters.'),
			('orchestration_worker', 'LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE', 'The background worker of orchestration logs in as this role.')
		) r (name, attributes, description)
		WHERE pg_catalog.to_regrole(r.name) IS NULL
	LOOP
		EXECUTE pg_catalog.format('CREATE ROLE %I %s', wanted.name, wanted.attributes);
		EXECUTE pg_catalog.format('COMMENT ON ROLE %I IS %L', wanted.name, wanted.description);
	END LOOP;
END
$$;

GRANT orchestration_user TO orchestration_gateway, operators, admin_role;
GRANT orchestration_monitor TO orchestration_worker;
/* to find names in it; what may be called there is granted function by function */
GRANT USAGE ON SCHEMA orchestration, orchestration_internal TO orchestration_user, orchestration_monitor, orchestration_worker;
