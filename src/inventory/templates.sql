/*
 * What a container's row, its parts and its overrides make together, judged as the
 * API server will: by the pod template into which everything was merged.
 */

CREATE OR REPLACE FUNCTION orchestration_internal.whole_template(namespace_id bigint, container_id bigint)
RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT jsonb_strip_nulls(orchestration_internal.merge_overrides(jsonb_build_object(
		'metadata', jsonb_build_object('labels', c.labels, 'annotations', c.annotations),
		'spec', jsonb_build_object(
			'restartPolicy', c.restart_policy,
			'terminationGracePeriodSeconds', c.termination_grace_period,
			'serviceAccountName', c.service_account,
			'securityContext', '{"seccompProfile": {"type": "RuntimeDefault"}}' || COALESCE(c.pod_security_context, '{}'),
			'volumes', (
				SELECT jsonb_agg(v.volume)
				FROM orchestration_internal.parts_volumes v
				WHERE v.namespace_id = c.namespace_id
					AND (v.name = ANY (orchestration_internal.mentioned_volumes(c.init_containers, c.overrides))
						OR EXISTS (SELECT FROM orchestration.container_volumes m WHERE m.namespace_id = c.namespace_id AND m.container_id = c.id AND m.volume_id = v.volume_id))
			),
			'initContainers', (
				SELECT jsonb_agg(x.value || jsonb_build_object('securityContext', orchestration_internal.default_security_context(x.value -> 'securityContext')) ORDER BY x.ordinality)
				FROM jsonb_array_elements(c.init_containers) WITH ORDINALITY x
			),
			'containers', jsonb_build_array(jsonb_build_object(
				'name', c.name,
				'image', (
					SELECT concat(i.registry || CASE WHEN i.registry <> '' THEN '/' END, i.repository, CASE WHEN i.tag <> '' THEN ':' || i.tag END, CASE WHEN i.digest <> '' THEN '@' || i.digest END)
					FROM orchestration.container_images i WHERE i.namespace_id = c.namespace_id AND i.id = c.image_id
				),
				'securityContext', orchestration_internal.default_security_context(c.security_context),
				'resources', jsonb_build_object(
					'requests', jsonb_build_object('cpu', orchestration_internal.format_cpu(c.cpu_request), 'memory', orchestration_internal.format_memory(c.memory_request)),
					'limits', jsonb_build_object('cpu', orchestration_internal.format_cpu(c.cpu_limit), 'memory', orchestration_internal.format_memory(c.memory_limit))),
				'env', (SELECT e.environment FROM orchestration_internal.parts_environment e WHERE e.namespace_id = c.namespace_id AND e.container_id = c.id),
				'ports', (SELECT p.ports FROM orchestration_internal.parts_ports p WHERE p.namespace_id = c.namespace_id AND p.container_id = c.id),
				'volumeMounts', (SELECT m.mounts FROM orchestration_internal.parts_mounts m WHERE m.namespace_id = c.namespace_id AND m.container_id = c.id))
				|| COALESCE((SELECT p.probes FROM orchestration_internal.parts_probes p WHERE p.namespace_id = c.namespace_id AND p.container_id = c.id), '{}'))
		)), c.overrides))
	FROM orchestration.containers c
	WHERE c.namespace_id = $1 AND c.id = $2
$$;

COMMENT ON FUNCTION orchestration_internal.whole_template(bigint, bigint) IS 'The pod template of a container as far as the API server judges it, overrides merged in. Unlike manifests it is there without a cluster.';
-- for the owner alone

/* SECURITY DEFINER: judges by the volumes and parts that are there, whatever the writer may read */
CREATE OR REPLACE FUNCTION orchestration_internal.check_template()
RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	/* what has nothing of this is whole by the checks of its columns and parts */
	IF NEW.desired_state <> 'deleted' AND (NEW.overrides <> '{}' OR NEW.init_containers <> '[]' OR NEW.security_context ?| '{procMount,windowsOptions}'
			OR NEW.pod_security_context ? 'windowsOptions' OR NEW.annotations::text LIKE '%container.apparmor.security.beta.kubernetes.io/%') THEN
		PERFORM orchestration_internal.valid_template(orchestration_internal.whole_template(NEW.namespace_id, NEW.id), format('container "%s"', NEW.name));
	END IF;
	RETURN NULL;
END
$$;

COMMENT ON FUNCTION orchestration_internal.check_template() IS 'Row trigger of containers, at the end of the transaction, when all parts are there: raises OR003 for what the API server would refuse of the whole, with its place in the pod template.';

/* SECURITY DEFINER: whoever it is that mentions it, whatever the writer may read */
CREATE OR REPLACE FUNCTION orchestration_internal.guard_mentioned_volume()
RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	users text[];
BEGIN
	users := orchestration_internal.volume_mentions(OLD.namespace_id, OLD.name);
	IF users IS NOT NULL THEN
		PERFORM orchestration_internal.refuse_in_use('volume', OLD.name, orchestration_internal.told_users(OLD.namespace_id, users), OLD.namespace_id, OLD.id);
	END IF;
	RETURN NEW;
END
$$;

COMMENT ON FUNCTION orchestration_internal.guard_mentioned_volume() IS 'Row trigger of volumes: raises OR006 when one gets another name that a container mentions by its name. One that goes is keep_used()''s.';

/* SECURITY DEFINER: opens what the writer may have sealed himself, past create_secret() */
CREATE OR REPLACE FUNCTION orchestration_internal.guard_secret_data()
RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET client_min_messages = error
AS $$
DECLARE
	key text := CASE NEW.secret_type WHEN 'kubernetes.io/dockerconfigjson' THEN '.dockerconfigjson' WHEN 'kubernetes.io/dockercfg' THEN '.dockercfg' ELSE 'ssh-privatekey' END;
	context text := format('secret/%s/%s', NEW.namespace_id, NEW.name);
	data jsonb;
	value bytea;
	fits boolean := false;
BEGIN
	/* the same value, perhaps wrapped anew by another key */
	IF TG_OP = 'UPDATE' AND orchestration_internal.sealed_fingerprint(NEW.encrypted_data) = OLD.sealed_fingerprint THEN
		IF NEW.secret_type = OLD.secret_type THEN
			RETURN NEW;
		END IF;
		data := convert_from(orchestration_internal.unseal_version(NEW.encrypted_data, context, NEW.sealed_version), 'UTF8')::jsonb;
	ELSE
		data := convert_from(orchestration_internal.unseal(NEW.encrypted_data, context), 'UTF8')::jsonb;
	END IF;
	value := decode(data ->> key, 'base64');
	IF key = 'ssh-privatekey' THEN
		IF octet_length(value) = 0 THEN
			PERFORM orchestration_internal.refuse(format('data["%s"]', key), 'It is empty.', 'Give the private key.');
		END IF;
		RETURN NEW;
	END IF;
	BEGIN
		fits := json_typeof(convert_from(value, 'UTF8')::json) IN ('object', 'null');
	EXCEPTION WHEN data_exception THEN
		NULL;
	END;
	IF NOT fits THEN
		PERFORM orchestration_internal.refuse(format('data["%s"]', key), 'It is no JSON object.', 'Give what "docker login" writes, or use create_registry().');
	END IF;
	RETURN NEW;
END
$$;

COMMENT ON FUNCTION orchestration_internal.guard_secret_data() IS 'Row trigger of secrets whose values Kubernetes looks into: raises OR003 for the credentials of a registry that are no JSON, and for an empty private key.';
