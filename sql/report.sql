-- container_summary, the maintenance steps behind it, overview and report_html()
SET client_min_messages = warning;
CREATE EXTENSION orchestration CASCADE;
SELECT orchestration.bootstrap();
\i sql/include/as_people.sql
RESET client_min_messages;
SET SESSION AUTHORIZATION regress_administrator;
SELECT orchestration.report_html() LIKE '<!doctype html>%There are no containers.%No usage was recorded.%Nothing failed%</html>%' AS empty_report;
SELECT subject, length(state) > 0 AS says_something FROM orchestration.overview;

SELECT orchestration.create_namespace(n) FROM unnest('{here,there,empty}'::text[]) n;
SELECT joins('regress_operator', 'operator', 'here') \gset
SELECT joins('regress_operator', 'operator', 'there') \gset
SELECT joins('regress_operator', 'operator', 'empty') \gset
SET SESSION AUTHORIZATION regress_operator;
SELECT count(orchestration.create_container('here', 'c' || i, 'busybox', replicas => 2, cpu_request => '100m', memory_request => '1Mi')) FROM generate_series(1, 5) i;
SELECT count(orchestration.create_container('there', 'd' || i, 'busybox')) FROM generate_series(1, 3) i;
UPDATE orchestration.containers SET status = 'running' WHERE name IN ('c1', 'c2', 'c3', 'd1');
UPDATE orchestration.containers SET status = 'failed', status_reason = 'Error', status_message = E'<script>alert("x")</script> & ''more'' \x01\nlines' WHERE name = 'c4';
SELECT orchestration.delete_container(id) FROM orchestration.containers WHERE name = 'd3';
RESET SESSION AUTHORIZATION;

-- the stored one is as old as its last refresh, the live one never
SELECT count(*) AS stored, (SELECT count(*) FROM orchestration.container_summary_live) AS live FROM orchestration.container_summary;
SET ROLE orchestration_worker;
SELECT step, result FROM orchestration.run_maintenance() WHERE step IN ('summary', 'expired', 'leftovers', 'ended_pods', 'usage_hourly', 'usage_daily', 'statistics');
RESET ROLE;
SET SESSION AUTHORIZATION regress_operator;
SELECT * FROM orchestration.container_summary ORDER BY namespace_name \gx
TABLE orchestration.container_summary EXCEPT TABLE orchestration.container_summary_live;
RESET SESSION AUTHORIZATION;

-- everybody sees his own
CREATE ROLE report_ann IN ROLE orchestration_user;
INSERT INTO orchestration.users (username, db_role) VALUES ('ann', 'report_ann');
INSERT INTO orchestration.user_roles (user_id, role_id, namespace_id)
SELECT u.id, r.id, n.id FROM orchestration.users u, orchestration.roles r, orchestration.namespaces n WHERE u.username = 'ann' AND r.name = 'viewer' AND n.name = 'there';
SET SESSION AUTHORIZATION report_ann;
SELECT namespace_name, total_containers, running_containers FROM orchestration.container_summary;
SELECT namespace_name, total_containers, running_containers FROM orchestration.container_summary_live;
-- error: the stored rows are not filtered
SELECT * FROM orchestration_internal.container_summary_stored;
-- error: steps are for the worker and the owner
SELECT orchestration_internal.maintain_leftovers();
SELECT subject, state FROM orchestration.overview WHERE subject IN ('containers', 'failing');
SELECT orchestration.report_html() LIKE '%<b>1</b><span>of 2 containers run</span>%' AS counts_hers, orchestration.report_html() LIKE '%here/c4%' AS shows_others;
SELECT count(*) > 50 AS indexes FROM orchestration.index_report;
RESET SESSION AUTHORIZATION;
CREATE ROLE report_nobody IN ROLE orchestration_user;
SET SESSION AUTHORIZATION report_nobody;
SELECT (SELECT count(*) FROM orchestration.container_summary) AS namespaces, (SELECT count(*) FROM orchestration.index_report) AS indexes, (SELECT count(*) FROM orchestration.bloat_report) AS tables;
SELECT orchestration.report_html() LIKE '%There are no containers.%' AS nothing_for_nobody;
RESET SESSION AUTHORIZATION;

