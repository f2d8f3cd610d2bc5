# What of an error reaches whom: the client gets what it is, the server's log where it came from.
use strict;
use warnings;
use OrchServer;
use Test::More;

my $pg = OrchServer->new('errors');
$pg->start->create_bootstrapped('app');
$pg->sql(<<'SQL');
SELECT orchestration.create_namespace('shop');
CREATE ROLE ann LOGIN IN ROLE orchestration_user;
INSERT INTO orchestration.users (username, db_role) VALUES ('ann', 'ann');
INSERT INTO orchestration.user_roles (user_id, role_id) SELECT u.id, r.id FROM orchestration.users u, orchestration.roles r WHERE u.username = 'ann' AND r.name = 'operator';
SQL

# as(SETTINGS, STATEMENT): what psql prints, and what the log has of it, as an ordinary user
sub as
{
	my ($settings, $statement) = @_;

	$pg->sql("ALTER ROLE ann SET $_") for @$settings;
	my $before = $pg->log_size;
	my ($status, $out, $err) = OrchServer::run_command([ 'psql', '-Xq', '-h', '127.0.0.1', '-p', $pg->{port}, '-U', 'ann', '-d', 'app', '-c', $statement ]);
	return ($err, substr($pg->log_text, $before));
}

my $wrong_name = q{SELECT orchestration.create_container('shop', 'Web_1', 'nginx')};
my ($told, $logged) = as([], $wrong_name);
is($told, <<'TEXT', 'psql shows the error and nothing else');
ERROR:  invalid container name "Web_1"
DETAIL:  Character 1 is "W", which is not allowed.
HINT:  Use 1 to 63 lower-case letters, digits and "-", beginning with a letter and ending with a letter or digit, as in "web-1".
TEXT
like($logged, qr/CONTEXT: .*PL\/pgSQL function orchestration\.create_container/s, 'the log has where it came from');
is(() = $logged =~ /ERROR:  invalid container name/g, 1, 'once');
like($logged, qr/STATEMENT:  \Q$wrong_name\E/, 'and what was asked');

$pg->sql(q{ALTER ROLE ann SET log_error_verbosity = 'terse'});
(undef, $logged) = as([], $wrong_name);
unlike($logged, qr/CONTEXT:/, 'unless the log is to be terse');
$pg->sql('ALTER ROLE ann RESET log_error_verbosity');

($told) = as([], q{DO $$ BEGIN PERFORM orchestration.create_container('shop', 'Web_1', 'nginx'); END $$});
unlike($told, qr/CONTEXT:/, 'nor from a block of a user');
($told) = as([], q{DO $$ BEGIN PERFORM 1 / 0; END $$});
like($told, qr/CONTEXT:  SQL statement/, 'what is not ours is told as ever');
($told, $logged) = as([q{client_min_messages = 'error'}], q{SELECT orchestration.pause_container(4711)});
like($told, qr/\AERROR: [^\n]*4711[^\n]*\n(HINT: [^\n]*\n)?\z/, 'an error that a function of ours raises');

$pg->stop;
done_testing();
