# The key file lost, wrong, unreadable: refused with a reason, and nothing is lost when it is back.
use strict;
use warnings;
use OrchServer;
use Test::More;

my $pg = OrchServer->new('key', settings => { 'orchestration.worker_enabled' => 'on', 'orchestration.poll_interval' => "'1s'" });
$pg->start->create_bootstrapped('app');
$pg->people;
my $key = "$pg->{data}/orchestration.key";

sub as_owner { OrchServer::must_run([ OrchServer::as_server_user(@_) ]) }

my $register = "SELECT orchestration.register_cluster('nowhere', orchestration.kubeconfig('https://127.0.0.1:9', token => 'very-secret-token'))";
is($pg->administrator_error($register), '', 'a cluster is registered');
$pg->as_administrator("SELECT orchestration.create_namespace('a', 'nowhere')");
$pg->joins('a');
$pg->as_operator("SELECT orchestration.create_secret('a', 's', '{\"password\": \"hunter2-hunter2\"}')");
ok($pg->until_true("SELECT status = 'unreachable' FROM orchestration.clusters"), 'the worker can read its kubeconfig');

# ---- plain http to another machine: refused by the row, and by the worker for what a superuser's session let through
my $plain = "orchestration.kubeconfig('http://192.0.2.1:9', token => 'any')";
like($pg->administrator_error("SELECT orchestration.register_cluster('plain', $plain)"), qr/OR020.*allow_plain_http/s, 'plain http is refused');
is($pg->error("SET orchestration.allow_plain_http = on; SELECT orchestration.register_cluster('plain', $plain)"), '', 'unless the setting allows it');
ok($pg->until_true("SELECT status = 'refused' AND status_message ~ 'plain http' FROM orchestration.clusters WHERE name = 'plain'"), 'the worker, for which it does not, does not connect')
	or diag($pg->sql('SELECT name, status, status_message FROM orchestration.clusters'));
$pg->sql("DELETE FROM orchestration.clusters WHERE name = 'plain'");

# ---- at rest and in the log there is only ciphertext
is($pg->sql("SELECT count(*) FROM orchestration.clusters WHERE position('very-secret-token'::bytea IN encrypted_kubeconfig) > 0"), 0, 'the token is not in the table');
is($pg->sql("SELECT count(*) FROM orchestration.secrets s WHERE to_jsonb(s)::text ~ 'hunter2|aHVudGVy'"), 0, 'nor is the secret');
is($pg->sql("SELECT count(*) FROM orchestration.manifests m WHERE m.manifest::text ~ 'hunter2|aHVudGVy'"), 0, 'nor does the view of manifests show it');
unlike($pg->log_text, qr/very-secret-token|hunter2/, 'nor does the log');

# ---- missing
as_owner('mv', $key, "$key.away");
like($pg->operator_error("SELECT orchestration.create_secret('a', 't', '{\"a\": \"b\"}')"), qr/OR040.*orchestration\.key/s, 'without the key nothing is sealed, and the file is named');
is($pg->sql('SELECT count(*) FROM orchestration.secrets'), 1, 'and nothing is left behind');
is($pg->operator_error("SELECT orchestration.create_config_map('a', 'm', '{}')"), '', 'what needs no key works');
$pg->sql("UPDATE orchestration.clusters SET generation = generation + 1; SELECT orchestration_internal.wake_worker()");
ok($pg->until_true("SELECT status = 'refused' AND status_message ~ 'key' FROM orchestration.clusters"), 'the worker says that it cannot read the kubeconfig') or diag($pg->sql('SELECT status, status_message FROM orchestration.clusters'));
ok($pg->worker_pid, 'and lives');

# ---- another one
like($pg->error('SELECT orchestration.bootstrap()'), qr/OR040/, 'bootstrap() makes no second key while sealed values exist');
ok(!-e $key, 'nor a file');
as_owner('sh', '-c', "sed 's/[0-9]/7/g; s/[a-f]/b/g; s/[A-Z]/Q/g' '$key.away' >'$key' && chmod 600 '$key'");
like($pg->error("SELECT orchestration_internal.unseal(encrypted_data, 'secret/' || namespace_id || '/s') FROM orchestration.secrets"), qr/OR04[01]/, 'with another key nothing is unsealed');
$pg->sql("UPDATE orchestration.clusters SET generation = generation + 1; SELECT orchestration_internal.wake_worker()");
ok($pg->until_true("SELECT status = 'refused' FROM orchestration.clusters"), 'the worker refuses the cluster');

# ---- the right one again
as_owner('mv', "$key.away", $key);
$pg->sql("UPDATE orchestration.clusters SET generation = generation + 1; SELECT orchestration_internal.wake_worker()");
ok($pg->until_true("SELECT status = 'unreachable' FROM orchestration.clusters"), 'with the right key it goes on');
is($pg->sql("SELECT convert_from(orchestration_internal.unseal(encrypted_data, 'secret/' || namespace_id || '/s'), 'UTF8') FROM orchestration.secrets"), '{"password": "aHVudGVyMi1odW50ZXIy"}', 'and nothing is lost');
unlike($pg->log_text, qr/very-secret-token|hunter2/, 'the log holds no secret after all that');

$pg->stop;
done_testing();
