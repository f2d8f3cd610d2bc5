#!/bin/bash
# check-lint-selftest.sh: plants one defect for each rule in a copy of the tree, and expects the rule to name the file.
# A lint that finds nothing is worth something only when it is known to find what it looks for.
set -uo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/orchestration-lint.XXXXXX")
trap 'rm -rf "$work"' EXIT
export LINT_ROOT=$work/tree
failed=0

fresh_tree()
{
	rm -rf "$LINT_ROOT"
	mkdir -p "$LINT_ROOT/build"
	(cd "$root" && git -c safe.directory='*' ls-files -co --exclude-standard -z | xargs -0 cp -a --parents -t "$LINT_ROOT" 2>/dev/null)
	cp "$root"/build/orchestration--*.sql "$LINT_ROOT/build/"
	cp "$root/orchestration.so" "$LINT_ROOT/"
	git -C "$LINT_ROOT" init -q
}

# expect RULE PATTERN: the rule must fail, with a line that matches
expect()
{
	local output

	if output=$("$root/scripts/lint/$1" 2>&1); then
		printf 'FAILED  %s did not see: %s\n' "$1" "$2"
		failed=$((failed + 1))
	elif ! grep -qE "$2" <<<"$output"; then
		printf 'FAILED  %s did not say: %s\n%s\n' "$1" "$2" "$output"
		failed=$((failed + 1))
	else
		printf 'ok      %s: %s\n' "$1" "$2"
	fi
}

# plant FILE TEXT RULE PATTERN: appends TEXT to FILE, expects, and takes it away again
plant()
{
	local file=$LINT_ROOT/$1 had=0

	mkdir -p "$(dirname "$file")"
	[ ! -e "$file" ] || { had=1; cp -p "$file" "$work/kept"; }
	printf '%b' "$2" >>"$file"
	expect "$3" "$4"
	if [ $had = 1 ]; then cp -p "$work/kept" "$file"; else rm -f "$file"; fi
}

fresh_tree
sql=src/core/functions.sql
c=src/core/wake.c
install=$(cd "$LINT_ROOT" && echo build/orchestration--*.sql)

plant $c '\nvoid f(void) { ereport(ERROR,\n\t(errmsg("errcode(")));\n}\n' errcodes.py "^$c:[0-9]+: ereport"
plant $sql "\nDO \$\$ BEGIN RAISE EXCEPTION 'no code' USING HINT = 'none'; END \$\$;\n" errcodes.py "^$sql:[0-9]+: RAISE"
plant $sql "\nDO \$\$ BEGIN RAISE EXCEPTION 'bad code' USING ERRCODE = 'OR999'; END \$\$;\n" errcodes.py "OR999"
plant src/core/errors.h "\n#define ERRCODE_ORCH_NEW MAKE_SQLSTATE('O', 'R', '9', '9', '8')\n" errcodes.py "OR998 .* not documented"

