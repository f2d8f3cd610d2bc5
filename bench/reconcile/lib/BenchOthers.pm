# BenchOthers: those who write the same objects without us.
package BenchOthers;

use strict;
use warnings;
use BenchCost;
use BenchProgram;
use JSON::PP ();
use MIME::Base64 ();
use POSIX ();
use Time::HiRes qw(sleep time);

my $json = JSON::PP->new->canonical;

# The same objects in another namespace, without what makes them ours.
sub taken_over
{
	my ($namespace, @objects) = @_;
	my @copies;

	for my $object (@objects)
	{
		my $copy = $json->decode($json->encode($object));

		$copy->{metadata}{namespace} = $namespace;
		# the view shows no values
		$_ = MIME::Base64::encode_base64('secret', '') for $copy->{kind} eq 'Secret' ? values %{ $copy->{data} } : ();
		for my $labels (grep { $_ } $copy->{metadata}{labels}, $copy->{kind} eq 'Deployment' ? $copy->{spec}{template}{metadata}{labels} : undef)
		{
			delete @$labels{qw(orchestration.dev/installation orchestration.dev/owner app.kubernetes.io/managed-by)};
		}
		push @copies, $copy;
	}
	return @copies;
}

sub write_lines
{
	my ($path, @objects) = @_;

	open my $out, '>', $path or die "$path: $!";
	print $out $json->encode($_) . "\n" for @objects;
	close $out or die "$path: $!";
	return $path;
}

# new(CONTEXT, NAME): CONTEXT has cluster, dir, objects, changes, workers
sub new
{
	my ($class, $context, $name) = @_;
	my $self = bless { %$context, name => $name, namespace => "bench-$name" }, $class;
	my @objects = taken_over($self->{namespace}, @{ $context->{objects} });

	$self->{cluster}{kube}->kubectl('create', 'namespace', $self->{namespace});
	$self->prepare(@objects);
	return $self;
}

sub change_file
{
	my ($self, $number) = @_;

	return write_lines("$self->{dir}/$self->{name}-change.jsonl", taken_over($self->{namespace}, @{ $self->{changes}[$number] }));
}

sub rest { return }

package BenchOthers::Go;

our @ISA = ('BenchOthers');

my %program = (raw => 'raw', 'client-go' => 'dynamic', 'client-go-create' => 'dynamic', 'controller-runtime' => 'runtime');

sub prepare
{
	my ($self, @objects) = @_;

	$self->{file} = BenchOthers::write_lines("$self->{dir}/$self->{name}.jsonl", @objects);
	return;
}

# A process for each round: everybody begins with nothing.
sub begin
{
	my ($self) = @_;

	$self->{program} = BenchProgram->new("$ENV{BENCH_BIN}/$program{$self->{name}}", '--kubeconfig', $self->{cluster}->file('orchestration'),
		'--objects', $self->{file}, '--workers', $self->{workers});
	$self->{program}->do('cost');
	return;
}

sub end { $_[0]{program}->close; return }
sub cost { return { cpu => $_[0]{program}->do('cost')->{cpu} } }
sub create { my ($self) = @_; return $self->{program}->do($self->{name} eq 'client-go-create' ? 'post' : 'create') }
sub again { return $_[0]{program}->do('again') }
sub delete { return $_[0]{program}->do('delete') }
sub change { my ($self, $number) = @_; return $self->{program}->do('change', $self->change_file($number)) }
sub phases { return $_[0]{name} eq 'client-go-create' ? qw(create delete) : qw(create again change delete) }

# how many changes one after the other are worth the time
sub changes { return $_[0]{name} eq 'client-go' ? 1 : 10 }

sub memory
{
	my ($self) = @_;
	my $memory = { mb => $self->{program}->do('cost')->{rss_anon_kb} / 1024 };

	$memory->{bytes_per_object} = $self->{program}->do('hold')->{bytes_per_object} if $self->{name} =~ /^(client-go|controller-runtime)$/;
	return $memory;
}

package BenchOthers::Kubectl;

our @ISA = ('BenchOthers');

sub prepare
{
	my ($self, @objects) = @_;

	@$self{qw(items used)} = (\@objects, 0);
	mkdir "$self->{dir}/kubectl";
	BenchOthers::write_lines("$self->{dir}/kubectl/kustomization.yaml", { resources => ['all.json'] });
	return;
}

sub begin { my ($self) = @_; $self->{peak} = 0; $self->write_files; return }
sub end { return }

# One file of YAML documents, as its users have them.
sub write_files
{
	my ($self) = @_;
	my ($in, $out) = map { "$self->{dir}/$_" } 'kubectl', 'kubectl.yaml';

	BenchOthers::write_lines("$in/all.json", { apiVersion => 'v1', kind => 'List', items => $self->{items} });
	system($self->{cluster}{kube}{env}{KUBECTL}, 'kustomize', $in, '-o', $out) == 0 or die "kubectl kustomize failed\n";
	$self->{file} = $out;
	return;
}

sub used { my @used = times; return $used[2] + $used[3] }

# Runs it and looks at its memory meanwhile.
sub run
{
	my ($self, @arguments) = @_;
	my ($began, $used) = (Time::HiRes::time(), used());
	my $pid = fork // die "fork: $!";

	if ($pid == 0)
	{
		open STDOUT, '>', '/dev/null';
		exec $self->{cluster}{kube}{env}{KUBECTL}, '--kubeconfig', $self->{cluster}->file('orchestration'), @arguments or POSIX::_exit(127);
	}
	while (waitpid($pid, POSIX::WNOHANG()) == 0)
	{
		my $now = BenchCost::memory($pid);

		$self->{peak} = $now if $now > $self->{peak};
		Time::HiRes::sleep(0.02);
	}
	die "kubectl @arguments failed\n" if $? != 0;
	$self->{used} += used() - $used;
	return { seconds => Time::HiRes::time() - $began };
}

sub apply { my ($self) = @_; return $self->run('apply', '--server-side', '-f', $self->{file}) }
sub create { return $_[0]->apply }
sub again { return $_[0]->apply }

# It waits for one object after the other, which takes many times as long as asking for all of them.
sub delete
{
	my ($self) = @_;
	my $began = Time::HiRes::time();

	$self->run('delete', '--cascade=foreground', '--wait=false', '-f', $self->{file});
	while ($self->{cluster}{kube}->kubectl('get', 'configmaps,secrets,services,deployments', '-n', $self->{namespace}, '-o', 'name') ne 'configmap/kube-root-ca.crt') { Time::HiRes::sleep(0.5) }
	return { seconds => Time::HiRes::time() - $began };
}

sub change
{
	my ($self, $number) = @_;

	for my $changed (BenchOthers::taken_over($self->{namespace}, @{ $self->{changes}[$number] }))
	{
		$_ = $changed for grep { $_->{kind} eq $changed->{kind} && $_->{metadata}{name} eq $changed->{metadata}{name} } @{ $self->{items} };
	}
	$self->write_files;
	return $self->apply;
}

sub cost { return { cpu => $_[0]{used} } }
sub phases { return qw(create again change delete) }
sub changes { return 1 }
sub memory { my ($self) = @_; return { mb => $self->{peak} / 1024 } }

1;
