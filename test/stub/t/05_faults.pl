# What a server asks for in anger, and a gateway that falls silent: no cluster is out of sight for longer than a
# minute or so, and none is waited for by another.
use strict;
use warnings;
use IPC::Open2 ();
use OrchStub;
use OrchTest;
use Test::More;

my $stub = OrchStub->start;
my ($hour, $silent, $healthy) = map { $stub->world($_) } qw(hour silent healthy);

# a gateway between the worker and one of them
my $gateway = IPC::Open2::open2(my $answers, my $orders, 'python3', "$ENV{TESTDIR}/relay.py", $stub->{port});
my ($gateway_port) = (readline($answers) // '') =~ /(\d+)/ or die 'the relay does not start';
END { close $orders if $orders; my $status = $?; waitpid $gateway, 0 if $gateway; $? = $status }

sub gateway { my ($order) = @_; syswrite $orders, "$order\n"; return 0 + readline $answers }

# removes an object; returns a test whether it is there again
sub drift
{
	my ($world) = @_;
	my $path = "/api/v1/namespaces/$world->{name}/configmaps/m1";

	$world->remove($path);
	return sub { $world->object($path) };
}

$silent->{url} =~ s/:\d+/:$gateway_port/;
my $pg = server_with_worlds('faults', $hour, $silent, $healthy);
fill($pg, 2, $hour, $silent, $healthy);

# ---- every watch is told to come back in an hour
$hour->order(method => 'GET', query => 'watch=', action => 'status', status => 503, times => 100, headers => { 'Retry-After' => 3600 });
$hour->hang_up;
until_ok($pg, sub { $hour->count('GET', '.', 'watch=') > 8 }, 'the watches are told to come back in an hour');
$hour->forgive;
my $back = drift($hour);
my $other = drift($healthy);
until_ok($pg, $other, 'the healthy cluster is looked after meanwhile');
until_ok($pg, $back, 'what is removed there is seen and made again after a minute', timeout => 150);

# ---- connections that acknowledge and answer nothing
gateway('mute');
$pg->as_operator("SELECT orchestration.create_config_map('$_->{name}', 'late', '{\"k\": \"v\"}')") for $silent, $healthy;
until_ok($pg, sub { $healthy->object('/api/v1/namespaces/healthy/configmaps/late') }, 'the healthy cluster is written to meanwhile');
until_ok($pg, sub { $silent->object('/api/v1/namespaces/silent/configmaps/late') }, 'the one behind a silent gateway on a fresh connection');
all_connected($pg, 'all are connected in the end');
is($pg->sql("SELECT failures FROM orchestration_internal.worker_state() WHERE database_name = 'app'"), 0, 'the worker never failed');

$pg->stop;
done_testing();
