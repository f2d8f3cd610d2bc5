/*
 * scenarios.sql: a day of a platform, played without a cluster.
 *
 *   psql -v ON_ERROR_STOP=1 -f examples/scenarios.sql
 *
 * In a namespace without a cluster status is written by hand, and the state machine rules all the same: this is what
 * applications can be tried against, and what overview, container_summary and report_html() have something to show of.
 * Variable, optional: namespace (demo).  The database role must be an administrator of the platform.
 */
\if :{?namespace}
\else
\set namespace demo
\endif
BEGIN;
SELECT orchestration.create_namespace(:'namespace', description => 'A day of a platform') AS namespace_id \gset

-- morning: a shop is deployed, all of it or nothing
SELECT orchestration.create_container(:'namespace', c.name, 'docker.io/library/busybox:1.36', c.replicas, cpu_request => c.cpu, memory_request => c.memory, labels => jsonb_build_object('tier', c.tier)) AS id
FROM (VALUES ('web', 3, '100m', '64Mi', 'front'), ('api', 2, '250m', '128Mi', 'back'), ('cache', 1, '50m', '256Mi', 'back'), ('worker', 2, '500m', '128Mi', 'back'),
	('report', 1, '100m', '64Mi', 'batch'), ('import', 1, '200m', '128Mi', 'batch')) c (name, replicas, cpu, memory, tier);
UPDATE orchestration.containers SET status = 'running', ready_replicas = replicas WHERE namespace_id = :namespace_id AND name <> 'import';

-- one does not come up: its image is not there
UPDATE orchestration.containers SET status = 'failed', status_reason = 'ImagePullBackOff', status_message = 'Back-off pulling image "docker.io/library/busybox:1.36"'
WHERE namespace_id = :namespace_id AND name = 'import';

-- noon: more of the API, a new start of the web site, a pause of the worker while its queue is moved
SELECT orchestration.scale_container(:'namespace', 'api', 4);
SELECT orchestration.restart_container(:'namespace', 'web');
SELECT orchestration.pause_container(:'namespace', 'worker');
UPDATE orchestration.containers SET status = 'paused', ready_replicas = 0 WHERE namespace_id = :namespace_id AND name = 'worker';

-- evening: it goes on; the report has been made, and goes; what failed is mended
SELECT orchestration.resume_container(:'namespace', 'worker');
UPDATE orchestration.containers SET status = 'running', ready_replicas = replicas WHERE namespace_id = :namespace_id AND name = 'worker';
SELECT orchestration.delete_container(:'namespace', 'report');
UPDATE orchestration.containers SET status = 'running', status_reason = NULL, status_message = NULL, ready_replicas = 1 WHERE namespace_id = :namespace_id AND name = 'import';

-- what they used, every five minutes since yesterday: more by day, and nothing known of an hour half a day ago
SELECT orchestration.record_usage(array_agg(c.id), array_agg(t.at), array_agg(c.cpu_request * (0.5 + 0.3 * sin(extract(epoch FROM t.at) / 13750))), array_agg((c.memory_request * 0.7)::bigint),
	array_agg(40000 + 20000 * (c.id % 3)), array_agg(15000::bigint), array_agg(20000000::bigint))
FROM orchestration.containers c, generate_series(now() - interval '1 day', now(), interval '5 minutes') t (at)
WHERE c.namespace_id = :namespace_id AND c.status = 'running' AND t.at NOT BETWEEN now() - interval '13 hours' AND now() - interval '12 hours';

-- somebody who may look at this namespace for a week
INSERT INTO orchestration.users (username, full_name) VALUES ('vera', 'Vera Visitor') ON CONFLICT DO NOTHING;
INSERT INTO orchestration.user_roles (user_id, role_id, namespace_id, expires_at)
SELECT u.id, r.id, :namespace_id, now() + interval '7 days' FROM orchestration.users u, orchestration.roles r WHERE u.username = 'vera' AND r.name = 'viewer' ON CONFLICT DO NOTHING;
COMMIT;

SELECT container_name, old_status, new_status, reason FROM orchestration.container_status_history WHERE namespace_id = :namespace_id ORDER BY changed_at, id;
SELECT namespace_name, total_containers, running_containers, failed_containers FROM orchestration.container_summary_live WHERE namespace_id = :namespace_id;
