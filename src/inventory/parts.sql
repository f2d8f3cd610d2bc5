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
GRANT EXECUTE ON FUNCTION orchestration_internal.find_image(bigint, text) TO orchestration_user;

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
GRANT EXECUTE ON FUNCTION orchestration_internal.parse_environment(bigint, jsonb) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration_internal.set_environment(namespace_id bigint, container_id bigint, env jsonb)
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
	/* what is as it should be stays as it is: nothing is bumped, nothing is recorded */
	WITH wanted AS MATERIALIZED (
		SELECT e.* FROM orchestration_internal.parse_environment($1, list) e
	), gone AS (
		DELETE FROM orchestration.environment_variables v
		WHERE v.namespace_id = $1 AND v.container_id = $2 AND NOT EXISTS (SELECT FROM wanted e WHERE e.name = v.name)
	), changed AS (
		UPDATE orchestration.environment_variables v
		SET position = e.nth, value = e.value, config_map_id = e.config_map_id, secret_id = e.secret_id, key = e.key, optional = e.optional,
			field_path = e.field_path, resource_field = e.resource_field
		FROM wanted e
		WHERE v.namespace_id = $1 AND v.container_id = $2 AND v.name = e.name
			AND (v.position, v.value, v.config_map_id, v.secret_id, v.key, v.optional, v.field_path, v.resource_field)
				IS DISTINCT FROM (e.nth, e.value, e.config_map_id, e.secret_id, e.key, e.optional, e.field_path, e.resource_field)
	)
	INSERT INTO orchestration.environment_variables (namespace_id, container_id, name, position, value, config_map_id, secret_id, key, optional, field_path, resource_field)
	SELECT $1, $2, e.name, e.nth, e.value, e.config_map_id, e.secret_id, e.key, e.optional, e.field_path, e.resource_field
	FROM wanted e
	WHERE NOT EXISTS (SELECT FROM orchestration.environment_variables v WHERE v.container_id = $2 AND v.namespace_id = $1 AND v.name = e.name);
END
$$;

COMMENT ON FUNCTION orchestration_internal.set_environment(bigint, bigint, jsonb) IS 'Makes these the environment variables of a container, from Kubernetes'' env array or from {"NAME": "value"}. Raises OR003 with the place of the mistake.';
GRANT EXECUTE ON FUNCTION orchestration_internal.set_environment(bigint, bigint, jsonb) TO orchestration_user;

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
GRANT EXECUTE ON FUNCTION orchestration_internal.parse_ports(jsonb) TO orchestration_user;

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
GRANT EXECUTE ON FUNCTION orchestration_internal.check_ports(jsonb) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration_internal.service_name(container text, service_type text)
RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	suffix text := CASE service_type WHEN 'ClusterIP' THEN '' ELSE '-' || lower(service_type) END;
BEGIN
	IF length(container || suffix) <= 63 THEN
		RETURN container || suffix;
	END IF;
	RETURN left(container, 54 - length(suffix)) || '-' || left(md5(container), 8) || suffix;
END
$$;

COMMENT ON FUNCTION orchestration_internal.service_name(text, text) IS 'Name of the Service of a container, as rendered_services gives it: its own, followed by -nodeport or -loadbalancer for these types; a long one is cut, and a digest keeps it apart.';
GRANT EXECUTE ON FUNCTION orchestration_internal.service_name(text, text) TO orchestration_user, orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.set_ports(namespace_id bigint, container_id bigint, container text, ports jsonb)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM orchestration_internal.valid_shape(ports, 'ports', 'ports');
	PERFORM orchestration_internal.check_ports(ports);
	/* two statements, and none updates: names and numbers may change hands */
	DELETE FROM orchestration.port_mappings m
	WHERE m.namespace_id = $1 AND m.container_id = $2
		AND NOT EXISTS (
			SELECT FROM orchestration_internal.parse_ports(ports) p
			WHERE (p.name, p.container_port, p.service_port, p.node_port, p.protocol, p.service_type)
				IS NOT DISTINCT FROM (m.name, m.container_port, m.service_port, m.node_port, m.protocol, m.service_type));
	INSERT INTO orchestration.port_mappings (namespace_id, container_id, name, container_port, service_port, node_port, protocol, service_type)
	SELECT $1, $2, p.name, p.container_port, p.service_port, p.node_port, p.protocol, p.service_type
	FROM orchestration_internal.parse_ports(ports) p
	WHERE NOT EXISTS (
		SELECT FROM orchestration.port_mappings m
		WHERE m.container_id = $2 AND m.namespace_id = $1 AND m.container_port = p.container_port AND m.protocol = p.protocol AND m.service_type = p.service_type);
