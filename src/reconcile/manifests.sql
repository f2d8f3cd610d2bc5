/*
 * What containers become, with the kinds that have modules of their own, and then
 * everything together: after the modules, and before what reads manifests.  Of the aspect
 * x of aspects.sql that is rendered_x and, for a Job that runs beside, parts_runs_x.
 */

/*
 * What asks for a run of a Job: what somebody wrote into the container, and the last
 * start or restart.  Not labels and annotations, and of what it refers to only which
 * it is, not its name or content.
 */
DO $do$
DECLARE
	no_aspect text := (SELECT COALESCE(string_agg(format('c.%I IS NULL', k.aspect), ' AND '), 'true') FROM orchestration_internal.kinds() k WHERE k.aspect IS NOT NULL);
	beside text := (
		SELECT string_agg(format(' UNION ALL SELECT r.namespace_id, r.container_id, r.run_hash, r.annotations FROM orchestration_internal.%I r', 'parts_runs_' || k.aspect), '')
		FROM orchestration_internal.kinds() k WHERE to_regclass('orchestration_internal.parts_runs_' || k.aspect) IS NOT NULL);
BEGIN
	EXECUTE format($view$
CREATE OR REPLACE VIEW orchestration_internal.parts_runs AS
SELECT c.namespace_id, c.id AS container_id,
	pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(pg_catalog.jsonb_build_object(
		'name', c.name, 'image', i.registry || '/' || i.repository || ':' || i.tag || '@' || i.digest, 'imagePullPolicy', c.image_pull_policy,
		'replicas', c.replicas, 'command', pg_catalog.to_jsonb(c.command), 'args', pg_catalog.to_jsonb(c.args), 'workingDir', c.working_dir,
		'resources', pg_catalog.jsonb_build_array(c.cpu_request, c.cpu_limit, c.memory_request, c.memory_limit),
		'restartPolicy', c.restart_policy, 'grace', c.termination_grace_period, 'serviceAccount', c.service_account,
		'securityContext', c.security_context, 'podSecurityContext', c.pod_security_context,
		'nodeSelector', c.node_selector, 'tolerations', c.tolerations, 'initContainers', c.init_containers, 'overrides', c.overrides,
		'restart', pg_catalog.to_char(c.restart_requested_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'),
		'env', (SELECT pg_catalog.jsonb_object_agg(e.name, pg_catalog.jsonb_build_array(e.value, e.config_map_id, e.secret_id, e.key, e.optional, e.field_path, e.resource_field))
			FROM orchestration.environment_variables e WHERE e.namespace_id = c.namespace_id AND e.container_id = c.id),
		'mounts', (SELECT pg_catalog.jsonb_object_agg(m.mount_path, pg_catalog.jsonb_build_array(m.volume_id, m.sub_path, m.read_only))
			FROM orchestration.container_volumes m WHERE m.namespace_id = c.namespace_id AND m.container_id = c.id),
		'ports', (SELECT p.ports FROM orchestration_internal.parts_ports p WHERE p.namespace_id = c.namespace_id AND p.container_id = c.id),
		'probes', (SELECT p.probes FROM orchestration_internal.parts_probes p WHERE p.namespace_id = c.namespace_id AND p.container_id = c.id)
	)::text, 'UTF8')), 'hex') AS run_hash, NULL::jsonb AS annotations
FROM orchestration.containers c
JOIN orchestration.container_images i ON i.namespace_id = c.namespace_id AND i.id = c.image_id
WHERE c.restart_policy <> 'Always' AND %s%s
$view$, no_aspect, beside);
END
$do$;

COMMENT ON VIEW orchestration_internal.parts_runs IS 'The hash of what asks for a run of every container that is a Job, or runs as one beside what it is; annotations that such a run has.';

CREATE OR REPLACE VIEW orchestration_internal.rendered_runs AS
SELECT p.namespace_id, p.container_id, p.name, p.generation, p.desired_state, p.cluster_id, p.cluster_namespace, r.run_hash,
	pg_catalog.jsonb_build_object('labels', p.labels, 'annotations', NULLIF(p.annotations || COALESCE(r.annotations, '{}'), '{}')) AS metadata,
	pg_catalog.jsonb_build_object(
		'parallelism', p.replicas,
		'completions', p.replicas,
		'backoffLimit', CASE p.restart_policy WHEN 'OnFailure' THEN 6 ELSE 0 END,
		'template', p.template) AS spec
FROM orchestration_internal.parts_pods p
CROSS JOIN LATERAL (
	SELECT x.run_hash, x.annotations FROM orchestration_internal.parts_runs x
	WHERE x.namespace_id = p.namespace_id AND x.container_id = p.container_id
	OFFSET 0
) r
WHERE p.restart_policy <> 'Always';

COMMENT ON VIEW orchestration_internal.rendered_runs IS 'What a run of every Job would be made of if it began now.';

