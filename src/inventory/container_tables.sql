/* Containers and their parts: ports, mounts, environment, probes. */

CREATE TABLE orchestration.containers (
	namespace_id bigint NOT NULL REFERENCES orchestration.namespaces (id),
	id bigint GENERATED ALWAYS AS IDENTITY,
	name text NOT NULL CHECK (orchestration_internal.valid_label_name(name, 'container name')),
	description text,
	image_id bigint NOT NULL,
	image_pull_policy text NOT NULL DEFAULT 'IfNotPresent' CHECK (orchestration_internal.valid_rule(image_pull_policy IN ('Always', 'IfNotPresent', 'Never'), 'image_pull_policy', 'It is not one of Always, IfNotPresent, Never.', 'Write one of them; upper and lower case count.')),
	replicas integer NOT NULL DEFAULT 1 CHECK (orchestration_internal.valid_rule(replicas BETWEEN 0 AND 10000, 'replicas', 'It is not between 0 and 10000.', 'Choose a number within these limits.')),
	autoscaled boolean NOT NULL DEFAULT false,
	command text[] CHECK (orchestration_internal.valid_texts(command, 'command')),
	args text[] CHECK (orchestration_internal.valid_texts(args, 'args')),
	working_dir text CHECK (orchestration_internal.valid_path(working_dir, 'working directory')),
	cpu_request bigint CHECK (orchestration_internal.valid_amount(cpu_request, 'cpu_request')),
	cpu_limit bigint CHECK (orchestration_internal.valid_amount(cpu_limit, 'cpu_limit')),
	memory_request bigint CHECK (orchestration_internal.valid_amount(memory_request, 'memory_request')),
	memory_limit bigint CHECK (orchestration_internal.valid_amount(memory_limit, 'memory_limit')),
	restart_policy text NOT NULL DEFAULT 'Always' CHECK (orchestration_internal.valid_rule(restart_policy IN ('Always', 'OnFailure', 'Never'), 'restart_policy', 'It is not one of Always, OnFailure, Never.', 'Write one of them; upper and lower case count.')),
	strategy text NOT NULL DEFAULT 'RollingUpdate' CHECK (orchestration_internal.valid_rule(strategy IN ('RollingUpdate', 'Recreate'), 'strategy', 'It is not one of RollingUpdate, Recreate.', 'Write one of them; upper and lower case count.')),
	max_surge text,
	max_unavailable text,
	termination_grace_period integer NOT NULL DEFAULT 30 CHECK (orchestration_internal.valid_rule(termination_grace_period BETWEEN 0 AND 86400, 'termination_grace_period', 'It is not between 0 and 86400.', 'Choose a number within these limits.')),
	service_account text CHECK (orchestration_internal.valid_subdomain_name(service_account, 'service account')),
	security_context jsonb CHECK (orchestration_internal.valid_shape(security_context, 'security_context', 'security_context')),
	pod_security_context jsonb CHECK (orchestration_internal.valid_shape(pod_security_context, 'pod_security_context', 'pod_security_context')),
	node_selector jsonb NOT NULL DEFAULT '{}' CHECK (orchestration_internal.valid_shape(node_selector, 'node_selector', 'node_selector')),
	tolerations jsonb NOT NULL DEFAULT '[]' CHECK (orchestration_internal.valid_shape(tolerations, 'tolerations', 'tolerations')),
	init_containers jsonb NOT NULL DEFAULT '[]',
	labels jsonb NOT NULL DEFAULT '{}' CHECK (orchestration_internal.valid_labels(labels, 'container labels')),
	annotations jsonb NOT NULL DEFAULT '{}' CHECK (orchestration_internal.valid_annotations(annotations, 'container annotations')),
	overrides jsonb NOT NULL DEFAULT '{}' CHECK (orchestration_internal.valid_overrides(overrides)),
	restart_requested_at timestamptz,
	desired_state text NOT NULL DEFAULT 'running' CHECK (desired_state IN ('running', 'paused', 'stopped', 'deleted')),
	generation bigint NOT NULL DEFAULT 1,
	observed_generation bigint NOT NULL DEFAULT 0,
	status text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'running', 'paused', 'stopped', 'failed', 'deleted')),
	status_reason text,
	status_message text,
	status_changed_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	ready_replicas integer NOT NULL DEFAULT 0,
	observed_at timestamptz,
	search tsvector GENERATED ALWAYS AS (orchestration_internal.search_document(name, description, labels, annotations)) STORED,
	created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	updated_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	created_by bigint DEFAULT orchestration.current_user_id() REFERENCES orchestration.users (id),
	PRIMARY KEY (namespace_id, id),
	FOREIGN KEY (namespace_id, image_id) REFERENCES orchestration.container_images (namespace_id, id),
	CONSTRAINT containers_only_deployments_autoscaled CHECK (orchestration_internal.valid_rule(NOT autoscaled OR restart_policy = 'Always', 'autoscaled', 'A container that runs to completion has the pods that replicas says.', 'Leave it out, or set restart_policy to Always.')),
	CONSTRAINT containers_cpu CHECK (orchestration_internal.valid_request_limit(cpu_request, cpu_limit, 'cpu')),
	CONSTRAINT containers_memory CHECK (orchestration_internal.valid_request_limit(memory_request, memory_limit, 'memory')),
	CONSTRAINT containers_init_containers CHECK (orchestration_internal.valid_init_containers(init_containers, name)),
	CONSTRAINT containers_rollout CHECK (orchestration_internal.valid_rollout(max_surge, max_unavailable)),
	CONSTRAINT containers_only_rolling_update_has_surge CHECK (orchestration_internal.valid_rule(strategy = 'RollingUpdate' OR (max_surge IS NULL AND max_unavailable IS NULL), 'max_surge', 'It and max_unavailable have no meaning with the strategy Recreate.', 'Leave them out, or use the strategy RollingUpdate.'))
);

