/*
 * The checks that stand in CHECK constraints.  Each returns true or raises an
 * error of ours with detail and hint, so that a plain INSERT learns as much
 * as a caller of the functions.  Immutable; NULL passes (strict), unless said.
 */

CREATE OR REPLACE FUNCTION orchestration_internal.valid_username(username text)
RETURNS boolean
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_valid_username';

COMMENT ON FUNCTION orchestration_internal.valid_username(text) IS 'True for 1 to 128 bytes without control characters and without a space at either end. Raises OR001.';
GRANT EXECUTE ON FUNCTION orchestration_internal.valid_username(text) TO orchestration_user, orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.valid_label_name(name text, what text)
RETURNS boolean
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_valid_label_name';

COMMENT ON FUNCTION orchestration_internal.valid_label_name(text, text) IS 'True for a DNS label as Kubernetes names workloads: 1 to 63 lower-case letters, digits and -, beginning with a letter. what is what the error calls it. Raises OR001.';
GRANT EXECUTE ON FUNCTION orchestration_internal.valid_label_name(text, text) TO orchestration_user, orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.valid_subdomain_name(name text, what text)
RETURNS boolean
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_valid_subdomain_name';

COMMENT ON FUNCTION orchestration_internal.valid_subdomain_name(text, text) IS 'True for a DNS subdomain as Kubernetes names most objects: 1 to 253 lower-case letters, digits, - and dots. what is what the error calls it. Raises OR001.';
GRANT EXECUTE ON FUNCTION orchestration_internal.valid_subdomain_name(text, text) TO orchestration_user, orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.valid_env_name(name text)
RETURNS boolean
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_valid_env_name';

COMMENT ON FUNCTION orchestration_internal.valid_env_name(text) IS 'True for the name of an environment variable that Kubernetes accepts. Raises OR001.';
GRANT EXECUTE ON FUNCTION orchestration_internal.valid_env_name(text) TO orchestration_user, orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.valid_config_key(key text)
RETURNS boolean
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_valid_config_key';

COMMENT ON FUNCTION orchestration_internal.valid_config_key(text) IS 'True for a key of a config map or secret. Raises OR001.';
GRANT EXECUTE ON FUNCTION orchestration_internal.valid_config_key(text) TO orchestration_user, orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.valid_config_keys(keys text[], what text)
RETURNS boolean
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_valid_config_keys';

COMMENT ON FUNCTION orchestration_internal.valid_config_keys(text[], text) IS 'True when every key is fit for a config map or secret and none is there twice. what is what the error calls a key. Raises OR001.';
GRANT EXECUTE ON FUNCTION orchestration_internal.valid_config_keys(text[], text) TO orchestration_user, orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.valid_port_name(name text)
RETURNS boolean
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_valid_port_name';

COMMENT ON FUNCTION orchestration_internal.valid_port_name(text) IS 'True for the name of a port: 1 to 15 lower-case letters, digits and single -, with a letter. Raises OR001.';
GRANT EXECUTE ON FUNCTION orchestration_internal.valid_port_name(text) TO orchestration_user, orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.valid_port(port integer, what text)
RETURNS boolean
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_valid_port';

COMMENT ON FUNCTION orchestration_internal.valid_port(integer, text) IS 'True for 1 to 65535. what is what the error calls it. Raises OR003.';
GRANT EXECUTE ON FUNCTION orchestration_internal.valid_port(integer, text) TO orchestration_user, orchestration_worker;

/* resolves no names */
CREATE OR REPLACE FUNCTION orchestration_internal.valid_node_port(port integer)
RETURNS boolean
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'orch_valid_node_port';

COMMENT ON FUNCTION orchestration_internal.valid_node_port(integer) IS 'True for 30000 to 32767, the ports that an API server gives out on nodes. Raises OR003.';
GRANT EXECUTE ON FUNCTION orchestration_internal.valid_node_port(integer) TO orchestration_user, orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.valid_port_reference(port text)
RETURNS boolean
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_valid_port_reference';

