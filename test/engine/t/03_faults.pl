# What people do to an engine behind our back is put right, and what is theirs is left alone.
use strict;
use warnings;
use OrchEngineTest;
use OrchTest;
use Test::More;

my $engine = engine_or_skip('faults');
my $pg = server_with_engine('faults', $engine);
my $ns = new_namespace($pg, 'faults');
my @forever = (command => [qw(sleep 100000)]);
my $filters = OrchEngine::quote_url(qq({"label":["orchestration.dev/record=1"]}));

sub ids { my ($row) = @_; return map { $_->{Id} } pods($engine, $row) }
sub volumes { return sort map { $_->{Name} } @{ $engine->ask('GET', '/v1.41/volumes' . ($_[0] ? "?filters=$filters" : ''))->{Volumes} || [] } }
sub state { my ($id) = @_; return eval { $engine->ask('GET', "/v1.41/containers/$id/json")->{State} } || {} }

# What stands for each record, without the version.
sub records { return sort map { my $labels = $_->{Labels}; "$labels->{'orchestration.dev/kind'} $labels->{'orchestration.dev/name'}" } @{ $engine->ask('GET', "/v1.41/volumes?filters=$filters")->{Volumes} || [] } }

sub settled { my ($title) = @_; return ok($pg->until_true("NOT EXISTS (SELECT FROM orchestration.managed_objects WHERE desired_hash IS DISTINCT FROM applied_hash OR uid IS NULL)", timeout => 90), $title) || diagnose($pg) }

# ---- drift
$pg->as_operator("SELECT orchestration.create_volume('$ns', 'data', size => '64Mi'); SELECT orchestration.create_volume('$ns', 'tmp', type => 'EmptyDir')");
my $web = create($pg, $engine, $ns, 'web', @forever, replicas => 2, volumes => [ { volume => 'tmp', mountPath => '/tmp' } ]);
my $db = create($pg, $engine, $ns, 'db', @forever, strategy => 'Recreate', volumes => [ { volume => 'data', mountPath => '/data' } ]);
ready_ok($pg, $web, 2, 'two run');
ready_ok($pg, $db, 1, 'and one with a claim');
my ($db_id) = ids($db);
$engine->exec_in($db_id, 'sh', '-c', 'echo kept >/data/file');

my ($first, $second) = ids($web);
$engine->ask('POST', "/v1.41/containers/$first/stop?t=0");
ok($engine->until(sub { state($first)->{Running} }), 'what was stopped by hand is started again') or diag(explain(state($first)));
ready_ok($pg, $web, 2, 'the row has two ready again');
cmp_ok($pg->sql("SELECT sum(restart_count) FROM orchestration.container_instances WHERE container_id = $web AND ended_at IS NULL"), '>=', 1, 'and counts the restart');
$engine->ask('POST', "/v1.41/containers/$first/pause");
ok($engine->until(sub { state($first)->{Running} && !state($first)->{Paused} }), 'what was paused by hand goes on');
$engine->ask('DELETE', "/v1.41/containers/$first?force=true");
ok($engine->until(sub { my @now = grep { $_->{State}{Running} } pods($engine, $web); @now == 2 && !grep { $_->{Id} eq $first } @now }), 'what was removed by hand is made again');
ready_ok($pg, $web, 2, 'the row has two ready');
ok((grep { $_ eq $second } ids($web)), 'the other one was left alone');
like($pg->sql("SELECT status FROM orchestration.containers WHERE id = $web"), qr/^running$/, 'running');

# records
my @records = records();
my @before = sort(ids($web), ids($db));
my ($deployment) = grep { /./ } map { $_->{Name} } grep { $_->{Labels}{'orchestration.dev/kind'} eq 'Deployment' && $_->{Labels}{'orchestration.dev/name'} eq 'web' } @{ $engine->ask('GET', "/v1.41/volumes?filters=$filters")->{Volumes} };
my $uid = $pg->sql("SELECT uid FROM orchestration.managed_objects WHERE kind = 'Deployment' AND name = 'web'");
$engine->ask('DELETE', "/v1.41/volumes/$deployment");
ok($engine->until(sub { join(' ', records()) eq join(' ', @records) }, 90), 'a record that was removed by hand comes back') or diag(join ' ', records());
ok($pg->until_true("SELECT uid <> '$uid' FROM orchestration.managed_objects WHERE kind = 'Deployment' AND name = 'web'"), 'as another object');
settled('the inventory has settled');
is(join(' ', sort(ids($web), ids($db))), "@before", 'the containers of it run on, the very same');
$engine->ask('POST', '/v1.41/volumes/prune');
is(join(' ', records()), '', 'all volumes that nobody uses are pruned, and with them all records');
ok($engine->until(sub { join(' ', records()) eq join(' ', @records) }, 90), 'all of them come back') or diag(join ' ', records());
settled('the inventory has settled');
ready_ok($pg, $web, 2, 'two run');
is(join(' ', sort(ids($web), ids($db))), "@before", 'the very same');
is(said($engine, $db_id, 'cat', '/data/file'), 'kept', 'the claim was not touched');
is($pg->sql("SELECT count(*) FROM orchestration.container_instances WHERE container_id = $web AND ended_at IS NULL"), 2, 'the rows of the two are current');
$pg->as_operator("SELECT orchestration.scale_container($web, 3)");
ready_ok($pg, $web, 3, 'they can be scaled');
ok((grep { $_ eq $second } ids($web)), 'without a restart');

