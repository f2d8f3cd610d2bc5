/*
 * No table of ours is truncated: no trigger sees the rows, so nothing is audited
 * and what was running would run for ever.  All of them, so that the next table
 * is kept, too; months that are made later get theirs from attach_month().
 */
DO $$
DECLARE
	wanted record;
BEGIN
	FOR wanted IN
		SELECT c.oid::regclass AS relation
		FROM pg_catalog.pg_class c
		WHERE c.relnamespace IN ('orchestration'::regnamespace, 'orchestration_internal'::regnamespace) AND c.relkind IN ('r', 'p')
			AND NOT EXISTS (SELECT FROM pg_catalog.pg_trigger t WHERE t.tgrelid = c.oid AND t.tgname = 'keep_table')
	LOOP
		EXECUTE format('CREATE TRIGGER keep_table BEFORE TRUNCATE ON %s FOR EACH STATEMENT EXECUTE FUNCTION orchestration_internal.refuse_truncate()', wanted.relation);
		EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER keep_table', wanted.relation);
	END LOOP;
END
$$;

CREATE OR REPLACE TRIGGER guard_audit_watch BEFORE UPDATE OR DELETE ON orchestration.maintenance_steps
FOR EACH ROW EXECUTE FUNCTION orchestration_internal.guard_audit_watch();
CREATE OR REPLACE TRIGGER guard_audit_watch BEFORE UPDATE OR DELETE ON orchestration.alert_rules
FOR EACH ROW EXECUTE FUNCTION orchestration_internal.guard_audit_watch();
ALTER TABLE orchestration.maintenance_steps ENABLE ALWAYS TRIGGER guard_audit_watch;
ALTER TABLE orchestration.alert_rules ENABLE ALWAYS TRIGGER guard_audit_watch;
