# container_logs() against a server that answers badly, late or never, and readers that leave.
use strict;
use warnings;
use IPC::Run ();
use MIME::Base64 qw(encode_base64);
use OrchStub;
use OrchTest;
use Test::More;
use Time::HiRes ();

my $places = 16;
my $stub = OrchStub->start;
my $world = $stub->world('logs');
my $pg = server_with_worlds('logs', $world);

fill($pg, 1, $world);
my $web = container_id($pg, 'logs', 'web');
$world->make_pod('logs', "web-$_", $web) for 1, 2;
ok($pg->until_true("SELECT count(*) = 2 FROM orchestration.container_instances WHERE container_id = $web"), 'two pods') or diagnose($pg, $web);

# What a pod's log is from now on.
sub says
{
	my ($pod, $text, %more) = @_;

	return $world->order(path => "pods/$pod/log", times => 1_000_000, action => 'status', status => 200, body => $text, headers => { 'Content-Type' => 'text/plain' }, %more);
}

sub raw
{
	my ($pod, $bytes) = @_;

	return $world->order(path => "pods/$pod/log", times => 1_000_000, action => 'raw',
		raw => encode_base64("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\nContent-Length: " . length($bytes) . "\r\n\r\n$bytes", ''));
}

sub lines { my ($arguments) = @_; return $pg->as_operator("SELECT line FROM orchestration.container_logs($arguments)") }
sub read_all { return $pg->try("SELECT * FROM orchestration.container_logs($web)", as => 'regress_operator') }
sub requests { return $world->count('GET', '/log$') }

