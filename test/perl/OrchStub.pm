# OrchStub: the API server that makes mistakes (test/stub/kube_stub.py), seen by a test.
package OrchStub;

use strict;
use warnings;
use Carp ();
use Exporter 'import';
use HTTP::Tiny ();
use IPC::Open2 ();
use JSON::PP ();
use MIME::Base64 ();
use OrchServer;
use OrchTest;
use Test::More;
use Time::HiRes ();

our @EXPORT = qw(until_ok server_with_worlds all_connected fill settled);

my @stubs;

# start(ARGUMENTS of kube_stub.py): ends when the test does, however that ends
sub start
{
	my ($class, @arguments) = @_;
	my $self = bless { pid_of_test => $$, scheme => (grep { $_ eq '--tls-cert' } @arguments) ? 'https' : 'http' }, $class;

	$self->{pid} = IPC::Open2::open2($self->{out}, $self->{in}, 'python3', "$ENV{TESTDIR}/kube_stub.py", @arguments);
	@$self{qw(port order_port)} = split ' ', (readline $self->{out}) // '';
	Carp::croak('the stub does not start') if !$self->{port};
	push @stubs, $self;
	return $self;
}

# A server for one test: shares nothing with other worlds of the same process.
sub world
{
	my ($self, $name) = @_;

	return bless {
		name => $name, url => "$self->{scheme}://127.0.0.1:$self->{port}/$name", http => HTTP::Tiny->new(timeout => 60),
		orders => 'http://127.0.0.1:' . ($self->{order_port} || $self->{port}) . "/$name" }, 'OrchStub::World';
}

END
{
	my $status = $?;
	for my $stub (grep { $_->{pid_of_test} == $$ } @stubs)
	{
		close $stub->{in};
		kill 'KILL', $stub->{pid};
		waitpid $stub->{pid}, 0;
	}
	$? = $status;
}

# One test: code returns something true within a minute or so.
sub until_ok
{
	my ($pg, $code, $title, %options) = @_;
	my $began = Time::HiRes::time();
	my $end = $began + ($options{timeout} || 90);
	my $result;

	do
	{
		$result = eval { $code->() };
		Time::HiRes::sleep(0.2) if !$result;
	} while (!$result && Time::HiRes::time() < $end);
	note(sprintf '%.1f s', Time::HiRes::time() - $began);
	ok($result, $title) and return 1;
	diag($@) if $@;
	diagnose($pg);
	return 0;
}

# A PostgreSQL server whose worker serves worlds, each a cluster of the same name.
sub server_with_worlds
{
	my ($name, @worlds) = @_;
	my $pg = OrchServer->new($name, settings => {
			'orchestration.worker_enabled' => 'on',
			'orchestration.poll_interval' => "'1s'",
			'orchestration.request_timeout' => "'5s'",
			'log_min_messages' => 'info' });

	$pg->start->create_bootstrapped('app');
	$pg->people;
	register($pg, $_->{name}, $_->kubeconfig) for @worlds;
	all_connected($pg, 'the worker is connected') if @worlds;
	return $pg;
}

# One test: every cluster is.
sub all_connected
{
	my ($pg, $title) = @_;

	return ok($pg->until_true("SELECT bool_and(status = 'connected') FROM orchestration.clusters", timeout => 120), $title) || diagnose($pg);
}

# In each of the worlds a namespace of the same name, with config maps m1 to
# m<MAPS> and a container "web"; one test.
sub fill
{
	my ($pg, $maps, @worlds) = @_;
	my $names = join ', ', map { "('$_->{name}')" } @worlds;

	$pg->as_administrator("SELECT orchestration.create_namespace(n, n) FROM (VALUES $names) v (n)");
	$pg->joins($_->{name}) for @worlds;
	$pg->as_operator(<<SQL);
SELECT orchestration.create_config_map(n, 'm' || i, jsonb_build_object('k', i::text)) FROM (VALUES $names) v (n), generate_series(1, $maps) i;
SELECT orchestration.create_container(n, 'web', 'busybox:1') FROM (VALUES $names) v (n);
SQL
	return ok(settled($pg), 'all objects are applied') || diagnose($pg);
}

