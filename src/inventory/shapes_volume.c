/*
 * shapes_volume.c
 *	  Shapes of the volumes of pods, as Kubernetes 1.36 knows them.
 *
 * Made by scripts/kube-shapes.py from an API server's OpenAPI: change that, not
 * this.
 */
#include "inventory/shapes.h"

static const OrchShape volume_device = {FIELDS({"devicePath", &orch_shape_string, true}, {"name", &orch_shape_any_text, true})};
const OrchShape orch_shape_container_volume_devices = {.type = ORCH_SHAPE_ARRAY, .element = &volume_device, .unique = KEYS("devicePath")};
static const OrchShape volume_mount_mount_propagation = CHOICE("Bidirectional", "HostToContainer", "None");
static const OrchShape volume_mount = {FIELDS({"mountPath", &orch_shape_string, true},
	{"mountPropagation", &volume_mount_mount_propagation, false}, {"name", &orch_shape_string, true}, {"readOnly", &orch_shape_boolean, false},
	{"recursiveReadOnly", &orch_shape_any_text, false}, {"subPath", &orch_shape_descending_path, false},
	{"subPathExpr", &orch_shape_descending_path, false}), .rule = orch_rule_mount};
const OrchShape orch_shape_container_volume_mounts = {.type = ORCH_SHAPE_ARRAY, .element = &volume_mount, .unique = KEYS("mountPath"),
	.merged = true};
const OrchShape orch_shape_aws_elastic_block_store_volume_source = {FIELDS({"fsType", &orch_shape_any_text, false},
	{"partition", &orch_shape_any_int32, false}, {"readOnly", &orch_shape_boolean, false}, {"volumeID", &orch_shape_string, true})};
static const OrchShape azure_disk_volume_source_caching_mode = CHOICE("None", "ReadOnly", "ReadWrite");
static const OrchShape azure_disk_volume_source_kind = CHOICE("Dedicated", "Managed", "Shared");
const OrchShape orch_shape_azure_disk_volume_source = {FIELDS({"cachingMode", &azure_disk_volume_source_caching_mode, false},
	{"diskName", &orch_shape_string, true}, {"diskURI", &orch_shape_string, true}, {"fsType", &orch_shape_any_text, false},
	{"kind", &azure_disk_volume_source_kind, false}, {"readOnly", &orch_shape_boolean, false})};
const OrchShape orch_shape_azure_file_volume_source = {FIELDS({"readOnly", &orch_shape_boolean, false}, {"secretName", &orch_shape_string, true},
	{"shareName", &orch_shape_string, true})};
static const OrchShape key_to_path = {FIELDS({"key", &orch_shape_string, true}, {"mode", &orch_shape_file_mode, false},
	{"path", &orch_shape_key_path, true})};
static const OrchShape config_map_volume_source_items = {.type = ORCH_SHAPE_ARRAY, .element = &key_to_path};
const OrchShape orch_shape_config_map_volume_source = {FIELDS({"defaultMode", &orch_shape_file_mode, false},
	{"items", &config_map_volume_source_items, false}, {"name", &orch_shape_string, true}, {"optional", &orch_shape_boolean, false})};
const OrchShape orch_shape_empty_dir_volume_source = {FIELDS({"medium", &orch_shape_any_text, false}, {"sizeLimit", &orch_shape_quantity, false})}
	;
static const OrchShape managed_fields_entry = {FIELDS({"apiVersion", &orch_shape_any_text, false}, {"fieldsType", &orch_shape_any_text, false},
	{"fieldsV1", &orch_shape_any_text, false}, {"manager", &orch_shape_any_text, false}, {"operation", &orch_shape_any_text, false},
	{"subresource", &orch_shape_any_text, false}, {"time", &orch_shape_any_text, false})};
static const OrchShape object_meta_managed_fields = {.type = ORCH_SHAPE_ARRAY, .element = &managed_fields_entry};
static const OrchShape owner_reference = {FIELDS({"apiVersion", &orch_shape_any_text, true}, {"blockOwnerDeletion", &orch_shape_boolean, false},
	{"controller", &orch_shape_boolean, false}, {"kind", &orch_shape_any_text, true}, {"name", &orch_shape_any_text, true},
	{"uid", &orch_shape_any_text, true})};
static const OrchShape object_meta_owner_references = {.type = ORCH_SHAPE_ARRAY, .element = &owner_reference, .unique = KEYS("uid")};
const OrchShape orch_shape_object_meta = {FIELDS({"annotations", &orch_shape_text_map, false}, {"creationTimestamp", &orch_shape_any_text, false},
	{"deletionGracePeriodSeconds", &orch_shape_any_integer, false}, {"deletionTimestamp", &orch_shape_any_text, false},
	{"finalizers", &orch_shape_texts, false}, {"generateName", &orch_shape_any_text, false}, {"generation", &orch_shape_any_integer, false},
	{"labels", &orch_shape_text_map, false}, {"managedFields", &object_meta_managed_fields, false}, {"name", &orch_shape_any_text, false},
	{"namespace", &orch_shape_any_text, false}, {"ownerReferences", &object_meta_owner_references, false},
	{"resourceVersion", &orch_shape_any_text, false}, {"selfLink", &orch_shape_any_text, false}, {"uid", &orch_shape_any_text, false})};
static const OrchShape persistent_volume_claim_spec_access_modes_element = CHOICE("ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce",
	"ReadWriteOncePod");
const OrchShape orch_shape_persistent_volume_claim_spec_access_modes = {.type = ORCH_SHAPE_ARRAY,
	.element = &persistent_volume_claim_spec_access_modes_element, .minimum = 1};
