/*
 * What a Docker Engine is told.  The worker does so in C (template.h); this is for
 * people who ask what it would tell, and for tests.
 */

CREATE OR REPLACE FUNCTION orchestration_internal.docker_pod(template jsonb, identity jsonb, objects jsonb)
RETURNS jsonb
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_docker_pod';

COMMENT ON FUNCTION orchestration_internal.docker_pod(jsonb, jsonb, jsonb) IS 'What a Docker Engine is told to run for one pod of a Kubernetes pod template: bodies of containers, files that are put into them, names of volumes, or the reason why it cannot be run. Arguments: template; which pod it is (name, number, uid, place, workload, workloadUid, template, node, aliases, ports, openFiles, processes, machineCpu, machineMemory); ConfigMap and Secret manifests by kind and name, null for one whose contents are not known yet. Values of secrets that it is given stand in what it returns.';
-- for the owner alone
