# A restored copy has everything, and does not fight the original over the cluster.
use strict;
use warnings;
use OrchTest;
use Test::More;

my $kube = kube_or_skip();
my $pg = server_with_cluster('copies', $kube);
my $kwok = q(node_selector => '{"type": "kwok"}', tolerations => '[{"key": "kwok.x-k8s.io/node", "operator": "Exists"}]');
my $ns = new_namespace($pg, 'copy');

my $web = $pg->as_operator(<<SQL);
BEGIN;
\\o /dev/null
SELECT orchestration.create_config_map('$ns', 'settings', '{"a": "1"}');
SELECT orchestration.create_secret('$ns', 'login', '{"password": "s3cret"}');
SELECT orchestration.create_volume('$ns', 'scratch', type => 'EmptyDir');
\\o
SELECT orchestration.create_container('$ns', 'web', 'example.com/web:1', replicas => 2, ports => '[{"containerPort": 80, "servicePort": 80}]',
	env => '{"A": "1"}', volumes => '[{"volume": "scratch", "mountPath": "/s"}]', liveness_probe => '{"tcpSocket": {"port": 80}}', $kwok);
COMMIT;
SQL
runs($pg, $web, 'a container runs');
$pg->sql(<<SQL);
ALTER TABLE orchestration.containers ADD COLUMN cost_centre text DEFAULT 'none';
UPDATE orchestration.containers SET cost_centre = 'it-7' WHERE id = $web;
CREATE INDEX containers_cost_centre ON orchestration.containers (cost_centre);
CREATE TABLE orchestration.ours (id bigint PRIMARY KEY, note text);
INSERT INTO orchestration.ours VALUES (1, 'kept');
SQL
runs($pg, $web, 'it still runs');

# what is in the tables, without what a running worker and its maintenance write now and then
my $written_by_time = join ', ', map { "'$_'" } qw(alerts audit_seals container_resource_usage indicator_history indicator_samples maintenance_steps partition_actions);

sub content
{
	my ($db) = @_;
	my @tables = split /\n/, $pg->sql("SELECT c.oid::regclass::text FROM pg_class c WHERE relnamespace IN ('orchestration'::regnamespace, 'orchestration_internal'::regnamespace) AND relkind IN ('r', 'p') AND NOT relispartition AND relname NOT IN ($written_by_time) ORDER BY 1", db => $db);

	# that its worker has started is written whenever it does
	s/^(orchestration\.operation_logs)$/(SELECT * FROM $1 WHERE source <> 'worker')/ for @tables;
	return join "\n", map { "$_ " . $pg->sql("SELECT count(*), md5(string_agg((to_jsonb(t) - '{observed_at,updated_at,status,status_message,lease_holder,resource_version,observed}'::text[])::text, E'\\n' ORDER BY (to_jsonb(t) - '{observed_at,updated_at,status,status_message,lease_holder,resource_version,observed}'::text[])::text)) FROM $_ t", db => $db) } @tables;
}

sub dump_and_restore
{
	my ($from, $to) = @_;
	my $file = "$pg->{dir}/$from.dump";
	my @where = ('-h', $pg->{dir}, '-p', $pg->{port}, '-U', 'postgres');

	OrchServer::must_run([ 'pg_dump', @where, '-Fc', '-f', $file, $from ]);
	$pg->sql("CREATE DATABASE $to", db => 'postgres');
	my ($status, $out, $err) = OrchServer::run_command([ 'pg_restore', @where, '--exit-on-error', '-d', $to, $file ]);
	is("$status$err", '0', 'pg_dump | pg_restore without an error');
}

