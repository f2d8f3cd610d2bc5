# Every function that is documented, called in earnest by every kind of user, and every view and table read, where there is
# something of everything: a cluster, objects, pods, alerts, usage, sessions.  It answers, or refuses by permission, never
# by a privilege that is missing inside.  The table at the end says who gets what; a new function or view needs a line,
# but a list of containers of one kind.
use strict;
use warnings;
use OrchServer;
use Test::More;

my @kinds = qw(viewer operator administrator auditor gateway nobody monitor personnel clerk);
my %member_of = (viewer => 'orchestration_user', operator => 'orchestration_user', administrator => 'admin_role', auditor => 'orchestration_user',
	gateway => 'orchestration_gateway', nobody => 'orchestration_user', monitor => 'orchestration_monitor', personnel => 'operators', clerk => 'admin_role');

my $pg = OrchServer->new('people');
$pg->start->create_bootstrapped('app');
$pg->sql("CREATE ROLE people_$_ LOGIN IN ROLE $member_of{$_}") for @kinds;
$pg->sql(<<'SQL');
INSERT INTO orchestration.users (username, db_role) SELECT v, 'people_' || v FROM unnest('{viewer,operator,administrator,auditor}'::text[]) v;
INSERT INTO orchestration.roles (name, permissions) VALUES ('auditor', '{"audit": ["read"]}');
SELECT orchestration.register_cluster('home', orchestration.kubeconfig('https://127.0.0.1:1', token => 'x', insecure_skip_tls_verify => true), enabled => false);
SELECT orchestration.create_namespace('shop', cluster => 'home'), orchestration.create_namespace('lab'), orchestration.create_namespace('spare');
INSERT INTO orchestration.user_roles (user_id, role_id, namespace_id)
SELECT u.id, r.id, CASE WHEN u.username IN ('viewer', 'operator') THEN n.id END
FROM orchestration.users u JOIN orchestration.roles r ON r.name = u.username JOIN orchestration.namespaces n ON n.name = 'shop';
SELECT orchestration.create_config_map('shop', 'conf', '{"k": "v"}'), orchestration.create_config_map('shop', 'free', '{}');
SELECT orchestration.create_secret('shop', 'cred', '{"k": "v"}'), orchestration.create_secret('shop', 'free', '{"k": "v"}');
SELECT orchestration.create_registry('shop', 'main', 'registry.example', 'u', 'p');
SELECT orchestration.create_volume('shop', 'data', size => '1Gi', retention => 'delete'), orchestration.create_volume('shop', 'free', size => '1Gi', retention => 'delete');
SELECT orchestration.create_container('shop', 'web', 'nginx:1', cpu_request => '100m', memory_limit => '64Mi',
	env => '[{"name": "A", "valueFrom": {"configMapKeyRef": {"name": "conf", "key": "k"}}}, {"name": "B", "valueFrom": {"secretKeyRef": {"name": "cred", "key": "k"}}}]',
	ports => '[{"containerPort": 80, "servicePort": 80}]', volumes => '[{"volume": "data", "mountPath": "/data"}]', readiness_probe => '{"tcpSocket": {"port": 80}}');
