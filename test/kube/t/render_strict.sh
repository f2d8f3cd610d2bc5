#!/bin/bash
# render_strict.sh: a real API server takes every manifest that rendering makes, field by field.
#
# Applies the fixture of test/kube/render as the worker would (server-side, forced) with strict
# field validation, then a second state of it in which every choice is turned into another.
# usage: render_strict.sh
#   KUBECONFIG, KUBECTL   the cluster; PGHOST, PGPORT, PGUSER, PGDATABASE   a bootstrapped database, which is left as it was
set -uo pipefail
HERE=$(dirname "$(realpath "$0")")
FIXTURE=$(realpath "$HERE/../render")
KUBECTL=${KUBECTL:-kubectl}
NS=render-strict-$$
PASSED=0 FAILED=0
WORK=$(mktemp -d)

finish() {
	"$KUBECTL" delete namespace "$NS" --ignore-not-found --wait=false >/dev/null 2>&1
	rm -rf "$WORK"
}
trap finish EXIT

result() { # STATUS LABEL
	if [ "$1" = 0 ]; then
		PASSED=$((PASSED + 1))
		printf 'ok - %s\n' "$2"
	else
		FAILED=$((FAILED + 1))
		printf 'not ok - %s\n' "$2"
		sed 's/^/# /' "$WORK/out" 2>/dev/null | cut -c1-600 | tail -n 8
	fi
}

render() { # writes first.json and second.json: what the worker would send in both states
	local query="SELECT jsonb_build_object('apiVersion', 'v1', 'kind', 'List', 'items',
		jsonb_agg(orchestration_internal.worker_manifest(m.namespace_id, m.owner_type, m.owner_id, m.kind, m.name) ORDER BY m.apply_order, m.kind, m.name))
		FROM orchestration.manifests m WHERE m.namespace_id = (SELECT id FROM ns)"
	psql -XqAt -v ON_ERROR_STOP=1 -v ns="$NS" >"$WORK/out" 2>&1 <<SQL
BEGIN;
\i $FIXTURE/fixture.sql
\o $WORK/first.json
$query;
\o
\i $FIXTURE/change.sql
\o $WORK/second.json
$query;
\o
ROLLBACK;
SQL
}

apply() { # STATE: one object after the other, so that each one is judged
	local state=$1 object
	psql -XqAt -v file="$WORK/$state.json" <<'SQL' >"$WORK/$state.lines"
\set list `cat :'file'`
SELECT value FROM jsonb_array_elements(:'list'::jsonb -> 'items');
SQL
	while IFS= read -r object; do
		printf '%s\n' "$object" | "$KUBECTL" apply --server-side --force-conflicts --field-manager=orchestration --validate=strict -f - >"$WORK/out" 2>&1
		result $? "$state state: $(sed -n 's/ serverside-applied$//p;s/^Error.*/refused/p' "$WORK/out" | head -1) is accepted"
	done <"$WORK/$state.lines"
}

versions() { # resourceVersions of everything in a state, without what controllers write meanwhile
	"$KUBECTL" get -f "$WORK/$1.json" -o json >"$WORK/$1.live.json" &&
		psql -XqAt -v file="$WORK/$1.live.json" <<'SQL'
\set list `cat :'file'`
SELECT value -> 'metadata' ->> 'name', value ->> 'kind', value #> '{metadata,generation}', md5((value - 'status' #- '{metadata,resourceVersion}' #- '{metadata,managedFields}' #- '{metadata,annotations,deployment.kubernetes.io/revision}')::text)
FROM jsonb_array_elements(:'list'::jsonb -> 'items') ORDER BY 1, 2;
SQL
}

