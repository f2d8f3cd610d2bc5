# OrchSoakFaults: what goes wrong meanwhile.
package OrchSoakFaults;

use strict;
use warnings;
use OrchServer;
use Time::HiRes ();

# by weight: cheap ones come often
my @faults = (
	(\&edit) x 5, (\&scale) x 3, (\&relabel) x 2, (\&annotate) x 2, (\&delete_object) x 5, (\&add_foreign) x 2, (\&hold_locks) x 3,
	(\&freeze_apiserver) x 2, \&kill_apiserver, \&kill_etcd, (\&kill_controllers) x 2, (\&terminate_worker) x 2, \&kill_worker, \&kill_postgres, \&switch_off);

# One fault, chosen by what was drawn.
sub commit
{
	my ($soak, $which, @drawn) = @_;

	$soak->{count}{faults}++;
	return $faults[ int($which * @faults) ]->($soak, @drawn);
}

# What lasts ends: everything is up again, nobody holds anything.
sub heal
{
	my ($soak) = @_;

	release_locks($soak);
	thaw($soak) if $soak->{frozen};
	start_controllers($soak) if $soak->{no_controllers};
	switch_on($soak) if $soak->{off};
	return;
}

# Before each fault that needs the API server, and a step or two after it was frozen.
sub thaw
{
	my ($soak) = @_;

	$soak->{kube}->cluster('thaw', 'apiserver') if delete $soak->{frozen};
	return;
}

# ---- edits, deletions and objects of somebody else

# One of the containers that may be there, by its number: the same whatever is there.
sub aim
{
	my ($soak, $where, $which) = @_;
	my @names = map { my $n = $_; map { "soak$n-$_" } 0 .. 1 } 1 .. 3;

	thaw($soak);
	return ($soak->{names}[ int($where * 3) ], $names[ int($which * @names) ]);
}

sub kubectl
{
	my ($soak, @arguments) = @_;
	my ($status, $out, $err) = $soak->{kube}->try('--request-timeout=20s', @arguments);

	$soak->tell("kubectl @arguments: " . ($status == 0 ? 'done' : $err =~ /NotFound/ ? 'not there' : $err));
	return $status == 0;
}

sub edit { my ($soak, @drawn) = @_; my ($ns, $name) = aim($soak, @drawn); return kubectl($soak, 'set', 'image', '-n', $ns, "deployment/$name", '*=example.com/evil:1') }
sub scale { my ($soak, @drawn) = @_; my ($ns, $name) = aim($soak, @drawn); return kubectl($soak, 'scale', '-n', $ns, "deployment/$name", '--replicas=' . (5 + int($drawn[2] * 3))) }
sub relabel { my ($soak, @drawn) = @_; my ($ns, $name) = aim($soak, @drawn); return kubectl($soak, 'label', '--overwrite', '-n', $ns, "deployment/$name", 'orchestration.dev/installation-', 'theirs=kept') }
sub annotate { my ($soak, @drawn) = @_; my ($ns, $name) = aim($soak, @drawn); return kubectl($soak, 'annotate', '--overwrite', '-n', $ns, "service/$name", "note=$soak->{step}") }

# A claim is not among them: what it held would be gone for good.
sub delete_object
{
	my ($soak, @drawn) = @_;
	my ($ns, $name) = aim($soak, @drawn);
	my $kind = (qw(deployment service configmap secret))[ int($drawn[2] * 4) ];

	$soak->{may_change}{"$ns Deployment $name"} = 1 if $kind eq 'deployment';
	return kubectl($soak, 'delete', '--wait=false', '-n', $ns, "$kind/$name");
}

# Never in the namespace that goes with all that is in it.
sub add_foreign
{
	my ($soak, @drawn) = @_;
	my $ns = $soak->{names}[ int($drawn[0] * 2) ];

	thaw($soak);
	return if !kubectl($soak, 'create', 'configmap', '-n', $ns, "theirs-$soak->{step}", '--from-literal=a=b');
	return $soak->add_foreign($ns, "configmap/theirs-$soak->{step}");
}

# ---- locks

# A person who reads for update and goes to lunch.  What he locks is nobody else's to change.
sub hold_locks
{
	my ($soak, $who) = @_;
	my $person = 'soak' . (1 + int($who * 3));

	release_locks($soak);
	$soak->verb($person, "BEGIN; SELECT count(*) FROM (SELECT FROM orchestration.containers WHERE name LIKE '$person-%' FOR UPDATE) c");
	$soak->{holder} = $person;
	return;
}

sub release_locks
{
	my ($soak) = @_;
	my $person = delete $soak->{holder} or return;

	return $soak->verb($person, 'COMMIT');
}

# ---- processes

sub freeze_apiserver { my ($soak) = @_; thaw($soak); $soak->{kube}->cluster('freeze', 'apiserver'); $soak->{frozen} = 1; $soak->tell('apiserver frozen'); return }

sub restart
{
	my ($soak, $component) = @_;

	thaw($soak);
	$soak->tell("kill -9 of $component");
	$soak->{kube}->cluster('stop', $component, '--kill9');
	$soak->{kube}->start($component);
	return;
}

sub kill_apiserver { my ($soak) = @_; return restart($soak, 'apiserver') }
sub kill_etcd { my ($soak) = @_; return restart($soak, 'etcd') }

# They stay away until the next fault of the kind, or the checkpoint.
sub kill_controllers
{
	my ($soak) = @_;

	return start_controllers($soak) if $soak->{no_controllers};
	$soak->tell('kill -9 of controller-manager');
	$soak->{kube}->cluster('stop', 'controller-manager', '--kill9');
	$soak->{no_controllers} = 1;
	return;
}

sub start_controllers
{
	my ($soak) = @_;

	thaw($soak);
	delete $soak->{no_controllers};
	$soak->{kube}->start('controller-manager');
	return;
}

sub terminate_worker
{
	my ($soak) = @_;

	$soak->tell('pg_terminate_backend of the worker');
	$soak->{pg}->sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'orchestration worker' AND datname = 'app'");
	return;
}

sub wait_for_server
{
	my ($soak) = @_;

	delete $soak->{holder};
	$soak->{pg}->until_true('NOT pg_is_in_recovery()', timeout => 60) or $soak->wrong('the server does not come back');
	$soak->forget_sessions;
	return;
}

sub kill_worker
{
	my ($soak) = @_;
	my $pid = $soak->{pg}->worker_pid or return;

	$soak->tell('kill -9 of the worker');
	kill 'KILL', $pid;
	Time::HiRes::sleep(0.3);
	return wait_for_server($soak);
}

sub kill_postgres
{
	my ($soak) = @_;

	$soak->tell('kill -9 of PostgreSQL');
	$soak->{pg}->kill9;
	$soak->{pg}->start;
	return wait_for_server($soak);
}

sub switch_off
{
	my ($soak) = @_;

	return switch_on($soak) if $soak->{off};
	$soak->tell('the worker is switched off');
	$soak->{pg}->configure('orchestration.worker_enabled' => 'off');
	$soak->{pg}->reload;
	$soak->{off} = 1;
	return;
}

sub switch_on
{
	my ($soak) = @_;

	delete $soak->{off};
	$soak->{pg}->configure('orchestration.worker_enabled' => 'on');
	$soak->{pg}->reload;
	return;
}

1;
