-- the trail as its auditor sees it: an anchor, a proof of what is asked for, redactions, and what is noticed by itself
SET client_min_messages = warning;
CREATE EXTENSION orchestration CASCADE;
SELECT orchestration.bootstrap();
RESET client_min_messages;
SET search_path = orchestration, orchestration_internal, public;
CREATE ROLE trail_auditor LOGIN IN ROLE orchestration_user;
CREATE ROLE trail_other LOGIN IN ROLE orchestration_user;
CREATE ROLE trail_keeper LOGIN IN ROLE orchestration_user;
INSERT INTO users (username, db_role) VALUES ('auditor', 'trail_auditor'), ('other', 'trail_other'), ('keeper', 'trail_keeper');
INSERT INTO roles (name, permissions) VALUES ('auditing', '{"audit": ["read"]}'), ('keeping', '{"audit": ["read", "delete"]}');
INSERT INTO user_roles (user_id, role_id) SELECT u.id, r.id FROM users u JOIN roles r ON (u.username, r.name) IN (('auditor', 'auditing'), ('keeper', 'keeping'));
SELECT create_namespace('trail') AS ns \gset
SELECT create_config_map('trail', 'm', '{"password": "trail-canary", "colour": "red"}') AS map \gset

-- before there is a seal nothing is proven, and that is said
SELECT month IS NULL AS chain, result, detail FROM verify_audit() WHERE month IS NULL;
SELECT maintain_audit_seals() ~ '^[1-9]' AS sealed;

-- ---- the anchor, taken by an auditor
SET SESSION AUTHORIZATION trail_auditor;
SELECT number, length(digest), sealed_at <= now() AS at FROM audit_anchor;
SELECT digest AS anchor FROM audit_anchor \gset
SELECT month IS NULL AS chain, result, detail FROM verify_audit(anchor => :'anchor');
-- error: the seals themselves are not for users
SELECT * FROM audit_seals;
-- error: reading is not redacting
SELECT redact_audit(1, '{changes}', 'because');
SET SESSION AUTHORIZATION trail_other;
\set VERBOSITY terse
-- error: nor is the anchor for everybody
SELECT * FROM audit_anchor;
\set VERBOSITY default
RESET SESSION AUTHORIZATION;

-- somebody deletes all seals: no anchor, no proof; with it, the chain is broken
BEGIN;
ALTER TABLE audit_seals DISABLE TRIGGER ALL;
DELETE FROM audit_seals;
SELECT month IS NULL AS chain, result, detail FROM verify_audit();
SELECT month IS NULL AS chain, result, detail FROM verify_audit(anchor => :'anchor') WHERE month IS NULL;
ROLLBACK;
-- and all rows with them
BEGIN;
ALTER TABLE audit_seals DISABLE TRIGGER ALL;
DELETE FROM audit_seals;
DO $$ DECLARE p regclass; BEGIN FOR p IN SELECT m.partition FROM orchestration_internal.audit_months() m LOOP EXECUTE format('ALTER TABLE %s DISABLE TRIGGER ALL; TRUNCATE %1$s', p); END LOOP; END $$;
SELECT month IS NULL AS chain, result, detail FROM verify_audit(anchor => :'anchor');
ROLLBACK;
-- a chain that was made anew
BEGIN;
ALTER TABLE audit_seals DISABLE TRIGGER ALL;
DELETE FROM audit_seals;
SELECT maintain_audit_seals() ~ '^[1-9]' AS sealed;
SELECT DISTINCT result FROM verify_audit();
SELECT DISTINCT result FROM verify_audit('2020-01-01', :'anchor');
ROLLBACK;

-- ---- since a time: what is older is not read, and what was put among it is found
SELECT clock_timestamp() AS half \gset
SELECT update_config_map(:map, '{"password": "trail-canary", "colour": "blue"}');
SELECT maintain_audit_seals() ~ '^[1-9]' AS sealed;
SELECT month IS NULL AS chain, seals, result FROM verify_audit(:'half');
BEGIN;
DO $$ BEGIN EXECUTE format('ALTER TABLE orchestration.operation_logs_%s DISABLE TRIGGER ALL', orchestration_internal.month_suffix(now())); END $$;
UPDATE operation_logs SET operation = 'nothing' WHERE id = (SELECT min(id) FROM operation_logs);
SELECT month IS NULL AS chain, result, broken_seal FROM verify_audit(:'half');
SELECT month IS NULL AS chain, result, broken_seal FROM verify_audit();
UPDATE operation_logs SET operation = 'nothing' WHERE id = (SELECT max(id) FROM operation_logs);
SELECT month IS NULL AS chain, result, broken_seal FROM verify_audit(:'half');
ROLLBACK;
BEGIN;
INSERT INTO operation_logs (operation, resource_type, transaction_id) SELECT 'x', 'y', min(l.transaction_id) FROM operation_logs l;
SELECT month IS NULL AS chain, result, detail FROM verify_audit(:'half');
ROLLBACK;
SELECT min(number) AS old_seal FROM audit_seals \gset
BEGIN;
ALTER TABLE audit_seals DISABLE TRIGGER ALL;
UPDATE audit_seals SET newest_at = '2001-01-01' WHERE number > :old_seal;
SELECT month IS NULL AS chain, result, detail ~ 'was changed' AS changed FROM verify_audit(:'half');
ROLLBACK;