COMMENT ON FUNCTION orchestration_internal.valid_port_reference(text) IS 'True for a port number or the name of a port, as probes refer to ports. Raises OR003.';
GRANT EXECUTE ON FUNCTION orchestration_internal.valid_port_reference(text) TO orchestration_user, orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.valid_path(path text, what text)
RETURNS boolean
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_valid_path';

COMMENT ON FUNCTION orchestration_internal.valid_path(text, text) IS 'True for an absolute path without .. and colon. what is what the error calls it. Raises OR003.';
GRANT EXECUTE ON FUNCTION orchestration_internal.valid_path(text, text) TO orchestration_user, orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.valid_sub_path(path text)
RETURNS boolean
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_valid_sub_path';

COMMENT ON FUNCTION orchestration_internal.valid_sub_path(text) IS 'True for a relative path without .., as a mount names a part of a volume. Raises OR003.';
GRANT EXECUTE ON FUNCTION orchestration_internal.valid_sub_path(text) TO orchestration_user, orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.valid_field_path(path text)
RETURNS boolean
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_valid_field_path';

COMMENT ON FUNCTION orchestration_internal.valid_field_path(text) IS 'True for a field of its pod that a container may read into its environment, such as status.podIP. Raises OR003.';
GRANT EXECUTE ON FUNCTION orchestration_internal.valid_field_path(text) TO orchestration_user, orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.valid_resource_field(resource text)
RETURNS boolean
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_valid_resource_field';

COMMENT ON FUNCTION orchestration_internal.valid_resource_field(text) IS 'True for a resource that a container may read into its environment, such as limits.memory. Raises OR003.';
GRANT EXECUTE ON FUNCTION orchestration_internal.valid_resource_field(text) TO orchestration_user, orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.valid_registry_server(server text)
RETURNS boolean
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_valid_registry_server';

COMMENT ON FUNCTION orchestration_internal.valid_registry_server(text) IS 'True for host or host:port of a registry, with or without scheme and path. Raises OR001.';
GRANT EXECUTE ON FUNCTION orchestration_internal.valid_registry_server(text) TO orchestration_user, orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.valid_image(registry text, repository text, tag text, digest text)
RETURNS boolean
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_valid_image';

COMMENT ON FUNCTION orchestration_internal.valid_image(text, text, text, text) IS 'True when the parts of an image reference are well formed; all but the repository may be empty. Raises OR003.';
GRANT EXECUTE ON FUNCTION orchestration_internal.valid_image(text, text, text, text) TO orchestration_user, orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.valid_amount(amount bigint, name text)
RETURNS boolean
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_valid_amount';

COMMENT ON FUNCTION orchestration_internal.valid_amount(bigint, text) IS 'True when an amount may stand in the column of that name: millicores where its name begins with cpu, otherwise bytes; what quantity_argument() accepts for an argument of that name. Raises OR002.';
GRANT EXECUTE ON FUNCTION orchestration_internal.valid_amount(bigint, text) TO orchestration_user, orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.valid_request_limit(request bigint, amount bigint, what text)
RETURNS boolean
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_valid_request_limit';

COMMENT ON FUNCTION orchestration_internal.valid_request_limit(bigint, bigint, text) IS 'True when a request is not above its limit. what is cpu (millicores) or memory (bytes). Raises OR002.';
GRANT EXECUTE ON FUNCTION orchestration_internal.valid_request_limit(bigint, bigint, text) TO orchestration_user, orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.valid_rollout(max_surge text, max_unavailable text)
RETURNS boolean
LANGUAGE c IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_valid_rollout';

COMMENT ON FUNCTION orchestration_internal.valid_rollout(text, text) IS 'True when both are whole numbers or percentages, or NULL, and not both are zero. Raises OR003.';
GRANT EXECUTE ON FUNCTION orchestration_internal.valid_rollout(text, text) TO orchestration_user, orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.valid_labels(labels jsonb, what text)
RETURNS boolean
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_valid_labels';

