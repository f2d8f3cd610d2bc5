-- Second state of the fixture: every choice turned into another, every optional
-- part taken away.  The server must let go of what is no longer sent.
UPDATE orchestration.namespaces SET labels = '{}', annotations = '{}' WHERE id = (SELECT id FROM ns);
UPDATE orchestration.containers SET command = NULL, args = NULL, working_dir = NULL, cpu_request = NULL, cpu_limit = NULL, memory_request = NULL, memory_limit = 67108864,
	strategy = 'Recreate', max_surge = NULL, max_unavailable = NULL, security_context = NULL, pod_security_context = NULL, tolerations = '[]', init_containers = '[]',
	labels = '{}', annotations = '{}', overrides = '{}', restart_requested_at = NULL, image_id = (SELECT id FROM image WHERE short = 'busybox')
WHERE namespace_id = (SELECT id FROM ns) AND name = 'web';
-- now that no override names a key of it
UPDATE orchestration.config_maps SET data = '{"mode": "slow"}', labels = '{}' WHERE namespace_id = (SELECT id FROM ns);
UPDATE orchestration.containers SET strategy = 'RollingUpdate' WHERE namespace_id = (SELECT id FROM ns) AND name IN ('back', 'privileged');
UPDATE orchestration.containers SET strategy = 'Recreate' WHERE namespace_id = (SELECT id FROM ns) AND name = 'plain';
UPDATE orchestration.containers SET desired_state = 'running' WHERE namespace_id = (SELECT id FROM ns) AND name IN ('stopped', 'paused', 'job-stopped');
UPDATE orchestration.containers SET desired_state = 'paused' WHERE namespace_id = (SELECT id FROM ns) AND name IN ('admin', 'job-once');
DELETE FROM orchestration.environment_variables WHERE namespace_id = (SELECT id FROM ns) AND name IN ('EMPTY', 'LABEL');
UPDATE orchestration.environment_variables e SET field_path = NULL, config_map_id = m.id, key = 'mode' FROM orchestration.config_maps m
WHERE m.namespace_id = e.namespace_id AND e.namespace_id = (SELECT id FROM ns) AND e.name IN ('TURNS', 'POD');
UPDATE orchestration.environment_variables SET resource_field = NULL, value = 'literal' WHERE namespace_id = (SELECT id FROM ns) AND name = 'CPU';
UPDATE orchestration.environment_variables SET value = NULL, field_path = 'metadata.namespace' WHERE namespace_id = (SELECT id FROM ns) AND name = 'LITERAL';
DELETE FROM orchestration.container_probes WHERE namespace_id = (SELECT id FROM ns) AND probe_type = 'startup';
UPDATE orchestration.container_probes SET handler = 'exec', command = '{true}', port = NULL, path = NULL, scheme = NULL, http_headers = NULL, termination_grace_period_seconds = NULL
WHERE namespace_id = (SELECT id FROM ns) AND handler = 'httpGet';
UPDATE orchestration.container_probes SET handler = 'httpGet', path = '/' WHERE namespace_id = (SELECT id FROM ns) AND handler = 'tcpSocket';
DELETE FROM orchestration.port_mappings WHERE namespace_id = (SELECT id FROM ns) AND (container_port IN (8443, 9999) OR (container_port = 5353 AND protocol = 'TCP'));
DELETE FROM orchestration.container_volumes v USING orchestration.volumes w
WHERE w.namespace_id = v.namespace_id AND w.id = v.volume_id AND v.namespace_id = (SELECT id FROM ns) AND w.name IN ('opt', 'fast', 'public');
UPDATE orchestration.volumes v SET volume_type = 'ConfigMap', config_map_id = m.id FROM orchestration.config_maps m
WHERE m.namespace_id = v.namespace_id AND v.namespace_id = (SELECT id FROM ns) AND v.name = 'turns';
UPDATE orchestration.volumes SET volume_type = 'EmptyDir', secret_id = NULL WHERE namespace_id = (SELECT id FROM ns) AND name = 'keys';
UPDATE orchestration.volumes SET volume_type = 'EmptyDir', host_path = NULL, host_path_type = NULL WHERE namespace_id = (SELECT id FROM ns) AND name = 'logs';