plant $sql '\nCREATE FUNCTION orchestration.unheard_of() RETURNS int LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$ SELECT 1 $$;\n' interface.py 'orchestration.unheard_of\(\) is shown nowhere'
plant $sql "$(for i in $(seq 81); do echo "\nCREATE FUNCTION orchestration.why(n$i int) RETURNS int LANGUAGE sql AS 'SELECT 1';"; done)" interface.py 'at most 80'
plant docs/caching.md '\nSee sql/nowhere.sql.\n' documented.py 'docs/caching.md:[0-9]+: sql/nowhere.sql does not exist'
plant docs/caching.md '\nSELECT orchestration.nothing(1);\n' documented.py 'orchestration.nothing does not exist'
plant docs/caching.md '\n[this](operations.md#nowhere)\n' documented.py 'has no heading #nowhere'
plant docs/caching.md '\n    make check-isolation ISOLATION_TESTS="nowhere"\n' documented.py 'there is no test nowhere'
plant docs/caching.md '\n    scripts/check-tap.sh test/t t/99_nowhere.pl\n' documented.py 'test/t/99_nowhere.pl does not exist'
plant src/access/jwt.c '\n#if OPENSSL_VERSION_NUMBER < 0x40000000L\n#endif\n' documented.py 'README.md: does not say that OpenSSL'
plant src/core/wake.c '\nvoid f(void) { strlcpy(w.bgw_type, "orchestration nobody", 1); }\n' documented.py 'does not count the process nobody'
plant src/usage/tables.sql '\nCREATE TABLE orchestration.more_logs (\n\tid bigint\n) PARTITION BY RANGE (id);\n' documented.py 'Log tables does not name more_logs'
plant $sql '\nCREATE OR REPLACE FUNCTION orchestration_internal.maintain_nothing() RETURNS text\n' documented.py 'does not name the step nothing'
plant src/monitor/seed.sql "\n\t('never', 'nothing', '>', 1, 0, '0', '0', 'info', 'None.'),\n" documented.py 'the alert rule never is not named'
plant docs/reliability.md '\n## The fault matrix\n\n| a | b | A | `test/t/24_outside.pl`: what it does not say |\n' reliability.py 'does not say "what it does not say"'
plant docs/reliability.md '\n## The fault matrix\n\n| a | b | A | `test/t/99_nowhere.pl`: c |\n' reliability.py 'test/t/99_nowhere.pl does not exist'
plant docs/architecture.md '\n### The way of one value\n\n1. `src/nowhere.c`, `f`: does\n' way.py 'src/nowhere.c does not exist'
plant docs/architecture.md '\n### The way of one value\n\n1. `src/kube/quantity.c`, `orch_no_such_thing`: does\n' way.py 'has no orch_no_such_thing'
plant docs/architecture.md '\n### The way of one value\n\n1. `src/kube/quantity.c`, `Suffix`: does\n' way.py 'src/kube/quantity.c comes twice'
plant sql/unheard_of.sql "SELECT orchestration.create_namespace('x');\n" people.py '^sql/unheard_of.sql: only the owner'
plant $sql '\nGRANT EXECUTE ON FUNCTION orchestration.unheard_of(int) TO orchestration_user;\n' people.py 'calls unheard_of\(\) as somebody'
plant test/kube/t/01_basic.pl '\n$pg->sql("SELECT orchestration.why(1)");\n' people.py '^test/kube/t/01_basic.pl:[0-9]+: the owner calls'
plant $sql "\nSELECT x.owner_type IN ('volume', 'secret', 'container');\n" lists.py "^$sql:[0-9]+: names 3 types of owners"
plant $sql "\nSELECT regexp_match(label, '^(volume|config_map|namespace)-[0-9]+');\n" lists.py 'names 3 types of owners'
plant $sql "\nSELECT CASE kind WHEN 'Pod' THEN 1 WHEN 'Job' THEN 2 WHEN 'Service' THEN 3 END;\n" lists.py 'names 3 kinds'
plant $sql '\nGRANT SELECT ON orchestration.volumes, orchestration.secrets, orchestration.roles TO orchestration_user;\n' lists.py 'names 3 tables'
plant $sql '\nSELECT id FROM orchestration.volumes UNION SELECT id FROM orchestration.secrets UNION SELECT id FROM orchestration.containers;\n' lists.py 'names 3 tables'
plant $c '\nstatic const char *const all[] = {"Deployment", "Job", "Pod"};\n' lists.py "^$c:[0-9]+: names 3 kinds"
plant $sql '\nCREATE FUNCTION orchestration.bare() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$;\n' install_sql.py 'orchestration.bare does not SET search_path'
plant $sql '\nCREATE FUNCTION bare() RETURNS int LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$ SELECT 1 $$;\n' install_sql.py 'bare is not qualified'
plant $sql '\nCREATE FUNCTION orchestration.bare() RETURNS int LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$ SELECT 1 $$;\n' install_sql.py 'SECURITY DEFINER'
plant "$install" '\nCREATE OR REPLACE VIEW orchestration.v AS SELECT 1;\n' install_sql.py 'OR REPLACE in the statement'
plant "$install" '\nCREATE TABLE IF NOT EXISTS orchestration.t ();\n' install_sql.py 'IF NOT EXISTS in the statement'
plant $sql '\nCREATE FUNCTION orchestration_internal.bare() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$;\nCOMMENT ON FUNCTION orchestration_internal.bare() IS '"''"';\n' audience.py 'bare: nothing below it says'
plant $sql '\nGRANT EXECUTE ON FUNCTION orchestration.why(bigint) TO PUBLIC;\n' audience.py 'never PUBLIC'

