# Pause is the engine's freezer: the same processes stand still, and go on where they were.
use strict;
use warnings;
use OrchEngineTest;
use OrchTest;
use Test::More;

my $engine = engine_or_skip('pause');
my $pg = server_with_engine('pause', $engine);
my $ns = new_namespace($pg, 'pause');
my $count = 'n=0; while :; do n=$((n + 1)); echo $n >/tmp/n; sleep 0.1; done';
my $id = create($pg, $engine, $ns, 'counter', replicas => 2, command => [ 'sh', '-c', $count ]);

sub states { return join ' ', sort map { "$_->{Id} $_->{State}{Status}" } pods($engine, $id) }
sub counted { return said($engine, "$ns-counter-1", qw(cat /tmp/n)) }
sub status_is
{
	my ($status, $reason, $title) = @_;

	return ok($pg->until_true("SELECT status = '$status' AND status_reason IS NOT DISTINCT FROM $reason FROM orchestration.containers WHERE id = $id"), $title) || diag($pg->sql("SELECT status, status_reason, status_message FROM orchestration.containers WHERE id = $id"));
}

ready_ok($pg, $id, 2, 'two count');
my $running = states();
$pg->as_operator("SELECT orchestration.pause_container($id)");
status_is('paused', "'Frozen'", 'paused');
is(states(), $running =~ s/running/paused/gr, 'the same containers stand still');
is($pg->sql("SELECT ready_replicas FROM orchestration.containers WHERE id = $id"), 0, 'none of them is ready');
$pg->stop;
$pg->start;
status_is('paused', "'Frozen'", 'still so after a restart of the server');
is(states(), $running =~ s/running/paused/gr, 'in which nothing was touched');
$pg->as_operator("SELECT orchestration.resume_container($id)");
ready_ok($pg, $id, 2, 'resumed');
is(states(), $running, 'the same containers run');
cmp_ok(counted(), '>', 1, 'with what they had in memory');

$pg->as_operator("SELECT orchestration.pause_container($id)");
status_is('paused', "'Frozen'", 'paused again');
$pg->as_operator("SELECT orchestration.update_container($id, env => '{\"A\": \"b\"}')");
ok($pg->until_true("SELECT observed_generation = generation FROM orchestration.containers WHERE id = $id"), 'what changes meanwhile is taken note of');
is(states(), $running =~ s/running/paused/gr, 'and waits');
$pg->as_operator("SELECT orchestration.resume_container($id)");
ok($engine->until(sub { states() !~ /$1/ && (() = states() =~ /running/g) == 2 && states() !~ /paused/ }, 30), 'until they go on') if $running =~ /^(\S+)/;
ready_ok($pg, $id, 2, 'as they were changed');

$pg->as_operator("SELECT orchestration.pause_container($id)");
status_is('paused', "'Frozen'", 'paused a third time');
$pg->as_operator("SELECT orchestration.stop_container($id)");
status_is('stopped', "'ScaledToZero'", 'what is paused can be stopped');
ok($engine->until(sub { states() eq '' }, 30), 'and nothing of it is left');
$pg->stop;
done_testing();
