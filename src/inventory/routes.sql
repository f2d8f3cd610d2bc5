/*
 * Routes: a host and a path that lead to the service of a container.  A row is an Ingress.
 *
 * In a namespace no two routes of one class have the same host, path and type of path.
 * Of several namespaces nothing is refused: who may not see a namespace is not told what
 * is in it, nor does he keep others from a host; the controller decides who is first.
 */

-- part: functions

CREATE OR REPLACE FUNCTION orchestration_internal.valid_route_host(host text)
RETURNS boolean
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM orchestration_internal.valid_subdomain_name(regexp_replace(host, '^\*\.', ''), 'host'),
		orchestration_internal.valid_rule(length(host) <= 253, 'host', 'It is longer than 253 characters.', 'Choose a shorter name.'),
		orchestration_internal.valid_rule(host !~ '^(0*(25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])(\.|$)){4}$', 'host', 'It is an IP address.', 'Write a name, as in "shop.example" or "*.shop.example".');
	RETURN true;
END
$$;

COMMENT ON FUNCTION orchestration_internal.valid_route_host(text) IS 'True for a DNS name as Kubernetes takes it for the host of an Ingress: the first label may be *, and it is no address. Raises OR001, OR003.';
GRANT EXECUTE ON FUNCTION orchestration_internal.valid_route_host(text) TO orchestration_user, orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.valid_route_path(path text, path_type text)
RETURNS boolean
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM orchestration_internal.valid_rule(path LIKE '/%' OR (path = '' AND path_type = 'ImplementationSpecific'), 'path', 'It does not begin with "/".', 'Write an absolute path, as in "/" or "/api".'),
		orchestration_internal.valid_rule(octet_length(path) <= 1024, 'path', 'It is longer than 1024 bytes.', 'Choose a shorter one.'),
		orchestration_internal.valid_rule(path_type = 'ImplementationSpecific' OR path !~* '//|/\.\.?(/|$)|%2f', 'path', 'It holds "//", "%2f", or a part that is "." or "..".',
			'Leave these out, or choose path_type ImplementationSpecific.');
	RETURN true;
END
$$;

COMMENT ON FUNCTION orchestration_internal.valid_route_path(text, text) IS 'True for a path as Kubernetes takes it for an Ingress. Arguments: path, its type. Raises OR003.';
GRANT EXECUTE ON FUNCTION orchestration_internal.valid_route_path(text, text) TO orchestration_user, orchestration_worker;

/* ---- what a route refers to ---- */

