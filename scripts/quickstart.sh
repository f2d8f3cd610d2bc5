#!/bin/bash
# quickstart.sh: from a checkout to running containers: packages, build, a private PostgreSQL, a Kubernetes cluster, the sample.
#
# Safe to run again: what is there is used.  The cluster, in this order: $KUBECONFIG; binaries in $KUBEBUILDER_ASSETS or the
# cache; built from Go modules.  With $KUBECONFIG, IMAGE names an image with busybox in it that the cluster can pull (default
# docker.io/library/busybox:1.36), and REGISTRY, REGISTRY_USER, REGISTRY_PASSWORD its registry's account, if it needs one.
set -euo pipefail
ROOT=$(cd "$(dirname "$0")/.." && pwd)
. "$ROOT/scripts/progress.sh"
. "$ROOT/scripts/quickstart-lib.sh"
STEPS=7 step=0

say() { printf '%s\n' "$*" >&2; }
die() { say "quickstart: $*"; exit 1; }
step() { step=$((step + 1)); printf '\n[%d/%d] %s   (%d s)\n' $step $STEPS "$*" $SECONDS >&2; }
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

# below the range of outgoing connections, so that no client takes it between two starts
free_port()
{
	python3 - <<-'PY'
		import socket
		for port in range(15432, 15632):
		    try:
		        socket.socket().bind(("127.0.0.1", port))
		    except OSError:
		        continue
		    print(port)
		    break
	PY
}

choose_port()
{
	remember QS_PORT "$(free_port)"
	[ -n "$QS_PORT" ] || die "no free port from 15432 on"
}

# ---- 1, 2: packages and build

