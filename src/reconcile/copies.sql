/*
 * Pods that carry our labels and are not ours.  "kubectl get -o yaml", another name and
 * "kubectl apply" copy every label that there is, also one that nobody could have
 * guessed, and the pods of the copy have them too: a selector cannot tell them apart,
 * and the Service sends them its traffic.  So it is told.
 */

CREATE OR REPLACE FUNCTION orchestration_internal.copied_pods(namespace_id bigint, container_id bigint)
RETURNS TABLE (pod_name text, owner_kind text, ready boolean)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
	RETURN QUERY
	SELECT i.pod_name, i.observed ->> 'ownerKind', i.ready
	FROM orchestration.container_instances i
	WHERE i.namespace_id = $1 AND i.container_id = $2 AND i.ended_at IS NULL AND i.terminating_at IS NULL
		AND EXISTS (SELECT FROM orchestration.managed_objects m
			WHERE m.namespace_id = $1 AND m.owner_type = 'container' AND m.owner_id = $2 AND m.apply_order = 40 AND m.uid IS NOT NULL)
		AND NOT EXISTS (SELECT FROM orchestration.managed_objects m
			WHERE m.namespace_id = $1 AND m.owner_type = 'container' AND m.owner_id = $2
				AND orchestration_internal.is_pod_of(m.kind, m.name, ARRAY[m.uid, m.gone_uid], i.pod_name, i.template_hash, i.observed))
	ORDER BY i.pod_name;
END
$$;

COMMENT ON FUNCTION orchestration_internal.copied_pods(bigint, bigint) IS 'Pods that carry the labels of a container and belong to none of its workloads. Arguments: namespace, container.';
GRANT EXECUTE ON FUNCTION orchestration_internal.copied_pods(bigint, bigint) TO orchestration_user, orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.describe_copies(of_namespace bigint, of_container bigint)
RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT format('Not ours, though they carry our labels: %s. Whoever made %s copied them, and the Services of this container send them traffic: delete what owns them, or give it labels and a selector of its own.',
		orchestration_internal.list_some(array_agg(format('pod %s (%s)', p.pod_name, COALESCE('of a ' || p.owner_kind, 'of nothing')) ORDER BY p.pod_name)),
		CASE count(*) WHEN 1 THEN 'it' ELSE 'them' END)
	FROM orchestration_internal.copied_pods(of_namespace, of_container) p
	HAVING count(*) > 0
$$;

COMMENT ON FUNCTION orchestration_internal.describe_copies(bigint, bigint) IS 'One line about pods that carry the labels of a container and are not its own; NULL where there are none.';
GRANT EXECUTE ON FUNCTION orchestration_internal.describe_copies(bigint, bigint) TO orchestration_user;

/* SECURITY DEFINER: what a container refers to is part of it, whether the caller may read that or not; names are in the container */
CREATE OR REPLACE FUNCTION orchestration_internal.describe_missing(of_namespace bigint, of_container bigint)
RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF NOT (orchestration_internal.holds_permission(of_namespace, 'containers', 'read')
			OR (SELECT r.rolbypassrls FROM pg_catalog.pg_roles r WHERE r.rolname = orchestration_internal.acting_role())) THEN
		RETURN NULL;
	END IF;
	RETURN (
		SELECT string_agg(format('Refers to %s "%s" at %s, which no row makes: its pods wait until something in the cluster does.', replace(r.what, '_', ' '), r.name, r.place), E'\n' ORDER BY r.place)
		FROM orchestration_internal.container_references(ARRAY[of_namespace], ARRAY[of_container]) r
		WHERE r.id IS NULL AND NOT r.optional);
END
$$;

COMMENT ON FUNCTION orchestration_internal.describe_missing(bigint, bigint) IS 'One line for each config map, secret or claim that a container needs and no row makes; NULL where there are none, and for callers who may not read containers of the namespace. Runs with the rights of the owner of the extension.';
GRANT EXECUTE ON FUNCTION orchestration_internal.describe_missing(bigint, bigint) TO orchestration_user;
