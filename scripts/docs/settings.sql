/* Settings of the library. */
SET search_path = pg_catalog;
LOAD 'orchestration';
SELECT E'| setting | default | range | changed by | |\n|---|---|---|---|---|';
SELECT format('| `%s` | `%s`%s | %s | %s | %s%s |', name, boot_val, COALESCE(' ' || unit, ''),
	CASE vartype WHEN 'bool' THEN 'on, off' WHEN 'string' THEN 'text' WHEN 'enum' THEN array_to_string(enumvals, ', ')
		ELSE min_val || ' to ' || max_val || COALESCE(' ' || unit, '') END,
	CASE context WHEN 'sighup' THEN 'postgresql.conf and reload' WHEN 'superuser' THEN 'SET by a superuser' WHEN 'user' THEN 'SET' WHEN 'postmaster' THEN 'postgresql.conf and restart' ELSE context END,
	short_desc, COALESCE(' ' || extra_desc, ''))
FROM pg_settings
WHERE name LIKE 'orchestration.%'
ORDER BY name;
