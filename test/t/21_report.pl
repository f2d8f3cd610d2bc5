# What people look at: overview in a terminal, report_html() in a browser, and the example files that make something to see.
use strict;
use warnings;
use IPC::Run ();
use OrchServer;
use Test::More;

my $server = OrchServer->new('report')->start;
my $examples = "$ENV{ORCH_ROOT}/examples";

sub run_file
{
	my ($path, @more) = @_;

	return OrchServer::run_command([ $server->psql_command('app', @more, '-f', $path) ]);
}

# ---- the example files, as somebody would use them ----

$server->sql('CREATE DATABASE app');
$server->{db} = 'app';
for my $time ('once', 'again')
{
	my ($status, $out, $err) = run_file("$examples/init-database.sql", '-v', 'admin=alice', '-v', 'application=backend');
	is($status, 0, "init-database.sql, $time") or BAIL_OUT($err);
	like($out, qr/administrator, operator, viewer/, 'says what is there');
}
$server->{user} = 'alice';
my ($status, $out, $err) = run_file("$examples/scenarios.sql");
is($status, 0, 'scenarios.sql, as the administrator that it made') or diag $err;
like($out, qr/^import\|pending\|failed\|ImagePullBackOff$/m, 'plays a failure');
like($out, qr/^demo\|5\|5\|0$/m, 'and what came of it');
$server->{user} = 'backend';
is($server->sql("BEGIN; SELECT orchestration.act_as('vera'); SELECT count(*) FROM orchestration.containers WHERE status <> 'deleted'; COMMIT") =~ s/\s//gr, '5', 'the application acts for the visitor');
$server->{user} = 'postgres';
($status, $out, $err) = run_file("$examples/maintenance-scripts.sql");
is($status, 0, 'maintenance-scripts.sql') or diag $err;
unlike($out, qr/failed: /, 'and no step fails');

# ---- overview, as it stands in a terminal of 120 columns ----

{
	my ($in, $screen) = ('', '');
	my @client = $server->psql_command('app');
	@client = ('psql', '-X', @client[ grep { $client[$_] !~ /^-XAtq$/ } 1 .. $#client ]);
	my $terminal = IPC::Run::start([ 'env', 'TERM=xterm', 'PAGER=cat', @client ], '<pty<', \$in, '>pty>', \$screen, IPC::Run::timeout(120));

	$in = "\\pset columns 120\nSELECT * FROM orchestration.overview \\watch 0.2\n";
	eval { $terminal->pump while (my @seen = $screen =~ /log tables/g) < 3; 1 };
	my @turns = $screen =~ /log tables/g;
	cmp_ok(scalar @turns, '>=', 3, '\watch shows it again and again') or diag $screen;
	$in .= "\cC";
	$terminal->pump_nb;
	$in .= "\n\\q\n";
	eval { $terminal->finish; 1 } or $terminal->kill_kill;
	# a terminal ends its lines by both
	my @lines = grep { !/pset|SELECT/ } split /[\r\n]+/, $screen;
	is(join("\n", grep { length > 120 } @lines), '', 'no line is broken');
	like($screen, qr/containers\s+\| 5 running/, 'with the containers');
}

# ---- report_html() in a browser ----

$server->sql(<<'SQL');
UPDATE orchestration.containers SET status = 'failed', status_reason = 'Error', status_message = '<script>document.title = "taken"</script><img src=x onerror="document.title=1">'
WHERE name = 'cache';
INSERT INTO orchestration.operation_logs (operation, resource_type, resource_name, status, error_message, started_at)
SELECT 'create', 'container', '"><svg onload=alert(1)>', CASE WHEN i % 2 = 0 THEN 'failed' ELSE 'refused' END, 'quota & more', now() - i * interval '1 hour' FROM generate_series(1, 20) i;
INSERT INTO orchestration.alerts (rule, state, severity, description, unit, breached_since, opened_at, peak_value, last_value)
VALUES ('connections', 'open', 'critical', 'x', 'percent', now() - interval '6 hours', now() - interval '6 hours', 93, 91);
SQL
my $folder = $server->{dir};
my $page = $server->sql('SELECT orchestration.report_html()');
open my $file, '>', "$folder/report.html" or die $!;
print $file $page;
close $file;

unlike($page, qr/<script|<img|<link|<iframe|\bon(?:load|error)="/i, 'nothing in it runs');
my ($style) = $page =~ m{<style>(.*?)</style>}s;
unlike(join('', $page =~ /<[^>]+>/g) . $style, qr/\b(?:src|href)=|url\(|\@import|https?:/i, 'nothing in it is loaded');
my @ids = $page =~ / id="([^"]+)"/g;
my %times;
$times{$_}++ for @ids;
is(join(' ', grep { $times{$_} > 1 } keys %times), '', 'every id is there once');
is(join(' ', grep { !$times{$_} } map { split / / } $page =~ /aria-labelledby="([^"]+)"/g), '', 'every plot has its title and description');

SKIP: {
	my ($browser) = grep { -x } map { ("$_/chromium", "$_/chromium-browser", "$_/google-chrome") } split(/:/, $ENV{PATH}), '/usr/bin';
	skip 'SKIPPED: there is no Chromium', 20 if !$browser && !$ENV{CI};
	my @browser = ($browser, qw(--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update
		  --disable-sync --hide-scrollbars), '--window-size=1240,2400', "--user-data-dir=$folder/browser");
	# a browser wants a home
	local $ENV{HOME} = $folder;
	my ($ended, $dom, $said) = OrchServer::run_command([ @browser, '--dump-dom', "file://$folder/report.html" ]);

	is($ended, 0, 'a browser opens it') or diag $said;
	like($dom, qr{<title>orchestration: app</title>}, 'no text of a row became a script');
	like($dom, qr/&lt;script&gt;document\.title/, 'but stands there as text');
	like($dom, qr{</footer>\s*</body>\s*</html>}, 'to the end');
	my @headings = $dom =~ m{<h2>(.*?)</h2>}g;
	is(join(', ', @headings), 'Containers by status, Containers that need somebody, Alerts, CPU in use, Memory in use, Network received, Network sent, Top consumers, Operations that did not succeed, Log tables, Maintenance',
		'with all sections');
	is(scalar(() = $dom =~ /<p class="empty">/g), 0, 'none of them is empty');
	my %marks;
	for my $figure ($dom =~ m{<figure.*?</figure>}gs)
	{
		my ($name) = $figure =~ /aria-labelledby="(\w+)-title/;
		$marks{$name} = () = $figure =~ /class="mark/g;
	}
	cmp_ok($marks{$_} // 0, '>=', 1, "the plot $_ has marks") for qw(states cpu memory receive transmit operations);
	# five states, each drawn
	is($marks{states}, 5, 'each state is drawn');
	my ($cpu) = $dom =~ m{(<svg[^>]*aria-labelledby="cpu-title.*?</svg>)}s;
	is(scalar(() = $cpu =~ /<path class="mark p1" d="M[\d. L]+Z"/g), 2, 'a span of which nothing is known is a gap, not a line to zero');

	# the colours of the picture
	my $picture = "$folder/report.png";
	OrchServer::run_command([ @browser, "--screenshot=$picture", "file://$folder/report.html" ]);
	ok(-s $picture, 'it is drawn');
	my ($converted, $pixels) = OrchServer::run_command([ 'pngtopnm', $picture ]);
	is($converted, 0, 'into a picture that can be read');
	my (undef, $width, $height, $offset) = $pixels =~ /^(P6)\s+(\d+)\s+(\d+)\s+255\n/ ? ($1, $2, $3, $+[0]) : ();
	my %count;
	$count{$_}++ for unpack '(a3)*', substr($pixels, $offset);
	my $of = sub { $count{ pack 'C3', @_ } // 0 };
	# what the style sheet says: background, and eight tenths of a colour on white
	cmp_ok($of->(0xf5, 0xf6, 0xf8), '>', 100_000, 'the page has its background');
	my %colour = (running => [ 85, 177, 136 ], failed => [ 221, 104, 114 ], cpu => [ 96, 133, 222 ], refused => [ 165, 124, 210 ]);
	for my $name (sort keys %colour)
	{
		my $near = 0;
		for my $pixel (keys %count)
		{
			my @rgb = unpack 'C3', $pixel;
			$near += $count{$pixel} if !grep { abs($rgb[$_] - $colour{$name}[$_]) > 6 } 0 .. 2;
		}
		cmp_ok($near, '>', 300, "the colour of $name can be seen");
	}
}

$server->stop;
done_testing();
