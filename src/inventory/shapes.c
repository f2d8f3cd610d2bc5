/*
 * shapes.c
 *	  The shapes of everything that users give as JSON: Kubernetes' own, with
 *	  the few fields that are ours.
 *
 * Unknown fields are refused where Kubernetes' list is short and settled, and
 * where a field would silently do nothing.  Whole Kubernetes containers (init
 * containers, overrides) are open: the API server knows their newest fields.
 */
#include "inventory/shape.h"

static const OrchShape any_text = {.type = ORCH_SHAPE_TEXT};
static const OrchShape string = {.type = ORCH_SHAPE_STRING};
static const OrchShape boolean = {.type = ORCH_SHAPE_BOOLEAN};
static const OrchShape port = {.type = ORCH_SHAPE_INTEGER, .minimum = 1, .maximum = 65535};
static const OrchShape port_or_name = {.type = ORCH_SHAPE_PORT};
static const OrchShape any_integer = {.type = ORCH_SHAPE_INTEGER, .minimum = PG_INT64_MIN, .maximum = PG_INT64_MAX};
static const OrchShape from_zero = {.type = ORCH_SHAPE_INTEGER, .minimum = 0, .maximum = PG_INT32_MAX};
static const OrchShape from_one = {.type = ORCH_SHAPE_INTEGER, .minimum = 1, .maximum = PG_INT32_MAX};
static const OrchShape numeric_id = {.type = ORCH_SHAPE_INTEGER, .minimum = 0, .maximum = PG_INT32_MAX};
static const OrchShape texts = {.type = ORCH_SHAPE_ARRAY, .element = &any_text};
static const OrchShape strings = {.type = ORCH_SHAPE_ARRAY, .element = &string};
static const OrchShape numeric_ids = {.type = ORCH_SHAPE_ARRAY, .element = &numeric_id};

static const OrchShape label_name = {.type = ORCH_SHAPE_NAME, .name = ORCH_NAME_LABEL};
static const OrchShape subdomain_name = {.type = ORCH_SHAPE_NAME, .name = ORCH_NAME_SUBDOMAIN};
static const OrchShape config_key = {.type = ORCH_SHAPE_NAME, .name = ORCH_NAME_CONFIG_KEY};
static const OrchShape environment_name = {.type = ORCH_SHAPE_NAME, .name = ORCH_NAME_ENVIRONMENT};
static const OrchShape port_name = {.type = ORCH_SHAPE_NAME, .name = ORCH_NAME_PORT};
static const OrchShape path = {.type = ORCH_SHAPE_NAME, .name = ORCH_NAME_PATH};
static const OrchShape sub_path = {.type = ORCH_SHAPE_NAME, .name = ORCH_NAME_SUB_PATH};
static const OrchShape field_path = {.type = ORCH_SHAPE_NAME, .name = ORCH_NAME_FIELD_PATH};
static const OrchShape resource_field = {.type = ORCH_SHAPE_NAME, .name = ORCH_NAME_RESOURCE_FIELD};
static const OrchShape label_key = {.type = ORCH_SHAPE_NAME, .name = ORCH_NAME_LABEL_KEY};
static const OrchShape label_value = {.type = ORCH_SHAPE_NAME, .name = ORCH_NAME_LABEL_VALUE};

#define CHOICE(...) {.type = ORCH_SHAPE_CHOICE, .choices = (const char *const[]) {__VA_ARGS__, NULL}}
#define FIELDS(...) .type = ORCH_SHAPE_OBJECT, .fields = (const OrchShapeField[]) {__VA_ARGS__, {NULL, NULL, false}}
#define ONE_OF(...) .exactly_one = (const char *const[]) {__VA_ARGS__, NULL}
#define REFUSED(...) .refused = (const char *const[]) {__VA_ARGS__, NULL}
#define ARRAY_OF(shape) {.type = ORCH_SHAPE_ARRAY, .element = &(shape)}