/* a deleted container keeps its row for the record and gives its name back */
CREATE UNIQUE INDEX containers_name ON orchestration.containers (namespace_id, name) WHERE status <> 'deleted';
/* status first: led by namespace_id it would be small and look fit for finding one container */
CREATE INDEX containers_namespace_status ON orchestration.containers (status, namespace_id);
CREATE INDEX containers_running ON orchestration.containers (namespace_id, status_changed_at) WHERE status = 'running';
CREATE INDEX containers_unobserved ON orchestration.containers (id) WHERE generation > observed_generation;
CREATE INDEX containers_image ON orchestration.containers (image_id);
/* who may refer to something by its name */
CREATE INDEX containers_naming ON orchestration.containers (namespace_id, id) WHERE init_containers <> '[]' OR overrides <> '{}';
CREATE INDEX containers_labels ON orchestration.containers USING gin (labels jsonb_path_ops);
CREATE INDEX containers_search ON orchestration.containers USING gin (search);
/* last: while the table is empty the planner takes the newest index that fits, and keeps that plan */
CREATE INDEX containers_id ON orchestration.containers (id);

CREATE TABLE orchestration.container_volumes (
	namespace_id bigint NOT NULL,
	id bigint GENERATED ALWAYS AS IDENTITY,
	container_id bigint NOT NULL,
	volume_id bigint NOT NULL,
	mount_path text NOT NULL CHECK (orchestration_internal.valid_path(mount_path, 'mount path')),
	sub_path text CHECK (orchestration_internal.valid_sub_path(sub_path)),
	read_only boolean NOT NULL DEFAULT false,
	created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	updated_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	created_by bigint DEFAULT orchestration.current_user_id() REFERENCES orchestration.users (id),
	PRIMARY KEY (namespace_id, id),
	UNIQUE (container_id, namespace_id, mount_path),
	FOREIGN KEY (namespace_id, container_id) REFERENCES orchestration.containers (namespace_id, id) ON DELETE CASCADE,
	FOREIGN KEY (namespace_id, volume_id) REFERENCES orchestration.volumes (namespace_id, id)
);

CREATE INDEX container_volumes_id ON orchestration.container_volumes (id);
CREATE INDEX container_volumes_volume ON orchestration.container_volumes (volume_id);

