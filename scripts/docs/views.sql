/* Views with their columns. */
SET search_path = pg_catalog;
SELECT format(E'### %s\n\n%s\n\n| column | type | |\n|---|---|---|\n%s\n', c.relname, COALESCE(obj_description(c.oid, 'pg_class'), ''),
	string_agg(format('| `%s` | %s | %s |', a.attname, format_type(a.atttypid, a.atttypmod), COALESCE(replace(col_description(c.oid, a.attnum), '|', '\|'), '')), E'\n' ORDER BY a.attnum))
FROM pg_class c
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relnamespace = 'orchestration'::regnamespace AND c.relkind IN ('v', 'm')
GROUP BY c.oid, c.relname
ORDER BY c.relname;