SELECT orchestration.create_route('shop', 'web', 'shop.example', 'web', 80);
SELECT orchestration.create_container('shop', 'paused', 'nginx:1'), orchestration.create_container('shop', 'stopped', 'nginx:1', desired_state => 'stopped');
SELECT orchestration.pause_container('shop', 'paused');
SELECT orchestration.create_container('lab', 'web', 'nginx:1');
-- what the worker makes of it
SET orchestration.simulate_worker = on;
SELECT count(*) FROM orchestration.clusters c, orchestration_internal.simulate_claim(c.id, 100);
UPDATE orchestration.managed_objects SET uid = 'u' || id, applied_hash = desired_hash, applied_at = now(), last_error_reason = 'Forbidden', last_error = 'quota' WHERE kind IN ('Deployment', 'Secret');
SELECT orchestration_internal.note_plan_error('container', namespace_id, id, generation, 'RenderFailed', 'x') FROM orchestration.containers WHERE name = 'paused';
INSERT INTO orchestration.container_instances (namespace_id, container_id, cluster_id, pod_name, pod_uid, resource_version, phase, reason, observed)
SELECT c.namespace_id, c.id, k.id, 'web-1', 'u1', '1', 'Running', 'CrashLoopBackOff', '{}' FROM orchestration.containers c JOIN orchestration.namespaces n ON n.id = c.namespace_id AND n.name = 'shop', orchestration.clusters k WHERE c.name = 'web';
UPDATE orchestration.containers c SET status = 'failed', status_reason = 'CrashLoopBackOff', status_message = 'exit code 1' FROM orchestration.namespaces n WHERE n.id = c.namespace_id AND n.name = 'shop' AND c.name = 'web';
UPDATE orchestration.clusters SET status = 'connected', usage_observed_at = now(), usage_message = '1 of 2 nodes gave no usage';
RESET orchestration.simulate_worker;
SELECT orchestration.record_usage(array_agg(id), array_agg(now()), array_agg(1.5), array_agg(1000), array_agg(1), array_agg(1), array_agg(1), array_agg(1)) FROM orchestration.containers;
SELECT orchestration_internal.maintain_usage_rollups();
SELECT orchestration.record_usage(array_agg(id), array_agg(now()), array_agg(1.5), array_agg(1000)) FROM orchestration.containers;
INSERT INTO orchestration.alerts (namespace_id, rule, labels, state, severity, description, unit, breached_since, opened_at)
SELECT n.id, 'containers_failed', jsonb_build_object('namespace', n.name), 'open', 'warning', 'x', 'count', now(), now() FROM orchestration.namespaces n WHERE n.name = 'shop';
INSERT INTO orchestration.user_sessions (user_id, token_id) SELECT id, 't-' || username FROM orchestration.users;
INSERT INTO orchestration.indicator_history VALUES (now(), 'slow_queries', '{}', 1);
SELECT orchestration_internal.maintain_summary(), orchestration_internal.maintain_audit_seals();

