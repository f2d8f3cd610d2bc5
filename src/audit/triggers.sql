/*
 * Every resource is audited.  The trigger is told what kind of resource it is, which column
 * names it, what holds secrets and, after a minus, what is bookkeeping.
 */
DO $$
DECLARE
	wanted record;
	event record;
BEGIN
	FOR wanted IN
		SELECT r.relation, orchestration_internal.quoted(VARIADIC ARRAY[r.singular, COALESCE(r.title, '')] || r.secret || ARRAY(SELECT '-' || u FROM unnest(r.unlogged) u)) AS arguments
		FROM orchestration_internal.resources() r
	LOOP
		FOR event IN
			SELECT * FROM (VALUES ('insert', 'NEW TABLE AS new_rows'), ('update', 'OLD TABLE AS old_rows NEW TABLE AS new_rows'), ('delete', 'OLD TABLE AS old_rows')) e (name, tables)
		LOOP
			/* after the other triggers of the statement, which may still refuse it */
			EXECUTE format('CREATE OR REPLACE TRIGGER zz_audit_%s AFTER %s ON orchestration.%I REFERENCING %s FOR EACH STATEMENT EXECUTE FUNCTION orchestration_internal.audit_changes(%s)',
				event.name, upper(event.name), wanted.relation, event.tables, wanted.arguments);
		END LOOP;
		INSERT INTO orchestration_internal.audited_tables (relation) VALUES (wanted.relation) ON CONFLICT DO NOTHING;
	END LOOP;
	PERFORM orchestration_internal.protect_log('orchestration.operation_logs'), orchestration_internal.protect_log('orchestration.audit_seals');
END
$$;
