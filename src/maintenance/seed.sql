/* The steps that this release knows; whoever changed one keeps it. */
INSERT INTO orchestration.maintenance_steps (name, description, every)
SELECT s.name, s.description, s.every::interval
FROM (VALUES
	('partitions', 'Makes the coming months of the log tables and retires old ones.', '1 hour'),
	('alerts', 'Reads the indicators and evaluates the alert rules.', '1 minute'),
	('usage_rollups', 'Makes the hourly and daily figures of what containers used, and removes old ones.', '10 minutes')
) s (name, description, every)
WHERE NOT EXISTS (SELECT FROM orchestration.maintenance_steps m WHERE m.name = s.name);
