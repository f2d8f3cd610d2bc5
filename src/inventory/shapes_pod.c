/*
 * shapes_pod.c
 *	  Shapes of pods and their containers, as Kubernetes 1.36 knows them.
 *
 * Made by scripts/kube-shapes.py from an API server's OpenAPI: change that, not
 * this.
 */
#include "inventory/shapes.h"

static const OrchShape config_map_key_selector = {FIELDS({"key", &orch_shape_config_key, true}, {"name", &orch_shape_subdomain_name, true},
	{"optional", &orch_shape_boolean, false})};
static const OrchShape object_field_selector = {FIELDS({"apiVersion", &orch_shape_api_v1, false}, {"fieldPath", &orch_shape_pod_field, true})};
static const OrchShape resource_field_selector = {FIELDS({"containerName", &orch_shape_any_text, false}, {"divisor", &orch_shape_quantity, false},
	{"resource", &orch_shape_resource_field, true}), .rule = orch_rule_resource_field};
static const OrchShape secret_key_selector = {FIELDS({"key", &orch_shape_config_key, true}, {"name", &orch_shape_subdomain_name, true},
	{"optional", &orch_shape_boolean, false})};
static const OrchShape env_var_source = {FIELDS({"configMapKeyRef", &config_map_key_selector, false}, {"fieldRef", &object_field_selector, false},
	{"resourceFieldRef", &resource_field_selector, false}, {"secretKeyRef", &secret_key_selector, false}), ONE_OF("configMapKeyRef", "fieldRef",
	"resourceFieldRef", "secretKeyRef")};
static const OrchShape env_var = {FIELDS({"name", &orch_shape_relaxed_environment_name, true}, {"value", &orch_shape_any_text, false},
	{"valueFrom", &env_var_source, false}), .rule = orch_rule_environment_variable};
static const OrchShape container_env = {.type = ORCH_SHAPE_ARRAY, .element = &env_var, .unique = KEYS("name"), .merged = true};
static const OrchShape config_map_env_source = {FIELDS({"name", &orch_shape_subdomain_name, true}, {"optional", &orch_shape_boolean, false})};
static const OrchShape secret_env_source = {FIELDS({"name", &orch_shape_subdomain_name, true}, {"optional", &orch_shape_boolean, false})};
static const OrchShape env_from_source = {FIELDS({"configMapRef", &config_map_env_source, false},
	{"prefix", &orch_shape_environment_prefix, false}, {"secretRef", &secret_env_source, false}), ONE_OF("configMapRef", "secretRef")};
static const OrchShape container_env_from = {.type = ORCH_SHAPE_ARRAY, .element = &env_from_source};
static const OrchShape container_image_pull_policy = CHOICE("Always", "IfNotPresent", "Never");
static const OrchShape exec_action = {FIELDS({"command", &orch_shape_some_texts, true})};
const OrchShape orch_shape_http_header = {FIELDS({"name", &orch_shape_header_name, true}, {"value", &orch_shape_any_text, true})};
static const OrchShape http_get_action_http_headers = {.type = ORCH_SHAPE_ARRAY, .element = &orch_shape_http_header};
static const OrchShape http_get_action_scheme = CHOICE("HTTP", "HTTPS");
static const OrchShape http_get_action = {FIELDS({"host", &orch_shape_any_text, false}, {"httpHeaders", &http_get_action_http_headers, false},
	{"path", &orch_shape_any_text, false}, {"port", &orch_shape_port_or_name, true}, {"scheme", &http_get_action_scheme, false})};
static const OrchShape sleep_action = {FIELDS({"seconds", &orch_shape_from_zero, true})};
static const OrchShape tcp_socket_action = {FIELDS({"host", &orch_shape_any_text, false}, {"port", &orch_shape_port_or_name, true})};
static const OrchShape lifecycle_handler = {FIELDS({"exec", &exec_action, false}, {"httpGet", &http_get_action, false},
	{"sleep", &sleep_action, false}, {"tcpSocket", &tcp_socket_action, false}), ONE_OF("exec", "httpGet", "sleep", "tcpSocket")};
