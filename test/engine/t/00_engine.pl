# The fixture itself: an engine that is nobody else's, that answers as Docker does, and of which nothing stays.
use strict;
use warnings;
use IO::Socket::INET ();
use MIME::Base64 ();
use OrchEngine;
use OrchServer;
use Test::More;
use Time::HiRes ();

plan skip_all => 'no engine here: ' . OrchEngine::why_not() if OrchEngine::why_not();

my $began = Time::HiRes::time();
my $engine = OrchEngine->own('fixture');
my $state = $engine->{env}{ENGINE_STATE};
my $net = $engine->{env}{ENGINE_POOL} =~ s/0\.0\/16$//r;
my $serve = 'mkdir /w; hostname >/w/index.html; exec httpd -f -p 80 -h /w';

# The address that the machine has for others; nothing is sent.
sub machine_address
{
	my $socket = IO::Socket::INET->new(Proto => 'udp', PeerAddr => '192.0.2.1', PeerPort => 9) or return;

	return $socket->sockhost;
}

# What is served there; empty when nothing answers within two seconds.
sub page
{
	my ($address) = @_;

	return (OrchServer::run_command([ 'curl', '-s', '-m', '2', "http://$address/" ]))[1];
}

sub serves
{
	my ($address, $page, $title) = @_;

	return ok($engine->until(sub { page($address) eq $page }, 30), $title);
}

sub web
{
	my ($name, $host_ip, $port, $network) = @_;

	return $engine->run($name, {
			Hostname => $name,
			Cmd => [ 'sh', '-c', $serve ],
			Labels => { 'orchestration.dev/test' => $name },
			ExposedPorts => { '80/tcp' => {} },
			HostConfig => { NetworkMode => $network, PortBindings => { '80/tcp' => [ { HostIp => $host_ip, HostPort => "$port" } ] } },
			NetworkingConfig => { EndpointsConfig => { $network => { Aliases => [ 'site', $name ] } } } });
}

sub state_of { return $engine->ask('GET', "/v1.41/containers/$_[0]/json")->{State} }

# Everything of the engine that the machine knows of, by kind; the rest of the machine is busy, too.
my (%known, @ids);

sub read_lines
{
	my ($path) = @_;

	open my $file, '<', $path or return;
	return <$file>;
}

sub remember_traces
{
	%known = (
		bridges => [ (OrchServer::must_run([ 'ip', '-4', '-o', 'addr', 'show' ])) =~ /^\d+: (\S+) +inet \Q$net\E/mg ],
		room => (stat "$state/pin/room")[1],
		netns => [ map { my $key = $engine->ask('GET', "/v1.41/containers/$_/json")->{NetworkSettings}{SandboxKey} || ''; $key =~ m{([^/]+)$} } @ids ],
		pids => [ map { state_of($_)->{Pid} } @ids ]);
}

sub traces
{
	my ($ids, $bridges, $netns) = map { my $words = join '|', map { quotemeta } @$_; qr/$words/ } \@ids, @known{qw(bridges netns)};
	my @links = OrchServer::must_run([ 'ip', '-o', 'link' ]) =~ /^(.*)$/mg;

	return (
		'processes of the room' => [ grep { (readlink($_) || '') eq "mnt:[$known{room}]" } glob '/proc/[0-9]*/ns/mnt' ],
		'processes of containers' => [ grep { my $pid = $_; grep { /$ids/ } read_lines("/proc/$pid/cgroup") } @{ $known{pids} } ],
		'mounts' => [ grep { /\Q$state\E/ } map { read_lines($_) } glob '/proc/[0-9]*/mountinfo' ],
		'rules' => [ grep { /$ids|\Q$net\E|ORCH\d\d.*(?:$bridges)/ } split /\n/, OrchServer::must_run(['iptables-save']) ],
		'bridges and what is plugged in' => [ grep { /\b(?:$bridges)\b/ } @links ],
		'routes' => [ grep { /\b\Q$net\E/ } split /\n/, OrchServer::must_run([ 'ip', 'route', 'show', 'table', 'all' ]) ],
		'control groups' => [ grep { /$ids/ } glob '/sys/fs/cgroup/{,*/}libpod_parent/*' ],
		'files' => [ grep { -e } $state ]);
}

ok($engine->ask('GET', '/v1.41/version')->{ApiVersion}, 'it speaks the API');
is_deeply([ grep { $_ eq $engine->image } map { @{ $_->{RepoTags} || [] } } @{ $engine->ask('GET', '/v1.41/images/json') } ],
	[ $engine->image ], 'the image is there without a registry');
