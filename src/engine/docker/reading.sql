/*
 * What the worker reads of Docker's answers.  It does so in C (inspection.h,
 * instance.h, stats.h); these show it to the owner, and to tests.
 */

CREATE OR REPLACE FUNCTION orchestration_internal.docker_container(answer jsonb)
RETURNS jsonb
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_docker_container_told';

COMMENT ON FUNCTION orchestration_internal.docker_container(jsonb) IS 'What is read of a container of Docker''s. Argument: the answer of GET /containers/{id}/json, or an element of that of GET /containers/json. NULL for what has no id.';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.docker_event(line jsonb)
RETURNS jsonb
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_docker_event_told';

COMMENT ON FUNCTION orchestration_internal.docker_event(jsonb) IS 'What is read of an event of Docker''s. Argument: a line of GET /events. NULL for what has no action or no actor.';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.docker_instance(pod jsonb, installation text)
RETURNS jsonb
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_docker_instance_told';

COMMENT ON FUNCTION orchestration_internal.docker_instance(jsonb, text) IS 'All that the worker takes from a pod of Docker''s. Arguments: the pod as an object with main, init (answers of GET /containers/{id}/json), labels (those of main by default), kind, version, createdAt, node, initDone, initTotal, waitingReason, waitingMessage, ready, started, over, terminating, restarts and last (exitCode, oomKilled, finishedAt), each of which may be absent; installation whose labels count. NULL for a pod without a usable uid or name.';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.docker_summary(node text, answers jsonb)
RETURNS jsonb
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_docker_summary_told';

COMMENT ON FUNCTION orchestration_internal.docker_summary(text, jsonb) IS 'What containers of Docker''s use, as a kubelet tells it. Arguments: node, array of objects with container (the answer of GET /containers/{id}/json) and stats (that of GET /containers/{id}/stats).';
-- for the owner alone
