# What is stored on a claim outlives its volume, until somebody gives it up; by the real worker in a real cluster.
use strict;
use warnings;
use OrchTest;
use Test::More;

my $kube = kube_or_skip();
my $pg = server_with_cluster('claims', $kube);
my $ns = new_namespace($pg, 'claims');

sub uid
{
	my ($name) = @_;
	my $claim = $kube->get($ns, "persistentvolumeclaim/$name");

	return $claim && !$claim->{metadata}{deletionTimestamp} ? $claim->{metadata}{uid} : '';
}

sub owner { my $claim = $kube->get($ns, "persistentvolumeclaim/$_[0]"); return $claim->{metadata}{labels}{'orchestration.dev/owner'} }

# Long enough for a worker that would delete it: a later change has arrived.
sub worker_has_gone_on
{
	my ($what) = @_;

	$pg->as_operator("SELECT orchestration.create_config_map('$ns', 'later-$what', '{}')");
	within($kube, "the worker has gone on after $what", sub { $kube->get($ns, "configmap/later-$what") });
}

$pg->as_operator("SELECT orchestration.create_volume('$ns', '$_', size => '16Mi')") for qw(data other given);
within($kube, 'the claims are made', sub { !grep { !uid($_) } qw(data other given) });
my %before = map { $_ => uid($_) } qw(data other given);
ok($pg->until_true("SELECT count(*) = 3 FROM orchestration.managed_objects WHERE kind = 'PersistentVolumeClaim' AND uid IS NOT NULL"), 'and known');

# ---- changes that would lose it
like($pg->operator_error("UPDATE orchestration.volumes SET name = 'renamed' WHERE name = 'data'"), qr/OR006.*claim that is to be kept/s, 'a rename is refused');
like($pg->operator_error("SELECT orchestration.update_volume('$ns', 'data', 'EmptyDir')"), qr/OR006/, 'and another type');
like($pg->administrator_error("SELECT orchestration.delete_namespace('$ns')"), qr/OR006.*"data", "given", "other"/s, 'and deleting the namespace');

# ---- a deleted volume
$pg->as_operator("SELECT orchestration.delete_volume('$ns', 'data')");
$pg->as_operator("SELECT orchestration.delete_volume('$ns', 'given', give_up_data => true)");
within($kube, 'one that is given up goes', sub { !$kube->get($ns, 'persistentvolumeclaim/given') });
worker_has_gone_on('delete');
is(uid('data'), $before{data}, 'one that is kept stays');
is($pg->as_operator('SELECT name, reason FROM orchestration.kept_claims'), 'data|VolumeDeleted', 'and is told of');
like($pg->operator_error("SELECT orchestration.create_volume('$ns', 'data', size => '16Mi')"), qr/OR005.*adopt_claim/s, 'another volume does not take it without a word');

# ---- a row that vanished without its trigger, and a worker that starts anew
$pg->sql("SET session_replication_role = replica; DELETE FROM orchestration.volumes WHERE name = 'other'; DELETE FROM orchestration.managed_objects WHERE name = 'other'");
$pg->sql("SELECT pg_terminate_backend(pid) FROM orchestration.worker_status");
ok(connected($pg, 'main'), 'the worker is back');
ok($pg->until_true("SELECT count(*) = 2 FROM orchestration.kept_claims"), 'a claim that no row asks for is told of, too') or diagnose($pg);
worker_has_gone_on('restart');
is(uid('other'), $before{other}, 'and stays');

# ---- the cluster is told whose it is not
within($kube, 'the label says that it is kept', sub { owner('data') =~ /^kept-volume-\d+$/ && owner('other') =~ /^kept-volume-\d+$/ });
ok($pg->until_true('SELECT bool_and(released_at IS NOT NULL) FROM orchestration.kept_claims'), 'which is noted') or diagnose($pg);
worker_has_gone_on('patch');
is(uid($_), $before{$_}, "nothing comes of that to $_") for qw(data other);
is($pg->sql('SELECT count(*) FROM orchestration.kept_claims'), 2, 'and it is told of as before');
my $body = qq({"metadata":{"uid":"$before{data}","labels":{"x":"y"}}});
my ($status, undef, $error) = $kube->try('patch', 'persistentvolumeclaim', 'other', '-n', $ns, '--type=merge', '-p', $body);
ok($status != 0, 'another claim of the name would not be touched: the uid differs') or diag($error);

# ---- one that goes while nobody looks
$pg->sql("SET session_replication_role = replica; INSERT INTO orchestration.kept_claims (namespace_id, cluster_id, cluster_namespace, name, uid, reason, observed_at)
	SELECT n.id, n.cluster_id, n.name, 'vanished', 'nobody', 'NoVolume', now() - interval '1 hour' FROM orchestration.namespaces n WHERE n.name = '$ns'");
$pg->sql("SELECT pg_terminate_backend(pid) FROM orchestration.worker_status");
ok(connected($pg, 'main'), 'the worker is back again');
ok($pg->until_true("SELECT NOT EXISTS (SELECT FROM orchestration.kept_claims WHERE name = 'vanished')"), 'a complete list ends what is not in it') or diagnose($pg);
is($pg->sql("SELECT string_agg(name, ' ' ORDER BY name) FROM orchestration.kept_claims"), 'data other', 'and nothing else');

# ---- taken over
$pg->as_operator("SELECT orchestration.create_volume('$ns', 'data', adopt_claim => true)");
my $id = $pg->sql("SELECT id FROM orchestration.volumes WHERE name = 'data'");
within($kube, 'the claim belongs to the new volume', sub { owner('data') eq "volume-$id" });
is(uid('data'), $before{data}, 'and is the same');
ok($pg->until_true("SELECT observed_generation = generation AND status_reason IS DISTINCT FROM 'Conflict' FROM orchestration.volumes WHERE id = $id"), 'which the worker knows') or diagnose($pg);

# ---- given up with everything else
$pg->as_administrator("SELECT orchestration.delete_namespace('$ns', give_up_data => true)");
within($kube, 'the namespace goes, with what is given up', sub { !$kube->get('default', "namespace/$ns") }, 120);
ok($pg->until_true("SELECT status = 'deleted' FROM orchestration.namespaces WHERE name = '$ns'"), 'which is proven') or diagnose($pg);
is($pg->sql('SELECT count(*) FROM orchestration.kept_claims'), 0, 'and nothing is kept any more');

done_testing();