my ($mode, $group) = (stat $engine->socket)[2, 5];
is(sprintf('%04o %s', $mode & 07777, scalar getpwuid((stat _)[4])), '0660 root', 'the socket is for its owner and one group');
is(OrchServer::must_run([ OrchServer::as_server_user('curl', '-s', '--unix-socket', $engine->socket, 'http://engine/_ping') ]), 'OK',
	'PostgreSQL\'s user is in it');
SKIP:
{
	skip 'only root can be somebody else', 1 if $> != 0;
	my ($status) = OrchServer::run_command([ 'runuser', '-u', 'nobody', '--', 'curl', '-s', '--unix-socket', $engine->socket, 'http://engine/_ping' ]);
	isnt($status, 0, 'nobody else is');
}

# containers, ports, names
$engine->ask('POST', '/v1.41/networks/create', { Name => 'shop', Driver => 'bridge' });
my ($any_port, $local_port) = (OrchServer::free_port(), OrchServer::free_port());
push @ids, web('everywhere', '', $any_port, 'shop');
note(sprintf 'first container after %.1f s', Time::HiRes::time() - $began);
push @ids, web('local', '127.0.0.1', $local_port, 'shop');
serves("127.0.0.1:$any_port", "everywhere\n", 'a published port answers on the loopback address');
my $address = machine_address();
SKIP:
{
	skip 'this machine has no other address', 2 if !$address || $address =~ /^127\./;
	serves("$address:$any_port", "everywhere\n", 'and on the machine\'s own');
	is(page("$address:$local_port"), '', 'but not one that was published on the loopback address');
}
serves("127.0.0.1:$local_port", "local\n", 'which answers there');
is(eval { web('second', '127.0.0.1', $local_port, 'shop') }, undef, 'a port is published once');
serves("127.0.0.1:$local_port", "local\n", 'who asks for it again takes nothing away');
$engine->ask('DELETE', '/v1.41/containers/second?force=1');
serves($engine->ask('GET', '/v1.41/containers/local/json')->{NetworkSettings}{Networks}{shop}{IPAddress}, "local\n", 'a container answers on its own address');
is_deeply([ $engine->exec_in('everywhere', 'wget', '-qO-', 'http://local/') ], [ 0, "local\n" ], 'an alias is found from another container');
like(($engine->exec_in('everywhere', 'nslookup', 'site'))[1], qr/\Q$net\E/, 'also one that several have');
is(($engine->exec_in('everywhere', 'sh', '-c', 'exit 7'))[0], 7, 'a command\'s exit status comes back');
is_deeply([ map { @{ $_->{Names} } } $engine->containers('orchestration.dev/test=local') ], ['/local'], 'containers are found by label');

# what a container does and says
push @ids, $engine->run('talker', { Cmd => [ 'sh', '-c', 'echo out; echo err >&2; exec sleep 1000' ], HostConfig => { NetworkMode => 'shop' } });
ok($engine->until(sub { join(' ', sort split /\n/, $engine->logs('talker')) eq 'err out' }, 20), 'logs have both streams');
my $usage = $engine->ask('GET', '/v1.41/containers/everywhere/stats?stream=false&one-shot=true');
cmp_ok($usage->{memory_stats}{usage}, '>', 0, 'memory is counted');
cmp_ok($usage->{cpu_stats}{cpu_usage}{total_usage}, '>', 0, 'and processor time');
$engine->ask('POST', '/v1.41/containers/everywhere/pause');
is(page("127.0.0.1:$any_port"), '', 'a paused container does not answer');
is(state_of('everywhere')->{Status}, 'paused', 'and is said to be paused');
$engine->ask('POST', '/v1.41/containers/everywhere/unpause');
serves("127.0.0.1:$any_port", "everywhere\n", 'it goes on where it was');
my $events = $engine->request('GET', '/v1.41/events?since=' . int($began) . '&until=' . int(Time::HiRes::time() + 1) . '&filters='
	  . OrchEngine::quote_url('{"label":["orchestration.dev/test=everywhere"]}'));
is_deeply([ grep { /^(?:create|start|pause|unpause)$/ } $events->{content} =~ /"Action":"(\w+)"/g ], [qw(create start pause unpause)], 'events tell all of it');

$engine->run('returns', { Cmd => [ 'sh', '-c', 'echo run; exit 3' ], HostConfig => { NetworkMode => 'shop', RestartPolicy => { Name => 'on-failure', MaximumRetryCount => 2 } } });
ok($engine->until(sub { $engine->logs('returns') eq "run\n" x 3 }, 20), 'one that fails is started again as often as was asked for');

