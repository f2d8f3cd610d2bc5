# The months of the log tables: rotation beside readers and writers, crashes, long absence.
use strict;
use warnings;
use OrchServer;
use OrchSession;
use Test::More;
use Time::HiRes ();

my $pg = OrchServer->new('partitions', settings => { 'orchestration.maintenance_interval' => "'1s'", 'orchestration.database_scan_interval' => "'1s'" });
$pg->start->create_bootstrapped('app');
$pg->people;
$pg->as_administrator("SELECT orchestration.create_namespace('a')");
$pg->joins('a');
$pg->as_operator("SELECT orchestration.create_container('a', 'c', 'x')");
$pg->sql("UPDATE orchestration.partition_policies SET grace = '0', retention_months = 2, action = 'drop'");

# A month of the history, so many before the current one, with a row in it.
sub old_month
{
	my ($back) = @_;

	return $pg->sql(<<"SQL");
SELECT orchestration_internal.ensure_month('container_status_history', orchestration_internal.month_start(now(), -$back));
INSERT INTO orchestration.container_status_history (namespace_id, changed_at, container_id, container_name, new_status, source)
VALUES (1, orchestration_internal.month_start(now(), -$back), 1, 'c', 'running', 'user') RETURNING 'container_status_history_' || orchestration_internal.month_suffix(changed_at);
SQL
}

sub state_of { return $pg->sql("SELECT state FROM orchestration.partition_status WHERE partition_name = '$_[0]'") }
sub is_gone { return $pg->until_true("SELECT to_regclass('orchestration.$_[0]') IS NULL") }
my $process = "FROM pg_stat_activity WHERE backend_type = 'orchestration partitions'";

# ---- a reader holds the month that is to go
my $month = old_month(5);
$month =~ s/^\s+//;
my $reader = OrchSession->new($pg);
$reader->sql('BEGIN ISOLATION LEVEL REPEATABLE READ');
is($reader->sql("SELECT count(*) FROM orchestration.container_status_history WHERE container_id = 1"), 2, 'a reader sees the month') or diag($month);
$pg->sql("SELECT count(*) FROM orchestration.rotate_partitions('0')");
ok($pg->until_true("SELECT state = 'detaching' FROM orchestration.partition_status WHERE partition_name = '$month'"), 'the month is being detached');
ok($pg->until_true("SELECT count(*) = 1 $process AND wait_event_type = 'Lock'"), 'which waits for the reader');
is($pg->sql("SELECT string_agg(DISTINCT mode, ', ') FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE a.backend_type = 'orchestration partitions' AND l.relation IS NOT NULL AND l.database = (SELECT oid FROM pg_database WHERE datname = 'app')"),
	'', 'and holds no lock on a table');
is($pg->sql("SET lock_timeout = '1ms'; SELECT count(*) FROM orchestration.container_status_history"), 1, 'another reader is not held up');
is($pg->error("SET lock_timeout = '1ms'; UPDATE orchestration.containers SET replicas = replicas + 1"), '', 'nor is a writer');
is($pg->sql("SELECT count(*) FROM pg_stat_activity WHERE cardinality(pg_blocking_pids(pid)) > 0 AND backend_type <> 'orchestration partitions'"), 0, 'nobody waits but the rotation');
is($reader->sql('SELECT count(*) FROM orchestration.container_status_history'), 2, 'the reader still sees what it saw');
is($pg->sql("SELECT action || ' ' || result FROM orchestration.rotate_partitions('0')"), 'finalize under way', 'a second rotation waits for its turn');
$reader->sql('COMMIT');
ok(is_gone($month), 'the reader gone, the month goes');
ok($pg->until_true("SELECT count(*) = 0 $process"), 'and the processes leave');
is($pg->sql("SELECT action || ' ' || state FROM orchestration.partition_actions WHERE partition_name = '$month'"), 'drop done', 'what was done is on record');