CREATE OR REPLACE FUNCTION orchestration_internal.lead_somewhere(namespace_ids bigint[], route_ids bigint[])
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	wrong record;
BEGIN
	/* who takes a port away or deletes the container raises its generation: one waits for the other */
	PERFORM FROM orchestration.containers c
	WHERE (c.namespace_id, c.id) IN (SELECT r.namespace_id, r.container_id FROM unnest(namespace_ids, route_ids) k (namespace_id, id)
		JOIN orchestration.routes r ON r.namespace_id = k.namespace_id AND r.id = k.id)
	ORDER BY c.namespace_id, c.id FOR SHARE;
	PERFORM FROM orchestration.secrets s
	WHERE (s.namespace_id, s.id) IN (SELECT r.namespace_id, r.tls_secret_id FROM unnest(namespace_ids, route_ids) k (namespace_id, id)
		JOIN orchestration.routes r ON r.namespace_id = k.namespace_id AND r.id = k.id)
	ORDER BY s.namespace_id, s.id FOR SHARE;
	SELECT r.namespace_id, r.service_port, r.container_id, c.name, c.desired_state, orchestration_internal.holds_permission(r.namespace_id, 'containers', 'read') AS told,
		s.secret_type IS NOT NULL AND s.secret_type <> 'kubernetes.io/tls' AS wrong_secret,
		ARRAY(SELECT DISTINCT p.service_port FROM orchestration.port_mappings p
			WHERE p.namespace_id = r.namespace_id AND p.container_id = r.container_id AND p.protocol = 'TCP' AND p.service_port IS NOT NULL ORDER BY 1) AS ports
	INTO wrong
	FROM unnest(namespace_ids, route_ids) k (namespace_id, id)
	JOIN orchestration.routes r ON r.namespace_id = k.namespace_id AND r.id = k.id
	JOIN orchestration.containers c ON c.namespace_id = r.namespace_id AND c.id = r.container_id
	LEFT JOIN orchestration.secrets s ON s.namespace_id = r.namespace_id AND s.id = r.tls_secret_id
	WHERE c.desired_state = 'deleted' OR (s.secret_type <> 'kubernetes.io/tls')
		OR NOT EXISTS (SELECT FROM orchestration.port_mappings p
			WHERE p.namespace_id = r.namespace_id AND p.container_id = r.container_id AND p.protocol = 'TCP' AND p.service_port = r.service_port)
	ORDER BY r.id LIMIT 1;
	IF NOT FOUND THEN
		RETURN;
	ELSIF wrong.desired_state = 'deleted' THEN
		RAISE EXCEPTION 'container % is deleted', CASE WHEN wrong.told THEN '"' || wrong.name || '"' ELSE wrong.container_id::text END
			USING ERRCODE = 'OR012', HINT = 'Lead the route to another container.';
	ELSIF wrong.service_port <> ALL (wrong.ports) THEN
		PERFORM orchestration_internal.refuse('service_port', format('The container has no service with the port %s by TCP.', wrong.service_port),
			CASE WHEN wrong.told AND wrong.ports <> '{}' THEN format('Its service ports: %s.', array_to_string(wrong.ports, ', ')) ELSE 'Give one of its ports a service_port first.' END);
	ELSE
		PERFORM orchestration_internal.refuse('tls_secret', 'The secret is not of the type kubernetes.io/tls.', 'Make it with type => ''kubernetes.io/tls'', from tls.crt and tls.key.');
	END IF;
END
$$;

COMMENT ON FUNCTION orchestration_internal.lead_somewhere(bigint[], bigint[]) IS 'Rule: a route leads to a service port of a container that is not to be deleted, and its secret is one for TLS. Raises OR003, OR012.';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.routes_using(what text, namespace_id bigint, id bigint, keys text[])
RETURNS text[]
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT array_agg(CASE WHEN orchestration_internal.holds_permission($2, 'routes', 'read') THEN format('route "%s"', r.name) ELSE 'what you may not read' END)
	FROM orchestration.routes r
	WHERE r.namespace_id = $2
		AND CASE $1 WHEN 'container' THEN r.container_id = $3 AND ($4 IS NULL OR r.service_port::text = ANY ($4)) WHEN 'secret' THEN $4 IS NULL AND r.tls_secret_id = $3 ELSE false END
$$;

COMMENT ON FUNCTION orchestration_internal.routes_using(text, bigint, bigint, text[]) IS 'Routes that lead to a container (keys: service ports of it) or show a secret: see users_of().';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.refuse_routed(of_namespace bigint, of_container bigint, name text, service_port integer)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	users text[];
BEGIN
	/* what is in a namespace goes with it */
	IF (SELECT n.desired_state FROM orchestration.namespaces n WHERE n.id = of_namespace) = 'deleted' THEN
		RETURN;
	END IF;
	users := orchestration_internal.in_the_way_now('users', of_namespace, of_container, ARRAY['container', name] || CASE WHEN service_port IS NOT NULL THEN ARRAY[service_port::text] END);
	IF users IS NOT NULL THEN
		RAISE EXCEPTION '%container "%" is in use', CASE WHEN service_port IS NULL THEN '' ELSE format('service port %s of ', service_port) END, name
			USING ERRCODE = 'OR006', DETAIL = format('Used by %s.', orchestration_internal.list_some(users)), HINT = 'Change or delete these routes first.',
				TABLE = orchestration_internal.error_about('containers', of_namespace, of_container, name);
	END IF;
END
$$;

COMMENT ON FUNCTION orchestration_internal.refuse_routed(bigint, bigint, text, integer) IS 'Raises OR006 when routes lead to a container, or to one service port of it. Arguments: namespace, container, its name, service port or NULL for any.';
-- for the owner alone