# Everything that the rows ask for is in the cluster, and the inventory knows it.
sub settled
{
	my ($pg) = @_;
	my @owners = map { "NOT EXISTS (SELECT FROM orchestration.$_ WHERE generation > observed_generation)" } qw(config_maps containers);

	return $pg->until_true('SELECT bool_and(applied_hash = desired_hash AND uid IS NOT NULL AND last_error IS NULL) FROM orchestration.managed_objects WHERE '
		  . join(' AND ', @owners), timeout => 90);
}

package OrchStub::World;

use strict;
use warnings;
use Carp ();

# What is in {cluster} and {user} of the world is in the file too.
sub kubeconfig
{
	my ($self) = @_;

	return JSON::PP->new->canonical->encode({
			apiVersion => 'v1', kind => 'Config', 'current-context' => 'c',
			clusters => [ { name => 'c', cluster => { server => $self->{url}, %{ $self->{cluster} || {} } } } ],
			users => [ { name => 'u', user => $self->{user} || { token => 't' } } ],
			contexts => [ { name => 'c', context => { cluster => 'c', user => 'u' } } ] });
}

sub control
{
	my ($self, $what, $body) = @_;
	my $method = defined $body ? 'POST' : 'GET';
	my $answer = $self->{http}->request($method, "$self->{orders}/-/$what", defined $body ? { content => JSON::PP::encode_json($body) } : {});

	Carp::croak("stub: $what: $answer->{status} $answer->{content}") if !$answer->{success};
	return JSON::PP::decode_json($answer->{content});
}

# order(method => .., path => REGEX, action => .., ..): see class Fault of the stub
sub order { my ($self, %fault) = @_; return $self->control('faults', { times => 1, %fault }) }
sub refuse { my ($self, $status, %fault) = @_; return $self->order(action => 'status', status => $status, times => 1_000_000, %fault) }
sub forgive { return $_[0]->control('forgive', {}) }
sub options { my ($self, %options) = @_; return $self->control('options', { map { $_ => $options{$_} } keys %options }) }
sub edit { my ($self, $path, $merge, %more) = @_; return $self->control('edit', { path => $path, merge => $merge, %more }) }
sub edit_all { my ($self, $paths, $merge) = @_; return $self->control('edit', { paths => $paths, merge => $merge }) }
sub remove { my ($self, $path, %more) = @_; return $self->control('remove', { path => $path, %more }) }
sub objects { return $_[0]->control('objects') }
sub object { my ($self, $path) = @_; return $self->control('object', { path => $path })->{object} }
sub hang_up { return $_[0]->control('hangup', {}) }

# Cuts the watches and forgets what they would have told: the next thing must be a list.
sub lose_track { return $_[0]->control('hangup', { forget => JSON::PP::true }) }

# log(METHOD, PATH regex, QUERY regex): what the worker asked for
sub log
{
	my ($self, $method, $path, $query) = @_;

	$query //= '';
	# (?:) because an empty pattern means the last one that matched
	return grep {
		$_->{method} =~ /^(?:$method)$/ && $_->{path} =~ /(?:$path)/ && $_->{query} =~ /(?:$query)/
		  && ($_->{headers}{'User-Agent'} // '') =~ /^orchestration/ } @{ $self->control('log') };
}

sub count { my $self = shift; return scalar(my @all = $self->log(@_)) }

# Everything that is to change something, but for the Lease.
sub writes
{
	my ($self, $path) = @_;

	return grep { $_->{path} !~ m{/leases} } $self->log('POST|PUT|PATCH|DELETE', $path // '');
}

# A pod of a container, as a controller would make it.
sub make_pod
{
	my ($self, $ns, $name, $container_id, %status) = @_;
	my $installation = $self->object("/api/v1/namespaces/$ns")->{metadata}{labels}{'orchestration.dev/installation'};

	return $self->edit("/api/v1/namespaces/$ns/pods/$name", {
			kind => 'Pod', apiVersion => 'v1',
			metadata => { labels => { 'orchestration.dev/installation' => $installation, 'orchestration.dev/container-id' => "$container_id",
					'orchestration.dev/owner' => "container-$container_id", 'pod-template-hash' => 'h' } },
			spec => { nodeName => 'node' },
			status => { phase => 'Running', conditions => [ { type => 'Ready', status => 'True' } ], %status } });
}

1;