install_packages()
{
	local kinds=(build)

	step "packages"
	[ -n "${KUBECONFIG:-}" ] || kinds+=(kube)
	if [ "$(id -u)" != 0 ] && [ ${#kinds[@]} -gt 1 ] && ! command -v sudo >/dev/null; then kinds=(build); fi
	"$ROOT/scripts/install-dependencies.sh" "${kinds[@]}"
	say "   all there"
}

# The code that made the database is not the code of this tree: a toy is made anew rather than migrated.
tree_digest() { cat "$ROOT"/build/orchestration--*.sql | sha256sum | cut -c1-16; }

build()
{
	step "build and install the extension"
	PG_CONFIG=${PG_CONFIG:-pg_config}
	with_progress "make" "$QS/log/make.log" make -C "$ROOT" -j2 all PG_CONFIG="$PG_CONFIG"
	if [ -n "${QS_TREE:-}" ] && [ "$QS_TREE" != "$(tree_digest)" ]; then
		say "   the extension has changed since the quick start's database was made: starting over"
		"$ROOT/scripts/quickstart-stop.sh" --purge >&2
		unset QS_PORT QS_DATA QS_TREE QS_CLUSTER_KIND QS_LIBRARY
		mkdir -p "$QS/log"
	fi
	with_progress "make install" "$QS/log/install.log" as_root make -C "$ROOT" install PG_CONFIG="$PG_CONFIG"
	remember QS_PGBIN "$("$PG_CONFIG" --bindir)"
}

# ---- 3: PostgreSQL

data_folder()
{
	local home=$QS/postgresql

	if [ "$(id -u)" = 0 ]; then
		id postgres >/dev/null 2>&1 || die "there is no user postgres to run PostgreSQL as (it refuses to run as root)"
		mkdir -p "$home"
		if ! runuser -u postgres -- test -x "$home"; then
			rmdir "$home"
			home=/var/cache/orchestration/quickstart
			say "   $QS is closed to the user postgres: data is in $home"
		fi
	fi
	mkdir -p "$home"
	[ "$(id -u)" != 0 ] || chown postgres: "$home"
	remember QS_DATA "$home/data"
}

make_server()
{
	local password

	data_folder
	rm -rf "$QS_DATA"
	password=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
	(umask 077 && echo "127.0.0.1:*:*:postgres:$password" >"$QS/pgpass")
	# the password appears in no command line, and the server's user need not read our files
	# shellcheck disable=SC2016
	printf '%s\n' "$password" | qs_as_server bash -c 'umask 077 && cat >"$1"' - "$QS_DATA.password"
	qs_as_server "$QS_PGBIN/initdb" -D "$QS_DATA" -U postgres -E UTF8 --locale=C.UTF-8 -A scram-sha-256 \
		--pwfile="$QS_DATA.password" >"$QS/log/initdb.log" 2>&1 || { tail "$QS/log/initdb.log" >&2; die "initdb failed"; }
	qs_as_server rm -f "$QS_DATA.password"
	cat <<-CONF | qs_as_server tee -a "$QS_DATA/postgresql.conf" >/dev/null
		listen_addresses = '127.0.0.1'
		unix_socket_directories = ''
		shared_preload_libraries = 'orchestration'
		max_worker_processes = 16
	CONF
}

start_server()
{
	local library mode=start

	step "PostgreSQL"
	[ -n "${QS_DATA:-}" ] && qs_as_server test -s "$QS_DATA/PG_VERSION" || make_server
	library=$(sha256sum "$("$PG_CONFIG" --pkglibdir)/orchestration.so" | cut -c1-16)
	if qs_as_server "$QS_PGBIN/pg_ctl" -D "$QS_DATA" status >/dev/null 2>&1; then
		[ "$library" != "${QS_LIBRARY:-}" ] || { say "   runs on port $QS_PORT"; return 0; }
		mode=restart
	else
		choose_port
	fi
	qs_as_server "$QS_PGBIN/pg_ctl" -D "$QS_DATA" -l "$QS_DATA/server.log" -o "-p $QS_PORT" -w -t 60 "$mode" >/dev/null ||
		{ qs_as_server tail "$QS_DATA/server.log" >&2; die "PostgreSQL does not start"; }
	remember QS_LIBRARY "$library"
	say "   $("$QS_PGBIN/postgres" --version | cut -d' ' -f2-3 | tr -d '()') runs on 127.0.0.1:$QS_PORT"
}

# ---- 4: Kubernetes

find_kubectl()
{
	command -v kubectl || { local bin; bin=$("$ROOT/test/kube/build.sh" --print-bin)/kubectl; [ ! -x "$bin" ] || echo "$bin"; }
}

use_given_cluster()
{
	[ -r "${KUBECONFIG%%:*}" ] || die "KUBECONFIG names ${KUBECONFIG%%:*}, which cannot be read"
	remember QS_CLUSTER_KIND given
	remember QS_KUBECONFIG_GIVEN "$KUBECONFIG"
	remember QS_KUBECTL "$(find_kubectl)"
	# several files, or files named by files, become one text that the database can keep
	if [ -n "$QS_KUBECTL" ]; then
		(umask 077 && "$QS_KUBECTL" config view --raw --flatten --minify >"$QS/kubeconfig")
	else
		(umask 077 && cat "${KUBECONFIG%%:*}" >"$QS/kubeconfig")
	fi
	remember QS_IMAGE "${IMAGE:-docker.io/library/busybox:1.36}"
	remember QS_REGISTRY "${REGISTRY:-}"
	remember QS_REGISTRY_USER "${REGISTRY_USER:-}"
	remember QS_REGISTRY_PASSWORD "${REGISTRY_PASSWORD:-}"
	say "   the cluster of $KUBECONFIG: $(sed -n 's/^ *server: *//p' "$QS/kubeconfig" | head -n 1)"
	say "   the sample runs $QS_IMAGE there; set IMAGE (and REGISTRY, REGISTRY_USER, REGISTRY_PASSWORD) if it cannot be pulled"
}

use_own_cluster()
{
	local rc=0 key value

	remember QS_CLUSTER_KIND own
	remember QS_SUDO 0
	if [ "$(id -u)" != 0 ] && command -v sudo >/dev/null && sudo -v; then remember QS_SUDO 1; fi
	# built as ourselves: Go and its cache are ours, not root's
	"$ROOT/test/kube/build.sh" --no-packages || rc=$?
	[ $rc -ne 77 ] || die "no Kubernetes here: its first build needs Go and the network; or set KUBECONFIG to a cluster"
	[ $rc -eq 0 ] || die "the Kubernetes components do not build"
	qs_cluster up || die "the Kubernetes cluster does not start"
	(umask 077 && qs_cluster kubeconfig admin >"$QS/kubeconfig")
	while IFS='=' read -r key value; do
		case $key in
			KUBECTL | IMAGE | REGISTRY | REGISTRY_USER | REGISTRY_PASSWORD | REAL_NODE) remember "QS_$key" "$value" ;;
		esac
	done < <(qs_cluster env)
	[ "${QS_REAL_NODE:-0}" = 1 ] || say "   no real node on this machine: containers are simulated, and the sample's page cannot answer"
}

start_cluster()
{
	step "Kubernetes"
	(umask 077 && : >"$QS/kubeconfig")
	remember QS_KUBECONFIG "$QS/kubeconfig"
	if [ -n "${KUBECONFIG:-}" ]; then use_given_cluster; else use_own_cluster; fi
}

# ---- 5: the database

# psql takes what is secret on its standard input: nothing of it stands in a command line or in the server's log
private_sql()
{
	{
		echo "SET log_min_error_statement = 'panic';"
		cat
	} | qs_psql -Xq -v ON_ERROR_STOP=1
}

make_database()
{
	step "database"
	if [ -z "$(PGDATABASE=postgres qs_query -c "SELECT 1 FROM pg_database WHERE datname = '$QS_DATABASE'")" ]; then
		PGDATABASE=postgres qs_query -c "CREATE DATABASE $QS_DATABASE"
		qs_query -c "ALTER DATABASE $QS_DATABASE SET search_path = orchestration, public"
	fi
	qs_query -c "SET client_min_messages = warning" -c "CREATE EXTENSION IF NOT EXISTS orchestration CASCADE" -c "SELECT orchestration.bootstrap()" >/dev/null
	remember QS_TREE "$(tree_digest)"
	say "   CREATE EXTENSION orchestration; SELECT orchestration.bootstrap();"
	register_cluster
}

register_cluster()
{
	if [ -n "$(qs_query -c "SELECT 1 FROM orchestration.clusters WHERE name = '$QS_CLUSTER'")" ]; then
		say "   cluster $QS_CLUSTER is registered"
		return 0
	fi
	private_sql >/dev/null <<-SQL
		\\set kubeconfig \`cat '$QS/kubeconfig'\`
		SELECT orchestration.register_cluster('$QS_CLUSTER', :'kubeconfig');
	SQL
	say "   SELECT orchestration.register_cluster('$QS_CLUSTER', <kubeconfig>);"
}

# ---- 6: the sample

load_sample()
{
	step "sample data"
	if [ -n "$(qs_query -c "SELECT 1 FROM orchestration.namespaces WHERE name = '$SAMPLE_NAMESPACE' AND status <> 'deleted'")" ]; then
		say "   is there"
		return 0
	fi
	private_sql <<-SQL >/dev/null
		\\set cluster '$QS_CLUSTER'
		\\set namespace '$SAMPLE_NAMESPACE'
		\\set image '$QS_IMAGE'
		\\set registry '${QS_REGISTRY:-}'
		\\set registry_user '${QS_REGISTRY_USER:-}'
		\\set registry_password '${QS_REGISTRY_PASSWORD:-}'
		\\i '${SAMPLE_FILE:-$ROOT/examples/sample-data.sql}'
	SQL
	say "   examples/sample-data.sql"
}

# ---- 7: running

containers_now()
{
	qs_query -F ' ' -c "SELECT pg_catalog.rpad(c.name, 12), pg_catalog.rpad(c.status, 8), c.ready_replicas || '/' || c.replicas, COALESCE(c.status_reason, '')
		FROM orchestration.containers c JOIN orchestration.namespaces n ON n.id = c.namespace_id
		WHERE n.name = '$SAMPLE_NAMESPACE' AND c.status <> 'deleted' ORDER BY c.name"
}

# What was seen before this server's start says nothing about now.
count_unsettled()
{
	qs_query -c "SELECT count(*) FROM orchestration.containers c
		JOIN orchestration.namespaces n ON n.id = c.namespace_id
		JOIN orchestration.clusters k ON k.id = n.cluster_id
		WHERE n.name = '$SAMPLE_NAMESPACE' AND c.desired_state = 'running' AND (c.status = 'pending'
			OR c.status = 'running' AND c.restart_policy = 'Always' AND c.ready_replicas < c.replicas
			OR k.status <> 'connected' OR k.observed_at < pg_catalog.pg_postmaster_start_time())"
}

show_why()
{
	qs_query -c "SELECT pg_catalog.format(E'%s: %s\n', c.name, orchestration.why(c.id))
		FROM orchestration.containers c JOIN orchestration.namespaces n ON n.id = c.namespace_id
		WHERE n.name = '$SAMPLE_NAMESPACE' AND c.status IN ('pending', 'failed')" >&2
	# what a node says of a pod that it cannot start stands in events alone
	[ -z "${QS_KUBECTL:-}" ] || "$QS_KUBECTL" --kubeconfig "$QS_KUBECONFIG" get events -n "$SAMPLE_NAMESPACE" \
		--field-selector type=Warning --sort-by=.lastTimestamp 2>/dev/null | tail -n 5 | cut -c1-300 >&2
}

wait_until_running()
{
	local since=$SECONDS shown='' now

	step "from pending to running"
	while :; do
		now=$(containers_now)
		if [ "$now" != "$shown" ]; then
			{ diff <(echo "$shown") <(echo "$now") || true; } | sed -n "s/^> /   $(printf '%3d' $((SECONDS - since))) s  /p" >&2
			shown=$now
		fi
		[ "$(count_unsettled)" != 0 ] || break
		if [ $((SECONDS - since)) -ge "${QUICKSTART_TIMEOUT:-180}" ]; then
			show_why
			die "not all containers run after $((SECONDS - since)) s; see above why"
		fi
		sleep 0.5
	done
	! grep -q ' failed ' <<<"$shown" || { show_why; die "a container failed; see above why"; }
}

# A pod's address is reachable where the node is; elsewhere the API server passes the request on.
fetch_page()
{
	local pod ip port page

	IFS='|' read -r pod ip port < <(qs_query -c "SELECT i.pod_name, pg_catalog.host(i.pod_ip), p.container_port
		FROM orchestration.container_instances i
		JOIN orchestration.containers c ON (c.namespace_id, c.id) = (i.namespace_id, i.container_id)
		JOIN orchestration.namespaces n ON n.id = c.namespace_id
		JOIN orchestration.port_mappings p ON (p.namespace_id, p.container_id) = (c.namespace_id, c.id)
		WHERE n.name = '$SAMPLE_NAMESPACE' AND c.name = '$SAMPLE_WEB' AND i.ended_at IS NULL AND i.ready ORDER BY i.id, p.container_port LIMIT 1")
	[ -n "${pod:-}" ] || die "the sample's web server has no ready pod"
	if page=$(curl -fsS -m 5 --noproxy '*' "http://$ip:$port/" 2>/dev/null); then
		say "   curl http://$ip:$port/"
	elif [ -n "${QS_KUBECTL:-}" ] && page=$("$QS_KUBECTL" --kubeconfig "$QS_KUBECONFIG" get --raw "/api/v1/namespaces/$SAMPLE_NAMESPACE/pods/$pod:$port/proxy/" 2>/dev/null); then
		say "   the page of pod $pod, through the API server:"
	elif [ "${QS_CLUSTER_KIND:-}" = own ] && [ "${QS_REAL_NODE:-0}" != 1 ]; then
		say "   simulated pods have no page"
		return 0
	else
		die "the sample's page does not answer on http://$ip:$port/"
	fi
	printf '%s\n' "$page" | sed 's/<[^>]*>/ /g' | grep -v '^[[:space:]]*$' | head -n 8 | sed 's/^/      /' >&2
}

say_how()
{
	cat <<-HOW

		It runs: $(qs_query -c "SELECT count(*) FROM orchestration.containers WHERE status = 'running'") containers, after $SECONDS s.

		  make psql                                     psql in the database
		  make psql ARGS="-c 'SELECT name, status, status_reason FROM containers'"
		  make kubectl ARGS="get pods -A"               the same, seen by Kubernetes
		  make quickstart-stop                          stops it all and keeps the data
		  make quickstart-stop ARGS=--purge             removes it all

		From any client: PGPASSFILE=$QS/pgpass psql -h 127.0.0.1 -p $QS_PORT -U postgres $QS_DATABASE
	HOW
}

SAMPLE_NAMESPACE=sample
SAMPLE_WEB=web
mkdir -p "$QS/log"
# the server's user must pass through; every file with a secret is readable by us alone
chmod 711 "$QS"
chmod 700 "$QS/log"
recall
install_packages
build
start_server
start_cluster
make_database
load_sample
wait_until_running
fetch_page
say_how
