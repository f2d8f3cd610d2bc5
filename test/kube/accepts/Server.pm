# Server: what the real API server says to manifests, as dry run of what the worker would send.
package Server;

use strict;
use warnings;
use Carp ();
use File::Temp ();
use IPC::Run ();
use JSON::PP ();

my $json = JSON::PP->new->utf8->allow_nonref;
my %path = (
	Namespace => '/api/v1/namespaces', ConfigMap => '/api/v1/namespaces/%s/configmaps', Secret => '/api/v1/namespaces/%s/secrets',
	PersistentVolumeClaim => '/api/v1/namespaces/%s/persistentvolumeclaims', Service => '/api/v1/namespaces/%s/services',
	Deployment => '/apis/apps/v1/namespaces/%s/deployments', Job => '/apis/batch/v1/namespaces/%s/jobs');

sub new
{
	my ($class, $kube) = @_;

	return bless { env => $kube->{env}, folder => File::Temp::tempdir(CLEANUP => 1) }, $class;
}

sub write_file
{
	my ($path, $text) = @_;

	open my $file, '>', $path or die "$path: $!";
	print $file $text;
	close $file or die "$path: $!";
	return $path;
}

sub read_file
{
	my ($path) = @_;

	open my $file, '<', $path or return '';
	local $/;
	return scalar(<$file>) // '';
}

# A name may be anything here: what is no part of a path is written as a byte.
sub escaped { return $_[0] =~ s/([^A-Za-z0-9._-])/sprintf '%%%02X', ord $1/ger }

sub request
{
	my ($self, $number, $object) = @_;
	my $folder = $path{ $object->{kind} } =~ s/%s/escaped($object->{namespace})/er;

	return join "\n",
	  'request = PATCH',
	  "url = \"$self->{env}{API_SERVER}$folder/" . escaped($object->{name}) . '?fieldManager=orchestration&fieldValidation=Strict&force=true&dryRun=All"',
	  "cacert = \"$self->{env}{CA_FILE}\"",
	  "header = \"Authorization: Bearer $self->{env}{ADMIN_TOKEN}\"",
	  'header = "Content-Type: application/apply-patch+yaml"',
	  'data-binary = "@' . write_file("$self->{folder}/$number.json", $object->{manifest}) . '"',
	  "output = \"$self->{folder}/$number.out\"",
	  "write-out = \"$number %{http_code}\\n\"",
	  'silent', '';
}

# judge(OBJECTS): each gets code and, when it was refused, message
sub judge
{
	my ($self, @objects) = @_;
	my $number = 0;
	my $config = write_file("$self->{folder}/requests", join "next\n", map { $self->request($number++, $_) } @objects);
	my ($out, $err);

	return if !@objects;
	IPC::Run::run([ 'curl', '--parallel', '--parallel-max', '32', '--config', $config ], '>', \$out, '2>', \$err);
	for (split /\n/, $out)
	{
		my ($which, $code) = /^(\d+) (\d+)$/ or next;

		$objects[$which]{code} = $code;
	}
	for my $which (0 .. $#objects)
	{
		my $object = $objects[$which];

		Carp::croak("no answer to $object->{name}: $err") if !$object->{code};
		next if $object->{code} =~ /^2/;
		my $answer = read_file("$self->{folder}/$which.out");
		my $status = eval { $json->decode($answer) };

		$object->{message} = $status && ref $status eq 'HASH' ? $status->{message} : $answer;
		# too busy, or failing by itself, is no judgement; 500 is what a wrong type is answered with
		Carp::croak("the API server does not judge $object->{name}: $object->{code} $object->{message}") if $object->{code} =~ /^(000|401|403|404|429|50[234])$/;
	}
	return;
}

1;
