/*
 * What a container's row, its parts and its overrides make together, judged as the
 * API server will: by the pod template into which everything was merged.
 */

CREATE OR REPLACE FUNCTION orchestration_internal.whole_template(namespace_id bigint, container_id bigint)
RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
#variable_conflict use_column
BEGIN
	RETURN (SELECT jsonb_strip_nulls(t.template) FROM orchestration_internal.parts_templates t WHERE t.namespace_id = $1 AND t.container_id = $2);
END
$$;

COMMENT ON FUNCTION orchestration_internal.whole_template(bigint, bigint) IS 'The pod template of a container, overrides merged in. Unlike manifests it is there without a cluster.';
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
		/* as a foreign key would: none of them goes, or gets another name, before this is seen */
		PERFORM FROM orchestration.volumes v
		WHERE v.namespace_id = NEW.namespace_id AND v.name = ANY (orchestration_internal.mentioned_volumes(NEW.init_containers, NEW.overrides))
		ORDER BY v.id FOR KEY SHARE;
		PERFORM orchestration_internal.valid_template(orchestration_internal.whole_template(NEW.namespace_id, NEW.id), format('container "%s"', NEW.name));
		IF NEW.overrides <> '{}' OR NEW.init_containers <> '[]' THEN
			PERFORM orchestration_internal.check_references(NEW.namespace_id, NEW.id, NEW.name,
				TG_OP = 'INSERT' OR (OLD.overrides, OLD.init_containers) IS DISTINCT FROM (NEW.overrides, NEW.init_containers));
		END IF;
	END IF;
	RETURN NULL;
END
$$;

COMMENT ON FUNCTION orchestration_internal.check_template() IS 'Row trigger of containers, at the end of the transaction, when all parts are there: raises OR003 for what the API server would refuse of the whole, with its place in the pod template.';

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
		IF COALESCE(octet_length(value), 0) = 0 THEN
			PERFORM orchestration_internal.refuse(format('data["%s"]', key), 'It is empty.', 'Give the private key.');
		END IF;
		RETURN NEW;
	END IF;
	BEGIN
		fits := json_typeof(convert_from(value, 'UTF8')::json) IN ('object', 'null');
	EXCEPTION WHEN data_exception THEN
		NULL;
	END;
	IF fits IS NOT TRUE THEN
		PERFORM orchestration_internal.refuse(format('data["%s"]', key), 'It is no JSON object.', 'Give what "docker login" writes, or use create_registry().');
	END IF;
	RETURN NEW;
END
$$;

COMMENT ON FUNCTION orchestration_internal.guard_secret_data() IS 'Row trigger of secrets whose values Kubernetes looks into: raises OR003 for the credentials of a registry that are no JSON, and for an empty private key.';
