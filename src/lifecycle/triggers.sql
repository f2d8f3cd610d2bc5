/*
 * The triggers of this room.  zz_ makes the row triggers the last ones before
 * the row is written, so that they see what triggers of users have made of it.
 */

CREATE OR REPLACE TRIGGER zz_guard
BEFORE INSERT OR UPDATE ON orchestration.containers
FOR EACH ROW EXECUTE FUNCTION orchestration_internal.guard_container(
	name, image_id, image_pull_policy, replicas, command, args, working_dir, cpu_request, cpu_limit, memory_request, memory_limit,
	restart_policy, strategy, max_surge, max_unavailable, termination_grace_period, service_account, security_context, pod_security_context,
	node_selector, tolerations, init_containers, labels, annotations, overrides, restart_requested_at, desired_state);

CREATE OR REPLACE TRIGGER zz_generation
BEFORE INSERT OR UPDATE ON orchestration.clusters
FOR EACH ROW EXECUTE FUNCTION orchestration_internal.bump_generation(
	name, api_server, auth_method, sealed_version, kubeconfig_context, insecure_skip_tls_verify);

CREATE OR REPLACE TRIGGER zz_generation
BEFORE INSERT OR UPDATE ON orchestration.namespaces
FOR EACH ROW EXECUTE FUNCTION orchestration_internal.bump_generation(name, cluster_id, labels, annotations, pod_security, desired_state);

CREATE OR REPLACE TRIGGER zz_generation
BEFORE INSERT OR UPDATE ON orchestration.config_maps
FOR EACH ROW EXECUTE FUNCTION orchestration_internal.bump_generation(name, data, labels, annotations);

CREATE OR REPLACE TRIGGER zz_generation
BEFORE INSERT OR UPDATE ON orchestration.secrets
FOR EACH ROW EXECUTE FUNCTION orchestration_internal.bump_generation(name, secret_type, data_keys, sealed_version, labels, annotations);

CREATE OR REPLACE TRIGGER zz_generation
BEFORE INSERT OR UPDATE ON orchestration.registries
FOR EACH ROW EXECUTE FUNCTION orchestration_internal.bump_generation(name, server, username, sealed_version);

CREATE OR REPLACE TRIGGER zz_generation
BEFORE INSERT OR UPDATE ON orchestration.volumes
FOR EACH ROW EXECUTE FUNCTION orchestration_internal.bump_generation(
	name, volume_type, size_bytes, access_mode, storage_class, config_map_id, secret_id, host_path, host_path_type, medium, retention);

/* ---- history ---- */

CREATE OR REPLACE TRIGGER history_insert
AFTER INSERT ON orchestration.containers
REFERENCING NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION orchestration_internal.record_history();

CREATE OR REPLACE TRIGGER history_update
AFTER UPDATE ON orchestration.containers
REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION orchestration_internal.record_history();

CREATE OR REPLACE TRIGGER history_delete
AFTER DELETE ON orchestration.containers
REFERENCING OLD TABLE AS old_rows
FOR EACH STATEMENT EXECUTE FUNCTION orchestration_internal.record_history();

CREATE OR REPLACE TRIGGER history_insert
AFTER INSERT ON orchestration.container_instances
REFERENCING NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION orchestration_internal.record_instance_history();

CREATE OR REPLACE TRIGGER history_update
AFTER UPDATE ON orchestration.container_instances
REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION orchestration_internal.record_instance_history();

CREATE OR REPLACE TRIGGER history_delete
AFTER DELETE ON orchestration.container_instances
REFERENCING OLD TABLE AS old_rows
FOR EACH STATEMENT EXECUTE FUNCTION orchestration_internal.record_instance_history();

/* ---- what containers are rendered from ---- */

CREATE OR REPLACE TRIGGER touch_insert
AFTER INSERT ON orchestration.environment_variables
REFERENCING NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION orchestration_internal.touch_containers(container);

CREATE OR REPLACE TRIGGER touch_delete
AFTER DELETE ON orchestration.environment_variables
REFERENCING OLD TABLE AS old_rows
FOR EACH STATEMENT EXECUTE FUNCTION orchestration_internal.touch_containers(container);

CREATE OR REPLACE TRIGGER touch_update
AFTER UPDATE ON orchestration.environment_variables
REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION orchestration_internal.touch_containers(
	container, container_id, name, position, value, config_map_id, secret_id, key, optional, field_path, resource_field);

CREATE OR REPLACE TRIGGER touch_insert
AFTER INSERT ON orchestration.port_mappings
REFERENCING NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION orchestration_internal.touch_containers(container);

CREATE OR REPLACE TRIGGER touch_delete
AFTER DELETE ON orchestration.port_mappings
REFERENCING OLD TABLE AS old_rows
FOR EACH STATEMENT EXECUTE FUNCTION orchestration_internal.touch_containers(container);

CREATE OR REPLACE TRIGGER touch_update
AFTER UPDATE ON orchestration.port_mappings
REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION orchestration_internal.touch_containers(
	container, container_id, name, container_port, service_port, node_port, protocol, service_type);

CREATE OR REPLACE TRIGGER touch_insert
AFTER INSERT ON orchestration.container_volumes
REFERENCING NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION orchestration_internal.touch_containers(container);

CREATE OR REPLACE TRIGGER touch_delete
AFTER DELETE ON orchestration.container_volumes
REFERENCING OLD TABLE AS old_rows
FOR EACH STATEMENT EXECUTE FUNCTION orchestration_internal.touch_containers(container);

