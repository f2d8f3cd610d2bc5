# The examples of docs/functions.md run as they stand there, and every function of the interface is among them.
use strict;
use warnings;
use OrchServer;
use Test::More;

open(my $page, '<', "$ENV{ORCH_ROOT}/docs/functions.md") or die "docs/functions.md: $!";
my $text = do { local $/; <$page> };
my $pg = OrchServer->new('documented');
$pg->start->create_bootstrapped('app');
$pg->sql(<<'SQL');
CREATE ROLE ann LOGIN IN ROLE orchestration_user;
CREATE ROLE gate LOGIN IN ROLE orchestration_gateway;
INSERT INTO orchestration.users (username, db_role) VALUES ('ann', 'ann');
INSERT INTO orchestration.user_roles (user_id, role_id) SELECT u.id, r.id FROM orchestration.users u, orchestration.roles r WHERE u.username = 'ann' AND r.name = 'administrator';
SQL

my %role = ('' => 'ann', owner => 'postgres', gateway => 'gate');
my $run = 0;
while ($text =~ /^```sql *(\w*)\n(.*?)^```$/gms)
{
	my ($whom, $example) = ($1, $2);

	next if $whom eq 'cluster';
	my $role = $role{$whom} or die "an example for whom: $whom";
	my ($status, $out, $err) = OrchServer::run_command(
		[ 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-h', '127.0.0.1', '-p', $pg->{port}, '-U', $role, '-d', 'app' ], $example);
	is($status, 0, "as $role: " . (split /\n/, $example)[0]) or diag($err);
	$run++;
}
cmp_ok($run, '>', 15, 'examples are found');

my @functions = split /\n/, $pg->sql("SELECT DISTINCT proname FROM pg_proc WHERE pronamespace = 'orchestration'::regnamespace");
is_deeply([ grep { $text !~ /\borchestration\.$_\(/ } @functions ], [], 'every function has an example');
is($pg->sql("SELECT count(*) <= 80 FROM pg_proc WHERE pronamespace = 'orchestration'::regnamespace"), 't', 'and there are few enough to read');
done_testing();
