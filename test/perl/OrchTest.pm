# OrchTest: what the tests against a real cluster say in one line.
package OrchTest;

use strict;
use warnings;
use Exporter 'import';
use JSON::PP ();
use OrchKube;
use OrchServer;
use Test::More;

our @EXPORT = qw(server_with_cluster kube_or_skip new_namespace quote runs container_id status_ok within diagnose
  history pull_from_registry register connected);

my @namespaces;
my $cleaner;
my $test_pid = $$;

# Skips the whole file where it cannot be run.
sub kube_or_skip
{
	my (%needs) = @_;

	plan skip_all => 'no cluster: run scripts/check-kube.sh' if !$ENV{ORCHESTRATION_CLUSTER};
	my $kube = OrchKube->shared;
	plan skip_all => 'this cluster has no real node' if $needs{real} && !$kube->has_real_node;
	return $cleaner = $kube;
}

sub quote
{
	my ($text) = @_;

	$text =~ s/'/''/g;
	return "'$text'";
}

# As an administrator, where there is one; files of the server are named by its owner.
sub register
{
	my ($pg, $name, $kubeconfig) = @_;
	my $names_files = $kubeconfig =~ /tokenFile|"(?:certificate-authority|client-certificate|client-key)"/;

	return $pg->sql('SELECT orchestration.register_cluster(' . quote($name) . ', ' . quote($kubeconfig) . ')',
		as => $pg->{has_people} && !$names_files ? 'regress_administrator' : undef);
}

sub connected
{
	my ($pg, $name, $timeout) = @_;

	return $pg->until_true("SELECT status = 'connected' FROM orchestration.clusters WHERE name = " . quote($name), timeout => $timeout || 60);
}

# A server whose worker runs, with a bootstrapped database and its people.
sub working_server
{
	my ($name, %settings) = @_;
	my $pg = OrchServer->new($name, settings => {
			'orchestration.worker_enabled' => 'on',
			'log_min_messages' => 'info',
			%settings });

	$pg->start->create_bootstrapped('app');
	$pg->people;
	return $pg;
}

# One that serves the cluster, known there as "main".
sub server_with_cluster
{
	my ($name, $kube, %options) = @_;
	my $pg = working_server($name, %{ $options{settings} || {} });

	register($pg, 'main', $kube->kubeconfig($options{kubeconfig}));
	ok(connected($pg, 'main'), 'the worker is connected with the least privileges') or diagnose($pg);
	return $pg;
}

# A namespace that no other test run has, with an operator of its own.
sub new_namespace
{
	my ($pg, $prefix, %options) = @_;
	my $name = "$prefix-$$";

	push @namespaces, $name;
	return $name if $options{unmanaged};
	$pg->as_administrator('SELECT orchestration.create_namespace(' . quote($name) . ', ' . quote($options{cluster} || 'main') . ')');
	$pg->joins($name);
	return $name;
}

# Makes the cluster's registry usable in a namespace.
sub pull_from_registry
{
	my ($pg, $kube, $namespace) = @_;
	my $env = $kube->{env};

	return if !$env->{REGISTRY};
	$pg->as_operator(sprintf('SELECT orchestration.create_registry(%s, %s, %s, %s, %s)',
			map { quote($_) } $namespace, 'local', @$env{qw(REGISTRY REGISTRY_USER REGISTRY_PASSWORD)}));
}

sub container_id
{
	my ($pg, $namespace, $name) = @_;

	return $pg->sql(sprintf(
			"SELECT c.id FROM orchestration.containers c JOIN orchestration.namespaces n ON n.id = c.namespace_id
			WHERE n.name = %s AND c.name = %s ORDER BY c.id DESC LIMIT 1", quote($namespace), quote($name)));
}

# One test: the container gets to a status (and reason, a regular expression of the server's).
sub status_ok
{
	my ($pg, $id, $status, $title, %options) = @_;
	my $reason = $options{reason} ? ' AND status_reason ~ ' . quote($options{reason}) : '';
	my $settled = $options{settled} ? ' AND generation = observed_generation' : '';
	my $began = Time::HiRes::time();
	my $ok = ok(
		$pg->until_true(
			"SELECT status = " . quote($status) . "$reason$settled FROM orchestration.containers WHERE id = $id",
			timeout => $options{timeout} || 90),
		$title);

	note(sprintf '%.1f s', Time::HiRes::time() - $began);
	diagnose($pg, $id) if !$ok;
	return $ok;
}

sub runs { my ($pg, $id, $title, %options) = @_; return status_ok($pg, $id, 'running', $title, settled => 1, %options) }

# One test: something in the cluster becomes true.
sub within
{
	my ($kube, $title, $code, $timeout) = @_;
	my $ok = ok($kube->until($code, $timeout), $title);

	diag($@) if !$ok && $@;
	return $ok;
}

# Statuses of a container in their order, without repetition: pending>running>paused
sub history
{
	my ($pg, $id) = @_;
	my @statuses = split /\n/, $pg->sql("SELECT new_status FROM orchestration.container_status_history WHERE container_id = $id ORDER BY changed_at, id");
	my @changes;

	for (@statuses) { push @changes, $_ if !@changes || $changes[-1] ne $_ }
	return join '>', @changes;
}

# All that helps to understand why a test failed.
sub diagnose
{
	my ($pg, $id) = @_;
	my @questions = (
		'SELECT id, name, status, status_message, lease_holder FROM orchestration.clusters',
		"SELECT database_name, pid, state, failures, in_flight, requests, applies, deletes, errors, watch_events FROM orchestration_internal.worker_state()",
		"SELECT kind, name, desired_hash IS NOT NULL AS wanted, desired_hash = applied_hash AS done, uid, attempts, next_attempt_at, last_error_reason, left(last_error, 200)
			FROM orchestration.managed_objects WHERE desired_hash IS DISTINCT FROM applied_hash OR last_error IS NOT NULL ORDER BY id LIMIT 20",
		'SELECT owner_type, owner_id, reason, message FROM orchestration_internal.plan_errors LIMIT 5');

	push @questions,
	  "SELECT name, desired_state, status, status_reason, status_message, generation, observed_generation, ready_replicas FROM orchestration.containers WHERE id = $id",
	  "SELECT pod_name, phase, ready, restart_count, reason, message, ended_at FROM orchestration.container_instances WHERE container_id = $id ORDER BY id LIMIT 10",
	  "SELECT orchestration.why($id)"
	  if $id;
	for my $question (@questions)
	{
		my ($status, $out, $err) = $pg->try("\\pset footer off\n\\pset tuples_only off\n\\x auto\n$question");

		diag($out . $err);
	}
	diag($pg->log_tail(15));
}

END
{
	my $status = $?;
	$cleaner->delete_namespaces(@namespaces) if $cleaner && $$ == $test_pid && !$ENV{ORCH_KEEP};
	$? = $status;
}

1;
