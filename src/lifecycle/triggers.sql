/*
 * The triggers of this room.  zz_ makes the row triggers the last ones before
 * the row is written, so that they see what triggers of users have made of it.
 */

DO $$
DECLARE
	wanted record;
BEGIN
	FOR wanted IN
		SELECT r.relation, orchestration_internal.quoted(VARIADIC orchestration_internal.specification_columns(r.relation)) AS specification,
			CASE r.relation WHEN 'containers' THEN 'zz_guard' ELSE 'zz_generation' END AS trigger,
			CASE r.relation WHEN 'containers' THEN 'guard_container' ELSE 'bump_generation' END AS function
		FROM orchestration_internal.resources() r
		WHERE orchestration_internal.has_column(r.relation, 'generation')
	LOOP
		EXECUTE format('CREATE OR REPLACE TRIGGER %I BEFORE INSERT OR UPDATE ON orchestration.%I FOR EACH ROW EXECUTE FUNCTION orchestration_internal.%I(%s)',
			wanted.trigger, wanted.relation, wanted.function, wanted.specification);
		EXECUTE format('CREATE OR REPLACE TRIGGER wake_worker AFTER INSERT OR UPDATE OR DELETE ON orchestration.%I'
			' FOR EACH STATEMENT EXECUTE FUNCTION orchestration_internal.wake_worker_trigger()', wanted.relation);
	END LOOP;

	/* updated_at of what has no generation */
	FOR wanted IN
		SELECT r.relation FROM orchestration_internal.resources() r WHERE r.scope IS NOT NULL AND NOT orchestration_internal.has_column(r.relation, 'generation')
	LOOP
		EXECUTE format('CREATE OR REPLACE TRIGGER zz_updated_at BEFORE UPDATE ON orchestration.%I'
			' FOR EACH ROW EXECUTE FUNCTION orchestration_internal.set_updated_at()', wanted.relation);
	END LOOP;

	/* a change of a part is one of its container */
	FOR wanted IN
		SELECT r.relation, e.event, e.tables, orchestration_internal.quoted(VARIADIC ARRAY['container'] || CASE e.event WHEN 'UPDATE' THEN orchestration_internal.specification_columns(r.relation) END) AS arguments
		FROM orchestration_internal.resources() r
		CROSS JOIN (VALUES ('INSERT', 'NEW TABLE AS new_rows'), ('UPDATE', 'OLD TABLE AS old_rows NEW TABLE AS new_rows'), ('DELETE', 'OLD TABLE AS old_rows')) e (event, tables)
		WHERE r.part_of = 'containers'
	LOOP
		EXECUTE format('CREATE OR REPLACE TRIGGER touch_%s AFTER %s ON orchestration.%I REFERENCING %s FOR EACH STATEMENT EXECUTE FUNCTION orchestration_internal.touch_containers(%s)',
			lower(wanted.event), wanted.event, wanted.relation, wanted.tables, wanted.arguments);
	END LOOP;
END
$$;

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

/* ---- what containers are rendered from, beside their parts ---- */

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
	registry, name, server);

CREATE OR REPLACE TRIGGER touch_insert
AFTER INSERT ON orchestration.config_maps
REFERENCING NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION orchestration_internal.touch_containers(config_map);

CREATE OR REPLACE TRIGGER touch_delete
AFTER DELETE ON orchestration.config_maps
REFERENCING OLD TABLE AS old_rows
FOR EACH STATEMENT EXECUTE FUNCTION orchestration_internal.touch_containers(config_map);

CREATE OR REPLACE TRIGGER touch_update
AFTER UPDATE ON orchestration.config_maps
REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION orchestration_internal.touch_containers(
	config_map, name, data);

CREATE OR REPLACE TRIGGER touch_insert
AFTER INSERT ON orchestration.secrets
REFERENCING NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION orchestration_internal.touch_containers(secret);

CREATE OR REPLACE TRIGGER touch_delete
AFTER DELETE ON orchestration.secrets
REFERENCING OLD TABLE AS old_rows
FOR EACH STATEMENT EXECUTE FUNCTION orchestration_internal.touch_containers(secret);

CREATE OR REPLACE TRIGGER touch_update
AFTER UPDATE ON orchestration.secrets
REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION orchestration_internal.touch_containers(
	secret, name, secret_type, sealed_version);

CREATE OR REPLACE TRIGGER touch_insert
AFTER INSERT ON orchestration.volumes
REFERENCING NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION orchestration_internal.touch_containers(volume);

CREATE OR REPLACE TRIGGER touch_delete
AFTER DELETE ON orchestration.volumes
REFERENCING OLD TABLE AS old_rows
FOR EACH STATEMENT EXECUTE FUNCTION orchestration_internal.touch_containers(volume);

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
