/*
 * Change events for caches.  Opt-in, by triggers that exist only where they were
 * asked for: a transaction that notifies takes a lock of the whole server while it
 * commits, and none pays for that whose changes nobody caches.
 */

/* resolves no names */
CREATE OR REPLACE FUNCTION orchestration_internal.notify_changes()
RETURNS trigger
LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'orch_notify_changes';

COMMENT ON FUNCTION orchestration_internal.notify_changes() IS 'Statement trigger that enable_change_events() makes: NOTIFY orchestration_changes with the table, the namespace and the id of each changed row.';

CREATE OR REPLACE FUNCTION orchestration_internal.cached_tables()
RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT array_agg(r.relation ORDER BY r.nth) || 'container_instances'::text
	FROM orchestration_internal.resources() r
	WHERE r.scope IS NOT NULL AND r.part_of IS NULL
$$;

COMMENT ON FUNCTION orchestration_internal.cached_tables() IS 'Tables that change events can be had of. Variables, ports, mounts and probes have none: a change of them is a change of their container.';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.check_cached_tables(tables text[])
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	unknown text := (SELECT t.name FROM unnest(tables) t (name) WHERE t.name IS NULL OR t.name <> ALL (orchestration_internal.cached_tables()) LIMIT 1);
BEGIN
	IF cardinality(tables) = 0 OR EXISTS (SELECT FROM unnest(tables) t (name) WHERE t.name IS NULL OR t.name <> ALL (orchestration_internal.cached_tables())) THEN
		RAISE EXCEPTION 'there are no change events of table "%"', COALESCE(unknown, '')
			USING ERRCODE = 'OR003', HINT = format('Use some of: %s.', array_to_string(orchestration_internal.cached_tables(), ', '));
	END IF;
END
$$;

COMMENT ON FUNCTION orchestration_internal.check_cached_tables(text[]) IS 'Raises OR003 unless all are tables that change events can be had of.';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration.enable_change_events(VARIADIC tables text[])
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	wanted record;
BEGIN
	PERFORM orchestration_internal.check_cached_tables(tables);
	FOR wanted IN
		SELECT t.name, e.name AS event, e.transition
		FROM unnest(tables) t (name),
			(VALUES ('insert', 'REFERENCING NEW TABLE AS new_rows'), ('update', 'REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows'),
				('delete', 'REFERENCING OLD TABLE AS old_rows'), ('truncate', '')) e (name, transition)
	LOOP
		EXECUTE format('CREATE OR REPLACE TRIGGER change_events_%s AFTER %s ON orchestration.%I %s FOR EACH STATEMENT EXECUTE FUNCTION orchestration_internal.notify_changes()',
			wanted.event, wanted.event, wanted.name, wanted.transition);
	END LOOP;
END
$$;

COMMENT ON FUNCTION orchestration.enable_change_events(text[]) IS 'From now on every transaction that changes rows of these tables sends NOTIFY orchestration_changes as it commits. The payload is {"table": "containers", "namespace_id": 1, "id": 7} once for each row; {"table": "containers", "namespace_id": 1, "many": true} instead when it changed more than 100, and without a namespace for more than 100 of them. Arguments: names of tables, see cached_tables(). Only for the owner of the tables. Raises 42501, OR003.';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.disable_change_events(VARIADIC tables text[])
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	wanted record;
BEGIN
	PERFORM orchestration_internal.check_cached_tables(tables);
	FOR wanted IN
		SELECT t.name, e.name AS event FROM unnest(tables) t (name), unnest('{insert,update,delete,truncate}'::text[]) e (name)
	LOOP
		EXECUTE format('DROP TRIGGER IF EXISTS change_events_%s ON orchestration.%I', wanted.event, wanted.name);
	END LOOP;
END
$$;

COMMENT ON FUNCTION orchestration_internal.disable_change_events(text[]) IS 'Ends what enable_change_events() began. Arguments: names of tables. Only for the owner of the tables. Raises 42501, OR003.';
-- for the owner alone