static const OrchShape lifecycle_stop_signal = CHOICE("SIGABRT", "SIGALRM", "SIGBUS", "SIGCHLD", "SIGCLD", "SIGCONT", "SIGFPE", "SIGHUP",
	"SIGILL", "SIGINT", "SIGIO", "SIGIOT", "SIGKILL", "SIGPIPE", "SIGPOLL", "SIGPROF", "SIGPWR", "SIGQUIT", "SIGRTMAX", "SIGRTMAX-1", "SIGRTMAX-10",
	"SIGRTMAX-11", "SIGRTMAX-12", "SIGRTMAX-13", "SIGRTMAX-14", "SIGRTMAX-2", "SIGRTMAX-3", "SIGRTMAX-4", "SIGRTMAX-5", "SIGRTMAX-6", "SIGRTMAX-7",
	"SIGRTMAX-8", "SIGRTMAX-9", "SIGRTMIN", "SIGRTMIN+1", "SIGRTMIN+10", "SIGRTMIN+11", "SIGRTMIN+12", "SIGRTMIN+13", "SIGRTMIN+14", "SIGRTMIN+15",
	"SIGRTMIN+2", "SIGRTMIN+3", "SIGRTMIN+4", "SIGRTMIN+5", "SIGRTMIN+6", "SIGRTMIN+7", "SIGRTMIN+8", "SIGRTMIN+9", "SIGSEGV", "SIGSTKFLT",
	"SIGSTOP", "SIGSYS", "SIGTERM", "SIGTRAP", "SIGTSTP", "SIGTTIN", "SIGTTOU", "SIGURG", "SIGUSR1", "SIGUSR2", "SIGVTALRM", "SIGWINCH", "SIGXCPU",
	"SIGXFSZ");
static const OrchShape lifecycle = {FIELDS({"postStart", &lifecycle_handler, false}, {"preStop", &lifecycle_handler, false},
	{"stopSignal", &lifecycle_stop_signal, false})};
static const OrchShape grpc_action = {FIELDS({"port", &orch_shape_port, true}, {"service", &orch_shape_any_text, false})};
const OrchShape orch_shape_probe = {FIELDS({"exec", &exec_action, false}, {"failureThreshold", &orch_shape_from_zero, false},
	{"grpc", &grpc_action, false}, {"httpGet", &http_get_action, false}, {"initialDelaySeconds", &orch_shape_from_zero, false},
	{"periodSeconds", &orch_shape_from_zero, false}, {"successThreshold", &orch_shape_from_zero, false}, {"tcpSocket", &tcp_socket_action, false},
	{"terminationGracePeriodSeconds", &orch_shape_from_one, false}, {"timeoutSeconds", &orch_shape_from_zero, false}), ONE_OF("exec", "grpc",
	"httpGet", "tcpSocket")};
static const OrchShape container_port_protocol = CHOICE("SCTP", "TCP", "UDP");
static const OrchShape container_port = {FIELDS({"containerPort", &orch_shape_port, true}, {"hostIP", &orch_shape_any_text, false},
	{"hostPort", &orch_shape_port_or_zero, false}, {"name", &orch_shape_port_name, false}, {"protocol", &container_port_protocol, false})};
static const OrchShape container_ports = {.type = ORCH_SHAPE_ARRAY, .element = &container_port, .unique = KEYS("containerPort", "protocol")};
static const OrchShape container_resize_policy = {FIELDS({"resourceName", &orch_shape_resizable, true},
	{"restartPolicy", &orch_shape_resize_restart, true})};
static const OrchShape resource_claim = {FIELDS({"name", &orch_shape_dns_label, true}, {"request", &orch_shape_any_text, false})};
static const OrchShape resource_requirements_claims = {.type = ORCH_SHAPE_ARRAY, .element = &resource_claim, .unique = KEYS("name")};
static const OrchShape resource_requirements = {FIELDS({"claims", &resource_requirements_claims, false},
	{"limits", &orch_shape_quantities, false}, {"requests", &orch_shape_quantities, false}), .rule = orch_rule_resources};
static const OrchShape container_restart_rule_on_exit_codes_values = {.type = ORCH_SHAPE_ARRAY, .element = &orch_shape_any_int32};
static const OrchShape container_restart_rule_on_exit_codes = {FIELDS({"operator", &orch_shape_exit_code_operator, true},
	{"values", &container_restart_rule_on_exit_codes_values, false})};
static const OrchShape container_restart_rule = {FIELDS({"action", &orch_shape_restart_action, true},
	{"exitCodes", &container_restart_rule_on_exit_codes, true})};
