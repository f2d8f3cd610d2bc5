# Change events, and the cache in the real Redis that examples/redis-cache keeps right by them.
use strict;
use warnings;
use IPC::Run ();
use JSON::PP ();
use OrchServer;
use Test::More;
use Time::HiRes ();

my ($redis) = grep { -x } map { "$_/redis-server" } split(/:/, $ENV{PATH}), '/usr/bin';
my ($python) = grep { !(OrchServer::run_command([ $_, '-c', 'import psycopg2, redis' ]))[0] } 'python3', '/usr/bin/python3';

if (!$redis || !$python)
{
	BAIL_OUT('redis-server, python3-redis and python3-psycopg2 are needed') if $ENV{CI};
	plan skip_all => 'SKIPPED: redis-server, python3-redis and python3-psycopg2 are needed';
}

my $pg = OrchServer->new('caching');
$pg->start->create_bootstrapped('app');
$pg->sql(<<'SQL');
SELECT orchestration.enable_change_events('containers', 'namespaces');
CREATE ROLE cache LOGIN IN ROLE orchestration_user;
INSERT INTO orchestration.users (username, db_role) VALUES ('cache', 'cache');
INSERT INTO orchestration.user_roles (user_id, role_id)
SELECT u.id, r.id FROM orchestration.users u, orchestration.roles r WHERE u.username = 'cache' AND r.name = 'viewer';
SELECT orchestration.create_namespace(n) FROM unnest('{a,b}'::text[]) n;
SELECT orchestration.create_container('a', 'c' || i, 'nginx') FROM generate_series(1, 150) i;
SELECT orchestration.create_container('b', 'c' || i, 'nginx') FROM generate_series(1, 2) i;
CREATE ROLE listener LOGIN IN ROLE orchestration_user;
SQL
my %id = map { $_ => $pg->sql("SELECT c.namespace_id || ' ' || c.id FROM orchestration.containers c JOIN orchestration.namespaces n ON n.id = c.namespace_id WHERE n.name || c.name = '$_'") } qw(ac1 ac2 bc1 bc2);
my ($ac1, $bc1) = map { $id{$_} =~ /(\d+)$/ } qw(ac1 bc1);

# ---- the real Redis
my $socket = "$pg->{dir}/redis.sock";
my @processes = (IPC::Run::start([ $redis, '--port', 0, '--unixsocket', $socket, '--save', '', '--appendonly', 'no', '--dir', $pg->{dir} ], '<', \'', '>', '/dev/null', '2>', '/dev/null'));
$ENV{REDIS_URL} = "unix://$socket";
$ENV{PGHOST} = $pg->{dir};
$ENV{PGPORT} = $pg->{port};
$ENV{PGDATABASE} = 'app';

sub within
{
	my ($code, $title) = @_;
	my $end = Time::HiRes::time() + 60;
	my $result;

	while (!($result = eval { $code->() }) && Time::HiRes::time() < $end)
	{
		Time::HiRes::sleep(0.1);
	}
	return ok($result, $title);
}

sub example
{
	my ($user, @arguments) = @_;

	local $ENV{PGUSER} = $user;
	return IPC::Run::start([ $python, "$ENV{ORCH_ROOT}/examples/redis-cache/cache.py", @arguments ], '<', \'', '>', \my $out, '2>', \my $err);
}

# replicas of a container as an application gets them, and where from
sub get
{
	my ($name) = @_;

	local $ENV{PGUSER} = 'cache';
	my ($status, $out, $err) = OrchServer::run_command([ $python, "$ENV{ORCH_ROOT}/examples/redis-cache/cache.py", 'get', split(/ /, $id{$name}) ]);
	die $err if $status != 0;
	my $answer = JSON::PP::decode_json($out);
	return ($answer->{container} ? $answer->{container}{replicas} : 'none') . " from $answer->{source}";
}

within(sub { -S $socket }, 'Redis is there') or BAIL_OUT('Redis does not start');
push @processes, example('listener', 'listen');
my $listening = "EXISTS (SELECT FROM pg_stat_activity WHERE usename = 'listener' AND query LIKE 'LISTEN%')";
ok($pg->until_true($listening), 'somebody listens');
within(sub { get($_[0] // 'ac1') =~ /redis/ }, 'what is asked for twice is cached');

sub fill { my @names = @_; for my $name (@names) { within(sub { get($name) =~ /redis/ }, "$name is cached") } }

# ---- rows, namespaces, tables
fill(qw(ac2 bc1 bc2));
$pg->sql("UPDATE orchestration.containers SET replicas = 2 WHERE id = $ac1");
within(sub { get('ac1') =~ /^2 / }, 'a changed container is read anew');
is(get('ac2'), '1 from redis', 'another one of its namespace is not');
fill('ac1');
$pg->sql("BEGIN; UPDATE orchestration.containers SET replicas = 7 WHERE id = $ac1; ROLLBACK");
is(get('ac1'), '2 from redis', 'what is rolled back is no change');
$pg->sql("UPDATE orchestration.containers c SET replicas = 3 FROM orchestration.namespaces n WHERE n.id = c.namespace_id AND n.name = 'a'");
within(sub { get('ac1') =~ /^3 / && get('ac2') =~ /^3 / }, 'a namespace of 150 changed containers is forgotten');
is(get('bc1'), '1 from redis', 'another namespace is not');
$pg->sql("SELECT orchestration.delete_container($bc1)");
$pg->sql("DELETE FROM orchestration.containers WHERE id = $bc1");
within(sub { get('bc1') =~ /^none/ }, 'a deleted container is');

# ---- a connection that breaks
fill('ac1');
$pg->sql(q{ALTER ROLE listener CONNECTION LIMIT 0; SELECT pg_terminate_backend(pid, 30000) FROM pg_stat_activity WHERE usename = 'listener'});
$pg->sql("UPDATE orchestration.containers SET replicas = 5 WHERE id = $ac1");
is(get('ac1'), '3 from redis', 'what changes while nobody listens is missed');
$pg->sql('ALTER ROLE listener CONNECTION LIMIT -1');
ok($pg->until_true($listening), 'somebody listens again');
within(sub { get('ac1') =~ /^5 / }, 'and has forgotten everything');

# ---- off
$pg->sql("SELECT orchestration_internal.disable_change_events('containers')");
fill('ac1');
$pg->sql("UPDATE orchestration.containers SET replicas = 6 WHERE id = $ac1; UPDATE orchestration.namespaces SET labels = '{\"a\": \"b\"}' WHERE name = 'a'");
is(get('ac1'), '5 from redis', 'without events nothing is forgotten');

# ---- dumped with the tables
my $dump = OrchServer::must_run([ 'pg_dump', '-h', $pg->{dir}, '-p', $pg->{port}, '-U', 'postgres', '-n', 'orchestration', '-s', 'app' ]);
like($dump, qr/CREATE TRIGGER change_events_update AFTER UPDATE ON orchestration\.namespaces/, 'a dump has the triggers');
unlike($dump, qr/change_events_update AFTER UPDATE ON orchestration\.containers/, 'those that there are');

$_->kill_kill(grace => 5) for reverse @processes;
done_testing();
