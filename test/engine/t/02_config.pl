# What is put into containers of an engine, and what their rows are refused.
use strict;
use warnings;
use IO::Socket::INET ();
use OrchEngineTest;
use OrchTest;
use Test::More;

my $engine = engine_or_skip('conf');
my $pg = server_with_engine('conf', $engine);
my $ns = new_namespace($pg, 'conf');
my $password = "s3cret-$$";

# ---- what this engine cannot do is refused at once
my %refused = (
	node_selector => [ node_selector => { a => 'b' } ],
	tolerations => [ tolerations => [ { operator => 'Exists' } ] ],
	service_account => [ service_account => 'robot' ],
	autoscaled => [ autoscaled => 'true' ],
	overrides => [ overrides => { spec => { hostname => 'x' } } ],
	schedule => [ schedule => { schedule => '@daily' }, restart_policy => 'Never' ],
	load_balancer => [ ports => [ { containerPort => 80, servicePort => 80, serviceType => 'LoadBalancer' } ] ],
	'another port' => [ ports => [ { containerPort => 8080, servicePort => 80 } ] ]);
for my $what (sort keys %refused)
{
	like($pg->operator_error(create_sql($engine, $ns, 'refused', @{ $refused{$what} })), qr/OR022.*engine "docker" cannot/s, "refused: $what");
}
is($pg->sql("SELECT count(*) FROM orchestration.containers"), 0, 'of which nothing is left');

# ---- environment and files
$pg->as_operator("SELECT orchestration.create_config_map('$ns', 'settings', '{\"colour\": \"red\"}'), orchestration.create_secret('$ns', 'login', '{\"password\": \"$password\"}')");
$pg->as_operator("SELECT orchestration.create_volume('$ns', 'files', type => 'ConfigMap', config_map => 'settings'), orchestration.create_volume('$ns', 'hidden', type => 'Secret', secret => 'login'), orchestration.create_volume('$ns', 'data', size => '16Mi')");
my $id = create($pg, $engine, $ns, 'app', command => [qw(sleep 1000)], memory_limit => '32Mi', cpu_limit => '500m',
	env => [ { name => 'COLOUR', valueFrom => { configMapKeyRef => { name => 'settings', key => 'colour' } } }, { name => 'PASSWORD', valueFrom => { secretKeyRef => { name => 'login', key => 'password' } } } ],
	volumes => [ { volume => 'files', mountPath => '/files' }, { volume => 'hidden', mountPath => '/hidden' }, { volume => 'data', mountPath => '/data' } ]);
ready_ok($pg, $id, 1, 'it runs');
my ($pod) = pods($engine, $id);
is(said($engine, $pod->{Id}, 'sh', '-c', 'echo $COLOUR $PASSWORD; cat /files/colour; echo; cat /hidden/password'), "red $password\nred\n$password", 'with config map and secret, as variables and as files');
is_deeply([ @{ $pod->{HostConfig} }{qw(Memory NanoCpus)} ], [ 33554432, 500000000 ], 'and its limits');
my $told = JSON::PP->new->canonical->encode([ $pod->{Config}{Labels}, $engine->ask('GET', '/v1.41/volumes') ]);
unlike($told, qr/\Q$password\E/, 'the secret is in no label and no volume of ours');
unlike($pg->log_text, qr/\Q$password\E/, 'nor in the log');
said($engine, $pod->{Id}, 'sh', '-c', 'echo kept >/data/file');

# ---- a change of either
$pg->as_operator("SELECT orchestration.update_config_map('$ns', 'settings', '{\"colour\": \"blue\"}')");
ok($engine->until(sub { my @now = pods($engine, $id); @now == 1 && $now[0]{Id} ne $pod->{Id} }, 30), 'a change of the config map brings another') or diagnose($pg, $id);
($pod) = pods($engine, $id);
is(said($engine, $pod->{Id}, 'sh', '-c', 'echo $COLOUR; cat /files/colour; echo; cat /data/file'), "blue\nblue\nkept", 'with the new values and the same data');

# ---- ports of the host
sub listener { my ($port) = @_; return IO::Socket::INET->new(LocalAddr => '0.0.0.0', LocalPort => $port, Listen => 1) }
my @free = grep { listener($_) } map { 30000 + ($$ * 7 + $_ * 13) % 2768 } 1 .. 40;
my $taken = listener($free[1]);
my ($open, $shut) = map { create($pg, $engine, $ns, "port$_", command => [ 'sh', '-c', 'mkdir /w; hostname >/w/index.html; exec httpd -f -p 8080 -h /w' ],
		ports => [ { containerPort => 8080, servicePort => 8080, serviceType => 'NodePort', nodePort => $free[$_] } ]) } 0, 1;
ready_ok($pg, $open, 1, 'one that is published on the host runs');
serves($engine, "127.0.0.1:$free[0]", "$ns-port0-1\n", 'and answers there');
reason_ok($pg, $shut, 'pending', '^RunContainerError$', 'address already in use', 'a port that somebody else has: the row says so');
close $taken;
ready_ok($pg, $shut, 1, 'and it runs when that is free');

done_testing();
