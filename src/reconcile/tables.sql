/*
 * What we own in the clusters, and the pods that run there.  Neither references
 * the rows that asked for it: an object must outlive its row here until the
 * cluster proves that it is gone.
 */
CREATE TABLE orchestration.managed_objects (
	namespace_id bigint NOT NULL,
	id bigint GENERATED ALWAYS AS IDENTITY,
	cluster_id bigint NOT NULL REFERENCES orchestration.clusters (id),
	api_version text NOT NULL,
	kind text NOT NULL,
	cluster_namespace text NOT NULL,
	name text NOT NULL,
	owner_type text NOT NULL CHECK (owner_type IN ('namespace', 'config_map', 'secret', 'registry', 'volume', 'container')),
	owner_id bigint NOT NULL,
	owner_generation bigint NOT NULL,
	apply_order integer NOT NULL,
	desired_hash text,
	applied_hash text,
	uid text,
	resource_version text,
	object_generation bigint,
	observed jsonb,
	deletion_started_at timestamptz,
	attempts integer NOT NULL DEFAULT 0,
	next_attempt_at timestamptz NOT NULL DEFAULT '-infinity',
	last_error_reason text,
	last_error text,
	last_warning text,
	applied_at timestamptz,
	observed_at timestamptz,
	created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	updated_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	PRIMARY KEY (namespace_id, id),
	UNIQUE (namespace_id, kind, name, cluster_id)
);

CREATE INDEX managed_objects_id ON orchestration.managed_objects (id);
CREATE INDEX managed_objects_owner ON orchestration.managed_objects (namespace_id, owner_type, owner_id);
CREATE INDEX managed_objects_due ON orchestration.managed_objects (cluster_id, next_attempt_at) WHERE desired_hash IS DISTINCT FROM applied_hash OR desired_hash IS NULL;
CREATE INDEX managed_objects_uid ON orchestration.managed_objects (cluster_id, uid) WHERE uid IS NOT NULL;

CREATE TABLE orchestration.container_instances (
	namespace_id bigint NOT NULL,
	id bigint GENERATED ALWAYS AS IDENTITY,
	container_id bigint NOT NULL,
	cluster_id bigint NOT NULL REFERENCES orchestration.clusters (id),
	pod_name text NOT NULL,
	pod_uid text NOT NULL,
	resource_version text NOT NULL,
	template_hash text,
	node_name text,
	pod_ip inet,
	phase text NOT NULL,
	ready boolean NOT NULL DEFAULT false,
	restart_count integer NOT NULL DEFAULT 0,
	reason text,
	message text,
	observed jsonb NOT NULL,
	started_at timestamptz,
	terminating_at timestamptz,
	ended_at timestamptz,
	observed_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	updated_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	PRIMARY KEY (namespace_id, id),
	UNIQUE (namespace_id, pod_uid)
);

CREATE INDEX container_instances_id ON orchestration.container_instances (id);
CREATE INDEX container_instances_container ON orchestration.container_instances (namespace_id, container_id) WHERE ended_at IS NULL;
CREATE INDEX container_instances_uid ON orchestration.container_instances (cluster_id, pod_uid) WHERE ended_at IS NULL;
