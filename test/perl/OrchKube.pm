# OrchKube: a test cluster seen by a test: kubectl, kubeconfigs, faults.
package OrchKube;

use strict;
use warnings;
use Carp ();
use JSON::PP ();
use OrchServer;
use Time::HiRes ();

my @started;

# The cluster that the whole run shares; see scripts/check-kube.sh.
sub shared
{
	my ($class) = @_;
	my $self = bless { name => $ENV{ORCHESTRATION_CLUSTER} || 'test' }, $class;

	return $self->read_environment;
}

# A control plane of the test's own, which it may break; taken down at the end.
sub own
{
	my ($class, $name, $nodes) = @_;
	my $self = bless { name => "$name-$$", pid_of_test => $$ }, $class;

	push @started, $self;
	$self->cluster('up', '--nodes', $nodes);
	return $self->read_environment;
}

sub read_environment
{
	my ($self) = @_;

	$self->{env} = { map { /^(\w+)=(.*)$/ ? ($1, $2) : () } split /\n/, $self->cluster('env') };
	return $self;
}

sub cluster
{
	my ($self, @arguments) = @_;
	my $command = shift @arguments;

	return OrchServer::must_run([ "$ENV{ORCH_ROOT}/test/kube/cluster", $command, '--name', $self->{name}, @arguments ]);
}

# Starts a component that was killed; its port may be taken for a moment more.
sub start
{
	my ($self, $component) = @_;

	for (1 .. 5)
	{
		return if eval { $self->cluster('start', $component) };
		Time::HiRes::sleep(1);
	}
	$self->cluster('start', $component);
}

sub has_real_node { return $_[0]{env}{REAL_NODE} }
sub image { return $_[0]{env}{IMAGE} || 'busybox:1' }

# Text of a kubeconfig: admin, orchestration, alice, ...
sub kubeconfig
{
	my ($self, $kind) = @_;

	return $self->cluster('kubeconfig', $kind || 'orchestration');
}

# (exit status, output, errors) of kubectl as the administrator
sub try
{
	my ($self, @arguments) = @_;

	return OrchServer::run_command([ $self->{env}{KUBECTL}, '--kubeconfig', $self->{env}{KUBECONFIG}, @arguments ], $self->{input});
}

sub kubectl
{
	my ($self, @arguments) = @_;
	my ($status, $out, $err) = $self->try(@arguments);

	Carp::croak("kubectl @arguments failed: $err") if $status != 0;
	chomp $out;
	return $out;
}

sub apply
{
	my ($self, $manifest) = @_;

	local $self->{input} = $manifest;
	return $self->kubectl('apply', '-f', '-');
}

# Server-side apply under a field manager's name.
sub apply_as
{
	my ($self, $manager, $manifest) = @_;

	local $self->{input} = $manifest;
	return $self->kubectl('apply', '--server-side', "--field-manager=$manager", '-f', '-');
}

# One object as a Perl structure; undef when there is none.
sub get
{
	my ($self, $namespace, $what) = @_;
	my ($status, $out) = $self->try('get', '-n', $namespace, $what, '-o', 'json', '--show-managed-fields');

	return $status == 0 ? JSON::PP::decode_json($out) : undef;
}

sub list
{
	my ($self, $namespace, $kind, @more) = @_;

	return @{ JSON::PP::decode_json($self->kubectl('get', $kind, '-n', $namespace, '-o', 'json', @more))->{items} };
}

# What people see with `kubectl get all,cm,secret,pvc -o name`, random suffixes
# of pods and replica sets cut off; what every namespace has by itself is left out.
sub names
{
	my ($self, $namespace) = @_;
	my @names = split /\n/, $self->kubectl('get', 'all,cm,secret,pvc', '-n', $namespace, '-o', 'name');

	s{^(replicaset\.apps/.*)-[a-z0-9]+$}{$1}, s{^(pod/.*)-[a-z0-9]+-[a-z0-9]{5}$}{$1} for @names;
	return sort grep { $_ ne 'configmap/kube-root-ca.crt' } @names;
}

sub field
{
	my ($self, $namespace, $what, $path) = @_;
	my ($status, $out) = $self->try('get', '-n', $namespace, $what, '-o', "jsonpath=$path");

	return $status == 0 ? $out : '';
}

# Runs code until it returns something true; false after the timeout.
sub until
{
	my ($self, $code, $timeout) = @_;
	my $end = Time::HiRes::time() + ($timeout || 60);

	do
	{
		my $result = eval { $code->() };

		return $result if $result;
		Time::HiRes::sleep(0.3);
	} while (Time::HiRes::time() < $end);
	return 0;
}

sub delete_namespaces
{
	my ($self, @namespaces) = @_;

	$self->try('delete', 'namespace', '--ignore-not-found', '--wait=false', @namespaces) if @namespaces;
}

END
{
	my $status = $?;
	for my $cluster (grep { $_->{pid_of_test} == $$ } @started)
	{
		eval { $cluster->cluster('down') };
		warn $@ if $@;
	}
	$? = $status;
}

1;