-- ---- what should never have been written
SELECT l.id AS entry FROM operation_logs l WHERE l.resource_type = 'config_map' AND l.operation = 'create' \gset
SET SESSION AUTHORIZATION trail_keeper;
\set VERBOSITY sqlstate
-- error: why?
SELECT redact_audit(:entry, '{changes,after,data,password}', ' ');
-- error: there is no such entry
SELECT redact_audit(0, '{changes}', 'a password');
-- error: nothing is there
SELECT redact_audit(:entry, '{changes,after,data,nothing}', 'a password');
-- error: what happened, when and by whom stays
SELECT redact_audit(:entry, '{operation}', 'a password');
-- error: NULL is no path
SELECT redact_audit(:entry, NULL, 'a password');
\set VERBOSITY default
BEGIN;
SELECT redact_audit(:entry, '{changes,after,data,password}', 'undone');
ROLLBACK;
SELECT redact_audit(:entry, '{changes,after,data,password}', 'a password was in a config map');
SELECT redact_audit(:entry, '{changes,after,name}', 'so was this');
\set VERBOSITY sqlstate
-- error: it is redacted
SELECT redact_audit(:entry, '{changes,after,data,password}', 'again');
\set VERBOSITY default
RESET SESSION AUTHORIZATION;
SELECT changes #> '{after,data}' AS data, changes #>> '{after,name}' AS name FROM operation_logs WHERE id = :entry;
SELECT count(*) FROM operation_logs l WHERE l::text ~ 'trail-canary';
SELECT u.username, l.namespace_id = :ns AS there, l.resource_id = :entry AS entry, l.changes #> '{after,path}' AS path, l.changes #>> '{after,reason}' AS reason, l.error_message
FROM operation_logs l JOIN users u ON u.id = l.user_id WHERE l.operation = 'redact' ORDER BY l.id;
\set VERBOSITY sqlstate
-- error: the record of it is kept
SELECT redact_audit((SELECT max(id) FROM operation_logs WHERE operation = 'redact'), '{changes}', 'to hide it');
\set VERBOSITY default
SELECT month IS NULL AS chain, result, redacted_rows, regexp_replace(detail, '\d{4}-\d\d-\d\d|Row \d+', '...', 'g') AS detail FROM verify_audit();
SELECT maintain_audit_seals() ~ '^[1-9]' AS sealed;
SELECT month IS NULL AS chain, result, redacted_rows FROM verify_audit();
-- in exactly that form
BEGIN;
DO $$ BEGIN EXECUTE format('ALTER TABLE orchestration.operation_logs_%s DISABLE TRIGGER ALL', orchestration_internal.month_suffix(now())); END $$;
UPDATE operation_logs SET changes = jsonb_set(changes, '{after,data,colour}', '"green"') WHERE id = :entry;
SELECT month IS NULL AS chain, result, broken_id = :entry AS entry, detail ~ 'was changed' AS changed FROM verify_audit();
ROLLBACK;
-- and only with the record of it
BEGIN;
DO $$ BEGIN EXECUTE format('ALTER TABLE orchestration.operation_logs_%s DISABLE TRIGGER ALL', orchestration_internal.month_suffix(now())); END $$;
DELETE FROM operation_logs WHERE operation = 'redact';
SELECT month IS NULL AS chain, result FROM verify_audit();
ROLLBACK;
-- a record by hand does not fit what is written
BEGIN;
SELECT record_operation(:ns, 'redact', 'operation_log', :entry, NULL, '{"after": {"digest_before": "00", "digest_after": "00"}}');
-- error: and is no leave to write
UPDATE operation_logs SET operation = 'nothing' WHERE id = :entry;
ROLLBACK;

-- ---- what is noticed by itself
SELECT maintain_audit_watch() ~ '^1 months counted, [1-9]' AS watched;
SELECT * FROM audit_problems();
SELECT labels ->> 'what' AS what, value FROM indicators WHERE name = 'audit_missing' ORDER BY 1;
CREATE FUNCTION noticed(VARIADIC statements text[]) RETURNS TABLE (what text, subject text, detail text) LANGUAGE plpgsql AS $$
DECLARE
	statement text;
	month text := 'orchestration.operation_logs_' || orchestration_internal.month_suffix(now());
