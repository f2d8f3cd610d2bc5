/* Functions, each once, under the first heading whose pattern fits its name. */
SET search_path = pg_catalog;
SET check_function_bodies = off;

CREATE TEMP TABLE section (place int, heading text, pattern text);
INSERT INTO section VALUES
	(1, 'Installation', '^(bootstrap|schema_version|installed_schema_version|check_bootstrap|ensure_.*)$'),
	(2, 'Clusters', '_cluster$|^take_over$'),
	(3, 'Lifecycle of a container', '^(start|pause|resume|stop|restart|scale|delete|update)_container$|^wait_for_container$|^lifecycle_.*'),
	(4, 'What should run', '^(create|update|delete|set|drop|add|remove)_'),
	(5, 'What is going on', '^(plan|why|metrics|(acknowledge|evaluate|maintain)_alerts?|judge_readings|known_indicators|forget_standby|worker_state|desired_.*|report_html|run_maintenance.*)$'),
	(6, 'Quantities', '^(cpu_millicores|memory_bytes|format_cpu|format_memory)$'),
	(7, 'Encryption', '^(seal|unseal|unseal_version|rewrap)$|^reveal_|^set_user_secret$|_encryption_keys?$'),
	(8, 'Who is asking', '^current_user_id$'),
	(9, 'Used by CHECK constraints', '^valid_|^search_document$'),
	(10, 'Called by the worker', '^worker_|_fingerprint$|^derive_|^manifest|^render|^wake_worker$|^object_|^pod_|^record_|^observe_|^status_'),
	(11, 'Run by the maintenance', '^maintain_|^maintenance_keep$|^stale_statistics$'),
	(12, 'Parts of overview and report_html()', '^overview_|^report_|^plot|^html_|^(quantity_text|format_age|one_line|log_months)$'),
	(13, 'Inside', '.');

WITH documented AS (
	SELECT DISTINCT ON (p.oid) s.place, s.heading, p.oid, p.proname,
		pg_get_function_arguments(p.oid) AS arguments,
		regexp_replace(regexp_replace(pg_get_function_result(p.oid), '\morchestration\.', '', 'g'), 'SETOF record', 'SETOF record') AS result,
		COALESCE(obj_description(p.oid, 'pg_proc'), '(no comment)') AS comment
	FROM pg_proc p
	JOIN section s ON p.proname ~ s.pattern
	WHERE p.pronamespace IN ('orchestration'::regnamespace, 'orchestration_internal'::regnamespace)
		AND p.prorettype <> 'trigger'::regtype
		AND p.proname !~ '_definitions$'
	ORDER BY p.oid, s.place
), lines AS (
	SELECT DISTINCT place, '' AS proname, 0 AS oid, format(E'## %s\n', heading) AS line FROM documented
	UNION ALL
	SELECT place, proname, oid::bigint,
		format(E'#### `%s(%s)%s`\n\n%s\n', proname, regexp_replace(arguments, '(DEFAULT (?:NULL|''[^'']*''))::[a-z ]+(\[\])?', '\1', 'g'),
			CASE WHEN result = 'void' THEN '' ELSE ' → ' || result END, comment)
	FROM documented
)
SELECT line FROM lines ORDER BY place, proname, oid;
