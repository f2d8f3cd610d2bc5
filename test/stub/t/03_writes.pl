# Writes whose answers are lost, late, refused or put off: everything is done once,
# nothing of others is touched, and the row says what is wrong.
use strict;
use warnings;
use OrchStub;
use OrchTest;
use Test::More;

my $true = JSON::PP::true;
my $false = JSON::PP::false;
my $stub = OrchStub->start;
my ($lost, $late, $limited, $broken, $refusing, $stuck, $stolen) = my @worlds = map { $stub->world($_) } qw(lost late limited broken refusing stuck stolen);
my $pg = server_with_worlds('writes', @worlds);
fill($pg, 1, @worlds);

sub map_path { my ($world, $name) = @_; return "/api/v1/namespaces/$world->{name}/configmaps/$name" }
sub web { my ($world) = @_; return container_id($pg, $world->{name}, 'web') }
sub web_path { my ($world) = @_; return "/apis/apps/v1/namespaces/$world->{name}/deployments/web" }
sub make { my ($world, @names) = @_; $pg->as_operator(join ';', map { "SELECT orchestration.create_config_map('$world->{name}', '$_', '{\"k\": \"$_\"}')" } @names) }
sub change { my ($world, $name, $value) = @_; $pg->as_operator("UPDATE orchestration.config_maps m SET data = '{\"k\": \"$value\"}' FROM orchestration.namespaces n WHERE n.id = m.namespace_id AND n.name = '$world->{name}' AND m.name = '$name'") }
sub inventory { my ($world, $name, $what) = @_; return $pg->sql("SELECT $what FROM orchestration.managed_objects WHERE cluster_namespace = '$world->{name}' AND name = '$name'") }
sub inventory_ok { my ($world, $name, $what, $title) = @_; return ok($pg->until_true("SELECT $what FROM orchestration.managed_objects WHERE cluster_namespace = '$world->{name}' AND name = '$name'"), $title) || diagnose($pg) }
sub value { my ($world, $name) = @_; my $object = $world->object(map_path($world, $name)) or return 'absent'; return $object->{data}{k} }
sub patches { my ($world, $name) = @_; return grep { $_->{method} eq 'PATCH' } $world->writes("/$name\$") }

# ---- faults that last, begun here and looked at below
$broken->refuse(500, method => 'PATCH', path => 'configmaps/');
make($broken, 'x');
my %refused = (
	invalid => [ 422, 'Invalid', message => 'data.k: Invalid value' ],
	forbidden => [ 403, 'Forbidden', message => 'configmaps "forbidden" is forbidden' ],
	quota => [ 403, 'QuotaExceeded', message => 'exceeded quota: maps' ],
	huge => [ 413, 'Invalid', message => 'Request entity too large: limit is 3145728' ],
	terminating => [ 403, 'NamespaceTerminating', message => 'being terminated', details => { causes => [ { reason => 'NamespaceTerminating' } ] } ],
	proxy => [ 502, 'ServerError', body => '<html>Bad gateway</html>', headers => { 'Content-Type' => 'text/html' } ],
	silent => [ 500, 'ServerError', body => '' ],
	cut => [ 200, 'Unexpected', body => '{"metadata":' ],
	teapot => [ 418, 'Unexpected', body => '[]' ]);
for my $name (keys %refused)
{
	my ($status, $reason, %fault) = @{ $refused{$name} };

	$refusing->refuse($status, method => 'PATCH', path => "/$name\$", %fault);
}
$refusing->refuse(422, method => 'PATCH', path => 'deployments/web$', message => 'spec.x: Invalid value');
$refusing->order(method => 'PATCH', path => '/warned$', action => 'warn', headers => { Warning => '299 - "v1 ConfigMap is old"' });
make($refusing, sort(keys %refused), 'warned', 'good');
$pg->as_operator('SELECT orchestration.scale_container(' . web($refusing) . ', 3)');

# ---- lost answers
my @names = map { "l$_" } 1 .. 3;
$lost->order(method => 'PATCH', path => "/$_\$", action => 'lose_reply', times => 2) for @names;
make($lost, @names);
inventory_ok($lost, $_, 'applied_hash = desired_hash AND uid IS NOT NULL', "lost: $_ is in the inventory") for @names;
for my $name (@names)
{
	my $object = $lost->object(map_path($lost, $name));

	is(inventory($lost, $name, 'uid'), $object->{metadata}{uid}, "lost: $name is the one that was made");
	is(scalar(@{ $object->{metadata}{managedFields} }), 1, 'by us alone');
}
$lost->order(method => 'PATCH', path => '/l1$', action => 'lose_reply');
change($lost, 'l1', 'new');
until_ok($pg, sub { value($lost, 'l1') eq 'new' && inventory($lost, 'l1', 'applied_hash = desired_hash') eq 't' }, 'lost: so is the answer to a change');
$lost->order(method => 'DELETE', path => '/l2$', action => 'lose_reply');
$pg->sql("DELETE FROM orchestration.config_maps WHERE name = 'l2'");
until_ok($pg, sub { value($lost, 'l2') eq 'absent' && inventory($lost, 'l2', 'count(*)') == 0 }, 'lost: and that to a deletion');
$lost->order(method => 'DELETE', path => '/l3$', action => 'close', times => 3);
$pg->sql("DELETE FROM orchestration.config_maps WHERE name = 'l3'");
until_ok($pg, sub { value($lost, 'l3') eq 'absent' && inventory($lost, 'l3', 'count(*)') == 0 }, 'lost: a deletion that never arrived is sent again');

