/* Every index with the questions of examples/performance-queries.sql that name it. */
SET search_path = pg_catalog;
\set queries `cat "$ROOT/examples/performance-queries.sql"`
WITH heads AS (
	SELECT h.found[1] AS head FROM regexp_matches(regexp_replace(:'queries', '/\*.*?\*/', '', 'g'), '((?:^-- [^\n]*\n)+)', 'gn') h (found)
), named AS (
	SELECT btrim(i.name) AS name, substring(head FROM '^-- ([^\n]*)') AS purpose, row_number() OVER () AS nth
	FROM heads, regexp_split_to_table(substring(head FROM '-- index: ([^\n]*)'), ',') i (name)
)
SELECT E'| index | on | for |\n|---|---|---|'
UNION ALL
SELECT l.line FROM (
	SELECT format('| `%s` | `%s` %s | %s |', i.relname, t.relname, replace(regexp_replace(pg_get_indexdef(x.indexrelid), '^.* USING (?:btree )?', ''), 'orchestration.', ''),
		COALESCE((SELECT string_agg(n.purpose, '; ' ORDER BY n.nth) FROM named n WHERE n.name = i.relname),
			CASE WHEN x.indisprimary THEN 'primary key' WHEN x.indisunique THEN 'no two alike' WHEN i.relname = t.relname || '_id' THEN 'one by its id alone'
				WHEN i.relname = t.relname || '_unobserved' THEN 'those that the cluster does not know yet'
				ELSE (SELECT 'what refers to ' || replace(k.confrelid::regclass::text, 'orchestration.', '') FROM pg_constraint k WHERE k.contype = 'f' AND k.conrelid = x.indrelid
					AND k.conkey = (string_to_array(x.indkey::text, ' ')::smallint[])[1:cardinality(k.conkey)] ORDER BY cardinality(k.conkey) DESC LIMIT 1) END)) AS line
	FROM pg_index x
	JOIN pg_class i ON i.oid = x.indexrelid
	JOIN pg_class t ON t.oid = x.indrelid
	WHERE i.relnamespace IN ('orchestration'::regnamespace, 'orchestration_internal'::regnamespace) AND NOT i.relispartition
	ORDER BY t.relname, i.relname
) l;
