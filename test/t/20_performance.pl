# Every query of examples/performance-queries.sql runs, uses the indexes that it names, and reads no more months than it
# says; every index is named by one of them or guards a rule.
use strict;
use warnings;
use JSON::PP ();
use OrchServer;
use Test::More;

my $server = OrchServer->new('performance', settings => { shared_preload_libraries => "'orchestration, pg_stat_statements'" })->start;
$server->create_bootstrapped('app');
$server->{user} = 'postgres';

sub run_file
{
	my ($path, @more) = @_;

	return OrchServer::run_command([ $server->psql_command('app', @more, '-f', $path) ]);
}

my ($status, undef, $err) = run_file("$ENV{ORCH_ROOT}/examples/large-data.sql");
is($status, 0, 'a platform of some size is loaded') or BAIL_OUT($err);
$server->sql('SELECT orchestration_internal.maintain_summary(); SELECT orchestration_internal.maintain_statistics(); CREATE EXTENSION pg_stat_statements');

# each group of comment lines with the statements below it
open my $file, '<', "$ENV{ORCH_ROOT}/examples/performance-queries.sql" or die $!;
my $text = do { local $/; <$file> };
$text =~ s{/\*.*?\*/}{}gs;
my @queries;
while ($text =~ /((?:^-- [^\n]*\n)+)((?:^(?!-- )[^\n]*\n)+)/mg)
{
	my ($head, $body) = ($1, $2);
	my ($purpose) = $head =~ /^-- (.*)/;
	my %says = $head =~ /^-- (index|partitions|needs): (.*)/mg;

	push @queries, {
		purpose => $purpose, body => $body, partitions => $says{partitions}, small => scalar($head =~ /^-- small tables$/m),
		indexes => [ split /,\s*/, $says{index} // '' ] };
}
cmp_ok(scalar @queries, '>', 40, 'there are queries');

# an index of a partition goes by the name of the index that it is a part of
my %parent = map { split /\|/ } split /\n/, $server->sql(<<'SQL');
SELECT c.relname, p.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid AND c.relkind = 'i' JOIN pg_class p ON p.oid = i.inhparent
WHERE c.relnamespace IN ('orchestration'::regnamespace, 'orchestration_internal'::regnamespace)
SQL

# one of these pays on a table of more blocks than a test should fill: it is only to be named
my %brin = map { $_ => 1 } split /\n/, $server->sql(<<'SQL');
SELECT c.relname FROM pg_class c JOIN pg_am a ON a.oid = c.relam WHERE a.amname = 'brin' AND c.relnamespace IN ('orchestration'::regnamespace, 'orchestration_internal'::regnamespace)
SQL

sub walk
{
	my ($node, $found) = @_;

	return map { walk($_, $found) } @$node if ref $node eq 'ARRAY';
	return if ref $node ne 'HASH';
	$found->{index}{ $parent{ $node->{'Index Name'} } // $node->{'Index Name'} } = 1 if exists $node->{'Index Name'};
	$found->{relation}{ $node->{'Relation Name'} } = 1 if exists $node->{'Relation Name'};
	walk($_, $found) for values %$node;
}

my %named;
for my $query (@queries)
{
	my %found = (index => {}, relation => {});

	for my $statement (grep { /\S/ } split /;\n/, $query->{body})
	{
		my $plan = $server->sql(($query->{small} ? 'SET enable_seqscan = off; ' : '') . "EXPLAIN (FORMAT JSON, COSTS OFF) $statement");
		walk(JSON::PP::decode_json($plan), \%found);
	}
	my @missing = grep { !$found{index}{$_} && !$brin{$_} } @{ $query->{indexes} };
	is("@missing", '', "$query->{purpose}: " . (@{ $query->{indexes} } ? join(', ', @{ $query->{indexes} }) : 'has a plan'))
	  or diag 'used: ' . join(', ', sort(keys %{ $found{index} }), sort keys %{ $found{relation} });
	if (defined $query->{partitions})
	{
		my @months = grep { /_\d{6}$/ } keys %{ $found{relation} };

		cmp_ok(scalar @months, '<=', $query->{partitions}, "$query->{purpose}: months") or diag "@months";
		cmp_ok(scalar @months, '>=', 1, "$query->{purpose}: a month") or diag join ' ', keys %{ $found{relation} };
	}
	$named{$_} = 1 for @{ $query->{indexes} };
}

# what people run
($status, undef, $err) = run_file("$ENV{ORCH_ROOT}/examples/performance-queries.sql");
is($status, 0, 'the file runs as it is') or diag $err;

my @indexes = split /\n/, $server->sql(<<'SQL');
SELECT i.relname FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid
WHERE i.relnamespace IN ('orchestration'::regnamespace, 'orchestration_internal'::regnamespace) AND NOT i.relispartition AND NOT x.indisunique
	-- what a resource has because it is one, and what a foreign key asks when what it refers to goes
	AND NOT EXISTS (SELECT FROM orchestration_internal.resources() r WHERE i.relname IN (r.relation || '_id', r.relation || '_unobserved'))
	AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.contype = 'f' AND k.conrelid = x.indrelid AND cardinality(k.conkey) > 1 AND k.conkey = (string_to_array(x.indkey::text, ' ')::smallint[])[1:cardinality(k.conkey)])
ORDER BY 1
SQL
cmp_ok(scalar @indexes, '>', 20, 'there are indexes');
is(join(', ', grep { !$named{$_} } @indexes), '', 'every other index that guards no rule has a query that it is for');
my %exists = map { $_ => 1 } split /\n/, $server->sql("SELECT relname FROM pg_class WHERE relnamespace IN ('orchestration'::regnamespace, 'orchestration_internal'::regnamespace) AND relkind IN ('i', 'I')");
is(join(', ', grep { !$exists{$_} } sort keys %named), '', 'every index that is named exists');

# the tool that finds them agrees
is($server->sql("SELECT string_agg(index_name || ': ' || verdict, ', ') FROM orchestration.index_report WHERE verdict ~ '^(duplicate|invalid)'"), '', 'no index is there twice');

$server->stop;
done_testing();
