-- What is read of Docker's answers (src/engine/docker): containers, events, pods and their status, usage.
-- as the owner: these are for the owner alone, and the worker's part is played
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE EXTENSION orchestration CASCADE;
SELECT orchestration.bootstrap();
SET search_path = orchestration, orchestration_internal, public;
SET timezone = 'UTC';
UPDATE installation SET id = '00000000-0000-0000-0000-000000000001';
INSERT INTO clusters (name, api_server, auth_method, enabled) VALUES ('dev', 'https://127.0.0.1', 'in-cluster', false);
RESET client_min_messages;

-- ---- containers ----
-- as Podman 4.3.1 answers
CREATE TABLE podman AS SELECT '{"Id": "91cbc99e81c84b9c8091f56a90f520f206ebde7f9d18c54b812cc133d6e5e9df", "Created": "2026-11-30T09:28:58.192020191Z", "Path": "sh", "Args": ["-c", "echo out; echo err >&2; exec sleep 300"],
	"State": {"Status": "running", "Running": true, "Paused": false, "Restarting": false, "OOMKilled": false, "Dead": false, "Pid": 28729, "ExitCode": 0, "Error": "",
	"StartedAt": "2026-11-30T09:29:00.673379998Z", "FinishedAt": "0001-01-01T00:00:00Z", "Health": {"Status": "", "FailingStreak": 0, "Log": null}},
	"Image": "sha256:ffb3c30edcd321789b6daff13640991cc91bb1b81ead4cedf1f5379b5238e4e8", "Name": "/hello-web-1", "RestartCount": 0, "Driver": "overlay", "Platform": "linux", "ExecIDs": [], "Mounts": [],
	"Config": {"Hostname": "91cbc99e81c8", "Tty": false, "ExposedPorts": {"8080/tcp": {}}, "Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm", "container=podman",
	"HOSTNAME=91cbc99e81c8"], "Cmd": ["sh", "-c", "echo out; echo err >&2; exec sleep 300"], "Image": "docker.io/local/busybox:1", "Labels": {"orchestration.dev/container-id": "7",
	"orchestration.dev/installation": "i1", "orchestration.dev/number": "1", "orchestration.dev/owner": "container-7", "orchestration.dev/place": "hello", "orchestration.dev/pod": "hello-web-1",
	"orchestration.dev/pod-uid": "0b8c6c5e-7f0e-4b44-9d5b-1c1c52a3f001", "orchestration.dev/role": "main", "orchestration.dev/template": "5d8f", "orchestration.dev/workload": "web",
	"orchestration.dev/workload-uid": "w-1"}}, "NetworkSettings": {"Bridge": "", "Ports": {"8080/tcp": [{"HostIp": "127.0.0.1", "HostPort": "18999"}]}, "IPAddress": "",
	"Networks": {"hello": {"IPAMConfig": null, "Links": null, "Aliases": ["web", "91cbc99e81c8"], "NetworkID": "hello", "EndpointID": "", "Gateway": "10.89.0.1", "IPAddress": "10.89.0.6", "IPPrefixLen": 24,
	"IPv6Gateway": "", "GlobalIPv6Address": "", "GlobalIPv6PrefixLen": 0, "MacAddress": "72:49:1f:49:50:54", "DriverOpts": null}}}, "HostConfig": {"NetworkMode": "bridge",
	"PortBindings": {"8080/tcp": [{"HostIp": "127.0.0.1", "HostPort": "18999"}]}, "RestartPolicy": {"Name": "", "MaximumRetryCount": 0}, "Memory": 0}}'::jsonb AS inspected,
	'{"Id": "91cbc99e81c84b9c8091f56a90f520f206ebde7f9d18c54b812cc133d6e5e9df", "Names": ["/hello-web-1"], "Image": "docker.io/local/busybox:1",
	"ImageID": "sha256:ffb3c30edcd321789b6daff13640991cc91bb1b81ead4cedf1f5379b5238e4e8", "Command": "sh -c echo out; echo err >&2; exec sleep 300", "Created": 1796030938, "Ports": [{"IP": "127.0.0.1",
	"PrivatePort": 8080, "PublicPort": 18999, "Type": "tcp"}], "Labels": {"orchestration.dev/container-id": "7", "orchestration.dev/installation": "i1", "orchestration.dev/number": "1",
	"orchestration.dev/owner": "container-7", "orchestration.dev/place": "hello", "orchestration.dev/pod": "hello-web-1", "orchestration.dev/pod-uid": "0b8c6c5e-7f0e-4b44-9d5b-1c1c52a3f001",
	"orchestration.dev/role": "main", "orchestration.dev/template": "5d8f", "orchestration.dev/workload": "web", "orchestration.dev/workload-uid": "w-1"}, "State": "running", "Status": "Up About a minute",
	"NetworkSettings": {"Networks": {"hello": {"IPAMConfig": null, "Links": null, "Aliases": ["web", "91cbc99e81c8"], "NetworkID": "hello", "EndpointID": "", "Gateway": "10.89.0.1", "IPAddress": "10.89.0.6",
	"IPPrefixLen": 24, "IPv6Gateway": "", "GlobalIPv6Address": "", "GlobalIPv6PrefixLen": 0, "MacAddress": "72:49:1f:49:50:54", "DriverOpts": null}}}, "Mounts": []}'::jsonb AS listed;
