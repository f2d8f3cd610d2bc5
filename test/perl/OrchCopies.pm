# OrchCopies: many rows at rest in no time: copies of those of a container, past all triggers.
#
# Whoever uses them makes the cluster hold their like.  The worker must know of neither meanwhile.
package OrchCopies;

use strict;
use warnings;

my %table = (
	'orchestration.containers' => { of => 'id', name => 'name' },
	'orchestration.managed_objects' => { of => 'owner_id', name => 'name', uid => 'uid', where => "s.owner_type = 'container'" },
	'orchestration.container_instances' => { of => 'container_id', name => 'pod_name', uid => 'pod_uid', where => 's.ended_at IS NULL' });

# make(SERVER, id => of the container, name => its name, count => N, first => id of the first copy less 1, uid => code that makes an expression of g of a column):
# copies called NAME-1..N; of each object and pod there may be one
sub make
{
	my ($pg, %of) = @_;
	my $sql = "BEGIN; SET LOCAL session_replication_role = replica;\n";

	for my $name (sort keys %table)
	{
		my $table = $table{$name};
		my $columns = columns($pg, $name);
		my %change = ($table->{of} => "$of{first} + g", id => "$of{first} + g", $table->{name} => "replace((s).$table->{name}, '$of{name}', '$of{name}-' || g)");

		$change{ $table->{uid} } = $of{uid}->("(s).$table->{uid}") if $table->{uid};
		$sql .= "INSERT INTO $name ($columns) OVERRIDING SYSTEM VALUE SELECT " . join(', ', map { "r.$_" } split /, /, $columns)
		  . " FROM (SELECT s, g FROM $name s, generate_series(1, $of{count}) g WHERE s.$table->{of} = $of{id}" . ($table->{where} ? " AND $table->{where}" : '') . ') x, LATERAL jsonb_populate_record(x.s, jsonb_build_object('
		  . join(', ', map { "'$_', $change{$_}" } sort keys %change) . ")) r;\n";
	}
	$pg->sql("$sql COMMIT");
	return;
}

# Takes the copies out, and keeps them as they are now.
sub take_out
{
	my ($pg, $first) = @_;

	$pg->sql('BEGIN; SET LOCAL session_replication_role = replica; CREATE SCHEMA IF NOT EXISTS copies; '
		  . join('', map { "DROP TABLE IF EXISTS " . kept($_) . "; CREATE TABLE " . kept($_) . " AS SELECT * FROM $_ WHERE id > $first; DELETE FROM $_ WHERE id > $first; " } sort keys %table) . 'COMMIT');
	return;
}

sub kept { return 'copies.' . $_[0] =~ s/.*\.//r }

sub columns
{
	my ($pg, $name) = @_;

	return $pg->sql("SELECT string_agg(format('%I', attname), ', ') FROM pg_attribute WHERE attrelid = '$name'::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''");
}

# Puts in again what was taken out.
sub put_in
{
	my ($pg) = @_;

	$pg->sql('BEGIN; SET LOCAL session_replication_role = replica; '
		  . join('', map { my $columns = columns($pg, $_); "INSERT INTO $_ ($columns) OVERRIDING SYSTEM VALUE SELECT $columns FROM " . kept($_) . '; ' } sort keys %table) . 'COMMIT');
	return;
}

1;
