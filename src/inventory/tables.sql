/*
 * What should run, and where.  Every namespaced table leads its keys with
 * namespace_id, so that it can be sharded by namespace; ids come from one
 * sequence per table and are never chosen by the caller, so that an id alone
 * still finds one row.
 */

CREATE TABLE orchestration.clusters (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	name text NOT NULL UNIQUE CHECK (orchestration_internal.valid_subdomain_name(name, 'cluster name')),
	engine text NOT NULL DEFAULT 'kubernetes',
	api_server text NOT NULL,
	auth_method text NOT NULL CHECK (auth_method IN ('kubeconfig', 'in-cluster', 'socket', 'certificate', 'none')),
	encrypted_kubeconfig bytea,
	sealed_version bigint NOT NULL DEFAULT 1,
	kubeconfig_context text,
	insecure_skip_tls_verify boolean NOT NULL DEFAULT false,
	enabled boolean NOT NULL DEFAULT true,
	max_in_flight integer NOT NULL DEFAULT 32 CHECK (max_in_flight BETWEEN 1 AND 100),
	generation bigint NOT NULL DEFAULT 1,
	takeover_requested boolean NOT NULL DEFAULT false,
	usage_interval integer NOT NULL DEFAULT 60 CHECK (usage_interval = 0 OR usage_interval BETWEEN 5 AND 86400),
	usage_observed_at timestamptz,
	usage_message text,
	status text NOT NULL DEFAULT 'unknown' CHECK (status IN ('unknown', 'connecting', 'connected', 'standby', 'unreachable', 'refused', 'disabled')),
	status_message text,
	server_version text,
	lease_holder text,
	observed_at timestamptz,
	created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	updated_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	created_by bigint DEFAULT orchestration.current_user_id() REFERENCES orchestration.users (id),
	CHECK ((auth_method = 'in-cluster') = (encrypted_kubeconfig IS NULL))
);

CREATE TABLE orchestration.namespaces (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	name text NOT NULL CHECK (orchestration_internal.valid_label_name(name, 'namespace name')),
	cluster_id bigint REFERENCES orchestration.clusters (id),
	description text,
	labels jsonb NOT NULL DEFAULT '{}' CHECK (orchestration_internal.valid_labels(labels, 'namespace labels')),
	annotations jsonb NOT NULL DEFAULT '{}' CHECK (orchestration_internal.valid_annotations(annotations, 'namespace annotations')),
	pod_security text NOT NULL DEFAULT 'baseline' CHECK (orchestration_internal.valid_rule(pod_security IN ('privileged', 'baseline', 'restricted'), 'pod_security', 'It is not one of privileged, baseline, restricted.', 'Write one of them; upper and lower case count.')),
	service_accounts text[] NOT NULL DEFAULT '{}',
	desired_state text NOT NULL DEFAULT 'active' CHECK (desired_state IN ('active', 'deleted')),
	generation bigint NOT NULL DEFAULT 1,
	observed_generation bigint NOT NULL DEFAULT 0,
	status text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'active', 'failed', 'deleted')),
	status_reason text,
	status_message text,
	observed_at timestamptz,
	created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	updated_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	created_by bigint DEFAULT orchestration.current_user_id() REFERENCES orchestration.users (id)
);

/* a deleted namespace keeps its row for the record and gives its name back */
CREATE UNIQUE INDEX namespaces_name ON orchestration.namespaces (name) WHERE status <> 'deleted';
CREATE INDEX namespaces_cluster ON orchestration.namespaces (cluster_id, id);
CREATE INDEX namespaces_unobserved ON orchestration.namespaces (id) WHERE generation > observed_generation;

CREATE TABLE orchestration.user_roles (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	user_id bigint NOT NULL REFERENCES orchestration.users (id) ON DELETE CASCADE,
	role_id bigint NOT NULL REFERENCES orchestration.roles (id) ON DELETE CASCADE,
	namespace_id bigint REFERENCES orchestration.namespaces (id) ON DELETE CASCADE,
	expires_at timestamptz,
	created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	updated_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	created_by bigint DEFAULT orchestration.current_user_id() REFERENCES orchestration.users (id)
);

