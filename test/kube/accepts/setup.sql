/*
 * An ordinary user, a namespace where everything odd is allowed, and what the
 * candidates refer to.  NAMESPACE is replaced.
 */
CREATE ROLE accepts_user IN ROLE orchestration_user;
SELECT orchestration.create_namespace('NAMESPACE', 'main', pod_security => 'privileged');
INSERT INTO orchestration.users (username, db_role) VALUES ('accepts', 'accepts_user');
INSERT INTO orchestration.user_roles (user_id, role_id)
SELECT u.id, r.id FROM orchestration.users u, orchestration.roles r WHERE u.username = 'accepts' AND r.name = 'operator';
SELECT orchestration.create_config_map('NAMESPACE', 'config', '{"a": "1"}');
SELECT orchestration.create_secret('NAMESPACE', 'secret', '{"a": "1"}');
SELECT orchestration.create_volume('NAMESPACE', 'data', size => '1Gi');
SELECT orchestration.create_volume('NAMESPACE', 'config', 'ConfigMap', config_map => 'config');
SELECT orchestration.create_container('NAMESPACE', 'first', 'x');

CREATE SCHEMA accepts;

-- which of many containers has a node port is a rule between rows (sql/rules.sql): here all may have the same
CREATE FUNCTION accepts.forget() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
CREATE TRIGGER forget BEFORE INSERT ON orchestration_internal.node_ports FOR EACH ROW EXECUTE FUNCTION accepts.forget();
CREATE TABLE accepts.owners (candidate integer, owner_type text, owner_id bigint);
CREATE TABLE accepts.refusals (candidate integer, sqlstate text, message text, detail text, hint text);
CREATE TABLE accepts.failures (candidate integer, message text);
CREATE TABLE accepts.objects (candidate integer, kind text, namespace text, name text, manifest jsonb);
GRANT USAGE ON SCHEMA accepts TO accepts_user;
GRANT INSERT ON accepts.owners, accepts.refusals TO accepts_user;

CREATE FUNCTION accepts.try(candidate integer, owners text[], statements text[])
RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
	ids bigint[] := '{}';
	id bigint;
	state text;
	fact text;
	detail text;
	hint text;
BEGIN
	FOR i IN 1 .. cardinality(statements) LOOP
		EXECUTE statements[i] INTO id USING ids[1];
		ids := ids || id;
	END LOOP;
	SET CONSTRAINTS ALL IMMEDIATE;
	SET CONSTRAINTS ALL DEFERRED;
	INSERT INTO accepts.owners SELECT candidate, o, i FROM unnest(owners, ids) x (o, i) WHERE o NOT IN ('', 'image');
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, fact = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	INSERT INTO accepts.refusals VALUES (candidate, state, fact, detail, hint);
END
$$;

CREATE FUNCTION accepts.render_all()
RETURNS void
LANGUAGE plpgsql
AS $$
#variable_conflict use_column
DECLARE
	owner record;
BEGIN
	FOR owner IN
		SELECT o.candidate, o.owner_type, o.owner_id, CASE o.owner_type WHEN 'namespace' THEN o.owner_id ELSE n.id END AS namespace_id
		FROM accepts.owners o, orchestration.namespaces n WHERE n.name = 'NAMESPACE'
	LOOP
		BEGIN
			INSERT INTO accepts.objects
			SELECT owner.candidate, m.kind, m.cluster_namespace, m.name, CASE m.kind
				WHEN 'Secret' THEN jsonb_set(m.manifest, '{data}', orchestration_internal.secret_values(m.namespace_id, m.owner_type, m.owner_id))
				ELSE m.manifest END
			FROM orchestration_internal.render_manifests(owner.owner_type, ARRAY[owner.namespace_id], ARRAY[owner.owner_id]) m;
		EXCEPTION WHEN OTHERS THEN
			INSERT INTO accepts.failures VALUES (owner.candidate, SQLERRM);
		END;
	END LOOP;
END
$$;
