# What is deleted and made again under the same name, at whatever moment of the deletion, is there in the end.
use strict;
use warnings;
use OrchStub;
use OrchTest;
use Test::More;
use Time::HiRes ();

my $names = 60;
my $world = OrchStub->start->world('again');
my $pg = server_with_worlds('again', $world);

$pg->as_administrator("SELECT orchestration.create_namespace('again', 'again')");
$pg->joins('again');

my $there = "SELECT count(*) = $names AND bool_and(m.applied_hash = m.desired_hash AND m.uid IS NOT NULL) FROM orchestration.managed_objects m WHERE m.kind = 'ConfigMap'";
my $make = "SELECT count(orchestration.create_config_map('again', 'm' || i, jsonb_build_object('k', i::text))) FROM generate_series(1, $names) i";

$pg->as_operator($make);
ok($pg->until_true($there), 'all are there') or diagnose($pg);
# each time a little later, so that every moment between the request and its record is met by some
for my $round (1 .. 12)
{
	$pg->as_operator('DELETE FROM orchestration.config_maps');
	Time::HiRes::sleep(0.02 * $round);
	$pg->as_operator($make);
	ok($pg->until_true($there, timeout => 30), sprintf 'all are there again, made %d ms after the deletion', 20 * $round) or diagnose($pg), last;
}
$pg->stop;
done_testing();
