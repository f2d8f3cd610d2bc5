#!/bin/bash
# part.sh PART FILE...: prints what stands in the modules below "-- part: PART", until the next part.
# A module has what belongs to one resource in one file: functions (of the extension), tables (made once by bootstrap())
# and views (views, triggers and grants, made at every bootstrap()).
set -euo pipefail
part=$1
shift
[ $# -gt 0 ] || exit 0
awk -v wanted="$part" '
	FNR == 1 { part = "" }
	/^-- part: / {
		part = $3
		if (part !~ /^(functions|tables|views)$/) { printf "%s:%d: there is no part %s\n", FILENAME, FNR, part >"/dev/stderr"; failed = 1; exit 1 }
		next
	}
	part == wanted { print; next }
	part == "" && !/^(\/\*| \*|\*\/|$)/ { printf "%s:%d: belongs to no part\n", FILENAME, FNR >"/dev/stderr"; failed = 1; exit 1 }
	END { exit failed }' "$@"
