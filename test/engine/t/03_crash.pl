# Killed in the middle of a hundred creations and of a hundred deletions: the worker, PostgreSQL, the engine's service.
# Afterwards rows and engine agree; nothing is there twice, nothing is missing, nothing is left over.
use strict;
use warnings;
use OrchEngineTest;
use OrchTest;
use Test::More;
use Time::HiRes ();

my $many = $ENV{ORCH_MANY} || 100;
my $engine = engine_or_skip('crash');
my $pg = server_with_engine('crash', $engine, settings => { synchronous_commit => 'on' });
my %namespaces;

sub count_sql { my ($ns, $what) = @_; return "SELECT count(*) FROM orchestration.containers c JOIN orchestration.namespaces n ON n.id = c.namespace_id WHERE n.name = '$ns' AND $what" }
sub containers_of { my ($ns) = @_; return grep { ($_->{Labels}{'orchestration.dev/place'} // '') eq $ns } $engine->containers }
sub records_of { my ($ns) = @_; return grep { ($_->{Labels}{'orchestration.dev/place'} // '') eq $ns } @{ $engine->ask('GET', '/v1.41/volumes')->{Volumes} || [] } }

# A hundred rows by one INSERT, each with a volume that goes with its pod.
sub make
{
	my ($ns) = @_;

	new_namespace_named($ns);
	$pg->as_operator("SELECT orchestration.create_volume('$ns', 'tmp', type => 'EmptyDir')");
	create($pg, $engine, $ns, 'c1', command => [qw(sleep 100000)], volumes => [ { volume => 'tmp', mountPath => '/tmp' } ]);
	$pg->as_operator("BEGIN; " . more_sql($ns, "generate_series(2, $many) i") . "; INSERT INTO orchestration.container_volumes (namespace_id, container_id, volume_id, mount_path)
		SELECT c.namespace_id, c.id, v.id, '/tmp' FROM orchestration.containers c JOIN orchestration.volumes v USING (namespace_id) JOIN orchestration.namespaces n ON n.id = c.namespace_id WHERE n.name = '$ns' AND c.name <> 'c1'; COMMIT");
}

# Rows like the first, for each i.
sub more_sql
{
	my ($ns, $from) = @_;

	return "INSERT INTO orchestration.containers (namespace_id, name, image_id, command, termination_grace_period)
		SELECT c.namespace_id, 'c' || i, c.image_id, c.command, 0 FROM orchestration.containers c JOIN orchestration.namespaces n ON n.id = c.namespace_id, $from WHERE n.name = '$ns' AND c.name = 'c1'";
}

sub new_namespace_named
{
	my ($ns) = @_;

	$pg->as_administrator("SELECT orchestration.create_namespace('$ns', 'main')");
	$pg->joins($ns);
}

sub until_made
{
	my ($ns, $count) = @_;

	return ok($engine->until(sub { containers_of($ns) > $count }, 240), "$ns: in the middle of it") || diagnose($pg);
}

sub until_running
{
	my ($ns) = @_;

	return ok($pg->until_true(count_sql($ns, "c.status = 'running' AND c.ready_replicas = 1 AND c.generation = c.observed_generation") =~ s/count\(\*\)/count(*) = $many/r, timeout => 400), "$ns: all $many run") || diagnose($pg);
}

sub all_run
{
	my ($ns) = @_;

	until_running($ns);
	my @there = containers_of($ns);
	is(scalar(@there), $many, "$ns: as many containers");
	is(scalar(grep { $_->{State} eq 'running' } @there), $many, "$ns: all run");
	is_deeply([ sort map { $_->{Labels}{'orchestration.dev/pod'} } @there ], [ sort map { "$ns-c$_-1" } 1 .. $many ], "$ns: one for each");
	is_deeply([ sort map { $_->{Labels}{'orchestration.dev/pod-uid'} } @there ],
		[ sort split /\n/, $pg->sql("SELECT i.pod_uid FROM orchestration.container_instances i JOIN orchestration.namespaces n ON n.id = i.namespace_id WHERE n.name = '$ns' AND i.ended_at IS NULL") ], "$ns: the rows have the very same");
	records_agree($ns);
}

# One record for each object of the inventory, also after what was left over has been removed.
sub records_agree
{
	my ($ns) = @_;
	my $wanted = $pg->sql("SELECT string_agg(o.uid, ' ' ORDER BY o.uid) FROM orchestration.managed_objects o JOIN orchestration.namespaces n ON n.id = o.namespace_id WHERE n.name = '$ns' AND o.kind <> 'Namespace'");
	my $there;

	ok($engine->until(sub { ($there = join ' ', sort map { $_->{Labels}{'orchestration.dev/uid'} } records_of($ns)) eq $wanted }, 100), "$ns: one record for each object") or diag("$wanted\n$there");
}

sub all_gone
{
	my ($ns) = @_;

	ok($pg->until_true(count_sql($ns, "c.status = 'deleted'") =~ s/count\(\*\)/count(*) = $many/r, timeout => 400), "$ns: all are deleted") or diagnose($pg);
	is(scalar(my @left = containers_of($ns)), 0, "$ns: no container is left");
	ok($engine->until(sub { !grep { $_->{Labels}{'orchestration.dev/kind'} ne 'Namespace' } records_of($ns) }, 100), "$ns: no record is left") or diag(join ' ', map { $_->{Name} } records_of($ns));
	is(join(' ', grep { /^\Q$ns\E-c/ } map { $_->{Name} } @{ $engine->ask('GET', '/v1.41/volumes')->{Volumes} || [] }), '', "$ns: nor a volume");
}

sub drop { my ($ns) = @_; return $pg->as_operator("SELECT count(orchestration.delete_container(c.id)) FROM orchestration.containers c JOIN orchestration.namespaces n ON n.id = c.namespace_id WHERE n.name = '$ns' AND c.status <> 'deleted'") }
sub until_some_gone { my ($ns, $count) = @_; return ok($engine->until(sub { containers_of($ns) < $many - $count }, 240), "$ns: in the middle of deletions") || diagnose($pg) }
sub cpu { my ($pid) = @_; return (OrchServer::process_cost($pid))[1] }

# ---- nothing happens: how fast it is
my ($pid, $began) = ($pg->worker_pid, Time::HiRes::time());
my $used = cpu($pid);
make('calm');
until_running('calm');
note(sprintf '%d run after %.1f s, %.2f s of CPU of the worker', $many, Time::HiRes::time() - $began, cpu($pid) - $used);
all_run('calm');
($began, $used) = (Time::HiRes::time(), cpu($pid));
drop('calm');
all_gone('calm');
note(sprintf 'deleted after %.1f s, %.2f s of CPU of the worker', Time::HiRes::time() - $began, cpu($pid) - $used);

# ---- the worker
make('worker');
until_made('worker', $many / 4);
$pid = $pg->worker_pid;
kill 'KILL', $pid;
ok($pg->until_true("SELECT pid <> $pid FROM pg_stat_activity WHERE backend_type = 'orchestration worker' AND datname = 'app'", timeout => 60), 'another worker comes');
all_run('worker');
drop('worker');
until_some_gone('worker', $many / 4);
$pid = $pg->worker_pid;
kill 'KILL', $pid;
all_gone('worker');

# ---- PostgreSQL
make('postgres');
until_made('postgres', $many / 4);
$pg->stop('immediate');
$pg->start;
all_run('postgres');
drop('postgres');
until_some_gone('postgres', $many / 4);
$pg->stop('immediate');
$pg->start;
all_gone('postgres');

# ---- the engine's service
make('service');
until_made('service', $many / 4);
my @running = map { $_->{Id} } grep { $_->{State} eq 'running' } containers_of('service');
$engine->kill_service;
ok($pg->until_true("SELECT status = 'unreachable' AND status_message <> '' FROM orchestration.clusters WHERE name = 'main'", timeout => 60), 'the cluster is unreachable') or diagnose($pg);
note($pg->sql("SELECT status_message FROM orchestration.clusters WHERE name = 'main'"));
$pg->as_operator(more_sql('service', "(VALUES ($many + 1)) x (i)"));
$pg->as_operator("SELECT orchestration.delete_container(c.id) FROM orchestration.containers c JOIN orchestration.namespaces n ON n.id = c.namespace_id WHERE n.name = 'service' AND c.name = 'c1'");
$engine->start_service;
ok(connected($pg, 'main', 90), 'it is connected when the service is back') or diagnose($pg);
ok($pg->until_true(count_sql('service', "c.status = 'running' AND c.ready_replicas = 1") =~ s/count\(\*\)/count(*) = $many/r, timeout => 400), "service: all $many run, with the one that was written meanwhile") or diagnose($pg);
ok($pg->until_true(count_sql('service', "c.name = 'c1' AND c.status = 'deleted'") =~ s/count\(\*\)/count(*) = 1/r, timeout => 60), 'the one that was given up meanwhile has gone') or diagnose($pg);
is_deeply([ sort map { $_->{Labels}{'orchestration.dev/pod'} } containers_of('service') ], [ sort map { "service-c$_-1" } 2 .. $many + 1 ], 'one container for each row');
my %now = map { $_->{Id} => 1 } containers_of('service');
cmp_ok(scalar(grep { !$now{$_} } @running), '<=', 1, 'what ran before is the very same');
records_agree('service');

# ---- all containers have stopped, as after the machine was started anew
$engine->kill_service;
$engine->engine('podman', 'stop', '--all', '--time', '0');
$engine->start_service;
ok($engine->until(sub { my @there = containers_of('service'); @there == $many && !grep { $_->{State} ne 'running' } @there }, 200), 'all that were stopped while the service was away run again') or diagnose($pg);
$engine->engine('down');
$engine->engine('up');
ok($engine->until(sub { my @there = containers_of('service'); @there == $many && !grep { $_->{State} ne 'running' } @there }, 300), 'and after the end of the engine') or diagnose($pg);
ok($pg->until_true(count_sql('service', "c.status = 'running' AND c.ready_replicas = 1") =~ s/count\(\*\)/count(*) = $many/r, timeout => 200), 'all rows say so') or diagnose($pg);

drop('service');
until_some_gone('service', $many / 4);
$engine->kill_service;
Time::HiRes::sleep(2);
$engine->start_service;
ok($pg->until_true(count_sql('service', "c.status = 'deleted'") =~ s/count\(\*\)/count(*) = $many + 1/r, timeout => 400), 'service: all are deleted') or diagnose($pg);
is(scalar(my @left = containers_of('service')), 0, 'service: no container is left');
ok($engine->until(sub { !grep { $_->{Labels}{'orchestration.dev/kind'} ne 'Namespace' } records_of('service') }, 100), 'service: no record is left');

done_testing();
