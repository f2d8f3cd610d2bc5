# Two minutes of random verbs and random faults; the seed is of the day unless SEED says otherwise.  More of it: make soak.
use strict;
use warnings;
use OrchSoak;
use Test::More;

plan skip_all => 'no cluster: run scripts/check-kube.sh' if !$ENV{ORCHESTRATION_CLUSTER};
OrchSoak::run(minutes => 2, seed => $ENV{SEED} || int(time / 86400));
done_testing();
