/* What containers used: as measured, by month; by the hour and by the day. Missing is NULL, never 0. */
CREATE TABLE orchestration.container_resource_usage (
	namespace_id bigint NOT NULL,
	recorded_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
	id bigint GENERATED ALWAYS AS IDENTITY (CACHE 32),
	container_id bigint NOT NULL,
	instance_id bigint,
	cpu_millicores double precision CHECK (cpu_millicores >= 0),
	memory_bytes bigint CHECK (memory_bytes >= 0),
	network_receive_bytes bigint CHECK (network_receive_bytes >= 0),
	network_transmit_bytes bigint CHECK (network_transmit_bytes >= 0),
	disk_used_bytes bigint CHECK (disk_used_bytes >= 0),
	PRIMARY KEY (namespace_id, recorded_at, id)
) PARTITION BY RANGE (recorded_at);

CREATE INDEX container_resource_usage_container ON orchestration.container_resource_usage (namespace_id, container_id, recorded_at);

/* Hours with entries that the rollups do not hold yet; several rows for one hour when several statements wrote into it. */
CREATE TABLE orchestration_internal.container_usage_pending (
	namespace_id bigint NOT NULL,
	bucket_start timestamptz NOT NULL,
	id bigint GENERATED ALWAYS AS IDENTITY (CACHE 32),
	PRIMARY KEY (namespace_id, bucket_start, id)
);

CREATE TABLE orchestration.container_usage_hourly (
	namespace_id bigint NOT NULL,
	container_id bigint NOT NULL,
	bucket_start timestamptz NOT NULL,
	samples bigint NOT NULL CHECK (samples > 0),
	cpu_millicores_avg double precision,
	cpu_millicores_max double precision,
	memory_bytes_avg bigint,
	memory_bytes_max bigint,
	network_receive_bytes bigint,
	network_transmit_bytes bigint,
	disk_used_bytes_max bigint,
	PRIMARY KEY (namespace_id, container_id, bucket_start)
) WITH (fillfactor = 80);

/* for the whole of a namespace, and for retention */
CREATE INDEX container_usage_hourly_bucket ON orchestration.container_usage_hourly (namespace_id, bucket_start);
CREATE INDEX container_usage_hourly_age ON orchestration.container_usage_hourly USING brin (bucket_start);

CREATE TABLE orchestration.container_usage_daily (LIKE orchestration.container_usage_hourly INCLUDING CONSTRAINTS);
ALTER TABLE orchestration.container_usage_daily ADD PRIMARY KEY (namespace_id, container_id, bucket_start);
CREATE INDEX container_usage_daily_bucket ON orchestration.container_usage_daily (namespace_id, bucket_start);
CREATE INDEX container_usage_daily_age ON orchestration.container_usage_daily USING brin (bucket_start);

/* What the worker read last of each pod: counters go on from here after a restart. */
CREATE TABLE orchestration_internal.container_usage_counters (
	namespace_id bigint NOT NULL,
	instance_id bigint NOT NULL,
	container_id bigint NOT NULL,
	recorded_at timestamptz,
	sampled_at timestamptz,
	started_at timestamptz,
	cpu_at timestamptz,
	cpu_nanoseconds bigint,
	network_at timestamptz,
	network_receive_bytes bigint,
	network_transmit_bytes bigint,
	metrics_sampled_at timestamptz,
	metrics_round_at timestamptz,
	metrics_cpu_millicores double precision,
	metrics_memory_bytes bigint,
	PRIMARY KEY (namespace_id, instance_id)
) WITH (fillfactor = 50);

