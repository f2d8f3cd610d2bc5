# BenchRows: ours: rows in, objects out, by the worker of a database of its own.
package BenchRows;

use strict;
use warnings;
use BenchCost;
use BenchProgram;
use JSON::PP ();
use OrchServer;
use Time::HiRes qw(sleep time);

my $namespace = 'bench-ours';

# start(CLUSTER, WORKERS): the server, its people, the cluster registered, sessions open
sub start
{
	my ($class, $cluster, $workers) = @_;
	my $pg = OrchServer->new('bench', settings => {
			'orchestration.worker_enabled' => 'on', synchronous_commit => 'on', log_min_messages => 'info', track_commit_timestamp => 'on' });
	my $self = bless { name => 'ours', pg => $pg, cluster => $cluster }, $class;

	$pg->start->create_bootstrapped('bench');
	$pg->people;
	$self->register('main', $cluster, $workers);
	$self->new_namespace($namespace, 'main');
	$self->begin;
	$self->{id} = $self->{watcher}->sql("SELECT id FROM orchestration.namespaces WHERE name = '$namespace'");
	return $self;
}

sub register
{
	my ($self, $name, $cluster, $workers) = @_;
	my $pg = $self->{pg};

	$pg->as_administrator("SELECT orchestration.register_cluster('$name', \$k\$" . $cluster->{kube}->kubeconfig('orchestration') . "\$k\$, max_in_flight => $workers)");
	$pg->until_true("SELECT status = 'connected' FROM orchestration.clusters WHERE name = '$name'") or die "not connected\n" . $pg->log_tail(20);
	return;
}

sub new_namespace
{
	my ($self, $name, $cluster) = @_;
	my $pg = $self->{pg};

	$pg->as_administrator("SELECT orchestration.create_namespace('$name', '$cluster')");
	$pg->joins($name);
	$pg->until_true("SELECT status = 'active' FROM orchestration.namespaces WHERE name = '$name'") or die "no namespace $name\n" . $pg->log_tail(20);
	return;
}

# What a user says to have so many applications: a config map, a secret, and a container with a service.  The container does not refer
# to the others: they could then only be deleted after it is gone, while everybody else deletes all at once.
sub statements
{
	my ($applications) = @_;

	return "SELECT count(orchestration.create_config_map('$namespace', 'app-' || i, jsonb_build_object('GREETING', 'hello ' || i, 'settings.yaml', repeat('key: value' || E'\\n', 20)))) FROM generate_series(1, $applications) i;
SELECT count(orchestration.create_secret('$namespace', 'app-' || i, jsonb_build_object('PASSWORD', 'secret ' || i))) FROM generate_series(1, $applications) i;
SELECT count(orchestration.create_container('$namespace', 'app-' || i, 'example.com/app:1', replicas => 0, ports => '[{\"containerPort\": 8080, \"servicePort\": 80}]',
	cpu_request => '100m', memory_limit => '64Mi', env => jsonb_build_object('LEVEL', 'info', 'NUMBER', i::text), readiness_probe => '{\"httpGet\": {\"path\": \"/ready\", \"port\": 8080}}')) FROM generate_series(1, $applications) i";
}

# Of one object, without a new pod template: that would make more work for the controllers of the cluster than for anybody here.
sub change_statement { my ($number) = @_; return 'UPDATE orchestration.containers SET max_surge = ' . ($number + 2) . " WHERE namespace_id = (SELECT id FROM orchestration.namespaces WHERE name = '$namespace') AND name = 'app-1' AND status <> 'deleted'" }

# The manifests of it all, and of the objects that each of some changes alters, from a transaction that the worker never sees.
sub manifests
{
	my ($self, $applications, $changes) = @_;
	my $session = BenchProgram->psql($self->{pg});
	my $of = sub {
		my ($where) = @_;
		return @{ JSON::PP::decode_json($session->sql("SELECT jsonb_agg(manifest ORDER BY apply_order, owner_id) FROM orchestration.manifests WHERE namespace_id = $self->{id} AND owner_type <> 'namespace'$where")) };
	};
	my $json = JSON::PP->new->canonical;
	my ($first, @changes) = (" AND owner_type = 'container' AND owner_id = (SELECT id FROM orchestration.containers WHERE namespace_id = $self->{id} AND name = 'app-1')");

	$session->sql('BEGIN');
	$session->sql(statements($applications));
	$self->{applications} = $applications;
	$self->{objects} = [ $of->('') ];
	my %before = map { ("$_->{kind}/$_->{metadata}{name}", $json->encode($_)) } $of->($first);
	for my $number (0 .. $changes)
	{
		$session->sql(change_statement($number));
		push @changes, [ grep { $json->encode($_) ne $before{"$_->{kind}/$_->{metadata}{name}"} } $of->($first) ];
	}
	$session->sql('ROLLBACK');
	$session->close;
	return ($self->{objects}, \@changes);
}