-- what a row holds is text
SET SESSION AUTHORIZATION regress_operator;
SELECT orchestration.report_html() LIKE '%<script%' AS script, orchestration.report_html() LIKE '%&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt; &amp; &#39;more&#39; lines%' AS as_text;
RESET SESSION AUTHORIZATION;
SELECT orchestration_internal.html_escape(E'a<b>&"''\x02\t\n'), orchestration_internal.html_escape(NULL) IS NULL AS of_null;
SELECT orchestration_internal.html_cell('s', '"><script>'), orchestration_internal.html_cell('b', '7'), orchestration_internal.html_cell('t', NULL);
SET SESSION AUTHORIZATION regress_operator;
-- error: not into the future
SELECT orchestration.report_html('-1 day');
-- error: nor of no time
SELECT orchestration.report_html(NULL);
RESET SESSION AUTHORIZATION;

-- plots
SELECT orchestration_internal.plot_ticks(v, u) FROM (VALUES (0, 'count'), (3, 'count'), (17, 'count'), (0.02, 'millicores'), (900, 'millicores'), (5e9, 'bytes'), (1000, 'bytes'), (1024, 'bytes')) t (v, u);
SELECT orchestration_internal.quantity_text(v, u) FROM (VALUES (0, 'count'), (1234.56, 'count'), (250, 'millicores'), (15500, 'millicores'), (0, 'bytes'), (1023, 'bytes'), (1536, 'bytes'), (5e9, 'bytes/s'), (NULL, 'count')) t (v, u);
-- stacked; the gap stays one
SELECT orchestration_internal.plot_marks('areas', '[{"class": "a", "values": [1, 1, null, 1]}, {"class": "b", "values": [null, 3, null, 1]}]', 4);
SELECT orchestration_internal.plot_marks('bars', '[{"class": "a", "values": [1, 0]}, {"class": "b", "values": [3, null]}]', 4);

-- lines fit a terminal
SELECT bool_and(length(subject) + length(state) <= 115 AND state !~ E'\n') AS fits FROM orchestration.overview;
SELECT subject, regexp_replace(state, '\d+ (s|min)|now', 'AGE') AS state FROM orchestration.overview WHERE subject = 'failing';
SELECT orchestration_internal.format_age(a) FROM unnest('{0.2 s,5 s,99.4 s,100 s,90 min,47 hours,3 days}'::interval[]) a;

-- what ran out is removed after its time, and on record
INSERT INTO orchestration.user_roles (user_id, role_id, expires_at) SELECT u.id, r.id, now() - t FROM orchestration.users u, orchestration.roles r,
	(VALUES ('operator', interval '31 days'), ('viewer', interval '29 days')) v (name, t) WHERE u.username = 'ann' AND r.name = v.name;
INSERT INTO orchestration.user_sessions (user_id, token_id, started_at, expires_at, status, revoked_at)
SELECT u.id, v.token, now() - interval '100 days', now() - v.ago, v.status, v.revoked FROM orchestration.users u,
	(VALUES ('running', interval '-1 day', 'active', NULL), ('ran out', interval '1 minute', 'active', NULL), ('long gone', interval '40 days', 'expired', NULL),
		('revoked', interval '-1 day', 'revoked', now() - interval '40 days')) v (token, ago, status, revoked) WHERE u.username = 'ann';
INSERT INTO orchestration.user_secrets (user_id, secret_type, encrypted_value, expires_at) SELECT u.id, v.kind, 'x', now() - v.ago FROM orchestration.users u,
	(VALUES ('old', interval '31 days'), ('recent', interval '1 day')) v (kind, ago) WHERE u.username = 'ann';
SELECT orchestration_internal.run_maintenance_step('expired');
SELECT token_id, status FROM orchestration.user_sessions ORDER BY 1;
SELECT secret_type FROM orchestration.user_secrets;
SELECT r.name FROM orchestration.user_roles ur JOIN orchestration.roles r ON r.id = ur.role_id WHERE ur.expires_at IS NOT NULL;
SELECT operation, resource_type, count(*) FROM orchestration.operation_logs WHERE resource_type IN ('user_role', 'user_secret', 'user_session') AND operation IN ('delete', 'update') AND status = 'succeeded' GROUP BY 1, 2 ORDER BY 1, 2;
-- kept for ever
UPDATE orchestration.maintenance_steps SET keep = NULL WHERE name = 'expired';
UPDATE orchestration.user_roles SET expires_at = now() - interval '10 years' WHERE expires_at IS NOT NULL;
SELECT orchestration_internal.run_maintenance_step('expired');