/* ---- labels and data ---- */

static const OrchShape labels = {
	.type = ORCH_SHAPE_MAP, .name = ORCH_NAME_LABEL_KEY, .element = &label_value
};
static const OrchShape annotations = {
	.type = ORCH_SHAPE_MAP, .name = ORCH_NAME_LABEL_KEY, .element = &any_text
};
static const OrchShape config_data = {
	.type = ORCH_SHAPE_MAP, .name = ORCH_NAME_CONFIG_KEY, .element = &any_text
};
static const OrchShape binary_value = {FIELDS({"base64", &any_text, true})};
static const OrchShape secret_value = {.type = ORCH_SHAPE_TEXT_OR_OBJECT, .element = &binary_value};
static const OrchShape secret_data = {
	.type = ORCH_SHAPE_MAP, .name = ORCH_NAME_CONFIG_KEY, .element = &secret_value
};

/* ---- environment ---- */

static const OrchShape key_reference = {
	FIELDS({"name", &subdomain_name, true}, {"key", &config_key, true}, {"optional", &boolean, false})
};
static const OrchShape api_v1 = CHOICE("v1");
static const OrchShape field_reference = {
	FIELDS({"fieldPath", &field_path, true}, {"apiVersion", &api_v1, false})
};
static const OrchShape resource_reference = {
	FIELDS({"resource", &resource_field, true})
};
static const OrchShape environment_source = {
	FIELDS({"configMapKeyRef", &key_reference, false}, {"secretKeyRef", &key_reference, false},
		   {"fieldRef", &field_reference, false}, {"resourceFieldRef", &resource_reference, false}),
	ONE_OF("configMapKeyRef", "secretKeyRef", "fieldRef", "resourceFieldRef")
};
static const OrchShape environment_variable = {
	FIELDS({"name", &environment_name, true}, {"value", &any_text, false}, {"valueFrom", &environment_source, false}),
	ONE_OF("value", "valueFrom")
};
static const OrchShape environment = {
	.type = ORCH_SHAPE_ARRAY, .element = &environment_variable, .unique = "name"
};
static const OrchShape environment_map = {
	.type = ORCH_SHAPE_MAP, .name = ORCH_NAME_ENVIRONMENT, .element = &any_text
};

/* ---- ports and volumes ---- */

static const OrchShape protocol = CHOICE("TCP", "UDP", "SCTP");
static const OrchShape service_type = CHOICE("ClusterIP", "NodePort", "LoadBalancer");
static const OrchShape container_port = {
	FIELDS({"containerPort", &port, true}, {"name", &port_name, false}, {"protocol", &protocol, false},
		   {"servicePort", &port, false}, {"serviceType", &service_type, false}, {"nodePort", &port, false}),
	REFUSED("hostPort", "Ports of the host are not managed; publish the port with \"serviceType\": \"NodePort\".",
			"port", "Write \"servicePort\" for the port of the service and \"containerPort\" for that of the container.",
			"targetPort", "Write \"containerPort\".")
};
static const OrchShape container_ports = ARRAY_OF(container_port);

static const OrchShape mount = {
	FIELDS({"volume", &label_name, true}, {"mountPath", &path, true}, {"subPath", &sub_path, false},
		   {"readOnly", &boolean, false}),
	REFUSED("name", "Write \"volume\" for the name of the volume.")
};
static const OrchShape mounts = {.type = ORCH_SHAPE_ARRAY, .element = &mount, .unique = "mountPath"};

/* ---- probes ---- */

