# lib/metrics.sh: the metrics-server, which serves metrics.k8s.io through the API server's aggregation.
# Sourced by cluster. Not part of every cluster: while such an API is registered and does not answer, no namespace can be deleted.

metrics_manifests() {
	cat <<-M
		apiVersion: v1
		kind: Service
		metadata: {name: metrics-server, namespace: kube-system}
		spec: {type: ExternalName, externalName: localhost}
		---
		apiVersion: apiregistration.k8s.io/v1
		kind: APIService
		metadata: {name: v1beta1.metrics.k8s.io}
		spec:
		  group: metrics.k8s.io
		  version: v1beta1
		  groupPriorityMinimum: 100
		  versionPriority: 100
		  caBundle: $(b64 "$PKI/ca.crt")
		  service: {namespace: kube-system, name: metrics-server, port: $METRICS_PORT}
	M
}

define_metrics_server() {
	local admin=$CONFIGS/admin.kubeconfig
	[ -e "$PKI/metrics-server.crt" ] || (
		umask 077
		cd "$PKI" || exit
		make_cert ca metrics-server /CN=metrics-server "subjectAltName=DNS:metrics-server.kube-system.svc,IP:127.0.0.1" extendedKeyUsage=serverAuth
	)
	define_process metrics-server "$BIN/$METRICS_SERVER" --kubeconfig "$admin" \
		--authentication-kubeconfig "$admin" --authorization-kubeconfig "$admin" \
		--bind-address 127.0.0.1 --secure-port "$METRICS_PORT" \
		--tls-cert-file "$PKI/metrics-server.crt" --tls-private-key-file "$PKI/metrics-server.key" \
		--kubelet-certificate-authority "$PKI/ca.crt" --kubelet-client-certificate "$PKI/kubelet-client.crt" \
		--kubelet-client-key "$PKI/kubelet-client.key" --kubelet-preferred-address-types InternalIP \
		--metric-resolution 15s --node-selector type=real
}

metrics_served() { [ "$(kube get apiservice v1beta1.metrics.k8s.io -o 'jsonpath={.status.conditions[?(@.type=="Available")].status}')" = True ]; }

cmd_metrics() {
	lock_cluster
	case ${1:-} in
	on)
		[ "$REAL" = 1 ] || die "$NAME has no real node, of which alone the metrics-server could tell something"
		define_metrics_server
		launch metrics-server
		await_healthy metrics-server
		metrics_manifests | kube apply --server-side -f - >/dev/null
		await metrics-server "API metrics.k8s.io" 90 metrics_served
		say "metrics.k8s.io is served"
		;;
	off)
		kube delete apiservice v1beta1.metrics.k8s.io --ignore-not-found >/dev/null
		end_process metrics-server TERM 10
		rm -f "$STATE/cmd/metrics-server"
		say "metrics.k8s.io is gone"
		;;
	*) usage >&2; exit 2 ;;
	esac
}
