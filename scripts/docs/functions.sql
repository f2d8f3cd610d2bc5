/* The functions of the interface, each once, under the first heading whose pattern fits its name: in the order of docs/functions.md. */
SET search_path = pg_catalog;
SET check_function_bodies = off;

CREATE TEMP TABLE section (place int, heading text, pattern text);
INSERT INTO section VALUES
	(1, 'Installing, clusters', '^bootstrap$|_cluster$|^take_over$|^kubeconfig$'),
	(2, 'Containers', '_container$|^set_image$|^why$|^container_logs$|^lifecycle_transitions$|^plan$'),
	(3, 'Namespaces and what they hold', '^(create|update|delete)_(namespace|config_map|secret|registry|volume)$'),
	(4, 'Quantities', '^(cpu_millicores|memory_bytes)$'),
	(5, 'Who is asking, and who may', '^(act_as|authenticate|current_user_.*|revoke_session|has_namespace_permission|explain_permission)$'),
	(6, 'Secrets in clear', '^(reveal|set)_.*secret$|^rotate_encryption_key$'),
	(7, 'What containers use', 'usage|^top_consumers$'),
	(8, 'The audit trail', 'audit|^log_operation$'),
	(9, 'Watching', '^(metrics|report_html|acknowledge_alert)$'),
	(10, 'Maintenance', '^(run_maintenance|rotate_partitions|schedule_maintenance|enable_change_events)$'),
	(11, 'More', '.');

WITH documented AS (
	SELECT DISTINCT ON (p.oid) s.place, s.heading, p.oid, p.proname,
		pg_get_function_arguments(p.oid) AS arguments,
		pg_get_function_result(p.oid) AS result,
		COALESCE(obj_description(p.oid, 'pg_proc'), '(no comment)') AS comment
	FROM pg_proc p
	JOIN section s ON p.proname ~ s.pattern
	WHERE p.pronamespace = 'orchestration'::regnamespace
	ORDER BY p.oid, s.place
), lines AS (
	SELECT DISTINCT place, '' AS proname, '' AS arguments, format(E'## %s\n', heading) AS line FROM documented
	UNION ALL
	SELECT place, proname, arguments,
		format(E'#### `%s(%s)%s`\n\n%s\n', proname, regexp_replace(arguments, '(DEFAULT (?:NULL|''[^'']*''))::[a-z ]+(\[\])?', '\1', 'g'),
			CASE WHEN result = 'void' THEN '' ELSE ' → ' || result END, comment)
	FROM documented
)
SELECT line FROM lines ORDER BY place, proname, arguments;
