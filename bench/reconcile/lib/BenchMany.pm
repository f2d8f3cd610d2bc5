# BenchMany: many containers at once, while another cluster of the same database is served.
package BenchMany;

use strict;
use warnings;
use BenchCluster;
use BenchCost;
use BenchPods;
use BenchProgram;
use POSIX ();
use Time::HiRes qw(sleep time);

my $batches = 10;

# A process of its own: every second one INSERT in the small cluster's namespace, and how long it took to be applied.
sub start_sampler
{
	my ($rows, $file) = @_;
	my $pid = fork // die "fork: $!";

	return $pid if $pid;
	eval { sample($rows, $file); 1 } or print STDERR $@;
	POSIX::_exit(0);
}

sub sample
{
	my ($rows, $file) = @_;
	my $user = BenchProgram->psql($rows->{pg}, 'regress_operator');
	my $watcher = BenchProgram->psql($rows->{pg});
	my $number = 0;

	open my $out, '>', $file or die "$file: $!";
	$out->autoflush(1);
	while (getppid != 1)
	{
		$number++;
		$user->sql("SELECT orchestration.create_container('bench-small', 's$number', 'example.com/app:1', replicas => 0)");
		my $began = time;
		until ($watcher->sql("SELECT generation = observed_generation FROM orchestration.containers WHERE name = 's$number' AND namespace_id = (SELECT id FROM orchestration.namespaces WHERE name = 'bench-small')") eq 't') { sleep 0.01 }
		my $took = time - $began;
		print $out "$took\n";
		sleep 1 - $took if $took < 1;
	}
	return;
}