# the network
$engine->engine('podman', 'network', 'rm', '-f', $ns);
ok($engine->until(sub { $engine->request('GET', "/v1.41/networks/$ns")->{success} }, 90), 'a network that was removed by force is made again');
ready_ok($pg, $_->[0], $_->[1], 'what was on it runs again') for [ $web, 3 ], [ $db, 1 ];
($db_id) = ids($db);
is(said($engine, $db_id, 'cat', '/data/file'), 'kept', 'with its claim');

# ---- strangers
my $stranger = $engine->run("$ns-shop-1", { Cmd => [qw(sleep 100000)], Labels => { whose => 'mine' } });
my $shop = create($pg, $engine, $ns, 'shop', @forever);
ok($pg->until_true("SELECT status <> 'running' AND status_message ~ 'in use' FROM orchestration.containers WHERE id = $shop", timeout => 40), 'a container of somebody has the name: the row says so') or diagnose($pg, $shop);
is(state($stranger)->{Running}, JSON::PP::true, 'it is left alone');
$pg->as_operator("SELECT orchestration.delete_container($shop)");
status_ok($pg, $shop, 'deleted', 'the row is deleted');
is(state($stranger)->{Running}, JSON::PP::true, 'and it is still there');
$shop = create($pg, $engine, $ns, 'shop', @forever);
ok($pg->until_true("SELECT status_message ~ 'in use' FROM orchestration.containers WHERE id = $shop", timeout => 40), 'another row waits, too') or diagnose($pg, $shop);
$engine->ask('DELETE', "/v1.41/containers/$stranger?force=true");
ready_ok($pg, $shop, 1, 'when it has gone the row goes on');

# one that takes the name of what we had
my ($ours) = ids($shop);
$engine->kill_service;
$engine->start_service;
$engine->engine('podman', 'rm', '-f', '-t', '0', $ours);
my $follower = eval { $engine->run("$ns-shop-1", { Cmd => [qw(sleep 100000)] }) };
SKIP:
{
	skip 'ours was made again before', 2 if !$follower;
	$pg->as_operator("SELECT orchestration.delete_container($shop)");
	status_ok($pg, $shop, 'deleted', 'ours was removed and its name taken: the row is deleted');
	is(state($follower)->{Running}, JSON::PP::true, 'and who has the name runs on');
	$engine->ask('DELETE', "/v1.41/containers/$follower?force=true");
}

# a network and volumes
my $taken = "taken-$$";
$engine->ask('POST', '/v1.41/networks/create', { Name => $taken, Driver => 'bridge' });
my $network = $engine->ask('GET', "/v1.41/networks/$taken")->{Id};
$pg->as_administrator("SELECT orchestration.create_namespace('$taken', 'main')");
$pg->joins($taken);
ok($pg->until_true("SELECT last_error_reason = 'Conflict' FROM orchestration.managed_objects WHERE kind = 'Namespace' AND name = '$taken'", timeout => 40), 'a network of somebody has the name of a namespace: Conflict') or diagnose($pg);
like($pg->sql("SELECT status_message FROM orchestration.namespaces WHERE name = '$taken'"), qr/exists in the cluster and belongs to somebody else/, 'the row says why');
is($engine->ask('GET', "/v1.41/networks/$taken")->{Id}, $network, 'it is left alone');
$engine->ask('DELETE', "/v1.41/networks/$taken");
ok($pg->until_true("SELECT status = 'active' FROM orchestration.namespaces WHERE name = '$taken'", timeout => 90), 'when it has gone the namespace is active') or diagnose($pg);
$engine->ask('POST', '/v1.41/volumes/create', { Name => "$taken-files", Labels => { whose => 'mine' } });
$engine->ask('POST', '/v1.41/volumes/create', { Name => "$taken-app-1-tmp", Labels => { whose => 'mine' } });
$pg->as_operator("SELECT orchestration.create_volume('$taken', 'files', size => '1Mi'); SELECT orchestration.create_volume('$taken', 'tmp', type => 'EmptyDir')");
my $app = create($pg, $engine, $taken, 'app', @forever, volumes => [ { volume => 'tmp', mountPath => '/tmp' } ]);
ok($pg->until_true("SELECT last_error_reason = 'Conflict' FROM orchestration.managed_objects WHERE kind = 'PersistentVolumeClaim' AND name = 'files'", timeout => 40), 'a volume of somebody has the name of a claim: Conflict') or diagnose($pg);
ok($pg->until_true("SELECT status_message ~ 'somebody else' FROM orchestration.containers WHERE id = $app", timeout => 40), 'one has the name of what goes with a pod: the row says so') or diagnose($pg, $app);
is($engine->ask('GET', "/v1.41/volumes/$taken-$_")->{Labels}{whose}, 'mine', "$_ is left alone") for qw(files app-1-tmp);
$engine->ask('DELETE', "/v1.41/volumes/$taken-$_") for qw(files app-1-tmp);
ready_ok($pg, $app, 1, 'when they have gone the row goes on');
settled('and so does the claim');

