/*
 * What we own in the clusters, and the pods that run there.  Neither references
 * the rows that asked for it: an object must outlive its row here until the
 * cluster proves that it is gone.  Nor do they reference the cluster: a foreign
 * key would make the worker wait for whoever has locked that row, with all it
 * serves there.  keep_cluster() sees to it that the row stays.
 */
CREATE TABLE orchestration.managed_objects (
	namespace_id bigint NOT NULL,
	id bigint GENERATED ALWAYS AS IDENTITY,
	cluster_id bigint NOT NULL,
	api_version text NOT NULL,
	kind text NOT NULL,
	cluster_namespace text NOT NULL,
	name text NOT NULL,
	owner_type text NOT NULL CHECK (orchestration_internal.is_owner_type(owner_type)),
	owner_id bigint NOT NULL,
	owner_generation bigint NOT NULL,
	apply_order integer NOT NULL,
	desired_hash text,
	applied_hash text,
	replacing boolean NOT NULL DEFAULT false,
	given_up boolean NOT NULL DEFAULT false,
	uid text,
	gone_uid text,
	resource_version text,
	object_generation bigint,
	applied_fingerprint text,
	observed_fingerprint text,
	observed jsonb,
	deletion_started_at timestamptz,
	attempts integer NOT NULL DEFAULT 0,
	attempted_at timestamptz,
	next_attempt_at timestamptz NOT NULL DEFAULT '-infinity',
	last_error_reason text,
	last_error text,
	last_warning text,
	insisted jsonb,
	due_since timestamptz NOT NULL DEFAULT pg_catalog.now(),
	applied_at timestamptz,
	observed_at timestamptz,
	created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	updated_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	PRIMARY KEY (namespace_id, id),
	UNIQUE (namespace_id, kind, name, cluster_id)
) WITH (fillfactor = 80);

CREATE INDEX managed_objects_id ON orchestration.managed_objects (id);
CREATE INDEX managed_objects_owner ON orchestration.managed_objects (namespace_id, owner_type, owner_id);
/* what is not as it should be, for the indicators */
CREATE INDEX managed_objects_due ON orchestration.managed_objects (cluster_id)
	WHERE desired_hash IS NOT NULL AND applied_hash IS DISTINCT FROM desired_hash;
/* what rows that are gone have let go of */
CREATE INDEX managed_objects_doomed ON orchestration.managed_objects (cluster_id, id) WHERE desired_hash IS NULL;
/* what is in a cluster, as a worker reads it that begins */
CREATE INDEX managed_objects_cluster ON orchestration.managed_objects (cluster_id, id);

/*
 * Which starts of the server wrote a Lease.  A copy of the rows knows those that
 * were before it was made, and none after.
 */
CREATE TABLE orchestration_internal.lease_starts (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	cluster_id bigint NOT NULL,
	holder text NOT NULL,
	home text NOT NULL,
	created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	updated_at timestamptz NOT NULL DEFAULT pg_catalog.now()
);

CREATE INDEX lease_starts_cluster ON orchestration_internal.lease_starts (cluster_id, id);

/* Owners that could not be rendered, so that one of them does not stop the others. */
CREATE TABLE orchestration_internal.plan_errors (
	namespace_id bigint NOT NULL,
	owner_type text NOT NULL,
	owner_id bigint NOT NULL,
	owner_generation bigint NOT NULL,
	reason text NOT NULL,
	message text NOT NULL,
	attempts integer NOT NULL DEFAULT 1,
	next_attempt_at timestamptz NOT NULL,
	created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	updated_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	PRIMARY KEY (namespace_id, owner_type, owner_id)
);

/*
 * Rows whose status could not be written because somebody had locked them.  Here
 * and not in the row itself, which is the one that is locked.
 */
