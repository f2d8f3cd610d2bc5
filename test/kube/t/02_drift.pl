# What others do to our objects is repaired; what is theirs is left alone.
use strict;
use warnings;
use OrchTest;
use Test::More;

my $kube = kube_or_skip();
my $pg = server_with_cluster('drift', $kube);
my $kwok = q(node_selector => '{"type": "kwok"}', tolerations => '[{"key": "kwok.x-k8s.io/node", "operator": "Exists"}]');
my $ns = new_namespace($pg, 'drift');

sub uid { my ($what) = @_; return $kube->field($ns, $what, '{.metadata.uid}') }

# What a foreign object is, but for what the server counts.
sub state_of
{
	my ($namespace, $what) = @_;
	my $object = $kube->get($namespace, $what) or return 'absent';

	delete $object->{status};
	return JSON::PP->new->canonical->encode($object);
}

# ---- objects of others, before any of ours
my $theirs = "theirs-$$";
$kube->kubectl('create', 'namespace', $theirs);
$kube->apply(<<YAML);
apiVersion: v1
kind: ConfigMap
metadata: {name: mine, namespace: $theirs, labels: {app.kubernetes.io/managed-by: orchestration}}
data: {a: b}
YAML
my %foreign = map { $_ => state_of($theirs, $_) } qw(configmap/mine);
my $foreign_namespace = state_of('default', "namespace/$theirs");

my $web = $pg->sql(<<SQL);
BEGIN;
\\o /dev/null
SELECT orchestration.create_config_map('$ns', 'settings', '{"a": "1"}');
SELECT orchestration.create_secret('$ns', 'login', '{"password": "s3cret"}');
\\o
SELECT orchestration.create_container('$ns', 'web', 'example.com/web:1', ports => '[{"containerPort": 80, "servicePort": 80}]',
	env => '[{"name": "A", "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "a"}}}]', labels => '{"tier": "front"}', $kwok);
COMMIT;
SQL
runs($pg, $web, 'a container runs');

# ---- deleted behind our back
for my $what (qw(deployment/web service/web configmap/settings secret/login))
{
	my $old = uid($what);

	$kube->kubectl('delete', '-n', $ns, $what);
	within($kube, "$what is made again", sub { my $new = uid($what); $new && $new ne $old });
}
runs($pg, $web, 'it runs again');
is($kube->field($ns, 'secret/login', '{.data.password}'), 'czNjcmV0', 'with the secret\'s value');

# ---- changed behind our back
sub patched
{
	my ($what, $patch, $path, $want, $title) = @_;

	$kube->kubectl('patch', '-n', $ns, $what, '--type=merge', '-p', $patch);
	within($kube, "$what: $title is put right", sub { $kube->field($ns, $what, $path) eq $want })
	  or diag("$path is " . $kube->field($ns, $what, $path));
}
my $template = '{.spec.template.spec.containers[0].image}';
$kube->kubectl('set', 'image', '-n', $ns, 'deployment/web', 'web=evil.example.com/x:1');
within($kube, 'a changed image is put right', sub { $kube->field($ns, 'deployment/web', $template) eq 'example.com/web:1' });
$kube->kubectl('scale', '-n', $ns, 'deployment/web', '--replicas=4');
within($kube, 'a changed replica count is put right', sub { $kube->field($ns, 'deployment/web', '{.spec.replicas}') eq '1' });
patched('deployment/web', '{"metadata": {"labels": {"tier": "back"}}}', '{.metadata.labels.tier}', 'front', 'a label of the user');
patched('deployment/web', '{"metadata": {"labels": {"orchestration.dev/installation": null}}}', '{.metadata.labels.orchestration\.dev/installation}',
	$pg->sql('SELECT id FROM orchestration.installation'), 'the label that makes it ours');
patched('service/web', '{"spec": {"ports": [{"port": 81, "targetPort": 1}]}}', '{.spec.ports[*].port}', '80', 'a port');
patched('configmap/settings', '{"data": {"a": "2"}}', '{.data.a}', '1', 'a value');
patched('secret/login', '{"data": {"password": "eA=="}}', '{.data.password}', 'czNjcmV0', 'a value');
patched('configmap/settings', '{"metadata": {"labels": {"orchestration.dev/installation": "x"}}}', '{.metadata.labels.orchestration\.dev/installation}',
	$pg->sql('SELECT id FROM orchestration.installation'), 'the label that makes it ours');
runs($pg, $web, 'it runs after all that');
ok($pg->until_true("SELECT bool_and(desired_hash = applied_hash AND uid IS NOT NULL) FROM orchestration.managed_objects"), 'the inventory is settled') or diagnose($pg, $web);

# what others add to our objects, and what is theirs to set, is not drift
$kube->kubectl('annotate', '-n', $ns, 'deployment/web', 'example.com/note=kept');
$kube->kubectl('label', '-n', $ns, 'configmap/settings', 'example.com/team=kept');
$pg->sql("UPDATE orchestration.containers SET labels = labels || '{\"more\": \"x\"}' WHERE id = $web");
within($kube, 'a change of the row arrives', sub { $kube->field($ns, 'deployment/web', '{.metadata.labels.more}') eq 'x' });
is($kube->field($ns, 'deployment/web', '{.metadata.annotations.example\.com/note}'), 'kept', 'an annotation that somebody added stays');
is($kube->field($ns, 'configmap/settings', '{.metadata.labels.example\.com/team}'), 'kept', 'a label that somebody added stays');
$pg->sql("UPDATE orchestration.containers SET labels = labels - 'tier' WHERE id = $web");
within($kube, 'a label that the row gave up goes', sub { $kube->get($ns, 'deployment/web') && $kube->field($ns, 'deployment/web', '{.metadata.labels.tier}') eq '' });

