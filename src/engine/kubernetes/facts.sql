/*
 * What the worker reads from Kubernetes' objects.  It does so in C (facts.h);
 * these are for people who ask what it sees, and for tests.
 */

CREATE OR REPLACE FUNCTION orchestration_internal.object_fingerprint(object jsonb)
RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_object_fingerprint';

COMMENT ON FUNCTION orchestration_internal.object_fingerprint(jsonb) IS 'Digest of what we own in an object, 32 hexadecimal digits: changes when somebody interferes with it, not when its status changes. Where the server tells nothing about field managers: of generation, content or version.';
GRANT EXECUTE ON FUNCTION orchestration_internal.object_fingerprint(jsonb) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.object_facts(object jsonb)
RETURNS jsonb
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_object_facts';

COMMENT ON FUNCTION orchestration_internal.object_facts(jsonb) IS 'What status is derived from, taken out of a Kubernetes object.';
GRANT EXECUTE ON FUNCTION orchestration_internal.object_facts(jsonb) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.pod_facts(object jsonb)
RETURNS jsonb
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_pod_facts';

COMMENT ON FUNCTION orchestration_internal.pod_facts(jsonb) IS 'What status is derived from, taken out of a Pod.';
GRANT EXECUTE ON FUNCTION orchestration_internal.pod_facts(jsonb) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.what_is_seen(kind text, object text, installation text)
RETURNS jsonb
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_what_is_seen';

COMMENT ON FUNCTION orchestration_internal.what_is_seen(text, text, text) IS 'All that the worker takes from an object or a Pod. Arguments: kind, JSON as the API server sends it, installation whose labels count. NULL for what is no JSON, or has no usable uid.';
GRANT EXECUTE ON FUNCTION orchestration_internal.what_is_seen(text, text, text) TO orchestration_worker;