# run(ROWS, HOW MANY, WORKERS): what was seen
sub run
{
	my ($rows, $many, $workers, $progress) = @_;
	my $small = BenchCluster->start('bench-small');
	my $each = int($many / $batches);
	my $user = $rows->{user};
	my (@samples, %seen);

	$many = $each * $batches;
	$rows->register('small', $small, $workers);
	$rows->new_namespace('bench-small', 'small');
	$rows->new_namespace("bench-many-$_", 'main') for 1 .. $batches;
	my $ids = $rows->{watcher}->sql("SELECT string_agg(id::text, ',') FROM orchestration.namespaces WHERE name LIKE 'bench-many-%'");
	$seen{base_kb} = $rows->restart->{memory_kb};
	my ($log, $pid) = ($rows->{pg}->log_size, $rows->worker_pid);
	my $file = "$rows->{pg}{dir}/small";
	my $sampler = start_sampler($rows, $file);
	my ($before, $counters, $began) = ($rows->cost, $rows->counters, time);
	for my $batch (1 .. $batches)
	{
		$user->sql("BEGIN; INSERT INTO orchestration.container_images (namespace_id, registry, repository, tag) SELECT id, 'example.com', 'app', '1' FROM orchestration.namespaces WHERE name = 'bench-many-$batch';
			INSERT INTO orchestration.containers (namespace_id, name, image_id, replicas)
			SELECT i.namespace_id, 'm' || g, i.id, 0 FROM orchestration.container_images i JOIN orchestration.namespaces n ON n.id = i.namespace_id, generate_series(1, $each) g WHERE n.name = 'bench-many-$batch'; COMMIT");
	}
	$seen{insert_seconds} = time - $began;
	my ($end, $told) = (time + 300 + $many / 10, time);
	my $is_done = "SELECT count(*) = $many FROM orchestration.managed_objects WHERE namespace_id IN ($ids) AND kind = 'Deployment' AND applied_hash = desired_hash";
	while (1)
	{
		my $now = $rows->counters;
		my $applied = $now->{applies} - $counters->{applies};

		push @samples, [ sprintf('%.1f', time - $began), $applied, BenchCost::memory($rows->worker_pid), $rows->{watcher}->sql('SELECT string_agg(status, \',\' ORDER BY id) FROM orchestration.clusters') ];
		if (time - $told > 15) { $told = time; $progress->("$applied of $many are applied") }
		last if $applied >= $many && $rows->{watcher}->sql($is_done) eq 't';
		if (time > $end) { $seen{unfinished} = 1; last }
		sleep 1;
	}
	$seen{seconds} = time - $began;
	kill 'TERM', $sampler;
	waitpid $sampler, 0;
	$rows->{cluster}->settle;
	$rows->until_idle;
	my $after = $rows->cost;
	$seen{objects} = $many;
	$seen{rate} = $many / $seen{seconds};
	$seen{samples} = \@samples;
	$seen{small_seconds} = [ split ' ', BenchCost::read_file($file) ];
	$seen{cpu} = { map { ($_, $after->{$_} - $before->{$_}) } keys %$after };
	$seen{same_worker} = $pid == $rows->worker_pid ? 1 : 0;
	$seen{lease_lost} = () = $rows->{pg}->log_text($log) =~ /the lease is lost/g;
	$seen{not_connected} = grep { $_->[3] ne 'connected,connected' } @samples;
	$seen{held_kb} = BenchCost::memory($rows->worker_pid);
	my ($idle_from, $idle_cpu, $db) = (time, BenchCost::exact_cpu($rows->worker_pid), BenchCost::server_cpu($rows->{pg}->postmaster_pid));
	sleep 30;
	$seen{idle_percent} = 100 * (BenchCost::exact_cpu($rows->worker_pid) - $idle_cpu) / (time - $idle_from);
	$seen{idle_server_percent} = 100 * (BenchCost::server_cpu($rows->{pg}->postmaster_pid) - $db) / (time - $idle_from);
	$seen{restart} = $rows->restart;
	$seen{doubt} = $rows->again;
	return \%seen;
}

# The rates of the first and the last quarter of the objects, applied a second.
sub quarter_rates
{
	my ($seen) = @_;
	my @at;

	for my $part (0, 0.25, 0.75, 1)
	{
		my ($sample) = grep { $_->[1] >= $part * $seen->{objects} } @{ $seen->{samples} };
		push @at, $sample || $seen->{samples}[-1];
	}
	return map { my ($from, $to) = @at[ $_, $_ + 1 ]; $to->[0] > $from->[0] ? ($to->[1] - $from->[1]) / ($to->[0] - $from->[0]) : 0 } 0, 2;
}

sub lines
{
	my ($seen) = @_;
	my @small = @{ $seen->{small_seconds} };
	my ($first, $last) = quarter_rates($seen);
	my $per = 1000 / $seen->{objects};

	return (
		[ 'containers, rows inserted in', sprintf '%d, %.1f s', $seen->{objects}, $seen->{insert_seconds} ],
		[ $seen->{unfinished} ? 'NOT all applied within' : 'all applied within, from the first INSERT', sprintf '%.1f s', $seen->{seconds} ],
		[ 'objects/s: whole, first quarter, last quarter', sprintf '%.0f, %.0f, %.0f', $seen->{rate}, $first, $last ],
		[ 'CPU s per 1,000: worker, inserting session, other PostgreSQL processes', sprintf '%.2f, %.2f, %.2f', map { $per * $_ } @{ $seen->{cpu} }{qw(cpu session postgres)} ],
		[ 'lease lost; seconds not connected; same worker process', sprintf '%d; %d; %s', @$seen{qw(lease_lost not_connected)}, $seen->{same_worker} ? 'yes' : 'no' ],
		[ 'one INSERT in the small cluster meanwhile, s: p50, p99, max', @small ? sprintf '%.2f, %.2f, %.2f (%d)', (map { BenchPods::quantile($_, @small) } 0.5, 0.99, 1), scalar @small : 'none' ],
		[ 'worker afterwards, MB', sprintf '%.1f', $seen->{held_kb} / 1024 ],
		[ 'bytes per object held', sprintf '%.0f', 1024 * ($seen->{restart}{memory_kb} - $seen->{base_kb}) / $seen->{objects} ],
		[ 'idle: worker, whole server, % of a core', sprintf '%.2f, %.2f', @$seen{qw(idle_percent idle_server_percent)} ],
		[ 'restart until all is known: s, writes, CPU s', sprintf '%.1f, %d, %.2f', @{ $seen->{restart} }{qw(seconds writes used)} ],
		[ 'everything looked at anew: s, writes', sprintf '%.1f, %d', @{ $seen->{doubt} }{qw(seconds writes)} ]);
}

1;
