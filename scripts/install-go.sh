#!/bin/bash
# install-go.sh: Go new enough to build Kubernetes, where the machine has none or an old one.
#
# Debian's own Go, of whatever age, fetches the toolchain that is wanted: it is a Go module like any other, and
# checked against Go's public checksum database.  It lands in the cache, beside what it builds.
set -euo pipefail
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=scripts/progress.sh
. "$ROOT/scripts/progress.sh"
WANTED=$(sed -n 's/^GO_WANTED=//p' "$ROOT/test/kube/build.sh")
FETCHED=1.26.8
CACHE=${ORCHESTRATION_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/orchestration}
PATH=$CACHE/go/bin:$PATH:/usr/local/go/bin

new_enough()
{
	local version

	version=$(cd / && go env GOVERSION 2>/dev/null) || return 1
	[ "$(printf '%s\n%s\n' "$WANTED" "${version#go}" | sort -V | head -n 1)" = "$WANTED" ]
}

fetch()
{
	local work=$CACHE/go-$FETCHED.$$ arch module

	arch=$(uname -m | sed 's/x86_64/amd64/; s/aarch64/arm64/')
	module=golang.org/toolchain@v0.0.1-go$FETCHED.linux-$arch
	mkdir -p "$work"
	cd "$work"
	printf 'module fetch\n\ngo 1.19\n' >go.mod
	GOPATH=$work/path GOFLAGS="-mod=mod -modcacherw" GOTOOLCHAIN=local go mod download "$module"
	rm -rf "$CACHE/go"
	mv "$work/path/pkg/mod/$module" "$CACHE/go"
	# a module's files are never executable
	chmod +x "$CACHE"/go/bin/* "$CACHE"/go/pkg/tool/*/*
	cd /
	rm -rf "$work"
}

new_enough && exit 0
command -v go >/dev/null || { printf 'install-go.sh: no Go here to fetch Go %s with\n' "$FETCHED" >&2; exit 1; }
mkdir -p "$CACHE"
log=$(mktemp)
with_progress "Go $FETCHED from the Go module proxy" "$log" fetch
rm -f "$log"
new_enough
