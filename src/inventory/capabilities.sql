/*
 * What rows ask of the engine of their cluster.  A row which asks for what that cannot do
 * is refused when it is written, and so is a namespace that is put into a cluster of an
 * engine that cannot do what is in it; the worker never finds out.
 */

-- part: functions

/*
 * The one list.  Of a row x of the table: its column (NULL: that there is such a row at
 * all), when it asks, and for what.  Triggers are made of it.  A container that has an
 * aspect asks for what is called like it, a row of a table for what is called like that.
 */
CREATE OR REPLACE FUNCTION orchestration_internal.asked_capabilities(OUT relation text, OUT column_name text, OUT asks text, OUT capability text)
RETURNS SETOF record
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
	VALUES
		('containers', 'node_selector', 'x.node_selector <> ''{}''', 'node_selection'),
		('containers', 'tolerations', 'x.tolerations <> ''[]''', 'tolerations'),
		('containers', 'service_account', 'x.service_account IS NOT NULL', 'service_accounts'),
		('containers', 'autoscaled', 'x.autoscaled', 'autoscaling'),
		('containers', 'overrides', 'x.overrides <> ''{}''', 'overrides'),
		('port_mappings', 'service_type', 'x.service_type = ''LoadBalancer''', 'load_balancers')
	UNION ALL
	SELECT r.relation, NULL, 'true', e.capability FROM (SELECT DISTINCT l.capability FROM orchestration_internal.engines() l) e JOIN orchestration_internal.resources() r ON r.relation = e.capability
	UNION ALL
	SELECT 'containers', k.aspect, format('x.%I IS NOT NULL', k.aspect), k.aspect FROM orchestration_internal.kinds() k WHERE k.aspect IS NOT NULL
$$;

COMMENT ON FUNCTION orchestration_internal.asked_capabilities() IS 'What rows ask of an engine: table, column (NULL: every row asks), the condition on the row x under which it does, and the capability of engine_capabilities that it takes.';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.check_engine(of_namespace bigint, of_relation text, of_row bigint)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	lacking record;
	asking record;
BEGIN
	FOR lacking IN
		SELECT n.name AS namespace, c.engine, e.words, a.relation, a.column_name, a.asks, r.called, r.title, r.permission, r.part_of IS NOT DISTINCT FROM 'containers' AS is_part,
			orchestration_internal.has_column(a.relation, 'status') AS has_status
		FROM orchestration.namespaces n
		JOIN orchestration.clusters c ON c.id = n.cluster_id
		JOIN orchestration_internal.engine_capabilities e ON e.engine = c.engine AND NOT e.can
		JOIN orchestration_internal.asked_capabilities() a ON a.capability = e.capability
		JOIN orchestration_internal.resources() r ON r.relation = a.relation
		WHERE n.id = of_namespace AND (of_relation IS NULL OR a.relation = of_relation)
	LOOP
		/* what is deleted is kept for the record and asks for nothing any more */
		EXECUTE format('SELECT x.id, x.%I::text AS title, %s AS container FROM orchestration.%I x%s WHERE x.namespace_id = $1 AND ($2 IS NULL OR x.id = $2) AND (%s)%s LIMIT 1',
			lacking.title, CASE WHEN lacking.is_part THEN 'c.name' ELSE 'NULL' END, lacking.relation,
			CASE WHEN lacking.is_part THEN ' JOIN orchestration.containers c ON c.namespace_id = x.namespace_id AND c.id = x.container_id AND c.status <> ''deleted''' END,
			lacking.asks, CASE WHEN lacking.has_status THEN ' AND x.status <> ''deleted''' END)
		INTO asking USING of_namespace, of_row;
		CONTINUE WHEN asking.id IS NULL;
		IF of_row IS NULL AND NOT orchestration_internal.holds_permission(of_namespace, lacking.permission, 'read') THEN
			RAISE EXCEPTION 'engine "%" cannot %', lacking.engine, lacking.words
				USING ERRCODE = 'OR022', DETAIL = format('Something in namespace "%s" that you may not read asks for it.', lacking.namespace),
					HINT = 'Choose a cluster of another engine.', TABLE = orchestration_internal.error_about('namespaces', of_namespace, of_namespace, lacking.namespace);
		END IF;
		RAISE EXCEPTION 'engine "%" cannot %', lacking.engine, lacking.words
			USING ERRCODE = 'OR022',
				DETAIL = concat(lacking.column_name || ' of ', CASE WHEN lacking.column_name IS NULL THEN initcap(lacking.called) ELSE lacking.called END, ' "' || asking.title || '"',
					' of container "' || asking.container || '"', ' asks for it; namespace "', lacking.namespace, CASE WHEN of_row IS NULL THEN '" would come into' ELSE '" is in' END,
					' a cluster of that engine.'),
				HINT = COALESCE('Leave ' || lacking.column_name || ' as it is by default', 'Do without it') || ', or use a cluster of another engine.',
				COLUMN = COALESCE(lacking.column_name, ''), TABLE = orchestration_internal.error_about(lacking.relation, of_namespace, asking.id, asking.title);
	END LOOP;
