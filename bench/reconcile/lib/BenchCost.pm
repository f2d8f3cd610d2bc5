# BenchCost: what processes have used, from /proc.
package BenchCost;

use strict;
use warnings;

sub read_file
{
	my ($path) = @_;

	open my $file, '<', $path or return '';
	local $/;
	return scalar(<$file>) // '';
}

# CPU seconds of a process to the microsecond, of those of its threads that live
sub exact_cpu
{
	my ($pid) = @_;
	my $sum = 0;

	$sum += (split ' ', read_file($_))[0] // 0 for glob "/proc/$pid/task/*/schedstat";
	return $sum / 1e9;
}

# (own, of children that have ended) in CPU seconds, by the clock's ticks
sub cpu
{
	my ($pid) = @_;
	my $stat = read_file("/proc/$pid/stat");

	$stat =~ s/^.*\) //s or return (0, 0);
	my @field = split ' ', $stat;
	return (($field[11] + $field[12]) / 100, ($field[13] + $field[14]) / 100);
}

# All that a postmaster and its children, those that have ended included, have used.
sub server_cpu
{
	my ($postmaster) = @_;
	my $sum = exact_cpu($postmaster) + (cpu($postmaster))[1];

	for my $folder (glob '/proc/[0-9]*')
	{
		my $stat = read_file("$folder/stat");

		$stat =~ s/^.*\) //s or next;
		my @field = split ' ', $stat;
		$sum += exact_cpu(substr $folder, 6) if $field[1] == $postmaster;
	}
	return $sum;
}

# RssAnon in kB
sub memory
{
	my ($pid) = @_;

	return read_file("/proc/$pid/status") =~ /^RssAnon:\s+(\d+)/m ? $1 : 0;
}

1;
