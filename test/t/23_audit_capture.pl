# Nothing goes unrecorded: reveals before they are answered, and refused operations however they are written, however many.
use strict;
use warnings;
use OrchServer;
use OrchSession;
use Test::More;

my $pg = OrchServer->new('capture', settings => {
	'orchestration.worker_enabled' => 'off', 'orchestration.poll_interval' => "'500ms'", 'orchestration.database_scan_interval' => "'1s'", max_prepared_transactions => 5, wal_writer_delay => "'10s'" });
$pg->start->create_bootstrapped('app');
my @noisy = map { "noisy$_" } 1 .. 4;
$pg->sql(<<"SQL");
CREATE ROLE ann LOGIN IN ROLE orchestration_user;
CREATE ROLE gate LOGIN IN ROLE orchestration_gateway;
@{[ map { "CREATE ROLE $_ LOGIN IN ROLE orchestration_user;" } @noisy, 'quiet' ]}
SELECT orchestration.create_namespace('a'), orchestration.create_namespace('b');
SELECT orchestration.create_container('a', 'c', 'nginx'), orchestration.create_secret('a', 's', '{"k": "audit-canary"}');
INSERT INTO orchestration.users (username, db_role) VALUES ('ann', 'ann'), ('zoe', NULL);
INSERT INTO orchestration.roles (name, permissions) VALUES ('revealer', '{"secrets": ["reveal", "read"], "namespaces": ["read"], "containers": ["read"]}');
INSERT INTO orchestration.user_roles (user_id, role_id, namespace_id) SELECT u.id, r.id, n.id FROM orchestration.users u, orchestration.roles r, orchestration.namespaces n
WHERE u.username = 'ann' AND r.name = 'revealer' AND n.name = 'a';
SQL
my $container = $pg->sql('SELECT id FROM orchestration.containers');

