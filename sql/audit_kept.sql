-- rows on record that stay when their transaction does not: what has them stays sound
-- as the owner: what is looked at are the pages of a table
SET client_min_messages = warning;
CREATE EXTENSION orchestration CASCADE;
CREATE EXTENSION amcheck;
SELECT orchestration.bootstrap();
RESET client_min_messages;
-- of what other tests have left in memory
SET orchestration.simulate_worker = on;
SELECT orchestration_internal.worker_take_notes() IS NOT NULL AS taken;
RESET orchestration.simulate_worker;
SELECT COALESCE(max(id), 0) AS mark FROM orchestration.operation_logs \gset
SELECT orchestration.create_namespace('kept') IS NOT NULL AS namespace, orchestration.create_secret('kept', 's', '{"password": "x"}') IS NOT NULL AS secret;
SELECT tableoid::regclass AS leaf FROM orchestration.operation_logs ORDER BY id DESC LIMIT 1 \gset
SELECT indexrelid::regclass AS key FROM pg_index WHERE indrelid = :'leaf'::regclass AND indisprimary \gset

CREATE FUNCTION what_is_wrong(leaf regclass) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	index regclass;
BEGIN
	RETURN QUERY SELECT h.msg FROM verify_heapam(leaf, check_toast => true) h;
	FOR index IN SELECT i.indexrelid FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am a ON a.oid = c.relam AND a.amname = 'btree' WHERE i.indrelid = leaf LOOP
		BEGIN
			PERFORM bt_index_parent_check(index, true);
		EXCEPTION WHEN index_corrupted OR data_corrupted THEN
			RETURN NEXT SQLERRM;
		END;
	END LOOP;
END
$$;

-- transactions, subtransactions and cursors that are rolled back; an older snapshot sees the rows as it does numbers of sequences
BEGIN;
SELECT orchestration.reveal_secret('kept', 's') IS NOT NULL;
ROLLBACK;
BEGIN;
SAVEPOINT a;
SELECT orchestration.reveal_secret('kept', 's') IS NOT NULL;
ROLLBACK TO a;
COMMIT;
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT count(*) FROM orchestration.operation_logs WHERE operation = 'reveal' AND id > :mark;
DECLARE revealing CURSOR FOR SELECT orchestration.reveal_secret('kept', 's') IS NOT NULL FROM generate_series(1, 300);
FETCH revealing;
MOVE ALL revealing;
SELECT count(*) FROM orchestration.operation_logs WHERE operation = 'reveal' AND id > :mark;
ROLLBACK;
SELECT count(*) FROM orchestration.operation_logs WHERE operation = 'reveal' AND id > :mark;
-- and with what is kept elsewhere for its length
BEGIN;
SELECT orchestration.log_operation(id, 'deploy', 'application', NULL, 'shop', jsonb_build_object('log', (SELECT string_agg(md5(i::text), '') FROM generate_series(1, 1000) i))) IS NOT NULL FROM orchestration.namespaces WHERE name = 'kept';
ROLLBACK;
SELECT * FROM what_is_wrong(:'leaf');

-- what alters the table or rebuilds an index in the transaction that is rolled back: then a note stays
CREATE PROCEDURE reveal_in_vain(altering text) LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE altering;
	PERFORM orchestration.reveal_secret('kept', 's');
	RAISE EXCEPTION USING ERRCODE = 'ZZZZZ';
EXCEPTION WHEN SQLSTATE 'ZZZZZ' THEN
	NULL;
END
$$;
CALL reveal_in_vain('REINDEX INDEX ' || :'key');
CALL reveal_in_vain('REINDEX TABLE ' || :'leaf');
CALL reveal_in_vain('CREATE INDEX ON ' || :'leaf' || ' (operation)');
CALL reveal_in_vain('ALTER TABLE orchestration.operation_logs ADD COLUMN passing integer; ALTER TABLE orchestration.operation_logs DROP COLUMN passing');
SELECT * FROM what_is_wrong(:'leaf');
SELECT count(*) FROM orchestration.operation_logs WHERE operation = 'reveal' AND id > :mark;
SET orchestration.simulate_worker = on;
SELECT orchestration_internal.worker_take_notes() > 0 AS notes;
SELECT count(*) FROM orchestration.operation_logs WHERE operation = 'reveal' AND id > :mark;

-- and through everything that rewrites or freezes it
VACUUM (FREEZE, DISABLE_PAGE_SKIPPING) :leaf;
SELECT * FROM what_is_wrong(:'leaf');
VACUUM FULL :leaf;
SELECT * FROM what_is_wrong(:'leaf');
SELECT count(*) FROM orchestration.operation_logs WHERE operation = 'reveal' AND id > :mark;
RESET orchestration.simulate_worker;
SET client_min_messages = warning;
DROP FUNCTION what_is_wrong(regclass);
DROP PROCEDURE reveal_in_vain(text);
DROP EXTENSION orchestration CASCADE;
DROP EXTENSION amcheck;