# What a worker needs that has just begun and holds next to nothing, and nevertheless has done all that it ever does.
sub calibrate
{
	my ($self) = @_;
	local @$self{qw(applications objects)} = (10, [ 1 .. 40 ]);

	$self->create;
	$self->until_idle;
	$self->{base_kb} = $self->restart->{memory_kb};
	$self->delete;
	return;
}

sub bytes_per_object
{
	my ($self, $kb, $objects) = @_;

	return $objects > 100 ? 1024 * ($kb - $self->{base_kb}) / ($objects - 40) : undef;
}

# ---- what bench.pl asks of every contender

# Sessions stay open as long as nothing fails in them.
sub begin
{
	my ($self) = @_;

	$self->{user} = BenchProgram->psql($self->{pg}, 'regress_operator') if !$self->{user} || $self->{user}{ended};
	$self->{watcher} = BenchProgram->psql($self->{pg}) if !$self->{watcher} || $self->{watcher}{ended};
	return;
}

sub end { return }

# The process lives as long as it can: what it needs in the tenth round is of interest.
sub phases { my ($self, $is_last_round) = @_; return ('create', 'again', $is_last_round ? 'restart' : (), 'change', 'delete') }
sub changes { return 10 }

sub cost
{
	my ($self) = @_;
	my $of = { cpu => BenchCost::exact_cpu($self->worker_pid), session => $self->{user}->cpu };

	# all but those of the one who asks: the worker's, as good as
	$of->{transactions} = $self->{watcher}->sql('SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()') - $self->{watcher}{calls};
	$of->{watcher} = $self->{watcher}->cpu;
	$of->{postgres} = BenchCost::server_cpu($self->{pg}->postmaster_pid) - $of->{cpu} - $of->{session} - $of->{watcher};
	return $of;
}

sub worker_pid
{
	my ($self) = @_;

	return $self->{watcher}->sql("SELECT COALESCE(max(pid), 0) FROM pg_stat_activity WHERE backend_type = 'orchestration worker' AND datname = current_database()");
}

sub counters
{
	my ($self) = @_;
	my %of;

	@of{qw(requests applies deletes errors watch_events)} = split /\|/, $self->{watcher}->sql('SELECT requests, applies, deletes, errors, watch_events FROM orchestration_internal.worker_state() WHERE database_name = current_database()');
	return \%of;
}

# Runs code between two looks at the worker's counters.
sub counted
{
	my ($self, $code) = @_;
	my $before = $self->counters;
	my $result = $code->();
	my $after = $self->counters;

	$result->{$_} = $after->{$_} - $before->{$_} for qw(requests watch_events errors);
	$result->{writes} = $after->{applies} + $after->{deletes} - $before->{applies} - $before->{deletes};
	return $result;
}

# Polls in the session of the watcher, whose cost is known.
sub until_watched
{
	my ($self, $sql, $every, $timeout) = @_;
	my $end = time + $timeout;

	while ($self->{watcher}->sql("SELECT ($sql)") ne 't')
	{
		die "not within $timeout s: $sql\n" . $self->{pg}->log_tail(20) if time > $end;
		sleep $every;
	}
	return time;
}

sub timeout { my ($self) = @_; return 120 + @{ $self->{objects} } / 4 }

sub create
{
	my ($self) = @_;
	my $objects = @{ $self->{objects} };

	return $self->counted(sub {
		my $began = time;
		$self->{user}->sql('BEGIN; ' . statements($self->{applications}));
		my $commit = time;
		$self->{user}->sql('COMMIT');
		$self->until_watched("SELECT count(*) = $objects FROM orchestration.managed_objects WHERE namespace_id = $self->{id} AND owner_type <> 'namespace' AND applied_hash = desired_hash", 0.25, $self->timeout);
		# not when somebody who looks every now and then, and takes time from those who work, has seen it
		my $applied = $self->{watcher}->sql("SELECT extract(epoch FROM max(applied_at)) FROM orchestration.managed_objects WHERE namespace_id = $self->{id}");
		my $observed = $self->until_watched("SELECT bool_and(generation = observed_generation) FROM orchestration.containers WHERE namespace_id = $self->{id}", 0.05, 60);

		return { seconds => $applied - $commit, with_rows => $applied - $began, observed => $observed - $commit };
	});
}

