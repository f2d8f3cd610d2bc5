# What is refused, fails or is rolled back stays on record; what finds no room is counted.
use strict;
use warnings;
use OrchServer;
use Test::More;

my $pg = OrchServer->new('audit', settings => { 'orchestration.worker_enabled' => 'off', 'orchestration.poll_interval' => "'100ms'", 'orchestration.database_scan_interval' => "'1s'" });
$pg->start->create_bootstrapped('app');
$pg->sql(<<"SQL");
CREATE ROLE ann LOGIN IN ROLE orchestration_user;
CREATE ROLE gate LOGIN IN ROLE orchestration_gateway;
CREATE ROLE stranger LOGIN;
SELECT orchestration.create_namespace('a'), orchestration.create_namespace('b');
SELECT orchestration.create_container('b', 'c', 'nginx'), orchestration.create_secret('a', 's', '{"k": "audit-canary"}');
INSERT INTO orchestration.users (username, db_role) VALUES ('ann', 'ann'), ('zoe', NULL);
INSERT INTO orchestration.roles (name, permissions) VALUES ('revealer', '{"secrets": ["reveal", "read"], "namespaces": ["read"], "containers": ["read"]}');
INSERT INTO orchestration.user_roles (user_id, role_id, namespace_id) SELECT u.id, r.id, n.id FROM orchestration.users u, orchestration.roles r, orchestration.namespaces n
WHERE u.username = 'ann' AND r.name = 'revealer' AND n.name IN ('a', 'b');
SQL