static const OrchShape http_header = {FIELDS({"name", &string, true}, {"value", &any_text, true})};
static const OrchShape http_headers = ARRAY_OF(http_header);
static const OrchShape scheme = CHOICE("HTTP", "HTTPS");
static const OrchShape http_get = {
	FIELDS({"port", &port_or_name, true}, {"path", &string, false}, {"scheme", &scheme, false},
		   {"host", &string, false}, {"httpHeaders", &http_headers, false})
};
static const OrchShape tcp_socket = {FIELDS({"port", &port_or_name, true}, {"host", &string, false})};
static const OrchShape grpc = {FIELDS({"port", &port, true}, {"service", &any_text, false})};
static const OrchShape command = {FIELDS({"command", &texts, true})};
static const OrchShape one = {.type = ORCH_SHAPE_INTEGER, .minimum = 1, .maximum = 1};

#define PROBE_FIELDS(success, ...) \
	FIELDS({"httpGet", &http_get, false}, {"tcpSocket", &tcp_socket, false}, {"grpc", &grpc, false}, \
		   {"exec", &command, false}, {"initialDelaySeconds", &from_zero, false}, \
		   {"periodSeconds", &from_one, false}, {"timeoutSeconds", &from_one, false}, \
		   {"successThreshold", &(success), false}, {"failureThreshold", &from_one, false} __VA_ARGS__), \
	ONE_OF("httpGet", "tcpSocket", "grpc", "exec")

/* Kubernetes refuses a grace period for readiness, which kills nothing */
static const OrchShape readiness_probe = {PROBE_FIELDS(from_one)};
static const OrchShape killing_probe = {PROBE_FIELDS(one,, {"terminationGracePeriodSeconds", &from_one, false})};

/* ---- scheduling and security ---- */

static const OrchShape toleration_operator = CHOICE("Exists", "Equal", "Lt", "Gt");
static const OrchShape taint_effect = CHOICE("NoSchedule", "PreferNoSchedule", "NoExecute");
static const OrchShape toleration = {
	FIELDS({"key", &label_key, false}, {"operator", &toleration_operator, false}, {"value", &label_value, false},
		   {"effect", &taint_effect, false}, {"tolerationSeconds", &any_integer, false})
};
static const OrchShape tolerations = ARRAY_OF(toleration);
static const OrchShape node_selector = {
	.type = ORCH_SHAPE_MAP, .name = ORCH_NAME_LABEL_KEY, .element = &label_value
};

static const OrchShape capabilities = {FIELDS({"add", &strings, false}, {"drop", &strings, false})};
static const OrchShape profile_type = CHOICE("RuntimeDefault", "Unconfined", "Localhost");
static const OrchShape profile = {FIELDS({"type", &profile_type, true}, {"localhostProfile", &string, false})};
static const OrchShape selinux = {
	FIELDS({"user", &any_text, false}, {"role", &any_text, false}, {"type", &any_text, false}, {"level", &any_text, false})
};
static const OrchShape open_object = {.type = ORCH_SHAPE_OBJECT, .open = true};
static const OrchShape proc_mount = CHOICE("Default", "Unmasked");
static const OrchShape change_policy = CHOICE("OnRootMismatch", "Always");
static const OrchShape selinux_policy = CHOICE("MountOption", "Recursive");
static const OrchShape groups_policy = CHOICE("Merge", "Strict");
static const OrchShape sysctl = {FIELDS({"name", &string, true}, {"value", &any_text, true})};
static const OrchShape sysctls = ARRAY_OF(sysctl);

#define IDENTITY_FIELDS \
	{"runAsUser", &numeric_id, false}, {"runAsGroup", &numeric_id, false}, {"runAsNonRoot", &boolean, false}, \
	{"seccompProfile", &profile, false}, {"appArmorProfile", &profile, false}, {"seLinuxOptions", &selinux, false}, \
	{"windowsOptions", &open_object, false}