SELECT jsonb_pretty(docker_container(inspected)) FROM podman;
-- a list says less, and calls it otherwise
SELECT i.key, i.value AS inspected, l.value AS listed FROM podman, jsonb_each(docker_container(inspected)) i LEFT JOIN LATERAL (SELECT * FROM jsonb_each(docker_container(listed)) x WHERE x.key = i.key) l ON true
WHERE i.value IS DISTINCT FROM l.value ORDER BY i.key;
-- as Docker's documentation has it
SELECT docker_container('{"Config": {"Image": "ubuntu", "Labels": {"com.example.vendor": "Acme"}}, "Created": "2015-01-06T15:47:31.485331387Z", "Id": "ba033ac44011", "Image": "04c5d3b7b065", "Name": "/boring_euclid",
	"NetworkSettings": {"Networks": {"bridge": {"IPAddress": "172.17.0.2"}}}, "RestartCount": 1, "SizeRw": 12288, "State": {"Error": "", "ExitCode": 9, "FinishedAt": "2015-01-06T15:47:32.080254511Z",
	"Health": {"Status": "healthy"}, "OOMKilled": false, "Dead": false, "Paused": false, "Pid": 0, "Restarting": false, "Running": true, "StartedAt": "2015-01-06T15:47:32.072697474Z", "Status": "running"}}');
SELECT docker_container('{"Id": "8dfafdbc3a40", "Names": ["/boring_feynman", "/other/link"], "Image": "ubuntu:latest", "ImageID": "d74508fb6632", "Command": "echo 1", "Created": 1367854155, "State": "Exited", "Status": "Exit 0",
	"Ports": [{"PrivatePort": 2222, "PublicPort": 3333, "Type": "tcp"}], "Labels": {"orchestration.dev/place": "bridge"}, "SizeRw": 12288, "SizeRootFs": 0, "HostConfig": {"NetworkMode": "default"},
	"NetworkSettings": {"Networks": {"bridge": {"NetworkID": "7ea29fc1", "Gateway": "172.17.0.1", "IPAddress": "172.17.0.2", "IPPrefixLen": 16}}}, "Mounts": []}');
-- each port once, whatever addresses it has; what is not bound is no port of the host
SELECT docker_container('{"Id": "a", "State": {}, "NetworkSettings": {"Ports": {"80/tcp": [{"HostIp": "0.0.0.0", "HostPort": "8080"}, {"HostIp": "::", "HostPort": "8080"}, {"HostIp": "", "HostPort": "8081"}],
	"53/udp": [{"HostPort": "53"}, {"HostPort": "0"}, {"HostPort": "65536"}, {"HostPort": 5}, null], "90/tcp": null, "91": [{"HostPort": "91"}], "x/tcp": [{"HostPort": "92"}], "": []}}}') -> 'ports';
-- words for states
SELECT w AS word, docker_container(jsonb_build_object('Id', 'a', 'State', jsonb_build_object('Status', w))) ->> 'state' AS inspected, docker_container(jsonb_build_object('Id', 'a', 'State', w)) ->> 'state' AS listed
FROM unnest('{created,configured,initialized,running,stopping,paused,restarting,exited,stopped,removing,dead,Exited,unknown,"",run}'::text[]) w;
-- times that were never set, and what is no time
SELECT t AS time, docker_container(jsonb_build_object('Id', 'a', 'State', jsonb_build_object('StartedAt', t))) ->> 'startedAt' AS started
FROM unnest('{0001-01-01T00:00:00Z,2026-11-30T09:29:00.673379998Z,2026-11-30T10:29:00+01:00,yesterday,2026-13-01T00:00:00Z,infinity,""}'::text[]) t;
SELECT t AS seconds, docker_container(jsonb_build_object('Id', 'a', 'Created', t)) ->> 'createdAt' AS created FROM unnest('{0,1,1796030938,253402300799,253402300800,-5,1.5}'::numeric[]) t;