# ---- lines
says('web-1', "2026-01-01T00:00:01Z a1\n2026-01-01T00:00:03.5Z a3 \\u0000 \\ud800\nwithout a time\n");
says('web-2', "2026-01-01T01:00:02+01:00 b2\n2026-01-01T00:00:00Z b0\n2026-01-01T00:00:04Z \n");
is($pg->as_operator("SELECT pod_name, to_char(logged_at AT TIME ZONE 'UTC', 'SS.MS'), line FROM orchestration.container_logs($web)"), <<'LINES' =~ s/\n$//r, 'two logs by time, each in its own order');
web-1|01.000|a1
web-2|02.000|b2
web-2|02.000|b0
web-1|03.500|a3 \u0000 \ud800
web-1||without a time
web-2|04.000|
LINES
my ($query) = map { $_->{query} } $world->log('GET', 'web-2/log$');
is($query, 'container=web&timestamps=true&limitBytes=4194304&tailLines=100', 'what is asked for');
lines("$web, tail => NULL, since => '89.5 seconds', previous => true, pod => 'web-2'");
($query) = reverse map { $_->{query} } $world->log('GET', 'web-2/log$');
is($query, 'container=web&timestamps=true&limitBytes=4194304&sinceSeconds=90&previous=true', 'and for more');
$world->forgive;

raw('web-1', "2026-01-01T00:00:01Z \xff\xfe \0 \xc3");
is(lines("$web, pod => 'web-1'"), "\xef\xbf\xbd\xef\xbf\xbd \xef\xbf\xbd \xef\xbf\xbd", 'bytes that are no text are mended');
$world->forgive;
says('web-1', '');
is(lines("$web, pod => 'web-1'"), '', 'an empty log');
$world->forgive;

# ---- much
my $line = '2026-01-01T00:00:01Z ' . 'x' x 979;
says('web-1', "$line\n" x 3000);
is($pg->as_operator("SELECT count(*), sum(length(line)) FROM orchestration.container_logs($web, pod => 'web-1')"), '3000|2937000', 'a log much larger than the queue');
$world->forgive;
says('web-1', substr("$line\n" x 5000, 0, 4194304));
my ($status, $out, $err) = $pg->try("SELECT count(*) FROM orchestration.container_logs($web, pod => 'web-1')", as => 'regress_operator');
is("$status $out", '0 4191', 'a log of the largest size');
like($err, qr/WARNING.*cut after 4194304 bytes/, 'which is said to be cut');
$world->forgive;
says('web-1', 'x' x 5_000_000);
like($pg->operator_error("SELECT * FROM orchestration.container_logs($web, pod => 'web-1')"), qr/OR021.*larger than/s, 'a server that does not keep to the limit');
$world->forgive;

# ---- what goes wrong with a pod, and with the cluster
for my $case ([ 400, qr/NOTICE.*"web-1" has no such log/ ], [ 404, qr/NOTICE.*"web-1" is gone/ ], [ 500, qr/WARNING:  OR021.*"web-1" could not be read/ ], [ 429, qr/WARNING:  OR021/ ])
{
	my ($code, $told) = @$case;

	$world->refuse($code, path => 'web-1/log', message => 'ordered', headers => { 'Retry-After' => 1 });
	says('web-2', "2026-01-01T00:00:02Z b\n");
	($status, $out, $err) = read_all();
	is("$status$out", '0web-2|2026-01-01 00:00:02+00|b', "$code of one pod leaves the other");
	like($err, qr/$told.*ordered/s, 'and is told');
	$world->forgive;
}
for my $code (401, 403)
{
	$world->refuse($code, path => 'web-1/log', message => 'ordered');
	like($pg->operator_error("SELECT * FROM orchestration.container_logs($web)"), qr/OR021.*refuses.*ordered.*HINT.*rbac/s, "$code is an error");
	$world->forgive;
}
$world->order(path => 'web-1/log', times => 1_000_000, action => 'close');
like($pg->operator_error("SELECT * FROM orchestration.container_logs($web)"), qr/OR021.*does not answer/s, 'a connection that breaks');
$world->forgive;

# ---- readers that leave, and more of them than there are places
$pg->configure('orchestration.request_timeout' => "'120s'");
$pg->reload;
my @readers;

sub reader
{
	my ($name, $before) = @_;
	my %reader = (out => '', err => '');

	$reader{run} = IPC::Run::start([ $pg->psql_command('app', '-c', "SET application_name = '$name'", '-c', $before // 'SELECT', '-c', "SELECT line FROM orchestration.container_logs($web, pod => 'web-1')") ],
		'<', \'', '>', \$reader{out}, '2>', \$reader{err});
	push @readers, \%reader;
	return \%reader;
}

sub result { my ($reader) = @_; $reader->{run}->finish; return $reader->{out} =~ s/^\n|\n$//gr . $reader->{err} }
sub waiting { my ($name) = @_; return "SELECT count(*) FROM pg_stat_activity WHERE application_name = '$name' AND state = 'active' AND wait_event_type = 'Extension'" }

$world->order(path => 'web-1/log', times => 1_000_000, action => 'hang');
like(result(reader('late', "SET statement_timeout = '500ms'")), qr/57014/, 'a statement_timeout ends the wait');
reader('crowd') for 1 .. $places;
ok($pg->until_true("(" . waiting('crowd') . ") = $places"), 'as many readers as there are places');
is($pg->sql("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'crowd' AND backend_xmin IS NOT NULL"), 0, 'hold no snapshot while they wait');
my $next = reader('next');
ok($pg->until_true("(" . waiting('next') . ") = 1"), 'another one waits for a place');
like(result(reader('unlucky', "SET statement_timeout = '500ms'")), qr/57014/, 'and can be cancelled, too');
$pg->as_operator("SELECT orchestration.create_config_map('logs', 'meanwhile', '{}')");
ok($pg->until_true("SELECT applied_hash = desired_hash FROM orchestration.managed_objects WHERE name = 'meanwhile'"), 'rows reach the cluster all the same');
$world->forgive;
says('web-1', "2026-01-01T00:00:01Z there\n");
$pg->sql("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE application_name = 'crowd'");
is(result($next), 'there', 'who waited for a place reads when the others are gone');
is(scalar(grep { $_->{out} . $_->{err} =~ /57014|there/ } map { result($_); $_ } grep { $_ != $next } @readers[ 1 .. $places ]), $places, 'who were cancelled, or answered just before');
is(lines("$web, pod => 'web-1'"), 'there', 'and leave nothing behind');
$world->forgive;

# ---- a worker that goes
$world->order(path => 'web-1/log', times => 1_000_000, action => 'hang');
my $left = reader('left');
ok($pg->until_true("(" . waiting('left') . ") = 1"), 'a reader');
my $before = requests();
ok(OrchKube->until(sub { requests() >= $before }), 'whose request is under way');
$pg->sql("SELECT pg_terminate_backend(" . $pg->worker_pid . ')');
like(result($left), qr/OR032.*the worker of this database ended.*HINT/s, 'is told that the worker is gone');
$world->forgive;
says('web-1', "2026-01-01T00:00:01Z again\n");
ok($pg->until_true("SELECT line = 'again' FROM orchestration.container_logs($web, pod => 'web-1')"), 'and reads again with the next worker');

# ---- reading is no work for the reconciliation
$pg->configure('orchestration.poll_interval' => "'1h'", track_functions => 'all');
$pg->reload;
ok(settled($pg), 'nothing to do');
my $planned = "SELECT COALESCE(sum(calls), 0) FROM pg_stat_user_functions WHERE funcname = 'worker_plan'";
$pg->sql(q{UPDATE orchestration.config_maps SET data = data || '{"z": "1"}'});
ok($pg->until_true("($planned) > 0"), 'a write is planned');
my $plans = $pg->sql($planned);
lines("$web, pod => 'web-1'") for 1 .. 20;
cmp_ok($pg->sql($planned) - $plans, '<', 10, 'twenty reads are not');

# ---- without the lease, and without the cluster
my ($lease) = grep { m{/leases/} } keys %{ $world->objects };
$world->edit($lease, { spec => { holderIdentity => 'somebody-else', leaseDurationSeconds => 15 } });
ok($pg->until_true("SELECT status = 'standby' FROM orchestration.clusters"), 'another database holds the lease') or diagnose($pg);
is(lines("$web, pod => 'web-1'"), 'again', 'logs can be read nevertheless');
$world->forgive;
$world->order(path => 'web-1/log', times => 1_000_000, action => 'hang');
$left = reader('disabled');
ok($pg->until_true("(" . waiting('disabled') . ") = 1"), 'a reader');
$pg->sql('UPDATE orchestration.clusters SET enabled = false');
like(result($left), qr/OR021.*not connected/s, 'whose cluster is disabled');
like($pg->operator_error("SELECT * FROM orchestration.container_logs($web)"), qr/OR021.*not connected.*HINT/s, 'there is nothing to read then');

# ---- who read what, and what became of the cluster, is on record
my $seen = "SELECT count(*) FROM orchestration.operation_logs WHERE operation = 'read' AND resource_type = 'container_log' AND resource_id = $web AND resource_name = 'web' AND status = 'succeeded'";
my $reads = $pg->sql($seen);
$pg->sql('UPDATE orchestration.clusters SET enabled = true');
$world->forgive;
$world->edit($lease, { spec => { holderIdentity => '', leaseDurationSeconds => 1 } });
says('web-1', "2026-01-01T00:00:01Z once more\n");
ok($pg->until_true("SELECT status = 'connected' FROM orchestration.clusters"), 'the lease is free again') or diagnose($pg);
$pg->try("BEGIN; SELECT line FROM orchestration.container_logs($web, pod => 'web-1'); ROLLBACK");
is($pg->sql($seen) - $reads, 1, 'a log that was read, although its transaction was rolled back');
$world->refuse(503);
$world->hang_up;
ok($pg->until_true("SELECT count(DISTINCT operation) = 4 FROM orchestration.operation_logs WHERE source = 'worker' AND resource_type = 'cluster' AND operation IN ('win_lease', 'lose_lease', 'connect', 'disconnect')"), 'the lease won and lost, the cluster lost and back')
  or diag($pg->sql("SELECT operation, changes FROM orchestration.operation_logs WHERE source = 'worker' AND resource_type = 'cluster'"));

done_testing();
