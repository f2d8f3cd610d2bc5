# Nobody stops or restarts a worker who has no right to: not with a command that is refused, not with settings of the
# database, not with databases of his own.  Tried as an ordinary login role, and as a database's owner who is no superuser.
use strict;
use warnings;
use OrchServer;
use OrchSession;
use Test::More;
use Time::HiRes ();

my $databases = 3;
$SIG{PIPE} = 'IGNORE';
my $pg = OrchServer->new('outside', settings => {
		'orchestration.worker_enabled' => 'on', 'orchestration.database_scan_interval' => "'1s'",
		'orchestration.max_databases' => $databases, max_prepared_transactions => 2 });
$pg->start->create_bootstrapped('app');
$pg->people;
$pg->as_administrator("SELECT orchestration.register_cluster('nowhere', orchestration.kubeconfig('https://127.0.0.1:9', token => 't'))");
$pg->sql(<<SQL, db => 'postgres');
CREATE ROLE somebody LOGIN;
CREATE ROLE maker LOGIN CREATEDB;
CREATE ROLE app_owner LOGIN CREATEDB;
CREATE ROLE landlord LOGIN;
ALTER DATABASE app OWNER TO app_owner;
CREATE DATABASE taken;
SQL
ok($pg->until_worker, 'a worker serves the database');
ok($pg->until_true("SELECT status = 'unreachable' FROM orchestration.clusters"), 'and is at work');

sub process { return $pg->sql("SELECT pid || ' ' || backend_start FROM pg_stat_activity WHERE backend_type = 'orchestration worker' AND datname = 'app'", db => 'postgres') }
sub cycles { return $pg->sql('SELECT cycles FROM orchestration.worker_status') }

# ---- what is refused moves nobody
my $was = process();
my @commands = (
	'DROP DATABASE app', 'DROP DATABASE app WITH (FORCE)', 'DROP DATABASE IF EXISTS app', 'ALTER DATABASE app RENAME TO other',
	'CREATE DATABASE copy TEMPLATE app', 'CREATE DATABASE copy TEMPLATE app STRATEGY file_copy', 'CREATE DATABASE copy TEMPLATE app OWNER maker',
	'ALTER DATABASE app SET TABLESPACE pg_default', 'ALTER DATABASE app CONNECTION LIMIT 0', 'ALTER DATABASE app ALLOW_CONNECTIONS false',
	'ALTER DATABASE app IS_TEMPLATE true', 'ALTER DATABASE app SET statement_timeout = 1', 'ALTER DATABASE app OWNER TO maker',
	'ALTER ROLE orchestration_worker NOLOGIN', 'ALTER ROLE orchestration_worker SET role = somebody', 'DROP ROLE orchestration_worker',
	'REVOKE CONNECT ON DATABASE app FROM orchestration_worker', 'ALTER SYSTEM SET orchestration.worker_enabled = off',
	'SET ROLE orchestration_worker', 'GRANT orchestration_worker TO current_user', 'SET orchestration.worker_enabled = off',
	(map { my $pid = $_; map { "SELECT $_($pid)" } qw(pg_terminate_backend pg_cancel_backend) }
		split /\n/, $pg->sql("SELECT pid FROM pg_stat_activity WHERE backend_type IN ('orchestration worker', 'orchestration launcher') AND COALESCE(datname, 'app') = 'app'")),
	'LOCK TABLE pg_database IN ACCESS EXCLUSIVE MODE', 'REINDEX DATABASE app', 'VACUUM FULL pg_database');
