/* The maintenance steps of this room; whoever changed one keeps it. */
INSERT INTO orchestration.maintenance_steps (name, description, every, keep)
SELECT s.name, s.description, s.every::interval, s.keep::interval
FROM (VALUES
	('summary', 'Counts containers by namespace anew, for container_summary.', '5 minutes', NULL),
	('expired', 'Removes grants, sessions and secrets of users that ran out.', '1 hour', '30 days'),
	('leftovers', 'Removes rows of deleted containers and unused images.', '1 hour', '1 year'),
	('ended_pods', 'Removes rows of pods that ended.', '1 hour', '1 day'),
	('statistics', 'Analyzes partitioned tables and what was loaded.', '1 hour', NULL),
	('storage', 'Looks for unused indexes and empty space; changes nothing.', '1 day', NULL)
) s (name, description, every, keep)
WHERE NOT EXISTS (SELECT FROM orchestration.maintenance_steps m WHERE m.name = s.name);
