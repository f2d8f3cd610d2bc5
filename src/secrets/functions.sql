/* Keys and their rotation. */

CREATE OR REPLACE FUNCTION orchestration_internal.record_encryption_keys()
RETURNS text
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	ring jsonb;
	changed text;
	active text;
BEGIN
	SELECT jsonb_agg(jsonb_build_object('key_id', k.key_id, 'is_active', k.is_active, 'verifier', encode(k.verifier, 'hex'))) INTO ring
	FROM orchestration_internal.encryption_key_ring() k;
	SELECT r.key_id INTO changed
	FROM jsonb_to_recordset(ring) r (key_id text, verifier text)
	JOIN orchestration.encryption_keys k ON k.key_id = r.key_id AND k.verifier <> decode(r.verifier, 'hex')
	LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION 'encryption key "%" is not the one that this database knows by that name', changed
			USING ERRCODE = 'OR040', HINT = 'Give a new key a new name, and keep the old one in the file until rotate_encryption_key() is done.';
	END IF;
	SELECT r.key_id INTO active FROM jsonb_to_recordset(ring) r (key_id text, is_active boolean) WHERE r.is_active;

	/* first the one that steps down: there is one active key at a time */
	UPDATE orchestration.encryption_keys k
	SET state = w.state, updated_at = now()
	FROM (
		SELECT e.key_id, CASE WHEN r.key_id IS NULL THEN 'absent' ELSE 'decrypt_only' END AS state
		FROM orchestration.encryption_keys e
		LEFT JOIN jsonb_to_recordset(ring) r (key_id text) ON r.key_id = e.key_id
		WHERE e.key_id <> active
	) w
	WHERE k.key_id = w.key_id AND k.state <> w.state;
	INSERT INTO orchestration.encryption_keys AS k (key_id, state, verifier)
	SELECT r.key_id, CASE WHEN r.is_active THEN 'active' ELSE 'decrypt_only' END, decode(r.verifier, 'hex')
	FROM jsonb_to_recordset(ring) r (key_id text, is_active boolean, verifier text)
	ON CONFLICT (key_id) DO UPDATE SET state = EXCLUDED.state, updated_at = now() WHERE k.state <> EXCLUDED.state;
	RETURN active;
END
$$;

COMMENT ON FUNCTION orchestration_internal.record_encryption_keys() IS 'Brings encryption_keys up to what the server knows and returns the id of the active key. Raises OR040, also when a name stands for another key than before.';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.sealed_columns()
RETURNS TABLE (relation regclass, value_column name, context text, condition text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	VALUES ('orchestration.clusters'::regclass, 'encrypted_kubeconfig'::name, 'concat_ws(''/'', ''cluster'', t.name)', 'true'),
		('orchestration.secrets', 'encrypted_data', 'concat_ws(''/'', ''secret'', t.namespace_id, t.name)', 'true'),
		('orchestration.registries', 'encrypted_password', 'concat_ws(''/'', ''registry'', t.namespace_id, t.server)', 'true'),
		('orchestration.user_secrets', 'encrypted_value', 'concat_ws(''/'', ''user_secret'', t.user_id, t.secret_type, t.name)', 't.is_sealed')
$$;

COMMENT ON FUNCTION orchestration_internal.sealed_columns() IS 'Where sealed values stand, and the expressions of what each is bound to.';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.count_sealed(condition text, keys text[])
RETURNS bigint
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	place record;
	found_rows bigint;
	total bigint := 0;
BEGIN
	FOR place IN SELECT * FROM orchestration_internal.sealed_columns() LOOP
		EXECUTE format('SELECT count(*) FROM %s t WHERE %s AND orchestration_internal.sealed_key_id(t.%I) %s', place.relation, place.condition, place.value_column, $1)
		INTO found_rows USING keys;
		total := total + found_rows;
	END LOOP;
	RETURN total;
END
$$;

COMMENT ON FUNCTION orchestration_internal.count_sealed(text, text[]) IS 'How many sealed values have a key id for which the condition, on $1, is true. For rotate_encryption_key() alone: the condition is executed.';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration.rotate_encryption_key(batch_size integer DEFAULT 1000, OUT rewrapped bigint, OUT remaining bigint, OUT unreadable bigint)
RETURNS record
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	active text := orchestration_internal.record_encryption_keys();
	/* values from before keys had ids have an empty one */
	others text[] := ARRAY(SELECT k.key_id FROM orchestration.encryption_keys k WHERE k.state = 'decrypt_only' UNION ALL SELECT '');
	place record;
	done bigint;
BEGIN
	PERFORM orchestration_internal.check_range('batch_size', batch_size, 1, 1000000);
	rewrapped := 0;
	/* rows that somebody writes just now are left for the next batch; who writes a value anew uses the active key anyway */
	FOR place IN SELECT * FROM orchestration_internal.sealed_columns() LOOP
		EXECUTE format('WITH due AS MATERIALIZED (
				SELECT t.ctid FROM %1$s t
				WHERE %4$s AND orchestration_internal.sealed_key_id(t.%2$I) = ANY ($1)
				LIMIT $2 FOR NO KEY UPDATE SKIP LOCKED
			)
			UPDATE %1$s t SET %2$I = orchestration_internal.rewrap(t.%2$I, %3$s) FROM due d WHERE t.ctid = d.ctid',
			place.relation, place.value_column, place.context, place.condition)
		USING others, batch_size - rewrapped;
		GET DIAGNOSTICS done = ROW_COUNT;
		rewrapped := rewrapped + done;
	END LOOP;
	remaining := orchestration_internal.count_sealed('= ANY ($1)', others);
	IF remaining = 0 THEN
		unreadable := orchestration_internal.count_sealed('<> ALL ($1)', others || active);
	END IF;
END
$$;

COMMENT ON FUNCTION orchestration.rotate_encryption_key(integer) IS 'Wraps the data keys of sealed values with the active key, at most batch_size at once. rewrapped says how many, remaining how many still need another key, unreadable (counted at the end) how many need one that the server does not know. Bodies, versions and fingerprints stay, so nothing is restarted in a cluster. Call it, each time in a transaction of its own, until remaining is 0; it may be ended at any time and goes on where it was. Raises OR003, OR040, OR041 for a damaged value.';
-- for the owner alone