# ---- quiet when all is well: no write without a reason
runs($pg, $web, 'settled');
my $version = sub { join ',', map { $kube->field($ns, $_, '{.metadata.uid}{.metadata.generation}{.metadata.managedFields[?(@.manager=="orchestration")].time}') } qw(deployment/web service/web configmap/settings secret/login) };
my $quiet = $version->();
my $applies = $pg->sql('SELECT sum(applies) FROM orchestration_internal.worker_state()');
$pg->sql("SELECT orchestration_internal.wake_worker() FROM generate_series(1, 3)");
sleep 3;
is($version->(), $quiet, 'nothing is written where nothing has to be');
is($pg->sql('SELECT sum(applies) FROM orchestration_internal.worker_state()'), $applies, 'nor sent');

# ---- names that are taken
my $taken = new_namespace($pg, 'taken', unmanaged => 1);
$kube->kubectl('create', 'namespace', $taken);
$kube->kubectl('create', 'configmap', '-n', $ns, 'occupied', '--from-literal=owner=somebody');
$kube->kubectl('create', 'deployment', '-n', $ns, 'squatter', '--image=example.com/other:1');
$foreign{$_} = state_of($ns, $_) for qw(configmap/occupied);
my $squatter = uid('deployment/squatter');

$pg->as_operator("SELECT orchestration.create_config_map('$ns', 'occupied', '{\"owner\": \"us\"}')");
my $conflict = $pg->as_operator("SELECT orchestration.create_container('$ns', 'squatter', 'example.com/web:1', $kwok)");
$pg->as_administrator("SELECT orchestration.create_namespace('$taken', 'main')");
$pg->joins($taken);
$pg->as_operator("SELECT orchestration.create_config_map('$taken', 'inside', '{}')");

status_ok($pg, $conflict, 'failed', 'a deployment of that name is a conflict', reason => '^Conflict$');
like($pg->as_operator("SELECT orchestration.why($conflict)"), qr/squatter/, 'why() names it');
ok($pg->until_true("SELECT last_error_reason = 'Conflict' FROM orchestration.managed_objects WHERE kind = 'ConfigMap' AND name = 'occupied'"), 'a config map of that name is a conflict') or diagnose($pg);
ok($pg->until_true("SELECT status = 'failed' AND status_reason = 'Conflict' FROM orchestration.namespaces WHERE name = '$taken'"), 'a namespace of that name is a conflict') or diagnose($pg);
is(state_of($ns, 'configmap/occupied'), $foreign{'configmap/occupied'}, 'the foreign config map is untouched');
is($kube->field($ns, 'deployment/squatter', '{.metadata.uid}{.spec.template.spec.containers[0].image}{.metadata.labels.orchestration\.dev/owner}'), "${squatter}example.com/other:1", 'the foreign deployment is untouched');
is($kube->get($taken, 'configmap/inside'), undef, 'nothing is made in a foreign namespace');
runs($pg, $web, 'others in that namespace are not disturbed');

# a row with a conflict can go, and the foreign object stays
my $gone = $pg->as_operator("SELECT orchestration.create_config_map('$ns', 'mine-or-not', '{}')");
$kube->kubectl('delete', 'configmap', '-n', $ns, 'occupied');
within($kube, 'when the foreign config map is gone, ours is made', sub { $kube->field($ns, 'configmap/occupied', '{.data.owner}') eq 'us' }, 90);
$pg->as_operator("SELECT orchestration.delete_container($conflict)");
status_ok($pg, $conflict, 'deleted', 'a row in conflict can be deleted');
is(uid('deployment/squatter'), $squatter, 'and the foreign deployment is still there');
$pg->sql("DELETE FROM orchestration.config_maps WHERE name = 'inside'; SELECT orchestration.delete_namespace('$taken')");
ok($pg->until_true("SELECT status = 'deleted' FROM orchestration.namespaces WHERE name = '$taken'"), 'a namespace row in conflict can be deleted') or diagnose($pg);
is($kube->field('default', "namespace/$taken", '{.status.phase}'), 'Active', 'and the foreign namespace is still there');

# ---- ours without a row
my $stray = $kube->get($ns, 'configmap/settings');
delete @{ $stray->{metadata} }{qw(uid resourceVersion creationTimestamp managedFields)};
$stray->{metadata}{name} = 'stray';
$stray->{metadata}{labels}{'orchestration.dev/owner'} = 'config_map-999999';
$kube->apply_as('orchestration', JSON::PP::encode_json($stray));
$stray->{metadata}{name} = 'copied';
$kube->apply(JSON::PP::encode_json($stray));
within($kube, 'an object of ours that has no row any more is removed', sub { !$kube->get($ns, 'configmap/stray') });
ok($kube->get($ns, 'configmap/copied'), 'a copy of it that somebody else applied is left alone');
$pg->sql("DELETE FROM orchestration.config_maps WHERE name = 'occupied'");
within($kube, 'so is one whose row was just deleted', sub { !$kube->get($ns, 'configmap/occupied') });

is(state_of($theirs, $_), $foreign{$_}, "foreign $_ has survived everything") for qw(configmap/mine);
is(state_of('default', "namespace/$theirs"), $foreign_namespace, 'so has their namespace');
$kube->delete_namespaces($theirs);

done_testing();
