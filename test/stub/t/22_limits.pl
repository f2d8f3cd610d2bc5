# How many requests a cluster may have under way is as the row says, without a new connection.
use strict;
use warnings;
use OrchStub;
use OrchTest;
use Test::More;
use Time::HiRes ();

my $stub = OrchStub->start;
my $world = $stub->world('narrow');
my $pg = server_with_worlds('limits', $world);

fill($pg, 1, $world);
$world->order(method => 'PATCH', path => 'configmaps/', action => 'delay', seconds => 1, times => 1_000_000);

# the most that were under way together while some config maps were made
sub most
{
	my ($prefix, $count) = @_;
	my $most = 0;

	$pg->as_operator("SELECT count(orchestration.create_config_map('narrow', '$prefix' || i, '{\"k\": \"1\"}')) FROM generate_series(1, $count) i");
	my $end = time + 60;
	while (time < $end)
	{
		my ($flying, $left) = split /\|/, $pg->sql("SELECT (SELECT in_flight FROM orchestration.worker_status), (SELECT count(*) FROM orchestration.managed_objects WHERE name LIKE '$prefix%' AND uid IS NOT NULL) < $count");
		$most = $flying if $flying > $most;
		last if $left ne 't';
		Time::HiRes::sleep(0.05);
	}
	return $most;
}

my $connections = sub { $pg->sql("SELECT count(*) FROM orchestration.operation_logs WHERE operation = 'connect'") };
ok($pg->until_true("SELECT count(*) > 0 FROM orchestration.operation_logs WHERE operation = 'connect'"), 'that it is connected is on record');
my $connected = $connections->();
cmp_ok(most('a', 6), '>=', 4, 'by default many are under way');
$pg->as_administrator("SELECT orchestration.update_cluster('narrow', max_in_flight => 1)");
is(most('b', 4), 1, 'when the row says one, there is one');
$pg->as_administrator("SELECT orchestration.update_cluster('narrow', max_in_flight => 8)");
cmp_ok(most('c', 8), '>=', 4, 'and when it says more, there are more');
is($connections->(), $connected, 'on the same connection');

$pg->stop;
done_testing();