# a registry with a password
$engine->engine('registry');
$engine->read_environment;
my ($user, $password, $remote) = @{ $engine->{env} }{qw(REGISTRY_USER REGISTRY_PASSWORD REGISTRY_IMAGE)};
my $pull = "/v1.41/images/create?fromImage=$remote";
like($engine->request('POST', $pull)->{content}, qr/unauthorized/, 'the registry asks for a password');
my $credentials = MIME::Base64::encode_base64(qq({"username":"$user","password":"$password"}), '');
unlike($engine->request('POST', $pull, '', { 'X-Registry-Auth' => $credentials })->{content}, qr/"error"/, 'with it, an image is pulled');
is($engine->request('GET', "/v1.41/images/$remote/json")->{status}, 200, 'and is there');

# the service dies, containers do not
my $before = state_of('everywhere');
$engine->kill_service;
is($engine->request('GET', '/_ping')->{status}, 599, 'a killed service does not answer');
serves("127.0.0.1:$any_port", "everywhere\n", 'its containers do');
$engine->start_service;
is_deeply([ @{ state_of('everywhere') }{qw(Running Pid StartedAt)} ], [ @$before{qw(Running Pid StartedAt)} ], 'the next one finds them as they are');
is_deeply([ $engine->exec_in('everywhere', 'wget', '-qO-', 'http://local/') ], [ 0, "local\n" ], 'names, too');

# others
my $other = OrchEngine->own('other');
is(scalar $other->containers, 0, 'another engine sees nothing of it');
$other->ask('POST', '/v1.41/networks/create', { Name => 'shop', Driver => 'bridge' });
my $other_port = OrchServer::free_port();
$other->run('everywhere', { Cmd => [ 'sh', '-c', 'mkdir /w; echo other >/w/index.html; exec httpd -f -p 80 -h /w' ], ExposedPorts => { '80/tcp' => {} },
	HostConfig => { NetworkMode => 'shop', PortBindings => { '80/tcp' => [ { HostPort => "$other_port" } ] } } });
serves("127.0.0.1:$other_port", "other\n", 'the same names in both: the other answers');
serves("127.0.0.1:$any_port", "everywhere\n", 'and the one');
for my $what ([ 'ps', '-aq', '--no-trunc' ], [ 'network', 'ls', '--format', '{{.Name}}' ], [ 'image', 'ls', '--format', '{{.Digest}}' ])
{
	my ($status, $out) = OrchServer::run_command([ $> == 0 ? () : 'sudo', 'podman', @$what ]);
	my $ours = join '|', @ids, 'shop', map { $_->{Id} } @{ $engine->ask('GET', '/v1.41/images/json') };

	unlike($out, qr/$ours/, "nor does the machine's own Podman: podman @$what");
}

# down and up again
$engine->ask('POST', '/v1.41/volumes/create', { Name => 'kept' });
$engine->ask('POST', '/v1.41/containers/local/pause');
remember_traces();
my %there = traces();
ok(scalar @{ $there{$_} }, "there are $_") or diag($_) for sort keys %there;
$engine->engine('down');
my %left = traces();
is_deeply([ grep { @{ $left{$_} } } sort keys %left ], ['files'], 'down leaves files alone') or diag(explain(\%left));
$engine = OrchEngine->up($engine->{name});
is_deeply([ map { $_->{Name} } @{ $engine->ask('GET', '/v1.41/volumes')->{Volumes} } ], ['kept'], 'up finds volumes');
$engine->ask('POST', '/v1.41/containers/everywhere/start');
serves("127.0.0.1:$any_port", "everywhere\n", 'and containers, which start again');

# nothing stays, whatever there was, and in whatever state
$engine->ask('POST', "/v1.41/containers/$_/start") for 'local', 'talker';
$engine->ask('POST', '/v1.41/containers/local/pause');
remember_traces();
$engine->kill_service;
$engine->engine('purge');
# what was killed takes a moment to be gone
ok($engine->until(sub { %left = traces(); !grep { @$_ } values %left }, 10), 'purge leaves nothing') or diag(explain(\%left));
is_deeply([ grep { -e "/run/netns/$_" } @{ $known{netns} } ], [], 'nor a network namespace');
like(page("127.0.0.1:$any_port"), qr/^$/, 'and no port');
is(scalar $other->containers, 1, 'the other engine is as it was');
serves("127.0.0.1:$other_port", "other\n", 'its ports answer');
$other->engine('purge');

done_testing();
