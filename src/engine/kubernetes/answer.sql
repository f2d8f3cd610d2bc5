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

CREATE OR REPLACE FUNCTION orchestration_internal.differing_values(sent jsonb, returned jsonb)
RETURNS jsonb
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_differing_values';

COMMENT ON FUNCTION orchestration_internal.differing_values(jsonb, jsonb) IS 'What came back from an apply otherwise than it was sent, or not at all: an array of {path, fields (the way to it in managedFields), sent, returned}, at most 20; NULL for nothing. Defaults and what others have beside it are no difference, nor is another way of writing a quantity, nor null, "", [] and {} that are dropped. Values of secrets are redacted. Arguments: the object as it was sent and as it was returned.';
GRANT EXECUTE ON FUNCTION orchestration_internal.differing_values(jsonb, jsonb) TO orchestration_worker;
