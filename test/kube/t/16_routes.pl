# A route is an Ingress: made, followed, taken away; and what the database takes for hosts and paths, the API server takes.
use strict;
use warnings;
use JSON::PP ();
use OrchTest;
use Test::More;

my $kube = kube_or_skip();
my $pg = server_with_cluster('routes', $kube);
my $ns = new_namespace($pg, 'routes');
my $kwok = q(node_selector => '{"type": "kwok"}', tolerations => '[{"key": "kwok.x-k8s.io/node", "operator": "Exists"}]');

$pg->as_operator("SELECT orchestration.create_container('$ns', 'web', 'example.com/web:1', ports => '[{\"containerPort\": 8080, \"servicePort\": 80}]', $kwok)");
$pg->as_operator("SELECT orchestration.create_secret('$ns', 'cert', '{\"tls.crt\": \"c\", \"tls.key\": \"k\"}', type => 'kubernetes.io/tls')");
my $route = $pg->as_operator("SELECT orchestration.create_route('$ns', 'web', 'shop.example', 'web', 80, tls_secret => 'cert', ingress_class => 'test', annotations => '{\"example.org/a\": \"b\"}')");
my $status = sub { $pg->sql("SELECT status, status_reason, addresses FROM orchestration.routes WHERE id = $route") };

ok($pg->until_true("SELECT observed_generation = generation AND status_reason = 'NoAddress' FROM orchestration.routes WHERE id = $route"), 'the Ingress is there, and waits for a controller')
  or diag($status->());
my $spec = $kube->get($ns, 'ingress/web')->{spec};
is_deeply($spec, {
	ingressClassName => 'test', tls => [ { hosts => ['shop.example'], secretName => 'cert' } ],
	rules => [ { host => 'shop.example', http => { paths => [ { path => '/', pathType => 'Prefix', backend => { service => { name => 'web', port => { number => 80 } } } } ] } } ] },
	'it leads to the service');
is($kube->field($ns, 'ingress/web', '{.metadata.annotations.example\.org/a}'), 'b', 'with its annotation');

# ---- what a controller says
$kube->kubectl('patch', '-n', $ns, 'ingress/web', '--subresource=status', '--type=merge', '-p', '{"status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.7"}]}}}');
ok($pg->until_true("SELECT status = 'active' AND status_reason IS NULL AND addresses = '{192.0.2.7}' FROM orchestration.routes WHERE id = $route"), 'the row has its address')
  or diag($status->());

# ---- changes and drift
$pg->as_operator("SELECT orchestration.update_route('$ns', 'web', path => '/shop', path_type => 'Exact', reset => '{tls_secret}')");
within($kube, 'a change arrives', sub { $kube->field($ns, 'ingress/web', '{.spec.rules[0].http.paths[0].path}{.spec.tls}') eq '/shop' });
$kube->kubectl('patch', '-n', $ns, 'ingress/web', '--type=json', '-p', '[{"op": "replace", "path": "/spec/rules/0/host", "value": "evil.example"}]');
within($kube, 'what somebody changes is put right', sub { $kube->field($ns, 'ingress/web', '{.spec.rules[0].host}') eq 'shop.example' });
$kube->kubectl('delete', '-n', $ns, 'ingress/web');
within($kube, 'what somebody deletes comes again', sub { $kube->field($ns, 'ingress/web', '{.spec.rules[0].host}') eq 'shop.example' });
ok($pg->until_true("SELECT status_reason = 'NoAddress' AND addresses = '{}' FROM orchestration.routes WHERE id = $route"), 'without the address of the one that is gone')
  or diag($status->());
$pg->as_operator("SELECT orchestration.update_container('$ns', 'web', ports => '[{\"containerPort\": 8080, \"servicePort\": 80, \"serviceType\": \"NodePort\"}]')");
within($kube, 'it follows the service of its port', sub { $kube->field($ns, 'ingress/web', '{.spec.rules[0].http.paths[0].backend.service.name}') eq 'web-nodeport' });
like($pg->operator_error("SELECT orchestration.delete_container('$ns', 'web')"), qr/OR006/, 'the container stays while it does');

# ---- hosts and paths: whoever takes one, takes the other
sub server_takes
{
	my ($host, $path, $type) = @_;
	local $kube->{input} = JSON::PP::encode_json({ apiVersion => 'networking.k8s.io/v1', kind => 'Ingress', metadata => { name => 'x' }, spec => { rules => [ { host => $host, http => { paths => [
		{ path => $path, pathType => $type, backend => { service => { name => 'web', port => { number => 80 } } } } ] } } ] } });
	my ($failed, undef, $err) = $kube->try('create', '--dry-run=server', '-n', $ns, '-f', '-');

	return $failed ? "no: $err" : 'yes';
}

sub we_take
{
	my ($host, $path, $type) = map { "'" . s/'/''/gr . "'" } @_;
	utf8::encode($path);
	my $err = $pg->operator_error("BEGIN; SELECT orchestration.create_route('$ns', 'x', $host, 'web', 80, path => $path, path_type => $type); SELECT 1/0");

	return $err =~ /22012/ ? 'yes' : "no: $err";
}

my @hosts = ('a', 'a.b-c.example', '*.example', '*.*.example', '*', '*example', 'a.*.example', '.example', 'example.', 'a..b', 'Shop.example', '10.0.0.1', '10.0.0.256', '1.2.3', '*.10.0.0.1',
	'a_b.example', 'shop.example:80', '-a.example', '*.' . 'a.' x 125 . 'a', '*.' . 'a.' x 125 . 'aa', 'a' x 64 . '.example');
my @paths = ('/', '/a', '/a/', '/a.b/..c', 'a', '', '//', '/a//b', '/./a', '/a/.', '/a/..', '/../a', '/a%2fb', '/a%2Fb', '/$1(.*)', '/a b', "/\x{e4}");
for my $case ((map { [ $_, '/', 'Prefix' ] } @hosts), map { my $path = $_; map { [ 'shop.example', $path, $_ ] } qw(Prefix Exact ImplementationSpecific) } @paths)
{
	my ($theirs, $ours) = (server_takes(@$case), we_take(@$case));

	is(substr($ours, 0, 2), substr($theirs, 0, 2), join ' ', map { length > 30 ? substr($_, 0, 30) . '...' : $_ } map { s/[^ -~]/?/gr } @$case) or diag("server: $theirs\nwe: $ours");
}

# ---- the end
$pg->as_operator("SELECT orchestration.delete_route('$ns', 'web'), orchestration.delete_container('$ns', 'web')");
within($kube, 'the Ingress goes', sub { !$kube->get($ns, 'ingress/web') });
$pg->stop;
done_testing();
