# What goes wrong on a real node is said in the row, clearly, and in why().
use strict;
use warnings;
use OrchTest;
use Test::More;

my $kube = kube_or_skip(real => 1);
my $pg = server_with_cluster('failures', $kube);
my $image = $kube->image;
my $ns = new_namespace($pg, 'fail');
my $bare = new_namespace($pg, 'bare');
pull_from_registry($pg, $kube, $ns);

# an image that the node has never had, so that it cannot serve it from its cache
my ($busybox) = grep { -x } qw(/bin/busybox /usr/bin/busybox);
my $fresh = $kube->cluster('image', "fresh-$$:1", '--cmd', '["/bin/busybox", "sleep", "1000"]', "$busybox=/bin/busybox");
chomp $fresh;

sub container
{
	my ($namespace, $name, $its_image, $rest) = @_;

	return $pg->as_operator("SELECT orchestration.create_container('$namespace', '$name', '$its_image', termination_grace_period => 0" . ($rest ? ", $rest" : '') . ')');
}

# As a row of an earlier release may say it: what is known to be refused there is refused here now.

sub refused_there
{
	my ($name, $overrides) = @_;

	return $pg->sql(<<SQL);
ALTER TABLE orchestration.containers DROP CONSTRAINT IF EXISTS containers_overrides_check;
BEGIN;
SELECT orchestration.create_container('$ns', '$name', '$image');
SET LOCAL session_replication_role = replica;
UPDATE orchestration.containers SET overrides = '$overrides' WHERE name = '$name';
COMMIT;
SQL
}

# All start together: they fail while the others are looked at.
my %id = (
	missing => container($ns, 'missing', "$kube->{env}{REGISTRY}/no-such-image:1"),
	nosecret => container($bare, 'nosecret', $fresh),
	crash => container($ns, 'crash', $image, q(command => '{sh,-c,"echo broken; exit 3"}')),
	oom => container($ns, 'oom', $image, q(command => '{tail,/dev/zero}', memory_limit => '16Mi')),
	unready => container($ns, 'unready', $image, q(command => '{sleep,inf}', readiness_probe => '{"tcpSocket": {"port": 81}, "periodSeconds": 1}')),
	unlive => container($ns, 'unlive', $image, q(command => '{sleep,inf}', liveness_probe => '{"exec": {"command": ["false"]}, "periodSeconds": 1, "failureThreshold": 1}')),
	broken => container($ns, 'broken', $image, q(command => '{sh,-c,"touch /tmp/ok; sleep inf"}', readiness_probe => '{"exec": {"command": ["test", "-e", "/tmp/ok"]}, "periodSeconds": 1, "failureThreshold": 1}')),
	nocommand => container($ns, 'nocommand', $image, q(command => '{/no/such/program}')),
	toobig => container($ns, 'toobig', $image, q(command => '{sleep,inf}', cpu_request => '1000')),
	nonode => container($ns, 'nonode', $image, q(command => '{sleep,inf}', node_selector => '{"no.such/label": "x"}')),
	invalid => refused_there('invalid', '{"spec": {"priorityClassName": "no-such-class", "hostname": "Not_A_Name"}}'),
	unknown => refused_there('unknown', '{"spec": {"noSuchField": true}}'),
	badjob => container($ns, 'badjob', $image, q(command => '{sh,-c,"exit 7"}', restart_policy => 'Never')),
	healthy => container($ns, 'healthy', $image, q(command => '{sleep,inf}')));
$pg->as_operator("SELECT orchestration.create_config_map('$ns', 'settings', '{\"a\": \"1\"}')");
my $nokey = q(command => '{sleep,inf}', env => '[{"name": "B", "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "b"}}}]');
like($pg->operator_error("SELECT orchestration.create_container('$ns', 'nokey', '$image', $nokey)"), qr/OR003.*has no key "b"/s, 'a key that the config map does not have is refused');
# it is taken away afterwards, past the trigger that keeps it
($id{nokey}) = split /\n/, $pg->sql(<<SQL);
BEGIN;
UPDATE orchestration.config_maps SET data = '{"b": "1"}' WHERE name = 'settings';
SELECT orchestration.create_container('$ns', 'nokey', '$image', $nokey);
SET LOCAL session_replication_role = replica;
UPDATE orchestration.config_maps SET data = '{"a": "1"}' WHERE name = 'settings';
COMMIT;
SQL

# status, reason, message and why() of one of them
sub told
{
	my ($name, $status, $reason, $message, $title, %options) = @_;
	my $id = $id{$name};

	subtest $title => sub {
		status_ok($pg, $id, $status, "$status: $reason", reason => $reason, timeout => 150, %options) or return;
		like($pg->sql("SELECT status_message FROM orchestration.containers WHERE id = $id"), $message, 'the message says what');
		my $why = $pg->as_operator("SELECT orchestration.why($id)");
		like($why, qr/$name/, 'why() names it');
		like($why, $reason =~ /^\^?\((.*)\)/ ? qr/$1/ : qr/$reason/, 'why() gives the reason');
		note($why);
	};
}

