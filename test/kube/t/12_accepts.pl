# What the database accepts, the real API server accepts; what that one refuses, the row refuses first, and says where and what to do.
#
# Every value is written by an ordinary user into two databases: this one, and one that checks nothing, so that the
# server judges what would have been sent, too.  See test/kube/accepts/values.txt.
use strict;
use warnings;
use lib "$ENV{ORCH_ROOT}/test/kube/accepts";
use Candidates;
use JSON::PP ();
use OrchTest;
use Server;
use Test::More;

my $folder = "$ENV{ORCH_ROOT}/test/kube/accepts";
my $json = JSON::PP->new->utf8->allow_nonref->canonical;
my $kube = kube_or_skip();
my $pg = OrchServer->new('accepts')->start;
my $ns = "accepts-$$";

$pg->create_bootstrapped('app');
register($pg, 'main', $kube->kubeconfig('admin'));
$pg->sql($_) for Server::read_file("$folder/setup.sql") =~ s/NAMESPACE/$ns/gr;
$pg->sql('CREATE DATABASE unchecked TEMPLATE app', db => 'postgres');
$pg->sql(Server::read_file("$folder/unchecked.sql"), db => 'unchecked');

my @candidates = Candidates::read_values(map { "$folder/$_.txt" } qw(values pods rows));
my @written = @candidates;
push @candidates, Candidates::combine($ENV{ACCEPTS_COMBINATIONS} // 900, @written);
push @candidates, Candidates::mutate($ENV{ACCEPTS_MUTANTS} // 600, @written);

# All candidates into one database, as the user; what they are rendered to, and what was refused.
sub write_all
{
	my ($db) = @_;
	my $script = "SET ROLE accepts_user;\n";

	for my $number (0 .. $#candidates)
	{
		my @statements = Candidates::statements($candidates[$number], $number, $ns);

		$script .= "SELECT accepts.try($number, " . Candidates::array([ map { $_->[0] } @statements ]) . ', ' . Candidates::array([ map { $_->[1] } @statements ]) . ");\n";
	}
	$pg->sql($script, db => $db);
	$pg->sql('SELECT accepts.render_all()', db => $db);
	for (split /\n/, $pg->sql("SELECT to_jsonb(o) FROM accepts.objects o ORDER BY candidate, kind, name", db => $db))
	{
		my $row = $json->decode($_);
		my $candidate = $candidates[ $row->{candidate} ];

		push @{ $candidate->{$db}{objects} }, { kind => $row->{kind}, name => $row->{name}, namespace => $row->{namespace}, manifest => $json->encode($row->{manifest}) };
	}
	for (split /\n/, $pg->sql("SELECT to_jsonb(r) FROM accepts.refusals r", db => $db))
	{
		my $row = $json->decode($_);

		$candidates[ $row->{candidate} ]{$db}{refused} = $row;
	}
	for (split /\n/, $pg->sql("SELECT to_jsonb(f) FROM accepts.failures f", db => $db))
	{
		my $row = $json->decode($_);

		$candidates[ $row->{candidate} ]{$db}{unrendered} = $row->{message};
	}
}

sub complaint
{
	my ($candidate, $db) = @_;
	my ($first) = grep { $_->{message} } @{ $candidate->{$db}{objects} || [] };

	return $first && "$first->{kind}: $first->{message}";
}

sub said
{
	my ($candidate) = @_;
	my $refused = $candidate->{app}{refused} or return 'accepted';

	return join ' / ', map { $_ || '(none)' } @$refused{qw(sqlstate message detail hint)};
}

# What a person needs of a refusal: our SQLSTATE, the place or the value, the fact, what to do.
sub is_told
{
	my ($refused) = @_;

	return $refused->{sqlstate} =~ /^OR/ && $refused->{message} && $refused->{detail} && $refused->{hint};
}

sub describe { return "$_[0]{place} " . ($_[0]{field} || $_[0]{section}) . " " . substr($_[0]{text}, 0, 300) }

$kube->kubectl('create', 'namespace', $ns);
END { $kube->delete_namespaces($ns) if $kube && $ns }
write_all('app');
write_all('unchecked');
my $server = Server->new($kube);
$server->judge(map { @{ $_->{app}{objects} || [] } } @candidates);
$server->judge(map { @{ $_->{unchecked}{objects} || [] } } grep { $_->{app}{refused} } @candidates);

sub none_ok
{
	my ($title, $tell, @wrong) = @_;

	ok(!@wrong, $title);
	diag(scalar(@wrong) . " in all:") if @wrong;
	diag(describe($_) . "\n    " . $tell->($_)) for @wrong;
}

my @accepted = grep { !$_->{app}{refused} } @candidates;
my @refused = grep { $_->{app}{refused} } @candidates;
my @refused_there = grep { complaint($_, 'unchecked') } @refused;
my @unrendered = grep { $_->{unchecked}{refused} || $_->{unchecked}{unrendered} } @refused;

cmp_ok(scalar(@accepted), '>=', 1000, 'at least 1,000 odd specifications are accepted');
none_ok('none that was accepted cannot be rendered', sub { $_[0]{app}{unrendered} }, grep { $_->{app}{unrendered} } @candidates);
none_ok('none that was accepted is refused by the API server', sub { complaint($_[0], 'app') }, grep { complaint($_, 'app') } @accepted);
none_ok('what is marked + is accepted', \&said, grep { $_->{mark} eq '+' } @refused);
none_ok('what is marked ! or ~ is refused by the row', sub { 'accepted' }, grep { $_->{mark} =~ /[!~]/ && !complaint($_, 'app') } @accepted);
none_ok('every refusal has a SQLSTATE of ours, a detail and a hint', \&said, grep { !is_told($_->{app}{refused}) } @refused);
none_ok('what is marked ! is refused by the API server, too', \&said,
	grep { my $c = $_; $c->{mark} eq '!' && !complaint($c, 'unchecked') && !grep { $_ == $c } @unrendered } @refused);
none_ok('what is marked ~ is not, or the mark is wrong', sub { complaint($_[0], 'unchecked') }, grep { $_->{mark} eq '~' && complaint($_, 'unchecked') } @refused);
# to be read now and then: is a refusal meant that the API server knows nothing of?
if ($ENV{ACCEPTS_STRICTER})
{
	note(describe($_) . "\n    " . said($_)) for grep { my $c = $_; $c->{mark} eq '?' && !complaint($c, 'unchecked') && !grep { $_ == $c } @unrendered } @refused;
}
note(sprintf '%d specifications written: %d accepted (%d objects, none refused by the API server %s), %d refused: %d by the API server as well, %d of a form that cannot be sent, %d stricter here',
	scalar @candidates, scalar @accepted, scalar(map { @{ $_->{app}{objects} || [] } } @accepted), $kube->kubectl('version', '-o', 'json') =~ /"serverVersion".*?"gitVersion": "(\S+?)"/s,
	scalar @refused, scalar @refused_there, scalar @unrendered, @refused - @refused_there - @unrendered);

done_testing();
