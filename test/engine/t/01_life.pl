# Rows become containers of an engine: what their statuses say, and what the engine has.
use strict;
use warnings;
use OrchEngineTest;
use OrchTest;
use Test::More;
use Time::HiRes ();

my $engine = engine_or_skip('life');
my $pg = server_with_engine('life', $engine);
my $ns = new_namespace($pg, 'life');
my $serve = 'mkdir -p /w; echo "$MODE of $(hostname)" >/w/index.html; exec httpd -f -p 8080 -h /w';
my @ports = ({ containerPort => 8080, name => 'http', servicePort => 8080 });

sub web { my ($name, %more) = @_; return create($pg, $engine, $ns, $name, command => [ 'sh', '-c', $serve ], env => { MODE => 'page' }, ports => \@ports, %more) }
sub address { my ($pod) = @_; return "$pod->{NetworkSettings}{Networks}{$ns}{IPAddress}:8080" }

# What has been running of a row since it was watched: pairs of how many that ran then, and how many others.
sub watch { my ($id) = @_; return { id => $id, since => Time::HiRes::time(), old => { map { $_->{Id} => 1 } pods($engine, $id) } } }

sub states
{
	my ($watched) = @_;
	my %old = my %running = %{ $watched->{old} };
	my @states = ([ scalar keys %old, 0 ]);
	my $filters = OrchEngine::quote_url(qq({"label":["orchestration.dev/container-id=$watched->{id}"]}));
	my $events = $engine->request('GET', sprintf '/v1.41/events?since=%d&until=%d&filters=%s', $watched->{since}, Time::HiRes::time() + 1, $filters);

	for my $event (map { JSON::PP::decode_json($_) } split /\n/, $events->{content})
	{
		next if $event->{timeNano} < $watched->{since} * 1e9 || $event->{Action} !~ /^(?:start|die)$/;
		$event->{Action} eq 'start' ? $running{ $event->{Actor}{ID} } = 1 : delete $running{ $event->{Actor}{ID} };
		my $left = grep { $old{$_} } keys %running;
		push @states, [ $left, keys(%running) - $left ];
	}
	return @states;
}

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

# ---- another environment, one pod after the other
my $other = web('other', replicas => 2, strategy => 'Recreate');
my $bad = create($pg, $engine, $ns, 'bad', image => 'localhost/nothing:1');
$pg->as_operator("SELECT orchestration.scale_container($web, 2)");
ready_ok($pg, $web, 2, 'two again');
my @before = map { $_->{Id} } pods($engine, $web);
my $watched = watch($web);
update($pg, $web, env => { MODE => 'leaf' });
ready_ok($pg, $web, 2, 'updated: two run');
my @after;
my $is_old = sub { my ($id) = @_; return scalar grep { $_ eq $id } @before };
ok($engine->until(sub { @after = pods($engine, $web); @after == 2 && !grep { $is_old->($_->{Id}) } @after }, 20), 'of the old ones none is left, and no more than were asked for');
serves($engine, address($_), "leaf of $_->{Config}{Hostname}\n", "$_->{Config}{Hostname} has the new environment") for @after;
my @states = states($watched);
is(scalar(grep { $_->[0] + $_->[1] < 2 } @states), 0, 'there were always two that ran') or diag(explain(\@states));
cmp_ok(scalar(@states), '>', 4, 'in all that happened');

# ---- an image that there is not
my @serving = map { $_->{Id} } @after;
$pg->as_operator("SELECT orchestration.set_image($web, 'localhost/nothing:1')");
reason_ok($pg, $web, 'running', '^Updating$', '2 of 2 ready; (?:ErrImagePull|ImagePullBackOff): .*localhost/nothing:1', 'an image that there is not: the row says so in the words of the engine');
is_deeply([ map { $_->{Id} } grep { $_->{State}{Running} } pods($engine, $web) ], \@serving, 'the old ones go on');
serves($engine, address($after[0]), "leaf of $after[0]{Config}{Hostname}\n", 'and serve');
like($pg->as_operator("SELECT orchestration.why($web)"), qr/ErrImagePull|ImagePullBackOff/, 'why() says so, too');
reason_ok($pg, $bad, 'pending', '^(?:ErrImagePull|ImagePullBackOff)$', 'localhost/nothing:1', 'one that never ran waits for it');
$pg->as_operator("SELECT orchestration.set_image($_, '" . $engine->image . "')") for $web, $bad;
ready_ok($pg, $web, 2, 'the former image heals it');
is_deeply([ map { $_->{Id} } pods($engine, $web) ], \@serving, 'by those that were there');
update($pg, $bad, command => [qw(sleep 1000)]);
ready_ok($pg, $bad, 1, 'and the other one');

# ---- Recreate
ready_ok($pg, $other, 2, 'two that are recreated run');
@before = map { $_->{Id} } pods($engine, $other);
$watched = watch($other);
update($pg, $other, env => { MODE => 'other' });
ready_ok($pg, $other, 2, 'recreated: two run');
@states = states($watched);
is_deeply([ $states[0], $states[-1] ], [ [ 2, 0 ], [ 0, 2 ] ], 'which are others') or diag(explain(\@states));
is(scalar(grep { $_->[0] && $_->[1] } @states), 0, 'at no time beside the old ones');

# ---- restart, stop, start, delete
@before = map { $_->{Id} } pods($engine, $web);
$pg->as_operator("SELECT orchestration.restart_container($web)");
ready_ok($pg, $web, 2, 'restarted: two run');
ok($engine->until(sub { my %old = map { $_ => 1 } @before; my @now = pods($engine, $web); @now == 2 && !grep { $old{ $_->{Id} } } @now }, 10), 'which are others');
$pg->as_operator("SELECT orchestration.stop_container($web)");
status_ok($pg, $web, 'stopped', 'stopped', settled => 1);
is(pod_names($engine, $web), '', 'nothing is left that could run');
is($pg->sql("SELECT count(*) FROM orchestration.container_instances WHERE container_id = $web AND ended_at IS NULL"), 0, 'nor an instance');
$pg->as_operator("SELECT orchestration.start_container($web)");
ready_ok($pg, $web, 2, 'started');
is(pod_names($engine, $web), "$ns-web-1 $ns-web-2", 'by the same names');
$pg->as_operator("SELECT orchestration.delete_container($web)");
gone_ok($pg, $engine, $web, "$ns-web", 'deleted');
is($pg->sql("SELECT count(*) FROM orchestration.managed_objects WHERE owner_type = 'container' AND owner_id = $web"), 0, 'nor has the inventory');
like(history($pg, $web), qr/^pending>running>stopped>(pending>)?running>deleted$/, 'the history tells the story');

# ---- the end of the namespace
$pg->as_operator("SELECT orchestration.delete_container($_)") for $client, $other, $bad;
gone_ok($pg, $engine, $other, "$ns-other", 'the others');
status_ok($pg, $_, 'deleted', "container $_ is deleted") for $client, $bad;
$pg->as_administrator("SELECT orchestration.delete_namespace('$ns')");
ok($pg->until_true("SELECT status = 'deleted' FROM orchestration.namespaces WHERE name = '$ns'"), 'the namespace is deleted') or diagnose($pg);
is($engine->request('GET', "/v1.41/networks/$ns")->{status}, 404, 'its network is gone');
is(join(' ', grep { !/^orchestration-lease-/ } map { $_->{Name} } @{ $engine->ask('GET', '/v1.41/volumes')->{Volumes} || [] }), '', 'no record is left but the lease');

done_testing();