sub as
{
	my ($role, $sql) = @_;

	return OrchServer::run_command([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=0', '-h', '127.0.0.1', '-p', $pg->{port}, '-U', $role, '-d', 'app', '-c', "SET orchestration.request_id = 'r1'", map { ('-c', $_) } split /;;/, $sql ]);
}

sub waiting { return $pg->sql('SELECT waiting FROM orchestration_internal.audit_queue()') }

# ---- refused, in all the ways that PostgreSQL and we have
as('ann', "UPDATE orchestration.containers SET desired_state = 'stopped' WHERE name = 'c'");	# our trigger
as('ann', "INSERT INTO orchestration.containers (namespace_id, name, image_id) SELECT c.namespace_id, 'x', c.image_id FROM orchestration.containers c");
as('ann', 'TRUNCATE orchestration.containers');	# a privilege
as('ann', 'SELECT email FROM orchestration.users');
as('ann', 'SELECT orchestration.bootstrap()');	# a function
as('stranger', 'SELECT * FROM orchestration.containers');	# before anything is executed
as('ann', "DO \$\$ BEGIN UPDATE orchestration.containers SET replicas = 7; EXCEPTION WHEN OTHERS THEN NULL; END \$\$");	# and hidden by a block
as('gate', "SELECT orchestration.authenticate('a.b.c')");
as('postgres', 'SELECT orchestration.resume_container(id) FROM orchestration.containers');	# an illegal step
as('postgres', "UPDATE orchestration.containers SET status = 'stopped';;UPDATE orchestration.containers SET status = 'paused'");	# another
as('postgres', "SELECT orchestration.create_container('b', 'd', 'nginx', memory_limit => 'much')");	# a mistake
as('postgres', "INSERT INTO orchestration.config_maps (namespace_id, name) SELECT id, NULL FROM orchestration.namespaces WHERE name = 'a'");
as('postgres', "UPDATE orchestration.containers SET replicas = (name || 'audit-canary')::integer");	# PostgreSQL's message repeats what is none
as('postgres', 'SELECT 1/0;;SELECT * FROM nowhere;;INSERT INTO pg_class (oid) VALUES (NULL)');	# not our business
my $waiting = waiting();
is($waiting, 13, 'they wait in shared memory');

# ---- what was seen although the transaction was rolled back, or a part of it
as('ann', "BEGIN;;SELECT orchestration.reveal_secret('a', 's');;ROLLBACK");
as('ann', "BEGIN;;SAVEPOINT p;;SELECT orchestration.reveal_secret('a', 's', 'k');;ROLLBACK TO p;;COMMIT");
as('ann', "SELECT orchestration.reveal_secret('a', 's')");
is(waiting(), $waiting, 'reveals are no notes');
is($pg->sql("SELECT count(*) FROM orchestration.operation_logs WHERE operation = 'reveal'"), 3, 'and on record although two were rolled back');
as('gate', "BEGIN;;SELECT orchestration.act_as('zoe');;COMMIT;;BEGIN;;SELECT orchestration.act_as('zoe');;COMMIT");
is($pg->sql("SELECT count(*) FROM orchestration.operation_logs WHERE operation = 'act_as' AND db_role = 'gate'"), 1, 'a session that acts for somebody says so once');

# ---- the worker comes
$pg->configure('orchestration.worker_enabled' => 'on');
$pg->reload;
ok($pg->until_true('SELECT waiting = 0 FROM orchestration_internal.audit_queue()'), 'the worker takes them') or diag($pg->log_tail(20));
my $where = "FROM orchestration.operation_logs WHERE status <> 'succeeded' AND request_id = 'r1'";
is($pg->sql("SELECT count(*) $where AND db_role = 'ann' AND status = 'refused' AND sqlstate = '42501' AND user_id = (SELECT id FROM orchestration.users WHERE username = 'ann')"), 6, 'what ann may not');
is($pg->sql("SELECT count(*) $where AND operation IN ('stop', 'update') AND resource_type = 'container' AND db_role = 'ann' AND namespace_id = (SELECT id FROM orchestration.namespaces WHERE name = 'b')"), 2,
	'in which namespace it was, caught or not');
is($pg->sql("SELECT count(*) $where AND db_role = 'stranger' AND client_addr = '127.0.0.1'"), 1, 'what a stranger may not');
is($pg->sql("SELECT count(*) $where AND sqlstate = '28000'"), 1, 'a token that nobody signed');
is($pg->sql("SELECT string_agg(error_message, ', ' ORDER BY error_message) $where AND sqlstate = 'OR010'"), 'illegal transition of container "c" from running to running, illegal transition of container "c" from stopped to paused', 'an illegal step');
is($pg->sql("SELECT resource_id = (SELECT id FROM orchestration.containers) $where AND sqlstate = 'OR010' AND namespace_id = (SELECT id FROM orchestration.namespaces WHERE name = 'b')"), "t\nt", 'of which container in which namespace');
is($pg->sql("SELECT count(*) $where AND status = 'failed' AND sqlstate IN ('OR002', '23502')"), 2, 'mistakes');
is($pg->sql("SELECT count(*) $where AND sqlstate IN ('22012', '42P01')"), 0, 'and nothing that is not ours');
is($pg->sql("SELECT count(*) FROM orchestration.operation_logs WHERE operation = 'reveal' AND status = 'succeeded'"), 3, 'the reveals');
is($pg->sql("SELECT count(*) FROM orchestration.operation_logs l WHERE l::text LIKE '%canary%'"), 0, 'no secret');

# ---- whoever may read the log of a namespace sees what was refused there, and of what
$pg->sql(<<"SQL");
CREATE ROLE bob LOGIN IN ROLE orchestration_user;
SELECT orchestration.create_config_map('b', 'm', '{"k": "v"}'), orchestration.create_volume('b', 'v', 'ConfigMap', config_map => 'm'), orchestration.create_namespace('gone');
INSERT INTO orchestration.users (username, db_role) VALUES ('bob', 'bob');
INSERT INTO orchestration.roles (name, permissions) VALUES ('runner', '{"*": ["read"], "containers": ["read", "create", "execute"], "config_maps": ["read", "create", "update", "delete"]}');
INSERT INTO orchestration.user_roles (user_id, role_id, namespace_id) SELECT u.id, r.id, n.id FROM orchestration.users u, orchestration.roles r, orchestration.namespaces n
WHERE u.username = 'bob' AND r.name = 'runner' AND n.name IN ('b', 'gone');
SQL
my $begun = $pg->sql('SELECT clock_timestamp()');
as('bob', 'SELECT orchestration.resume_container(id) FROM orchestration.containers');
as('bob', 'SELECT orchestration.scale_container(id, 3) FROM orchestration.containers');
as('bob', "SELECT orchestration.delete_config_map('b', 'm')");
as('bob', "SELECT orchestration.create_config_map('b', 'm', '{}')");
as('bob', q{SELECT orchestration.create_container('b', 'p', 'nginx', security_context => '{"privileged": true}')});
as('bob', "SELECT orchestration.reveal_secret('b', 'none')");
as('postgres', "SELECT orchestration.delete_namespace('gone');;SELECT orchestration.delete_namespace('gone')");
# he may not put into the log of others what he likes
my $theirs = $pg->sql("SELECT id FROM orchestration.namespaces WHERE name = 'a'");
as('bob', "DO 'BEGIN RAISE EXCEPTION \$\$forged\$\$ USING ERRCODE = \$\$OR010\$\$, TABLE = orchestration_internal.error_about(\$\$containers\$\$, $theirs, 1, \$\$x\$\$); END'");
ok($pg->until_true('SELECT waiting = 0 FROM orchestration_internal.audit_queue()'), 'the worker takes them');
my (undef, $seen) = OrchServer::run_command([ 'psql', '-XAtq', '-h', '127.0.0.1', '-p', $pg->{port}, '-U', 'bob', '-d', 'app' ], <<"SQL");
SELECT l.status, l.sqlstate, n.name, l.resource_type, l.resource_name, COALESCE((l.resource_type, l.resource_id) IN (SELECT 'container', id FROM orchestration.containers UNION ALL SELECT 'config_map', id FROM orchestration.config_maps UNION ALL SELECT 'namespace', id FROM orchestration.namespaces), false)
FROM orchestration.operation_logs l JOIN orchestration.namespaces n ON n.id = l.namespace_id WHERE l.status <> 'succeeded' AND l.started_at > '$begun' ORDER BY l.started_at, l.id;
SQL
is($seen, <<'ROWS', 'with id and name, as far as there is one');
refused|OR010|b|container|c|t
refused|42501|b|container|c|t
failed|OR006|b|config_map|m|t
failed|OR005|b|config_map|m|f
refused|OR007|b|container|p|f
refused|42501|b|secret|none|f
refused|OR012|gone|namespace|gone|t
ROWS
is($pg->sql("SELECT namespace_id, resource_name FROM orchestration.operation_logs WHERE error_message = 'forged'"), '0|', 'and nothing is forged into the log of others');
is($pg->sql("SELECT resource_id = (SELECT id FROM orchestration.namespaces WHERE name = 'gone'), resource_name FROM orchestration.operation_logs WHERE sqlstate = 'OR012' AND started_at > '$begun'"), 't|gone', 'of a namespace that is being deleted');

# ---- more than there is room for
$pg->configure('orchestration.worker_enabled' => 'off');
$pg->reload;
$pg->until_no_worker;
as('ann', "DO \$\$ BEGIN FOR i IN 1..600 LOOP BEGIN UPDATE orchestration.containers SET replicas = i + 1; EXCEPTION WHEN OTHERS THEN NULL; END; END LOOP; END \$\$");
is($pg->sql('SELECT waiting + summed FROM orchestration_internal.audit_queue()'), '601', 'what finds no room is added up, and that the worker stopped');
$pg->configure('orchestration.worker_enabled' => 'on');
$pg->reload;
ok($pg->until_true('SELECT waiting + summed = 0 FROM orchestration_internal.audit_queue()'), 'the worker is back');
is($pg->sql("SELECT count(*) FROM orchestration.operation_logs WHERE sqlstate = '42501' AND db_role = 'ann' AND resource_type = 'container' AND operation = 'update' AND started_at > (SELECT max(started_at) - interval '1 day' FROM orchestration.operation_logs WHERE operation = 'reveal')"), 601, 'every one of them');

# ---- a crash, and a copy: what was sealed still is
$pg->sql('SELECT orchestration_internal.maintain_audit_seals()');
$pg->kill9;
$pg->start;
is($pg->sql('SELECT DISTINCT result FROM orchestration.verify_audit()'), 'intact', 'the log is whole after a crash');
my ($dump) = $pg->{dir} . '/app.dump';
OrchServer::must_run([ 'pg_dump', '-Fc', '-h', '127.0.0.1', '-p', $pg->{port}, '-U', 'postgres', '-f', $dump, 'app' ]);
OrchServer::must_run([ 'createdb', '-h', '127.0.0.1', '-p', $pg->{port}, '-U', 'postgres', '-T', 'template0', 'copy' ]);
OrchServer::must_run([ 'pg_restore', '-h', '127.0.0.1', '-p', $pg->{port}, '-U', 'postgres', '-d', 'copy', $dump ]);
$pg->sql("SELECT orchestration.bootstrap(); SELECT orchestration.create_namespace('after'); SELECT orchestration_internal.maintain_audit_seals()", db => 'copy');
is($pg->sql('SELECT result, unsealed_rows < 5, count(DISTINCT s.lineage) FROM orchestration.verify_audit(), orchestration.audit_seals s GROUP BY 1, 2', db => 'copy'), 'intact|t|2', 'and so is that of a restored dump, with what came after');
$pg->stop;
done_testing;
