/*
 * Indexes that nothing uses and space that is wasted.  Both run with the rights
 * of their owner, because statistics of tables with row security are hidden from
 * everybody else; they show sizes and names, no value of a row.
 */

CREATE OR REPLACE VIEW orchestration.index_report WITH (security_barrier = true) AS
WITH indexes AS (
	/* an index of a partitioned table is all its parts together */
	SELECT x.indexrelid, x.indrelid, x.indisunique, x.indisprimary, x.indisvalid, x.indkey::text AS columns, x.indclass::text AS classes,
		pg_catalog.pg_get_expr(x.indpred, x.indrelid) AS predicate, pg_catalog.pg_get_expr(x.indexprs, x.indrelid) AS expressions,
		EXISTS (SELECT FROM pg_catalog.pg_constraint k WHERE k.conindid = x.indexrelid) AS is_constraint, i.relam, p.bytes, p.scans,
		(SELECT sum(GREATEST(l.reltuples, pg_catalog.pg_stat_get_live_tuples(l.oid))) FROM pg_catalog.pg_class l
		 WHERE l.oid = x.indrelid OR l.oid IN (SELECT r.relid FROM pg_catalog.pg_partition_tree(x.indrelid) r WHERE r.isleaf)) AS tuples
	FROM pg_catalog.pg_index x
	JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid
	CROSS JOIN LATERAL (
		SELECT sum(pg_catalog.pg_relation_size(t.relid))::bigint AS bytes, sum(pg_catalog.pg_stat_get_numscans(t.relid))::bigint AS scans
		FROM (SELECT x.indexrelid::oid UNION SELECT r.relid::oid FROM pg_catalog.pg_partition_tree(x.indexrelid) r) t (relid)
	) p
	WHERE i.relnamespace IN ('orchestration'::pg_catalog.regnamespace, 'orchestration_internal'::pg_catalog.regnamespace) AND NOT i.relispartition
)
SELECT t.relname::text AS table_name, n.relname::text AS index_name, pg_catalog.pg_get_indexdef(i.indexrelid) AS definition, i.bytes, i.scans,
	d.twin AS same_as,
	CASE
		WHEN NOT i.indisvalid THEN 'invalid: rebuild or drop it'
		WHEN i.indisunique OR i.is_constraint THEN 'guards a rule'
		WHEN d.twin IS NOT NULL THEN 'duplicate: ' || d.twin || ' does the same'
		WHEN i.scans > 0 THEN 'used'
		WHEN i.tuples < 1000 THEN 'too few rows to need it'
		ELSE 'unused'
	END AS verdict,
	(SELECT COALESCE(b.stats_reset, pg_catalog.pg_postmaster_start_time()) FROM pg_catalog.pg_stat_database b WHERE b.datname = pg_catalog.current_database()) AS counted_since
FROM indexes i
JOIN pg_catalog.pg_class n ON n.oid = i.indexrelid
JOIN pg_catalog.pg_class t ON t.oid = i.indrelid
LEFT JOIN LATERAL (
	SELECT min(o.indexrelid::pg_catalog.regclass::text) AS twin
	FROM indexes o
	WHERE o.indrelid = i.indrelid AND (o.indexrelid < i.indexrelid OR o.indexrelid > i.indexrelid AND o.indisunique AND NOT i.indisunique) AND o.relam = i.relam AND o.columns = i.columns AND o.classes = i.classes
		AND o.predicate IS NOT DISTINCT FROM i.predicate AND o.expressions IS NOT DISTINCT FROM i.expressions
) d ON true
WHERE orchestration_internal.permits_anywhere('monitoring', 'read') OR NOT pg_catalog.row_security_active('orchestration.containers');

COMMENT ON VIEW orchestration.index_report IS 'Each index of the platform''s tables: how big it is, how often it was used, and what to think of it. For those with the permission monitoring.';
COMMENT ON COLUMN orchestration.index_report.table_name IS 'Table that it belongs to.';
COMMENT ON COLUMN orchestration.index_report.index_name IS 'Name; the parts of a partitioned index are counted together.';
COMMENT ON COLUMN orchestration.index_report.definition IS 'How it was made.';
COMMENT ON COLUMN orchestration.index_report.bytes IS 'Size, in bytes.';
COMMENT ON COLUMN orchestration.index_report.scans IS 'Scans of it since counted_since, on this server: a standby counts its own.';
COMMENT ON COLUMN orchestration.index_report.same_as IS 'An older or unique index with the same columns and condition.';
COMMENT ON COLUMN orchestration.index_report.verdict IS 'used, unused, too few rows to need it, guards a rule (primary keys and unique ones are needed whether scanned or not), duplicate or invalid.';
COMMENT ON COLUMN orchestration.index_report.counted_since IS 'Since when scans are counted: judge no index by a single day.';

