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

/* deferred: parts are written after their container, and are to be seen */
SELECT orchestration_internal.make_constraint_trigger('zz_template_insert', 'orchestration.containers',
	'AFTER INSERT DEFERRED FOR EACH ROW WHEN (NEW.overrides <> ''{}'' OR NEW.init_containers <> ''[]'' OR NEW.security_context IS NOT NULL OR NEW.pod_security_context IS NOT NULL OR NEW.annotations <> ''{}'') '
	'EXECUTE FUNCTION orchestration_internal.check_template()');

/* generation: a change of a part raises it; the worker writes none of these columns */
SELECT orchestration_internal.make_constraint_trigger('zz_template_update', 'orchestration.containers',
	'AFTER UPDATE OF name, overrides, init_containers, security_context, pod_security_context, annotations, restart_policy, termination_grace_period, '
	'cpu_request, cpu_limit, memory_request, memory_limit, generation DEFERRED FOR EACH ROW EXECUTE FUNCTION orchestration_internal.check_template()');

CREATE OR REPLACE TRIGGER zx_guard_named
BEFORE UPDATE OF name ON orchestration.config_maps
FOR EACH ROW WHEN (NEW.name <> OLD.name) EXECUTE FUNCTION orchestration_internal.guard_named('config_map');

CREATE OR REPLACE TRIGGER zx_guard_named
BEFORE UPDATE OF name ON orchestration.secrets
FOR EACH ROW WHEN (NEW.name <> OLD.name) EXECUTE FUNCTION orchestration_internal.guard_named('secret');

CREATE OR REPLACE TRIGGER zx_guard_named
BEFORE UPDATE OF name ON orchestration.registries
FOR EACH ROW WHEN (NEW.name <> OLD.name) EXECUTE FUNCTION orchestration_internal.guard_named('registry');

CREATE OR REPLACE TRIGGER zx_guard_named
BEFORE UPDATE OF name ON orchestration.volumes
FOR EACH ROW WHEN (NEW.name <> OLD.name) EXECUTE FUNCTION orchestration_internal.guard_named('volume');

CREATE OR REPLACE TRIGGER zx_guard_secret_data
BEFORE INSERT OR UPDATE OF secret_type, encrypted_data ON orchestration.secrets
FOR EACH ROW WHEN (NEW.secret_type IN ('kubernetes.io/dockerconfigjson', 'kubernetes.io/dockercfg', 'kubernetes.io/ssh-auth'))
EXECUTE FUNCTION orchestration_internal.guard_secret_data();

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
