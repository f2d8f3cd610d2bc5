# Every statement of the specification's sections 7 and 12.3: real trouble opens the alert, its end resolves it, both are told.
use strict;
use warnings;
use IPC::Run ();
use OrchServer;
use OrchStub;
use OrchTest;
use Test::More;
use Time::HiRes ();

my $pg = OrchServer->new('primary', settings => {
	shared_preload_libraries => "'orchestration,pg_stat_statements'", max_connections => 24, superuser_reserved_connections => 4,
	archive_mode => 'on', archive_command => "'true'", 'orchestration.database_scan_interval' => "'1s'", 'orchestration.maintenance_interval' => "'1s'",
	# what this test provokes with pauses must not be cut short
	deadlock_timeout => "'10s'",
	# a killed client takes its session with it
	client_connection_check_interval => "'100ms'" });
$pg->start->create_bootstrapped('app');
$pg->sql('CREATE SCHEMA elsewhere; CREATE EXTENSION pg_stat_statements SCHEMA elsewhere');
# the thresholds are the release's, the times are not: the hysteresis has tests with a clock of their own
$pg->sql("UPDATE orchestration.alert_rules SET for_duration = '0', clear_duration = '0'");

# ---- sessions beside this one
sub session
{
	my ($sql, %options) = @_;
	my ($out, $err) = ('', '');
	my $in = "$sql\n";
	my $run = IPC::Run::start([ $options{on} ? $options{on}->psql_command('app') : $pg->psql_command('app'), '-v', 'ON_ERROR_STOP=0' ], '<', \$in, '>', \$out, '2>', \$err);

	$run->pump while length $in;
	return { run => $run, in => \$in, out => \$out };
}

sub ended
{
	my (@sessions) = @_;

	$_->{run}->signal('KILL') for @sessions;
	eval { $_->{run}->finish } for @sessions;
}

my $listener = session('LISTEN orchestration_alerts;');
my $asked = 0;

# what has been told since the last call
sub told
{
	my $mark = 'asked ' . ++$asked;

	${ $listener->{out} } = '';
	# psql shows what it was told after the answer to a statement
	${ $listener->{in} } = "SELECT 1;\nSELECT '$mark';\n";
	$listener->{run}->pump until ${ $listener->{out} } =~ /^\Q$mark\E$/m;
	return ${ $listener->{out} };
}

my %seen;

# until(rule, state): evaluates the rules until the newest alert of the rule is in that state
sub until_state
{
	my ($rule, $state, $before) = @_;
	my $condition = $state eq 'open' ? "EXISTS (SELECT FROM orchestration.alerts WHERE rule = '$rule' AND state = 'open')"
	  : "NOT EXISTS (SELECT FROM orchestration.alerts WHERE rule = '$rule' AND state <> 'resolved')";

	for (1 .. 100)
	{
		return 1 if $pg->sql("SELECT $condition") eq 't';
		$before->() if $before;
		$pg->sql('SET client_min_messages = error; SELECT orchestration_internal.evaluate_alerts()');
		Time::HiRes::sleep(0.2);
	}
	diag $pg->sql("SELECT * FROM orchestration.indicators i JOIN orchestration.alert_rules r ON r.indicator = i.name WHERE r.name = '$rule'");
	return 0;
}

# provoke(what, [rules], cause, cure, what to do before each evaluation until it is over)
sub provoke
{
	my ($what, $rules, $cause, $cure, $meanwhile) = @_;
	my $told;

	$pg->sql("UPDATE orchestration.alert_rules SET enabled = name = ANY ('{@{[ join ',', @$rules ]}}')");
	$pg->sql('SELECT orchestration_internal.evaluate_alerts()');
	told();
	$cause->();
	ok(until_state($_, 'open'), "$what: $_ opens") for @$rules;
	$told = told();
	like($told, qr/"rule": "$_"[^\n]*"change": "opened"/, "$_ is told") for @$rules;
	unlike($told, qr/"(?:labels|description|note|value)"/, 'and no more of it than everybody may hear');
	$cure->();
	ok(until_state($_, 'resolved', $meanwhile), "$what is over: $_ is resolved") for @$rules;
	$told = told();
	like($told, qr/"rule": "$_"[^\n]*"change": "resolved"/, "that is told") for @$rules;
	@seen{@$rules} = @$rules;
}