sub objects
{
	return join "\n", map { my $o = $kube->get($ns, $_); $o ? join(' ', $_, $o->{metadata}{uid}, $o->{metadata}{generation} // '', map { $_->{time} } grep { $_->{manager} eq 'orchestration' } @{ $o->{metadata}{managedFields} }) : "$_ absent" }
	  qw(deployment/web service/web configmap/settings secret/login);
}

# ---- the copy
my $before = objects();
my $original = content('app');
dump_and_restore('app', 'copy');
is_deeply([ split /\n/, content('copy') ], [ split /\n/, $original ], 'every row is there');
is($pg->sql("SELECT cost_centre FROM orchestration.containers WHERE id = $web", db => 'copy'), 'it-7', 'the column that a user added is there');
is($pg->sql("SELECT count(*) FROM pg_indexes WHERE indexname = 'containers_cost_centre'", db => 'copy'), 1, 'so is the index');
is($pg->sql('SELECT note FROM orchestration.ours', db => 'copy'), 'kept', 'and the table');
is($pg->sql("SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal", db => 'copy'), $pg->sql('SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal'), 'as many triggers');
$pg->sql('SELECT orchestration.bootstrap()', db => 'copy');
is_deeply([ split /\n/, content('copy') ], [ split /\n/, $original ], 'bootstrap() changes nothing in it');
is($pg->error("SELECT orchestration.bootstrap()", db => 'app'), '', 'nor does it disturb the original');

# ---- who serves the cluster
ok($pg->until_worker('copy', timeout => 90), 'the copy gets a worker') or diagnose($pg);
ok($pg->until_true("SELECT status = 'standby' FROM orchestration.clusters WHERE name = 'main'", db => 'copy', timeout => 60), 'which stands by') or diag($pg->log_tail(20));
like($pg->sql("SELECT status_message FROM orchestration.clusters WHERE name = 'main'", db => 'copy'), qr/lease is held by/, 'and says who holds the lease');
$pg->as_operator("SELECT orchestration.scale_container($web, 5)", db => 'copy');
$pg->sql("UPDATE orchestration.config_maps SET data = '{\"a\": \"copy\"}'", db => 'copy');
sleep 8;
is(objects(), $before, 'what is changed in the copy does not reach the cluster');
is($pg->sql("SELECT status FROM orchestration.clusters WHERE name = 'main'"), 'connected', 'the original serves it');
$pg->sql("UPDATE orchestration.config_maps SET data = '{\"a\": \"original\"}'");
within($kube, 'what is changed in the original does', sub { $kube->field($ns, 'configmap/settings', '{.data.a}') eq 'original' });

# ---- taken over
$pg->as_administrator("SELECT orchestration.take_over('main')", db => 'copy');
ok($pg->until_true("SELECT status = 'connected' FROM orchestration.clusters WHERE name = 'main'", db => 'copy', timeout => 60), 'take_over(): the copy serves the cluster') or diag($pg->log_tail(20));
ok($pg->until_true("SELECT status = 'standby' FROM orchestration.clusters WHERE name = 'main'", timeout => 60), 'and the original stands by') or diag($pg->log_tail(20));
within($kube, 'the copy\'s rows are in force', sub { $kube->field($ns, 'deployment/web', '{.spec.replicas}') eq '5' && $kube->field($ns, 'configmap/settings', '{.data.a}') eq 'copy' }) or diag($pg->log_tail(20));
ok($pg->until_true("SELECT ready_replicas = 5 AND status = 'running' FROM orchestration.containers WHERE id = $web", db => 'copy'), 'and what the cluster does is in them');
my $uid = $kube->field($ns, 'deployment/web', '{.metadata.uid}');
like($before, qr/\Q$uid\E/, 'it is still the same deployment');
my $taken = objects();
$pg->sql("UPDATE orchestration.config_maps SET data = '{\"a\": \"too late\"}'");
sleep 8;
is(objects(), $taken, 'the original writes nothing any more');

# ---- the holder goes: the other one serves when it is asked
$pg->sql('DROP DATABASE copy', db => 'postgres');
ok($pg->until_true("SELECT status_message ~ 'lease was released by' FROM orchestration.clusters WHERE name = 'main'"), 'when the copy is dropped the lease is released') or diag($pg->log_tail(20));
is(objects(), $taken, 'the original writes nothing unasked');
$pg->as_administrator("SELECT orchestration.take_over('main')");
ok($pg->until_true("SELECT status = 'connected' FROM orchestration.clusters WHERE name = 'main'", timeout => 90), 'taken over, it serves again') or diag($pg->log_tail(20));
within($kube, 'and its rows are in force', sub { $kube->field($ns, 'configmap/settings', '{.data.a}') eq 'too late' && $kube->field($ns, 'deployment/web', '{.spec.replicas}') eq '2' });

# ---- a dump without the cluster's objects: an empty new cluster is filled from it
runs($pg, $web, 'it runs');

done_testing();
