/*
 * The list of resources, as SQL sees it: src/core/resources.h.
 */

CREATE OR REPLACE FUNCTION orchestration_internal.resources(
	OUT nth integer, OUT relation text, OUT singular text, OUT called text, OUT permission text, OUT scope text, OUT part_of text, OUT title text,
	OUT secret text[], OUT unlogged text[], OUT apart text[], OUT bounds text[], OUT owner boolean, OUT asks_when text)
RETURNS SETOF record
LANGUAGE c IMMUTABLE PARALLEL SAFE ROWS 25
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_resources_shown';

COMMENT ON FUNCTION orchestration_internal.resources() IS 'The tables that people write, in the order in which owners are planned. singular: type of owner, and of resource in operation_logs; called: the same in words. scope: column that holds the namespace. part_of: table whose rows it is a part of. title: column that names a row. secret: columns that nobody reads. unlogged: columns that are bookkeeping. apart: columns that are no specification. bounds: columns and the bytes that they may have. owner: a row becomes something in a cluster. asks_when: condition on the row x under which it does.';
GRANT EXECUTE ON FUNCTION orchestration_internal.resources() TO orchestration_user, orchestration_monitor, orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.specification_columns(relation text)
RETURNS text[]
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT array_agg(a.attname::text ORDER BY a.attnum)
	FROM orchestration_internal.resources() r
	JOIN pg_attribute a ON a.attrelid = to_regclass(format('orchestration.%I', r.relation)) AND a.attnum > 0 AND NOT a.attisdropped
	WHERE r.relation = $1 AND a.attname <> ALL (r.apart || r.secret)
$$;

COMMENT ON FUNCTION orchestration_internal.specification_columns(text) IS 'The columns of a table of the list by which its users say what they want: all but those that are observed, sealed or bookkeeping.';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.has_column(relation text, name text)
RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT EXISTS (
		SELECT FROM pg_attribute a
		WHERE a.attrelid = to_regclass(format('orchestration.%I', $1)) AND a.attname = $2 AND NOT a.attisdropped)
$$;

COMMENT ON FUNCTION orchestration_internal.has_column(text, text) IS 'Has a table of the schema orchestration such a column? Arguments: table, column.';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.quoted(VARIADIC arguments text[])
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT COALESCE(string_agg(quote_literal(a), ', ' ORDER BY n), '') FROM unnest(arguments) WITH ORDINALITY u (a, n)
$$;

COMMENT ON FUNCTION orchestration_internal.quoted(text[]) IS 'Texts as the arguments of a trigger.';
-- for the owner alone

/* resolves no names */
CREATE OR REPLACE FUNCTION orchestration_internal.is_owner_type(singular text)
RETURNS boolean
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'orch_is_owner_type';

COMMENT ON FUNCTION orchestration_internal.is_owner_type(text) IS 'Do rows of this kind become objects in clusters?';
GRANT EXECUTE ON FUNCTION orchestration_internal.is_owner_type(text) TO orchestration_user, orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.owner_table(of_type text)
RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_owner_table';

COMMENT ON FUNCTION orchestration_internal.owner_table(text) IS 'Table that holds owners of a type: container gives containers. NULL for what is no type of owner.';
GRANT EXECUTE ON FUNCTION orchestration_internal.owner_table(text) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.owner_of_label(label text)
RETURNS text[]
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_owner_of_label';

COMMENT ON FUNCTION orchestration_internal.owner_of_label(text) IS 'Type and id of the owner that the label orchestration.dev/owner names: container-7 gives {container,7}. NULL for what no installation of this release writes.';
GRANT EXECUTE ON FUNCTION orchestration_internal.owner_of_label(text) TO orchestration_worker;
