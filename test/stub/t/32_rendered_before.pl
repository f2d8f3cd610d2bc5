# A manifest that was rendered before its row changed is never what is sent after the change was planned.
use strict;
use warnings;
use MIME::Base64 qw(encode_base64);
use OrchStub;
use OrchTest;
use Test::More;

my $number = 40;
my $world = OrchStub->start->world('before');
my $pg = server_with_worlds('before', $world);

$pg->as_administrator("SELECT orchestration.create_namespace('before', 'before')");
$pg->joins('before');

my %made_by = (
	Secret => [ 'secrets', "create_secret('before', 'x' || i, jsonb_build_object('k', 'first ' || i))", "update_secret('before', 'x' || i, jsonb_build_object('k', 'second ' || i))" ],
	ConfigMap => [ 'configmaps', "create_config_map('before', 'x' || i, jsonb_build_object('k', 'first ' || i))", "update_config_map('before', 'x' || i, jsonb_build_object('k', 'second ' || i))" ]);
my $settled = "SELECT count(*) FILTER (WHERE applied_hash = desired_hash) = $number FROM orchestration.managed_objects WHERE kind = '%s'";

# what is sent is refused, until the row has changed: it fails with what it was, and is made as it is
for my $kind (sort keys %made_by)
{
	my ($plural, $create, $update) = @{ $made_by{$kind} };

	$world->refuse(500, method => 'PATCH', path => "/$plural/");
	$pg->as_operator("SELECT count(orchestration.$create) FROM generate_series(1, $number) i");
	ok($pg->until_true("SELECT count(*) = $number FROM orchestration.managed_objects WHERE kind = '$kind' AND last_error_reason IS NOT NULL"), "$kind: all have failed") or diagnose($pg);
	$pg->as_operator("SELECT count(orchestration.$update) FROM generate_series(1, $number) i");
	$world->forgive;
	ok($pg->until_true(sprintf($settled, $kind), timeout => 60), "$kind: all are as desired") or diagnose($pg);
	my @data = map { $world->object("/api/v1/namespaces/before/$plural/x$_")->{data}{k} } 1 .. $number;
	my @wanted = map { $kind eq 'Secret' ? encode_base64("second $_", '') : "second $_" } 1 .. $number;
	is_deeply(\@data, \@wanted, "$kind: and have what the rows say now");
}
$pg->stop;
done_testing();
