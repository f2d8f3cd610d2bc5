# Rows become containers of an engine: what their statuses say, and what the engine has.
use strict;
use warnings;
use OrchEngineTest;
use OrchTest;
use Test::More;

my $engine = engine_or_skip('life');
my $pg = server_with_engine('life', $engine);
my $ns = new_namespace($pg, 'life');
my $serve = 'mkdir -p /w; echo "$MODE of $(hostname)" >/w/index.html; exec httpd -f -p 8080 -h /w';
my @ports = ({ containerPort => 8080, name => 'http', servicePort => 8080 });

sub web { my ($name, %more) = @_; return create($pg, $engine, $ns, $name, command => [ 'sh', '-c', $serve ], env => { MODE => 'page' }, ports => \@ports, %more) }
sub address { my ($pod) = @_; return "$pod->{NetworkSettings}{Networks}{$ns}{IPAddress}:8080" }

ok($pg->until_true("SELECT status = 'active' FROM orchestration.namespaces WHERE name = '$ns'"), 'the namespace is active');
is($engine->ask('GET', "/v1.41/networks/$ns")->{Driver}, 'bridge', 'and a network of the engine');

# ---- two replicas
my $web = web('web', replicas => 2, labels => { tier => 'front' });
ready_ok($pg, $web, 2, 'two of two run');
is(pod_names($engine, $web), "$ns-web-1 $ns-web-2", 'called by namespace, name and number');
my ($one, $two) = pods($engine, $web);
is_deeply([ @{ $one->{Config}{Labels} }{ map { "orchestration.dev/$_" } qw(container-id place workload number role) }, $one->{Config}{Labels}{tier} ],
	[ $web, $ns, 'web', '1', 'main', 'front' ], 'with labels that say what they are');
is($pg->sql("SELECT string_agg(concat_ws(' ', pod_name, ready, phase, host(pod_ip)), ',' ORDER BY pod_name) FROM orchestration.container_instances WHERE container_id = $web AND ended_at IS NULL"),
	join(',', map { my ($name) = $_->{Name} =~ m{([^/]+)$}; "$name t Running $_->{NetworkSettings}{Networks}{$ns}{IPAddress}" } $one, $two), 'and are in container_instances');
my $client = create($pg, $engine, $ns, 'client', command => [qw(sleep 1000)]);
ready_ok($pg, $client, 1, 'another container runs');
serves($engine, address($one), "page of $ns-web-1\n", 'its page answers');
like(said($engine, "$ns-client-1", qw(wget -qO- http://web:8080/)), qr/^page of $ns-web-[12]$/, 'also by its name from another container');
is(join(' ', sort { $a cmp $b } said($engine, "$ns-client-1", qw(nslookup web)) =~ /Address.*?: (\S+)$/mg), join(' ', sort map { address($_) =~ s/:8080//r } $one, $two), 'which means both')
  or diag(said($engine, "$ns-client-1", qw(nslookup web)));
is($pg->as_operator("SELECT count(*) FROM orchestration.plan('$ns') WHERE action <> 'none'"), 0, 'nothing is left to do');
like($pg->as_operator("SELECT orchestration.why($web)"), qr/nothing, all is as wanted/, 'why() says so');

# ---- scale
$pg->as_operator("SELECT orchestration.scale_container($web, 3)");
ready_ok($pg, $web, 3, 'scaled up');
is(pod_names($engine, $web), "$ns-web-1 $ns-web-2 $ns-web-3", 'by one more');
$pg->as_operator("SELECT orchestration.scale_container($web, 1)");
ready_ok($pg, $web, 1, 'scaled down');
ok($engine->until(sub { pod_names($engine, $web) eq "$ns-web-1" }, 10), 'to the first') or diag(pod_names($engine, $web));
is((pods($engine, $web))[0]{Id}, $one->{Id}, 'which is the one that it was');

done_testing();