CREATE TABLE orchestration.port_mappings (
	namespace_id bigint NOT NULL,
	id bigint GENERATED ALWAYS AS IDENTITY,
	container_id bigint NOT NULL,
	name text CHECK (orchestration_internal.valid_port_name(name)),
	container_port integer NOT NULL CHECK (orchestration_internal.valid_port(container_port, 'container port')),
	service_port integer CHECK (orchestration_internal.valid_port(service_port, 'service port')),
	node_port integer CHECK (orchestration_internal.valid_node_port(node_port)),
	protocol text NOT NULL DEFAULT 'TCP' CHECK (orchestration_internal.valid_rule(protocol IN ('TCP', 'UDP', 'SCTP'), 'protocol', 'It is not one of TCP, UDP, SCTP.', 'Write one of them; upper and lower case count.')),
	service_type text NOT NULL DEFAULT 'ClusterIP' CHECK (orchestration_internal.valid_rule(service_type IN ('ClusterIP', 'NodePort', 'LoadBalancer'), 'service_type', 'It is not one of ClusterIP, NodePort, LoadBalancer.', 'Write one of them; upper and lower case count.')),
	created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	updated_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	created_by bigint DEFAULT orchestration.current_user_id() REFERENCES orchestration.users (id),
	PRIMARY KEY (namespace_id, id),
	UNIQUE (container_id, namespace_id, container_port, protocol, service_type),
	FOREIGN KEY (namespace_id, container_id) REFERENCES orchestration.containers (namespace_id, id) ON DELETE CASCADE,
	CONSTRAINT port_mappings_only_published_has_node_port CHECK (orchestration_internal.valid_rule(node_port IS NULL OR service_type <> 'ClusterIP', 'node_port', 'A service of type ClusterIP has none.', 'Leave it out, or set service_type to NodePort.')),
	CONSTRAINT port_mappings_published_needs_service_port CHECK (orchestration_internal.valid_rule(service_type = 'ClusterIP' OR service_port IS NOT NULL, 'service_port', 'A service of another type than ClusterIP needs one.', 'Give it.')),
	/* the name that a port without one has in the Service */
	CONSTRAINT port_mappings_name_of_another CHECK (orchestration_internal.valid_rule(name !~ '^(tcp|udp|sctp)-[0-9]+$' OR service_port IS NULL OR name = pg_catalog.lower(protocol) || '-' || service_port, 'name', 'The Service gives this name to another port, by its protocol and number.', 'Choose another name, or leave it out.'))
);

CREATE INDEX port_mappings_id ON orchestration.port_mappings (id);
CREATE UNIQUE INDEX port_mappings_service_port ON orchestration.port_mappings (namespace_id, container_id, service_type, protocol, service_port) WHERE service_port IS NOT NULL;
CREATE UNIQUE INDEX port_mappings_name ON orchestration.port_mappings (namespace_id, container_id, service_type, name) WHERE name IS NOT NULL;

CREATE TABLE orchestration.environment_variables (
	namespace_id bigint NOT NULL,
	id bigint GENERATED ALWAYS AS IDENTITY,
	container_id bigint NOT NULL,
	name text NOT NULL CHECK (orchestration_internal.valid_env_name(name)),
	position integer NOT NULL DEFAULT 0,
	value text,
	config_map_id bigint,
	secret_id bigint,
	key text CHECK (orchestration_internal.valid_config_key(key)),
	optional boolean,
	field_path text CHECK (orchestration_internal.valid_field_path(field_path)),
	resource_field text CHECK (orchestration_internal.valid_resource_field(resource_field)),
	created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	updated_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	created_by bigint DEFAULT orchestration.current_user_id() REFERENCES orchestration.users (id),
	PRIMARY KEY (namespace_id, id),
	UNIQUE (container_id, namespace_id, name),
	FOREIGN KEY (namespace_id, container_id) REFERENCES orchestration.containers (namespace_id, id) ON DELETE CASCADE,
	FOREIGN KEY (namespace_id, config_map_id) REFERENCES orchestration.config_maps (namespace_id, id),
	FOREIGN KEY (namespace_id, secret_id) REFERENCES orchestration.secrets (namespace_id, id),
	CONSTRAINT environment_variables_one_source CHECK (orchestration_internal.valid_rule(pg_catalog.num_nonnulls(value, config_map_id, secret_id, field_path, resource_field) = 1, 'value', 'Exactly one of value, config_map_id, secret_id, field_path and resource_field says what it is.', 'Give one of them.')),
	CONSTRAINT environment_variables_key CHECK (orchestration_internal.valid_rule((config_map_id IS NOT NULL OR secret_id IS NOT NULL) = (key IS NOT NULL), 'key', 'It goes with config_map_id or secret_id.', 'Give both, or neither.')),
	CONSTRAINT environment_variables_optional CHECK (orchestration_internal.valid_rule(optional IS NULL OR key IS NOT NULL, 'optional', 'It goes with key.', 'Leave it out.'))
);

