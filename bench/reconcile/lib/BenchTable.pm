# BenchTable: medians and all values, as Markdown.
package BenchTable;

use strict;
use warnings;
use BenchPods;

sub median
{
	my @sorted = sort { $a <=> $b } @_;

	return @sorted ? ($sorted[ $#sorted / 2 ] + $sorted[ @sorted / 2 ]) / 2 : 0;
}

# 237 (231, 237, 240)
sub cell
{
	my ($format, @values) = @_;

	return '' if !@values;
	my $text = sprintf $format, median(@values);
	return @values > 1 ? "$text (" . join(', ', map { sprintf $format, $_ } @values) . ')' : $text;
}

# value(RESULTS, WHO, PHASE, CODE): what CODE makes of that phase in every round
sub values_of
{
	my ($results, $who, $phase, $code) = @_;

	return grep { defined } map { my $of = $_->{$who}{$phase}; $of ? $code->($of) : () } @$results;
}

sub line { return '| ' . join(' | ', @_) . ' |' }

# One line for each: title, phase, format, code, is a ratio wanted
sub measures
{
	my ($objects) = @_;
	my $rate = sub { $objects / $_[0]{seconds} };
	my $per = sub { my ($key) = @_; return sub { defined $_[0]{$key} ? 1000 * $_[0]{$key} / $objects : undef } };
	my $plain = sub { my ($key, $factor) = @_; return sub { defined $_[0]{$key} ? ($factor || 1) * $_[0]{$key} : undef } };

	return (
		[ 'creation, objects/s', 'create', '%.0f', $rate, 1 ],
		[ 'the same with making the rows', 'create', '%.0f', sub { $_[0]{with_rows} ? $objects / $_[0]{with_rows} : undef } ],
		[ 'creation, CPU s per 1,000 of the client; ours: the worker with its statements', 'create', '%.2f', $per->('cpu'), 1 ],
		[ '... CPU s per 1,000 of the session that makes the rows', 'create', '%.2f', $per->('session') ],
		[ '... CPU s per 1,000 of all other PostgreSQL processes', 'create', '%.2f', $per->('postgres') ],
		[ '... transactions in the database per 1,000', 'create', '%.0f', $per->('transactions') ],
		[ '... CPU s per 1,000 of the control plane', 'create', '%.2f', $per->('control_plane'), 1 ],
		[ 'nothing to change (ours: everything is read, listed and compared anew): s for all', 'again', '%.2f', $plain->('seconds') ],
		[ '... requests', 'again', '%.0f', $plain->('requests') ],
		[ '... writes', 'again', '%.0f', $plain->('writes') ],
		[ '... CPU s per 1,000', 'again', '%.3f', $per->('cpu'), 1 ],
		[ '... of a resync alone: CPU s per 1,000', 'again', '%.3f', $per->('resync') ],
		[ 'restart, until all is known: s', 'restart', '%.2f', $plain->('seconds') ],
		[ '... writes', 'restart', '%.0f', $plain->('writes') ],
		[ '... CPU s per 1,000', 'restart', '%.3f', $per->('used') ],
		[ "one change in $objects: ms", 'change', '%.0f', $plain->('seconds', 1000), 1 ],
		[ '... writes', 'change', '%.0f', $plain->('writes') ],
		[ '... CPU ms', 'change', '%.0f', $plain->('cpu', 1000) ],
		[ 'deletion until proven, objects/s', 'delete', '%.0f', $rate, 1 ],
		[ '... CPU s per 1,000', 'delete', '%.2f', $per->('cpu'), 1 ],
		[ '... CPU s per 1,000 of the session', 'delete', '%.2f', $per->('session') ],
		[ '... CPU s per 1,000 of all other PostgreSQL processes', 'delete', '%.2f', $per->('postgres') ],
		[ '... transactions in the database per 1,000', 'delete', '%.0f', $per->('transactions') ],
		[ '... CPU s per 1,000 of the control plane', 'delete', '%.2f', $per->('control_plane'), 1 ],
		[ 'memory of its own (RssAnon), MB', 'memory', '%.1f', $plain->('mb') ],
		[ 'bytes per object held', 'memory', '%.0f', $plain->('bytes_per_object') ]);
}

sub ratio
{
	my ($code, $results, $phase, $other) = @_;
	my ($ours, $theirs) = map { median(values_of($results, $_, $phase, $code)) } 'ours', $other;

	return $ours && $theirs ? sprintf '%.2f', $ours / $theirs : '';
}

sub contenders
{
	my ($results, $objects, @who) = @_;
	my @lines = (line('', @who, 'ours / client-go', 'ours / kubectl'), line('---', map { '---' } @who, 1, 2));

	for my $measure (measures($objects))
	{
		my ($title, $phase, $format, $code, $is_compared) = @$measure;
		my @cells = map { cell($format, values_of($results, $_, $phase, $code)) } @who;

		next if !grep { length } @cells;
		push @lines, line($title, @cells, map { $is_compared ? ratio($code, $results, $phase, $_) : '' } 'client-go', 'kubectl');
	}
	return @lines;
}

sub pods
{
	my @lines = (line('changes of pods, each of another pod', 'p50, ms', 'p99, ms', 'max, ms', 'worker, CPU s per 1,000'), line(('---') x 5));

	for my $wave (@_)
	{
		my $what = sprintf '%d at %.0f/s', $wave->{pods}, $wave->{rate};

		for my $of ([ 'the server\'s answer to the row', 'answer_to_row_ms', sprintf '%.2f', 1000 * $wave->{worker_cpu} / $wave->{pods} ],
			[ 'sent to the row', 'sent_to_row_ms', '' ], [ 'the server\'s answer to an informer of client-go', 'answer_to_informer_ms', '' ])
		{
			push @lines, line("$what: $of->[0]", (map { sprintf '%.1f', BenchPods::quantile($_, @{ $wave->{ $of->[1] } }) } 0.5, 0.99, 1), $of->[2]);
		}
	}
	return @lines;
}

1;
