# What containers use: from the real kubelet, and from the real metrics-server.
use strict;
use warnings;
use OrchTest;
use Test::More;

my $kube = kube_or_skip(real => 1);
my $pg = server_with_cluster('usage', $kube);
my $image = $kube->image;
my $ns = new_namespace($pg, 'usage');
pull_from_registry($pg, $kube, $ns);
$pg->sql('UPDATE orchestration.clusters SET usage_interval = 5');

# ---- a pod that burns CPU, fills memory, serves a page and writes files
my $busy = $pg->as_operator(<<SQL);
SELECT orchestration.create_container('$ns', 'busy', '$image',
	command => ARRAY['sh', '-c', 'mkdir /www && dd if=/dev/zero of=/www/big bs=1M count=8 && (while :; do :; done) & exec httpd -f -p 8080 -h /www'],
	cpu_limit => '300m', memory_limit => '64Mi', ports => '[{"containerPort": 8080}]', termination_grace_period => 0)
SQL
my $ok = $pg->as_operator("SELECT orchestration.wait_for_container($busy, 'running', '90s')");
ok($ok eq 't', 'it runs') or diagnose($pg, $busy);
my $ip = $pg->sql("SELECT host(pod_ip) FROM orchestration.container_instances WHERE container_id = $busy AND ended_at IS NULL");

sub fetch { OrchServer::run_command([ 'curl', '-sS', '-m', '10', '-o', '/dev/null', "http://$ip:8080/big" ]) for 1 .. 3 }
sub entries { return "SELECT count(*) FROM orchestration.container_resource_usage u WHERE u.container_id = $busy AND $_[0]" }

fetch();
ok($pg->until_true("SELECT (" . entries('u.cpu_millicores > 50 AND u.memory_bytes > 200000') . ") > 0", timeout => 120), 'CPU and memory of the kubelet are on record')
	or diag($pg->sql("SELECT usage_observed_at, usage_message FROM orchestration.clusters; SELECT * FROM orchestration.container_resource_usage"));
my $end = time + 120;
while (time < $end && $pg->sql(entries('u.network_transmit_bytes > 8000000')) == 0) { fetch(); sleep 2 }
cmp_ok($pg->sql(entries('u.network_transmit_bytes > 8000000 AND u.network_receive_bytes > 0')), '>', 0, 'so is what it sent and received');
ok($pg->until_true("SELECT (" . entries('u.disk_used_bytes > 8000000') . ") > 0", timeout => 180), 'so is what it wrote')
	or diag($pg->sql("SELECT * FROM orchestration.container_resource_usage"));
cmp_ok($pg->sql("SELECT max(cpu_millicores) FROM orchestration.container_resource_usage WHERE container_id = $busy"), '<', 400, 'no more CPU than its limit allows, more or less');
is($pg->sql(entries('u.instance_id IS NULL OR u.namespace_id IS NULL')), 0, 'every entry names its pod');
is($pg->sql("SELECT pods, cpu_limit, memory_limit, cpu_percent > 10 FROM orchestration.current_usage WHERE container_id = $busy"), '1|300|67108864|t', 'current_usage has it beside the limits');
cmp_ok($pg->as_operator("SELECT sum(network_transmit_bytes) FROM orchestration.usage_trend($busy, now() - interval '1 hour', step => '1 minute')"), '>', 8000000, 'and so has the trend');
is($pg->as_operator("SELECT container FROM orchestration.top_consumers('cpu', now() - interval '1 hour')"), 'busy', 'it uses most');

# ---- a worker that was killed goes on with the counters where it stopped
my $recorded = $pg->sql("SELECT max(recorded_at) FROM orchestration.container_resource_usage WHERE container_id = $busy");
$pg->sql("SELECT pg_terminate_backend(pid) FROM orchestration.worker_status");
ok($pg->until_true("SELECT (" . entries("u.recorded_at > '$recorded' AND u.network_transmit_bytes IS NOT NULL") . ") > 0", timeout => 120), 'after a restart growth is known at once');
# kubelets read the network less often than they are asked here: one entry may know nothing new, the next one does
is($pg->sql(<<SQL), 0, 'and nowhere was it unknown for long');
SELECT count(*) FROM (
	SELECT bool_or(u.network_transmit_bytes IS NOT NULL) OVER (ORDER BY u.recorded_at ROWS 3 PRECEDING) AS known, row_number() OVER (ORDER BY u.recorded_at) AS n
	FROM orchestration.container_resource_usage u WHERE u.container_id = $busy) u
WHERE n > 4 AND NOT known
SQL

