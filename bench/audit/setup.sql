-- The tables as they are, filled, and the ways of others beside ours.
SET client_min_messages = warning;
CREATE EXTENSION orchestration CASCADE;
SELECT orchestration.bootstrap();
CREATE SCHEMA bench;
-- on-CPU time of this backend: waiting for a core does not count
CREATE FUNCTION bench.cpu_ns() RETURNS bigint LANGUAGE sql VOLATILE AS $$ SELECT split_part(pg_read_file('/proc/self/schedstat'), ' ', 1)::bigint $$;
CREATE TABLE bench.result (round int, rows int, variant text, us numeric);

SET session_replication_role = replica;
INSERT INTO orchestration.namespaces (name, status) SELECT 'ns' || g, 'active' FROM generate_series(1, 100) g;
INSERT INTO orchestration.container_images (namespace_id, repository) SELECT id, 'nginx' FROM orchestration.namespaces WHERE id > 0;
INSERT INTO orchestration.containers (namespace_id, name, image_id, status, labels, cpu_limit, memory_limit, command)
SELECT i.namespace_id, 'c' || g, i.id, 'running', jsonb_build_object('app', 'a' || g % 5000, 'tier', 'web'), 500, 1 << 28, '{nginx,-g,daemon off;}'
FROM generate_series(1, :containers) g
JOIN orchestration.container_images i ON i.namespace_id = 1 + g % 100;
RESET session_replication_role;

-- ---- PL/pgSQL, as the specification's readers write it ----
CREATE TABLE bench.transitions (old_status text, new_status text, PRIMARY KEY (old_status, new_status));
INSERT INTO bench.transitions VALUES ('pending', 'running'), ('running', 'stopped'), ('running', 'failed'), ('stopped', 'running'), ('failed', 'running');
CREATE TABLE bench.history (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, container_id bigint NOT NULL, old_status text, new_status text,
	changed_at timestamptz NOT NULL DEFAULT now(), changed_by name NOT NULL DEFAULT current_user);
CREATE INDEX ON bench.history (container_id, changed_at);
CREATE TABLE bench.log (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, relation oid, row_id bigint, before jsonb, after jsonb,
	at timestamptz NOT NULL DEFAULT now(), who name NOT NULL DEFAULT current_user);
CREATE INDEX ON bench.log (relation, row_id);
CREATE FUNCTION bench.check_and_history() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF NEW.status IS DISTINCT FROM OLD.status THEN
		IF NOT EXISTS (SELECT FROM bench.transitions t WHERE t.old_status = OLD.status AND t.new_status = NEW.status) THEN
			RAISE EXCEPTION 'illegal transition';
		END IF;
		INSERT INTO bench.history (container_id, old_status, new_status) VALUES (NEW.id, OLD.status, NEW.status);
	END IF;
	RETURN NEW;
END
$$;
CREATE FUNCTION bench.diff() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
	o jsonb := to_jsonb(OLD);
	n jsonb := to_jsonb(NEW);
BEGIN
	INSERT INTO bench.log (relation, row_id, before, after)
	SELECT TG_RELID, NEW.id, jsonb_object_agg(e.key, o -> e.key), jsonb_object_agg(e.key, e.value) FROM jsonb_each(n) e WHERE o -> e.key IS DISTINCT FROM e.value;
	RETURN NEW;
END
$$;

-- ---- what is switched on for each variant ----
CREATE TABLE bench.variant (number int, name text, triggers text[]);
INSERT INTO bench.variant VALUES
	(0, 'bare UPDATE', '{}'),
	(1, 'check and history', '{zz_guard,history_update}'),
	(2, 'audit diff', '{zz_audit_update}'),
	(3, 'check, history and audit diff', '{zz_guard,history_update,zz_audit_update}'),
	(4, 'everything, as shipped', NULL),
	(5, 'PL/pgSQL check and history', '{bench_history}'),
	(6, 'PL/pgSQL audit diff', '{bench_diff}');
