# Candidates: the odd values of the text files here, and combinations of them, as SQL statements.
package Candidates;

use strict;
use warnings;
use JSON::PP ();

my $json = JSON::PP->new->utf8->allow_nonref->canonical;

# text, array and numbers are told by the value; these are jsonb
my %is_jsonb = map { $_ => 1 } qw(env ports volumes liveness_probe readiness_probe startup_probe overrides init_containers security_context
  pod_security_context node_selector tolerations labels annotations data http_headers);
my %makes = (
	containers => 'container', create_container => 'container', create_config_map => 'config_map', create_secret => 'secret',
	create_registry => 'registry', create_volume => 'volume', create_namespace => 'namespace');
# what a function cannot do without, unless the candidate says it
my %needed = (
	create_container => { image => 'x' },
	create_config_map => { data => {} },
	create_secret => { data => { a => 'x' } },
	create_volume => { type => 'EmptyDir' });
# of a container, one of them at a time in a combination
my %excludes = (
	max_surge => [ 'strategy', 'max_unavailable' ], max_unavailable => ['strategy'], init_containers => ['termination_grace_period'], strategy => [ 'max_surge', 'max_unavailable' ],
	cpu_request => ['cpu_limit'], cpu_limit => ['cpu_request'], memory_request => ['memory_limit'], memory_limit => ['memory_request'],
	overrides => [qw(security_context pod_security_context init_containers volumes env ports node_selector tolerations cpu_request cpu_limit
		liveness_probe readiness_probe startup_probe restart_policy termination_grace_period)]);

# read(FILES): one candidate a line: { section, field, mark, text, place }
sub read_values
{
	my @candidates;

	for my $path (@_)
	{
		my ($section, $field);

		open my $file, '<', $path or die "$path: $!";
		while (my $line = <$file>)
		{
			($section, $field) = ($1, $2), next if $line =~ /^\[(\w+)(?:\.(\w+))?\]$/;
			next if $line !~ /^([+!~]) (.*\S)\s*$/;
			my ($mark, $text) = ($1, $2);
			eval { $json->decode($text); 1 } or die "$path:$.: $@";
			push @candidates, { section => $section, field => $field, mark => $mark, text => $text, place => ($path =~ s{.*/}{}r) . ":$." };
		}
	}
	return @candidates;
}

# The same for every run, unless another seed is given: a linear congruence, and nothing of the machine's.
my $state = $ENV{ACCEPTS_SEED} || 20261129;

sub choose
{
	my ($below) = @_;

	$state = ($state * 1103515245 + 12345) % 2147483648;
	return int($state / 65536) % $below;
}

# combine(COUNT, CANDIDATES): containers made of several values that are good alone
sub combine
{
	my ($count, @candidates) = @_;
	my (%values, @made);

	push @{ $values{ $_->{field} } }, $_ for grep { $_->{section} eq 'create_container' && defined $_->{field} && $_->{mark} eq '+' && $_->{field} ne 'name' } @candidates;
	my @fields = sort keys %values;
	while (@made < $count)
	{
		my %chosen;

		for (1 .. 3 + choose(6))
		{
			my $field = $fields[ choose(scalar @fields) ];

			next if grep { $chosen{$_} } @{ $excludes{$field} || [] };
			next if grep { my $other = $_; grep { $_ eq $field } @{ $excludes{$other} || [] } } keys %chosen;
			$chosen{$field} = $values{$field}[ choose(scalar @{ $values{$field} }) ];
		}
		push @made, { section => 'create_container', mark => '+', parts => \%chosen, place => 'made of ' . join(', ', map { "$_ $chosen{$_}{place}" } sort keys %chosen),
			text => '{' . join(', ', map { "\"$_\": $chosen{$_}{text}" } sort keys %chosen) . '}' };
	}
	return @made;
}

my @odd = ('', ' ', 'x', 'A_b', '0', '-1', '1.5', 'a' x 64, '..', '/', "\n", 'a b', 'a=b', '1Gi', '100%', 'Exists', 'Always', 0, 1, -1, 65536, 2147483648, 1.5);

sub odd_value
{
	my $which = choose(scalar(@odd) + 5);

	return $odd[$which] if $which < @odd;
	return ([], {}, JSON::PP::true, JSON::PP::false, undef)[ $which - @odd ];
}

# Everything in a value that has a parent: [ parent, key or index ]
sub places
{
	my ($value) = @_;
	my @keys = ref $value eq 'HASH' ? sort keys %$value : ref $value eq 'ARRAY' ? 0 .. $#$value : ();

	return map { my $key = $_; ([ $value, $key ], places(ref $value eq 'HASH' ? $value->{$key} : $value->[$key])) } @keys;
}

sub child { my ($parent, $key) = @{ $_[0] }; return ref $parent eq 'HASH' ? \$parent->{$key} : \$parent->[$key] }

# One thing is made another, left out, there twice, or stands at the place of another.
sub change
{
	my ($value) = @_;
	my @places = places($value) or return odd_value();
	my $place = $places[ choose(scalar @places) ];
	my ($parent, $key) = @$place;
	my $how = choose(5);

	if ($how == 0 && ref $parent eq 'HASH') { delete $parent->{$key} }
	elsif ($how == 1 && ref $parent eq 'ARRAY') { push @$parent, $json->decode($json->encode($parent->[$key])) }
	elsif ($how == 2) { ${ child($place) } = $json->decode($json->encode(${ child($places[ choose(scalar @places) ]) })) }
	elsif ($how == 3 && ref $parent eq 'HASH') { $parent->{ (sort keys %$parent)[0] . 'X' } = odd_value() }
	else { ${ child($place) } = odd_value() }
	return $value;
}