plant src/kube/text.c '\n#include "core/core.h"\n' rooms.py 'kube may not call core'
plant src/core/wake.c '\n#include "kube/text.h"\n' rooms.py 'core may not call kube'
plant src/engine/seen.c '\n#include "engine/kubernetes/facts.h"\n' rooms.py 'engine may not call engine/kubernetes'
plant src/engine/kubernetes/json.c '\n#include "reconcile/status.h"\n' rooms.py 'engine/kubernetes may not call reconcile'
plant src/reconcile/lease.c '\n#include "kube/client.h"\n' rooms.py 'reconcile may not call kube'
plant src/reconcile/actions.h '\n#include "engine/kubernetes/internal.h"\n' rooms.py 'reconcile may not call engine/kubernetes'
plant src/core/row.c '\n#if PG_VERSION_NUM >= 150000\n#endif\n' rooms.py 'src/core/row.c:[0-9]+: versions'
plant src/access/epoch.c '\nvoid f(void)\n{\n\torch_user_of_roles();\n}\n' rooms.py 'src/access/epoch.c: stands in a circle: leans on src/access/identity.c by orch_user_of_roles'
plant src/kube/transport.c '\n#include "kube/watch_state.h"\n' rooms.py 'src/kube/transport.c: stands in a circle: leans on src/kube/watch_state.h'
plant src/audit/functions.sql '\nSELECT orchestration_internal.is_recorded_redaction(NULL, NULL, 1);\n' rooms.py 'src/audit/functions.sql: stands in a circle: leans on src/audit/redact.sql'
plant src/lifecycle/state_machine.c '\n#include "executor/spi.h"\n' rooms.py 'testable without a server'

plant expected/seal.out '\n-- plain\nSELECT 1/0;\nERROR:  division by zero\n' expected.py 'expected/seal.out:[0-9]+: not announced'
plant expected/seal.out '\n-- error: none comes\nSELECT 1;\n a\n---\n 1\n(1 row)\n\n' expected.py 'did not come'
plant sql/orphan.sql 'SELECT 1;\n' expected.py 'sql/orphan.sql: has no file in expected/'
plant expected/orphan.out 'SELECT 1;\n' expected.py 'expected/orphan.out: has no file in sql/'

plant src/core/wake.c "\n/* see /home/""somebody/notes */\n" shape.py 'path of one machine'
plant src/core/wake.c "\nint\tx; \n" shape.py 'blanks at the end'
plant src/core/long.c "$(printf '%*s' 900 '' | sed 's/ /x\\n/g')" shape.py '900 lines'
plant scripts/bad.sh '#!/bin/bash\ncd $1\necho $(ls | grep x)\n' shell.sh 'scripts/bad.sh'

sed -i "s/^default_version.*/default_version = '9.9.9'/" "$LINT_ROOT/orchestration.control"
expect version.sh 'META.json: version'
expect version.sh 'CHANGELOG.md'
fresh_tree
sed -i 's/"abstract"/"abstrakt"/' "$LINT_ROOT/META.json"
expect version.sh 'abstrakt is not a key'
fresh_tree
printf 'void stray(void) { }\nvoid orch_fine(void) { }\n' | ${CC:-gcc} -shared -fPIC -x c - -o "$LINT_ROOT/orchestration.so"
expect symbols.sh 'exports stray'
rm "$LINT_ROOT/orchestration.so"
expect symbols.sh 'not built'
[ $failed -eq 0 ]
