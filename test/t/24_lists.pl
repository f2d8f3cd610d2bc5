# What is written by hand or generated outside of the database knows every kind and every resource: rbac.yaml and the pages of docs/.
use strict;
use warnings;
use OrchServer;
use Test::More;

sub page
{
	my ($name) = @_;

	open(my $file, '<', "$ENV{ORCH_ROOT}/docs/$name") or die "docs/$name: $!";
	local $/;
	return scalar <$file>;
}

my $pg = OrchServer->new('lists');
$pg->start->create_bootstrapped('app');

# {group}{resource}{verb}
my %rules;
my $yaml = page('rbac.yaml');
while ($yaml =~ /^- apiGroups: \[(.*?)\]\n  resources: \[(.*?)\]\n  verbs: \[(.*?)\]$/mg)
{
	my ($group, $resources, $verbs) = ($1 eq '""' ? '' : $1, $2, $3);

	foreach my $resource (split /, /, $resources)
	{
		$rules{$group}{$resource}{$_} = 1 foreach split /, /, $verbs;
	}
}

my @kinds = map { [ split /\|/, $_, -1 ] } split /\n/, $pg->sql("SELECT kind, CASE WHEN api_version LIKE '%/%' THEN split_part(api_version, '/', 1) ELSE '' END,
	plural, apply_order, watched FROM orchestration_internal.kinds()");
cmp_ok(scalar @kinds, '>=', 8, 'there are kinds');
foreach my $line (@kinds)
{
	my ($kind, $group, $plural, $order, $watched) = @$line;
	my @verbs = ('get', $watched eq 'not' ? () : ('list', 'watch'), $order eq '' ? () : ('create', 'update', 'patch', 'delete'));

	is_deeply([ grep { !$rules{$group}{$plural}{$_} } @verbs ], [], "the worker may do what it does with $kind");
	is_deeply([ grep { $order eq '' && $rules{$group}{$plural}{$_} } qw(create update patch delete) ], [], "and no more");
}

my ($security, $model, $architecture) = map { page($_) } qw(security.md data-model.md architecture.md);
foreach my $line (split /\n/, $pg->sql('SELECT relation, permission FROM orchestration_internal.resources()'))
{
	my ($relation, $permission) = split /\|/, $line;

	like($model, qr/^### $relation$/m, "the data model has $relation");
	like($security, qr/^\| `$permission` \|[^|]*`$relation`/m, "and the page on security, what guards it");
}
like($architecture, qr/^\| $_ \|/m, "the architecture has $_") foreach map { $_->[0] } @kinds;

# nothing was created that is not on record
is($pg->sql("SELECT count(*) FROM orchestration_internal.indicators_of_audit() i WHERE i.name = 'audit_gaps' AND i.value > 0"), '0', 'every kind of owner is on record');
is($pg->sql("SELECT count(*) FROM orchestration_internal.indicators_of_audit() i WHERE i.name = 'audit_gaps'"),
	$pg->sql("SELECT count(*) FROM orchestration_internal.resources() r WHERE r.owner"), 'and each of them is asked about');
done_testing();