CREATE TABLE orchestration_internal.left_out (
	namespace_id bigint NOT NULL,
	cluster_id bigint NOT NULL,
	owner_type text NOT NULL,
	owner_id bigint NOT NULL,
	attempts integer NOT NULL DEFAULT 1,
	created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	updated_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	PRIMARY KEY (namespace_id, cluster_id, owner_type, owner_id)
);

CREATE TABLE orchestration.container_instances (
	namespace_id bigint NOT NULL,
	id bigint GENERATED ALWAYS AS IDENTITY,
	container_id bigint NOT NULL,
	cluster_id bigint NOT NULL,
	pod_name text NOT NULL,
	pod_uid text NOT NULL,
	resource_version text NOT NULL,
	digest text,
	template_hash text,
	node_name text,
	pod_ip inet,
	phase text NOT NULL,
	ready boolean NOT NULL DEFAULT false,
	ready_at timestamptz,
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
) WITH (fillfactor = 80);

CREATE INDEX container_instances_id ON orchestration.container_instances (id);
CREATE INDEX container_instances_container ON orchestration.container_instances (container_id, namespace_id) WHERE ended_at IS NULL;
CREATE INDEX container_instances_uid ON orchestration.container_instances (cluster_id, pod_uid) WHERE ended_at IS NULL;
/* which nodes run some, for the usage */
CREATE INDEX container_instances_node ON orchestration.container_instances (cluster_id, node_name) WHERE ended_at IS NULL;
CREATE INDEX container_instances_ended ON orchestration.container_instances (ended_at) WHERE ended_at IS NOT NULL;

