# Parts of the control plane are gone for a time: what needs them waits and says so, and heals when they are back.
use strict;
use warnings;
use OrchTest;
use Test::More;

plan skip_all => 'no cluster: run scripts/check-kube.sh' if !$ENV{ORCHESTRATION_CLUSTER};
my $kube = OrchKube->own('parts', 'kwok');
my $pg = server_with_cluster('parts', $kube, settings => { 'orchestration.request_timeout' => "'5s'" });
my $kwok = q(tolerations => '[{"key": "kwok.x-k8s.io/node", "operator": "Exists"}]', termination_grace_period => 0);
my $ns = new_namespace($pg, 'parts');
my $doomed = new_namespace($pg, 'doomed');

my $web = $pg->as_operator("SELECT orchestration.create_container('$ns', 'web', 'example.com/web:1', $kwok)");
$pg->as_operator("SELECT orchestration.create_config_map('$ns', 'settings', '{\"a\": \"1\"}')");
$pg->as_operator("SELECT orchestration.create_volume('$ns', 'data', size => '1Mi')");
runs($pg, $web, 'a container runs');
within($kube, 'a claim is there', sub { $kube->get($ns, 'pvc/data') });

my $uids = sub { join ' ', map { $kube->field($ns, $_, '{.metadata.uid}') } qw(deployment/web configmap/settings pvc/data) };
my $before = $uids->();

# ---- etcd
$kube->cluster('stop', 'etcd', '--kill9');
$pg->as_operator("SELECT orchestration.update_config_map('$ns', 'settings', '{\"a\": \"2\"}')");
ok($pg->until_true("SELECT last_error_reason IS NOT NULL FROM orchestration.managed_objects WHERE name = 'settings' AND kind = 'ConfigMap'"), 'without etcd a change waits, and the inventory says why') or diagnose($pg);
is($pg->sql("SELECT status FROM orchestration.containers WHERE id = $web"), 'running', 'what is not known to have changed keeps its status');
is($pg->sql('SELECT count(*) FROM orchestration.container_instances WHERE ended_at IS NOT NULL'), 0, 'and no pod counts as ended');
$kube->start('etcd');
within($kube, 'with etcd back the change arrives', sub { $kube->field($ns, 'configmap/settings', '{.data.a}') eq '2' }, 120);
is($uids->(), $before, 'and every object is the one it was');

# ---- the controllers: objects are accepted, and nothing comes of them
$kube->cluster('stop', 'controller-manager', '--kill9');
my $waiting = $pg->as_operator("SELECT orchestration.create_container('$ns', 'waiting', 'example.com/web:1', $kwok)");
within($kube, 'without controllers a deployment is made', sub { $kube->get($ns, 'deployment/waiting') });
ok($pg->until_true("SELECT status = 'pending' AND generation > 0 AND EXISTS (SELECT FROM orchestration.managed_objects m WHERE m.owner_id = $waiting AND m.kind = 'Deployment' AND m.uid IS NOT NULL) FROM orchestration.containers WHERE id = $waiting"), 'and its container is pending') or diagnose($pg, $waiting);
like($pg->as_operator("SELECT orchestration.why($waiting)"), qr/pending/, 'why() says so');
$pg->as_administrator("SELECT orchestration.delete_namespace('$doomed')");
within($kube, 'the deletion of a namespace is asked for', sub { $kube->field('default', "namespace/$doomed", '{.status.phase}') eq 'Terminating' });
is($pg->sql("SELECT status FROM orchestration.namespace_list WHERE name = '$doomed'"), 'deleting', 'the row does not say deleted before the cluster does');
$kube->start('controller-manager');
runs($pg, $waiting, 'with controllers back it runs', timeout => 120);
ok($pg->until_true("SELECT status = 'deleted' FROM orchestration.namespaces WHERE name = '$doomed'", timeout => 120), 'and the namespace is deleted') or diagnose($pg);

# ---- the scheduler
$kube->cluster('stop', 'scheduler', '--kill9');
$pg->as_operator("SELECT orchestration.scale_container($web, 2)");
ok($pg->until_true("SELECT generation = observed_generation AND ready_replicas = 1 FROM orchestration.containers WHERE id = $web"), 'without a scheduler a new pod waits, and the old one serves') or diagnose($pg, $web);
is($pg->sql("SELECT status FROM orchestration.containers WHERE id = $web"), 'running', 'the container runs all the same');
$kube->start('scheduler');
ok($pg->until_true("SELECT ready_replicas = 2 FROM orchestration.containers WHERE id = $web", timeout => 120), 'with a scheduler it gets its node') or diagnose($pg, $web);

# ---- the API server, again and again
for (1 .. 3)
{
	$kube->cluster('stop', 'apiserver', '--kill9');
	$kube->start('apiserver');
}
$pg->as_operator("SELECT orchestration.update_config_map('$ns', 'settings', '{\"a\": \"3\"}')");
within($kube, 'after three restarts of the API server a change arrives', sub { $kube->field($ns, 'configmap/settings', '{.data.a}') eq '3' }, 120);
is($uids->(), $before, 'and still every object is the one it was');
is($pg->sql("SELECT failures FROM orchestration_internal.worker_state() WHERE database_name = 'app'"), 0, 'the worker never failed');

done_testing();
