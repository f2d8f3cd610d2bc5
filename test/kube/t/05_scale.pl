# 500 containers in one transaction, again and again: all run, and the worker's
# memory stays flat.  Figures are printed, only the memory is judged.
#
# ORCH_ROUNDS: how often (10)
use strict;
use warnings;
use List::Util qw(max min);
use OrchTest;
use Test::More;
use Time::HiRes qw(sleep time);

my $rounds = $ENV{ORCH_ROUNDS} || 10;
my $many = 500;
my $kube = kube_or_skip();
my $pg = server_with_cluster('scale', $kube);
my $ns = new_namespace($pg, 'scale');
my @held;

# The least memory of its own that the worker had until all run: a statement that is planned anew takes 20 MB for a moment, which are given back.
sub held_until_running
{
	my ($where) = @_;
	my $end = time + 900;
	my @seen;

	do
	{
		push @seen, (OrchServer::process_cost($pg->worker_pid))[2];
		return min(@seen) if $pg->sql("SELECT bool_and(status = 'running') $where") eq 't';
		sleep 0.5;
	} while (time < $end);
	return undef;
}

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
	my $held = held_until_running($where);
	my $running = time;
	ok($held, "round $round: all run") or diagnose($pg);
	push @held, $held || 0;
	is($pg->sql('SELECT count(*) FROM orchestration.managed_objects WHERE last_error IS NOT NULL'), 0, "round $round: without an error");
	is(scalar(split /\n/, $kube->kubectl('get', 'deployments', '-n', $ns, '-o', 'name')), $many, "round $round: the cluster has as many") if $round == 1;
	my ($rss, $cpu) = OrchServer::process_cost($pg->worker_pid);
	diag(sprintf 'round %d: insert %.1f s, applied %.1f s (%.0f/s), running %.1f s; worker RSS %.1f MB, held %.1f MB, CPU %.1f s',
		$round, $inserted - $began, $applied - $inserted, $many / ($applied - $inserted), $running - $inserted, $rss / 1024, $held[-1] / 1024, $cpu);
	$pg->sql("UPDATE orchestration.containers SET desired_state = 'deleted' WHERE name LIKE 'r$round-%'");
}
ok($pg->until_true("SELECT bool_and(status = 'deleted') FROM orchestration.containers", timeout => 900), 'all are deleted in the end') or diagnose($pg);
is($pg->sql('SELECT count(*) FROM orchestration.managed_objects'), 1, 'only the namespace is left in the inventory');
is($pg->sql("SELECT failures FROM orchestration_internal.worker_state() WHERE database_name = 'app'"), 0, 'the worker never failed');
SKIP: {
	skip 'too few rounds to judge memory', 1 if $rounds < 8;
	# caches of plans and of the catalog fill in the first rounds
	my $early = max(@held[ 0 .. 4 ]);
	my $late = max(@held[ -3 .. -1 ]);
	cmp_ok($late, '<', $early * 1.15 + 2048, "memory is flat: at most $early kB in the first five rounds, $late kB in the last three");
}

done_testing();
