/*
 * shapes.h
 *	  How shapes are written, and those that the files of shapes share.
 */
#pragma once

#include "inventory/shape.h"

#define CHOICE(...) {.type = ORCH_SHAPE_CHOICE, .choices = (const char *const[]) {__VA_ARGS__, NULL}}
#define FIELDS(...) .type = ORCH_SHAPE_OBJECT, .fields = (const OrchShapeField[]) {__VA_ARGS__, {NULL, NULL, false}}
#define ONE_OF(...) .exactly_one = (const char *const[]) {__VA_ARGS__, NULL}
#define KEYS(...) (const char *const[]) {__VA_ARGS__, NULL}
#define REFUSED(...) .refused = (const char *const[]) {__VA_ARGS__, NULL}
#define ARRAY_OF(shape) {.type = ORCH_SHAPE_ARRAY, .element = &(shape)}

#define NOT_OF_THE_POD "Overrides are merged into the pod template, not into the Deployment or Job around it."
#define ORCH_NOT_OF_A_POD \
	"selector", "The selector ties the pods to their container and is never changed. " NOT_OF_THE_POD, \
	"template", NOT_OF_THE_POD, \
	"replicas", "Set the column replicas, or call scale_container(). " NOT_OF_THE_POD, \
	"strategy", "Set the columns strategy, max_surge and max_unavailable. " NOT_OF_THE_POD, \
	"ephemeralContainers", "Kubernetes adds them to pods that run, and refuses them in a template.", \
	"resources", "Give them to the containers: the columns cpu_request, cpu_limit, memory_request and memory_limit, or resources of each one.", \
	"overhead", "The runtime class says it."

#define ORCH_NOT_OF_A_CONTAINER_CONTEXT "fsGroup", "That belongs to the pod: write it into pod_security_context."
#define ORCH_NOT_OF_A_POD_CONTEXT \
	"privileged", "That belongs to the container: write it into security_context.", \
	"capabilities", "That belongs to the container: write it into security_context.", \
	"allowPrivilegeEscalation", "That belongs to the container: write it into security_context.", \
	"readOnlyRootFilesystem", "That belongs to the container: write it into security_context."

/* ---- shapes_base.c: values ---- */
extern const OrchShape orch_shape_any_text;
extern const OrchShape orch_shape_string;
extern const OrchShape orch_shape_boolean;
extern const OrchShape orch_shape_any_int32;
extern const OrchShape orch_shape_any_integer;
extern const OrchShape orch_shape_from_zero;
extern const OrchShape orch_shape_from_one;
extern const OrchShape orch_shape_numeric_id;
extern const OrchShape orch_shape_numeric_ids;
extern const OrchShape orch_shape_port;
extern const OrchShape orch_shape_port_or_zero;
extern const OrchShape orch_shape_port_or_name;
extern const OrchShape orch_shape_file_mode;
extern const OrchShape orch_shape_weight;
extern const OrchShape orch_shape_quantity;
extern const OrchShape orch_shape_quantities;
extern const OrchShape orch_shape_texts;
extern const OrchShape orch_shape_some_texts;
extern const OrchShape orch_shape_text_map;
extern const OrchShape orch_shape_dns_label;
extern const OrchShape orch_shape_subdomain_name;
extern const OrchShape orch_shape_subdomain_names;
extern const OrchShape orch_shape_config_key;
extern const OrchShape orch_shape_relaxed_environment_name;
extern const OrchShape orch_shape_environment_prefix;
extern const OrchShape orch_shape_port_name;
extern const OrchShape orch_shape_descending_path;
extern const OrchShape orch_shape_key_path;
extern const OrchShape orch_shape_no_backsteps;
extern const OrchShape orch_shape_nfs_path;
extern const OrchShape orch_shape_pod_field;
extern const OrchShape orch_shape_resource_field;
extern const OrchShape orch_shape_image;
extern const OrchShape orch_shape_header_name;
extern const OrchShape orch_shape_windows_user;
extern const OrchShape orch_shape_ip_address;
extern const OrchShape orch_shape_nameservers;
extern const OrchShape orch_shape_searches;
extern const OrchShape orch_shape_label_key;
extern const OrchShape orch_shape_label_key_or_empty;
extern const OrchShape orch_shape_label_values;
extern const OrchShape orch_shape_labels;
extern const OrchShape orch_shape_annotations;
extern const OrchShape orch_shape_api_v1;
extern const OrchShape orch_shape_os_name;
extern const OrchShape orch_shape_host_path_type;
extern const OrchShape orch_shape_selector_operator;
extern const OrchShape orch_shape_selinux_change_policy;
extern const OrchShape orch_shape_sysctls;
extern const OrchShape orch_shape_taint_effect_or_empty;
extern const OrchShape orch_shape_toleration_operator;
extern const OrchShape orch_shape_container_restart_policy;
extern const OrchShape orch_shape_dns_labels;
extern const OrchShape orch_shape_label_keys;
extern const OrchShape orch_shape_restart_action;
extern const OrchShape orch_shape_exit_code_operator;
extern const OrchShape orch_shape_token_lifetime;
extern const OrchShape orch_shape_resizable;
extern const OrchShape orch_shape_resize_restart;

