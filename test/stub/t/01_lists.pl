# Lists that break, lists that lie, positions that are too old: nothing is deleted
# that was not proven gone, and afterwards the rows are right.
use strict;
use warnings;
use MIME::Base64 qw(encode_base64);
use OrchStub;
use OrchTest;
use Test::More;

my $true = JSON::PP::true;
my $false = JSON::PP::false;
my $stub = OrchStub->start;

sub raw { my ($text) = @_; $text =~ s/\n/\r\n/g; return encode_base64($text, '') }
sub line { my ($type, $object) = @_; return JSON::PP::encode_json({ type => $type, object => $object }) . "\n" }

my $begun = qq({"kind":"List","metadata":{"resourceVersion":"99999"},"items":[);
my $expired = line('ERROR', { kind => 'Status', status => 'Failure', code => 410, reason => 'Expired', message => 'too old' });
my $somebody = line('ADDED', { kind => 'Any', metadata => { name => 'x', namespace => 'x', uid => 'x', resourceVersion => '5' } });

# ---- ways in which a list can be broken: by pages, and as the beginning of a watch
my %broken = (
	refused => [ 'a second page that is refused' => { query => 'continue=', action => 'status', status => 500 } ],
	expires => [ 'second pages that are always too old' => { query => 'continue=', action => 'status', status => 410, body => '' } ],
	cut => [ 'a page that is cut off' => { query => 'limit=', action => 'raw', raw => raw("HTTP/1.1 200 OK\nContent-Type: application/json\nContent-Length: 4000\n\n$begun") } ],
	short => [ 'a page that ends too early' => { query => 'limit=', action => 'raw', raw => raw("HTTP/1.1 200 OK\nContent-Type: application/json\n\n$begun") } ],
	login => [ 'a web page with status 200' => { query => 'limit=', action => 'status', status => 200, body => '<html>Please log in</html>', headers => { 'Content-Type' => 'text/html' } } ],
	nothing => [ 'an empty answer' => { query => 'limit=', action => 'status', status => 200, body => '' } ],
	object => [ 'an empty object' => { query => 'limit=', action => 'status', status => 200, body => '{}' } ],
	unversioned => [ 'an empty list without a version' => { query => 'limit=', action => 'status', status => 200, body => '{"kind": "List", "items": []}' } ],
	failure => [ 'a Status with status 200' => { query => 'limit=', action => 'status', status => 200, body => '{"kind": "Status", "status": "Failure", "code": 500}' } ],
	hung => [ 'a beginning that is cut off' => { query => 'sendInitialEvents', action => 'stream', lines => [$somebody], end => 'reset' } ],
	ended => [ 'a beginning that ends too early' => { query => 'sendInitialEvents', action => 'stream', lines => [$somebody] } ],
	lost => [ 'a beginning that is too old' => { query => 'sendInitialEvents', action => 'stream', lines => [$expired] } ]);
my @broken = map { $stub->world($_) } sort keys %broken;
my ($http, $stream, $empty) = my @others = map { $stub->world($_) } qw(http stream empty);

for my $world (@broken, @others)
{
	my $fault = $broken{ $world->{name} } && $broken{ $world->{name} }[1];
	$world->options(watchlist => $false, page => 2) if $fault && $fault->{query} ne 'sendInitialEvents';
}
my $pg = server_with_worlds('lists', @broken, @others);
fill($pg, 4, @broken, @others);

sub web { my ($world) = @_; return container_id($pg, $world->{name}, 'web') }
sub path { my ($world, $name) = @_; return $name eq 'web' ? "/apis/apps/v1/namespaces/$world->{name}/deployments/web" : "/api/v1/namespaces/$world->{name}/" . ($name =~ /^m/ ? 'configmaps' : 'pods') . "/$name" }
sub uids { my ($world) = @_; return $pg->sql("SELECT string_agg(kind || name || uid, ' ' ORDER BY kind, name) FROM orchestration.managed_objects WHERE cluster_namespace = '$world->{name}'") }
sub pods { my ($world) = @_; return $pg->sql('SELECT count(*) FILTER (WHERE ended_at IS NULL) || \' of \' || count(*) FROM orchestration.container_instances WHERE container_id = ' . web($world)) }
sub writes { my ($world) = @_; return scalar(my @all = $world->writes) }
sub lists { my ($world) = @_; return $world->count('GET', '/(configmaps|pods)$', $broken{ $world->{name} }[1]{query}) }
sub applied { my ($world) = @_; return join ' ', map { $world->count('PATCH', "/$_\$") } qw(m1 m2 m3 web) }

for my $world (@broken, @others)
{
	my $id = web($world);
	$world->make_pod($world->{name}, "web-$_", $id) for 1 .. 3;
}
ok($pg->until_true('SELECT count(*) = 3 * ' . (@broken + @others) . ' FROM orchestration.container_instances'), 'the pods are known') or diagnose($pg);

my %before = map { $_->{name} => { uids => uids($_), writes => writes($_), lists => lists($_) } } @broken;
$_->order(method => 'GET', path => '/(configmaps|pods)$', times => 1_000_000, %{ $broken{ $_->{name} }[1] }) for @broken;
# connections made anew, so that they list
$pg->sql("UPDATE orchestration.clusters SET generation = generation + 1 WHERE name NOT IN ('http', 'stream', 'empty'); SELECT orchestration_internal.wake_worker()");
for my $world (@broken)
{
	my ($title, $was) = ($broken{ $world->{name} }[0], $before{ $world->{name} });

	subtest $title => sub {
		until_ok($pg, sub { lists($world) >= $was->{lists} + 3 }, 'it was asked for again and again');
		is(pods($world), '3 of 3', 'no pod has ended');
		is(uids($world), $was->{uids}, 'every object is still there');
		is(writes($world), $was->{writes}, 'nothing was written');
		isnt($pg->sql("SELECT status FROM orchestration.clusters WHERE name = '$world->{name}'"), 'connected', 'the cluster does not count as connected');
	};
}
$_->forgive for @broken;
all_connected($pg, 'all is well when it is over');
is(join(' ', map { uids($_) . pods($_) . writes($_) } @broken), join(' ', map { "$before{$_->{name}}{uids}3 of 3$before{$_->{name}}{writes}" } @broken), 'and nothing was lost or made anew');

# ---- the cluster has forgotten our position, and two objects and a pod have gone meanwhile
$stream->order(method => 'GET', path => '/(configmaps|pods|deployments)$', query => 'watch=', action => 'stream', times => 3, lines => [$expired]);
for my $world ($http, $stream)
{
	is(applied($world), '1 1 1 1', "$world->{name}: so far every object was applied once");
	$world->{uids} = uids($world);
	$world->options(mute => $true);
	$world->remove(path($world, $_)) for qw(m2 web web-2);
	$world->edit(path($world, 'm3'), { metadata => { annotations => { somebody => 'else' } } });
}
$http->lose_track;
$stream->hang_up;
for my $world ($http, $stream)
{
	$world->options(mute => $false);
	subtest "410, $world->{name}" => sub {
		until_ok($pg, sub { $world->object(path($world, 'm2')) && $world->object(path($world, 'web')) }, 'what was removed meanwhile is made again');
		ok(settled($pg), 'and is in the inventory') or diagnose($pg);
		until_ok($pg, sub { pods($world) eq '2 of 3' }, 'the pod that was removed meanwhile has ended');
		is($pg->sql('SELECT string_agg(pod_name, \' \') FROM orchestration.container_instances WHERE ended_at IS NOT NULL AND container_id = ' . web($world)), 'web-2', 'that one and no other');
		is(applied($world), '1 2 1 2', 'each of the two was applied exactly once more, and no other');
		isnt(uids($world), $world->{uids}, 'they are other objects than before');
	};
}
all_connected($pg, 'all are connected');

# ---- a server that has forgotten everything, or another one: a creation is refused, then it is looked at and adopted
$before{empty} = { uids => uids($empty), writes => writes($empty) };
$empty->order(method => 'GET', path => 'configmaps$', query => 'sendInitialEvents', action => 'stream', end => 'hang',
	lines => [ line('BOOKMARK', { kind => 'Any', metadata => { resourceVersion => '1', annotations => { 'k8s.io/initial-events-end' => 'true' } } }) ]);
$pg->sql("UPDATE orchestration.clusters SET generation = generation + 1 WHERE name = 'empty'; SELECT orchestration_internal.wake_worker()");
until_ok($pg, sub { $empty->count('GET', '/m[1-4]$') >= 4 }, 'a list that wrongly is empty: every object is looked for by its name');
ok(settled($pg), 'and taken back') or diagnose($pg);
is(uids($empty), $before{empty}{uids}, 'it is the same object');
is(scalar(grep { $_->{method} eq 'DELETE' } map { $_->writes } @broken, @others), 0, 'nothing at all was deleted in all this');
is($pg->sql("SELECT failures FROM orchestration_internal.worker_state() WHERE database_name = 'app'"), 0, 'the worker never failed');

$pg->stop;
done_testing();
