# A cluster that is reached by a socket of the server's machine: which sockets are taken, and from whom.
use strict;
use warnings;
use IO::Socket::UNIX ();
use OrchServer;
use Test::More;

my $pg = OrchServer->new('sockets');
$pg->start->create_bootstrapped('app');
$pg->people;

# a path of a socket is short, and that of the server's folder may not be
my $dir = File::Temp::tempdir('/tmp/sockets-XXXXXX', CLEANUP => 1);
chmod 0755, $dir;
my @listening;

sub make_socket
{
	my ($name, $mode) = @_;

	my $socket = IO::Socket::UNIX->new(Local => "$dir/$name", Listen => 1) or die "$dir/$name: $!";
	chmod $mode, "$dir/$name" or die "$dir/$name: $!";
	push @listening, $socket;
}

sub make_folder
{
	my ($name, $mode) = @_;

	mkdir "$dir/$name" or die "$dir/$name: $!";
	chmod $mode, "$dir/$name";
}

sub register { my $name = $_[0] =~ s/\W/-/gr; return "SELECT orchestration.register_cluster('$name', engine => 'docker', endpoint => 'unix://$dir/$_[0]', enabled => false)" }

make_folder(@$_) for ([ 'open', 0755 ], [ 'everybodys', 0777 ], [ 'shared', 01777 ], [ 'shut', 0700 ], [ 'group', 0775 ]);
make_socket(@$_) for ([ 'open/fit', 0660 ], [ 'open/everybodys', 0666 ], [ 'everybodys/fit', 0600 ], [ 'shared/fit', 0600 ], [ 'shut/everybodys', 0777 ], [ 'group/fit', 0660 ]);
open(my $file, '>', "$dir/open/file") or die $!;
close $file;
symlink '../everybodys/fit', "$dir/open/link" or die $!;

# ---- who
like($pg->operator_error(register('open/fit')), qr/42501.*permission denied to register a cluster by a socket/s, 'an ordinary user registers none');
like($pg->administrator_error(register('open/fit')), qr/42501.*pg_execute_server_program/s, 'nor does an administrator who may not run programs on the server');
like($pg->administrator_error(register('open/nothing')), qr/42501/, 'who is not told what is there, either');
$pg->sql('GRANT pg_execute_server_program TO regress_operator, regress_administrator');
like($pg->operator_error(register('open/fit')), qr/42501.*cluster/s, 'who may run programs still needs the permission to register clusters');
is($pg->administrator_error(register('open/fit')), '', 'an administrator who may registers one');
is($pg->as_administrator("SELECT api_server, auth_method FROM orchestration.clusters WHERE name = 'open-fit'"), "unix://$dir/open/fit|socket", 'the row shows where it is');

# ---- which
is($pg->error(register($_)), '', "$_ is taken") for ('shared/fit', 'shut/everybodys', 'group/fit');
my %because = (
	'open/everybodys' => qr/OR020.*Every user of this machine may write to \Q$dir\E\/open\/everybodys \(mode 0666\).*chmod o-w \Q$dir\E\/open\/everybodys/s,
	'everybodys/fit' => qr/OR020.*Every user of this machine may write to \Q$dir\E\/everybodys \(mode 0777\)/s,
	'open/link' => qr/OR020.*\Q$dir\E\/everybodys \(mode 0777\)/s,
	'open/file' => qr/OR020.*is not a socket/s,
	'open/nothing' => qr/OR020.*cannot find.*open\/nothing: No such file/s,
	open => qr/OR020.*is not a socket/s);
like($pg->error(register($_)), $because{$_}, "$_ is not") for sort keys %because;
is($pg->sql("SELECT string_agg(name, ' ' ORDER BY name) FROM orchestration.clusters"), 'group-fit open-fit shared-fit shut-everybodys', 'and leaves nothing behind');

# ---- at any time
chmod 0666, "$dir/open/fit";
my $elsewhere = "SELECT orchestration.update_cluster('open-fit', endpoint => 'unix://$dir/open/%s')";
like($pg->administrator_error(sprintf $elsewhere, 'everybodys'), qr/OR020.*mode 0666/s, 'a cluster is not moved to one that everybody may reach');
is($pg->administrator_error("SELECT orchestration.update_cluster('open-fit', max_in_flight => 5)"), '', 'what does not move it looks at no socket');
close $_ for @listening;
chmod 0600, "$dir/open/fit";
is($pg->administrator_error(sprintf $elsewhere, 'fit'), '', 'whether somebody listens now is for the worker to see');

$pg->stop;
done_testing();
