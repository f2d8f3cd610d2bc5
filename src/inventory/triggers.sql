/*
 * What a row asks of the server or the nodes.  WHEN, and the columns, keep these away from what the worker
 * writes.  The names come after the triggers of users, so that what they made of a row is judged.
 */

CREATE OR REPLACE TRIGGER zz_pod_security_insert
AFTER INSERT ON orchestration.containers
REFERENCING NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION orchestration_internal.judge_new_containers();

CREATE OR REPLACE TRIGGER zz_pod_security_update
AFTER UPDATE ON orchestration.containers
REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION orchestration_internal.judge_changed_containers(
	name, overrides, init_containers, security_context, pod_security_context, service_account, annotations);

CREATE OR REPLACE TRIGGER zz_pod_security
AFTER INSERT OR UPDATE ON orchestration.container_probes
FOR EACH ROW WHEN (NEW.host <> '') EXECUTE FUNCTION orchestration_internal.judge_probe();

CREATE OR REPLACE TRIGGER zz_pod_security
AFTER INSERT OR UPDATE ON orchestration.volumes
FOR EACH ROW WHEN (NEW.volume_type = 'HostPath') EXECUTE FUNCTION orchestration_internal.judge_volume();

CREATE OR REPLACE TRIGGER zx_guard_kubeconfig
BEFORE INSERT OR UPDATE OF name, encrypted_kubeconfig, sealed_version, kubeconfig_context, api_server, auth_method, insecure_skip_tls_verify ON orchestration.clusters
FOR EACH ROW EXECUTE FUNCTION orchestration_internal.guard_kubeconfig();

/* after zz_access: who may not change the namespace is told that first */
CREATE OR REPLACE TRIGGER zz_cluster_insert
BEFORE INSERT ON orchestration.namespaces
FOR EACH ROW WHEN (NEW.cluster_id IS NOT NULL) EXECUTE FUNCTION orchestration_internal.guard_namespace_cluster();

CREATE OR REPLACE TRIGGER zz_cluster_update
BEFORE UPDATE OF cluster_id ON orchestration.namespaces
FOR EACH ROW WHEN (NEW.cluster_id IS NOT NULL AND NEW.cluster_id IS DISTINCT FROM OLD.cluster_id) EXECUTE FUNCTION orchestration_internal.guard_namespace_cluster();

CREATE OR REPLACE TRIGGER zz_pod_security_insert
BEFORE INSERT ON orchestration.namespaces
FOR EACH ROW WHEN (NEW.pod_security <> 'baseline' OR NEW.service_accounts <> '{}') EXECUTE FUNCTION orchestration_internal.guard_pod_security();

CREATE OR REPLACE TRIGGER zz_pod_security_update
BEFORE UPDATE ON orchestration.namespaces
FOR EACH ROW WHEN (OLD.pod_security <> NEW.pod_security OR OLD.service_accounts <> NEW.service_accounts) EXECUTE FUNCTION orchestration_internal.guard_pod_security();

CREATE OR REPLACE TRIGGER zz_pod_security_judge
AFTER UPDATE ON orchestration.namespaces
FOR EACH ROW WHEN (OLD.pod_security <> NEW.pod_security OR OLD.service_accounts <> NEW.service_accounts) EXECUTE FUNCTION orchestration_internal.judge_namespace();
