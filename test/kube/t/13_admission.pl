# What an API server returns of what it was sent: every manifest comes back as it was sent, and what a
# mutating admission policy or another field manager makes of it is found, with who it was.
use strict;
use warnings;
use JSON::PP ();
use OrchTest;
use Test::More;

my $json = JSON::PP->new->utf8->allow_nonref->canonical;
my $kube = kube_or_skip();
my $pg = OrchServer->new('admission', settings => { 'orchestration.worker_enabled' => 'on', 'log_min_messages' => 'info' })->start;
my $folder = "$ENV{ORCH_ROOT}/test/kube/render";
my $rendered = "rendered-$$";

$pg->create_bootstrapped('app');
$pg->people;
register($pg, 'main', $kube->kubeconfig);

# Server-side apply as the worker does it, and the answer.
sub answer_to
{
	my ($manifest) = @_;

	local $kube->{input} = $manifest;
	return $kube->kubectl('apply', '--server-side', '--force-conflicts', '--field-manager=orchestration', '--show-managed-fields', '-o', 'json', '-f', '-');
}

sub ask
{
	my ($function, $sent, $returned) = @_;

	return $pg->sql(sprintf 'SELECT orchestration_internal.%s(%s, %s)', $function, map { quote($_) } $sent, $returned);
}

# ---- nothing differs, whatever is rendered
my $query = "SELECT orchestration_internal.worker_manifest(m.namespace_id, m.owner_type, m.owner_id, m.kind, m.name)
	FROM orchestration.manifests m WHERE m.namespace_id = (SELECT id FROM ns) ORDER BY m.apply_order, m.kind, m.name;";
my @manifests = grep { /^\{/ } split /\n/, $pg->sql("\\set ns $rendered\nBEGIN;\n\\i $folder/fixture.sql\n$query\n\\i $folder/change.sql\n$query\nROLLBACK;");
my (%kinds, @differing, @answers);
for my $manifest (@manifests)
{
	my $object = $json->decode($manifest);
	my $answer = answer_to($manifest);
	my $differs = ask('differing_values', $manifest, $answer);

	$kinds{ $object->{kind} }++;
	push @answers, [ $manifest, $answer ];
	push @differing, "$object->{kind} $object->{metadata}{name}: $differs" if $differs ne '';
}
is_deeply([ sort keys %kinds ], [qw(ConfigMap Deployment Job Namespace PersistentVolumeClaim Secret Service)], 'every kind is rendered, ' . @manifests . ' manifests');
is_deeply(\@differing, [], 'and comes back as it was sent');

# ---- it costs little
$pg->sql('CREATE TABLE answers (sent jsonb, returned jsonb)');
$pg->sql(join "\n", map { sprintf 'INSERT INTO answers VALUES (%s, %s);', map { quote($_) } @$_ } @answers);
$pg->sql(<<'SQL');
CREATE FUNCTION cost(sent jsonb, returned jsonb) RETURNS numeric LANGUAGE plpgsql AS $$
DECLARE
	started timestamptz;
	best numeric;
	took numeric;
BEGIN
	/* not read from a table each time */
	sent := sent || '{}';
	returned := returned || '{}';
	FOR attempt IN 1 .. 5 LOOP
		started := clock_timestamp();
		FOR i IN 1 .. 1000 LOOP
			PERFORM orchestration_internal.differing_values(sent, returned);
		END LOOP;
		took := extract(epoch FROM clock_timestamp() - started) * 1000;
		best := least(best, took);
	END LOOP;
	RETURN round(best, 1);
END $$
SQL
my ($median, $highest) = split /\|/, $pg->sql("SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY us), max(us) FROM (SELECT cost(sent, returned) AS us FROM answers WHERE sent ->> 'kind' = 'Deployment') c");
diag("differing_values(): $median us for a Deployment, $highest us for the largest");
cmp_ok($median, '<', 300, 'and takes far less than a millisecond');

# ---- a policy that wants two replicas
my $ns = new_namespace($pg, 'admission');
ok($pg->until_true("SELECT status = 'active' FROM orchestration.namespaces WHERE name = '$ns'"), 'the namespace is there') or diagnose($pg);
$kube->apply(<<YAML);
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingAdmissionPolicy
metadata: {name: two-$$}
spec:
  matchConstraints: {resourceRules: [{apiGroups: [apps], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [deployments]}]}
  failurePolicy: Fail
  reinvocationPolicy: Never
  mutations:
  - patchType: ApplyConfiguration
    applyConfiguration: {expression: "Object{spec: Object.spec{replicas: 2}}"}
---
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingAdmissionPolicyBinding
metadata: {name: two-$$}
spec:
  policyName: two-$$
  matchResources: {namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: $ns}}}
