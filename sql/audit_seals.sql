-- seals: whoever changes an old row of the log, or a seal, is found
SET client_min_messages = warning;
CREATE EXTENSION orchestration CASCADE;
SELECT orchestration.bootstrap();
RESET client_min_messages;
SET search_path = orchestration, orchestration_internal, public;
SELECT create_namespace('sealed') AS ns \gset
SELECT split_part(maintain_audit_seals(), ' seals', 1) ~ '^[1-9][0-9]* rows sealed' AS sealed;
-- the rows of the transaction that seals are not over
BEGIN;
INSERT INTO container_images (namespace_id, repository, tag) SELECT :ns, 'nginx', 'v' || i FROM generate_series(1, 5) i;
SELECT maintain_audit_seals();
SELECT result, unsealed_rows FROM verify_audit();
COMMIT;
SELECT maintain_audit_seals();
SELECT maintain_audit_seals();
SELECT result, seals, unsealed_rows, broken_seal, detail FROM verify_audit();

-- nobody but whoever may read the whole log
CREATE ROLE seals_joe LOGIN IN ROLE orchestration_user;
SET SESSION AUTHORIZATION seals_joe;
-- error: the log of all namespaces is not everybody's
SELECT * FROM verify_audit();
RESET SESSION AUTHORIZATION;
DROP ROLE seals_joe;
\set VERBOSITY terse
-- error: not even by the owner
UPDATE audit_seals SET row_count = 1;
-- error: nor this
DELETE FROM audit_seals;
-- error: nor this
TRUNCATE audit_seals;
\set VERBOSITY default

