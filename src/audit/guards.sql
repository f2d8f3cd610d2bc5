/*
 * Who watches the watch: what seals the audit trail, keeps its months and raises
 * its alerts is switched off by those alone who may delete from the trail.
 */

CREATE OR REPLACE FUNCTION orchestration_internal.guards_audit(kind text, row_name text, indicator text DEFAULT NULL)
RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT CASE kind
		/* without the step alerts, no rule of the trail is evaluated; partitions retires its months */
		WHEN 'maintenance_steps' THEN row_name LIKE 'audit%' OR row_name IN ('alerts', 'partitions')
		WHEN 'alert_rules' THEN row_name LIKE 'audit%' OR EXISTS (SELECT FROM orchestration_internal.known_indicators() i WHERE i.name = indicator AND i.source = 'audit')
		ELSE false
	END
$$;

COMMENT ON FUNCTION orchestration_internal.guards_audit(text, text, text) IS 'Does a row of maintenance_steps or alert_rules keep the audit trail, or tell when something is wrong with it? Arguments: table, name, indicator of a rule.';
GRANT EXECUTE ON FUNCTION orchestration_internal.guards_audit(text, text, text) TO orchestration_user;

/* with the rights of the caller: row security must apply to him for the question to be asked */
CREATE OR REPLACE FUNCTION orchestration_internal.guard_audit_watch()
RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF NOT row_security_active(TG_RELID) THEN
		RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
	END IF;
	/* what is to run earlier may */
	IF orchestration_internal.guards_audit(TG_TABLE_NAME, OLD.name, to_jsonb(OLD) ->> 'indicator')
		AND NOT (TG_TABLE_NAME = 'maintenance_steps' AND TG_OP = 'UPDATE' AND to_jsonb(NEW) - '{next_run_at,updated_at}'::text[] = to_jsonb(OLD) - '{next_run_at,updated_at}'::text[]
			AND (to_jsonb(NEW) ->> 'next_run_at')::timestamptz <= now())
		AND NOT orchestration_internal.permits_everywhere('audit', 'delete')
	THEN
		RAISE EXCEPTION 'permission denied to change what guards the audit trail: "%"', OLD.name
			USING ERRCODE = '42501', DETAIL = format('Without it, what is missing on record, or was changed, would not be noticed (%s).', TG_TABLE_NAME),
				HINT = 'It takes a role with {"audit": ["delete"]} everywhere.', SCHEMA = TG_TABLE_SCHEMA, TABLE = TG_TABLE_NAME;
	END IF;
	RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END
$$;

COMMENT ON FUNCTION orchestration_internal.guard_audit_watch() IS 'Row trigger of maintenance_steps and alert_rules: what guards the audit trail is changed or deleted by those alone who may delete from it. Raises 42501.';
