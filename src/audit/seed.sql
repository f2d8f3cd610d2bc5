/* The maintenance step of this room; whoever changed it keeps it. */
INSERT INTO orchestration.maintenance_steps (name, description, every)
SELECT 'audit_seals', 'Seals the rows of operation_logs whose transactions are over.', '1 minute'
WHERE NOT EXISTS (SELECT FROM orchestration.maintenance_steps m WHERE m.name = 'audit_seals');
