# OrchEngine: a container engine seen by a test: requests over its socket, what runs in containers, faults.
package OrchEngine;

use strict;
use warnings;
use Carp ();
use IO::Socket::UNIX ();
use JSON::PP ();
use OrchServer;
use Time::HiRes ();

my @started;

# The engine that the whole run shares; see scripts/check-engine.sh.
sub shared
{
	my ($class) = @_;

	return $class->up($ENV{ORCHESTRATION_ENGINE} || 'test');
}

# An engine of the test's own, which it may break; purged at the end.
sub own
{
	my ($class, $name) = @_;

	push @started, my $self = bless { name => "$name-$$", pid_of_test => $$ }, $class;
	return $class->up($self->{name});
}

sub up
{
	my ($class, $name) = @_;
	my $self = bless { name => $name }, $class;

	$self->engine('up');
	return $self->read_environment;
}

# Also after something more was started, as `engine registry` does
sub read_environment
{
	my ($self) = @_;

	$self->{env} = { map { /^(\w+)=(.*)$/ ? ($1, $2) : () } split /\n/, $self->engine('env') };
	return $self;
}

# Why this machine cannot run one; empty where it can.
sub why_not
{
	return OrchServer::must_run([ "$ENV{ORCH_ROOT}/test/engine/engine", 'why-not' ]);
}

sub engine
{
	my ($self, $command, @arguments) = @_;

	return OrchServer::must_run([ "$ENV{ORCH_ROOT}/test/engine/engine", $command, '--name', $self->{name}, @arguments ]);
}

sub socket { return $_[0]{env}{ENGINE_SOCKET} }
sub image { return $_[0]{env}{IMAGE} }
sub kill_service { $_[0]->engine('kill') }
sub start_service { $_[0]->engine('start') }

# request(METHOD, PATH, BODY, HEADERS): {success, status, reason, headers, content} as HTTP::Tiny has them, 599 when there
# was no answer.  A body that is a reference is sent as JSON.
sub request
{
	my ($self, $method, $path, $body, $headers) = @_;
	my $json = ref $body;
	my $text = $json ? JSON::PP->new->utf8->encode($body) : $body // '';
	my %headers = (Host => 'engine', Connection => 'close', 'Content-Length' => length $text, %{ $headers || {} });

	$headers{'Content-Type'} //= 'application/json' if $json;
	my $answer = eval { $self->exchange(join('', "$method $path HTTP/1.1\r\n", (map { "$_: $headers{$_}\r\n" } sort keys %headers), "\r\n", $text)) };
	return $answer || { success => '', status => 599, reason => 'Internal Exception', headers => {}, content => $@ };
}

sub exchange
{
	my ($self, $request) = @_;
	my $connection = IO::Socket::UNIX->new(Peer => $self->socket) or die "no connection: $!\n";
	my $answer = '';

	local $SIG{PIPE} = 'IGNORE';
	local $SIG{ALRM} = sub { die "no answer within a minute\n" };
	alarm 60;
	my $written = $connection->print($request) && $connection->flush;
	1 while sysread $connection, $answer, 65536, length $answer;
	alarm 0;
	die "the request was not read: $!\n" if !$written;
	return parse_answer($answer);
}

sub parse_answer
{
	my ($answer) = @_;
	my ($head, $content) = split /\r\n\r\n/, $answer, 2;
	my ($line, @headers) = split /\r\n/, $head // '';
	my ($status, $reason) = ($line // '') =~ m{^HTTP/1\.[01] (\d{3}) ?(.*)} or die "no answer of HTTP\n";
	my %headers = map { /^([^:]+): *(.*)/ ? (lc $1, $2) : () } @headers;

	$content = join_chunks($content) if ($headers{'transfer-encoding'} || '') eq 'chunked';
	return { success => scalar($status =~ /^2/), status => $status, reason => $reason, headers => \%headers, content => $content };
}

sub join_chunks
{
	my ($content) = @_;
	my $whole = '';

	while ($content =~ s/^([0-9a-f]+)[^\r\n]*\r\n//i)
	{
		my $length = hex $1 or return $whole;
		$whole .= substr $content, 0, $length;
		substr $content, 0, $length + 2, '';
	}
	die "an answer that ends too early\n";
}

# What it answers, as a Perl structure (undef for no content); dies of a failure.
sub ask
{
	my ($self, $method, $path, @more) = @_;
	my $answer = $self->request($method, $path, @more);

	Carp::croak("$method $path: $answer->{status} $answer->{content}") if !$answer->{success};
	return length $answer->{content} ? JSON::PP->new->utf8->decode($answer->{content}) : undef;
}

# All containers with a label ("key" or "key=value"), or all, the stopped ones too.
sub containers
{
	my ($self, $label) = @_;
	my $filters = defined $label ? '&filters=' . quote_url(JSON::PP->new->encode({ label => [$label] })) : '';

	return @{ $self->ask('GET', "/v1.41/containers/json?all=1$filters") };
}

# run(NAME, {...}): creates a container as the API wants it described and starts it; its id.
sub run
{
	my ($self, $name, $description) = @_;
	my $id = $self->ask('POST', "/v1.41/containers/create?name=$name", { Image => $self->image, %$description })->{Id};

	$self->ask('POST', "/v1.41/containers/$id/start");
	return $id;
}

# (exit status, output) of a command in a container
sub exec_in
{
	my ($self, $container, @command) = @_;
	my %attach = (AttachStdout => JSON::PP::true, AttachStderr => JSON::PP::true);
	my $id = $self->ask('POST', "/v1.41/containers/$container/exec", { Cmd => \@command, %attach })->{Id};
	my $answer = $self->request('POST', "/v1.41/exec/$id/start", { Detach => JSON::PP::false });

	Carp::croak("exec of @command: $answer->{status} $answer->{content}") if !$answer->{success};
	return ($self->ask('GET', "/v1.41/exec/$id/json")->{ExitCode}, join_frames($answer->{content}));
}

sub logs
{
	my ($self, $container) = @_;
	my $answer = $self->request('GET', "/v1.41/containers/$container/logs?stdout=1&stderr=1");

	Carp::croak("logs of $container: $answer->{status} $answer->{content}") if !$answer->{success};
	return join_frames($answer->{content});
}

# Both streams in the order in which they came; a frame is a stream's number, three zeroes, a length, a text.
sub join_frames
{
	my ($content) = @_;
	my $text = '';

	while (length $content >= 8)
	{
		my $length = unpack 'x4 N', $content;

		$text .= substr $content, 8, $length;
		substr $content, 0, 8 + $length, '';
	}
	return $text;
}

sub quote_url
{
	my ($text) = @_;

	$text =~ s/([^A-Za-z0-9_.~-])/sprintf '%%%02X', ord $1/ge;
	return $text;
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
		Time::HiRes::sleep(0.1);
	} while (Time::HiRes::time() < $end);
	return 0;
}

END
{
	my $status = $?;
	for my $engine (grep { $_->{pid_of_test} == $$ } @started)
	{
		eval { $engine->engine('purge') };
		warn $@ if $@;
	}
	$? = $status;
}

1;
