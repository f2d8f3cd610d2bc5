# One writer: what a server can do to the Lease, who goes on with it, and what a
# shutdown leaves behind.  What takes long is waited for in many worlds at once.
use strict;
use warnings;
use OrchStub;
use OrchTest;
use Test::More;
use Time::HiRes qw(time sleep);

my $stub = OrchStub->start;

# fault => [title, what happens in that world]; none of them may lose the lease
my %faults = (
	writes => [ 'every request but those of the lease answered by 429, come back in a minute', sub {
			my ($world) = @_;
			$world->refuse(429, method => $_, path => '^(?!.*/leases)', headers => { 'Retry-After' => 60 }) for qw(PATCH GET DELETE);
		} ],
	slow => [ 'so many slow writes as may be under way', sub {
			my ($world) = @_;
			$world->order(method => $_, path => '/configmaps/', action => 'delay', seconds => 20, times => 1000) for qw(GET PATCH);
		} ],
	patience => [ 'the lease itself answered by 429, twice', sub { $_[0]->refuse(429, path => '/leases', headers => { 'Retry-After' => 60 }, times => 2) } ],
	late => [ 'every answer about it late', sub { $_[0]->order(path => '/leases', action => 'late', seconds => 4.5, times => 1000) } ],
	lossy => [ 'every second answer about it lost', sub { my ($world) = @_; $world->order(path => '/leases', method => 'PATCH', action => 'lose_reply', skip => $_) for 0, 1, 2, 3, 4 } ],
	never => [ 'an answer that never comes', sub { $_[0]->order(path => '/leases', method => 'PATCH', action => 'hang') } ],
	noted => [ 'written by somebody who is not a holder', sub { my ($world) = @_; $world->edit(lease_path($world), { metadata => { annotations => { note => "$_" } } }) for 1 .. 3 } ],
	deleted => [ 'deleted by hand', sub { my ($world) = @_; $world->remove(lease_path($world)) } ]);

# what the Lease says => [title, holder, more, what is said of it]; none is taken unasked
my %others = (
	database => [ 'another database', '%1$s-99999-1-%4$s', {}, qr/lease is held by \d+-99999-1-\S+, another database/ ],
	system => [ 'another system that released it', '1%1$s-%2$s-1-%4$s', { released => 1 }, qr/lease was released by 1\d+-\S+, another database/ ],
	later => [ 'a later timeline', '%1$s-%2$s-2-%4$s', {}, qr/promoted after this one/ ],
	directory => [ 'another data directory', '%1$s-%2$s-1-%4$s', {}, qr/another data directory/ ],
	start => [ 'a start that the rows do not know', '%1$s-%2$s-1-0000000001000001', { home => 1 }, qr/does not know/ ],
	unknown => [ 'somebody unknown', 'somebody-else', {}, qr/who is unknown/ ]);

my %world = map { ($_ => $stub->world($_)) } 'main', keys %faults, keys %others;
my $world = $world{main};
my $pg = server_with_worlds('lease', values %world);
fill($pg, 3, values %world);

