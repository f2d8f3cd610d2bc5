# BenchStub: the worker before a server that only holds objects and sends events.
package BenchStub;

use strict;
use warnings;
use BenchCost;
use BenchProgram;
use BenchRows;
use JSON::PP ();
use OrchCopies;
use OrchServer;
use Time::HiRes qw(sleep time);

our @ISA = ('BenchRows');

my $namespace = 'stub';
my $batch = 2000;

sub start
{
	my ($class) = @_;
	my $pg = OrchServer->new('stub', settings => {
			shared_preload_libraries => "'orchestration,pg_stat_statements'", 'orchestration.worker_enabled' => 'on', log_min_messages => 'info',
			'pg_stat_statements.max' => 10000, max_wal_size => "'4GB'" });
	my $self = bless { name => 'stub', pg => $pg, objects => [], server => BenchProgram->new("$ENV{BENCH_BIN}/stub"), held => 0 }, $class;
	my $port = JSON::PP::decode_json(scalar readline $self->{server}{out})->{port};
	my $kubeconfig = JSON::PP->new->canonical->encode({
			apiVersion => 'v1', kind => 'Config', 'current-context' => 'c', clusters => [ { name => 'c', cluster => { server => "http://127.0.0.1:$port" } } ],
			users => [ { name => 'u', user => { token => 't' } } ], contexts => [ { name => 'c', context => { cluster => 'c', user => 'u' } } ] });

	$pg->start->create_bootstrapped('bench');
	$pg->sql('CREATE EXTENSION pg_stat_statements');
	$pg->people;
	$pg->as_administrator("SELECT orchestration.register_cluster('main', \$k\$$kubeconfig\$k\$, max_in_flight => 100)");
	$pg->until_true("SELECT status = 'connected' FROM orchestration.clusters WHERE name = 'main'") or die "not connected\n" . $pg->log_tail(20);
	$self->new_namespace($namespace, 'main');
	$self->begin;
	$self->{id} = $self->{watcher}->sql("SELECT id FROM orchestration.namespaces WHERE name = '$namespace'");
	$self->{user}->sql("INSERT INTO orchestration.container_images (namespace_id, registry, repository, tag) VALUES ($self->{id}, 'example.com', 'app', '1')");
	return $self;
}

sub timeout { return 1800 }

sub pods_known { my ($self, $count) = @_; return $self->until_watched("SELECT count(*) >= $count FROM orchestration.container_instances WHERE ended_at IS NULL", 0.1, 1800) }

# As a user does, and the pods and statuses that a cluster would make of it.
sub create
{
	my ($self, $to) = @_;
	my $from = $self->{held} + 1;
	my $of = { cpu => -BenchCost::exact_cpu($self->worker_pid) };
	my $began = time;

	for (my $at = $from; $at <= $to; $at += $batch)
	{
		my $last = $at + $batch - 1 < $to ? $at + $batch - 1 : $to;
		$self->{user}->sql("INSERT INTO orchestration.containers (namespace_id, name, image_id, replicas) SELECT $self->{id}, 'container-name-' || g, (SELECT id FROM orchestration.container_images WHERE namespace_id = $self->{id}), 1 FROM generate_series($at, $last) g");
	}
	$of->{insert_seconds} = time - $began;
	$self->until_watched("SELECT count(*) = $to + 1 FROM orchestration.managed_objects WHERE namespace_id = $self->{id} AND applied_hash = desired_hash", 0.1, 1800);
	$of->{seconds} = time - $began;
	$of->{cpu} += BenchCost::exact_cpu($self->worker_pid);
	my ($cpu, $pods) = (BenchCost::exact_cpu($self->worker_pid), time);
	$self->{server}->do('pods', 1);
	$self->pods_known($to);
	$self->until_watched("SELECT count(*) = $to FROM orchestration.containers WHERE namespace_id = $self->{id} AND status = 'running'", 0.1, 1800);
	$of->{pod_seconds} = time - $pods;
	$of->{pod_cpu} = BenchCost::exact_cpu($self->worker_pid) - $cpu;
	$of->{objects} = $to - $self->{held};
	$self->{held} = $to;
	return $of;
}

# Rows at rest beside their like in the cluster, without anybody being told of either.
sub enter
{
	my ($self, $to) = @_;
	my $more = $to - $self->{held};
	my ($name, $id) = split /\|/, $self->{watcher}->sql("SELECT name, id FROM orchestration.containers WHERE namespace_id = $self->{id} ORDER BY id DESC LIMIT 1");

	my $first = 1_000_000;

	$self->enable_worker('off');
	$self->{pg}->until_no_worker('bench') or die 'the worker stays';
	$self->{server}->do('clone', $namespace, $name, $id, $first, $more);
	OrchCopies::make($self->{pg}, id => $id, name => $name, count => $more, first => $first, uid => sub { "replace($_[0], '-0000-4000-8000-000000000000', '-0000-4000-8000-' || lpad(g::text, 12, '0'))" });
	$self->{pg}->sql('VACUUM ANALYZE');
	$self->enable_worker('on');
	$self->{pg}->until_worker('bench') or die 'no worker';
	$self->{held} = $to;
	$self->pods_known($to);
	$self->until_idle;
	return;
}

