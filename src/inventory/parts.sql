/* The parts of a container: JSON arguments to rows of the normalized tables. */

CREATE OR REPLACE FUNCTION orchestration_internal.find_image(namespace_id bigint, image text)
RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	parts text[] := orchestration_internal.parse_image(image);
	image_id bigint;
BEGIN
	IF image IS NULL THEN
		PERFORM orchestration_internal.refuse('image', 'It is missing.', 'Write registry/repository:tag, as in "registry.example:5000/team/app:1.2".');
	END IF;
	SELECT i.id INTO image_id
	FROM orchestration.container_images i
	WHERE i.namespace_id = $1 AND i.registry = parts[1] AND i.repository = parts[2] AND i.tag = parts[3] AND i.digest = parts[4];
	IF image_id IS NULL THEN
		/* the useless update returns the row that another session made meanwhile */
		INSERT INTO orchestration.container_images AS i (namespace_id, registry, repository, tag, digest)
		VALUES ($1, parts[1], parts[2], parts[3], parts[4])
		ON CONFLICT (namespace_id, repository, registry, tag, digest) DO UPDATE SET tag = i.tag
		RETURNING i.id INTO image_id;
	END IF;
	RETURN image_id;
END
$$;

COMMENT ON FUNCTION orchestration_internal.find_image(bigint, text) IS 'Row of an image reference such as registry.example:5000/team/app:1.2@sha256:..., made when there is none. What stands before the first / is the registry if it holds a dot or colon or is localhost; nothing is added. Raises OR003.';