CREATE OR REPLACE VIEW orchestration_internal.rendered_workloads AS
SELECT p.namespace_id, 'container'::text AS owner_type, p.container_id AS owner_id, p.generation AS owner_generation, p.cluster_id,
	'Deployment'::text AS kind, p.cluster_namespace, p.name,
	/* an engine that can freeze keeps the pods of what is paused, and lets them stand still */
	pg_catalog.jsonb_build_object('labels', p.labels, 'annotations',
		NULLIF(p.annotations || CASE p.desired_state WHEN 'paused' THEN '{"orchestration.dev/paused": "true"}'::jsonb ELSE '{}' END, '{}')) AS metadata,
	pg_catalog.jsonb_build_object('spec', pg_catalog.jsonb_build_object(
		/* what is left to an autoscaler is not ours to say; it leaves what has no pods alone */
		'replicas', CASE WHEN p.desired_state <> 'running' THEN 0 WHEN NOT p.autoscaled THEN p.replicas END,
		'revisionHistoryLimit', 2,
		'progressDeadlineSeconds', 600,
		'selector', pg_catalog.jsonb_build_object('matchLabels', pg_catalog.jsonb_build_object('orchestration.dev/container-id', p.container_id::text)),
		/* the server's defaults spelled out: it does not remove from a Recreate strategy what we never owned */
		'strategy', CASE p.strategy
			WHEN 'RollingUpdate' THEN pg_catalog.jsonb_build_object('type', p.strategy, 'rollingUpdate', pg_catalog.jsonb_build_object(
				'maxSurge', COALESCE(CASE WHEN p.max_surge ~ '^[0-9]+$' THEN pg_catalog.to_jsonb(p.max_surge::integer) ELSE pg_catalog.to_jsonb(p.max_surge) END, '"25%"'),
				'maxUnavailable', COALESCE(CASE WHEN p.max_unavailable ~ '^[0-9]+$' THEN pg_catalog.to_jsonb(p.max_unavailable::integer) ELSE pg_catalog.to_jsonb(p.max_unavailable) END, '"25%"')))
			ELSE pg_catalog.jsonb_build_object('type', p.strategy) END,
		'template', p.template)) AS body,
	NULL::bytea AS hidden,
	NULL::text AS run_hash, false AS once
FROM orchestration_internal.parts_pods p
WHERE p.restart_policy = 'Always'
UNION ALL
SELECT p.namespace_id, 'container', p.container_id, p.generation, p.cluster_id, 'Job', p.cluster_namespace, p.name,
	COALESCE(r.metadata, p.metadata),
	/* a run that is over is left as it ended */
	pg_catalog.jsonb_build_object('spec', COALESCE(r.spec, p.spec) || pg_catalog.jsonb_build_object('suspend', p.desired_state <> 'running' AND r.finished_at IS NULL)),
	NULL,
	p.run_hash || CASE WHEN p.desired_state <> 'running' AND r.finished_at IS NULL THEN ' suspended' ELSE '' END,
	r.finished_at IS NOT NULL
FROM orchestration_internal.rendered_runs p
LEFT JOIN LATERAL (
	SELECT j.metadata, j.spec, j.finished_at FROM orchestration_internal.job_runs j
	WHERE j.namespace_id = p.namespace_id AND j.container_id = p.container_id AND j.run_hash = p.run_hash
	OFFSET 0
) r ON true;

COMMENT ON VIEW orchestration_internal.rendered_workloads IS 'Deployment, or Job for containers that run to completion: as its run began, if it has begun.';

/* what a resource becomes is in a view with the name of its table; manifests.sql takes all of these together */
DO $do$
DECLARE
	own text := (
		SELECT string_agg(format('SELECT o.*, NULL::text AS run_hash, false AS once FROM orchestration_internal.%I o UNION ALL ', 'rendered_' || k.aspect), '')
		FROM orchestration_internal.kinds() k WHERE k.aspect IS NOT NULL);
BEGIN
	EXECUTE format($view$
CREATE OR REPLACE VIEW orchestration_internal.rendered_containers AS
SELECT s.*, NULL::text AS run_hash, false AS once FROM orchestration_internal.rendered_services s
UNION ALL
%sSELECT w.* FROM orchestration_internal.rendered_workloads w
$view$, own);
END
$do$;

COMMENT ON VIEW orchestration_internal.rendered_containers IS 'Everything that containers become.';

/*
 * Of every resource what it becomes, which is in rendered_<table>, as it is applied: in one view all together,
 * and in a function by one statement for each resource, as a plan of the whole costs more than what it renders.
 */
DO $do$
DECLARE
	applied constant text := $sql$
SELECT r.namespace_id, r.owner_type, r.owner_id, r.owner_generation, r.cluster_id, r.api_version, r.kind, r.cluster_namespace, r.name, r.apply_order, r.manifest,
	pg_catalog.encode(pg_catalog.sha256(COALESCE(pg_catalog.convert_to(r.run_hash, 'UTF8'), pg_catalog.convert_to(r.manifest::text, 'UTF8') || COALESCE(r.hidden, ''))), 'hex') AS manifest_hash,
	r.once