/* ---- shapes_pod.c and shapes_volume.c: made by scripts/kube-shapes.py ---- */
extern const OrchShape orch_shape_aws_elastic_block_store_volume_source;
extern const OrchShape orch_shape_azure_disk_volume_source;
extern const OrchShape orch_shape_azure_file_volume_source;
extern const OrchShape orch_shape_config_map_projection;
extern const OrchShape orch_shape_config_map_volume_source;
extern const OrchShape orch_shape_container;
extern const OrchShape orch_shape_container_volume_devices;
extern const OrchShape orch_shape_container_volume_mounts;
extern const OrchShape orch_shape_empty_dir_volume_source;
extern const OrchShape orch_shape_fc_volume_source;
extern const OrchShape orch_shape_flocker_volume_source;
extern const OrchShape orch_shape_gce_persistent_disk_volume_source;
extern const OrchShape orch_shape_git_repo_volume_source;
extern const OrchShape orch_shape_glusterfs_volume_source;
extern const OrchShape orch_shape_host_path_volume_source;
extern const OrchShape orch_shape_http_header;
extern const OrchShape orch_shape_image_volume_source;
extern const OrchShape orch_shape_nfs_volume_source;
extern const OrchShape orch_shape_object_meta;
extern const OrchShape orch_shape_persistent_volume_claim_spec_access_modes;
extern const OrchShape orch_shape_persistent_volume_claim_spec_volume_mode;
extern const OrchShape orch_shape_persistent_volume_claim_volume_source;
extern const OrchShape orch_shape_photon_persistent_disk_volume_source;
extern const OrchShape orch_shape_pod_certificate_projection;
extern const OrchShape orch_shape_pod_security_context;
extern const OrchShape orch_shape_pod_spec;
extern const OrchShape orch_shape_pod_spec_tolerations;
extern const OrchShape orch_shape_portworx_volume_source;
extern const OrchShape orch_shape_probe;
extern const OrchShape orch_shape_quobyte_volume_source;
extern const OrchShape orch_shape_secret_projection;
extern const OrchShape orch_shape_secret_volume_source;
extern const OrchShape orch_shape_security_context;
extern const OrchShape orch_shape_service_account_token_projection;
extern const OrchShape orch_shape_typed_local_object_reference;
extern const OrchShape orch_shape_typed_object_reference;
extern const OrchShape orch_shape_volume_resource_requirements;
extern const OrchShape orch_shape_vsphere_virtual_disk_volume_source;

/* ---- shape_rules.c: what fields say together ---- */
extern void orch_rule_container(const JsonbValue *object, StringInfo place);
extern void orch_rule_environment_variable(const JsonbValue *object, StringInfo place);
extern void orch_rule_resources(const JsonbValue *object, StringInfo place);
extern void orch_rule_security_context(const JsonbValue *object, StringInfo place);
extern void orch_rule_seccomp_profile(const JsonbValue *object, StringInfo place);
extern void orch_rule_apparmor_profile(const JsonbValue *object, StringInfo place);
extern void orch_rule_toleration(const JsonbValue *object, StringInfo place);
extern void orch_rule_mount(const JsonbValue *object, StringInfo place);
extern void orch_rule_node_requirement(const JsonbValue *object, StringInfo place);
extern void orch_rule_claim_resources(const JsonbValue *object, StringInfo place);
extern void orch_rule_node_term(const JsonbValue *object, StringInfo place);
extern void orch_rule_spread(const JsonbValue *object, StringInfo place);
extern void orch_rule_label_requirement(const JsonbValue *object, StringInfo place);
extern void orch_rule_pod(const JsonbValue *object, StringInfo place);
extern void orch_rule_resource_field(const JsonbValue *object, StringInfo place);
extern void orch_rule_dns_config(const JsonbValue *object, StringInfo place);
