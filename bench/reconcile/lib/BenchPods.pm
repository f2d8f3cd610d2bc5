# BenchPods: how long a change of a pod takes to be in its row.
#
# A program plays the kubelets: it writes status to the API server and notes when each answer came.  The row's time is that of the
# commit that made its entry in container_instance_history.  Both clocks are this machine's.
package BenchPods;

use strict;
use warnings;
use BenchCost;
use BenchProgram;
use Time::HiRes qw(sleep time);

my $namespace = 'bench-pods';
my $replicas = 10;

sub quantile
{
	my ($part, @values) = @_;
	my @sorted = sort { $a <=> $b } @values;

	return @sorted ? $sorted[ int($part * $#sorted + 0.5) ] : 0;
}

# run(ROWS, PODS, RATE): a list of waves
sub run
{
	my ($rows, $pods, $rate) = @_;
	my $cluster = $rows->{cluster};
	my $containers = int(($pods + $replicas - 1) / $replicas);
	my @waves;

	$rows->new_namespace($namespace, 'main');
	$rows->{user}->sql("SELECT count(orchestration.create_container('$namespace', 'p' || i, 'example.com/app:1', replicas => $replicas, termination_grace_period => 0)) FROM generate_series(1, $containers) i");
	$pods = $containers * $replicas;
	$rows->until_watched("SELECT count(*) = $pods FROM orchestration.container_instances i JOIN orchestration.namespaces n ON n.id = i.namespace_id WHERE n.name = '$namespace' AND i.ended_at IS NULL", 0.25, 300);
	$cluster->settle;
	my $kubelets = BenchProgram->new("$ENV{BENCH_BIN}/pods", '--kubeconfig', $cluster->file('admin'));
	$kubelets->do('find', $namespace);
	# the first makes them all ready
	wave($rows, $kubelets, $pods, 1, 0);
	push @waves, wave($rows, $kubelets, $pods, @$_) for [ 2, $rate ], [ 3, 0 ];
	$kubelets->close;
	$rows->{user}->sql("SELECT count(orchestration.delete_container(c.id)) FROM orchestration.containers c JOIN orchestration.namespaces n ON n.id = c.namespace_id WHERE n.name = '$namespace'");
	$rows->until_watched("SELECT count(*) = 1 FROM orchestration.managed_objects m JOIN orchestration.namespaces n ON n.id = m.namespace_id WHERE n.name = '$namespace'", 0.25, 300);
	return @waves;
}

sub wave
{
	my ($rows, $kubelets, $pods, $count, $rate) = @_;
	my $file = "$rows->{pg}{dir}/wave-$count";
	my $of_wave = "FROM orchestration.container_instance_history h JOIN orchestration.namespaces n ON n.id = h.namespace_id WHERE n.name = '$namespace' AND h.restart_count = $count";
	my ($before, $events, $began) = ($rows->cost, $rows->counters, time);
	my $result = $kubelets->do('wave', $count, $rate, $file);

	$rows->until_watched("SELECT count(DISTINCT h.pod_name) = $pods $of_wave", 0.1, 120);
	$rows->{cluster}->settle;
	my ($after, $now) = ($rows->cost, $rows->counters);
	my %visible = map { split /\|/ } split /\n/, $rows->{watcher}->sql("SELECT h.pod_name, min(extract(epoch FROM pg_xact_commit_timestamp(h.xmin))) $of_wave GROUP BY 1");
	my (@row, @sent, @informer);

	open my $times, '<', $file or die "$file: $!";
	while (<$times>)
	{
		my ($pod, $sent, $answered, $seen) = split;

		push @row, 1000 * ($visible{$pod} - $answered);
		push @sent, 1000 * ($visible{$pod} - $sent);
		push @informer, 1000 * ($seen - $answered) if $seen > 0;
	}
	return { pods => $pods, wished_rate => $rate, rate => $pods / $result->{seconds}, events => $now->{watch_events} - $events->{watch_events},
		worker_cpu => $after->{cpu} - $before->{cpu}, answer_to_row_ms => \@row, sent_to_row_ms => \@sent, answer_to_informer_ms => \@informer };
}

1;