-- a superuser turns everything off and changes one byte
CREATE FUNCTION tamper(VARIADIC statements text[]) RETURNS TABLE (result text, broken_seal bigint, row_found boolean, detail text) LANGUAGE plpgsql AS $$
DECLARE
	statement text;
	victim bigint := (SELECT max(l.id) FROM orchestration.operation_logs l WHERE l.changes #>> '{after,tag}' = 'v3');
BEGIN
	SET LOCAL session_replication_role = replica;
	ALTER TABLE orchestration.operation_logs DISABLE TRIGGER ALL;
	ALTER TABLE orchestration.audit_seals DISABLE TRIGGER ALL;
	FOREACH statement IN ARRAY statements LOOP
		EXECUTE statement USING victim;
	END LOOP;
	RETURN QUERY SELECT v.result, v.broken_seal, v.broken_id = victim, regexp_replace(v.detail, '\d{2,}|"[0-9a-f]+"', 'N', 'g') FROM orchestration.verify_audit() v;
END
$$;
BEGIN;
SELECT * FROM tamper($$UPDATE orchestration.operation_logs SET changes = jsonb_set(changes, '{after,tag}', '"v4"') WHERE id = $1$$);
ROLLBACK;
BEGIN;
SELECT * FROM tamper($$UPDATE orchestration.operation_logs SET started_at = started_at + '1 microsecond' WHERE id = $1$$);
ROLLBACK;
BEGIN;
SELECT * FROM tamper($$UPDATE orchestration.operation_logs SET request_id = '' WHERE id = $1$$);
ROLLBACK;
BEGIN;
SELECT * FROM tamper($$DELETE FROM orchestration.operation_logs WHERE id = $1$$);
ROLLBACK;
-- the tail
BEGIN;
SELECT * FROM tamper($$DELETE FROM orchestration.operation_logs WHERE id > $1 AND id < $1 + 3$$);
ROLLBACK;
-- a row that was not there
BEGIN;
SELECT result, broken_seal, detail ~ '^Row N was added later' AS added FROM tamper($$INSERT INTO orchestration.operation_logs (operation, resource_type, transaction_id) SELECT 'x', 'y', l.transaction_id FROM orchestration.operation_logs l WHERE l.id = $1 - 1$$);
ROLLBACK;
-- moved out of what is sealed
BEGIN;
SELECT * FROM tamper($$UPDATE orchestration.operation_logs SET transaction_id = transaction_id + 1000000 WHERE id = $1$$);
ROLLBACK;
-- the seal is made to fit, without the key
BEGIN;
SELECT * FROM tamper($$UPDATE orchestration.operation_logs SET operation = 'nothing' WHERE id = $1$$,
	$$UPDATE orchestration.audit_seals s SET entries = (SELECT d.entries FROM orchestration_internal.worker_digest_rows(s.from_time, s.before_time, s.lineage, s.after_transaction, s.after_id, 9223372036854775807, s.row_count::integer) d)$$);
ROLLBACK;
BEGIN;
SELECT * FROM tamper($$UPDATE orchestration.operation_logs SET operation = 'nothing' WHERE id = $1$$,
	$$UPDATE orchestration.audit_seals s SET entries = (SELECT d.entries FROM orchestration_internal.worker_digest_rows(s.from_time, s.before_time, s.lineage, s.after_transaction, s.after_id, 9223372036854775807, s.row_count::integer) d)$$,
	$$UPDATE orchestration.audit_seals s SET digest = orchestration_internal.seal_digest(to_jsonb(s), s.entries, (SELECT p.digest FROM orchestration.audit_seals p WHERE p.number = s.number - 1))$$);
ROLLBACK;
-- a seal less
BEGIN;
SELECT * FROM tamper('DELETE FROM orchestration.audit_seals WHERE number = 1');
ROLLBACK;
-- the last one with its rows: only who noted it elsewhere finds that
SELECT digest AS noted FROM audit_seals ORDER BY number DESC LIMIT 1 \gset
SELECT result FROM verify_audit(anchor => :'noted');
BEGIN;
SELECT result FROM tamper('DELETE FROM orchestration.operation_logs l USING (SELECT * FROM orchestration.audit_seals ORDER BY number DESC LIMIT 1) s WHERE (l.transaction_id, l.id) > (s.after_transaction, s.after_id)',
	'DELETE FROM orchestration.audit_seals WHERE number = (SELECT max(number) FROM orchestration.audit_seals)');
SELECT result, detail FROM verify_audit(anchor => :'noted');
ROLLBACK;
-- seals that have changed places
BEGIN;
SELECT * FROM tamper('UPDATE orchestration.audit_seals SET number = number + 100 WHERE number IN (1, 2)', 'UPDATE orchestration.audit_seals SET number = 103 - number WHERE number > 100');
ROLLBACK;
-- a month that is gone: nobody knows why
BEGIN;
DO $$ BEGIN EXECUTE format('DROP TABLE orchestration.operation_logs_%s', orchestration_internal.month_suffix(now())); END $$;
SELECT result, detail FROM verify_audit();
ROLLBACK;
-- an old one, by hand and by rotation
SELECT orchestration_internal.month_start(now(), -3) AS old, 'orchestration.operation_logs_' || orchestration_internal.month_suffix(orchestration_internal.month_start(now(), -3)) AS old_month \gset
SELECT ensure_log_partition('operation_logs', :'old');
INSERT INTO operation_logs (started_at, operation, resource_type) VALUES (timestamptz :'old' + interval '1 day', 'login', 'session');
SELECT maintain_audit_seals();
SELECT month = :'old' AS old, result, sealed_rows = 1 AS one_row, detail FROM verify_audit();
BEGIN;
DROP TABLE :old_month;
SELECT month = :'old' AS old, result, sealed_rows = 1 AS one_row, detail FROM verify_audit();
ROLLBACK;
-- that it was seen as too old is no excuse
BEGIN;
UPDATE partition_policies SET retention_months = 1 WHERE table_name = 'operation_logs';
SELECT mark_expired_partitions();
DROP TABLE :old_month;
SELECT month = :'old' AS old, result, sealed_rows = 1 AS one_row, detail FROM verify_audit();
ROLLBACK;
BEGIN;
UPDATE partition_policies SET retention_months = 1 WHERE table_name = 'operation_logs';
SELECT mark_expired_partitions();
ALTER TABLE operation_logs DETACH PARTITION :old_month;
SELECT record_partition_step('detach', 'operation_logs', c.relname, c.oid) FROM pg_class c WHERE c.oid = :'old_month'::regclass;
SELECT month = :'old' AS old, result, sealed_rows = 1 AS one_row, detail FROM verify_audit();
SELECT take_partition_step('drop', 'operation_logs', c.relname, c.oid, NULL) FROM pg_class c WHERE c.oid = :'old_month'::regclass;
SELECT month = :'old' AS old, result, sealed_rows = 1 AS one_row, detail FROM verify_audit();
-- made anew, it is expected to be there
SELECT take_partition_step('create', 'operation_logs', NULL, NULL, :'old');
DROP TABLE :old_month;
SELECT month = :'old' AS old, result, sealed_rows = 1 AS one_row, detail FROM verify_audit();
ROLLBACK;
DROP FUNCTION tamper;
SET client_min_messages = warning;
DROP EXTENSION orchestration CASCADE;