COMMENT ON TABLE orchestration.container_resource_usage IS 'What containers used, over time. Partitioned by month; what is not known is NULL, never 0. Entries of one container with the same recorded_at are its pods at one moment and are added up.';
COMMENT ON COLUMN orchestration.container_resource_usage.namespace_id IS 'Namespace of the container.';
COMMENT ON COLUMN orchestration.container_resource_usage.recorded_at IS 'When it was measured.';
COMMENT ON COLUMN orchestration.container_resource_usage.id IS 'Identity of the entry.';
COMMENT ON COLUMN orchestration.container_resource_usage.container_id IS 'Container that used it.';
COMMENT ON COLUMN orchestration.container_resource_usage.instance_id IS 'Pod that used it; NULL for all pods together.';
COMMENT ON COLUMN orchestration.container_resource_usage.cpu_millicores IS 'CPU in use, in millicores.';
COMMENT ON COLUMN orchestration.container_resource_usage.memory_bytes IS 'Memory in use (working set), in bytes.';
COMMENT ON COLUMN orchestration.container_resource_usage.network_receive_bytes IS 'Bytes received since the entry before.';
COMMENT ON COLUMN orchestration.container_resource_usage.network_transmit_bytes IS 'Bytes sent since the entry before.';
COMMENT ON COLUMN orchestration.container_resource_usage.disk_used_bytes IS 'Bytes in use on disk: files, logs and local volumes of the pod, and its claims.';
COMMENT ON TABLE orchestration_internal.container_usage_pending IS 'Hours with entries in container_resource_usage that the rollups do not hold yet. Written by a trigger, emptied by maintain_usage_rollups().';
COMMENT ON COLUMN orchestration_internal.container_usage_pending.namespace_id IS 'Namespace of the entries.';
COMMENT ON COLUMN orchestration_internal.container_usage_pending.bucket_start IS 'Begin of the hour.';
COMMENT ON COLUMN orchestration_internal.container_usage_pending.id IS 'Tells the notes of several statements apart.';
COMMENT ON TABLE orchestration.container_usage_hourly IS 'What containers used, by the hour: container_resource_usage in short, kept for longer.';
COMMENT ON TABLE orchestration.container_usage_daily IS 'What containers used, by the day (UTC): container_usage_hourly in short, kept for longest.';
COMMENT ON TABLE orchestration_internal.container_usage_counters IS 'What the worker read last of each pod. Written by the worker.';
COMMENT ON COLUMN orchestration_internal.container_usage_counters.namespace_id IS 'Namespace of the pod.';
COMMENT ON COLUMN orchestration_internal.container_usage_counters.instance_id IS 'Pod.';
COMMENT ON COLUMN orchestration_internal.container_usage_counters.container_id IS 'Container of the pod.';
COMMENT ON COLUMN orchestration_internal.container_usage_counters.recorded_at IS 'recorded_at of its last entry in container_resource_usage.';
COMMENT ON COLUMN orchestration_internal.container_usage_counters.sampled_at IS 'When the kubelet measured it last, by the node''s clock.';
COMMENT ON COLUMN orchestration_internal.container_usage_counters.started_at IS 'Since when the kubelet counts.';
COMMENT ON COLUMN orchestration_internal.container_usage_counters.cpu_at IS 'When cpu_nanoseconds was read, by the node''s clock.';
COMMENT ON COLUMN orchestration_internal.container_usage_counters.cpu_nanoseconds IS 'CPU time since started_at.';
COMMENT ON COLUMN orchestration_internal.container_usage_counters.network_at IS 'When the bytes were read, by the node''s clock.';
COMMENT ON COLUMN orchestration_internal.container_usage_counters.network_receive_bytes IS 'Bytes received since started_at.';
COMMENT ON COLUMN orchestration_internal.container_usage_counters.network_transmit_bytes IS 'Bytes sent since started_at.';
COMMENT ON COLUMN orchestration_internal.container_usage_counters.metrics_sampled_at IS 'When metrics.k8s.io measured it last.';
COMMENT ON COLUMN orchestration_internal.container_usage_counters.metrics_round_at IS 'Round in which metrics.k8s.io last had a new figure.';
COMMENT ON COLUMN orchestration_internal.container_usage_counters.metrics_cpu_millicores IS 'CPU in use, from metrics.k8s.io.';
COMMENT ON COLUMN orchestration_internal.container_usage_counters.metrics_memory_bytes IS 'Memory in use, from metrics.k8s.io.';
