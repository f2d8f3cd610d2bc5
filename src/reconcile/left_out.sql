/*
 * Statuses that were left out because somebody had locked their rows (locked.sql)
 * are derived anew when they are free.
 */

CREATE OR REPLACE FUNCTION orchestration_internal.take_up_owners(of_type text, owner_ids bigint[])
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	owners record;
BEGIN
	SELECT array_agg(o.namespace_id) AS namespace_ids, array_agg(o.id) AS ids, array_agg(o.generation) AS generations INTO owners
	FROM orchestration_internal.owner_rows o
	WHERE o.owner_type = of_type AND o.id = ANY (owner_ids);
	IF owners.ids IS NOT NULL THEN
		PERFORM orchestration_internal.refresh_owners(of_type, owners.namespace_ids, owners.ids, owners.generations);
	END IF;
END
$$;

COMMENT ON FUNCTION orchestration_internal.take_up_owners(text, bigint[]) IS 'Derives the status of rows anew that were left out. Arguments: type, ids. For worker_take_up().';
GRANT EXECUTE ON FUNCTION orchestration_internal.take_up_owners(text, bigint[]) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.worker_take_up(cluster_id bigint)
RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	taken jsonb := (SELECT jsonb_agg(to_jsonb(x)) FROM (SELECT l.* FROM orchestration_internal.left_out l WHERE l.cluster_id = $1 ORDER BY l.updated_at LIMIT 500) x);
	batch record;
BEGIN
	IF taken IS NULL THEN
		RETURN 0;
	END IF;
	PERFORM orchestration_internal.hurry();
	FOR batch IN
		SELECT t.owner_type, array_agg(t.owner_id) AS ids FROM jsonb_to_recordset(taken) t (owner_type text, owner_id bigint) GROUP BY t.owner_type
	LOOP
		PERFORM orchestration_internal.take_up_owners(batch.owner_type, batch.ids);
	END LOOP;
	/* what is still locked has just been left out again */
	DELETE FROM orchestration_internal.left_out l
	USING jsonb_to_recordset(taken) t (namespace_id bigint, owner_type text, owner_id bigint, updated_at timestamptz)
	WHERE l.cluster_id = $1 AND l.namespace_id = t.namespace_id AND l.owner_type = t.owner_type AND l.owner_id = t.owner_id AND l.updated_at = t.updated_at;
	RETURN (SELECT count(*) FROM orchestration_internal.left_out l WHERE l.cluster_id = $1);
END
$$;

COMMENT ON FUNCTION orchestration_internal.worker_take_up(bigint) IS 'Derives the status of rows anew that somebody had locked. Argument: cluster. Returns how many are still left out.';
GRANT EXECUTE ON FUNCTION orchestration_internal.worker_take_up(bigint) TO orchestration_worker;
