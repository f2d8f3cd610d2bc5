-- what create_container() and its fellows refuse: code, place, reason and hint; and that nothing is left behind
SET client_min_messages = warning;
CREATE EXTENSION orchestration CASCADE;
SELECT orchestration.bootstrap();
\i sql/include/as_people.sql
RESET client_min_messages;
SET search_path = orchestration, orchestration_internal, public;
\set SHOW_CONTEXT never

-- the refusal of a statement, in one line; what is accepted is undone
CREATE FUNCTION refusal(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	message text;
	detail text;
	hint text;
BEGIN
	EXECUTE statement;
	RAISE 'accepted' USING ERRCODE = 'ZZZZZ';
EXCEPTION WHEN SQLSTATE 'ZZZZZ' THEN
	RETURN 'accepted';
WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN concat_ws(' | ', SQLSTATE, message, NULLIF(detail, ''), NULLIF(hint, ''));
END
$$;
\pset format unaligned
\pset tuples_only on

SET SESSION AUTHORIZATION regress_administrator;
SELECT create_namespace('shop') > 0, create_config_map('shop', 'app', '{"colour": "red", "size": "2"}') > 0, create_secret('shop', 'db', '{"password": "x"}') > 0,
	create_volume('shop', 'data', size => '1Gi') > 0, create_container('shop', 'web', 'busybox', ports => '[{"containerPort": 80, "servicePort": 80, "serviceType": "NodePort"}]') > 0;
CREATE TEMP TABLE before AS SELECT (SELECT count(*) FROM containers) AS containers, (SELECT count(*) FROM environment_variables) AS variables, (SELECT count(*) FROM container_images) AS images,
	(SELECT count(*) FROM volumes) AS volumes, (SELECT count(*) FROM port_mappings) AS ports;
SELECT joins('regress_operator', 'operator', 'shop') \gset
SET SESSION AUTHORIZATION regress_operator;

\echo -- arguments of create_container()
SELECT a || E'\n  ' || refusal(format($$SELECT orchestration.create_container('shop', 'new', 'busybox:1', %s)$$, a)) FROM unnest(ARRAY[
	$$replicas => -1$$,
	$$replicas => 10001$$,
	$$cpu_request => '2 cores'$$,
	$$cpu_limit => '0'$$,
	$$cpu_request => '2', cpu_limit => '500m'$$,
	$$memory_request => '1Gi', memory_limit => '512Mi'$$,
	$$memory_limit => '128m'$$,
	$$restart_policy => 'always'$$,
	$$image_pull_policy => 'Sometimes'$$,
	$$strategy => 'BlueGreen'$$,
	$$strategy => 'Recreate', max_surge => '1'$$,
	$$max_surge => '0', max_unavailable => '0'$$,
	$$max_surge => 'one'$$,
	$$termination_grace_period => -1$$,
	$$desired_state => 'deleted'$$,
	$$working_dir => 'www'$$,
	$$service_account => 'Web'$$,
	$$labels => '{"app.kubernetes.io/name": "x"}'$$,
	$$annotations => '{"a": 1}'$$,
	$$node_selector => '["ssd"]'$$,
	$$tolerations => '[{"operator": "Maybe"}]'$$,
	$$security_context => '{"privileged": "yes"}'$$,
	$$pod_security_context => '{"fsGroup": -1}'$$,
	$$init_containers => '[{"name": "new", "image": "busybox"}]'$$,
	$$overrides => '{"spec": {"selector": {}}}'$$
]) a;

\echo -- environment
SELECT a || E'\n  ' || refusal(format($$SELECT orchestration.create_container('shop', 'new', 'busybox:1', env => %L)$$, a)) FROM unnest(ARRAY[
	'{"A": 1}',
	'{"1A": "x"}',
	'"A=1"',
	'[{"name": "A", "value": "1"}, {"name": "A", "value": "2"}]',
	'[{"name": "A", "value": "1"}, {"name": "B", "value": "2"}, {"name": "C", "valueFrom": {"configMapKeyRef": {"name": "app", "key": "color"}}}]',
	'[{"name": "C", "valueFrom": {"configMapKeyRef": {"name": "application", "key": "colour"}}}]',
	'[{"name": "C", "valueFrom": {"secretKeyRef": {"name": "db", "key": "pass"}}}]',
	'[{"name": "C", "valueFrom": {"secretKeyRef": {"name": "database", "key": "password", "optional": true}}}]'
]) a;

\echo -- ports
SELECT a || E'\n  ' || refusal(format($$SELECT orchestration.create_container('shop', 'new', 'busybox:1', ports => %L)$$, a)) FROM unnest(ARRAY[
	'{"containerPort": 80}',
	'[{"containerPort": 70000}]',
	'[{"containerPort": 80}, {"containerPort": 80}]',
	'[{"containerPort": 80}, {"containerPort": 80, "protocol": "UDP"}]',
	'[{"containerPort": 80, "servicePort": 80}, {"containerPort": 81, "servicePort": 80}]',
	'[{"containerPort": 80, "name": "http"}, {"containerPort": 81, "name": "http"}]',
	'[{"containerPort": 80, "nodePort": 30080, "serviceType": "ClusterIP", "servicePort": 80}]',
	'[{"containerPort": 80, "nodePort": 30080}]',
	'[{"containerPort": 80, "serviceType": "LoadBalancer"}]'
]) a;
\echo -- names of services meet
SELECT refusal($$SELECT orchestration.create_container('shop', 'web-nodeport', 'busybox', ports => '[{"containerPort": 80, "servicePort": 80}]')$$);
SELECT refusal($$SELECT orchestration.create_container('shop', 'web-nodeport', 'busybox', ports => '[{"containerPort": 80}]')$$);
SELECT refusal(format($$SELECT orchestration.create_container('shop', %L, 'busybox', ports => '[{"containerPort": 80, "servicePort": 80, "serviceType": "LoadBalancer"}]')$$, repeat('a', 60)));

\echo -- volumes and probes
SELECT a || E'\n  ' || refusal(format($$SELECT orchestration.create_container('shop', 'new', 'busybox:1', ports => '[{"containerPort": 80, "name": "http"}]', %s)$$, a)) FROM unnest(ARRAY[
	$$volumes => '[{"volume": "data", "mountPath": "/a"}, {"volume": "date", "mountPath": "/b"}]'$$,
	$$volumes => '[{"volume": "data", "mountPath": "/a"}, {"volume": "data", "mountPath": "/a"}]'$$,
	$$readiness_probe => '{"httpGet": {"port": "https"}}'$$,
	$$readiness_probe => '{"httpGet": {"port": 80, "path": ""}}'$$,
	$$liveness_probe => '{"tcpSocket": {"port": 80}, "successThreshold": 3}'$$,
	$$startup_probe => '{"periodSeconds": 5}'$$
]) a;

\echo -- names and images
SELECT refusal($$SELECT orchestration.create_container('shop', 'Web', 'busybox')$$);
SELECT refusal($$SELECT orchestration.create_container('shop', '', 'busybox')$$);
SELECT refusal($$SELECT orchestration.create_container('shop', 'web', 'busybox')$$);
SELECT refusal($$SELECT orchestration.create_container('shop', 'new', 'Busy/Box')$$);
SELECT refusal($$SELECT orchestration.create_container('shop', 'new', '')$$);
SELECT refusal($$SELECT orchestration.create_container('shop', 'new', NULL)$$);
SELECT refusal($$SELECT orchestration.create_container('shop', 'new', 'registry.example:5000/app:1.2@sha256:12')$$);
SELECT refusal($$SELECT orchestration.create_container('shopp', 'new', 'busybox')$$);
SELECT refusal($$SELECT orchestration.create_container('platform', 'new', 'busybox')$$);
SELECT refusal($$SELECT orchestration.create_container(NULL, 'new', 'busybox')$$);
SET SESSION AUTHORIZATION regress_administrator;
SELECT refusal($$SELECT orchestration.create_container('platform', 'new', 'busybox')$$);

\echo -- namespaces, config maps, secrets, registries
SELECT a || E'\n  ' || refusal('SELECT orchestration.' || a) FROM unnest(ARRAY[
	$$create_namespace('1shop')$$,
	$$create_namespace('kube-system')$$,
	$$create_namespace('shop')$$,
	$$create_namespace('platform')$$,
	$$create_namespace('new', 'nowhere')$$,
	$$create_namespace('new', labels => '{"a b": "c"}')$$,
	$$create_config_map('shop', 'app', '{}')$$,
	$$create_config_map('shop', 'kube-root-ca.crt', '{}')$$,
	$$create_config_map('shop', 'new', '{"port": 80}')$$,
	$$create_config_map('nowhere', 'new', '{}')$$,
	$$create_secret('shop', 'db', '{}')$$,
	$$create_secret('shop', 'new', '{"a": {"base64": "not base64!"}}')$$,
	$$create_secret('shop', 'new', '{"a": {"base64": "AAE"}}')$$,
	$$create_secret('shop', 'new', '[]')$$,
	$$create_secret('shop', 'new', jsonb_build_object('a', repeat('x', 1048576)))$$,
	$$create_secret('shop', 'new', '{"tls.crt": "x"}', type => 'kubernetes.io/tls')$$,
	$$create_secret('shop', 'new', '{"user": "x"}', type => 'kubernetes.io/basic-auth')$$,
	$$create_secret('shop', 'new', '{}', type => 'kubernetes.io/service-account-token')$$,
	$$create_registry('shop', 'main', 'registry', 'u', 'p')$$,
	$$create_registry('shop', 'Main', 'registry.example', 'u', 'p')$$
]) a;
SELECT create_registry('shop', 'main', 'registry.example', 'u', 'p') > 0, create_secret('shop', 'registry-other', '{}') > 0;
SELECT refusal($$SELECT orchestration.create_registry('shop', 'again', 'registry.example', 'u', 'p')$$);
SELECT refusal($$SELECT orchestration.create_registry('shop', 'other', 'other.example', 'u', 'p')$$);
SELECT refusal($$SELECT orchestration.create_secret('shop', 'registry-main', '{}')$$);

\echo -- volumes
SELECT a || E'\n  ' || refusal(format('SELECT orchestration.create_volume(%s)', a)) FROM unnest(ARRAY[
	$$'shop', 'data', size => '1Gi'$$,
	$$'shop', 'new'$$,
	$$'shop', 'new', size => '1 Gi'$$,
	$$'shop', 'new', size => '0'$$,
	$$'shop', 'new', 'NFS', '1Gi'$$,
	$$'shop', 'new', 'PVC', '1Gi', 'ReadWriteTwice'$$,
	$$'shop', 'new', 'PVC', '1Gi', host_path => '/a'$$,
	$$'shop', 'new', 'EmptyDir', access_mode => 'ReadWriteOnce'$$,
	$$'shop', 'new', 'EmptyDir', medium => 'Disk'$$,
	$$'shop', 'new', 'ConfigMap'$$,
	$$'shop', 'new', 'ConfigMap', config_map => 'nothing'$$,
	$$'shop', 'new', 'ConfigMap', config_map => 'app', size => '1Gi'$$,
	$$'shop', 'new', 'Secret', secret => 'nothing'$$,
	$$'shop', 'new', 'HostPath'$$,
	$$'shop', 'new', 'HostPath', host_path => 'var'$$,
	$$'shop', 'new', 'HostPath', host_path => '/var', host_path_type => 'Folder'$$,
	$$'shop', 'NEW', 'EmptyDir'$$
]) a;

\echo -- nothing is left behind
SELECT before = ROW((SELECT count(*) FROM containers), (SELECT count(*) FROM environment_variables), (SELECT count(*) FROM container_images), (SELECT count(*) FROM volumes), (SELECT count(*) FROM port_mappings)) FROM before;
RESET SESSION AUTHORIZATION;
RESET search_path;
SET client_min_messages = warning;
DROP EXTENSION orchestration CASCADE;
