# What goes in portions reads what is in a portion, not what is behind it: where there is so many times as much, each of the worker's
# statements reads so many times as much in all.  And what the worker holds of each object stays within its bounds.
use strict;
use warnings;
use OrchCopies;
use OrchStatements;
use OrchStub;
use OrchTest;
use Test::More;

my ($small, $large) = (3000, 12000);
my ($few, $many) = (400, 3200);
my $first = 1_000_000;

# a statement may read so many times more than that, and so many pages more for each call
my $factor = 1.4;
my $more = 60;

# bytes in memory for an object, or a pod, with its share of owners and indexes
my $bytes = 400;

my ($world, $pg, $web) = OrchStatements::begin('portions');

run_pods(web => $web);
ok($pg->until_true("SELECT status = 'running' FROM orchestration.containers WHERE id = $web"), 'a container runs') or diagnose($pg);

# So many at rest, of which a worker that begins compares all.
sub begin_with
{
	my ($count) = @_;

	$pg->switch_worker(0);
	cluster_copies($count);
	OrchCopies::take_out($pg, $first);
	OrchCopies::make($pg, id => $web, name => 'web', count => $count, first => $first, uid => sub { "$_[0] || '-' || g" });
	$pg->sql('VACUUM ANALYZE');
	# the first one makes right what copies have of the one they are made of
	begins();
	return (begins())[1];
}

sub in_proportion_ok
{
	my ($title, $times, $less, $more_of) = @_;
	my @worse;

	for my $id (sort keys %$more_of)
	{
		my ($a, $b) = ($less->{$id}, $more_of->{$id});

		push @worse, sprintf '%d pages in %d calls, before %d in %d: %s', @$b{qw(pages calls)}, @$a{qw(pages calls)}, substr $b->{text}, 0, 300
		  if $a && $b->{pages} > $factor * $times * $a->{pages} + $more * $b->{calls};
	}
	return ok(!@worse, $title) || diag(join "\n", @worse);
}

# in the inventory of the one cluster
sub held { my $used = memory(); my $sum = 0; $sum += $used->{"orchestration $_"} for qw(inventory objects timers owners pods); return $sum }

my $at_small = begin_with($small);
my $held = held();
my $at_large = begin_with($large);
my $each = (held() - $held) / 2 / ($large - $small);
cmp_ok((map { $_->{calls} } grep { $_->{text} =~ /FROM orchestration_internal\.worker_resync/ } values %$at_large)[0], '>', 20, 'they were compared in portions');
in_proportion_ok('whoever begins reads in proportion', $large / $small, $at_small, $at_large);

note(sprintf '%.0f bytes for each object or pod', $each);
cmp_ok($each, '<', $bytes, 'an object, or a pod, takes no more memory than it may');
cmp_ok($each, '>', $bytes / 2, 'and is measured');

# So many that are asked for at once.
sub ask_for
{
	my ($count) = @_;

	look();
	$pg->sql("INSERT INTO orchestration.config_maps (namespace_id, name) SELECT n.id, 'of-$count-' || g FROM orchestration.namespaces n, generate_series(1, $count) g WHERE n.name = 'portions'");
	ok($pg->until_true("SELECT count(*) FILTER (WHERE applied_hash = desired_hash) = $count FROM orchestration.managed_objects WHERE name LIKE 'of-$count-%'", timeout => 120), "$count config maps are applied") or diagnose($pg);
	rest();
	return look();
}

my $of_few = ask_for($few);
my $of_many = ask_for($many);
in_proportion_ok('a burst reads in proportion', $many / $few, $of_few, $of_many);

# Pods that change all the time: the rows follow each change, and statuses at their own pace, however fast that is.
my ($flapping, $rounds) = (100, 10);
my @pods = map { "/api/v1/namespaces/portions/pods/web-$_-h-abcde" } 1 .. $flapping;
my $began = time;
for my $round (1 .. $rounds)
{
	$world->edit_all(\@pods, { status => { containerStatuses => [ { name => 'web', ready => JSON::PP::true, restartCount => $round, state => { running => {} } } ] } });
	$pg->until_true("SELECT count(*) = $flapping FROM orchestration.container_instances WHERE restart_count = $round") or diagnose($pg);
}
my $seconds = time - $began;
rest();
my ($derivations) = grep { $_->{text} =~ /FROM unnest\(passing\.derived_ids/ } values %{ look() };
ok($derivations, 'statuses are derived');
cmp_ok($derivations->{rows}, '>=', $flapping, 'of each container');
cmp_ok($derivations->{rows}, '<=', $flapping * ($seconds + 3), "at most once a second, of $rounds changes in $seconds s");
$pg->stop;
done_testing();