static const OrchShape container_restart_policy_rules = {.type = ORCH_SHAPE_ARRAY, .element = &container_restart_rule};
static const OrchShape app_armor_profile_type = CHOICE("Localhost", "RuntimeDefault", "Unconfined");
static const OrchShape app_armor_profile = {FIELDS({"localhostProfile", &orch_shape_any_text, false}, {"type", &app_armor_profile_type, true}),
	.rule = orch_rule_apparmor_profile};
static const OrchShape capabilities = {FIELDS({"add", &orch_shape_texts, false}, {"drop", &orch_shape_texts, false})};
static const OrchShape security_context_proc_mount = CHOICE("Default", "Unmasked");
static const OrchShape se_linux_options = {FIELDS({"level", &orch_shape_any_text, false}, {"role", &orch_shape_any_text, false},
	{"type", &orch_shape_any_text, false}, {"user", &orch_shape_any_text, false})};
static const OrchShape seccomp_profile_type = CHOICE("Localhost", "RuntimeDefault", "Unconfined");
static const OrchShape seccomp_profile = {FIELDS({"localhostProfile", &orch_shape_any_text, false}, {"type", &seccomp_profile_type, true}),
	.rule = orch_rule_seccomp_profile};
static const OrchShape windows_security_context_options = {FIELDS({"gmsaCredentialSpec", &orch_shape_string, false},
	{"gmsaCredentialSpecName", &orch_shape_subdomain_name, false}, {"hostProcess", &orch_shape_boolean, false},
	{"runAsUserName", &orch_shape_windows_user, false})};
const OrchShape orch_shape_security_context = {FIELDS({"allowPrivilegeEscalation", &orch_shape_boolean, false},
	{"appArmorProfile", &app_armor_profile, false}, {"capabilities", &capabilities, false}, {"privileged", &orch_shape_boolean, false},
	{"procMount", &security_context_proc_mount, false}, {"readOnlyRootFilesystem", &orch_shape_boolean, false},
	{"runAsGroup", &orch_shape_numeric_id, false}, {"runAsNonRoot", &orch_shape_boolean, false}, {"runAsUser", &orch_shape_numeric_id, false},
	{"seLinuxOptions", &se_linux_options, false}, {"seccompProfile", &seccomp_profile, false},
	{"windowsOptions", &windows_security_context_options, false}), .rule = orch_rule_security_context, REFUSED(ORCH_NOT_OF_A_CONTAINER_CONTEXT)};
static const OrchShape container_termination_message_policy = CHOICE("FallbackToLogsOnError", "File");
const OrchShape orch_shape_container = {FIELDS({"args", &orch_shape_texts, false}, {"command", &orch_shape_texts, false},
	{"env", &container_env, false}, {"envFrom", &container_env_from, false}, {"image", &orch_shape_image, true},
	{"imagePullPolicy", &container_image_pull_policy, false}, {"lifecycle", &lifecycle, false}, {"livenessProbe", &orch_shape_probe, false},
	{"name", &orch_shape_dns_label, true}, {"ports", &container_ports, false}, {"readinessProbe", &orch_shape_probe, false},
	{"resizePolicy", &container_resize_policy, false}, {"resources", &resource_requirements, false},
	{"restartPolicy", &orch_shape_container_restart_policy, false}, {"restartPolicyRules", &container_restart_policy_rules, false},
	{"securityContext", &orch_shape_security_context, false}, {"startupProbe", &orch_shape_probe, false}, {"stdin", &orch_shape_boolean, false},
	{"stdinOnce", &orch_shape_boolean, false}, {"terminationMessagePath", &orch_shape_any_text, false},
	{"terminationMessagePolicy", &container_termination_message_policy, false}, {"tty", &orch_shape_boolean, false},
	{"volumeDevices", &orch_shape_container_volume_devices, false}, {"volumeMounts", &orch_shape_container_volume_mounts, false},
	{"workingDir", &orch_shape_any_text, false}), .rule = orch_rule_container};
static const OrchShape node_selector_requirement_operator = CHOICE("DoesNotExist", "Exists", "Gt", "In", "Lt", "NotIn");
static const OrchShape node_selector_requirement = {FIELDS({"key", &orch_shape_label_key, true},
	{"operator", &node_selector_requirement_operator, true}, {"values", &orch_shape_label_values, false}), .rule = orch_rule_node_requirement};
