#!/bin/bash
# install-dependencies.sh build|test|kube|engine...: brings the Debian packages that a step needs.
#
# Only what is missing is installed, and it says what that is; with nothing missing it needs no
# rights and says nothing.  Other systems get the list and install it their own way.
set -euo pipefail
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

say() { printf '%s\n' "$*" >&2; }
die() { say "install-dependencies.sh: $*"; exit 1; }
# shellcheck source=scripts/progress.sh
. "$ROOT/scripts/progress.sh"
have() { command -v "$1" >/dev/null 2>&1; }

# The server that pg_config names, else Debian's own.
postgresql_version()
{
	local version

	if [ -n "${PG_CONFIG:-}" ] || have pg_config; then
		version=$("${PG_CONFIG:-pg_config}" --version | sed -n 's/^PostgreSQL \([0-9]*\).*/\1/p')
	else
		version=$(apt-cache show postgresql 2>/dev/null | sed -n 's/^Version: \([0-9]*\)+.*/\1/p' | head -n 1)
	fi
	printf '%s\n' "${version:-15}"
}

# Any Go can fetch a newer one (install-go.sh), but one there must be.
go_package()
{
	have go || [ -x /usr/local/go/bin/go ] || echo " golang-go ca-certificates"
}

packages_of()
{
	local n

	n=$(postgresql_version)
	case $1 in
		build) echo "gcc libc6-dev make postgresql-$n postgresql-client-$n postgresql-server-dev-$n libcurl4-openssl-dev ca-certificates libssl-dev libyaml-dev python3" ;;
		test) echo "$(packages_of build) postgresql-$n-pgtap postgresql-$n-cron faketime libcmocka-dev libipc-run-perl libio-pty-perl perl git curl binutils patch shellcheck pgbouncer nghttp2-server prometheus prometheus-postgres-exporter prometheus-sql-exporter chromium netpbm redis-server python3-redis python3-psycopg2" ;;
		kube) echo "$(sed -n 's/^PACKAGES="\(.*\)"$/\1/p' "$ROOT/test/kube/build.sh")$(go_package)" ;;
		engine) echo "podman netavark aardvark-dns runc iptables iproute2 busybox-static docker-registry apache2-utils curl jq perl" ;;
		*) die "usage: install-dependencies.sh build|test|kube|engine..." ;;
	esac
}

missing_of()
{
	local package

	for package in "$@"; do
		[ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || printf '%s\n' "$package"
	done
}

as_root()
{
	if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

apt_install()
{
	as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends -o Dpkg::Use-Pty=0 "$@" </dev/null
}

# Packages that serve something start it when they are installed.  Nothing here
# wants that: every server that the scripts use is one of their own.
POLICY=/usr/sbin/policy-rc.d
CREATECLUSTER=/etc/postgresql-common/createcluster.conf
undo=()

forbid_services()
{
	[ ! -e $POLICY ] || return 0
	printf '#!/bin/sh\nexit 101\n' | as_root tee $POLICY >/dev/null
	as_root chmod 755 $POLICY
	undo+=("as_root rm -f $POLICY")
}

forbid_default_cluster()
{
	apt_install postgresql-common
	grep -q '^create_main_cluster' $CREATECLUSTER && return 0
	as_root cp -p $CREATECLUSTER $CREATECLUSTER.orchestration
	undo+=("as_root mv $CREATECLUSTER.orchestration $CREATECLUSTER")
	echo 'create_main_cluster = off' | as_root tee -a $CREATECLUSTER >/dev/null
}

# Nor at the next start of the machine.  What was there before is left as it was.
disable_services()
{
	local package

	have systemctl || return 0
	for package in "$@"; do
		case $package in
			pgbouncer | prometheus* | docker-registry) as_root systemctl -q disable "$package.service" || true ;;
			podman) as_root systemctl -q disable podman.socket podman.service podman-restart.service podman-auto-update.timer || true ;;
		esac
	done
}

undo_all()
{
	local step

	for step in "${undo[@]}"; do $step; done
	undo=()
}

install_missing()
{
	trap undo_all EXIT
	forbid_services
	if [[ " $* " =~ \ postgresql-[0-9]+\  ]]; then forbid_default_cluster; fi
	apt_install "$@"
	disable_services "$@"
	undo_all
}

install_now()
{
	local log

	[ "$(id -u)" = 0 ] || have sudo || die "these packages are missing and only root can install them: ${missing[*]}"
	say "installing ${#missing[@]} Debian packages: ${missing[*]}"
	[ "$(id -u)" = 0 ] || sudo -v	# asks for a password here, not behind the log
	log=$(mktemp)
	if ! with_progress "apt-get install" "$log" install_missing "${missing[@]}"; then
		say "the package lists may be old: refreshing them"
		with_progress "apt-get update" "$log" as_root apt-get update -q || true
		with_progress "apt-get install" "$log" install_missing "${missing[@]}" || die "could not install: ${missing[*]}"
	fi
	rm -f "$log"
}

[ $# -gt 0 ] || die "usage: install-dependencies.sh build|test|kube|engine..."
if ! have dpkg-query || ! have apt-get; then
	# a machine of another kind: the steps that follow say what they miss
	say "not a Debian system: nothing is installed. In Debian's names, these are needed:"
	for kind in "$@"; do say "  $kind: $(packages_of "$kind")"; done
	exit 0
fi

wanted=()
for kind in "$@"; do
	list=$(packages_of "$kind")
	read -r -a names <<<"$list"
	wanted+=("${names[@]}")
done
mapfile -t missing < <(missing_of "${wanted[@]}" | sort -u)
if [ ${#missing[@]} -gt 0 ]; then install_now; fi
case " $* " in
	*" kube "*) "$ROOT/scripts/install-go.sh" || say "Go could not be brought here: what has to be built for the test cluster will not be" ;;
esac
