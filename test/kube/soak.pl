# make soak MINUTES=30 SEED=7 [STEPS=n]: random verbs, random faults, and whether all is well afterwards.
use strict;
use warnings;
use OrchSoak;
use Test::More;

plan skip_all => 'no cluster: run scripts/check-kube.sh' if !$ENV{ORCHESTRATION_CLUSTER};
OrchSoak::run(minutes => $ENV{MINUTES}, seed => $ENV{SEED}, steps => $ENV{STEPS});
done_testing();
