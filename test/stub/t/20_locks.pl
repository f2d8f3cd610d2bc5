# The worker waits for nobody: whatever a user locks and leaves open, others are
# served all the while, and what was locked comes when it is free.
use strict;
use warnings;
use OrchServer;
use OrchSession;
use OrchStub;
use OrchTest;
use Test::More;
use Time::HiRes qw(time sleep);

# each group of locks is held for so long; more than a lease lives
my $hold = $ENV{ORCH_HOLD} || 11;
my $limit = 5;

my $stub = OrchStub->start;
my $world = $stub->world('dev');
my $pg = OrchServer->new('locks', settings => {
		'orchestration.worker_enabled' => 'on',
		'orchestration.poll_interval' => "'1s'",
		'orchestration.maintenance_interval' => "'1s'",
		'max_prepared_transactions' => 10,
		'log_min_messages' => 'info' });
$pg->start->create_bootstrapped('app');
register($pg, 'dev', $world->kubeconfig);
all_connected($pg, 'the worker is connected');

sub as_user { my ($user) = @_; return bless { %$pg, user => $user }, 'OrchServer' }
sub session { my ($user) = @_; return OrchSession->new(as_user($user), 'app') }

$pg->sql(<<'SQL');
CREATE ROLE mal LOGIN IN ROLE orchestration_user;
CREATE ROLE ann LOGIN IN ROLE orchestration_user;
CREATE ROLE boss LOGIN IN ROLE orchestration_user, admin_role;
CREATE ROLE nob LOGIN IN ROLE orchestration_user;
SELECT orchestration.create_namespace('mal', 'dev'), orchestration.create_namespace('good', 'dev');
INSERT INTO orchestration.users (username, db_role) VALUES ('mal', 'mal'), ('ann', 'ann'), ('boss', 'boss');
INSERT INTO orchestration.user_roles (user_id, role_id, namespace_id)
SELECT u.id, r.id, n.id FROM (VALUES ('mal', 'operator', 'mal'), ('ann', 'operator', 'good'), ('boss', 'administrator', NULL)) v (who, role, place)
JOIN orchestration.users u ON u.username = v.who JOIN orchestration.roles r ON r.name = v.role LEFT JOIN orchestration.namespaces n ON n.name = v.place;
SQL
as_user('mal')->sql(<<'SQL');
SELECT orchestration.create_config_map('mal', 'm' || i, jsonb_build_object('k', i::text)) FROM generate_series(1, 8) i;
SELECT orchestration.create_secret('mal', 's' || i, '{"k": "v"}') FROM generate_series(1, 3) i;
SELECT orchestration.create_registry('mal', 'r', 'registry.example', 'u', 'p');
SELECT orchestration.create_volume('mal', 'v' || i, 'PVC', '1Gi') FROM generate_series(1, 2) i;
SELECT orchestration.create_container('mal', 'c' || i, 'nginx:1', ports => '[{"containerPort": 80, "servicePort": 80}]', env => '{"A": "b"}') FROM generate_series(1, 4) i;
SQL
as_user('ann')->sql("SELECT orchestration.create_container('good', 'first', 'nginx:1')");
ok(settled($pg), 'all is applied') or diagnose($pg);
for my $i (1 .. 4)
{
	$world->make_pod('mal', "c$i-a", container_id($pg, 'mal', "c$i"));
}
ok($pg->until_true("SELECT count(*) = 4 FROM orchestration.container_instances"), 'with pods') or diagnose($pg);

my $worker = $pg->worker_pid;
my $number = 0;
my %slowest;