COMMENT ON FUNCTION orchestration_internal.valid_labels(jsonb, text) IS 'True for an object of label keys and values without the keys that the platform sets itself. what is what the error calls it. Raises OR003.';
GRANT EXECUTE ON FUNCTION orchestration_internal.valid_labels(jsonb, text) TO orchestration_user, orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.valid_annotations(annotations jsonb, what text)
RETURNS boolean
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_valid_annotations';

COMMENT ON FUNCTION orchestration_internal.valid_annotations(jsonb, text) IS 'True for an object of annotation keys and texts of at most 256 KiB in all. what is what the error calls it. Raises OR003.';
GRANT EXECUTE ON FUNCTION orchestration_internal.valid_annotations(jsonb, text) TO orchestration_user, orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.valid_config_data(data jsonb, what text)
RETURNS boolean
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_valid_config_data';

COMMENT ON FUNCTION orchestration_internal.valid_config_data(jsonb, text) IS 'True for an object of keys and strings of at most 1 MiB in all. what is what the error calls it. Raises OR003.';
GRANT EXECUTE ON FUNCTION orchestration_internal.valid_config_data(jsonb, text) TO orchestration_user, orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.valid_shape(value jsonb, shape text, place text)
RETURNS boolean
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_valid_shape';

COMMENT ON FUNCTION orchestration_internal.valid_shape(jsonb, text, text) IS 'True when a JSON value has the named shape: labels, annotations, config_data, secret_data, env, env_map, ports, volumes, liveness_probe, readiness_probe, startup_probe, http_headers, tolerations, node_selector, security_context, pod_security_context, init_containers or overrides. place is where errors say the value stands. Raises OR003 with the place of the first mistake, such as env[2].valueFrom.';
GRANT EXECUTE ON FUNCTION orchestration_internal.valid_shape(jsonb, text, text) TO orchestration_user, orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.valid_init_containers(init_containers jsonb, container text)
RETURNS boolean
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_valid_init_containers';

COMMENT ON FUNCTION orchestration_internal.valid_init_containers(jsonb, text) IS 'True for an array of Kubernetes containers that have a name and an image, none named as the container itself. Raises OR003.';
GRANT EXECUTE ON FUNCTION orchestration_internal.valid_init_containers(jsonb, text) TO orchestration_user, orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.valid_overrides(overrides jsonb)
RETURNS boolean
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_valid_overrides';

COMMENT ON FUNCTION orchestration_internal.valid_overrides(jsonb) IS 'True for what may be merged into a pod template: metadata.labels, metadata.annotations and spec, without name, namespace, selector, restart policy and the labels that the platform sets itself. Raises OR003.';
GRANT EXECUTE ON FUNCTION orchestration_internal.valid_overrides(jsonb) TO orchestration_user, orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.valid_template(template jsonb, place text)
RETURNS boolean
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_valid_template';

COMMENT ON FUNCTION orchestration_internal.valid_template(jsonb, text) IS 'True for a pod template, overrides merged in, that the API server would take: what its containers, volumes and fields say together. place is where errors say that the template stands. Raises OR003.';
-- for the owner alone

/* resolves no names */
CREATE OR REPLACE FUNCTION orchestration_internal.valid_texts(texts text[], place text)
RETURNS boolean
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'orch_valid_texts';

COMMENT ON FUNCTION orchestration_internal.valid_texts(text[], text) IS 'True for an array of one dimension without NULL, as commands and arguments are. place is what the error calls it. Raises OR003.';
GRANT EXECUTE ON FUNCTION orchestration_internal.valid_texts(text[], text) TO orchestration_user, orchestration_worker;

/* resolves no names */
CREATE OR REPLACE FUNCTION orchestration_internal.valid_rule(holds boolean, place text, fact text, hint text)
RETURNS boolean
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'orch_valid_rule';

