# Trust, tokens that run out, servers that are slow or hang beside a healthy one,
# and objects that are as large as they may be.
use strict;
use warnings;
use OrchStub;
use OrchTest;
use Test::More;

my $pki = "$ENV{TESTDATADIR}/pki";
OrchServer::must_run([ "$ENV{TESTDIR}/make-pki.sh", $pki ]);

sub write_file
{
	my ($path, $text) = @_;

	# swapped as kubelet does
	open my $file, '>', "$path.new" or die "$path: $!";
	print $file $text;
	close $file;
	chmod 0644, "$path.new";
	rename "$path.new", $path or die "$path: $!";
}

sub read_file { my ($path) = @_; local (@ARGV, $/) = $path; return scalar <> }
sub make { my ($pg, $world, $name) = @_; return $pg->as_operator("SELECT orchestration.create_config_map('$world->{name}', '$name', '{\"k\": \"v\"}')") }
sub has { my ($world, $name) = @_; return $world->object("/api/v1/namespaces/$world->{name}/configmaps/$name") }

my ($server_tokens, $token_file, $ca_file) = map { "$ENV{TESTDATADIR}/$_" } qw(server-tokens token ca);
write_file($server_tokens, 'token-first');
write_file($token_file, "token-first\n");
write_file($ca_file, read_file("$pki/ca.crt"));

my $tls = OrchStub->start('--tls-cert' => "$pki/server.crt", '--tls-key' => "$pki/server.key", '--token-file' => $server_tokens, '--orders');
my $plain = OrchStub->start;
my ($trusted, $wrong_ca, $stale) = map { $tls->world($_) } qw(trusted wrong-ca stale);
my ($healthy, $slow, $hanging, $half) = map { $plain->world($_) } qw(healthy slow hanging half);
@$trusted{qw(cluster user)} = ({ 'certificate-authority' => $ca_file }, { tokenFile => $token_file });
@$wrong_ca{qw(cluster user)} = ({ 'certificate-authority' => "$pki/other-ca.crt" }, { token => 'token-first' });
@$stale{qw(cluster user)} = ({ 'certificate-authority' => "$pki/ca.crt" }, { token => 'token-first' });

my $pg = server_with_worlds('connections', $trusted, $stale, $healthy, $slow, $hanging, $half);
fill($pg, 1, $trusted, $stale, $healthy, $slow, $hanging, $half);

sub cluster_ok
{
	my ($world, $status, $message, $title) = @_;

	ok($pg->until_true("SELECT status = '$status' FROM orchestration.clusters WHERE name = '$world->{name}'"), $title) or diagnose($pg);
	like($pg->sql("SELECT coalesce(status_message, '') FROM orchestration.clusters WHERE name = '$world->{name}'"), $message, 'and says why');
}

# ---- slow, hanging, and hanging for writes only: begun here, looked at below
$slow->order(method => 'GET|PATCH|DELETE', action => 'delay', seconds => 2, times => 1_000_000);
$hanging->order(action => 'hang', times => 1_000_000);
$hanging->hang_up;
$half->order(method => 'PATCH', path => '/c$', action => 'hang', times => 1_000_000);
make($pg, $_, 'c') for $slow, $hanging, $half;

# ---- an authority that did not sign it
register($pg, 'wrong-ca', $wrong_ca->kubeconfig);
cluster_ok($wrong_ca, 'refused', qr/certificate/i, 'wrong CA: the cluster is refused');
is(scalar(@{ $wrong_ca->control('log') }), 0, 'and was sent nothing, the token least of all');

# ---- a token that runs out is read again from its file, and nothing is noticed
write_file($token_file, "token-second\n");
write_file($server_tokens, 'token-second');
make($pg, $trusted, 'c');
until_ok($pg, sub { has($trusted, 'c') }, 'a new token is found when the old one is refused');
is($pg->sql("SELECT last_error FROM orchestration.managed_objects WHERE cluster_namespace = 'trusted' AND name = 'c'"), '', 'without an error');
cluster_ok($stale, 'refused', qr/[Uu]nauthorized/, 'who has no file is refused');
isnt(scalar(grep { $_->{headers}{Authorization} eq 'Bearer token-second' } $trusted->log('PATCH', '/c$')), 0, 'it was sent with the new token');