static const OrchShape node_selector_term_match_expressions = {.type = ORCH_SHAPE_ARRAY, .element = &node_selector_requirement};
static const OrchShape node_selector_term_match_fields = {.type = ORCH_SHAPE_ARRAY, .element = &node_selector_requirement};
static const OrchShape node_selector_term = {FIELDS({"matchExpressions", &node_selector_term_match_expressions, false},
	{"matchFields", &node_selector_term_match_fields, false}), .rule = orch_rule_node_term};
static const OrchShape preferred_scheduling_term = {FIELDS({"preference", &node_selector_term, true}, {"weight", &orch_shape_weight, true})};
static const OrchShape node_affinity_preferred_during_scheduling_ignored_during_execution = {.type = ORCH_SHAPE_ARRAY,
	.element = &preferred_scheduling_term};
static const OrchShape node_selector_node_selector_terms = {.type = ORCH_SHAPE_ARRAY, .element = &node_selector_term, .minimum = 1};
static const OrchShape node_selector = {FIELDS({"nodeSelectorTerms", &node_selector_node_selector_terms, true})};
static const OrchShape node_affinity = {FIELDS(
	{"preferredDuringSchedulingIgnoredDuringExecution", &node_affinity_preferred_during_scheduling_ignored_during_execution, false},
	{"requiredDuringSchedulingIgnoredDuringExecution", &node_selector, false})};
static const OrchShape label_selector_requirement = {FIELDS({"key", &orch_shape_label_key, true},
	{"operator", &orch_shape_selector_operator, true}, {"values", &orch_shape_label_values, false}), .rule = orch_rule_label_requirement};
static const OrchShape label_selector_match_expressions = {.type = ORCH_SHAPE_ARRAY, .element = &label_selector_requirement};
static const OrchShape label_selector = {FIELDS({"matchExpressions", &label_selector_match_expressions, false},
	{"matchLabels", &orch_shape_labels, false})};
static const OrchShape pod_affinity_term = {FIELDS({"labelSelector", &label_selector, false}, {"matchLabelKeys", &orch_shape_label_keys, false},
	{"mismatchLabelKeys", &orch_shape_label_keys, false}, {"namespaceSelector", &label_selector, false},
	{"namespaces", &orch_shape_dns_labels, false}, {"topologyKey", &orch_shape_label_key, true})};
static const OrchShape weighted_pod_affinity_term = {FIELDS({"podAffinityTerm", &pod_affinity_term, true}, {"weight", &orch_shape_weight, true})};
static const OrchShape pod_affinity_preferred_during_scheduling_ignored_during_execution = {.type = ORCH_SHAPE_ARRAY,
	.element = &weighted_pod_affinity_term};
static const OrchShape pod_affinity_required_during_scheduling_ignored_during_execution = {.type = ORCH_SHAPE_ARRAY, .element = &pod_affinity_term
	};
static const OrchShape pod_affinity = {FIELDS(
	{"preferredDuringSchedulingIgnoredDuringExecution", &pod_affinity_preferred_during_scheduling_ignored_during_execution, false},
	{"requiredDuringSchedulingIgnoredDuringExecution", &pod_affinity_required_during_scheduling_ignored_during_execution, false})};
static const OrchShape pod_anti_affinity_preferred_during_scheduling_ignored_during_execution = {.type = ORCH_SHAPE_ARRAY,
	.element = &weighted_pod_affinity_term};
static const OrchShape pod_anti_affinity_required_during_scheduling_ignored_during_execution = {.type = ORCH_SHAPE_ARRAY,
	.element = &pod_affinity_term};
static const OrchShape pod_anti_affinity = {FIELDS(
	{"preferredDuringSchedulingIgnoredDuringExecution", &pod_anti_affinity_preferred_during_scheduling_ignored_during_execution, false},
	{"requiredDuringSchedulingIgnoredDuringExecution", &pod_anti_affinity_required_during_scheduling_ignored_during_execution, false})};
static const OrchShape affinity = {FIELDS({"nodeAffinity", &node_affinity, false}, {"podAffinity", &pod_affinity, false},
	{"podAntiAffinity", &pod_anti_affinity, false})};