static const OrchShape security_context = {
	FIELDS(IDENTITY_FIELDS, {"allowPrivilegeEscalation", &boolean, false}, {"privileged", &boolean, false},
		   {"readOnlyRootFilesystem", &boolean, false}, {"capabilities", &capabilities, false},
		   {"procMount", &proc_mount, false}),
	REFUSED("fsGroup", "That belongs to the pod: write it into pod_security_context.")
};
static const OrchShape pod_security_context = {
	FIELDS(IDENTITY_FIELDS, {"fsGroup", &numeric_id, false}, {"fsGroupChangePolicy", &change_policy, false},
		   {"supplementalGroups", &numeric_ids, false}, {"supplementalGroupsPolicy", &groups_policy, false},
		   {"seLinuxChangePolicy", &selinux_policy, false}, {"sysctls", &sysctls, false}),
	REFUSED("privileged", "That belongs to the container: write it into security_context.",
			"capabilities", "That belongs to the container: write it into security_context.",
			"allowPrivilegeEscalation", "That belongs to the container: write it into security_context.",
			"readOnlyRootFilesystem", "That belongs to the container: write it into security_context.")
};

/* ---- whole containers, and overrides ---- */

static const OrchShape array_of_anything = ARRAY_OF(open_object);

#define CONTAINER_FIELDS(image_required) \
	FIELDS({"name", &label_name, true}, {"image", &string, image_required}, {"command", &texts, false}, \
		   {"args", &texts, false}, {"workingDir", &string, false}, {"env", &array_of_anything, false}, \
		   {"envFrom", &array_of_anything, false}, {"ports", &array_of_anything, false}, \
		   {"volumeMounts", &array_of_anything, false}, {"resources", &open_object, false}, \
		   {"securityContext", &open_object, false}), \
	.open = true

static const OrchShape init_container = {CONTAINER_FIELDS(true)};
static const OrchShape init_containers = {
	.type = ORCH_SHAPE_ARRAY, .element = &init_container, .unique = "name"
};

/* an entry may be a patch of our own container, which has its image */
static const OrchShape patched_container = {CONTAINER_FIELDS(false)};
static const OrchShape patched_containers = {
	.type = ORCH_SHAPE_ARRAY, .element = &patched_container, .unique = "name"
};

static const OrchShape override_metadata = {
	FIELDS({"labels", &open_object, false}, {"annotations", &open_object, false}),
	REFUSED("name", "The name of the pods follows from the container's.",
			"generateName", "The name of the pods follows from the container's.",
			"namespace", "The pods run in the namespace of the container.")
};

#define NOT_OF_THE_POD "Overrides are merged into the pod template, not into the Deployment or Job around it."

static const OrchShape override_spec = {
	FIELDS({"containers", &patched_containers, false}, {"initContainers", &patched_containers, false},
		   {"volumes", &array_of_anything, false}, {"imagePullSecrets", &array_of_anything, false},
		   {"nodeSelector", &open_object, false}, {"affinity", &open_object, false},
		   {"securityContext", &open_object, false}, {"tolerations", &array_of_anything, false}),
	.open = true,
	REFUSED("selector", "The selector ties the pods to their container and is never changed. " NOT_OF_THE_POD,
			"template", NOT_OF_THE_POD,
			"replicas", "Set the column replicas, or call scale_container(). " NOT_OF_THE_POD,
			"strategy", "Set the columns strategy, max_surge and max_unavailable. " NOT_OF_THE_POD,
			"restartPolicy", "Set the column restart_policy: it also decides between Deployment and Job.")
};
static const OrchShape overrides = {
	FIELDS({"metadata", &override_metadata, false}, {"spec", &override_spec, false}),
	REFUSED("selector", "The selector ties the pods to their container and is never changed.",
			"name", "The name follows from the container's.",
			"namespace", "The pods run in the namespace of the container.")
};

static const struct
{
	const char *name;
	const OrchShape *shape;
}			shapes[] = {
	{"labels", &labels},
	{"annotations", &annotations},
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
	{"tolerations", &tolerations},
	{"node_selector", &node_selector},
	{"security_context", &security_context},
	{"pod_security_context", &pod_security_context},
	{"init_containers", &init_containers},
	{"overrides", &overrides},
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
