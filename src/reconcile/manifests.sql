/* Of every resource what it becomes: after the last view rendered_<table>, and before those that read it. */

DO $$
DECLARE
	members text := (
		SELECT string_agg(format('SELECT o.namespace_id, o.owner_type, o.owner_id, o.owner_generation, o.cluster_id, o.kind, o.cluster_namespace, o.name,'
			' o.metadata, o.body, o.hidden, %s FROM orchestration_internal.%I o',
			/* runs are of those who have them */
			CASE WHEN EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = to_regclass('orchestration_internal.rendered_' || r.relation) AND a.attname = 'once')
				THEN 'o.run_hash, o.once' ELSE 'NULL::text AS run_hash, false AS once' END,
			'rendered_' || r.relation), ' UNION ALL ' ORDER BY r.nth)
		FROM orchestration_internal.resources() r
		WHERE r.owner);
BEGIN
	EXECUTE format($view$
CREATE OR REPLACE VIEW orchestration.manifests AS
SELECT r.namespace_id, r.owner_type, r.owner_id, r.owner_generation, r.cluster_id, r.api_version, r.kind, r.cluster_namespace, r.name, r.apply_order, r.manifest,
	pg_catalog.encode(pg_catalog.sha256(COALESCE(pg_catalog.convert_to(r.run_hash, 'UTF8'), pg_catalog.convert_to(r.manifest::text, 'UTF8') || COALESCE(r.hidden, ''))), 'hex') AS manifest_hash,
	r.once
FROM (
	SELECT o.namespace_id, o.owner_type, o.owner_id, o.owner_generation, o.cluster_id, orchestration_internal.kind_version(o.kind) AS api_version, o.kind,
		o.cluster_namespace, o.name, orchestration_internal.kind_order(o.kind) AS apply_order, o.hidden, o.run_hash, o.once,
		pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object('apiVersion', orchestration_internal.kind_version(o.kind), 'kind', o.kind,
			'metadata', o.metadata || pg_catalog.jsonb_build_object('name', o.name, 'namespace', NULLIF(o.cluster_namespace, ''))) || o.body) AS manifest
	FROM (%s) o
) r$view$, members);
END
$$;

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
