/* What a cluster makes of what it was sent, and who. */

CREATE OR REPLACE FUNCTION orchestration_internal.insisted_by(facts jsonb)
RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN (
		SELECT jsonb_agg(told.what ORDER BY told.place)
		FROM (
			SELECT d.ordinality AS place, (d.value - 'fields') || jsonb_strip_nulls(jsonb_build_object('manager', (
				SELECT f.value ->> 'manager' FROM jsonb_array_elements(NULLIF(facts -> 'fields', 'null')) f
				/* what admission changes in our own request is noted as an update of ours */
				WHERE f.value ->> 'manager' <> 'orchestration'
					AND f.value -> 'fieldsV1' #> ARRAY(SELECT jsonb_array_elements_text(d.value -> 'fields')) IS NOT NULL
				ORDER BY f.value ->> 'time' DESC LIMIT 1))) AS what
			FROM jsonb_array_elements(NULLIF(facts -> 'differing', 'null')) WITH ORDINALITY d
			UNION ALL
			SELECT 1000, jsonb_strip_nulls(jsonb_build_object('times', facts -> 'times', 'manager', facts -> 'manager')) WHERE facts ? 'times'
		) told
	);
END
$$;

COMMENT ON FUNCTION orchestration_internal.insisted_by(jsonb) IS 'For managed_objects.insisted: an array of {path, sent, returned, manager} for what came back otherwise, and {times, manager} for who changes it soon after each apply; NULL for nothing. Argument: {differing (differing_values()), fields (managedFields), times, manager}, each may be missing.';
GRANT EXECUTE ON FUNCTION orchestration_internal.insisted_by(jsonb) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.insisted_values(sent jsonb, returned jsonb)
RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN orchestration_internal.insisted_by(jsonb_build_object('differing', orchestration_internal.differing_values(sent, returned),
		'fields', returned #> '{metadata,managedFields}'));
END
$$;

COMMENT ON FUNCTION orchestration_internal.insisted_values(jsonb, jsonb) IS 'differing_values() with who has the field, as managedFields tell: an array of {path, sent, returned, manager}; without a manager where admission changed it in our own request. NULL for nothing. For managed_objects.insisted.';
GRANT EXECUTE ON FUNCTION orchestration_internal.insisted_values(jsonb, jsonb) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.describe_insisted(insisted jsonb)
RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN (
		SELECT string_agg(CASE WHEN d.value ? 'times' THEN
			format('%s has changed it %s times, each time soon after it was applied', COALESCE(NULLIF(d.value ->> 'manager', ''), 'somebody'), d.value ->> 'times')
			ELSE format('%s: %s %s, we asked for %s', COALESCE(NULLIF(d.value ->> 'manager', ''), 'an admission policy or webhook of the cluster'), d.value ->> 'path',
			COALESCE((d.value -> 'returned')::text, 'removed'), COALESCE((d.value -> 'sent')::text, 'nothing')) END, '; ' ORDER BY d.ordinality)
		FROM jsonb_array_elements(NULLIF(insisted, 'null')) WITH ORDINALITY d
		WHERE d.ordinality <= 5
	);
END
$$;

COMMENT ON FUNCTION orchestration_internal.describe_insisted(jsonb) IS 'insisted_values() in words, at most five of them: kube-controller: spec.replicas 2, we asked for 1.';
GRANT EXECUTE ON FUNCTION orchestration_internal.describe_insisted(jsonb) TO orchestration_user;