/* SECURITY DEFINER: what row security hides from the writer leads there all the same */
CREATE OR REPLACE FUNCTION orchestration_internal.keep_routed()
RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off
AS $$
BEGIN
	IF TG_OP = 'DELETE' AND OLD.desired_state = 'deleted' THEN
		RETURN NULL;
	END IF;
	PERFORM orchestration_internal.refuse_routed(OLD.namespace_id, OLD.id, OLD.name, NULL);
	RETURN NULL;
END
$$;

COMMENT ON FUNCTION orchestration_internal.keep_routed() IS 'Row trigger of containers, for those that go. Raises OR006 while routes lead there, unless the namespace goes.';

/* SECURITY DEFINER: as above */
CREATE OR REPLACE FUNCTION orchestration_internal.keep_routed_ports()
RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off
AS $$
DECLARE
	target record;
	container text;
BEGIN
	IF TG_OP = 'INSERT' THEN target := NEW; ELSE target := OLD; END IF;
	UPDATE orchestration.routes r SET generation = r.generation + 1
	WHERE r.namespace_id = target.namespace_id AND r.container_id = target.container_id AND r.service_port = target.service_port;
	SELECT c.name INTO container
	FROM orchestration.containers c
	WHERE c.namespace_id = target.namespace_id AND c.id = target.container_id
		AND NOT EXISTS (SELECT FROM orchestration.port_mappings p
			WHERE p.namespace_id = c.namespace_id AND p.container_id = c.id AND p.protocol = 'TCP' AND p.service_port = target.service_port);
	IF FOUND THEN
		PERFORM orchestration_internal.refuse_routed(target.namespace_id, target.container_id, container, target.service_port);
	END IF;
	RETURN NULL;
END
$$;

COMMENT ON FUNCTION orchestration_internal.keep_routed_ports() IS 'Constraint trigger of port_mappings, deferred, so that ports may be replaced in any order: routes follow the service of their port. Raises OR006 when that goes.';

/* SECURITY DEFINER: as above */
CREATE OR REPLACE FUNCTION orchestration_internal.touch_routes()
RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off
AS $$
BEGIN
	UPDATE orchestration.routes r SET generation = r.generation + 1
	WHERE r.namespace_id = NEW.namespace_id AND NEW.id = CASE TG_TABLE_NAME WHEN 'secrets' THEN r.tls_secret_id ELSE r.container_id END;
	RETURN NULL;
END
$$;

COMMENT ON FUNCTION orchestration_internal.touch_routes() IS 'Row trigger of containers and secrets that get another name: the routes that name them in the cluster are rendered anew.';

/* SECURITY DEFINER: as above */
CREATE OR REPLACE FUNCTION orchestration_internal.keep_tls_type()
RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	users text[] := orchestration_internal.in_the_way_now('users', OLD.namespace_id, OLD.id, ARRAY['secret', OLD.name]);
BEGIN
	users := ARRAY(SELECT u FROM unnest(users) u WHERE u LIKE 'route %' OR u = 'what you may not read');
	IF users <> '{}' THEN
		PERFORM orchestration_internal.refuse_in_use('secret', OLD.name, users, OLD.namespace_id, OLD.id);
	END IF;
	RETURN NEW;
END
$$;

COMMENT ON FUNCTION orchestration_internal.keep_tls_type() IS 'Row trigger of secrets. Raises OR006 when one that routes show is no longer for TLS.';

/* ---- status ---- */

