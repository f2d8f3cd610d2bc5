# OrchSoak: random verbs of several sessions, random faults, and a model that knows what must come of it.
#
# The seed alone decides the sequence: every step draws the same numbers, whatever came of the steps before, and how the
# dice fall does not depend on how fast anything is.  Only how many steps there are is up to the clock, or to STEPS.
#
# The model is what the sessions were told: a verb that succeeded counts, one that was refused does not, and one whose
# session died is what the row then says, if that is what was before or what was asked for.
package OrchSoak;

use strict;
use warnings;
use Digest::MD5 ();
use JSON::PP ();
use OrchKube;
use OrchSession;
use OrchSoakFaults;
use OrchTest;
use Test::More;
use Time::HiRes ();

my @people = qw(soak1 soak2 soak3);
my $json = JSON::PP->new->canonical;

# run(minutes => .., seed => .., steps => ..)
sub run
{
	my (%options) = @_;
	my $seed = $options{seed} || time;
	my $self = bless {
		seed => $seed, state => $seed & 0x7fffffff, steps => $options{steps}, end => Time::HiRes::time() + 60 * ($options{minutes} || 2),
		container => {}, thing => {}, namespace => {}, uid => {}, may_change => {}, foreign => {}, wrong => 0 }, __PACKAGE__;

	diag("SEED=$seed");
	$self->prepare;
	$self->{end} = Time::HiRes::time() + 60 * ($options{minutes} || 2);
	while ($self->{steps} ? $self->{step} < $self->{steps} : Time::HiRes::time() < $self->{end})
	{
		$self->{step}++;
		$self->take_step(map { $self->draw } 1 .. 8);
		$self->remember_uids if $self->{step} % 30 == 15 && !$self->{frozen};
		$self->checkpoint("after step $self->{step}") if $self->{step} % 120 == 0;
	}
	$self->checkpoint("at the end, after step $self->{step}");
	$self->is_idle;
	note("seed $seed: $self->{step} steps, " . join(', ', map { "$self->{count}{$_} $_" } sort keys %{ $self->{count} }));
	diag("SEED=$seed STEPS=$self->{step} replays it") if $self->{wrong};
	return;
}

# A number in [0, 1) of our own: modules that are loaded draw from rand(), too.
sub draw
{
	my ($self) = @_;

	$self->{state} = ($self->{state} * 1103515245 + 12345) & 0x7fffffff;
	return (($self->{state} >> 8) & 0x3fffff) / 0x400000;
}

sub pick { my ($number, @of) = @_; return $of[ int($number * @of) ] }