CREATE OR REPLACE FUNCTION orchestration_internal.parse_environment(of_namespace bigint, env jsonb)
RETURNS TABLE (nth integer, name text, value text, config_map_id bigint, secret_id bigint, key text, optional boolean, field_path text, resource_field text, place text, fault text, hint text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
	RETURN QUERY
	SELECT e.nth::integer - 1, e.variable ->> 'name', e.variable ->> 'value', m.id, s.id, r.reference ->> 'key', (r.reference ->> 'optional')::boolean,
		e.variable #>> '{valueFrom,fieldRef,fieldPath}', e.variable #>> '{valueFrom,resourceFieldRef,resource}',
		format('env[%s].valueFrom.%s.%s', e.nth - 1, r.field, CASE WHEN COALESCE(m.id, s.id) IS NULL THEN 'name' ELSE 'key' END),
		CASE
			WHEN r.kind IS NULL THEN NULL
			WHEN COALESCE(m.id, s.id) IS NULL THEN format('The %s "%s" does not exist in this namespace.', r.kind, r.reference ->> 'name')
			WHEN r.reference ->> 'key' <> ALL (k.keys) AND r.reference ->> 'optional' IS DISTINCT FROM 'true' THEN format('The %s "%s" has no key "%s".', r.kind, r.reference ->> 'name', r.reference ->> 'key')
		END,
		CASE WHEN COALESCE(m.id, s.id) IS NULL THEN format('Create it with create_%s().', replace(r.kind, ' ', '_'))
			ELSE format('Its keys are: %s.', array_to_string(k.keys, ', ')) END
	FROM jsonb_array_elements(env) WITH ORDINALITY e (variable, nth)
	LEFT JOIN LATERAL (VALUES
		('config map', 'configMapKeyRef', e.variable #> '{valueFrom,configMapKeyRef}'),
		('secret', 'secretKeyRef', e.variable #> '{valueFrom,secretKeyRef}')
	) r (kind, field, reference) ON r.reference IS NOT NULL
	LEFT JOIN orchestration.config_maps m ON r.kind = 'config map' AND m.namespace_id = of_namespace AND m.name = r.reference ->> 'name'
	LEFT JOIN orchestration.secrets s ON r.kind = 'secret' AND s.namespace_id = of_namespace AND s.name = r.reference ->> 'name'
	CROSS JOIN LATERAL (SELECT CASE r.kind WHEN 'secret' THEN s.data_keys ELSE ARRAY(SELECT jsonb_object_keys(m.data)) END AS keys) k;
END
$$;

COMMENT ON FUNCTION orchestration_internal.parse_environment(bigint, jsonb) IS 'Rows of environment_variables from a Kubernetes env array of proven shape, with the fault where a reference leads nowhere.';

CREATE OR REPLACE FUNCTION orchestration_internal.add_environment(namespace_id bigint, container_id bigint, env jsonb)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	list jsonb := env;
	wrong record;
BEGIN
	IF jsonb_typeof(env) = 'object' THEN
		PERFORM orchestration_internal.valid_shape(env, 'env_map', 'env');
		list := (SELECT jsonb_agg(jsonb_build_object('name', e.key, 'value', e.value)) FROM jsonb_each(env) e);
	ELSE
		PERFORM orchestration_internal.valid_shape(env, 'env', 'env');
	END IF;
	list := jsonb_strip_nulls(list);
	SELECT e.place, e.fault, e.hint INTO wrong
	FROM orchestration_internal.parse_environment($1, list) e
	WHERE e.fault IS NOT NULL
	ORDER BY e.nth
	LIMIT 1;
	IF FOUND THEN
		PERFORM orchestration_internal.refuse(wrong.place, wrong.fault, wrong.hint);
	END IF;
	INSERT INTO orchestration.environment_variables (namespace_id, container_id, name, position, value, config_map_id, secret_id, key, optional, field_path, resource_field)
	SELECT $1, $2, e.name, e.nth, e.value, e.config_map_id, e.secret_id, e.key, e.optional, e.field_path, e.resource_field
	FROM orchestration_internal.parse_environment($1, list) e;
END
$$;

COMMENT ON FUNCTION orchestration_internal.add_environment(bigint, bigint, jsonb) IS 'Adds environment variables to a container, from Kubernetes'' env array or from {"NAME": "value"}. Raises OR003 with the place of the mistake.';

CREATE OR REPLACE FUNCTION orchestration_internal.parse_ports(ports jsonb)
RETURNS TABLE (nth integer, name text, container_port integer, service_port integer, node_port integer, protocol text, service_type text)
LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
	RETURN QUERY
	SELECT p.nth::integer - 1, p.port ->> 'name', (p.port ->> 'containerPort')::integer, (p.port ->> 'servicePort')::integer, (p.port ->> 'nodePort')::integer,
		COALESCE(p.port ->> 'protocol', 'TCP'), COALESCE(p.port ->> 'serviceType', CASE WHEN p.port ->> 'nodePort' IS NULL THEN 'ClusterIP' ELSE 'NodePort' END)
	FROM jsonb_array_elements(ports) WITH ORDINALITY p (port, nth);
END
$$;

COMMENT ON FUNCTION orchestration_internal.parse_ports(jsonb) IS 'Rows of port_mappings from a ports array of proven shape.';

CREATE OR REPLACE FUNCTION orchestration_internal.check_ports(ports jsonb)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	wrong record;
BEGIN
	SELECT p.nth, CASE
			WHEN p.node_port IS NOT NULL AND p.service_type = 'ClusterIP' THEN 'A service of type ClusterIP has no "nodePort".'
			WHEN p.service_type <> 'ClusterIP' AND p.service_port IS NULL THEN format('A service of type %s needs a "servicePort".', p.service_type)
			WHEN p.container_port = q.container_port THEN format('Container port %s/%s is already given by element %s.', p.container_port, p.protocol, q.nth)
			WHEN p.service_port = q.service_port THEN format('Service port %s/%s is already given by element %s.', p.service_port, p.protocol, q.nth)
			WHEN p.name = r.name THEN format('The name "%s" is already given by element %s.', p.name, r.nth)
		END AS fact INTO wrong
	FROM orchestration_internal.parse_ports(ports) p
	LEFT JOIN orchestration_internal.parse_ports(ports) q ON q.nth < p.nth AND q.protocol = p.protocol AND q.service_type = p.service_type
		AND (q.container_port = p.container_port OR q.service_port = p.service_port)
	LEFT JOIN orchestration_internal.parse_ports(ports) r ON r.nth < p.nth AND r.name = p.name
		AND (r.service_type = p.service_type OR r.container_port <> p.container_port OR r.protocol <> p.protocol)
	WHERE q.nth IS NOT NULL OR r.nth IS NOT NULL OR (p.node_port IS NOT NULL AND p.service_type = 'ClusterIP') OR (p.service_type <> 'ClusterIP' AND p.service_port IS NULL)
	ORDER BY p.nth
	LIMIT 1;
	IF FOUND THEN
		PERFORM orchestration_internal.refuse(format('ports[%s]', wrong.nth), wrong.fact, 'Ports differ in number or protocol, and in name; what is published needs a servicePort.');
	END IF;
END
$$;

COMMENT ON FUNCTION orchestration_internal.check_ports(jsonb) IS 'Raises OR003 for ports that contradict themselves or each other.';

CREATE OR REPLACE FUNCTION orchestration_internal.service_name(container text, service_type text)
RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN container || CASE service_type WHEN 'ClusterIP' THEN '' ELSE '-' || lower(service_type) END;
END
$$;

COMMENT ON FUNCTION orchestration_internal.service_name(text, text) IS 'Name of the Service of a container: its own, followed by -nodeport or -loadbalancer for these types.';

CREATE OR REPLACE FUNCTION orchestration_internal.service_names(namespace_id bigint, container text)
RETURNS text[]
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT array_agg(DISTINCT orchestration_internal.service_name(c.name, p.service_type))
	FROM orchestration.containers c
	JOIN orchestration.port_mappings p ON p.namespace_id = c.namespace_id AND p.container_id = c.id
	WHERE c.namespace_id = $1 AND c.name = container AND c.status <> 'deleted' AND p.service_port IS NOT NULL
$$;

COMMENT ON FUNCTION orchestration_internal.service_names(bigint, text) IS 'Names of the Services of a container.';

CREATE OR REPLACE FUNCTION orchestration_internal.check_service_names(namespace_id bigint, container text, ports jsonb)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	service text;
	other text;
BEGIN
	FOR service IN SELECT DISTINCT orchestration_internal.service_name(container, p.service_type) FROM orchestration_internal.parse_ports(ports) p WHERE p.service_port IS NOT NULL LOOP
		IF length(service) > 63 THEN
			PERFORM orchestration_internal.refuse('ports', format('The name of the service, "%s", would have more than 63 characters.', service), 'Choose a shorter name for the container.');
		END IF;
		/* the service of "web" and type NodePort has the name of that of "web-nodeport" and type ClusterIP */
		other := CASE WHEN service <> container THEN service ELSE substring(container FROM '^(.*)-(?:nodeport|loadbalancer)$') END;
		IF other IS NOT NULL AND service = ANY (orchestration_internal.service_names($1, other)) THEN
			PERFORM orchestration_internal.refuse('ports', format('The service "%s" would also be that of container "%s".', service, other), 'Choose another name for the container.');
		END IF;
	END LOOP;
END
$$;

COMMENT ON FUNCTION orchestration_internal.check_service_names(bigint, text, jsonb) IS 'Raises OR003 when a Service for these ports of a container would have a name that is too long or that another container''s Service has.';

CREATE OR REPLACE FUNCTION orchestration_internal.add_ports(namespace_id bigint, container_id bigint, container text, ports jsonb)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM orchestration_internal.valid_shape(ports, 'ports', 'ports');
	PERFORM orchestration_internal.check_ports(ports);
	PERFORM orchestration_internal.check_service_names($1, container, ports);
	INSERT INTO orchestration.port_mappings (namespace_id, container_id, name, container_port, service_port, node_port, protocol, service_type)
	SELECT $1, $2, p.name, p.container_port, p.service_port, p.node_port, p.protocol, p.service_type
	FROM orchestration_internal.parse_ports(ports) p;
END
$$;

COMMENT ON FUNCTION orchestration_internal.add_ports(bigint, bigint, text, jsonb) IS 'Adds ports to a container: Kubernetes'' containerPort, name and protocol, and servicePort, serviceType and nodePort for the Service; without servicePort there is none. Raises OR003 with the place of the mistake.';

CREATE OR REPLACE FUNCTION orchestration_internal.add_mounts(namespace_id bigint, container_id bigint, volumes jsonb)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	wrong record;
BEGIN
	PERFORM orchestration_internal.valid_shape(volumes, 'volumes', 'volumes');
	SELECT m.nth - 1 AS nth, m.mount ->> 'volume' AS volume INTO wrong
	FROM jsonb_array_elements(volumes) WITH ORDINALITY m (mount, nth)
	WHERE NOT EXISTS (SELECT FROM orchestration.volumes v WHERE v.namespace_id = $1 AND v.name = m.mount ->> 'volume')
	ORDER BY m.nth
	LIMIT 1;
	IF FOUND THEN
		PERFORM orchestration_internal.refuse(format('volumes[%s].volume', wrong.nth), format('The volume "%s" does not exist in this namespace.', wrong.volume), 'Create it with create_volume().');
	END IF;
	INSERT INTO orchestration.container_volumes (namespace_id, container_id, volume_id, mount_path, sub_path, read_only)
	SELECT $1, $2, v.id, m.mount ->> 'mountPath', m.mount ->> 'subPath', COALESCE((m.mount ->> 'readOnly')::boolean, false)
	FROM jsonb_array_elements(volumes) WITH ORDINALITY m (mount, nth)
	JOIN orchestration.volumes v ON v.namespace_id = $1 AND v.name = m.mount ->> 'volume'
	ORDER BY m.nth;
END
$$;

COMMENT ON FUNCTION orchestration_internal.add_mounts(bigint, bigint, jsonb) IS 'Mounts volumes into a container: [{"volume": "data", "mountPath": "/data", "subPath": "a", "readOnly": true}]. Raises OR003 with the place of the mistake.';

CREATE OR REPLACE FUNCTION orchestration_internal.check_probe(type text, probe jsonb, ports jsonb)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	handler text;
	port text;
	names text[];
BEGIN
	PERFORM orchestration_internal.valid_shape(probe, type || '_probe', type || '_probe');
	handler := orchestration_internal.probe_handler(probe);
	port := probe -> handler ->> 'port';
	IF port IS NULL OR port ~ '^[0-9]+$' THEN
		RETURN;
	END IF;
	names := ARRAY(SELECT DISTINCT p.name FROM orchestration_internal.parse_ports(COALESCE(ports, '[]')) p WHERE p.name IS NOT NULL);
	IF port <> ALL (names) THEN
		PERFORM orchestration_internal.refuse(format('%s_probe.%s.port', type, handler), format('The container has no port named "%s".', port),
			CASE names WHEN '{}' THEN 'Give the number of the port, or name one in ports.' ELSE format('Named ports: %s.', array_to_string(names, ', ')) END);
	END IF;
END
$$;

COMMENT ON FUNCTION orchestration_internal.check_probe(text, jsonb, jsonb) IS 'Raises OR003 for a probe (type liveness, readiness or startup) of the wrong shape, or that names a port which none of ports has.';

CREATE OR REPLACE FUNCTION orchestration_internal.probe_handler(probe jsonb)
RETURNS text
LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN CASE
		WHEN probe ->> 'httpGet' IS NOT NULL THEN 'httpGet'
		WHEN probe ->> 'tcpSocket' IS NOT NULL THEN 'tcpSocket'
		WHEN probe ->> 'grpc' IS NOT NULL THEN 'grpc'
		ELSE 'exec'
	END;
END
$$;

COMMENT ON FUNCTION orchestration_internal.probe_handler(jsonb) IS 'How a probe of proven shape asks: httpGet, tcpSocket, grpc or exec.';

CREATE OR REPLACE FUNCTION orchestration_internal.add_probes(namespace_id bigint, container_id bigint, probes jsonb, ports jsonb)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM orchestration_internal.check_probe(p.key, p.value, ports) FROM jsonb_each(probes) p;
	/* one statement: its triggers run once */
	INSERT INTO orchestration.container_probes (namespace_id, container_id, probe_type, handler, port, path, scheme, host, http_headers, grpc_service, command,
		initial_delay_seconds, period_seconds, timeout_seconds, success_threshold, failure_threshold, termination_grace_period_seconds)
	SELECT $1, $2, p.key, h.handler, h.how ->> 'port', h.how ->> 'path', h.how ->> 'scheme', h.how ->> 'host', NULLIF(h.how -> 'httpHeaders', 'null'), h.how ->> 'service',
		CASE h.handler WHEN 'exec' THEN ARRAY(SELECT jsonb_array_elements_text(h.how -> 'command')) END,
		(p.value ->> 'initialDelaySeconds')::integer, (p.value ->> 'periodSeconds')::integer, (p.value ->> 'timeoutSeconds')::integer,
		(p.value ->> 'successThreshold')::integer, (p.value ->> 'failureThreshold')::integer, (p.value ->> 'terminationGracePeriodSeconds')::integer
	FROM jsonb_each(probes) p
	CROSS JOIN LATERAL (SELECT w.handler, p.value -> w.handler AS how FROM (SELECT orchestration_internal.probe_handler(p.value) OFFSET 0) w (handler)) h;
END
$$;

COMMENT ON FUNCTION orchestration_internal.add_probes(bigint, bigint, jsonb, jsonb) IS 'Adds probes to a container: probes maps liveness, readiness and startup to Kubernetes'' own JSON, ports is the argument that the container was made with. Raises OR003 with the place of the mistake.';
