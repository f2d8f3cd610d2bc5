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