-- ---- events ----
-- as Podman 4.3.1 tells them
SELECT docker_event('{"status": "die", "id": "4a7ecc565c18", "from": "docker.io/local/busybox:1", "Type": "container", "Action": "die", "Actor": {"ID": "4a7ecc565c18", "Attributes": {"containerExitCode": "1", "exitCode": "1",
	"image": "docker.io/local/busybox:1", "name": "hello-web-1", "orchestration.dev/container-id": "7", "orchestration.dev/installation": "i1", "orchestration.dev/number": "1", "orchestration.dev/owner": "container-7",
	"orchestration.dev/place": "hello", "orchestration.dev/pod": "hello-web-1", "orchestration.dev/pod-uid": "0b8c6c5e", "orchestration.dev/role": "main", "orchestration.dev/template": "5d8f", "orchestration.dev/workload": "web",
	"orchestration.dev/workload-uid": "w-1", "podId": ""}}, "scope": "local", "time": 1796031049, "timeNano": 1796031049134218472}');
SELECT docker_event('{"status": "start", "id": "4a7ecc565c18", "Type": "container", "Action": "start", "Actor": {"ID": "4a7ecc565c18", "Attributes": {"containerExitCode": "0", "name": "hello-web-1"}}, "scope": "local", "time": 1796031049}');
-- as Docker's documentation has them
SELECT docker_event('{"Type": "network", "Action": "connect", "Actor": {"ID": "7dc8ac97d5d29ef6c31b6052f3938c1e8f2749abbd17d1bd1febf2608db1b474", "Attributes": {"container": "ede54ee1afda", "name": "bridge", "type": "bridge"}}, "time": 1461943101, "timeNano": 1461943101394865557}');
SELECT docker_event('{"Type": "volume", "Action": "destroy", "Actor": {"ID": "test-event-volume-local", "Attributes": {"driver": "local"}}, "time": 1461943105, "timeNano": 1461943105338056026}'),
	docker_event('{"Type": "image", "Action": "pull", "Actor": {"ID": "busybox"}}') ->> 'type' AS image;
SELECT docker_event('{"Type": "container", "Action": "die"}'), docker_event('{"Type": "container", "Actor": {"ID": "a"}}'), docker_event('[]'), docker_event('"die"');

-- ---- pods, and what status is derived from them ----
SELECT create_namespace('hello', 'dev') > 0 AS made;
SELECT create_container('hello', 'web', 'nginx:1') > 0 AS web, create_container('hello', 'once', 'job:1', restart_policy => 'Never') > 0 AS once;
INSERT INTO managed_objects (namespace_id, cluster_id, api_version, kind, cluster_namespace, name, owner_type, owner_id, owner_generation, apply_order, desired_hash, applied_hash, applied_at, uid, object_generation, observed)
SELECT m.namespace_id, m.cluster_id, m.api_version, m.kind, m.cluster_namespace, m.name, m.owner_type, m.owner_id, m.owner_generation, m.apply_order, m.manifest_hash, m.manifest_hash, now(), 'uid-of-' || m.name, 1,
	CASE m.kind WHEN 'Deployment' THEN '{"specReplicas": 1, "observedGeneration": 1, "updatedReplicas": 1}' ELSE '{"suspended": false}' END::jsonb
FROM manifests m WHERE m.owner_type = 'container';
CREATE FUNCTION labels(of text, number integer DEFAULT 1) RETURNS jsonb LANGUAGE sql AS $$
	SELECT (SELECT jsonb_object_agg('orchestration.dev/' || l.key, l.value) FROM jsonb_each_text(jsonb_build_object('installation', 'i1', 'owner', 'container-' || c.id, 'container-id', c.id::text, 'pod', 'hello-' || of || '-' || number,
		'pod-uid', 'pod-of-' || of || '-' || number, 'number', number, 'template', '5d8f', 'workload', of, 'workload-uid', 'uid-of-' || of, 'role', 'main', 'place', 'hello')) l)
	FROM containers c WHERE c.name = of
$$;
-- a container as it is inspected
CREATE FUNCTION inspected(of text, state jsonb, restarts integer DEFAULT 0) RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_build_object('Id', 'c1', 'Name', '/hello-' || of || '-1', 'Created', '2026-11-30T09:28:58.192020191Z', 'RestartCount', restarts, 'Image', 'sha256:ffb3',
		'State', '{"StartedAt": "2026-11-30T09:29:00.673379998Z", "FinishedAt": "0001-01-01T00:00:00Z", "OOMKilled": false, "ExitCode": 0, "Error": ""}' || state,
		'Config', jsonb_build_object('Image', 'nginx:1', 'Labels', labels(of)), 'NetworkSettings', '{"Networks": {"hello": {"IPAddress": "10.89.0.6"}}}'::jsonb)