CREATE INDEX environment_variables_id ON orchestration.environment_variables (id);
CREATE INDEX environment_variables_config_map ON orchestration.environment_variables (namespace_id, config_map_id) WHERE config_map_id IS NOT NULL;
CREATE INDEX environment_variables_secret ON orchestration.environment_variables (namespace_id, secret_id) WHERE secret_id IS NOT NULL;

CREATE TABLE orchestration.container_probes (
	namespace_id bigint NOT NULL,
	id bigint GENERATED ALWAYS AS IDENTITY,
	container_id bigint NOT NULL,
	probe_type text NOT NULL CHECK (orchestration_internal.valid_rule(probe_type IN ('liveness', 'readiness', 'startup'), 'probe_type', 'It is not one of liveness, readiness, startup.', 'Write one of them; upper and lower case count.')),
	handler text NOT NULL CHECK (orchestration_internal.valid_rule(handler IN ('httpGet', 'tcpSocket', 'grpc', 'exec'), 'handler', 'It is not one of httpGet, tcpSocket, grpc, exec.', 'Write one of them; upper and lower case count.')),
	port text CHECK (orchestration_internal.valid_port_reference(port)),
	path text,
	scheme text CHECK (orchestration_internal.valid_rule(scheme IN ('HTTP', 'HTTPS'), 'scheme', 'It is not one of HTTP, HTTPS.', 'Write one of them; upper and lower case count.')),
	host text,
	http_headers jsonb CHECK (orchestration_internal.valid_shape(http_headers, 'http_headers', 'http_headers')),
	grpc_service text,
	command text[] CHECK (orchestration_internal.valid_texts(command, 'command')),
	initial_delay_seconds integer CHECK (orchestration_internal.valid_rule(initial_delay_seconds >= 0, 'initial_delay_seconds', 'It is less than 0.', 'Choose a larger number, or leave it out.')),
	period_seconds integer CHECK (orchestration_internal.valid_rule(period_seconds >= 1, 'period_seconds', 'It is less than 1.', 'Choose a larger number, or leave it out.')),
	timeout_seconds integer CHECK (orchestration_internal.valid_rule(timeout_seconds >= 1, 'timeout_seconds', 'It is less than 1.', 'Choose a larger number, or leave it out.')),
	success_threshold integer CHECK (orchestration_internal.valid_rule(success_threshold >= 1, 'success_threshold', 'It is less than 1.', 'Choose a larger number, or leave it out.')),
	failure_threshold integer CHECK (orchestration_internal.valid_rule(failure_threshold >= 1, 'failure_threshold', 'It is less than 1.', 'Choose a larger number, or leave it out.')),
	termination_grace_period_seconds integer CHECK (orchestration_internal.valid_rule(termination_grace_period_seconds >= 1, 'termination_grace_period_seconds', 'It is less than 1.', 'Choose a larger number, or leave it out.')),
	created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	updated_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	created_by bigint DEFAULT orchestration.current_user_id() REFERENCES orchestration.users (id),
	PRIMARY KEY (namespace_id, id),
	UNIQUE (container_id, namespace_id, probe_type),
	FOREIGN KEY (namespace_id, container_id) REFERENCES orchestration.containers (namespace_id, id) ON DELETE CASCADE,
	CONSTRAINT container_probes_exec_has_command CHECK (orchestration_internal.valid_rule((handler = 'exec') = COALESCE(pg_catalog.cardinality(command) > 0, false), 'command', 'It goes with the handler exec, and is not empty.', 'Give the command that must end with 0.')),
	CONSTRAINT container_probes_all_but_exec_have_port CHECK (orchestration_internal.valid_rule((handler = 'exec') = (port IS NULL), 'port', 'It goes with every handler but exec.', 'Give it, or leave it out.')),
	CONSTRAINT container_probes_grpc_has_number CHECK (orchestration_internal.valid_rule(handler <> 'grpc' OR port ~ '^[0-9]+$', 'port', 'The handler grpc knows no names of ports.', 'Give the number.')),
	CONSTRAINT container_probes_only_httpget_has_path CHECK (orchestration_internal.valid_rule(handler = 'httpGet' OR (path IS NULL AND scheme IS NULL AND http_headers IS NULL), 'path', 'It, scheme and http_headers go with the handler httpGet.', 'Leave them out.')),
	CONSTRAINT container_probes_only_httpget_and_tcpsocket_have_host CHECK (orchestration_internal.valid_rule(handler IN ('httpGet', 'tcpSocket') OR host IS NULL, 'host', 'It goes with the handlers httpGet and tcpSocket.', 'Leave it out.')),
	CONSTRAINT container_probes_only_grpc_has_service CHECK (orchestration_internal.valid_rule(handler = 'grpc' OR grpc_service IS NULL, 'grpc_service', 'It goes with the handler grpc.', 'Leave it out.')),
	CONSTRAINT container_probes_only_readiness_counts_successes CHECK (orchestration_internal.valid_rule(probe_type = 'readiness' OR success_threshold IS NULL OR success_threshold = 1, 'success_threshold', 'Only a readiness probe counts successes.', 'Leave it out.')),
	CONSTRAINT container_probes_readiness_kills_nothing CHECK (orchestration_internal.valid_rule(probe_type <> 'readiness' OR termination_grace_period_seconds IS NULL, 'termination_grace_period_seconds', 'A readiness probe kills nothing.', 'Leave it out.'))
);

