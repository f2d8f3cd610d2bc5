# The worker as a process: what it holds, when it comes and goes, how it dies.
use strict;
use warnings;
use IO::Socket::INET;
use OrchServer;
use Test::More;
use Time::HiRes ();

my $pg = OrchServer->new('worker', settings => { 'orchestration.worker_enabled' => 'on', 'orchestration.database_scan_interval' => "'1s'" });
$pg->start->create_bootstrapped('app');
$pg->people;

sub kubeconfig
{
	my ($port) = @_;

	return qq({"apiVersion": "v1", "kind": "Config", "current-context": "c", "clusters": [{"name": "c", "cluster": {"server": "https://127.0.0.1:$port"}}],
		"users": [{"name": "u", "user": {"token": "t"}}], "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}]});
}

# one port where nobody listens, one where connections are taken and nothing is ever said
my $silent = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 64) or die $!;
$pg->as_administrator("SELECT orchestration.register_cluster('closed', '" . kubeconfig(OrchServer::free_port()) . "')");
$pg->as_administrator("SELECT orchestration.register_cluster('silent', '" . kubeconfig($silent->sockport) . "')");
$pg->as_administrator("SELECT orchestration.create_namespace('a', 'closed')");
$pg->joins('a');
$pg->as_operator("SELECT orchestration.create_container('a', 'c', 'x')");

ok($pg->until_worker, 'a worker comes') or diag($pg->log_tail(20));
my $activity = "FROM pg_stat_activity WHERE backend_type = 'orchestration worker' AND datname = 'app'";	# the workers of other databases come, look and leave
ok($pg->until_true("SELECT status = 'unreachable' FROM orchestration.clusters WHERE name = 'closed'"), 'a closed port is unreachable');
ok($pg->until_true("SELECT status = 'unreachable' FROM orchestration.clusters WHERE name = 'silent'", timeout => 90), 'so is one that says nothing');
is($pg->sql('SELECT status FROM orchestration.containers'), 'pending', 'the container waits');

# ---- what it holds
is($pg->sql("SELECT count(*) $activity"), 1, 'there is one');
is($pg->sql("SELECT usename $activity"), 'orchestration_worker', 'it runs as a role of its own');
is($pg->sql("SELECT rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication FROM pg_roles WHERE rolname = 'orchestration_worker'"), 'f', 'which is no superuser, nor near to one');
is($pg->sql("SELECT rolbypassrls FROM pg_roles WHERE rolname = 'orchestration_worker'"), 't', 'but serves all namespaces');
my ($seen, $held) = (0, 0);
for (1 .. 60)
{
	my ($waits, $xmin) = split /\|/, $pg->sql("SELECT wait_event_type IN ('Extension', 'Activity'), backend_xmin IS NOT NULL OR backend_xid IS NOT NULL OR xact_start IS NOT NULL $activity");
	$seen++ if $waits eq 't';
	$held++ if $waits eq 't' && $xmin eq 't';
	Time::HiRes::sleep(0.02);
}
cmp_ok($seen, '>', 0, 'it was seen waiting');
is($held, 0, 'and never held a snapshot or a transaction then');
is($pg->sql("SELECT application_name $activity"), 'orchestration worker', 'it says who it is');

# ---- switched off and on
$pg->configure('orchestration.worker_enabled' => 'off');
$pg->reload;
ok($pg->until_no_worker, 'switched off, it leaves');
is($pg->error("UPDATE orchestration.containers SET replicas = 2"), '', 'rows can be written all the same');
$pg->configure('orchestration.worker_enabled' => 'on');
$pg->reload;
ok($pg->until_worker, 'switched on, it comes back');

# ---- ended from outside
my $pid = $pg->worker_pid;
my $terminated = $pg->sql("SELECT clock_timestamp() FROM pg_terminate_backend($pid)");
ok($pg->until_true("SELECT pid <> $pid $activity"), 'after pg_terminate_backend() another one comes');
is($pg->sql("SELECT backend_start >= '$terminated'::timestamptz + interval '2 seconds' $activity"), 't', 'after two seconds, as docs/operations.md says');
$pid = $pg->worker_pid;
kill 'KILL', $pid if $pid;
ok($pg->until_true("SELECT pid <> $pid $activity", timeout => 90), 'after kill -9 another one comes');
is($pg->sql('SELECT count(*) FROM orchestration.containers'), 1, 'and the rows are there');
is($pg->sql("SELECT pg_cancel_backend(pid) $activity"), 't', 'a cancel request');
Time::HiRes::sleep(0.5);
ok($pg->until_worker, 'does not stop it for long');

# ---- shutdown, with a request under way that nobody will answer
for my $mode (qw(fast immediate smart))
{
	$pid = $pg->worker_pid;
	ok($pid, 'there is a worker') or next;
	ok($pg->stop($mode), "$mode shutdown is not held up");
	ok(!-d "/proc/$pid", 'the worker is gone');
	$pg->start;
	ok($pg->until_worker, 'and comes back with the server');
}

# ---- the postmaster dies alone
$pid = $pg->worker_pid;
my $postmaster = $pg->postmaster_pid;
OrchServer::must_run([ OrchServer::as_server_user('kill', '-9', $postmaster) ]);
my $left;
for (1 .. 200) { $left = -d "/proc/$pid" or last; Time::HiRes::sleep(0.05) }
ok(!$left, 'when the postmaster dies the worker does not outlive it');
$pg->start;
ok($pg->until_worker, 'and comes back');
unlike($pg->log_text, qr/PANIC|TRAP|segfault|signal 11/, 'no crash of its own making');

$pg->stop;
done_testing();