# Everything is looked at anew: the inventory read from the rows, all lists asked for, all rows compared.  Somebody else's write to the
# inventory is what makes the worker doubt it.
sub again
{
	my ($self) = @_;

	return $self->counted(sub {
		my $began = time;
		$self->{watcher}->sql("UPDATE orchestration.managed_objects SET updated_at = updated_at WHERE namespace_id = $self->{id} AND owner_type = 'namespace'");
		my $idle = $self->until_idle;
		return { seconds => $idle - $began, resync => $self->resync };
	});
}

# What the walk over all rows and the whole inventory costs that the worker makes every ten minutes: CPU of a session that makes the same.
sub resync
{
	my ($self) = @_;
	my $walk = q{DO $$
		DECLARE at record;
		BEGIN
			SELECT 1 AS next_type, 0::bigint AS next_namespace, 0::bigint AS next_id INTO at;
			WHILE at.next_type <> 0 LOOP
				SELECT r.* INTO at FROM orchestration.clusters c, orchestration_internal.worker_resync(c.id, at.next_type, at.next_namespace, at.next_id, 1000) r WHERE c.name = 'main';
			END LOOP;
		END $$};

	$self->{watcher}->sql("SET jit = off; SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_hashagg = off; SET plan_cache_mode = force_generic_plan; $walk");
	my $before = $self->{watcher}->cpu;
	$self->{watcher}->sql($walk);
	my $cpu = $self->{watcher}->cpu - $before;
	$self->{watcher}->sql('RESET jit; RESET enable_seqscan; RESET enable_hashjoin; RESET enable_mergejoin; RESET enable_hashagg; RESET plan_cache_mode');
	return $cpu;
}

# The worker ends and another one begins, as after a restart of the server; from when it may start.
sub restart
{
	my ($self) = @_;
	my $pg = $self->{pg};

	$self->enable_worker('off');
	$self->until_watched("SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE backend_type = 'orchestration worker' AND datname = current_database())", 0.02, 60);
	my ($log, $began) = ($pg->log_size, time);
	$self->enable_worker('on');
	until ($pg->log_text($log) =~ /"main": the lease is held/)
	{
		die "the lease is not won\n" . $pg->log_tail(20) if time > $began + 60;
		sleep 0.02;
	}
	my $held = time;
	my $known = $self->until_idle;
	my ($pid, $count) = ($self->worker_pid, $self->counters);
	return { seconds => $known - $began, lease_held => $held - $began, requests => $count->{requests}, writes => $count->{applies} + $count->{deletes},
		used => BenchCost::exact_cpu($pid), memory_kb => BenchCost::memory($pid) };
}

sub enable_worker { my ($self, $on) = @_; $self->{pg}->configure('orchestration.worker_enabled' => $on); $self->{pg}->reload; return }

# Waits until the worker has done nothing but renew its lease for a second; returns when that second began.
sub until_idle
{
	my ($self) = @_;
	my $pid = $self->worker_pid;
	my ($since, $used, $end) = (time, BenchCost::exact_cpu($pid), time + $self->timeout);

	while (time - $since < 1 && time < $end)
	{
		sleep 0.05;
		my $now = BenchCost::exact_cpu($pid);

		($since, $used) = (time, $now) if $now - $used > 0.008;
	}
	return $since;
}

sub change
{
	my ($self, $number) = @_;

	return $self->counted(sub {
		$self->{user}->sql(change_statement($number));
		my $commit = time;
		return { seconds => $self->until_watched("SELECT generation = observed_generation FROM orchestration.containers WHERE namespace_id = $self->{id} AND name = 'app-1' AND status <> 'deleted'", 0.004, 60) - $commit };
	});
}

sub delete
{
	my ($self) = @_;

	return $self->counted(sub {
		$self->{user}->sql("BEGIN; SELECT count(orchestration.delete_container(id)) FROM orchestration.containers WHERE namespace_id = $self->{id} AND status <> 'deleted';
			DELETE FROM orchestration.config_maps WHERE namespace_id = $self->{id}; DELETE FROM orchestration.secrets WHERE namespace_id = $self->{id}");
		my $commit = time;
		$self->{user}->sql('COMMIT');
		my $gone = $self->until_watched("SELECT count(*) = 1 FROM orchestration.managed_objects WHERE namespace_id = $self->{id}", 0.05, $self->timeout);
		# only then are the names free
		$self->until_watched("SELECT NOT EXISTS (SELECT FROM orchestration.containers WHERE namespace_id = $self->{id} AND status <> 'deleted')", 0.05, 60);
		return { seconds => $gone - $commit };
	});
}

sub memory { my ($self) = @_; return { mb => BenchCost::memory($self->worker_pid) / 1024 } }

1;
