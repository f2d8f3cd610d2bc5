# What is others' is theirs: replicas that an autoscaler has, kubectl's annotation; and copies are told of.
use strict;
use warnings;
use OrchTest;
use Test::More;

my $kube = kube_or_skip();
my $pg = server_with_cluster('fields', $kube);
my $ns = new_namespace($pg, 'fields');
my $kwok = q(node_selector => '{"type": "kwok"}', tolerations => '[{"key": "kwok.x-k8s.io/node", "operator": "Exists"}]');
my $replicas = sub { $kube->field($ns, 'deployment/web', '{.spec.replicas}') };
my $quiet = sub { $pg->sql('SELECT sum(applies) FROM orchestration_internal.worker_state()') };

my $web = $pg->as_operator("SELECT orchestration.create_container('$ns', 'web', 'example.com/web:1', autoscaled => true, ports => '[{\"containerPort\": 80, \"servicePort\": 80}]', $kwok)");
runs($pg, $web, 'a container runs whose replicas are left to others');
is($replicas->(), 1, 'with the number that Kubernetes begins with');

# ---- somebody scales it
my $applies = $quiet->();
$kube->kubectl('scale', '-n', $ns, 'deployment/web', '--replicas=3');
ok($pg->until_true("SELECT ready_replicas = 3 FROM orchestration.containers WHERE id = $web"), 'the row shows what is there') or diagnose($pg, $web);
is($pg->as_operator("SELECT ready FROM orchestration.container_list WHERE id = $web"), '3/3', 'and of how many');
$pg->sql("SELECT orchestration_internal.wake_worker() FROM generate_series(1, 3)");
is($replicas->(), 3, 'and nobody fights about it');
is($quiet->(), $applies, 'not by a single request');
$pg->as_operator("UPDATE orchestration.containers SET labels = '{\"a\": \"b\"}' WHERE id = $web");
within($kube, 'a change of the row arrives', sub { $kube->field($ns, 'deployment/web', '{.metadata.labels.a}') eq 'b' });
is($replicas->(), 3, 'and leaves the number alone');
like($pg->operator_error("SELECT orchestration.scale_container($web, 5)"), qr/OR010.*autoscaled/s, 'to scale it is refused');
$pg->as_operator("SELECT orchestration.pause_container($web)");
within($kube, 'to pause it is ours', sub { $replicas->() eq '0' });
$pg->as_operator("SELECT orchestration.resume_container($web)");
within($kube, 'after it, it begins anew', sub { $replicas->() eq '1' });
$pg->as_operator("SELECT orchestration.update_container($web, autoscaled => false, replicas => 2)");
within($kube, 'taken back, the number is the row\'s', sub { $replicas->() eq '2' });
runs($pg, $web, 'it runs');

# ---- kubectl rollout restart after a restart of ours
my $kubectl = '{.spec.template.metadata.annotations.kubectl\.kubernetes\.io/restartedAt}';
$pg->as_operator("SELECT orchestration.restart_container($web)");
runs($pg, $web, 'restarted');
$kube->kubectl('rollout', 'restart', '-n', $ns, 'deployment/web');
my $theirs = $kube->field($ns, 'deployment/web', $kubectl);
isnt($theirs, '', 'kubectl restarted it');
$pg->as_operator("UPDATE orchestration.containers SET labels = '{\"a\": \"c\"}' WHERE id = $web");
within($kube, 'a change of the row arrives', sub { $kube->field($ns, 'deployment/web', '{.metadata.labels.a}') eq 'c' });
is($kube->field($ns, 'deployment/web', $kubectl), $theirs, 'and kubectl\'s restart is not taken back');
runs($pg, $web, 'it runs after both');

# ---- a copy of our Deployment, with all labels
my $copy = $kube->get($ns, 'deployment/web');
delete @{ $copy->{metadata} }{qw(uid resourceVersion creationTimestamp managedFields generation)};
delete $copy->{status};
$copy->{metadata}{name} = 'copy';
$kube->apply(JSON::PP::encode_json($copy));
ok($pg->until_true("SELECT count(*) = 4 FROM orchestration.container_instances WHERE container_id = $web AND ended_at IS NULL AND ready"), 'its pods carry our labels') or diagnose($pg, $web);
like($pg->as_operator("SELECT orchestration.why($web)"), qr/Not ours, though they carry our labels: pod copy-\S+ \(of a ReplicaSet\), pod copy-\S+ \(of a ReplicaSet\)\. /, 'why() tells which are not ours');
$kube->kubectl('delete', '-n', $ns, 'deployment/copy');
ok($pg->until_true("SELECT orchestration.why($web) NOT LIKE '%Not ours%'"), 'and no more when they are gone') or diagnose($pg, $web);

done_testing();
