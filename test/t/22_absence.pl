# Nobody looks after the months for half a year: not one row is refused or lost, and rotation catches up.  Then pg_cron does it.
use strict;
use warnings;
use OrchServer;
use OrchSession;
use Test::More;

my ($faketime) = glob '/usr/lib/*/faketime/libfaketimeMT.so.1';
my $pg = OrchServer->new('absence', settings => { 'orchestration.maintenance_interval' => "'1s'", 'orchestration.database_scan_interval' => "'1s'" });

# Starts the server with a clock that many days ahead.
sub start_in
{
	my ($days) = @_;
	local $ENV{LD_PRELOAD} = $faketime;
	local $ENV{FAKETIME} = "+${days}d";
	local $ENV{FAKETIME_DONT_FAKE_MONOTONIC} = 1;
	local $ENV{FAKETIME_DONT_RESET} = 1;

	$pg->start;
}

SKIP:
{
	skip 'libfaketime is not installed' if !$faketime && !$ENV{CI};
	$pg->start->create_bootstrapped('app');
	$pg->people;
	$pg->as_administrator("SELECT orchestration.create_namespace('a')");
	$pg->joins('a');
	$pg->as_operator("SELECT orchestration.create_container('a', 'c' || n, 'x') FROM generate_series(1, 20) n");
	is($pg->sql("SELECT min(months_left) FROM orchestration.log_table_status"), 3, 'three months ahead are there');
	$pg->stop;

	start_in(190);
	is($pg->sql("SELECT clock_timestamp() > orchestration_internal.month_start('" . gmtime_month() . "', 6)"), 't', 'half a year later');
	is($pg->sql("SELECT max(months_left) FROM orchestration.log_table_status"), -1, 'not even the current month is there');
	my @sessions = map { OrchSession->new($pg, 'app', 'regress_operator') } 1 .. 4;
	for my $n (0 .. $#sessions)
	{
		my $part = "id % 4 = $n";
		$sessions[$n]->send("UPDATE orchestration.containers SET replicas = 2 WHERE $part; BEGIN; UPDATE orchestration.containers SET desired_state = 'paused' WHERE $part; UPDATE orchestration.containers SET desired_state = 'running' WHERE $part; COMMIT");
	}
	ok(eval { $_->answer; 1 }, 'no writer is refused') or diag($@) for @sessions;
	$_->close for @sessions;
	is($pg->sql("SELECT count(*) FROM orchestration.container_status_history WHERE changed_at > now() - interval '1 day'"), 60, 'every change is in the history');
	is($pg->error("SELECT orchestration_internal.ensure_month('container_resource_usage', now()); INSERT INTO orchestration.container_resource_usage (namespace_id, container_id, cpu_millicores) VALUES (1, 1, 5)"), '', 'usage is taken');
	is($pg->error("SELECT orchestration_internal.ensure_month('operation_logs', now()); INSERT INTO orchestration.operation_logs (operation, resource_type) VALUES ('create', 'container')"), '', 'and operations');

	$pg->stop;
	$pg->start;
	is($pg->operator_error("UPDATE orchestration.containers SET replicas = 3"), '', 'with the clock set back, rows are taken too');
	is($pg->sql('SELECT count(*) FROM orchestration.container_status_history'), 100, 'not one row is lost');

	# libfaketime does not reach background workers, whom a signal handler of the postmaster starts (before 16):
	# instead of the clock the months are moved
	$pg->sql(<<'SQL');
DO $$
DECLARE
	month record;
BEGIN
	FOR month IN SELECT * FROM orchestration.partition_status s WHERE s.table_name = 'container_resource_usage' LOOP
		EXECUTE format('DROP TABLE orchestration.%I', month.partition_name);
	END LOOP;
	PERFORM orchestration_internal.ensure_month('container_resource_usage', orchestration_internal.month_start(now(), -n)) FROM generate_series(2, 6) n;
	INSERT INTO orchestration.container_resource_usage (namespace_id, container_id, recorded_at) SELECT 1, 1, orchestration_internal.month_start(now(), -n) FROM generate_series(2, 6) n;
END
$$;
SQL
	is($pg->sql("SELECT months_left FROM orchestration.log_table_status WHERE table_name = 'container_resource_usage'"), -1, 'a table as after half a year');
	$pg->configure('orchestration.worker_enabled' => 'on');
	$pg->reload;
	ok($pg->until_true("SELECT min(months_left) >= 3 FROM orchestration.log_table_status"), 'the worker back, three months ahead are there again') or diag($pg->log_tail(20));
	ok($pg->until_true("SELECT count(*) = 3 FROM orchestration.partition_status WHERE due_action = 'drop' AND due_at > now() AND table_name = 'container_resource_usage'"), 'what has become too old meanwhile is known, and there for a day');
	is($pg->sql('SELECT count(*) FROM orchestration.container_resource_usage'), 5, 'with its rows');
	$pg->sql("UPDATE orchestration.partition_policies SET grace = '0'; UPDATE orchestration.maintenance_steps SET next_run_at = now() WHERE name = 'partitions'");
	ok($pg->until_true("SELECT count(*) = 0 FROM orchestration.partition_status WHERE due_action IS NOT NULL OR from_time < orchestration_internal.month_start(now(), -3)"), 'then it is retired');
	is($pg->sql('SELECT count(*) FROM orchestration.container_resource_usage'), 2, 'and nothing else');
	ok($pg->until_true("SELECT last_result LIKE '%done, 0 remaining' FROM orchestration.maintenance_steps WHERE name = 'partitions'"), 'the step says so');
	unlike($pg->log_text, qr/PANIC|TRAP|signal 11/, 'nothing crashed');
	$pg->stop;
}

sub gmtime_month
{
	my @now = gmtime;

	return sprintf('%04d-%02d-15', $now[5] + 1900, $now[4] + 1);
}

# ---- no worker, and pg_cron
SKIP:
{
	my $control = OrchServer::must_run([ $ENV{PG_CONFIG} || 'pg_config', '--sharedir' ]);
	chomp $control;
	skip 'pg_cron is not installed' if !-e "$control/extension/pg_cron.control" && !$ENV{CI};
	my $cron = OrchServer->new('cron', settings => { shared_preload_libraries => "'orchestration, pg_cron'", 'cron.database_name' => "'jobs'", 'cron.use_background_workers' => 'on' });

	$cron->start->sql('CREATE DATABASE jobs', db => 'postgres');
	$cron->create_bootstrapped('app');
	like($cron->error('SELECT orchestration.schedule_maintenance()'), qr/55000.*pg_cron keeps its jobs in database "jobs"/, 'in another database than pg_cron\'s it says where to go');
	my ($there) = $cron->error('SELECT orchestration.schedule_maintenance()') =~ /Run there: (SELECT .*;)/;
	$cron->sql('CREATE EXTENSION orchestration CASCADE; SELECT orchestration.bootstrap()', db => 'jobs');
	$cron->{db} = 'jobs';
	like($cron->error('SELECT orchestration.schedule_maintenance()'), qr/55000.*extension pg_cron is not installed/, 'without the extension too');
	is($cron->sql('SELECT orchestration.schedule_maintenance(NULL)'), '', 'there is no job yet');
	$cron->sql('CREATE EXTENSION pg_cron');
	is($cron->error($there), '', 'what it says can be run there');
	$cron->sql('SELECT orchestration.schedule_maintenance()');
	is($cron->sql("SELECT count(orchestration.schedule_maintenance('* * * * *')), (SELECT count(*) FROM cron.job)"), '1|2', 'a job for each database, however often it is asked for');

	# something to do: a month to make, one to drop
	$cron->sql(<<'SQL');
UPDATE orchestration.partition_policies SET grace = '0', retention_months = 1 WHERE table_name = 'operation_logs';
SELECT orchestration_internal.ensure_month('operation_logs', orchestration_internal.month_start(now(), -3));
SELECT orchestration_internal.ensure_month('operation_logs', orchestration_internal.month_start(now(), -1));
DO $$ BEGIN EXECUTE 'DROP TABLE orchestration.operation_logs_' || orchestration_internal.month_suffix(orchestration_internal.month_start(now(), 2)); END $$;
SQL
	ok($cron->until_true("SELECT min(from_time) = orchestration_internal.month_start(now(), -1) FROM orchestration.partition_status WHERE table_name = 'operation_logs'", timeout => 150), 'pg_cron\'s run drops the old month')
	  or diag($cron->sql('SELECT status || return_message FROM cron.job_run_details') . $cron->log_tail(20));
	is($cron->sql("SELECT months_left >= 3 FROM orchestration.log_table_status WHERE table_name = 'operation_logs'"), 't', 'and makes the one that was missing');
	ok($cron->until_true("SELECT bool_or(status = 'succeeded') FROM cron.job_run_details"), 'its run succeeded');
	is($cron->sql('SELECT orchestration.schedule_maintenance(NULL), (SELECT count(*) FROM cron.job)'), '|2', 'taken away');
	is($cron->sql('SELECT count(*) FROM cron.job'), 1, 'the other database\'s job stays');
	unlike($cron->log_text, qr/PANIC|TRAP|signal 11/, 'nothing crashed');
	$cron->stop;
}
done_testing();