# Seconds until a new container of the other tenant is applied; the limit, doubled, if it is not.
sub latency
{
	my ($group) = @_;
	my $name = 'n' . ++$number;
	my $began = time;

	as_user('ann')->sql("SELECT orchestration.create_container('good', '$name', 'nginx:1')");
	until ($world->object("/apis/apps/v1/namespaces/good/deployments/$name"))
	{
		return 2 * $limit if time > $began + 2 * $limit;
		sleep 0.05;
	}
	my $took = time - $began;
	$slowest{$group} = $took if $took > ($slowest{$group} // 0);
	return $took;
}

# What the worker has to write to every row of mal: changed, in the rows and in the cluster.
sub disturb
{
	state_of_worker('STOP');
	as_user('mal')->sql(<<"SQL");
UPDATE orchestration.config_maps SET data = data || jsonb_build_object('n', '@{[ time ]}');
UPDATE orchestration.containers SET labels = labels || jsonb_build_object('n', '@{[ int time ]}');
UPDATE orchestration.volumes SET size_bytes = size_bytes + 1024;
UPDATE orchestration.secrets SET labels = labels || jsonb_build_object('n', '@{[ int time ]}');
SQL
	$world->edit("/apis/apps/v1/namespaces/mal/deployments/c1", { spec => { replicas => 3 }, metadata => { managedFields => undef } });
	$world->edit("/api/v1/namespaces/mal/configmaps/m1", { metadata => { annotations => { x => time } } });
	$world->remove("/api/v1/namespaces/mal/configmaps/m2");
	$world->edit("/api/v1/namespaces/mal/pods/c2-a", { status => { phase => 'Running', conditions => [ { type => 'Ready', status => int(time) % 2 ? 'False' : 'True' } ] } });
}
sub state_of_worker { kill $_[0], $worker }

# One group: sessions hold their locks until they are closed.
sub held
{
	my ($title, $hold_them, $release, $shown) = @_;
	my (@took, @sessions);

	subtest $title => sub {
		disturb();
		@sessions = $hold_them->();
		state_of_worker('CONT');
		my $until = time + $hold;
		do { push @took, latency($title); sleep 0.5 } while (time < $until && $took[-1] < 2 * $limit);
		note(sprintf "%s: %d containers, slowest after %.2f s", $title, scalar(@took), (sort { $b <=> $a } @took)[0]);
		is(scalar(grep { $_ >= $limit } @took), 0, sprintf('another tenant is served within %d s: %s', $limit, join ' ', map { sprintf '%.2f', $_ } @took)) or diagnose($pg);
		cmp_ok($pg->sql("SELECT sum(value) FROM orchestration.indicators WHERE name = 'rows_locked'"), '>=', 1, 'what is not written meanwhile is shown') if $shown;
		is($pg->worker_pid, $worker, 'by the same worker');
		is($pg->sql("SELECT string_agg(DISTINCT status, ' ') FROM orchestration.clusters"), 'connected', 'which holds its lease');
		$release ? $release->() : map { $_->close } @sessions;
		ok(settled($pg), 'what was locked is applied when it is free') or diagnose($pg);
		until_ok($pg, sub { $pg->sql("SELECT count(*) FROM orchestration_internal.left_out") == 0 }, 'and nothing is left out any more');
	};
}

# Every table that somebody may lock rows of, and which rows are not the other tenant's.
sub lockable
{
	my ($who) = @_;

	return split /\n/, $pg->sql(<<"SQL");
SELECT format('SELECT count(*) FROM (SELECT FROM %s t WHERE %s %%s) x', c.oid::regclass, CASE
	WHEN c.relname = 'namespaces' THEN 't.name <> ''good'''
	WHEN c.relname = 'users' THEN 't.username <> ''ann'''
	WHEN EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'namespace_id') THEN 't.namespace_id IS DISTINCT FROM (SELECT id FROM orchestration.namespaces WHERE name = ''good'')'
	ELSE 'true' END)
FROM pg_class c
WHERE c.relnamespace IN ('orchestration'::regnamespace, 'orchestration_internal'::regnamespace) AND c.relkind IN ('r', 'p') AND NOT c.relispartition
	AND has_any_column_privilege('$who', c.oid, 'UPDATE')
ORDER BY c.oid::regclass::text
SQL
}

sub lock_rows
{
	my ($who, $clause) = @_;
	my $session = session($who);
	my @tables = lockable($who);

	$session->sql('BEGIN');
	my %rows = map { my ($table) = /FROM (orch\S+)/; ($table => $session->sql(sprintf $_, $clause)) } @tables;
	note("$who $clause: " . join ' ', map { "$_=$rows{$_}" } sort keys %rows);
	return $session;
}