# mutate(COUNT, CANDIDATES): the JSON of containers, changed at one to three places; nobody knows what becomes of it
sub mutate
{
	my ($count, @candidates) = @_;
	my @from = grep { $_->{section} eq 'create_container' && defined $_->{field} && $is_jsonb{ $_->{field} } } @candidates;
	my @made;

	for (1 .. $count)
	{
		my $from = $from[ choose(scalar @from) ];
		my $value = $json->decode($from->{text});

		$value = change($value) for 0 .. choose(3);
		push @made, { section => $from->{section}, field => $from->{field}, mark => '?', place => "made of $from->{place}", text => $json->encode($value) };
	}
	return @made;
}

sub quote
{
	my ($text) = @_;

	utf8::encode($text) if utf8::is_utf8($text);
	$text =~ s/'/''/g;
	return "'$text'";
}

sub array
{
	my ($value) = @_;

	return 'NULL' if !defined $value;
	return ref $value ? 'ARRAY[' . join(', ', map { array($_) } @$value) . ']' : quote($value);
}

# A value as SQL: jsonb where the field is, otherwise by what it is.
sub literal
{
	my ($field, $value, $text) = @_;

	return quote($text // $json->encode($value)) . '::jsonb' if $is_jsonb{$field};
	return 'NULL' if !defined $value;
	return array($value) . '::text[]' if ref $value eq 'ARRAY';
	return $value ? 'true' : 'false' if JSON::PP::is_bool($value);
	return $json->encode($value) =~ /^-?\d+$/ && $value ne '' && $json->encode($value) !~ /^"/ ? $json->encode($value) : quote($value);
}

# What is given to the function or the table: field => SQL.
sub given
{
	my ($candidate, $own) = @_;
	my %given;
	my $one = sub {
		my ($field, $text) = @_;

		$text =~ s/\bOWN\b/$own/g;
		$given{$field} = literal($field, $json->decode($text), $text);
	};

	if ($candidate->{parts}) { $one->($_, $candidate->{parts}{$_}{text}) for keys %{ $candidate->{parts} } }
	elsif (defined $candidate->{field}) { $one->($candidate->{field}, $candidate->{text}) }
	else
	{
		my $all = $json->decode($candidate->{text} =~ s/\bOWN\b/$own/gr);

		$given{$_} = literal($_, $all->{$_}) for keys %$all;
	}
	return %given;
}

sub call
{
	my ($function, $namespace, $name, %given) = @_;
	my $defaults = $needed{$function} || {};
	my @first = $function eq 'create_namespace' ? () : ("namespace => '$namespace'");

	$given{name} //= "'$name'";
	exists $given{$_} or $given{$_} = literal($_, $defaults->{$_}) for keys %$defaults;
	$given{cluster} = "'main'" if $function eq 'create_namespace';
	return "SELECT orchestration.$function(" . join(', ', @first, map { "$_ => $given{$_}" } sort keys %given) . ')';
}

sub insert
{
	my ($table, $rest, %given) = @_;

	return "INSERT INTO orchestration.$table (" . join(', ', sort keys %given) . ') VALUES (' . join(', ', map { $given{$_} } sort keys %given) . ")$rest";
}

# statements(CANDIDATE, NUMBER, NAMESPACE): pairs of owner and statement; $1 is the id that the first one gave
sub statements
{
	my ($candidate, $number, $namespace) = @_;
	my $own = "c$number";
	my $section = $candidate->{section};
	my %given = given($candidate, $own);
	my $of_namespace = "(SELECT id FROM orchestration.namespaces WHERE name = '$namespace')";

	if ($section =~ /^create_/)
	{
		my @made = [ $makes{$section}, call($section, $namespace, $own, %given) ];

		# most volumes are seen in a pod alone
		push @made, [ 'container', "SELECT orchestration.create_container('$namespace', 'v$number', 'x', volumes => jsonb_build_array(jsonb_build_object(
			'volume', (SELECT name FROM orchestration.volumes WHERE id = \$1), 'mountPath', '/v')))" ] if $section eq 'create_volume';
		return @made;
	}
	if ($section eq 'container_images')
	{
		return [ 'image', insert($section, ' RETURNING id', namespace_id => $of_namespace, %given) ],
		  [ 'container', insert('containers', ' RETURNING id', namespace_id => $of_namespace, name => "'$own'", image_id => '$1') ];
	}
	if ($section eq 'containers')
	{
		return [ 'container', insert($section, ' RETURNING id', namespace_id => $of_namespace, name => "'$own'",
			image_id => "(SELECT id FROM orchestration.container_images WHERE namespace_id = $of_namespace ORDER BY id LIMIT 1)", %given) ];
	}
	$given{volume_id} = "(SELECT id FROM orchestration.volumes WHERE namespace_id = $of_namespace AND name = 'data')" if $section eq 'container_volumes';
	return [ 'container', call('create_container', $namespace, $own) ], [ '', insert($section, ' RETURNING id', namespace_id => $of_namespace, container_id => '$1', %given) ];
}

1;
