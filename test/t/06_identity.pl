# What one may, the next one on the same connection may not: every guarded action, by everything that keeps a plan,
# through every way of becoming somebody else.  vic may everything, mal next to nothing.
use strict;
use warnings;
use OrchServer;
use Test::More;

my $pg = OrchServer->new('identity');
$pg->configure('orchestration.token_keys_file' => "'jwks.json'", 'orchestration.token_audience' => "'test'");
$pg->start->create_bootstrapped('app');
$pg->sql(<<'SQL');
CREATE ROLE vic LOGIN IN ROLE admin_role;
CREATE ROLE mal LOGIN IN ROLE admin_role;
CREATE ROLE app LOGIN IN ROLE vic, mal;              -- both, by SET ROLE
CREATE ROLE turncoat LOGIN IN ROLE admin_role, vic;  -- vic by SET ROLE, and nobody of note without
CREATE ROLE gate LOGIN IN ROLE orchestration_gateway, admin_role;
CREATE ROLE pool LOGIN IN ROLE admin_role;
SELECT count(orchestration.create_namespace(n)) FROM unnest('{mine,theirs}'::text[]) n;
SELECT count(orchestration.create_container('theirs', n, 'nginx')) FROM unnest('{one,two,three}'::text[]) n;
SELECT orchestration.create_config_map('theirs', 'app', '{"k": "v"}'), orchestration.create_secret('theirs', 'key', '{"k": "canary"}');
INSERT INTO orchestration.clusters (name, api_server, auth_method, enabled) VALUES ('c', 'https://127.0.0.1', 'in-cluster', false);
INSERT INTO orchestration.users (username, db_role) SELECT r, r FROM unnest('{vic,mal,turncoat,gate}'::text[]) r;
INSERT INTO orchestration.roles (name, permissions) VALUES ('clerk', '{"roles": ["read", "create", "update", "delete"]}');
INSERT INTO orchestration.user_roles (user_id, role_id) SELECT u.id, r.id FROM orchestration.users u JOIN orchestration.roles r
ON r.name = CASE u.username WHEN 'vic' THEN 'administrator' WHEN 'postgres' THEN NULL ELSE 'clerk' END;
INSERT INTO orchestration.user_secrets (user_id, secret_type, encrypted_value) SELECT id, 'k' || g, 'x' FROM orchestration.users, generate_series(1, 3) g WHERE username = 'vic';
INSERT INTO orchestration.user_sessions (user_id, token_id) SELECT id, 'session of vic' FROM orchestration.users WHERE username = 'vic';
DO $$ BEGIN EXECUTE format('COPY (SELECT %L) TO %L', '{"keys": [{"kty": "oct", "k": "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY"}]}', current_setting('data_directory') || '/jwks.json'); END $$;
CREATE FUNCTION b64(bytea) RETURNS text LANGUAGE sql AS $$ SELECT translate(encode($1, 'base64'), E'+/=\n', '-_') $$;
CREATE FUNCTION token(who text) RETURNS text LANGUAGE sql AS $$
	SELECT m || '.' || b64(hmac(convert_to(m, 'UTF8'), '0123456789abcdef0123456789abcdef', 'sha256'))
	FROM (SELECT b64('{"alg": "HS256"}') || '.' || b64(convert_to(format('{"sub": "%s", "aud": "test", "exp": 4102444800}', who), 'UTF8'))) x (m)
