# What is given away in examples/monitoring works with the real programs: promtool, Prometheus, two exporters; and Grafana's queries run.
use strict;
use warnings;
use HTTP::Tiny;
use IPC::Run ();
use JSON::PP ();
use OrchServer;
use Test::More;
use Time::HiRes ();

my $examples = "$ENV{ORCH_ROOT}/examples/monitoring";
my $pg = OrchServer->new('watched');
my $dir = $pg->{dir};
my @processes;

sub slurp { my ($path) = @_; open(my $f, '<', $path) or die "$path: $!"; local $/; return scalar <$f>; }
sub spew { my ($name, $text) = @_; open(my $f, '>', "$dir/$name") or die "$name: $!"; print $f $text; close $f; return "$dir/$name"; }

sub background
{
	my ($name, @command) = @_;
	my $run = IPC::Run::start(\@command, '<', '/dev/null', '>', "$dir/$name.log", '2>&1');

	push @processes, $run;
	return $run;
}

END
{
	my $status = $?;
	for (@processes) { eval { $_->signal('KILL'); $_->finish } }
	$? = $status;
}

$pg->start->create_bootstrapped('app');
# names that break text formats which are put together carelessly
$pg->sql(<<'SQL');
CREATE ROLE exporter LOGIN IN ROLE orchestration_monitor;
CREATE ROLE grafana LOGIN IN ROLE orchestration_user;
INSERT INTO orchestration.roles (name, permissions) VALUES ('dashboards', '{"monitoring": ["read"], "containers": ["read"], "audit": ["read"]}');
INSERT INTO orchestration.users (username, db_role) VALUES ('grafana', 'grafana');
INSERT INTO orchestration.user_roles (user_id, role_id) SELECT u.id, r.id FROM orchestration.users u, orchestration.roles r WHERE u.username = 'grafana' AND r.name = 'dashboards';
SELECT orchestration.create_namespace('shop');
SELECT orchestration.create_container('shop', 'c' || g, 'x', memory_limit => '64Mi') FROM generate_series(1, 6) g;
UPDATE orchestration.containers SET status = 'running' WHERE name <> 'c6';
UPDATE orchestration.containers SET status = 'failed' WHERE name = 'c5';
INSERT INTO orchestration.container_resource_usage (namespace_id, container_id, recorded_at, cpu_millicores, memory_bytes)
SELECT namespace_id, id, now() - make_interval(mins => m), 100, 1e7 FROM orchestration.containers, generate_series(1, 20, 5) m;
INSERT INTO orchestration.users (username) VALUES ('quo"te\back');
INSERT INTO orchestration.operation_logs (namespace_id, user_id, operation, resource_type, status, duration_ms)
SELECT n.id, u.id, 'create', 'container', s.status, 5 FROM orchestration.namespaces n, orchestration.users u, unnest('{refused,failed,succeeded}'::text[]) s (status), generate_series(1, 10)
WHERE n.name = 'shop' AND u.username LIKE 'quo%';
UPDATE orchestration.alert_rules SET for_duration = '0';
SELECT orchestration_internal.evaluate_alerts(), pg_sleep(0.1);
SELECT orchestration_internal.evaluate_alerts();
SQL
my $as_exporter = sub { return $pg->sql("SET SESSION AUTHORIZATION exporter; $_[0]") };
my $text = $as_exporter->('SELECT orchestration.metrics()');
like($text, qr/^orchestration_user_refusals\{user="quo\\"te\\\\back"\} 10$/m, 'labels are escaped');
like($text, qr/^orchestration_namespace_containers\{namespace="shop",status="running"\} 4$/m, 'containers by namespace');
like($text, qr/^orchestration_open_alert\{namespace="shop",rule="containers_failed",severity="warning"\} 1$/m, 'open alerts');

# ---- Grafana: every query of the dashboard, as the role that the manual makes
my $dashboard = JSON::PP->new->utf8->decode(slurp("$examples/grafana-dashboard.json"));
my %macros = ('$__interval' => "'5m'", '$namespace' => "'shop','platform'");

sub expanded
{
	my ($sql) = @_;

	# as Grafana's data source for PostgreSQL does it
	$sql =~ s/\$__timeFilter\(([^)]+)\)/$1 BETWEEN now() - interval '6 hours' AND now()/g;
	$sql =~ s/\$__timeFrom\(\)/'@{[ $pg->sql("SELECT now() - interval '6 hours'") ]}'/g;
	$sql =~ s/\$__timeTo\(\)/'@{[ $pg->sql('SELECT now()') ]}'/g;
	$sql =~ s/\$__timeGroupAlias\(([^,]+),\s*\$__interval\)/floor(extract(epoch from $1)\/300)*300 AS "time"/g;
	$sql =~ s/\$namespace\b/'shop','platform'/g;
	return $sql;
}
my %rows;
for my $panel (map { $_, @{ $_->{panels} || [] } } @{ $dashboard->{panels} })
{
	for my $target (@{ $panel->{targets} || [] })
	{
		my $sql = expanded($target->{rawSql});

		unlike($sql, qr/\$/, "$panel->{title}: no macro that this test does not know");
		my ($status, $out, $err) = $pg->try("SET SESSION AUTHORIZATION grafana; SELECT * FROM ($sql) q");
		is($status, 0, "$panel->{title}: the query runs") or diag $err;
		$rows{ $panel->{title} } = () = $out =~ /^.+$/mg;
		next if $target->{format} ne 'time_series';
		($status) = $pg->try("SET SESSION AUTHORIZATION grafana; SELECT \"time\", metric, value::float8 FROM ($sql) q LIMIT 0");
		is($status, 0, "$panel->{title}: and has what a plot takes");
	}
}
cmp_ok($rows{$_} // 0, '>', 0, "$_: shows something")
  for 'States over time', 'Changes of status', 'Operations', 'Top consumers', 'Memory by namespace', 'Memory of all containers', 'Open alerts', 'Alerts opened', 'Connections', 'Disks', 'Failed and refused operations', 'Transactions per second';
is($pg->sql("SET SESSION AUTHORIZATION grafana; $_->{query}"), 'platform' . "\n" . 'shop', 'the choice of namespaces') for grep { $_->{type} eq 'query' } @{ $dashboard->{templating}{list} };

SKIP:
{
	my @missing = grep { my $program = $_; !grep { -x "$_/$program" } split /:/, $ENV{PATH} } qw(prometheus promtool prometheus-postgres-exporter prometheus-sql-exporter);

	skip "SKIPPED: there is no @missing", 1 if @missing && !$ENV{CI};

	my ($status, $out, $err) = OrchServer::run_command([ qw(promtool check metrics) ], $text);
	is("$status$out$err", '0', 'promtool finds nothing to say of the metrics');
	($status, $out, $err) = OrchServer::run_command([ qw(promtool check metrics) ], "x_ms 1\n");
	isnt("$status$out$err", '0', 'it would have');

	my %port = map { $_ => OrchServer::free_port() } qw(text postgres sql prometheus);
	mkdir "$dir/www";
	spew('www/metrics', $text);
	background('text', 'python3', '-m', 'http.server', '--bind', '127.0.0.1', '-d', "$dir/www", $port{text});
	local $ENV{DATA_SOURCE_NAME} = "postgresql://exporter\@127.0.0.1:$pg->{port}/app?sslmode=disable";
	background('postgres', 'prometheus-postgres-exporter', "--web.listen-address=127.0.0.1:$port{postgres}", "--extend.query-path=$examples/postgres-exporter-queries.yaml",
		qw(--disable-default-metrics --disable-settings-metrics), map { "--no-collector.$_" } `prometheus-postgres-exporter --help 2>&1` =~ /--collector\.(\w+)/g);
	my $config = slurp("$examples/sql-exporter.yml");
	$config =~ s{postgres://exporter\@db\.example/app\?sslmode=verify-full}{postgres://exporter\@127.0.0.1:$pg->{port}/app?sslmode=disable} or die;
	$config =~ s/interval: '30s'/interval: '1s'/ or die;
	background('sql', 'prometheus-sql-exporter', '-web.listen-address', "127.0.0.1:$port{sql}", '-config.file', spew('sql.yml', $config));

	$config = slurp("$examples/prometheus.yml");
	$config =~ s/30s/1s/g;
	my ($job) = $config =~ /^(  - job_name.*)/ms;
	$config =~ s/^  - job_name.*//ms;
	for my $name (qw(text postgres sql))
	{
		(my $copy = $job) =~ s/job_name: orchestration/job_name: $name/;
		$copy =~ s/db\.example:9187/127.0.0.1:$port{$name}/;
		$config .= $copy;
	}
	spew('prometheus.yml', $config);
	spew('alerts.yml', slurp("$examples/alerts.yml"));
	($status, $out, $err) = OrchServer::run_command([ qw(promtool check config), "$dir/prometheus.yml" ]);
	is($status, 0, 'promtool accepts configuration and rules') or diag "$out$err";
	background('prometheus', 'prometheus', "--config.file=$dir/prometheus.yml", "--storage.tsdb.path=$dir/tsdb", "--web.listen-address=127.0.0.1:$port{prometheus}");

	my $http = HTTP::Tiny->new(timeout => 10);
	my $ask = sub {
		my ($query) = @_;
		$query =~ s/([^A-Za-z0-9])/sprintf '%%%02X', ord $1/ge;
		my $answer = $http->get("http://127.0.0.1:$port{prometheus}/api/v1/query?query=$query");
		return [] if !$answer->{success};
		return JSON::PP::decode_json($answer->{content})->{data}{result};
	};
	my $until = sub {
		my ($query) = @_;
		my $result;
		for (1 .. 120) { $result = $ask->($query); last if @$result; Time::HiRes::sleep(0.5) }
		return @$result ? $result->[0]{value}[1] : undef;
	};
	my $names = $as_exporter->('SELECT count(DISTINCT name) FROM orchestration.prometheus_metrics');
	my $series = $as_exporter->('SELECT count(*) FROM (SELECT DISTINCT name, labels FROM orchestration.prometheus_metrics) m');
	for my $name (qw(text postgres sql))
	{
		my $value = $until->("orchestration_connections_used_ratio{job=\"$name\"}");

		ok(defined $value && $value > 0 && $value < 1, "$name: Prometheus has scraped it") or diag slurp("$dir/$name.log"), slurp("$dir/prometheus.log");
		is($until->("count(count by (__name__) ({job=\"$name\", __name__=~\"orchestration_.+\"})) >= $names"), $names, "$name: all metrics by their names");
		is($until->("orchestration_namespace_containers{job=\"$name\", namespace=\"shop\", status=\"running\"}"), 4, "$name: with labels");
		cmp_ok($until->("count({job=\"$name\", __name__=~\"orchestration_.+\"})"), '>=', $series - 2, "$name: and all series");
	}
	ok(defined $until->('ALERTS{alertname="OrchestrationAlert", rule="containers_failed", alertstate="firing"}'), 'Prometheus hands an open alert on');
	ok(!@{ $ask->('ALERTS{alertname="OrchestrationNotEvaluated", alertstate="firing"}') }, 'and does not miss the evaluation');
}

$pg->stop;
done_testing();