# ---- and when there is no new one yet
write_file($server_tokens, 'token-third');
make($pg, $trusted, 'd');
cluster_ok($trusted, 'refused', qr/[Uu]nauthorized/, 'the token has run out: the cluster says so');
ok(!has($trusted, 'd'), 'nothing is written');
write_file($token_file, "token-third\n");
until_ok($pg, sub { has($trusted, 'd') }, 'it goes on as soon as the file holds a good one');
ok(connected($pg, 'trusted'), 'the cluster is connected') or diagnose($pg);

# ---- the healthy one beside all these
make($pg, $healthy, "h$_") for 1 .. 5;
until_ok($pg, sub { 5 == grep { has($healthy, "h$_") } 1 .. 5 }, 'the healthy cluster gets what is its own');
cluster_ok($healthy, 'connected', qr/^$/, 'and is connected');
cluster_ok($hanging, 'unreachable', qr/./, 'the hanging one is unreachable');
ok(!has($hanging, 'c'), 'and has nothing');
until_ok($pg, sub { has($slow, 'c') }, 'the slow one gets it in the end');
cluster_ok($slow, 'connected', qr/^$/, 'and is connected');

# ---- one write hangs: the others go on, and it is given up and tried again
make($pg, $half, "h$_") for 1 .. 5;
until_ok($pg, sub { 5 == grep { has($half, "h$_") } 1 .. 5 }, 'other writes pass the one that hangs');
ok($pg->until_true("SELECT last_error_reason = 'Unreachable' FROM orchestration.managed_objects WHERE cluster_namespace = 'half' AND name = 'c'"), 'it is given up in time') or diagnose($pg);
cluster_ok($half, 'connected', qr/^$/, 'the cluster is connected all the while');
$half->forgive;
until_ok($pg, sub { has($half, 'c') }, 'and it is made');
$hanging->forgive;
until_ok($pg, sub { has($hanging, 'c') }, 'the one that hung gets what it missed');
ok($pg->until_true("SELECT bool_and(status = 'connected') FROM orchestration.clusters WHERE name NOT IN ('stale', 'wrong-ca')", timeout => 120), 'all are connected in the end') or diagnose($pg);

# ---- large objects
my $length = 1_000_000;
$pg->as_operator("SELECT orchestration.create_config_map('healthy', 'large', jsonb_build_object('k', repeat('x', $length)))");
until_ok($pg, sub { my $large = has($healthy, 'large'); $large && length($large->{data}{k}) == $length }, 'a config map of a million bytes arrives');
like($pg->operator_error("SELECT orchestration.create_config_map('healthy', 'larger', jsonb_build_object('k', repeat('x', 1100000)))"), qr/OR0\d\d/, 'one that no cluster takes is refused by the database');
my $web = container_id($pg, 'healthy', 'web');
$healthy->make_pod('healthy', 'fat', $web, message => 'y' x 2_000_000);
$healthy->make_pod('healthy', 'thin', $web);
ok($pg->until_true("SELECT count(*) = 2 FROM orchestration.container_instances WHERE container_id = $web"), 'a pod of two million bytes is seen, and the next one') or diagnose($pg, $web);
cmp_ok($pg->sql("SELECT max(length(observed::text) + length(coalesce(message, ''))) FROM orchestration.container_instances WHERE container_id = $web"), '<', 10_000, 'and not kept whole');

is($pg->sql("SELECT failures FROM orchestration_internal.worker_state() WHERE database_name = 'app'"), 0, 'the worker never failed');
unlike($pg->log_text, qr/token-(?:first|second|third)/, 'no token is in the log');
$pg->stop;
done_testing();
