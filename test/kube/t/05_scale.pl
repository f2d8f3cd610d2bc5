# 500 containers in one transaction, again and again: all run, and the worker's
# memory stays flat.  Figures are printed, only the memory is judged.
#
# ORCH_ROUNDS: how often (10)
use strict;
use warnings;
use OrchTest;
use Test::More;
use Time::HiRes qw(time);

my $rounds = $ENV{ORCH_ROUNDS} || 10;
my $many = 500;
my $kube = kube_or_skip();
my $pg = server_with_cluster('scale', $kube);
my $ns = new_namespace($pg, 'scale');
my $where = "FROM orchestration.containers WHERE name ~ '^c[0-9]+\$' AND status <> 'deleted'";
my @anonymous;

sub create
{
	$pg->sql("SELECT count(orchestration.create_container('$ns', 'c' || i, 'example.com/x:1', node_selector => '{\"type\": \"kwok\"}',
		tolerations => '[{\"key\": \"kwok.x-k8s.io/node\", \"operator\": \"Exists\"}]', termination_grace_period => 0)) FROM generate_series(1, $many) i");
}

for my $round (1 .. $rounds)
{
	my $began = time;
	create();
	my $inserted = time;
	ok($pg->until_true("SELECT count(*) = $many AND bool_and(generation = observed_generation) $where", timeout => 300), "round $round: all are applied") or diagnose($pg);
	my $applied = time;
	ok($pg->until_true("SELECT bool_and(status = 'running') $where", timeout => 300), "round $round: all run") or diagnose($pg);
	my $running = time;
	is($pg->sql('SELECT count(*) FROM orchestration.managed_objects WHERE last_error IS NOT NULL'), 0, "round $round: without an error");
	is(scalar(split /\n/, $kube->kubectl('get', 'deployments', '-n', $ns, '-o', 'name')), $many, "round $round: the cluster has as many") if $round == 1;

	$pg->sql("UPDATE orchestration.containers SET desired_state = 'deleted' WHERE status <> 'deleted'");
	ok($pg->until_true("SELECT count(*) = 0 $where", timeout => 300), "round $round: all are deleted") or diagnose($pg);
	my $gone = time;
	my ($rss, $cpu, $anonymous) = OrchServer::process_cost($pg->worker_pid);

	push @anonymous, $anonymous;
	diag(sprintf 'round %d: insert %.1f s, applied %.1f s (%.0f/s), running %.1f s, deleted %.1f s; worker RSS %.1f MB, of it its own %.1f MB, CPU %.1f s',
		$round, $inserted - $began, $applied - $inserted, $many / ($applied - $inserted), $running - $inserted, $gone - $running, $rss / 1024, $anonymous / 1024, $cpu);
}
is($pg->sql('SELECT count(*) FROM orchestration.managed_objects'), 1, 'only the namespace is left in the inventory');
is($pg->sql("SELECT failures FROM orchestration.worker_state() WHERE database_name = 'app'"), 0, 'the worker never failed');
SKIP: {
	skip 'too few rounds to judge memory', 1 if $rounds < 3;
	# caches of plans and of the catalog are filled by then
	cmp_ok($anonymous[-1], '<', $anonymous[1] * 1.2 + 4096, "memory is flat: $anonymous[1] kB after the second round, $anonymous[-1] kB after the last");
}

done_testing();
