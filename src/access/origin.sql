/*
 * created_by is whoever made the row, and nobody chooses an id, on every table that
 * has created_by: those without zz_access, which does the same, get a trigger of
 * their own.  zz_: what triggers of users made of the row is judged.  Not ALWAYS:
 * a restore brings the rows as they were.
 */
DO $$
DECLARE
	wanted record;
BEGIN
	FOR wanted IN
		/* the id of a user is his name in the audit trail: not even the owner gives it to another one */
		SELECT c.oid::regclass AS relation, CASE WHEN c.oid = 'orchestration.users'::regclass THEN quote_literal('always') ELSE '' END AS argument
		FROM pg_catalog.pg_class c
		WHERE c.relnamespace IN ('orchestration'::regnamespace, 'orchestration_internal'::regnamespace) AND c.relkind IN ('r', 'p') AND NOT c.relispartition
			AND EXISTS (SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'created_by' AND NOT a.attisdropped)
			AND NOT EXISTS (SELECT FROM pg_catalog.pg_trigger t WHERE t.tgrelid = c.oid AND t.tgname = 'zz_access')
	LOOP
		EXECUTE format('CREATE OR REPLACE TRIGGER zz_origin BEFORE INSERT OR UPDATE ON %s FOR EACH ROW EXECUTE FUNCTION orchestration_internal.keep_origin(%s)',
			wanted.relation, wanted.argument);
	END LOOP;
END
$$;