COMMENT ON FUNCTION orchestration_internal.valid_rule(boolean, text, text, text) IS 'True unless holds is false, as a CHECK constraint judges: then raises OR003 with the place, the fact in a full sentence and the hint.';
GRANT EXECUTE ON FUNCTION orchestration_internal.valid_rule(boolean, text, text, text) TO orchestration_user, orchestration_worker;

/* Quantities, images, credentials, search. */

CREATE OR REPLACE FUNCTION orchestration.cpu_millicores(quantity text)
RETURNS bigint
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_cpu_millicores';

COMMENT ON FUNCTION orchestration.cpu_millicores(text) IS 'A Kubernetes quantity of CPU, such as 2, 0.5 or 250m, in millicores, rounded up. Raises OR002.';
GRANT EXECUTE ON FUNCTION orchestration.cpu_millicores(text) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration.memory_bytes(quantity text)
RETURNS bigint
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_memory_bytes';

COMMENT ON FUNCTION orchestration.memory_bytes(text) IS 'A Kubernetes quantity of memory or storage, such as 64Mi, 1.5Gi or 500M, in bytes, rounded up. Raises OR002.';
GRANT EXECUTE ON FUNCTION orchestration.memory_bytes(text) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration_internal.quantity_argument(quantity text, argument text)
RETURNS bigint
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_quantity_argument';

COMMENT ON FUNCTION orchestration_internal.quantity_argument(text, text) IS 'A quantity given for the named argument: millicores where its name begins with cpu, otherwise bytes; not zero, and no memory_limit in which nothing can start. Raises OR002.';
GRANT EXECUTE ON FUNCTION orchestration_internal.quantity_argument(text, text) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration_internal.format_cpu(millicores bigint)
RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_format_cpu';

COMMENT ON FUNCTION orchestration_internal.format_cpu(bigint) IS 'Millicores as Kubernetes writes them: 250m, 2.';
GRANT EXECUTE ON FUNCTION orchestration_internal.format_cpu(bigint) TO orchestration_user, orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.format_memory(bytes bigint)
RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_format_memory';

COMMENT ON FUNCTION orchestration_internal.format_memory(bigint) IS 'Bytes as Kubernetes writes them: 64Mi, 1536Mi.';
GRANT EXECUTE ON FUNCTION orchestration_internal.format_memory(bigint) TO orchestration_user, orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.parse_image(image text)
RETURNS text[]
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_parse_image';

COMMENT ON FUNCTION orchestration_internal.parse_image(text) IS 'Splits registry/repository:tag@digest into an array of these four, empty where absent. What stands before the first / is the registry if it holds a dot or colon or is localhost. Raises OR003.';
GRANT EXECUTE ON FUNCTION orchestration_internal.parse_image(text) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration_internal.search_document(name text, description text, labels jsonb, annotations jsonb)
RETURNS tsvector
LANGUAGE c IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_search_document';

COMMENT ON FUNCTION orchestration_internal.search_document(text, text, jsonb, jsonb) IS 'What full-text search looks into, by the configuration simple: name (weight A), description (B), labels (C), annotations (D). NULL arguments are left out.';
GRANT EXECUTE ON FUNCTION orchestration_internal.search_document(text, text, jsonb, jsonb) TO orchestration_user, orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.inspect_kubeconfig(kubeconfig text, context text, OUT api_server text, OUT current_context text, OUT insecure boolean, OUT uses_files boolean,
	OUT plain boolean, OUT server_identity text)
RETURNS record
LANGUAGE c VOLATILE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_inspect_kubeconfig';

COMMENT ON FUNCTION orchestration_internal.inspect_kubeconfig(text, text) IS 'What a kubeconfig (YAML or JSON) says in one context, NULL for its current one; a NULL kubeconfig is the service account of the pod that the server runs in. plain: by http to another machine; server_identity: what differs when it is another server, or another way to tell that it is the right one. Raises OR020 with the reason when it cannot be used.';
GRANT EXECUTE ON FUNCTION orchestration_internal.inspect_kubeconfig(text, text) TO orchestration_user;
