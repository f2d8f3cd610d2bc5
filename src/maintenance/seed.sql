/* The steps that this release knows; whoever changed one keeps it. */
INSERT INTO orchestration.maintenance_steps (name, description, every, keep)
SELECT s.name, s.description, s.every::interval, s.keep::interval
FROM (VALUES
	('partitions', 'Makes the coming months of the log tables and retires old ones.', '1 hour', NULL),
	('clock', 'Notices that the clock was set back, and puts right what was stored by a clock that ran ahead.', '1 minute', NULL),
	('alerts', 'Reads the indicators and evaluates the alert rules; removes old readings.', '1 minute', '15 days'),
	('usage_rollups', 'Makes the hourly and daily figures of what containers used.', '10 minutes', NULL),
	('usage_hourly', 'Removes old hourly figures.', '1 hour', '400 days'),
	('usage_daily', 'Removes old daily figures.', '1 hour', '1830 days')
) s (name, description, every, keep)
WHERE NOT EXISTS (SELECT FROM orchestration.maintenance_steps m WHERE m.name = s.name);