CREATE UNIQUE INDEX user_roles_namespaced ON orchestration.user_roles (user_id, role_id, namespace_id) WHERE namespace_id IS NOT NULL;
CREATE UNIQUE INDEX user_roles_global ON orchestration.user_roles (user_id, role_id) WHERE namespace_id IS NULL;
CREATE INDEX user_roles_role ON orchestration.user_roles (role_id);
CREATE INDEX user_roles_namespace ON orchestration.user_roles (namespace_id);

CREATE TABLE orchestration.config_maps (
	namespace_id bigint NOT NULL REFERENCES orchestration.namespaces (id),
	id bigint GENERATED ALWAYS AS IDENTITY,
	name text NOT NULL CHECK (orchestration_internal.valid_subdomain_name(name, 'config map name')),
	data jsonb NOT NULL DEFAULT '{}' CHECK (orchestration_internal.valid_config_data(data, 'config map data')),
	labels jsonb NOT NULL DEFAULT '{}' CHECK (orchestration_internal.valid_labels(labels, 'config map labels')),
	annotations jsonb NOT NULL DEFAULT '{}' CHECK (orchestration_internal.valid_annotations(annotations, 'config map annotations')),
	generation bigint NOT NULL DEFAULT 1,
	observed_generation bigint NOT NULL DEFAULT 0,
	created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	updated_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	created_by bigint DEFAULT orchestration.current_user_id() REFERENCES orchestration.users (id),
	PRIMARY KEY (namespace_id, id),
	UNIQUE (namespace_id, name)
);

CREATE INDEX config_maps_id ON orchestration.config_maps (id);
CREATE INDEX config_maps_unobserved ON orchestration.config_maps (id) WHERE generation > observed_generation;

CREATE TABLE orchestration.secrets (
	namespace_id bigint NOT NULL REFERENCES orchestration.namespaces (id),
	id bigint GENERATED ALWAYS AS IDENTITY,
	name text NOT NULL CHECK (orchestration_internal.valid_subdomain_name(name, 'secret name')),
	secret_type text NOT NULL DEFAULT 'Opaque',
	data_keys text[] NOT NULL CHECK (orchestration_internal.valid_config_keys(data_keys, 'secret key')),
	encrypted_data bytea NOT NULL,
	sealed_version bigint NOT NULL DEFAULT 1,
	sealed_fingerprint bytea NOT NULL GENERATED ALWAYS AS (orchestration_internal.sealed_fingerprint(encrypted_data)) STORED,
	labels jsonb NOT NULL DEFAULT '{}' CHECK (orchestration_internal.valid_labels(labels, 'secret labels')),
	annotations jsonb NOT NULL DEFAULT '{}' CHECK (orchestration_internal.valid_annotations(annotations, 'secret annotations')),
	generation bigint NOT NULL DEFAULT 1,
	observed_generation bigint NOT NULL DEFAULT 0,
	created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	updated_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	created_by bigint DEFAULT orchestration.current_user_id() REFERENCES orchestration.users (id),
	PRIMARY KEY (namespace_id, id),
	UNIQUE (namespace_id, name),
	CONSTRAINT secrets_type CHECK (orchestration_internal.valid_secret_type(secret_type, data_keys))
);

CREATE INDEX secrets_id ON orchestration.secrets (id);
CREATE INDEX secrets_unobserved ON orchestration.secrets (id) WHERE generation > observed_generation;

CREATE TABLE orchestration.registries (
	namespace_id bigint NOT NULL REFERENCES orchestration.namespaces (id),
	id bigint GENERATED ALWAYS AS IDENTITY,
	name text NOT NULL CHECK (orchestration_internal.valid_label_name(name, 'registry name')),
	server text NOT NULL CHECK (orchestration_internal.valid_registry_server(server)),
	host text NOT NULL GENERATED ALWAYS AS (orchestration_internal.registry_host(server)) STORED,
	username text NOT NULL,
	encrypted_password bytea NOT NULL,
	sealed_version bigint NOT NULL DEFAULT 1,
	sealed_fingerprint bytea NOT NULL GENERATED ALWAYS AS (orchestration_internal.sealed_fingerprint(encrypted_password)) STORED,
	generation bigint NOT NULL DEFAULT 1,
	observed_generation bigint NOT NULL DEFAULT 0,
	created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	updated_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	created_by bigint DEFAULT orchestration.current_user_id() REFERENCES orchestration.users (id),
	PRIMARY KEY (namespace_id, id),
	UNIQUE (namespace_id, name),
	UNIQUE (namespace_id, server)
);

