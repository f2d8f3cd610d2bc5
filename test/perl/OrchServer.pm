# OrchServer: a throw-away PostgreSQL server with the library preloaded.
#
# It runs as the user that may run a server (root hands it to ORCH_PGUSER_OS), so
# that tests which must be root for the cluster's sake can use it too.  The
# server's programs are in PATH; its folder is below TESTDATADIR and dies with
# the test.
package OrchServer;

use strict;
use warnings;
use Carp ();
use Cwd ();
use File::Path ();
use File::Temp ();
use IO::Socket::INET ();
use IPC::Run ();
use Time::HiRes ();

my @servers;

sub as_server_user
{
	return $> == 0 ? ('runuser', '-u', $ENV{ORCH_PGUSER_OS} || 'postgres', '--', @_) : @_;
}

# Runs a command to its end; (exit status, output, errors).
sub run_command
{
	my ($command, $input) = @_;
	my ($out, $err) = ('', '');
	my $ok = IPC::Run::run($command, '<', \($input // ''), '>', \$out, '2>', \$err);

	return ($ok ? 0 : ($? >> 8) || 1, $out, $err);
}

sub must_run
{
	my ($status, $out, $err) = run_command(@_);

	Carp::croak("@{$_[0]} failed with $status: $out$err") if $status != 0;
	return $out;
}

sub free_port
{
	my $socket = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 1) or die "no free port: $!";

	return $socket->sockport;
}

# new(NAME, settings => {...}, from => another server to be a standby of)
sub new
{
	my ($class, $name, %options) = @_;
	my $root = $ENV{TESTDATADIR} || File::Temp::tempdir(CLEANUP => 1);
	my $self = bless { name => $name, port => free_port(), dir => "$root/$name-$$", pid_of_test => $$ }, $class;

	File::Path::make_path($self->{dir});
	if ($> == 0)
	{
		chmod 0755, $root;
		must_run([ 'chown', $ENV{ORCH_PGUSER_OS} || 'postgres', $self->{dir} ]);
	}
	$self->{data} = "$self->{dir}/data";
	$self->{log} = "$self->{dir}/server.log";
	$options{from} ? $self->copy_from($options{from}) : $self->init_data;
	$self->configure(
		port => $self->{port},
		listen_addresses => "'127.0.0.1'",
		unix_socket_directories => "'$self->{dir}'",
		%{ $options{settings} || {} });
	push @servers, $self;
	return $self;
}

sub init_data
{
	my ($self) = @_;

	must_run([ as_server_user('initdb', '-D', $self->{data}, '-U', 'postgres', '-E', 'UTF8', '--locale=C.UTF-8', '-A', 'trust', '-N') ]);
	open my $settings, '<', "$ENV{TESTDIR}/regress.conf" or die "regress.conf: $!";
	local $/;
	$self->append_settings(<$settings>);
}

sub copy_from
{
	my ($self, $primary) = @_;

	must_run([ as_server_user('pg_basebackup', '-h', $primary->{dir}, '-p', $primary->{port}, '-U', 'postgres', '-D', $self->{data}, '-c', 'fast', '-R', '-N') ]);
}

sub append_settings
{
	my ($self, $text) = @_;

	must_run([ as_server_user('tee', '-a', "$self->{data}/postgresql.conf") ], $text);
}

# Later lines win over earlier ones.
sub configure
{
	my ($self, %settings) = @_;

	$self->append_settings(join('', map { "$_ = $settings{$_}\n" } sort keys %settings));
}

sub reload { must_run([ as_server_user('pg_ctl', '-D', $_[0]{data}, 'reload') ]) }

sub start
{
	my ($self) = @_;
	my ($status, $out, $err) =
	  run_command([ as_server_user('pg_ctl', '-D', $self->{data}, '-l', $self->{log}, '-w', '-t', '120', 'start') ]);

	Carp::croak("$self->{name} does not start: $err" . $self->log_tail(30)) if $status != 0;
	return $self;
}

# stop(MODE): true when the server went within two minutes
sub stop
{
	my ($self, $mode) = @_;
	my ($status) = run_command([ as_server_user('pg_ctl', '-D', $self->{data}, '-m', $mode || 'fast', '-w', '-t', '120', 'stop') ]);

	return $status == 0;
}

sub postmaster_pid
{
	my ($self) = @_;

	open my $file, '<', "$self->{data}/postmaster.pid" or return 0;
	my $pid = <$file>;
	chomp $pid;
	return $pid;
}

# Kills postmaster and all its children at once, as a loss of power would.
sub kill9
{
	my ($self) = @_;
	my $pid = $self->postmaster_pid or return;
	my @children = split ' ', (run_command([ 'pgrep', '-P', $pid ]))[1];

	# one that ended meanwhile makes kill complain of it, and kill the others all the same
	run_command([ as_server_user('kill', '-9', $pid, @children) ]);
	for (1 .. 200)
	{
		return if !grep { -d "/proc/$_" } $pid, @children;
		Time::HiRes::sleep(0.05);
	}
	Carp::croak("$self->{name} lives on");
}

sub promote { must_run([ as_server_user('pg_ctl', '-D', $_[0]{data}, '-w', 'promote') ]) }

sub psql_command
{
	my ($self, $db, @more) = @_;

	return ('psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-v', 'VERBOSITY=verbose', '-h', $self->{dir}, '-p', $self->{port}, '-U', $self->{user} || 'postgres', '-d', $db, @more);
}

# try(SQL, db => NAME, as => ROLE): (exit status, output, errors)
sub try
{
	my ($self, $sql, %options) = @_;
	local $self->{user} = $options{as} // $self->{user};
	my ($status, $out, $err) = run_command([ $self->psql_command($options{db} || $self->{db} || 'postgres') ], $sql);

	chomp $out;
	return ($status, $out, $err);
}

# sql(SQL, db => NAME, as => ROLE): the output; dies on an error
sub sql
{
	my ($self, $sql, %options) = @_;
	my ($status, $out, $err) = $self->try($sql, %options);

	Carp::croak("$sql\nfailed: $err") if $status != 0;
	return $out;
}

# The same as an operator of the namespaces that joins() named, and as an administrator; both are ordinary roles.
sub as_operator { my ($self, $sql, %options) = @_; return $self->sql($sql, %options, as => 'regress_operator') }
sub as_administrator { my ($self, $sql, %options) = @_; return $self->sql($sql, %options, as => 'regress_administrator') }

# error(SQL): SQLSTATE and text of the error that the statement must raise; empty when it succeeds
sub error
{
	my ($self, $sql, %options) = @_;
	my ($status, $out, $err) = $self->try($sql, %options);

	return $status == 0 ? '' : $err;
}

sub operator_error { my ($self, $sql, %options) = @_; return $self->error($sql, %options, as => 'regress_operator') }
sub administrator_error { my ($self, $sql, %options) = @_; return $self->error($sql, %options, as => 'regress_administrator') }

# until_true(SQL, timeout => SECONDS): polls a query that returns one boolean
sub until_true
{
	my ($self, $sql, %options) = @_;
	my $end = Time::HiRes::time() + ($options{timeout} || 60);
	my ($status, $out, $err);

	do
	{
		($status, $out, $err) = $self->try("SELECT ($sql)", %options);
		return 1 if $status == 0 && $out eq 't';
		Time::HiRes::sleep($options{every} || 0.25);
	} while (Time::HiRes::time() < $end);
	$self->{last_answer} = "$out$err";
	return 0;
}

# A database with the extension, bootstrapped, and from now on the default one.
sub create_bootstrapped
{
	my ($self, $db) = @_;

	$self->sql("CREATE DATABASE $db", db => 'postgres');
	$self->sql('CREATE EXTENSION orchestration CASCADE; SELECT orchestration.bootstrap()', db => $db);
	$self->{db} = $db;
}

# Those who use the platform: regress_administrator, regress_operator, regress_viewer, ...
sub people
{
	my ($self) = @_;

	must_run([ $self->psql_command($self->{db}, '-f', "$ENV{ORCH_ROOT}/sql/include/as_people.sql") ]);
	$self->{has_people} = 1;
	return $self;
}

# joins(NAMESPACE): the administrator makes the operator one of that namespace.
sub joins
{
	my ($self, $namespace) = @_;

	$self->as_administrator("SELECT public.joins('regress_operator', 'operator', '$namespace')");
}

# Pid of the worker of a database, 0 when there is none.
sub worker_pid
{
	my ($self, $db) = @_;

	return $self->sql(sprintf(
			"SELECT COALESCE(max(pid), 0) FROM pg_stat_activity WHERE backend_type = 'orchestration worker' AND datname = '%s'",
			$db || $self->{db}), db => 'postgres');
}

sub until_worker
{
	my ($self, $db, %options) = @_;

	$db ||= $self->{db};
	return $self->until_true(
		"EXISTS (SELECT FROM pg_stat_activity WHERE backend_type = 'orchestration worker' AND datname = '$db')", db => 'postgres', %options);
}

# Switches the workers on or off and waits until they are; dies when they do not.
sub switch_worker
{
	my ($self, $on) = @_;

	$self->configure('orchestration.worker_enabled' => $on ? 'on' : 'off');
	$self->reload;
	($on ? $self->until_worker : $self->until_no_worker) or Carp::croak($on ? 'no worker comes' : 'the worker stays');
	return;
}

sub until_no_worker
{
	my ($self, $db, %options) = @_;

	$db ||= $self->{db};
	return $self->until_true(
		"NOT EXISTS (SELECT FROM pg_stat_activity WHERE backend_type = 'orchestration worker' AND datname = '$db')", db => 'postgres', %options);
}

# Of a process: resident memory in kB, CPU seconds, and what of the memory is its own.
sub process_cost
{
	my ($pid) = @_;

	open my $status, '<', "/proc/$pid/status" or return (0, 0, 0);
	my %size = map { /^(VmRSS|RssAnon):\s+(\d+)/ ? ($1, $2) : () } <$status>;
	open my $stat, '<', "/proc/$pid/stat" or return (0, 0, 0);
	my $line = <$stat>;
	$line =~ s/^.*\) //;
	my @field = split ' ', $line;
	return ($size{VmRSS}, ($field[11] + $field[12]) / 100, $size{RssAnon});
}

sub log_text
{
	my ($self, $offset) = @_;

	open my $log, '<', $self->{log} or return '';
	seek $log, $offset || 0, 0;
	local $/;
	return scalar(<$log>) // '';
}

sub log_size { return -s $_[0]{log} || 0 }

sub log_tail
{
	my ($self, $lines) = @_;
	my @all = split /\n/, $self->log_text;
	my $first = @all > $lines ? @all - $lines : 0;

	return join("\n", @all[ $first .. $#all ]) . "\n";
}

END
{
	my $status = $?;
	for my $server (grep { $_->{pid_of_test} == $$ } @servers)
	{
		$server->stop('immediate') if $server->postmaster_pid;
		if ($ENV{TESTLOGDIR} && -e $server->{log})
		{
			run_command([ 'cp', $server->{log}, "$ENV{TESTLOGDIR}/$server->{name}-$$.log" ]);
		}
		File::Path::remove_tree($server->{dir});
	}
	$? = $status;
}

1;
