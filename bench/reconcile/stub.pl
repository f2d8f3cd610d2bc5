# The measuring part of stub.sh.
use strict;
use warnings;
use BenchCost;
use BenchStub;
use BenchTable;
use JSON::PP ();
use Time::HiRes qw(time sleep);

my @sizes = split /,/, $ENV{SIZES} || '1000,4000,20000';
my $created = $ENV{CREATED} // 20000;
my $idle = $ENV{IDLE} // 60;
my ($same, $rate, $changes, $rounds) = map { $ENV{ $_->[0] } // $_->[1] } [ SAME => 100000 ], [ RATE => 10000 ], [ CHANGES => 10000 ], [ ROUNDS => 0 ];
my @columns;

sub progress { printf STDERR "[%7.1f s] %s\n", time - $^T, $_[0] }

sub save
{
	open my $out, '>', $ENV{OUT} or die "$ENV{OUT}: $!";
	print $out JSON::PP->new->canonical->pretty->encode({ sizes => \@columns });
	close $out or die "$ENV{OUT}: $!";
}

sub of_size
{
	my ($stub, $size) = @_;
	my $of = { size => $size };

	if ($size <= $created) { $of->{create} = $stub->create($size) }
	else { $stub->enter($size) }
	progress("$size containers are there");
	$stub->until_idle;
	$of->{grown_kb} = BenchCost::memory($stub->worker_pid);
	$stub->reset_statements;
	$of->{restart} = $stub->restart;
	$of->{begin_statements} = $stub->statements;
	progress(sprintf 'restarted in %.1f s', $of->{restart}{seconds});
	$of->{contexts} = $stub->contexts;
	if ($same)
	{
		$of->{same} = $stub->take_in('same', $same, $rate);
		$of->{fast} = $stub->take_in('same', $same, 0);
		$stub->until_idle;
	}
	$of->{changes} = $stub->take_in_changes($changes, $rate) if $changes;
	progress(sprintf 'events/s: same %.0f and %.0f, changes %.0f', map { $_->{rate} || 0 } @$of{qw(same fast changes)});
	$of->{loaded_kb} = BenchCost::memory($stub->worker_pid);
	$stub->until_idle;
	$stub->reset_statements;
	$of->{idle} = $stub->rest_for($idle);
	$of->{idle_statements} = $stub->statements;
	$of->{maintenance} = $stub->maintenance;
	return $of;
}

sub slope { my ($key, $code, $i) = @_; return $i == 0 ? '' : sprintf '%.0f', 1024 * ($code->($columns[$i]) - $code->($columns[ $i - 1 ])) / 2 / ($columns[$i]{size} - $columns[ $i - 1 ]{size}) }

sub print_table
{
	my @of = @columns;
	my $row = sub { my ($title, $code) = @_; print BenchTable::line($title, map { my $value = $code->($_); defined $value ? $value : '' } 0 .. $#of), "\n" };
	my $shown = sub { my ($format, @path) = @_; return sub { my $at = $of[ $_[0] ]; $at = ref $at ? $at->{$_} : undef for @path; return defined $at ? sprintf $format, $at : undef } };
	my %statement = map { my $of = $_; map { ($_ => 1) } keys %{ $of->{idle_statements} }, keys %{ $of->{begin_statements} } } @of;
	my %step = map { map { ($_ => 1) } keys %{ $_->{maintenance} } } @of;

	print BenchTable::line('containers, each an object and a pod', map { $_->{size} } @of), "\n", BenchTable::line(('---') x (1 + @of)), "\n";
	$row->('created, containers/s', sub { my $c = $of[ $_[0] ]{create} or return; sprintf '%.0f', $c->{objects} / $c->{seconds} });
	$row->('... worker, CPU s per 1,000', sub { my $c = $of[ $_[0] ]{create} or return; sprintf '%.2f', 1000 * $c->{cpu} / $c->{objects} });
	$row->('pods and statuses: containers/s', sub { my $c = $of[ $_[0] ]{create} or return; sprintf '%.0f', $c->{objects} / $c->{pod_seconds} });
	$row->('... worker, CPU s per 1,000', sub { my $c = $of[ $_[0] ]{create} or return; sprintf '%.2f', 1000 * $c->{pod_cpu} / $c->{objects} });
	$row->('restart until all is known, s', $shown->('%.1f', 'restart', 'seconds'));
	$row->('... writes', $shown->('%d', 'restart', 'writes'));
	$row->('... CPU s', $shown->('%.2f', 'restart', 'used'));
	$row->('worker after a restart, MB', sub { sprintf '%.1f', $of[ $_[0] ]{restart}{memory_kb} / 1024 });
	$row->('... after growing and events, MB', sub { sprintf '%.1f, %.1f', $of[ $_[0] ]{grown_kb} / 1024, $of[ $_[0] ]{loaded_kb} / 1024 });
	$row->('bytes per object or pod more than to the left: of the process', sub { slope('kb', sub { $_[0]{restart}{memory_kb} }, $_[0]) });
	my $inventory = sub { my $sum = 0; $sum += $_[0]{contexts}{"orchestration $_"} || 0 for qw(inventory objects owners pods); return $sum / 1024 };
	$row->('... of the inventory', sub { slope('inventory', $inventory, $_[0]) });
	for my $kind ([ same => "events that say nothing new, $rate/s" ], [ fast => 'the same, as fast as they are read' ], [ changes => "changes of pods, $rate/s" ])
	{
		$row->("$kind->[1]: taken in a second", $shown->('%.0f', $kind->[0], 'rate'));
		$row->('... s from the last byte sent to the end', $shown->('%.2f', $kind->[0], 'behind_seconds'));
		$row->('... CPU µs of the worker for each', $shown->('%.1f', $kind->[0], 'cpu_us'));
		$row->('... bytes of each; statements; lists made anew', sub { my $k = $of[ $_[0] ]{ $kind->[0] } or return; sprintf '%.0f; %d; %d', @$k{qw(bytes calls relists)} });
	}
	$row->('idle: worker, whole server, % of a core', sub { sprintf '%.2f, %.2f', @{ $of[ $_[0] ]{idle} }{qw(percent server_percent)} });
	for my $name (sort keys %statement)
	{
		$row->("at rest, $name: calls, ms, blocks a call", sub { my $s = $of[ $_[0] ]{idle_statements}{$name} or return; sprintf '%d, %.1f, %.0f', $s->{calls}, $s->{ms}, $s->{blocks} / $s->{calls} }) if grep { $_->{idle_statements}{$name} } @of;
		$row->("when it begins, $name: calls, ms, blocks a call", sub { my $s = $of[ $_[0] ]{begin_statements}{$name} or return; sprintf '%d, %.1f, %.0f', $s->{calls}, $s->{ms}, $s->{blocks} / $s->{calls} }) if grep { $_->{begin_statements}{$name} } @of;
	}
	$row->("maintenance step $_, ms", $shown->('%.0f', 'maintenance', $_)) for sort keys %step;
	return;
}

sub rounds
{
	my ($stub) = @_;
	my @kb;

	for my $round (1 .. $rounds)
	{
		my $held = $stub->{held};
		$stub->create($held + 500);
		$stub->{user}->sql("SELECT count(orchestration.delete_container(id)) FROM orchestration.containers WHERE namespace_id = $stub->{id} AND name IN (SELECT 'container-name-' || g FROM generate_series($held + 1, $held + 500) g) AND status <> 'deleted'");
		$stub->until_watched("SELECT count(*) = $held FROM orchestration.containers WHERE namespace_id = $stub->{id} AND status <> 'deleted'", 0.1, 600);
		$stub->{held} = $held;
		$stub->until_idle;
		push @kb, BenchCost::memory($stub->worker_pid);
		progress("round $round: $kb[-1] kB");
	}
	printf "\nmemory after each of %d rounds of 500, MB: %s\n", $rounds, join ', ', map { sprintf '%.1f', $_ / 1024 } @kb if @kb;
	return;
}

my $stub = BenchStub->start;
progress('started');
$stub->create(10);
rounds($stub) if $rounds;
for my $size (@sizes)
{
	push @columns, of_size($stub, $size);
	save();
}
print_table();
progress("all values are in $ENV{OUT}");