CREATE INDEX registries_id ON orchestration.registries (id);
CREATE INDEX registries_unobserved ON orchestration.registries (id) WHERE generation > observed_generation;

CREATE TABLE orchestration.volumes (
	namespace_id bigint NOT NULL REFERENCES orchestration.namespaces (id),
	id bigint GENERATED ALWAYS AS IDENTITY,
	name text NOT NULL CHECK (orchestration_internal.valid_label_name(name, 'volume name')),
	volume_type text NOT NULL CHECK (orchestration_internal.valid_rule(volume_type IN ('PVC', 'ConfigMap', 'Secret', 'HostPath', 'EmptyDir'), 'volume_type', 'It is not one of PVC, ConfigMap, Secret, HostPath, EmptyDir.', 'Write one of them; upper and lower case count.')),
	size_bytes bigint CHECK (orchestration_internal.valid_amount(size_bytes, 'size_bytes')),
	access_mode text CHECK (orchestration_internal.valid_rule(access_mode IN ('ReadWriteOnce', 'ReadOnlyMany', 'ReadWriteMany'), 'access_mode', 'It is not one of ReadWriteOnce, ReadOnlyMany, ReadWriteMany.', 'Write one of them; upper and lower case count.')),
	storage_class text CHECK (orchestration_internal.valid_subdomain_name(storage_class, 'storage class')),
	config_map_id bigint,
	secret_id bigint,
	host_path text CHECK (orchestration_internal.valid_path(host_path, 'host path')),
	host_path_type text CHECK (orchestration_internal.valid_rule(host_path_type IN ('DirectoryOrCreate', 'Directory', 'FileOrCreate', 'File', 'Socket', 'CharDevice', 'BlockDevice'), 'host_path_type', 'It is not one of DirectoryOrCreate, Directory, FileOrCreate, File, Socket, CharDevice, BlockDevice.', 'Write one of them; upper and lower case count.')),
	medium text CHECK (orchestration_internal.valid_rule(medium IN ('Memory'), 'medium', 'It is not Memory.', 'Write it, or leave it out.')),
	retention text NOT NULL DEFAULT 'keep' CHECK (orchestration_internal.valid_rule(retention IN ('keep', 'delete'), 'retention', 'It is not one of keep, delete.', 'Write one of them; upper and lower case count.')),
	adopt_claim boolean NOT NULL DEFAULT false,
	generation bigint NOT NULL DEFAULT 1,
	observed_generation bigint NOT NULL DEFAULT 0,
	status text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'available', 'bound', 'lost', 'failed')),
	status_reason text,
	status_message text,
	observed_at timestamptz,
	created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	updated_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	created_by bigint DEFAULT orchestration.current_user_id() REFERENCES orchestration.users (id),
	PRIMARY KEY (namespace_id, id),
	UNIQUE (namespace_id, name),
	FOREIGN KEY (namespace_id, config_map_id) REFERENCES orchestration.config_maps (namespace_id, id),
	FOREIGN KEY (namespace_id, secret_id) REFERENCES orchestration.secrets (namespace_id, id),
	CONSTRAINT volumes_pvc_needs_size_and_access_mode CHECK (orchestration_internal.valid_rule(volume_type <> 'PVC' OR (size_bytes IS NOT NULL AND access_mode IS NOT NULL), 'size_bytes', 'A volume of type PVC needs it and access_mode.', 'Give both.')),
	CONSTRAINT volumes_only_pvc_has_access_mode_and_storage_class CHECK (orchestration_internal.valid_rule(volume_type = 'PVC' OR (access_mode IS NULL AND storage_class IS NULL), 'access_mode', 'It and storage_class go with the type PVC.', 'Leave them out.')),
	CONSTRAINT volumes_only_pvc_and_emptydir_have_size CHECK (orchestration_internal.valid_rule(volume_type IN ('PVC', 'EmptyDir') OR size_bytes IS NULL, 'size_bytes', 'It goes with the types PVC and EmptyDir.', 'Leave it out.')),
	CONSTRAINT volumes_configmap_has_config_map CHECK (orchestration_internal.valid_rule((volume_type = 'ConfigMap') = (config_map_id IS NOT NULL), 'config_map_id', 'It goes with the type ConfigMap.', 'Give it, or leave it out.')),
	CONSTRAINT volumes_secret_has_secret CHECK (orchestration_internal.valid_rule((volume_type = 'Secret') = (secret_id IS NOT NULL), 'secret_id', 'It goes with the type Secret.', 'Give it, or leave it out.')),
	CONSTRAINT volumes_hostpath_has_host_path CHECK (orchestration_internal.valid_rule((volume_type = 'HostPath') = (host_path IS NOT NULL), 'host_path', 'It goes with the type HostPath.', 'Give it, or leave it out.')),
	CONSTRAINT volumes_only_hostpath_has_host_path_type CHECK (orchestration_internal.valid_rule(volume_type = 'HostPath' OR host_path_type IS NULL, 'host_path_type', 'It goes with the type HostPath.', 'Leave it out.')),
	CONSTRAINT volumes_only_emptydir_has_medium CHECK (orchestration_internal.valid_rule(volume_type = 'EmptyDir' OR medium IS NULL, 'medium', 'It goes with the type EmptyDir.', 'Leave it out.'))
);