CREATE INDEX container_probes_id ON orchestration.container_probes (id);

COMMENT ON TABLE orchestration.containers IS 'What should run, and what does. Users write the specification and desired_state, the worker writes status.';
COMMENT ON COLUMN orchestration.containers.namespace_id IS 'Namespace of the container.';
COMMENT ON COLUMN orchestration.containers.id IS 'Identity of the container.';
COMMENT ON COLUMN orchestration.containers.name IS 'Name, also of its objects in the cluster; unique in the namespace among those that are not deleted.';
COMMENT ON COLUMN orchestration.containers.description IS 'What it is for.';
COMMENT ON COLUMN orchestration.containers.image_id IS 'Image that it runs, a row of container_images; set_image() takes it as text.';
COMMENT ON COLUMN orchestration.containers.image_pull_policy IS 'Always, IfNotPresent or Never.';
COMMENT ON COLUMN orchestration.containers.replicas IS 'How many pods run while it is running.';
COMMENT ON COLUMN orchestration.containers.autoscaled IS 'True: somebody else in the cluster, such as a HorizontalPodAutoscaler, says how many pods run while it is running; replicas then counts for nothing until this is false again.';
COMMENT ON COLUMN orchestration.containers.command IS 'Replaces the entry point of the image.';
COMMENT ON COLUMN orchestration.containers.args IS 'Replaces the arguments of the image.';
COMMENT ON COLUMN orchestration.containers.working_dir IS 'Directory in which the command starts; NULL for that of the image.';
COMMENT ON COLUMN orchestration.containers.cpu_request IS 'CPU that is set aside, in millicores.';
COMMENT ON COLUMN orchestration.containers.cpu_limit IS 'CPU that it may use, in millicores.';
COMMENT ON COLUMN orchestration.containers.memory_request IS 'Memory that is set aside, in bytes.';
COMMENT ON COLUMN orchestration.containers.memory_limit IS 'Memory that it may use, in bytes; it is killed beyond.';
COMMENT ON COLUMN orchestration.containers.restart_policy IS 'Always runs it as a service; OnFailure and Never run it to completion.';
COMMENT ON COLUMN orchestration.containers.strategy IS 'RollingUpdate or Recreate.';
COMMENT ON COLUMN orchestration.containers.max_surge IS 'Pods above replicas during an update: number or percentage.';
COMMENT ON COLUMN orchestration.containers.max_unavailable IS 'Pods below replicas during an update: number or percentage.';
COMMENT ON COLUMN orchestration.containers.termination_grace_period IS 'Seconds between SIGTERM and SIGKILL.';
COMMENT ON COLUMN orchestration.containers.service_account IS 'Service account of the pods; NULL: none, and no token is mounted.';
COMMENT ON COLUMN orchestration.containers.security_context IS 'securityContext of the container, as in Kubernetes.';
COMMENT ON COLUMN orchestration.containers.pod_security_context IS 'securityContext of the pod, as in Kubernetes.';
COMMENT ON COLUMN orchestration.containers.node_selector IS 'Labels that a node must have.';
COMMENT ON COLUMN orchestration.containers.tolerations IS 'Taints that are tolerated, as in Kubernetes.';
COMMENT ON COLUMN orchestration.containers.init_containers IS 'Kubernetes containers that run to completion before this one.';
COMMENT ON COLUMN orchestration.containers.labels IS 'Labels of its objects.';
COMMENT ON COLUMN orchestration.containers.annotations IS 'Annotations of its objects.';
COMMENT ON COLUMN orchestration.containers.overrides IS 'Merged into the pod template: {"metadata": {"labels": ..., "annotations": ...}, "spec": ...}.';
COMMENT ON COLUMN orchestration.containers.restart_requested_at IS 'Newest request to restart.';
COMMENT ON COLUMN orchestration.containers.desired_state IS 'running, paused, stopped or deleted.';
COMMENT ON COLUMN orchestration.containers.generation IS 'Raised by every change of what is desired.';
COMMENT ON COLUMN orchestration.containers.observed_generation IS 'Generation that the cluster agrees with; written by the worker.';
COMMENT ON COLUMN orchestration.containers.status IS 'pending, running, paused, stopped, failed or deleted; written by the worker where the namespace has a cluster.';
COMMENT ON COLUMN orchestration.containers.status_reason IS 'Why it is so, in one word, such as ImagePullBackOff.';
COMMENT ON COLUMN orchestration.containers.status_message IS 'Why it is so, in a sentence.';
COMMENT ON COLUMN orchestration.containers.status_changed_at IS 'Since when it is so.';
COMMENT ON COLUMN orchestration.containers.ready_replicas IS 'Pods that are ready.';
COMMENT ON COLUMN orchestration.containers.observed_at IS 'When the worker last looked.';
COMMENT ON COLUMN orchestration.containers.search IS 'Name, description, labels and annotations for full-text search.';
COMMENT ON COLUMN orchestration.containers.created_at IS 'When the row was made.';
COMMENT ON COLUMN orchestration.containers.updated_at IS 'When the row was last changed.';
COMMENT ON COLUMN orchestration.containers.created_by IS 'User that made the row; NULL when no user belongs to the role.';
COMMENT ON TABLE orchestration.container_volumes IS 'Where containers mount volumes.';
COMMENT ON COLUMN orchestration.container_volumes.namespace_id IS 'Namespace of the mount.';
COMMENT ON COLUMN orchestration.container_volumes.id IS 'Identity of the mount.';
COMMENT ON COLUMN orchestration.container_volumes.container_id IS 'Container that mounts.';
COMMENT ON COLUMN orchestration.container_volumes.volume_id IS 'Volume that is mounted.';
COMMENT ON COLUMN orchestration.container_volumes.mount_path IS 'Absolute path in the container.';
COMMENT ON COLUMN orchestration.container_volumes.sub_path IS 'Part of the volume to mount; NULL for all of it.';
COMMENT ON COLUMN orchestration.container_volumes.read_only IS 'True: the container cannot write.';
COMMENT ON COLUMN orchestration.container_volumes.created_at IS 'When the row was made.';
COMMENT ON COLUMN orchestration.container_volumes.updated_at IS 'When the row was last changed.';
COMMENT ON COLUMN orchestration.container_volumes.created_by IS 'User that made the row; NULL when no user belongs to the role.';
COMMENT ON TABLE orchestration.port_mappings IS 'Ports of containers, and the Services in front of them.';
COMMENT ON COLUMN orchestration.port_mappings.namespace_id IS 'Namespace of the port.';
COMMENT ON COLUMN orchestration.port_mappings.id IS 'Identity of the port.';
COMMENT ON COLUMN orchestration.port_mappings.container_id IS 'Container that listens.';
COMMENT ON COLUMN orchestration.port_mappings.name IS 'Name of the port, for probes and Services.';
COMMENT ON COLUMN orchestration.port_mappings.container_port IS 'Port on which the container listens.';
COMMENT ON COLUMN orchestration.port_mappings.service_port IS 'Port of the Service; NULL: no Service.';
COMMENT ON COLUMN orchestration.port_mappings.node_port IS 'Port on every node; NULL: the cluster chooses.';
COMMENT ON COLUMN orchestration.port_mappings.protocol IS 'TCP, UDP or SCTP.';
COMMENT ON COLUMN orchestration.port_mappings.service_type IS 'ClusterIP, NodePort or LoadBalancer.';
COMMENT ON COLUMN orchestration.port_mappings.created_at IS 'When the row was made.';
COMMENT ON COLUMN orchestration.port_mappings.updated_at IS 'When the row was last changed.';
COMMENT ON COLUMN orchestration.port_mappings.created_by IS 'User that made the row; NULL when no user belongs to the role.';
COMMENT ON TABLE orchestration.environment_variables IS 'Environment of containers: a literal value, or a reference, exactly one.';
COMMENT ON COLUMN orchestration.environment_variables.namespace_id IS 'Namespace of the variable.';
COMMENT ON COLUMN orchestration.environment_variables.id IS 'Identity of the variable.';
COMMENT ON COLUMN orchestration.environment_variables.container_id IS 'Container that gets it.';
COMMENT ON COLUMN orchestration.environment_variables.name IS 'Name of the variable.';
COMMENT ON COLUMN orchestration.environment_variables.position IS 'Order in the list; nothing depends on it, as no variable refers to another.';
COMMENT ON COLUMN orchestration.environment_variables.value IS 'Literal value, which the container gets as written: $(NAME) is not expanded.';
COMMENT ON COLUMN orchestration.environment_variables.config_map_id IS 'Config map that the value comes from.';
COMMENT ON COLUMN orchestration.environment_variables.secret_id IS 'Secret that the value comes from.';
COMMENT ON COLUMN orchestration.environment_variables.key IS 'Key in the config map or secret.';
COMMENT ON COLUMN orchestration.environment_variables.optional IS 'True: the pod starts without the key.';
COMMENT ON COLUMN orchestration.environment_variables.field_path IS 'Field of the pod that the value comes from, such as status.podIP.';
COMMENT ON COLUMN orchestration.environment_variables.resource_field IS 'Resource that the value comes from, such as limits.memory.';
COMMENT ON COLUMN orchestration.environment_variables.created_at IS 'When the row was made.';
COMMENT ON COLUMN orchestration.environment_variables.updated_at IS 'When the row was last changed.';
COMMENT ON COLUMN orchestration.environment_variables.created_by IS 'User that made the row; NULL when no user belongs to the role.';
COMMENT ON TABLE orchestration.container_probes IS 'How the cluster asks containers whether they live, are ready, have started.';
COMMENT ON COLUMN orchestration.container_probes.namespace_id IS 'Namespace of the probe.';
COMMENT ON COLUMN orchestration.container_probes.id IS 'Identity of the probe.';
COMMENT ON COLUMN orchestration.container_probes.container_id IS 'Container that is asked.';
COMMENT ON COLUMN orchestration.container_probes.probe_type IS 'liveness, readiness or startup.';
COMMENT ON COLUMN orchestration.container_probes.handler IS 'httpGet, tcpSocket, grpc or exec.';
COMMENT ON COLUMN orchestration.container_probes.port IS 'Number of the port, or its name.';
COMMENT ON COLUMN orchestration.container_probes.path IS 'Path of the HTTP request.';
COMMENT ON COLUMN orchestration.container_probes.scheme IS 'HTTP or HTTPS.';
COMMENT ON COLUMN orchestration.container_probes.host IS 'Host to ask; NULL for the pod.';
COMMENT ON COLUMN orchestration.container_probes.http_headers IS 'Headers of the HTTP request: [{"name": ..., "value": ...}].';
COMMENT ON COLUMN orchestration.container_probes.grpc_service IS 'Service name of the gRPC health check.';
COMMENT ON COLUMN orchestration.container_probes.command IS 'Command that must end with 0.';
COMMENT ON COLUMN orchestration.container_probes.initial_delay_seconds IS 'Seconds before the first question.';
COMMENT ON COLUMN orchestration.container_probes.period_seconds IS 'Seconds between questions.';
COMMENT ON COLUMN orchestration.container_probes.timeout_seconds IS 'Seconds to wait for an answer.';
COMMENT ON COLUMN orchestration.container_probes.success_threshold IS 'Good answers in a row that count as success.';
COMMENT ON COLUMN orchestration.container_probes.failure_threshold IS 'Bad answers in a row that count as failure.';
COMMENT ON COLUMN orchestration.container_probes.termination_grace_period_seconds IS 'Grace period when this probe kills the container.';
COMMENT ON COLUMN orchestration.container_probes.created_at IS 'When the row was made.';
COMMENT ON COLUMN orchestration.container_probes.updated_at IS 'When the row was last changed.';
COMMENT ON COLUMN orchestration.container_probes.created_by IS 'User that made the row; NULL when no user belongs to the role.';