-- rows of what was deleted stay until their time, and as long as a cluster may hold something
SELECT orchestration_internal.run_maintenance_step('leftovers');
UPDATE orchestration.maintenance_steps SET keep = '0' WHERE name = 'leftovers';
-- of pods that ended, another table tells
INSERT INTO orchestration.clusters (name, api_server, auth_method) VALUES ('pods', 'https://k', 'in-cluster');
INSERT INTO orchestration.container_instances (namespace_id, container_id, cluster_id, pod_name, pod_uid, resource_version, phase, observed, ended_at)
SELECT c.namespace_id, c.id, k.id, v.uid, v.uid, '1', 'Succeeded', '{}', now() - v.ago FROM orchestration.containers c, orchestration.clusters k, (VALUES ('runs', NULL), ('ended', interval '23 hours'), ('gone', '25 hours')) v (uid, ago)
WHERE c.name = 'd3' AND k.name = 'pods';
SELECT orchestration_internal.run_maintenance_step('ended_pods');
SELECT pod_uid FROM orchestration.container_instances ORDER BY 1;
SELECT count(*) FROM orchestration.container_instance_history WHERE pod_name = 'gone';
DELETE FROM orchestration.container_instances;
DELETE FROM orchestration.clusters WHERE name = 'pods';
INSERT INTO orchestration.container_images (namespace_id, repository) SELECT id, 'unused' FROM orchestration.namespaces WHERE name = 'empty';
INSERT INTO orchestration.clusters (name, api_server, auth_method) VALUES ('k', 'https://k', 'in-cluster');
INSERT INTO orchestration.managed_objects (namespace_id, cluster_id, api_version, kind, cluster_namespace, name, owner_type, owner_id, owner_generation, apply_order)
SELECT c.namespace_id, k.id, 'apps/v1', 'Deployment', 'there', 'd3', 'container', c.id, 1, 40 FROM orchestration.containers c, orchestration.clusters k WHERE c.name = 'd3';
SELECT orchestration_internal.run_maintenance_step('leftovers');
DELETE FROM orchestration.managed_objects;
SELECT orchestration_internal.run_maintenance_step('leftovers');
SELECT name, status FROM orchestration.containers ORDER BY name;
SELECT container_name, new_status FROM orchestration.container_status_history WHERE container_name = 'd3' ORDER BY changed_at, id;

-- the planner knows partitioned tables
INSERT INTO orchestration.container_resource_usage (namespace_id, container_id, cpu_millicores) SELECT 1, 1, i FROM generate_series(1, 2000) i;
SELECT reltuples > 1000 AS known FROM pg_class WHERE oid = 'orchestration.container_resource_usage'::regclass;
VACUUM orchestration.container_resource_usage;
SELECT orchestration_internal.run_maintenance_step('statistics') LIKE '% tables analyzed' AS analyzed;
SELECT reltuples > 1000 AS known FROM pg_class WHERE oid = 'orchestration.container_resource_usage'::regclass;
SELECT count(*) FROM orchestration_internal.stale_statistics() s WHERE s = 'orchestration.container_resource_usage'::regclass;

-- an index that does the same as another
CREATE INDEX twin ON orchestration.user_roles (role_id);
SELECT index_name, same_as, verdict FROM orchestration.index_report WHERE table_name = 'user_roles' AND same_as IS NOT NULL ORDER BY 1;
SELECT table_name, parts > 1 AS partitioned, bloat_bytes, verdict FROM orchestration.bloat_report WHERE table_name = 'container_resource_usage';
-- what counts as unused depends on when statistics arrive
SELECT substring(orchestration_internal.run_maintenance_step('storage'), '\d duplicate and \d invalid indexes') AS summed_up;

DROP OWNED BY report_ann, report_nobody;
DROP ROLE report_ann, report_nobody;
SET client_min_messages = warning;
DROP EXTENSION orchestration CASCADE;