# ---- events before the answer: what somebody did meanwhile is seen all the same
$late->order(method => 'PATCH', path => '/m1$', action => 'late', seconds => 2);
change($late, 'm1', 'ours');
until_ok($pg, sub { value($late, 'm1') eq 'ours' }, 'late: it is applied');
$late->edit(map_path($late, 'm1'), { data => { k => 'theirs' }, metadata => { managedFields => [] } });
until_ok($pg, sub { value($late, 'm1') eq 'ours' }, 'late: what was changed before the answer came is repaired');

# ---- 429: the whole client waits
$limited->order(method => 'PATCH', path => '/n1$', action => 'status', status => 429, headers => { 'Retry-After' => 3 });
make($limited, 'n1');
until_ok($pg, sub { patches($limited, 'n1') }, '429: it was sent');
my ($refused_at) = map { $_->{time} } patches($limited, 'n1');
make($limited, 'n2', 'n3');
ok(settled_in($limited), '429: all is applied in the end') or diagnose($pg);
is(scalar(grep { $_->{time} > $refused_at && $_->{time} < $refused_at + 2.9 } $limited->writes), 0, '429: nothing was written until the server would have it');

sub settled_in
{
	my ($world) = @_;

	return $pg->until_true("SELECT bool_and(applied_hash = desired_hash AND last_error IS NULL) FROM orchestration.managed_objects WHERE cluster_namespace = '$world->{name}'")
	  && $pg->until_true("SELECT bool_and(m.generation = m.observed_generation) FROM orchestration.config_maps m JOIN orchestration.namespaces n ON n.id = m.namespace_id WHERE n.name = '$world->{name}'");
}

# ---- a server that only answers 500
my @times;
until_ok($pg, sub { @times = map { $_->{time} } patches($broken, 'x'); @times >= 3 }, '500: it is tried again');
cmp_ok($times[2] - $times[0], '>', 2, '500: less and less often');
is(inventory($broken, 'x', 'last_error_reason'), 'ServerError', '500: the inventory says so');
$broken->forgive;
ok(settled_in($broken), '500: applied when it is over') or diagnose($pg);

# ---- every kind of refusal
for my $name (sort keys %refused)
{
	my ($status, $reason) = @{ $refused{$name} };

	# what was answered with 200 and cut off has been done, and is found
	inventory_ok($refusing, $name, "attempts > 0 AND last_error_reason = '$reason'", "$status: $reason");
}
inventory_ok($refusing, $_, 'applied_hash = desired_hash', "$_: is not held up by them") for qw(good warned);
is(inventory($refusing, 'warned', 'last_warning'), 'v1 ConfigMap is old', 'a warning is kept');
status_ok($pg, web($refusing), 'failed', 'a container that is refused is failed', reason => '^Invalid$');
like($pg->as_operator('SELECT orchestration.why(' . web($refusing) . ')'), qr/spec\.x: Invalid value/, 'why() says which field');
$refusing->forgive;
$pg->as_operator('SELECT orchestration.scale_container(' . web($refusing) . ', 2)');
change($refusing, $_, 'right') for qw(invalid huge);
inventory_ok($refusing, $_, 'applied_hash = desired_hash AND last_error IS NULL', "$_: put right, it is applied at once") for qw(invalid huge web);

# ---- accepted, and not done
$stuck->edit(web_path($stuck), { metadata => { finalizers => ['example.com/wait'] } });
$pg->as_operator('SELECT orchestration.delete_container(' . web($stuck) . ')');
until_ok($pg, sub { $stuck->object(web_path($stuck))->{metadata}{deletionTimestamp} }, 'stuck: the deletion is asked for');
inventory_ok($stuck, 'web', 'deletion_started_at IS NOT NULL', 'stuck: and under way');
like($pg->sql('SELECT status || status_reason FROM orchestration.containers WHERE id = ' . web($stuck)), qr/^(?!deleted).*Deleting$/, 'stuck: the row does not say deleted');
is(scalar(grep { $_->{method} eq 'DELETE' } $stuck->writes), 1, 'stuck: it is not asked for again');
$stuck->remove(web_path($stuck));
status_ok($pg, web($stuck), 'deleted', 'stuck: deleted when it is gone');

# ---- replaced by somebody between our look and our write
$stolen->options(mute => $true);
$stolen->remove(web_path($stolen));
$stolen->edit(web_path($stolen), { spec => { replicas => 7 } });
$pg->as_operator('SELECT orchestration.delete_container(' . web($stolen) . ')');
$stolen->order(method => 'PATCH', path => '/between$', action => 'touch', merge => { data => { k => 'theirs' } });
make($stolen, 'between');
status_ok($pg, web($stolen), 'deleted', 'stolen: ours is gone, so the row is deleted');
is($stolen->object(web_path($stolen))->{spec}{replicas}, 7, 'stolen: the other of that name is still there');
inventory_ok($stolen, 'between', "last_error_reason = 'Conflict' AND uid IS NULL", 'stolen: what somebody makes between look and apply is a conflict');
is(value($stolen, 'between'), 'theirs', 'stolen: and stays as it was made');
$stolen->options(mute => $false);
$stolen->hang_up;

is($pg->sql("SELECT failures FROM orchestration_internal.worker_state() WHERE database_name = 'app'"), 0, 'the worker never failed');
$pg->stop;
done_testing();
