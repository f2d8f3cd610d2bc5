# lib/service.sh: the service, its registry, and the image that there is without any registry.
# Sourced by engine.

request() { curl -fsS -m 10 --unix-socket "$SOCKET" "http://engine$1"; }
answers() { request /_ping >/dev/null 2>&1; }

start_service() {
	if pid_of service >/dev/null; then return 0; fi
	rm -f "$SOCKET"
	enter_room
	define_process service "${ENTER[@]}" podman --log-level=warn system service --time 0 "unix://$SOCKET"
	launch service
	await service "the service" 30 answers
	chgrp "$GROUP" "$SOCKET"
	chmod 660 "$SOCKET"
	say "service runs, pid $(pid_of service)"
}

has_image() { in_room podman image exists "$1"; }

# Debian's static busybox; every applet is a link, so that sh, httpd, wget, nc ... just run.
import_busybox() {
	mkdir -p "$STATE/images"
	busybox_image
	in_room podman tag "$(in_room podman pull --quiet "oci:$STATE/images/busybox")" "$IMAGE"
	# the name that it was pulled by
	in_room podman untag "$IMAGE" "localhost$STATE/images/busybox:latest" 2>/dev/null || true
	rm -rf "$STATE/images"
}

start_registry() {
	! pid_of registry >/dev/null || return 0
	define_registry
	launch registry
	await registry "the registry" 30 healthy registry
	make_images
	say "registry on 127.0.0.1:$REGISTRY_PORT holds busybox:1 (password needed)"
}

registry_lines() {
	env_lines REGISTRY "127.0.0.1:$REGISTRY_PORT" REGISTRY_USER "$REGISTRY_USER" REGISTRY_PASSWORD "$REGISTRY_PASSWORD" \
		REGISTRY_IMAGE "127.0.0.1:$REGISTRY_PORT/busybox:1"
}
