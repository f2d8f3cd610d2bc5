# Clusters that cannot be used are said so, and disturb no other.
use strict;
use warnings;
use OrchTest;
use Test::More;

my $kube = kube_or_skip();
my $pg = server_with_cluster('clusters', $kube);
my $kwok = q(node_selector => '{"type": "kwok"}', tolerations => '[{"key": "kwok.x-k8s.io/node", "operator": "Exists"}]');
my $ns = new_namespace($pg, 'multi');

sub cluster_ok
{
	my ($name, $status, $message, $title) = @_;

	subtest $title => sub {
		ok($pg->until_true("SELECT status = '$status' FROM orchestration.clusters WHERE name = '$name'"), "$name is $status") or diagnose($pg);
		like($pg->sql("SELECT status_message FROM orchestration.clusters WHERE name = '$name'"), $message, 'the message says why');
		is($pg->sql("SELECT count(*) FROM orchestration.cluster_status WHERE name = '$name'"), 1, 'cluster_status has it');
	};
}

my $count = 0;

# the cluster that works goes on working
sub main_works
{
	my ($title) = @_;
	my $id = $pg->as_operator("SELECT orchestration.create_container('$ns', 'c" . ++$count . "', 'example.com/x:1', $kwok)");

	return runs($pg, $id, $title);
}