static const OrchShape pod_spec_containers = {.type = ORCH_SHAPE_ARRAY, .element = &orch_shape_container, .unique = KEYS("name"), .merged = true};
static const OrchShape pod_dns_config_option = {FIELDS({"name", &orch_shape_string, true}, {"value", &orch_shape_any_text, false})};
static const OrchShape pod_dns_config_options = {.type = ORCH_SHAPE_ARRAY, .element = &pod_dns_config_option};
static const OrchShape pod_dns_config = {FIELDS({"nameservers", &orch_shape_nameservers, false}, {"options", &pod_dns_config_options, false},
	{"searches", &orch_shape_searches, false}), .rule = orch_rule_dns_config};
static const OrchShape pod_spec_dns_policy = CHOICE("ClusterFirst", "ClusterFirstWithHostNet", "Default", "None");
static const OrchShape host_alias = {FIELDS({"hostnames", &orch_shape_subdomain_names, false}, {"ip", &orch_shape_ip_address, true})};
static const OrchShape pod_spec_host_aliases = {.type = ORCH_SHAPE_ARRAY, .element = &host_alias, .unique = KEYS("ip")};
static const OrchShape local_object_reference = {FIELDS({"name", &orch_shape_any_text, false})};
static const OrchShape pod_spec_image_pull_secrets = {.type = ORCH_SHAPE_ARRAY, .element = &local_object_reference, .unique = KEYS("name"),
	.merged = true};
static const OrchShape pod_spec_init_containers = {.type = ORCH_SHAPE_ARRAY, .element = &orch_shape_container, .unique = KEYS("name"),
	.merged = true};
static const OrchShape pod_os = {FIELDS({"name", &orch_shape_os_name, true})};
static const OrchShape pod_spec_preemption_policy = CHOICE("Never", "PreemptLowerPriority");
static const OrchShape pod_readiness_gate = {FIELDS({"conditionType", &orch_shape_label_key, true})};
static const OrchShape pod_spec_readiness_gates = {.type = ORCH_SHAPE_ARRAY, .element = &pod_readiness_gate};
static const OrchShape pod_resource_claim = {FIELDS({"name", &orch_shape_dns_label, true},
	{"resourceClaimName", &orch_shape_subdomain_name, false}, {"resourceClaimTemplateName", &orch_shape_subdomain_name, false}),
	ONE_OF("resourceClaimName", "resourceClaimTemplateName")};
static const OrchShape pod_spec_resource_claims = {.type = ORCH_SHAPE_ARRAY, .element = &pod_resource_claim, .unique = KEYS("name")};
static const OrchShape pod_spec_restart_policy = CHOICE("Always", "Never", "OnFailure");
static const OrchShape pod_scheduling_gate = {FIELDS({"name", &orch_shape_label_key, true})};
static const OrchShape pod_spec_scheduling_gates = {.type = ORCH_SHAPE_ARRAY, .element = &pod_scheduling_gate, .unique = KEYS("name")};
static const OrchShape pod_security_context_fs_group_change_policy = CHOICE("Always", "OnRootMismatch");
static const OrchShape pod_security_context_supplemental_groups_policy = CHOICE("Merge", "Strict");
const OrchShape orch_shape_pod_security_context = {FIELDS({"appArmorProfile", &app_armor_profile, false},
	{"fsGroup", &orch_shape_numeric_id, false}, {"fsGroupChangePolicy", &pod_security_context_fs_group_change_policy, false},
	{"runAsGroup", &orch_shape_numeric_id, false}, {"runAsNonRoot", &orch_shape_boolean, false}, {"runAsUser", &orch_shape_numeric_id, false},
	{"seLinuxChangePolicy", &orch_shape_selinux_change_policy, false}, {"seLinuxOptions", &se_linux_options, false},
	{"seccompProfile", &seccomp_profile, false}, {"supplementalGroups", &orch_shape_numeric_ids, false},
	{"supplementalGroupsPolicy", &pod_security_context_supplemental_groups_policy, false}, {"sysctls", &orch_shape_sysctls, false},
	{"windowsOptions", &windows_security_context_options, false}), REFUSED(ORCH_NOT_OF_A_POD_CONTEXT)};
static const OrchShape toleration = {FIELDS({"effect", &orch_shape_taint_effect_or_empty, false}, {"key", &orch_shape_label_key_or_empty, false},
	{"operator", &orch_shape_toleration_operator, false}, {"tolerationSeconds", &orch_shape_any_integer, false},
	{"value", &orch_shape_any_text, false}), .rule = orch_rule_toleration};
