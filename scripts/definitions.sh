#!/bin/bash
# definitions.sh NAME FILE...: prints an SQL function orchestration.NAME() that
# returns the text of the files, for bootstrap() to execute.
set -euo pipefail
name=$1
shift
if grep -lE '\$(definitions|function)\$' "$@" >&2; then
	echo "definitions.sh: the files above hold a quoting tag" >&2
	exit 1
fi
cat <<SQL

CREATE OR REPLACE FUNCTION orchestration_internal.$name()
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS \$function\$ SELECT \$definitions\$
SQL
cat "$@"
cat <<SQL
\$definitions\$::text \$function\$;

COMMENT ON FUNCTION orchestration_internal.$name() IS 'Statements that bootstrap() executes.';
-- for the owner alone
SQL
