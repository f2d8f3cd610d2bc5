/*
 * Seals: what is on record is proven to be as it was written.  A seal covers
 * rows of one month whose transactions are certainly over, holds a digest of
 * each, is chained to the seal before it, and is signed with a key that is not in
 * the database.  Nothing that commits later can belong below a seal: the rows
 * carry their transaction, and a seal ends below every one that still runs.
 */

CREATE OR REPLACE FUNCTION orchestration_internal.worker_digest_rows(from_time timestamptz, before_time timestamptz, lineage bigint, after_transaction bigint, after_id bigint, horizon bigint, max_rows integer,
	OUT row_count bigint, OUT to_transaction bigint, OUT to_id bigint, OUT entries bytea)
LANGUAGE c VOLATILE STRICT
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_worker_digest_rows';

COMMENT ON FUNCTION orchestration_internal.worker_digest_rows(timestamptz, timestamptz, bigint, bigint, bigint, bigint, integer) IS 'Id and digest of the next rows of operation_logs, in the order of transaction and id: those of a month and a lineage after one row and of transactions below the horizon, max_rows at most.';
GRANT EXECUTE ON FUNCTION orchestration_internal.worker_digest_rows(timestamptz, timestamptz, bigint, bigint, bigint, bigint, integer) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.worker_compare_rows(from_time timestamptz, before_time timestamptz, lineage bigint, after_transaction bigint, after_id bigint, to_transaction bigint, to_id bigint, entries bytea,
	OUT problem text, OUT id bigint, OUT started_at timestamptz)
LANGUAGE c VOLATILE STRICT
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_worker_compare_rows';

COMMENT ON FUNCTION orchestration_internal.worker_compare_rows(timestamptz, timestamptz, bigint, bigint, bigint, bigint, bigint, bytea) IS 'The first row that is not as it was sealed: changed, added or missing; NULL when all are.';
GRANT EXECUTE ON FUNCTION orchestration_internal.worker_compare_rows(timestamptz, timestamptz, bigint, bigint, bigint, bigint, bigint, bytea) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.worker_mac(data bytea, key_id text DEFAULT NULL, OUT of_key text, OUT mac bytea)
LANGUAGE c VOLATILE
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_worker_mac';

COMMENT ON FUNCTION orchestration_internal.worker_mac(bytea, text) IS 'HMAC of some bytes by an encryption key: the active one for NULL; mac is NULL when the server does not know the key. Raises OR040.';
GRANT EXECUTE ON FUNCTION orchestration_internal.worker_mac(bytea, text) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.seal_digest(seal jsonb, entries bytea, previous bytea)
RETURNS bytea
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT sha256(COALESCE(previous, '') || sha256(entries) || convert_to(concat_ws('/', seal ->> 'number', extract(epoch FROM (seal ->> 'from_time')::timestamptz),
		extract(epoch FROM (seal ->> 'before_time')::timestamptz), seal ->> 'lineage', seal ->> 'after_transaction', seal ->> 'after_id', seal ->> 'to_transaction', seal ->> 'to_id', seal ->> 'row_count'), 'UTF8'))
$$;

COMMENT ON FUNCTION orchestration_internal.seal_digest(jsonb, bytea, bytea) IS 'Digest of a seal, given as jsonb, its entries, and the digest of the seal before it (NULL: it is the first).';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.audit_months()
RETURNS TABLE (partition regclass, from_time timestamptz, before_time timestamptz)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT m.relation::regclass, m.from_time, m.before_time
	FROM orchestration_internal.month_partitions('orchestration.operation_logs') m
	WHERE m.from_time IS NOT NULL AND m.before_time IS NOT NULL
$$;

COMMENT ON FUNCTION orchestration_internal.audit_months() IS 'The months of operation_logs that are attached.';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.seal_month(from_time timestamptz, before_time timestamptz, lineage bigint, horizon bigint, max_rows integer)
RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	seal orchestration.audit_seals;
	last orchestration.audit_seals;