$$;
-- tells a pod as the worker does, and derives the status with what else is known
CREATE FUNCTION see(of text, pod jsonb, also jsonb DEFAULT '{}', OUT phase text, OUT ready boolean, OUT restarts integer, OUT told text, OUT "row" integer, OUT status text, OUT reason text, OUT message text) LANGUAGE plpgsql AS $$
DECLARE
	seen jsonb := docker_instance(jsonb_build_object('labels', labels(of), 'kind', CASE of WHEN 'web' THEN 'Deployment' ELSE 'Job' END, 'node', 'node-1') || pod, 'i1');
BEGIN
	PERFORM write_instances(1, jsonb_build_array(seen || jsonb_build_object('in', seen -> 'place', 'started', seen -> 'startedAt')));
	SELECT i.phase, i.ready, i.restart_count, concat_ws(': ', i.reason, i.message), d.decided_by, d.status, d.reason, d.message
	INTO see.phase, see.ready, see.restarts, see.told, see."row", see.status, see.reason, see.message
	FROM container_instances i CROSS JOIN LATERAL container_facts(ARRAY[i.namespace_id], ARRAY[i.container_id]) f CROSS JOIN LATERAL derive_container_status(f.facts || also) d
	WHERE i.pod_uid = seen ->> 'uid';
END $$;
CREATE FUNCTION facts(of text) RETURNS jsonb LANGUAGE sql AS $$ SELECT i.observed FROM container_instances i WHERE i.pod_name = 'hello-' || of || '-1' $$;
CREATE FUNCTION again() RETURNS void LANGUAGE sql AS $$ DELETE FROM container_instances $$;

-- all of it, once
SELECT jsonb_pretty(docker_instance(jsonb_build_object('main', inspected('web', '{"Status": "running"}', 2), 'kind', 'Deployment', 'version', 17, 'node', 'node-1', 'ready', true, 'started', true, 'initDone', 1, 'initTotal', 1, 'restarts', 3,
	'last', '{"exitCode": 137, "oomKilled": true, "finishedAt": "2026-11-30T09:28:59Z"}'::jsonb), 'i1') || '{"digest": "of the above"}');
-- the digest is of everything but the version; another installation's is nobody's
SELECT docker_instance(p || '{"version": 2}', 'i1') ->> 'digest' = docker_instance(p, 'i1') ->> 'digest' AS is_same,
	docker_instance(p || '{"ready": true}', 'i1') ->> 'digest' = docker_instance(p, 'i1') ->> 'digest' AS is_same_when_ready, docker_instance(p, 'i2') ->> 'container' AS elsewhere
FROM (SELECT jsonb_build_object('main', inspected('web', '{"Status": "running"}')) AS p) x;
SELECT docker_instance(jsonb_build_object('labels', labels('web'), 'createdAt', 'yesterday'), 'i1') ? 'startedAt' AS nonsense, docker_instance('{}', 'i1'), docker_instance(jsonb_build_object('labels', labels('web') || '{"orchestration.dev/pod-uid": "a uid that is longer than thirty-six characters"}'), 'i1');

