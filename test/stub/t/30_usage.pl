# A round of usage against a server that answers in pages, refuses, or knows no metrics.k8s.io.
use strict;
use warnings;
use JSON::PP;
use OrchStub;
use OrchTest;
use Test::More;

my $stub = OrchStub->start;
my $world = $stub->world('usage');
my $pg = server_with_worlds('usage', $world);

fill($pg, 1, $world);
my $web = container_id($pg, 'usage', 'web');
$world->make_pod('usage', "web-$_", $web) for 1, 2;
ok($pg->until_true("SELECT count(*) = 2 FROM orchestration.container_instances WHERE container_id = $web"), 'two pods') or diagnose($pg, $web);
foreach my $pod (1, 2)
{
	$world->edit("/api/v1/namespaces/usage/pods/web-$pod", { spec => { nodeName => "node-$pod" }, status => { phase => 'Running' } });
}
ok($pg->until_true("SELECT count(*) = 2 FROM orchestration.container_instances WHERE node_name LIKE 'node-%' AND phase = 'Running'"), 'on a node each') or diagnose($pg, $web);

# what metrics.k8s.io and a kubelet say of a pod
sub measured { my ($pod) = @_; return { metadata => { name => "web-$pod", namespace => 'usage' }, timestamp => timestamp(), window => '15s', containers => [ { name => 'web', usage => { cpu => '5m', memory => "${pod}Mi" } } ] } }
sub page { my ($token, @pods) = @_; return encode_json({ kind => 'PodMetricsList', metadata => { continue => $token }, items => [ map { measured($_) } @pods ] }) }
sub timestamp { my @now = gmtime; return sprintf '%04d-%02d-%02dT%02d:%02d:%02dZ', $now[5] + 1900, $now[4] + 1, @now[3, 2, 1, 0] }
sub answers { my ($path, $query, $body) = @_; return $world->order(path => $path, query => $query, action => 'status', status => 200, body => $body, headers => { 'Content-Type' => 'application/json' }, times => 1_000_000) }

# A round that ends, begun anew.
sub round
{
	my $before = $pg->sql("SELECT coalesce(usage_observed_at, '-infinity') FROM orchestration.clusters");

	$pg->sql('UPDATE orchestration.clusters SET usage_interval = 5 + (usage_interval = 5)::int');
	ok($pg->until_true("SELECT usage_observed_at > '$before' FROM orchestration.clusters", timeout => 60), 'a round') or diagnose($pg, $web);
	return $pg->sql("SELECT coalesce(usage_message, '') FROM orchestration.clusters");
}
sub memory { return $pg->sql("SELECT coalesce(string_agg(i.pod_name || ' ' || c.metrics_memory_bytes, ', ' ORDER BY i.pod_name), '') FROM orchestration_internal.container_usage_counters c JOIN orchestration.container_instances i ON i.id = c.instance_id") }

# ---- pages: the token travels as it is, but for its =
answers('/metrics.k8s.io/', '^limit=500&labelSelector=[^&]*$', page('abc-_.==', 1));
answers('/metrics.k8s.io/', 'continue=', page('not a token&', 2));
answers('/stats/summary$', '', '{"pods": []}');
is(round(), '', 'nothing is amiss');
is(memory(), 'web-1 1048576, web-2 2097152', 'both pages are on record');
my %continued = map { ($_->{query} =~ /continue=(.*)/ ? $1 : 'first') => 1 } $world->log('GET', '/metrics.k8s.io/');
is(join(' ', sort keys %continued), 'abc-_.%3D%3D first', 'the token was handed back, and what is none was not');
is(join(' ', sort keys %{ { map { $_->{path} => 1 } $world->log('GET', '/stats/summary$') } }), '/api/v1/nodes/node-1/proxy/stats/summary /api/v1/nodes/node-2/proxy/stats/summary', 'each node is asked');

# ---- what is refused is told, and costs the rest nothing
$world->forgive;
answers('/metrics.k8s.io/', '', page('', 1));
$world->refuse(403, path => '/stats/summary$', message => 'nodes is forbidden');
like(round(), qr{^2 of 2 nodes gave no usage, such as node-\d: nodes is forbidden \(apply docs/rbac.yaml}, 'who lacks rights, and what to do');
$world->forgive;
answers('/metrics.k8s.io/', '', 'no JSON');
answers('/stats/summary$', '', '{"pods": 7}');
like(round(), qr{^metrics.k8s.io: }, 'a page that is none');
$world->forgive;
$world->order(path => 'node-1/proxy/stats/summary$', action => 'close', times => 1_000_000);
answers('/stats/summary$', '', '{"pods": []}');
$world->refuse(404, path => '/metrics.k8s.io/');
like(round(), qr{^1 of 2 nodes gave no usage, such as node-1: }, 'a node that does not answer; and no metrics.k8s.io is no trouble');
my $asked = $world->count('GET', '/metrics.k8s.io/');
round();
is($world->count('GET', '/metrics.k8s.io/'), $asked, 'which is not asked again so soon');
like($pg->sql('SELECT errors FROM orchestration.worker_status'), qr/^[0-9]$/, 'nodes that tell nothing are no errors of the platform');
done_testing();