# ---- the simulated node tells nothing of use, and stops nobody
SKIP: {
	skip 'no simulated node', 2 unless $kube->{env}{NODES} =~ /kwok/;
	my $fake = $pg->as_operator(<<SQL);
SELECT orchestration.create_container('$ns', 'fake', 'nothing:1', node_selector => '{"type": "kwok"}', tolerations => '[{"operator": "Exists"}]')
SQL
	$pg->as_operator("SELECT orchestration.wait_for_container($fake, 'running', '60s')");
	ok($pg->until_true("SELECT usage_message LIKE '1 of 2 nodes gave no usage, such as kwok-0: %' FROM orchestration.cluster_status", timeout => 60), 'what does not answer is named')
		or diag($pg->sql('SELECT usage_message FROM orchestration.cluster_status'));
	my $round = $pg->sql('SELECT usage_observed_at FROM orchestration.clusters');
	ok($pg->until_true("SELECT (" . entries("u.recorded_at > '$round'") . ") > 0", timeout => 60), 'the other node is on record as before');
	$pg->as_operator("SELECT orchestration.delete_container($fake)");
	$pg->until_true("SELECT status = 'deleted' FROM orchestration.containers WHERE id = $fake", timeout => 60);
}

# ---- metrics.k8s.io: an add-on that comes and goes
$kube->cluster('metrics', 'on');
my $connected = $pg->sql("SELECT orchestration_internal.worker_usage_begin(1) IS NOT NULL");
is($connected, 't', 'a round begins by saying what to ask');
$pg->sql("UPDATE orchestration.clusters SET enabled = false; SELECT orchestration_internal.wake_worker()");
ok($pg->until_true("SELECT status = 'disabled' FROM orchestration.clusters"), 'the worker lets go');
$pg->sql("UPDATE orchestration.clusters SET enabled = true");
ok($pg->until_true("SELECT EXISTS (SELECT FROM orchestration_internal.container_usage_counters c WHERE c.container_id = $busy AND c.metrics_round_at = c.recorded_at)", timeout => 180), 'figures of the metrics-server are on record')
	or diag($pg->sql('SELECT usage_message FROM orchestration.clusters; SELECT * FROM orchestration_internal.container_usage_counters') . $kube->cluster('logs', 'metrics-server'));
# a round in which the kubelet had nothing new has the figures of the metrics-server alone
my $both = "FROM orchestration.container_resource_usage u JOIN orchestration_internal.container_usage_counters c ON c.namespace_id = u.namespace_id AND c.instance_id = u.instance_id AND c.metrics_round_at = u.recorded_at WHERE u.container_id = $busy";
is($pg->sql("SELECT count(*) $both AND u.cpu_millicores <> c.metrics_cpu_millicores"), 0, 'CPU is that of the metrics-server');
ok($pg->until_true("SELECT EXISTS (SELECT $both AND u.cpu_millicores = c.metrics_cpu_millicores AND u.disk_used_bytes IS NOT NULL)", timeout => 120), 'disk that of the kubelet');
$kube->cluster('metrics', 'off');
my $gone = $pg->sql('SELECT usage_observed_at FROM orchestration.clusters');
ok($pg->until_true("SELECT (" . entries("u.recorded_at > '$gone' AND u.cpu_millicores IS NOT NULL") . ") > 0", timeout => 120), 'without it the kubelet tells again');

# ---- without the right to ask, it is said what is missing
$kube->apply(<<YAML);
apiVersion: v1
kind: ServiceAccount
metadata: {name: usage-poor, namespace: orchestration}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: usage-poor}
rules:
- {apiGroups: [""], resources: [namespaces], verbs: ["*"]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: usage-poor-1}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: usage-poor}
subjects: [{kind: ServiceAccount, name: usage-poor, namespace: orchestration}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: usage-poor-2}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: orchestration-worker}
subjects: [{kind: ServiceAccount, name: usage-poor, namespace: orchestration}]
YAML
my $token = $kube->kubectl('create', 'token', 'usage-poor', '-n', 'orchestration');
my $config = $kube->kubeconfig('orchestration');
$config =~ s/token: [^}]*/token: $token/;
$pg->as_administrator("SELECT orchestration.update_cluster(name, \$k\$$config\$k\$) FROM orchestration.clusters");
ok($pg->until_true("SELECT usage_message LIKE '%nodes gave no usage%nodes/proxy%forbidden%docs/rbac.yaml%' OR usage_message LIKE '%nodes gave no usage%forbidden%docs/rbac.yaml%' FROM orchestration.cluster_status", timeout => 90), 'what is forbidden is said, and what to do')
	or diag($pg->sql('SELECT status, status_message, usage_message FROM orchestration.clusters'));
like($pg->as_operator("SELECT orchestration.why($busy)"), qr/^Usage: .*forbidden/m, 'why() says so too');
$kube->kubectl('delete', 'clusterrolebinding/usage-poor-1', 'clusterrolebinding/usage-poor-2', 'clusterrole/usage-poor', '-n', 'orchestration');
$kube->kubectl('delete', 'serviceaccount/usage-poor', '-n', 'orchestration');
$kube->delete_namespaces($ns);
done_testing();