COMMENT ON TABLE orchestration.managed_objects IS 'The inventory: every object that this installation owns, or is about to own, in a cluster. Written by the worker.';
COMMENT ON COLUMN orchestration.managed_objects.namespace_id IS 'Namespace row that the object belongs to.';
COMMENT ON COLUMN orchestration.managed_objects.id IS 'Identity of the inventory row.';
COMMENT ON COLUMN orchestration.managed_objects.cluster_id IS 'Cluster that holds the object.';
COMMENT ON COLUMN orchestration.managed_objects.api_version IS 'apiVersion of the object.';
COMMENT ON COLUMN orchestration.managed_objects.kind IS 'Kind of the object.';
COMMENT ON COLUMN orchestration.managed_objects.cluster_namespace IS 'metadata.namespace of the object; empty for a Namespace.';
COMMENT ON COLUMN orchestration.managed_objects.name IS 'metadata.name of the object.';
COMMENT ON COLUMN orchestration.managed_objects.owner_type IS 'Kind of row that asked for the object.';
COMMENT ON COLUMN orchestration.managed_objects.owner_id IS 'Id of the row that asked for the object.';
COMMENT ON COLUMN orchestration.managed_objects.owner_generation IS 'Generation of that row when the object was last rendered.';
COMMENT ON COLUMN orchestration.managed_objects.apply_order IS 'Applied in this order, deleted in the reverse one.';
COMMENT ON COLUMN orchestration.managed_objects.desired_hash IS 'Hash of the manifest that the object is to have; NULL: the object is to go.';
COMMENT ON COLUMN orchestration.managed_objects.applied_hash IS 'Hash of the manifest that the object has; NULL: unknown, or changed by somebody.';
COMMENT ON COLUMN orchestration.managed_objects.replacing IS 'The object must be deleted before it can be made as desired.';
COMMENT ON COLUMN orchestration.managed_objects.given_up IS 'Of a PersistentVolumeClaim: somebody said that its data may go, so that it may be deleted. Written by triggers alone.';
COMMENT ON COLUMN orchestration.managed_objects.uid IS 'metadata.uid; NULL: not known to exist.';
COMMENT ON COLUMN orchestration.managed_objects.gone_uid IS 'uid of the object that was here last, so that a late answer does not bring it back.';
COMMENT ON COLUMN orchestration.managed_objects.resource_version IS 'Newest metadata.resourceVersion seen.';
COMMENT ON COLUMN orchestration.managed_objects.object_generation IS 'Newest metadata.generation seen.';
COMMENT ON COLUMN orchestration.managed_objects.applied_fingerprint IS 'What we own in the object (object_fingerprint()) after our last apply.';
COMMENT ON COLUMN orchestration.managed_objects.observed_fingerprint IS 'The same as seen last; a difference is drift.';
COMMENT ON COLUMN orchestration.managed_objects.observed IS 'Extract of the object: what status is derived from.';
COMMENT ON COLUMN orchestration.managed_objects.deletion_started_at IS 'Since when the cluster is deleting the object.';
COMMENT ON COLUMN orchestration.managed_objects.attempts IS 'Failed attempts since the last success or change.';
COMMENT ON COLUMN orchestration.managed_objects.attempted_at IS 'When the manifest was first handed to the worker, which may have sent it since; NULL: the object cannot exist.';
COMMENT ON COLUMN orchestration.managed_objects.next_attempt_at IS 'Not to be tried before.';
COMMENT ON COLUMN orchestration.managed_objects.last_error_reason IS 'Reason of the last failure, such as Conflict, Forbidden, Invalid, QuotaExceeded, Unreachable; NULL after success.';
COMMENT ON COLUMN orchestration.managed_objects.last_error IS 'Message of the last failure.';
COMMENT ON COLUMN orchestration.managed_objects.last_warning IS 'Warning that the API server gave with the last apply.';
COMMENT ON COLUMN orchestration.managed_objects.insisted IS 'What came back from the last apply otherwise than it was sent, and who insists on it (insisted_values()); NULL: nothing.';
COMMENT ON COLUMN orchestration.managed_objects.due_since IS 'Since when it has not been as desired, however often it was tried; means nothing while it is.';
COMMENT ON COLUMN orchestration.managed_objects.applied_at IS 'When the last apply succeeded.';
COMMENT ON COLUMN orchestration.managed_objects.observed_at IS 'When the object was last seen, by event, list or answer.';
COMMENT ON COLUMN orchestration.managed_objects.created_at IS 'When the row was made.';
COMMENT ON COLUMN orchestration.managed_objects.updated_at IS 'When the worker last planned or recorded it.';
COMMENT ON TABLE orchestration_internal.plan_errors IS 'Rows that could not be turned into manifests; tried again from time to time.';
COMMENT ON COLUMN orchestration_internal.plan_errors.namespace_id IS 'Namespace of the row.';
COMMENT ON COLUMN orchestration_internal.plan_errors.owner_type IS 'Kind of the row.';
COMMENT ON COLUMN orchestration_internal.plan_errors.owner_id IS 'Id of the row.';
COMMENT ON COLUMN orchestration_internal.plan_errors.owner_generation IS 'Generation that failed.';
COMMENT ON COLUMN orchestration_internal.plan_errors.reason IS 'RenderFailed or Conflict.';
COMMENT ON COLUMN orchestration_internal.plan_errors.message IS 'What went wrong.';
COMMENT ON COLUMN orchestration_internal.plan_errors.attempts IS 'How often it was tried.';
COMMENT ON COLUMN orchestration_internal.plan_errors.next_attempt_at IS 'When it is tried again, unless the row changes before.';
COMMENT ON COLUMN orchestration_internal.plan_errors.created_at IS 'When it failed first.';
COMMENT ON COLUMN orchestration_internal.plan_errors.updated_at IS 'When it failed last.';
COMMENT ON TABLE orchestration_internal.left_out IS 'Rows whose status the worker could not write because somebody had locked them; taken up again every few seconds.';
COMMENT ON TABLE orchestration_internal.lease_starts IS 'Starts of the server that wrote the Lease of a cluster, by which a database is told from its copies. Written by the worker.';
COMMENT ON COLUMN orchestration_internal.lease_starts.id IS 'Identity of the row; a later start has a higher one.';
COMMENT ON COLUMN orchestration_internal.lease_starts.cluster_id IS 'Cluster whose Lease it was; it may be gone.';
COMMENT ON COLUMN orchestration_internal.lease_starts.holder IS 'Holder as the Lease named it: system identifier, database, timeline, nonce of the start.';
COMMENT ON COLUMN orchestration_internal.lease_starts.home IS 'Digest of machine and data directory.';
COMMENT ON COLUMN orchestration_internal.lease_starts.created_at IS 'When it began to write.';
COMMENT ON COLUMN orchestration_internal.lease_starts.updated_at IS 'The same: a start does not change.';
COMMENT ON COLUMN orchestration_internal.left_out.cluster_id IS 'Cluster that it is about.';
COMMENT ON COLUMN orchestration_internal.left_out.owner_type IS 'Type of the row.';
COMMENT ON COLUMN orchestration_internal.left_out.namespace_id IS 'Namespace of the row.';
COMMENT ON COLUMN orchestration_internal.left_out.owner_id IS 'The row whose status is to be written.';
COMMENT ON COLUMN orchestration_internal.left_out.attempts IS 'How often it was tried.';
COMMENT ON COLUMN orchestration_internal.left_out.created_at IS 'Since when it has been waiting.';
COMMENT ON COLUMN orchestration_internal.left_out.updated_at IS 'When it was tried last.';
COMMENT ON TABLE orchestration.container_instances IS 'Pods of containers, as last seen. Written by the worker.';
COMMENT ON COLUMN orchestration.container_instances.namespace_id IS 'Namespace of the container.';
COMMENT ON COLUMN orchestration.container_instances.id IS 'Identity of the instance.';
COMMENT ON COLUMN orchestration.container_instances.container_id IS 'Container that the pod runs.';
COMMENT ON COLUMN orchestration.container_instances.cluster_id IS 'Cluster that holds the pod.';
COMMENT ON COLUMN orchestration.container_instances.pod_name IS 'metadata.name of the pod.';
COMMENT ON COLUMN orchestration.container_instances.pod_uid IS 'metadata.uid of the pod.';
COMMENT ON COLUMN orchestration.container_instances.resource_version IS 'metadata.resourceVersion as last seen.';
COMMENT ON COLUMN orchestration.container_instances.digest IS 'Digest of what is known of the pod: an event that brings the same changes nothing.';
COMMENT ON COLUMN orchestration.container_instances.template_hash IS 'Tells the pods of one template from those of another.';
COMMENT ON COLUMN orchestration.container_instances.node_name IS 'Node that the pod is bound to.';
COMMENT ON COLUMN orchestration.container_instances.pod_ip IS 'Address of the pod.';
COMMENT ON COLUMN orchestration.container_instances.phase IS 'Pending, Running, Succeeded, Failed or Unknown.';
COMMENT ON COLUMN orchestration.container_instances.ready IS 'Condition Ready is True.';
COMMENT ON COLUMN orchestration.container_instances.ready_at IS 'When we saw it become ready last.';
COMMENT ON COLUMN orchestration.container_instances.restart_count IS 'Restarts of its containers together.';
COMMENT ON COLUMN orchestration.container_instances.reason IS 'Waiting or termination reason, or reason of the pod itself.';
COMMENT ON COLUMN orchestration.container_instances.message IS 'Message that came with the reason.';
COMMENT ON COLUMN orchestration.container_instances.observed IS 'Facts that status is derived from.';
COMMENT ON COLUMN orchestration.container_instances.started_at IS 'status.startTime of the pod.';
COMMENT ON COLUMN orchestration.container_instances.terminating_at IS 'Since when the pod is being deleted.';
COMMENT ON COLUMN orchestration.container_instances.ended_at IS 'When we saw that the pod is gone.';
COMMENT ON COLUMN orchestration.container_instances.observed_at IS 'When the pod was last seen.';
COMMENT ON COLUMN orchestration.container_instances.created_at IS 'When the pod was seen first.';
COMMENT ON COLUMN orchestration.container_instances.updated_at IS 'When the row last changed.';
