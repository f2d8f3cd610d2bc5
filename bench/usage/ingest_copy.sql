SELECT cpu() AS cpu, extract(epoch FROM clock_timestamp()) AS wall \gset
SELECT format('COPY orchestration.container_resource_usage (namespace_id, recorded_at, container_id, cpu_millicores, memory_bytes, network_receive_bytes, network_transmit_bytes, disk_used_bytes) FROM %L', :'work' || '/rows.copy') \gexec
SELECT 'copy,' || extract(epoch FROM clock_timestamp()) - :wall || ',' || cpu() - :cpu;
