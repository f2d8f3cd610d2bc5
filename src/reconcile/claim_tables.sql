/*
 * Claims whose data outlived their row.  Nothing here is desired: no row asks for
 * them, and no machine deletes them.
 */
CREATE TABLE orchestration.kept_claims (
	namespace_id bigint NOT NULL,
	id bigint GENERATED ALWAYS AS IDENTITY,
	cluster_id bigint NOT NULL,
	cluster_namespace text NOT NULL,
	name text NOT NULL,
	uid text NOT NULL,
	volume_id bigint,
	size_bytes bigint,
	access_mode text,
	storage_class text,
	reason text NOT NULL CHECK (reason IN ('VolumeDeleted', 'NoVolume')),
	released_at timestamptz,
	observed_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	updated_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	PRIMARY KEY (namespace_id, id),
	UNIQUE (namespace_id, name, cluster_id)
);

CREATE INDEX kept_claims_id ON orchestration.kept_claims (id);
/* an event names its object by these */
CREATE INDEX kept_claims_name ON orchestration.kept_claims (cluster_id, cluster_namespace, name);
CREATE INDEX kept_claims_unreleased ON orchestration.kept_claims (cluster_id) WHERE released_at IS NULL;

COMMENT ON TABLE orchestration.kept_claims IS 'PersistentVolumeClaims that are in a cluster, were made by this installation, and belong to no volume any more. create_volume(..., adopt_claim => true) takes one over. Written by the database.';
COMMENT ON COLUMN orchestration.kept_claims.namespace_id IS 'Namespace row that the claim belongs to; a negative number where there is none.';
COMMENT ON COLUMN orchestration.kept_claims.id IS 'Identity of the row.';
COMMENT ON COLUMN orchestration.kept_claims.cluster_id IS 'Cluster that holds the claim.';
COMMENT ON COLUMN orchestration.kept_claims.cluster_namespace IS 'metadata.namespace of the claim.';
COMMENT ON COLUMN orchestration.kept_claims.name IS 'metadata.name of the claim.';
COMMENT ON COLUMN orchestration.kept_claims.uid IS 'metadata.uid of the claim.';
COMMENT ON COLUMN orchestration.kept_claims.volume_id IS 'Id of the volume that it was made for; NULL: unknown.';
COMMENT ON COLUMN orchestration.kept_claims.size_bytes IS 'Size that was asked for; NULL: unknown.';
COMMENT ON COLUMN orchestration.kept_claims.access_mode IS 'Access mode that was asked for; NULL: unknown.';
COMMENT ON COLUMN orchestration.kept_claims.storage_class IS 'Storage class that was asked for; NULL: the default of the cluster.';
COMMENT ON COLUMN orchestration.kept_claims.reason IS 'VolumeDeleted: its row was deleted and its retention was keep. NoVolume: the cluster holds it and no row asks for it.';
COMMENT ON COLUMN orchestration.kept_claims.released_at IS 'When the cluster was told that it is kept (label orchestration.dev/owner: kept-volume-...); NULL: not yet.';
COMMENT ON COLUMN orchestration.kept_claims.observed_at IS 'When it was last seen.';
COMMENT ON COLUMN orchestration.kept_claims.created_at IS 'Since when it is kept.';
COMMENT ON COLUMN orchestration.kept_claims.updated_at IS 'When the row was last changed.';

GRANT SELECT ON orchestration.kept_claims TO orchestration_user;