CREATE OR REPLACE FUNCTION orchestration_internal.observed_routes(namespace_ids bigint[], route_ids bigint[])
RETURNS TABLE (namespace_id bigint, id bigint, status text, status_reason text, status_message text, addresses text[])
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
	RETURN QUERY
	SELECT x.namespace_id, x.id,
		CASE WHEN orchestration_internal.error_is_final(COALESCE(m.last_error_reason, e.reason)) THEN 'failed'
			WHEN m.uid IS NOT NULL AND m.deletion_started_at IS NULL AND a.addresses <> '{}' THEN 'active' ELSE 'pending' END,
		COALESCE(e.reason, m.last_error_reason,
			CASE WHEN m.deletion_started_at IS NOT NULL THEN 'Terminating' WHEN m.uid IS NULL THEN 'Creating' WHEN a.addresses = '{}' THEN 'NoAddress' END),
		COALESCE(NULLIF(e.message, ''), NULLIF(m.last_error, ''),
			CASE WHEN m.last_error_reason IS NULL AND e.reason IS NULL AND m.deletion_started_at IS NULL AND m.uid IS NOT NULL AND a.addresses = '{}' THEN
				'no controller has said where the route begins: is there one for its ingress class?' END),
		a.addresses
	FROM unnest($1, $2) t (namespace_id, id)
	JOIN orchestration.routes x ON x.namespace_id = t.namespace_id AND x.id = t.id
	LEFT JOIN orchestration_internal.plan_errors e ON e.namespace_id = x.namespace_id AND e.owner_type = 'route' AND e.owner_id = x.id
	LEFT JOIN LATERAL (
		SELECT o.* FROM orchestration.managed_objects o
		WHERE o.namespace_id = x.namespace_id AND o.owner_type = 'route' AND o.owner_id = x.id
		ORDER BY o.desired_hash IS NULL, o.id DESC
		LIMIT 1
	) m ON true
	CROSS JOIN LATERAL (
		SELECT ARRAY(SELECT COALESCE(i.value ->> 'ip', i.value ->> 'hostname') FROM jsonb_array_elements(NULLIF(m.observed -> 'loadBalancer', 'null')) WITH ORDINALITY i
			WHERE COALESCE(i.value ->> 'ip', i.value ->> 'hostname') IS NOT NULL ORDER BY i.ordinality) AS addresses
	) a;
END
$$;

COMMENT ON FUNCTION orchestration_internal.observed_routes(bigint[], bigint[]) IS 'Status and addresses of routes: active once a controller has said where the route begins.';
GRANT EXECUTE ON FUNCTION orchestration_internal.observed_routes(bigint[], bigint[]) TO orchestration_worker;

/* ---- functions for people ---- */

CREATE OR REPLACE FUNCTION orchestration_internal.find_tls_secret(namespace_id bigint, name text)
RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	found_id bigint := (SELECT s.id FROM orchestration.secrets s WHERE s.namespace_id = $1 AND s.name = $2);
BEGIN
	IF found_id IS NULL AND name IS NOT NULL THEN
		RAISE EXCEPTION 'secret "%" does not exist', name USING ERRCODE = 'OR004', HINT = 'Make it with create_secret(), type => ''kubernetes.io/tls''.';
	END IF;
	RETURN found_id;
END
$$;

COMMENT ON FUNCTION orchestration_internal.find_tls_secret(bigint, text) IS 'Id of a secret by namespace id and name, NULL for NULL. Raises OR004.';
GRANT EXECUTE ON FUNCTION orchestration_internal.find_tls_secret(bigint, text) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration.create_route(namespace text, name text, host text, container text, port integer, path text DEFAULT '/', path_type text DEFAULT 'Prefix',
	tls_secret text DEFAULT NULL, ingress_class text DEFAULT NULL, labels jsonb DEFAULT NULL, annotations jsonb DEFAULT NULL)
RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	of_namespace bigint := orchestration_internal.find_namespace(namespace);
	route_id bigint;
BEGIN
	INSERT INTO orchestration.routes AS r (namespace_id, name, host, container_id, service_port, path, path_type, tls_secret_id, ingress_class, labels, annotations)
	VALUES (of_namespace, create_route.name, create_route.host, orchestration_internal.find_container(namespace, container), port, COALESCE(create_route.path, '/'),
		COALESCE(create_route.path_type, 'Prefix'), orchestration_internal.find_tls_secret(of_namespace, tls_secret), create_route.ingress_class,
		COALESCE(create_route.labels, '{}'), COALESCE(create_route.annotations, '{}'))
	ON CONFLICT (namespace_id, name) DO NOTHING
	RETURNING r.id INTO route_id;
	IF route_id IS NULL THEN
		PERFORM orchestration_internal.refuse_existing('route', name, namespace);
	END IF;
	RETURN route_id;
EXCEPTION WHEN unique_violation THEN
	PERFORM orchestration_internal.refuse_existing('route', host || COALESCE(path, '/'), namespace);
END
$$;

