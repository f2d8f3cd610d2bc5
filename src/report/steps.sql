/* Maintenance steps of no other room. */

/* SECURITY DEFINER: only the owner may refresh a materialized view */
CREATE OR REPLACE FUNCTION orchestration_internal.maintain_summary()
RETURNS text
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	/* CONCURRENTLY: readers go on, and only rows that differ are written */
	IF (SELECT c.relispopulated FROM pg_class c WHERE c.oid = 'orchestration_internal.container_summary_stored'::regclass) THEN
		REFRESH MATERIALIZED VIEW CONCURRENTLY orchestration_internal.container_summary_stored;
	ELSE
		REFRESH MATERIALIZED VIEW orchestration_internal.container_summary_stored;
	END IF;
	RETURN format('%s namespaces counted', (SELECT count(*) FROM orchestration_internal.container_summary_stored));
END
$$;

COMMENT ON FUNCTION orchestration_internal.maintain_summary() IS 'Maintenance step: counts containers by namespace anew for container_summary. Readers do not wait. Runs with the rights of the owner of the extension, who alone may refresh.';
GRANT EXECUTE ON FUNCTION orchestration_internal.maintain_summary() TO orchestration_worker;

/* SECURITY DEFINER: the worker may not read users' sessions and secrets */
CREATE OR REPLACE FUNCTION orchestration_internal.maintain_expired()
RETURNS text
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	before timestamptz := clock_timestamp() - orchestration_internal.maintenance_keep('expired');
	ended bigint;
	grants bigint;
	sessions bigint;
	secrets bigint;
BEGIN
	PERFORM orchestration_internal.follow_db_roles();
	/* one that somebody has locked is for the next run */
	UPDATE orchestration.user_sessions s SET status = 'expired', updated_at = clock_timestamp()
	WHERE s.id = ANY (ARRAY(SELECT x.id FROM orchestration.user_sessions x WHERE x.status = 'active' AND x.expires_at <= clock_timestamp() FOR NO KEY UPDATE SKIP LOCKED));
	GET DIAGNOSTICS ended = ROW_COUNT;

	DELETE FROM orchestration.user_roles ur WHERE ur.id = ANY (ARRAY(SELECT x.id FROM orchestration.user_roles x WHERE x.expires_at < before FOR UPDATE SKIP LOCKED));
	GET DIAGNOSTICS grants = ROW_COUNT;
	DELETE FROM orchestration.user_secrets s WHERE s.id = ANY (ARRAY(SELECT x.id FROM orchestration.user_secrets x WHERE x.expires_at < before FOR UPDATE SKIP LOCKED));
	GET DIAGNOSTICS secrets = ROW_COUNT;
	/* that a token was revoked is known until it would have expired */
	DELETE FROM orchestration.user_sessions s
	WHERE s.id = ANY (ARRAY(
		SELECT x.id FROM orchestration.user_sessions x
		WHERE x.status <> 'active' AND GREATEST(COALESCE(x.revoked_at, x.expires_at, x.last_seen_at), x.expires_at) < before FOR UPDATE SKIP LOCKED));
	GET DIAGNOSTICS sessions = ROW_COUNT;
	RETURN format('%s sessions expired; %s grants, %s sessions and %s secrets removed', ended, grants, sessions, secrets);
END
$$;

COMMENT ON FUNCTION orchestration_internal.maintain_expired() IS 'Maintenance step: marks sessions that ran out, and removes grants, sessions and secrets of users that ended longer ago than the step keeps them. Runs with the rights of the owner of the extension, because the worker may read neither sessions nor secrets.';
GRANT EXECUTE ON FUNCTION orchestration_internal.maintain_expired() TO orchestration_worker;

/* SECURITY DEFINER: the worker may not delete what users made */
CREATE OR REPLACE FUNCTION orchestration_internal.maintain_leftovers()
RETURNS text
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	/* so that no run is long; the rest is for the next one */
	at_most constant integer := 10000;
	before timestamptz := clock_timestamp() - orchestration_internal.maintenance_keep('leftovers');
	containers bigint;
	images bigint;
BEGIN
	DELETE FROM orchestration.containers c
	WHERE (c.namespace_id, c.id) IN (
		SELECT x.namespace_id, x.id FROM orchestration.containers x
		WHERE x.status = 'deleted' AND x.status_changed_at < before
			/* as long as a cluster may hold something of it, the row is needed to find it */
			AND NOT EXISTS (SELECT FROM orchestration.managed_objects m
				WHERE m.namespace_id = x.namespace_id AND m.owner_type = 'container' AND m.owner_id = x.id)
		LIMIT at_most
		/* one that somebody has locked is for the next run */
		FOR UPDATE OF x SKIP LOCKED);
	GET DIAGNOSTICS containers = ROW_COUNT;

	DELETE FROM orchestration.container_images i
	WHERE (i.namespace_id, i.id) IN (
		SELECT x.namespace_id, x.id FROM orchestration.container_images x
		WHERE x.created_at < before
			AND NOT EXISTS (SELECT FROM orchestration.containers c WHERE c.image_id = x.id)
		LIMIT at_most
		FOR UPDATE OF x SKIP LOCKED);
	GET DIAGNOSTICS images = ROW_COUNT;
	RETURN format('%s deleted containers and %s unused images removed', containers, images);
