/*
 * shapes.c
 *	  The shapes of everything that users give as JSON: Kubernetes' own, with
 *	  the few fields that are ours.
 *
 * Unknown fields are refused, as the API server does: a row that it would never
 * take is told at once.  Those of pods and containers are in shapes_pod.c.
 */
#include "inventory/shapes.h"

static const OrchShape label_name = {.type = ORCH_SHAPE_NAME, .name = ORCH_NAME_LABEL};
static const OrchShape environment_name = {.type = ORCH_SHAPE_NAME, .name = ORCH_NAME_ENVIRONMENT};
static const OrchShape path = {.type = ORCH_SHAPE_NAME, .name = ORCH_NAME_PATH};
static const OrchShape sub_path = {.type = ORCH_SHAPE_NAME, .name = ORCH_NAME_SUB_PATH};
static const OrchShape field_path = {.type = ORCH_SHAPE_NAME, .name = ORCH_NAME_FIELD_PATH};
static const OrchShape node_port = {.type = ORCH_SHAPE_INTEGER, .minimum = ORCH_FIRST_NODE_PORT, .maximum = ORCH_LAST_NODE_PORT};

/* ---- labels and data ---- */

static const OrchShape config_data = {
	.type = ORCH_SHAPE_MAP, .name = ORCH_NAME_CONFIG_KEY, .element = &orch_shape_any_text
};
static const OrchShape binary_value = {FIELDS({"base64", &orch_shape_any_text, true})};
static const OrchShape secret_value = {.type = ORCH_SHAPE_TEXT_OR_OBJECT, .element = &binary_value};
static const OrchShape secret_data = {
	.type = ORCH_SHAPE_MAP, .name = ORCH_NAME_CONFIG_KEY, .element = &secret_value
};

/* ---- environment ---- */

static const OrchShape key_reference = {
	FIELDS({"name", &orch_shape_subdomain_name, true}, {"key", &orch_shape_config_key, true}, {"optional", &orch_shape_boolean, false})
};
static const OrchShape field_reference = {
	FIELDS({"fieldPath", &field_path, true}, {"apiVersion", &orch_shape_api_v1, false})
};
static const OrchShape resource_reference = {
	FIELDS({"resource", &orch_shape_resource_field, true})
};
static const OrchShape environment_source = {
	FIELDS({"configMapKeyRef", &key_reference, false}, {"secretKeyRef", &key_reference, false},
		   {"fieldRef", &field_reference, false}, {"resourceFieldRef", &resource_reference, false}),
	ONE_OF("configMapKeyRef", "secretKeyRef", "fieldRef", "resourceFieldRef")
};
static const OrchShape environment_variable = {
	FIELDS({"name", &environment_name, true}, {"value", &orch_shape_any_text, false}, {"valueFrom", &environment_source, false}),
	ONE_OF("value", "valueFrom")
};
static const OrchShape environment = {
	.type = ORCH_SHAPE_ARRAY, .element = &environment_variable, .unique = KEYS("name")
};
static const OrchShape environment_map = {
	.type = ORCH_SHAPE_MAP, .name = ORCH_NAME_ENVIRONMENT, .element = &orch_shape_any_text
};

/* ---- ports and volumes ---- */

static const OrchShape protocol = CHOICE("TCP", "UDP", "SCTP");
static const OrchShape service_type = CHOICE("ClusterIP", "NodePort", "LoadBalancer");
static const OrchShape container_port = {
	FIELDS({"containerPort", &orch_shape_port, true}, {"name", &orch_shape_port_name, false}, {"protocol", &protocol, false},
		   {"servicePort", &orch_shape_port, false}, {"serviceType", &service_type, false}, {"nodePort", &node_port, false}),
	REFUSED("hostPort", "Ports of the host are not managed; publish the port with \"serviceType\": \"NodePort\".",
			"port", "Write \"servicePort\" for the port of the service and \"containerPort\" for that of the container.",
			"targetPort", "Write \"containerPort\".")
};
static const OrchShape container_ports = ARRAY_OF(container_port);

static const OrchShape mount = {
	FIELDS({"volume", &label_name, true}, {"mountPath", &path, true}, {"subPath", &sub_path, false},
		   {"readOnly", &orch_shape_boolean, false}),
	REFUSED("name", "Write \"volume\" for the name of the volume.")
};
static const OrchShape mounts = {.type = ORCH_SHAPE_ARRAY, .element = &mount, .unique = KEYS("mountPath")};