const OrchShape orch_shape_typed_local_object_reference = {FIELDS({"apiGroup", &orch_shape_any_text, false}, {"kind", &orch_shape_any_text, true},
	{"name", &orch_shape_any_text, true})};
const OrchShape orch_shape_typed_object_reference = {FIELDS({"apiGroup", &orch_shape_any_text, false}, {"kind", &orch_shape_any_text, true},
	{"name", &orch_shape_any_text, true}, {"namespace", &orch_shape_any_text, false})};
const OrchShape orch_shape_volume_resource_requirements = {FIELDS({"limits", &orch_shape_quantities, false},
	{"requests", &orch_shape_quantities, true}), .rule = orch_rule_claim_resources};
const OrchShape orch_shape_persistent_volume_claim_spec_volume_mode = CHOICE("Block", "Filesystem");
const OrchShape orch_shape_fc_volume_source = {FIELDS({"fsType", &orch_shape_any_text, false}, {"lun", &orch_shape_any_int32, false},
	{"readOnly", &orch_shape_boolean, false}, {"targetWWNs", &orch_shape_texts, false}, {"wwids", &orch_shape_texts, false})};
const OrchShape orch_shape_flocker_volume_source = {FIELDS({"datasetName", &orch_shape_any_text, false},
	{"datasetUUID", &orch_shape_any_text, false})};
const OrchShape orch_shape_gce_persistent_disk_volume_source = {FIELDS({"fsType", &orch_shape_any_text, false},
	{"partition", &orch_shape_any_int32, false}, {"pdName", &orch_shape_string, true}, {"readOnly", &orch_shape_boolean, false})};
const OrchShape orch_shape_git_repo_volume_source = {FIELDS({"directory", &orch_shape_any_text, false}, {"repository", &orch_shape_string, true},
	{"revision", &orch_shape_any_text, false})};
const OrchShape orch_shape_glusterfs_volume_source = {FIELDS({"endpoints", &orch_shape_string, true}, {"path", &orch_shape_string, true},
	{"readOnly", &orch_shape_boolean, false})};
const OrchShape orch_shape_host_path_volume_source = {FIELDS({"path", &orch_shape_no_backsteps, true}, {"type", &orch_shape_host_path_type, false}
	)};
static const OrchShape image_volume_source_pull_policy = CHOICE("Always", "IfNotPresent", "Never");
const OrchShape orch_shape_image_volume_source = {FIELDS({"pullPolicy", &image_volume_source_pull_policy, false},
	{"reference", &orch_shape_any_text, false})};
const OrchShape orch_shape_nfs_volume_source = {FIELDS({"path", &orch_shape_nfs_path, true}, {"readOnly", &orch_shape_boolean, false},
	{"server", &orch_shape_string, true})};
const OrchShape orch_shape_persistent_volume_claim_volume_source = {FIELDS({"claimName", &orch_shape_string, true},
	{"readOnly", &orch_shape_boolean, false})};
const OrchShape orch_shape_photon_persistent_disk_volume_source = {FIELDS({"fsType", &orch_shape_any_text, false},
	{"pdID", &orch_shape_string, true})};
const OrchShape orch_shape_portworx_volume_source = {FIELDS({"fsType", &orch_shape_any_text, false}, {"readOnly", &orch_shape_boolean, false},
	{"volumeID", &orch_shape_string, true})};
static const OrchShape config_map_projection_items = {.type = ORCH_SHAPE_ARRAY, .element = &key_to_path};
const OrchShape orch_shape_config_map_projection = {FIELDS({"items", &config_map_projection_items, false}, {"name", &orch_shape_string, true},
	{"optional", &orch_shape_boolean, false})};
const OrchShape orch_shape_pod_certificate_projection = {FIELDS({"certificateChainPath", &orch_shape_any_text, false},
	{"credentialBundlePath", &orch_shape_any_text, false}, {"keyPath", &orch_shape_any_text, false}, {"keyType", &orch_shape_any_text, true},
	{"maxExpirationSeconds", &orch_shape_any_int32, false}, {"signerName", &orch_shape_any_text, true},
	{"userAnnotations", &orch_shape_text_map, false})};
static const OrchShape secret_projection_items = {.type = ORCH_SHAPE_ARRAY, .element = &key_to_path};
const OrchShape orch_shape_secret_projection = {FIELDS({"items", &secret_projection_items, false}, {"name", &orch_shape_string, true},
	{"optional", &orch_shape_boolean, false})};
const OrchShape orch_shape_service_account_token_projection = {FIELDS({"audience", &orch_shape_any_text, false},
	{"expirationSeconds", &orch_shape_token_lifetime, false}, {"path", &orch_shape_key_path, true})};
const OrchShape orch_shape_quobyte_volume_source = {FIELDS({"group", &orch_shape_any_text, false}, {"readOnly", &orch_shape_boolean, false},
	{"registry", &orch_shape_string, true}, {"tenant", &orch_shape_any_text, false}, {"user", &orch_shape_any_text, false},
	{"volume", &orch_shape_string, true})};
static const OrchShape secret_volume_source_items = {.type = ORCH_SHAPE_ARRAY, .element = &key_to_path};
const OrchShape orch_shape_secret_volume_source = {FIELDS({"defaultMode", &orch_shape_file_mode, false},
	{"items", &secret_volume_source_items, false}, {"optional", &orch_shape_boolean, false}, {"secretName", &orch_shape_string, true})};
const OrchShape orch_shape_vsphere_virtual_disk_volume_source = {FIELDS({"fsType", &orch_shape_any_text, false},
	{"storagePolicyID", &orch_shape_any_text, false}, {"storagePolicyName", &orch_shape_any_text, false}, {"volumePath", &orch_shape_string, true})};
