#!/bin/sh
# make-pki.sh DIR: two authorities, a server certificate for each name that the
# tests use, and a client certificate.  Keys are for these tests only.
set -eu
dir=$1
mkdir -p "$dir"
cd "$dir"

authority() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \
		-days 3650 -subj "/CN=$1" -keyout "$1.key" -out "$1.crt" 2>/dev/null
}

# leaf NAME AUTHORITY EXTENSIONS
leaf() {
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \
		-subj "/CN=$1" -keyout "$1.key" -out "$1.csr" 2>/dev/null
	printf '%s\n' "$3" > "$1.ext"
	openssl x509 -req -in "$1.csr" -CA "$2.crt" -CAkey "$2.key" -CAcreateserial \
		-days 3650 -extfile "$1.ext" -out "$1.crt" 2>/dev/null
}

authority ca
authority other-ca
leaf server ca "subjectAltName=IP:127.0.0.1,DNS:localhost"
leaf named ca "subjectAltName=DNS:kube.example"
leaf client ca "extendedKeyUsage=clientAuth"
