# Watches that are cut, silent, out of order, or carry what nobody can read.
use strict;
use warnings;
use OrchStub;
use OrchTest;
use Test::More;

my $true = JSON::PP::true;
my $false = JSON::PP::false;
my $stub = OrchStub->start;
my ($cut, $mute, $strange, $poison, $spin, $swapped) = my @worlds = map { $stub->world($_) } qw(cut mute strange poison spin swapped);
my $pg = server_with_worlds('watches', @worlds);
fill($pg, 2, @worlds);
my %web = map { $_->{name} => container_id($pg, $_->{name}, 'web') } @worlds;

sub line { my ($type, $object) = @_; return JSON::PP::encode_json({ type => $type, object => $object }) . "\n" }
sub maps { my ($world) = @_; return "/api/v1/namespaces/$world->{name}/configmaps" }
sub pods { my ($world) = @_; return $pg->sql("SELECT coalesce(string_agg(pod_name, ' ' ORDER BY pod_name), '') FROM orchestration.container_instances WHERE ended_at IS NULL AND container_id = $web{$world->{name}}") }
sub lists { my ($world) = @_; return $world->count('GET', '', 'limit=|sendInitialEvents') }
sub writes { my ($world) = @_; return scalar(my @all = $world->writes) }
sub pod { my ($world, $name, %status) = @_; return $world->make_pod($world->{name}, $name, $web{ $world->{name} }, %status) }
sub pods_are { my ($world, $pods, $title) = @_; return until_ok($pg, sub { pods($world) eq $pods }, $title) || diag(pods($world)) }

# ---- a server that ends every watch at once: asked less and less often
$spin->order(method => 'GET', path => 'secrets$', query => 'watch=1.*resourceVersion=', action => 'stream', times => 1_000_000);
$spin->hang_up;

# ---- cut: the watch goes on where it was, without a list
my $lists = lists($cut);
for my $round (1 .. 3)
{
	$cut->hang_up;
	pod($cut, "p$round");
	$cut->remove(maps($cut) . '/m1');
	pods_are($cut, join(' ', map { "p$_" } 1 .. $round), "cut $round: a new pod is seen");
	until_ok($pg, sub { $cut->object(maps($cut) . '/m1') }, "cut $round: what was removed is made again");
}
is(lists($cut), $lists, 'nothing was listed again');

# ---- mute: open, and says nothing; what we do ourselves is known from the answers
$mute->options(mute => $true);
pod($mute, 'unseen');
$pg->as_operator("SELECT orchestration.create_config_map('mute', 'm3', '{}')");
ok($pg->until_true("SELECT applied_hash = desired_hash AND uid IS NOT NULL FROM orchestration.managed_objects WHERE cluster_namespace = 'mute' AND name = 'm3'"), 'mute: a write is recorded without an event')
  or diagnose($pg);
is(pods($mute), '', 'mute: the pod is not known');
$lists = lists($mute);
$mute->hang_up;
$mute->options(mute => $false);
pods_are($mute, 'unseen', 'mute: it is, when the watch speaks again');
is(lists($mute), $lists, 'and nothing was listed for it');

# ---- the server that ends every watch at once is asked less and less often
my @times;
until_ok($pg, sub { @times = map { $_->{time} } ($spin->log('GET', 'secrets$', 'watch=1.*resourceVersion=')); @times >= 4 }, 'spin: it is asked again');
cmp_ok($times[3] - $times[0], '>', 2, 'not as fast as it can answer');
isnt($pg->sql("SELECT status FROM orchestration.clusters WHERE name = 'spin'"), 'connected', 'and does not count as connected');
$spin->forgive;

# ---- deleted and made anew by somebody else while we were not looking
$swapped->options(mute => $true);
$swapped->remove(maps($swapped) . '/m1');
$swapped->edit(maps($swapped) . '/m1', { data => { k => 'theirs' }, metadata => { labels => { 'orchestration.dev/installation' => 'another' } } });
$swapped->hang_up;
$swapped->options(mute => $false);
ok($pg->until_true("SELECT last_error_reason = 'Conflict' AND uid IS NULL FROM orchestration.managed_objects WHERE cluster_namespace = 'swapped' AND name = 'm1'"), 'swapped: another object of that name is a conflict')
  or diagnose($pg);
is($swapped->object(maps($swapped) . '/m1')->{data}{k}, 'theirs', 'and is not touched');
# deleted and made anew by the same hand: taken for what it is
$swapped->options(mute => $true);
my $copy = $swapped->object(maps($swapped) . '/m2');
my $uid = $copy->{metadata}{uid};
$swapped->remove(maps($swapped) . '/m2');
delete @{ $copy->{metadata} }{qw(uid resourceVersion)};
$swapped->edit(maps($swapped) . '/m2', $copy);
$swapped->hang_up;
$swapped->options(mute => $false);
ok($pg->until_true("SELECT uid <> '$uid' AND applied_hash = desired_hash FROM orchestration.managed_objects WHERE cluster_namespace = 'swapped' AND name = 'm2'"), 'swapped: what has our labels is taken in under its new uid')
  or diagnose($pg);

