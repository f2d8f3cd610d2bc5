/*
 * What is in a cluster and in no inventory row, and rows that the inventory has
 * forgotten.
 */

CREATE OR REPLACE FUNCTION orchestration_internal.replan_owner(owner_type text, owner_id bigint)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
	UPDATE orchestration.managed_objects m SET owner_generation = 0
	WHERE m.id = ANY (ARRAY(SELECT x.id FROM orchestration.managed_objects x WHERE x.owner_type = $1 AND x.owner_id = $2 AND x.owner_generation <> 0 FOR NO KEY UPDATE SKIP LOCKED));
	EXECUTE format('UPDATE orchestration.%1$I t SET observed_generation = t.generation - 1 '
		'WHERE t.id = (SELECT x.id FROM orchestration.%1$I x WHERE x.id = $1 AND x.observed_generation = x.generation FOR NO KEY UPDATE SKIP LOCKED)',
		orchestration_internal.owner_table($1)) USING $2;
END
$$;

COMMENT ON FUNCTION orchestration_internal.replan_owner(text, bigint) IS 'Makes the next worker_plan() compare an owner with the inventory again; what somebody has locked is left to the next worker_resync().';
GRANT EXECUTE ON FUNCTION orchestration_internal.replan_owner(text, bigint) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.take_orphan(cluster_id bigint, kind text, object jsonb)
RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	label text[] := orchestration_internal.owner_of_label(object #>> '{metadata,labels,orchestration.dev/owner}');
	place text := COALESCE(object #>> '{metadata,namespace}', '');
	home bigint;
	lives boolean;
	taken bigint;
BEGIN
	IF label IS NULL THEN
		RETURN NULL;
	END IF;
	lives := orchestration_internal.owner_exists(label[1], label[2]::bigint);
	home := (SELECT n.id FROM orchestration.namespaces n
		WHERE n.cluster_id = $1 AND n.name = COALESCE(NULLIF(place, ''), object #>> '{metadata,name}')
		ORDER BY n.status = 'deleted', n.id DESC LIMIT 1);
	INSERT INTO orchestration.managed_objects (namespace_id, cluster_id, api_version, kind, cluster_namespace, name,
		owner_type, owner_id, owner_generation, apply_order, desired_hash, applied_hash,
		uid, resource_version, object_generation, observed, attempted_at, observed_at)
	/* no row says where it belonged: a number of its own keeps it apart from other namespaces' */
	SELECT COALESCE(home, -1 - abs(hashtext(place)::bigint)), $1, COALESCE(object ->> 'apiVersion', k.api_version), $2, place, object #>> '{metadata,name}',
		label[1], label[2]::bigint, 0, k.apply_order,
		/* neither due nor doomed until its owner is planned again */
		CASE WHEN lives THEN 'orphan' END, 'orphan',
		object #>> '{metadata,uid}', object #>> '{metadata,resourceVersion}', (object #>> '{metadata,generation}')::bigint,
		orchestration_internal.object_facts(object || jsonb_build_object('kind', $2)), clock_timestamp(), clock_timestamp()
	FROM orchestration_internal.kinds() k
	WHERE k.kind = $2
	ON CONFLICT DO NOTHING
	RETURNING id INTO taken;
	IF lives THEN
		PERFORM orchestration_internal.replan_owner(label[1], label[2]::bigint);
	END IF;
	RETURN taken;
END
$$;

COMMENT ON FUNCTION orchestration_internal.take_orphan(bigint, text, jsonb) IS 'An object that we have made and no inventory row knows: taken in and deleted if its owner is gone from this database (a claim goes into kept_claims), otherwise left to the next plan of its owner. Arguments: cluster, kind, the object, which carries the labels of this installation. Returns the inventory row, NULL if there is none.';
GRANT EXECUTE ON FUNCTION orchestration_internal.take_orphan(bigint, text, jsonb) TO orchestration_worker;
