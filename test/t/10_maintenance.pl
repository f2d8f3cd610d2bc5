# The process for maintenance: comes when a step is due, leaves, is in nobody's way.
use strict;
use warnings;
use OrchServer;
use Test::More;

my $pg = OrchServer->new('maintenance', settings => { 'orchestration.worker_enabled' => 'on', 'orchestration.maintenance_interval' => "'1s'",
		'orchestration.database_scan_interval' => "'1s'" });
$pg->start->create_bootstrapped('app');
ok($pg->until_worker, 'a worker comes');

# ---- a step of every kind
$pg->sql(<<'SQL');
CREATE TABLE public.runs (step text, role name, application text, at timestamptz DEFAULT clock_timestamp());
GRANT INSERT, SELECT ON public.runs TO orchestration_worker;
CREATE FUNCTION orchestration_internal.maintain_quick() RETURNS text LANGUAGE sql AS $$
	INSERT INTO public.runs VALUES ('quick', session_user, current_setting('application_name')) RETURNING 'ran' $$;
CREATE FUNCTION orchestration_internal.maintain_bad() RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE 'no luck'; END $$;
CREATE FUNCTION orchestration_internal.maintain_long() RETURNS text LANGUAGE sql AS $$
	INSERT INTO public.runs VALUES ('long', session_user, current_setting('application_name')); SELECT pg_sleep(600)::text $$;
GRANT EXECUTE ON FUNCTION orchestration_internal.maintain_quick(), orchestration_internal.maintain_bad(), orchestration_internal.maintain_long() TO orchestration_worker;
INSERT INTO orchestration.maintenance_steps (name, description, every) VALUES ('bad', 'Fails.', '1 hour'), ('quick', 'Runs.', '1 s');
SQL
ok($pg->until_true("SELECT count(*) >= 2 FROM public.runs"), 'a step runs again and again') or diag($pg->log_tail(20));
is($pg->sql("SELECT DISTINCT role || ', ' || application FROM public.runs"), 'orchestration_worker, orchestration maintenance', 'as the worker\'s role');
is($pg->sql("SELECT last_result FROM orchestration.maintenance_steps WHERE name = 'quick'"), 'ran', 'and is recorded');
ok($pg->until_true("SELECT last_error = 'no luck' AND failures >= 1 FROM orchestration.maintenance_steps WHERE name = 'bad'"), 'so is one that fails');
ok($pg->until_true("SELECT last_result IS NOT NULL FROM orchestration.maintenance_steps WHERE name = 'partitions'"), 'and the others');

# ---- a long one holds up neither the worker nor a second process
my $process = "FROM pg_stat_activity WHERE backend_type = 'orchestration maintenance' AND datname = 'app'";
$pg->sql("INSERT INTO orchestration.maintenance_steps (name, description, every) VALUES ('long', 'Sleeps.', '1 hour')");
ok($pg->until_true("SELECT count(*) = 1 $process AND query LIKE '%maintenance step%' AND EXISTS (SELECT FROM orchestration.maintenance_steps WHERE name = 'long' AND last_started_at IS NOT NULL)"), 'a long step is under way');
$pg->sql("SELECT orchestration.register_cluster('nowhere', orchestration.kubeconfig('https://127.0.0.1:9', token => 't'))");
ok($pg->until_true("SELECT status = 'unreachable' FROM orchestration.clusters"), 'while the worker works');
my $cycles = $pg->sql('SELECT cycles FROM orchestration.worker_status');
ok($pg->until_true("SELECT cycles > $cycles + 2 FROM orchestration.worker_status"), 'and goes on');
is($pg->sql("SELECT count(*) $process"), 1, 'there is one process');
is($pg->sql("SELECT last_finished_at IS NULL FROM orchestration.maintenance_steps WHERE name = 'long'"), 't', 'the step shows as begun');

# ---- ended: killed, the steps go on; the one that took it down is not the first again
$pg->sql("SELECT pg_terminate_backend(pid) $process");
my $runs = $pg->sql("SELECT count(*) FROM public.runs WHERE step = 'quick'");
ok($pg->until_true("SELECT count(*) > $runs FROM public.runs WHERE step = 'quick'"), 'after pg_terminate_backend() another process comes');
is($pg->sql("SELECT count(*) FROM public.runs WHERE step = 'long'"), 0, 'the ended step left nothing behind');

# ---- in nobody's way: DROP DATABASE ends it
$pg->sql("UPDATE orchestration.maintenance_steps SET next_run_at = now() WHERE name = 'long'");
ok($pg->until_true("SELECT count(*) = 1 $process AND xact_start < now() - interval '1 second'"), 'a long step again');
is($pg->error('DROP DATABASE app', db => 'postgres'), '', 'DROP DATABASE is not held up by it');

unlike($pg->log_text, qr/PANIC|TRAP|signal 11|was terminated by/, 'nothing crashed');
$pg->stop;
done_testing();
