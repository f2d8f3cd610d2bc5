# The measuring part of reconcile.sh.
use strict;
use warnings;
use JSON::PP ();
use OrchKube;
use OrchServer;
use Time::HiRes qw(time sleep);

my $many = $ENV{BENCH_CONTAINERS} || 500;
my $repeat = $ENV{BENCH_REPEAT} || 10;
my $kube = OrchKube->shared;
my $pg = OrchServer->new('bench', settings => { 'orchestration.worker_enabled' => 'on', synchronous_commit => 'on' });
my ($rows_namespace, $kubectl_namespace) = ("bench-rows-$$", "bench-kubectl-$$");
my @table;

sub progress { printf STDERR "[%7.1f s] %s\n", time - $^T, $_[0] }

sub median
{
	my @sorted = sort { $a <=> $b } @_;

	return $sorted[ $#sorted / 2 ];
}

sub create
{
	my ($name, $count) = @_;

	$pg->sql("SELECT count(orchestration.create_container('$rows_namespace', '$name' || i, 'example.com/x:1', ports => '[{\"containerPort\": 80, \"servicePort\": 80}]',
		env => '{\"A\": \"1\"}', node_selector => '{\"type\": \"kwok\"}', tolerations => '[{\"key\": \"kwok.x-k8s.io/node\", \"operator\": \"Exists\"}]',
		termination_grace_period => 0)) FROM generate_series(1, $count) i");
}

