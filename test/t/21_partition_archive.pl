# One month of a log table on its own: in another tablespace, dumped, dropped, restored, attached again; a copy of all.
use strict;
use warnings;
use OrchServer;
use OrchSession;
use Test::More;

my $pg = OrchServer->new('archive');
$pg->start->create_bootstrapped('app');
$pg->sql("UPDATE orchestration.partition_policies SET grace = '0' WHERE table_name = 'operation_logs'");

# Months before the current one, with rows.
sub fill
{
	$pg->sql(<<'SQL');
SELECT orchestration_internal.ensure_month('operation_logs', orchestration_internal.month_start(now(), -n)) FROM generate_series(1, 4) n;
INSERT INTO orchestration.operation_logs (namespace_id, started_at, operation, resource_type, resource_name)
SELECT 0, orchestration_internal.month_start(now(), -n) + interval '1 hour' * m, 'create', 'container', 'row ' || n || '.' || m FROM generate_series(1, 4) n, generate_series(1, 100) m;
SQL
}

sub month { return $pg->sql("SELECT 'operation_logs_' || orchestration_internal.month_suffix(orchestration_internal.month_start(now(), -$_[0]))") }
sub rows_of { return $pg->sql("SELECT count(*) || ' ' || COALESCE(md5(string_agg(l::text, ',' ORDER BY l.started_at)), '') FROM orchestration.operation_logs l WHERE orchestration_internal.month_start(l.started_at) = orchestration_internal.month_start(now(), -$_[0])") }
fill();

# ---- another tablespace: older months by policy, new ones where their table is
for my $name (qw(slow fast))
{
	OrchServer::must_run([ OrchServer::as_server_user('mkdir', '-p', "$pg->{dir}/$name") ]);
	$pg->sql("CREATE TABLESPACE $name LOCATION '$pg->{dir}/$name'");
}
my $before = rows_of(3);
$pg->sql("UPDATE orchestration.partition_policies SET retention_months = 1, action = 'tablespace', tablespace = 'slow' WHERE table_name = 'operation_logs'");
is($pg->sql("SELECT string_agg(action || ' ' || result, ', ') FROM orchestration.rotate_partitions()"), join(', ', ('tablespace done') x 3), 'three months are moved') or diag($pg->log_tail(20));
is($pg->sql("SELECT count(*) FROM orchestration.partition_status WHERE tablespace = 'slow'"), 3, 'they lie there');
is($pg->sql("SELECT count(*) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_tablespace t ON t.oid = c.reltablespace WHERE t.spcname = 'slow' AND i.indrelid = 'orchestration." . month(3) . "'::regclass"),
	$pg->sql("SELECT count(*) FROM pg_index WHERE indrelid = 'orchestration.operation_logs'::regclass"), 'with all their indexes');
is(rows_of(3), $before, 'and all their rows');
is($pg->sql('SELECT count(*) FROM orchestration.rotate_partitions()'), 0, 'once');
$pg->sql("SET allow_in_place_tablespaces = on; ALTER TABLE ONLY orchestration.operation_logs SET TABLESPACE fast; SELECT orchestration_internal.ensure_month('operation_logs', orchestration_internal.month_start(now(), 9))");
is($pg->sql("SELECT tablespace FROM orchestration.partition_status WHERE table_name = 'operation_logs' ORDER BY from_time DESC LIMIT 1"), 'fast', 'a new month is made where its table is');

