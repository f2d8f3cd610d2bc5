/*
 * Every table that somebody else than the owner and the worker may write, and every
 * column of it, also one that a later release or a user adds: 64 KiB unless the list of
 * resources says another.  Comes after the grants, which say which tables these are.
 */
DO $$
DECLARE
	wanted record;
BEGIN
	FOR wanted IN
		SELECT c.oid::regclass AS relation, COALESCE(r.bounds, '{}') AS bounds
		FROM pg_catalog.pg_class c
		LEFT JOIN orchestration_internal.resources() r ON r.relation = c.relname
		WHERE c.relnamespace = 'orchestration'::regnamespace AND c.relkind = 'r' AND NOT c.relispartition
			AND EXISTS (
				SELECT FROM pg_catalog.pg_roles r
				WHERE r.rolname IN ('orchestration_user', 'orchestration_gateway', 'operators', 'admin_role')
					AND (has_any_column_privilege(r.oid, c.oid, 'INSERT') OR has_any_column_privilege(r.oid, c.oid, 'UPDATE')))
	LOOP
		EXECUTE format('CREATE OR REPLACE TRIGGER zw_bounds BEFORE INSERT OR UPDATE ON %s FOR EACH ROW EXECUTE FUNCTION orchestration_internal.bound_columns(%s)',
			wanted.relation, orchestration_internal.quoted(VARIADIC wanted.bounds));
	END LOOP;
END
$$;
