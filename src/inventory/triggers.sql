/*
 * What a row asks of the server or the nodes.  WHEN keeps these away from what the worker writes.  The names
 * come after the triggers of users, so that what they made of a row is judged.
 */

CREATE OR REPLACE TRIGGER zz_pod_security_insert
AFTER INSERT ON orchestration.containers
REFERENCING NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION orchestration.judge_new_containers();

CREATE OR REPLACE TRIGGER zz_pod_security_update
AFTER UPDATE ON orchestration.containers
FOR EACH ROW
WHEN (OLD.overrides IS DISTINCT FROM NEW.overrides OR OLD.init_containers IS DISTINCT FROM NEW.init_containers
	OR OLD.security_context IS DISTINCT FROM NEW.security_context OR OLD.pod_security_context IS DISTINCT FROM NEW.pod_security_context
	OR OLD.service_account IS DISTINCT FROM NEW.service_account OR OLD.annotations IS DISTINCT FROM NEW.annotations OR OLD.name IS DISTINCT FROM NEW.name)
EXECUTE FUNCTION orchestration.judge_container();

CREATE OR REPLACE TRIGGER zz_pod_security
AFTER INSERT OR UPDATE ON orchestration.container_probes
FOR EACH ROW WHEN (NEW.host <> '') EXECUTE FUNCTION orchestration.judge_container();

CREATE OR REPLACE TRIGGER zz_pod_security
AFTER INSERT OR UPDATE ON orchestration.volumes
FOR EACH ROW WHEN (NEW.volume_type = 'HostPath') EXECUTE FUNCTION orchestration.judge_volume();

CREATE OR REPLACE TRIGGER zx_guard_kubeconfig
BEFORE INSERT OR UPDATE OF name, encrypted_kubeconfig, kubeconfig_context ON orchestration.clusters
FOR EACH ROW EXECUTE FUNCTION orchestration.guard_kubeconfig();

CREATE OR REPLACE TRIGGER zz_pod_security_insert
BEFORE INSERT ON orchestration.namespaces
FOR EACH ROW WHEN (NEW.pod_security <> 'baseline' OR NEW.service_accounts <> '{}') EXECUTE FUNCTION orchestration.guard_pod_security();

CREATE OR REPLACE TRIGGER zz_pod_security_update
BEFORE UPDATE ON orchestration.namespaces
FOR EACH ROW WHEN (OLD.pod_security <> NEW.pod_security OR OLD.service_accounts <> NEW.service_accounts) EXECUTE FUNCTION orchestration.guard_pod_security();

CREATE OR REPLACE TRIGGER zz_pod_security_judge
AFTER UPDATE ON orchestration.namespaces
FOR EACH ROW WHEN (OLD.pod_security <> NEW.pod_security OR OLD.service_accounts <> NEW.service_accounts) EXECUTE FUNCTION orchestration.judge_namespace();
