-- what the worker makes of the answers of kubelets and of metrics.k8s.io
CREATE EXTENSION orchestration CASCADE;
SELECT orchestration.bootstrap();
\i sql/include/as_people.sql
UPDATE orchestration.installation SET id = '00000000-0000-0000-0000-000000000001';
\i sql/include/fake_cluster.sql
SET timezone = 'UTC';
INSERT INTO orchestration.clusters (name, api_server, auth_method, enabled) VALUES ('dev', 'https://127.0.0.1', 'in-cluster', false);
SET SESSION AUTHORIZATION regress_administrator;
SELECT orchestration.create_namespace('shop', 'dev');
SELECT orchestration.create_container('shop', 'web', 'nginx:1', replicas => 2, cpu_limit => '500m', memory_limit => '100Mi');
SELECT orchestration.create_container('shop', 'db', 'postgres:15');
SELECT joins('regress_operator', 'operator', 'shop') \gset
RESET SESSION AUTHORIZATION;
SELECT fake.live() > 0;
SELECT pod_name, pod_uid, node_name FROM orchestration.container_instances ORDER BY pod_name;
SELECT * FROM orchestration_internal.worker_usage_begin(1);

CREATE VIEW recorded AS
SELECT to_char(u.recorded_at, 'HH24:MI') AS at, i.pod_name, u.cpu_millicores AS cpu, u.memory_bytes AS memory,
	u.network_receive_bytes AS received, u.network_transmit_bytes AS sent, u.disk_used_bytes AS disk
FROM orchestration.container_resource_usage u JOIN orchestration.container_instances i ON i.namespace_id = u.namespace_id AND i.id = u.instance_id
ORDER BY u.recorded_at, i.pod_name;
-- a pod as a kubelet tells of it: what is not given is not in the answer
CREATE FUNCTION pod(name text, at text, cpu bigint DEFAULT NULL, cpu_total bigint DEFAULT NULL, memory bigint DEFAULT NULL, received bigint DEFAULT NULL, sent bigint DEFAULT NULL,
	disk bigint DEFAULT NULL, started text DEFAULT '09:00:00') RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_strip_nulls(jsonb_build_object('podRef', jsonb_build_object('name', name, 'namespace', 'shop', 'uid', (SELECT i.pod_uid FROM orchestration.container_instances i WHERE i.pod_name = name)),
		'startTime', '2020-03-01T' || started || 'Z',
		'cpu', jsonb_build_object('time', '2020-03-01T' || at || 'Z', 'usageNanoCores', cpu, 'usageCoreNanoSeconds', cpu_total),
		'memory', jsonb_build_object('time', '2020-03-01T' || at || 'Z', 'workingSetBytes', memory),
		'network', CASE WHEN received IS NOT NULL OR sent IS NOT NULL THEN jsonb_build_object('time', '2020-03-01T' || at || 'Z', 'name', 'eth0', 'rxBytes', received, 'txBytes', sent) END,
		'ephemeral-storage', CASE WHEN disk IS NOT NULL THEN jsonb_build_object('usedBytes', disk) END))
$$;
-- a round as the worker makes it
CREATE FUNCTION take_round(at text, pods jsonb, metrics jsonb DEFAULT NULL, problem text DEFAULT NULL) RETURNS TABLE (from_node bigint, from_metrics bigint) LANGUAGE plpgsql AS $$
DECLARE
	moment timestamptz := ('2020-03-01 ' || at || '+00');
BEGIN
	PERFORM orchestration_internal.worker_usage_metrics(1, moment, metrics) WHERE metrics IS NOT NULL;
	from_node := orchestration_internal.worker_usage_summary(1, moment, 'node-1', jsonb_build_object('node', '{}'::jsonb, 'pods', pods));
	from_metrics := orchestration_internal.worker_usage_end(1, moment, problem);
	RETURN NEXT;
