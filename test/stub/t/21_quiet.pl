# A fresh installation with the sample application opens no alert in its first
# quarter of an hour, and a bulk statement opens none either.  The minutes are
# told to the evaluation; what it reads is real.
use strict;
use warnings;
use OrchStub;
use OrchTest;
use Test::More;

my $world = OrchStub->start->world('main');
my $pg = OrchServer->new('quiet', settings => {
		'orchestration.worker_enabled' => 'on',
		'orchestration.poll_interval' => "'1s'",
		'orchestration.maintenance_interval' => "'1s'",
		'log_min_messages' => 'info' });

# what is evaluated here must not be evaluated between by somebody else
$pg->start;
$pg->sql('CREATE DATABASE app');
$pg->sql("BEGIN; CREATE EXTENSION orchestration CASCADE; SELECT orchestration.bootstrap(); UPDATE orchestration.maintenance_steps SET enabled = name <> 'alerts'; COMMIT", db => 'app');
$pg->{db} = 'app';
register($pg, 'main', $world->kubeconfig);
all_connected($pg, 'the worker is connected');
OrchServer::must_run([ $pg->psql_command('app', '-v', 'cluster=main', '-f', "$ENV{ORCH_ROOT}/examples/sample-data.sql") ]);
ok(settled($pg), 'the sample application is applied') or diagnose($pg);

# what controllers would do
for my $row (split /\n/, $pg->sql("SELECT n.name, c.name, c.id, m.kind, c.replicas FROM orchestration.containers c JOIN orchestration.namespaces n ON n.id = c.namespace_id
	JOIN orchestration.managed_objects m ON m.namespace_id = c.namespace_id AND m.owner_type = 'container' AND m.owner_id = c.id AND m.kind IN ('Deployment', 'Job')"))
{
	my ($namespace, $name, $id, $kind, $replicas) = split /\|/, $row;

	if ($kind eq 'Job')
	{
		$world->edit("/apis/batch/v1/namespaces/$namespace/jobs/$name", { status => { succeeded => 1, conditions => [ { type => 'Complete', status => 'True' } ] } });
		next;
	}
	$world->make_pod($namespace, "$name-$_", $id) for 1 .. $replicas;
	my $generation = $world->object("/apis/apps/v1/namespaces/$namespace/deployments/$name")->{metadata}{generation} // 1;
	$world->edit("/apis/apps/v1/namespaces/$namespace/deployments/$name", { status => { observedGeneration => $generation, replicas => $replicas, updatedReplicas => $replicas, readyReplicas => $replicas, availableReplicas => $replicas } });
}
ok($pg->until_true("SELECT bool_and(status IN ('running', 'stopped')) FROM orchestration.containers"), 'and runs') or diagnose($pg);
ok($pg->until_true("SELECT bool_and(last_finished_at IS NOT NULL) FROM orchestration.maintenance_steps WHERE enabled"), 'maintenance has run');

my $minute = 0;
sub quiet_for
{
	my ($minutes, $title) = @_;

	for (1 .. $minutes)
	{
		$minute++;
		$pg->sql("SELECT orchestration_internal.judge_readings((SELECT jsonb_agg(jsonb_build_object('name', i.name, 'labels', i.labels, 'value', i.value)) FROM orchestration.indicators i), clock_timestamp() + interval '$minute minutes')");
	}
	is($pg->sql("SELECT string_agg(rule || ' ' || labels || ' ' || peak_value, '; ') FROM orchestration.alerts WHERE opened_at IS NOT NULL AND rule <> 'disk_used'"), '', $title);
	note($pg->sql("SELECT string_agg(name || '=' || round(value::numeric, 1), ' ' ORDER BY name) FROM orchestration.indicators WHERE name LIKE 'operation%'"));
}

quiet_for(16, 'no alert was opened in a quarter of an hour');
is($pg->sql("SELECT count(*) FROM orchestration.open_alerts WHERE rule <> 'disk_used'"), 0, 'and none is open');

# ---- one statement is one operation, however many rows it writes and however long that takes
$pg->sql("SELECT count(orchestration.create_config_map('shop', 'bulk-' || g, '{}')) FROM generate_series(1, 3000) g");	# as the owner: of no user, so that it does not count for one
$pg->sql("SELECT pg_sleep(1.5), count(orchestration.create_volume('shop', 'slow-' || g, 'EmptyDir')) FROM generate_series(1, 5) g");
$pg->sql("UPDATE orchestration.config_maps SET labels = labels || '{\"a\": \"b\"}'");
cmp_ok($pg->sql("SELECT value FROM orchestration.indicators WHERE name = 'operations'"), '<', 0.1, 'they count as three');
is($pg->sql("SELECT count(*) FROM orchestration.indicators WHERE name = 'user_operations'"), 0, 'and nobody does unusually much');
quiet_for(5, 'no alert was opened by bulk statements');

# ---- the superuser's own maintenance, as pg_cron runs it
$pg->sql('SELECT * FROM orchestration.run_maintenance(); SELECT orchestration.bootstrap()') for 1 .. 3;
quiet_for(5, 'nor by maintenance or bootstrap()');

# ---- and the rule is as watchful as before: many slow operations are an alert
$pg->sql("SELECT pg_sleep(0.4); SELECT count(*) FROM (SELECT pg_sleep(0.4), orchestration.create_config_map('shop', 'slow-$_', '{}')) x") for 1 .. 25;
$pg->sql("SELECT orchestration_internal.judge_readings((SELECT jsonb_agg(jsonb_build_object('name', i.name, 'labels', i.labels, 'value', i.value)) FROM orchestration.indicators i), clock_timestamp() + interval '@{[ ++$minute ]} minutes')") for 1 .. 4;
is($pg->sql("SELECT count(*) FROM orchestration.open_alerts WHERE rule = 'operation_response_time'"), 1, 'operations that take long are one');

$pg->stop;
done_testing();
