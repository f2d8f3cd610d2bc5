#!/bin/bash
# reconcile.sh: how fast rows become running containers, beside `kubectl apply
# --server-side` of the same manifests in the same cluster and the same run.
#
# Pods are simulated (kwok), so that the control plane is measured and not a
# node.  The test cluster is started if it is not up.
#   BENCH_CONTAINERS   how many at once (500)
#   BENCH_REPEAT       how often one alone (10)
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
make -s -C "$here/.." ${PG_CONFIG:+PG_CONFIG="$PG_CONFIG"}
exec "$here/../scripts/check-kube.sh" --run perl "$here/reconcile.pl"
