#!/bin/bash
# stub.sh: what the worker can take in and what it costs to hold much, against a server that costs next to nothing (go/stub).
#
# For each of SIZES containers with a pod each: made (or, beyond CREATED, entered as rows at rest), the worker restarted, its memory, what
# it takes in a second of events that say nothing new and of changes of pods, what it uses while nothing happens, and what its
# statements cost then.  The table goes to standard output, all values as JSON to OUT.
#
#   SIZES     numbers of containers, ascending (1000,4000,20000)
#   CREATED   up to so many are created as a user does, more are copies of rows (20000)
#   SAME      events that say nothing new (100000)
#   RATE      events a second (10000)
#   CHANGES   changes of pods (10000)
#   IDLE      seconds at rest (60)
#   ROUNDS    rounds of 500 containers made and deleted, for the memory (0)
#   OUT       file for all values (build/bench-stub.json)
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
make -s -C "$root" ${PG_CONFIG:+PG_CONFIG="$PG_CONFIG"}
BENCH_BIN=$("$here/build.sh" stub)
export BENCH_BIN OUT=${OUT:-$root/build/bench-stub.json}
mkdir -p "$(dirname "$OUT")"
exec "$root/scripts/check-kube.sh" --run-alone perl -I "$here/lib" "$here/stub.pl"