sub wrong
{
	my ($self, $title, @details) = @_;

	$self->{wrong}++;
	fail("seed $self->{seed}, step $self->{step}: $title");
	diag($_) for @details[ 0 .. ($#details > 15 ? 15 : $#details) ];
	return;
}

sub tell { my ($self, $text) = @_; note(sprintf '%s step %d: %s', (scalar localtime) =~ /(\d\d:\d\d:\d\d)/, $self->{step}, $text); return }

# ---- before it begins

sub prepare
{
	my ($self) = @_;

	$self->{step} = 0;
	$self->{kube} = OrchKube->own('soak', 'kwok');
	# what was committed is there after a kill -9
	$self->{pg} = server_with_cluster('soak', $self->{kube}, settings => { synchronous_commit => 'on', 'orchestration.poll_interval' => "'2s'", 'orchestration.request_timeout' => "'10s'" });
	$self->{installation} = $self->{pg}->sql('SELECT id FROM orchestration.installation');
	$self->{pg}->sql("CREATE ROLE $_ LOGIN IN ROLE orchestration_user; INSERT INTO orchestration.users (username, db_role) VALUES ('$_', '$_')") for @people;
	$self->{names} = [ map { "soak-$$-$_" } 1 .. 3 ];
	$self->make_namespace($_) for @{ $self->{names} };
	ok($self->{kube}->until(sub { !grep { !$self->{kube}->get('default', "namespace/$_") } @{ $self->{names} } }), 'the namespaces are there');
	# the third one comes and goes with all that is in it
	$self->make_foreign($_) for @{ $self->{names} }[ 0, 1 ];
	return;
}

sub make_namespace
{
	my ($self, $name) = @_;
	my ($status) = $self->{pg}->try("SELECT orchestration.create_namespace('$name', 'main')", as => 'regress_administrator');

	return 0 if $status != 0;
	$self->{pg}->as_administrator("SELECT public.joins('$_', 'operator', '$name')") for @people;
	$self->{namespace}{$name} = 1;
	return 1;
}

# Objects of others: some have names that our rows will ask for.
sub make_foreign
{
	my ($self, $ns) = @_;

	$self->{kube}->apply(<<YAML);
apiVersion: v1
kind: ConfigMap
metadata: {name: taken, namespace: $ns, labels: {app.kubernetes.io/managed-by: orchestration}}
data: {whose: theirs}
---
apiVersion: v1
kind: Secret
metadata: {name: taken, namespace: $ns}
stringData: {whose: theirs}
---
apiVersion: v1
kind: Service
metadata: {name: taken, namespace: $ns}
spec: {selector: {app: theirs}, ports: [{port: 80}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: taken, namespace: $ns}
spec:
  replicas: 0
  selector: {matchLabels: {app: theirs}}
  template:
    metadata: {labels: {app: theirs}}
    spec: {containers: [{name: c, image: example.com/theirs:1}]}
YAML
	$self->add_foreign($ns, $_) for qw(configmap/taken secret/taken service/taken deployment/taken);
	return;
}

sub add_foreign
{
	my ($self, $ns, $what) = @_;

	$self->{foreign}{"$ns $what"} = $self->checksum($ns, $what);
	return;
}

# What a foreign object is but for what its controllers count.
sub checksum
{
	my ($self, $ns, $what) = @_;
	my $object = $self->{kube}->get($ns, $what) or return 'absent';

	delete $object->{status};
	delete @{ $object->{metadata} }{qw(resourceVersion managedFields annotations)};
	return Digest::MD5::md5_hex($json->encode($object));
}

# ---- steps

sub take_step
{
	my ($self, @drawn) = @_;
	my $kind = shift @drawn;

	Time::HiRes::sleep(0.05 + 0.25 * pop @drawn);
	return OrchSoakFaults::commit($self, @drawn) if $kind < 0.15;
	return $self->namespace_step(@drawn) if $kind < 0.17;
	return $self->thing_step(@drawn) if $kind < 0.40;
	return $self->container_step(@drawn);
}

# A verb of a person: '00000' when it succeeded, another SQLSTATE when it was refused, '' when nobody knows.
sub verb
{
	my ($self, $who, $sql) = @_;

	# else an error would undo what was done before, and the model would not know
	OrchSoakFaults::release_locks($self) if ($self->{holder} // '') eq $who;
	my $state = eval {
		my $session = $self->{session}{$who} ||= $self->open_session($who);

		($session->sql("$sql;\n\\echo state :SQLSTATE") =~ /^state (\w+)/m)[0];
	};

	if (!defined $state) { delete $self->{session}{$who}; $self->tell("$who: unknown: $sql"); return '' }
	$self->{count}{ $state eq '00000' ? 'done' : 'refused' }++;
	$self->tell("$who: $state $sql");
	$self->wrong("$sql ended with $state") if $state =~ /^(?:XX|58|57|55P03|40)/;
	return $state;
}

sub open_session
{
	my ($self, $who) = @_;
	my $session = OrchSession->new($self->{pg}, 'app', $who);

	$session->sql("\\set ON_ERROR_STOP off\nSET lock_timeout = '20s'");
	return $session;
}

sub forget_sessions { my ($self) = @_; $_->close for values %{ $self->{session} }; $self->{session} = {}; return }

# Only its own person touches a container, so that the order of what is done to it is known.
sub container_step
{
	my ($self, $who, $where, $which, $what, $number) = @_;
	my $person = pick($who, @people);
	my $ns = pick($where, @{ $self->{names} });
	my $name = $which < 0.05 ? 'taken' : "$person-" . int($which * 2);
	my $key = "$ns $name";
	# something must be there before it can be changed
	my $verb = $self->{step} < 40 ? 'create' : pick($what, qw(create create create image image scale scale use use stop pause start resume restart restart delete));
	my ($image, $replicas) = ('example.com/x:' . int($number * 100), 1 + int($number * 3));
	my $call = "orchestration.${verb}_container('$ns', '$name'";

	$person = $people[0] if $name eq 'taken';
	my $new = $verb eq 'create' ? { state => 'running', image => $image, replicas => $replicas, uses => '' } : { %{ $self->{container}{$key} || {} } };
	if ($verb eq 'create')
	{
		$call = "orchestration.create_container('$ns', '$name', '$image', replicas => $replicas, termination_grace_period => 0,
			ports => '[{\"containerPort\": 80, \"servicePort\": 80}]', tolerations => '[{\"key\": \"kwok.x-k8s.io/node\", \"operator\": \"Exists\"}]')";
	}
	elsif ($verb eq 'image')
	{
		$call = "orchestration.set_image('$ns', '$name', '$image')";
		$new->{image} = $image;
	}
	elsif ($verb eq 'use')
	{
		# its pods are replaced whenever the config map changes, and the config map cannot go
		my $map = "$person-" . int($number * 2);
		$call = "orchestration.update_container((SELECT c.id FROM orchestration.containers c JOIN orchestration.namespaces n ON n.id = c.namespace_id
			WHERE n.name = '$ns' AND n.status <> 'deleted' AND c.name = '$name' AND c.status <> 'deleted'), env => '[{\"name\": \"K\", \"valueFrom\": {\"configMapKeyRef\": {\"name\": \"$map\", \"key\": \"k\"}}}]')";
		$new->{uses} = $map;
	}
	elsif ($verb eq 'scale') { $call .= ", $replicas)"; $new->{replicas} = $replicas }
	else { $call .= ')' }
	$new->{state} = { stop => 'stopped', pause => 'paused', start => 'running', resume => 'running', delete => 'deleted' }->{$verb} || $new->{state};
	$call =~ s/\s+/ /g;
	my $result = $self->verb($person, "SELECT $call");

	# a row that is deleted has given up its objects
	$self->{may_change}{"$ns Deployment $name"} = 1 if $verb eq 'delete' && $result =~ /^(?:00000)?$/;
	return $self->{container}{$key} = $new if $result eq '00000' && (exists $new->{image});
	$self->{unknown}{$key} = $new if $result eq '';
	return;
}

sub thing_step
{
	my ($self, $who, $where, $which, $what, $number) = @_;
	my $person = pick($who, @people);
	my $ns = pick($where, @{ $self->{names} });
	my $kind = pick($number, qw(config_map config_map secret volume));
	my $name = $which < 0.15 && $kind ne 'volume' ? 'taken' : "$person-" . int($which * 2);
	my $key = "$ns $kind $name";
	my $value = int($number * 1000);
	my $data = qq('{"k": "$value"}');
	my $create = $kind eq 'volume' ? "orchestration.create_volume('$ns', '$name', size => '1Mi', retention => 'delete')" : "orchestration.create_$kind('$ns', '$name', $data)";
	my $verb = $self->{step} < 60 ? 'create' : pick($what, qw(create create create update update delete));
	my $call = $verb eq 'create' ? $create : $verb eq 'delete' || $kind eq 'volume' ? "orchestration.delete_$kind('$ns', '$name')" : "orchestration.update_$kind('$ns', '$name', $data)";

	$person = $people[0] if $name eq 'taken';
	$verb = 'delete' if $verb eq 'update' && $kind eq 'volume';
	my $result = $self->verb($person, "SELECT $call");
	$self->{may_change}{"$ns PersistentVolumeClaim $name"} = 1 if $kind eq 'volume' && $verb eq 'delete' && $result =~ /^(?:00000)?$/;
	if ($result eq '00000') { $self->{thing}{$key} = $verb eq 'delete' ? undef : $value }
	elsif ($result eq '') { $self->{unknown}{$key} = $verb eq 'delete' ? undef : $value }
	return;
}

# The third namespace goes, and comes back when the cluster has proven that it is gone.
sub namespace_step
{
	my ($self, $which) = @_;
	my $ns = $self->{names}[2];

	OrchSoakFaults::release_locks($self);
	if ($which < 0.6) { $self->tell("create_namespace($ns) " . ($self->make_namespace($ns) ? 'done' : 'refused')); return }
	my ($status) = $self->{pg}->try("SELECT orchestration.delete_namespace('$ns')", as => 'regress_administrator');
	$self->tell("delete_namespace($ns): $status");
	return if $status != 0;
	delete $self->{namespace}{$ns};
	/^\Q$ns\E / and $self->{container}{$_}{state} = 'deleted' for keys %{ $self->{container} };
	/^\Q$ns\E / and $self->{thing}{$_} = undef for keys %{ $self->{thing} };
	/^\Q$ns\E / and $self->{may_change}{$_} = 1 for keys %{ $self->{uid} }, map { my ($in, @what) = split / /; ("$in Deployment $what[-1]", "$in PersistentVolumeClaim $what[-1]") } keys %{ $self->{container} }, keys %{ $self->{thing} };
	return;
}

# ---- checkpoints

sub checkpoint
{
	my ($self, $when) = @_;

	OrchSoakFaults::heal($self);
	$self->forget_sessions;
	$self->settle_unknown;
	my $began = Time::HiRes::time();
	my $quiet = $self->{kube}->until(sub { $self->is_quiet }, 240);
	$self->tell(sprintf 'checkpoint %s: quiet after %.1f s', $when, Time::HiRes::time() - $began);
	my $before = $self->{wrong};
	$self->wrong("not quiet $when: $self->{noise}"), diagnose($self->{pg}) if !$quiet;
	$self->rows_are_as_wanted;
	$self->things_are_as_wanted;
	$self->inventory_is_the_cluster;
	$self->uids_are_kept;
	$self->foreign_is_untouched;
	ok($self->{wrong} == $before, "all is as it must be $when");
	return;
}

sub row
{
	my ($self, $sql) = @_;

	return map { [ split /\|/, $_, -1 ] } split /\n/, $self->{pg}->sql($sql);
}

# Each container's last row.
sub read_containers
{
	my ($self) = @_;

	return map { $_->[0] => { state => $_->[1], image => $_->[2], replicas => $_->[3], status => $_->[4], reason => $_->[5], id => $_->[6] } }
	  $self->row("SELECT DISTINCT ON (n.name, c.name) n.name || ' ' || c.name, c.desired_state, i.registry || '/' || i.repository || ':' || i.tag, c.replicas, c.status, c.status_reason, c.id
		FROM orchestration.containers c JOIN orchestration.namespaces n ON n.id = c.namespace_id JOIN orchestration.container_images i ON i.id = c.image_id ORDER BY n.name, c.name, c.id DESC");
}

sub read_things
{
	my ($self) = @_;

	return map { $_->[0] => $_->[1] } $self->row(join ' UNION ALL ',
		(map { "SELECT n.name || ' $_ ' || t.name, " . ($_ eq 'config_map' ? "t.data ->> 'k'" : "''") . " FROM orchestration.${_}s t JOIN orchestration.namespaces n ON n.id = t.namespace_id WHERE n.status <> 'deleted'" } qw(config_map secret volume)));
}

# What a session did not live to hear.
sub settle_unknown
{
	my ($self) = @_;
	my %containers = $self->read_containers;
	my %things = $self->read_things;

	for my $key (sort keys %{ delete $self->{unknown} || {} })
	{
		if ($key =~ / .* /) { $self->{thing}{$key} = exists $things{$key} ? ($things{$key} ne '' ? $things{$key} : $self->{thing}{$key} // '') : undef; next }
		my $row = $containers{$key} or next;
		# what it uses is not known then, and not asked
		$self->{container}{$key} = { map { $_ => $row->{$_} } qw(state image replicas) };
	}
	return;
}

sub conflicts { my ($key) = @_; return $key =~ /^(\S+-[12]) (?:\w+ )?taken$/ }

# Has everything come to rest?  {noise} says what has not.
sub is_quiet
{
	my ($self) = @_;
	my @noise = map { "@$_" } $self->row("SELECT kind, cluster_namespace, name, last_error_reason FROM orchestration.managed_objects o
		WHERE (desired_hash IS DISTINCT FROM applied_hash OR uid IS NULL OR last_error_reason IS NOT NULL OR replacing) AND NOT (name = 'taken' AND COALESCE(last_error_reason = 'Conflict', false))");

	push @noise, map { "@$_" } $self->row("SELECT n.name, c.name, c.desired_state, c.status, c.status_reason, c.generation, c.observed_generation FROM orchestration.containers c JOIN orchestration.namespaces n ON n.id = c.namespace_id
		WHERE (c.status <> c.desired_state OR c.generation <> c.observed_generation OR c.desired_state = 'running' AND c.ready_replicas <> c.replicas)
			AND NOT (c.name = 'taken' AND (c.desired_state NOT IN ('running', 'deleted') OR c.status = 'failed' AND c.status_reason = 'Conflict'))");
	push @noise, map { "@$_" } $self->row("SELECT 'namespace', name, status FROM orchestration.namespace_list WHERE status = 'deleting'");
	push @noise, map { "@$_" } $self->row("SELECT 'cluster', status, status_message FROM orchestration.clusters WHERE status <> 'connected'");
	$self->{noise} = join '; ', @noise[ 0 .. ($#noise > 5 ? 5 : $#noise) ];
	return !@noise;
}

sub rows_are_as_wanted
{
	my ($self) = @_;
	my %rows = $self->read_containers;

	for my $key (sort keys %{ $self->{container} })
	{
		my ($want, $row) = ($self->{container}{$key}, $rows{$key});
		my ($ns, $name) = split / /, $key;

		if (!$row) { $self->wrong("the row of $key is gone"); next }
		$self->wrong("$key: $_ is $row->{$_}, not $want->{$_}") for grep { $row->{$_} ne $want->{$_} } qw(state image replicas);
		if (conflicts($key))
		{
			$self->wrong("$key is $row->{status}, not deleted") if $want->{state} eq 'deleted' && $row->{status} ne 'deleted';
			$self->wrong("$key is $row->{status} $row->{reason}, though its name is taken") if $want->{state} eq 'running' && "$row->{status} $row->{reason}" ne 'failed Conflict';
			next;
		}
		my $deployment = $self->{kube}->get($ns, "deployment/$name");
		my $expected = $want->{state} eq 'deleted' ? 'none' : "$want->{image} " . ($want->{state} eq 'running' ? $want->{replicas} : 0);
		my $there = $deployment ? "$deployment->{spec}{template}{spec}{containers}[0]{image} $deployment->{spec}{replicas}" : 'none';
		my $used = $deployment ? $deployment->{spec}{template}{spec}{containers}[0]{env}[0]{valueFrom}{configMapKeyRef}{name} // '' : '';
		$self->wrong("$key uses \"$used\" in the cluster, not \"$want->{uses}\"") if $deployment && exists $want->{uses} && $used ne $want->{uses};
		$self->wrong("$key in the cluster is $there, not $expected") if $there ne $expected;
		$self->wrong("$key is $row->{status}, not $want->{state}") if $row->{status} ne $want->{state};
	}
	for (sort keys %rows) { $self->wrong("$_ has a row that nobody asked for") if !$self->{container}{$_} }
	return;
}

sub things_are_as_wanted
{
	my ($self) = @_;
	my %rows = $self->read_things;

	for my $key (sort keys %{ $self->{thing} })
	{
		my $want = $self->{thing}{$key};
		my ($ns, $kind, $name) = split / /, $key;

		$self->wrong("$key: " . (defined $want ? 'its row is gone' : 'there is a row')) if defined $want != exists $rows{$key};
		next if conflicts($key);
		my $object = $self->{kube}->get($ns, { config_map => 'configmap', secret => 'secret', volume => 'pvc' }->{$kind} . "/$name");
		$self->wrong("$key: " . ($object ? 'it is still in the cluster' : 'it is missing in the cluster')) if defined $want != defined $object;
		$self->wrong("$key has k $object->{data}{k}, not $want") if $object && defined $want && $kind eq 'config_map' && $object->{data}{k} ne $want;
	}
	return;
}

sub ours_in_the_cluster
{
	my ($self) = @_;
	my $items = JSON::PP::decode_json($self->{kube}->kubectl('get', 'deployments,services,configmaps,secrets,pvc', '-A', '-l', "orchestration.dev/installation=$self->{installation}", '-o', 'json'))->{items};

	return map { join(' ', $_->{metadata}{namespace}, $_->{kind}, $_->{metadata}{name}) => $_->{metadata}{uid} } @$items;
}

# Nothing of ours without a row, and nothing missing.
sub inventory_is_the_cluster
{
	my ($self) = @_;
	my %there = $self->ours_in_the_cluster;
	my %known = map { $_->[0] => $_->[1] } $self->row("SELECT cluster_namespace || ' ' || kind || ' ' || name, uid FROM orchestration.managed_objects WHERE kind <> 'Namespace' AND uid IS NOT NULL");

	for (sort keys %there) { $self->wrong("$_ in the cluster is in no row") if !exists $known{$_} }
	for (sort keys %known) { $self->wrong("$_ is missing, or has another uid") if ($there{$_} // '') ne $known{$_} }
	$self->{there} = \%there;
	return;
}

# In the midst of it: what is there now is to be there at the next checkpoint.
sub remember_uids
{
	my ($self) = @_;
	my %there = eval { $self->ours_in_the_cluster };

	$self->{uid}{$_} //= $there{$_} for grep { !$self->{may_change}{$_} } keys %there;
	return;
}

# A workload or claim is the same one unless somebody asked for, or committed, its end.
sub uids_are_kept
{
	my ($self) = @_;

	for my $key (sort grep { / (?:Deployment|PersistentVolumeClaim) / } keys %{ $self->{there} })
	{
		my $was = $self->{uid}{$key};

		$self->wrong("$key is another one than before, without a reason") if $was && $was ne $self->{there}{$key} && !$self->{may_change}{$key};
	}
	for my $key (sort grep { / PersistentVolumeClaim / } keys %{ $self->{uid} })
	{
		$self->wrong("$key was deleted, though nobody asked for that") if !$self->{there}{$key} && !$self->{may_change}{$key};
	}
	$self->{uid} = { %{ $self->{there} } };
	$self->{may_change} = {};
	return;
}

sub foreign_is_untouched
{
	my ($self) = @_;

	for (sort keys %{ $self->{foreign} })
	{
		my ($ns, $what) = split / /;

		$self->wrong("foreign $_ was touched") if $self->checksum($ns, $what) ne $self->{foreign}{$_};
	}
	return;
}

# All is said and done: nothing is written for ten seconds.
sub is_idle
{
	my ($self) = @_;
	my $question = 'SELECT applies, deletes FROM orchestration.worker_status';
	my $before = $self->{pg}->sql($question);

	Time::HiRes::sleep(10);
	my $after = $self->{pg}->sql($question);
	is($after, $before, 'nothing is written for ten seconds when nothing is asked for') or $self->{wrong}++;
	return;
}

1;