END
$$;

COMMENT ON FUNCTION orchestration_internal.check_engine(bigint, text, bigint) IS 'Raises OR022 when something in a namespace asks for what the engine of its cluster cannot do. Arguments: namespace, table and id of the row to look at; NULL: all.';
-- for the owner alone

/* SECURITY DEFINER: who writes a container need not see the cluster */
CREATE OR REPLACE FUNCTION orchestration_internal.ask_engine()
RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	/* guard_namespace() waits for us before it lets the cluster change, or we for that */
	PERFORM FROM orchestration.namespaces n WHERE n.id = NEW.namespace_id FOR KEY SHARE;
	IF EXISTS (
		SELECT FROM orchestration.namespaces n
		JOIN orchestration.clusters c ON c.id = n.cluster_id
		JOIN orchestration_internal.engine_capabilities e ON e.engine = c.engine AND e.capability = ANY (TG_ARGV) AND NOT e.can
		WHERE n.id = NEW.namespace_id)
	THEN
		PERFORM orchestration_internal.check_engine(NEW.namespace_id, TG_TABLE_NAME, NEW.id);
	END IF;
	RETURN NULL;
END
$$;

COMMENT ON FUNCTION orchestration_internal.ask_engine() IS 'Row trigger of the tables of asked_capabilities(), for rows that ask for one of the capabilities in its arguments. Raises OR022 where the engine cannot.';

/* SECURITY DEFINER: what is in a namespace counts, whether the caller may read it or not */
CREATE OR REPLACE FUNCTION orchestration_internal.ask_engine_of_namespace()
RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM orchestration_internal.check_engine(NEW.id, NULL, NULL);
	RETURN NULL;
END
$$;

COMMENT ON FUNCTION orchestration_internal.ask_engine_of_namespace() IS 'Row trigger of namespaces that come into another cluster: raises OR022 when something in it asks for what the engine there cannot do.';

/* SECURITY DEFINER: the table is nobody's to read */
CREATE OR REPLACE FUNCTION orchestration_internal.guard_engine()
RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF TG_OP = 'UPDATE' THEN
		RAISE EXCEPTION 'the engine of cluster "%" cannot be changed', OLD.name
			USING ERRCODE = 'OR003', DETAIL = format('It is "%s", and so is what runs there.', OLD.engine),
				HINT = 'Register the other cluster beside it, and put the namespaces there.', COLUMN = 'engine',
				TABLE = orchestration_internal.error_about('clusters', 0, OLD.id, OLD.name);
	ELSIF NOT EXISTS (SELECT FROM orchestration_internal.engine_capabilities e WHERE e.engine = NEW.engine) THEN
		RAISE EXCEPTION 'there is no engine "%"', NEW.engine
			USING ERRCODE = 'OR003',
				HINT = format('Those that there are: %s.', (SELECT string_agg(DISTINCT e.engine, ', ') FROM orchestration_internal.engine_capabilities e)), COLUMN = 'engine',
				TABLE = orchestration_internal.error_about('clusters', 0, NULL, NEW.name);
	END IF;
	RETURN NEW;
END
$$;