FROM (
	SELECT o.namespace_id, o.owner_type, o.owner_id, o.owner_generation, o.cluster_id, orchestration_internal.kind_version(o.kind) AS api_version, o.kind,
		o.cluster_namespace, o.name, orchestration_internal.kind_order(o.kind) AS apply_order, o.hidden, o.run_hash, o.once,
		pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object('apiVersion', orchestration_internal.kind_version(o.kind), 'kind', o.kind,
			'metadata', o.metadata || pg_catalog.jsonb_build_object('name', o.name, 'namespace', NULLIF(o.cluster_namespace, ''))) || o.body) AS manifest
	FROM (%s) o
) r$sql$;
	resource record;
	members text[] := '{}';
	cases text := '';
BEGIN
	FOR resource IN
		SELECT r.singular AS owner_type, format('SELECT o.namespace_id, o.owner_type, o.owner_id, o.owner_generation, o.cluster_id, o.kind, o.cluster_namespace, o.name,'
			' o.metadata, o.body, o.hidden, %s FROM orchestration_internal.%I o',
			/* runs are of those who have them */
			CASE WHEN EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = to_regclass('orchestration_internal.rendered_' || r.relation) AND a.attname = 'once')
				THEN 'o.run_hash, o.once' ELSE 'NULL::text AS run_hash, false AS once' END,
			'rendered_' || r.relation) AS member
		FROM orchestration_internal.resources() r
		WHERE r.owner
		ORDER BY r.nth
	LOOP
		members := members || resource.member;
		/* OFFSET 0: a join would render everything and then choose */
		cases := cases || format($sql$
	WHEN %L THEN RETURN QUERY
		SELECT m.namespace_id, m.owner_type, m.owner_id, m.owner_generation, m.cluster_id, m.api_version, m.kind, m.cluster_namespace, m.name, m.apply_order, m.manifest, m.manifest_hash
		FROM unnest($2, $3) u (namespace_id, owner_id)
		CROSS JOIN LATERAL (SELECT v.* FROM (%s) v WHERE v.namespace_id = u.namespace_id AND v.owner_id = u.owner_id OFFSET 0) m;$sql$,
			resource.owner_type, format(applied, resource.member));
	END LOOP;
	EXECUTE format($view$
CREATE OR REPLACE VIEW orchestration.manifests AS%s
$view$, format(applied, array_to_string(members, ' UNION ALL ')));
	EXECUTE format($text$CREATE OR REPLACE FUNCTION orchestration_internal.render_manifests(of_type text, namespace_ids bigint[], owner_ids bigint[])
RETURNS TABLE (namespace_id bigint, owner_type text, owner_id bigint, owner_generation bigint, cluster_id bigint, api_version text, kind text,
	cluster_namespace text, name text, apply_order integer, manifest jsonb, manifest_hash text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
/* one plan per session: planning takes longer than rendering one owner, and compiling it longer still */
SET plan_cache_mode = force_generic_plan
SET jit = off
AS $body$
#variable_conflict use_column
BEGIN
	CASE of_type%s
	END CASE;
END
$body$$text$, cases);
END
$do$;

COMMENT ON FUNCTION orchestration_internal.render_manifests(text, bigint[], bigint[]) IS 'Rows of the view manifests for owners of one type, given as two arrays of equal length: namespace ids and owner ids. Faster than joining the view with a set, which would render everything first.';
/* what bootstrap() makes is everybody's at first */
REVOKE ALL ON FUNCTION orchestration_internal.render_manifests(text, bigint[], bigint[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION orchestration_internal.render_manifests(text, bigint[], bigint[]) TO orchestration_worker;

COMMENT ON VIEW orchestration.manifests IS 'Every Kubernetes object that the rows ask for, as it is applied; values of secrets are redacted, manifest_hash changes with them. Restrict by namespace_id, owner_type and owner_id: what is not asked for is not rendered.';
COMMENT ON COLUMN orchestration.manifests.namespace_id IS 'Namespace of the owner.';
COMMENT ON COLUMN orchestration.manifests.owner_type IS 'Kind of row that asks for the object, such as container or config_map: one that owners has.';
COMMENT ON COLUMN orchestration.manifests.owner_id IS 'Id of that row.';
COMMENT ON COLUMN orchestration.manifests.owner_generation IS 'Generation of that row.';
COMMENT ON COLUMN orchestration.manifests.cluster_id IS 'Cluster in which the object is to exist.';
COMMENT ON COLUMN orchestration.manifests.api_version IS 'Kubernetes apiVersion.';
COMMENT ON COLUMN orchestration.manifests.kind IS 'Kubernetes kind.';
COMMENT ON COLUMN orchestration.manifests.cluster_namespace IS 'Kubernetes namespace of the object; empty for the Namespace itself.';
COMMENT ON COLUMN orchestration.manifests.name IS 'Name of the object.';
COMMENT ON COLUMN orchestration.manifests.apply_order IS 'Objects with a lower number are applied first and deleted last.';
COMMENT ON COLUMN orchestration.manifests.manifest IS 'The object as it is applied.';
COMMENT ON COLUMN orchestration.manifests.manifest_hash IS 'SHA-256 over the object and, for secrets, the fingerprint of their value; for Jobs over what asks for a run.';
COMMENT ON COLUMN orchestration.manifests.once IS 'True for a Job whose run is over: where it is gone, it is not made again for the same manifest_hash.';
