#!/bin/bash
# build.sh [PROGRAM...]: builds the Go programs of the bench (or those named, which need no module) once for each state of their source and
# prints the folder they are in.
#
# go/go.mod and go/go.sum pin every line that goes in.  The programs land in $ORCHESTRATION_CACHE (default ~/.cache/orchestration)
# under bench/<versions>.  Exit status: 77 when Go or the network is missing and something has to be built.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../../test/kube/lib/common.sh"

version() { awk -v p="$1" '$1 == p { print $2; exit }' "$here/go/go.mod"; }
source_hash() { (cd "$here/go" && find . -type f | LC_ALL=C sort | xargs sha256sum | sha256sum | cut -c1-12); }

if [ $# -gt 0 ]; then
	built=$CACHE/bench/alone_$(uname -m)_$(cd "$here/go" && for name in "$@"; do cat go.mod "$name"/*.go; done | sha256sum | cut -c1-12)
	[ -d "$built" ] || have go || skip "Go is not installed, and $* is not built yet"
	mkdir -p "$built"
	for name in "$@"; do
		[ -e "$built/$name" ] || (cd "$here/go" && nice -n 15 go build -mod=readonly -buildvcs=false -trimpath -o "$built/$name" "./$name") >&2 || die "$name does not build"
	done
	echo "$built"
	exit
fi
built=$CACHE/bench/client-go-$(version k8s.io/client-go)_controller-runtime-$(version sigs.k8s.io/controller-runtime)_$(uname -m)_$(source_hash)
if [ ! -e "$built/complete" ]; then
	have go || skip "Go is not installed, and the programs of the bench are not built yet"
	mkdir -p "$built/log"
	(cd "$here/go" && with_ticker "source of the bench's programs" "$built/log/fetch.log" go mod download) || skip "the Go modules of the bench could not be fetched; see $built/log/fetch.log"
	for name in raw dynamic runtime pods; do
		(cd "$here/go" && with_ticker "$name" "$built/log/$name.log" nice -n 15 go build -mod=readonly -buildvcs=false -trimpath -o "$built/$name" "./$name") ||
			die "$name does not build"
	done
	touch "$built/complete"
fi
echo "$built"