CREATE OR REPLACE TRIGGER touch_update
AFTER UPDATE ON orchestration.container_volumes
REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION orchestration_internal.touch_containers(
	container, container_id, volume_id, mount_path, sub_path, read_only);

CREATE OR REPLACE TRIGGER touch_insert
AFTER INSERT ON orchestration.container_probes
REFERENCING NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION orchestration_internal.touch_containers(container);

CREATE OR REPLACE TRIGGER touch_delete
AFTER DELETE ON orchestration.container_probes
REFERENCING OLD TABLE AS old_rows
FOR EACH STATEMENT EXECUTE FUNCTION orchestration_internal.touch_containers(container);

CREATE OR REPLACE TRIGGER touch_update
AFTER UPDATE ON orchestration.container_probes
REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION orchestration_internal.touch_containers(
	container, container_id, probe_type, handler, port, path, scheme, host, http_headers, grpc_service, command,
	initial_delay_seconds, period_seconds, timeout_seconds, success_threshold, failure_threshold, termination_grace_period_seconds);

CREATE OR REPLACE TRIGGER touch_insert
AFTER INSERT ON orchestration.registries
REFERENCING NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION orchestration_internal.touch_containers(registry);

CREATE OR REPLACE TRIGGER touch_delete
AFTER DELETE ON orchestration.registries
REFERENCING OLD TABLE AS old_rows
FOR EACH STATEMENT EXECUTE FUNCTION orchestration_internal.touch_containers(registry);

CREATE OR REPLACE TRIGGER touch_update
AFTER UPDATE ON orchestration.registries
REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION orchestration_internal.touch_containers(
	registry, name, server, username, sealed_version);

CREATE OR REPLACE TRIGGER touch_update
AFTER UPDATE ON orchestration.config_maps
REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION orchestration_internal.touch_containers(
	config_map, name, data);

CREATE OR REPLACE TRIGGER touch_update
AFTER UPDATE ON orchestration.secrets
REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION orchestration_internal.touch_containers(
	secret, name, secret_type, sealed_version);

CREATE OR REPLACE TRIGGER touch_update
AFTER UPDATE ON orchestration.volumes
REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION orchestration_internal.touch_containers(
	volume, name, volume_type, size_bytes, config_map_id, secret_id, host_path, host_path_type, medium);

CREATE OR REPLACE TRIGGER touch_update
AFTER UPDATE ON orchestration.container_images
REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION orchestration_internal.touch_containers(
	image, registry, repository, tag, digest);

CREATE OR REPLACE TRIGGER touch_update
AFTER UPDATE ON orchestration.namespaces
REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION orchestration_internal.touch_containers(
	namespace, name, cluster_id, desired_state);

/* ---- waking the worker ---- */

CREATE OR REPLACE TRIGGER wake_worker
AFTER INSERT OR UPDATE OR DELETE ON orchestration.clusters
FOR EACH STATEMENT EXECUTE FUNCTION orchestration_internal.wake_worker_trigger();

CREATE OR REPLACE TRIGGER wake_worker
AFTER INSERT OR UPDATE OR DELETE ON orchestration.namespaces
FOR EACH STATEMENT EXECUTE FUNCTION orchestration_internal.wake_worker_trigger();

CREATE OR REPLACE TRIGGER wake_worker
AFTER INSERT OR UPDATE OR DELETE ON orchestration.config_maps
FOR EACH STATEMENT EXECUTE FUNCTION orchestration_internal.wake_worker_trigger();

CREATE OR REPLACE TRIGGER wake_worker
AFTER INSERT OR UPDATE OR DELETE ON orchestration.secrets
FOR EACH STATEMENT EXECUTE FUNCTION orchestration_internal.wake_worker_trigger();

CREATE OR REPLACE TRIGGER wake_worker
AFTER INSERT OR UPDATE OR DELETE ON orchestration.registries
FOR EACH STATEMENT EXECUTE FUNCTION orchestration_internal.wake_worker_trigger();

CREATE OR REPLACE TRIGGER wake_worker
AFTER INSERT OR UPDATE OR DELETE ON orchestration.volumes
FOR EACH STATEMENT EXECUTE FUNCTION orchestration_internal.wake_worker_trigger();

CREATE OR REPLACE TRIGGER wake_worker
AFTER INSERT OR UPDATE OR DELETE ON orchestration.containers
FOR EACH STATEMENT EXECUTE FUNCTION orchestration_internal.wake_worker_trigger();

/* ---- updated_at of what has no generation ---- */

CREATE OR REPLACE TRIGGER zz_updated_at
BEFORE UPDATE ON orchestration.environment_variables
FOR EACH ROW EXECUTE FUNCTION orchestration_internal.set_updated_at();

CREATE OR REPLACE TRIGGER zz_updated_at
BEFORE UPDATE ON orchestration.port_mappings
FOR EACH ROW EXECUTE FUNCTION orchestration_internal.set_updated_at();

CREATE OR REPLACE TRIGGER zz_updated_at
BEFORE UPDATE ON orchestration.container_volumes
FOR EACH ROW EXECUTE FUNCTION orchestration_internal.set_updated_at();

CREATE OR REPLACE TRIGGER zz_updated_at
BEFORE UPDATE ON orchestration.container_probes
FOR EACH ROW EXECUTE FUNCTION orchestration_internal.set_updated_at();

CREATE OR REPLACE TRIGGER zz_updated_at
BEFORE UPDATE ON orchestration.container_images
FOR EACH ROW EXECUTE FUNCTION orchestration_internal.set_updated_at();
