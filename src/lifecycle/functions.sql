/* The state machine, the trigger functions around it, and waiting. */

CREATE OR REPLACE FUNCTION orchestration.lifecycle_transitions()
RETURNS TABLE (from_status text, to_status text, verb text, description text)
LANGUAGE c IMMUTABLE PARALLEL SAFE ROWS 25
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_lifecycle_transitions';

COMMENT ON FUNCTION orchestration.lifecycle_transitions() IS 'Every legal step of a container, for status and for desired_state. verb is the function that asks for the step, NULL where only the cluster causes it. No step leads away from deleted.';
GRANT EXECUTE ON FUNCTION orchestration.lifecycle_transitions() TO orchestration_user;

/* resolves no names */
CREATE OR REPLACE FUNCTION orchestration_internal.guard_container()
RETURNS trigger
LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'orch_guard_container';

COMMENT ON FUNCTION orchestration_internal.guard_container() IS 'Row trigger of containers: the state machine, the columns that only the worker writes, and generation. Arguments: the columns of the specification. Raises OR003 for unknown states and for a changed id or namespace, OR010 for an illegal step, OR011 for a status written by hand where a cluster is observed, OR012 for a deleted container.';

/* resolves no names */
CREATE OR REPLACE FUNCTION orchestration_internal.bump_generation()
RETURNS trigger
LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'orch_bump_generation';

COMMENT ON FUNCTION orchestration_internal.bump_generation() IS 'Row trigger of everything else that the worker renders: raises generation when one of the columns named as arguments changes, and keeps the observed columns for the worker. Raises OR003 for a changed id or namespace.';

/* resolves no names */
CREATE OR REPLACE FUNCTION orchestration_internal.set_updated_at()
RETURNS trigger
LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'orch_set_updated_at';

COMMENT ON FUNCTION orchestration_internal.set_updated_at() IS 'Row trigger that sets updated_at.';

/* resolves no names */
CREATE OR REPLACE FUNCTION orchestration_internal.record_history()
RETURNS trigger
LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'orch_record_history';

COMMENT ON FUNCTION orchestration_internal.record_history() IS 'Statement trigger of containers: writes container_status_history and removes the variables, ports, mounts and probes of containers that became deleted.';

/* resolves no names */
CREATE OR REPLACE FUNCTION orchestration_internal.record_instance_history()
RETURNS trigger
LANGUAGE c
AS 'MODULE_PATHNAME', 'orch_record_instance_history';

COMMENT ON FUNCTION orchestration_internal.record_instance_history() IS 'Statement trigger of container_instances, with transition tables: writes every change of a pod into container_instance_history.';

/* resolves no names */
CREATE OR REPLACE FUNCTION orchestration_internal.touch_containers()
RETURNS trigger
LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'orch_touch_containers';

COMMENT ON FUNCTION orchestration_internal.touch_containers() IS 'Statement trigger of what containers are rendered from: raises the generation of the containers that use the changed rows. Arguments: what the table holds, then the columns that matter.';

CREATE OR REPLACE FUNCTION orchestration_internal.is_new_row(relation oid, row_id tid, row_xmin xid)
RETURNS boolean
LANGUAGE c STABLE STRICT
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_is_new_row';

COMMENT ON FUNCTION orchestration_internal.is_new_row(oid, tid, xid) IS 'True for a row version that an INSERT of the current transaction made. Arguments: tableoid, ctid and xmin of the row.';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration.wait_for_container(id bigint, status text, timeout interval DEFAULT '60s')
RETURNS boolean
LANGUAGE c VOLATILE
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_wait_for_container';

COMMENT ON FUNCTION orchestration.wait_for_container(bigint, text, interval) IS 'Blocks until the container has the status; running, paused and stopped count only once the cluster has the last change. True when it has, false when the timeout is over or the container was deleted meanwhile; a container whose row is gone counts as deleted. A NULL timeout waits without limit. Raises OR003 for an unknown status or a negative timeout, OR004 when there is no such container, 25000 in a REPEATABLE READ or SERIALIZABLE transaction and in one that has changed the container itself.';
GRANT EXECUTE ON FUNCTION orchestration.wait_for_container(bigint, text, interval) TO orchestration_user;