-- its image is pulled, and cannot be
SELECT * FROM see('web', '{"createdAt": "2026-11-30T09:28:58Z"}');
SELECT * FROM see('web', '{"createdAt": "2026-11-30T09:28:58Z", "waitingReason": "ErrImagePull", "waitingMessage": "manifest unknown: nginx:1"}');
SELECT * FROM see('web', '{"createdAt": "2026-11-30T09:28:58Z", "waitingReason": "ImagePullBackOff", "waitingMessage": "manifest unknown: nginx:1"}', '{"waitingSeconds": 601}');
SELECT facts('web');
-- init containers, one after the other
SELECT * FROM see('web', jsonb_build_object('init', inspected('web', '{"Status": "running"}'), 'initDone', 0, 'initTotal', 2));
SELECT * FROM see('web', '{"createdAt": "2026-11-30T09:28:58Z", "initDone": 1, "initTotal": 2}');
SELECT * FROM see('web', jsonb_build_object('init', inspected('web', '{"Status": "exited", "ExitCode": 5, "FinishedAt": "2026-11-30T09:29:01Z"}'), 'initDone', 1, 'initTotal', 2, 'restarts', 1, 'waitingReason', 'CrashLoopBackOff'));
SELECT facts('web') -> 'lastTerminated' AS last, facts('web') ? 'terminated' AS ended;
-- created, started, ready
SELECT * FROM see('web', jsonb_build_object('main', inspected('web', '{"Status": "created", "StartedAt": "0001-01-01T00:00:00Z"}'), 'initDone', 2, 'initTotal', 2));
SELECT * FROM see('web', jsonb_build_object('main', inspected('web', '{"Status": "running"}')));
SELECT * FROM see('web', jsonb_build_object('main', inspected('web', '{"Status": "running"}'), 'started', true));
SELECT * FROM see('web', jsonb_build_object('main', inspected('web', '{"Status": "running"}'), 'ready', true, 'started', true));
SELECT facts('web');
-- it is its Deployment's own, whatever it is called: neither of another workload nor a copy
SELECT p ->> 'name' AS pod, p -> 'stray' AS stray, p -> 'foreign' AS "foreign" FROM containers c, jsonb_array_elements(pod_list(c.namespace_id, c.id, 'Deployment')) p WHERE c.name = 'web';
SELECT count(*) AS copies FROM containers c, copied_pods(c.namespace_id, c.id) WHERE c.name = 'web';
UPDATE managed_objects SET uid = 'another' WHERE name = 'web' AND kind = 'Deployment';
SELECT x.* FROM containers c, copied_pods(c.namespace_id, c.id) x WHERE c.name = 'web';
UPDATE managed_objects SET uid = 'uid-of-web' WHERE name = 'web' AND kind = 'Deployment';
-- one that is nobody's only carries our labels
SELECT docker_instance(jsonb_build_object('labels', labels('web', 3)), 'i1') #> '{facts,ownerKind}' AS owner;
SELECT "row", status FROM see('web', jsonb_build_object('labels', labels('web', 3), 'kind', NULL));
SELECT p ->> 'name' AS pod, p -> 'stray' AS stray, p -> 'foreign' AS "foreign" FROM containers c, jsonb_array_elements(pod_list(c.namespace_id, c.id, 'Deployment')) p WHERE c.name = 'web' ORDER BY p ->> 'name';
DELETE FROM container_instances WHERE pod_name = 'hello-web-3';
-- ready once, and not now
SELECT * FROM see('web', jsonb_build_object('main', inspected('web', '{"Status": "running"}'), 'started', true), '{"current": "running"}');
-- frozen
SELECT * FROM see('web', jsonb_build_object('main', inspected('web', '{"Status": "paused", "Paused": true}'), 'ready', true, 'started', true), '{"current": "running"}');
-- it has ended just now, and Docker starts it again
SELECT * FROM see('web', jsonb_build_object('main', inspected('web', '{"Status": "exited", "ExitCode": 1, "FinishedAt": "2026-11-30T09:29:01Z"}'), 'ready', true, 'started', true), '{"current": "running"}');
SELECT * FROM see('web', jsonb_build_object('main', inspected('web', '{"Status": "stopped", "ExitCode": 1, "FinishedAt": "2026-11-30T09:29:01Z"}', 1)), '{"current": "running"}');
SELECT * FROM see('web', jsonb_build_object('main', inspected('web', '{"Status": "running", "FinishedAt": "2026-11-30T09:29:01Z"}', 1)), '{"current": "running"}');
SELECT facts('web') -> 'lastTerminated' AS last, facts('web') ? 'terminated' AS ended;
-- crash after crash, by Docker's own account and by the worker's
SELECT again();
SELECT * FROM see('web', jsonb_build_object('main', inspected('web', '{"Status": "restarting", "ExitCode": 1, "FinishedAt": "2026-11-30T09:29:01Z"}', 1)));
SELECT * FROM see('web', jsonb_build_object('main', inspected('web', '{"Status": "exited", "ExitCode": 3, "FinishedAt": "2026-11-30T09:29:01Z"}', 2), 'restarts', 2, 'waitingReason', 'CrashLoopBackOff', 'waitingMessage', 'starts again in 40 s'));
SELECT facts('web');
SELECT * FROM see('web', jsonb_build_object('main', inspected('web', '{"Status": "exited", "ExitCode": 143, "FinishedAt": "2026-11-30T09:29:01Z"}', 2), 'restarts', 2, 'waitingReason', 'CrashLoopBackOff'));
-- between two crashes it is not healed
SELECT * FROM see('web', jsonb_build_object('main', inspected('web', '{"Status": "running", "FinishedAt": "2026-11-30T09:29:01Z"}'), 'restarts', 5, 'ready', true, 'started', true, 'last', '{"exitCode": 3, "finishedAt": "2026-11-30T09:29:01Z"}'::jsonb), '{"current": "failed"}');
SELECT facts('web') -> 'lastTerminated' AS last;
-- out of memory
SELECT * FROM see('web', jsonb_build_object('main', inspected('web', '{"Status": "exited", "ExitCode": 137, "OOMKilled": true, "FinishedAt": "2026-11-30T09:29:03Z"}', 4), 'waitingReason', 'CrashLoopBackOff'));
SELECT facts('web') -> 'lastTerminated' AS last;
-- it cannot be started: as Docker remembers it, and as the worker alone was told by Podman
SELECT again();
SELECT * FROM see('web', jsonb_build_object('main', inspected('web', '{"Status": "created", "StartedAt": "0001-01-01T00:00:00Z", "ExitCode": 127, "Error": "exec: \"/no/such/thing\": no such file or directory"}'), 'restarts', 1, 'waitingReason', 'CrashLoopBackOff'));
SELECT facts('web') -> 'lastTerminated' AS last;
SELECT * FROM see('web', jsonb_build_object('main', inspected('web', '{"Status": "created", "StartedAt": "0001-01-01T00:00:00Z"}'), 'waitingReason', 'RunContainerError', 'waitingMessage', 'exec: "/no/such/thing": no such file or directory'));
-- on its way out
SELECT * FROM see('web', jsonb_build_object('main', inspected('web', '{"Status": "running"}'), 'ready', true, 'started', true, 'terminating', true));
-- two of them while one replaces the other: no word of a pod of another workload
SELECT again();
SELECT * FROM see('web', jsonb_build_object('main', inspected('web', '{"Status": "running"}'), 'ready', true, 'started', true));
SELECT "row", status, reason, message FROM see('web', jsonb_build_object('labels', labels('web', 2) || '{"orchestration.dev/template": "77aa"}', 'main', inspected('web', '{"Status": "running"}') || '{"Created": "2026-11-30T09:29:58Z"}', 'ready', true, 'started', true));
SELECT again();

