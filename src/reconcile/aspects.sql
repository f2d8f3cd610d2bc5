/*
 * Kinds that a container becomes by a column of its own, its aspect (src/engine/kinds.h).
 * Of the aspect x there are, in its module:
 *
 *	containers.x			the column, with its checks
 *	rendered_x				view: the object, with the columns of the other rendered_* views
 *	parts_runs_x			view, if any: what asks for a Job beside it (parts_runs)
 *	x_facts()				what is known of it, for the decision table (aspect_facts())
 *	x_words()				what why() says of it (aspect_words())
 *	orch_status_of_x()		rows of the decision table, in C (status_pods.h)
 */

CREATE OR REPLACE FUNCTION orchestration_internal.aspect_facts(of_namespace bigint, of_container bigint, kind text, observed jsonb)
RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	facts jsonb;
BEGIN
	EXECUTE format('SELECT orchestration_internal.%I($1, $2, $3)', orchestration_internal.kind_aspect(kind) || '_facts') INTO facts USING of_namespace, of_container, observed;
	RETURN facts || jsonb_build_object('kind', kind);
END
$$;

COMMENT ON FUNCTION orchestration_internal.aspect_facts(bigint, bigint, text, jsonb) IS 'What <aspect>_facts(namespace, container, observed) says of a container, for derive_container_status(), with the kind by which its own rows are found. Arguments: namespace, container, kind and facts of its workload; the kind has an aspect.';
GRANT EXECUTE ON FUNCTION orchestration_internal.aspect_facts(bigint, bigint, text, jsonb) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.aspect_words(of_container bigint, OUT wish text, OUT line text, OUT calm text[])
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	one text;
BEGIN
	FOR one IN SELECT k.aspect FROM orchestration_internal.kinds() k WHERE k.aspect IS NOT NULL LOOP
		EXECUTE format('SELECT w.wish, w.line, w.calm FROM orchestration_internal.%I($1) w', one || '_words') INTO wish, line, calm USING of_container;
		EXIT WHEN wish IS NOT NULL;
	END LOOP;
END
$$;

COMMENT ON FUNCTION orchestration_internal.aspect_words(bigint) IS 'What <aspect>_words(container) says, for why(): wish, in place of the number of replicas, line, what is known of it, and calm, reasons that are as it should be. NULL for a container without an aspect.';
GRANT EXECUTE ON FUNCTION orchestration_internal.aspect_words(bigint) TO orchestration_user;