told('missing', 'pending', '(ErrImagePull|ImagePullBackOff)', qr/no-such-image/, 'an image that does not exist');
told('nosecret', 'pending', '(ErrImagePull|ImagePullBackOff)', qr/fresh-$$/, 'an image that needs a password');
told('unready', 'pending', 'Starting', qr/readiness probe/, 'a readiness probe that never succeeds');
told('nokey', 'pending', 'CreateContainerConfigError', qr/\bb\b/, 'a key that the config map does not have');
told('toobig', 'pending', 'Unschedulable', qr/[Ii]nsufficient cpu/, 'more CPU than any node has');
told('nonode', 'pending', 'Unschedulable', qr/node/, 'a node that does not exist');
told('invalid', 'failed', 'Invalid', qr/hostname/, 'an override that the API server refuses');
told('unknown', 'failed', '(BadRequest|Invalid)', qr/noSuchField/, 'an override that the API server does not know');
told('badjob', 'failed', 'ExitCode:7', qr/\S/, 'a job that fails');
told('crash', 'failed', 'CrashLoopBackOff', qr/ExitCode:3.*broken/s, 'a crash loop');
told('nocommand', 'failed', '(CrashLoopBackOff|StartError|RunContainerError)', qr/no such file/, 'a program that is not there');
told('oom', 'failed', 'OOMKilled', qr/restarts/, 'a container killed for its memory');
told('unlive', 'failed', 'CrashLoopBackOff', qr/restarts/, 'a liveness probe that fails');
runs($pg, $id{healthy}, 'the healthy one among them runs');

# ---- running, and then not ready
runs($pg, $id{broken}, 'a container with a readiness probe runs');
$kube->kubectl('exec', '-n', $ns, 'deployment/broken', '--', 'rm', '/tmp/ok');
status_ok($pg, $id{broken}, 'running', 'its probe begins to fail: still running, and NotReady', reason => 'NotReady');
is($pg->sql("SELECT ready_replicas FROM orchestration.containers WHERE id = $id{broken}"), 0, 'with no replica ready');
$kube->kubectl('exec', '-n', $ns, 'deployment/broken', '--', 'touch', '/tmp/ok');
ok($pg->until_true("SELECT status = 'running' AND ready_replicas = 1 AND status_reason IS NULL FROM orchestration.containers WHERE id = $id{broken}"), 'and heals') or diagnose($pg, $id{broken});

# ---- what is put right heals by itself
pull_from_registry($pg, $kube, $bare);
runs($pg, $id{nosecret}, 'with the password in registries the image is pulled', timeout => 150);
$pg->sql("UPDATE orchestration.config_maps SET data = '{\"b\": \"2\"}' WHERE name = 'settings'");
runs($pg, $id{nokey}, 'with the key in the config map it runs', timeout => 150);
$pg->sql("UPDATE orchestration.containers SET command = '{sleep,inf}' WHERE id IN ($id{crash}, $id{oom})");
runs($pg, $id{crash}, 'with a better command the crash loop ends', timeout => 150);
$pg->sql("UPDATE orchestration.containers SET overrides = '{}', command = '{sleep,inf}' WHERE id IN ($id{invalid}, $id{unknown})");
runs($pg, $id{invalid}, 'without the override it runs');
like(history($pg, $id{crash}), qr/^pending>.*failed>.*running$/, 'the history tells of failure and recovery') or diagnose($pg, $id{crash});

# ---- quota
my $small = new_namespace($pg, 'quota');
within($kube, 'a namespace for the quota', sub { $kube->get('default', "namespace/$small") });
$kube->kubectl('create', 'quota', 'pods', '-n', $small, '--hard=pods=1,persistentvolumeclaims=0');
pull_from_registry($pg, $kube, $small);
$id{quota} = container($small, 'quota', $image, q(command => '{sleep,inf}', replicas => 2));
ok($pg->until_true("SELECT ready_replicas = 1 AND status_message ~ 'quota' FROM orchestration.containers WHERE id = $id{quota}"), 'the pods that the quota allows run, the others are explained')
  or diagnose($pg, $id{quota});
like($pg->as_operator("SELECT orchestration.why($id{quota})"), qr/quota/, 'why() speaks of the quota');
$pg->as_operator("SELECT orchestration.create_volume('$small', 'denied', type => 'PVC', size => '1Mi', access_mode => 'ReadWriteOnce')");
ok($pg->until_true("SELECT status = 'failed' AND status_reason = 'QuotaExceeded' FROM orchestration.volumes WHERE name = 'denied'"), 'a claim that the quota forbids is failed, QuotaExceeded') or diagnose($pg);
$id{starved} = container($small, 'starved', $image, q(command => '{sleep,inf}'));
told('starved', 'pending', 'FailedCreate', qr/quota/, 'a container for whose pod there is no quota');

# ---- forbidden
$pg->as_administrator('SELECT orchestration.create_namespace(' . OrchTest::quote("denied-$$") . ", 'main')");
$pg->joins("denied-$$");
within($kube, 'a namespace for the rights', sub { $kube->get('default', "namespace/denied-$$") });
$kube->apply(<<YAML);
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: deny-$$}
spec:
  matchConstraints: {resourceRules: [{apiGroups: [apps], apiVersions: [v1], operations: [CREATE], resources: [deployments]}]}
  validations: [{expression: "false", message: "no deployment here, says the policy", reason: Forbidden}]
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: deny-$$}
spec:
  policyName: deny-$$
  validationActions: [Deny]
  matchResources: {namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: denied-$$}}}
YAML
within($kube, 'the policy is in force', sub { my ($status) = $kube->try('create', 'deployment', 'probe', '-n', "denied-$$", '--image=x', '--dry-run=server'); $status != 0 });
$id{forbidden} = container("denied-$$", 'forbidden', $image);
told('forbidden', 'failed', 'Forbidden', qr/says the policy/, 'a deployment that a policy forbids');
$kube->kubectl('delete', 'validatingadmissionpolicybinding,validatingadmissionpolicy', "deny-$$");
$kube->delete_namespaces("denied-$$");

done_testing();
