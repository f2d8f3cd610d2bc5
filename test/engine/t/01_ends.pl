# How containers of an engine begin, fail, are probed and end, and what their rows say of it.
use strict;
use warnings;
use OrchEngineTest;
use OrchTest;
use Test::More;

my $engine = engine_or_skip('ends');
my $pg = server_with_engine('ends', $engine);
my $ns = new_namespace($pg, 'ends');
my %id;

sub shell { my ($script) = @_; return [ 'sh', '-c', $script ] }
sub make { my ($name, $script, %more) = @_; return $id{$name} = create($pg, $engine, $ns, $name, command => shell($script), %more) }
sub init { my ($name, $script) = @_; return { name => $name, image => $engine->image, command => shell($script), volumeMounts => [ { name => 'shared', mountPath => '/s' } ] } }
sub instance { my ($name, $what) = @_; return $pg->sql("SELECT $what FROM orchestration.container_instances WHERE container_id = $id{$name} ORDER BY id DESC LIMIT 1") }
sub exec_probe { return { exec => { command => [@_] }, periodSeconds => 1, timeoutSeconds => 10, failureThreshold => 1 } }

# all at once: some take their time while others are looked at
$pg->as_operator("SELECT orchestration.create_volume('$ns', 'shared', type => 'EmptyDir')");
my @shared = (volumes => [ { volume => 'shared', mountPath => '/s' } ]);
make('crash', 'echo broken >&2; exit 3');
make('retried', 'echo run >>/s/runs; [ $(wc -l </s/runs) -gt 2 ]', @shared, restart_policy => 'OnFailure');
make('hopeless', 'exit 5', restart_policy => 'OnFailure');
make('done', 'echo out', restart_policy => 'Never');
make('failed', 'exit 7', restart_policy => 'Never');
make('inits', 'cat /s/order; exec sleep 1000', @shared, init_containers => [ init('first', 'sleep 1; echo first >>/s/order'), init('second', 'echo second >>/s/order') ]);
make('stuck', 'exec sleep 1000', @shared, init_containers => [ init('good', 'true'), init('bad', 'echo no >&2; exit 4'), init('never', 'touch /s/never') ]);
make('noprogram', 'true', command => ['/no/such/program']);
make('oom', 'tail /dev/zero', memory_limit => '16Mi');
make('exec', 'exec sleep 1000', readiness_probe => exec_probe(qw(test -e /tmp/ready)));
make('http', 'mkdir /w; exec httpd -f -p 8080 -h /w', ports => [ { containerPort => 8080, name => 'http' } ],
	readiness_probe => { httpGet => { path => '/ready', port => 'http' }, periodSeconds => 1, failureThreshold => 1 });
make('tcp', 'until [ -e /tmp/go ]; do sleep 0.1; done; exec httpd -f -p 9000', startup_probe => { tcpSocket => { port => 9000 }, periodSeconds => 1, failureThreshold => 100 },
	liveness_probe => exec_probe('false'));
make('live', 'touch /tmp/alive; exec sleep 1000', liveness_probe => exec_probe(qw(test -e /tmp/alive)));

# ---- init containers
runs($pg, $id{inits}, 'what has init containers runs', timeout => 30);
is($pg->as_operator("SELECT string_agg(line, ' ' ORDER BY logged_at) FROM orchestration.container_logs($id{inits})"), 'first second', 'after all of them, in order');
is(pod_names($engine, $id{inits}), "$ns-inits-1", 'they are gone');
reason_ok($pg, $id{stuck}, 'failed', '^Init:|CrashLoopBackOff', 'ExitCode:4|exit code 4', 'an init container that fails again and again: the row says so');
is(pod_names($engine, $id{stuck}), "$ns-stuck-1-init-2", 'and nothing that comes after it is there');
update($pg, $id{stuck}, init_containers => [ init('bad', 'true') ]);
ready_ok($pg, $id{stuck}, 1, 'a better one heals it');

# ---- crashes
reason_ok($pg, $id{crash}, 'failed', '^CrashLoopBackOff$', 'ExitCode:3', 'a crash loop, with its exit code');
cmp_ok(instance('crash', 'restart_count'), '>=', 4, 'after some restarts');
is($pg->as_operator("SELECT DISTINCT line FROM orchestration.container_logs($id{crash})"), 'broken', 'and what it printed');
reason_ok($pg, $id{noprogram}, 'pending', '^RunContainerError$', 'no such file', 'a program that is not there');
# Podman does not say for what it was killed
reason_ok($pg, $id{oom}, 'failed', '^(?:OOMKilled|CrashLoopBackOff)$', 'OOMKilled|Signal:9', 'one that wants too much memory');
update($pg, $id{crash}, command => shell('exec sleep 1000'));
ready_ok($pg, $id{crash}, 1, 'a better command heals it');