COMMENT ON FUNCTION orchestration.create_route(text, text, text, text, integer, text, text, text, text, jsonb, jsonb) IS 'Makes a route and returns its id: what is asked for by host and path goes to a service port of a container. host is a DNS name, whose first label may be *; path_type is Prefix, Exact or ImplementationSpecific; tls_secret names a secret of type kubernetes.io/tls, ingress_class who looks after it (NULL: the default of the cluster). annotations are the controller''s. Raises 42501, OR001, OR003, OR004, OR005, OR012, OR022.';
GRANT EXECUTE ON FUNCTION orchestration.create_route(text, text, text, text, integer, text, text, text, text, jsonb, jsonb) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration.update_route(namespace text, name text, host text DEFAULT NULL, container text DEFAULT NULL, port integer DEFAULT NULL, path text DEFAULT NULL,
	path_type text DEFAULT NULL, tls_secret text DEFAULT NULL, ingress_class text DEFAULT NULL, labels jsonb DEFAULT NULL, annotations jsonb DEFAULT NULL, reset text[] DEFAULT '{}')
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
	route_id bigint := orchestration_internal.find_named('route', namespace, name);
	wanted orchestration.routes := (SELECT r FROM orchestration.routes r WHERE r.id = route_id);
	present orchestration.routes := wanted;
BEGIN
	PERFORM orchestration_internal.check_reset(reset, '{path,path_type,tls_secret,ingress_class,labels,annotations}');
	wanted.host := COALESCE(host, wanted.host);
	wanted.container_id := CASE WHEN container IS NULL THEN wanted.container_id ELSE orchestration_internal.find_container(namespace, container) END;
	wanted.service_port := COALESCE(port, wanted.service_port);
	wanted.path := orchestration_internal.updated_value('path', path, wanted.path, '/', reset);
	wanted.path_type := orchestration_internal.updated_value('path_type', path_type, wanted.path_type, 'Prefix', reset);
	wanted.tls_secret_id := orchestration_internal.updated_value('tls_secret', orchestration_internal.find_tls_secret(wanted.namespace_id, tls_secret), wanted.tls_secret_id, NULL::bigint, reset);
	wanted.ingress_class := orchestration_internal.updated_value('ingress_class', ingress_class, wanted.ingress_class, NULL, reset);
	wanted.labels := orchestration_internal.updated_value('labels', labels, wanted.labels, '{}'::jsonb, reset);
	wanted.annotations := orchestration_internal.updated_value('annotations', annotations, wanted.annotations, '{}'::jsonb, reset);
	UPDATE orchestration.routes r
	SET host = wanted.host, container_id = wanted.container_id, service_port = wanted.service_port, path = wanted.path, path_type = wanted.path_type,
		tls_secret_id = wanted.tls_secret_id, ingress_class = wanted.ingress_class, labels = wanted.labels, annotations = wanted.annotations
	WHERE r.namespace_id = wanted.namespace_id AND r.id = route_id AND wanted IS DISTINCT FROM present;
EXCEPTION WHEN unique_violation THEN
	PERFORM orchestration_internal.refuse_existing('route', wanted.host || wanted.path, namespace);
END
$$;

COMMENT ON FUNCTION orchestration.update_route(text, text, text, text, integer, text, text, text, text, jsonb, jsonb, text[]) IS 'Changes a route. namespace and name say which; the others are as for create_route(), what is NULL stays, labels and annotations are replaced as a whole. reset names arguments that go back to their defaults: path, path_type, tls_secret, ingress_class, labels, annotations. Needs update on routes. Raises 42501, OR001, OR003, OR004, OR005, OR012.';
GRANT EXECUTE ON FUNCTION orchestration.update_route(text, text, text, text, integer, text, text, text, text, jsonb, jsonb, text[]) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration.delete_route(namespace text, name text)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	route_id bigint := orchestration_internal.find_named('route', namespace, name);
BEGIN
	DELETE FROM orchestration.routes r WHERE r.id = route_id;
END
$$;

COMMENT ON FUNCTION orchestration.delete_route(text, text) IS 'Deletes a route. Arguments: namespace, name. Needs delete on routes. Raises 42501, OR004.';
GRANT EXECUTE ON FUNCTION orchestration.delete_route(text, text) TO orchestration_user;