CREATE OR REPLACE VIEW orchestration.bloat_report WITH (security_barrier = true) AS
WITH leaves AS (
	SELECT c.oid, COALESCE((SELECT pg_catalog.pg_partition_root(c.oid)::oid WHERE c.relispartition), c.oid) AS parent, c.relpages, GREATEST(c.reltuples, 0) AS tuples,
		COALESCE((SELECT o.option_value::integer FROM pg_catalog.pg_options_to_table(c.reloptions) o WHERE o.option_name = 'fillfactor'), 100) AS fill,
		w.width
	FROM pg_catalog.pg_class c
	CROSS JOIN LATERAL (
		/* header, null bitmap and line pointer; NULL when there are no statistics */
		SELECT 4 + 8 * ceil((23 + (count(*) + 7) / 8 + sum((1 - s.stanullfrac) * s.stawidth)) / 8) AS width
		FROM pg_catalog.pg_statistic s
		WHERE s.starelid = c.oid AND NOT s.stainherit
	) w
	WHERE c.relnamespace IN ('orchestration'::pg_catalog.regnamespace, 'orchestration_internal'::pg_catalog.regnamespace) AND c.relkind IN ('r', 'm')
), tables AS (
	SELECT l.parent, count(*) AS parts, sum(pg_catalog.pg_table_size(l.oid))::bigint AS bytes, sum(pg_catalog.pg_indexes_size(l.oid))::bigint AS index_bytes,
		sum(pg_catalog.pg_stat_get_live_tuples(l.oid))::bigint AS live_rows, sum(pg_catalog.pg_stat_get_dead_tuples(l.oid))::bigint AS dead_rows,
		sum(CASE WHEN l.relpages = 0 AND pg_catalog.pg_relation_size(l.oid) = 0 THEN 0
			WHEN l.width IS NOT NULL THEN GREATEST(0, l.relpages - ceil(l.tuples * l.width / (81.68 * l.fill))) * 8192 END)::bigint AS bloat_bytes,
		max(GREATEST(pg_catalog.pg_stat_get_last_vacuum_time(l.oid), pg_catalog.pg_stat_get_last_autovacuum_time(l.oid))) AS last_vacuum_at,
		max(GREATEST(pg_catalog.pg_stat_get_last_analyze_time(l.oid), pg_catalog.pg_stat_get_last_autoanalyze_time(l.oid))) AS last_analyze_at
	FROM leaves l
	GROUP BY l.parent
)
SELECT c.relname::text AS table_name, t.parts, t.bytes, t.index_bytes, t.live_rows, t.dead_rows, t.bloat_bytes,
	CASE
		WHEN t.bloat_bytes IS NULL THEN 'not analyzed yet'
		WHEN t.dead_rows > 10000 AND t.dead_rows > t.live_rows THEN 'VACUUM: more rows dead than alive'
		WHEN t.bloat_bytes > 10485760 AND t.bloat_bytes > t.bytes / 2 THEN 'VACUUM FULL in a quiet hour: more than half is empty'
		ELSE 'well'
	END AS verdict,
	t.last_vacuum_at, t.last_analyze_at
FROM tables t
JOIN pg_catalog.pg_class c ON c.oid = t.parent
WHERE orchestration_internal.permits_anywhere('monitoring', 'read') OR NOT pg_catalog.row_security_active('orchestration.containers');

COMMENT ON VIEW orchestration.bloat_report IS 'Each table of the platform: size, dead rows, and an estimate from the planner''s statistics, without reading the table, of the space that is empty. For those with the permission monitoring.';
COMMENT ON COLUMN orchestration.bloat_report.table_name IS 'Table; partitions are counted together.';
COMMENT ON COLUMN orchestration.bloat_report.parts IS 'Number of partitions; 1 for a table without.';
COMMENT ON COLUMN orchestration.bloat_report.bytes IS 'Size without indexes, in bytes.';
COMMENT ON COLUMN orchestration.bloat_report.index_bytes IS 'Size of its indexes, in bytes.';
COMMENT ON COLUMN orchestration.bloat_report.live_rows IS 'Rows, as the server estimates.';
COMMENT ON COLUMN orchestration.bloat_report.dead_rows IS 'Dead rows that vacuum has not taken away yet.';
COMMENT ON COLUMN orchestration.bloat_report.bloat_bytes IS 'Estimate of the empty space, in bytes; NULL before the first ANALYZE. A table of few rows is seldom estimated well.';
COMMENT ON COLUMN orchestration.bloat_report.verdict IS 'What to do, if anything.';
COMMENT ON COLUMN orchestration.bloat_report.last_vacuum_at IS 'When it was last vacuumed, by anybody.';
COMMENT ON COLUMN orchestration.bloat_report.last_analyze_at IS 'When it was last analyzed, by anybody.';
