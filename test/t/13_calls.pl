# Every function that somebody else than the owner may execute, called with nonsense by every kind of user; every table
# and view read by them.  An answer or an error, never a crash, a privilege that is missing inside, or a lock on what is
# somebody else's.
use strict;
use warnings;
use IPC::Run ();
use OrchServer;
use OrchSession;
use Test::More;
use Time::HiRes qw(time);

my $pg = OrchServer->new('calls');

$pg->configure('max_connections' => 50);
$pg->start->create_bootstrapped('app');
$pg->sql(<<'SQL');
SELECT orchestration.register_cluster('home', orchestration.kubeconfig('https://127.0.0.1:1', token => 'x', insecure_skip_tls_verify => true));
SELECT orchestration.create_namespace('shop', cluster => 'home');
SELECT orchestration.create_config_map('shop', 'conf', '{"k": "v"}');
SELECT orchestration.create_secret('shop', 'cred', '{"k": "v"}');
SELECT orchestration.create_volume('shop', 'data', size => '1Gi');
SELECT orchestration.create_container('shop', 'web', 'nginx:1', env => '{"A": "1"}', ports => '[{"containerPort": 80}]', volumes => '[{"volume": "data", "mountPath": "/data"}]');
SELECT count(*) FROM orchestration_internal.simulate_claim(1, 100);
CREATE ROLE nobody LOGIN IN ROLE orchestration_user;
CREATE ROLE ordinary LOGIN IN ROLE orchestration_user;
CREATE ROLE administrator LOGIN IN ROLE admin_role;
CREATE ROLE gateway LOGIN IN ROLE orchestration_gateway;
CREATE ROLE exporter LOGIN IN ROLE orchestration_monitor;
CREATE ROLE personnel LOGIN IN ROLE operators;
INSERT INTO orchestration.users (username, db_role) VALUES ('ordinary', 'ordinary'), ('administrator', 'administrator');
INSERT INTO orchestration.user_roles (user_id, role_id, namespace_id)
SELECT u.id, r.id, CASE u.username WHEN 'ordinary' THEN 1 END
FROM orchestration.users u JOIN orchestration.roles r ON r.name = CASE u.username WHEN 'ordinary' THEN 'operator' ELSE u.username END;
SQL
OrchServer::must_run([ $pg->psql_command('app'), '-f', "$ENV{TESTDIR}/call_everything.sql" ]);

# what is somebody else's is locked for as long
my $owner = OrchSession->new($pg, 'app');
$owner->sql('BEGIN; LOCK TABLE victim.plain, victim.view, victim.months, victim.month IN ACCESS EXCLUSIVE MODE');

my @roles = qw(nobody ordinary administrator gateway exporter personnel);
my $began = time;
my $total = 0;

# two at a time, as there are two cores
sub run_as
{
	my ($who, $statement) = @_;
	my ($role, $isolation) = split /, /, $who;
	my %run = (role => $who, out => '', err => '');

	$run{h} = IPC::Run::start(
		[ 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-h', '127.0.0.1', '-p', $pg->{port}, '-U', $role, '-d', 'app', '-c', "SET lock_timeout = '100ms'",
			'-c', "SET default_transaction_isolation = '" . ($isolation // 'read committed') . "'", '-c', $statement ],
		'<', \undef, '>', \$run{out}, '2>', \$run{err});
	return \%run;
}

# some ask more of a transaction with a snapshot
my @callers = (@roles, 'ordinary, repeatable read');
my @waiting = @callers;
my @running;
my %ended;

while (@waiting || @running)
{
	push @running, run_as(shift @waiting, q{SELECT calls || '|' || answered || '|' || array_to_string(problems, E'\n') FROM fuzz.call_all(6)}) while @waiting && @running < 2;
	my $run = shift @running;
	$run->{ok} = $run->{h}->finish;
	$ended{ $run->{role} } = $run;
}
for my $role (@callers)
{
	my $run = $ended{$role};
	my ($calls, $answered, $problems) = $run->{out} =~ /\A(\d+)\|(\d+)\|(.*)\z/s;

	ok($run->{ok}, "$role calls everything and the server lives") or diag($run->{err});
	is($problems // 'none told', "\n", "$role: an answer or an error of ours");
	cmp_ok($answered // 0, '>', 0, "$role gets answers to $answered of $calls calls") if defined $answered;
	$total += $calls // 0;
}
note(sprintf '%d calls as %d roles in %.0f s', $total, scalar @callers, time - $began);
$owner->close;

for my $role (@roles)
{
	my $run = run_as($role, q{SELECT relations || '|' || array_to_string(problems, E'\n') FROM fuzz.read_all()});

	$run->{h}->finish;
	my ($relations, $problems) = $run->{out} =~ /\A(\d+)\|(.*)\z/s;
	is($problems // $run->{err}, "\n", "$role reads all of the " . ($relations // 'no') . ' tables and views that it may read');
}
unlike($pg->log_text, qr/terminated by signal|PANIC|TRAP:/, 'the server did not notice anything either');
$pg->stop;
done_testing();