for my $who (qw(somebody maker))
{
	for my $command (@commands)
	{
		my ($status, $out, $err) = $pg->try($command, as => $who, db => 'postgres');

		# a database's own settings and grants answer with a warning at most
		isnt("$status$err", '0', "$who: $command is refused") if $command !~ /REVOKE|pg_database$/;
	}
}
# the owner has the right, and the command fails all the same
for my $command (
	'ALTER DATABASE app RENAME TO taken', 'CREATE DATABASE taken TEMPLATE app', 'CREATE DATABASE copy TEMPLATE app OWNER somebody',
	'CREATE DATABASE copy TEMPLATE app TABLESPACE nowhere', 'ALTER DATABASE app SET TABLESPACE nowhere', 'ALTER DATABASE app SET TABLESPACE pg_global',
	'BEGIN; DROP DATABASE app', 'DO $$ BEGIN DROP DATABASE app; END $$', 'SET default_transaction_read_only = on; DROP DATABASE app')
{
	isnt($pg->error($command, as => 'app_owner', db => 'postgres'), '', "owner: $command fails");
}
like($pg->error('DROP DATABASE app', as => 'app_owner'), qr/55006/, 'owner: not from inside');
{
	my $visitor = OrchSession->new($pg, 'app', 'somebody');

	$visitor->sql('SELECT 1');
	for my $command ('DROP DATABASE app', 'ALTER DATABASE app RENAME TO other', 'CREATE DATABASE copy TEMPLATE app', 'DROP DATABASE app WITH (FORCE)')
	{
		like($pg->error($command, as => 'app_owner', db => 'postgres'), qr/55006|42501/, "owner: $command while somebody is connected");
	}
	$visitor->close;
}
$pg->sql("BEGIN; CREATE TABLE public.t (); PREPARE TRANSACTION 'kept'");
like($pg->error('DROP DATABASE app', as => 'app_owner', db => 'postgres'), qr/55006/, 'owner: with a prepared transaction');
$pg->sql("ROLLBACK PREPARED 'kept'");
is(process(), $was, 'through all that it is the same process');

# ---- what is allowed goes through
sub goes_through
{
	my ($command, $served, %options) = @_;

	is($pg->error($command, db => 'postgres', as => 'app_owner', %options), '', "owner: $command");
	ok($pg->until_worker($served), "$served is served");
}
goes_through('CREATE DATABASE copy TEMPLATE app', 'app');
goes_through('CREATE DATABASE copied TEMPLATE app STRATEGY file_copy', 'app') if $pg->sql('SHOW server_version_num', db => 'postgres') >= 150000;
goes_through('ALTER DATABASE copy RENAME TO renamed', 'renamed');
my $space = "$pg->{dir}/space";
OrchServer::must_run([ OrchServer::as_server_user('mkdir', $space) ]);
$pg->sql("CREATE TABLESPACE space LOCATION '$space'", db => 'postgres');
$pg->sql('GRANT CREATE ON TABLESPACE space, pg_default TO app_owner', db => 'postgres');
goes_through('ALTER DATABASE app SET TABLESPACE space', 'app');
goes_through('ALTER DATABASE app SET TABLESPACE pg_default', 'app');
goes_through('DROP DATABASE renamed', 'app');
goes_through('DROP DATABASE IF EXISTS copied WITH (FORCE)', 'app');

# ---- whoever wanted it empty may end in any way
for my $ending ('pg_cancel_backend', 'pg_terminate_backend', 'kill')
{
	my $holder = OrchSession->new($pg, 'postgres');
	$holder->sql("BEGIN; COMMENT ON DATABASE app IS 'held'");
	my $dropper = OrchSession->new($pg, 'postgres', 'app_owner');
	my $pid = $dropper->sql('SELECT pg_backend_pid()');
	$dropper->send('DROP DATABASE app');
	ok($pg->until_no_worker, "$ending: it steps aside for a command that waits");
	ok($pg->until_true("SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = $pid", db => 'postgres'), 'for a lock');
	$ending eq 'kill' ? kill('KILL', $pid) : $pg->sql("SELECT $ending($pid)", db => 'postgres');
	ok($pg->until_true("SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = $pid AND state = 'active')", db => 'postgres'), 'the command ends');
	eval { $holder->sql('ROLLBACK') };
	eval { $_->close } for $holder, $dropper;
	ok($pg->until_worker('app', timeout => 20), "$ending: and comes back");
}

