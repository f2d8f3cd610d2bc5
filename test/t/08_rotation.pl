# Rotation of the encryption key: 10,000 secrets, read and written all the while, killed and resumed; a command for a
# key file; and a canary that may be nowhere in clear.
use strict;
use warnings;
use IPC::Run ();
use OrchServer;
use Test::More;

my $secrets = 10_000;
my $pg = OrchServer->new('rotation', settings => {
		shared_preload_libraries => "'orchestration, pg_stat_statements'",
		log_min_messages => 'debug1',
		log_error_verbosity => 'verbose' });
$pg->start->create_bootstrapped('app');
$pg->people;
$pg->sql('CREATE EXTENSION pg_stat_statements');
my $key = "$pg->{data}/orchestration.key";

sub as_owner { return OrchServer::must_run([ OrchServer::as_server_user(@_) ]) }
sub write_keys { OrchServer::must_run([ OrchServer::as_server_user('tee', "$key.new") ], join('', map { "$_\n" } @_)); as_owner('mv', "$key.new", $key) }
sub new_key { return join '', map { sprintf '%02x', int rand 256 } 1 .. 32 }
sub session { return IPC::Run::start([ $pg->psql_command('app', map { ('-c', $_) } @_) ], '<', '/dev/null', '>', "$pg->{dir}/session.out", '2>', "$pg->{dir}/session.err") }

chomp(my $first = as_owner('cat', $key));

# ---- rows in every place that has sealed values
$pg->sql(<<SQL);
INSERT INTO orchestration.clusters (name, api_server, auth_method, encrypted_kubeconfig, enabled)
VALUES ('c', 'https://127.0.0.1', 'kubeconfig', orchestration_internal.seal(convert_to(orchestration.kubeconfig('https://127.0.0.1', 'token-of-c'), 'UTF8'), 'cluster/c'), false);
SELECT orchestration.create_namespace('a', 'c');
INSERT INTO orchestration.secrets (namespace_id, name, data_keys, encrypted_data)
SELECT n.id, 's' || i, '{v}', orchestration_internal.seal_secret(n.id, 's' || i, jsonb_build_object('v', 'value ' || i))
FROM orchestration.namespaces n, generate_series(1, $secrets) i WHERE n.name = 'a';
SELECT orchestration.create_registry('a', 'r', 'registry.example', 'u', 'password of r');
SELECT orchestration.set_user_secret('api_key', 'key of a user');
INSERT INTO orchestration.user_secrets (user_id, secret_type, encrypted_value) SELECT min(id), 'own', pgp_sym_encrypt('mine', 'his') FROM orchestration.users;
SELECT orchestration.create_container('a', 'reader', 'nginx', env => '[{"name": "V", "valueFrom": {"secretKeyRef": {"name": "s1", "key": "v"}}}]');
CREATE TABLE stop_load ();
CREATE TABLE load (what text, rounds bigint);
SQL
my $rendered = "SELECT md5(string_agg(kind || name || manifest_hash, ',' ORDER BY kind, name)) FROM orchestration.manifests WHERE name !~ '0\$'";
my $generations = "SELECT sum(generation) FROM orchestration.secrets WHERE name !~ '0\$'";
my ($hash, $generation) = ($pg->sql($rendered), $pg->sql($generations));

# ---- under load: readers open any secret, a writer replaces those whose number ends in 0
my $reader = <<'SQL';
DO $$
DECLARE n bigint := 0; s record;
BEGIN
	LOOP
		EXIT WHEN EXISTS (SELECT FROM stop_load);
		FOR s IN SELECT x.id, x.namespace_id, x.name FROM orchestration.secrets x WHERE x.name = ANY (ARRAY(SELECT 's' || (1 + floor(random() * 10000))::int FROM generate_series(1, 50))) LOOP
			IF convert_from(decode(orchestration_internal.secret_values(s.namespace_id, 'secret', s.id) ->> 'v', 'base64'), 'UTF8') !~ ('^(value|new) ' || substr(s.name, 2) || '$') THEN
				RAISE 'wrong value of %', s.name;
			END IF;
			n := n + 1;
		END LOOP;
		COMMIT;
	END LOOP;
	INSERT INTO load VALUES ('reads', n);