END $$;
CREATE FUNCTION metrics(VARIADIC pods jsonb[]) RETURNS jsonb LANGUAGE sql AS $$ SELECT jsonb_build_object('kind', 'PodMetricsList', 'metadata', '{}'::jsonb, 'items', to_jsonb(pods)) $$;
CREATE FUNCTION measured(name text, at text, VARIADIC containers text[]) RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_build_object('metadata', jsonb_build_object('name', name, 'namespace', 'shop'), 'timestamp', '2020-03-01T' || at || 'Z', 'window', '15s', 'containers',
		(SELECT jsonb_agg(jsonb_build_object('name', n, 'usage', jsonb_build_object('cpu', split_part(c, ' ', 1), 'memory', split_part(c, ' ', 2)))) FROM unnest(containers) WITH ORDINALITY x (c, n)))
$$;
SELECT orchestration_internal.ensure_log_partition('container_resource_usage', m::date) FROM unnest('{2020-02-01,2020-03-01,2020-04-01}'::date[]) m;

-- the first sight: what was counted before we came is not ours to tell
SELECT * FROM take_round('10:00:00', jsonb_build_array(pod('web-1', '09:59:50', 12000000, 5000000000, 1048576, 70000, 30000, 4096), pod('web-2', '09:59:51', 1000000, 1000000000, 2097152, 100, 200, 8192)));
SELECT * FROM recorded;
-- growth since; CPU is what was used in between, not what is used at the moment of looking
SELECT * FROM take_round('10:01:00', jsonb_build_array(pod('web-1', '10:00:50', 990000000, 11000000000, 1048577, 76000, 30500, 4096), pod('web-2', '10:00:51', 1000000, 1060000000, 2097152, 100, 200, 8192)));
SELECT * FROM recorded WHERE at = '10:01';
-- the same answer again is no new measurement
SELECT * FROM take_round('10:02:00', jsonb_build_array(pod('web-1', '10:00:50', 990000000, 11000000000, 1048577, 76000, 30500, 4096)));
-- an answer that was late is older than what we have
SELECT * FROM take_round('10:02:30', jsonb_build_array(pod('web-1', '10:00:40', 990000000, 10900000000, 1, 75000, 30000, 1)));
-- missing is NULL, and comes back with all that was counted meanwhile
SELECT * FROM take_round('10:03:00', jsonb_build_array(pod('web-1', '10:02:50', NULL, NULL, 1048578)));
SELECT * FROM take_round('10:04:00', jsonb_build_array(pod('web-1', '10:03:50', 5000000, 12000000000, 1048578, 79000, 31000)));
-- the sandbox was made anew: the counter runs backwards
SELECT * FROM take_round('10:05:00', jsonb_build_array(pod('web-1', '10:04:50', 5000000, 300000000, 1048578, 900, 40)));
-- it was made anew and overtook: the start tells
SELECT * FROM take_round('10:06:00', jsonb_build_array(pod('web-1', '10:05:50', 7000000, 12600000000, 1048578, 5000, 60, NULL, '10:05:10')));
-- the clock of the node was set back by an hour
SELECT * FROM take_round('10:07:00', jsonb_build_array(pod('web-1', '09:06:50', 7000000, 12700000000, 1048578, 5100, 70, NULL, '10:05:10')));
SELECT * FROM recorded WHERE at > '10:01' AND pod_name = 'web-1';
-- a pod that began after the round before has all of its traffic to show, an older one not
SELECT * FROM take_round('10:08:00', jsonb_build_array(pod('db-1', '10:07:50', 5000000, 700000000, 1000, 640, 320, 77, '10:07:10')));
SELECT * FROM recorded WHERE pod_name = 'db-1';

-- metrics.k8s.io goes before, containers added up; the network is still the kubelet's
SELECT * FROM take_round('10:09:00', jsonb_build_array(pod('web-2', '10:08:50', 99000000, 1090000000, 2097152, 1100, 1200, 8192)),
	metrics(measured('web-2', '10:08:45', '123456n 10Ki', '1m 1Mi'), measured('db-1', '10:08:45', '0 512'), measured('nobody', '10:08:45', '1 1')));