const OrchShape orch_shape_pod_spec_tolerations = {.type = ORCH_SHAPE_ARRAY, .element = &toleration};
static const OrchShape topology_spread_constraint_node_affinity_policy = CHOICE("Honor", "Ignore");
static const OrchShape topology_spread_constraint_node_taints_policy = CHOICE("Honor", "Ignore");
static const OrchShape topology_spread_constraint_when_unsatisfiable = CHOICE("DoNotSchedule", "ScheduleAnyway");
static const OrchShape topology_spread_constraint = {FIELDS({"labelSelector", &label_selector, false},
	{"matchLabelKeys", &orch_shape_label_keys, false}, {"maxSkew", &orch_shape_from_one, true}, {"minDomains", &orch_shape_from_one, false},
	{"nodeAffinityPolicy", &topology_spread_constraint_node_affinity_policy, false},
	{"nodeTaintsPolicy", &topology_spread_constraint_node_taints_policy, false}, {"topologyKey", &orch_shape_label_key, true},
	{"whenUnsatisfiable", &topology_spread_constraint_when_unsatisfiable, true}), .rule = orch_rule_spread};
static const OrchShape pod_spec_topology_spread_constraints = {.type = ORCH_SHAPE_ARRAY, .element = &topology_spread_constraint,
	.unique = KEYS("topologyKey", "whenUnsatisfiable")};
static const OrchShape ceph_fs_volume_source = {FIELDS({"monitors", &orch_shape_texts, true}, {"path", &orch_shape_any_text, false},
	{"readOnly", &orch_shape_boolean, false}, {"secretFile", &orch_shape_any_text, false}, {"secretRef", &local_object_reference, false},
	{"user", &orch_shape_any_text, false})};
static const OrchShape cinder_volume_source = {FIELDS({"fsType", &orch_shape_any_text, false}, {"readOnly", &orch_shape_boolean, false},
	{"secretRef", &local_object_reference, false}, {"volumeID", &orch_shape_string, true})};
static const OrchShape csi_volume_source = {FIELDS({"driver", &orch_shape_subdomain_name, true}, {"fsType", &orch_shape_any_text, false},
	{"nodePublishSecretRef", &local_object_reference, false}, {"readOnly", &orch_shape_boolean, false},
	{"volumeAttributes", &orch_shape_text_map, false})};
static const OrchShape downward_api_volume_file = {FIELDS({"fieldRef", &object_field_selector, false}, {"mode", &orch_shape_file_mode, false},
	{"path", &orch_shape_key_path, true}, {"resourceFieldRef", &resource_field_selector, false}), ONE_OF("fieldRef", "resourceFieldRef")};
static const OrchShape downward_api_volume_source_items = {.type = ORCH_SHAPE_ARRAY, .element = &downward_api_volume_file};
static const OrchShape downward_api_volume_source = {FIELDS({"defaultMode", &orch_shape_file_mode, false},
	{"items", &downward_api_volume_source_items, false})};
static const OrchShape persistent_volume_claim_spec = {FIELDS({"accessModes", &orch_shape_persistent_volume_claim_spec_access_modes, true},
	{"dataSource", &orch_shape_typed_local_object_reference, false}, {"dataSourceRef", &orch_shape_typed_object_reference, false},
	{"resources", &orch_shape_volume_resource_requirements, true}, {"selector", &label_selector, false},
	{"storageClassName", &orch_shape_any_text, false}, {"volumeAttributesClassName", &orch_shape_any_text, false},
	{"volumeMode", &orch_shape_persistent_volume_claim_spec_volume_mode, false}, {"volumeName", &orch_shape_any_text, false})};
static const OrchShape persistent_volume_claim_template = {FIELDS({"metadata", &orch_shape_object_meta, false},
	{"spec", &persistent_volume_claim_spec, true})};
static const OrchShape ephemeral_volume_source = {FIELDS({"volumeClaimTemplate", &persistent_volume_claim_template, true})};
static const OrchShape flex_volume_source = {FIELDS({"driver", &orch_shape_string, true}, {"fsType", &orch_shape_any_text, false},
	{"options", &orch_shape_text_map, false}, {"readOnly", &orch_shape_boolean, false}, {"secretRef", &local_object_reference, false})};
