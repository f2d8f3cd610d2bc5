-- the list of kinds, for docs/architecture.md
SELECT '| kind | apiVersion | order | watched | immutable field | another row of its name | a container is one |' || E'\n' || '|---|---|---|---|---|---|---|';
SELECT format('| %s | %s | %s | %s | %s | %s | %s |', k.kind, k.api_version, COALESCE(k.apply_order::text, 'not applied'), k.watched,
	CASE WHEN k.apply_order IS NULL THEN '' ELSE k.immutable END,
	CASE WHEN k.apply_order IS NULL THEN '' WHEN k.heritable THEN 'takes it over' ELSE 'has it deleted first' END,
	CASE WHEN k.aspect IS NULL THEN '' ELSE format('with a `%s`', k.aspect) END)
FROM orchestration_internal.kinds() k;
