#!/bin/bash
# run.sh: how fast rows become objects and what that costs, beside others who write the same objects to the same API server.
#
# In turn, in one run, each in a namespace of its own: requests that are bytes already over HTTP/2 (the limit), client-go's dynamic
# client by server-side apply and by create, a controller with controller-runtime's client and cache, kubectl apply --server-side, and the worker.
# Each creates everything, does it again with nothing to change, changes one object in 1,000, and deletes everything
# until it is proven to be gone.  Then: how long a change of a pod takes to be in its row.  The table goes to standard output, all
# values as JSON to OUT.  The programs are built once (build.sh); the control plane is started for the run and taken down after it.
#
#   OBJECTS   objects, four for each application (1000)
#   ROUNDS    how often; the order rotates (3)
#   ONLY      who: raw,client-go,client-go-create,controller-runtime,kubectl,ours (all)
#   WORKERS   requests in flight, of everybody but kubectl (32)
#   PODS      pods for the times from event to row (1000; 0: leave it out)
#   RATE      changes of pods a second (100; then once more as fast as the server takes them)
#   MANY      containers for the run at scale (0: leave it out; 20000 takes a quarter of an hour)
#   OUT       file for all values (build/bench-reconcile.json)
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
make -s -C "$root" ${PG_CONFIG:+PG_CONFIG="$PG_CONFIG"}
BENCH_BIN=$("$here/build.sh")
export BENCH_BIN OUT=${OUT:-$root/build/bench-reconcile.json}
mkdir -p "$(dirname "$OUT")"
exec "$root/scripts/check-kube.sh" --run-alone perl -I "$here/lib" "$here/bench.pl"