is(join(' ', map { /FROM orchestration\.(\S+)/ } lockable('boss')) =~ /\bclusters\b.*\bcontainers\b.*\bmaintenance_steps\b/ ? 1 : 0, 1, 'the tables are found');

held('FOR UPDATE by the tenant', sub { lock_rows('mal', 'FOR UPDATE') });
held('FOR UPDATE of every table by an administrator', sub { lock_rows('boss', 'FOR UPDATE') }, undef, 1);
held('FOR SHARE and FOR KEY SHARE', sub { (lock_rows('boss', 'FOR SHARE'), lock_rows('mal', 'FOR KEY SHARE')) });
held('rows deleted, inserted and changed in open transactions', sub {
		my ($gone, $made, $taken) = map { session($_) } qw(mal mal boss);
		$gone->sql("BEGIN; DELETE FROM orchestration.config_maps WHERE name IN ('m1', 'm2', 'm3'); DELETE FROM orchestration.containers WHERE name IN ('c1', 'c2'); DELETE FROM orchestration.secrets WHERE name = 's3'");
		$made->sql("BEGIN; SELECT orchestration.create_config_map('mal', 'new', '{}'); SELECT orchestration.create_container('mal', 'new', 'nginx:1'); INSERT INTO orchestration.environment_variables (namespace_id, container_id, name, value) SELECT namespace_id, id, 'NEW', 'x' FROM orchestration.containers WHERE name = 'c3'");
		$taken->sql("BEGIN; UPDATE orchestration.namespaces SET description = 'x' WHERE name = 'mal'; UPDATE orchestration.clusters SET max_in_flight = max_in_flight");
		return ($gone, $made, $taken);
	});
held('a prepared transaction', sub {
		as_user('mal')->sql("BEGIN; UPDATE orchestration.config_maps SET labels = jsonb_build_object('p', 'q'); DELETE FROM orchestration.containers WHERE name = 'c3'; SELECT count(*) FROM (SELECT FROM orchestration.namespaces FOR UPDATE) x; PREPARE TRANSACTION 'left'");
		return 'left';
	}, sub { $pg->sql("ROLLBACK PREPARED 'left'") });

