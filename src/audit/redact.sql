/*
 * A value that should never have been written is taken out, and that is on record:
 * who did it, when and why, and the digests of the row before and after, by which
 * verify_audit() goes on proving the rest.
 */

CREATE OR REPLACE FUNCTION orchestration_internal.is_recorded_redaction(old_row record, new_row record, log_id bigint)
RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN EXISTS (
		SELECT FROM orchestration.operation_logs l
		WHERE l.resource_id = log_id AND l.resource_type = 'operation_log' AND l.operation = 'redact' AND l.transaction_id = pg_current_xact_id()::text::bigint
			AND l.changes #>> '{after,digest_before}' = encode(orchestration_internal.worker_digest_row(old_row), 'hex')
			AND l.changes #>> '{after,digest_after}' = encode(orchestration_internal.worker_digest_row(new_row), 'hex'));
END
$$;

COMMENT ON FUNCTION orchestration_internal.is_recorded_redaction(record, record, bigint) IS 'Whether this transaction has put on record that a row of the log becomes exactly that row. For refuse_log_change().';
-- for the owner alone

/* SECURITY DEFINER: the log is nobody's to write; asks for the permission */
CREATE OR REPLACE FUNCTION orchestration.redact_audit(id bigint, path text[], reason text)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	was orchestration.operation_logs;
	becomes orchestration.operation_logs;
	found_value text;
BEGIN
	IF NOT orchestration_internal.holds_permission(0, 'audit', 'delete') THEN
		PERFORM orchestration_internal.refuse_permission('redact the audit trail', 'audit', 0, redact_audit.id, NULL);
	ELSIF COALESCE(btrim(reason), '') = '' OR length(reason) > 1000 THEN
		RAISE EXCEPTION 'a redaction needs a reason'
			USING ERRCODE = 'OR003', DETAIL = 'A reason has 1 to 1000 characters.', HINT = 'Say why, and do not repeat the value: the reason stays on record.';
	END IF;
	SELECT l.* INTO was FROM orchestration.operation_logs l WHERE l.id = redact_audit.id;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'entry % of the audit trail does not exist', COALESCE(redact_audit.id::text, 'NULL')
			USING ERRCODE = 'OR004', HINT = 'The column id of operation_logs has its number.';
	ELSIF was.operation = 'redact' AND was.resource_type = 'operation_log' THEN
		RAISE EXCEPTION 'entry % tells of a redaction', was.id
			USING ERRCODE = 'OR050', DETAIL = 'What was redacted, by whom and why stays on record.', HINT = 'Redact the entry that it is about.';
	END IF;
	becomes := was;
	IF path[1] = 'changes' THEN
		found_value := was.changes #>> path[2:];
		becomes.changes := CASE WHEN cardinality(path) = 1 THEN '"[redacted]"' ELSE jsonb_set(was.changes, path[2:], '"[redacted]"', false) END;
	ELSIF path = '{error_message}' THEN
		found_value := was.error_message;
		becomes.error_message := '[redacted]';
	ELSIF path = '{resource_name}' THEN
		found_value := was.resource_name;
		becomes.resource_name := '[redacted]';
	ELSIF path = '{application_name}' THEN
		found_value := was.application_name;
		becomes.application_name := '[redacted]';
	ELSIF path = '{request_id}' THEN
		found_value := was.request_id;
		becomes.request_id := '[redacted]';
	ELSE
		RAISE EXCEPTION 'path "%" names nothing that can be redacted', COALESCE(array_to_string(path, ','), 'NULL')
			USING ERRCODE = 'OR003', DETAIL = 'It begins with changes, or is error_message, resource_name, application_name or request_id.',
				HINT = 'For a key of a config map, for one: ''{changes,after,data,password}''.';
	END IF;
	IF found_value IS NULL OR found_value = '[redacted]' THEN
		RAISE EXCEPTION 'entry % has no value at "%"', was.id, array_to_string(path, ',')
			USING ERRCODE = 'OR004', DETAIL = 'There is nothing, or it is redacted already.', HINT = 'The column changes of operation_logs shows what is there.';
	END IF;
	PERFORM orchestration_internal.record_operation(was.namespace_id, 'redact', 'operation_log', was.id, was.resource_name, jsonb_build_object('after', jsonb_build_object(
		'path', to_jsonb(path), 'reason', reason, 'row_started_at', to_jsonb(was.started_at),
		'digest_before', encode(orchestration_internal.worker_digest_row(was), 'hex'), 'digest_after', encode(orchestration_internal.worker_digest_row(becomes), 'hex'))));
	UPDATE orchestration.operation_logs l
	SET changes = becomes.changes, error_message = becomes.error_message, resource_name = becomes.resource_name, application_name = becomes.application_name, request_id = becomes.request_id
	WHERE l.namespace_id = was.namespace_id AND l.started_at = was.started_at AND l.id = was.id;
END
$$;

COMMENT ON FUNCTION orchestration.redact_audit(bigint, text[], text) IS 'Puts "[redacted]" in the place of a value that should never have been written into the audit trail. Arguments: the id of the entry; where the value is: ''{changes,after,data,password}'' for a key of a config map, ''{changes}'' for all that changed, or {error_message}, {resource_name}, {application_name}, {request_id}; why. The redaction is an entry of its own (operation redact) with who, when, why and the digests of the row before and after, is sealed like every other, and cannot be redacted; verify_audit() goes on proving the rest and shows it. The old value stays in dead row versions until VACUUM, in write-ahead log, backups and standbys. Needs the permission delete on audit, everywhere. Raises 42501, OR003, OR004, OR050.';
GRANT EXECUTE ON FUNCTION orchestration.redact_audit(bigint, text[], text) TO orchestration_user;