-- part: tables

CREATE TABLE orchestration.routes (
	namespace_id bigint NOT NULL REFERENCES orchestration.namespaces (id),
	id bigint GENERATED ALWAYS AS IDENTITY,
	name text NOT NULL CHECK (orchestration_internal.valid_subdomain_name(name, 'route name')),
	host text NOT NULL CHECK (orchestration_internal.valid_route_host(host)),
	path text NOT NULL DEFAULT '/',
	path_type text NOT NULL DEFAULT 'Prefix' CHECK (orchestration_internal.valid_rule(path_type IN ('Prefix', 'Exact', 'ImplementationSpecific'), 'path_type', 'It is not one of Prefix, Exact, ImplementationSpecific.', 'Write one of them; upper and lower case count.')),
	container_id bigint NOT NULL,
	service_port integer NOT NULL CHECK (orchestration_internal.valid_port(service_port, 'service port')),
	tls_secret_id bigint,
	ingress_class text CHECK (orchestration_internal.valid_subdomain_name(ingress_class, 'ingress class')),
	labels jsonb NOT NULL DEFAULT '{}' CHECK (orchestration_internal.valid_labels(labels, 'route labels')),
	annotations jsonb NOT NULL DEFAULT '{}' CHECK (orchestration_internal.valid_annotations(annotations, 'route annotations')),
	generation bigint NOT NULL DEFAULT 1,
	observed_generation bigint NOT NULL DEFAULT 0,
	status text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'active', 'failed')),
	status_reason text,
	status_message text,
	addresses text[] NOT NULL DEFAULT '{}',
	observed_at timestamptz,
	created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	updated_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	created_by bigint DEFAULT orchestration.current_user_id() REFERENCES orchestration.users (id),
	PRIMARY KEY (namespace_id, id),
	UNIQUE (namespace_id, name),
	/* CASCADE: the row of a container that was deleted with its namespace goes at some time */
	FOREIGN KEY (namespace_id, container_id) REFERENCES orchestration.containers (namespace_id, id) ON DELETE CASCADE,
	FOREIGN KEY (namespace_id, tls_secret_id) REFERENCES orchestration.secrets (namespace_id, id),
	CONSTRAINT routes_path CHECK (orchestration_internal.valid_route_path(path, path_type))
);

CREATE INDEX routes_id ON orchestration.routes (id);
CREATE INDEX routes_unobserved ON orchestration.routes (id) WHERE generation > observed_generation;
CREATE INDEX routes_container ON orchestration.routes (namespace_id, container_id);
CREATE INDEX routes_tls_secret ON orchestration.routes (namespace_id, tls_secret_id);
CREATE UNIQUE INDEX routes_place ON orchestration.routes (namespace_id, host, path, path_type, (COALESCE(ingress_class, '')));

COMMENT ON TABLE orchestration.routes IS 'Hosts and paths that lead to services of containers; each is an Ingress.';
COMMENT ON COLUMN orchestration.routes.namespace_id IS 'Namespace of the route, of its container and of its secret.';
COMMENT ON COLUMN orchestration.routes.id IS 'Identity of the route.';
COMMENT ON COLUMN orchestration.routes.name IS 'Name, also in the cluster.';
COMMENT ON COLUMN orchestration.routes.host IS 'DNS name that is asked for; *. before it stands for one label.';
COMMENT ON COLUMN orchestration.routes.path IS 'Path that is asked for.';
COMMENT ON COLUMN orchestration.routes.path_type IS 'Prefix: whatever begins with the parts of path; Exact: that alone; ImplementationSpecific: as the controller reads it.';
COMMENT ON COLUMN orchestration.routes.container_id IS 'Container that answers.';
COMMENT ON COLUMN orchestration.routes.service_port IS 'Port of its service: a service_port of port_mappings, by TCP.';
COMMENT ON COLUMN orchestration.routes.tls_secret_id IS 'Secret of type kubernetes.io/tls with the certificate for the host; NULL: without TLS, or as the controller has it.';
COMMENT ON COLUMN orchestration.routes.ingress_class IS 'IngressClass that says which controller looks after it; NULL: the default of the cluster.';
COMMENT ON COLUMN orchestration.routes.labels IS 'Labels of the Ingress.';
COMMENT ON COLUMN orchestration.routes.annotations IS 'Annotations of the Ingress, by which controllers take settings.';
COMMENT ON COLUMN orchestration.routes.generation IS 'Raised by every change of what is desired.';
COMMENT ON COLUMN orchestration.routes.observed_generation IS 'Generation that the cluster agrees with; written by the worker.';
COMMENT ON COLUMN orchestration.routes.status IS 'pending, active once it has an address, or failed; written by the worker.';
COMMENT ON COLUMN orchestration.routes.status_reason IS 'Why it is so, in one word; written by the worker.';
COMMENT ON COLUMN orchestration.routes.status_message IS 'Why it is so, in a sentence; written by the worker.';
COMMENT ON COLUMN orchestration.routes.addresses IS 'Addresses or names where the controller takes requests; written by the worker.';
COMMENT ON COLUMN orchestration.routes.observed_at IS 'When the worker last looked.';
COMMENT ON COLUMN orchestration.routes.created_at IS 'When the row was made.';
COMMENT ON COLUMN orchestration.routes.updated_at IS 'When the row was last changed.';
COMMENT ON COLUMN orchestration.routes.created_by IS 'User that made the row; NULL when no user belongs to the role.';

