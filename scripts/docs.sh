#!/bin/bash
# docs.sh [--check]: writes what docs/ says about functions, settings and tables from the extension's own COMMENTs.
#
# In docs/*.md the text between "<!-- generated: NAME -->" and "<!-- end -->", in docs/*.yaml that between "# generated: NAME"
# and "# end", is the output of scripts/docs/NAME.sql in a database where bootstrap() has run.  --check changes nothing and fails when a page is not true any more.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
export ROOT
install_extension
work=$(scratch docs)
trap 'stop_server "$work/data"; rm -rf "$work"' EXIT
start_server "$work/data" "$(free_port)"
PGPORT=$(sed -n 's/^port = //p' "$work/data/postgresql.conf" | tail -n 1)
export PGPORT PGHOST=127.0.0.1 PGUSER=postgres PGDATABASE=postgres
"$PGBIN/psql" -Xq -v ON_ERROR_STOP=1 -c 'SET client_min_messages = warning' -c 'CREATE EXTENSION orchestration CASCADE' \
	-c 'SELECT orchestration.bootstrap()' >/dev/null
for query in "$ROOT"/scripts/docs/*.sql; do
	"$PGBIN/psql" -XqAt -v ON_ERROR_STOP=1 -f "$query" >"$work/$(basename "$query" .sql).md"
done

if grep -q 'for no reason' "$work/audience.md"; then
	grep 'for no reason' "$work/audience.md" >&2
	die "users may execute these functions, and nothing of theirs calls them"
fi

stale=0
for page in "$ROOT"/docs/*.md "$ROOT"/docs/*.yaml; do
	grep -qE '^(<!--|#) generated: ' "$page" || continue
	awk -v dir="$work" '
		/^(<!--|#) generated: / { print; file = dir "/" $3 ".md"; print ""; while ((getline line < file) > 0) print line; close(file); skip = 1; next }
		/^(<!--|#) end( -->)?$/ { print ""; skip = 0 }
		!skip' "$page" >"$work/page"
	if ! cmp -s "$work/page" "$page"; then
		if [ "${1:-}" = --check ]; then
			diff -u --label "${page#"$ROOT"/} as it is" --label "as the extension says" "$page" "$work/page" | head -n 40 || true
			stale=1
		else
			cat "$work/page" >"$page"
			say "wrote ${page#"$ROOT"/}"
		fi
	fi
done
[ $stale = 0 ] || die "docs/ is not true any more; run make docs"
