# What containers print on a real node is read through SQL.
use strict;
use warnings;
use IPC::Run ();
use OrchTest;
use Test::More;

my $kube = kube_or_skip(real => 1);
my $pg = server_with_cluster('logs', $kube);
my $image = $kube->image;
my $ns = new_namespace($pg, 'logs');
pull_from_registry($pg, $kube, $ns);

sub container
{
	my ($name, $script, $rest) = @_;

	return $pg->as_operator("SELECT orchestration.create_container('$ns', '$name', '$image', termination_grace_period => 0, command => "
		  . quote('{sh,-c,"' . $script =~ s/(["\\])/\\$1/gr . '"}') . ($rest ? ", $rest" : '') . ')');
}

# lines without times, in their order
sub lines
{
	my ($arguments) = @_;

	return $pg->as_operator("SELECT line FROM orchestration.container_logs($arguments)");
}

my $two = container('two', 'echo hello from $HOSTNAME; echo; echo "  a line with é, \ and	a tab"; printf "\\377\\000.\\n"; sleep inf', 'replicas => 2');
$pg->as_operator("SELECT orchestration.create_volume('$ns', 'data', type => 'EmptyDir')");
my $crash = container('crash', 'n=$(cat /data/n 2>/dev/null); n=$((n + 1)); echo $n >/data/n; echo "run $n"; [ $n -gt 1 ] || { sleep 1; exit 3; }; sleep inf',
	q(volumes => '[{"volume": "data", "mountPath": "/data"}]'));
my $large = container('large', 'i=0; while [ $i -lt 60000 ]; do echo "$i xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"; i=$((i + 1)); done; echo done; sleep inf');
my $long = container('long', 'head -c 100000 /dev/zero | tr "\\0" y; echo; sleep inf');
my $job = container('job', 'echo done; exit 0', "restart_policy => 'Never'");
my $stuck = $pg->as_operator("SELECT orchestration.create_container('$ns', 'stuck', '$kube->{env}{REGISTRY}/no-such-image:1')");

# ---- two pods
runs($pg, $two, 'a container of two pods runs');
ok($pg->until_true("SELECT count(*) = 8 FROM orchestration.container_logs($two)"), 'all lines of both pods') or diag(lines($two));
is($pg->as_operator("SELECT count(DISTINCT pod_name) FROM orchestration.container_logs($two) WHERE pod_name LIKE 'two-%'"), 2, 'with the names of their pods');
is($pg->as_operator("SELECT bool_and(line = 'hello from ' || pod_name) FROM orchestration.container_logs($two) WHERE line LIKE 'hello%'"), 't', 'each its own');
is($pg->as_operator("SELECT bool_and(logged_at BETWEEN now() - interval '10 minutes' AND clock_timestamp() + interval '1 minute') FROM orchestration.container_logs($two)"), 't', 'and the time of each');
is($pg->as_operator("SELECT array_agg(logged_at) = array_agg(logged_at ORDER BY logged_at) FROM (SELECT logged_at FROM orchestration.container_logs($two)) l"), 't', 'in the order of time');
my ($pod) = split /\n/, $pg->sql("SELECT pod_name FROM orchestration.container_instances WHERE container_id = $two ORDER BY id");
is(lines("$two, pod => '$pod'"), "hello from $pod\n\n  a line with \x{c3}\x{a9}, \\ and\ta tab\n\x{ef}\x{bf}\x{bd}\x{ef}\x{bf}\x{bd}.", 'one pod: empty lines, blanks, backslashes; what is no text is mended');
is(lines("$two, tail => 1, pod => '$pod'"), "\x{ef}\x{bf}\x{bd}\x{ef}\x{bf}\x{bd}.", 'the last line');
is(lines("$two, tail => 0"), '', 'no line');
is($pg->as_operator("SELECT count(*) FROM orchestration.container_logs($two, since => '1 hour')"), 8, 'the last hour');
like($pg->operator_error("SELECT * FROM orchestration.container_logs($two, pod => 'two-x')"), qr/OR004.*has no pod "two-x".*HINT/s, 'a pod of another');

# ---- restarts
ok($pg->until_true("SELECT max(restart_count) > 0 FROM orchestration.container_instances WHERE container_id = $crash", timeout => 120), 'a container that failed is started again') or diagnose($pg, $crash);
runs($pg, $crash, 'and runs', timeout => 120);
is(lines($crash), 'run 2', 'what it prints now');
is(lines("$crash, previous => true"), 'run 1', 'what it printed before it was started again');
is(lines("$two, previous => true"), '', 'nothing where there was no restart');
my ($status, $out, $err) = $pg->try("SELECT * FROM orchestration.container_logs($two, previous => true)", as => 'regress_operator');
like($err, qr/NOTICE.*has no such log.*previous terminated container/s, 'which is said');

# ---- nothing to read, and an end
ok($pg->until_true("SELECT status_reason IN ('ErrImagePull', 'ImagePullBackOff') FROM orchestration.containers WHERE id = $stuck"), 'an image that is not there');
($status, $out, $err) = $pg->try("SELECT * FROM orchestration.container_logs($stuck)", as => 'regress_operator');
is("$status$out", '0', 'has no log');
like($err, qr/NOTICE.*has no such log.*waiting to start/s, 'which is said');
status_ok($pg, $job, 'stopped', 'a job is done');
is(lines($job), 'done', 'and can still be read');

# ---- much
runs($pg, $long, 'a container with a long line runs');
is($pg->as_operator("SELECT string_agg(length(line)::text, ' ') FROM orchestration.container_logs($long)"), '100000', 'a long line stays one');
runs($pg, $large, 'a container with a large log runs');
ok($pg->until_true("SELECT line = 'done' FROM orchestration.container_logs($large, tail => 1)", timeout => 120), 'of which the end is at hand');
($status, $out, $err) = $pg->try("SELECT count(*), min(split_part(line, ' ', 1)::int), max(octet_length(line)) FROM orchestration.container_logs($large, NULL)", as => 'regress_operator');
my ($count, $first) = split /\|/, $out;
cmp_ok($count, '>', 20000, 'the whole is read') or diag("$out$err");
cmp_ok($count, '<', 60000, 'up to a limit');
is($first, 0, 'from the beginning');
like($err, qr/WARNING.*was cut after 4194304 bytes.*HINT/s, 'which is said');

# ---- who may
$pg->sql(<<SQL);
CREATE ROLE reader LOGIN IN ROLE orchestration_user;
CREATE ROLE looker LOGIN IN ROLE orchestration_user;
INSERT INTO orchestration.roles (name, permissions) VALUES ('looker', '{"containers": ["read"]}');
INSERT INTO orchestration.users (username, db_role) VALUES ('reader', 'reader'), ('looker', 'looker');
INSERT INTO orchestration.user_roles (user_id, role_id, namespace_id)
SELECT u.id, r.id, n.id FROM (VALUES ('reader', 'viewer'), ('looker', 'looker')) v (u, r) JOIN orchestration.users u ON u.username = v.u
JOIN orchestration.roles r ON r.name = v.r JOIN orchestration.namespaces n ON n.name = '$ns';
SQL
is($pg->sql("SELECT count(*) FROM orchestration.container_logs($two)", as => 'reader'), 8, 'a viewer reads');
like($pg->error("SELECT * FROM orchestration.container_logs($two)", as => 'looker'), qr/42501.*HINT.*logs/s, 'who may only see containers does not');

# ---- pods come and go
$pg->as_operator("SELECT orchestration.stop_container($two)");
status_ok($pg, $two, 'stopped', 'stopped');
ok($pg->until_true("NOT EXISTS (SELECT FROM orchestration.container_instances WHERE container_id = $two AND ended_at IS NULL)"), 'its pods are gone');
($status, $out, $err) = $pg->try("SELECT * FROM orchestration.container_logs($two)", as => 'regress_operator');
like($err, qr/NOTICE.*has no pods/, 'there is nothing to read, which is said');

done_testing();