# ---- another installation on the same engine
my %others = ('orchestration.dev/installation' => '00000000-0000-4000-8000-000000000000', 'orchestration.dev/pod-uid' => '00000000-0000-4000-8000-000000000001',
	'orchestration.dev/pod' => "$ns-web-9", 'orchestration.dev/number' => '9', 'orchestration.dev/role' => 'main', 'orchestration.dev/workload' => 'web', 'orchestration.dev/place' => $ns);
my $other = $engine->run("$ns-web-9", { Cmd => [qw(sleep 100000)], Labels => \%others });
$pg->sql('CREATE DATABASE second', db => 'postgres');
$pg->sql('CREATE EXTENSION orchestration CASCADE; SELECT orchestration.bootstrap()', db => 'second');
$pg->sql("SELECT orchestration.register_cluster('main', engine => 'docker', endpoint => 'unix://" . $engine->socket . "')", db => 'second');
ok($pg->until_true("SELECT status = 'connected' FROM orchestration.clusters", db => 'second', timeout => 60), 'another installation is connected to the same engine');
$pg->sql("SELECT orchestration.create_namespace('$ns', 'main')", db => 'second');
ok($pg->until_true("SELECT last_error_reason = 'Conflict' FROM orchestration.managed_objects WHERE kind = 'Namespace'", db => 'second', timeout => 40), 'a namespace of the first is refused to it: Conflict');
like($pg->sql("SELECT status_message FROM orchestration.namespaces WHERE name = '$ns'", db => 'second'), qr/belongs to somebody else/, 'its row says why');
@before = sort(ids($web), ids($db));
$pg->sql("SELECT orchestration.delete_namespace('$ns')", db => 'second');
ok($pg->until_true("SELECT status = 'deleted' FROM orchestration.namespaces WHERE name = '$ns'", db => 'second', timeout => 40), 'it gives it up');
is(join(' ', sort(ids($web), ids($db))), "@before", 'nothing of the first was touched');
ok($engine->request('GET', "/v1.41/networks/$ns")->{success}, 'nor its network');
is(state($other)->{Running}, JSON::PP::true, 'nor a container of a third one');
is($pg->sql("SELECT count(*) FROM orchestration.container_instances WHERE pod_name = '$ns-web-9'"), 0, 'which is nobody\'s instance');
$pg->sql('DROP DATABASE second WITH (FORCE)', db => 'postgres');

# ---- secrets, after the worker has forgotten them
$pg->as_operator("SELECT orchestration.create_secret('$ns', 'login', '{\"password\": \"s3cret\"}')");
my $keyed = create($pg, $engine, $ns, 'keyed', @forever, replicas => 2, env => [ { name => 'PASSWORD', valueFrom => { secretKeyRef => { name => 'login', key => 'password' } } } ]);
ready_ok($pg, $keyed, 2, 'two with a secret run');
@before = ids($keyed);
$pg->stop('fast');
$pg->start;
ok($pg->until_worker, 'PostgreSQL was started anew');
ready_ok($pg, $keyed, 2, 'two run');
$engine->ask('DELETE', "/v1.41/containers/$before[0]?force=true");
ok($engine->until(sub { my @now = ids($keyed); @now == 2 && $now[0] ne $before[0] && state($now[0])->{Running} }, 60), 'one that is removed is made again') or diagnose($pg, $keyed);
my @after = ids($keyed);
is(said($engine, $after[0], 'sh', '-c', 'echo $PASSWORD'), 's3cret', 'with the secret') if $after[0];
is($after[1], $before[1], 'the other one has not been restarted');
ready_ok($pg, $keyed, 2, 'two are ready');
is(join("\n", grep { /s3cret|czNjcmV0/ } map { JSON::PP::encode_json($_) } @{ $engine->ask('GET', '/v1.41/volumes')->{Volumes} }), '', 'what is secret is in no volume\'s label');

# ---- the end: nothing is left
$pg->as_operator("SELECT orchestration.delete_container($_)") for $web, $db, $app, $keyed;
status_ok($pg, $_, 'deleted', "row $_ is deleted") for $web, $db, $app, $keyed;
ok($engine->until(sub { !grep { /-tmp$/ } volumes() }), 'what goes with a pod has gone with it') or diag(join ' ', volumes());
is(join(' ', grep { /^\Q$ns\E-data$/ } volumes()), "$ns-data", 'the claim has not');
is(said_by_claim(), 'kept', 'nor what is in it');

sub said_by_claim
{
	my $id = $engine->run('reader', { Cmd => [qw(sleep 1000)], HostConfig => { Binds => ["$ns-data:/data"] } });
	my $said = said($engine, $id, 'cat', '/data/file');

	$engine->ask('DELETE', "/v1.41/containers/$id?force=true");
	return $said;
}

done_testing();
