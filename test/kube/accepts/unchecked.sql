/*
 * Makes this database take everything, so that what its rows would be rendered to
 * can be shown to the API server.
 */
DO $$
DECLARE
	it record;
BEGIN
	FOR it IN
		SELECT p.proname, pg_get_function_arguments(p.oid) AS arguments, format_type(p.prorettype, NULL) AS type
		FROM pg_proc p
		WHERE p.pronamespace = 'orchestration_internal'::regnamespace
			AND (p.proname ~ '^valid_' OR p.proname = 'refuse')
	LOOP
		EXECUTE format('CREATE OR REPLACE FUNCTION orchestration_internal.%I(%s) RETURNS %s LANGUAGE sql IMMUTABLE AS %L',
			it.proname, it.arguments, it.type, CASE it.type WHEN 'void' THEN 'SELECT NULL' ELSE 'SELECT true' END);
	END LOOP;
	FOR it IN
		SELECT c.conrelid::regclass AS relation, c.conname
		FROM pg_constraint c JOIN pg_class r ON r.oid = c.conrelid
		WHERE r.relnamespace = 'orchestration'::regnamespace AND r.relkind = 'r' AND c.contype = 'c'
			AND r.relname IN ('namespaces', 'config_maps', 'secrets', 'registries', 'volumes', 'container_images', 'containers',
				'container_volumes', 'port_mappings', 'environment_variables', 'container_probes')
	LOOP
		EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', it.relation, it.conname);
	END LOOP;
END
$$;

ALTER TABLE orchestration.secrets DISABLE TRIGGER zx_guard_secret_data;

CREATE OR REPLACE FUNCTION orchestration_internal.parse_image(image text)
RETURNS text[]
LANGUAGE sql IMMUTABLE
AS $$ SELECT ARRAY['', image, '', ''] $$;

CREATE OR REPLACE FUNCTION orchestration_internal.quantity_argument(quantity text, argument text)
RETURNS bigint
LANGUAGE sql IMMUTABLE
AS $$ SELECT CASE WHEN quantity ~ '^(-[0-9]+|0)$' THEN quantity::bigint WHEN argument ~ '^cpu' THEN orchestration.cpu_millicores(quantity) ELSE orchestration.memory_bytes(quantity) END $$;
