/* What an ordinary user may execute beside the interface, and what for: each function once, with the first reason that holds. */
SET search_path = pg_catalog;

WITH ours AS (
	SELECT p.oid, p.proname, p.prosrc || COALESCE(pg_get_function_sqlbody(p.oid), '') AS body, n.nspname, p.prosecdef
	FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
	WHERE n.nspname IN ('orchestration', 'orchestration_internal')
), inside AS (
	SELECT o.oid, o.proname FROM ours o JOIN pg_proc p USING (oid)
	WHERE o.nspname = 'orchestration_internal' AND has_function_privilege('orchestration_user', o.oid, 'EXECUTE') AND p.prorettype NOT IN ('trigger'::regtype, 'internal'::regtype)
), named AS (
	SELECT o.proname AS caller, m[1] AS callee
	FROM ours o CROSS JOIN LATERAL regexp_matches(o.body, 'orchestration(?:_internal)?\.([a-z_0-9]+)\s*\(', 'g') m
	WHERE NOT o.prosecdef AND m[1] <> o.proname
	UNION ALL
	/* found by the name of a kind's aspect */
	SELECT 'aspect_words', k.aspect || '_words' FROM orchestration_internal.kinds() k WHERE k.aspect IS NOT NULL
), reasons AS (
	SELECT i.oid, i.proname, 1 AS rank, 'constraints, generated columns and indexes compute with it'::text AS reason
	FROM inside i WHERE EXISTS (SELECT FROM pg_depend d WHERE d.refclassid = 'pg_proc'::regclass AND d.refobjid = i.oid AND d.classid IN ('pg_constraint'::regclass, 'pg_class'::regclass))
	UNION ALL
	SELECT i.oid, i.proname, 2, 'defaults and row security ask it'
	FROM inside i WHERE i.proname IN ('permitted_to_caller', 'permitted_or_null', 'permitted_among') OR EXISTS (SELECT FROM pg_depend d WHERE d.refclassid = 'pg_proc'::regclass AND d.refobjid = i.oid AND d.classid IN ('pg_attrdef'::regclass, 'pg_policy'::regclass))
	UNION ALL
	SELECT i.oid, i.proname, 3, 'views are made with it'
	FROM inside i WHERE EXISTS (SELECT FROM pg_depend d WHERE d.refclassid = 'pg_proc'::regclass AND d.refobjid = i.oid AND d.classid = 'pg_rewrite'::regclass)
	UNION ALL
	SELECT i.oid, i.proname, 4, 'called by ' || string_agg(DISTINCT format('`%s()`', c.caller), ', ')
	FROM inside i JOIN named c ON c.callee = i.proname GROUP BY i.oid, i.proname
), first AS (
	SELECT DISTINCT ON (i.proname) i.proname, r.rank, COALESCE(r.reason, '**for no reason**') AS reason
	FROM inside i LEFT JOIN reasons r USING (oid) ORDER BY i.proname, r.rank
)
SELECT format(E'%s functions of `orchestration_internal` may be executed by `orchestration_user`:\n\n| what for | functions |\n|---|---|\n%s', sum(n), string_agg(line, E'\n' ORDER BY rank NULLS FIRST, line))
FROM (
	SELECT rank, count(*) AS n, format('| %s | %s |', reason, string_agg(format('`%s`', proname), ', ' ORDER BY proname)) AS line FROM first WHERE rank IS DISTINCT FROM 4 GROUP BY rank, reason
	UNION ALL
	SELECT rank, 1, format('| %s | `%s` |', reason, proname) FROM first WHERE rank = 4
) l;
