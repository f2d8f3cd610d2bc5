/*
 * What rows ask of the engine of their cluster.  A row which asks for what that cannot do
 * is refused when it is written, and so is a namespace that is put into a cluster of an
 * engine that cannot do what is in it; the worker never finds out.
 */

-- part: functions

/*
 * The one list.  Of a row x of the table: its column (NULL: that there is such a row at
 * all), when it asks, for what, and what else must be so that stands in another table.
 * Triggers are made of it.  A container that has an aspect asks for what is called like
 * it, a row of a table for what is called like that.
 */
CREATE OR REPLACE FUNCTION orchestration_internal.asked_capabilities(OUT relation text, OUT column_name text, OUT asks text, OUT capability text, OUT only_if text)
RETURNS SETOF record
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
	VALUES
		('containers', 'node_selector', 'x.node_selector <> ''{}''', 'node_selection', NULL),
		('containers', 'tolerations', 'x.tolerations <> ''[]''', 'tolerations', NULL),
		('containers', 'service_account', 'x.service_account IS NOT NULL', 'service_accounts', NULL),
		('containers', 'autoscaled', 'x.autoscaled', 'autoscaling', NULL),
		('containers', 'overrides', 'x.overrides <> ''{}''', 'overrides', NULL),
		('containers', 'replicas', 'x.replicas > 1', 'shared_host_ports',
			'EXISTS (SELECT FROM orchestration.port_mappings p WHERE p.namespace_id = x.namespace_id AND p.container_id = x.id AND p.service_type = ''NodePort'')'),
		('port_mappings', 'service_type', 'x.service_type = ''NodePort''', 'shared_host_ports',
			'EXISTS (SELECT FROM orchestration.containers o WHERE o.namespace_id = x.namespace_id AND o.id = x.container_id AND o.replicas > 1)'),
		('port_mappings', 'service_type', 'x.service_type = ''LoadBalancer''', 'load_balancers', NULL),
		('port_mappings', 'service_port', 'x.service_type = ''ClusterIP'' AND x.service_port <> x.container_port', 'port_translation', NULL),
		('container_probes', 'handler', 'x.handler = ''grpc''', 'grpc_probes', NULL),
		('volumes', 'storage_class', 'x.storage_class IS NOT NULL', 'storage_classes', NULL)
	UNION ALL
	SELECT r.relation, NULL, 'true', e.capability, NULL FROM (SELECT DISTINCT l.capability FROM orchestration_internal.engines() l) e JOIN orchestration_internal.resources() r ON r.relation = e.capability
	UNION ALL
	SELECT 'containers', k.aspect, format('x.%I IS NOT NULL', k.aspect), k.aspect, NULL FROM orchestration_internal.kinds() k WHERE k.aspect IS NOT NULL
$$;

COMMENT ON FUNCTION orchestration_internal.asked_capabilities() IS 'What rows ask of an engine: table, column (NULL: every row asks), the condition on the row x under which it does, the capability of engine_capabilities that it takes, and a further condition that looks at other tables (NULL: none).';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.asked_columns(asks text)
RETURNS text[]
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$ SELECT array_agg(DISTINCT m.found[1]) FROM regexp_matches(asks, '\mx\.(\w+)', 'g') m (found) $$;

COMMENT ON FUNCTION orchestration_internal.asked_columns(text) IS 'The columns of the row x that a condition of asked_capabilities() reads; NULL: none.';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.lock_asking(of_namespace bigint, of_relation text, of_row bigint)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	of_container bigint := of_row;
BEGIN
	IF of_relation <> 'containers' THEN
		EXECUTE format('SELECT x.container_id FROM orchestration.%I x WHERE x.namespace_id = $1 AND x.id = $2', of_relation) INTO of_container USING of_namespace, of_row;
	END IF;
	PERFORM FROM orchestration.containers c WHERE c.namespace_id = of_namespace AND c.id = of_container FOR NO KEY UPDATE;
END
$$;

COMMENT ON FUNCTION orchestration_internal.lock_asking(bigint, text, bigint) IS 'Locks the container that a row is, or is a part of, until the end of the transaction. Arguments: namespace, table, id of the row.';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.check_engine(of_namespace bigint, of_relation text, of_row bigint, changed text[])
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	lacking record;
	asking record;
BEGIN
	FOR lacking IN
		SELECT n.name AS namespace, c.engine, e.words, a.relation, a.column_name, a.asks, a.only_if, r.called, r.title, r.permission, r.part_of IS NOT DISTINCT FROM 'containers' AS is_part,
			orchestration_internal.has_column(a.relation, 'status') AS has_status
		FROM orchestration.namespaces n
		JOIN orchestration.clusters c ON c.id = n.cluster_id
		JOIN orchestration_internal.engine_capabilities e ON e.engine = c.engine AND NOT e.can
		JOIN orchestration_internal.asked_capabilities() a ON a.capability = e.capability
		JOIN orchestration_internal.resources() r ON r.relation = a.relation
		WHERE n.id = of_namespace AND (of_relation IS NULL OR a.relation = of_relation) AND (changed IS NULL OR changed && orchestration_internal.asked_columns(a.asks))
		ORDER BY a.relation, a.column_name
	LOOP
		/* who writes the other table at this moment waits, or is waited for: what he wrote is seen below */
		IF lacking.only_if IS NOT NULL AND of_row IS NOT NULL THEN
			PERFORM orchestration_internal.lock_asking(of_namespace, of_relation, of_row);
		END IF;
		/* what is deleted is kept for the record and asks for nothing any more */
		EXECUTE format('SELECT x.id, x.%I::text AS title, %s AS container FROM orchestration.%I x%s WHERE x.namespace_id = $1 AND ($2 IS NULL OR x.id = $2) AND (%s) AND %s%s LIMIT 1',
			lacking.title, CASE WHEN lacking.is_part THEN 'c.name' ELSE 'NULL' END, lacking.relation,
			CASE WHEN lacking.is_part THEN ' JOIN orchestration.containers c ON c.namespace_id = x.namespace_id AND c.id = x.container_id AND c.status <> ''deleted''' END,
			lacking.asks, COALESCE(lacking.only_if, 'true'), CASE WHEN lacking.has_status THEN ' AND x.status <> ''deleted''' END)
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