-- part: views

/* the Service of the first type that has the port */
CREATE OR REPLACE VIEW orchestration_internal.rendered_routes AS
SELECT r.namespace_id, 'route'::text AS owner_type, r.id AS owner_id, r.generation AS owner_generation, n.cluster_id,
	'Ingress'::text AS kind, n.name AS cluster_namespace, r.name,
	pg_catalog.jsonb_build_object(
		'labels', r.labels || n.labels || pg_catalog.jsonb_build_object('orchestration.dev/owner', 'route-' || r.id),
		'annotations', NULLIF(r.annotations, '{}')) AS metadata,
	pg_catalog.jsonb_build_object('spec', pg_catalog.jsonb_build_object(
		'ingressClassName', r.ingress_class,
		'tls', CASE WHEN r.tls_secret_id IS NOT NULL THEN pg_catalog.jsonb_build_array(pg_catalog.jsonb_build_object('hosts', pg_catalog.jsonb_build_array(r.host),
			'secretName', (SELECT s.name FROM orchestration.secrets s WHERE s.namespace_id = r.namespace_id AND s.id = r.tls_secret_id))) END,
		'rules', pg_catalog.jsonb_build_array(pg_catalog.jsonb_build_object('host', r.host, 'http', pg_catalog.jsonb_build_object('paths', pg_catalog.jsonb_build_array(
			pg_catalog.jsonb_build_object('path', NULLIF(r.path, ''), 'pathType', r.path_type, 'backend', pg_catalog.jsonb_build_object('service', pg_catalog.jsonb_build_object(
				'name', s.service, 'port', pg_catalog.jsonb_build_object('number', r.service_port))))))))))  AS body,
	NULL::bytea AS hidden
FROM orchestration.routes r
JOIN orchestration_internal.parts_namespaces n ON n.namespace_id = r.namespace_id
CROSS JOIN LATERAL (
	SELECT orchestration_internal.service_name(c.name, p.service_type) AS service
	FROM orchestration.containers c
	JOIN orchestration.port_mappings p ON p.namespace_id = c.namespace_id AND p.container_id = c.id
	WHERE c.namespace_id = r.namespace_id AND c.id = r.container_id AND p.protocol = 'TCP' AND p.service_port = r.service_port
	ORDER BY pg_catalog.array_position('{ClusterIP,NodePort,LoadBalancer}', p.service_type)
	LIMIT 1
) s;

COMMENT ON VIEW orchestration_internal.rendered_routes IS 'Ingress of every route.';

CREATE OR REPLACE VIEW orchestration.route_list AS
SELECT n.name AS namespace, r.name, r.host, r.path, r.path_type AS type, c.name AS container, r.service_port AS port, s.name AS tls_secret, r.ingress_class AS class,
	r.status, r.status_reason AS reason, r.addresses, orchestration_internal.short_age(pg_catalog.clock_timestamp() - r.created_at) AS age, r.id