# ---- LOCK TABLE: for nobody but the owner
subtest 'LOCK TABLE' => sub {
	my @tables = split /\n/, $pg->sql("SELECT c.oid::regclass FROM pg_class c WHERE c.relnamespace IN ('orchestration'::regnamespace, 'orchestration_internal'::regnamespace) AND c.relkind IN ('r', 'p', 'v') ORDER BY 1");
	my @modes = ('SHARE UPDATE EXCLUSIVE', 'SHARE', 'SHARE ROW EXCLUSIVE', 'EXCLUSIVE', 'ACCESS EXCLUSIVE');
	my $attempts = 0;
	my @held;

	for my $who (qw(nob mal boss))
	{
		my $script = join '', map { my $table = $_; map { $attempts++; "DO \$x\$ BEGIN LOCK TABLE $table IN $_ MODE; RAISE NOTICE 'held $table $_'; EXCEPTION WHEN insufficient_privilege THEN NULL; END \$x\$;\n" } @modes } @tables;
		my (undef, undef, $err) = as_user($who)->try($script);
		push @held, map { "$who: $_" } $err =~ /held (.*)/g;
	}
	is_deeply(\@held, [], "none of $attempts attempts succeeds");
	my $mal = as_user('mal');
	$pg->sql("GRANT CREATE ON SCHEMA public TO mal");
	$mal->sql("CREATE VIEW public.mine AS SELECT * FROM orchestration.containers; CREATE VIEW public.deeper AS SELECT * FROM public.mine WHERE id IN (SELECT resource_id FROM orchestration.operation_logs);
		CREATE TABLE public.own (); CREATE FUNCTION public.by_function() RETURNS void LANGUAGE plpgsql AS \$\$ BEGIN EXECUTE 'LOCK TABLE orchestration.config_maps IN SHARE MODE'; END \$\$");
	like($mal->error($_), qr/42501/, $_) for 'BEGIN; LOCK TABLE public.mine', 'BEGIN; LOCK TABLE public.deeper IN SHARE MODE', 'BEGIN; LOCK TABLE ONLY orchestration.containers', 'BEGIN; LOCK orchestration.config_maps IN EXCLUSIVE MODE NOWAIT',
	  'BEGIN; LOCK TABLE public.own, orchestration.containers', 'SELECT public.by_function()', "SET search_path = orchestration; BEGIN; LOCK TABLE containers";
	is($mal->error($_), '', $_) for 'BEGIN; LOCK TABLE public.own', 'BEGIN; LOCK TABLE orchestration.containers IN ACCESS SHARE MODE', 'BEGIN; LOCK TABLE orchestration.containers IN ROW EXCLUSIVE MODE';
	is($pg->error('BEGIN; LOCK TABLE orchestration.containers'), '', 'the owner may');
};

# ---- advisory locks: every key that the source names, and whatever else may be guessed
sub advisory
{
	my $session = session('nob');

	$session->sql(join ';', map { "SELECT pg_advisory_lock(hashtextextended('orchestration.$_', 0))" } 'alerts', 'bootstrap', map { "maintenance.$_" } split /\n/, $pg->sql('SELECT name FROM orchestration.maintenance_steps'));
	$session->sql("SELECT pg_advisory_lock((l.classid::bigint << 32) | l.objid::bigint) FROM pg_locks l WHERE l.locktype = 'advisory' AND l.objsubid = 1 AND l.pid <> pg_backend_pid()");
	return $session;
}
sub maintenance_ok
{
	my ($title, $seconds) = @_;

	$pg->sql("UPDATE orchestration.maintenance_steps SET next_run_at = '-infinity', last_finished_at = NULL, last_error = NULL");
	ok($pg->until_true("SELECT bool_and(last_finished_at IS NOT NULL AND last_error IS NULL) FROM orchestration.maintenance_steps WHERE enabled", timeout => $seconds || 30), $title)
	  or diag($pg->sql('SELECT name, last_started_at, last_finished_at, last_result, last_error FROM orchestration.maintenance_steps'));
}
maintenance_ok('maintenance runs');
held('advisory locks by every key', sub { advisory() });
{
	my $taken = advisory();
	maintenance_ok('maintenance runs on while all its keys are taken');
	$taken->close;
}
unlike(join('', map { open(my $f, '<', $_) or die; local $/; <$f> } glob("$ENV{ORCH_ROOT}/src/*/*.sql")), qr/\bpg_(try_)?advisory/, 'no lock of the platform is one that anybody can take');

# ---- maintenance while an administrator holds the rows that it writes
subtest 'rows of maintenance' => sub {
	my $ran;

	$pg->sql("UPDATE orchestration.maintenance_steps SET every = '2 s', next_run_at = '-infinity' WHERE name = 'alerts'");
	$pg->sql("UPDATE orchestration.alert_rules SET threshold = -1, clear_threshold = -1, for_duration = '0' WHERE name = 'connections_high'");
	ok($pg->until_true("EXISTS (SELECT FROM orchestration.alerts WHERE rule = 'connections_high' AND state = 'open')"), 'an alert is open');
	my $boss = lock_rows('boss', 'FOR UPDATE');
	$ran = $pg->sql("SELECT count(*) FROM orchestration.indicator_history WHERE name = 'connections_used'");
	ok($pg->until_true("SELECT count(*) > $ran + 1 FROM orchestration.indicator_history WHERE name = 'connections_used'", timeout => 60), 'alerts are evaluated in spite of it');
	cmp_ok($pg->sql("SELECT max(value) FROM orchestration.indicators WHERE name = 'maintenance_failures'"), '>=', 1, 'and that the row is held is a failure that is shown');
	$boss->close;
};

note(sprintf '%-60s %.2f s', $_, $slowest{$_}) for sort keys %slowest;
is($pg->sql("SELECT failures FROM orchestration_internal.worker_state() WHERE database_name = 'app'"), 0, 'the worker never failed');
unlike($pg->log_text, qr/PANIC|TRAP|signal (6|11)/, 'nothing crashed');
$pg->stop;
done_testing();