COMMENT ON FUNCTION orchestration_internal.check_engine(bigint, text, bigint, text[]) IS 'Raises OR022 when something in a namespace asks for what the engine of its cluster cannot do. Arguments: namespace, table and id of the row to look at, columns of it that have changed; NULL: all.';
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
		PERFORM orchestration_internal.check_engine(NEW.namespace_id, TG_TABLE_NAME, NEW.id,
			CASE WHEN TG_OP = 'UPDATE' THEN ARRAY(SELECT n.key FROM jsonb_each(to_jsonb(NEW)) n WHERE n.value IS DISTINCT FROM to_jsonb(OLD) -> n.key) END);
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
	PERFORM orchestration_internal.check_engine(NEW.id, NULL, NULL, NULL);
	RETURN NULL;
END
$$;

COMMENT ON FUNCTION orchestration_internal.ask_engine_of_namespace() IS 'Row trigger of namespaces that come into another cluster: raises OR022 when something in it asks for what the engine there cannot do.';

/* SECURITY DEFINER: the table is nobody's to read */
CREATE OR REPLACE FUNCTION orchestration_internal.check_engine_name(engine text, cluster text)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF NOT EXISTS (SELECT FROM orchestration_internal.engine_capabilities e WHERE e.engine = check_engine_name.engine) THEN
		RAISE EXCEPTION 'there is no engine "%"', engine
			USING ERRCODE = 'OR003',
				HINT = format('Those that there are: %s.', (SELECT string_agg(DISTINCT e.engine, ', ') FROM orchestration_internal.engine_capabilities e)), COLUMN = 'engine',
				TABLE = orchestration_internal.error_about('clusters', 0, NULL, cluster);
	END IF;
END
$$;

COMMENT ON FUNCTION orchestration_internal.check_engine_name(text, text) IS 'Raises OR003 for an engine that there is not, and names those that there are. Arguments: engine, cluster that is to have it.';
GRANT EXECUTE ON FUNCTION orchestration_internal.check_engine_name(text, text) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration_internal.guard_engine()
RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF TG_OP = 'UPDATE' THEN
		RAISE EXCEPTION 'the engine of cluster "%" cannot be changed', OLD.name
			USING ERRCODE = 'OR003', DETAIL = format('It is "%s", and so is what runs there.', OLD.engine),
				HINT = 'Register the other cluster beside it, and put the namespaces there.', COLUMN = 'engine',
				TABLE = orchestration_internal.error_about('clusters', 0, OLD.id, OLD.name);
	END IF;
	PERFORM orchestration_internal.check_engine_name(NEW.engine, NEW.name);
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
		SELECT l.relation, pg_catalog.string_agg(pg_catalog.format('(%s)', l.asks), ' OR ') AS asks,
			pg_catalog.string_agg(pg_catalog.format('(%s) AND (%s)', l.changed, l.asks), ' OR ') FILTER (WHERE l.changed IS NOT NULL) AS newly_asks,
			(SELECT pg_catalog.string_agg(DISTINCT pg_catalog.quote_ident(c.name), ', ') FROM orchestration_internal.asked_capabilities() a, pg_catalog.unnest(orchestration_internal.asked_columns(a.asks)) c (name) WHERE a.relation = l.relation) AS columns,
			orchestration_internal.quoted(VARIADIC pg_catalog.array_agg(l.capability)) AS capabilities
		FROM (
			SELECT a.relation, a.capability, pg_catalog.regexp_replace(a.asks, '\mx\.', 'NEW.', 'g') AS asks,
				(SELECT pg_catalog.string_agg(pg_catalog.format('NEW.%1$I IS DISTINCT FROM OLD.%1$I', c.name), ' OR ') FROM pg_catalog.unnest(orchestration_internal.asked_columns(a.asks)) c (name)) AS changed
			FROM orchestration_internal.asked_capabilities() a) l
		GROUP BY l.relation
	LOOP
		EXECUTE pg_catalog.format('CREATE OR REPLACE TRIGGER zz_ask_engine_insert AFTER INSERT ON orchestration.%I FOR EACH ROW WHEN (%s) EXECUTE FUNCTION orchestration_internal.ask_engine(%s)',
			wanted.relation, wanted.asks, wanted.capabilities);
		CONTINUE WHEN wanted.columns IS NULL;
		/* who writes all columns of a row anew asks for nothing new */
		EXECUTE pg_catalog.format('CREATE OR REPLACE TRIGGER zz_ask_engine_update AFTER UPDATE OF %s ON orchestration.%I FOR EACH ROW WHEN (%s) EXECUTE FUNCTION orchestration_internal.ask_engine(%s)',
			wanted.columns, wanted.relation, wanted.newly_asks, wanted.capabilities);
	END LOOP;
END
$$;
