# Users who are roles of the database: in every database of a server, and on another server after a dump.
use strict;
use warnings;
use OrchServer;
use Test::More;

my $old = OrchServer->new('old');
$old->start;
$old->create_bootstrapped($_) for 'other', 'app';
$old->sql('CREATE ROLE ann LOGIN IN ROLE orchestration_user; CREATE ROLE bob LOGIN IN ROLE orchestration_user; CREATE ROLE carl LOGIN IN ROLE orchestration_user');
$old->sql("INSERT INTO orchestration.users (username, db_role) SELECT r, r FROM unnest('{ann,bob,carl}'::text[]) r", db => $_) for 'app', 'other';

sub whoever
{
	my ($server, $role, $database) = @_;
	my $answer = OrchServer::must_run([ 'psql', '-XqAt', '-h', '127.0.0.1', '-p', $server->{port}, '-U', $role, '-d', $database // 'app', '-c', "SELECT COALESCE(orchestration.current_user_name(), 'nobody')" ]);

	chomp $answer;
	return $answer;
}

is(whoever($old, $_), $_, "$_ is who he is") for 'ann', 'bob', 'carl';

# statements in one database, users in both
$old->sql('ALTER ROLE ann RENAME TO anna; CREATE ROLE ann LOGIN IN ROLE orchestration_user; DROP ROLE bob; CREATE ROLE bob LOGIN IN ROLE orchestration_user');
for my $database ('app', 'other')
{
	is(whoever($old, 'anna', $database), 'ann', "$database: a role that was renamed keeps its user");
	is(whoever($old, 'ann', $database), 'nobody', "$database: another one has the old name, and no user");
	is(whoever($old, 'bob', $database), 'nobody', "$database: a role that was dropped leaves no user to its namesake");
}
is($old->sql("SELECT string_agg(username || ' ' || COALESCE(db_role, '-'), ', ' ORDER BY id) FROM orchestration.users WHERE username <> 'postgres'"), 'ann anna, bob -, carl carl', 'the rows say so at once');
is($old->sql("SELECT string_agg(username || ' ' || COALESCE(db_role, '-'), ', ' ORDER BY id) FROM orchestration.users WHERE username <> 'postgres'", db => 'other'), 'ann ann, bob bob, carl carl', 'in another database a little later');
$old->sql("SELECT orchestration_internal.run_maintenance_step('expired')", db => 'other');
is($old->sql("SELECT string_agg(username || ' ' || COALESCE(db_role, '-'), ', ' ORDER BY id) FROM orchestration.users WHERE username <> 'postgres'", db => 'other'), 'ann anna, bob -, carl carl', 'by maintenance');

# another server: other oids, and carl's is mallory's
my $new = OrchServer->new('new');
my $dump = "$old->{dir}/app.dump";
OrchServer::must_run([ 'pg_dump', '-Fc', '-h', '127.0.0.1', '-p', $old->{port}, '-U', 'postgres', '-f', $dump, 'app' ]);
$new->start;
$new->sql('CREATE ROLE anna LOGIN');
$new->sql('CREATE DATABASE app');
OrchServer::must_run([ 'pg_restore', '-h', '127.0.0.1', '-p', $new->{port}, '-U', 'postgres', '-d', 'app', $dump ]);
$new->{db} = 'app';
$new->sql('GRANT orchestration_user TO anna');
$new->sql("CREATE ROLE mallory LOGIN IN ROLE orchestration_user");
$new->sql("UPDATE orchestration.users SET db_role_id = (SELECT oid FROM pg_roles WHERE rolname = 'mallory') WHERE username = 'carl'");
is(whoever($new, 'anna'), 'ann', 'a restored user is the role that has his name here');
is(whoever($new, 'mallory'), 'nobody', 'and not the one that has his oid');
$new->sql('SELECT orchestration.bootstrap()');
is(whoever($new, 'anna'), 'ann', 'bootstrap() ties him to it');
is($new->sql("SELECT db_role_id IS NULL FROM orchestration.users WHERE username = 'carl'"), 't', 'and who has no role here to none');
$new->sql('ALTER ROLE anna RENAME TO ann; CREATE ROLE anna LOGIN IN ROLE orchestration_user; CREATE ROLE carl LOGIN IN ROLE orchestration_user');
is(whoever($new, 'ann'), 'ann', 'from then on it is the role');
is(whoever($new, 'anna'), 'nobody', 'and not the name');
is(whoever($new, 'carl'), 'nobody', 'nor a role that is made later');
$new->sql('UPDATE orchestration.users SET db_role = db_role');
is(whoever($new, 'carl'), 'carl', 'unless a superuser says so');

$_->stop for $old, $new;
done_testing;
