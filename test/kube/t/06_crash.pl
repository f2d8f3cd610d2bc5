# Killed in the middle of 500 creations: the worker, the API server, PostgreSQL.
# Afterwards rows and cluster agree; nothing is there twice, nothing is missing.
use strict;
use warnings;
use OrchTest;
use Test::More;

plan skip_all => 'no cluster: run scripts/check-kube.sh' if !$ENV{ORCHESTRATION_CLUSTER};
my $many = 500;
my $kube = OrchKube->own('crash', 'kwok');
my $pg = server_with_cluster('crash', $kube, settings => { synchronous_commit => 'on' });

sub create
{
	my ($ns) = @_;

	$pg->as_administrator("SELECT orchestration.create_namespace('$ns', 'main')");
	$pg->joins($ns);
	$pg->as_operator("SELECT count(orchestration.create_container('$ns', 'c' || i, 'example.com/x:1', ports => '[{\"containerPort\": 80, \"servicePort\": 80}]',
		tolerations => '[{\"key\": \"kwok.x-k8s.io/node\", \"operator\": \"Exists\"}]', termination_grace_period => 0)) FROM generate_series(1, $many) i");
}

sub until_applied
{
	my ($ns, $count) = @_;

	ok($pg->until_true("SELECT count(*) > $count FROM orchestration.managed_objects o JOIN orchestration.namespaces n ON n.id = o.namespace_id
		WHERE n.name = '$ns' AND o.uid IS NOT NULL", timeout => 600, every => 0.05), "$ns: in the middle of it")
	  or diagnose($pg);
	note($pg->sql("SELECT count(*) FROM orchestration.managed_objects o JOIN orchestration.namespaces n ON n.id = o.namespace_id WHERE n.name = '$ns' AND o.uid IS NULL") . ' objects are still to come');
}

sub uids
{
	my ($ns, $kind) = @_;

	return sort map { "$_->{metadata}{name} $_->{metadata}{uid}" } grep { !$_->{metadata}{deletionTimestamp} } $kube->list($ns, $kind);
}

sub inventory
{
	my ($ns, $kind) = @_;

	return sort split /\n/, $pg->sql("SELECT o.name || ' ' || coalesce(o.uid, '') FROM orchestration.managed_objects o JOIN orchestration.namespaces n ON n.id = o.namespace_id WHERE n.name = '$ns' AND o.kind = '$kind'");
}

sub agree
{
	my ($ns) = @_;

	ok($pg->until_true("SELECT count(*) = $many AND bool_and(c.status = 'running' AND c.generation = c.observed_generation)
		FROM orchestration.containers c JOIN orchestration.namespaces n ON n.id = c.namespace_id WHERE n.name = '$ns'", timeout => 900), "$ns: all $many run")
	  or diagnose($pg);
	for my $kind (qw(Deployment Service))
	{
		my @there = uids($ns, $kind);

		is(scalar(@there), $many, "$ns: as many of kind $kind");
		is_deeply([ inventory($ns, $kind) ], \@there, "$ns: the inventory has the very same, by uid");
	}
	my @sets = uids($ns, 'ReplicaSet');
	is(scalar(@sets), $many, "$ns: none was changed after it was made");
	is_deeply(
		[ sort split /\n/, $pg->sql("SELECT i.pod_name || ' ' || i.pod_uid FROM orchestration.container_instances i JOIN orchestration.namespaces n ON n.id = i.namespace_id WHERE n.name = '$ns' AND i.ended_at IS NULL") ],
		[ uids($ns, 'Pod') ], "$ns: the pods are the very same, by uid");
}

# ---- the worker
create('worker');
until_applied('worker', 150);
my $pid = $pg->worker_pid;
kill 'KILL', $pid;
ok($pg->until_true("SELECT pid <> $pid FROM pg_stat_activity WHERE backend_type = 'orchestration worker' AND datname = 'app'", timeout => 60), 'another worker comes');
agree('worker');

# ---- the API server
create('apiserver');
until_applied('apiserver', 600);
$kube->cluster('stop', 'apiserver', '--kill9');
$kube->start('apiserver');
agree('apiserver');

# ---- PostgreSQL
create('postgres');
until_applied('postgres', 800);
$pg->kill9;
$pg->start;
agree('postgres');

# ---- PostgreSQL in the middle of deletions, with a lost event or two
$pg->sql("UPDATE orchestration.containers SET desired_state = 'deleted' WHERE namespace_id = (SELECT id FROM orchestration.namespaces WHERE name = 'worker')");
ok($pg->until_true("SELECT count(*) > 100 FROM orchestration.containers WHERE status = 'deleted'", timeout => 600, every => 0.05), 'in the middle of deletions') or diagnose($pg);
$pg->kill9;
$kube->kubectl('delete', 'deployments', '-n', 'apiserver', 'c1', 'c2', 'c3');
$pg->start;
ok($pg->until_true("SELECT count(*) = $many FROM orchestration.containers WHERE status = 'deleted'", timeout => 900), 'all are deleted') or diagnose($pg);
within($kube, 'what was deleted meanwhile is made again', sub { my @there = uids('apiserver', 'deployment'); @there == $many });
is_deeply([ uids('worker', 'deployment,service,pod') ], [], 'and so they are in the cluster');
agree('apiserver');
is($pg->sql("SELECT count(*) FROM orchestration.container_status_history h WHERE new_status = 'deleted'"), $many, 'each deletion is in the history once');

done_testing();
