# OrchSession: a session that stays open, for tests in which somebody holds something.
package OrchSession;

use strict;
use warnings;
use Carp ();
use IPC::Run ();

# new(SERVER, DATABASE, ROLE)
sub new
{
	my ($class, $server, $db, $role) = @_;
	local $server->{user} = $role // $server->{user};
	my $self = bless { in => '', out => '', err => '' }, $class;

	$self->{run} = IPC::Run::start([ $server->psql_command($db || $server->{db}) ], '<', \$self->{in}, '>', \$self->{out}, '2>', \$self->{err}, IPC::Run::timer(120));
	return $self;
}

# sql(STATEMENTS): what they print; dies on an error
sub sql
{
	my ($self, $sql) = @_;

	$self->send($sql);
	return $self->answer;
}

# send(STATEMENTS): without waiting for an answer
sub send
{
	my ($self, $sql) = @_;

	$self->{in} .= "$sql;\n\\echo the end\n";
	$self->{run}->pump_nb;
	return;
}

sub answer
{
	my ($self) = @_;

	while ($self->{out} !~ /^the end$/m)
	{
		Carp::croak("session ended: $self->{err}") if !$self->{run}->pumpable;
		$self->{run}->pump;
	}
	$self->{out} =~ s/\A(.*?)^the end\n//ms;
	my $answer = $1;
	chomp $answer;
	return $answer;
}

sub close
{
	my ($self) = @_;

	$self->{in} .= "\\q\n";
	eval { $self->{run}->finish };
	return;
}

1;