-- a Job: under way, complete, failed
SELECT * FROM see('once', jsonb_build_object('main', inspected('once', '{"Status": "running"}'), 'ready', true, 'started', true));
SELECT * FROM see('once', jsonb_build_object('main', inspected('once', '{"Status": "exited", "FinishedAt": "2026-11-30T09:29:01Z"}'), 'over', true), '{"current": "running"}');
SELECT facts('once');
SELECT p -> 'stray' AS stray, p -> 'foreign' AS "foreign" FROM containers c, jsonb_array_elements(pod_list(c.namespace_id, c.id, 'Job')) p WHERE c.name = 'once';
SELECT "row", status, reason FROM see('once', jsonb_build_object('main', inspected('once', '{"Status": "exited", "FinishedAt": "2026-11-30T09:29:01Z"}'), 'over', true), '{"complete": true}');
SELECT * FROM see('once', jsonb_build_object('main', inspected('once', '{"Status": "exited", "ExitCode": 3, "FinishedAt": "2026-11-30T09:29:01Z"}'), 'over', true, 'ready', true));
SELECT facts('once') -> 'terminated' AS ended;
SELECT "row", status, reason, message FROM see('once', jsonb_build_object('main', inspected('once', '{"Status": "exited", "ExitCode": 3, "FinishedAt": "2026-11-30T09:29:01Z"}'), 'over', true),
	'{"failed": true, "failedReason": "BackoffLimitExceeded", "failedMessage": "it has failed too often"}');
SELECT phase, told, "row", status, reason FROM see('once', jsonb_build_object('init', inspected('once', '{"Status": "exited", "ExitCode": 0, "OOMKilled": true, "FinishedAt": "2026-11-30T09:29:01Z"}'), 'initTotal', 1, 'over', true));
SELECT phase, told, "row", status, reason, message FROM see('once', jsonb_build_object('main', inspected('once', '{"Status": "created", "ExitCode": 126, "Error": "permission denied"}'), 'over', true), '{"failed": true}');
-- of the run before it, and of nothing that is known
SELECT "row", status, reason FROM see('once', jsonb_build_object('labels', labels('once') || '{"orchestration.dev/workload-uid": "before"}', 'main', inspected('once', '{"Status": "running"}'), 'ready', true, 'started', true));
SELECT p -> 'stray' AS stray, p -> 'foreign' AS "foreign" FROM containers c, jsonb_array_elements(pod_list(c.namespace_id, c.id, 'Job')) p WHERE c.name = 'once';
SELECT "row", status, reason FROM see('once', jsonb_build_object('kind', NULL, 'main', inspected('once', '{"Status": "running"}'), 'ready', true, 'started', true));
SELECT facts('once');
SELECT p -> 'stray' AS stray, p -> 'foreign' AS "foreign" FROM containers c, jsonb_array_elements(pod_list(c.namespace_id, c.id, 'Job')) p WHERE c.name = 'once';

