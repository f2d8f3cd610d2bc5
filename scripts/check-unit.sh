#!/bin/bash
# check-unit.sh: the C unit tests, one Makefile a room.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
for dir in "$ROOT"/test/unit/*/; do
	say "-- $(basename "$dir")"
	make -s -C "$dir" check PG_CONFIG="$PG_CONFIG"
done
if command -v go >/dev/null; then
	say "-- examples/gorm"
	(cd "$ROOT/examples/gorm" && go vet ./...)
fi
