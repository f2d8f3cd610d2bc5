/* The maintenance steps of this room; whoever changed one keeps it. */
INSERT INTO orchestration.maintenance_steps (name, description, every)
SELECT s.name, s.description, '1 minute'
FROM (VALUES
	('audit_notes', 'Puts refused and failed operations on record that no worker has.'),
	('audit_seals', 'Seals the rows of operation_logs whose transactions are over.')
) s (name, description)
WHERE NOT EXISTS (SELECT FROM orchestration.maintenance_steps m WHERE m.name = s.name);
