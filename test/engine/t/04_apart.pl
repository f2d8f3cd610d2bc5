# What stays as it is while something else happens beside it: claims whose volumes have one name, pods that are looked at,
# pods of the template before, and what somebody made with some of our labels.
use strict;
use warnings;
use JSON::PP ();
use OrchEngineTest;
use OrchTest;
use Test::More;
use Time::HiRes ();

my $engine = engine_or_skip('apart');
my $pg = server_with_engine('apart', $engine);
my $ns = new_namespace($pg, 'apart');
my $beside = new_namespace($pg, "$ns-x");

# True as long as it is asked, five times a second.
sub always
{
	my ($seconds, $condition) = @_;
	my $until = Time::HiRes::time() + $seconds;

	while (Time::HiRes::time() < $until)
	{
		return 0 if !$condition->();
		Time::HiRes::sleep(0.2);
	}
	return 1;
}

# ---- claims
my $first = $pg->as_operator("SELECT orchestration.create_volume('$ns', 'x-$$-data', size => '1Gi')");
ok($pg->until_true("SELECT status = 'bound' FROM orchestration.volumes WHERE id = $first"), 'a claim has a volume');
my $labels = $engine->ask('GET', "/v1.41/volumes/$beside-data")->{Labels};
is_deeply([ @$labels{qw(orchestration.dev/place orchestration.dev/name)} ], [ $ns, "x-$$-data" ], 'which says whose it is');
my $second = $pg->as_operator("SELECT orchestration.create_volume('$beside', 'data', size => '1Gi')");
ok($pg->until_true("SELECT last_error_reason = 'Conflict' FROM orchestration.managed_objects WHERE kind = 'PersistentVolumeClaim' AND owner_id = $second AND owner_type = 'volume'"), 'another one whose volume would have its name does not get it');
isnt($pg->sql("SELECT status FROM orchestration.volumes WHERE id = $second"), 'bound', 'and is not bound to it');
is_deeply($engine->ask('GET', "/v1.41/volumes/$beside-data")->{Labels}, $labels, 'the first one keeps it');

# ---- a probe that is a command: each is an event, and so a reason to look
my $steady = create($pg, $engine, $ns, 'steady', command => [qw(sleep 1000)], readiness_probe => { exec => { command => ['true'] }, periodSeconds => 1, timeoutSeconds => 10 });
ready_ok($pg, $steady, 1, 'a container is ready by a command');
ok(always(6, sub { $pg->sql("SELECT bool_and(ready) FROM orchestration.container_instances WHERE container_id = $steady AND ended_at IS NULL") eq 't' }), 'and stays ready while it is asked again');

# ---- the template before
my $serve = 'mkdir -p /w; echo page >/w/index.html; exec httpd -f -p 8080 -h /w';
my %web = (command => [ 'sh', '-c', $serve ], ports => [ { containerPort => 8080, servicePort => 8080 } ], max_unavailable => '0', max_surge => '1');
my $web = create($pg, $engine, $ns, 'web', %web, readiness_probe => { httpGet => { port => 8080, path => '/' }, periodSeconds => 1, failureThreshold => 1 });
ready_ok($pg, $web, 1, 'a page is served');
my $old = pod_names($engine, $web);
update($pg, $web, readiness_probe => { httpGet => { port => 8080, path => '/missing' }, periodSeconds => 1, failureThreshold => 1 });
ok($engine->until(sub { scalar(my @both = pods($engine, $web)) == 2 }, 20), 'a new pod, which is never ready, begins beside the old one');
ok(always(5, sub { $pg->sql("SELECT ready FROM orchestration.container_instances WHERE container_id = $web AND pod_name = '$old' AND ended_at IS NULL") eq 't' }), 'the old one is asked as it was made, and stays ready');

# ---- labels of a stranger
my %ours = map { $_ => $labels->{$_} } 'orchestration.dev/installation';
my $stray = $engine->ask('POST', '/v1.41/containers/create?name=stray', { Image => $engine->image, Cmd => [qw(sleep 1000)], HostConfig => { Ulimits => [ { Name => 'nofile', Soft => 1024, Hard => 1024 }, { Name => 'nproc', Soft => 1024, Hard => 1024 } ] },
	Labels => { %ours, 'orchestration.dev/pod-uid' => '00000000-0000-4000-8000-000000000000', 'orchestration.dev/role' => 'main', 'orchestration.dev/pod' => 'stray' } });
ok($stray->{Id}, 'somebody makes a container with some of our labels');
$pg->sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type ~ 'orchestration' AND datname = 'app'");
ready_ok($pg, create($pg, $engine, $ns, 'after', command => [qw(sleep 1000)]), 1, 'the next worker goes on');
unlike($pg->log_text, qr/terminated by signal/, 'and none has crashed');
is($engine->ask('GET', "/v1.41/containers/$stray->{Id}/json")->{Id}, $stray->{Id}, 'it is left alone');

$pg->stop;
done_testing();
