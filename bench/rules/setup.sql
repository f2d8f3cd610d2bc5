-- The tables as they are, and switches for the triggers of rules and bounds.
SET client_min_messages = warning;
CREATE EXTENSION orchestration CASCADE;
SELECT orchestration.bootstrap();
CREATE SCHEMA bench;
-- on-CPU time of this backend: waiting for a core does not count
CREATE FUNCTION bench.cpu_ns() RETURNS bigint LANGUAGE sql VOLATILE AS $$ SELECT split_part(pg_read_file('/proc/self/schedstat'), ' ', 1)::bigint $$;
CREATE TABLE bench.result (round int, what text, variant text, us numeric);
SELECT count(orchestration.create_namespace('ns' || g)) FROM generate_series(1, 100) g;
INSERT INTO orchestration.container_images (namespace_id, repository) SELECT id, 'nginx' FROM orchestration.namespaces WHERE id > 0;
SELECT count(orchestration.create_config_map(name, 'app', '{"k": "v"}')) FROM orchestration.namespaces WHERE id > 0;

-- on or off: what the rules and bounds add
CREATE FUNCTION bench.switch(on_or_off text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	t record;
BEGIN
	FOR t IN SELECT tgrelid::regclass AS relation, tgname FROM pg_trigger WHERE NOT tgisinternal AND (tgname = 'zw_bounds' OR tgname LIKE 'zx\_%' OR tgfoid = 'orchestration_internal.ask_rule'::regproc OR tgname IN ('A_keep_used', 'zz_named_ports')) AND tgname <> 'zx_guard_kubeconfig' LOOP
		EXECUTE format('ALTER TABLE %s %s TRIGGER %I', t.relation, CASE on_or_off WHEN 'on' THEN 'ENABLE' ELSE 'DISABLE' END, t.tgname);
	END LOOP;
END
$$;

CREATE PROCEDURE bench.measure(round int, what text, variant text, rows int, statement text) LANGUAGE plpgsql AS $$
DECLARE
	before bigint;
BEGIN
	before := bench.cpu_ns();
	EXECUTE statement;
	INSERT INTO bench.result VALUES (round, what, variant, (bench.cpu_ns() - before) / 1000.0 / rows);
END
$$;

CREATE PROCEDURE bench.one_by_one(round int, what text, variant text, rows int, statement text) LANGUAGE plpgsql AS $$
DECLARE
	before bigint;
BEGIN
	before := bench.cpu_ns();
	FOR i IN 1 .. rows LOOP
		EXECUTE statement USING i;
	END LOOP;
	INSERT INTO bench.result VALUES (round, what, variant, (bench.cpu_ns() - before) / 1000.0 / rows);
END
$$;

CREATE PROCEDURE bench.cell(round int, variant text, n int) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM bench.switch(CASE variant WHEN 'without' THEN 'off' ELSE 'on' END);
	CALL bench.measure(round, 'INSERT of containers, one statement', variant, n,
		format($s$INSERT INTO orchestration.containers (namespace_id, name, image_id, labels, cpu_limit, command)
			SELECT i.namespace_id, 'c' || g, i.id, jsonb_build_object('app', 'a' || g %% 5000), 500, '{nginx,-g}' FROM generate_series(1, %s) g JOIN orchestration.container_images i ON i.namespace_id = 1 + g %% 100$s$, n));
	CALL bench.measure(round, 'INSERT of variables, one statement', variant, n,
		'INSERT INTO orchestration.environment_variables (namespace_id, container_id, name, value) SELECT namespace_id, id, ''A'', ''value'' FROM orchestration.containers');
	CALL bench.measure(round, 'INSERT of ports with a Service, one statement', variant, n,
		'INSERT INTO orchestration.port_mappings (namespace_id, container_id, container_port, service_port) SELECT namespace_id, id, 80, 80 FROM orchestration.containers');
	CALL bench.measure(round, 'UPDATE of the status, one statement', variant, n, 'UPDATE orchestration.containers SET status = ''running''');
	CALL bench.measure(round, 'UPDATE of the image''s policy, one statement', variant, n, 'UPDATE orchestration.containers SET image_pull_policy = ''Always''');
	CALL bench.one_by_one(round, 'UPDATE of the status, one row', variant, n / 20, 'UPDATE orchestration.containers SET status = CASE status WHEN ''running'' THEN ''failed'' ELSE ''running'' END WHERE namespace_id = 1 + $1 % 100 AND name = ''c'' || $1');
	CALL bench.one_by_one(round, 'INSERT of a variable, one row', variant, n / 20,
		'INSERT INTO orchestration.environment_variables (namespace_id, container_id, name, value) SELECT namespace_id, id, ''B'', ''value'' FROM orchestration.containers WHERE namespace_id = 1 + $1 % 100 AND name = ''c'' || $1');
	CALL bench.one_by_one(round, 'create_container() with all its parts', variant, n / 100,
		$s$SELECT orchestration.create_container('ns' || 1 + $1 % 100, 'x' || $1, 'nginx', env => '{"A": "b", "C": "d"}', ports => '[{"containerPort": 80, "servicePort": 80}]', liveness_probe => '{"httpGet": {"port": 80}}')$s$);
END
$$;