# Seconds from the INSERT until the last object was applied and the last
# container was running, by the database's own clock.
sub rows_times
{
	my ($name) = @_;

	$pg->until_true("SELECT bool_and(status = 'running' AND generation = observed_generation) FROM orchestration.containers WHERE name ~ '^$name\[0-9]+\$' AND status <> 'deleted'", timeout => 900)
	  or die "not all of them run\n" . $pg->log_tail(20);
	return split /\|/, $pg->sql("SELECT extract(epoch FROM max(m.applied_at) - min(c.created_at)), extract(epoch FROM max(h.changed_at) - min(c.created_at))
		FROM orchestration.containers c
		JOIN orchestration.managed_objects m ON m.namespace_id = c.namespace_id AND m.owner_type = 'container' AND m.owner_id = c.id
		JOIN LATERAL (SELECT min(x.changed_at) AS changed_at FROM orchestration.container_status_history x
			WHERE x.namespace_id = c.namespace_id AND x.container_id = c.id AND x.new_status = 'running') h ON true
		WHERE c.name ~ '^$name\[0-9]+\$'");
}

# The manifests of containers as a List for kubectl, in another namespace and without our labels.
sub manifests
{
	my ($name) = @_;
	my $objects = JSON::PP::decode_json($pg->sql("SELECT jsonb_agg(m.manifest ORDER BY m.apply_order) FROM orchestration.manifests m
		JOIN orchestration.containers c ON c.namespace_id = m.namespace_id AND c.id = m.owner_id
		WHERE m.owner_type = 'container' AND c.name ~ '^$name\[0-9]+\$'"));

	for my $object (@$objects)
	{
		$object->{metadata}{namespace} = $kubectl_namespace;
		for my $labels (grep { $_ } $object->{metadata}{labels}, $object->{kind} eq 'Deployment' ? $object->{spec}{template}{metadata}{labels} : undef)
		{
			delete @$labels{qw(orchestration.dev/installation orchestration.dev/owner app.kubernetes.io/managed-by)};
		}
	}
	my $file = "$pg->{dir}/$name.json";
	open my $out, '>', $file or die $!;
	print $out JSON::PP::encode_json({ apiVersion => 'v1', kind => 'List', items => $objects });
	close $out;
	return $file;
}

sub kubectl_times
{
	my ($name, $count) = @_;
	my $file = manifests($name);
	my @before = times;
	my $began = time;
	$kube->kubectl('apply', '--server-side', '-f', $file);
	my $applied = time - $began;
	my @after = times;
	my $available = sub {
		my @ready = grep { $_ eq '1' } split /\n/, $kube->kubectl('get', 'deployments', '-n', $kubectl_namespace, '-o', 'jsonpath={range .items[*]}{.status.readyReplicas}{"\n"}{end}');
		return @ready >= $count;
	};
	until ($available->()) { sleep 0.05 }
	return ($applied, time - $began, $after[2] + $after[3] - $before[2] - $before[3]);
}

sub delete_rows
{
	$pg->sql("UPDATE orchestration.containers SET desired_state = 'deleted' WHERE status <> 'deleted'");
	$pg->until_true("SELECT bool_and(status = 'deleted') FROM orchestration.containers", timeout => 900) or die "not all are deleted\n";
}

sub delete_kubectl
{
	$kube->kubectl('delete', 'deployments,services', '-n', $kubectl_namespace, '--all');
	while ($kube->list($kubectl_namespace, 'pods')) { sleep 0.5 }
}

sub row { push @table, sprintf "%-34s %14s %14s", @_ }

$pg->start->create_bootstrapped('bench');
$pg->sql("SELECT orchestration.register_cluster('main', \$k\$" . $kube->kubeconfig('orchestration') . '$k$)');
$pg->sql("SELECT orchestration.create_namespace('$rows_namespace', 'main')");
$kube->kubectl('create', 'namespace', $kubectl_namespace);
$pg->until_true("SELECT status = 'active' FROM orchestration.namespaces WHERE name = '$rows_namespace'") or die 'no namespace';
progress('one container at a time');
my (@rows, @kubectl);
for my $i (1 .. $repeat)
{
	create("one$i-", 1);
	push @rows, [ rows_times("one$i-") ];
	push @kubectl, [ kubectl_times("one$i-", $i) ];
}
row('', 'rows', 'kubectl');
row('1: INSERT to applied, s', sprintf('%.3f', median(map { $_->[0] } @rows)), sprintf('%.3f', median(map { $_->[0] } @kubectl)));
row('1: INSERT to running, s', sprintf('%.3f', median(map { $_->[1] } @rows)), sprintf('%.3f', median(map { $_->[1] } @kubectl)));
delete_rows();
delete_kubectl();

progress("$many containers at once");
my (undef, $cpu_before) = OrchServer::process_cost($pg->worker_pid);
create('many', $many);
my @times = rows_times('many');
my ($rss, $cpu, $anonymous) = OrchServer::process_cost($pg->worker_pid);
my $objects = $pg->sql("SELECT count(*) FROM orchestration.managed_objects WHERE owner_type = 'container'");
manifests('many');
progress('deleting them, so that kubectl finds the cluster as the rows did');
my $began = time;
delete_rows();
my $deleted = time - $began;
# the rows are final and render nothing any more: the file is written already
{
	no warnings 'redefine';
	*manifests = sub { return "$pg->{dir}/$_[0].json" };
}
progress('the same with kubectl');
my @peer = kubectl_times('many', $many);
row("$many: INSERT to applied, s", sprintf('%.1f', $times[0]), sprintf('%.1f', $peer[0]));
row("$many: INSERT to running, s", sprintf('%.1f', $times[1]), sprintf('%.1f', $peer[1]));
row("$many: objects applied per s", sprintf('%.0f', $objects / $times[0]), sprintf('%.0f', $objects / $peer[0]));
row("$many: client CPU until running, s", sprintf('%.1f', $cpu - $cpu_before), sprintf('%.1f until applied', $peer[2]));
row("$many: delete until proven, s", sprintf('%.1f', $deleted), '');
row('worker RSS, MB', sprintf('%.1f', $rss / 1024), '');
row('of it not shared, MB', sprintf('%.1f', $anonymous / 1024), '');
$kube->delete_namespaces($rows_namespace, $kubectl_namespace);

my $cores = () = OrchServer::must_run(['cat', '/proc/cpuinfo']) =~ /^processor/mg;
printf "%s objects of %d containers; PostgreSQL %s; Kubernetes %s; %s cores for everything\n%s\n", $objects, $many,
  $pg->sql('SHOW server_version'), $pg->sql('SELECT server_version FROM orchestration.clusters'), $cores, join("\n", @table);
