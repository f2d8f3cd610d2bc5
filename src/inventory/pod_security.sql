/*
 * Kubernetes' Pod Security Standards, judged when a row is written: who may make
 * a container is not to own the node that it runs on.  The cluster enforces the
 * same by the label of the namespace; here the mistake is told at once, and also
 * where no cluster is.
 */

CREATE OR REPLACE FUNCTION orchestration_internal.pod_security_rank(level text)
RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$ SELECT array_position('{privileged,baseline,restricted}'::text[], level) $$;

COMMENT ON FUNCTION orchestration_internal.pod_security_rank(text) IS '1 privileged, 2 baseline, 3 restricted: a higher one forbids more.';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.pod_entries(spec jsonb, lists text[])
RETURNS TABLE (path text, entry jsonb)
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT format('spec.%s[%s]', l.list, COALESCE(e.value ->> 'name', (e.ordinality - 1)::text)), e.value
	FROM unnest(lists) l (list)
	CROSS JOIN LATERAL jsonb_array_elements(CASE WHEN jsonb_typeof(spec -> l.list) = 'array' THEN spec -> l.list ELSE '[]' END) WITH ORDINALITY e
$$;

COMMENT ON FUNCTION orchestration_internal.pod_entries(jsonb, text[]) IS 'The entries of some lists of a pod''s specification, and where each stands: spec.containers[web].';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.baseline_violations(template jsonb)
RETURNS TABLE (field text, fact text)
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	spec jsonb := template -> 'spec';
BEGIN
	RETURN QUERY
	WITH containers AS MATERIALIZED (
		SELECT e.path, e.entry, e.entry -> 'securityContext' AS context FROM orchestration_internal.pod_entries(spec, '{containers,initContainers,ephemeralContainers}') e
	), contexts AS MATERIALIZED (
		SELECT 'spec.securityContext' AS path, spec -> 'securityContext' AS context
		UNION ALL
		SELECT c.path || '.securityContext', c.context FROM containers c
	)
	SELECT 'spec.' || f.name, 'The namespaces of the host are not for pods.'
	FROM unnest('{hostNetwork,hostPID,hostIPC}'::text[]) f (name)
	WHERE COALESCE(spec -> f.name, 'null') NOT IN ('null', 'false')
	UNION ALL
	SELECT c.path || '.windowsOptions.hostProcess', 'A process of the host is not for pods.'
	FROM contexts c WHERE COALESCE(c.context #> '{windowsOptions,hostProcess}', 'null') NOT IN ('null', 'false')
	UNION ALL
	SELECT c.path || '.securityContext.privileged', 'A privileged container owns its node.'
	FROM containers c WHERE COALESCE(c.context -> 'privileged', 'null') NOT IN ('null', 'false')
	UNION ALL
	SELECT c.path || '.securityContext.capabilities.add', format('The capability %s is not among those of an ordinary container.', a.name)
	FROM containers c
	CROSS JOIN LATERAL jsonb_array_elements_text(CASE WHEN jsonb_typeof(c.context #> '{capabilities,add}') = 'array' THEN c.context #> '{capabilities,add}' ELSE '[]' END) a (name)
	WHERE a.name <> ALL ('{AUDIT_WRITE,CHOWN,DAC_OVERRIDE,FOWNER,FSETID,KILL,MKNOD,NET_BIND_SERVICE,SETFCAP,SETGID,SETPCAP,SETUID,SYS_CHROOT}')
	UNION ALL
	SELECT v.path || '.hostPath', 'The files of the host are not for pods.'
	FROM orchestration_internal.pod_entries(spec, '{volumes}') v WHERE COALESCE(v.entry -> 'hostPath', 'null') <> 'null'
	UNION ALL
	SELECT format('%s.ports[%s].hostPort', c.path, p.ordinality - 1), 'Ports of the host are not for pods.'
	FROM containers c
	CROSS JOIN LATERAL jsonb_array_elements(CASE WHEN jsonb_typeof(c.entry -> 'ports') = 'array' THEN c.entry -> 'ports' ELSE '[]' END) WITH ORDINALITY p
	WHERE COALESCE(p.value -> 'hostPort', '0') NOT IN ('null', '0')
	UNION ALL
	SELECT concat_ws('.', c.path, h.place, a.name, 'host'), 'A probe or hook of another host is made by the node, past every network policy.'
	FROM containers c
	CROSS JOIN unnest('{livenessProbe,readinessProbe,startupProbe,lifecycle.postStart,lifecycle.preStop}'::text[]) h (place)
	CROSS JOIN unnest('{httpGet,tcpSocket}'::text[]) a (name)
	WHERE COALESCE(c.entry #>> (string_to_array(h.place, '.') || ARRAY[a.name, 'host']), '') <> ''
	UNION ALL
	SELECT c.path || '.appArmorProfile.type', 'AppArmor may not be turned off.'
	FROM contexts c WHERE COALESCE(c.context #>> '{appArmorProfile,type}', 'RuntimeDefault') NOT IN ('RuntimeDefault', 'Localhost')
	UNION ALL
	SELECT format('metadata.annotations[%s]', a.key), 'AppArmor may not be turned off.'
	FROM jsonb_each_text(CASE WHEN jsonb_typeof(template #> '{metadata,annotations}') = 'object' THEN template #> '{metadata,annotations}' ELSE '{}' END) a
	WHERE a.key LIKE 'container.apparmor.security.beta.kubernetes.io/%' AND a.value NOT IN ('', 'runtime/default') AND a.value NOT LIKE 'localhost/%'
	UNION ALL
	SELECT c.path || '.seLinuxOptions.type', 'Only the SELinux types of containers are allowed.'
	FROM contexts c WHERE COALESCE(c.context #>> '{seLinuxOptions,type}', '') NOT IN ('', 'container_t', 'container_init_t', 'container_kvm_t', 'container_engine_t')
	UNION ALL
	SELECT format('%s.seLinuxOptions.%s', c.path, o.name), 'SELinux user and role may not be set.'
	FROM contexts c CROSS JOIN unnest('{user,role}'::text[]) o (name)
	WHERE COALESCE(c.context -> 'seLinuxOptions' ->> o.name, '') <> ''
	UNION ALL
	SELECT c.path || '.securityContext.procMount', 'The masks of /proc may not be taken off.'
	FROM containers c WHERE COALESCE(c.context ->> 'procMount', 'Default') <> 'Default'
	UNION ALL
	SELECT c.path || '.seccompProfile.type', 'Seccomp may not be turned off.'
	FROM contexts c WHERE COALESCE(c.context #>> '{seccompProfile,type}', 'RuntimeDefault') NOT IN ('RuntimeDefault', 'Localhost')
	UNION ALL
	SELECT 'spec.securityContext.sysctls', format('The sysctl %s is not among the safe ones.', s.value ->> 'name')
	FROM jsonb_array_elements(CASE WHEN jsonb_typeof(spec #> '{securityContext,sysctls}') = 'array' THEN spec #> '{securityContext,sysctls}' ELSE '[]' END) s
	WHERE COALESCE(s.value ->> 'name', '') <> ALL ('{kernel.shm_rmid_forced,net.ipv4.ip_local_port_range,net.ipv4.ip_unprivileged_port_start,net.ipv4.tcp_syncookies,net.ipv4.ping_group_range,net.ipv4.ip_local_reserved_ports,net.ipv4.tcp_keepalive_time,net.ipv4.tcp_fin_timeout,net.ipv4.tcp_keepalive_intvl,net.ipv4.tcp_keepalive_probes,net.ipv4.tcp_rmem,net.ipv4.tcp_wmem}');
END
$$;

COMMENT ON FUNCTION orchestration_internal.baseline_violations(jsonb) IS 'What the standard baseline forbids in a pod template, by field.';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.restricted_violations(template jsonb)
RETURNS TABLE (field text, fact text)
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	spec jsonb := template -> 'spec';
	pod jsonb := COALESCE(template #> '{spec,securityContext}', '{}');
	windows boolean := COALESCE(template #>> '{spec,os,name}', '') = 'windows';
BEGIN
	RETURN QUERY
	WITH containers AS MATERIALIZED (
		SELECT e.path || '.securityContext' AS path, COALESCE(NULLIF(e.entry -> 'securityContext', 'null'), '{}') AS context
		FROM orchestration_internal.pod_entries(spec, '{containers,initContainers,ephemeralContainers}') e
	)
	SELECT format('%s.%s', v.path, k.key), 'Volumes of this type are not allowed.'
	FROM orchestration_internal.pod_entries(spec, '{volumes}') v CROSS JOIN LATERAL jsonb_object_keys(v.entry) k (key)
	WHERE k.key <> ALL ('{name,configMap,csi,downwardAPI,emptyDir,ephemeral,persistentVolumeClaim,projected,secret}')
		AND v.entry -> k.key <> 'null'
		/* that one is told by baseline already */
		AND k.key <> 'hostPath'
	UNION ALL
	SELECT c.path || '.allowPrivilegeEscalation', 'It must be false.'
	FROM containers c WHERE NOT windows AND COALESCE(c.context -> 'allowPrivilegeEscalation', 'null') <> 'false'
	UNION ALL
	SELECT c.path || '.runAsNonRoot', 'It must be true, here or for the pod.'
	FROM containers c
	WHERE COALESCE(NULLIF(c.context -> 'runAsNonRoot', 'null'), NULLIF(pod -> 'runAsNonRoot', 'null'), 'false') <> 'true'
	UNION ALL
	SELECT c.path || '.runAsUser', 'It must not be 0.'
	FROM (SELECT 'spec.securityContext' AS path, pod AS context UNION ALL SELECT x.path, x.context FROM containers x) c
	WHERE c.context -> 'runAsUser' = '0'
	UNION ALL
	SELECT c.path || '.seccompProfile.type', 'It must be RuntimeDefault or Localhost, here or for the pod.'
	FROM containers c
	/* another type is told by baseline already */
	WHERE NOT windows AND COALESCE(c.context #>> '{seccompProfile,type}', pod #>> '{seccompProfile,type}') IS NULL
	UNION ALL
	SELECT c.path || '.capabilities.drop', 'It must contain ALL.'
	FROM containers c WHERE NOT windows AND NOT COALESCE(c.context #> '{capabilities,drop}' ? 'ALL', false)
	UNION ALL
	SELECT c.path || '.capabilities.add', 'Only NET_BIND_SERVICE may be added.'
	FROM containers c
	WHERE NOT windows AND jsonb_typeof(c.context #> '{capabilities,add}') = 'array' AND NOT c.context #> '{capabilities,add}' <@ '["NET_BIND_SERVICE"]';
END
$$;

COMMENT ON FUNCTION orchestration_internal.restricted_violations(jsonb) IS 'What the standard restricted forbids in a pod template beyond baseline, by field.';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.pod_security_violations(template jsonb, level text)
RETURNS TABLE (field text, fact text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT b.field, b.fact FROM orchestration_internal.baseline_violations(template) b WHERE level IN ('baseline', 'restricted')
	UNION ALL
	SELECT r.field, r.fact FROM orchestration_internal.restricted_violations(template) r WHERE level = 'restricted'
$$;

COMMENT ON FUNCTION orchestration_internal.pod_security_violations(jsonb, text) IS 'What a level of Kubernetes'' Pod Security Standards (privileged, baseline, restricted) forbids in a pod template: the field, and why.';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.pod_security_template(namespace_id bigint, container_id bigint)
RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT orchestration_internal.merge_overrides(jsonb_build_object(
		'metadata', jsonb_build_object('annotations', c.annotations),
		'spec', jsonb_build_object(
			'serviceAccountName', c.service_account,
			'securityContext', '{"seccompProfile": {"type": "RuntimeDefault"}}' || COALESCE(c.pod_security_context, '{}'),
			'initContainers', (
				SELECT jsonb_agg(x.value || jsonb_build_object('securityContext', orchestration_internal.default_security_context(x.value -> 'securityContext')))
				FROM jsonb_array_elements(c.init_containers) x
			),
			'containers', jsonb_build_array(jsonb_build_object('name', c.name, 'securityContext', orchestration_internal.default_security_context(c.security_context))
				|| COALESCE((SELECT p.probes FROM orchestration_internal.parts_probes p WHERE p.namespace_id = $1 AND p.container_id = $2), '{}'))
		)), c.overrides)
	FROM orchestration.containers c
	WHERE c.namespace_id = $1 AND c.id = $2
$$;

COMMENT ON FUNCTION orchestration_internal.pod_security_template(bigint, bigint) IS 'As much of a container''s pod template as the standards speak of, without the volumes of the table volumes, which are judged by themselves. Unlike manifests it is there without a cluster.';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.container_violations(namespace_id bigint, container_id bigint, level text, service_accounts text[])
RETURNS TABLE (field text, fact text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	template jsonb := orchestration_internal.pod_security_template(namespace_id, container_id);
BEGIN
	RETURN QUERY
	SELECT v.field, v.fact FROM orchestration_internal.pod_security_violations(template, level) v
	UNION ALL
	SELECT 'spec.' || s.name, format('The service account "%s" is not among those that the namespace allows.', template -> 'spec' ->> s.name)
	FROM unnest('{serviceAccountName,serviceAccount}'::text[]) s (name)
	WHERE level <> 'privileged' AND COALESCE(template -> 'spec' ->> s.name, 'default') <> ALL (service_accounts || 'default'::text);
END
$$;

COMMENT ON FUNCTION orchestration_internal.container_violations(bigint, bigint, text, text[]) IS 'What a container violates at a level: the standard, and the list of service accounts.';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.refuse_pod_security(resource text, namespace_id bigint, id bigint, name text, namespace text, level text, fields text[], facts text[])
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RAISE EXCEPTION '% "%" violates pod security "%" of namespace "%" at %', rtrim(resource, 's'), name, level, namespace, fields[1]
		USING ERRCODE = 'OR007',
			DETAIL = (SELECT string_agg(format('%s: %s', f.field, f.fact), ' ') FROM unnest(fields[1:5], facts[1:5]) f (field, fact))
				|| CASE WHEN cardinality(fields) > 5 THEN format(' There are %s more.', cardinality(fields) - 5) ELSE '' END,
			HINT = 'Change these fields. Who has the permission escalate on namespaces may loosen pod_security or service_accounts of the namespace.',
			TABLE = orchestration_internal.error_about(resource, namespace_id, id, name);
END
$$;

COMMENT ON FUNCTION orchestration_internal.refuse_pod_security(text, bigint, bigint, text, text, text, text[], text[]) IS 'Raises OR007 and names the fields.';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.lock_pod_security(namespace_id bigint)
RETURNS TABLE (name text, pod_security text, service_accounts text[])
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
	/* whoever tightens it waits for us, or we for him and see it; with an old snapshot only a stronger lock notices him */
	IF current_setting('transaction_isolation') = 'read committed' THEN
		RETURN QUERY SELECT n.name, n.pod_security, n.service_accounts FROM orchestration.namespaces n WHERE n.id = $1 FOR KEY SHARE;
	ELSE
		RETURN QUERY SELECT n.name, n.pod_security, n.service_accounts FROM orchestration.namespaces n WHERE n.id = $1 FOR SHARE;
	END IF;
END
$$;

COMMENT ON FUNCTION orchestration_internal.lock_pod_security(bigint) IS 'What a namespace allows, held until the transaction ends. Raises 40001 when it was changed under a transaction with a snapshot.';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.check_pod_security(namespace_id bigint, container_id bigint)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	allowed record;
	found record;
BEGIN
	SELECT l.* INTO allowed FROM orchestration_internal.lock_pod_security(namespace_id) l;
	IF allowed.pod_security = 'privileged' THEN
		RETURN;
	END IF;
	SELECT array_agg(v.field) AS fields, array_agg(v.fact) AS facts INTO found
	FROM orchestration_internal.container_violations($1, $2, allowed.pod_security, allowed.service_accounts) v;
	IF found.fields IS NOT NULL THEN
		PERFORM orchestration_internal.refuse_pod_security('containers', $1, $2, (SELECT c.name FROM orchestration.containers c WHERE c.namespace_id = $1 AND c.id = $2),
			allowed.name, allowed.pod_security, found.fields, found.facts);
	END IF;
END
$$;

COMMENT ON FUNCTION orchestration_internal.check_pod_security(bigint, bigint) IS 'Raises OR007 for a container that its namespace does not allow.';
-- for the owner alone

/* SECURITY DEFINER: judges by the namespace and its other rows, whatever the writer may read or lock */
CREATE OR REPLACE FUNCTION orchestration_internal.judge_new_containers()
RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	suspect record;
BEGIN
	IF current_setting('transaction_isolation') <> 'read committed' THEN
		PERFORM orchestration_internal.lock_pod_security(n.id) FROM (SELECT DISTINCT r.namespace_id AS id FROM new_rows r) n;
	END IF;
	/* what says nothing about security is within baseline by its defaults */
	FOR suspect IN
		SELECT r.namespace_id, r.id
		FROM new_rows r
		JOIN orchestration.namespaces n ON n.id = r.namespace_id
		WHERE n.pod_security <> 'privileged'
			AND (n.pod_security = 'restricted' OR r.overrides <> '{}' OR r.init_containers <> '[]' OR r.security_context IS NOT NULL
				OR r.pod_security_context IS NOT NULL OR r.service_account IS NOT NULL OR r.annotations <> '{}')
	LOOP
		PERFORM orchestration_internal.check_pod_security(suspect.namespace_id, suspect.id);
	END LOOP;
	RETURN NULL;
END
$$;

COMMENT ON FUNCTION orchestration_internal.judge_new_containers() IS 'Statement trigger of containers: raises OR007 for what their namespaces do not allow.';

/* SECURITY DEFINER: as above; resolves no names */
CREATE OR REPLACE FUNCTION orchestration_internal.judge_changed_containers()
RETURNS trigger
LANGUAGE c SECURITY DEFINER
AS 'MODULE_PATHNAME', 'orch_judge_changed_containers';

COMMENT ON FUNCTION orchestration_internal.judge_changed_containers() IS 'Statement trigger of containers, with transition tables: raises OR007 for what their namespaces do not allow. Arguments: the columns whose change is judged.';

/* SECURITY DEFINER: as above */
CREATE OR REPLACE FUNCTION orchestration_internal.judge_probe()
RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM orchestration_internal.check_pod_security(NEW.namespace_id, NEW.container_id);
	RETURN NULL;
END
$$;

COMMENT ON FUNCTION orchestration_internal.judge_probe() IS 'Row trigger of probes: raises OR007 for what the namespace does not allow.';

/* SECURITY DEFINER: as above */
CREATE OR REPLACE FUNCTION orchestration_internal.judge_volume()
RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	allowed record;
BEGIN
	SELECT l.* INTO allowed FROM orchestration_internal.lock_pod_security(NEW.namespace_id) l;
	IF allowed.pod_security <> 'privileged' THEN
		PERFORM orchestration_internal.refuse_pod_security('volumes', NEW.namespace_id, NEW.id, NEW.name, allowed.name, allowed.pod_security,
			'{host_path}', '{The files of the host are not for pods.}');
	END IF;
	RETURN NULL;
END
$$;

COMMENT ON FUNCTION orchestration_internal.judge_volume() IS 'Row trigger of HostPath volumes: raises OR007 unless the namespace is privileged.';

/* SECURITY DEFINER: the log is for no writer; whether the caller may loosen is asked for first */
CREATE OR REPLACE FUNCTION orchestration_internal.guard_pod_security()
RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	is_new constant boolean := TG_OP = 'INSERT';
	before text := CASE WHEN is_new THEN 'baseline' ELSE OLD.pod_security END;
	accounts text[] := CASE WHEN is_new THEN '{}' ELSE OLD.service_accounts END;
BEGIN
	IF NOT is_new THEN
		/* what is being written into the namespace is to be there, or to see us */
		PERFORM FROM orchestration.namespaces n WHERE n.id = NEW.id FOR UPDATE;
	END IF;
	IF orchestration_internal.pod_security_rank(NEW.pod_security) < orchestration_internal.pod_security_rank(before) OR NOT NEW.service_accounts <@ accounts THEN
		IF NOT orchestration_internal.holds_permission(CASE WHEN is_new THEN 0 ELSE NEW.id END, 'namespaces', 'escalate') THEN
			PERFORM orchestration_internal.refuse_permission(format('loosen the pod security of namespace "%s"', NEW.name), 'namespaces',
				CASE WHEN is_new THEN 0 ELSE NEW.id END, CASE WHEN NOT is_new THEN NEW.id END, NEW.name);
		END IF;
		PERFORM orchestration.log_operation(NEW.id, 'loosen_pod_security', 'namespace', NEW.id, NEW.name, jsonb_build_object(
			'pod_security', jsonb_build_array(before, NEW.pod_security), 'service_accounts', jsonb_build_array(accounts, NEW.service_accounts)));
	END IF;
	RETURN NEW;
END
$$;

COMMENT ON FUNCTION orchestration_internal.guard_pod_security() IS 'Row trigger of namespaces: a looser pod_security, or a further service account, than before needs the permission escalate on namespaces and is logged. Raises 42501.';

/* SECURITY DEFINER: judges all rows of the namespace, whatever the writer may read */
CREATE OR REPLACE FUNCTION orchestration_internal.judge_namespace()
RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	volume record;
	violation record;
BEGIN
	IF NEW.pod_security = 'privileged' THEN
		RETURN NULL;
	END IF;
	SELECT v.id, v.name INTO volume FROM orchestration.volumes v WHERE v.namespace_id = NEW.id AND v.volume_type = 'HostPath' ORDER BY v.id LIMIT 1;
	IF FOUND THEN
		PERFORM orchestration_internal.refuse_pod_security('volumes', NEW.id, volume.id, volume.name, NEW.name, NEW.pod_security, '{host_path}', '{The files of the host are not for pods.}');
	END IF;
	SELECT c.id, c.name, array_agg(x.field) AS fields, array_agg(x.fact) AS facts INTO violation
	FROM orchestration.containers c
	CROSS JOIN LATERAL orchestration_internal.container_violations(c.namespace_id, c.id, NEW.pod_security, NEW.service_accounts) x
	WHERE c.namespace_id = NEW.id AND c.desired_state <> 'deleted'
	GROUP BY c.id, c.name
	ORDER BY c.id
	LIMIT 1;
	IF FOUND THEN
		PERFORM orchestration_internal.refuse_pod_security('containers', NEW.id, violation.id, violation.name, NEW.name, NEW.pod_security, violation.fields, violation.facts);
	END IF;
	RETURN NULL;
END
$$;

COMMENT ON FUNCTION orchestration_internal.judge_namespace() IS 'Row trigger of namespaces: raises OR007 when something in the namespace does not fit its new pod_security or service_accounts.';