-- messages are cut by characters, those of an end at their beginning
SELECT length(f ->> 'waitingMessage') AS waiting, right(f ->> 'waitingMessage', 1) AS ends, length(f #>> '{lastTerminated,message}') AS last, left(f #>> '{lastTerminated,message}', 1) AS begins
FROM (SELECT docker_instance(jsonb_build_object('main', inspected('web', jsonb_build_object('Status', 'exited', 'ExitCode', 127, 'Error', repeat('ä', 5000) || '€' || repeat('b', 999))), 'waitingReason', 'CrashLoopBackOff',
	'waitingMessage', repeat('ä', 999) || '€' || repeat('b', 5000)), 'i1') -> 'facts' AS f) x;

-- ---- usage ----
-- as Podman 4.3.1 measures, with control groups of version 1
CREATE TABLE measured AS SELECT '{"read": "2026-11-30T09:29:12.78198495Z", "preread": "0001-01-01T00:00:00Z", "pids_stats": {"current": 1}, "blkio_stats": {"io_service_bytes_recursive": [], "io_serviced_recursive": null,
	"io_queue_recursive": null, "io_service_time_recursive": null, "io_wait_time_recursive": null, "io_merged_recursive": null, "io_time_recursive": null, "sectors_recursive": null}, "num_procs": 0,
	"storage_stats": {}, "cpu_stats": {"cpu_usage": {"total_usage": 27710217, "percpu_usage": [1292122, 26418095], "usage_in_kernelmode": 8000000, "usage_in_usermode": 19710217},
	"system_cpu_usage": 4665727616618, "online_cpus": 2, "cpu": 0, "throttling_data": {"periods": 0, "throttled_periods": 0, "throttled_time": 0}}, "precpu_stats": {"cpu_usage": {"total_usage": 0,
	"usage_in_kernelmode": 0, "usage_in_usermode": 0}, "cpu": 0, "throttling_data": {"periods": 0, "throttled_periods": 0, "throttled_time": 0}}, "memory_stats": {"usage": 253952, "limit": 25276514304},
	"name": "hello-web-1", "Id": "91cbc99e81c84b9c8091f56a90f520f206ebde7f9d18c54b812cc133d6e5e9df", "networks": {"network": {"rx_bytes": 586, "rx_packets": 0, "rx_errors": 0, "rx_dropped": 0,
	"tx_bytes": 2646, "tx_packets": 0, "tx_errors": 0, "tx_dropped": 0}}}'::jsonb AS stats;
