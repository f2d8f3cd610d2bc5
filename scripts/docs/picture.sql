/* Tables and their foreign keys as a Mermaid diagram; created_by is left out: every table has it. */
SET search_path = pg_catalog;
SELECT E'```mermaid\nerDiagram';
WITH keys AS (
	SELECT k.oid, k.conrelid, k.confrelid, k.conkey,
		(SELECT string_agg(a.attname, ', ' ORDER BY o.n) FROM unnest(k.conkey) WITH ORDINALITY o (attnum, n)
			JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = o.attnum
			WHERE a.attname <> 'namespace_id' OR array_length(k.conkey, 1) = 1) AS columns,
		(SELECT bool_and(a.attnotnull) FROM unnest(k.conkey) o (attnum) JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = o.attnum) AS required
	FROM pg_constraint k
	JOIN pg_class c ON c.oid = k.conrelid
	WHERE k.contype = 'f' AND k.connamespace IN ('orchestration'::regnamespace, 'orchestration_internal'::regnamespace) AND NOT c.relispartition AND k.conparentid = 0
)
SELECT format('    %s %s--o{ %s : "%s"', f.relname, CASE WHEN required THEN '||' ELSE '|o' END, t.relname, k.columns)
FROM keys k
JOIN pg_class t ON t.oid = k.conrelid
JOIN pg_class f ON f.oid = k.confrelid
WHERE k.columns <> 'created_by'
ORDER BY f.relname, t.relname, k.columns;
/* without a foreign key on purpose: they outlive what they speak of */
SELECT format('    containers |o..o{ %s : "container_id"', c.relname)
FROM pg_class c
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'container_id'
WHERE c.relnamespace IN ('orchestration'::regnamespace, 'orchestration_internal'::regnamespace) AND c.relkind IN ('r', 'p') AND NOT c.relispartition
	AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype = 'f' AND k.confrelid = 'orchestration.containers'::regclass)
ORDER BY c.relname;
SELECT E'```';