BEGIN
	SELECT s.to_transaction, s.to_id INTO seal.after_transaction, seal.after_id
	FROM orchestration.audit_seals s
	WHERE s.from_time = $1 AND s.lineage = $3
	ORDER BY s.number DESC LIMIT 1;
	seal.after_transaction := COALESCE(seal.after_transaction, 0);
	seal.after_id := COALESCE(seal.after_id, 0);
	SELECT d.row_count, d.to_transaction, d.to_id, d.entries INTO seal.row_count, seal.to_transaction, seal.to_id, seal.entries
	FROM orchestration_internal.worker_digest_rows($1, $2, $3, seal.after_transaction, seal.after_id, $4, $5) d;
	IF seal.row_count = 0 THEN
		RETURN 0;
	ELSIF seal.row_count < $5 THEN
		/* nobody adds to transactions that are over */
		seal.to_transaction := $4 - 1;
		seal.to_id := 9223372036854775807;
	END IF;
	SELECT s.* INTO last FROM orchestration.audit_seals s ORDER BY s.number DESC LIMIT 1;
	seal.number := COALESCE(last.number, 0) + 1;
	seal.from_time := $1;
	seal.before_time := $2;
	seal.lineage := $3;
	seal.digest := orchestration_internal.seal_digest(to_jsonb(seal) - 'entries', seal.entries, last.digest);
	SELECT m.of_key, m.mac INTO seal.key_id, seal.mac FROM orchestration_internal.worker_mac(seal.digest) m;
	INSERT INTO orchestration.audit_seals (number, from_time, before_time, lineage, after_transaction, after_id, to_transaction, to_id, row_count, entries, digest, key_id, mac)
	VALUES (seal.number, seal.from_time, seal.before_time, seal.lineage, seal.after_transaction, seal.after_id, seal.to_transaction, seal.to_id, seal.row_count, seal.entries, seal.digest, seal.key_id, seal.mac);
	RETURN seal.row_count;
END
$$;

COMMENT ON FUNCTION orchestration_internal.seal_month(timestamptz, timestamptz, bigint, bigint, integer) IS 'Seals the next rows of a month and a lineage whose transactions are below the horizon; returns how many. For maintain_audit_seals(). Raises OR040.';
-- for the owner alone

/* SECURITY DEFINER: seals are nobody's to write, and the rows of all namespaces are read */
CREATE OR REPLACE FUNCTION orchestration_internal.maintain_audit_seals()
RETURNS text
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	/* read before the rows: whatever is below it is over, and seen by what follows */
	horizon bigint := pg_snapshot_xmin(pg_current_snapshot())::text::bigint;
	place record;
	sealed bigint;
	total bigint := 0;
	seals integer := 0;
BEGIN
	/* one after the other: each is chained to the one before */
	LOCK TABLE orchestration.audit_seals IN SHARE ROW EXCLUSIVE MODE;
	FOR place IN
		SELECT m.from_time, m.before_time, l.lineage
		FROM orchestration_internal.audit_months() m
		/* those of a database that this one was restored from are all over */
		CROSS JOIN (SELECT orchestration_internal.audit_lineage() AS lineage UNION SELECT DISTINCT s.lineage FROM orchestration.audit_seals s) l
		ORDER BY m.from_time
	LOOP
		LOOP
			sealed := orchestration_internal.seal_month(place.from_time, place.before_time, place.lineage,
				CASE WHEN place.lineage = orchestration_internal.audit_lineage() THEN horizon ELSE 9223372036854775807 END, 50000);
			EXIT WHEN sealed = 0;
			total := total + sealed;
			seals := seals + 1;
		END LOOP;
	END LOOP;
	RETURN format('%s rows sealed, %s seals', total, seals);
END
$$;

COMMENT ON FUNCTION orchestration_internal.maintain_audit_seals() IS 'Step of maintenance: seals the rows of operation_logs whose transactions are over. Raises OR040 without an encryption key.';
GRANT EXECUTE ON FUNCTION orchestration_internal.maintain_audit_seals() TO orchestration_worker;

