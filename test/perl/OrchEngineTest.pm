# OrchEngineTest: what the tests against a real container engine say in one line.
package OrchEngineTest;

use strict;
use warnings;
use Exporter 'import';
use JSON::PP ();
use OrchEngine;
use OrchServer;
use OrchTest ();
use Test::More;

our @EXPORT = qw(engine_or_skip server_with_engine create_sql create update pods pod_names said page serves ready_ok reason_ok gone_ok);

# An engine of this test's own; skips the whole file where there can be none.
sub engine_or_skip
{
	my ($name) = @_;
	my $why = OrchEngine::why_not();

	plan skip_all => "no engine here: $why" if $why;
	return OrchEngine->own($name);
}

# A working server that serves the engine, known there as "main".
sub server_with_engine
{
	my ($name, $engine, %options) = @_;
	my $pg = OrchTest::working_server($name, %{ $options{settings} || {} });

	$pg->sql("SELECT orchestration.register_cluster('main', engine => 'docker', endpoint => 'unix://" . $engine->socket . "')");
	ok(OrchTest::connected($pg, 'main'), 'the worker is connected') or OrchTest::diagnose($pg);
	return $pg;
}

sub value_sql
{
	my ($name, $value) = @_;

	return 'ARRAY[' . join(', ', map { OrchTest::quote($_) } @$value) . ']::text[]' if $name =~ /^(?:command|args|reset)$/;
	return OrchTest::quote(ref $value ? JSON::PP->new->canonical->encode($value) : $value);
}

sub arguments_sql
{
	my (%arguments) = @_;

	return join '', map { ", $_ => " . value_sql($_, $arguments{$_}) } sort keys %arguments;
}

# create($pg, $engine, NAMESPACE, NAME, ARGUMENT => VALUE, ...): its id; texts, numbers, and structures for what is JSON.
sub create_sql
{
	my ($engine, $namespace, $name, %arguments) = @_;

	%arguments = (image => $engine->image, termination_grace_period => 0, %arguments);
	return 'SELECT orchestration.create_container(' . join(', ', map { OrchTest::quote($_) } $namespace, $name) . arguments_sql(%arguments) . ')';
}

sub create { my ($pg, @what) = @_; return $pg->as_operator(create_sql(@what)) }

sub update
{
	my ($pg, $id, %arguments) = @_;

	return $pg->as_operator("SELECT orchestration.update_container($id" . arguments_sql(%arguments) . ')');
}

# The containers that the engine has for a row, as it tells of each, by name.
sub pods
{
	my ($engine, $id) = @_;

	return sort { $a->{Name} cmp $b->{Name} } map { eval { $engine->ask('GET', "/v1.41/containers/$_->{Id}/json") } || () }
	  $engine->containers("orchestration.dev/container-id=$id");
}

sub pod_names { return join ' ', map { $_->{Name} =~ s{^/}{}r } pods(@_) }

# What a command in a container prints.
sub said { my ($engine, $container, @command) = @_; my ($status, $out) = $engine->exec_in($container, @command); chomp $out; return $out }

# What is served there; empty when nothing answers within two seconds.
sub page
{
	my ($address) = @_;

	return (OrchServer::run_command([ 'curl', '-s', '-m', '2', "http://$address/" ]))[1];
}

sub serves
{
	my ($engine, $address, $page, $title) = @_;

	return ok($engine->until(sub { page($address) eq $page }, 20), $title) || diag(page($address));
}

# One test: so many are ready, and that is what was asked for.
sub ready_ok
{
	my ($pg, $id, $ready, $title) = @_;
	my $ok = ok($pg->until_true("SELECT status = 'running' AND status_reason IS NULL AND ready_replicas = $ready AND generation = observed_generation FROM orchestration.containers WHERE id = $id", timeout => 30), $title);

	OrchTest::diagnose($pg, $id) if !$ok;
	return $ok;
}

# One test: status and reason, and what the message has to say.
sub reason_ok
{
	my ($pg, $id, $status, $reason, $message, $title) = @_;
	my $ok = ok($pg->until_true(
			"SELECT status = '$status' AND status_reason ~ '$reason' AND COALESCE(status_message, '') ~ " . OrchTest::quote($message) . " FROM orchestration.containers WHERE id = $id", timeout => 40), $title);

	OrchTest::diagnose($pg, $id) if !$ok;
	return $ok;
}

# Two tests: the row says deleted, and then the engine has nothing whose name begins so.
sub gone_ok
{
	my ($pg, $engine, $id, $prefix, $title) = @_;

	OrchTest::status_ok($pg, $id, 'deleted', "$title: the row says so", timeout => 30);
	my @left = grep { /^\Q$prefix\E-/ } map({ s{^/}{}r } map { @{ $_->{Names} } } $engine->containers), map { $_->{Name} } @{ $engine->ask('GET', '/v1.41/volumes')->{Volumes} || [] };
	return is("@left", '', "$title: the engine has nothing of it any more");
}

1;