END
$$;

COMMENT ON FUNCTION orchestration_internal.set_ports(bigint, bigint, text, jsonb) IS 'Makes these the ports of a container: Kubernetes'' containerPort, name and protocol, and servicePort, serviceType and nodePort for the Service; without servicePort there is none. Raises OR003 with the place of the mistake.';
GRANT EXECUTE ON FUNCTION orchestration_internal.set_ports(bigint, bigint, text, jsonb) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration_internal.set_mounts(namespace_id bigint, container_id bigint, volumes jsonb)
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
	WITH wanted AS MATERIALIZED (
		SELECT m.nth, v.id AS volume_id, m.mount ->> 'mountPath' AS mount_path, m.mount ->> 'subPath' AS sub_path, COALESCE((m.mount ->> 'readOnly')::boolean, false) AS read_only
		FROM jsonb_array_elements(volumes) WITH ORDINALITY m (mount, nth)
		JOIN orchestration.volumes v ON v.namespace_id = $1 AND v.name = m.mount ->> 'volume'
	), gone AS (
		DELETE FROM orchestration.container_volumes m
		WHERE m.namespace_id = $1 AND m.container_id = $2 AND NOT EXISTS (SELECT FROM wanted w WHERE w.mount_path = m.mount_path)
	), changed AS (
		UPDATE orchestration.container_volumes m
		SET volume_id = w.volume_id, sub_path = w.sub_path, read_only = w.read_only
		FROM wanted w
		WHERE m.namespace_id = $1 AND m.container_id = $2 AND m.mount_path = w.mount_path
			AND (m.volume_id, m.sub_path, m.read_only) IS DISTINCT FROM (w.volume_id, w.sub_path, w.read_only)
	)
	INSERT INTO orchestration.container_volumes (namespace_id, container_id, volume_id, mount_path, sub_path, read_only)
	SELECT $1, $2, w.volume_id, w.mount_path, w.sub_path, w.read_only
	FROM wanted w
	WHERE NOT EXISTS (SELECT FROM orchestration.container_volumes m WHERE m.container_id = $2 AND m.namespace_id = $1 AND m.mount_path = w.mount_path)
	ORDER BY w.nth;
END
$$;

COMMENT ON FUNCTION orchestration_internal.set_mounts(bigint, bigint, jsonb) IS 'Makes these the mounts of a container: [{"volume": "data", "mountPath": "/data", "subPath": "a", "readOnly": true}]. Raises OR003 with the place of the mistake.';
GRANT EXECUTE ON FUNCTION orchestration_internal.set_mounts(bigint, bigint, jsonb) TO orchestration_user;

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
GRANT EXECUTE ON FUNCTION orchestration_internal.check_probe(text, jsonb, jsonb) TO orchestration_user;

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
GRANT EXECUTE ON FUNCTION orchestration_internal.probe_handler(jsonb) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration_internal.parse_probes(probes jsonb)
RETURNS TABLE (probe_type text, handler text, port text, path text, scheme text, host text, http_headers jsonb, grpc_service text, command text[],
	initial_delay_seconds integer, period_seconds integer, timeout_seconds integer, success_threshold integer, failure_threshold integer, termination_grace_period_seconds integer)
LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
	RETURN QUERY
	SELECT p.key, h.handler, h.how ->> 'port', h.how ->> 'path', h.how ->> 'scheme', h.how ->> 'host', NULLIF(h.how -> 'httpHeaders', 'null'), h.how ->> 'service',
		CASE h.handler WHEN 'exec' THEN ARRAY(SELECT jsonb_array_elements_text(h.how -> 'command')) END,
		(p.value ->> 'initialDelaySeconds')::integer, (p.value ->> 'periodSeconds')::integer, (p.value ->> 'timeoutSeconds')::integer,
		(p.value ->> 'successThreshold')::integer, (p.value ->> 'failureThreshold')::integer, (p.value ->> 'terminationGracePeriodSeconds')::integer
	FROM jsonb_each(probes) p
	CROSS JOIN LATERAL (SELECT w.handler, p.value -> w.handler AS how FROM (SELECT orchestration_internal.probe_handler(p.value) OFFSET 0) w (handler)) h;
END
$$;