/* SECURITY DEFINER: reads the rows of all namespaces, after asking for the permission */
CREATE OR REPLACE FUNCTION orchestration.verify_audit(since timestamptz DEFAULT '-infinity', anchor bytea DEFAULT NULL)
RETURNS TABLE (month timestamptz, partition regclass, seals bigint, sealed_rows bigint, unsealed_rows bigint, result text, broken_seal bigint, broken_id bigint, broken_at timestamptz, detail text)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	chain record;
BEGIN
	IF NOT orchestration_internal.holds_permission(0, 'audit', 'read') THEN
		PERFORM orchestration_internal.refuse_permission('verify the audit trail', 'audit', 0, NULL, NULL);
	END IF;
	/* the chain is one: where it is broken, no month is proven */
	SELECT * INTO chain FROM orchestration_internal.check_seals(anchor) c;
	FOR month, partition, result IN
		SELECT COALESCE(m.from_time, s.from_time), m.partition, NULL
		FROM orchestration_internal.audit_months() m
		FULL JOIN (SELECT DISTINCT x.from_time, x.before_time FROM orchestration.audit_seals x) s ON s.from_time = m.from_time
		WHERE COALESCE(m.before_time, s.before_time) > since
		ORDER BY 1
	LOOP
		SELECT v.* INTO seals, sealed_rows, unsealed_rows, result, broken_seal, broken_id, broken_at, detail
		FROM orchestration_internal.verify_month(month, partition) v;
		IF chain.problem IS NOT NULL AND result NOT IN ('broken', 'missing') AND seals > 0 THEN
			result := chain.result;
			broken_seal := chain.number;
			detail := chain.problem;
		END IF;
		IF seals > 0 OR unsealed_rows > 0 THEN
			RETURN NEXT;
		END IF;
	END LOOP;
END
$$;

COMMENT ON FUNCTION orchestration.verify_audit(timestamptz, bytea) IS 'Proves, month by month, that operation_logs is as it was written. Arguments: the time to begin with; the digest of a seal that was noted elsewhere (SELECT digest FROM audit_seals ORDER BY number DESC LIMIT 1), which must be in the chain. result is intact, broken (broken_seal, broken_id and broken_at name the first row that was changed, added or is missing; detail says which), missing (the whole month is gone, and partition_actions has no rotation that took it), retired (rotation dropped or detached the month, its seals are there) or unproven (the server does not know the key that signed the newest seals). unsealed_rows are not covered yet: those of the last minute, or of transactions that were running. Needs the permission read on audit, everywhere. Raises 42501, OR040.';
GRANT EXECUTE ON FUNCTION orchestration.verify_audit(timestamptz, bytea) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration_internal.check_seals(anchor bytea, OUT result text, OUT number bigint, OUT problem text)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	seal orchestration.audit_seals;
	previous bytea;
	expected bigint := 1;
	signed bytea;
	unknown_key text;
BEGIN
	result := 'broken';
	FOR seal IN SELECT s.* FROM orchestration.audit_seals s ORDER BY s.number LOOP
		number := seal.number;
		IF seal.number <> expected THEN
			number := expected;
			problem := format('Seal %s is missing.', expected);
			RETURN;
		ELSIF seal.digest <> orchestration_internal.seal_digest(to_jsonb(seal) - 'entries', seal.entries, previous) THEN
			problem := format('Seal %s, or the one before it, was changed.', seal.number);
			RETURN;
		END IF;
		SELECT m.mac INTO signed FROM orchestration_internal.worker_mac(seal.digest, seal.key_id) m;
		IF signed IS NULL THEN
			unknown_key := seal.key_id;
		ELSIF signed <> seal.mac THEN
			problem := format('Seal %s is not signed by key "%s".', seal.number, seal.key_id);
			RETURN;
		ELSE
			/* it signs all that is chained to it */
			unknown_key := NULL;
		END IF;
		previous := seal.digest;
		expected := expected + 1;
	END LOOP;
	IF anchor IS NOT NULL AND NOT EXISTS (SELECT FROM orchestration.audit_seals s WHERE s.digest = anchor) THEN
		number := expected;
		problem := 'The seal that was noted elsewhere is not in the chain.';
	ELSIF unknown_key IS NOT NULL THEN
		result := 'unproven';
		problem := format('The newest seals are signed by key "%s", which this server does not know.', unknown_key);
	ELSE
		result := 'intact';
		number := NULL;
	END IF;
