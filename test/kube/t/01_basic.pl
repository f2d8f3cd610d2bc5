# Rows become running containers: by the functions first, by plain statements then.
use strict;
use warnings;
use OrchTest;
use Test::More;

my $kube = kube_or_skip(real => 1);
my $pg = server_with_cluster('basic', $kube);
my $image = $kube->image;

sub in_container { my ($ns, $name, @command) = @_; return $kube->kubectl('exec', '-n', $ns, "deployment/$name", '--', @command) }
sub page { my ($ip, $path) = @_; my ($status, $out) = OrchServer::run_command([ 'curl', '-sS', '-m', '5', "http://$ip:8080$path" ]); return $out }
sub pods { my ($ns, $id) = @_; return grep { !$_->{metadata}{deletionTimestamp} } $kube->list($ns, 'pods', '-l', "orchestration.dev/container-id=$id") }

my $ns = new_namespace($pg, 'basic');
pull_from_registry($pg, $kube, $ns);

# ---- everything in one transaction
my $web = $pg->as_operator(<<SQL);
BEGIN;
\\o /dev/null
SELECT orchestration.create_config_map('$ns', 'settings', '{"greeting": "hello", "file.conf": "a = 1\\n"}');
SELECT orchestration.create_secret('$ns', 'login', '{"password": "s3cret \$HOME"}');
SELECT orchestration.create_volume('$ns', 'data', type => 'PVC', size => '16Mi', access_mode => 'ReadWriteOnce');
\\o
SELECT orchestration.create_container('$ns', 'web', '$image',
	command => ARRAY['sh', '-c', 'echo "page of \$GREETING" >/data/index.html; exec httpd -f -p 8080 -h /data'],
	cpu_request => '10m', memory_request => '16Mi', memory_limit => '64Mi',
	env => '[{"name": "GREETING", "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "greeting"}}},
		{"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": "login", "key": "password"}}},
		{"name": "LITERAL", "value": "cost: \$(GREETING) \$5"},
		{"name": "POD", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}]',
	ports => '[{"containerPort": 8080, "name": "http", "servicePort": 80}]',
	volumes => '[{"volume": "data", "mountPath": "/data"}]',
	liveness_probe => '{"httpGet": {"path": "/", "port": "http"}, "periodSeconds": 5}',
	readiness_probe => '{"httpGet": {"path": "/", "port": 8080}, "periodSeconds": 1}',
	startup_probe => '{"tcpSocket": {"port": 8080}, "periodSeconds": 1, "failureThreshold": 60}',
	termination_grace_period => 1);
COMMIT;
SQL
ok($pg->as_operator("SELECT orchestration.wait_for_container($web, 'running', '90s')") eq 't', 'wait_for_container() sees it running') or diagnose($pg, $web);
runs($pg, $web, 'the row says that it runs and that this is what was asked for');
is($pg->sql("SELECT ready_replicas FROM orchestration.containers WHERE id = $web"), 1, 'one replica is ready');

is_deeply([ $kube->names($ns) ],
	[ sort qw(configmap/settings secret/login secret/registry-local persistentvolumeclaim/data
		service/web deployment.apps/web replicaset.apps/web pod/web) ], 'kubectl shows exactly these objects');
is(in_container($ns, 'web', 'sh', '-c', 'echo "$GREETING|$PASSWORD|$LITERAL"'), 'hello|s3cret $HOME|cost: $(GREETING) $5', 'environment: config map, secret and literal arrive as written');
my ($pod) = pods($ns, $web);
is(in_container($ns, 'web', 'sh', '-c', 'echo $POD'), $pod->{metadata}{name}, 'environment: field');
like(in_container($ns, 'web', 'cat', '/proc/mounts'), qr{ /data }, 'the volume is mounted');
is(page($pod->{status}{podIP}, '/'), "page of hello\n", 'its page answers');
is($kube->field($ns, 'service/web', '{.spec.ports[0].port}:{.spec.ports[0].targetPort}'), '80:8080', 'the service leads to the port');
is($kube->field($ns, 'pvc/data', '{.status.phase}'), 'Bound', 'the claim is bound');
ok($pg->until_true("SELECT status = 'bound' FROM orchestration.volumes WHERE name = 'data'"), 'the row of the volume says so');
ok($pg->until_true("SELECT status = 'active' FROM orchestration.namespaces WHERE name = '$ns'"), 'the row of the namespace is active');
is($pg->sql("SELECT pod_name, ready, host(pod_ip) FROM orchestration.container_instances WHERE container_id = $web AND ended_at IS NULL"),
	"$pod->{metadata}{name}|t|$pod->{status}{podIP}", 'the pod is in container_instances');