CREATE INDEX volumes_id ON orchestration.volumes (id);
CREATE INDEX volumes_unobserved ON orchestration.volumes (id) WHERE generation > observed_generation;
CREATE INDEX volumes_config_map ON orchestration.volumes (namespace_id, config_map_id) WHERE config_map_id IS NOT NULL;
CREATE INDEX volumes_secret ON orchestration.volumes (namespace_id, secret_id) WHERE secret_id IS NOT NULL;

CREATE TABLE orchestration.container_images (
	namespace_id bigint NOT NULL REFERENCES orchestration.namespaces (id),
	id bigint GENERATED ALWAYS AS IDENTITY,
	registry text NOT NULL DEFAULT '',
	repository text NOT NULL,
	tag text NOT NULL DEFAULT '',
	digest text NOT NULL DEFAULT '',
	created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	updated_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	created_by bigint DEFAULT orchestration.current_user_id() REFERENCES orchestration.users (id),
	PRIMARY KEY (namespace_id, id),
	UNIQUE (namespace_id, repository, registry, tag, digest),
	CHECK (orchestration_internal.valid_image(registry, repository, tag, digest))
);

CREATE INDEX container_images_id ON orchestration.container_images (id);

COMMENT ON TABLE orchestration.clusters IS 'Clusters: where they are, what runs them and how to log in.';
COMMENT ON COLUMN orchestration.clusters.id IS 'Identity of the cluster.';
COMMENT ON COLUMN orchestration.clusters.name IS 'Unique name, by which namespaces refer to it.';
COMMENT ON COLUMN orchestration.clusters.engine IS 'What runs its containers: kubernetes. It stays as it was registered.';
COMMENT ON COLUMN orchestration.clusters.api_server IS 'URL of the API server, as the kubeconfig says, or the endpoint of another engine; written by the database.';
COMMENT ON COLUMN orchestration.clusters.auth_method IS 'kubeconfig, or in-cluster for the service account of the pod that the database runs in; by an endpoint: socket, certificate, or none for tcp:// without TLS; written by the database.';
COMMENT ON COLUMN orchestration.clusters.encrypted_kubeconfig IS 'Sealed text of the kubeconfig, or of endpoint and TLS material as JSON; NULL for in-cluster.';
COMMENT ON COLUMN orchestration.clusters.sealed_version IS 'Number of the sealed value, bound into it; raised by the database with every new value.';
COMMENT ON COLUMN orchestration.clusters.kubeconfig_context IS 'Context of the kubeconfig to use; NULL for its current one.';
COMMENT ON COLUMN orchestration.clusters.insecure_skip_tls_verify IS 'True when the certificate of the API server is not verified, as the kubeconfig says; written by the database.';
COMMENT ON COLUMN orchestration.clusters.enabled IS 'False: the worker leaves the cluster alone.';
COMMENT ON COLUMN orchestration.clusters.max_in_flight IS 'Most requests that the worker has under way at once.';
COMMENT ON COLUMN orchestration.clusters.generation IS 'Raised by every change of address or credentials; the worker then reconnects.';
COMMENT ON COLUMN orchestration.clusters.takeover_requested IS 'True makes this installation take the lease of the cluster from another one.';
COMMENT ON COLUMN orchestration.clusters.usage_interval IS 'Seconds from one look at what the containers use to the next; 0: the worker does not look.';
COMMENT ON COLUMN orchestration.clusters.usage_observed_at IS 'When the worker last looked at what the containers use.';
COMMENT ON COLUMN orchestration.clusters.usage_message IS 'What went wrong then, and what to do about it; NULL: nothing.';
COMMENT ON COLUMN orchestration.clusters.status IS 'unknown, connecting, connected, standby, unreachable, refused or disabled; written by the worker.';
COMMENT ON COLUMN orchestration.clusters.status_message IS 'What the worker says about it.';
COMMENT ON COLUMN orchestration.clusters.server_version IS 'Version that the API server reports.';
COMMENT ON COLUMN orchestration.clusters.lease_holder IS 'Who holds the lease, when it is not this database.';
COMMENT ON COLUMN orchestration.clusters.observed_at IS 'When the worker last heard from it.';
COMMENT ON COLUMN orchestration.clusters.created_at IS 'When the row was made.';
COMMENT ON COLUMN orchestration.clusters.updated_at IS 'When the row was last changed.';
COMMENT ON COLUMN orchestration.clusters.created_by IS 'User that made the row; NULL when no user belongs to the role.';
COMMENT ON TABLE orchestration.namespaces IS 'Groups of containers, each in one cluster or in none; 0 is the platform itself.';
COMMENT ON COLUMN orchestration.namespaces.id IS 'Identity of the namespace.';
COMMENT ON COLUMN orchestration.namespaces.name IS 'Name, also in the cluster; unique among those that are not deleted.';
COMMENT ON COLUMN orchestration.namespaces.cluster_id IS 'Cluster where its containers run; NULL: nothing runs, and status is written by hand.';
COMMENT ON COLUMN orchestration.namespaces.description IS 'What it is for.';
COMMENT ON COLUMN orchestration.namespaces.labels IS 'Labels of the Namespace in the cluster.';
COMMENT ON COLUMN orchestration.namespaces.annotations IS 'Annotations of the Namespace in the cluster.';
COMMENT ON COLUMN orchestration.namespaces.pod_security IS 'Level of Kubernetes'' Pod Security Standards that its containers keep to: privileged (anything), baseline or restricted; also the label of the namespace in the cluster.';
COMMENT ON COLUMN orchestration.namespaces.service_accounts IS 'Service accounts that its containers may run as, beside default, unless pod_security is privileged.';
COMMENT ON COLUMN orchestration.namespaces.desired_state IS 'active or deleted.';
COMMENT ON COLUMN orchestration.namespaces.generation IS 'Raised by every change of what is desired.';
COMMENT ON COLUMN orchestration.namespaces.observed_generation IS 'Generation that the cluster agrees with; written by the worker.';
COMMENT ON COLUMN orchestration.namespaces.status IS 'pending, active, failed or deleted; written by the worker.';
COMMENT ON COLUMN orchestration.namespaces.status_reason IS 'Why it is so, in one word; written by the worker.';
COMMENT ON COLUMN orchestration.namespaces.status_message IS 'Why it is so, in a sentence; written by the worker.';
COMMENT ON COLUMN orchestration.namespaces.observed_at IS 'When the worker last looked.';
COMMENT ON COLUMN orchestration.namespaces.created_at IS 'When the row was made.';
COMMENT ON COLUMN orchestration.namespaces.updated_at IS 'When the row was last changed.';
COMMENT ON COLUMN orchestration.namespaces.created_by IS 'User that made the row; NULL when no user belongs to the role.';
COMMENT ON TABLE orchestration.user_roles IS 'Who has which role, everywhere or in one namespace, for ever or for a time.';
COMMENT ON COLUMN orchestration.user_roles.id IS 'Identity of the assignment.';
COMMENT ON COLUMN orchestration.user_roles.user_id IS 'Who has the role.';
COMMENT ON COLUMN orchestration.user_roles.role_id IS 'Role.';
COMMENT ON COLUMN orchestration.user_roles.namespace_id IS 'Where it holds; NULL: everywhere.';
COMMENT ON COLUMN orchestration.user_roles.expires_at IS 'Until when it holds; NULL: for ever.';
COMMENT ON COLUMN orchestration.user_roles.created_at IS 'When the row was made.';
COMMENT ON COLUMN orchestration.user_roles.updated_at IS 'When the row was last changed.';
COMMENT ON COLUMN orchestration.user_roles.created_by IS 'User that made the row; NULL when no user belongs to the role.';
COMMENT ON TABLE orchestration.config_maps IS 'Settings of applications: texts by key.';
COMMENT ON COLUMN orchestration.config_maps.namespace_id IS 'Namespace of the config map.';
COMMENT ON COLUMN orchestration.config_maps.id IS 'Identity of the config map.';
COMMENT ON COLUMN orchestration.config_maps.name IS 'Name, also in the cluster.';
COMMENT ON COLUMN orchestration.config_maps.data IS 'Object of keys and strings.';
COMMENT ON COLUMN orchestration.config_maps.labels IS 'Labels of the ConfigMap.';
COMMENT ON COLUMN orchestration.config_maps.annotations IS 'Annotations of the ConfigMap.';
COMMENT ON COLUMN orchestration.config_maps.generation IS 'Raised by every change of what is desired.';
COMMENT ON COLUMN orchestration.config_maps.observed_generation IS 'Generation that the cluster agrees with; written by the worker.';
COMMENT ON COLUMN orchestration.config_maps.created_at IS 'When the row was made.';
COMMENT ON COLUMN orchestration.config_maps.updated_at IS 'When the row was last changed.';
COMMENT ON COLUMN orchestration.config_maps.created_by IS 'User that made the row; NULL when no user belongs to the role.';
COMMENT ON TABLE orchestration.secrets IS 'Secret settings of applications, encrypted at rest.';
COMMENT ON COLUMN orchestration.secrets.namespace_id IS 'Namespace of the secret.';
COMMENT ON COLUMN orchestration.secrets.id IS 'Identity of the secret.';
COMMENT ON COLUMN orchestration.secrets.name IS 'Name, also in the cluster; bound into the ciphertext.';
COMMENT ON COLUMN orchestration.secrets.secret_type IS 'Type of the Secret: Opaque, or one of Kubernetes.';
COMMENT ON COLUMN orchestration.secrets.data_keys IS 'Keys of the data.';
COMMENT ON COLUMN orchestration.secrets.encrypted_data IS 'Sealed JSON object of keys and base64 values: see seal_secret().';
COMMENT ON COLUMN orchestration.secrets.sealed_version IS 'Number of the sealed value, bound into it; raised by the database with every new value.';
COMMENT ON COLUMN orchestration.secrets.sealed_fingerprint IS 'Changes with the value, and not when its key is rotated.';
COMMENT ON COLUMN orchestration.secrets.labels IS 'Labels of the Secret.';
COMMENT ON COLUMN orchestration.secrets.annotations IS 'Annotations of the Secret.';
COMMENT ON COLUMN orchestration.secrets.generation IS 'Raised by every change of what is desired.';
COMMENT ON COLUMN orchestration.secrets.observed_generation IS 'Generation that the cluster agrees with; written by the worker.';
COMMENT ON COLUMN orchestration.secrets.created_at IS 'When the row was made.';
COMMENT ON COLUMN orchestration.secrets.updated_at IS 'When the row was last changed.';
COMMENT ON COLUMN orchestration.secrets.created_by IS 'User that made the row; NULL when no user belongs to the role.';
COMMENT ON TABLE orchestration.registries IS 'Credentials for image registries; in the cluster, pull secrets of the containers that pull from them.';
COMMENT ON COLUMN orchestration.registries.namespace_id IS 'Namespace of the registry.';
COMMENT ON COLUMN orchestration.registries.id IS 'Identity of the registry.';
COMMENT ON COLUMN orchestration.registries.name IS 'Name; the pull secret is registry-<name>.';
COMMENT ON COLUMN orchestration.registries.server IS 'Host, or host:port, as it begins the names of images; bound into the ciphertext.';
COMMENT ON COLUMN orchestration.registries.host IS 'Host of server as images name it: docker.io for every spelling of Docker Hub.';
COMMENT ON COLUMN orchestration.registries.username IS 'User name at the registry.';
COMMENT ON COLUMN orchestration.registries.encrypted_password IS 'Sealed password: see seal_registry_password().';
COMMENT ON COLUMN orchestration.registries.sealed_version IS 'Number of the sealed value, bound into it; raised by the database with every new value.';
COMMENT ON COLUMN orchestration.registries.sealed_fingerprint IS 'Changes with the value, and not when its key is rotated.';
COMMENT ON COLUMN orchestration.registries.generation IS 'Raised by every change of what is desired.';
COMMENT ON COLUMN orchestration.registries.observed_generation IS 'Generation that the cluster agrees with; written by the worker.';
COMMENT ON COLUMN orchestration.registries.created_at IS 'When the row was made.';
COMMENT ON COLUMN orchestration.registries.updated_at IS 'When the row was last changed.';
COMMENT ON COLUMN orchestration.registries.created_by IS 'User that made the row; NULL when no user belongs to the role.';
COMMENT ON TABLE orchestration.volumes IS 'What containers mount: claims for storage, and what else a pod can mount.';
COMMENT ON COLUMN orchestration.volumes.namespace_id IS 'Namespace of the volume.';
COMMENT ON COLUMN orchestration.volumes.id IS 'Identity of the volume.';
COMMENT ON COLUMN orchestration.volumes.name IS 'Name; of a PVC also in the cluster.';
COMMENT ON COLUMN orchestration.volumes.volume_type IS 'PVC, ConfigMap, Secret, HostPath or EmptyDir.';
COMMENT ON COLUMN orchestration.volumes.size_bytes IS 'Size of a PVC, or limit of an EmptyDir.';
COMMENT ON COLUMN orchestration.volumes.access_mode IS 'ReadWriteOnce, ReadOnlyMany or ReadWriteMany; PVC only.';
COMMENT ON COLUMN orchestration.volumes.storage_class IS 'Storage class of a PVC; NULL for the default of the cluster.';
COMMENT ON COLUMN orchestration.volumes.config_map_id IS 'Config map that a ConfigMap volume shows.';
COMMENT ON COLUMN orchestration.volumes.secret_id IS 'Secret that a Secret volume shows.';
COMMENT ON COLUMN orchestration.volumes.host_path IS 'Path on the node of a HostPath volume.';
COMMENT ON COLUMN orchestration.volumes.host_path_type IS 'What must be, or is made, at that path.';
COMMENT ON COLUMN orchestration.volumes.medium IS 'Memory for an EmptyDir in memory; NULL for the disk of the node.';
COMMENT ON COLUMN orchestration.volumes.retention IS 'What becomes of the claim of a PVC, and of what is stored on it, when the row goes or asks for another claim: keep leaves it in the cluster, delete gives it up.';
COMMENT ON COLUMN orchestration.volumes.adopt_claim IS 'True in a new row: it takes over the claim of its name in kept_claims. Without it, a new row is refused while there is one.';
COMMENT ON COLUMN orchestration.volumes.generation IS 'Raised by every change of what is desired.';
COMMENT ON COLUMN orchestration.volumes.observed_generation IS 'Generation that the cluster agrees with; written by the worker.';
COMMENT ON COLUMN orchestration.volumes.status IS 'pending, available, bound, lost or failed; written by the worker.';
COMMENT ON COLUMN orchestration.volumes.status_reason IS 'Why it is so, in one word; written by the worker.';
COMMENT ON COLUMN orchestration.volumes.status_message IS 'Why it is so, in a sentence; written by the worker.';
COMMENT ON COLUMN orchestration.volumes.observed_at IS 'When the worker last looked.';
COMMENT ON COLUMN orchestration.volumes.created_at IS 'When the row was made.';
COMMENT ON COLUMN orchestration.volumes.updated_at IS 'When the row was last changed.';
COMMENT ON COLUMN orchestration.volumes.created_by IS 'User that made the row; NULL when no user belongs to the role.';
COMMENT ON TABLE orchestration.container_images IS 'Images that containers run, by the parts of their names.';
COMMENT ON COLUMN orchestration.container_images.namespace_id IS 'Namespace of the image.';
COMMENT ON COLUMN orchestration.container_images.id IS 'Identity of the image.';
COMMENT ON COLUMN orchestration.container_images.registry IS 'Host, or host:port; empty for the default of the runtime.';
COMMENT ON COLUMN orchestration.container_images.repository IS 'Repository, such as team/app.';
COMMENT ON COLUMN orchestration.container_images.tag IS 'Tag; empty for none.';
COMMENT ON COLUMN orchestration.container_images.digest IS 'Digest, such as sha256:...; empty for none.';
COMMENT ON COLUMN orchestration.container_images.created_at IS 'When the row was made.';
COMMENT ON COLUMN orchestration.container_images.updated_at IS 'When the row was last changed.';
COMMENT ON COLUMN orchestration.container_images.created_by IS 'User that made the row; NULL when no user belongs to the role.';
