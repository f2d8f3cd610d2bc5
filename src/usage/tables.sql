/* What containers used, by month. Missing is NULL, never 0. */
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

COMMENT ON TABLE orchestration.container_resource_usage IS 'What containers used, over time. Partitioned by month; what is not known is NULL, never 0.';
COMMENT ON COLUMN orchestration.container_resource_usage.namespace_id IS 'Namespace of the container.';
COMMENT ON COLUMN orchestration.container_resource_usage.recorded_at IS 'When it was measured.';
COMMENT ON COLUMN orchestration.container_resource_usage.id IS 'Identity of the entry.';
COMMENT ON COLUMN orchestration.container_resource_usage.container_id IS 'Container that used it.';
COMMENT ON COLUMN orchestration.container_resource_usage.instance_id IS 'Pod that used it; NULL for all pods together.';
COMMENT ON COLUMN orchestration.container_resource_usage.cpu_millicores IS 'CPU in use, in millicores.';
COMMENT ON COLUMN orchestration.container_resource_usage.memory_bytes IS 'Memory in use, in bytes.';
COMMENT ON COLUMN orchestration.container_resource_usage.network_receive_bytes IS 'Bytes received since the entry before.';
COMMENT ON COLUMN orchestration.container_resource_usage.network_transmit_bytes IS 'Bytes sent since the entry before.';
COMMENT ON COLUMN orchestration.container_resource_usage.disk_used_bytes IS 'Bytes in use on disk.';
