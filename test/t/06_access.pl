# Row security behind a pooler and on a standby.
use strict;
use warnings;
use IPC::Run ();
use OrchServer;
use Test::More;

my $users = 50;
my $primary = OrchServer->new('primary');
$primary->start->create_bootstrapped('app');
$primary->sql(<<"SQL");
CREATE ROLE gate LOGIN IN ROLE orchestration_gateway;
CREATE ROLE ann LOGIN IN ROLE orchestration_user;
SELECT count(orchestration.create_namespace('n' || g)) FROM generate_series(1, $users) g;
SELECT count(orchestration.create_container('n' || g, 'of-u' || g || '-' || i, 'nginx')) FROM generate_series(1, $users) g, generate_series(1, 2) i;
INSERT INTO orchestration.users (username, db_role) SELECT 'u' || g, CASE g WHEN 1 THEN 'ann' END FROM generate_series(1, $users) g;
INSERT INTO orchestration.user_roles (user_id, role_id, namespace_id)
SELECT u.id, r.id, n.id FROM generate_series(1, $users) g JOIN orchestration.users u ON u.username = 'u' || g JOIN orchestration.namespaces n ON n.name = 'n' || g
JOIN orchestration.roles r ON r.name = 'viewer';
SQL

my ($refused, undef, $why) = OrchServer::run_command([ 'psql', '-X', '-h', '127.0.0.1', '-p', $primary->{port}, '-U', 'orchestration_worker', '-d', 'app', '-c', 'SELECT 1' ]);
isnt($refused, 0, 'nobody logs in as the worker, even where connections are trusted');
like($why, qr/for the background worker alone/, 'and is told so');

SKIP:
{
	my ($found) = grep { -x "$_/pgbouncer" } split(/:/, $ENV{PATH}), '/usr/sbin';

	skip 'SKIPPED: there is no pgbouncer', 5 if !$found && !$ENV{CI};
	my $dir = $primary->{dir};
	my $port = OrchServer::free_port();
	my $write = sub { open(my $f, '>', "$dir/$_[0]") or die $!; print $f $_[1]; close $f; };

	$write->('users.txt', qq{"gate" ""\n});
	$write->('pgbouncer.ini', <<"INI");
[databases]
app = host=127.0.0.1 port=$primary->{port} dbname=app user=gate
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = $port
unix_socket_dir =
auth_type = trust
auth_file = $dir/users.txt
pool_mode = transaction
default_pool_size = 2
max_client_conn = 200
logfile = $dir/pgbouncer.log
pidfile = $dir/pgbouncer.pid
INI
	# a read divides by zero when it sees a foreign row, or not all of its own
	my $read = "SELECT 1 / (count(*) = 2 AND bool_and(name LIKE 'of-' || orchestration.current_user_name() || '-%'))::int FROM orchestration.containers";
	my $nobody = "SELECT 1 / (count(*) = 0)::int FROM orchestration.containers";

	$write->('user.sql', "\\set u random(1, $users)\nBEGIN \\; SELECT orchestration.act_as('u:u') \\; " . join(' \\; ', ($read) x 5) . " \\; COMMIT;\n" =~ s/'u:u'/'u' || :u/r);
	$write->('nobody.sql', "$nobody;\n");
	my $pooler = IPC::Run::start([ "$found/pgbouncer", '-q', "$dir/pgbouncer.ini" ], '<', \'', '>', '/dev/null', '2>', '/dev/null');
	my @bench = ('pgbench', '-n', '-h', '127.0.0.1', '-p', $port, '-U', 'gate', '-c', '50', '-j', '2');

	for (1 .. 100)
	{
		my ($status) = OrchServer::run_command([ 'psql', '-X', '-h', '127.0.0.1', '-p', $port, '-U', 'gate', '-d', 'app', '-c', 'SELECT 1' ]);
		last if $status == 0;
		select(undef, undef, undef, 0.1);
	}
	my ($status, $out, $err) = OrchServer::run_command([ @bench, '-t', '450', '-f', "$dir/user.sql\@9", '-f', "$dir/nobody.sql\@1", 'app' ]);
	is($status, 0, 'fifty clients of fifty users on two connections') or diag "$out$err";
	unlike($err, qr/division by zero/, 'not one of a hundred thousand reads saw a foreign row, or missed one');
	like($out, qr{processed: 22500/22500}, 'all of them were made');
	cmp_ok($primary->sql("SELECT count(*) FROM pg_stat_activity WHERE usename = 'gate'"), '<=', 2, 'on two connections');

	# the test sees what it looks for: with the identity set for the session, not for the transaction
	$write->('leak.sql', "\\set u random(1, $users)\nSET orchestration.user_id = 1;\n$nobody;\n");
	(undef, undef, $err) = OrchServer::run_command([ @bench, '-t', '5', '-f', "$dir/leak.sql", 'app' ]);
	like($err, qr/division by zero/, 'a session-wide SET behind a pooler would leak, and be noticed');
	$pooler->signal('INT');
	IPC::Run::kill_kill($pooler, grace => 5);
}

my $standby = OrchServer->new('standby', from => $primary);
$standby->start;
$standby->{db} = 'app';
my $see = 'SELECT count(*) FROM orchestration.containers';
my $script = <<"SQL";
PREPARE look AS $see;
EXECUTE look;
SET application_name = 'has looked';
DO \$\$ BEGIN FOR i IN 1..600 LOOP EXIT WHEN ($see) = 0; PERFORM pg_sleep(0.1); END LOOP; END \$\$;
EXECUTE look;
SQL
open(my $file, '>', "$standby->{dir}/look.sql") or die $!;
print $file $script;
close $file;
my ($out, $err) = ('', '');
my $session = IPC::Run::start([ 'psql', '-XAtq', '-h', '127.0.0.1', '-p', $standby->{port}, '-U', 'ann', '-d', 'app', '-f', "$standby->{dir}/look.sql" ], '<', \'', '>', \$out, '2>', \$err);
ok($standby->until_true("EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'has looked')"), 'a session of a standby has read the grants');
$primary->sql("DELETE FROM orchestration.user_roles ur USING orchestration.users u WHERE u.id = ur.user_id AND u.username = 'u1'");
IPC::Run::finish($session);
is($out, "2\n0\n", 'and learns of a revoke on the primary') or diag $err;
is($standby->sql("SET SESSION AUTHORIZATION gate; BEGIN; SELECT orchestration.act_as('u2'); $see; COMMIT") =~ s/\s//gr, '2', 'gateways work there');

$standby->stop;
done_testing();
