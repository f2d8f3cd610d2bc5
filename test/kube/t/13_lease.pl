# One writer: the same rows in several servers, by every way in which they get there.
use strict;
use warnings;
use OrchTest;
use Test::More;
use Time::HiRes qw(time sleep);

# longer than a lease lives
my $gone = 22;

my $kube = kube_or_skip();
my %settings = ('orchestration.database_scan_interval' => "'1s'", fsync => 'on', synchronous_commit => 'on');
my $pg = server_with_cluster('lease', $kube, settings => \%settings);
my $ns = new_namespace($pg, 'lease');
my $installation = $pg->sql('SELECT id FROM orchestration.installation');

$pg->as_operator("SELECT orchestration.create_config_map('$ns', 'settings', '{\"a\": \"first\"}')");
within($kube, 'a config map is there', sub { value() eq 'first' }) or diagnose($pg);

sub value { return $kube->field($ns, 'configmap/settings', '{.data.a}') }
sub holder { return $kube->field('default', "lease/orchestration-$installation", '{.spec.holderIdentity}') }
sub status { my ($server) = @_; return $server->sql("SELECT status FROM orchestration.clusters WHERE name = 'main'") }
sub reason { my ($server) = @_; return $server->sql("SELECT status_message FROM orchestration.clusters WHERE name = 'main'") }
sub becomes
{
	my ($server, $status, $title, $timeout) = @_;
	my $began = time;
	my $ok = ok($server->until_true("SELECT status = '$status' FROM orchestration.clusters WHERE name = 'main'", timeout => $timeout || 60), $title);

	note(sprintf '%.1f s', time - $began);
	diagnose($server) if !$ok;
	return $ok;
}

my @copies;
my $number = 0;
sub set { my ($server, $value) = @_; $server->sql("UPDATE orchestration.config_maps SET data = '{\"a\": \"$value\"}' WHERE name = 'settings'"); return $value }
sub serves
{
	my ($server, $title) = @_;
	my $value = set($server, 'v' . ++$number);

	return within($kube, $title, sub { value() eq $value }) || diagnose($server);
}

# Everything in the namespace that we made, with what makes one out from another.
sub everything
{
	return join "\n", sort map { my $o = $_; join ' ', $o->{kind}, $o->{metadata}{name}, $o->{metadata}{uid}, $o->{metadata}{resourceVersion} }
	  map { $kube->list($ns, $_) } qw(configmap secret service deployment persistentvolumeclaim);
}

# One test: while the holder is gone nothing is written or deleted by the other, until it is asked.
sub stands_by_until_asked
{
	my ($server, $says, $title) = @_;

	subtest $title => sub {
		becomes($server, 'standby', 'it stands by');
		my $before = everything();
		set($server, 'unasked');
		sleep $gone;
		is(everything(), $before, "nothing was written or deleted in $gone seconds");
		is(status($server), 'standby', 'it stands by');
		like(reason($server), $says, 'and says why');
		$server->sql("SELECT orchestration.take_over('main')");
		becomes($server, 'connected', 'taken over, it serves the cluster');
		serves($server, 'its rows are in force');
	};
}

# A server of the files of another one, elsewhere; both must be stopped, or the copy is of a crash.
sub copy_of
{
	my ($from, $name) = @_;
	my $copy = bless { %$from, name => $name, dir => "$from->{dir}-$name", port => OrchServer::free_port() }, 'OrchServer';

	OrchServer::must_run([ 'mkdir', $copy->{dir} ]);
	$copy->{data} = "$copy->{dir}/data";
	$copy->{log} = "$copy->{dir}/server.log";
	OrchServer::must_run([ 'cp', '-a', $from->{data}, $copy->{data} ]);
	OrchServer::must_run([ 'rm', '-f', "$copy->{data}/postmaster.pid" ]);
	OrchServer::must_run([ 'chown', $ENV{ORCH_PGUSER_OS} || 'postgres', $copy->{dir} ]) if $> == 0;
	$copy->configure(port => $copy->{port}, unix_socket_directories => "'$copy->{dir}'");
	push @copies, $copy;
	return $copy;
}
END { my $status = $?; for (@copies) { $_->stop('immediate') if $_->postmaster_pid; File::Path::remove_tree($_->{dir}) } $? = $status }