sub limit
{
	my ($rule, $threshold, $clear) = @_;

	$pg->sql("UPDATE orchestration.alert_rules SET threshold = $threshold, clear_threshold = " . ($clear // $threshold) . " WHERE name = '$rule'");
}

# ---- 7.1, 7.2, 12.3: connections
{
	my @crowd;

	provoke('many connections', ['connections_high'], sub { push @crowd, session('SELECT 1;') for 1 .. 15; }, sub { ended(@crowd); });
	limit('connections_exhausted', 90);
	provoke('nearly all connections', ['connections_exhausted'], sub { @crowd = map { session('SELECT 1;') } 1 .. 18; }, sub { ended(@crowd); });
}

# ---- 7.1, 7.2, 12.3: response times and slow queries
my $many_quick = join('', ('SELECT 1;') x 400);
{
	my @slow;

	limit('query_response_time_p95', 300);
	# a session counts the time of its last statement when it ends, or with the next one;
	# an evaluation is a statement, too, and not the fastest: quick ones around it make the mean
	provoke("long statements ($_)", [$_],
		sub { @slow = map { session('SELECT pg_sleep(2);') } 1 .. 10; Time::HiRes::sleep(2); $pg->until_true("NOT EXISTS (SELECT FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'SELECT pg_sleep%')"); ended(@slow); },
		sub { }, sub { $pg->sql($many_quick) })
	  for qw(query_response_time query_response_time_p95 transaction_response_time);
	is($pg->sql("SELECT count(*) FROM orchestration.indicators WHERE name ~ '^query_time' AND value IS NULL"), 0, 'found in a schema that nobody looks in');
	@slow = map { session('SELECT pg_sleep(300);') } 1 .. 5;
	my $waiter = session("SELECT orchestration.create_namespace('w'); SELECT orchestration.create_container('w', 'c', 'x'); SELECT orchestration.wait_for_container(id, 'running', '300 s') FROM orchestration.containers;");
	provoke('slow queries', ['slow_queries'], sub { }, sub { $pg->sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%'"); ended(@slow); });
	is($pg->sql("SELECT value FROM orchestration.indicators WHERE name = 'slow_queries'"), 0, 'waiting for a container is none');
	ended($waiter);
}

# ---- 7.1: locks, and what holds them
{
	my ($holder, $waiter);

	limit($_, 0.3, 0.2) for qw(lock_wait idle_in_transaction oldest_transaction);
	limit('lock_waits', 1, 1);
	provoke('a lock that is held', [qw(lock_wait lock_waits idle_in_transaction oldest_transaction)],
		sub { $holder = session('BEGIN; LOCK TABLE orchestration.volumes;'); $pg->until_true("EXISTS (SELECT FROM pg_stat_activity WHERE state = 'idle in transaction')"); $waiter = session('BEGIN; LOCK TABLE orchestration.volumes;'); },
		sub { ended($holder, $waiter); });
}

# ---- 7.1, 7.2: disk.  Nobody fills the disk of this machine: the limit comes to the disk
provoke('a disk beyond the limit', [qw(disk_used disk_full)],
	sub { limit('disk_used', 0); limit('disk_full', 0); }, sub { limit('disk_used', 100); limit('disk_full', 100); });

# ---- 7.1, 7.2: replication
{
	my $standby = OrchServer->new('standby', from => $pg);

	$standby->start;
	$standby->{db} = 'app';
	ok($pg->until_true("EXISTS (SELECT FROM pg_stat_replication WHERE state = 'streaming')"), 'a standby follows');
	limit('replication_lag', 1, 0.5);
	limit('replication_backlog', 1e6, 1e5);
	provoke('a standby that does not replay', [qw(replication_lag replication_backlog)],
		sub { $standby->sql('SELECT pg_wal_replay_pause()'); $pg->sql('CREATE TABLE bulk AS SELECT repeat(md5(g::text), 10) t FROM generate_series(1, 20000) g'); },
		sub { $standby->sql('SELECT pg_wal_replay_resume()'); });
	is($standby->sql("SELECT string_agg(name || '=' || value, ' ' ORDER BY name) FROM orchestration.indicators WHERE labels ->> 'standby' = 'this server' AND name = 'standby_connected'"), 'standby_connected=1', 'the standby tells of itself');
	like($standby->sql('SELECT orchestration.metrics()'), qr/^orchestration_connections_used_ratio 0\.\d+$/m, 'and has metrics');
	provoke('a standby that stops', ['replication_broken'], sub { $standby->stop('immediate'); }, sub { $standby->start; });
	$standby->stop;
	$pg->sql("UPDATE orchestration.alert_rules SET enabled = name = 'replication_broken'");
	ok(until_state('replication_broken', 'open'), 'one that is taken down for good');
	$pg->sql("SELECT orchestration_internal.forget_standby('walreceiver')");
	ok(until_state('replication_broken', 'resolved'), 'is forgotten when that is said');
	limit('slot_retained', 100, 100);
	provoke('a slot that nobody reads', [qw(slot_inactive slot_retained)],
		sub { $pg->sql("SELECT pg_create_physical_replication_slot('left', true); CREATE TABLE more AS SELECT generate_series(1, 1000)"); }, sub { $pg->sql("SELECT pg_drop_replication_slot('left')"); });
	provoke('archiving that fails', ['archiving_failing'],
		sub { $pg->configure(archive_command => "'false'"); $pg->reload; $pg->sql('SELECT pg_switch_wal()'); },
		sub { $pg->configure(archive_command => "'true'"); $pg->reload; });
}

# ---- 7.1, 7.2: containers
$pg->sql("SELECT orchestration.create_namespace('shop'); SELECT orchestration.create_container('shop', 'c' || g, 'x', memory_limit => '64Mi', cpu_limit => '1') FROM generate_series(1, 10) g");
provoke('containers that fail', [qw(container_creation_failing containers_failed containers_crash_looping)],
	sub { $pg->sql("UPDATE orchestration.containers SET status = 'failed', status_reason = 'CrashLoopBackOff' WHERE name ~ '^c[1-4]\$'"); },
	sub { $pg->sql("UPDATE orchestration.containers SET status = 'running', status_reason = NULL"); });
provoke('containers that do not come up, a cluster that cannot be reached, and no worker', [qw(containers_stuck cluster_disconnected worker_down)],
	sub {
		$pg->sql("SELECT orchestration.register_cluster('far', orchestration.kubeconfig('https://127.0.0.1:9', token => 't')); SELECT orchestration.create_namespace('remote', 'far');
			SELECT orchestration.create_container('remote', 'waits', 'x');
			SET session_replication_role = replica; UPDATE orchestration.containers SET status_changed_at = now() - interval '1 hour' WHERE name = 'waits'");
	},
	sub { $pg->sql("UPDATE orchestration.namespaces SET cluster_id = NULL WHERE name = 'remote'; SELECT orchestration.unregister_cluster('far')"); });

# ---- 7.1, 7.2, 12.3: operations, users, usage and its trend.  Logs are never changed: what is over becomes too old.
sub soon_older_than { return "clock_timestamp() - interval '$_[0] minutes' + interval '20 seconds'" }
sub operations
{
	my ($count, %columns) = @_;

	%columns = (started_at => 'clock_timestamp()', status => "'succeeded'", duration_ms => 1, user_id => 1, %columns);
	my @names = sort keys %columns;
	$pg->sql(sprintf("INSERT INTO orchestration.operation_logs (operation, resource_type, %s) SELECT 'create', 'container', %s FROM generate_series(1, %d)",
			join(', ', @names), join(', ', @columns{@names}), $count));
}
sub usage
{
	my ($recorded_at, $cpu, $memory) = @_;

	$pg->sql("INSERT INTO orchestration.container_resource_usage (namespace_id, container_id, recorded_at, cpu_millicores, memory_bytes)
		SELECT namespace_id, id, $recorded_at, $cpu, $memory FROM orchestration.containers WHERE name = 'c1'");
}
# whatever this test has done so far is quick and few
operations(10000);
$pg->sql("INSERT INTO orchestration.users (username) VALUES ('mallory')");
$pg->sql("UPDATE orchestration.alert_rules SET labels = '{\"user\": \"mallory\"}' WHERE name = 'user_busy'");
provoke('operations that fail or take long, a user that does much, most of it refused, and usage that jumps to the limit',
	[qw(operation_errors operation_response_time user_refused user_busy usage_growth memory_near_limit cpu_near_limit)],
	sub {
		usage("now() - interval '30 minutes'", 100, 1e6);
		usage(soon_older_than(10), 950, '64 * 1024 * 1024');
		operations(2000, started_at => soon_older_than(15), status => "'failed'", duration_ms => 5000);
		operations(2000, started_at => soon_older_than(15), status => "'refused'", user_id => "(SELECT id FROM orchestration.users WHERE username = 'mallory')");
	}, sub { });
cmp_ok($pg->sql("SELECT value FROM orchestration.indicators WHERE name = 'active_users'"), '>=', 2, 'users are counted');

# ---- 7.2: the audit log
$pg->sql("INSERT INTO orchestration.operation_logs (namespace_id, operation, resource_type, resource_id) SELECT namespace_id, 'create', 'container', id FROM orchestration.containers");
provoke('something that is not on the record', ['audit_gap'],
	sub { $pg->sql("ALTER TABLE orchestration.containers DISABLE TRIGGER USER; INSERT INTO orchestration.containers (namespace_id, name, image_id) SELECT namespace_id, 'smuggled', image_id FROM orchestration.containers WHERE name = 'c1'; ALTER TABLE orchestration.containers ENABLE TRIGGER USER"); },
	sub { $pg->sql("INSERT INTO orchestration.operation_logs (namespace_id, operation, resource_type, resource_id) SELECT namespace_id, 'create', 'container', id FROM orchestration.containers WHERE name = 'smuggled'"); });
provoke('refused operations that found no room', ['audit_dropped'],
	sub { $pg->sql("INSERT INTO orchestration.operation_logs (operation, resource_type, status, changes) VALUES ('update', 'operation_log', 'failed', '{\"count\": 3}')"); },
	sub { limit('audit_dropped', 3); });
provoke('months that are missing', ['partitions_ending'],
	sub { $pg->sql("DO \$\$ DECLARE p regclass; BEGIN FOR p IN SELECT inhrelid FROM pg_inherits WHERE inhparent = 'orchestration.container_resource_usage'::regclass AND inhrelid::regclass::text !~ to_char(now() AT TIME ZONE 'UTC', 'YYYYMM') LOOP EXECUTE 'DROP TABLE ' || p; END LOOP; END \$\$"); },
	sub { $pg->sql("SELECT orchestration_internal.run_maintenance_step('partitions')"); });

provoke('rows that nobody seals', ['audit_unsealed'],
	sub { operations(1, started_at => soon_older_than(40)); },
	sub { $pg->sql("SELECT orchestration_internal.run_maintenance_step('audit_seals')"); });

# ---- beyond the specification
provoke('maintenance that fails', ['maintenance_failing'],
	sub { $pg->sql("UPDATE orchestration.maintenance_steps SET failures = 3 WHERE name = 'partitions'"); }, sub { $pg->sql("SELECT orchestration_internal.run_maintenance_step('partitions')"); });
provoke('a key that is gone', ['encryption_key_unknown'],
	sub { $pg->configure('orchestration.encryption_key_file' => "'nowhere'"); $pg->reload; }, sub { $pg->configure('orchestration.encryption_key_file' => "'orchestration.key'"); $pg->reload; });
provoke('indicators that cannot be read', ['indicators_failing'],
	sub { $pg->sql('ALTER TABLE orchestration.user_sessions RENAME TO hidden'); }, sub { $pg->sql('ALTER TABLE orchestration.hidden RENAME TO user_sessions'); });

# ---- the worker, at a cluster that refuses what it is given
{
	my $world = OrchStub->start->world('strict');
	my $worker;
	my $object = "FROM orchestration.managed_objects m WHERE m.kind = 'ConfigMap' AND m.name = 'm'";

	$pg->configure('orchestration.worker_enabled' => 'on', 'orchestration.poll_interval' => "'1s'");
	# the evaluations are this test's
	$pg->sql('UPDATE orchestration.maintenance_steps SET enabled = false');
	$pg->reload;
	$pg->sql("SELECT orchestration.register_cluster('strict', " . quote($world->kubeconfig) . "); SELECT orchestration.create_namespace('strict', 'strict')");
	all_connected($pg, 'a cluster is connected');
	limit('objects_waiting', 2, 1);
	provoke('an object that the cluster refuses', [qw(objects_failing objects_waiting)],
		sub {
			$world->refuse(500, method => 'PATCH', path => 'configmaps/');
			$pg->sql("SELECT orchestration.create_config_map('strict', 'm', '{}')");
			ok($pg->until_true("EXISTS (SELECT $object AND m.attempts >= 3)"), 'tried again and again');
			is($pg->sql("SELECT m.due_since = m.created_at $object"), 't', 'and waiting since it was asked for');
		},
		sub { $world->forgive; ok($pg->until_true("EXISTS (SELECT $object AND m.applied_hash = m.desired_hash)"), 'it is applied in the end'); });
	limit('worker_stuck', 4, 3);
	$worker = $pg->worker_pid;
	provoke('a worker that does not move', ['worker_stuck'], sub { kill 'STOP', $worker; }, sub { kill 'CONT', $worker; });
	$pg->configure('orchestration.worker_enabled' => 'off');
	$pg->reload;
	ok($pg->until_no_worker, 'the worker goes');
}

# ---- what nobody can provoke in a test at least speaks when its limit comes to the value
my @others = grep { !$seen{$_} } split /\n/, $pg->sql(
	"SELECT r.name FROM orchestration.alert_rules r WHERE EXISTS (SELECT FROM orchestration.indicators i WHERE i.name = r.indicator AND i.value IS NOT NULL) ORDER BY r.name");
for my $rule (@others)
{
	provoke("a limit below the value of $rule", [$rule], sub { limit($rule, -1) }, sub { $pg->sql("UPDATE orchestration.alert_rules SET enabled = false WHERE name = '$rule'"); });
}
is_deeply([ grep { !$seen{$_} } split /\n/, $pg->sql('SELECT name FROM orchestration.alert_rules ORDER BY name') ], [], 'every rule was seen at work');

# ---- without anybody calling, and without anybody there: the worker's maintenance does it
sub why
{
	diag $pg->sql("SELECT * FROM orchestration.open_alerts; SELECT * FROM orchestration.maintenance_steps WHERE name = 'alerts'; SELECT pid, backend_type, state, query FROM pg_stat_activity;
		SELECT recorded_at, value FROM orchestration.indicator_history WHERE name = 'connections_used' ORDER BY 1 DESC LIMIT 3;
		SELECT clock_timestamp(), max(recorded_at) AS last_evaluation FROM orchestration.indicator_history") . $pg->log_tail(20);
}
{
	my @crowd;
	my $alone;

	ended($listener);
	$pg->sql("UPDATE orchestration.alert_rules SET enabled = name = 'connections_high'; UPDATE orchestration.maintenance_steps SET every = '1 s', enabled = name = 'alerts';
		CREATE FUNCTION public.write_down() RETURNS trigger LANGUAGE plpgsql AS \$\$ BEGIN RAISE LOG 'alert % is %', NEW.rule, NEW.state; RETURN NULL; END \$\$;
		CREATE TRIGGER write_down AFTER UPDATE ON orchestration.alerts FOR EACH ROW EXECUTE FUNCTION public.write_down()");
	$pg->configure('orchestration.worker_enabled' => 'on');
	$pg->reload;
	ok($pg->until_true("EXISTS (SELECT FROM orchestration.maintenance_steps WHERE name = 'alerts' AND last_result ~ 'opened')"), 'the maintenance process evaluates the rules') or why();
	@crowd = map { session('SELECT 1;') } 1 .. 17;
	ok($pg->until_true("EXISTS (SELECT FROM orchestration.open_alerts WHERE rule = 'connections_high')"), 'and opens the alert') or why();
	$alone = $pg->log_size;
	ended(@crowd);
	# whoever asks a server that nobody is connected to is connected: its log tells without
	for (1 .. 240)
	{
		last if $pg->log_text($alone) =~ /alert connections_high is resolved/;
		Time::HiRes::sleep(0.25);
	}
	like($pg->log_text($alone), qr/alert connections_high is resolved/, 'and resolves it when nobody is connected any more') or why();
	is($pg->sql("SELECT last_error FROM orchestration.maintenance_steps WHERE name = 'alerts'"), '', 'without an error');
}
unlike($pg->log_text, qr/PANIC|TRAP|signal (6|11)/, 'nothing crashed');

$pg->stop;
done_testing();