FROM orchestration.routes r
JOIN orchestration.namespaces n ON n.id = r.namespace_id
LEFT JOIN orchestration.containers c ON c.namespace_id = r.namespace_id AND c.id = r.container_id
LEFT JOIN orchestration.secrets s ON s.namespace_id = r.namespace_id AND s.id = r.tls_secret_id
WHERE n.status <> 'deleted'
ORDER BY n.name, r.host, r.path;

COMMENT ON VIEW orchestration.route_list IS 'Routes as people read them, by namespace and host.';
COMMENT ON COLUMN orchestration.route_list.namespace IS 'Name of the namespace.';
COMMENT ON COLUMN orchestration.route_list.name IS 'Name.';
COMMENT ON COLUMN orchestration.route_list.host IS 'Host that is asked for.';
COMMENT ON COLUMN orchestration.route_list.path IS 'Path that is asked for.';
COMMENT ON COLUMN orchestration.route_list.type IS 'Prefix, Exact or ImplementationSpecific.';
COMMENT ON COLUMN orchestration.route_list.container IS 'Container that answers; NULL for those who may not read it.';
COMMENT ON COLUMN orchestration.route_list.port IS 'Port of its service.';
COMMENT ON COLUMN orchestration.route_list.tls_secret IS 'Secret with the certificate; NULL for none, and for those who may not read it.';
COMMENT ON COLUMN orchestration.route_list.class IS 'Ingress class; NULL for the default of the cluster.';
COMMENT ON COLUMN orchestration.route_list.status IS 'pending, active or failed.';
COMMENT ON COLUMN orchestration.route_list.reason IS 'Why it is so, in one word.';
COMMENT ON COLUMN orchestration.route_list.addresses IS 'Where the controller takes requests.';
COMMENT ON COLUMN orchestration.route_list.age IS 'How long ago it was made.';
COMMENT ON COLUMN orchestration.route_list.id IS 'Its id.';

SELECT orchestration_internal.make_rule_triggers('routes', 'INSERT UPDATE', 'lead_somewhere', 'id', '', 'container_id service_port tls_secret_id');

CREATE OR REPLACE TRIGGER "A_keep_routed" AFTER DELETE ON orchestration.containers
FOR EACH ROW EXECUTE FUNCTION orchestration_internal.keep_routed();

/* deferred: a namespace that goes takes its containers along before it says so */
SELECT orchestration_internal.make_constraint_trigger('zz_routed', 'orchestration.containers',
	'AFTER UPDATE DEFERRED FOR EACH ROW WHEN (NEW.desired_state = ''deleted'' AND OLD.desired_state <> ''deleted'') EXECUTE FUNCTION orchestration_internal.keep_routed()');
SELECT orchestration_internal.make_constraint_trigger('zz_routed_new', 'orchestration.port_mappings',
	'AFTER INSERT DEFERRED FOR EACH ROW WHEN (NEW.service_port IS NOT NULL) EXECUTE FUNCTION orchestration_internal.keep_routed_ports()');
SELECT orchestration_internal.make_constraint_trigger('zz_routed_old', 'orchestration.port_mappings',
	'AFTER UPDATE OR DELETE DEFERRED FOR EACH ROW WHEN (OLD.service_port IS NOT NULL) EXECUTE FUNCTION orchestration_internal.keep_routed_ports()');

CREATE OR REPLACE TRIGGER touch_routes AFTER UPDATE ON orchestration.containers
FOR EACH ROW WHEN (NEW.name <> OLD.name) EXECUTE FUNCTION orchestration_internal.touch_routes();
CREATE OR REPLACE TRIGGER touch_routes AFTER UPDATE ON orchestration.secrets
FOR EACH ROW WHEN (NEW.name <> OLD.name) EXECUTE FUNCTION orchestration_internal.touch_routes();
CREATE OR REPLACE TRIGGER zx_keep_tls_type BEFORE UPDATE ON orchestration.secrets
FOR EACH ROW WHEN (OLD.secret_type = 'kubernetes.io/tls' AND NEW.secret_type <> OLD.secret_type) EXECUTE FUNCTION orchestration_internal.keep_tls_type();