COMMENT ON FUNCTION orchestration_internal.parse_probes(jsonb) IS 'Rows of container_probes from an object of probes of proven shape by their types.';
GRANT EXECUTE ON FUNCTION orchestration_internal.parse_probes(jsonb) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration_internal.set_probes(namespace_id bigint, container_id bigint, probes jsonb, removed text[], ports jsonb)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM orchestration_internal.check_probe(p.key, p.value, ports) FROM jsonb_each(probes) p;
	/* one statement: its triggers run once */
	WITH wanted AS MATERIALIZED (
		SELECT p.* FROM orchestration_internal.parse_probes(probes) p
	), gone AS (
		DELETE FROM orchestration.container_probes o
		WHERE o.namespace_id = $1 AND o.container_id = $2 AND o.probe_type = ANY (removed)
	), changed AS (
		UPDATE orchestration.container_probes o
		SET handler = p.handler, port = p.port, path = p.path, scheme = p.scheme, host = p.host, http_headers = p.http_headers, grpc_service = p.grpc_service, command = p.command,
			initial_delay_seconds = p.initial_delay_seconds, period_seconds = p.period_seconds, timeout_seconds = p.timeout_seconds,
			success_threshold = p.success_threshold, failure_threshold = p.failure_threshold, termination_grace_period_seconds = p.termination_grace_period_seconds
		FROM wanted p
		WHERE o.namespace_id = $1 AND o.container_id = $2 AND o.probe_type = p.probe_type
			AND (o.handler, o.port, o.path, o.scheme, o.host, o.http_headers, o.grpc_service, o.command, o.initial_delay_seconds, o.period_seconds,
					o.timeout_seconds, o.success_threshold, o.failure_threshold, o.termination_grace_period_seconds)
				IS DISTINCT FROM (p.handler, p.port, p.path, p.scheme, p.host, p.http_headers, p.grpc_service, p.command, p.initial_delay_seconds, p.period_seconds,
					p.timeout_seconds, p.success_threshold, p.failure_threshold, p.termination_grace_period_seconds)
	)
	INSERT INTO orchestration.container_probes (namespace_id, container_id, probe_type, handler, port, path, scheme, host, http_headers, grpc_service, command,
		initial_delay_seconds, period_seconds, timeout_seconds, success_threshold, failure_threshold, termination_grace_period_seconds)
	SELECT $1, $2, p.*
	FROM wanted p
	WHERE NOT EXISTS (SELECT FROM orchestration.container_probes o WHERE o.container_id = $2 AND o.namespace_id = $1 AND o.probe_type = p.probe_type);
END
$$;

COMMENT ON FUNCTION orchestration_internal.set_probes(bigint, bigint, jsonb, text[], jsonb) IS 'Sets probes of a container and removes those of some types: probes maps liveness, readiness and startup to Kubernetes'' own JSON, ports is what the container has, as create_container() takes it. Raises OR003 with the place of the mistake.';
GRANT EXECUTE ON FUNCTION orchestration_internal.set_probes(bigint, bigint, jsonb, text[], jsonb) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration_internal.named_ports(namespace_id bigint, container_id bigint)
RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT COALESCE(jsonb_agg(jsonb_build_object('name', m.name, 'containerPort', m.container_port) ORDER BY m.id), '[]')
	FROM orchestration.port_mappings m
	WHERE m.namespace_id = $1 AND m.container_id = $2 AND m.name IS NOT NULL
$$;

COMMENT ON FUNCTION orchestration_internal.named_ports(bigint, bigint) IS 'The ports of a container that a probe can name, as create_container() takes them.';
GRANT EXECUTE ON FUNCTION orchestration_internal.named_ports(bigint, bigint) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration_internal.check_probed_ports(namespace_id bigint, container_id bigint)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	lost record;
BEGIN
	SELECT o.probe_type, o.port INTO lost
	FROM orchestration.container_probes o
	WHERE o.namespace_id = $1 AND o.container_id = $2 AND o.port !~ '^[0-9]+$'
		AND NOT EXISTS (SELECT FROM orchestration.port_mappings m WHERE m.namespace_id = $1 AND m.container_id = $2 AND m.name = o.port)
	ORDER BY o.probe_type
	LIMIT 1;
	IF FOUND THEN
		PERFORM orchestration_internal.refuse('ports', format('The %s probe asks the port named "%s", which would be gone.', lost.probe_type, lost.port),
			format('Keep the name, or set or reset %s_probe in the same call.', lost.probe_type));
	END IF;
END
$$;

COMMENT ON FUNCTION orchestration_internal.check_probed_ports(bigint, bigint) IS 'Raises OR003 when a probe of a container names a port that the container does not have.';
GRANT EXECUTE ON FUNCTION orchestration_internal.check_probed_ports(bigint, bigint) TO orchestration_user;