-- no new figures there: those of the kubelet
SELECT * FROM take_round('10:10:00', jsonb_build_array(pod('web-2', '10:09:50', 99000000, 1150000000, 2097152, 1100, 1200, 8192)), metrics(measured('web-2', '10:08:45', '123456n 10Ki', '1m 1Mi')));
SELECT * FROM recorded WHERE at IN ('10:09', '10:10');
SELECT orchestration_internal.worker_usage_metrics(1, now(), '{"items": null}'), orchestration_internal.worker_usage_metrics(1, now(), '7');

-- nonsense of one pod costs the others nothing
SELECT * FROM take_round('10:11:00', jsonb_build_array('{"podRef": {"uid": "uid-99"}}'::jsonb, '7'::jsonb,
	pod('web-1', '10:10:50', NULL, NULL, NULL, 5200, 80) || '{"memory": {"workingSetBytes": 18446744073709551615}, "cpu": [], "containers": [{"rootfs": {"usedBytes": 10}, "logs": {"usedBytes": 5}}, {"rootfs": {}}]}',
	pod('web-2', '10:10:50', 1, NULL, 2, NULL, NULL, 100) || '{"volume": [{"name": "data", "pvcRef": {"name": "data"}, "usedBytes": 5000}, {"name": "tmp", "usedBytes": 7}],
		"network": {"time": "2020-03-01T10:10:50Z", "interfaces": [{"name": "net0", "rxBytes": 2000, "txBytes": 1500}, {"name": "net1", "rxBytes": 5, "txBytes": 6}]}}'));
SELECT * FROM recorded WHERE at = '10:11';
-- a kubelet has a say about its own pods alone
SELECT orchestration_internal.worker_usage_summary(1, '2020-03-01 10:12:00+00', 'node-2', jsonb_build_object('pods', jsonb_build_array(pod('web-1', '10:11:50', 1, 2, 3, 4, 5))));
SELECT orchestration_internal.worker_usage_summary(1, '2020-03-01 10:12:00+00', 'node-1', '{}'), orchestration_internal.worker_usage_summary(1, '2020-03-01 10:12:00+00', 'node-1', '[]');
-- what went wrong is seen
SELECT * FROM take_round('10:13:00', '[]', NULL, '1 of 2 nodes gave no usage, such as node-2: forbidden');
SET SESSION AUTHORIZATION regress_operator;
SELECT name, to_char(usage_observed_at, 'HH24:MI') AS observed, usage_message FROM orchestration.cluster_status;
SELECT line FROM regexp_split_to_table(orchestration.why(1), E'\n') line WHERE line LIKE 'Usage:%';
RESET SESSION AUTHORIZATION;
-- ---- rollups ----
SELECT namespace_id, to_char(bucket_start, 'YYYY-MM-DD HH24:MI') AS hour, count(*) > 1 AS noted FROM orchestration_internal.container_usage_pending GROUP BY 1, 2;
SELECT container_id, to_char(bucket_start, 'HH24:MI') AS at, samples, round(cpu_millicores_avg::numeric, 3) AS cpu, cpu_millicores_max AS cpu_max, memory_bytes_avg AS memory, memory_bytes_max AS memory_max,
	network_receive_bytes AS received, network_transmit_bytes AS sent, disk_used_bytes_max AS disk FROM orchestration_internal.usage_hours ORDER BY 1, 2;
CREATE TABLE hours AS SELECT * FROM orchestration_internal.usage_hours;
CREATE TABLE days AS SELECT * FROM orchestration_internal.usage_days;
SELECT orchestration_internal.maintain_usage_rollups();
-- now as before
SELECT count(*) FROM (TABLE hours EXCEPT TABLE orchestration.container_usage_hourly) x;
SELECT count(*) FROM (TABLE days EXCEPT TABLE orchestration.container_usage_daily) x;
SELECT count(*) FROM (TABLE hours EXCEPT TABLE orchestration_internal.usage_hours) x;
SELECT count(*) FROM (TABLE days EXCEPT TABLE orchestration_internal.usage_days) x;
-- nothing new, nothing done
SELECT orchestration_internal.maintain_usage_rollups();
-- a late entry: that hour again, and its day
INSERT INTO orchestration.container_resource_usage (namespace_id, recorded_at, container_id, cpu_millicores, network_receive_bytes)
SELECT namespace_id, '2020-03-01 10:59:59.999999+00'::timestamptz, id, 1000, 11 FROM orchestration.containers WHERE name = 'db'
UNION ALL SELECT namespace_id, '2020-03-01 11:00:00+00', id, 2000, 22 FROM orchestration.containers WHERE name = 'db';
SELECT orchestration_internal.maintain_usage_rollups();
SELECT to_char(bucket_start, 'HH24:MI') AS at, samples, cpu_millicores_max AS cpu_max, network_receive_bytes AS received FROM orchestration.container_usage_hourly WHERE container_id = 2 ORDER BY 1;
SELECT to_char(bucket_start, 'YYYY-MM-DD') AS day, samples, cpu_millicores_max AS cpu_max, round(cpu_millicores_avg::numeric, 1) AS cpu, memory_bytes_avg AS memory, network_receive_bytes AS received
FROM orchestration.container_usage_daily WHERE container_id = 2;
-- the month is gone: a late entry does not undo what was made of it
DROP TABLE orchestration.container_resource_usage_202003;
SELECT orchestration_internal.ensure_log_partition('container_resource_usage', '2020-03-01');
INSERT INTO orchestration.container_resource_usage (namespace_id, recorded_at, container_id, cpu_millicores) SELECT namespace_id, '2020-03-01 10:30:00+00'::timestamptz, id, 5 FROM orchestration.containers WHERE name = 'db';
SELECT orchestration_internal.maintain_usage_rollups();
SELECT samples, cpu_millicores_max AS cpu_max FROM orchestration.container_usage_hourly WHERE container_id = 2 AND bucket_start = '2020-03-01 10:00:00+00';
-- retention
INSERT INTO orchestration.container_usage_hourly (namespace_id, container_id, bucket_start, samples) SELECT namespace_id, id, now() - interval '401 days', 1 FROM orchestration.containers WHERE name = 'db';
INSERT INTO orchestration.container_usage_daily (namespace_id, container_id, bucket_start, samples) SELECT namespace_id, id, now() - interval '401 days', 1 FROM orchestration.containers WHERE name = 'db';
INSERT INTO orchestration.container_usage_hourly (namespace_id, container_id, bucket_start, samples) SELECT namespace_id, id, now() - interval '399 days', 1 FROM orchestration.containers WHERE name = 'db';
UPDATE orchestration.maintenance_steps SET keep = NULL WHERE name = 'usage_daily';
SELECT orchestration_internal.run_maintenance_step(s) FROM unnest('{usage_hourly,usage_daily}'::text[]) s;
SELECT count(*) FILTER (WHERE bucket_start < now() - interval '400 days') AS old, count(*) FROM orchestration.container_usage_hourly;
SELECT count(*) > 1 AS kept FROM orchestration.container_usage_daily;
UPDATE orchestration.maintenance_steps SET keep = '402 days' WHERE name = 'usage_daily';
SELECT orchestration_internal.run_maintenance_step('usage_daily');
SELECT count(*) FROM orchestration.container_usage_daily;
DROP VIEW recorded;
DROP TABLE hours, days;
DROP FUNCTION pod, take_round, metrics, measured;
SET client_min_messages = warning;
DROP SCHEMA fake CASCADE;
DROP EXTENSION orchestration CASCADE;