SELECT jsonb_pretty(docker_summary('node-1', jsonb_build_array(jsonb_build_object('container', inspected, 'stats', stats)))) FROM podman, measured;
SELECT (u).* FROM (SELECT usage_of_summary(x.value) AS u FROM podman, measured, jsonb_array_elements(docker_summary('node-1', jsonb_build_array(jsonb_build_object('container', inspected, 'stats', stats))) -> 'pods') x) y;
-- as Docker's documentation has it; what is written to its files, where it was asked for
SELECT (u).* FROM (SELECT usage_of_summary(x.value) AS u FROM podman, jsonb_array_elements(docker_summary('node-1', jsonb_build_array(jsonb_build_object('container', inspected || '{"SizeRw": 12288}', 'stats', '{"read": "2015-01-08T22:57:31.547920715Z",
	"pids_stats": {"current": 3}, "networks": {"eth0": {"rx_bytes": 5338, "rx_dropped": 0, "tx_bytes": 648}, "eth5": {"rx_bytes": 4641, "rx_dropped": 0, "tx_bytes": 690}},
	"memory_stats": {"stats": {"total_inactive_file": 5000, "inactive_file": 1, "rss": 6537216}, "max_usage": 6651904, "usage": 6537216, "limit": 67108864},
	"cpu_stats": {"cpu_usage": {"usage_in_usermode": 50000000, "total_usage": 100215355}, "system_cpu_usage": 739306590000000, "online_cpus": 4}, "precpu_stats": {"cpu_usage": {"total_usage": 100093996}}}'::jsonb))) -> 'pods') x) y;
-- the working set: without files that nobody has used lately
SELECT m AS memory, docker_summary('n', jsonb_build_array(jsonb_build_object('container', inspected, 'stats', stats || jsonb_build_object('memory_stats', m)))) #>> '{pods,0,memory,workingSetBytes}' AS working_set
FROM podman, measured, unnest(ARRAY['{"usage": 100, "stats": {"inactive_file": 30}}', '{"usage": 100, "stats": {"total_inactive_file": 40, "inactive_file": 30}}', '{"usage": 100, "stats": {"inactive_file": 200}}', '{"usage": 100, "stats": {"inactive_file": -1}}',
	'{"usage": 100, "stats": null}', '{"usage": 18446744073709551615}', '{"usage": -1}', '{}', '[]']::jsonb[]) m;
-- one that does not run has no figures; the others keep theirs
SELECT jsonb_path_query_array(docker_summary('n', jsonb_build_array(jsonb_build_object('container', inspected, 'stats', stats || '{"read": "0001-01-01T00:00:00Z"}'), jsonb_build_object('container', inspected, 'stats', stats),
	jsonb_build_object('container', inspected, 'stats', stats - 'cpu_stats'), jsonb_build_object('container', inspected #- '{Config,Labels}', 'stats', stats), 5, null, '{}'::jsonb, jsonb_build_object('container', inspected, 'stats', stats - 'networks'))),
	'$.pods[*].keyvalue().key') AS members FROM podman, measured;
SELECT docker_summary('n', '[]'), docker_summary('n', '{}'), docker_summary('n', '5');
-- the start of the container is that of its counters: a restart is no negative use
SELECT (counter_step(27710217, '2026-11-30 09:29:12', '2026-11-30 09:29:00.673379', 900000000, '2026-11-30 09:28:12', '2026-11-30 09:20:00', '1 min')).*;

-- ---- what is odd is absent: whatever stands anywhere, nothing is thrown ----
\i sql/include/spoilt.sql
CREATE TABLE samples (what text, object jsonb);
INSERT INTO samples SELECT 'container', inspected #- '{HostConfig}' #- '{Config,Env}' FROM podman UNION ALL SELECT 'container', listed FROM podman;
INSERT INTO samples VALUES ('event', '{"Type": "container", "Action": "die", "Actor": {"ID": "a", "Attributes": {"exitCode": "1", "name": "n", "orchestration.dev/container-id": "7"}}, "time": 5, "timeNano": 6}');
INSERT INTO samples SELECT 'pod', jsonb_build_object('labels', labels('web'), 'main', inspected('web', '{"Status": "exited", "ExitCode": 1}'), 'init', inspected('web', '{"Status": "running"}'), 'last', '{"exitCode": 1, "oomKilled": true, "finishedAt": "x"}'::jsonb,
	'kind', 'Job', 'version', 1, 'createdAt', 'x', 'node', 'n', 'initDone', 1, 'initTotal', 1, 'waitingReason', 'r', 'waitingMessage', 'm', 'ready', true, 'started', true, 'over', true, 'terminating', true, 'restarts', 1);
INSERT INTO samples SELECT 'usage', jsonb_build_array(jsonb_build_object('container', listed, 'stats', stats)) FROM podman, measured;
CREATE TABLE spoilt AS SELECT what, spoilt(object) AS object FROM samples;
SELECT what, count(*) > 100 AS many, count(*) FILTER (WHERE CASE what WHEN 'container' THEN docker_container(object) WHEN 'event' THEN docker_event(object) WHEN 'pod' THEN docker_instance(object, 'i1') END IS NULL) AS unusable
FROM spoilt WHERE what <> 'usage' GROUP BY what ORDER BY what;
SELECT count(*) > 100 AS many, count(u.sampled_at) < count(*) AS some_unknown, count(*) FILTER (WHERE u.cpu_nanoseconds < 0 OR u.memory_bytes < 0 OR u.network_receive_bytes < 0) AS negative
FROM spoilt s LEFT JOIN LATERAL jsonb_array_elements(docker_summary('n', s.object) -> 'pods') x ON true LEFT JOIN LATERAL usage_of_summary(x.value) u ON true WHERE s.what = 'usage';
SELECT count(*) FILTER (WHERE docker_container(object) IS NULL AND docker_event(object) IS NULL AND docker_instance(object, 'i1') IS NULL AND docker_summary('n', object) -> 'pods' = '[]') > 0 AS nothing_usable FROM spoilt;

DROP FUNCTION spoilt, again, facts, see, inspected, labels;
DROP TABLE spoilt, samples, measured, podman;
RESET search_path;
SET client_min_messages = warning;
DROP EXTENSION orchestration CASCADE;