is(join(',', map { $_->{image} . $_->{imagePullPolicy} } @{ $pod->{spec}{containers} }), "${image}IfNotPresent", 'image and pull policy');
is($pg->as_operator("SELECT count(*) FROM orchestration.plan('$ns') WHERE action <> 'none'"), 0, 'plan() has nothing left to do');
like($pg->as_operator("SELECT orchestration.why($web)"), qr/\S/, 'why() has something to say about a healthy container');

# ---- verbs
my $uid = $kube->field($ns, 'deployment/web', '{.metadata.uid}');
$pg->as_operator("SELECT orchestration.pause_container($web)");
status_ok($pg, $web, 'paused', 'pause: the row says paused');
is(scalar(pods($ns, $web)), 0, 'pause: no pod is left');
ok($kube->get($ns, 'service/web') && $kube->get($ns, 'pvc/data'), 'pause: service and claim stay');
$pg->as_operator("SELECT orchestration.resume_container($web)");
status_ok($pg, $web, 'running', 'resume: it runs again', settled => 1);
is(page((pods($ns, $web))[0]{status}{podIP}, '/'), "page of hello\n", 'resume: the page answers again');

my $before = (pods($ns, $web))[0]{metadata}{uid};
$pg->as_operator("SELECT orchestration.restart_container($web)");
within($kube, 'restart: another pod serves', sub { my @p = pods($ns, $web); @p == 1 && $p[0]{metadata}{uid} ne $before && $p[0]{status}{containerStatuses}[0]{ready} }, 90);
status_ok($pg, $web, 'running', 'restart: it runs', settled => 1);

$pg->as_operator("SELECT orchestration.scale_container($web, 3)");
ok($pg->until_true("SELECT ready_replicas = 3 AND generation = observed_generation FROM orchestration.containers WHERE id = $web", timeout => 90), 'scale: three are ready') or diagnose($pg, $web);
is(scalar(pods($ns, $web)), 3, 'scale: three pods');
$pg->as_operator("SELECT orchestration.scale_container($web, 1)");
ok($pg->until_true("SELECT ready_replicas = 1 FROM orchestration.containers WHERE id = $web", timeout => 90), 'scale: back to one');

$pg->as_operator("SELECT orchestration.stop_container($web)");
status_ok($pg, $web, 'stopped', 'stop: the row says stopped');
within($kube, 'stop: no pod is left', sub { !$kube->list($ns, 'pods') });
$pg->as_operator("SELECT orchestration.start_container($web)");
status_ok($pg, $web, 'running', 'start: it runs again', settled => 1);
is($kube->field($ns, 'deployment/web', '{.metadata.uid}'), $uid, 'it was one and the same deployment all the time');

$pg->as_operator("SELECT orchestration.delete_container($web)");
status_ok($pg, $web, 'deleted', 'delete: the row says deleted');
is_deeply([ $kube->names($ns) ], [ sort qw(configmap/settings secret/login secret/registry-local persistentvolumeclaim/data) ],
	'delete: when it says so, the cluster has nothing of it any more');
like(history($pg, $web), qr{^pending>running>paused>(pending>)?running>stopped>(pending>)?running>deleted$}, 'the history tells the story');
is($pg->sql("SELECT count(*) FROM orchestration.managed_objects WHERE owner_type = 'container' AND owner_id = $web"), 0, 'and the inventory has none');
is($pg->sql("SELECT count(*) FROM orchestration.environment_variables WHERE container_id = $web"), 0, 'what it used is free');

# ---- the same by plain statements, as an ORM writes them
my ($registry, $repository, $tag) = $image =~ m{^([^/]+)/([^:]+):(.+)$};
my $plain = $pg->as_operator(<<SQL);
BEGIN;
INSERT INTO orchestration.container_images (namespace_id, registry, repository, tag)
SELECT id, '$registry', '$repository', '$tag' FROM orchestration.namespaces WHERE name = '$ns' ON CONFLICT DO NOTHING;
INSERT INTO orchestration.containers (namespace_id, name, image_id, command, termination_grace_period)
SELECT n.id, 'plain', i.id, '{sleep,inf}', 0 FROM orchestration.namespaces n JOIN orchestration.container_images i ON i.namespace_id = n.id
WHERE n.name = '$ns' AND i.registry = '$registry' RETURNING id;
INSERT INTO orchestration.environment_variables (namespace_id, container_id, name, config_map_id, key)
SELECT c.namespace_id, c.id, 'GREETING', m.id, 'greeting' FROM orchestration.containers c JOIN orchestration.config_maps m ON m.namespace_id = c.namespace_id
WHERE c.name = 'plain';
INSERT INTO orchestration.port_mappings (namespace_id, container_id, container_port, service_port)
SELECT c.namespace_id, c.id, 8080, 80 FROM orchestration.containers c WHERE c.name = 'plain';
COMMIT;
SQL
runs($pg, $plain, 'INSERT: it runs');
is(in_container($ns, 'plain', 'sh', '-c', 'echo $GREETING'), 'hello', 'INSERT: with its environment');
ok($kube->get($ns, 'service/plain'), 'INSERT: with its service');

