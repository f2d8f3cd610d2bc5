# A copied data directory beside its original on one engine: one of them holds the lease, the other one stands by.
use strict;
use warnings;
use OrchEngineTest;
use OrchTest;
use Test::More;

my $engine = engine_or_skip('copies');
my $pg = server_with_engine('copies', $engine);
my $ns = new_namespace($pg, 'copies');
my $filters = OrchEngine::quote_url(qq({"label":["orchestration.dev/lease"]}));
my @forever = (command => [qw(sleep 100000)]);

sub leases { my @all = sort { $a->{Labels}{'orchestration.dev/lease-version'} <=> $b->{Labels}{'orchestration.dev/lease-version'} } @{ $engine->ask('GET', "/v1.41/volumes?filters=$filters")->{Volumes} || [] }; return @all }
sub holder { my @all = leases(); return @all ? $all[-1]{Labels}{'orchestration.dev/lease-holder'} : undef }
sub version { my @all = leases(); return @all ? $all[-1]{Labels}{'orchestration.dev/lease-version'} : 0 }
sub self { my ($server) = @_; return $server->sql("SELECT lease_holder FROM orchestration.clusters WHERE name = 'main'") }
sub stands_by { my ($server, $title) = @_; return ok($server->until_true("SELECT status = 'standby' FROM orchestration.clusters WHERE name = 'main'", timeout => 60), $title) || diagnose($server) }
sub containers_of { my ($name) = @_; return grep { $_->{Names}[0] =~ m{^/?\Q$ns-$name\E-} } $engine->containers }

my $web = create($pg, $engine, $ns, 'web', @forever);
ready_ok($pg, $web, 1, 'one runs');
is(holder(), self($pg), 'the lease names who holds it');
my $version = version();
ok($engine->until(sub { version() > $version + 1 }, 30), 'it is renewed');
ok($engine->until(sub { leases() == 1 }, 30), 'and leaves nothing behind') or diag(scalar(my @l = leases()));

# ---- a copy
my $copy = OrchServer->new('copy', from => $pg, settings => { log_min_messages => 'info' });
@$copy{qw(db has_people)} = @$pg{qw(db has_people)};
unlink "$copy->{data}/standby.signal" or die "no standby.signal: $!";
my ($before) = map { $_->{Id} } pods($engine, $web);
$copy->start;
ok($copy->until_worker, 'a copy of the data directory gets a worker');
stands_by($copy, 'which stands by');
like($copy->sql("SELECT status_message FROM orchestration.clusters WHERE name = 'main'"), qr/the lease is held by .*another data directory|lease is held by/, 'and says who holds the lease');
my $one = create($copy, $engine, $ns, 'one', @forever);
my $two = create($pg, $engine, $ns, 'two', @forever);
ready_ok($pg, $two, 1, 'the original serves');
is(scalar(my @none = containers_of('one')), 0, 'the copy does nothing');
is((pods($engine, $web))[0]{Id}, $before, 'nor does it touch what runs');
ok(connected($pg, 'main'), 'the original is connected');

# ---- taken over
$copy->as_administrator("SELECT orchestration.take_over('main')");
ok(connected($copy, 'main', 60), 'the copy takes over') or diagnose($copy);
stands_by($pg, 'the original stands by');
ok($engine->until(sub { scalar(my @there = containers_of('one')) == 1 }, 60), 'what was written in the copy comes true') or diagnose($copy);
status_ok($copy, $one, 'running', 'and its row says so', timeout => 60);
ok($engine->until(sub { scalar(my @there = containers_of('two')) == 0 }, 100), 'of what it does not know nothing is left') or diagnose($copy);
is((pods($engine, $web))[0]{Id}, $before, 'what both know runs on, the very same');
is(holder(), self($copy), 'the lease names the copy');
my $three = create($pg, $engine, $ns, 'three', @forever);
sleep 5;
is(scalar(@none = containers_of('three')), 0, 'now the original does nothing');

# ---- released
ok($copy->stop('fast'), 'the copy is shut down in good order');
is(holder(), '', 'the lease is released');
is((pods($engine, $web))[0]{State}{Running}, JSON::PP::true, 'what runs goes on');
$pg->as_administrator("SELECT orchestration.take_over('main')");
ok(connected($pg, 'main', 60), 'the original takes over again') or diagnose($pg);
ready_ok($pg, $three, 1, 'and what was written meanwhile comes true');
ok($engine->until(sub { leases() == 1 }, 30), 'one document is left');
my $gone = holder();
ok($pg->stop('fast'), 'it is shut down');
is(holder(), '', 'and has released it');
$pg->start;
ok(connected($pg, 'main', 30), 'started anew it has it at once') or diagnose($pg);
isnt(holder(), $gone, 'as another start');

# ---- what nobody should do
$engine->ask('DELETE', "/v1.41/volumes/$_->{Name}") for leases();
ok($engine->until(sub { (holder() // '') ne '' }, 90), 'a document that was removed by hand is made again');
ok(connected($pg, 'main', 60), 'and its holder goes on');
ready_ok($pg, $three, 1, 'with what runs');
ok($engine->until(sub { leases() == 1 }, 30), 'of documents there is one') or diag(join ' ', map { $_->{Name} } leases());

done_testing();