# a reader of an old month holds the move up, and nobody else for longer than the wait for its lock
$pg->sql("UPDATE orchestration.partition_policies SET tablespace = 'fast' WHERE table_name = 'operation_logs'");
my $reader = OrchSession->new($pg);
$reader->sql('BEGIN; SELECT count(*) FROM orchestration.operation_logs');
$pg->sql("SELECT count(*) FROM orchestration.rotate_partitions('0')");
my $process = "FROM pg_stat_activity WHERE backend_type = 'orchestration partitions'";
ok($pg->until_true("SELECT count(*) = 1 $process AND query LIKE 'move%'"), 'a move waits for a reader');
is($pg->error("SET lock_timeout = '10s'; SELECT count(*) FROM orchestration.operation_logs"), '', 'others read on');
$reader->sql('COMMIT');
ok($pg->until_true("SELECT count(*) = 3 FROM orchestration.partition_status WHERE tablespace = 'fast' AND from_time < now() - interval '2 months' OR tablespace = 'fast' AND from_time = orchestration_internal.month_start(now(), -2)"), 'the reader gone, it is done')
  or diag($pg->sql('SELECT string_agg(partition_name || tablespace, chr(10)) FROM orchestration.partition_status'));
ok($pg->until_true("SELECT count(*) = 0 $process"), 'and over');

# ---- one month archived and brought back
my $month = month(4);
$before = rows_of(4);
$pg->sql("UPDATE orchestration.partition_policies SET retention_months = 3, action = 'detach', tablespace = NULL WHERE table_name = 'operation_logs'");
is($pg->sql("SELECT partition_name || ' ' || result FROM orchestration.rotate_partitions()"), "$month done", 'the oldest month is detached');
is($pg->sql("SELECT state FROM orchestration.partition_status WHERE partition_name = '$month'"), 'detached', 'and shows as that');
is(rows_of(4), '0 ', 'its rows are not in the log any more');
my $file = "$pg->{dir}/month.dump";
my @connection = ('-h', $pg->{dir}, '-p', $pg->{port}, '-U', 'postgres', '-d', 'app');
OrchServer::must_run([ OrchServer::as_server_user('pg_dump', @connection, '-Fc', '-t', "orchestration.$month", '-f', $file) ]);
$pg->sql("DROP TABLE orchestration.$month");
OrchServer::must_run([ OrchServer::as_server_user('pg_restore', @connection, '--exit-on-error', $file) ]);
is($pg->sql("SELECT orchestration_internal.attach_partition('operation_logs', orchestration_internal.month_start(now(), -4))"), $month, 'dumped, dropped, restored, it is attached again');
is(rows_of(4), $before, 'with every row as it was');
is($pg->sql("SELECT count(*) FROM orchestration.rotate_partitions()"), 0, 'and the next rotation leaves it alone');
is($pg->sql("SELECT count(*) FROM pg_inherits WHERE inhparent IN (SELECT indexrelid FROM pg_index WHERE indrelid = 'orchestration.operation_logs'::regclass) AND inhrelid IN (SELECT indexrelid FROM pg_index WHERE indrelid = 'orchestration.$month'::regclass)"),
	$pg->sql("SELECT count(*) FROM pg_index WHERE indrelid = 'orchestration.operation_logs'::regclass"), 'its indexes are parts of the table\'s');
is($pg->sql("SELECT relrowsecurity AND relforcerowsecurity AND relacl IS NULL FROM pg_class WHERE relname = '$month'"), 't', 'it is as closed as the others');

# the whole database: what was noted of other relations is worth nothing in the copy
OrchServer::must_run([ OrchServer::as_server_user('pg_dump', @connection, '-Fc', '-f', "$pg->{dir}/all.dump") ]);
$pg->sql('CREATE DATABASE copy', db => 'postgres');
OrchServer::must_run([ OrchServer::as_server_user('pg_restore', '-h', $pg->{dir}, '-p', $pg->{port}, '-U', 'postgres', '-d', 'copy', '--exit-on-error', "$pg->{dir}/all.dump") ]);
is($pg->sql('SELECT orchestration.bootstrap(); SELECT count(*) FROM orchestration.rotate_partitions()', db => 'copy'), "\n0", 'a restored copy is rotated like the original');

unlike($pg->log_text, qr/PANIC|TRAP|signal 11/, 'nothing crashed');
$pg->stop;
done_testing();