-- a call by whoever is the session, undone: A for an answer, 0 for one without a row, F for a function or table that he
-- may not name, P for a permission that his user lacks, N for what does not exist as far as he is told
CREATE FUNCTION public.attempt(called text, statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	ignored record;
	outcome text := '0';
BEGIN
	BEGIN
		FOR ignored IN EXECUTE statement LOOP
			outcome := 'A';
		END LOOP;
		RAISE EXCEPTION 'it went well' USING ERRCODE = 'FZ000';
	EXCEPTION
		WHEN SQLSTATE 'FZ000' THEN
			RETURN outcome;
		WHEN insufficient_privilege THEN
			RETURN CASE
				WHEN SQLERRM ~ ('^permission denied for (function|table|view|materialized view|schema) (' || called || '|orchestration)$') THEN 'F'
				WHEN SQLERRM ~ '^permission denied for (function|table|view|materialized view|sequence|schema|relation) \w+$' THEN 'MISSING INSIDE: ' || SQLERRM
				ELSE 'P' END;
		WHEN OTHERS THEN
			RETURN CASE WHEN SQLSTATE = 'OR004' THEN 'N' WHEN SQLSTATE ~ '^(OR|28)' THEN SQLSTATE ELSE SQLSTATE || ': ' || SQLERRM END;
	END;
END
$$;
CREATE FUNCTION public.columns_of(relation regclass) RETURNS text LANGUAGE sql AS $$
	SELECT COALESCE(string_agg(quote_ident(attname), ', ' ORDER BY attnum), '*') FROM pg_attribute WHERE attrelid = relation AND attnum > 0 AND NOT attisdropped AND has_column_privilege(attrelid, attnum, 'SELECT')
$$;
-- the ids of what is asked for
CREATE TABLE public.ids AS SELECT
	(SELECT c.id FROM orchestration.containers c JOIN orchestration.namespaces n ON n.id = c.namespace_id WHERE n.name = 'shop' AND c.name = 'web') AS web,
	(SELECT id FROM orchestration.namespaces WHERE name = 'shop') AS shop, (SELECT id FROM orchestration.alerts) AS alert,
	(SELECT id FROM orchestration.users WHERE username = 'operator') AS operator, (SELECT id FROM orchestration.user_sessions WHERE token_id = 't-viewer') AS session,
	(SELECT min(id) FROM orchestration.operation_logs WHERE resource_type = 'config_map') AS entry;
GRANT SELECT ON public.ids TO PUBLIC;
SQL

my @ids = split /\|/, $pg->sql('SELECT web, shop, alert, operator, session, entry FROM public.ids');
my %id;
@id{qw(web shop alert operator session entry)} = @ids;

# function => calls, by id and by name
my @calls = (
	'bootstrap()', q{register_cluster('new', '{"apiVersion": "v1", "kind": "Config", "current-context": "c", "clusters": [{"name": "c", "cluster": {"server": "https://127.0.0.1:2"}}], "users": [{"name": "u", "user": {"token": "t"}}], "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}]}')},
	q{kubeconfig('https://127.0.0.1:1', token => 'x')}, q{update_cluster('home', max_in_flight => 4)}, q{take_over('home')}, q{unregister_cluster('home', forget => true)},
	q{create_namespace('new')}, q{update_namespace('shop', description => 'x')}, q{delete_namespace('shop')},
	q{create_config_map('shop', 'new', '{}')}, q{update_config_map('shop', 'conf', '{"k": "w"}', merge => true)}, q{delete_config_map('shop', 'free')},
	q{create_secret('shop', 'new', '{"k": "v"}')}, q{update_secret('shop', 'cred', '{"k": "w"}', merge => true)}, q{delete_secret('shop', 'free')},
	q{create_registry('shop', 'new', 'other.example', 'u', 'p')}, q{update_registry('shop', 'main', password => 'q')}, q{delete_registry('shop', 'main')},
	q{create_volume('shop', 'new', size => '1Gi')}, q{update_volume('shop', 'data', size => '2Gi')}, q{delete_volume('shop', 'free')},
	q{create_route('shop', 'new', 'new.example', 'web', 80)}, q{update_route('shop', 'web', path => '/new')}, q{delete_route('shop', 'web')},
	q{create_container('shop', 'new', 'nginx:2', env => '{"A": "1"}', ports => '[{"containerPort": 80, "servicePort": 80}]', volumes => '[{"volume": "data", "mountPath": "/data"}]', liveness_probe => '{"tcpSocket": {"port": 80}}')},
	(map { my $f = $_; map { "$f($_)" } ':web', q{'shop', 'web'} } qw(pause_container stop_container restart_container delete_container why)),
	q{why('shop', 'paused')}, q{start_container('shop', 'stopped')}, q{resume_container('shop', 'paused')},
	q{start_container(:web)}, q{resume_container((SELECT web + 1 FROM public.ids))},
	q{set_image(:web, 'nginx:3')}, q{set_image('shop', 'web', 'nginx:3')}, q{scale_container(:web, 3)}, q{scale_container('shop', 'web', 3)},
	q{update_container(:web, labels => '{"a": "b"}', env => '{"C": "1"}', reset => '{cpu_request}')}, q{update_container('shop', 'web', replicas => 2, volumes => '[]')},
	q{wait_for_container(id => :web, status => 'failed', timeout => '0s')}, q{wait_for_container('shop', 'web', 'failed', '0s')},
	'lifecycle_transitions()', q{container_logs(:web)}, q{container_logs('shop', 'web', tail => 1)}, q{plan('shop')},
	q{cpu_millicores('1')}, q{memory_bytes('1Ki')}, 'current_user_id()', 'current_user_name()',
	q{has_namespace_permission(:operator, :shop)}, q{has_namespace_permission(:operator, :shop, 'containers', 'update')}, q{explain_permission(:operator, :shop, 'containers', 'update')},
	q{act_as('operator')}, q{act_as(:operator)}, q{authenticate('x.y.z')}, q{revoke_session(:session)},
	q{reveal_secret('shop', 'cred')}, q{reveal_secret('shop', 'cred', 'k')}, q{set_user_secret('api_key', 'x')}, q{reveal_user_secret('api_key', username => 'viewer')}, q{rotate_encryption_key(1)},
	q{record_usage(ARRAY[:web], ARRAY[now()], ARRAY[1.5])}, q{usage_trend(:web, now() - interval '1 hour')}, q{namespace_usage_trend('shop', now() - interval '1 day')}, q{top_consumers('memory', now() - interval '1 day')},
	q{verify_audit(now() - interval '1 hour')}, q{redact_audit(:entry, '{changes,after,data}', 'x')}, q{log_operation(:shop, 'export', 'report', 1, 'monthly')},
	'metrics()', q{report_html('1 day')}, q{acknowledge_alert(:alert, 'x')},
	'run_maintenance(only_due => true)', q{rotate_partitions('1 second')}, q{enable_change_events('containers')}, q{schedule_maintenance('*/5 * * * *')});

my %tried;
my @questions;
for my $call (@calls)
{
	my ($name) = $call =~ /^(\w+)/;
	my $statement = $call =~ s/:(web|shop|alert|operator|session|entry)\b/$id{$1}/gr;

	$tried{$name} = 1;
	push @questions, [ $name, $call, "SELECT * FROM orchestration.$statement" ];
}
is_deeply([ grep { !$tried{$_} } split /\n/, $pg->sql("SELECT DISTINCT proname FROM pg_proc WHERE pronamespace = 'orchestration'::regnamespace ORDER BY 1") ], [], 'every function is called');
# there views would run past row security, and are for the owner alone: so is what is made of them
my $before_15 = $pg->sql("SELECT current_setting('server_version_num')::integer < 150000") eq 't';
@questions = grep { $_->[0] !~ /^(?:top_consumers|report_html)$/ } @questions if $before_15;
my @relations = split /\n/, $pg->sql("SELECT relname FROM pg_class WHERE relnamespace = 'orchestration'::regnamespace AND relkind IN ('r', 'p', 'm'" . ($before_15 ? '' : ", 'v'") . ") AND NOT relispartition ORDER BY 1");

my %expected = map { /^(.*?)\s{2,}(\S.*)$/ ? ($1 => [ split ' ', $2 ]) : () } grep { !/^#/ } <DATA>;
my %got;
for my $kind (@kinds)
{
	my $script = "SET search_path = pg_catalog;\n";

	$script .= "BEGIN; SELECT orchestration.act_as('operator');\n" if $kind eq 'gateway';
	$script .= join '', map { sprintf "SELECT public.attempt(%s, %s);\n", map { my $t = $_; $t =~ s/'/''/g; "'$t'" } @$_[ 0, 2 ] } @questions;
	$script .= join '', map { "SELECT public.attempt('$_', format('SELECT %s FROM orchestration.$_', public.columns_of('orchestration.$_')));\n" } @relations;
	my ($status, $out, $err) = $pg->try($script, as => "people_$kind");
	my @answers = grep { length } split /\n/, $out;

	shift @answers if $kind eq 'gateway' && $answers[0] !~ /^[A0FP]$/;
	is($status, 0, "$kind can ask everything") or diag($err);
	$got{$_} or $got{$_} = [] for map { $_->[1] } @questions;
	push @{ $got{ $_->[1] } }, shift @answers for @questions;
	push @{ $got{$_} }, shift @answers for @relations;
}

# a list of containers of one kind: who may read containers sees what there is of it, nobody else anything
sub as_containers
{
	my ($question, $line) = @_;
	my @got = split ' ', $line;

	return if $question !~ /_list$/;
	return [ map { $got[$_] eq '0' && $expected{containers}[$_] eq 'A' ? '0' : $expected{containers}[$_] } 0 .. $#got ];
}

my @missing;
for my $question ((map { $_->[1] } @questions), @relations)
{
	my $key = length $question > 70 ? substr($question, 0, 67) . '...' : $question;
	my $line = join ' ', map { $_ // 'nothing' } @{ $got{$question} };

	push @missing, "$question: $line" if $line =~ /MISSING|nothing/;
	print STDERR sprintf("%-72s %s\n", $key, $line) if $ENV{PEOPLE_TABLE};
	is($line, join(' ', @{ $expected{$key} // as_containers($question, $line) // ['no line below'] }), $key) if !$ENV{PEOPLE_TABLE};
}
is_deeply(\@missing, [], 'nobody is stopped by a privilege that is missing inside');
$pg->stop;
done_testing();

__DATA__
# who: viewer operator administrator auditor gateway nobody monitor personnel clerk; A answer, 0 no row, F not for him, P lacks the permission, N not there
bootstrap()                                                              F F F F F F F F F
register_cluster('new', '{"apiVersion": "v1", "kind": "Config", "cu...   P P A P P P F P P
kubeconfig('https://127.0.0.1:1', token => 'x')                          A A A A A A F A A
update_cluster('home', max_in_flight => 4)                               P P A N P N F N N
take_over('home')                                                        P P A N P N F N N
unregister_cluster('home', forget => true)                               P P A N P N F N N
create_namespace('new')                                                  P P A P P P F P P
update_namespace('shop', description => 'x')                             P A A P A N F N N
delete_namespace('shop')                                                 P P A P P N F N N
create_config_map('shop', 'new', '{}')                                   P A A P A N F N N
update_config_map('shop', 'conf', '{"k": "w"}', merge => true)           P A A N A N F N N
delete_config_map('shop', 'free')                                        P A A N A N F N N
create_secret('shop', 'new', '{"k": "v"}')                               P A A P A N F N N
update_secret('shop', 'cred', '{"k": "w"}', merge => true)               N A A N A N F N N
delete_secret('shop', 'free')                                            N A A N A N F N N
create_registry('shop', 'new', 'other.example', 'u', 'p')                P A A P A N F N N
update_registry('shop', 'main', password => 'q')                         N A A N A N F N N
delete_registry('shop', 'main')                                          N A A N A N F N N
create_volume('shop', 'new', size => '1Gi')                              P A A P A N F N N
update_volume('shop', 'data', size => '2Gi')                             P A A N A N F N N
delete_volume('shop', 'free')                                            P A A N A N F N N
create_route('shop', 'new', 'new.example', 'web', 80)                    P A A N A N F N N
update_route('shop', 'web', path => '/new')                              P A A N A N F N N
delete_route('shop', 'web')                                              P A A N A N F N N
create_container('shop', 'new', 'nginx:2', env => '{"A": "1"}', por...   P A A P A N F N N
pause_container(:web)                                                    P A A N A N F N N
pause_container('shop', 'web')                                           P A A N A N F N N
stop_container(:web)                                                     P A A N A N F N N
stop_container('shop', 'web')                                            P A A N A N F N N
restart_container(:web)                                                  P A A N A N F N N
restart_container('shop', 'web')                                         P A A N A N F N N
delete_container(:web)                                                   P A A N A N F N N
delete_container('shop', 'web')                                          P A A N A N F N N
why(:web)                                                                A A A N A N F N N
why('shop', 'web')                                                       A A A N A N F N N
why('shop', 'paused')                                                    A A A N A N F N N
start_container('shop', 'stopped')                                       P A A N A N F N N
resume_container('shop', 'paused')                                       P A A N A N F N N
start_container(:web)                                                    P A A N A N F N N
resume_container((SELECT web + 1 FROM public.ids))                       P A A N A N F N N
set_image(:web, 'nginx:3')                                               P A A N A N F N N
set_image('shop', 'web', 'nginx:3')                                      P A A N A N F N N
scale_container(:web, 3)                                                 P A A N A N F N N
scale_container('shop', 'web', 3)                                        P A A N A N F N N
update_container(:web, labels => '{"a": "b"}', env => '{"C": "1"}',...   P A A N A N F N N
update_container('shop', 'web', replicas => 2, volumes => '[]')          P A A N A N F N N
wait_for_container(id => :web, status => 'failed', timeout => '0s')      A A A N A N F N N
wait_for_container('shop', 'web', 'failed', '0s')                        A A A N A N F N N
lifecycle_transitions()                                                  A A A A A A F A A
container_logs(:web)                                                     OR032 OR032 OR032 N OR032 N F N N
container_logs('shop', 'web', tail => 1)                                 OR032 OR032 OR032 N OR032 N F N N
plan('shop')                                                             A A A A A N F N N
cpu_millicores('1')                                                      A A A A A A F A A
memory_bytes('1Ki')                                                      A A A A A A F A A
current_user_id()                                                        A A A A A A A A A
current_user_name()                                                      A A A A A A F A A
has_namespace_permission(:operator, :shop)                               P A A P A P F P P
has_namespace_permission(:operator, :shop, 'containers', 'update')       P A A P A P F P P
explain_permission(:operator, :shop, 'containers', 'update')             P A A P A P F P P
act_as('operator')                                                       F F F F A F F F F
act_as(:operator)                                                        F F F F A F F F F
authenticate('x.y.z')                                                    28000 28000 28000 28000 28000 28000 F 28000 28000
revoke_session(:session)                                                 A P A P P P F P P
reveal_secret('shop', 'cred')                                            P P A P P P F P P
reveal_secret('shop', 'cred', 'k')                                       P P A P P P F P P
set_user_secret('api_key', 'x')                                          A A A A A P F P P
reveal_user_secret('api_key', username => 'viewer')                      N P N P P P F P P
rotate_encryption_key(1)                                                 F F F F F F F F F
record_usage(ARRAY[:web], ARRAY[now()], ARRAY[1.5])                      P P A P P A F A A
usage_trend(:web, now() - interval '1 hour')                             A A A N A N F N N
namespace_usage_trend('shop', now() - interval '1 day')                  A A A A A N F N N
top_consumers('memory', now() - interval '1 day')                        A A A 0 A 0 F 0 0
verify_audit(now() - interval '1 hour')                                  P P A A P P F P P
redact_audit(:entry, '{changes,after,data}', 'x')                        P P A P P P F P P
log_operation(:shop, 'export', 'report', 1, 'monthly')                   F F F F A F F F F
metrics()                                                                P P A P P P A P P
report_html('1 day')                                                     A A A A A A F A A
acknowledge_alert(:alert, 'x')                                           P P A N P N F N N
run_maintenance(only_due => true)                                        F F F F F F F F F
rotate_partitions('1 second')                                            F F F F F F F F F
enable_change_events('containers')                                       F F F F F F F F F
schedule_maintenance('*/5 * * * *')                                      F F F F F F F F F
alert_rules                                                              A A A 0 A 0 F 0 0
alerts                                                                   A A A 0 A 0 F 0 0
audit_anchor                                                             P P A A P P F P P
audit_seals                                                              F F F F F F F F F
bloat_report                                                             A A A 0 A 0 F 0 0
cluster_status                                                           A A A 0 A 0 F 0 0
clusters                                                                 A A A 0 A 0 F 0 0
config_map_list                                                          A A A 0 A 0 F 0 0
config_maps                                                              A A A 0 A 0 F 0 0
container_images                                                         A A A 0 A 0 F 0 0
container_instance_history                                               A A A 0 A 0 F 0 0
container_instances                                                      A A A 0 A 0 F 0 0
container_list                                                           A A A 0 A 0 F 0 0
container_probes                                                         A A A 0 A 0 F 0 0
container_resource_usage                                                 A A A 0 A 0 F 0 0
container_status_history                                                 A A A 0 A 0 F 0 0
container_summary                                                        A A A 0 A 0 F 0 0
container_summary_live                                                   A A A A A 0 F 0 0
container_usage_daily                                                    A A A 0 A 0 F 0 0
container_usage_hourly                                                   A A A 0 A 0 F 0 0
container_volumes                                                        A A A 0 A 0 F 0 0
containers                                                               A A A 0 A 0 F 0 0
current_usage                                                            A A A 0 A 0 F 0 0
encryption_keys                                                          F F F F F F F F F
environment_variables                                                    A A A 0 A 0 F 0 0
index_report                                                             A A A 0 A 0 F 0 0
indicator_history                                                        0 0 A 0 0 0 F 0 0
indicators                                                               P P A P P P A P P
installation                                                             A A A A A A F A A
kept_claims                                                              0 0 0 0 0 0 F 0 0
log_table_status                                                         0 0 A 0 0 0 F 0 0
maintenance_steps                                                        0 0 A 0 0 0 F 0 0
managed_objects                                                          A A A A A 0 F 0 0
manifests                                                                A A A A A 0 F 0 0
namespace_list                                                           A A A A A 0 F 0 0
namespaces                                                               A A A A A 0 F 0 0
open_alerts                                                              A A A 0 A 0 F 0 0
operation_logs                                                           0 0 A A 0 0 F 0 0
overview                                                                 A A A A A A F A A
partition_actions                                                        0 0 0 0 0 0 F 0 0
partition_policies                                                       0 0 A 0 0 0 F 0 0
partition_status                                                         0 0 A 0 0 0 F 0 0
port_mappings                                                            A A A 0 A 0 F 0 0
prometheus_metrics                                                       P P A P P P A P P
registries                                                               0 A A 0 A 0 F 0 0
registry_list                                                            0 A A 0 A 0 F 0 0
roles                                                                    0 0 A 0 0 0 F 0 0
route_list                                                               A A A 0 A 0 F 0 0
routes                                                                   A A A 0 A 0 F 0 0
secret_list                                                              0 A A 0 A 0 F 0 0
secrets                                                                  0 A A 0 A 0 F 0 0
user_roles                                                               A A A A A 0 F 0 0
user_secrets                                                             0 0 0 0 0 0 F 0 0
user_sessions                                                            F F A F F F F F 0
users                                                                    F F A F F F F 0 0
volume_list                                                              A A A 0 A 0 F 0 0
volumes                                                                  A A A 0 A 0 F 0 0
worker_status                                                            0 0 0 0 0 0 F 0 0
