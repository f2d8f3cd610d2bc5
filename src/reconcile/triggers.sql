/* A deleted row leaves its objects to the worker, which deletes them in the cluster. */
DO $$
DECLARE
	wanted record;
BEGIN
	FOR wanted IN SELECT r.relation, r.singular, r.scope FROM orchestration_internal.resources() r WHERE r.owner LOOP
		EXECUTE format('CREATE OR REPLACE TRIGGER release_objects AFTER DELETE ON orchestration.%I REFERENCING OLD TABLE AS old_rows'
			' FOR EACH STATEMENT EXECUTE FUNCTION orchestration_internal.release_objects(%L, %L)', wanted.relation, wanted.singular, wanted.scope);
	END LOOP;
END
$$;

CREATE OR REPLACE TRIGGER keep_place
BEFORE UPDATE OF name, cluster_id ON orchestration.namespaces
FOR EACH ROW
WHEN (OLD.name IS DISTINCT FROM NEW.name OR OLD.cluster_id IS DISTINCT FROM NEW.cluster_id)
EXECUTE FUNCTION orchestration_internal.keep_namespace_place();

CREATE OR REPLACE TRIGGER keep_cluster
BEFORE DELETE OR UPDATE OF id ON orchestration.clusters
FOR EACH ROW EXECUTE FUNCTION orchestration_internal.keep_cluster();

CREATE OR REPLACE TRIGGER forget_counters
AFTER DELETE ON orchestration.container_instances
REFERENCING OLD TABLE AS old_rows
FOR EACH STATEMENT EXECUTE FUNCTION orchestration_internal.forget_counters();

/* a hand that writes what the worker keeps in memory */

CREATE OR REPLACE TRIGGER doubt
AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON orchestration.managed_objects
FOR EACH STATEMENT EXECUTE FUNCTION orchestration_internal.doubt_inventory();

CREATE OR REPLACE TRIGGER doubt
AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON orchestration.container_instances
FOR EACH STATEMENT EXECUTE FUNCTION orchestration_internal.doubt_inventory();