END $$;
SQL
my $writer = <<'SQL';
DO $$
DECLARE n bigint := 0; i int;
BEGIN
	LOOP
		EXIT WHEN EXISTS (SELECT FROM stop_load);
		i := 10 * (1 + floor(random() * 1000))::int;
		UPDATE orchestration.secrets SET encrypted_data = orchestration_internal.seal_secret(namespace_id, name, jsonb_build_object('v', 'new ' || i)) WHERE name = 's' || i;
		n := n + 1;
		COMMIT;
	END LOOP;
	INSERT INTO load VALUES ('writes', n);
END $$;
SQL
my @load = (session($reader), session($reader), session($writer));

my $second = new_key();
write_keys($first, "second:$second");
$pg->sql('SELECT orchestration_internal.record_encryption_keys()');
is($pg->sql('SELECT key_id, state FROM orchestration.encryption_keys WHERE state = \'decrypt_only\''), 'second|decrypt_only', 'a further key is known before it is used');
write_keys("second:$second", $first);

# the worst of batches: one at a time, so that a kill hits it half-way
my $rotation = session("SET application_name = 'rotation'", <<'SQL');
DO $$
DECLARE rest bigint;
BEGIN
	LOOP
		SELECT r.remaining INTO rest FROM orchestration.rotate_encryption_key(100) r;
		COMMIT;
		EXIT WHEN rest = 0;
	END LOOP;
END $$;
SQL
my $done = "SELECT count(*) FROM orchestration.secrets WHERE orchestration_internal.sealed_key_id(encrypted_data) = 'second'";
ok($pg->until_true("($done) >= 1000"), 'it goes on in batches that others can see');
$pg->sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'rotation'");
eval { IPC::Run::finish($rotation) };
cmp_ok($pg->sql($done), '<', $secrets, 'killed half-way');
cmp_ok($pg->sql($done), '>=', 1000, 'and what was done is kept');
my $rest = 1;
for (1 .. 1000)
{
	$rest = $pg->sql('SELECT remaining FROM orchestration.rotate_encryption_key(1000)');
	last if $rest == 0;
}
is($rest, 0, 'resumed, it comes to the end');
is($pg->sql('SELECT unreadable FROM orchestration.rotate_encryption_key()'), 0, 'nothing needs a key that is not there');
$pg->sql('INSERT INTO stop_load DEFAULT VALUES');
my @failed = grep { !IPC::Run::finish($_) } @load;
is(scalar(@failed), 0, 'every read and every write under way succeeded');
is($pg->sql('SELECT count(*) FROM load WHERE rounds > 0'), 3, 'and there were some') or diag(as_owner('cat', "$pg->{dir}/session.err"));
note($pg->sql("SELECT string_agg(what || ' ' || rounds, ', ') FROM load"));

# ---- the old key is of no use any more
write_keys("second:$second");
is($pg->sql('SELECT orchestration_internal.record_encryption_keys()'), 'second', 'the old key is gone');
is($pg->sql("SELECT string_agg(state, ' ' ORDER BY state) FROM orchestration.encryption_keys"), 'absent active', 'and known to be');
is($pg->sql("SELECT count(*) FROM orchestration.secrets s WHERE orchestration_internal.secret_values(s.namespace_id, 'secret', s.id) ? 'v'"), $secrets, 'every secret opens without it');
is($pg->sql("SELECT kubeconfig::jsonb #>> '{users,0,user,token}' FROM orchestration_internal.worker_clusters()"), 'token-of-c', 'so does a kubeconfig');
is($pg->sql("SELECT orchestration_internal.unseal(encrypted_password, 'registry/' || namespace_id || '/registry.example') = 'password of r' FROM orchestration.registries"), 't', 'a password of a registry');
is($pg->sql("SELECT orchestration.reveal_user_secret('api_key')"), 'key of a user', 'a key of a user');
is($pg->sql("SELECT pgp_sym_decrypt(encrypted_value, 'his') FROM orchestration.user_secrets WHERE NOT is_sealed"), 'mine', 'and what a caller encrypted himself is as it was');
is($pg->sql($rendered), $hash, 'nothing is rendered differently: no pod restarts for it');
is($pg->sql($generations), $generation, 'and no generation was raised');
write_keys('second:' . new_key());
like($pg->error('SELECT orchestration.rotate_encryption_key()'), qr/OR040.*second/s, 'another key by a known name is refused');

