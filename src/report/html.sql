/* HTML made of what tables say.  Everything that comes from a row goes through html_escape(). */

CREATE OR REPLACE FUNCTION orchestration_internal.html_escape(of_text text)
RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
	/* control characters are not allowed in HTML, not even escaped */
	SELECT replace(replace(replace(replace(replace(regexp_replace(of_text, E'[\\u0001-\\u0008\\u000B\\u000C\\u000E-\\u001F\\u007F]', '�', 'g'),
		'&', '&amp;'), '<', '&lt;'), '>', '&gt;'), '"', '&quot;'), '''', '&#39;')
$$;

COMMENT ON FUNCTION orchestration_internal.html_escape(text) IS 'A text as it must stand in HTML, between tags or in a quoted attribute.';
GRANT EXECUTE ON FUNCTION orchestration_internal.html_escape(text) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration_internal.quantity_text(amount double precision, unit text)
RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT CASE
		WHEN unit = 'millicores' AND amount < 1000 THEN round(amount)::text || 'm'
		WHEN unit = 'millicores' THEN trim_scale(round(amount::numeric / 1000, 2))::text || ' cores'
		WHEN unit LIKE 'bytes%' THEN trim_scale(round((amount / 1024 ^ k)::numeric, CASE WHEN amount / 1024 ^ k < 10 THEN 1 ELSE 0 END))::text
			|| ' ' || ('{B,KiB,MiB,GiB,TiB,PiB}'::text[])[k + 1] || CASE WHEN unit = 'bytes/s' THEN '/s' ELSE '' END
		ELSE trim_scale(round(amount::numeric, 1))::text || CASE unit WHEN 'percent' THEN ' %' WHEN 'ms' THEN ' ms' WHEN 's' THEN ' s' WHEN 'per_second' THEN ' /s' ELSE '' END
	END
	FROM (SELECT CASE WHEN amount < 1024 THEN 0 ELSE LEAST(5, floor(log(1024, amount::numeric)))::integer END) m (k)
$$;

COMMENT ON FUNCTION orchestration_internal.quantity_text(double precision, text) IS 'An amount for people. Unit: count, millicores, bytes, bytes/s, or percent, ms, s, per_second.';
GRANT EXECUTE ON FUNCTION orchestration_internal.quantity_text(double precision, text) TO orchestration_user, orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.html_cell(kind text, content text)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT CASE kind
		WHEN 'n' THEN '<td class="n">' || COALESCE(orchestration_internal.html_escape(content), '–') || '</td>'
		WHEN 'b' THEN '<td class="b"><svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true"><rect class="mark" height="8" width="'
			|| round(100 * LEAST(1, GREATEST(0, COALESCE(content, '0')::numeric)), 1) || '"/></svg></td>'
		WHEN 'w' THEN '<td class="b"><svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true"><rect class="mark ' || split_part(content, ' ', 3)
			|| '" height="8" x="' || split_part(content, ' ', 1)::numeric || '" width="' || split_part(content, ' ', 2)::numeric || '"/></svg></td>'
		WHEN 's' THEN '<td><span class="badge' || CASE WHEN content ~ '^[a-z]+$' THEN ' s-' || content ELSE '' END || '">' || COALESCE(orchestration_internal.html_escape(content), '–') || '</span></td>'
		ELSE '<td>' || COALESCE(orchestration_internal.html_escape(content), '–') || '</td>'
	END
$$;

COMMENT ON FUNCTION orchestration_internal.html_cell(text, text) IS 'A cell of a table. Kind: t text, n number, s status, b a bar whose length is given from 0 to 1, w a span of time: where it begins and how long it is in percent, and its class.';
GRANT EXECUTE ON FUNCTION orchestration_internal.html_cell(text, text) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration_internal.html_table(heads text[], kinds text, cells jsonb, nothing text)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT CASE WHEN cells IS NULL THEN '<p class="empty">' || orchestration_internal.html_escape(nothing) || '</p>'
		ELSE '<div class="scroll"><table><thead><tr>'
			|| (SELECT string_agg(format('<th scope="col"%s>%s</th>', CASE WHEN substr(kinds, h.nth::integer, 1) = 'n' THEN ' class="n"' ELSE '' END, orchestration_internal.html_escape(h.name)), '' ORDER BY h.nth)
				FROM unnest(heads) WITH ORDINALITY h (name, nth))
			|| E'</tr></thead><tbody>\n'
			|| (SELECT string_agg('<tr>' || (
					SELECT string_agg(orchestration_internal.html_cell(substr(kinds, c.nth::integer, 1), c.content), '' ORDER BY c.nth)
					FROM jsonb_array_elements_text(r.cells) WITH ORDINALITY c (content, nth)) || '</tr>', E'\n' ORDER BY r.nth)
				FROM jsonb_array_elements(cells) WITH ORDINALITY r (cells, nth))
			|| E'\n</tbody></table></div>' END
$$;

COMMENT ON FUNCTION orchestration_internal.html_table(text[], text, jsonb, text) IS 'A table. Arguments: heads, a letter for each column (html_cell()), rows as an array of arrays of text, what to say when that is NULL.';
GRANT EXECUTE ON FUNCTION orchestration_internal.html_table(text[], text, jsonb, text) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration_internal.html_card(title text, note text, body text, wide boolean DEFAULT false)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT format(E'<section class="card%s">\n<h2>%s</h2>\n%s%s\n</section>\n', CASE WHEN wide THEN ' wide' ELSE '' END, orchestration_internal.html_escape(title),
		COALESCE('<p class="note">' || orchestration_internal.html_escape(note) || E'</p>\n', ''), body)
$$;

COMMENT ON FUNCTION orchestration_internal.html_card(text, text, text, boolean) IS 'A section of a page around HTML. Arguments: heading, a sentence below it or NULL, HTML, whether it takes the whole width.';
GRANT EXECUTE ON FUNCTION orchestration_internal.html_card(text, text, text, boolean) TO orchestration_user;