YAML
my ($sent, $answer);
within($kube, 'the policy is in force', sub {
		$sent = $json->encode({ apiVersion => 'apps/v1', kind => 'Deployment', metadata => { name => 'probe', namespace => $ns },
				spec => { replicas => 1, selector => { matchLabels => { app => 'probe' } },
					template => { metadata => { labels => { app => 'probe' } }, spec => { containers => [ { name => 'probe', image => 'x' } ] } } } });
		$answer = answer_to($sent);
		return $json->decode($answer)->{spec}{replicas} == 2;
	});
is(ask('insisted_values', $sent, $answer), '[{"path": "spec.replicas", "sent": 1, "returned": 2}]', 'what the policy changed is found') or diag($answer);
# another manager, by a scale
$kube->kubectl('delete', 'mutatingadmissionpolicybinding,mutatingadmissionpolicy', "two-$$");
within($kube, 'the policy is gone', sub { $answer = answer_to($sent); return $json->decode($answer)->{spec}{replicas} == 1 });
is(ask('differing_values', $sent, $answer), '', 'and nothing, when the policy is gone');
$kube->kubectl('scale', 'deployment', 'probe', '-n', $ns, '--replicas=3');
$answer = $kube->kubectl('get', 'deployment', 'probe', '-n', $ns, '--show-managed-fields', '-o', 'json');
like(ask('insisted_values', $sent, $answer), qr/"path": "spec.replicas", "sent": 1, "manager": "kubectl[^"]*", "returned": 3/, 'what somebody scaled is found, with who it was');

# ---- and the worker tells it
$kube->apply(<<YAML);
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingAdmissionPolicy
metadata: {name: again-$$}
spec:
  matchConstraints: {resourceRules: [{apiGroups: [apps], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [deployments]}]}
  failurePolicy: Fail
  reinvocationPolicy: Never
  mutations:
  - patchType: ApplyConfiguration
    applyConfiguration: {expression: "Object{spec: Object.spec{replicas: 2}}"}
---
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingAdmissionPolicyBinding
metadata: {name: again-$$}
spec:
  policyName: again-$$
  matchResources: {namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: $ns}}}
YAML
within($kube, 'the policy is in force again', sub { $answer = answer_to($sent); return $json->decode($answer)->{spec}{replicas} == 2 });
my $id = $pg->as_operator("SELECT orchestration.create_container('$ns', 'web', 'x')");
ok($pg->until_true("SELECT orchestration.why($id) ~ 'admission policy or webhook of the cluster: spec.replicas 2, we asked for 1'", timeout => 15), 'why() says what the policy insists on') or diagnose($pg);
like($pg->as_operator("SELECT orchestration.why($id)"), qr/policy/, 'to whom it concerns');
is($pg->sql("SELECT applied_hash = desired_hash AND last_error_reason IS NULL FROM orchestration.managed_objects WHERE kind = 'Deployment' AND name = 'web'"), 't', 'it is applied all the same');
my $applied = applies();
ok(!$pg->until_true("SELECT (SELECT count(*) FROM orchestration.operation_logs WHERE source = 'worker' AND resource_type = 'Deployment') > $applied", timeout => 4), 'and not again and again');
$kube->kubectl('delete', 'mutatingadmissionpolicybinding,mutatingadmissionpolicy', "again-$$");
within($kube, 'the policy is gone again', sub { $answer = answer_to($sent); return $json->decode($answer)->{spec}{replicas} == 1 });
# ten minutes later
$pg->sql("UPDATE orchestration.managed_objects SET applied_at = applied_at - interval '10 minutes' WHERE kind = 'Deployment' AND name = 'web'");
ok($pg->until_true("SELECT insisted IS NULL FROM orchestration.managed_objects WHERE kind = 'Deployment' AND name = 'web'", timeout => 15)
	  && $kube->get($ns, 'deployment/web')->{spec}{replicas} == 1, 'and it is put right when the policy is gone') or diagnose($pg);

# ---- a controller that keeps changing it
for my $time (1 .. 3)
{
	within($kube, "it is put right for the time $time", sub { $kube->get($ns, 'deployment/web')->{spec}{replicas} == 1 }, 30);
	$kube->kubectl('patch', 'deployment', 'web', '-n', $ns, '--type=merge', '--field-manager=scaler', '-p', '{"spec":{"replicas":3}}');
	within($kube, "the worker has seen time $time", sub { $pg->sql("SELECT applied_hash IS NULL FROM orchestration.managed_objects WHERE kind = 'Deployment' AND name = 'web'") eq 't' });
}
ok($pg->until_true("SELECT orchestration.why($id) ~ 'scaler has changed it [23] times'", timeout => 15), 'why() names who, and how often') or diagnose($pg);

sub applies { return $pg->sql("SELECT count(*) FROM orchestration.operation_logs WHERE source = 'worker' AND resource_type = 'Deployment'") }

$kube->delete_namespaces($rendered);
done_testing();
