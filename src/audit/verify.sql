/*
 * Holding the log against its seals.  Without a time everything is read; with one,
 * the seals whose rows, or the seals after them, are not all older: each says
 * under its signature how new its newest row is.
 */

CREATE OR REPLACE FUNCTION orchestration_internal.worker_compare_rows(from_time timestamptz, before_time timestamptz, lineage bigint, after_transaction bigint, after_id bigint, to_transaction bigint, to_id bigint, entries bytea, since timestamptz,
	OUT problem text, OUT id bigint, OUT started_at timestamptz, OUT redacted bigint, OUT recent bigint)
LANGUAGE c VOLATILE STRICT
SET search_path = pg_catalog, pg_temp
/* as in worker_digest_rows() */
SET enable_seqscan = off
AS 'MODULE_PATHNAME', 'orch_worker_compare_rows';

COMMENT ON FUNCTION orchestration_internal.worker_compare_rows(timestamptz, timestamptz, bigint, bigint, bigint, bigint, bigint, bytea, timestamptz) IS 'The first row that is not as it was sealed: changed, added or missing; NULL when all are. redacted: how many are in a form that redact_audit() gave them; recent: how many began at since or later.';
GRANT EXECUTE ON FUNCTION orchestration_internal.worker_compare_rows(timestamptz, timestamptz, bigint, bigint, bigint, bigint, bigint, bytea, timestamptz) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.worker_digest_row(log_row record)
RETURNS bytea
LANGUAGE c VOLATILE STRICT
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_worker_digest_row';

COMMENT ON FUNCTION orchestration_internal.worker_digest_row(record) IS 'What a seal holds of a row of operation_logs: 16 bytes of the SHA-256 of its values.';
GRANT EXECUTE ON FUNCTION orchestration_internal.worker_digest_row(record) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.is_redacted_form(log_id bigint, sealed bytea, present bytea)
RETURNS boolean
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
	/* step by step: a row may have been redacted more than once */
	WITH RECURSIVE steps AS (
		SELECT l.changes #>> '{after,digest_before}' AS digest_before, l.changes #>> '{after,digest_after}' AS digest_after
		FROM orchestration.operation_logs l
		WHERE l.resource_id = log_id AND l.resource_type = 'operation_log' AND l.operation = 'redact' AND l.status = 'succeeded'
	), forms AS (
		SELECT encode(sealed, 'hex') AS digest
		UNION
		SELECT s.digest_after FROM forms f JOIN steps s ON s.digest_before = f.digest
	)
	SELECT EXISTS (SELECT FROM forms f WHERE f.digest = encode(present, 'hex'))
$$;

COMMENT ON FUNCTION orchestration_internal.is_redacted_form(bigint, bytea, bytea) IS 'Whether redact_audit() has put on record how a row with the digest that was sealed got the digest that it has.';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.check_seals(anchor bytea, first bigint, last bigint DEFAULT NULL, OUT result text, OUT number bigint, OUT problem text)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	seal record;
	/* of the one before the first that is looked at */
	previous bytea := (SELECT s.digest FROM orchestration.audit_seals s WHERE s.number = first - 1);
	expected bigint := first;
	signed bytea;
	unknown_key text;
BEGIN
	result := 'broken';
	IF (SELECT count(*) FROM orchestration.audit_seals s WHERE s.number < first) < first - 1 THEN
		number := (SELECT min(g) FROM generate_series(1, first - 1) g WHERE NOT EXISTS (SELECT FROM orchestration.audit_seals s WHERE s.number = g));
		problem := format('Seal %s is missing.', number);
		RETURN;
	END IF;
	FOR seal IN
		SELECT s.number, s.from_time, s.before_time, s.lineage, s.after_transaction, s.after_id, s.to_transaction, s.to_id, s.row_count, s.newest_at, s.next_transaction,
			s.digest, s.key_id, s.mac, sha256(s.entries) AS entries_digest
		FROM orchestration.audit_seals s WHERE s.number >= first AND (last IS NULL OR s.number <= last) ORDER BY s.number
	LOOP
		number := seal.number;
		IF seal.number <> expected THEN
			number := expected;
			problem := format('Seal %s is missing.', expected);
			RETURN;
		ELSIF seal.digest <> orchestration_internal.chained_digest(to_jsonb(seal), seal.entries_digest, previous) THEN
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
	number := NULL;
	IF anchor IS NOT NULL AND NOT EXISTS (SELECT FROM orchestration.audit_seals s WHERE s.digest = anchor) THEN
		number := expected;
		problem := 'The seal that was noted elsewhere is not in the chain.';
	ELSIF expected = 1 THEN
		result := 'unproven';
		problem := 'There is no seal: nothing is proven.';
	ELSIF unknown_key IS NOT NULL THEN
		result := 'unproven';
		number := expected - 1;
		problem := format('The newest seals are signed by key "%s", which this server does not know.', unknown_key);
	ELSE
		result := 'intact';
	END IF;