BEGIN
	/* nothing but counting: no time for digests */
	UPDATE orchestration.maintenance_steps SET every = '1 millisecond' WHERE name = 'audit_watch';
	UPDATE orchestration_internal.audit_watch SET counted_at = '-infinity' WHERE from_time > '-infinity';
	EXECUTE format('ALTER TABLE %s DISABLE TRIGGER ALL', month);
	ALTER TABLE orchestration.audit_seals DISABLE TRIGGER ALL;
	FOREACH statement IN ARRAY statements LOOP
		EXECUTE replace(statement, 'MONTH', month);
	END LOOP;
	IF EXISTS (SELECT FROM pg_inherits i WHERE i.inhrelid = to_regclass(month)) THEN
		EXECUTE format('ALTER TABLE %s ENABLE TRIGGER ALL', month);
		EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER keep_rows', month);
		EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER keep_table', month);
	END IF;
	ALTER TABLE orchestration.audit_seals ENABLE ALWAYS TRIGGER keep_rows;
	ALTER TABLE orchestration.audit_seals ENABLE ALWAYS TRIGGER keep_table;
	PERFORM orchestration_internal.maintain_audit_watch();
	RETURN QUERY SELECT p.what, regexp_replace(p.subject, '\d{4,}(-\d\d)?', 'N'), regexp_replace(p.detail, 'Row \d+', 'Row N') FROM orchestration_internal.audit_problems() p ORDER BY 1, 2, 3;
END
$$;
-- rows that were deleted, changed, put in the place of others, added
BEGIN;
SELECT * FROM noticed('DELETE FROM MONTH WHERE id = (SELECT min(id) FROM MONTH)');
ROLLBACK;
BEGIN;
SELECT * FROM noticed('UPDATE MONTH SET operation = ''nothing'' WHERE id = (SELECT min(id) FROM MONTH)');
ROLLBACK;
BEGIN;
SELECT * FROM noticed('CREATE TABLE public.copy AS SELECT * FROM MONTH ORDER BY id LIMIT 1', 'DELETE FROM MONTH WHERE id = (SELECT id FROM public.copy)', 'UPDATE public.copy SET db_role = ''somebody''',
	'INSERT INTO MONTH SELECT * FROM public.copy');
ROLLBACK;
BEGIN;
SELECT * FROM noticed('INSERT INTO orchestration.operation_logs (operation, resource_type, transaction_id) SELECT ''x'', ''y'', min(transaction_id) FROM MONTH');
ROLLBACK;
-- a table that was written anew is as it was
BEGIN;
SELECT * FROM noticed('CREATE TABLE public.copy AS SELECT * FROM MONTH', 'DELETE FROM MONTH', 'INSERT INTO MONTH SELECT * FROM public.copy');
ROLLBACK;
-- a month that was emptied, dropped, detached
BEGIN;
SELECT * FROM noticed('TRUNCATE MONTH');
ROLLBACK;
BEGIN;
SELECT * FROM noticed('DROP TABLE MONTH');
ROLLBACK;
BEGIN;
SELECT * FROM noticed('ALTER TABLE orchestration.operation_logs DETACH PARTITION MONTH');
ROLLBACK;
-- seals
BEGIN;
SELECT * FROM noticed('DELETE FROM orchestration.audit_seals');
ROLLBACK;
BEGIN;
SELECT * FROM noticed('DELETE FROM orchestration.audit_seals WHERE number = 1');
ROLLBACK;
-- triggers
BEGIN;
ALTER TABLE containers DISABLE TRIGGER zz_audit_update;
DROP TRIGGER zz_audit_insert ON roles;
ALTER TABLE audit_seals ENABLE TRIGGER keep_rows;
SELECT * FROM audit_problems() ORDER BY 1, 2, 3;
ROLLBACK;
-- every one of them
SELECT count(*) AS missed
FROM pg_trigger t
WHERE t.tgfoid = 'orchestration_internal.audit_changes'::regproc AND NOT EXISTS (SELECT FROM audited_tables a WHERE to_regclass('orchestration.' || a.relation) = t.tgrelid);
SELECT * FROM audit_problems();

DROP FUNCTION noticed;
SET client_min_messages = warning;
DROP OWNED BY trail_auditor, trail_other, trail_keeper;
DROP ROLE trail_auditor, trail_other, trail_keeper;
DROP EXTENSION orchestration CASCADE;
