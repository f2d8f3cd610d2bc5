/*
 * installation: who this database is to the clusters it manages, and which
 * schema version its tables have.  One row.  The id is written into every
 * object's labels, so it travels with a dump; who may act for it is decided by
 * the Lease (see clusters).
 */
CREATE TABLE orchestration.installation (
	singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
	id uuid NOT NULL DEFAULT pg_catalog.gen_random_uuid(),
	schema_version integer NOT NULL CHECK (schema_version > 0),
	created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	updated_at timestamptz NOT NULL DEFAULT pg_catalog.now()
);

COMMENT ON TABLE orchestration.installation IS 'One row: the identity of this installation, written into the labels of every object it owns in a cluster.';
COMMENT ON COLUMN orchestration.installation.singleton IS 'Always true: keeps the table at one row.';
COMMENT ON COLUMN orchestration.installation.id IS 'Label orchestration.dev/installation of every owned object.';
COMMENT ON COLUMN orchestration.installation.schema_version IS 'Version of the tables that bootstrap() made; bootstrap() refuses a newer one.';
COMMENT ON COLUMN orchestration.installation.created_at IS 'When bootstrap() first ran.';
COMMENT ON COLUMN orchestration.installation.updated_at IS 'When bootstrap() last changed the schema version.';
