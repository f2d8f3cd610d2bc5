# Installing, bootstrapping twice, and removing again.
use strict;
use warnings;
use OrchServer;
use Test::More;

my $pg = OrchServer->new('install', settings => { 'orchestration.worker_enabled' => 'on' });
$pg->start;

# ---- what must not be adopted
$pg->sql('CREATE DATABASE planted');
$pg->sql('CREATE SCHEMA orchestration', db => 'planted');
like($pg->error('CREATE EXTENSION orchestration CASCADE', db => 'planted'), qr/42P06.*orchestration/, 'a schema that somebody planted stops CREATE EXTENSION');

$pg->sql('CREATE DATABASE latin ENCODING LATIN1 LOCALE "C" TEMPLATE template0');
$pg->sql('CREATE EXTENSION orchestration CASCADE', db => 'latin');
like($pg->error('SELECT orchestration.bootstrap()', db => 'latin'), qr/0A000.*LATIN1/, 'an encoding other than UTF8 is refused');

# ---- code first, tables then
$pg->sql('CREATE DATABASE app');
$pg->{db} = 'app';
like($pg->error('CREATE EXTENSION orchestration'), qr/pgcrypto/, 'what it needs is named');
$pg->sql('CREATE EXTENSION orchestration CASCADE');
is($pg->sql("SELECT count(*) FROM pg_class WHERE relnamespace IN ('orchestration'::regnamespace, 'orchestration_internal'::regnamespace) AND relkind IN ('r', 'p')"), 0, 'CREATE EXTENSION makes no table');
is($pg->sql('SELECT orchestration_internal.installed_schema_version() IS NULL'), 't', 'and says so');
$pg->sql('CREATE ROLE ordinary LOGIN');
{
	local $pg->{user} = 'ordinary';
	like($pg->error('SELECT orchestration.bootstrap()'), qr/42501/, 'an ordinary role may not bootstrap');
}
ok(!-e "$pg->{data}/orchestration.key", 'there is no key yet');
$pg->sql('SELECT orchestration.bootstrap()');
my $key = "$pg->{data}/orchestration.key";
ok(-s $key, 'bootstrap() makes the key');
is(sprintf('%04o', (stat $key)[2] & 07777), '0600', 'which its owner alone may read');

# ---- twice is once
my $shape = <<'SQL';
SELECT line FROM (
	SELECT format('%s %s', c.oid::regclass, c.relkind) FROM pg_class c WHERE relnamespace IN ('orchestration'::regnamespace, 'orchestration_internal'::regnamespace)
	UNION ALL SELECT format('%s.%s %s %s', a.attrelid::regclass, a.attname, format_type(a.atttypid, a.atttypmod), a.attnum)
	FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid WHERE c.relnamespace IN ('orchestration'::regnamespace, 'orchestration_internal'::regnamespace) AND a.attnum > 0
	UNION ALL SELECT pg_get_constraintdef(oid) || conname FROM pg_constraint WHERE connamespace IN ('orchestration'::regnamespace, 'orchestration_internal'::regnamespace)
	UNION ALL SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
	UNION ALL SELECT format('%s %s', oid::regclass, relacl) FROM pg_class WHERE relnamespace IN ('orchestration'::regnamespace, 'orchestration_internal'::regnamespace)
	UNION ALL SELECT format('%s %s', oid::regprocedure, proacl) FROM pg_proc WHERE pronamespace IN ('orchestration'::regnamespace, 'orchestration_internal'::regnamespace)
	UNION ALL SELECT format('%s %s', roleid, permissions) FROM (SELECT id AS roleid, permissions FROM orchestration.roles) r
	UNION ALL SELECT 'installation ' || id || schema_version FROM orchestration.installation) l (line)
ORDER BY line
SQL
my $once = $pg->sql($shape);
my $rows = $pg->sql('SELECT count(*) FROM orchestration.roles');
open my $file, '<', $key;
my $content = <$file>;
$pg->sql('SELECT orchestration.bootstrap()');
is_deeply([ split /\n/, $pg->sql($shape) ], [ split /\n/, $once ], 'a second bootstrap() changes nothing');
open $file, '<', $key;
is(<$file>, $content, 'not the key either');
is($pg->sql("SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal AND tgrelid = 'orchestration.containers'::regclass") > 0 ? 1 : 0, 1, 'the triggers are there');

is($pg->sql("BEGIN; SELECT orchestration.bootstrap(); SELECT string_agg(DISTINCT c.oid::regclass::text, ' ') FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
	WHERE l.pid = pg_backend_pid() AND l.mode = 'AccessExclusiveLock' AND c.relkind IN ('r', 'p', 'm') AND c.relnamespace IN ('orchestration'::regnamespace, 'orchestration_internal'::regnamespace); ROLLBACK") =~ s/\s//gr, '',
	'nor does it keep anybody from reading a table');

# ---- two at once
{
	my @sessions = map { my @command = $pg->psql_command('app', '-c', 'SELECT orchestration.bootstrap()'); IPC::Run::start(\@command, '<', \undef, '>', \my $out, '2>', \my $err) } 1 .. 3;
	is(scalar(grep { IPC::Run::finish($_) } @sessions), 3, 'several at once do not disturb each other');
	is_deeply([ split /\n/, $pg->sql($shape) ], [ split /\n/, $once ], 'nor change anything');
}

# ---- without preload it is code and tables, and says what is missing
my $plain = OrchServer->new('plain', settings => { shared_preload_libraries => "''" });
$plain->start->create_bootstrapped('app');
is($plain->error("SELECT orchestration.create_namespace('a')"), '', 'without preload rows can be written');
my $id = $plain->sql("SELECT orchestration.create_container('a', 'c', 'x')");
is($plain->sql("SELECT orchestration.wait_for_container($id, 'running', '300ms')"), 'f', 'and waited for');
like($plain->error('SELECT * FROM orchestration_internal.worker_state()'), qr/OR032.*shared_preload_libraries/s, 'and the worker\'s absence is explained');

# ---- away with it
ok($pg->until_worker, 'a worker serves the database');
like($pg->error('DROP EXTENSION orchestration'), qr/2BP01/, 'DROP EXTENSION is refused while there are tables');
is($pg->sql('SELECT count(*) FROM orchestration.roles'), $rows, 'and nothing is lost');
ok($pg->worker_pid, 'nor does the worker go');
$pg->sql('DROP EXTENSION orchestration CASCADE');
ok($pg->until_no_worker, 'after DROP EXTENSION CASCADE the worker leaves');
unlike($pg->log_text, qr/PANIC|FATAL|server process .* was terminated/, 'nothing crashed');
$pg->sql('CREATE EXTENSION orchestration; SELECT orchestration.bootstrap()');
ok($pg->until_worker, 'installed again, it is served again');

# ---- the extension without its tables is dropped freely
like($pg->error('DROP EXTENSION orchestration', db => 'latin'), qr/^$/, 'without tables DROP EXTENSION just works');

$pg->stop;
$plain->stop;
done_testing();
