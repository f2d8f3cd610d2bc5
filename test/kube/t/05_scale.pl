# 500 containers in one transaction, again and again: all run, and the worker's
# memory stays flat.  Figures are printed, only the memory is judged.
#
# ORCH_ROUNDS: how often (10)
use strict;
use warnings;
use List::Util qw(max);
use OrchTest;
use Test::More;
use Time::HiRes qw(time);

my $rounds = $ENV{ORCH_ROUNDS} || 10;
my $many = 500;
my $kube = kube_or_skip();
my $pg = server_with_cluster('scale', $kube);
my $ns = new_namespace($pg, 'scale');
my @anonymous;

sub create
{
	my ($prefix) = @_;

	$pg->as_operator("SELECT count(orchestration.create_container('$ns', '$prefix' || i, 'example.com/x:1', node_selector => '{\"type\": \"kwok\"}',
		tolerations => '[{\"key\": \"kwok.x-k8s.io/node\", \"operator\": \"Exists\"}]', termination_grace_period => 0)) FROM generate_series(1, $many) i");
}

# The deletion of one round goes on during the next, but not longer: the cluster's garbage collector may be slower than we are.
for my $round (1 .. $rounds)
{
	$pg->until_true("SELECT count(*) <= $many FROM orchestration.containers WHERE status <> 'deleted'", timeout => 900);
	my $where = "FROM orchestration.containers WHERE name LIKE 'r$round-%'";
	my $began = time;
	create("r$round-");
	my $inserted = time;
	ok($pg->until_true("SELECT count(*) = $many AND bool_and(generation = observed_generation) $where", timeout => 900), "round $round: all are applied") or diagnose($pg);
	my $applied = time;
	ok($pg->until_true("SELECT bool_and(status = 'running') $where", timeout => 900), "round $round: all run") or diagnose($pg);
	my $running = time;
	is($pg->sql('SELECT count(*) FROM orchestration.managed_objects WHERE last_error IS NOT NULL'), 0, "round $round: without an error");
	is(scalar(split /\n/, $kube->kubectl('get', 'deployments', '-n', $ns, '-o', 'name')), $many, "round $round: the cluster has as many") if $round == 1;
	my ($rss, $cpu, $anonymous) = OrchServer::process_cost($pg->worker_pid);

	push @anonymous, $anonymous;
	diag(sprintf 'round %d: insert %.1f s, applied %.1f s (%.0f/s), running %.1f s; worker RSS %.1f MB, of it its own %.1f MB, CPU %.1f s',
		$round, $inserted - $began, $applied - $inserted, $many / ($applied - $inserted), $running - $inserted, $rss / 1024, $anonymous / 1024, $cpu);
	$pg->sql("UPDATE orchestration.containers SET desired_state = 'deleted' WHERE name LIKE 'r$round-%'");
}
ok($pg->until_true("SELECT bool_and(status = 'deleted') FROM orchestration.containers", timeout => 900), 'all are deleted in the end') or diagnose($pg);
is($pg->sql('SELECT count(*) FROM orchestration.managed_objects'), 1, 'only the namespace is left in the inventory');
is($pg->sql("SELECT failures FROM orchestration_internal.worker_state() WHERE database_name = 'app'"), 0, 'the worker never failed');
SKIP: {
	skip 'too few rounds to judge memory', 1 if $rounds < 8;
	# caches of plans and of the catalog fill in the first rounds; the allocator gives back and takes again
	my $early = max(@anonymous[ 0 .. 4 ]);
	my $late = max(@anonymous[ -3 .. -1 ]);
	cmp_ok($late, '<', $early * 1.15 + 2048, "memory is flat: at most $early kB in the first five rounds, $late kB in the last three");
}

done_testing();