# ---- settings of the database and of roles are not for the worker
my %odd = (	# where the smallest and the other value would harm nobody
	client_encoding => 'LATIN1', timezone => 'Asia/Kathmandu', datestyle => 'German, DMY', intervalstyle => 'sql_standard', search_path => 'public',
	role => 'landlord', default_tablespace => 'space', temp_tablespaces => 'space', default_transaction_isolation => 'serializable',
	session_preload_libraries => undef, local_preload_libraries => undef, statement_timeout => '1', lock_timeout => '1',
	restrict_nonsystem_relation_kind => 'view', transaction_timeout => '1', work_mem => '64', application_name => 'nobody');
$pg->sql('GRANT landlord TO orchestration_worker', db => 'postgres');
my $set = 0;
for my $line (split /\n/, $pg->sql("SELECT name, vartype, min_val, setting, COALESCE((SELECT e FROM unnest(enumvals) e WHERE e <> setting LIMIT 1), '')
	FROM pg_settings WHERE context = 'user' AND name NOT LIKE 'orchestration.%' ORDER BY name"))
{
	my ($name, $type, $least, $now, $other) = split /\|/, $line, -1;
	my $value = exists $odd{ lc $name } ? $odd{ lc $name } : $type eq 'bool' ? ($now eq 'on' ? 'off' : 'on') : $type eq 'enum' ? $other : $type eq 'string' ? undef : $least;

	next if !defined $value || $name =~ /^(transaction_|client_min|exit_on_error)/;
	my ($status) = $pg->try("ALTER DATABASE app SET $name = " . ($name =~ /search_path|tablespaces|datestyle/i ? $value : "'$value'"), as => 'app_owner', db => 'postgres');
	$set++ if $status == 0;
}
$pg->sql("ALTER ROLE orchestration_worker SET default_transaction_read_only = on; ALTER ROLE ALL SET search_path = ''; ALTER ROLE orchestration_worker IN DATABASE app SET role = landlord", db => 'postgres');
cmp_ok($set, '>', 80, "as its owner $set settings of the database are as odd as can be");
my ($pid) = split / /, process();
$pg->sql("SELECT pg_terminate_backend($pid)", db => 'postgres');
ok($pg->until_true("SELECT pid <> $pid FROM pg_stat_activity WHERE backend_type = 'orchestration worker' AND datname = 'app'", db => 'postgres'), 'another worker comes');
# whoever asks is not to be disturbed by them either
local $ENV{PGOPTIONS} = join ' ', map { "-c $_" } qw(statement_timeout=0 lock_timeout=0 default_transaction_read_only=off role=none search_path=public), $pg->sql("SHOW server_version_num", db => 'postgres') >= 170000 ? ('transaction_timeout=0', 'restrict_nonsystem_relation_kind=') : ();
my $offset = $pg->log_size;
$pg->sql("SELECT orchestration.register_cluster('later', orchestration.kubeconfig('https://127.0.0.1:9', token => 't'))");
ok($pg->until_true("SELECT status = 'unreachable' FROM orchestration.clusters WHERE name = 'later'"), 'and works as if nobody had set anything') or diag($pg->log_tail(20));
is($pg->sql("SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE a.backend_type = 'orchestration worker' AND a.datname = 'app' AND NOT l.granted"), 0, 'waiting for nothing');
unlike($pg->log_text($offset), qr/(?:ERROR|WARNING|FATAL):.*(?:timeout|read-only|permission|does not exist)/, 'without an error');
delete $ENV{PGOPTIONS};
$pg->sql('ALTER DATABASE app RESET ALL; ALTER ROLE orchestration_worker RESET ALL; ALTER ROLE ALL RESET ALL; ALTER ROLE orchestration_worker IN DATABASE app RESET ALL; REVOKE landlord FROM orchestration_worker', db => 'postgres');

# ---- databases without the extension take no place from those that have it
$pg->sql("CREATE DATABASE empty$_", as => 'maker', db => 'postgres') for 1 .. 2 * $databases;
Time::HiRes::sleep(2.5);	# two scans: nothing is waited for, and nothing may fail before the others come
$pg->sql('CREATE DATABASE second', db => 'postgres');
$pg->sql('CREATE EXTENSION orchestration CASCADE; SELECT orchestration.bootstrap()', db => 'second');
ok($pg->until_worker('second'), 'more databases than places: one with the extension is served');
$pg->sql('CREATE DATABASE third TEMPLATE second', db => 'postgres');
ok($pg->until_worker('third'), 'so is one that was copied');
ok($pg->until_worker($_), "$_ is still served") for qw(app second);
$pg->sql('CREATE DATABASE fourth TEMPLATE second', db => 'postgres');
ok($pg->until_true("SELECT state = 'waiting' FROM orchestration.worker_status", db => 'fourth'), 'where more have it than there are places, worker_status says so') or diag($pg->{last_answer});
ok($pg->until_worker('second'), 'and the others are served');
my @said = $pg->log_text =~ /WARNING:.*database \d+ has no worker: $databases other databases have one/g;
cmp_ok(scalar(@said), '>=', 1, 'the log says so');
Time::HiRes::sleep(2.5);
is(scalar(() = $pg->log_text =~ /has no worker: $databases other databases/g), scalar(@said), 'once');
$pg->sql('DROP DATABASE third', db => 'postgres');
ok($pg->until_worker('fourth'), 'when one is dropped, the one that waited is served');

# ---- the launcher
my $launcher = $pg->sql("SELECT pid FROM pg_stat_activity WHERE backend_type = 'orchestration launcher'", db => 'postgres');
$was = process();
$pg->sql("SELECT pg_terminate_backend($launcher)", db => 'postgres');
ok($pg->until_true("SELECT pid <> $launcher FROM pg_stat_activity WHERE backend_type = 'orchestration launcher'", db => 'postgres'), 'a terminated launcher comes back');
is(process(), $was, 'and starts no worker that is there');
unlike($pg->log_text, qr/PANIC|TRAP|signal 11/, 'nothing crashed');
$pg->stop;

# ---- processes that others hold
my $narrow = OrchServer->new('narrow', settings => {
		'orchestration.worker_enabled' => 'on', 'orchestration.database_scan_interval' => "'1s'", max_worker_processes => 4, max_parallel_workers => 4 });
$narrow->start->create_bootstrapped('app');
ok($narrow->until_worker, 'few background workers: one serves the database');
$narrow->sql('CREATE ROLE somebody LOGIN', db => 'postgres');
my $force = $narrow->sql('SHOW server_version_num', db => 'postgres') >= 160000 ? 'debug_parallel_query' : 'force_parallel_mode';
# each sleep asks anew for a process, until it finds one
my @holders = map { OrchSession->new($narrow, 'postgres', 'somebody') } 1 .. 5;
$_->send(join '; ', "SET $force = on", ('SELECT pg_sleep(0.5)') x 1000) for @holders;
ok($narrow->until_true("SELECT count(*) >= 1 FROM pg_stat_activity WHERE backend_type = 'parallel worker'", db => 'postgres'), 'parallel queries of anybody hold the others');
$pid = $narrow->worker_pid;
$narrow->sql("SELECT pg_terminate_backend($pid)", db => 'postgres');
my $until = time + 60;
Time::HiRes::sleep(0.2) while time < $until && $narrow->log_text !~ /no background worker slot is free/;
like($narrow->log_text, qr/no background worker slot is free/, 'when others hold all background workers the log says so');
$narrow->sql("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE query LIKE '%pg_sleep%' AND pid <> pg_backend_pid()", db => 'postgres');
ok($narrow->until_worker('app', timeout => 10), 'and the worker comes within seconds when one is free');
eval { $_->close } for @holders;
$narrow->stop;
done_testing();
