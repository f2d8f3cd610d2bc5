/*
 * Nothing is for PUBLIC but the functions that only compute: they stand in
 * CHECK constraints and generated columns, which run as whoever writes the row.
 */
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA orchestration FROM PUBLIC;

DO $$
DECLARE
	computing record;
BEGIN
	FOR computing IN
		SELECT p.oid::regprocedure AS signature
		FROM pg_catalog.pg_proc p
		WHERE p.pronamespace = 'orchestration'::regnamespace
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
GRANT EXECUTE ON FUNCTION orchestration.current_user_id(), orchestration.permits(bigint, text, text), orchestration.permits_everywhere(text, text),
	orchestration.permits_anywhere(text, text), orchestration.permitted_to_caller(text, text), orchestration.is_new_row(oid, tid, xid),
	orchestration.ensure_log_partition(text, timestamptz), orchestration.log_month_exists(regclass, timestamptz), orchestration.partition_key(regclass),
	orchestration.attach_month(regclass, text, timestamptz), orchestration.secure_partition(regclass),
	orchestration.protect_log(regclass), orchestration.audit_lineage(), orchestration.audit_transaction_id() TO PUBLIC;
