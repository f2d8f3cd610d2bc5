\set ECHO none
-- What a document becomes that is not as it should be: for tests that nothing odd, whatever stands anywhere, makes a
-- reader throw.  Every part of the sample is replaced by everything odd in its turn, and taken away.
CREATE FUNCTION public.spoilt(sample jsonb) RETURNS SETOF jsonb LANGUAGE sql IMMUTABLE AS $$
WITH RECURSIVE places (place, value) AS (
	SELECT '{}'::text[], sample
	UNION ALL
	SELECT p.place || m.key, m.value FROM places p
	CROSS JOIN LATERAL (
		SELECT e.key, e.value FROM jsonb_each(CASE jsonb_typeof(p.value) WHEN 'object' THEN p.value ELSE '{}' END) e
		UNION ALL
		SELECT (a.ordinality - 1)::text, a.value FROM jsonb_array_elements(CASE jsonb_typeof(p.value) WHEN 'array' THEN p.value ELSE '[]' END) WITH ORDINALITY a
	) m
), odd (value) AS (
	SELECT jsonb_array_elements('[null, 0, -1.5, 1e400, 99999999999999999999, true, "", "x", "é\u0001\"\\", "/", "0001", [], [[]], [null], {}, {"a": null}]')
	UNION ALL
	SELECT to_jsonb(repeat('é', 3000))
)
SELECT CASE WHEN p.place = '{}' THEN o.value ELSE jsonb_set(sample, p.place, o.value) END FROM places p CROSS JOIN odd o
UNION ALL
SELECT sample #- p.place FROM places p WHERE p.place <> '{}'
$$;
\set ECHO all
