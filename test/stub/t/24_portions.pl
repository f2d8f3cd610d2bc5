# What goes in portions reads what is in a portion, not what is behind it: where there is so many times as much, each of the worker's
# statements reads so many times as much in all.
use strict;
use warnings;
use OrchCopies;
use OrchStub;
use OrchTest;
use Test::More;
use Time::HiRes ();

my ($small, $large) = (3000, 12000);
my ($few, $many) = (400, 3200);

# a statement may read so many times more than that, and so many pages more for each call
my $factor = 1.4;
my $more = 60;

plan skip_all => 'pg_stat_statements is not installed' if !-e OrchServer::must_run([ 'pg_config', '--sharedir' ]) =~ s/\s+$//r . '/extension/pg_stat_statements.control';

my $world = OrchStub->start->world('portions');
my $pg = OrchServer->new('portions', settings => {
		shared_preload_libraries => "'orchestration,pg_stat_statements'", 'pg_stat_statements.track' => 'all', 'pg_stat_statements.max' => 20000,
		autovacuum => 'off', 'orchestration.worker_enabled' => 'on', log_min_messages => 'info' });
$pg->start->create_bootstrapped('app');
$pg->people;
$pg->sql('CREATE EXTENSION pg_stat_statements');
register($pg, 'portions', $world->kubeconfig);
all_connected($pg, 'the worker is connected');
fill($pg, 1, $world);

my $web = container_id($pg, 'portions', 'web');
my $deployment = '/apis/apps/v1/namespaces/portions/deployments/web';
my $pod = '/api/v1/namespaces/portions/pods/web-h-abcde';
my $of_worker = "s.userid = 'orchestration_worker'::regrole AND s.dbid = (SELECT oid FROM pg_database WHERE datname = 'app')";

$world->make_pod('portions', 'web-h-abcde', $web);
$world->edit($deployment, { status => { observedGeneration => 1, replicas => 1, updatedReplicas => 1, readyReplicas => 1, availableReplicas => 1 } });
ok($pg->until_true("SELECT status = 'running' FROM orchestration.containers WHERE id = $web"), 'a container runs') or diagnose($pg);

# What each statement has read since the last look: {text => {calls, pages}}
sub look
{
	my %of;

	for (split /\x1e/, $pg->sql("SELECT string_agg(concat_ws('|', s.calls, s.shared_blks_hit + s.shared_blks_read, s.query), chr(30)) FROM pg_stat_statements s WHERE $of_worker"))
	{
		my ($calls, $pages, $text) = split /\|/, $_, 3;
		$of{ $text =~ s/\s+/ /gr } = { calls => $calls, pages => $pages };
	}
	$pg->sql('SELECT pg_stat_statements_reset()');
	return \%of;
}

sub rest
{
	my ($calls, $still) = ('', 0);

	while ($still < 4)
	{
		my $now = $pg->sql("SELECT sum(s.calls) FROM pg_stat_statements s WHERE s.query ~ 'worker_(plan|resync|objects|instances|write)' AND $of_worker");
		$still = $now eq $calls ? $still + 1 : 0;
		$calls = $now;
		Time::HiRes::sleep(0.3);
	}
	return;
}

# So many at rest, of which a worker that begins compares all.
sub begin_with
{
	my ($count) = @_;
	my ($uid, $pod_uid) = map { $world->object($_)->{metadata}{uid} } $deployment, $pod;
	# by number, as the rows have them
	my %replace = ('"web' => '"web-%d', "\"container-$web\"" => '"container-1%06d"', "\"$web\"" => '"1%06d"');

	$pg->configure('orchestration.worker_enabled' => 'off');
	$pg->reload;
	$pg->until_no_worker or die 'the worker stays';
	$world->control('copy', { path => $deployment, count => $count, replace => { %replace, "\"$uid\"" => "\"$uid-%d\"" } });
	$world->control('copy', { path => $pod, count => $count, replace => { %replace, "\"$pod_uid\"" => "\"$pod_uid-%d\"" } });
	OrchCopies::take_out($pg, 1_000_000);
	OrchCopies::make($pg, id => $web, name => 'web', count => $count, first => 1_000_000, uid => sub { "$_[0] || '-' || g" });
	$pg->sql('VACUUM ANALYZE');
	for (1 .. 2)
	{
		$pg->configure('orchestration.worker_enabled' => 'on');
		$pg->reload;
		$pg->until_worker or die 'no worker';
		all_connected($pg, "the worker begins with $count");
		rest();
		last if $_ == 2;
		# the first one has made right what copies have of the one they are made of
		$pg->configure('orchestration.worker_enabled' => 'off');
		$pg->reload;
		$pg->until_no_worker or die 'the worker stays';
		look();
	}
	return look();
}

sub in_proportion_ok
{
	my ($title, $times, $less, $more_of) = @_;
	my @worse;

	for my $text (sort keys %$more_of)
	{
		my ($a, $b) = ($less->{$text}, $more_of->{$text});

		push @worse, sprintf '%d pages in %d calls, before %d in %d: %s', @$b{qw(pages calls)}, @$a{qw(pages calls)}, substr $text, 0, 300
		  if $a && $b->{pages} > $factor * $times * $a->{pages} + $more * $b->{calls};
	}
	return ok(!@worse, $title) || diag(join "\n", @worse);
}

my $at_small = begin_with($small);
my $at_large = begin_with($large);
cmp_ok((map { $_->{calls} } map { $at_large->{$_} } grep { /FROM orchestration_internal\.worker_resync/ } keys %$at_large)[0], '>', 20, 'they were compared in portions');
in_proportion_ok('whoever begins reads in proportion', $large / $small, $at_small, $at_large);

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
$pg->stop;
done_testing();