my $tls = register($pg, 'wrong-ca', $kube->kubeconfig('wrong-ca'));
cluster_ok('wrong-ca', 'refused', qr/certificate|issuer|CA/i, 'a wrong CA');
register($pg, 'expired', $kube->kubeconfig('expired'));
cluster_ok('expired', 'refused', qr/401|[Uu]nauthorized|credentials/, 'an expired token');
register($pg, 'bad-token', $kube->kubeconfig('bad-token'));
cluster_ok('bad-token', 'refused', qr/401|[Uu]nauthorized|credentials/, 'a wrong token');
register($pg, 'alice', $kube->kubeconfig('alice'));
cluster_ok('alice', 'refused', qr/403|forbidden/i, 'an account without rights');
(my $nowhere = $kube->kubeconfig) =~ s{server: \S+}{server: https://127.0.0.1:9};
register($pg, 'nowhere', $nowhere);
cluster_ok('nowhere', 'unreachable', qr/connect|refused/i, 'a port where nobody listens');
(my $unresolved = $kube->kubeconfig) =~ s{server: \S+}{server: https://no-such-host.invalid:6443};
register($pg, 'unresolved', $unresolved);
cluster_ok('unresolved', 'unreachable', qr/resolve/i, 'a name that does not resolve');
main_works('the healthy cluster among them works');

# rows that ask for a cluster which cannot be used wait, and say for what
$pg->as_administrator("SELECT orchestration.create_namespace('lost-$$', 'nowhere')");
$pg->joins("lost-$$");
$pg->as_operator("SELECT orchestration.create_container('lost-$$', 'c', 'x')");
my $lost = container_id($pg, "lost-$$", 'c');
is($pg->sql("SELECT status FROM orchestration.containers WHERE id = $lost"), 'pending', 'a container there is pending');
like($pg->as_operator("SELECT orchestration.why($lost)"), qr/nowhere.*unreachable/s, 'and why() names the cluster');

# ---- an API server that holds its connections and does not answer
my $frozen = OrchKube->own('frozen', 'none');
register($pg, 'frozen', $frozen->kubeconfig);
ok(connected($pg, 'frozen'), 'a second cluster is connected') or diagnose($pg);
my $other = "other-$$";
$pg->as_administrator("SELECT orchestration.create_namespace('$other', 'frozen')");
$pg->joins($other);
$pg->as_operator("SELECT orchestration.create_config_map('$other', 'a', '{\"a\": \"1\"}')");
within($frozen, 'and gets what is its own', sub { $frozen->get($other, 'configmap/a') });
is($kube->get('default', "namespace/$other"), undef, 'the first one does not');
$frozen->cluster('freeze', 'apiserver');
$pg->as_operator("SELECT orchestration.create_config_map('$other', 'b', '{\"b\": \"1\"}')");
cluster_ok('frozen', 'unreachable', qr/\S/, 'its API server is frozen');
main_works('meanwhile the healthy cluster works');
$frozen->cluster('thaw', 'apiserver');
ok(connected($pg, 'frozen', 90), 'thawed, it is connected again') or diagnose($pg);
within($frozen, 'and gets what it missed', sub { $frozen->get($other, 'configmap/b') }, 90);

# ---- killed and started again
$frozen->cluster('stop', 'apiserver', '--kill9');
cluster_ok('frozen', 'unreachable', qr/\S/, 'its API server is killed');
$pg->as_operator("SELECT orchestration.create_config_map('$other', 'c', '{\"c\": \"1\"}')");
main_works('meanwhile the healthy cluster works');
$frozen->start('apiserver');
within($frozen, 'started again, it gets what it missed', sub { $frozen->get($other, 'configmap/c') }, 90) or diagnose($pg);

# ---- a token in a file that is replaced now and then
my $token_file = "$pg->{dir}/token";
sub write_token
{
	my ($token) = @_;

	open my $file, '>', "$token_file.new" or die $!;
	print $file "$token\n";
	close $file;
	chmod 0644, "$token_file.new";
	rename "$token_file.new", $token_file or die $!;
}
my $token = $kube->kubectl('create', 'token', 'orchestration', '-n', 'orchestration', '--duration=1h');
write_token('not-a-token');
(my $by_file = $kube->kubeconfig('token')) =~ s{token: [^\s\}]+}{tokenFile: $token_file};
like($by_file, qr/tokenFile/, 'a kubeconfig that names a file with a token');
register($pg, 'by-file', $by_file);
cluster_ok('by-file', 'refused', qr/401|[Uu]nauthorized|credentials/, 'the file holds a wrong token');
write_token($token);
# the cluster has one Lease for each installation, and "main" is this very cluster
ok($pg->until_true("SELECT status IN ('connected', 'standby') FROM orchestration.clusters WHERE name = 'by-file'", timeout => 90), 'the file holds a good one: it is read again') or diagnose($pg);

# ---- poison rows
my $poison = new_namespace($pg, 'poison');
$pg->sql(<<SQL);
BEGIN;
SELECT orchestration.create_secret('$poison', 'poison', '{"a": "1"}');
SELECT orchestration.create_secret('$poison', 'good', '{"a": "1"}');
-- as a damaged disk would: the trigger lets nobody write what does not open
SET LOCAL session_replication_role = replica;
UPDATE orchestration.secrets SET encrypted_data = '\\x00' WHERE name = 'poison';
ALTER TABLE orchestration.containers DROP CONSTRAINT containers_overrides_check;
INSERT INTO orchestration.containers (namespace_id, name, image_id, overrides)
SELECT n.id, 'bad', orchestration_internal.find_image(n.id, 'x'), '{"spec": {"noSuchField": 1}}' FROM orchestration.namespaces n WHERE n.name = '$poison';
ALTER TABLE orchestration.containers ADD CONSTRAINT containers_overrides_check CHECK (orchestration_internal.valid_overrides(overrides)) NOT VALID;
COMMIT;
SQL
my $good = $pg->as_operator("SELECT orchestration.create_container('$poison', 'good', 'example.com/x:1', $kwok)");
within($kube, 'the good secret beside a broken one is made', sub { $kube->get($poison, 'secret/good') });
runs($pg, $good, 'a good container beside a bad one runs');
is($kube->get($poison, 'secret/poison'), undef, 'the broken secret is not made');
ok($pg->until_true("EXISTS (SELECT FROM orchestration.managed_objects WHERE name = 'poison' AND last_error IS NOT NULL)
		OR EXISTS (SELECT FROM orchestration_internal.plan_errors WHERE owner_type = 'secret')"), 'and the reason is written down') or diagnose($pg);
main_works('other namespaces are not disturbed');

# ---- disabled, removed, put right
$pg->sql("UPDATE orchestration.clusters SET enabled = false WHERE name = 'frozen'");
cluster_ok('frozen', 'disabled', qr/disabled/, 'a disabled cluster');
$pg->sql("UPDATE orchestration.clusters SET enabled = true WHERE name = 'frozen'");
ok(connected($pg, 'frozen'), 'enabled again, it is connected');
$pg->as_administrator("SELECT orchestration.unregister_cluster('$_')") for qw(wrong-ca expired bad-token alice unresolved);
$pg->as_administrator("SELECT orchestration.unregister_cluster('by-file', forget => true)");
main_works('after clusters were removed the healthy one works');
like($pg->administrator_error("SELECT orchestration.unregister_cluster('main')"), qr/OR006/, 'a cluster that is in use is not removed');
like($pg->error("DELETE FROM orchestration.clusters WHERE name = 'main'"), qr/OR006/, 'not by a plain DELETE either');
is($pg->sql("SELECT failures FROM orchestration_internal.worker_state() WHERE database_name = 'app'"), 0, 'the worker never failed');

done_testing();