$$;
-- what a statement gives, or the SQLSTATE that stopped it; nothing of it is kept
CREATE FUNCTION try(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	loot text;
BEGIN
	IF statement LIKE 'DO %' THEN
		EXECUTE statement;
		loot := current_setting('test.r');
	ELSE
		EXECUTE statement INTO loot;
	END IF;
	RAISE SQLSTATE 'UNDO1';
EXCEPTION
	WHEN SQLSTATE 'UNDO1' THEN RETURN COALESCE(loot, 'nothing');
	WHEN OTHERS THEN RETURN SQLSTATE;
END $$;
-- within it, the role is vic's
CREATE FUNCTION try_as_vic(statement text) RETURNS text LANGUAGE plpgsql SET role = 'vic' AS $$
DECLARE
	loot text;
BEGIN
	IF statement LIKE 'DO %' THEN
		EXECUTE statement;
		loot := current_setting('test.r');
	ELSE
		EXECUTE statement INTO loot;
	END IF;
	RAISE SQLSTATE 'UNDO1';
EXCEPTION
	WHEN SQLSTATE 'UNDO1' THEN RETURN COALESCE(loot, 'nothing');
	WHEN OTHERS THEN RETURN SQLSTATE;
END $$;
-- the next row of a cursor
CREATE FUNCTION next() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	loot text;
BEGIN
	EXECUTE 'FETCH NEXT FROM c' INTO loot;
	RETURN COALESCE(loot, 'nothing');
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE;
END $$;
SQL
my $theirs = $pg->sql("SELECT id FROM orchestration.namespaces WHERE name = 'theirs'");
my $mal = $pg->sql("SELECT id FROM orchestration.users WHERE username = 'mal'");
my $vic = $pg->sql("SELECT id FROM orchestration.users WHERE username = 'vic'");
my $session = $pg->sql('SELECT id FROM orchestration.user_sessions');
my $one = $pg->sql("SELECT id FROM orchestration.containers WHERE name = 'one'");
my $administrator = $pg->sql("SELECT id FROM orchestration.roles WHERE name = 'administrator'");

# name => kind, text: a query or a change with one value, an expression, or a question about the namespace ns
my %action = (
	'read rows' => [ query => "SELECT count(*) FROM orchestration.containers WHERE namespace_id = $theirs" ],
	'read a row' => [ query => "SELECT name FROM orchestration.containers WHERE id = $one" ],
	'read secrets' => [ query => 'SELECT count(*) FROM orchestration.secrets' ],
	'read the log' => [ query => 'SELECT count(*) > 0 FROM orchestration.operation_logs' ],
	'read clusters' => [ query => 'SELECT count(*) FROM orchestration.clusters' ],
	'read users' => [ query => "SELECT count(*) FROM orchestration.users WHERE username IN ('vic', 'postgres')" ],
	'read sessions' => [ query => "SELECT count(*) FROM orchestration.user_sessions WHERE token_id = 'session of vic'" ],
	'read own secrets' => [ query => 'SELECT count(*) FROM orchestration.user_secrets' ],
	'insert' => [ change => "INSERT INTO orchestration.config_maps (namespace_id, name) VALUES ($theirs, 'x') RETURNING name" ],
	'insert or update' => [ change => "INSERT INTO orchestration.config_maps (namespace_id, name) VALUES ($theirs, 'app') ON CONFLICT (namespace_id, name) DO UPDATE SET data = '{}' RETURNING name" ],
	'update' => [ change => "UPDATE orchestration.containers SET replicas = 5 WHERE id = $one RETURNING replicas" ],
	'delete' => [ change => "DELETE FROM orchestration.config_maps WHERE namespace_id = $theirs RETURNING name" ],
	'write users' => [ change => "INSERT INTO orchestration.users (username) VALUES ('x') RETURNING username" ],
	'take a login' => [ change => "UPDATE orchestration.users SET db_role = 'pool' WHERE username = 'postgres' RETURNING db_role" ],
	'grant' => [ change => "INSERT INTO orchestration.user_roles (user_id, role_id) VALUES ($mal, $administrator) RETURNING role_id" ],
	'grant once more' => [ change => "INSERT INTO orchestration.user_roles (user_id, role_id) VALUES ($vic, $administrator) RETURNING role_id" ],
	'write a role' => [ change => q(INSERT INTO orchestration.roles (name, permissions) VALUES ('x', '{"*": ["*"]}') RETURNING name) ],
	'write a role once more' => [ change => q(INSERT INTO orchestration.roles (name, permissions) VALUES ('clerk', '{"*": ["*"]}') RETURNING name) ],
	'loosen' => [ change => "UPDATE orchestration.namespaces SET pod_security = 'privileged' WHERE id = $theirs RETURNING pod_security" ],
	'reveal' => [ expression => "orchestration.reveal_secret('theirs', 'key') ->> 'k'" ],
	'stop' => [ expression => "orchestration.stop_container($one) IS NOT NULL" ],
	'scale' => [ expression => "orchestration.scale_container($one, 3) IS NOT NULL" ],
	'remove' => [ expression => "orchestration.delete_container($one) IS NOT NULL" ],
	'ask why' => [ expression => "orchestration.why($one) IS NOT NULL" ],
	'end a session' => [ expression => "orchestration.revoke_session($session) IS NOT NULL" ],
	'who' => [ expression => 'orchestration.current_user_name()' ],
	'permits()' => [ question => "orchestration_internal.permits(ns, 'secrets', 'reveal')" ],
	'permits() anything' => [ question => "orchestration_internal.permits(COALESCE(ns, -1), 'secrets', '*')" ],
	'permits_everywhere()' => [ question => "orchestration_internal.permits_everywhere('users', 'update')" ],
	'permits_anywhere()' => [ question => "orchestration_internal.permits_anywhere('clusters', 'read')" ],
	'has_namespace_permission()' => [ question => "orchestration.has_namespace_permission(orchestration.current_user_id(), ns, 'secrets', 'reveal')" ],
);
my @actions = sort keys %action;

sub statement
{
	my ($kind, $text) = @{ $_[0] };

	return $text if $kind eq 'query' || $kind eq 'change';
	return $kind eq 'question' ? "SELECT $text FROM (SELECT $theirs\:\:bigint) n (ns)" : "SELECT $text";
}

sub in_plpgsql
{
	my ($kind, $text) = @{ $_[0] };

	return $kind eq 'change' ? "$text INTO r" : $kind eq 'query' ? $text =~ s/ FROM / INTO r FROM /r : "r := $text";
}

sub in_sql
{
	my ($kind, $text) = @{ $_[0] };

	return $kind eq 'change' ? "WITH w (x) AS ($text) SELECT x\:\:text FROM w" : 'SELECT (' . statement($_[0]) . ')::text';
}

# name => for which kinds; what is made once; what each session makes; the attempt
my $all = qr/./;
my %vehicle = (
	'SQL' => [ $all, sub { '' }, sub { '' }, sub { statement($_[1]) } ],
	'PL/pgSQL' => [ $all, sub { "CREATE FUNCTION p$_[0](ns bigint) RETURNS text LANGUAGE plpgsql AS \$f\$ DECLARE r text; BEGIN " . in_plpgsql($_[1]) . '; RETURN r; END $f$' }, sub { '' }, sub { "SELECT public.p$_[0]($theirs)" } ],
	'IF of PL/pgSQL' => [ qr/question/, sub { "CREATE FUNCTION i$_[0](ns bigint) RETURNS text LANGUAGE plpgsql AS \$f\$ BEGIN IF NOT $_[1][1] THEN RETURN 'refused'; END IF; RETURN 'done'; END \$f\$" }, sub { '' }, sub { "SELECT public.i$_[0]($theirs)" } ],
	'an SQL function' => [ $all, sub { "CREATE FUNCTION s$_[0]() RETURNS text LANGUAGE sql AS \$f\$ " . in_sql($_[1]) . ' $f$' }, sub { '' }, sub { "SELECT public.s$_[0]()" } ],
	'a stable SQL function' => [ qr/query|question/, sub { "CREATE FUNCTION v$_[0]() RETURNS text LANGUAGE sql STABLE AS \$f\$ " . in_sql($_[1]) . ' $f$' }, sub { '' }, sub { "SELECT public.v$_[0]()" } ],
	'a prepared statement' => [ $all, sub { '' }, sub { "PREPARE a$_[0] AS " . statement($_[1]) }, sub { "EXECUTE a$_[0]" } ],
	'a generic plan' => [ $all, sub { '' }, sub { "PREPARE g$_[0] AS " . statement($_[1]) }, sub { "EXECUTE g$_[0]" } ],
	'DO' => [ $all, sub { '' }, sub { '' }, sub { "DO \$f\$ DECLARE r text; ns bigint := $theirs; BEGIN " . in_plpgsql($_[1]) . "; PERFORM set_config('test.r', COALESCE(r, 'nothing'), true); END \$f\$" } ],
	'a trigger of users' => [ $all, sub { "CREATE TABLE t$_[0] (r text); GRANT ALL ON t$_[0] TO PUBLIC; CREATE FUNCTION tf$_[0]() RETURNS trigger LANGUAGE plpgsql AS \$f\$ DECLARE r text; ns bigint := $theirs; BEGIN " . in_plpgsql($_[1]) . "; NEW.r := r; RETURN NEW; END \$f\$; CREATE TRIGGER t BEFORE INSERT ON t$_[0] FOR EACH ROW EXECUTE FUNCTION tf$_[0]()" }, sub { '' }, sub { "INSERT INTO public.t$_[0] DEFAULT VALUES RETURNING r" } ],
	'a policy of users' => [ qr/question/, sub { "CREATE TABLE y$_[0] AS SELECT $theirs\:\:bigint AS ns; GRANT ALL ON y$_[0] TO PUBLIC; ALTER TABLE y$_[0] ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON y$_[0] USING ($_[1][1])" }, sub { '' }, sub { "SELECT count(*) FROM public.y$_[0]" } ],
	'a policy of users, prepared' => [ qr/question/, sub { '' }, sub { "PREPARE y$_[0] AS SELECT count(*) FROM public.y$_[0]" }, sub { "EXECUTE y$_[0]" } ],
	'a CHECK of users' => [ qr/question/, sub { "CREATE TABLE c$_[0] (ns bigint CHECK ($_[1][1])); GRANT ALL ON c$_[0] TO PUBLIC" }, sub { '' }, sub { "INSERT INTO public.c$_[0] VALUES ($theirs) RETURNING 'done'" } ],
	'a view of users' => [ qr/question/, sub { "CREATE VIEW w$_[0] AS SELECT $_[1][1] AS r FROM (SELECT $theirs\:\:bigint) n (ns); GRANT ALL ON w$_[0] TO PUBLIC" }, sub { '' }, sub { "SELECT r FROM public.w$_[0]" } ],
);
my @vehicles = sort keys %vehicle;
my @cells = map { my $v = $_; map { [ $v, $_ ] } grep { $action{$_}[0] =~ $vehicle{$v}[0] } @actions } @vehicles;
my %number = map { $actions[$_] => $_ } 0 .. $#actions;

sub of_cells
{
	my ($part) = @_;

	return map { $vehicle{ $_->[0] }[$part]->($number{ $_->[1] }, $action{ $_->[1] }) } @cells;
}

$pg->sql($_) for grep { $_ } of_cells(1);
my $prepare = join(";\n", (grep { $_ } of_cells(2)), '');
my @attempts = of_cells(3);

# name => who logs in, and how he is vic and then somebody else; %s is the attempt
my %way = (
	'SET ROLE' => [ 'app', 'SET ROLE vic', 'SET ROLE mal' ],
	'SET LOCAL ROLE and COMMIT' => [ 'app', 'BEGIN; SET LOCAL ROLE vic', 'COMMIT; BEGIN; SET LOCAL ROLE mal', 'COMMIT' ],
	'SET LOCAL ROLE and ROLLBACK' => [ 'app', 'BEGIN; SET LOCAL ROLE vic', 'ROLLBACK; BEGIN; SET LOCAL ROLE mal', 'ROLLBACK' ],
	'SET LOCAL ROLE twice' => [ 'app', 'BEGIN; SET LOCAL ROLE vic', 'SET LOCAL ROLE mal', 'ROLLBACK' ],
	'a savepoint and SET LOCAL ROLE' => [ 'app', 'BEGIN; SET LOCAL ROLE mal; SAVEPOINT s; SET LOCAL ROLE vic', 'ROLLBACK TO s', 'ROLLBACK' ],
	'RESET ROLE' => [ 'turncoat', 'SET ROLE vic', 'RESET ROLE' ],
	'SET ROLE NONE' => [ 'turncoat', 'SET ROLE vic', 'SET ROLE NONE' ],
	'set_config()' => [ 'turncoat', "SELECT set_config('role', 'vic', false) IS NULL", "SELECT set_config('role', 'none', false) IS NULL" ],
	'RESET ALL and RESET ROLE' => [ 'turncoat', 'SET ROLE vic', 'RESET ALL; RESET ROLE' ],
	'DISCARD ALL' => [ 'turncoat', 'SET ROLE vic', 'DISCARD ALL', '', 'prepare' ],
	'DISCARD PLANS' => [ 'app', 'SET ROLE vic', 'DISCARD PLANS; SET ROLE mal' ],
	'a SET clause' => [ 'turncoat', 'as_vic', '' ],
	'SET SESSION AUTHORIZATION' => [ 'postgres', 'SET SESSION AUTHORIZATION vic', 'SET SESSION AUTHORIZATION mal', 'RESET SESSION AUTHORIZATION' ],
	'SET LOCAL SESSION AUTHORIZATION' => [ 'postgres', 'BEGIN; SET LOCAL SESSION AUTHORIZATION vic', 'ROLLBACK; BEGIN; SET LOCAL SESSION AUTHORIZATION mal', 'ROLLBACK' ],
	'SESSION AUTHORIZATION below one role' => [ 'postgres', 'SET SESSION AUTHORIZATION vic; SET ROLE orchestration_user; SET ROLE admin_role', 'RESET SESSION AUTHORIZATION; SET SESSION AUTHORIZATION mal; SET ROLE admin_role', 'RESET SESSION AUTHORIZATION' ],
	'act_as()' => [ 'gate', "BEGIN; SELECT orchestration.act_as('vic') IS NULL", "COMMIT; BEGIN; SELECT orchestration.act_as('mal') IS NULL", 'COMMIT' ],
	'act_as() twice' => [ 'gate', "BEGIN; SELECT orchestration.act_as('vic') IS NULL", "SELECT orchestration.act_as('mal') IS NULL", 'ROLLBACK' ],
	'act_as() and ROLLBACK' => [ 'gate', "BEGIN; SELECT orchestration.act_as('vic') IS NULL", 'ROLLBACK' ],
	'a savepoint and act_as()' => [ 'gate', "BEGIN; SELECT orchestration.act_as('mal') IS NULL; SAVEPOINT s; SELECT orchestration.act_as('vic') IS NULL", 'ROLLBACK TO s', 'ROLLBACK' ],
	'orchestration.user_id' => [ 'gate', "SET orchestration.user_id = $vic", "SET orchestration.user_id = $mal", 'RESET orchestration.user_id' ],
	'RESET orchestration.user_id' => [ 'gate', "SET orchestration.user_id = $vic", 'RESET orchestration.user_id' ],
	'authenticate()' => [ 'pool', "BEGIN; SELECT orchestration.authenticate(token('vic')) > 0", "COMMIT; BEGIN; SELECT orchestration.authenticate(token('mal')) > 0", 'COMMIT' ],
	'authenticate() and ROLLBACK' => [ 'pool', "BEGIN; SELECT orchestration.authenticate(token('vic')) > 0", 'ROLLBACK' ],
	'authenticate() twice' => [ 'pool', "BEGIN; SELECT orchestration.authenticate(token('vic')) > 0", "SELECT orchestration.authenticate(token('mal')) > 0", 'ROLLBACK' ],
);
my $has_set_on_parameter = $pg->sql("SELECT current_setting('server_version_num')::int >= 150000") eq 't';
delete @way{ grep { /user_id/ } keys %way } unless $has_set_on_parameter;

# one session; an array of what its statements answer, line by line
sub answers
{
	my ($login, $script) = @_;
	my ($status, $out, $err) = OrchServer::run_command([ 'psql', '-XqAt', '-h', '127.0.0.1', '-p', $pg->{port}, '-U', $login, '-d', 'app' ], $script);

	is($err, '', "no statement of a session of $login fails by itself");
	return grep { /^\d+\|/ } split /\n/, $out;
}

# a generic plan is one for whoever comes
sub attempt
{
	my ($number, $function) = @_;
	my $mode = $cells[$number][0] eq 'a generic plan' ? 'force_generic_plan' : 'auto';

	return "SET plan_cache_mode = $mode;\nSELECT $number || '|' || public.$function(\$q\$$attempts[$number]\$q\$);\n";
}

# as on a connection of their own
my (%is, %number_of);
for my $who ('vic', 'mal')
{
	my @lines = answers($who, $prepare . join('', map { attempt($_, 'try') } 0 .. $#cells));

	$is{$who} = [ map { s/^\d+\|//r } @lines ];
	is(scalar @lines, scalar @cells, "$who has tried everything");
}
my @same = grep { $is{vic}[$_] eq $is{mal}[$_] } 0 .. $#cells;
is(join(', ', map { "$cells[$_][0]: $cells[$_][1]: $is{vic}[$_]" } @same), '', 'everything that vic may, mal may not');

my $combinations = 0;
for my $way (sort keys %way)
{
	my ($login, $as_vic, $as_other, $end, $anew) = @{ $way{$way} };
	my $script = $prepare;

	for my $number (0 .. $#cells)
	{
		my $vic = $as_vic eq 'as_vic' ? attempt($number, 'try_as_vic') : "$as_vic;\n" . attempt($number, 'try') . attempt($number, 'try');

		# twice for the other one: what is refused with 40001 is planned anew
		$script .= "$vic$as_other;\n" . ($anew ? $prepare : '') . attempt($number, 'try') . attempt($number, 'try') . ($end ? "$end;\n" : '');
	}
	my @lines = answers($login, $script);
	my (@wrong, @lost);

	for my $number (0 .. $#cells)
	{
		my @of = map { s/^\d+\|//r } grep { /^$number\|/ } @lines;
		my ($first, $second) = splice @of, -2;
		my $name = "$cells[$number][0]: $cells[$number][1]";

		push @lost, "$name: @of" unless $of[-1] // '' eq $is{vic}[$number];
		push @wrong, "$name: $first, $second" if $first eq $is{vic}[$number] || $second eq $is{vic}[$number] || $second eq '40001';
		$combinations++;
	}
	is(join("\n", @lost), '', "$way: vic does what he may");
	is(join("\n", @wrong), '', "$way: and nobody else after him");
}

# what somebody has begun to read, the next one does not read to its end
my %cursor = (
	'containers' => "SELECT name FROM orchestration.containers WHERE namespace_id = $theirs",
	'containers by index' => 'SELECT name FROM orchestration.containers ORDER BY namespace_id, id',
	'clusters' => 'SELECT c.name FROM orchestration.clusters c, generate_series(1, 3)',
	'alert rules' => 'SELECT name FROM orchestration.alert_rules',
	'users' => "SELECT username FROM orchestration.users WHERE username IN ('vic', 'postgres')",
	'own secrets' => "SELECT secret_type FROM orchestration.user_secrets WHERE secret_type LIKE 'k%'",
	'own secrets by index' => "SELECT secret_type FROM orchestration.user_secrets WHERE user_id = $vic ORDER BY secret_type",
	'a question' => 'SELECT g FROM generate_series(1, 3) g WHERE orchestration_internal.permits_everywhere(\'users\', \'read\')',
	'who' => "SELECT g FROM generate_series(1, 3) g WHERE orchestration.current_user_id() = $vic",
);
my @cursors = sort keys %cursor;
for my $way (grep { /twice/ } sort keys %way)
{
	my ($login, $as_vic, $as_other, $end) = @{ $way{$way} };
	my $script = '';

	for my $number (0 .. $#cursors)
	{
		for my $settings ('', 'SET LOCAL enable_seqscan = off;')
		{
			$script .= "$as_vic;\n$settings DECLARE c CURSOR FOR $cursor{ $cursors[$number] };\nSELECT $number || '|' || public.next();\n$as_other;\nSELECT $number || '|' || public.next();\n$end;\n";
			$combinations++;
		}
	}
	my @lines = answers($login, $script);
	my @wrong = map { "$cursors[$_->[0]]: $_->[1]" } grep { $_->[1] !~ /^(nothing|40001)$/ } map { [ split /\|/, $lines[$_] ] } grep { $_ % 2 } 0 .. $#lines;

	is(scalar(grep { $lines[$_] !~ /\|(nothing|4....)$/ } grep { $_ % 2 == 0 } 0 .. $#lines), 2 * @cursors, "$way: vic reads the first row of every cursor");
	is(join(', ', @wrong), '', "$way: and nobody else the next");
}

diag("$combinations combinations of " . @actions . ' actions, ' . @vehicles . ' vehicles and ' . keys(%way) . ' ways');
done_testing;
