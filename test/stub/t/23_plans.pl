# What the worker's statements read depends neither on how often something was done, nor on how much is at rest, nor on what the
# statistics said when they were planned: of a table that was empty, that has grown a hundredfold, that has been emptied.
use strict;
use warnings;
use OrchCopies;
use OrchStatements;
use OrchStub;
use OrchTest;
use Test::More;
use Time::HiRes ();

# so many containers come and go in a round, beside so many at rest
my $each = 12;
my $at_rest = 2000;
my $first = 1_000_000;

# a statement may read so many times as much, and so many pages more when it is planned, each time, and for each row
my $factor = 3;
my $more_to_plan = 500;
my $more = 60;
my $more_for_row = 3;

my ($world, $pg, $web) = OrchStatements::begin('plans', 'orchestration.poll_interval' => "'1s'");
my $round = 0;

sub soon { my ($sql) = @_; return $pg->until_true($sql, every => 0.05, timeout => 90) || diagnose($pg) && die "not: $sql\n" }

# Containers are made, run, are changed by their users and by others, and go.
sub play
{
	$round++;
	my $of_round = "n.name = 'plans' AND c.name LIKE 'r$round-%'";
	$pg->as_operator("SELECT orchestration.create_config_map('plans', 'r$round', '{\"k\": \"v\"}'), orchestration.create_volume('plans', 'r$round', 'ConfigMap', config_map => 'r$round');
		SELECT orchestration.create_container('plans', 'r$round-' || i, 'busybox:1', env => '{\"A\": \"b\"}', ports => '[{\"containerPort\": 80, \"servicePort\": 80}]') FROM generate_series(1, $each) i");
	my $of_containers = "FROM orchestration.containers c JOIN orchestration.namespaces n ON n.id = c.namespace_id WHERE $of_round";
	soon("SELECT count(*) = $each AND bool_and(c.generation = c.observed_generation) $of_containers");
	run_pods(map { split /\|/ } split /\n/, $pg->sql("SELECT c.name, c.id $of_containers"));
	soon("SELECT count(*) = $each $of_containers AND c.status = 'running'");
	# somebody changes one, and one is there that no row knows
	my $managed = $world->object(deployment("r$round-1"))->{metadata};
	$world->remove(deployment("r$round-2"));
	$world->edit("/api/v1/namespaces/plans/configmaps/lost-$round", { metadata => { labels => { %{ $managed->{labels} }, 'orchestration.dev/owner' => 'config_map-999999' }, managedFields => $managed->{managedFields} } });
	$pg->as_operator("UPDATE orchestration.containers c SET replicas = 2 FROM orchestration.namespaces n WHERE n.id = c.namespace_id AND $of_round");
	soon("SELECT bool_and(c.generation = c.observed_generation) $of_containers");
	$pg->operator_error("SELECT orchestration.register_cluster('no', 'no')");
	soon("SELECT count(*) = 0 FROM orchestration.managed_objects WHERE name = 'lost-$round' OR applied_hash IS DISTINCT FROM desired_hash");
	$pg->as_operator("SELECT orchestration.delete_container(c.id) $of_containers; SELECT orchestration.delete_volume('plans', 'r$round'); SELECT orchestration.delete_config_map('plans', 'r$round')");
	$world->remove("/api/v1/namespaces/plans/pods/r$round-$_-h-abcde") for 1 .. $each;
	soon("SELECT NOT EXISTS (SELECT FROM orchestration.managed_objects WHERE name LIKE 'r$round%') AND NOT EXISTS (SELECT $of_containers AND c.status <> 'deleted')");
	return;
}

my %seen;

sub seen { my ($of) = @_; $seen{ $_->{text} }++ for values %$of; return $of }

sub measured
{
	seen(look());
	my $began = Time::HiRes::time();
	play();
	note(sprintf 'a round took %.1f s', Time::HiRes::time() - $began);
	return seen(look());
}

# One test: no statement reads more than factor times what it reads where it reads least, neither for each call nor in all.  Those that
# walk over so many rows may read what they walk over.
sub no_worse_ok
{
	my ($title, $walked, %windows) = @_;
	my (@worse, %least);

	for my $of (map { values %$_ } values %windows) { $of->{each} = $of->{pages} / $of->{calls} }
	for my $window (values %windows)
	{
		for my $id (keys %$window)
		{
			for my $what (qw(pages each)) { $least{$id}{$what} = $window->{$id}{$what} if $window->{$id}{$what} < ($least{$id}{$what} // 1e9) }
		}
	}
	for my $name (sort keys %windows)
	{
		for my $id (sort keys %{ $windows{$name} })
		{
			my $of = $windows{$name}{$id};
			my $more_in_all = $more_to_plan + $more * $of->{calls} + $more_for_row * ($of->{rows} + $walked);

			push @worse, sprintf "%s: %d calls, %.0f pages each, elsewhere %.0f: %s", $name, @$of{qw(calls each)}, $least{$id}{each}, substr($of->{text}, 0, 400)
			  if $of->{each} > $factor * $least{$id}{each} + $more_in_all / $of->{calls} && $of->{pages} > $factor * $least{$id}{pages} + $more_in_all;
		}
	}
	return ok(!@worse, $title) || diag(join "\n", @worse);
}

sub total { my $sum = 0; $sum += $_->{pages} for values %{ $_[0] }; return $sum }

sub restart
{
	my ($before, $of) = begins();

	seen($before);
	return seen($of);
}

sub copies_come { cluster_copies($at_rest); OrchCopies::put_in($pg); return }

sub copies_go
{
	$world->control('drop', { pattern => 'web-[0-9]+(-h-abcde)?$' });
	OrchCopies::take_out($pg, $first);
	$pg->sql('VACUUM');
	return;
}

# ---- ten rounds
run_pods(web => $web);
soon("SELECT status = 'running' FROM orchestration.containers WHERE id = $web");
my (@rounds, @memory);
for (1 .. 10)
{
	push @rounds, measured();
	push @memory, memory()->{'Grand total'};
}
note('pages by round: ' . join ' ', map { total($_) } @rounds);
note('memory by round: ' . join ' ', @memory);
no_worse_ok('the tenth round reads what the second does', 0, second => $rounds[1], tenth => $rounds[9]);
cmp_ok(total($rounds[9]), '<', 2 * total($rounds[1]) + 1000, 'in all, too');
cmp_ok($memory[9], '<', 1.05 * (sort { $b <=> $a } @memory[0 .. 4])[0] + 1_000_000, 'the worker needs no more memory than after the first five');

# ---- many at rest, and whatever the statistics were; first the worker makes the copies right
cluster_copies($at_rest);
OrchCopies::make($pg, id => $web, name => 'web', count => $at_rest, first => $first, uid => sub { "$_[0] || '-' || g" });
restart();
copies_go();
restart();
my %of = (few => measured());
copies_come();
$of{'planned when there were few'} = measured();
my %beginning = ('planned when there were few' => restart());
copies_go();
$pg->sql('ANALYZE');
copies_come();
$beginning{'statistics of few'} = restart();
$of{'statistics of few'} = measured();
$pg->sql('ANALYZE');
$beginning{'fresh statistics'} = restart();
$of{'fresh statistics'} = measured();
copies_go();
restart();
copies_come();
$of{'planned when what was many had gone'} = measured();

no_worse_ok('what a round reads depends neither on what is at rest nor on statistics', 0, %of);
no_worse_ok('nor does what is read at the beginning depend on statistics', 2 * $at_rest, %beginning);
ok(!(grep { $_->{text} =~ /worker_write\(/ } map { values %$_ } values %beginning), 'a worker that begins writes nothing where nothing has changed');

# ---- and that was every statement of the worker: a new one is to be made to run here, or is named with the reason
my %elsewhere = (
	worker_write_each => 'after a failure, one by one',
	worker_want => 'after an update of the extension',
	worker_taken_over => 'take_over()',
	worker_usage_summary => 'of nodes, which the stub has none of',
	run_maintenance_step => 'of another process, when it is due',
	see_claim => 'claims that nobody knows',
	record_released => 'claims that are kept',
	installation => 'simulate.c, which is no worker',
	pg_extension => 'of the catalog');
$pg->as_operator("SELECT orchestration.create_volume('plans', 'data', 'PVC', '1Gi')");
soon("SELECT count(*) = 1 FROM orchestration.managed_objects WHERE name = 'data' AND uid IS NOT NULL");
$pg->as_operator("SELECT orchestration.delete_volume('plans', 'data')");
soon("SELECT count(*) = 0 FROM orchestration.managed_objects WHERE name = 'data'");
# somebody has changed an object, and no plan has
$world->remove(deployment('web'));
until_ok($pg, sub { $world->object(deployment('web')) }, 'what somebody has removed is made again');
soon("SELECT count(*) = 0 FROM orchestration.managed_objects WHERE applied_hash IS DISTINCT FROM desired_hash OR uid IS NULL");
seen(look());
my (@never, %statements);
for my $file (glob "$ENV{ORCH_ROOT}/src/reconcile/*.c")
{
	open my $in, '<', $file or die "$file: $!";
	local $/;
	for (<$in> =~ /\.sql = ((?:\s*"[^"]*")+)/g)
	{
		my ($name) = /orchestration_internal\.(\w+)/ ? $1 : /orchestration\.(\w+)|(gitVersion|pg_extension)/ ? $1 // $2 : $_;
		$statements{$name} = 1;
		push @never, $name if !$elsewhere{$name} && !grep { /\b$name\b/ } keys %seen;
	}
}
cmp_ok(scalar(keys %statements), '>', 25, 'the statements are found');
is(join(' ', sort @never), '', 'all of them have run');
is(join(' ', sort grep { !$statements{$_} } keys %elsewhere), '', 'none is excused that is not there');

$pg->stop;
done_testing();
