/*
 * What an API server's answer means.  The worker asks in C (answer.h); this is for
 * people who wonder what became of a request, and for tests.
 */

CREATE OR REPLACE FUNCTION orchestration_internal.judge_answer(verb text, kind text, had_uid boolean, status integer, error text, body jsonb,
	OUT outcome text, OUT reason text, OUT message text)
RETURNS record
LANGUAGE c IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_judge_answer';

COMMENT ON FUNCTION orchestration_internal.judge_answer(text, text, boolean, integer, text, jsonb) IS 'What an answer of an API server means: done, found, gone, deleting, exists, refused change or failed, and for the last two why. Arguments: create, apply, delete or look, kind of object, was its uid known, HTTP status (NULL or 0: none came), what the client says of it, body. Raises 22023 for another verb, 22004 for no verb or kind.';
GRANT EXECUTE ON FUNCTION orchestration_internal.judge_answer(text, text, boolean, integer, text, jsonb) TO orchestration_worker;