my @steps = (
	[ "desired_state = 'paused'", 'paused' ], [ "desired_state = 'running'", 'running' ],
	[ "desired_state = 'stopped'", 'stopped' ], [ "desired_state = 'running', replicas = 2", 'running' ]);
for (@steps)
{
	my ($assignment, $status) = @$_;

	$pg->as_operator("UPDATE orchestration.containers SET $assignment WHERE id = $plain");
	status_ok($pg, $plain, $status, "UPDATE SET $assignment", settled => 1);
}
ok($pg->until_true("SELECT ready_replicas = 2 FROM orchestration.containers WHERE id = $plain"), 'UPDATE: two replicas are ready');

$pg->as_operator("UPDATE orchestration.config_maps SET data = jsonb_set(data, '{greeting}', '\"bye\"') WHERE name = 'settings'");
within($kube, 'a changed config map reaches the pods that use it',
	sub { $kube->field($ns, 'configmap/settings', '{.data.greeting}') eq 'bye' && in_container($ns, 'plain', 'sh', '-c', 'echo $GREETING') eq 'bye' }, 90);
$pg->as_operator("DELETE FROM orchestration.port_mappings WHERE container_id = $plain");
within($kube, 'DELETE of the port: the service goes', sub { !$kube->get($ns, 'service/plain') });
$pg->as_operator("DELETE FROM orchestration.containers WHERE id = $plain");
within($kube, 'DELETE of the row: the deployment goes', sub { !$kube->get($ns, 'deployment/plain') });
is($pg->sql("SELECT reason FROM orchestration.container_status_history WHERE container_id = $plain ORDER BY changed_at DESC, id DESC LIMIT 1"), 'RowDeleted', 'DELETE: the history keeps it');

# ---- a job that runs to completion
my $job = $pg->as_operator("SELECT orchestration.create_container('$ns', 'job', '$image', command => '{echo,done}', restart_policy => 'Never')");
status_ok($pg, $job, 'stopped', 'a job runs to its end', reason => 'Completed');
is($kube->field($ns, 'job/job', '{.status.succeeded}'), 1, 'and succeeded in the cluster');

# ---- refused, without a trace
my $count = 'SELECT (SELECT count(*) FROM orchestration.containers), (SELECT count(*) FROM orchestration.managed_objects), (SELECT sum(generation) FROM orchestration.containers)';
my $rows = $pg->sql($count);
like($pg->operator_error("SELECT orchestration.create_container('$ns', 'Bad_Name', 'busybox')"), qr/OR001/, 'a bad name is refused');
like($pg->operator_error("SELECT orchestration.create_container('$ns', 'x', 'busybox', cpu_limit => '1.5x')"), qr/OR002/, 'a bad quantity is refused');
like($pg->operator_error("SELECT orchestration.create_container('$ns', 'x', 'busybox', liveness_probe => '{\"httpGet\": {}}')"), qr/OR003/, 'a bad probe is refused');
like($pg->operator_error("SELECT orchestration.resume_container($job)"), qr/OR010.*resume/s, 'an illegal step is refused');
like($pg->operator_error("UPDATE orchestration.containers SET status = 'running' WHERE id = $job"), qr/OR011/, 'status is for the worker to write');
like($pg->operator_error("SELECT orchestration.start_container($web)"), qr/OR012/, 'a deleted container is final');
like($pg->administrator_error("SELECT orchestration.create_namespace('nowhere', 'unknown-cluster')"), qr/OR004/, 'an unknown cluster is refused');
like($pg->administrator_error("SELECT orchestration.register_cluster('bad', 'no: kubeconfig')"), qr/OR020/, 'a bad kubeconfig is refused');
is($pg->sql($count), $rows, 'nothing of all that left a trace');

# ---- the namespace goes, with all that is in it
$pg->as_administrator("SELECT orchestration.delete_namespace('$ns', give_up_data => true)");
ok($pg->until_true("SELECT status = 'deleted' FROM orchestration.namespaces WHERE name = '$ns'", timeout => 90), 'the namespace is deleted') or diagnose($pg);
is($kube->get('default', "namespace/$ns"), undef, 'and is so in the cluster');
is($pg->sql('SELECT count(*) FROM orchestration.managed_objects'), 0, 'the inventory is empty');

done_testing();