END
$$;

COMMENT ON FUNCTION orchestration_internal.maintain_leftovers() IS 'Maintenance step: removes the rows of containers that were deleted and of images that nothing uses, longer ago than the step keeps them; at most 10000 of each a run. History and audit stay, and tell of the removal. Runs with the rights of the owner of the extension, because the worker may not delete what users made.';
GRANT EXECUTE ON FUNCTION orchestration_internal.maintain_leftovers() TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.maintain_ended_pods()
RETURNS text
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	removed bigint;
BEGIN
	DELETE FROM orchestration.container_instances i
	WHERE (i.namespace_id, i.id) IN (
		SELECT x.namespace_id, x.id FROM orchestration.container_instances x
		WHERE x.ended_at < clock_timestamp() - orchestration_internal.maintenance_keep('ended_pods') LIMIT 10000 FOR UPDATE SKIP LOCKED);
	GET DIAGNOSTICS removed = ROW_COUNT;
	RETURN format('%s ended pods removed', removed);
END
$$;

COMMENT ON FUNCTION orchestration_internal.maintain_ended_pods() IS 'Maintenance step: removes the rows of pods that ended longer ago than the step keeps them, at most 10000 a run; container_instance_history tells of them for longer.';
GRANT EXECUTE ON FUNCTION orchestration_internal.maintain_ended_pods() TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.stale_statistics()
RETURNS SETOF regclass
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	/* autovacuum never analyzes a partitioned table: its rows are those of its parts */
	SELECT p.oid::regclass
	FROM pg_class p
	CROSS JOIN LATERAL (
		SELECT COALESCE(sum(CASE WHEN c.reltuples >= 0 THEN c.reltuples ELSE pg_stat_get_live_tuples(c.oid) END), 0) AS tuples
		FROM pg_partition_tree(p.oid) t
		JOIN pg_class c ON c.oid = t.relid AND t.isleaf
	) parts
	WHERE p.relnamespace IN ('orchestration'::regnamespace, 'orchestration_internal'::regnamespace) AND p.relkind = 'p'
		AND abs(parts.tuples - GREATEST(p.reltuples, 0)) > 1000 + 0.1 * GREATEST(p.reltuples, 0)
	UNION ALL
	/* loaded, and not yet come upon by autovacuum */
	SELECT c.oid::regclass
	FROM pg_class c
	WHERE c.relnamespace IN ('orchestration'::regnamespace, 'orchestration_internal'::regnamespace) AND c.relkind IN ('r', 'm')
		AND pg_stat_get_mod_since_analyze(c.oid) > 1000 + 0.2 * GREATEST(c.reltuples, 0)
$$;

COMMENT ON FUNCTION orchestration_internal.stale_statistics() IS 'Tables of the platform whose planner statistics are missing or a tenth (partitioned ones) or a fifth off.';
-- for the owner alone

/* SECURITY DEFINER: only the owner may analyze */
CREATE OR REPLACE FUNCTION orchestration_internal.maintain_statistics()
RETURNS text
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '5s'
AS $$
DECLARE
	relation regclass;
	analyzed integer := 0;
	locked text[] := '{}';
BEGIN
	FOR relation IN SELECT s FROM orchestration_internal.stale_statistics() s
	LOOP
		BEGIN
			EXECUTE format('ANALYZE %s', relation);
			analyzed := analyzed + 1;
		EXCEPTION WHEN lock_not_available THEN
			locked := locked || relation::text;
		END;
	END LOOP;
	RETURN format('%s tables analyzed', analyzed) || COALESCE('; locked: ' || NULLIF(array_to_string(locked, ', '), ''), '');
END
$$;

COMMENT ON FUNCTION orchestration_internal.maintain_statistics() IS 'Maintenance step: ANALYZE of partitioned tables, which autovacuum leaves out, and of what was loaded since. Waits at most 5 s for a lock. Runs with the rights of the owner of the extension, who alone may analyze.';
GRANT EXECUTE ON FUNCTION orchestration_internal.maintain_statistics() TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.maintain_storage()
RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT format('%s unused, %s duplicate and %s invalid indexes (%s); %s tables to vacuum (%s empty)', i.unused, i.duplicate, i.invalid,
		pg_size_pretty(i.bytes), b.tables, pg_size_pretty(b.bytes))
	FROM (
		SELECT count(*) FILTER (WHERE r.verdict = 'unused') AS unused, count(*) FILTER (WHERE r.verdict LIKE 'duplicate%') AS duplicate,
			count(*) FILTER (WHERE r.verdict LIKE 'invalid%') AS invalid, COALESCE(sum(r.bytes), 0) AS bytes
		FROM orchestration.index_report r
		WHERE r.verdict ~ '^(unused|duplicate|invalid)'
	) i, (
		SELECT count(*) AS tables, COALESCE(sum(r.bloat_bytes), 0) AS bytes
		FROM orchestration.bloat_report r
		WHERE r.verdict LIKE 'VACUUM%'
	) b
$$;

COMMENT ON FUNCTION orchestration_internal.maintain_storage() IS 'Maintenance step: sums index_report and bloat_report up; changes nothing.';
GRANT EXECUTE ON FUNCTION orchestration_internal.maintain_storage() TO orchestration_worker;