contained() { # STATE: everything that was sent is there as it was sent
	local name same missing
	versions "$1" >/dev/null
	while IFS='|' read -r name same missing; do
		printf 'not as sent: %s\n' "$missing" >"$WORK/out"
		[ "$same" = t ]
		result $? "$1 state: $name has every field as sent"
	done < <(psql -XqAt -v want="$WORK/$1.json" -v live="$WORK/$1.live.json" <<'SQL'
\set wants `cat :'want'`
\set lives `cat :'live'`
SELECT (w.value ->> 'kind') || '/' || (w.value #>> '{metadata,name}'), COALESCE(l.value @> w.value, false),
	/* the innermost object that is nowhere in the answer */
	(SELECT m.value FROM jsonb_path_query(w.value, '$.**') m (value)
	WHERE jsonb_typeof(m.value) = 'object' AND NOT EXISTS (SELECT FROM jsonb_path_query(l.value, '$.**') x WHERE jsonb_typeof(x) = 'object' AND x @> m.value)
	ORDER BY length(m.value::text) LIMIT 1)
FROM jsonb_array_elements(:'wants'::jsonb -> 'items') w
LEFT JOIN jsonb_array_elements(:'lives'::jsonb -> 'items') l ON l.value -> 'kind' = w.value -> 'kind' AND l.value #> '{metadata,name}' = w.value #> '{metadata,name}';
SQL
	)
}

absent() { # KIND/NAME JSONPATH LABEL: after the change the server has nothing there
	"$KUBECTL" -n "$NS" get "$1" -o jsonpath="$2" >"$WORK/out" 2>&1 && [ ! -s "$WORK/out" ]
	result $? "$3"
}

is() { # KIND/NAME JSONPATH WANTED LABEL
	"$KUBECTL" -n "$NS" get "$1" -o jsonpath="$2" >"$WORK/out" 2>&1
	[ "$(cat "$WORK/out")" = "$3" ]
	result $? "$4"
}

"$KUBECTL" version >"$WORK/out" 2>&1
result $? "there is a cluster"
render
result $? "the fixture renders"
[ "$FAILED" = 0 ] || { printf '%d passed, %d failed\n' "$PASSED" "$FAILED"; exit 1; }

apply first
contained first
is deployment/web '{.spec.template.spec.containers[*].name}' 'web sidecar' 'overrides add a sidecar behind our container'
is deployment/web '{.spec.template.spec.imagePullSecrets[*].name}' 'registry-hub registry-internal' 'pull secrets follow the images of container, init containers and overrides'
is secret/registry-internal '{.type}' 'kubernetes.io/dockerconfigjson' 'a registry becomes a pull secret'
is deployment/stopped '{.spec.replicas}' 0 'a stopped container has no replicas'
is job/job-stopped '{.spec.suspend}' true 'a stopped job is suspended'

versions first >"$WORK/before"
"$KUBECTL" apply --server-side --force-conflicts --field-manager=orchestration --validate=strict -f "$WORK/first.json" >"$WORK/out" 2>&1 &&
	versions first >"$WORK/after" && [ -s "$WORK/after" ] && diff "$WORK/before" "$WORK/after" >"$WORK/out"
result $? 'applying the same again changes nothing'

apply second
contained second
absent deployment/web '{.spec.strategy.rollingUpdate}' 'Recreate leaves nothing of a rolling update'
absent deployment/web '{.spec.template.spec.containers[0].startupProbe}' 'a probe that was taken away is gone'
absent deployment/web '{.spec.template.spec.containers[0].livenessProbe.httpGet}' 'a probe has one handler after a change'
absent deployment/web '{.spec.template.spec.initContainers}' 'init containers are gone'
absent deployment/web '{.spec.template.spec.affinity}' 'what overrides added is gone'
is deployment/web '{.spec.template.spec.containers[*].name}' web 'a sidecar of overrides is gone'
absent deployment/web '{.spec.template.spec.volumes[?(@.name=="turns")].emptyDir}' 'a volume has one source after a change'
absent deployment/web '{.spec.template.spec.containers[0].env[?(@.name=="TURNS")].valueFrom.fieldRef}' 'a variable has one source after a change'
absent deployment/web '{.metadata.labels.tier}' 'a label that was taken away is gone'
absent configmap/settings '{.data.app\.conf}' 'a key that was taken away is gone'
is deployment/stopped '{.spec.replicas}' 5 'a started container has its replicas again'

printf '%d passed, %d failed\n' "$PASSED" "$FAILED"
[ "$FAILED" = 0 ]
