/*
 * The list of kinds, as SQL sees it: src/engine/kinds.h.
 */

CREATE OR REPLACE FUNCTION orchestration_internal.kinds(
	OUT kind text, OUT api_version text, OUT plural text, OUT namespaced boolean, OUT apply_order integer,
	OUT watched text, OUT immutable text, OUT heritable boolean, OUT facts text[], OUT pod_owner text, OUT aspect text)
RETURNS SETOF record
LANGUAGE c IMMUTABLE PARALLEL SAFE ROWS 10
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_kinds_shown';

COMMENT ON FUNCTION orchestration_internal.kinds() IS 'The kinds of objects that rows become, or that are watched. apply_order: NULL for what is never applied. watched: whole, metadata or not. immutable: what is done when a field is to change that cannot: refuse (an error of the row), replace (deleted and made anew, nothing is lost by it), recreate (the same, and what it runs, runs again). heritable: another row may take over an object of its name as it is. facts: what status is derived from. pod_owner: kind of what its pods belong to. aspect: column of containers that makes one of it where it is not NULL, and name of its module.';
GRANT EXECUTE ON FUNCTION orchestration_internal.kinds() TO orchestration_user, orchestration_worker;

/* resolves no names */
CREATE OR REPLACE FUNCTION orchestration_internal.kind_order(kind text)
RETURNS integer
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'orch_kind_order';

COMMENT ON FUNCTION orchestration_internal.kind_order(text) IS 'Objects of a kind with a lower number are applied first and deleted last; NULL for a kind that is never applied. Raises OR003 for an unknown kind.';
GRANT EXECUTE ON FUNCTION orchestration_internal.kind_order(text) TO orchestration_user, orchestration_worker;

/* resolves no names */
CREATE OR REPLACE FUNCTION orchestration_internal.kind_version(kind text)
RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'orch_kind_version';

COMMENT ON FUNCTION orchestration_internal.kind_version(text) IS 'The apiVersion of a kind. Raises OR003 for an unknown one.';
GRANT EXECUTE ON FUNCTION orchestration_internal.kind_version(text) TO orchestration_user, orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.kind_immutable(kind text)
RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_kind_changes';

COMMENT ON FUNCTION orchestration_internal.kind_immutable(text) IS 'What is done when a field of an object is to change that Kubernetes does not let change: refuse, replace or recreate, as in kinds(). Raises OR003 for an unknown kind.';
GRANT EXECUTE ON FUNCTION orchestration_internal.kind_immutable(text) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.kind_heritable(kind text)
RETURNS boolean
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_kind_is_heritable';

COMMENT ON FUNCTION orchestration_internal.kind_heritable(text) IS 'May another row take over an object of its name as it is? If not it is deleted first: with the data that is in it, or the pods that its selector catches. Raises OR003 for an unknown kind.';
GRANT EXECUTE ON FUNCTION orchestration_internal.kind_heritable(text) TO orchestration_worker;

/* resolves no names */
CREATE OR REPLACE FUNCTION orchestration_internal.kind_pod_owner(kind text)
RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'orch_kind_pod_owner';

COMMENT ON FUNCTION orchestration_internal.kind_pod_owner(text) IS 'Kind of what the pods of a workload belong to; NULL for a kind that has none. Raises OR003 for an unknown kind.';
GRANT EXECUTE ON FUNCTION orchestration_internal.kind_pod_owner(text) TO orchestration_user, orchestration_worker;

/* resolves no names */
CREATE OR REPLACE FUNCTION orchestration_internal.kind_aspect(kind text)
RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'orch_kind_aspect';

COMMENT ON FUNCTION orchestration_internal.kind_aspect(text) IS 'The name of a kind''s module, as in kinds(); NULL for a kind without one. Raises OR003 for an unknown kind.';
GRANT EXECUTE ON FUNCTION orchestration_internal.kind_aspect(text) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.object_path(kind text, cluster_namespace text, name text)
RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_object_path';

COMMENT ON FUNCTION orchestration_internal.object_path(text, text, text) IS 'Path of an object at the API server. Arguments: kind, namespace in the cluster (ignored where the kind has none), name. Raises OR003 for an unknown kind.';
GRANT EXECUTE ON FUNCTION orchestration_internal.object_path(text, text, text) TO orchestration_worker;
