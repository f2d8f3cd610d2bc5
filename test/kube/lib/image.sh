# lib/image.sh: container images from the files of this machine, and the registry that serves them.
# Sourced by cluster. An image is one layer in an OCI layout folder; the same folder is pushed with curl and imported by containerd.

digest_of() { sha256sum "$1" | cut -d' ' -f1; }

add_blob() { # LAYOUT FILE: moves FILE in, prints "DIGEST SIZE"
	local d
	d=$(digest_of "$2")
	printf '%s %s\n' "$d" "$(stat -c %s "$2")"
	mv "$2" "$1/blobs/sha256/$d"
}

# make_links TARGET LINK...: one process for all of them, as an image of busybox has hundreds
make_links() {
	perl -e 'while (my ($target, $link) = splice @ARGV, 0, 2) { unlink $link; symlink $target, $link or die "$link: $!\n" }' "$@"
}

# image_files ROOT SPEC...: lays out the files. SPEC is FILE=/PATH (a copy) or TARGET@/PATH (a symbolic link).
image_files() {
	local root=$1 spec place links=()
	shift
	mkdir -p "$root"/{bin,dev,etc,proc,sys,tmp,var/www}
	chmod 1777 "$root/tmp"
	printf 'root:x:0:0:root:/:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n' >"$root/etc/passwd"
	printf 'root:x:0:\nnogroup:x:65534:\n' >"$root/etc/group"
	for spec in "$@"; do
		case $spec in
		*[=@]/*) ;;
		*) die "a file of an image is FILE=/PATH or TARGET@/PATH, not \"$spec\"" ;;
		esac
		place=$root/${spec##*[=@]/}
		[ -d "${place%/*}" ] || mkdir -p "${place%/*}"
		case $spec in
		*=/*) cp "${spec%%=/*}" "$place" ;;
		*) links+=("${spec%%@/*}" "$place") ;;
		esac
	done
	make_links "${links[@]}"
}

# build_image LAYOUT REFERENCE COMMAND_JSON SPEC...: the same input gives the same digest.
build_image() {
	local layout=$1 ref=$2 cmd=$3 layer config manifest arch
	shift 3
	rm -rf "$layout"
	mkdir -p "$layout/blobs/sha256"
	image_files "$layout/root" "$@"
	arch=$(uname -m | sed 's/x86_64/amd64/; s/aarch64/arm64/')
	tar --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 -C "$layout/root" -cf "$layout/layer" .
	rm -rf "$layout/root"
	layer=$(add_blob "$layout" "$layout/layer")
	jq -cn --arg arch "$arch" --argjson cmd "$cmd" --arg layer "sha256:${layer% *}" \
		'{architecture: $arch, os: "linux", config: {Cmd: $cmd, Env: ["PATH=/bin:/sbin:/usr/bin"]},
		  rootfs: {type: "layers", diff_ids: [$layer]}}' >"$layout/config"
	config=$(add_blob "$layout" "$layout/config")
	jq -cn --arg c "sha256:${config% *}" --argjson cs "${config#* }" --arg l "sha256:${layer% *}" --argjson ls "${layer#* }" \
		'{schemaVersion: 2, mediaType: "application/vnd.oci.image.manifest.v1+json",
		  config: {mediaType: "application/vnd.oci.image.config.v1+json", digest: $c, size: $cs},
		  layers: [{mediaType: "application/vnd.oci.image.layer.v1.tar", digest: $l, size: $ls}]}' >"$layout/manifest"
	manifest=$(add_blob "$layout" "$layout/manifest")
	echo '{"imageLayoutVersion":"1.0.0"}' >"$layout/oci-layout"
	jq -cn --arg d "sha256:${manifest% *}" --argjson s "${manifest#* }" --arg ref "$ref" \
		'{schemaVersion: 2, manifests: [{mediaType: "application/vnd.oci.image.manifest.v1+json", digest: $d, size: $s,
		  annotations: {"io.containerd.image.name": $ref}}]}' >"$layout/index.json"
}

registry_curl() { curl -fsS -m 60 -u "$REGISTRY_USER:$REGISTRY_PASSWORD" "$@"; }

push_blob() { # URL FILE
	local place digest=sha256:${2##*/}
	registry_curl -o /dev/null -I "$1/blobs/$digest" 2>/dev/null && return 0
	place=$(registry_curl -o /dev/null -D - -X POST -H 'Content-Length: 0' "$1/blobs/uploads/" |
		tr -d '\r' | sed -n 's/^[Ll]ocation: //p')
	case $place in *\?*) place+="&digest=$digest" ;; *) place+="?digest=$digest" ;; esac
	registry_curl -o /dev/null -X PUT -H 'Content-Type: application/octet-stream' --data-binary "@$2" "$place"
}

# push_image LAYOUT REPOSITORY:TAG: blobs first, the manifest that names them last. Prints the manifest's digest.
push_image() {
	local url=http://127.0.0.1:$REGISTRY_PORT/v2/${2%:*} manifest blob
	manifest=$(jq -r '.manifests[0].digest' "$1/index.json")
	for blob in $(jq -r '.config.digest, .layers[].digest' "$1/blobs/sha256/${manifest#sha256:}"); do
		push_blob "$url" "$1/blobs/sha256/${blob#sha256:}"
	done
	registry_curl -o /dev/null -X PUT -H 'Content-Type: application/vnd.oci.image.manifest.v1+json' \
		--data-binary "@$1/blobs/sha256/${manifest#sha256:}" "$url/manifests/${2##*:}"
	echo "$manifest"
}

can_run_registry() { have docker-registry && have htpasswd && have jq; }

define_registry() {
	mkdir -p "$STATE/registry"
	(umask 077 && htpasswd -Bbn "$REGISTRY_USER" "$REGISTRY_PASSWORD" >"$STATE/registry/htpasswd" 2>/dev/null)
	cat >"$STATE/registry/config.yml" <<-C
		version: 0.1
		log: {level: warn, accesslog: {disabled: true}}
		storage: {filesystem: {rootdirectory: $STATE/registry/data}, delete: {enabled: true}}
		http: {addr: "127.0.0.1:$REGISTRY_PORT", secret: $(random_hex 16)}
		auth: {htpasswd: {realm: orchestration-test, path: $STATE/registry/htpasswd}}
	C
	define_process registry docker-registry serve "$STATE/registry/config.yml"
}

# The busybox image answers to "1" and "latest"; every applet is a link, so that sh, httpd, wget, tail ... just run.
busybox_image() {
	local links
	mapfile -t links < <(busybox --list | grep -vxF -e busybox -e '[' -e '[[' | sed 's,.*,busybox@/bin/&,')
	build_image "$STATE/images/busybox" "127.0.0.1:$REGISTRY_PORT/busybox:1" '["/bin/sh"]' \
		"$(command -v busybox)=/bin/busybox" "${links[@]}"
}

make_images() {
	[ ! -e "$STATE/images/done" ] || return 0
	mkdir -p "$STATE/images"
	busybox_image
	push_image "$STATE/images/busybox" busybox:1 >/dev/null
	push_image "$STATE/images/busybox" busybox:latest >/dev/null
	touch "$STATE/images/done"
}