# ---- the process dies in the middle: the next one finishes
for my $way ('pg_terminate_backend', 'kill -9')
{
	$month = old_month(4);
	$month =~ s/^\s+//;
	$reader = OrchSession->new($pg);
	$reader->sql('BEGIN; SELECT count(*) FROM orchestration.container_status_history');
	$pg->sql("SELECT count(*) FROM orchestration.rotate_partitions('0')");
	ok($pg->until_true("SELECT count(*) = 1 $process AND wait_event_type = 'Lock' AND EXISTS (SELECT FROM orchestration.partition_status WHERE partition_name = '$month' AND state = 'detaching')"), "$way: within a DETACH CONCURRENTLY");
	if ($way eq 'kill -9') { $pg->kill9; $pg->start }
	else { $pg->sql("SELECT pg_terminate_backend(pid) $process"); $pg->until_true("SELECT count(*) = 0 $process") }
	is(state_of($month), 'detaching', "$way: the month is left half detached");
	eval { $reader->close };
	my $last = $pg->sql("SELECT string_agg(result, ', ') FROM orchestration.rotate_partitions('0') WHERE partition_name = '$month'");
	ok(is_gone($month), "$way: the next rotation finishes it") or diag("$last " . $pg->log_tail(20));
	ok($pg->until_true("SELECT count(*) = 0 $process"), "$way: and leaves");
	is($pg->sql("SELECT count(*) FROM orchestration.container_status_history WHERE changed_at < now() - interval '2 months'"), 0, "$way: its rows are gone");
}

# ---- many rotations at once
$month = old_month(3);
$month =~ s/^\s+//;
my @sessions = map { OrchSession->new($pg) } 1 .. 4;
$_->send("SELECT count(*) FROM orchestration.rotate_partitions('1 minute') WHERE result LIKE 'failed%'") for @sessions;
is(join(' ', map { $_->answer } @sessions), '0 0 0 0', 'four rotations at once: none fails');
is($pg->sql("SELECT to_regclass('orchestration.$month') IS NULL"), 't', 'what was due is done once');
$_->close for @sessions;

# ---- a missing month, many writers: one makes it, none waits for another's transaction, none is refused
my $current = $pg->sql("SELECT 'container_status_history_' || orchestration_internal.month_suffix(now())");
$pg->sql("DROP TABLE orchestration.$current");
@sessions = map { OrchSession->new($pg, 'app', 'regress_operator') } 1 .. 6;
for my $n (0 .. $#sessions)
{
	$sessions[$n]->sql("BEGIN; SET LOCAL lock_timeout = '20s'");
	like($sessions[$n]->sql("SELECT orchestration.create_container('a', 'w$n', 'x')"), qr/^\d+$/, "writer $n writes while the others' transactions are open");
}
$sessions[0]->sql('ROLLBACK');
$_->sql('COMMIT') for @sessions[ 1 .. $#sessions ];
is($pg->sql("SELECT count(*) FROM orchestration.$current"), 5, 'the month stays though its first writer rolled back');
$_->close for @sessions;

# with a cursor on the table, which keeps the session itself from altering it
$pg->sql("DROP TABLE orchestration.$current");
my $session = OrchSession->new($pg);
$session->sql("BEGIN; DECLARE c CURSOR FOR SELECT * FROM orchestration.container_status_history; FETCH 1 FROM c");
$session->sql("UPDATE orchestration.containers SET replicas = 3; COMMIT");
$session->close;
is($pg->sql("SELECT count(*) FROM orchestration.$current"), 6, 'nor does a cursor on the table matter');

# where there is no process to be had
$pg->sql("DROP TABLE orchestration.$current");
$pg->configure(max_worker_processes => 1);
ok($pg->stop && $pg->start, 'the server has no worker to spare');
is($pg->error('UPDATE orchestration.containers SET replicas = 4'), '', 'the writer makes the month itself');
is($pg->sql("SELECT count(*) FROM orchestration.$current"), 6, 'and its rows are there');
my ($status, $out, $err) = $pg->try('SELECT result FROM orchestration.rotate_partitions()');
like($err, qr/53400.*no background worker slot/, 'a rotation says what is missing');
$pg->configure(max_worker_processes => 32);
$pg->stop && $pg->start;

# ---- DROP DATABASE is not held up
$month = old_month(3);
$reader = OrchSession->new($pg);
$reader->sql('BEGIN; SELECT count(*) FROM orchestration.container_status_history');
$pg->sql("SELECT count(*) FROM orchestration.rotate_partitions('0')");
ok($pg->until_true("SELECT count(*) = 1 $process AND wait_event_type = 'Lock'"), 'a rotation waits');
$pg->sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'app' AND backend_type = 'client backend' AND pid <> pg_backend_pid()");
is($pg->error('DROP DATABASE app', db => 'postgres'), '', 'DROP DATABASE ends it');
unlike($pg->log_text, qr/PANIC|TRAP|signal 11/, 'nothing crashed');
$pg->stop;
done_testing();