END
$$;

COMMENT ON FUNCTION orchestration_internal.check_seals(bytea, bigint, bigint) IS 'Whether the chain of seals is whole and signed, from the seal with that number on, up to one or the last: intact, unproven or broken, the first seal that is not, and why. For verify_audit().';
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

COMMENT ON FUNCTION orchestration_internal.audit_month_is_retired(timestamptz) IS 'Whether rotation has dropped or detached that month of operation_logs, by partition_actions. For verify_audit() and the rolling check.';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.compare_seals(month timestamptz, first bigint, last bigint, since timestamptz,
	OUT problem text, OUT seal bigint, OUT id bigint, OUT started_at timestamptz, OUT redacted bigint, OUT recent bigint)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	part record;
	compared record;
BEGIN
	redacted := 0;
	recent := 0;
	/* seals of a minute have few rows: many of them are compared at once */
	FOR part IN
		SELECT min(p.from_time) AS from_time, min(p.before_time) AS before_time, p.lineage, min(p.number) AS first, max(p.number) AS last,
			(array_agg(p.after_transaction ORDER BY p.number))[1] AS after_transaction, (array_agg(p.after_id ORDER BY p.number))[1] AS after_id,
			(array_agg(p.to_transaction ORDER BY p.number DESC))[1] AS to_transaction, (array_agg(p.to_id ORDER BY p.number DESC))[1] AS to_id,
			string_agg(p.entries, '' ORDER BY p.number) AS entries
		FROM (
			SELECT s.*, trunc(sum(s.row_count) OVER (PARTITION BY s.lineage ORDER BY s.number) / 20000) AS part,
				COALESCE(s.newest_at >= since, true) AS wanted,
				/* those in between that are older are left out: what is compared at once has no hole */
				count(*) FILTER (WHERE s.newest_at < since) OVER (PARTITION BY s.lineage ORDER BY s.number) AS island
			FROM orchestration.audit_seals s
			WHERE s.from_time = month AND s.number BETWEEN first AND last
		) p
		WHERE p.wanted
		GROUP BY p.lineage, p.part, p.island
		ORDER BY min(p.number)
	LOOP
		SELECT * INTO compared FROM orchestration_internal.worker_compare_rows(part.from_time, part.before_time, part.lineage, part.after_transaction, part.after_id,
			part.to_transaction, part.to_id, part.entries, since);
		IF compared.problem IS NOT NULL THEN
			problem := compared.problem;
			id := compared.id;
			started_at := compared.started_at;
			/* which of them it is */
			SELECT s.number INTO seal
			FROM orchestration.audit_seals s,
				LATERAL orchestration_internal.worker_compare_rows(s.from_time, s.before_time, s.lineage, s.after_transaction, s.after_id, s.to_transaction, s.to_id, s.entries, since) c
			WHERE s.from_time = month AND s.lineage = part.lineage AND s.number BETWEEN part.first AND part.last AND c.problem IS NOT NULL
			ORDER BY s.number LIMIT 1;
			seal := COALESCE(seal, part.first);
			RETURN;
		END IF;
		redacted := redacted + compared.redacted;
		recent := recent + compared.recent;
	END LOOP;
END
$$;

COMMENT ON FUNCTION orchestration_internal.compare_seals(timestamptz, bigint, bigint, timestamptz) IS 'Compares the rows of a month with those of its seals that have these numbers; problem is NULL when they agree. redacted and recent as in worker_compare_rows().';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.problem_in_words(problem text, id bigint)
RETURNS text
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$ SELECT format('Row %s %s.', $2, CASE $1 WHEN 'changed' THEN 'was changed' WHEN 'added' THEN 'was added later' ELSE 'is missing' END) $$;

