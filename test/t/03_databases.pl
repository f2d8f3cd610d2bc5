# Databases come, are copied, renamed and dropped under a running worker.
use strict;
use warnings;
use OrchServer;
use Test::More;

my $pg = OrchServer->new('databases', settings => { 'orchestration.worker_enabled' => 'on', 'orchestration.database_scan_interval' => "'1s'" });
$pg->start->create_bootstrapped('app');
$pg->people;
$pg->as_administrator("SELECT orchestration.register_cluster('nowhere', orchestration.kubeconfig('https://127.0.0.1:9', token => 't'))");
$pg->as_administrator("SELECT orchestration.create_namespace('a', 'nowhere')");
$pg->joins('a');
$pg->as_operator("SELECT orchestration.create_container('a', 'c', 'x')");
ok($pg->until_worker, 'a worker serves the database');

# ---- one worker each, none where there is nothing to do
$pg->sql('CREATE DATABASE empty', db => 'postgres');
$pg->sql('CREATE DATABASE code', db => 'postgres');
$pg->sql('CREATE EXTENSION orchestration CASCADE', db => 'code');
$pg->sql('CREATE DATABASE second', db => 'postgres');
$pg->sql('CREATE EXTENSION orchestration CASCADE; SELECT orchestration.bootstrap()', db => 'second');
ok($pg->until_worker('second'), 'a second database has its own');
# those of other databases come, look and leave
ok($pg->until_true("SELECT string_agg(datname, ',' ORDER BY datname) = 'app,second' FROM pg_stat_activity WHERE backend_type = 'orchestration worker'"), 'and nobody else keeps one');
is($pg->sql("SELECT string_agg(database_name || ' ' || state, ',' ORDER BY database_name) FROM orchestration_internal.worker_state() WHERE database_name IN ('app', 'second')"), 'app running,second running', 'worker_state() shows both');

# ---- copied
$pg->sql('CREATE DATABASE copy TEMPLATE app', db => 'postgres');
ok($pg->until_worker('copy'), 'CREATE DATABASE TEMPLATE: the copy has a worker');
ok($pg->until_worker('app'), 'and the original has one again');
is($pg->sql('SELECT count(*) FROM orchestration.containers', db => 'copy'), 1, 'the rows were copied');

# ---- renamed
$pg->sql('ALTER DATABASE copy RENAME TO renamed', db => 'postgres');
ok($pg->until_worker('renamed'), 'ALTER DATABASE RENAME: it is served under the new name');

# ---- refused commands leave all as it was
like($pg->error('ALTER DATABASE app RENAME TO second', db => 'postgres'), qr/42P04/, 'a rename that cannot be');
ok($pg->until_worker('app'), 'leaves the worker or brings it back');
like($pg->error('DROP DATABASE app'), qr/55006/, 'DROP DATABASE of the current one is refused');
ok($pg->until_worker('app'), 'and the worker is there');

# ---- dropped
$pg->sql('DROP DATABASE renamed', db => 'postgres');
is($pg->sql("SELECT count(*) FROM pg_database WHERE datname = 'renamed'", db => 'postgres'), 0, 'DROP DATABASE is not held up by the worker');
ok($pg->until_no_worker('renamed'), 'whose worker is gone');
$pg->sql('DROP DATABASE second WITH (FORCE)', db => 'postgres');
ok($pg->until_no_worker('second'), 'nor is DROP DATABASE WITH (FORCE)');

# ---- the name of a dropped one again
$pg->sql('CREATE DATABASE second', db => 'postgres');
$pg->sql('CREATE EXTENSION orchestration CASCADE; SELECT orchestration.bootstrap()', db => 'second');
ok($pg->until_worker('second'), 'a new database under an old name is served');

# ---- no more than there is room for, and the others come when there is
ok($pg->until_true("SELECT string_agg(datname, ',' ORDER BY datname) = 'app,second' FROM pg_stat_activity WHERE backend_type = 'orchestration worker'", db => 'postgres'), 'two workers');
is($pg->sql("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'orchestration launcher'", db => 'postgres'), 1, 'one launcher');
unlike($pg->log_text, qr/PANIC|TRAP|signal 11|was terminated by/, 'nothing crashed');

# ---- where nobody may connect
$pg->sql('ALTER DATABASE second ALLOW_CONNECTIONS false; SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = \'second\'', db => 'postgres');
ok($pg->until_no_worker('second'), 'a database that takes no connections has no worker');

$pg->stop;
done_testing();