# The worker's memory by its contexts, in bytes used: {name => bytes}
sub contexts
{
	my ($self) = @_;
	my ($pid, $from) = ($self->worker_pid, $self->{pg}->log_size);
	my %used;

	$self->{watcher}->sql("SELECT pg_log_backend_memory_contexts($pid)");
	for (1 .. 100)
	{
		last if $self->{pg}->log_text($from) =~ /Grand total/;
		sleep 0.1;
	}
	for ($self->{pg}->log_text($from) =~ /level: \d+; (.*? total in .*? used)/g)
	{
		my ($name, $bytes) = /^(.*?):? \d+ total in .*; (\d+) used/ or next;
		$used{$name} += $bytes;
	}
	return \%used;
}

# Sends so many events, so many a second (0: as fast as they are read), and waits until all are taken in.
sub take_in
{
	my ($self, $order, $count, $rate, $is_done) = @_;
	my ($pid, $before, $log) = ($self->worker_pid, $self->counters->{watch_events}, $self->{pg}->log_size);
	my ($calls, $used) = ($self->calls, BenchCost::exact_cpu($pid));
	my $sent = $self->{server}->do($order, $count, $rate);
	my ($seen, $ended_at, $end) = (-1, time, time + 120);

	# what did not fit is listed anew, and then told of once
	while (time < $end)
	{
		my $now = $self->counters->{watch_events} - $before;

		($seen, $ended_at) = ($now, time) if $now != $seen;
		last if ($now >= $count || time - $ended_at > 3) && (!$is_done || $is_done->($sent));
		$ended_at = time if $is_done;
		sleep 0.02;
	}
	my $cpu = BenchCost::exact_cpu($pid) - $used;
	my $began_at = $sent->{ended_at} - $sent->{sent_seconds};
	return { events => $count, seconds => $ended_at - $began_at, behind_seconds => $ended_at - $sent->{ended_at}, cpu_us => 1e6 * $cpu / $count,
		rate => $count / ($ended_at - $began_at), sent_rate => $count / $sent->{sent_seconds}, bytes => $sent->{bytes} / $count, calls => $self->calls - $calls,
		relists => scalar(() = $self->{pg}->log_text($log) =~ /faster than/g), unfinished => time >= $end ? 1 : 0 };
}

sub calls { return $_[0]{watcher}->sql("SELECT COALESCE(sum(s.calls), 0) FROM pg_stat_statements s JOIN pg_roles r ON r.oid = s.userid WHERE r.rolname NOT LIKE 'regress%' AND r.rolname <> 'postgres'") }

# Rows of pods know the number of restarts that the server made of it.
sub take_in_changes
{
	my ($self, $count, $rate) = @_;

	return $self->take_in('change', $count, $rate, sub {
		my ($sent) = @_;
		my $last = ($count - 1) % $self->{held} + 1;
		return $self->{watcher}->sql("SELECT count(*) >= $last FROM orchestration.container_instances WHERE restart_count = $sent->{restarts} AND ended_at IS NULL") eq 't';
	});
}

# What the worker uses while nothing happens, and its statements: {percent, statements => [[calls, ms, blocks, text]]}
sub rest_for
{
	my ($self, $seconds) = @_;
	my ($pid, $cpu, $server) = ($self->worker_pid, BenchCost::exact_cpu($self->worker_pid), BenchCost::server_cpu($self->{pg}->postmaster_pid));
	my $began = time;

	sleep $seconds;
	my $took = time - $began;
	return { percent => 100 * (BenchCost::exact_cpu($pid) - $cpu) / $took, server_percent => 100 * (BenchCost::server_cpu($self->{pg}->postmaster_pid) - $server) / $took };
}

sub reset_statements { $_[0]{watcher}->sql('SELECT pg_stat_statements_reset()'); return }

sub statements
{
	my ($self) = @_;

	return { map { my ($calls, $ms, $blocks, $rows, $text) = split /\|/, $_, 5; ($text => { calls => $calls, ms => $ms, blocks => $blocks, rows => $rows }) } split /\n/, $self->{watcher}->sql(
			"SELECT sum(calls), round(sum(total_exec_time)::numeric, 3), sum(shared_blks_hit + shared_blks_read), sum(rows), substring(query FROM '(?:orchestration_internal\\.|orchestration\\.)(\\w+)')
			FROM pg_stat_statements s JOIN pg_roles r ON r.oid = s.userid WHERE rolname <> 'postgres' AND rolname NOT LIKE 'regress%' AND toplevel GROUP BY 5 HAVING substring(query FROM '(?:orchestration_internal\\.|orchestration\\.)(\\w+)') IS NOT NULL") };
}

# Each maintenance step by itself, ms.
sub maintenance
{
	my ($self) = @_;
	my %ms;

	for my $step (split /\n/, $self->{watcher}->sql('SELECT name FROM orchestration.maintenance_steps WHERE enabled ORDER BY name'))
	{
		my $began = time;
		$self->{watcher}->sql("SELECT orchestration_internal.run_maintenance_step('$step')");
		$ms{$step} = 1000 * (time - $began);
	}
	return \%ms;
}

1;
