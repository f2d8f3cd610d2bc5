#!/bin/bash
# furnish.sh STATE: makes a fresh mount namespace the room of one engine.
#
# Rootful Podman keeps some things in places that no setting moves: addresses given out, aardvark's names by network,
# network namespaces, runc's containers, locks (which a first start frees, everybody's).  In here those places are the
# engine's own.
set -euo pipefail
state=$1

# A copy of what other engines have mounted would keep it alive when they let it go.
awk -v pins="^$(dirname "$state")/[^/]+/pin$" '$3 == "nsfs" || $3 == "overlay" && $2 ~ "/(merged|rootfs)$" || $2 ~ pins { print $2 }' \
	/proc/self/mounts | sort -r | while read -r mount; do
	umount -l "$mount" 2>/dev/null || true
done
mount --bind "$state/etc" /etc/containers
for place in containers netns runc; do
	mkdir -p "$state/run/$place"
	mount --bind "$state/run/$place" "/run/$place"
done
mount -t tmpfs -o mode=1777 tmpfs /dev/shm
