/*
 * Seals: what is on record is proven to be as it was written.  A seal covers
 * rows of one month whose transactions are certainly over, holds a digest of
 * each, is chained to the seal before it, and is signed with a key that is not in
 * the database.  Nothing that commits later can belong below a seal: the rows
 * carry their transaction, and a seal ends below every one that still runs.
 */

CREATE OR REPLACE FUNCTION orchestration_internal.worker_digest_rows(from_time timestamptz, before_time timestamptz, lineage bigint, after_transaction bigint, after_id bigint, horizon bigint, max_rows integer,
	OUT row_count bigint, OUT to_transaction bigint, OUT to_id bigint, OUT newest_at timestamptz, OUT next_transaction bigint, OUT entries bytea)
LANGUAGE c VOLATILE STRICT
SET search_path = pg_catalog, pg_temp
/* the month, unless it was analyzed, seems to be small enough to be read */
SET enable_seqscan = off
AS 'MODULE_PATHNAME', 'orch_worker_digest_rows';

COMMENT ON FUNCTION orchestration_internal.worker_digest_rows(timestamptz, timestamptz, bigint, bigint, bigint, bigint, integer) IS 'Id and digest of the next rows of operation_logs, in the order of transaction and id: those of a month and a lineage after one row and of transactions below the horizon, max_rows at most. newest_at is the newest started_at, next_transaction follows the last transaction that wrote one of them.';
GRANT EXECUTE ON FUNCTION orchestration_internal.worker_digest_rows(timestamptz, timestamptz, bigint, bigint, bigint, bigint, integer) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.worker_mac(data bytea, key_id text DEFAULT NULL, OUT of_key text, OUT mac bytea)
LANGUAGE c VOLATILE
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_worker_mac';

COMMENT ON FUNCTION orchestration_internal.worker_mac(bytea, text) IS 'HMAC of some bytes by an encryption key: the active one for NULL; mac is NULL when the server does not know the key. Raises OR040.';
GRANT EXECUTE ON FUNCTION orchestration_internal.worker_mac(bytea, text) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.chained_digest(seal jsonb, entries_digest bytea, previous bytea)
RETURNS bytea
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT sha256(COALESCE(previous, '') || entries_digest || convert_to(concat_ws('/', seal ->> 'number', extract(epoch FROM (seal ->> 'from_time')::timestamptz),
		extract(epoch FROM (seal ->> 'before_time')::timestamptz), seal ->> 'lineage', seal ->> 'after_transaction', seal ->> 'after_id', seal ->> 'to_transaction', seal ->> 'to_id', seal ->> 'row_count',
		/* a seal that was made before there were these has none */
		'newest ' || extract(epoch FROM (seal ->> 'newest_at')::timestamptz), 'next ' || (seal ->> 'next_transaction')), 'UTF8'))
$$;

COMMENT ON FUNCTION orchestration_internal.chained_digest(jsonb, bytea, bytea) IS 'Digest of a seal, given as jsonb, the SHA-256 of its entries, and the digest of the seal before it (NULL: it is the first).';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.seal_digest(seal jsonb, entries bytea, previous bytea)
RETURNS bytea
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$ SELECT orchestration_internal.chained_digest(seal, sha256(entries), previous) $$;

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
	SELECT d.row_count, d.to_transaction, d.to_id, d.newest_at, CASE WHEN $3 = orchestration_internal.audit_lineage() THEN d.next_transaction END, d.entries
	INTO seal.row_count, seal.to_transaction, seal.to_id, seal.newest_at, seal.next_transaction, seal.entries
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
	INSERT INTO orchestration.audit_seals (number, from_time, before_time, lineage, after_transaction, after_id, to_transaction, to_id, row_count, newest_at, next_transaction, entries, digest, key_id, mac)
	VALUES (seal.number, seal.from_time, seal.before_time, seal.lineage, seal.after_transaction, seal.after_id, seal.to_transaction, seal.to_id, seal.row_count, seal.newest_at, seal.next_transaction, seal.entries, seal.digest, seal.key_id, seal.mac);
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