END
$$;

COMMENT ON FUNCTION orchestration_internal.check_seals(bytea) IS 'Whether the chain of seals is whole and signed: intact, unproven or broken, the first seal that is not, and why. For verify_audit().';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.audit_month_is_retired(month timestamptz)
RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	/* the last word on that month: it may have come back since, or been made anew */
	SELECT COALESCE((
		SELECT a.action IN ('drop', 'detach') AND (a.state IN ('detached', 'done') OR orchestration_internal.is_detached(a.relation, a.partition_name))
		FROM orchestration.partition_actions a
		WHERE a.table_name = 'operation_logs' AND a.partition_name ~ ('^operation_logs_' || orchestration_internal.month_suffix(month) || '(_\d+)?$')
		ORDER BY a.finished_at DESC NULLS LAST
		LIMIT 1), false)
$$;

COMMENT ON FUNCTION orchestration_internal.audit_month_is_retired(timestamptz) IS 'Whether rotation has dropped or detached that month of operation_logs, by partition_actions. For verify_audit().';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.verify_month(month timestamptz, partition regclass, OUT seals bigint, OUT sealed_rows bigint, OUT unsealed_rows bigint, OUT result text, OUT broken_seal bigint, OUT broken_id bigint, OUT broken_at timestamptz, OUT detail text)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	seal orchestration.audit_seals;
	compared record;
BEGIN
	SELECT count(*), COALESCE(sum(s.row_count), 0) INTO seals, sealed_rows FROM orchestration.audit_seals s WHERE s.from_time = month;
	unsealed_rows := 0;
	IF partition IS NULL THEN
		result := CASE WHEN orchestration_internal.audit_month_is_retired(month) THEN 'retired' ELSE 'missing' END;
		detail := CASE result WHEN 'retired' THEN 'Rotation dropped or detached this month.' ELSE 'No partition holds this month, and no rotation is on record that retired it.' END;
		RETURN;
	END IF;
	EXECUTE format('SELECT count(*) FROM %s l LEFT JOIN (SELECT DISTINCT ON (s.lineage) s.lineage, s.to_transaction, s.to_id FROM orchestration.audit_seals s WHERE s.from_time = $1 ORDER BY s.lineage, s.number DESC) s
		ON s.lineage = l.lineage WHERE s.lineage IS NULL OR (l.transaction_id, l.id) > (s.to_transaction, s.to_id)', partition) INTO unsealed_rows USING month;
	FOR seal IN SELECT s.* FROM orchestration.audit_seals s WHERE s.from_time = month ORDER BY s.number LOOP
		SELECT * INTO compared FROM orchestration_internal.worker_compare_rows(seal.from_time, seal.before_time, seal.lineage, seal.after_transaction, seal.after_id,
			seal.to_transaction, seal.to_id, seal.entries);
		IF compared.problem IS NOT NULL THEN
			result := 'broken';
			broken_seal := seal.number;
			broken_id := compared.id;
			broken_at := compared.started_at;
			detail := format('Row %s %s.', compared.id, CASE compared.problem WHEN 'changed' THEN 'was changed' WHEN 'added' THEN 'was added later' ELSE 'is missing' END);
			RETURN;
		END IF;
	END LOOP;
	result := 'intact';
END
$$;

COMMENT ON FUNCTION orchestration_internal.verify_month(timestamptz, regclass) IS 'Compares the rows of a month with its seals. For verify_audit().';
-- for the owner alone