# ---- what is not understood is skipped, what is old changes nothing
pod($strange, 'p1', podIP => '10.0.0.1');
pods_are($strange, 'p1', 'strange: a pod is known');
my $pod = $strange->object('/api/v1/namespaces/strange/pods/p1');
my $old = { %$pod, metadata => { %{ $pod->{metadata} }, resourceVersion => '7' }, status => { phase => 'Failed' } };
my $m1 = $strange->object(maps($strange) . '/m1');
my $drifted = { %$m1, metadata => { %{ $m1->{metadata} }, resourceVersion => '7', managedFields => [] } };
$strange->order(method => 'GET', path => 'pods$', query => 'watch=', action => 'stream', end => 'hang', chunk => 7,
	lines => [
		"\n", line('REMARK', $old), line('ADDED', { kind => 'Status', metadata => { resourceVersion => '9' } }), line('MODIFIED', {}), line('BOOKMARK', {}),
		line('MODIFIED', $old), line('ADDED', { %$pod, metadata => { %{ $pod->{metadata} }, name => 'p2', uid => 'uid-p2' } }) ]);
$strange->order(method => 'GET', path => 'configmaps$', query => 'watch=', action => 'stream', end => 'hang', lines => [ line('MODIFIED', $drifted), line('DELETED', $drifted = { %$drifted, metadata => { %{ $drifted->{metadata} }, uid => 'other' } }) ]);
my $writes = writes($strange);
$strange->hang_up;
pods_are($strange, 'p1 p2', 'strange: what comes behind it is seen');
is($pg->sql("SELECT phase FROM orchestration.container_instances WHERE pod_name = 'p1' AND container_id = $web{strange}"), 'Running', 'an old state of a pod is not taken for news');
is(writes($strange), $writes, 'nor is an old state of an object, or the end of another, for drift');
ok(connected($pg, 'strange'), 'strange: the cluster is connected');

# ---- objects that cannot be stored, among others, in a stream and in a list
my @bad = (
	{ podIP => 'nonsense' }, { startTime => 'yesterday' }, { containerStatuses => [ { restartCount => 'many' } ] }, { containerStatuses => 'none' },
	{ message => "\x{0}", reason => "\x{7f}\x{1}" }, { phase => { a => 'b' } }, { conditions => 'x' });
pod($poison, "bad$_", %{ $bad[$_] }) for 0 .. $#bad;
pod($poison, 'good1');
until_ok($pg, sub { pods($poison) =~ /good1/ }, 'poison in a stream: the pod behind it is seen');
$poison->options(mute => $true);
pod($poison, 'good2');
$lists = $poison->count('GET', 'pods$', 'limit=|sendInitialEvents');
$poison->lose_track;
$poison->options(mute => $false);
until_ok($pg, sub { pods($poison) =~ /good2/ }, 'poison in a list: the pod among it is seen');
until_ok($pg, sub { $poison->count('GET', 'pods$', 'watch=1.*resourceVersion=') }, 'and the list is believed: the watch goes on') ;
ok(connected($pg, 'poison'), 'the cluster is connected');
cmp_ok($poison->count('GET', 'pods$', 'limit=|sendInitialEvents'), '<=', $lists + 2, 'it was not listed again and again');
is(pods($poison) =~ s/bad\d//gr =~ s/^ +//r, 'good1 good2', 'no good pod has ended');
# what was good once and cannot be read any more has not ended either
pod($poison, 'good1', podIP => 'nonsense');
pod($poison, 'good3');
until_ok($pg, sub { pods($poison) =~ /good3/ }, 'poison in a known pod: the next one is seen');
$poison->lose_track;
pod($poison, 'good4');
until_ok($pg, sub { pods($poison) =~ /good4/ }, 'and in the list after that');
ok(connected($pg, 'poison'), 'which is believed');
like(pods($poison), qr/good1/, 'a known pod that cannot be read is not taken for gone');
pod($poison, 'good1');
$poison->remove('/api/v1/namespaces/poison/pods/good2');
until_ok($pg, sub { pods($poison) !~ /good2/ }, 'the end of another is');

all_connected($pg, 'all are connected in the end');
is($pg->sql("SELECT failures FROM orchestration_internal.worker_state() WHERE database_name = 'app'"), 0, 'the worker never failed');

$pg->stop;
done_testing();