CREATE TRIGGER bench_history BEFORE UPDATE ON orchestration.containers FOR EACH ROW EXECUTE FUNCTION bench.check_and_history();
CREATE TRIGGER bench_diff BEFORE UPDATE ON orchestration.containers FOR EACH ROW EXECUTE FUNCTION bench.diff();

CREATE PROCEDURE bench.switch(variant text) LANGUAGE plpgsql AS $$
DECLARE
	wanted text[] := (SELECT v.triggers FROM bench.variant v WHERE v.name = variant);
	t record;
BEGIN
	FOR t IN
		SELECT g.tgname, CASE WHEN wanted IS NULL THEN NOT EXISTS (SELECT FROM bench.variant v WHERE g.tgname = ANY (v.triggers) AND v.number > 4)
			ELSE g.tgname = ANY (wanted) END AS wanted
		FROM pg_trigger g WHERE g.tgrelid = 'orchestration.containers'::regclass AND NOT g.tgisinternal
	LOOP
		EXECUTE format('ALTER TABLE orchestration.containers %s TRIGGER %I', CASE WHEN t.wanted THEN 'ENABLE' ELSE 'DISABLE' END, t.tgname);
	END LOOP;
END
$$;

-- one round of a variant: all rows in one statement, and some rows one at a time
CREATE PROCEDURE bench.cell(round int, variant text, single int) LANGUAGE plpgsql AS $$
DECLARE
	started bigint;
	total bigint;
	ids bigint[] := ARRAY(SELECT c.id FROM orchestration.containers c ORDER BY c.id LIMIT single);
	namespaces bigint[] := ARRAY(SELECT c.namespace_id FROM orchestration.containers c ORDER BY c.id LIMIT single);
BEGIN
	CALL bench.switch(variant);
	COMMIT;
	FOR turn IN 1..2 LOOP
		started := bench.cpu_ns();
		UPDATE orchestration.containers SET status = CASE status WHEN 'running' THEN 'stopped' ELSE 'running' END;
		GET DIAGNOSTICS total = ROW_COUNT;
		INSERT INTO bench.result VALUES (round, total, variant, (bench.cpu_ns() - started) / 1000.0 / total);
		COMMIT;
	END LOOP;
	FOR turn IN 1..2 LOOP
		started := bench.cpu_ns();
		FOR i IN 1..single LOOP
			UPDATE orchestration.containers c SET status = CASE c.status WHEN 'running' THEN 'stopped' ELSE 'running' END WHERE c.namespace_id = namespaces[i] AND c.id = ids[i];
		END LOOP;
		INSERT INTO bench.result VALUES (round, 1, variant, (bench.cpu_ns() - started) / 1000.0 / single);
		COMMIT;
	END LOOP;
END
$$;

-- the cheapest UPDATE there can be, beside which every trigger is dear: no index but the key, no check, nothing generated,
-- room on every page
\if :slim
DO $$
DECLARE
	i record;
BEGIN
	ALTER TABLE orchestration.containers DROP COLUMN search CASCADE;
	FOR i IN SELECT c.conname FROM pg_constraint c WHERE c.conrelid = 'orchestration.containers'::regclass AND c.contype IN ('c', 'f') AND c.conparentid = 0 LOOP
		EXECUTE format('ALTER TABLE orchestration.containers DROP CONSTRAINT %I', i.conname);
	END LOOP;
	FOR i IN SELECT x.indexrelid::regclass AS name FROM pg_index x WHERE x.indrelid = 'orchestration.containers'::regclass AND NOT x.indisprimary LOOP
		EXECUTE format('DROP INDEX %s', i.name);
	END LOOP;
END
$$;
ALTER TABLE orchestration.containers SET (fillfactor = 40);
VACUUM FULL orchestration.containers;
\endif
VACUUM (FREEZE, ANALYZE) orchestration.containers;