static const OrchShape iscsi_volume_source = {FIELDS({"chapAuthDiscovery", &orch_shape_boolean, false},
	{"chapAuthSession", &orch_shape_boolean, false}, {"fsType", &orch_shape_any_text, false}, {"initiatorName", &orch_shape_any_text, false},
	{"iqn", &orch_shape_string, true}, {"iscsiInterface", &orch_shape_any_text, false}, {"lun", &orch_shape_any_int32, true},
	{"portals", &orch_shape_texts, false}, {"readOnly", &orch_shape_boolean, false}, {"secretRef", &local_object_reference, false},
	{"targetPortal", &orch_shape_string, true})};
static const OrchShape cluster_trust_bundle_projection = {FIELDS({"labelSelector", &label_selector, false}, {"name", &orch_shape_any_text, false},
	{"optional", &orch_shape_boolean, false}, {"path", &orch_shape_any_text, true}, {"signerName", &orch_shape_any_text, false})};
static const OrchShape downward_api_projection_items = {.type = ORCH_SHAPE_ARRAY, .element = &downward_api_volume_file};
static const OrchShape downward_api_projection = {FIELDS({"items", &downward_api_projection_items, false})};
static const OrchShape volume_projection = {FIELDS({"clusterTrustBundle", &cluster_trust_bundle_projection, false},
	{"configMap", &orch_shape_config_map_projection, false}, {"downwardAPI", &downward_api_projection, false},
	{"podCertificate", &orch_shape_pod_certificate_projection, false}, {"secret", &orch_shape_secret_projection, false},
	{"serviceAccountToken", &orch_shape_service_account_token_projection, false}), ONE_OF("clusterTrustBundle", "configMap", "downwardAPI",
	"podCertificate", "secret", "serviceAccountToken"), .or_none = true};
static const OrchShape projected_volume_source_sources = {.type = ORCH_SHAPE_ARRAY, .element = &volume_projection};
static const OrchShape projected_volume_source = {FIELDS({"defaultMode", &orch_shape_file_mode, false},
	{"sources", &projected_volume_source_sources, false})};
static const OrchShape rbd_volume_source = {FIELDS({"fsType", &orch_shape_any_text, false}, {"image", &orch_shape_string, true},
	{"keyring", &orch_shape_any_text, false}, {"monitors", &orch_shape_texts, true}, {"pool", &orch_shape_any_text, false},
	{"readOnly", &orch_shape_boolean, false}, {"secretRef", &local_object_reference, false}, {"user", &orch_shape_any_text, false})};
static const OrchShape scale_io_volume_source = {FIELDS({"fsType", &orch_shape_any_text, false}, {"gateway", &orch_shape_string, true},
	{"protectionDomain", &orch_shape_any_text, false}, {"readOnly", &orch_shape_boolean, false}, {"secretRef", &local_object_reference, true},
	{"sslEnabled", &orch_shape_boolean, false}, {"storageMode", &orch_shape_any_text, false}, {"storagePool", &orch_shape_any_text, false},
	{"system", &orch_shape_string, true}, {"volumeName", &orch_shape_any_text, false})};
static const OrchShape storage_os_volume_source = {FIELDS({"fsType", &orch_shape_any_text, false}, {"readOnly", &orch_shape_boolean, false},
	{"secretRef", &local_object_reference, false}, {"volumeName", &orch_shape_any_text, false}, {"volumeNamespace", &orch_shape_any_text, false})};
