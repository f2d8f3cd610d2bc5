/*
 * shapes_base.c
 *	  The shapes of values, of which all others are made.
 */
#include "inventory/shapes.h"

#define NAMED(kind) {.type = ORCH_SHAPE_NAME, .name = kind}
#define BETWEEN(least, most) {.type = ORCH_SHAPE_INTEGER, .minimum = least, .maximum = most}

const OrchShape orch_shape_any_text = {.type = ORCH_SHAPE_TEXT};
const OrchShape orch_shape_string = {.type = ORCH_SHAPE_STRING};
const OrchShape orch_shape_boolean = {.type = ORCH_SHAPE_BOOLEAN};
const OrchShape orch_shape_any_int32 = BETWEEN(PG_INT32_MIN, PG_INT32_MAX);
const OrchShape orch_shape_any_integer = BETWEEN(PG_INT64_MIN, PG_INT64_MAX);
const OrchShape orch_shape_from_zero = BETWEEN(0, PG_INT32_MAX);
const OrchShape orch_shape_from_one = BETWEEN(1, PG_INT32_MAX);
const OrchShape orch_shape_numeric_id = BETWEEN(0, PG_INT32_MAX);
const OrchShape orch_shape_numeric_ids = ARRAY_OF(orch_shape_numeric_id);
const OrchShape orch_shape_port = BETWEEN(1, 65535);
const OrchShape orch_shape_port_or_zero = BETWEEN(0, 65535);
const OrchShape orch_shape_port_or_name = {.type = ORCH_SHAPE_PORT};
const OrchShape orch_shape_file_mode = BETWEEN(0, 0777);
/* seconds: ten minutes to 2^32 */
const OrchShape orch_shape_token_lifetime = BETWEEN(600, INT64CONST(4294967296));
const OrchShape orch_shape_weight = BETWEEN(1, 100);
const OrchShape orch_shape_quantity = {.type = ORCH_SHAPE_QUANTITY};
const OrchShape orch_shape_quantities = {.type = ORCH_SHAPE_MAP, .name = ORCH_NAME_LABEL_KEY, .element = &orch_shape_quantity};
const OrchShape orch_shape_texts = ARRAY_OF(orch_shape_any_text);
const OrchShape orch_shape_some_texts = {.type = ORCH_SHAPE_ARRAY, .element = &orch_shape_any_text, .minimum = 1};
const OrchShape orch_shape_text_map = {.type = ORCH_SHAPE_MAP, .name = ORCH_NAME_ANY_VARIABLE, .element = &orch_shape_any_text};

/* ---- names ---- */

const OrchShape orch_shape_dns_label = NAMED(ORCH_NAME_DNS_LABEL);
const OrchShape orch_shape_dns_labels = ARRAY_OF(orch_shape_dns_label);
const OrchShape orch_shape_subdomain_name = NAMED(ORCH_NAME_SUBDOMAIN);
const OrchShape orch_shape_subdomain_names = ARRAY_OF(orch_shape_subdomain_name);
const OrchShape orch_shape_config_key = NAMED(ORCH_NAME_CONFIG_KEY);
const OrchShape orch_shape_relaxed_environment_name = NAMED(ORCH_NAME_ANY_VARIABLE);
const OrchShape orch_shape_environment_prefix = NAMED(ORCH_NAME_VARIABLE_PREFIX);
const OrchShape orch_shape_port_name = NAMED(ORCH_NAME_PORT);
const OrchShape orch_shape_descending_path = NAMED(ORCH_NAME_RELATIVE_PATH);
const OrchShape orch_shape_key_path = NAMED(ORCH_NAME_FILE_PATH);
const OrchShape orch_shape_no_backsteps = NAMED(ORCH_NAME_HOST_PATH);
const OrchShape orch_shape_nfs_path = NAMED(ORCH_NAME_ABSOLUTE_PATH);
const OrchShape orch_shape_pod_field = NAMED(ORCH_NAME_POD_FIELD);
const OrchShape orch_shape_resource_field = NAMED(ORCH_NAME_RESOURCE_FIELD);
const OrchShape orch_shape_image = NAMED(ORCH_NAME_IMAGE);
const OrchShape orch_shape_header_name = NAMED(ORCH_NAME_HEADER);
const OrchShape orch_shape_windows_user = NAMED(ORCH_NAME_WINDOWS_USER);
const OrchShape orch_shape_ip_address = NAMED(ORCH_NAME_IP_ADDRESS);
const OrchShape orch_shape_nameservers = {.type = ORCH_SHAPE_ARRAY, .element = &orch_shape_ip_address, .maximum = 3};
static const OrchShape search = NAMED(ORCH_NAME_DNS_SEARCH);
const OrchShape orch_shape_searches = {.type = ORCH_SHAPE_ARRAY, .element = &search, .maximum = 32};
const OrchShape orch_shape_label_key = NAMED(ORCH_NAME_LABEL_KEY);
const OrchShape orch_shape_label_keys = ARRAY_OF(orch_shape_label_key);
const OrchShape orch_shape_label_key_or_empty = NAMED(ORCH_NAME_LABEL_KEY_OR_EMPTY);
static const OrchShape label_value = NAMED(ORCH_NAME_LABEL_VALUE);
const OrchShape orch_shape_label_values = ARRAY_OF(label_value);
const OrchShape orch_shape_labels = {.type = ORCH_SHAPE_MAP, .name = ORCH_NAME_LABEL_KEY, .element = &label_value};
const OrchShape orch_shape_annotations = {.type = ORCH_SHAPE_MAP, .name = ORCH_NAME_LABEL_KEY, .element = &orch_shape_any_text};

/* ---- choices that the schema of Kubernetes does not make, or makes wider than its server takes ---- */

const OrchShape orch_shape_api_v1 = CHOICE("v1");
const OrchShape orch_shape_os_name = CHOICE("linux", "windows");
const OrchShape orch_shape_host_path_type = CHOICE("", "DirectoryOrCreate", "Directory", "FileOrCreate", "File", "Socket", "CharDevice", "BlockDevice");
const OrchShape orch_shape_selector_operator = CHOICE("In", "NotIn", "Exists", "DoesNotExist");
const OrchShape orch_shape_selinux_change_policy = CHOICE("Recursive");
const OrchShape orch_shape_taint_effect_or_empty = CHOICE("", "NoSchedule", "PreferNoSchedule", "NoExecute");
/* Lt and Gt are behind a gate that is closed by default */
const OrchShape orch_shape_toleration_operator = CHOICE("", "Exists", "Equal");
const OrchShape orch_shape_container_restart_policy = CHOICE("Always", "OnFailure", "Never");
const OrchShape orch_shape_restart_action = CHOICE("Restart");
const OrchShape orch_shape_exit_code_operator = CHOICE("In", "NotIn");
const OrchShape orch_shape_resizable = CHOICE("cpu", "memory");
const OrchShape orch_shape_resize_restart = CHOICE("NotRequired", "RestartContainer");
static const OrchShape sysctl_name = NAMED(ORCH_NAME_SYSCTL);
static const OrchShape sysctl = {FIELDS({"name", &sysctl_name, true}, {"value", &orch_shape_any_text, true})};
const OrchShape orch_shape_sysctls = {.type = ORCH_SHAPE_ARRAY, .element = &sysctl, .unique = KEYS("name")};
