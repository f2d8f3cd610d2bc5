# The measuring part of run.sh.
use strict;
use warnings;
use BenchCluster;
use BenchCost;
use BenchMany;
use BenchOthers;
use BenchPods;
use BenchRows;
use BenchTable;
use JSON::PP ();
use Time::HiRes qw(time);

my $changes = 10;
my $objects = $ENV{OBJECTS} || 1000;
my $rounds = $ENV{ROUNDS} // 3;
my $workers = $ENV{WORKERS} || 32;
my $pods = $ENV{PODS} // 1000;
my @all = qw(raw client-go client-go-create controller-runtime kubectl ours);
my %only = map { ($_, 1) } split /,/, $ENV{ONLY} || join ',', @all;
my @who = grep { $only{$_} } @all;
my (%record, @results, @failures);

sub progress { printf STDERR "[%7.1f s] %s\n", time - $^T, $_[0] }

sub save
{
	open my $out, '>', $ENV{OUT} or die "$ENV{OUT}: $!";
	print $out JSON::PP->new->canonical->pretty->encode(\%record);
	close $out or die "$ENV{OUT}: $!";
}

# One phase: what it says of itself, what everybody has used until all is quiet again.
sub measure
{
	my ($cluster, $contender, $code) = @_;
	my ($before, $plane) = ($contender->cost, $cluster->cpu);
	my $result = $code->();

	$cluster->settle;
	my ($after, $plane_after) = ($contender->cost, $cluster->cpu);
	$result->{control_plane} = $plane_after - $plane;
	$result->{$_} = $after->{$_} - $before->{$_} for keys %$before;
	return $result;
}

# Several changes, one after the other: their medians.
sub measure_changes
{
	my ($cluster, $contender, $round) = @_;
	my $times = $contender->changes;
	my (@each);
	my $all = measure($cluster, $contender, sub {
		@each = map { $contender->change(($round * $times + $_) % ($changes + 1)) } 0 .. $times - 1;
		return {};
	});

	return { seconds => BenchTable::median(map { $_->{seconds} } @each), all_seconds => [ map { $_->{seconds} } @each ], writes => $each[-1]{writes},
		requests => $each[-1]{requests}, cpu => $all->{cpu} / $times, control_plane => $all->{control_plane} / $times };
}

sub take_turn
{
	my ($cluster, $contender, $round) = @_;
	my %of;

	$contender->begin;
	$cluster->settle;
	for my $phase ($contender->phases($round == $rounds - 1))
	{
		$of{$phase} = $phase eq 'change' ? measure_changes($cluster, $contender, $round) : measure($cluster, $contender, sub { $contender->$phase });
		progress(sprintf 'round %d, %s: %s in %.2f s, CPU %.2f s', $round + 1, $contender->{name}, $phase, $of{$phase}{seconds}, $of{$phase}{used} // $of{$phase}{cpu} // 0);
		$of{memory} = $contender->memory if $phase eq 'create';
	}
	if ($of{restart})
	{
		# what the worker used is that of the new process
		delete $of{restart}{cpu};
		$of{memory}{bytes_per_object} = $contender->bytes_per_object($of{restart}{memory_kb}, $objects);
	}
	$contender->end;
	return \%of;
}

progress('starting');
my $cluster = BenchCluster->start('bench');
my $rows = BenchRows->start($cluster, $workers);
my ($manifests, $changed) = $rows->manifests(int($objects / 4), $changes);
$objects = @$manifests;
die "a change of a row has to change one object, not " . join(q{, }, map { "$_->{kind}/$_->{metadata}{name}" } map { @$_ } @$changed) . "\n" if grep { @$_ != 1 } @$changed;
$rows->calibrate;
my %context = (cluster => $cluster, dir => $rows->{pg}{dir}, objects => $manifests, changes => $changed, workers => $workers);
my %contender = (ours => $rows);
for my $name (grep { $_ ne 'ours' } @who)
{
	$contender{$name} = ($name eq 'kubectl' ? 'BenchOthers::Kubectl' : 'BenchOthers::Go')->new(\%context, $name);
}
%record = (objects => $objects, rounds => $rounds, workers => $workers, order => [], results => \@results, cores => scalar(() = BenchCost::read_file('/proc/cpuinfo') =~ /^processor/mg),
	postgresql => $rows->{pg}->sql('SHOW server_version'), kubernetes => $rows->{pg}->sql("SELECT server_version FROM orchestration.clusters WHERE name = 'main'"),
	programs => $ENV{BENCH_BIN} =~ m{([^/]+)$}, base_kb => $rows->{base_kb}, load_average => (split ' ', BenchCost::read_file('/proc/loadavg'))[0]);
for my $round (0 .. $rounds - 1)
{
	my @order = map { $who[ ($_ + $round) % @who ] } 0 .. $#who;

	push @{ $record{order} }, \@order;
	for my $name (@order)
	{
		next if eval { $results[$round]{$name} = take_turn($cluster, $contender{$name}, $round); 1 };
		push @failures, "round " . ($round + 1) . ", $name: $@";
		progress($failures[-1]);
	}
	save();
}
my @lines = $rounds ? BenchTable::contenders(\@results, $objects, @who) : ();
if ($only{ours} && $pods)
{
	progress("$pods pods");
	if (eval { $record{pods} = [ BenchPods::run($rows, $pods, $ENV{RATE} || 100) ]; 1 }) { push @lines, '', BenchTable::pods(@{ $record{pods} }) }
	else { push @failures, "pods: $@" }
	save();
}
if ($only{ours} && $ENV{MANY})
{
	progress("$ENV{MANY} containers");
	if (eval { $record{many} = BenchMany::run($rows, $ENV{MANY}, $workers, \&progress); 1 })
	{
		push @lines, '', BenchTable::line("$ENV{MANY} containers at once", ''), BenchTable::line('---', '---'), map { BenchTable::line(@$_) } BenchMany::lines($record{many});
	}
	else { push @failures, "many: $@" }
}
$record{failures} = \@failures;
save();
printf "%d objects, %d rounds, %d requests in flight; PostgreSQL %s; Kubernetes %s without nodes; %d cores for everything; load average at the start %s\n\n%s\n",
  $objects, $rounds, $workers, @record{qw(postgresql kubernetes cores load_average)}, join("\n", @lines);
print "\nFAILED: $_" for @failures;
progress("all values are in $ENV{OUT}");
exit(@failures ? 1 : 0);
