# A Job that is done is done: nothing but a start, a restart or a change of its own runs it again.
use strict;
use warnings;
use OrchTest;
use Test::More;

my $kube = kube_or_skip();
my $pg = server_with_cluster('jobs', $kube);
my $ns = new_namespace($pg, 'jobs');
my $kwok = q(node_selector => '{"type": "kwok"}', tolerations => '[{"key": "kwok.x-k8s.io/node", "operator": "Exists"}]');

sub uid { my ($name) = @_; return $kube->field($ns, "job/$name", '{.metadata.uid}') }

# All that was asked for has been done: the row is observed, and the worker has taken a few turns since.
sub settled
{
	my ($id, $title) = @_;

	ok($pg->until_true("SELECT generation = observed_generation AND status = 'stopped' AND status_reason = 'Completed' FROM orchestration.containers WHERE id = $id"), $title)
	  or diagnose($pg, $id);
	my $cycles = $pg->sql('SELECT sum(cycles) FROM orchestration_internal.worker_state()');
	ok($pg->until_true("SELECT sum(cycles) > $cycles + 3 AND orchestration_internal.wake_worker() IS NOT NULL FROM orchestration_internal.worker_state()"), '(a few turns)');
}

$pg->as_operator("SELECT orchestration.create_config_map('$ns', 'settings', '{\"a\": \"1\"}')");
$pg->as_operator("SELECT orchestration.create_secret('$ns', 'login', '{\"a\": \"1\"}')");
my $job = $pg->as_operator(<<SQL);
SELECT orchestration.create_container('$ns', 'migrate', 'example.com/app:1', restart_policy => 'Never', labels => '{"tier": "back"}', $kwok,
	env => '[{"name": "A", "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "a"}}}]',
	init_containers => '[{"name": "i", "image": "example.com/app:1", "envFrom": [{"secretRef": {"name": "login"}}]}]')
SQL
status_ok($pg, $job, 'stopped', 'a job runs to its end', reason => '^Completed$');
my $first = uid('migrate');

# ---- what is no reason
my %harmless = (
	'a config map changes' => "SELECT orchestration.update_config_map('$ns', 'settings', '{\"a\": \"2\"}')",
	'a secret changes' => "SELECT orchestration.update_secret('$ns', 'login', '{\"a\": \"2\"}')",
	'a registry is made' => "SELECT orchestration.create_registry('$ns', 'own', 'example.com', 'u', 'p')",
	'a label changes' => "UPDATE orchestration.containers SET labels = '{\"tier\": \"front\"}' WHERE id = $job",
	'an annotation changes' => "UPDATE orchestration.containers SET annotations = '{\"example.com/a\": \"b\"}' WHERE id = $job",
	'a config map has another name' => "UPDATE orchestration.config_maps SET name = 'renamed' WHERE name = 'settings'",
	'it is stopped' => "SELECT orchestration.stop_container($job)");
for my $what (sort keys %harmless)
{
	$pg->as_operator($harmless{$what});
	settled($job, "$what: it is settled");
	is(uid('migrate'), $first, "$what: it did not run again");
}

# ---- somebody changes it, or takes it away
$kube->kubectl('label', '-n', $ns, 'job/migrate', 'tier=theirs', '--overwrite');
# what is done is left as it is: nothing that is done to it can make it run again
settled($job, 'a label that somebody changes is no work');
is(uid('migrate'), $first, 'and no other run');
$kube->kubectl('delete', '-n', $ns, 'job/migrate');
settled($job, 'one that was deleted by hand has completed');
is($kube->get($ns, 'job/migrate'), undef, 'and is not made again');
$pg->as_operator("UPDATE orchestration.containers SET labels = '{\"tier\": \"gone\"}' WHERE id = $job");
settled($job, 'nor by a label');
is($kube->get($ns, 'job/migrate'), undef, 'that it cannot get any more');
like($pg->as_operator("SELECT orchestration.why($job)"), qr/Completed/, 'why() says so');

# ---- what runs it again
sub runs_again
{
	my ($sql, $title) = @_;
	my $before = $pg->sql("SELECT COALESCE(gone_uid, uid) FROM orchestration.managed_objects WHERE kind = 'Job' AND name = 'migrate'");

	$pg->as_operator($sql);
	ok($pg->until_true("SELECT uid IS NOT NULL AND uid <> '$before' FROM orchestration.managed_objects WHERE kind = 'Job' AND name = 'migrate'"), "$title: it runs again")
	  or diagnose($pg, $job);
	settled($job, "$title: and completes");
}
runs_again("SELECT orchestration.start_container($job)", 'started');
is($kube->field($ns, 'job/migrate', '{.metadata.labels.tier}'), 'gone', 'with the labels that it has now');
runs_again("SELECT orchestration.restart_container($job)", 'restarted');
runs_again("UPDATE orchestration.containers SET args = '{again}' WHERE id = $job", 'changed');
runs_again("SELECT orchestration.update_container($job, image => 'example.com/app:2')", 'another image');

# ---- a time to live of the cluster removes it
my $short = $pg->as_operator(<<SQL);
SELECT orchestration.create_container('$ns', 'short', 'example.com/app:1', restart_policy => 'Never', $kwok)
SQL
status_ok($pg, $short, 'stopped', 'another runs to its end', reason => '^Completed$');
$kube->kubectl('patch', '-n', $ns, 'job/short', '--type=merge', '-p', '{"spec": {"ttlSecondsAfterFinished": 1}}');
within($kube, 'the cluster removes it', sub { !$kube->get($ns, 'job/short') });
settled($short, 'it has completed all the same');
is($kube->get($ns, 'job/short'), undef, 'and is not made again');

# ---- and a worker that starts anew knows it too
$pg->stop('fast');
$pg->start;
ok(connected($pg, 'main'), 'the worker is connected again') or diagnose($pg);
settled($short, 'it is still done');
is($kube->get($ns, 'job/short'), undef, 'after a restart');
$pg->as_operator("SELECT orchestration.delete_container($short)");
status_ok($pg, $short, 'deleted', 'it can be deleted');

done_testing();
