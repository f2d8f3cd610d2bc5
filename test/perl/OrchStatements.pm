# OrchStatements: what the worker's statements read, by pg_stat_statements, before a stub with one container that runs.
package OrchStatements;

use strict;
use warnings;
use Exporter 'import';
use OrchCopies;
use OrchStub;
use OrchTest;
use Test::More;
use Time::HiRes ();

our @EXPORT = qw(deployment run_pods cluster_copies look rest memory begins);

my ($world, $pg, $web);
my $of_worker = "s.userid = 'orchestration_worker'::regrole AND s.dbid = (SELECT oid FROM pg_database WHERE datname = 'app')";

# begin(NAME, SETTINGS): the world of that name, its server, and the id of the container "web"; skips all where there is no pg_stat_statements
sub begin
{
	my ($name, %settings) = @_;

	plan skip_all => 'pg_stat_statements is not installed' if !-e OrchServer::must_run([ 'pg_config', '--sharedir' ]) =~ s/\s+$//r . '/extension/pg_stat_statements.control';
	$world = OrchStub->start->world($name);
	$pg = OrchServer->new($name, settings => {
			shared_preload_libraries => "'orchestration,pg_stat_statements'", 'pg_stat_statements.track' => 'all', 'pg_stat_statements.max' => 20000,
			autovacuum => 'off', 'orchestration.worker_enabled' => 'on', log_min_messages => 'info', %settings });
	$pg->start->create_bootstrapped('app');
	$pg->people;
	$pg->sql('CREATE EXTENSION pg_stat_statements');
	register($pg, $name, $world->kubeconfig);
	all_connected($pg, 'the worker is connected');
	fill($pg, 1, $world);
	$web = container_id($pg, $name, 'web');
	return ($world, $pg, $web);
}

sub deployment { my ($name) = @_; return "/apis/apps/v1/namespaces/$world->{name}/deployments/$name" }

# what controllers would do: run_pods(NAME => id of the container, ...)
sub run_pods
{
	my (%ids) = @_;

	for my $name (sort keys %ids)
	{
		$world->make_pod($world->{name}, "$name-h-abcde", $ids{$name});
		$world->edit(deployment($name), { status => { observedGeneration => 1, replicas => 1, updatedReplicas => 1, readyReplicas => 1, availableReplicas => 1 } });
	}
	return;
}

# The cluster holds so many copies of "web" that run, as OrchCopies makes their rows from 1,000,001 on, and nobody is told.
sub cluster_copies
{
	my ($count) = @_;
	my %replace = ('"web' => '"web-%d', "\"container-$web\"" => '"container-1%06d"', "\"$web\"" => '"1%06d"');

	for my $path (deployment('web'), "/api/v1/namespaces/$world->{name}/pods/web-h-abcde")
	{
		my $uid = $world->object($path)->{metadata}{uid};

		$world->control('copy', { path => $path, count => $count, replace => { %replace, "\"$uid\"" => "\"$uid-%d\"" } });
	}
	return;
}

# What the worker's statements have read since the last look: {id => {text, calls, pages, rows}}
sub look
{
	my %of;

	for (split /\x1e/, $pg->sql("SELECT string_agg(concat_ws('|', queryid, calls, pages, rows, query), chr(30)) FROM (SELECT s.queryid, sum(s.calls) AS calls, sum(s.shared_blks_hit + s.shared_blks_read) AS pages, sum(s.rows) AS rows, max(s.query) AS query
		FROM pg_stat_statements s WHERE $of_worker GROUP BY s.queryid) x"))
	{
		my ($id, $calls, $pages, $rows, $text) = split /\|/, $_, 5;
		$of{$id} = { calls => $calls, pages => $pages, rows => $rows, text => $text =~ s/\s+/ /gr };
	}
	$pg->sql('SELECT pg_stat_statements_reset()');
	return \%of;
}

# What the worker has allocated, in bytes, by its memory contexts: {name => used}, and "Grand total" of it all, used or not: what it gives
# back to the system is the allocator's own affair.
sub memory
{
	my $from = $pg->log_size;

	$pg->sql('SELECT pg_log_backend_memory_contexts(' . $pg->worker_pid . ')');
	for (1 .. 100)
	{
		if ($pg->log_text($from) =~ /^(.*Grand total: (\d+) bytes)/s)
		{
			my ($text, %used) = ($1, 'Grand total' => $2);

			$used{$1} += $2 while $text =~ /level: \d+; (.*?):? \d+ total in .*; (\d+) used/g;
			return \%used;
		}
		Time::HiRes::sleep(0.1);
	}
	die "the worker does not tell what it holds\n";
}

# Waits until the first comparison of all rows is through, and all that has been asked for is recorded.
sub rest
{
	my ($calls, $still) = ('', 0);

	while ($still < 4)
	{
		my $now = $pg->sql("SELECT sum(s.calls) FROM pg_stat_statements s WHERE s.query ~ 'worker_(resync|objects|instances|write)' AND $of_worker");
		$still = $now eq $calls ? $still + 1 : 0;
		$calls = $now;
		Time::HiRes::sleep(0.3);
	}
	return;
}

# A worker ends and another one begins, until it rests: what was read before, and what the new one has read.  Again where it lost its lease
# or the contact, as on a machine that is busy with others: then it has begun twice.
sub begins
{
	my ($before, $of, $from);

	for (1 .. 3)
	{
		# what the old one has still to write is its own
		rest();
		$pg->switch_worker(0);
		$before = look();
		$from = $pg->log_size;
		$pg->switch_worker(1);
		all_connected($pg, 'a worker begins');
		rest();
		$of = look();
		last if $pg->log_text($from) !~ /the lease is lost|is unreachable/;
		note('it has begun twice');
	}
	return ($before, $of);
}

1;
