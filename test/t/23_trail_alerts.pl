# Real trouble that nobody calls a function for: the audit trail is not whole, statements were slow between two looks, a
# transaction was prepared and forgotten, a disk is full, a standby lags.  The worker's maintenance finds it, with the
# thresholds of the release.
use strict;
use warnings;
use IPC::Run ();
use OrchServer;
use Test::More;
use Time::HiRes ();

my $pg = OrchServer->new('watched', settings => {
	'orchestration.worker_enabled' => 'on', 'orchestration.database_scan_interval' => "'1s'", 'orchestration.maintenance_interval' => "'1s'", max_prepared_transactions => 4 });
$pg->start->create_bootstrapped('app');
# how long it lasts before it is told has tests with a clock of their own
$pg->sql("UPDATE orchestration.alert_rules SET for_duration = '0', clear_duration = '0';
	UPDATE orchestration.maintenance_steps SET every = '1 s' WHERE name IN ('audit_seals', 'audit_watch', 'alerts')");

sub open_alert
{
	my ($rule, $labels) = @_;

	return "EXISTS (SELECT FROM orchestration.open_alerts a WHERE a.rule = '$rule' AND a.labels @> '" . ($labels // '{}') . "')";
}

# trouble(what, rule, labels, cause, cure)
sub trouble
{
	my ($what, $rule, $labels, $cause, $cure, %options) = @_;

	ok($pg->until_true('NOT ' . open_alert($rule, $labels)), "$what: no alert before");
	$cause->();
	ok($pg->until_true(open_alert($rule, $labels), %options), "$what: $rule opens") or diag $pg->sql("SELECT * FROM orchestration_internal.audit_problems(); SELECT name, last_result, last_error FROM orchestration.maintenance_steps; SELECT * FROM orchestration.indicators i JOIN orchestration.alert_rules r ON r.indicator = i.name WHERE r.name = '$rule'") . $pg->log_tail(20);
	$cure->();
	ok($pg->until_true('NOT ' . open_alert($rule, $labels)), "$what: and is resolved") or diag $pg->sql("SELECT * FROM orchestration_internal.audit_problems()");
}

# ---- the audit trail
$pg->sql("SELECT orchestration.create_namespace('shop'); SELECT orchestration.create_config_map('shop', 'm' || g, '{}') FROM generate_series(1, 200) g");
ok($pg->until_true("EXISTS (SELECT FROM orchestration_internal.audit_watch w WHERE isfinite(w.counted_at)) AND (SELECT sum(unsealed_rows) < 20 FROM orchestration.verify_audit())"), 'it is sealed and watched');
my $month = $pg->sql("SELECT 'orchestration.operation_logs_' || orchestration_internal.month_suffix(now())");
my $victim = "id = (SELECT min(id) FROM $month WHERE resource_name = 'm7')";

sub behind_its_back
{
	$pg->sql("BEGIN; SET LOCAL session_replication_role = replica; ALTER TABLE $month DISABLE TRIGGER keep_rows; $_[0]; ALTER TABLE $month ENABLE ALWAYS TRIGGER keep_rows; COMMIT");
}
is($pg->sql("SELECT severity FROM orchestration.alert_rules WHERE name = 'audit_missing'"), 'critical', 'it is critical');
trouble('a row that was deleted', 'audit_missing', '{"what": "rows"}', sub { behind_its_back("CREATE TABLE public.stolen AS SELECT * FROM $month WHERE $victim; DELETE FROM $month WHERE $victim") },
	sub { $pg->sql("INSERT INTO $month SELECT * FROM public.stolen; DROP TABLE public.stolen") });
my $was = $pg->sql("SELECT db_role FROM $month WHERE $victim");
trouble('a row that was changed', 'audit_missing', '{"what": "rows"}', sub { behind_its_back("UPDATE $month SET db_role = 'somebody' WHERE $victim") }, sub { behind_its_back("UPDATE $month SET db_role = '$was' WHERE $victim") });
trouble('a row that was added', 'audit_missing', '{"what": "rows"}',
	sub { $pg->sql("INSERT INTO orchestration.operation_logs (operation, resource_type, resource_name, transaction_id) SELECT 'x', 'y', 'forged', transaction_id FROM $month WHERE $victim") },
	sub { behind_its_back("DELETE FROM $month WHERE resource_name = 'forged'") });
my $old = $pg->sql("SELECT orchestration_internal.month_start(now(), -2)");
my $old_month = $pg->sql("SELECT 'orchestration.operation_logs_' || orchestration_internal.month_suffix('$old')");
$pg->sql("SELECT orchestration_internal.ensure_log_partition('operation_logs', '$old'); INSERT INTO orchestration.operation_logs (started_at, operation, resource_type) VALUES (timestamptz '$old' + interval '1 day', 'login', 'session')");
ok($pg->until_true("EXISTS (SELECT FROM orchestration.audit_seals WHERE from_time = '$old')"), 'there is an old month');
trouble('a month that was detached', 'audit_missing', '{"what": "months"}', sub { $pg->sql("ALTER TABLE orchestration.operation_logs DETACH PARTITION $old_month") },
	sub { $pg->sql("SELECT orchestration_internal.attach_partition('operation_logs', '$old')") });
$pg->sql("UPDATE orchestration.partition_policies SET retention_months = 1, grace = '0' WHERE table_name = 'operation_logs'; SELECT orchestration_internal.mark_expired_partitions()");
$pg->sql("UPDATE orchestration.partition_actions SET kept = false WHERE relation = '$old_month'::regclass; SELECT count(*) FROM orchestration.rotate_partitions()");
ok($pg->until_true("to_regclass('$old_month') IS NULL"), 'rotation retires it') or diag $pg->sql('SELECT * FROM orchestration.partition_actions');
my $evaluated = $pg->sql('SELECT clock_timestamp()');
ok($pg->until_true("EXISTS (SELECT FROM orchestration.indicator_history WHERE name = 'audit_missing' AND recorded_at > timestamptz '$evaluated' + interval '1 second')"), 'the rules were evaluated since');
is($pg->sql("SELECT count(*) FROM orchestration_internal.audit_problems()"), 0, 'and that is not a month that is missing');
trouble('a trigger that is off', 'audit_missing', '{"what": "triggers"}', sub { $pg->sql('ALTER TABLE orchestration.volumes DISABLE TRIGGER zz_audit_delete') }, sub { $pg->sql('ALTER TABLE orchestration.volumes ENABLE TRIGGER zz_audit_delete') });
trouble('a trigger that is gone', 'audit_missing', '{"what": "triggers"}', sub { $pg->sql('DROP TRIGGER zz_audit_insert ON orchestration.roles') }, sub { $pg->sql('SELECT orchestration.bootstrap()') });
trouble('seals that are gone', 'audit_missing', '{"what": "seals"}', sub { $pg->sql("BEGIN; ALTER TABLE orchestration.audit_seals DISABLE TRIGGER keep_rows; CREATE TABLE public.seals AS SELECT * FROM orchestration.audit_seals WHERE number = 1; DELETE FROM orchestration.audit_seals WHERE number = 1; ALTER TABLE orchestration.audit_seals ENABLE ALWAYS TRIGGER keep_rows; COMMIT") },
	sub { $pg->sql("INSERT INTO orchestration.audit_seals SELECT * FROM public.seals; DROP TABLE public.seals") });
is($pg->sql("SELECT DISTINCT result FROM orchestration.verify_audit() WHERE result <> 'retired'"), 'intact', 'in the end it is whole');

# ---- statements that were slow and are over when anybody looks
{
	# nobody looks while they run
	$pg->sql("UPDATE orchestration.maintenance_steps SET enabled = false WHERE name = 'alerts'; SELECT orchestration_internal.evaluate_alerts()");
	my @slow = map { my ($in, $out, $err) = ('', '', ''); IPC::Run::start([ $pg->psql_command('app'), '-v', 'ON_ERROR_STOP=0', '-c', $_ ], '<', \$in, '>', \$out, '2>', \$err) }
	  'SELECT pg_sleep(5.5)', 'SELECT pg_sleep(5.5)', 'DO $$ BEGIN FOR i IN 1..6 LOOP PERFORM pg_sleep(1); END LOOP; END $$', "SET statement_timeout = '5.2s'; SELECT pg_sleep(60)",
	  'CREATE TABLE public.slow AS SELECT pg_sleep(5.5)::text', "SELECT orchestration.create_container('shop', 'waits', 'x'); SELECT orchestration.wait_for_container(id, 'running', '6 s') FROM orchestration.containers WHERE name = 'waits'";
	$_->finish for @slow;
	is($pg->sql("SELECT value FROM orchestration.indicators WHERE name = 'slow_queries'"), 5, 'those that have ended are counted: each once, a cancelled one and a utility, too, and waiting for a container is none');
	is($pg->sql("SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query ~ 'pg_sleep' AND pid <> pg_backend_pid()"), 0, 'and none of them runs');
	$pg->sql('SELECT orchestration_internal.evaluate_alerts()');
	is($pg->sql('SELECT ' . open_alert('slow_queries')), 't', 'the alert opens');
	$pg->sql("UPDATE orchestration.maintenance_steps SET enabled = true WHERE name = 'alerts'");
	ok($pg->until_true('NOT ' . open_alert('slow_queries')), 'and is resolved');
}

# ---- a transaction that was prepared and forgotten
trouble('a prepared transaction', 'prepared_transaction', '{}', sub {
		$pg->sql("UPDATE orchestration.alert_rules SET threshold = 2, clear_threshold = 1 WHERE name = 'prepared_transaction';
			BEGIN; CREATE TABLE public.forgotten (); PREPARE TRANSACTION 'forgotten'");
		$pg->stop; $pg->start;
	}, sub { $pg->sql("ROLLBACK PREPARED 'forgotten'") });

# ---- a disk that is full
SKIP:
{
	skip 'SKIPPED: no file system can be mounted here', 6 if !$ENV{ORCH_SMALL_DISK};
	my $place = "$ENV{ORCH_SMALL_DISK}/space";

	mkdir $place or die "$place: $!";
	$pg->sql("CREATE TABLESPACE small LOCATION '$place'");
	trouble('a disk that fills up', 'disk_used', '{"tablespace": "small"}',
		sub { $pg->sql("CREATE TABLE public.bulk (t text) TABLESPACE small; ALTER TABLE public.bulk ALTER t SET STORAGE PLAIN; INSERT INTO public.bulk SELECT repeat('x', 7000) FROM generate_series(1, 7000)") }, sub { $pg->sql('DROP TABLE public.bulk; CHECKPOINT') });
	trouble('a disk that is full', 'disk_full', '{"tablespace": "small"}', sub {
			$pg->sql('CREATE TABLE public.bulk (t text) TABLESPACE small; ALTER TABLE public.bulk ALTER t SET STORAGE PLAIN');
			like($pg->error("INSERT INTO public.bulk SELECT repeat('x', 7000) FROM generate_series(1, 7800); INSERT INTO public.bulk SELECT repeat('x', 7000) FROM generate_series(1, 7800)"), qr/53100|^$/, 'there is no more room');
		}, sub { $pg->sql('DROP TABLE public.bulk; CHECKPOINT') });
	$pg->sql('DROP TABLESPACE small');
}

# ---- a standby that lags by more than the release allows, and one that stops
{
	# nothing that is replayed may end the call that resumes the replay
	my $standby = OrchServer->new('lagging', from => $pg, settings => { max_standby_streaming_delay => "'-1'" });
	my ($in, $out, $err) = ('', '', '');
	my $folder = "$pg->{dir}/wal";

	mkdir $folder;
	# as a base backup does, for as long as it takes
	my $backup = IPC::Run::start([ 'env', 'PGAPPNAME=pg_basebackup', 'pg_receivewal', '-h', $pg->{dir}, '-p', $pg->{port}, '-U', 'postgres', '-D', $folder ], '<', \$in, '>', \$out, '2>', \$err);
	ok($pg->until_true("EXISTS (SELECT FROM pg_stat_replication WHERE application_name = 'pg_basebackup' AND state = 'streaming')"), 'a base backup streams') or diag $err;
	$pg->sql('SELECT orchestration_internal.evaluate_alerts()');
	$backup->signal('TERM');
	$backup->finish;
	is($pg->sql("SELECT count(*) FROM orchestration.indicators WHERE name = 'standby_connected'"), 0, 'and is not expected back');

	$standby->start;
	$standby->{db} = 'app';
	ok($pg->until_true("EXISTS (SELECT FROM pg_stat_replication WHERE state = 'streaming')"), 'a standby follows');
	trouble('a standby that does not replay', 'replication_lag', '{}', sub { $standby->sql('SELECT pg_wal_replay_pause()') }, sub { $standby->sql('SELECT pg_wal_replay_resume()') }, timeout => 120);
	trouble('a standby that stops', 'replication_broken', '{}', sub { $standby->stop('immediate') }, sub { $standby->start });
	$standby->stop;
}
unlike($pg->log_text, qr/PANIC|TRAP|signal (6|11)/, 'nothing crashed');

$pg->stop;
done_testing();
