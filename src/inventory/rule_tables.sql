/*
 * Names and ports that rows of several tables may want.  Whoever comes second waits for
 * the first one and is refused, as by any unique index.  Written by triggers alone.
 */

CREATE TABLE orchestration_internal.object_names (
	namespace_id bigint NOT NULL REFERENCES orchestration.namespaces (id) ON DELETE CASCADE,
	kind text NOT NULL,
	name text NOT NULL,
	owner_type text NOT NULL,
	owner_id bigint NOT NULL,
	PRIMARY KEY (namespace_id, kind, name)
);

CREATE INDEX object_names_owner ON orchestration_internal.object_names (namespace_id, owner_type, owner_id);

CREATE TABLE orchestration_internal.node_ports (
	cluster_id bigint NOT NULL REFERENCES orchestration.clusters (id) ON DELETE CASCADE,
	node_port integer NOT NULL,
	namespace_id bigint NOT NULL,
	container_id bigint NOT NULL,
	service_type text NOT NULL,
	PRIMARY KEY (cluster_id, node_port)
);

CREATE INDEX node_ports_container ON orchestration_internal.node_ports (namespace_id, container_id);

COMMENT ON TABLE orchestration_internal.object_names IS 'Names of objects in a namespace that rows of different tables, or containers of different names, could both ask for, and which row has them.';
COMMENT ON COLUMN orchestration_internal.object_names.namespace_id IS 'Namespace of the object.';
COMMENT ON COLUMN orchestration_internal.object_names.kind IS 'Service or Secret.';
COMMENT ON COLUMN orchestration_internal.object_names.name IS 'Name of the object in the cluster.';
COMMENT ON COLUMN orchestration_internal.object_names.owner_type IS 'container, secret or registry.';
COMMENT ON COLUMN orchestration_internal.object_names.owner_id IS 'Id of the row that has the name.';
COMMENT ON TABLE orchestration_internal.node_ports IS 'Ports of the nodes of a cluster that a Service has.';
COMMENT ON COLUMN orchestration_internal.node_ports.cluster_id IS 'Cluster whose nodes listen.';
COMMENT ON COLUMN orchestration_internal.node_ports.node_port IS 'Port on every node, for all protocols.';
COMMENT ON COLUMN orchestration_internal.node_ports.namespace_id IS 'Namespace of the container.';
COMMENT ON COLUMN orchestration_internal.node_ports.container_id IS 'Container behind the Service.';
COMMENT ON COLUMN orchestration_internal.node_ports.service_type IS 'Type of the Service: NodePort or LoadBalancer.';