sub lease_path { my ($at) = @_; my ($path) = grep { m{/leases/} } keys %{ $at->objects }; return $path }
my $path = lease_path($world);
sub lease { my ($at) = @_; return ($at || $world)->object($path) }
sub holder { my ($at) = @_; return (lease($at) || {})->{spec}{holderIdentity} // '' }
sub of_cluster { my ($what, $at) = @_; return $pg->sql("SELECT $what FROM orchestration.clusters WHERE name = '" . ($at || $world)->{name} . "'") }
sub status { return of_cluster('status', @_) }
sub reason { return of_cluster('status_message', @_) }
sub losses { my ($at) = @_; return $pg->sql("SELECT count(*) FROM orchestration.operation_logs WHERE source = 'worker' AND operation = 'lose_lease' AND resource_name = '$at->{name}'") }
sub written { my ($at) = @_; return scalar(my @all = $at->writes) }
sub change { $pg->sql("UPDATE orchestration.config_maps SET data = jsonb_build_object('k', '" . time . "')") }

# ---- what it looks like
like(holder(), qr/^\d+-\d+-1-[0-9a-f]{16}$/, 'the holder is system, database, timeline and nonce');
is(lease()->{metadata}{annotations}{'orchestration.dev/last-holder'}, holder(), 'which an annotation keeps');
is($pg->sql("SELECT lease_holder FROM orchestration.cluster_status WHERE name = 'main'"), holder(), 'and cluster_status shows');
is($pg->sql('SELECT holder FROM orchestration_internal.lease_starts WHERE cluster_id = ' . of_cluster('id')), holder(), 'the rows know it');
$world->edit($path, { metadata => { labels => { team => 'x' } } });

# ---- it waits for nothing
{
	my %was = map { ($_ => holder($world{$_})) } keys %faults;
	my %disconnected;
	my $end = time + 40;

	$pg->sql("UPDATE orchestration.clusters SET max_in_flight = 100 WHERE name = 'slow'");
	all_connected($pg, 'all are connected');
	$pg->as_operator("SELECT count(orchestration.create_config_map('slow', 'slow' || i, '{\"a\": \"b\"}')) FROM generate_series(1, 120) i");
	$faults{$_}[1]->($world{$_}) for keys %faults;
	change();
	while (time < $end)
	{
		$disconnected{$_}++ for split /\n/, $pg->sql("SELECT name FROM orchestration.clusters WHERE status <> 'connected'");
		sleep 0.5;
	}
	for my $name (sort keys %faults)
	{
		subtest $faults{$name}[0] => sub {
			is(losses($world{$name}), 0, 'the lease is not lost');
			is($disconnected{$name}, undef, 'the cluster is connected all the time');
			is(holder($world{$name}), $was{$name}, 'by the same holder');
		};
	}
	is(lease()->{metadata}{labels}{team}, 'x', 'what others wrote is there after all renewals');
	is(lease($world{noted})->{metadata}{annotations}{note}, 3, 'also what they noted');
	$_->forgive for values %world;
	ok(settled($pg), 'and what the rows ask for comes') or diagnose($pg);
}

# ---- lost when it cannot be renewed, by our own clock
$world->refuse(503, path => '/leases');
until_ok($pg, sub { status() eq 'unreachable' }, 'not renewed, it is given up');
my $writes = written($world);
change();
sleep 3;
is(written($world), $writes, 'nothing is written without it');
$world->forgive;
all_connected($pg, 'it is held again');
ok(settled($pg), 'and all is applied');

# ---- somebody else has it, and is gone: it is not taken unasked
{
	my ($system, $database, undef, $nonce) = split /-/, holder();
	my %before;

	for my $name (sort keys %others)
	{
		my (undef, $holder, $more) = @{ $others{$name} };
		my $at = $world{$name};
		my $other = sprintf "$holder%5\$s", $system, $database, 1, $nonce, '';
		my $home = $more->{home} ? lease($at)->{metadata}{annotations}{'orchestration.dev/home'} : 'aa';

		$at->edit($path, { spec => { holderIdentity => $more->{released} ? undef : $other },
				metadata => { annotations => { 'orchestration.dev/last-holder' => $other, 'orchestration.dev/home' => $home, 'orchestration.dev/write' => 'ff' } } });
	}
	ok($pg->until_true("SELECT count(*) = 6 FROM orchestration.clusters WHERE status = 'standby'"), 'they stand by') or diagnose($pg);
	change();
	$before{$_} = written($world{$_}) for keys %others;
	sleep 20;
	for my $name (sort keys %others)
	{
		my ($title, undef, undef, $says) = @{ $others{$name} };
		my $at = $world{$name};

		subtest $title => sub {
			is(written($at), $before{$name}, 'nothing is written, however long the other is gone');
			is(status($at), 'standby', 'it stands by');
			like(reason($at), $says, 'and says why');
			like(reason($at), qr/SELECT orchestration\.take_over\('$name'\)/, 'and what to do');
			like(lease($at)->{metadata}{annotations}{'orchestration.dev/write'}, qr/^ff$/, 'the lease is untouched');
		};
	}
	$pg->as_administrator("SELECT orchestration.take_over('$_')") for keys %others;
	all_connected($pg, 'taken over, they serve their clusters');
	ok(settled($pg), 'and all is applied') or diagnose($pg);
	ok($pg->until_true('SELECT NOT bool_or(takeover_requested) FROM orchestration.clusters'), 'nobody asks any more');
	is($pg->sql("SELECT count(DISTINCT resource_name) FROM orchestration.operation_logs WHERE operation = 'take_over' AND source = 'worker'"), 6, 'it is on record');
	is(holder($world{later}) =~ /-1-/ ? 1 : 0, 1, 'by this timeline');
}

# ---- a take-over gives the other the time to stop
{
	my $at = time;
	$world->edit($path, { spec => { holderIdentity => '77-99999-1-0000000000000001' }, metadata => { annotations => { 'orchestration.dev/write' => 'ff' } } });
	until_ok($pg, sub { status() eq 'standby' }, 'another database took it over');
	$pg->as_administrator("SELECT orchestration.take_over('main')");
	until_ok($pg, sub { reason() =~ /given the time to stop/ }, 'it is taken back');
	change();
	all_connected($pg, 'and held');
	cmp_ok(time - $at, '>=', 15, 'when the other has surely stopped');
	ok(settled($pg), 'all is applied');
	my ($first) = sort { $a <=> $b } map { $_->{time} } grep { $_->{time} > $at + 3 } $world->writes;
	cmp_ok($first - $at, '>=', 15, 'nothing was written before');
}

# ---- a good shutdown releases it; the next start holds it at once
sub goes_on
{
	my ($title, $least, $most, $end, $begin) = @_;

	subtest $title => sub {
		my $was = holder();
		my $seen = () = $world->log('.*', '/leases');
		my ($look, $took);

		$end->($was);
		my $write = lease()->{metadata}{annotations}{'orchestration.dev/write'};
		$begin->();
		until_ok($pg, sub { holder() ne '' && lease()->{metadata}{annotations}{'orchestration.dev/write'} ne $write }, 'it is held again');
		for my $request (@{ [ $world->log('.*', '/leases') ] }[ $seen .. $seen + 100 ])
		{
			last if !$request;
			undef $look if ($request->{body} // '') =~ /"holderIdentity":null/;
			$look //= $request->{time} if $request->{method} eq 'GET';
			$took //= $request->{time} if defined $look && $request->{method} eq 'PATCH' && $request->{body} =~ /"holderIdentity":"/;
		}
		ok($took && $took - $look >= $least && $took - $look <= $most, sprintf 'after %.2f s, which is between %d and %d', $took - $look, $least, $most);
		all_connected($pg, 'it is connected again');
		change();
		ok(settled($pg), 'and all is applied');
	};
}
sub released { is(holder(), '', 'nobody is named'); is(lease()->{metadata}{annotations}{'orchestration.dev/last-holder'}, $_[0], 'but who it was') }

for my $mode (qw(fast smart))
{
	goes_on("$mode shutdown", 0, 1, sub { my ($was) = @_; my $began = time; $pg->stop($mode); cmp_ok(time - $began, '<', 10, 'it ends soon'); released($was) }, sub { $pg->start });
}
goes_on('worker_enabled off and on', 0, 1, sub { my ($was) = @_; $pg->configure('orchestration.worker_enabled' => 'off'); $pg->reload; $pg->until_no_worker; released($was) },
	sub { $pg->configure('orchestration.worker_enabled' => 'on'); $pg->reload });
goes_on('a cluster that is disabled and enabled', 0, 1, sub { my ($was) = @_; $pg->sql('UPDATE orchestration.clusters SET enabled = false WHERE name = \'main\''); until_ok($pg, sub { holder() eq '' }, 'released'); released($was) },
	sub { $pg->sql('UPDATE orchestration.clusters SET enabled = true WHERE name = \'main\'') });
goes_on('a cluster whose row changes', 0, 1, sub { }, sub { $pg->sql('UPDATE orchestration.clusters SET kubeconfig_context = \'c\' WHERE name = \'main\'');  });
goes_on('a worker that is terminated', 0, 1, sub { my $old = $pg->worker_pid; $pg->sql("SELECT pg_terminate_backend($old)"); ok($pg->until_true("SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = $old)"), 'it goes') }, sub { });

# ---- a crash does not: a dead process of this machine is known to be dead
goes_on('kill -9 of the server', 0, 1, sub { my ($was) = @_; $pg->kill9; is(holder(), $was, 'it still names the dead one') }, sub { $pg->start });
isnt(holder(), '', 'the next start holds it');
goes_on('immediate shutdown', 0, 1, sub { $pg->stop('immediate') }, sub { $pg->start });
# and of a machine that was started anew is not
goes_on('kill -9 of the machine', 14, 20, sub { $pg->kill9; $world->edit($path, { metadata => { annotations => { 'orchestration.dev/place' => 'aa' } } }) }, sub { $pg->start });
# ---- a server that is gone while we leave costs little
$world->order(path => '/leases', action => 'hang', times => 1000);
my $began = time;
$pg->stop('fast');
cmp_ok(time - $began, '<', 6, sprintf 'a shutdown waits for no server (%.1f s)', time - $began);
$world->forgive;
$pg->start;
all_connected($pg, 'and goes on');

# ---- registered twice, one row of the two serves the cluster
register($pg, 'again', $world->kubeconfig);
ok($pg->until_true("SELECT status = 'standby' FROM orchestration.clusters WHERE name = 'again'"), 'registered once more, it stands by') or diagnose($pg);
sleep 6;
is(status(), 'connected', 'and the first one serves on');
$pg->as_administrator("SELECT orchestration.unregister_cluster('again')");

# ---- gone with the extension
$pg->sql('SET client_min_messages = warning; DROP EXTENSION orchestration CASCADE');
until_ok($pg, sub { holder() eq '' }, 'DROP EXTENSION releases it');
is($pg->sql('SELECT 1'), 1, 'the server lives');
unlike($pg->log_text, qr/PANIC|TRAP|signal (6|11)/, 'nothing crashed');

done_testing();
