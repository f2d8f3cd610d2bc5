/* A deleted row leaves its objects to the worker, which deletes them in the cluster. */

CREATE OR REPLACE TRIGGER release_objects
AFTER DELETE ON orchestration.namespaces
REFERENCING OLD TABLE AS old_rows
FOR EACH STATEMENT EXECUTE FUNCTION orchestration_internal.release_objects('namespace', 'id');

CREATE OR REPLACE TRIGGER release_objects
AFTER DELETE ON orchestration.config_maps
REFERENCING OLD TABLE AS old_rows
FOR EACH STATEMENT EXECUTE FUNCTION orchestration_internal.release_objects('config_map', 'namespace_id');

CREATE OR REPLACE TRIGGER release_objects
AFTER DELETE ON orchestration.secrets
REFERENCING OLD TABLE AS old_rows
FOR EACH STATEMENT EXECUTE FUNCTION orchestration_internal.release_objects('secret', 'namespace_id');

CREATE OR REPLACE TRIGGER release_objects
AFTER DELETE ON orchestration.registries
REFERENCING OLD TABLE AS old_rows
FOR EACH STATEMENT EXECUTE FUNCTION orchestration_internal.release_objects('registry', 'namespace_id');

CREATE OR REPLACE TRIGGER release_objects
AFTER DELETE ON orchestration.volumes
REFERENCING OLD TABLE AS old_rows
FOR EACH STATEMENT EXECUTE FUNCTION orchestration_internal.release_objects('volume', 'namespace_id');

CREATE OR REPLACE TRIGGER release_objects
AFTER DELETE ON orchestration.containers
REFERENCING OLD TABLE AS old_rows
FOR EACH STATEMENT EXECUTE FUNCTION orchestration_internal.release_objects('container', 'namespace_id');

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
