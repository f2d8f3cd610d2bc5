# lib/control.sh: the control plane: etcd, kube-apiserver, kube-controller-manager, kube-scheduler.
# Sourced by cluster.

kube() { "$(find_binary kubectl)" --kubeconfig "$CONFIGS/admin.kubeconfig" "$@"; }

define_etcd() {
	local client=http://127.0.0.1:$ETCD_PORT peer=http://127.0.0.1:$ETCD_PEER_PORT
	mkdir -p -m 700 "$STATE/etcd"
	# No fsync: kill -9 loses nothing without it (the page cache stays), and a test's data need not outlive the machine.
	define_process etcd "$(find_binary etcd)" --name "$NAME" --data-dir "$STATE/etcd" --unsafe-no-fsync \
		--listen-client-urls "$client" --advertise-client-urls "$client" \
		--listen-peer-urls "$peer" --initial-advertise-peer-urls "$peer" --initial-cluster "$NAME=$peer" \
		--quota-backend-bytes 8589934592 --logger zap --log-level warn
}

define_apiserver() {
	local flags=(
		--etcd-servers "http://127.0.0.1:$ETCD_PORT"
		--bind-address 127.0.0.1 --advertise-address 127.0.0.1 --secure-port "$API_PORT" --endpoint-reconciler-type none
		--tls-cert-file "$PKI/apiserver.crt" --tls-private-key-file "$PKI/apiserver.key"
		--client-ca-file "$PKI/ca.crt" --token-auth-file "$PKI/tokens.csv" --authorization-mode RBAC,Node
		--enable-admission-plugins NodeRestriction --allow-privileged
		--service-account-issuer https://kubernetes.default.svc --api-audiences https://kubernetes.default.svc
		--service-account-key-file "$PKI/service-account.pub" --service-account-signing-key-file "$PKI/service-account.key"
		--service-cluster-ip-range "$SERVICE_CIDR"
		--kubelet-client-certificate "$PKI/kubelet-client.crt" --kubelet-client-key "$PKI/kubelet-client.key"
		--kubelet-certificate-authority "$PKI/ca.crt" --kubelet-preferred-address-types InternalIP
		--requestheader-client-ca-file "$PKI/front-proxy-ca.crt" --requestheader-allowed-names front-proxy-client
		--requestheader-username-headers X-Remote-User --requestheader-group-headers X-Remote-Group
		--requestheader-extra-headers-prefix X-Remote-Extra-
		--proxy-client-cert-file "$PKI/front-proxy.crt" --proxy-client-key-file "$PKI/front-proxy.key"
		--max-requests-inflight 2000 --max-mutating-requests-inflight 1000 --profiling=false
	)
	if [ "$AUDIT" = 1 ]; then
		flags+=(--audit-policy-file "$KUBE_HOME/etc/audit-policy.yaml" --audit-log-path "$STATE/log/audit.jsonl")
	fi
	# the user's flags come last, because the last one wins
	# shellcheck disable=SC2086
	define_process apiserver "$(find_binary kube-apiserver)" "${flags[@]}" $APISERVER_FLAGS
}

define_controllers() {
	local c=$CONFIGS/controller-manager.kubeconfig s=$CONFIGS/scheduler.kubeconfig
	define_process controller-manager "$BIN/kube-controller-manager" \
		--kubeconfig "$c" --authentication-kubeconfig "$c" --authorization-kubeconfig "$c" \
		--bind-address 127.0.0.1 --secure-port "$CONTROLLER_PORT" --leader-elect=false \
		--use-service-account-credentials=true --service-account-private-key-file "$PKI/service-account.key" \
		--root-ca-file "$PKI/ca.crt" --cluster-signing-cert-file "$PKI/ca.crt" --cluster-signing-key-file "$PKI/ca.key" \
		--kube-api-qps 500 --kube-api-burst 1000 --concurrent-deployment-syncs 20 --concurrent-replicaset-syncs 20 \
		--concurrent-namespace-syncs 20 --concurrent-job-syncs 20 --node-monitor-grace-period 120s \
		--enable-hostpath-provisioner=true
	define_process scheduler "$BIN/kube-scheduler" \
		--kubeconfig "$s" --authentication-kubeconfig "$s" --authorization-kubeconfig "$s" \
		--bind-address 127.0.0.1 --secure-port "$SCHEDULER_PORT" --leader-elect=false \
		--kube-api-qps 500 --kube-api-burst 1000
}

# What every cluster holds: a default StorageClass and the rights of the product's own account.
apply_basics() {
	kube apply --server-side -f "$KUBE_HOME/manifests/storage-class.yaml" -f "$REPO_HOME/docs/rbac.yaml"
}

default_account() { kube get serviceaccount default -n default && kube get serviceaccount orchestration -n orchestration; }

# The in-tree provisioner makes its folders in /tmp and forgets them with the cluster; their names are in etcd's own files.
provisioned_folders() {
	[ -d "$STATE/etcd" ] || return 0
	find "$STATE/etcd" -type f -exec grep -aohE '/tmp/hostpath_pv/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}' {} + | sort -u || true
}

remove_provisioned_folders() {
	local d
	provisioned_folders | while read -r d; do rm -rf "$d"; done
	rmdir /tmp/hostpath_pv 2>/dev/null || true
}
