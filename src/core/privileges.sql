/*
 * Nothing is for PUBLIC but the functions that only compute: they stand in
 * CHECK constraints and generated columns, which run as whoever writes the row.
 */
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA orchestration, orchestration_internal FROM PUBLIC;

DO $$
DECLARE
	computing record;
BEGIN
	FOR computing IN
		SELECT p.oid::regprocedure AS signature
		FROM pg_catalog.pg_proc p
		WHERE p.pronamespace IN ('orchestration'::regnamespace, 'orchestration_internal'::regnamespace)
			AND p.provolatile = 'i'
			AND p.proname <> 'verify_signature'
			AND p.proname NOT LIKE '%\_definitions'
			AND p.prorettype <> 'trigger'::regtype
	LOOP
		EXECUTE pg_catalog.format('GRANT EXECUTE ON FUNCTION %s TO PUBLIC', computing.signature);
	END LOOP;
END
$$;

/*
 * What defaults, triggers and policies call as whoever reads, writes or owns the tables.  None
 * of them lets a role do what it could not do without.
 */
GRANT EXECUTE ON FUNCTION orchestration.current_user_id(), orchestration_internal.permits(bigint, text, text), orchestration_internal.permits_everywhere(text, text),
	orchestration_internal.permits_anywhere(text, text), orchestration_internal.permitted_to_caller(text, text), orchestration_internal.is_new_row(oid, tid, xid),
	orchestration_internal.ensure_log_partition(text, timestamptz), orchestration_internal.log_month_exists(regclass, timestamptz), orchestration_internal.partition_key(regclass),
	orchestration_internal.attach_month(regclass, text, timestamptz), orchestration_internal.secure_partition(regclass),
	orchestration_internal.protect_log(regclass), orchestration_internal.audit_lineage(), orchestration_internal.audit_transaction_id() TO PUBLIC;