static const OrchShape volume = {FIELDS({"awsElasticBlockStore", &orch_shape_aws_elastic_block_store_volume_source, false},
	{"azureDisk", &orch_shape_azure_disk_volume_source, false}, {"azureFile", &orch_shape_azure_file_volume_source, false},
	{"cephfs", &ceph_fs_volume_source, false}, {"cinder", &cinder_volume_source, false}, {"configMap", &orch_shape_config_map_volume_source, false},
	{"csi", &csi_volume_source, false}, {"downwardAPI", &downward_api_volume_source, false},
	{"emptyDir", &orch_shape_empty_dir_volume_source, false}, {"ephemeral", &ephemeral_volume_source, false},
	{"fc", &orch_shape_fc_volume_source, false}, {"flexVolume", &flex_volume_source, false}, {"flocker", &orch_shape_flocker_volume_source, false},
	{"gcePersistentDisk", &orch_shape_gce_persistent_disk_volume_source, false}, {"gitRepo", &orch_shape_git_repo_volume_source, false},
	{"glusterfs", &orch_shape_glusterfs_volume_source, false}, {"hostPath", &orch_shape_host_path_volume_source, false},
	{"image", &orch_shape_image_volume_source, false}, {"iscsi", &iscsi_volume_source, false}, {"name", &orch_shape_dns_label, true},
	{"nfs", &orch_shape_nfs_volume_source, false}, {"persistentVolumeClaim", &orch_shape_persistent_volume_claim_volume_source, false},
	{"photonPersistentDisk", &orch_shape_photon_persistent_disk_volume_source, false}, {"portworxVolume", &orch_shape_portworx_volume_source, false},
	{"projected", &projected_volume_source, false}, {"quobyte", &orch_shape_quobyte_volume_source, false}, {"rbd", &rbd_volume_source, false},
	{"scaleIO", &scale_io_volume_source, false}, {"secret", &orch_shape_secret_volume_source, false},
	{"storageos", &storage_os_volume_source, false}, {"vsphereVolume", &orch_shape_vsphere_virtual_disk_volume_source, false}),
	ONE_OF("awsElasticBlockStore", "azureDisk", "azureFile", "cephfs", "cinder", "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "fc",
	"flexVolume", "flocker", "gcePersistentDisk", "gitRepo", "glusterfs", "hostPath", "image", "iscsi", "nfs", "persistentVolumeClaim",
	"photonPersistentDisk", "portworxVolume", "projected", "quobyte", "rbd", "scaleIO", "secret", "storageos", "vsphereVolume"), .or_none = true};
static const OrchShape pod_spec_volumes = {.type = ORCH_SHAPE_ARRAY, .element = &volume, .unique = KEYS("name"), .merged = true};
const OrchShape orch_shape_pod_spec = {FIELDS({"activeDeadlineSeconds", &orch_shape_from_one, false}, {"affinity", &affinity, false},
	{"automountServiceAccountToken", &orch_shape_boolean, false}, {"containers", &pod_spec_containers, true}, {"dnsConfig", &pod_dns_config, false},
	{"dnsPolicy", &pod_spec_dns_policy, false}, {"enableServiceLinks", &orch_shape_boolean, false}, {"hostAliases", &pod_spec_host_aliases, false},
	{"hostIPC", &orch_shape_boolean, false}, {"hostNetwork", &orch_shape_boolean, false}, {"hostPID", &orch_shape_boolean, false},
	{"hostUsers", &orch_shape_boolean, false}, {"hostname", &orch_shape_dns_label, false}, {"imagePullSecrets", &pod_spec_image_pull_secrets, false},
	{"initContainers", &pod_spec_init_containers, false}, {"nodeName", &orch_shape_subdomain_name, false},
	{"nodeSelector", &orch_shape_labels, false}, {"os", &pod_os, false}, {"preemptionPolicy", &pod_spec_preemption_policy, false},
	{"priority", &orch_shape_any_int32, false}, {"priorityClassName", &orch_shape_subdomain_name, false},
	{"readinessGates", &pod_spec_readiness_gates, false}, {"resourceClaims", &pod_spec_resource_claims, false},
	{"restartPolicy", &pod_spec_restart_policy, false}, {"runtimeClassName", &orch_shape_subdomain_name, false},
	{"schedulerName", &orch_shape_any_text, false}, {"schedulingGates", &pod_spec_scheduling_gates, false},
	{"securityContext", &orch_shape_pod_security_context, false}, {"serviceAccount", &orch_shape_subdomain_name, false},
	{"serviceAccountName", &orch_shape_subdomain_name, false}, {"setHostnameAsFQDN", &orch_shape_boolean, false},
	{"shareProcessNamespace", &orch_shape_boolean, false}, {"subdomain", &orch_shape_dns_label, false},
	{"terminationGracePeriodSeconds", &orch_shape_from_zero, false}, {"tolerations", &orch_shape_pod_spec_tolerations, false},
	{"topologySpreadConstraints", &pod_spec_topology_spread_constraints, false}, {"volumes", &pod_spec_volumes, false}), .rule = orch_rule_pod,
	REFUSED(ORCH_NOT_OF_A_POD)};