sub run_as
{
	my ($role, $sql, $input) = @_;

	return OrchServer::run_command([ 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=0', '-v', 'VERBOSITY=verbose', '-h', '127.0.0.1', '-p', $pg->{port}, '-U', $role, '-d', 'app', map { ('-c', $_) } split /;;/, $sql ], $input);
}

# the same under a search_path that lets the schemas be left out
sub short { my ($role, $sql, $input) = @_; return run_as($role, "SET search_path = orchestration, orchestration_internal, public;;$sql", $input) }
sub waiting { return $pg->sql('SELECT waiting FROM orchestration_internal.audit_queue()') }
sub take { return $pg->sql('SELECT orchestration_internal.maintain_audit_notes()') }
sub reveals { return $pg->sql("SELECT count(*) FROM orchestration.operation_logs WHERE operation = 'reveal' AND status = 'succeeded'") }

# what is on record of one statement: status, operation, resource, sqlstate
sub recorded
{
	my ($do, $columns) = @_;
	take();
	my $last = $pg->sql('SELECT COALESCE(max(id), 0) FROM orchestration.operation_logs');
	$do->();
	take();
	return $pg->sql("SELECT concat_ws(' ', status, operation, resource_type, sqlstate) FROM orchestration.operation_logs WHERE id > $last AND source = 'user' ORDER BY started_at, id");
}

# ---- reveals: on record before the value is given, whatever comes then
my $reveal = "SELECT orchestration.reveal_secret('a', 's')";
my @ends = (
	[ 'rolled back', "BEGIN;;$reveal;;ROLLBACK", 1 ],
	[ 'rolled back to a savepoint', "BEGIN;;SAVEPOINT p;;$reveal;;ROLLBACK TO p;;COMMIT", 1 ],
	[ 'caught by a block', "DO 'BEGIN PERFORM orchestration.reveal_secret(\$\$a\$\$, \$\$s\$\$); RAISE EXCEPTION \$\$x\$\$; EXCEPTION WHEN OTHERS THEN NULL; END'", 1 ],
	[ 'prepared, and rolled back by somebody else', "BEGIN;;$reveal;;PREPARE TRANSACTION 'p'", 1, "ROLLBACK PREPARED 'p'" ],
	[ 'prepared and committed', "BEGIN;;$reveal;;PREPARE TRANSACTION 'q'", 1, "COMMIT PREPARED 'q'" ],
	[ 'committed', "BEGIN;;$reveal;;COMMIT", 1 ],
	[ 'two hundred times', "BEGIN;;SELECT count(orchestration.reveal_secret('a', 's')) FROM generate_series(1, 200);;ROLLBACK", 200 ],
);
for my $case (@ends)
{
	my ($name, $sql, $count, $then) = @$case;
	my $before = reveals();
	run_as('ann', $sql);
	$pg->sql($then) if $then;
	is(reveals() - $before, $count, "a reveal that is $name");
}
is(waiting(), 0, 'none of them waits for anybody');
my $before = reveals();
my $open = OrchSession->new($pg, 'app');
$open->sql("SET SESSION AUTHORIZATION ann; BEGIN; $reveal");
$pg->kill9;
$pg->start;
is(reveals() - $before, 1, 'a reveal whose transaction was cut off by a crash');
is($pg->sql('SELECT count(*) FROM orchestration.operation_logs l WHERE l::text LIKE \'%canary%\''), 0, 'and no secret');

# ---- where rows cannot be written ahead, there are notes, as many as are safe
$pg->sql("CREATE FUNCTION public.nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; CREATE TRIGGER of_users BEFORE INSERT ON orchestration.operation_logs FOR EACH ROW EXECUTE FUNCTION public.nothing()");
$before = reveals();
run_as('ann', "BEGIN;;$reveal;;ROLLBACK");
my (undef, undef, $error) = run_as('ann', "BEGIN;;$reveal;;PREPARE TRANSACTION 'r'");
like($error, qr/0A000: cannot prepare a transaction that has revealed secrets/, 'such a transaction cannot be prepared');
$pg->try("ROLLBACK PREPARED 'r'");
take();
is(reveals() - $before, 2, 'a trigger of users on the log: reveals are on record all the same');
(undef, undef, $error) = run_as('ann', "BEGIN;;SELECT count(orchestration.reveal_secret('a', 's')) FROM generate_series(1, 65);;ROLLBACK");
like($error, qr/OR051: it cannot be put on record, and is not done/, 'more than can be remembered is refused');
$pg->sql('DROP TRIGGER of_users ON orchestration.operation_logs');
take();

# ---- in a read-only transaction there is a note of whom a gateway acts for
is(recorded(sub { run_as('gate', "BEGIN READ ONLY;;SELECT orchestration.act_as('zoe');;COMMIT") }), 'succeeded act_as user', 'acting for somebody in a read-only transaction');

# ---- refused calls are known by what they name
my @refused = (
	[ 'a table', 'ann', 'TRUNCATE containers', 'refused truncate container 42501' ],
	[ 'a lock', 'ann', 'BEGIN;;LOCK TABLE users', 'refused lock user 42501' ],
	[ 'a column', 'ann', 'SELECT email FROM users', 'refused read user 42501' ],
	[ 'a bookkeeping table', 'ann', 'SELECT * FROM indicator_samples', 'refused read indicator_sample 42501' ],
	[ 'a function that may not be called', 'ann', 'SELECT bootstrap()', 'refused bootstrap function 42501' ],
	[ 'a function that may not be called, in FROM', 'ann', 'SELECT * FROM assume_identity(1)', 'refused call function 42501' ],
	[ 'a function that refuses', 'ann', "SELECT reveal_secret('b', 's')", 'refused reveal secret 42501' ],
	[ 'a function in C', 'gate', 'SELECT authenticate(1::text)', 'refused login function 28000' ],
	[ 'a function in an expression', 'ann', "DO 'DECLARE x jsonb; BEGIN x := reveal_secret(\$\$b\$\$, \$\$s\$\$); END'", 'refused call secret 42501' ],
	[ 'a table to copy from', 'ann', 'COPY users TO STDOUT', 'refused read user 42501' ],
	[ 'somebody else\'s table', 'ann', 'ALTER TABLE containers ADD COLUMN x integer', 'refused call container 42501' ],
	[ 'bad data to copy', 'postgres', 'COPY config_maps (namespace_id, name) FROM STDIN', 'failed create config_map 22P02', "no number\tx\n" ],
	[ 'a row to copy that is refused', 'postgres', 'COPY config_maps (namespace_id, name) FROM STDIN', 'failed create config_map 23502', "\\N\tx\n" ],
	[ 'pausing', 'ann', "SELECT pause_container($container)", 'refused pause container 42501' ],
	[ 'an UPDATE that pauses', 'ann', "UPDATE containers SET desired_state = 'paused'", 'refused pause container 42501' ],
	[ 'an UPDATE that deletes', 'ann', "UPDATE containers SET desired_state = 'deleted'", 'refused delete container 42501' ],
	[ 'scaling', 'ann', "SELECT scale_container($container, 7)", 'refused scale container 42501' ],
	[ 'an illegal step', 'postgres', "SELECT resume_container($container)", 'refused resume container OR010' ],
	[ 'another', 'postgres', "UPDATE containers SET desired_state = 'stopped';;UPDATE containers SET desired_state = 'paused';;UPDATE containers SET desired_state = 'running'",
		"succeeded stop container\nrefused pause container OR010\nsucceeded start container" ],
);
for my $case (@refused)
{
	my ($name, $role, $sql, $expected, $input) = @$case;
	is(recorded(sub { short($role, $sql, $input) }), $expected, "on record without a schema's name: $name");
}
is($pg->sql("SELECT bool_and(resource_id = $container AND resource_name = 'c') FROM orchestration.operation_logs WHERE operation IN ('pause', 'scale', 'delete') AND status = 'refused'"), 't', 'with the id');
$pg->sql('CREATE TABLE public.theirs (id integer UNIQUE DEFERRABLE INITIALLY DEFERRED)');
is(recorded(sub { run_as('ann', "SELECT 'orchestration' FROM public.theirs;;SELECT 1/0;;SELECT * FROM nowhere;;CREATE TABLE pg_catalog.x ()") }), '', 'and nothing that is not ours');

# ---- failures at COMMIT
$pg->sql('ALTER TABLE orchestration.config_maps ADD CONSTRAINT later UNIQUE (name) DEFERRABLE INITIALLY DEFERRED');
is(recorded(sub { short('postgres', "BEGIN;;INSERT INTO config_maps (namespace_id, name) SELECT id, 'm' FROM namespaces WHERE name IN ('a', 'b');;COMMIT") }), 'failed commit config_map 23505', 'a constraint of ours at the end');
is(recorded(sub { short('postgres', "INSERT INTO config_maps (namespace_id, name) SELECT id, 'm' FROM namespaces WHERE name IN ('a', 'b')") }), 'failed commit config_map 23505', 'of a single statement');
$pg->sql('ALTER TABLE orchestration.config_maps DROP CONSTRAINT later');
is(recorded(sub {
	my @both = map { OrchSession->new($pg, 'app') } 1 .. 2;
	$_->sql("BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT count(*) FROM orchestration.volumes; SELECT count(*) FROM orchestration.config_maps") for @both;
	$both[0]->sql("SELECT orchestration.create_config_map('a', 'first', '{}')");
	$both[1]->sql("SELECT orchestration.create_config_map('b', 'second', '{}')");
	$both[0]->sql('COMMIT');
	eval { $both[1]->sql('COMMIT') };
	$_->close for @both;
}), "succeeded create config_map\nfailed commit transaction 40001", 'a serialization failure');

# ---- what changes a state is called after what it does, whoever writes it and how
my @verbs = (
	[ "SELECT pause_container($container)", 'pause' ], [ "SELECT resume_container($container)", 'resume' ], [ "SELECT stop_container($container)", 'stop' ],
	[ "SELECT start_container($container)", 'start' ], [ "SELECT restart_container($container)", 'restart' ], [ "SELECT scale_container($container, 3)", 'scale' ],
	[ "UPDATE containers SET desired_state = 'paused', status = 'running'", 'pause' ], [ "UPDATE containers SET desired_state = 'running'", 'resume' ], [ "UPDATE containers SET replicas = 2", 'scale' ],
	[ "UPDATE containers SET replicas = 3, working_dir = '/tmp'", 'update' ], [ "SELECT delete_container($container)", 'delete' ],
);
for my $case (@verbs)
{
	my ($sql, $verb) = @$case;
	is(recorded(sub { short('postgres', $sql) }), "succeeded $verb container", "$sql is $verb");
}
like(recorded(sub { short('postgres', "SELECT delete_namespace('b')") }), qr/^succeeded delete namespace$/m, 'delete_namespace() is delete');
like(recorded(sub { $pg->sql(q{SELECT orchestration_internal.judge_readings('[{"name": "audit_dropped", "labels": {}, "value": 9}]')}) }), qr/^succeeded open alert$/m, 'an alert opens');
like(recorded(sub { $pg->sql(q{UPDATE orchestration.alert_rules SET enabled = false WHERE name = 'audit_dropped'; SELECT orchestration_internal.judge_readings('[]')}) }), qr/^succeeded resolve alert$/m, 'and is resolved');

# ---- the address behind a pooler: of gateways, and beside the real one
sub addresses { return $pg->sql("SELECT concat_ws(' ', client_addr, gateway_addr) FROM orchestration.operation_logs WHERE operation = '$_[0]' ORDER BY id DESC LIMIT 1") }
short('gate', "BEGIN;;SELECT set_client_addr('192.0.2.7');;SELECT act_as('zoe');;COMMIT");
is(addresses('act_as'), '192.0.2.7 127.0.0.1', 'as the gateway gave it');
if ($pg->sql('SHOW server_version_num') >= 150000)
{
	short('gate', "BEGIN;;SET LOCAL orchestration.client_addr = '2001:db8::1';;SELECT act_as('zoe');;COMMIT");
	is(addresses('act_as'), '2001:db8::1 127.0.0.1', 'by SET LOCAL');
}
run_as('gate', "BEGIN;;SELECT orchestration_internal.set_client_addr('192.0.2.8');;SELECT orchestration.bootstrap();;COMMIT");
take();
is(addresses('bootstrap'), '192.0.2.8 127.0.0.1', 'in notes, too');
(undef, undef, $error) = run_as('gate', "SELECT orchestration_internal.set_client_addr('10.0.0.0/8');;SET orchestration.client_addr = 'nowhere'");
like($error, qr/22023: invalid value for parameter "orchestration.client_addr": "10.0.0.0\/8".*22023: invalid value for parameter "orchestration.client_addr": "nowhere"/s, 'an address and nothing else');
(undef, undef, $error) = run_as('ann', "SELECT orchestration_internal.set_client_addr('192.0.2.7');;SET orchestration.client_addr = '192.0.2.7'");
like($error, qr/42501: permission denied for function set_client_addr.*42501: permission denied to set parameter "orchestration.client_addr"/s, 'users have no say');
$pg->sql('GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA orchestration_internal TO ann');
(undef, undef, $error) = run_as('ann', "SELECT orchestration_internal.set_client_addr('192.0.2.7')");
like($error, qr/42501: permission denied to name the address of a client/, 'even if they may call everything');
$pg->sql('REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA orchestration_internal FROM ann');
$pg->sql('SELECT orchestration_internal.maintain_audit_seals()');
is($pg->sql('SELECT DISTINCT result FROM orchestration.verify_audit()'), 'intact', 'what was written ahead is sealed like everything else');
$pg->sql("SET session_replication_role = replica; ALTER TABLE orchestration.operation_logs DISABLE TRIGGER ALL; UPDATE orchestration.operation_logs SET gateway_addr = '192.0.2.99' WHERE gateway_addr IS NOT NULL; ALTER TABLE orchestration.operation_logs ENABLE ALWAYS TRIGGER keep_rows");
is($pg->sql('SELECT DISTINCT result FROM orchestration.verify_audit() WHERE month IS NOT NULL'), 'broken', 'and so is where a gateway was');

# ---- more than there is room for: everybody has a share, and nothing is lost
take();
my $mark = $pg->sql('SELECT max(id) FROM orchestration.operation_logs');
my %tries = map { $_ => 1500 } @noisy;
sub fail_often { my ($role, $times) = @_; return run_as($role, "DO \$\$ BEGIN FOR i IN 1..$times LOOP BEGIN UPDATE orchestration.users SET username = 'x'; EXCEPTION WHEN OTHERS THEN NULL; END; BEGIN DELETE FROM orchestration.audit_seals; EXCEPTION WHEN OTHERS THEN NULL; END; END LOOP; END \$\$") }
fail_often($_, $tries{$_}) for @noisy;
run_as('quiet', 'SELECT email FROM orchestration.users') for 1 .. 20;
$before = reveals();
run_as('ann', "BEGIN;;$reveal;;ROLLBACK");
is(reveals() - $before, 1, 'a reveal is on record when the pool is full');
cmp_ok(waiting(), '<', 4096, 'the pool is bounded');
$pg->stop;
$pg->start;
$before = $pg->sql('SELECT waiting + summed FROM orchestration_internal.audit_queue()');
$pg->sql('BEGIN; SELECT orchestration_internal.maintain_audit_notes(); ROLLBACK');
$pg->sql("DO 'BEGIN PERFORM orchestration_internal.maintain_audit_notes(); RAISE EXCEPTION \$\$x\$\$; EXCEPTION WHEN OTHERS THEN NULL; END'");
is($pg->sql('SELECT waiting + summed FROM orchestration_internal.audit_queue()'), $before, 'what was taken and rolled back waits again');
my $result = $pg->sql("SELECT step || ': ' || result FROM orchestration.run_maintenance() WHERE step = 'audit_notes'");
like($result, qr/^audit_notes: \d+ rows written$/, 'after a restart, maintenance takes what waited');
is($pg->sql('SELECT waiting + summed FROM orchestration_internal.audit_queue()'), 0, 'all of it');
for my $role (@noisy)
{
	is($pg->sql("SELECT sum(CASE WHEN resource_type = 'operation_log' THEN (changes ->> 'count')::bigint ELSE 1 END) FROM orchestration.operation_logs WHERE id > $mark AND db_role = '$role' AND status = 'refused'"), 2 * $tries{$role}, "$role: rows and sums are what was tried");
	is($pg->sql("SELECT string_agg(operation || ' ' || sqlstate, ', ' ORDER BY operation) FROM orchestration.operation_logs WHERE id > $mark AND db_role = '$role' AND resource_type = 'operation_log'"), 'delete 42501, update 42501', "$role: added up by operation and SQLSTATE");
	cmp_ok($pg->sql("SELECT count(*) FROM orchestration.operation_logs WHERE id > $mark AND db_role = '$role' AND resource_type <> 'operation_log'"), '>', 32, "$role: has a share");
}
is($pg->sql("SELECT count(*) FROM orchestration.operation_logs WHERE id > $mark AND db_role = 'quiet' AND resource_type = 'user'"), 20, 'and who was quiet lost nothing');

# ---- with a worker: a storm is taken while it lasts, and the worker's comings and goings are on record
$mark = $pg->sql('SELECT max(id) FROM orchestration.operation_logs');
$pg->configure('orchestration.worker_enabled' => 'on', 'orchestration.poll_interval' => "'60s'");
$pg->reload;
$pg->until_worker;
$pg->sql("UPDATE orchestration.maintenance_steps SET enabled = false WHERE name = 'audit_notes'");
for my $round (1 .. 3)
{
	fail_often('noisy1', 150);
	# it looks by itself every 30 s
	ok($pg->until_true('SELECT waiting + summed = 0 FROM orchestration_internal.audit_queue()', timeout => 20), "the worker is woken, $round");
}
fail_often('noisy1', 5000);
ok($pg->until_true('SELECT waiting + summed = 0 FROM orchestration_internal.audit_queue()'), 'and takes a storm');
is($pg->sql("SELECT sum(CASE WHEN resource_type = 'operation_log' THEN (changes ->> 'count')::bigint ELSE 1 END) FROM orchestration.operation_logs WHERE id > $mark AND db_role = 'noisy1'"), 10900, 'of which nothing is lost');
$pg->stop;
$pg->start;
take();
is($pg->sql("SELECT string_agg(operation, ' ' ORDER BY started_at, id) FROM orchestration.operation_logs WHERE id > $mark AND resource_type = 'worker' AND source = 'worker' AND status = 'succeeded'") =~ /^start stop( start)?$/, 1, 'the worker started, and stopped with the server');
$pg->stop;
done_testing;