# ---- values of the format before data keys
write_keys("second:$second");
my $legacy = "'\\x01'::bytea || pgp_sym_encrypt_bytea(sha256(convert_to('c1', 'UTF8')) || 'old value'::bytea, '$second', 'cipher-algo=aes256, s2k-mode=0, compress-algo=0')";
is($pg->sql("SELECT convert_from(orchestration_internal.unseal($legacy, 'c1'), 'UTF8')"), 'old value', 'a value of the first format opens');
is($pg->sql("WITH v AS MATERIALIZED (SELECT $legacy AS old), r AS MATERIALIZED (SELECT old, orchestration_internal.rewrap(old, 'c1') AS new FROM v)
	SELECT convert_from(orchestration_internal.unseal(new, 'c1'), 'UTF8'), orchestration_internal.sealed_key_id(old) = '', orchestration_internal.sealed_key_id(new), orchestration_internal.sealed_fingerprint(old) = orchestration_internal.sealed_fingerprint(new) FROM r"),
	'old value|t|second|t', 'and is re-wrapped into this one with its fingerprint');

# ---- a command instead of a file
sub command { my ($command) = @_; $pg->sql("ALTER SYSTEM SET orchestration.encryption_key_command = '$command'"); $pg->reload; $pg->until_true("current_setting('orchestration.encryption_key_command') <> 'x'"); select undef, undef, undef, 0.3 }
my $open = "SELECT orchestration.reveal_user_secret('api_key')";
as_owner('cp', $key, "$pg->{dir}/my key");
as_owner('mv', $key, "$key.away");
like($pg->error($open), qr/OR040/, 'without the file nothing opens');
command(qq(/bin/cat "$pg->{dir}/my key"));
is($pg->sql($open), 'key of a user', 'what a command prints does');
for ([ '/bin/cat /nowhere; touch ' . "$pg->{dir}/planted", qr/status 0/, 'no shell reads it' ], [ 'cat x', qr/absolute path/, 'no search of a path' ],
	[ '/bin/false', qr/status 0/, 'a failure' ], [ '/bin/echo nothing', qr/does not hold a key/, 'no key' ], [ '/bin/cat "x', qr/quotation mark/, 'an open quotation mark' ],
	[ '/usr/bin/yes', qr/too much/, 'endless output' ], [ '/nowhere/program', qr/could not be started|status 0/, 'no program' ])
{
	my ($command, $reason, $title) = @$_;

	command($command);
	like($pg->error($open), qr/OR040.*$reason/s, "a command: $title");
}
ok(!-e "$pg->{dir}/planted", 'nothing that a shell would have done was done');
command('');
as_owner('mv', "$key.away", $key);

# ---- the canary
my $canary = 'xyzzy-canary-4711';
my $encoded = 'eHl6enktY2FuYXJ5LTQ3MT';
$pg->sql("SET log_min_error_statement = panic;
	SELECT orchestration.create_secret('a', 'canary', '{\"v\": \"$canary\"}');
	SELECT orchestration.create_registry('a', 'canary', 'canary.example', 'u', '$canary');
	SELECT orchestration.set_user_secret('canary', '$canary');
	SELECT orchestration.create_container('a', 'canary', 'canary.example/x', env => '[{\"name\": \"V\", \"valueFrom\": {\"secretKeyRef\": {\"name\": \"canary\", \"key\": \"v\"}}}]')");
unlike($pg->error("SET log_min_error_statement = panic; SELECT orchestration.create_secret('a', 'canary', '{\"v\": \"$canary\"}')"), qr/$canary|$encoded/, 'not in the text of an error');
is($pg->as_administrator("SELECT orchestration.reveal_secret('a', 'canary', 'v')"), $canary, 'the canary is kept');
# as a parameter, past a module that prints plans: a generic plan holds no value
my $explained = $pg->log_size;
my $without_parameters = $pg->sql('SHOW server_version_num') >= 160000 ? 'SET auto_explain.log_parameter_max_length = 0;' : '';
$pg->sql("LOAD 'auto_explain'; $without_parameters SET auto_explain.log_min_duration = 0; SET auto_explain.log_nested_statements = on; SET auto_explain.log_verbose = on; SET auto_explain.log_analyze = on;
	SET plan_cache_mode = force_generic_plan;
	PREPARE s (text) AS SELECT orchestration.create_secret('a', 'explained', pg_catalog.jsonb_build_object('v', \$1)); EXECUTE s ('$canary');
	PREPARE r (text) AS SELECT orchestration.create_registry('a', 'explained', 'explained.example', 'u', \$1); EXECUTE r ('$canary');
	PREPARE u (text) AS SELECT orchestration.set_user_secret('explained', \$1); EXECUTE u ('$canary');
	PREPARE w (text) AS SELECT orchestration.update_secret(n.name, s.name, pg_catalog.jsonb_build_object('v', \$1)) FROM orchestration.secrets s JOIN orchestration.namespaces n ON n.id = s.namespace_id WHERE s.name = 'explained'; EXECUTE w ('$canary');
	PREPARE m (text) AS SELECT orchestration.update_secret(n.name, s.name, pg_catalog.jsonb_build_object('w', \$1), merge => true) FROM orchestration.secrets s JOIN orchestration.namespaces n ON n.id = s.namespace_id WHERE s.name = 'explained'; EXECUTE m ('$canary');
	PREPARE p (text) AS SELECT orchestration.update_registry(n.name, r.name, username => 'u', password => \$1) FROM orchestration.registries r JOIN orchestration.namespaces n ON n.id = r.namespace_id WHERE r.name = 'explained'; EXECUTE p ('$canary');
	PREPARE c (text) AS SELECT orchestration.register_cluster('explained', orchestration.kubeconfig('https://127.0.0.1', token => \$1), enabled => false); EXECUTE c ('$canary');
	SELECT orchestration.reveal_secret('a', 'explained', 'v'), orchestration.reveal_user_secret('explained')");
like($pg->log_text($explained), qr/Query Text: INSERT INTO orchestration\.secrets/, 'auto_explain prints what happens inside');
unlike($pg->log_text($explained), qr/$canary|$encoded/, 'but no secret');
$pg->sql("SELECT orchestration.reveal_user_secret('canary')");
write_keys(new_key());
my @errors = map { $pg->error($_) } "SELECT orchestration.reveal_secret('a', 'canary')", "SELECT orchestration.reveal_user_secret('canary')", "SELECT count(orchestration_internal.secret_values(namespace_id, 'registry', id)) FROM orchestration.registries";
write_keys("second:$second");
unlike("@errors", qr/$canary|$encoded/, 'nor of one about the key');
$pg->sql('SELECT orchestration.rotate_encryption_key()');

my $anywhere = sub { my ($table) = @_; return $pg->sql("SELECT count(*) FROM $table t WHERE t::text ~ '$canary|$encoded'") };
is($anywhere->("orchestration.$_"), 0, "not in $_") for qw(operation_logs managed_objects manifests secrets registries user_secrets container_status_history);
is($anywhere->('orchestration_internal.plan_errors'), 0, 'not in plan_errors');
is($pg->sql("SELECT count(*) FROM pg_stat_statements WHERE query ~ ('cana' || 'ry-4711') OR query ~ ('eHl6enktY2FuYXJ5' || 'LTQ3MT')"), 0, 'not in pg_stat_statements');
is($pg->sql("SELECT count(*) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND query ~ '$canary'"), 0, 'not in pg_stat_activity of others');
is($pg->sql("SELECT count(*) FROM orchestration.plan('a') p WHERE p::text ~ '$canary|$encoded'"), 0, 'not in plan()');
my $dump = OrchServer::must_run([ 'pg_dump', '-h', $pg->{dir}, '-p', $pg->{port}, '-U', 'postgres', 'app' ]);
unlike($dump, qr/$canary|$encoded/, 'not in a dump');
unlike($dump, qr/$second/, 'nor is the key');
unlike($pg->log_text, qr/$canary|$encoded/, 'not in the log');
unlike($pg->log_text, qr/$second|$first/, 'nor is a key');
like($pg->log_text, qr/reveal secret "canary"/, 'though the log says that it was revealed');
my $offset = $pg->log_size;
$pg->as_administrator("BEGIN; SELECT orchestration.reveal_secret('a', 'canary'); ROLLBACK");
like($pg->log_text($offset), qr/reveal secret "canary"/, 'also when the transaction is rolled back');
$pg->sql('CHECKPOINT');
$pg->stop;
is((OrchServer::run_command([ OrchServer::as_server_user('grep', '-rlE', "$canary|$encoded", $pg->{data}) ]))[1], '', 'in no file of the server: tables, WAL, statistics');

done_testing();
