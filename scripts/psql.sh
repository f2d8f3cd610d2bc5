#!/bin/bash
# psql.sh ARGS...: psql in the database that the quick start made (make psql ARGS="-c '...'").
set -euo pipefail
ROOT=$(cd "$(dirname "$0")/.." && pwd)
. "$ROOT/scripts/quickstart-lib.sh"
need_quickstart
qs_psql "$@"