# ---- probes
reason_ok($pg, $id{exec}, 'pending', '^Starting$', 'readiness probe', 'a command that says that it is not ready');
is(instance('exec', "concat_ws(' ', phase, ready)"), 'Running f', 'though it runs');
said($engine, "$ns-exec-1", qw(touch /tmp/ready));
ready_ok($pg, $id{exec}, 1, 'until it is');
said($engine, "$ns-exec-1", qw(rm /tmp/ready));
reason_ok($pg, $id{exec}, 'running', '^NotReady$', '', 'and is no more');
is($pg->sql("SELECT ready_replicas FROM orchestration.containers WHERE id = $id{exec}"), 0, 'so that none is ready');
is(instance('http', 'ready'), 'f', 'a page that is not there');
said($engine, "$ns-http-1", qw(touch /w/ready));
ready_ok($pg, $id{http}, 1, 'and is');
is($pg->sql("SELECT concat_ws(' ', status, status_reason) FROM orchestration.containers WHERE id = $id{tcp}"), 'pending Starting', 'a port that nobody listens on: it has not started');
is(instance('tcp', 'restart_count'), 0, 'and other probes rest');
said($engine, "$ns-tcp-1", qw(touch /tmp/go));
ok($pg->until_true("SELECT restart_count > 0 FROM orchestration.container_instances WHERE container_id = $id{tcp} ORDER BY id DESC LIMIT 1", timeout => 30), 'when it has, liveness counts') or diagnose($pg, $id{tcp});
ready_ok($pg, $id{live}, 1, 'one that says that it lives');
my $began = (pods($engine, $id{live}))[0]{State}{StartedAt};
said($engine, "$ns-live-1", qw(rm /tmp/alive));
ok($pg->until_true("SELECT restart_count = 1 FROM orchestration.container_instances WHERE container_id = $id{live}", timeout => 30), 'when it does not, it is started again') or diagnose($pg, $id{live});
ready_ok($pg, $id{live}, 1, 'and lives');
isnt((pods($engine, $id{live}))[0]{State}{StartedAt}, $began, 'as the engine says, too');

# ---- jobs
status_ok($pg, $id{done}, 'stopped', 'a job runs to its end', reason => '^Completed$', timeout => 30);
is(instance('done', "concat_ws(' ', phase, ready, restart_count)"), 'Succeeded f 0', 'its instance, too');
is($pg->as_operator("SELECT line FROM orchestration.container_logs($id{done})"), 'out', 'what it printed is there');
is((pods($engine, $id{done}))[0]{State}{Status}, 'exited', 'as it is in the engine');
reason_ok($pg, $id{failed}, 'failed', '^ExitCode:7$', 'BackoffLimitExceeded|backoff', 'one that fails');
is(pod_names($engine, $id{failed}), "$ns-failed-1", 'is not tried again');
status_ok($pg, $id{retried}, 'stopped', 'one that may be restarted comes to its end', reason => '^Completed$', timeout => 30);
is(instance('retried', 'restart_count'), 2, 'after as many restarts as it took');
reason_ok($pg, $id{hopeless}, 'failed', 'BackoffLimitExceeded|ExitCode:5', 'backoff', 'and one that never does is given up');
ok($engine->until(sub { !grep { $_->{State}{Running} } pods($engine, $id{hopeless}) }, 10), 'and runs no more');
$pg->as_operator("SELECT orchestration.restart_container($id{done})");
ok($pg->until_true("SELECT count(*) = 2 FROM orchestration.container_instances WHERE container_id = $id{done}", timeout => 30), 'a job that is done runs again when somebody asks for it') or diagnose($pg, $id{done});
status_ok($pg, $id{done}, 'stopped', 'to its end', reason => '^Completed$', settled => 1, timeout => 30);

$pg->as_operator("SELECT orchestration.delete_container($_)") for values %id;
gone_ok($pg, $engine, $id{$_}, "$ns-$_", "$_ deleted") for sort keys %id;

done_testing();
