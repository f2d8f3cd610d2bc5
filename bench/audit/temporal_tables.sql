-- temporal_tables: a row trigger in C that keeps the row before
CREATE EXTENSION temporal_tables;
ALTER TABLE orchestration.containers ADD COLUMN sys_period tstzrange NOT NULL DEFAULT tstzrange(now(), NULL);
CREATE TABLE bench.containers_before (LIKE orchestration.containers);
/* LIKE forgets dimensions, which versioning() compares */
DO $$
DECLARE
	c record;
BEGIN
	FOR c IN SELECT a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type FROM pg_attribute a
		WHERE a.attrelid = 'orchestration.containers'::regclass AND a.attnum > 0 AND NOT a.attisdropped AND a.attndims > 0
	LOOP
		EXECUTE format('ALTER TABLE bench.containers_before DROP COLUMN %I, ADD COLUMN %1$I %s', c.name, c.type);
	END LOOP;
END
$$;
CREATE INDEX ON bench.containers_before (id);
CREATE TRIGGER bench_versioning BEFORE UPDATE ON orchestration.containers
FOR EACH ROW EXECUTE FUNCTION versioning('sys_period', 'bench.containers_before', true);
INSERT INTO bench.variant VALUES (8, 'temporal_tables', '{bench_versioning}');