COMMENT ON FUNCTION orchestration_internal.guard_engine() IS 'Row trigger of clusters: the engine is one that there is, and stays. Raises OR003.';

-- part: tables

CREATE TABLE orchestration_internal.engine_capabilities (
	engine text NOT NULL,
	capability text NOT NULL,
	words text NOT NULL,
	can boolean NOT NULL,
	PRIMARY KEY (engine, capability)
);

COMMENT ON TABLE orchestration_internal.engine_capabilities IS 'What each engine can do: engines() as of the last bootstrap(), and engines that have left that list since.';
COMMENT ON COLUMN orchestration_internal.engine_capabilities.engine IS 'Name of the engine, as in clusters.engine.';
COMMENT ON COLUMN orchestration_internal.engine_capabilities.capability IS 'Name of the capability, as in asked_capabilities().';
COMMENT ON COLUMN orchestration_internal.engine_capabilities.words IS 'What it is, after "cannot".';
COMMENT ON COLUMN orchestration_internal.engine_capabilities.can IS 'False: rows that ask for it are refused in clusters of this engine.';

-- part: views

INSERT INTO orchestration_internal.engine_capabilities AS e (engine, capability, words, can)
SELECT s.engine, s.capability, s.words, s.can FROM orchestration_internal.engines() s
ON CONFLICT (engine, capability) DO UPDATE SET words = EXCLUDED.words, can = EXCLUDED.can
WHERE (e.words, e.can) IS DISTINCT FROM (EXCLUDED.words, EXCLUDED.can);

CREATE OR REPLACE TRIGGER zx_engine
BEFORE INSERT ON orchestration.clusters
FOR EACH ROW EXECUTE FUNCTION orchestration_internal.guard_engine();

CREATE OR REPLACE TRIGGER zx_keep_engine
BEFORE UPDATE OF engine ON orchestration.clusters
FOR EACH ROW WHEN (NEW.engine IS DISTINCT FROM OLD.engine) EXECUTE FUNCTION orchestration_internal.guard_engine();

CREATE OR REPLACE TRIGGER zz_ask_engine
AFTER UPDATE OF cluster_id ON orchestration.namespaces
FOR EACH ROW WHEN (NEW.cluster_id IS DISTINCT FROM OLD.cluster_id AND NEW.cluster_id IS NOT NULL) EXECUTE FUNCTION orchestration_internal.ask_engine_of_namespace();

/* rows that ask for nothing cost the condition and no call; after keys and row security have had their say */
DO $$
DECLARE
	wanted record;
BEGIN
	FOR wanted IN
		SELECT a.relation, pg_catalog.string_agg(pg_catalog.quote_ident(a.column_name), ', ') AS columns,
			pg_catalog.string_agg(pg_catalog.format('NEW.%1$I IS DISTINCT FROM OLD.%1$I', a.column_name), ' OR ') FILTER (WHERE a.column_name IS NOT NULL) AS changed,
			pg_catalog.string_agg(pg_catalog.format('(%s)', pg_catalog.regexp_replace(a.asks, '\mx\.', 'NEW.', 'g')), ' OR ') AS asks,
			orchestration_internal.quoted(VARIADIC pg_catalog.array_agg(a.capability)) AS capabilities
		FROM orchestration_internal.asked_capabilities() a
		GROUP BY a.relation
	LOOP
		EXECUTE pg_catalog.format('CREATE OR REPLACE TRIGGER zz_ask_engine_insert AFTER INSERT ON orchestration.%I FOR EACH ROW WHEN (%s) EXECUTE FUNCTION orchestration_internal.ask_engine(%s)',
			wanted.relation, wanted.asks, wanted.capabilities);
		CONTINUE WHEN wanted.columns IS NULL;
		/* who writes all columns of a row anew asks for nothing new */
		EXECUTE pg_catalog.format('CREATE OR REPLACE TRIGGER zz_ask_engine_update AFTER UPDATE OF %s ON orchestration.%I FOR EACH ROW WHEN ((%s) AND (%s)) EXECUTE FUNCTION orchestration_internal.ask_engine(%s)',
			wanted.columns, wanted.relation, wanted.changed, wanted.asks, wanted.capabilities);
	END LOOP;
END
$$;
