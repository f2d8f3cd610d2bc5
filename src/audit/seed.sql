/* The maintenance steps of this room; whoever changed one keeps it. */
INSERT INTO orchestration.maintenance_steps (name, description, every)
SELECT s.name, s.description, s.every::interval
FROM (VALUES
	('audit_notes', 'Puts refused and failed operations on record that no worker has.', '1 minute'),
	('audit_seals', 'Seals the rows of operation_logs whose transactions are over.', '1 minute'),
	('audit_watch', 'Counts and digests the rows of operation_logs against their seals, a part at a time.', '5 minutes')
) s (name, description, every)
WHERE NOT EXISTS (SELECT FROM orchestration.maintenance_steps m WHERE m.name = s.name);
