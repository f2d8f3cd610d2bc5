/*
 * The lists of engines and of capabilities, as SQL sees them: src/engine/engines.h,
 * src/engine/capabilities.h.
 */

CREATE OR REPLACE FUNCTION orchestration_internal.engines(OUT engine text, OUT capability text, OUT words text, OUT can boolean)
RETURNS SETOF record
LANGUAGE c IMMUTABLE PARALLEL SAFE ROWS 10
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_engines_shown';

COMMENT ON FUNCTION orchestration_internal.engines() IS 'What each engine can do and what it cannot: a row for each engine and capability, with the capability in words. bootstrap() takes it into engine_capabilities.';
-- for the owner alone
