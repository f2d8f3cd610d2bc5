/* Plots as inline SVG: no script, nothing loaded, and the figures behind each in a table. */

CREATE OR REPLACE FUNCTION orchestration_internal.plot_ticks(highest double precision, unit text)
RETURNS double precision[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT array_agg(k * step * scale ORDER BY k)
	FROM (
		SELECT s.scale, s.top, GREATEST(CASE WHEN unit = 'count' THEN 1 ELSE 0 END,
			(SELECT min(f * power(10, floor(log(s.top / 4)))) FROM unnest('{1,2,5,10}'::double precision[]) f WHERE f * power(10, floor(log(s.top / 4))) >= s.top / 4 * 0.999)) AS step
		FROM (
			/* bytes are counted in powers of 1024 */
			SELECT u.scale, u.positive / u.scale AS top
			FROM (
				SELECT p.positive, CASE WHEN unit LIKE 'bytes%' AND p.positive >= 1024 THEN power(1024, floor(log(1024, p.positive::numeric))::double precision) ELSE 1 END AS scale
				FROM (SELECT CASE WHEN highest > 0 THEN highest ELSE 1 END AS positive) p
			) u
		) s
	) t, generate_series(0, ceil(t.top / t.step * 0.999)::integer) k
$$;

COMMENT ON FUNCTION orchestration_internal.plot_ticks(double precision, text) IS 'Round values for an axis from 0 to at least the highest value.';
GRANT EXECUTE ON FUNCTION orchestration_internal.plot_ticks(double precision, text) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration_internal.plot_frame(times timestamptz[], ticks double precision[], unit text)
RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT (
		SELECT string_agg(format('<line class="grid" x1="64" x2="632" y1="%s" y2="%s"/><text x="58" y="%s" text-anchor="end">%s</text>', y, y, y + 4, orchestration_internal.quantity_text(t.tick, unit)), '' ORDER BY t.tick)
		FROM (SELECT tick, round((190 - 180 * tick / ticks[cardinality(ticks)])::numeric, 1) AS y FROM unnest(ticks) tick) t
	) || (
		SELECT string_agg(format('<text x="%s" y="212" text-anchor="%s">%s</text>', round(64 + 568.0 * n / 4), CASE n WHEN 0 THEN 'start' WHEN 4 THEN 'end' ELSE 'middle' END,
			to_char((l.first + (l.last - l.first) * n / 4) AT TIME ZONE 'UTC',
				CASE WHEN l.last - l.first <= interval '26 hours' THEN 'HH24:MI' WHEN l.last - l.first <= interval '300 days' THEN 'Mon DD' ELSE 'YYYY-MM' END)), '' ORDER BY n)
		FROM (SELECT times[1] AS first, times[cardinality(times)] AS last) l, generate_series(0, 4) n
	)
$$;

COMMENT ON FUNCTION orchestration_internal.plot_frame(timestamptz[], double precision[], text) IS 'Grid and axes of a plot over time: a field from (64, 10) to (632, 190).';
GRANT EXECUTE ON FUNCTION orchestration_internal.plot_frame(timestamptz[], double precision[], text) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration_internal.plot_marks(kind text, series jsonb, highest double precision)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
	WITH points AS (
		SELECT s.nth, s.one ->> 'class' AS class, v.n, v.value, count(*) OVER (PARTITION BY s.nth) AS of_all,
			bool_or(v.value IS NOT NULL) OVER (PARTITION BY v.n) AS known,
			sum(COALESCE(v.value, 0)) OVER (PARTITION BY v.n ORDER BY s.nth) AS upper
		FROM jsonb_array_elements(series) WITH ORDINALITY s (one, nth)
		CROSS JOIN LATERAL (
			SELECT e.n, (e.text)::double precision AS value
			FROM jsonb_array_elements_text(s.one -> 'values') WITH ORDINALITY e (text, n)
		) v
	), placed AS (
		SELECT p.nth, p.class, p.n, p.value, p.known, round(568.0 / p.of_all * 0.8, 1) AS width,
			round(64 + 568.0 * (p.n - 1) / CASE WHEN kind = 'bars' THEN p.of_all ELSE GREATEST(p.of_all - 1, 1) END, 1) AS x,
			round((190 - 180 * p.upper / highest)::numeric, 1) AS y,
			round((190 - 180 * (p.upper - COALESCE(p.value, 0)) / highest)::numeric, 1) AS foot,
			/* what lies between two moments of which nothing is known is drawn by itself */
			count(*) FILTER (WHERE NOT p.known) OVER (PARTITION BY p.nth ORDER BY p.n) AS island
		FROM points p
	)
	SELECT string_agg(m.mark, E'\n' ORDER BY m.nth)
	FROM (
		SELECT p.nth, CASE kind
			WHEN 'areas' THEN format('<path class="mark %s" d="M%sL%sZ"/>', p.class, string_agg(p.x || ' ' || p.y, 'L' ORDER BY p.n), string_agg(p.x || ' ' || p.foot, 'L' ORDER BY p.n DESC))
			ELSE string_agg(format('<rect class="mark %s" x="%s" y="%s" width="%s" height="%s"/>', p.class, p.x, p.y, p.width, p.foot - p.y), '' ORDER BY p.n) FILTER (WHERE p.value > 0)
			END AS mark
		FROM placed p
		WHERE p.known
		GROUP BY p.nth, p.class, p.island
	) m
$$;

COMMENT ON FUNCTION orchestration_internal.plot_marks(text, jsonb, double precision) IS 'What a plot draws. Arguments: kind, series, value at the upper edge.';
GRANT EXECUTE ON FUNCTION orchestration_internal.plot_marks(text, jsonb, double precision) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration_internal.plot_hints(times timestamptz[], series jsonb, unit text)
RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT string_agg(format('<rect class="hint" x="%s" y="10" width="%s" height="180"><title>%s UTC%s</title></rect>', round(64 + 568.0 * (t.n - 1) / cardinality(times), 1),
		round(568.0 / cardinality(times), 1), to_char(t.at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI'), (
			SELECT string_agg(format(E'\n%s: %s', orchestration_internal.html_escape(s.one ->> 'name'), COALESCE(orchestration_internal.quantity_text((s.one -> 'values' ->> (t.n::integer - 1))::double precision, unit), 'not known')), '' ORDER BY s.nth)
			FROM jsonb_array_elements(series) WITH ORDINALITY s (one, nth))), '' ORDER BY t.n)
	FROM unnest(times) WITH ORDINALITY t (at, n)
$$;

COMMENT ON FUNCTION orchestration_internal.plot_hints(timestamptz[], jsonb, text) IS 'What the pointer tells of a plot: the values of one moment.';
GRANT EXECUTE ON FUNCTION orchestration_internal.plot_hints(timestamptz[], jsonb, text) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration_internal.plot_legend(series jsonb, kind text, unit text)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT '<ul class="legend">' || string_agg(format('<li><i class="%s"></i>%s <b>%s</b></li>', s.one ->> 'class', orchestration_internal.html_escape(s.one ->> 'name'),
		COALESCE(orchestration_internal.quantity_text((
			/* of bars the sum, of the others the newest value */
			SELECT CASE WHEN kind = 'bars' THEN sum(v.text::double precision) ELSE (array_agg(v.text::double precision ORDER BY v.n DESC) FILTER (WHERE v.text IS NOT NULL))[1] END
			FROM jsonb_array_elements_text(s.one -> 'values') WITH ORDINALITY v (text, n)), unit), '–')), '' ORDER BY s.nth) || '</ul>'
	FROM jsonb_array_elements(series) WITH ORDINALITY s (one, nth)
$$;

COMMENT ON FUNCTION orchestration_internal.plot_legend(jsonb, text, text) IS 'Names of the series of a plot, each with its newest value, or the sum of bars.';
GRANT EXECUTE ON FUNCTION orchestration_internal.plot_legend(jsonb, text, text) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration_internal.plot_table(times timestamptz[], series jsonb, unit text)
RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT '<details><summary>as a table</summary>' || orchestration_internal.html_table(
		'{UTC}'::text[] || (SELECT array_agg(s.one ->> 'name' ORDER BY s.nth) FROM jsonb_array_elements(series) WITH ORDINALITY s (one, nth)),
		't' || repeat('n', jsonb_array_length(series)),
		(SELECT jsonb_agg(jsonb_build_array(to_char(t.at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI')) || (
				SELECT jsonb_agg(orchestration_internal.quantity_text((s.one -> 'values' ->> (t.n::integer - 1))::double precision, unit) ORDER BY s.nth)
				FROM jsonb_array_elements(series) WITH ORDINALITY s (one, nth)) ORDER BY t.n)
		 FROM unnest(times) WITH ORDINALITY t (at, n)), '') || '</details>'
$$;

COMMENT ON FUNCTION orchestration_internal.plot_table(timestamptz[], jsonb, text) IS 'The figures of a plot.';
GRANT EXECUTE ON FUNCTION orchestration_internal.plot_table(timestamptz[], jsonb, text) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration_internal.plot(kind text, id text, title text, description text, times timestamptz[], series jsonb, unit text, nothing text)
RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	highest double precision;
	ticks double precision[];
BEGIN
	SELECT max(t.total) INTO highest
	FROM (
		SELECT sum(v.text::double precision) AS total
		FROM jsonb_array_elements(series) s (one), jsonb_array_elements_text(s.one -> 'values') WITH ORDINALITY v (text, n)
		GROUP BY v.n
	) t;
	IF highest IS NULL THEN
		RETURN '<p class="empty">' || orchestration_internal.html_escape(nothing) || '</p>';
	END IF;
	ticks := orchestration_internal.plot_ticks(highest, unit);
	RETURN format(E'<figure class="plot"><svg viewBox="0 0 640 220" role="img" aria-labelledby="%1$s-title %1$s-description"><title id="%1$s-title">%2$s</title><desc id="%1$s-description">%3$s</desc>\n%4$s\n%5$s\n%6$s</svg>%7$s%8$s</figure>',
		id, orchestration_internal.html_escape(title), orchestration_internal.html_escape(description), orchestration_internal.plot_frame(times, ticks, unit),
		orchestration_internal.plot_marks(kind, series, ticks[cardinality(ticks)]), orchestration_internal.plot_hints(times, series, unit),
		orchestration_internal.plot_legend(series, kind, unit), orchestration_internal.plot_table(times, series, unit));
END
$$;

COMMENT ON FUNCTION orchestration_internal.plot(text, text, text, text, timestamptz[], jsonb, text, text) IS 'A plot over time with legend and table. Arguments: areas or bars, both stacked; an id of its own; title and description; the times; series as [{"name", "class", "values": one for each time}]; unit (quantity_text()); what to say when there is no value.';
GRANT EXECUTE ON FUNCTION orchestration_internal.plot(text, text, text, text, timestamptz[], jsonb, text, text) TO orchestration_user;
