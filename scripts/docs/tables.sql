/* Tables with their columns. */
SET search_path = pg_catalog;
SELECT format(E'### %s\n\n%s%s\n\n| column | type | |\n|---|---|---|\n%s\n', c.relname, COALESCE(obj_description(c.oid, 'pg_class'), ''),
	CASE WHEN c.relkind = 'p' THEN ' Partitioned by month.' ELSE '' END
	|| COALESCE(E'\n\nKey: ' || (SELECT replace(pg_get_constraintdef(k.oid), 'PRIMARY KEY ', '') FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype = 'p') || '.', ''),
	string_agg(format('| `%s` | %s%s | %s |', a.attname, format_type(a.atttypid, a.atttypmod),
		CASE WHEN a.attnotnull THEN '' ELSE ', may be NULL' END,
		COALESCE(replace(col_description(c.oid, a.attnum), '|', '\|'), '')), E'\n' ORDER BY a.attnum))
FROM pg_class c
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relnamespace IN ('orchestration'::regnamespace, 'orchestration_internal'::regnamespace) AND c.relkind IN ('r', 'p') AND NOT c.relispartition
GROUP BY c.oid, c.relname
ORDER BY c.relname;