/* ---- probes ---- */

static const OrchShape http_headers = ARRAY_OF(orch_shape_http_header);
static const OrchShape scheme = CHOICE("HTTP", "HTTPS");
static const OrchShape http_get = {
	FIELDS({"port", &orch_shape_port_or_name, true}, {"path", &orch_shape_string, false}, {"scheme", &scheme, false},
		   {"host", &orch_shape_string, false}, {"httpHeaders", &http_headers, false})
};
static const OrchShape tcp_socket = {FIELDS({"port", &orch_shape_port_or_name, true}, {"host", &orch_shape_string, false})};
static const OrchShape grpc = {FIELDS({"port", &orch_shape_port, true}, {"service", &orch_shape_any_text, false})};
static const OrchShape command = {FIELDS({"command", &orch_shape_some_texts, true})};
static const OrchShape one = {.type = ORCH_SHAPE_INTEGER, .minimum = 1, .maximum = 1};

#define PROBE_FIELDS(success, ...) \
	FIELDS({"httpGet", &http_get, false}, {"tcpSocket", &tcp_socket, false}, {"grpc", &grpc, false}, \
		   {"exec", &command, false}, {"initialDelaySeconds", &orch_shape_from_zero, false}, \
		   {"periodSeconds", &orch_shape_from_one, false}, {"timeoutSeconds", &orch_shape_from_one, false}, \
		   {"successThreshold", &(success), false}, {"failureThreshold", &orch_shape_from_one, false} __VA_ARGS__), \
	ONE_OF("httpGet", "tcpSocket", "grpc", "exec")

/* Kubernetes refuses a grace period for readiness, which kills nothing */
static const OrchShape readiness_probe = {PROBE_FIELDS(orch_shape_from_one)};
static const OrchShape killing_probe = {PROBE_FIELDS(one,, {"terminationGracePeriodSeconds", &orch_shape_from_one, false})};

/* ---- how a cluster is reached ---- */

static const OrchShape tls = {
	FIELDS({"ca", &orch_shape_any_text, false}, {"cert", &orch_shape_any_text, false}, {"key", &orch_shape_any_text, false})
};

/* ---- whole containers, and overrides ---- */

static const OrchShape init_containers = {
	.type = ORCH_SHAPE_ARRAY, .element = &orch_shape_container, .unique = KEYS("name")
};

static const OrchShape override_metadata = {
	FIELDS({"labels", &orch_shape_labels, false}, {"annotations", &orch_shape_annotations, false}),
	REFUSED("name", "The name of the pods follows from the container's.",
			"generateName", "The name of the pods follows from the container's.",
			"namespace", "The pods run in the namespace of the container.")
};

static const OrchShape overrides = {
	FIELDS({"metadata", &override_metadata, false}, {"spec", &orch_shape_pod_spec, false}),
	REFUSED("selector", "The selector ties the pods to their container and is never changed.",
			"name", "The name follows from the container's.",
			"namespace", "The pods run in the namespace of the container.")
};

static const struct
{
	const char *name;
	const OrchShape *shape;
}			shapes[] = {
	{"labels", &orch_shape_labels},
	{"annotations", &orch_shape_annotations},
	{"config_data", &config_data},
	{"secret_data", &secret_data},
	{"env", &environment},
	{"env_map", &environment_map},
	{"ports", &container_ports},
	{"volumes", &mounts},
	{"liveness_probe", &killing_probe},
	{"readiness_probe", &readiness_probe},
	{"startup_probe", &killing_probe},
	{"http_headers", &http_headers},
	{"tolerations", &orch_shape_pod_spec_tolerations},
	{"node_selector", &orch_shape_labels},
	{"security_context", &orch_shape_security_context},
	{"pod_security_context", &orch_shape_pod_security_context},
	{"init_containers", &init_containers},
	{"overrides", &overrides},
	{"tls", &tls},
};

/*
 * See shape.h.
 */
const OrchShape *
orch_shape_find(const char *name, size_t length)
{
	for (size_t i = 0; i < lengthof(shapes); i++)
		if (strlen(shapes[i].name) == length && memcmp(shapes[i].name, name, length) == 0)
			return shapes[i].shape;
	return NULL;
}
