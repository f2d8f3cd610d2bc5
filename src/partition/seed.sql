/* The log tables of this release; whoever changed a policy keeps it. */
INSERT INTO orchestration.partition_policies (table_name, retention_months)
SELECT p.table_name, p.retention_months
FROM (VALUES
	('operation_logs', NULL),
	('container_status_history', 24),
	('container_instance_history', 24),
	/* what they add up to is kept longer than they are */
	('container_resource_usage', 3)
) p (table_name, retention_months)
WHERE NOT EXISTS (SELECT FROM orchestration.partition_policies o WHERE o.table_name = p.table_name);
