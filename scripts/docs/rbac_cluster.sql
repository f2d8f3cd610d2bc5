-- rules of docs/rbac.yaml for kinds without a namespace, from the list of kinds
SELECT format(E'- apiGroups: [%s]\n  resources: [%s]\n  verbs: [%s]', CASE g.api_group WHEN '' THEN '""' ELSE g.api_group END, g.resources, g.verbs)
FROM (
	SELECT CASE WHEN k.api_version LIKE '%/%' THEN split_part(k.api_version, '/', 1) ELSE '' END AS api_group,
		CASE WHEN k.apply_order IS NULL THEN 'get, list, watch' ELSE 'get, list, watch, create, update, patch, delete' END AS verbs,
		string_agg(k.plural, ', ' ORDER BY k.nth) AS resources, min(k.nth) AS nth
	FROM (SELECT row_number() OVER () AS nth, l.* FROM orchestration_internal.kinds() l) k
	WHERE NOT k.namespaced
	GROUP BY 1, 2
) g
ORDER BY g.nth;
