# BenchCluster: the control plane that everybody writes to, and when it has nothing to do.
package BenchCluster;

use strict;
use warnings;
use BenchCost;
use OrchKube;
use Time::HiRes qw(sleep time);

my @parts = qw(PID_APISERVER PID_ETCD PID_CONTROLLER_MANAGER PID_SCHEDULER);

sub start
{
	my ($class, $name) = @_;

	return bless { kube => OrchKube->own($name, 'none') }, $class;
}

sub file { return "$_[0]{kube}{env}{KUBECONFIG_DIR}/$_[1].kubeconfig" }

sub cpu
{
	my ($self) = @_;
	my $sum = 0;

	$sum += (BenchCost::cpu($_))[0] for grep { $_ } @{ $self->{kube}{env} }{@parts};
	return $sum;
}

# Waits until it uses less than a quarter of a core for a second; garbage collection and controllers come after the answers.
sub settle
{
	my ($self) = @_;
	my ($calm, $before, $end) = (0, $self->cpu, time + 60);

	while ($calm < 2 && time < $end)
	{
		sleep 0.5;
		my $now = $self->cpu;

		$calm = $now - $before < 0.125 ? $calm + 1 : 0;
		$before = $now;
	}
	return;
}

1;