# ---- restarts of one server
{
	my $was = holder();
	$pg->stop('fast');
	is(holder(), '', 'a good shutdown releases the lease');
	$pg->start;
	becomes($pg, 'connected', 'the next start holds it at once', 10);
	isnt(holder(), $was, 'as another start');
	$was = holder();
	$pg->kill9;
	is(holder(), $was, 'killed, it still has it');
	$pg->start;
	becomes($pg, 'connected', 'and goes on by itself');
	serves($pg, 'its rows are in force');
	$kube->kubectl('delete', 'lease', '-n', 'default', "orchestration-$installation");
	within($kube, 'a lease that was deleted is made anew', sub { holder() ne '' });
	is(status($pg), 'connected', 'and nothing else happened');
}

# ---- the files of a server that was stopped, copied; both are started
$pg->stop('fast');
my $copy = copy_of($pg, 'copy');
$pg->start;
becomes($pg, 'connected', 'the original holds the lease');
$copy->start;
becomes($copy, 'standby', 'the copy of its files stands by');
like(reason($copy), qr/lease is held by \S+, another data directory/, 'and says whose it is');
set($copy, 'of the copy');
sleep 5;
serves($pg, 'the original goes on');
$pg->stop('immediate');
stands_by_until_asked($copy, qr/another data directory/, 'while the original is down after a crash');
$copy->stop('fast');
$pg->start;
stands_by_until_asked($pg, qr/was released by \S+, another data directory/, 'the original comes back when the copy was in force and is gone');

# ---- copied while it was stopped, and started first
$pg->stop('fast');
my $early = copy_of($pg, 'early');
$early->start;
becomes($early, 'standby', 'a copy that is started before its original stands by');
$pg->start;
becomes($pg, 'connected', 'the original holds what it released', 10);
$early->stop('fast');

# ---- a dump, restored elsewhere, while the original is down
my $dump = "$pg->{dir}/app.dump";
OrchServer::must_run([ 'pg_dump', '-h', $pg->{dir}, '-p', $pg->{port}, '-U', 'postgres', '-Fc', '-f', $dump, 'app' ]);
$pg->as_operator("SELECT orchestration.create_secret('$ns', 'newer', '{\"a\": \"b\"}')");
within($kube, 'something is newer than the dump', sub { $kube->get($ns, 'secret/newer') });
my $restored = OrchServer->new('restored', settings => { %settings, 'log_min_messages' => 'info' });
OrchServer::must_run([ 'cp', '-p', "$pg->{data}/orchestration.key", "$restored->{data}/orchestration.key" ]);
$restored->start;
$restored->sql(join ';', map { "CREATE ROLE $_ LOGIN" } split /\n/, $pg->sql("SELECT rolname FROM pg_roles WHERE rolname LIKE 'regress%'")) if $pg->{has_people};
$restored->sql('CREATE DATABASE app');
OrchServer::must_run([ 'pg_restore', '--exit-on-error', '-h', $restored->{dir}, '-p', $restored->{port}, '-U', 'postgres', '-d', 'app', $dump ]);
$restored->{db} = 'app';
$pg->stop('immediate');
$restored->sql('SELECT orchestration.bootstrap()');
$restored->configure('orchestration.worker_enabled' => 'on');
$restored->reload;
ok($restored->until_worker('app', timeout => 90), 'the restored database has a worker') or diag($restored->log_tail(20));
stands_by_until_asked($restored, qr/another database/, 'a restored dump while the original is down');
$restored->stop('fast');
$pg->start;
stands_by_until_asked($pg, qr/another database/, 'the original after that');

# ---- a standby that is promoted goes on by itself; the old primary does not
my $standby = OrchServer->new('standby', settings => { %settings, 'orchestration.worker_enabled' => 'on' }, from => $pg);
$standby->start;
$standby->{db} = 'app';
my $value = set($pg, 'before');
ok($standby->until_true("SELECT data ->> 'a' = 'before' FROM orchestration.config_maps WHERE name = 'settings'"), 'a standby follows');
$pg->stop('immediate');
$standby->promote;
becomes($standby, 'connected', 'promoted, it goes on by itself when the lease has run out', 60);
serves($standby, 'its rows are in force');
$pg->start;
becomes($pg, 'standby', 'the old primary stands by');
like(reason($pg), qr/promoted after this one/, 'and says why');
$standby->stop('fast');
sleep $gone;
is(status($pg), 'standby', 'also when the new one is gone');
$standby->start;
becomes($standby, 'connected', 'which comes back at once', 10);
unlike($_->log_text, qr/PANIC|TRAP|signal (6|11)/, "$_->{name}: nothing crashed") for $pg, $standby, $restored, $copy, $early;

done_testing();