COMMENT ON FUNCTION orchestration_internal.problem_in_words(text, bigint) IS 'What is wrong with a row of the log, as a sentence.';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.redactions_in_words(month timestamptz, before timestamptz)
RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT string_agg(format('Row %s was redacted by %s on %s: %s', r.resource_id, r.who, to_char(r.started_at AT TIME ZONE 'UTC', 'YYYY-MM-DD'), r.reason), ' ' ORDER BY r.started_at, r.id)
	FROM (
		SELECT l.id, l.resource_id, l.started_at, COALESCE(u.username, l.db_role) AS who, l.changes #>> '{after,reason}' AS reason
		FROM orchestration.operation_logs l
		LEFT JOIN orchestration.users u ON u.id = l.user_id
		/* what is redacted is older than the record of it */
		WHERE l.started_at >= month AND l.operation = 'redact' AND l.resource_type = 'operation_log' AND l.status = 'succeeded'
			AND (l.changes #>> '{after,row_started_at}')::timestamptz >= month AND (l.changes #>> '{after,row_started_at}')::timestamptz < before
		ORDER BY l.started_at, l.id LIMIT 20
	) r
$$;

COMMENT ON FUNCTION orchestration_internal.redactions_in_words(timestamptz, timestamptz) IS 'Who redacted which rows of a month, and why; 20 at most. For verify_audit().';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.verify_month(month timestamptz, partition regclass, since timestamptz, OUT seals bigint, OUT sealed_rows bigint, OUT unsealed_rows bigint, OUT redacted_rows bigint, OUT result text, OUT broken_seal bigint, OUT broken_id bigint, OUT broken_at timestamptz, OUT detail text)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	first bigint;
	compared record;
	sealed_since bigint;
BEGIN
	unsealed_rows := 0;
	redacted_rows := 0;
	/* older ones have no row of that time; what has come between them since would be among the recent rows, and in no seal */
	SELECT min(s.number) INTO first FROM orchestration.audit_seals s WHERE s.from_time = month AND (s.newest_at >= since OR s.newest_at IS NULL);
	SELECT count(*), COALESCE(sum(s.row_count), 0) INTO seals, sealed_rows FROM orchestration.audit_seals s WHERE s.from_time = month AND (s.newest_at >= since OR s.newest_at IS NULL);
	IF partition IS NULL THEN
		result := CASE WHEN orchestration_internal.audit_month_is_retired(month) THEN 'retired' ELSE 'missing' END;
		detail := CASE result WHEN 'retired' THEN 'Rotation dropped or detached this month.' ELSE 'No partition holds this month, and no rotation is on record that retired it.' END;
		RETURN;
	END IF;
	EXECUTE format('SELECT count(*) FILTER (WHERE s.lineage IS NULL OR (l.transaction_id, l.id) > (s.to_transaction, s.to_id)), count(*) FILTER (WHERE (l.transaction_id, l.id) <= (s.to_transaction, s.to_id))
		FROM %s l LEFT JOIN (SELECT DISTINCT ON (s.lineage) s.lineage, s.to_transaction, s.to_id FROM orchestration.audit_seals s WHERE s.from_time = $1 ORDER BY s.lineage, s.number DESC) s
			ON s.lineage = l.lineage WHERE l.started_at >= $2', partition) INTO unsealed_rows, sealed_since USING month, since;
	SELECT * INTO compared FROM orchestration_internal.compare_seals(month, first, 9223372036854775807, since);
	redacted_rows := compared.redacted;
	IF compared.problem IS NOT NULL THEN
		result := 'broken';
		broken_seal := compared.seal;
		broken_id := compared.id;
		broken_at := compared.started_at;
		detail := orchestration_internal.problem_in_words(compared.problem, compared.id);
	ELSIF isfinite(since) AND sealed_since <> compared.recent THEN
		result := 'broken';
		detail := format('%s rows of this time were added later, in the place of older ones.', sealed_since - compared.recent);
	ELSIF redacted_rows > 0 THEN
		result := 'redacted';
		detail := orchestration_internal.redactions_in_words(month, (SELECT max(s.before_time) FROM orchestration.audit_seals s WHERE s.from_time = month));
	ELSE
		result := 'intact';
	END IF;
END
$$;

COMMENT ON FUNCTION orchestration_internal.verify_month(timestamptz, regclass, timestamptz) IS 'Compares the rows of a month since a time with its seals. For verify_audit().';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.first_seal(since timestamptz, anchor bytea)
RETURNS bigint
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT COALESCE(LEAST(
		(SELECT min(s.number) FROM orchestration.audit_seals s WHERE s.newest_at >= since OR s.newest_at IS NULL AND s.before_time > since),
		/* what was noted elsewhere is proof of nothing unless everything after it is chained to it */
		(SELECT min(s.number) FROM orchestration.audit_seals s WHERE s.digest = anchor)),
		(SELECT max(s.number) FROM orchestration.audit_seals s), 1)
$$;

COMMENT ON FUNCTION orchestration_internal.first_seal(timestamptz, bytea) IS 'The seal from which on the chain is to be verified for what happened since a time. For verify_audit().';
-- for the owner alone

/* SECURITY DEFINER: reads the rows of all namespaces, after asking for the permission */
CREATE OR REPLACE FUNCTION orchestration.verify_audit(since timestamptz DEFAULT '-infinity', anchor bytea DEFAULT NULL)
RETURNS TABLE (month timestamptz, partition regclass, seals bigint, sealed_rows bigint, unsealed_rows bigint, redacted_rows bigint, result text, broken_seal bigint, broken_id bigint, broken_at timestamptz, detail text)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
/* compiling takes longer than what it would save */
SET jit = off
AS $$
#variable_conflict use_column
DECLARE
	chain record;
	first bigint;
	unsealed bigint := 0;
	redacted bigint := 0;
BEGIN
	IF NOT orchestration_internal.holds_permission(0, 'audit', 'read') THEN
		PERFORM orchestration_internal.refuse_permission('verify the audit trail', 'audit', 0, NULL, NULL);
	END IF;
	since := COALESCE(since, '-infinity');
	first := orchestration_internal.first_seal(since, anchor);
	/* the chain is one: where it is broken, no month is proven */
	SELECT * INTO chain FROM orchestration_internal.check_seals(anchor, first) c;
	FOR month, partition, result IN
		SELECT COALESCE(m.from_time, s.from_time), m.partition, NULL
		FROM orchestration_internal.audit_months() m
		FULL JOIN (SELECT DISTINCT x.from_time, x.before_time FROM orchestration.audit_seals x) s ON s.from_time = m.from_time
		WHERE COALESCE(m.before_time, s.before_time) > since
		ORDER BY 1
	LOOP
		SELECT v.* INTO seals, sealed_rows, unsealed_rows, redacted_rows, result, broken_seal, broken_id, broken_at, detail
		FROM orchestration_internal.verify_month(month, partition, since) v;
		unsealed := unsealed + unsealed_rows;
		redacted := redacted + redacted_rows;
		IF chain.result <> 'intact' AND result NOT IN ('broken', 'missing') AND seals > 0 THEN
			result := chain.result;
			broken_seal := chain.number;
			detail := chain.problem;
		END IF;
		IF seals > 0 OR unsealed_rows > 0 THEN
			RETURN NEXT;
		END IF;
	END LOOP;
	SELECT NULL, NULL, count(*), COALESCE(sum(s.row_count), 0), unsealed, redacted, chain.result, chain.number, NULL, NULL,
		COALESCE(chain.problem, format('The chain from seal %s to %s.', first, max(s.number)))
	INTO month, partition, seals, sealed_rows, unsealed_rows, redacted_rows, result, broken_seal, broken_id, broken_at, detail
	FROM orchestration.audit_seals s WHERE s.number >= first;
	RETURN NEXT;
END
$$;

COMMENT ON FUNCTION orchestration.verify_audit(timestamptz, bytea) IS 'Proves, month by month and at last of the chain of seals (month is NULL there), that operation_logs is as it was written. Arguments: the time to begin with; the digest of a seal that was noted elsewhere (from the view audit_anchor), which must be in the chain. result is intact, redacted (intact but for the rows that redact_audit() changed; detail says who did and why), broken (broken_seal, broken_id and broken_at name the first row that was changed, added or is missing; detail says which), missing (the whole month is gone, and partition_actions has no rotation that took it), retired (rotation dropped or detached the month, its seals are there) or unproven (there is no seal, or the server does not know the key that signed the newest). unsealed_rows are not covered yet: those of the last minute, or of transactions that were running. Needs the permission read on audit, everywhere. Raises 42501, OR040.';
GRANT EXECUTE ON FUNCTION orchestration.verify_audit(timestamptz, bytea) TO orchestration_user;
