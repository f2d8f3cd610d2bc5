# lib/pki.sh: certificates, tokens and kubeconfigs of one cluster, good ones and deliberately bad ones.
# Sourced by cluster. Elliptic curve keys: a handshake costs far less than with RSA. The service account key alone is RSA,
# because an RS256 token can be signed with openssl and nothing else.

ec_key() { openssl ecparam -name prime256v1 -genkey -noout -out "$1"; }

make_ca() { # NAME SUBJECT
	ec_key "$1.key"
	openssl req -x509 -new -key "$1.key" -sha256 -days 3650 -subj "$2" -out "$1.crt" \
		-addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign
}

make_cert() { # CA NAME SUBJECT EXTENSION...
	local ca=$1 name=$2 subject=$3
	shift 3
	ec_key "$name.key"
	openssl req -new -key "$name.key" -subj "$subject" |
		openssl x509 -req -sha256 -days 3650 -CA "$ca.crt" -CAkey "$ca.key" -CAcreateserial -out "$name.crt" \
			-extfile <(printf '%s\n' "$@") 2>/dev/null
}

# Go ignores a certificate's common name: what a server is called must be in subjectAltName.
make_pki() {
	local names="DNS:localhost,DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc,DNS:kubernetes.default.svc.cluster.local"
	local client=extendedKeyUsage=clientAuth server=extendedKeyUsage=serverAuth
	[ ! -e "$PKI/done" ] || return 0
	mkdir -p "$PKI" && chmod 700 "$STATE" "$PKI"
	(
		umask 077
		cd "$PKI" || exit
		make_ca ca "/CN=orchestration-test-$NAME"
		make_ca wrong-ca "/CN=not-the-ca-of-$NAME"
		make_ca front-proxy-ca "/CN=front-proxy-of-$NAME"
		make_cert front-proxy-ca front-proxy /CN=front-proxy-client "$client"
		make_cert ca apiserver /CN=kube-apiserver "subjectAltName=$names,IP:127.0.0.1,IP:::1,IP:$SERVICE_API_IP,IP:$BRIDGE_IP" "$server"
		make_cert ca kubelet-server /O=system:nodes/CN=system:node:real-0 "subjectAltName=DNS:localhost,DNS:real-0,IP:127.0.0.1,IP:$BRIDGE_IP" "$server"
		make_cert ca kwok-server /O=system:nodes/CN=system:node:kwok-0 "subjectAltName=DNS:localhost,DNS:kwok-0,IP:127.0.0.1,IP:$BRIDGE_IP" "$server"
		make_cert ca admin /O=system:masters/CN=admin "$client"
		make_cert ca kubelet-client /O=system:masters/CN=apiserver-kubelet-client "$client"
		make_cert ca controller-manager /CN=system:kube-controller-manager "$client"
		make_cert ca scheduler /CN=system:kube-scheduler "$client"
		make_cert ca proxy /CN=system:kube-proxy "$client"
		make_cert ca kubelet /O=system:nodes/CN=system:node:real-0 "$client"
		openssl genrsa -out service-account.key 2048 2>/dev/null
		openssl rsa -in service-account.key -pubout -out service-account.pub 2>/dev/null
		printf '%s,test-admin,1000,"system:masters"\n%s,alice,1001,"developers"\n' "$ADMIN_TOKEN" "$ALICE_TOKEN" >tokens.csv
		touch done
	)
}

b64() { base64 -w0 <"$1"; }
b64url() { openssl base64 -A | tr '+/' '-_' | tr -d '='; }

# expired_token: signed by this cluster's own key, and one hour too old; the server must answer 401.
expired_token() {
	local t head body
	t=$(date +%s)
	head=$(printf '{"alg":"RS256"}' | b64url)
	body=$(printf '{"iss":"https://kubernetes.default.svc","aud":["https://kubernetes.default.svc"],"sub":"system:serviceaccount:orchestration:orchestration","iat":%d,"nbf":%d,"exp":%d}' \
		$((t - 7200)) $((t - 7200)) $((t - 3600)) | b64url)
	printf '%s.%s.%s' "$head" "$body" "$(printf '%s.%s' "$head" "$body" | openssl dgst -sha256 -sign "$PKI/service-account.key" -binary | b64url)"
}

# kubeconfig NAME CLUSTER_FIELD USER_FIELDS: writes one; the file appears whole or not at all.
kubeconfig() {
	(
		umask 077
		cat >"$CONFIGS/.$1" <<-K
			apiVersion: v1
			kind: Config
			clusters:
			- name: "$NAME"
			  cluster:
			    server: https://127.0.0.1:$API_PORT
			    $2
			users:
			- name: "$1"
			  user: {$3}
			contexts:
			- name: "$NAME"
			  context: {cluster: "$NAME", user: "$1"}
			current-context: "$NAME"
		K
	)
	mv "$CONFIGS/.$1" "$CONFIGS/$1.kubeconfig"
}

cert_user() { printf 'client-certificate-data: %s, client-key-data: %s' "$(b64 "$PKI/$1.crt")" "$(b64 "$PKI/$1.key")"; }

# Everything that can be written before the server runs.
make_kubeconfigs() {
	local ca user
	[ ! -e "$CONFIGS/done" ] || return 0
	mkdir -p "$CONFIGS"
	ca="certificate-authority-data: $(b64 "$PKI/ca.crt")"
	for user in admin controller-manager scheduler proxy kubelet; do
		kubeconfig "$user" "$ca" "$(cert_user "$user")"
	done
	(umask 077 && printf '%s\n' "$ADMIN_TOKEN" >"$CONFIGS/token")
	kubeconfig files "certificate-authority: $PKI/ca.crt" "client-certificate: $PKI/admin.crt, client-key: $PKI/admin.key"
	kubeconfig token "$ca" "token: $ADMIN_TOKEN"
	kubeconfig tokenfile "$ca" "tokenFile: $CONFIGS/token"
	kubeconfig alice "$ca" "token: $ALICE_TOKEN"
	kubeconfig bad-token "$ca" "token: not-a-token-of-anybody"
	kubeconfig expired "$ca" "token: $(expired_token)"
	kubeconfig wrong-ca "certificate-authority-data: $(b64 "$PKI/wrong-ca.crt")" "token: $ADMIN_TOKEN"
	kubeconfig insecure "insecure-skip-tls-verify: true" "token: $ADMIN_TOKEN"
	touch "$CONFIGS/done"
}

# The least privileged one needs a running server. in-cluster/ is what a pod would find in /var/run/secrets.
make_orchestration_kubeconfig() {
	local token dir=$STATE/in-cluster
	[ ! -e "$CONFIGS/orchestration.kubeconfig" ] || return 0
	token=$(kube create token orchestration -n orchestration --duration 87600h)
	kubeconfig orchestration "certificate-authority-data: $(b64 "$PKI/ca.crt")" "token: $token"
	mkdir -p "$dir"
	cp "$PKI/ca.crt" "$dir/ca.crt"
	printf 'orchestration' >"$dir/namespace"
	(umask 077 && printf '%s' "$token" >"$dir/token")
}
