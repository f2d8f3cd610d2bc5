-- what each permission guards, from the list of resources
SELECT E'| permission | guards | of which a user reads no |\n|---|---|---|';
SELECT format('| `%s` | %s | %s |', r.permission, string_agg('`' || r.relation || '`', ', ' ORDER BY r.permission <> r.relation, r.nth),
	COALESCE((SELECT string_agg(format('`%s`', s), ', ' ORDER BY s) FROM orchestration_internal.resources() o, unnest(o.secret) s WHERE o.permission = r.permission), ''))
FROM orchestration_internal.resources() r
GROUP BY r.permission
ORDER BY min(r.nth) FILTER (WHERE r.permission = r.relation), r.permission;
