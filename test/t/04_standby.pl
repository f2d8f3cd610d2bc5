# A standby has no worker; when it is promoted it gets one.
use strict;
use warnings;
use OrchServer;
use Test::More;

my %settings = ('orchestration.worker_enabled' => 'on', 'orchestration.database_scan_interval' => "'1s'");
my $primary = OrchServer->new('primary', settings => \%settings);
$primary->start->create_bootstrapped('app');
$primary->people;
$primary->as_administrator("SELECT orchestration.register_cluster('nowhere', orchestration.kubeconfig('https://127.0.0.1:9', token => 't'))");
$primary->as_administrator("SELECT orchestration.create_namespace('a', 'nowhere')");
$primary->joins('a');
$primary->as_operator("SELECT orchestration.create_container('a', 'c', 'x')");
ok($primary->until_worker, 'the primary has a worker');

my $standby = OrchServer->new('standby', settings => \%settings, from => $primary);
$standby->start;
$standby->{db} = 'app';
$primary->as_administrator("SELECT orchestration.create_namespace('later')");
ok($standby->until_true("EXISTS (SELECT FROM orchestration.namespaces WHERE name = 'later')"), 'the standby follows');
is($standby->sql("SELECT count(*) FROM pg_stat_activity WHERE backend_type LIKE 'orchestration%'"), 0, 'it has neither launcher nor worker');
is($standby->as_operator('SELECT name FROM orchestration.containers'), 'c', 'rows can be read there');
is($standby->operator_error("SELECT * FROM orchestration.manifests"), '', 'and manifests');
is($standby->operator_error("SELECT orchestration.why(id) FROM orchestration.containers"), '', 'and why()');
is($standby->error("SELECT * FROM orchestration_internal.worker_state()"), '', 'and worker_state()');
is($standby->operator_error("SELECT * FROM orchestration.cluster_status"), '', 'and cluster_status');
is($standby->as_administrator('SELECT bool_and(months_left >= 3) FROM orchestration.log_table_status'), 't', 'and how far ahead the log tables are');
like($standby->operator_error("UPDATE orchestration.containers SET replicas = 2"), qr/25006/, 'but nothing written');
like($standby->error('SELECT * FROM orchestration.rotate_partitions()'), qr/25006/, 'nor rotated');

$primary->stop('immediate');
$standby->promote;
ok($standby->until_worker, 'promoted, it has a worker');
is($standby->error("UPDATE orchestration.containers SET replicas = 2"), '', 'and takes changes');
ok($standby->until_true("SELECT status = 'unreachable' FROM orchestration.clusters"), 'the worker works');
unlike($standby->log_text, qr/PANIC|TRAP|signal 11/, 'nothing crashed');

$standby->stop;
done_testing();
