#!/bin/bash
# trail.sh [--rows N] [--seals N]
#
# What looking at a month of the audit trail costs: N rows of operation_logs in it, sealed as a worker seals them, a few at a
# time.  Times and CPU time of: who changed one container, verify_audit() of everything and of the last hour, counting the
# month and digesting it (the step audit_watch), and what a changed key of a config map of 1 MB writes.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../../scripts/lib.sh"

rows=1160000 seals=20000
while [ $# -gt 0 ]; do
	case $1 in
	--rows) rows=$2 ;;
	--seals) seals=$2 ;;
	*) die "unknown argument $1" ;;
	esac
	shift 2
done

install_extension
work=$(scratch bench-trail)
trap 'stop_server "$work/data" immediate; rm -rf "$work"' EXIT
port=$(free_port)
start_server "$work/data" "$port" "shared_preload_libraries = 'orchestration'" "orchestration.worker_enabled = off" "shared_buffers = '1GB'" \
	"jit = off" "max_wal_size = '16GB'" "fsync = off"
export PGHOST=127.0.0.1 PGPORT=$port PGUSER=postgres PGDATABASE=postgres
say "loading $rows rows, $seals seals ..."
"$PGBIN/psql" -Xq -v ON_ERROR_STOP=1 -v rows="$rows" -v seals="$seals" -f "$here/trail.sql"
