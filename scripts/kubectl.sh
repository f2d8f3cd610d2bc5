#!/bin/bash
# kubectl.sh ARGS...: kubectl for the cluster that the quick start uses (make kubectl ARGS="get pods -A").
set -euo pipefail
ROOT=$(cd "$(dirname "$0")/.." && pwd)
. "$ROOT/scripts/quickstart-lib.sh"
need_quickstart
[ -n "${QS_KUBECTL:-}" ] || { echo "kubectl is not installed" >&2; exit 1; }
exec "$QS_KUBECTL" --kubeconfig "$QS_KUBECONFIG" "$@"
