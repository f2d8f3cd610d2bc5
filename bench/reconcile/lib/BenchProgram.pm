# BenchProgram: a program that answers what it is told on its standard input, and psql as one.
package BenchProgram;

use strict;
use warnings;
use Carp ();
use IPC::Open2 ();
use JSON::PP ();

# whoever has ended is told of by what it did not answer
$SIG{PIPE} = 'IGNORE';

sub new
{
	my ($class, @command) = @_;
	my $self = bless { name => $command[0] }, $class;

	$self->{pid} = IPC::Open2::open2($self->{out}, $self->{in}, @command);
	$self->{in}->autoflush(1);
	return $self;
}

# do(PHASE, ARGUMENTS...): the answer as a hash; dies with what went wrong
sub do
{
	my ($self, @words) = @_;

	print { $self->{in} } "@words\n";
	my $line = readline $self->{out};
	Carp::croak("$self->{name} has ended in @words") if !defined $line;
	my $answer = JSON::PP::decode_json($line);
	Carp::croak("$self->{name} @words: $answer->{error}") if $answer->{error};
	return $answer;
}

sub close
{
	my ($self) = @_;

	close $self->{in};
	close $self->{out};
	waitpid $self->{pid}, 0;
	return;
}

# psql(SERVER, ROLE): a session that stays open
sub psql
{
	my ($class, $server, $role) = @_;
	local $server->{user} = $role // $server->{user};
	my $self = $class->new($server->psql_command($server->{db}));

	$self->{backend} = $self->sql('SELECT pg_backend_pid()');
	return $self;
}

# sql(STATEMENTS): what they print
sub sql
{
	my ($self, $sql) = @_;
	my $out = '';

	$self->{calls}++;
	print { $self->{in} } "$sql;\n\\echo the end\n";
	while (1)
	{
		my $line = readline $self->{out};

		$self->{ended} = 1 if !defined $line;
		Carp::croak("the session has ended in $sql") if $self->{ended};
		last if $line eq "the end\n";
		$out .= $line;
	}
	chomp $out;
	return $out;
}

sub cpu { return BenchCost::exact_cpu($_[0]{backend}) }

1;
