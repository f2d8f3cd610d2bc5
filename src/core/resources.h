/*
 * resources.h
 *	  The list of resources: the tables that people write.
 *
 * A table is a line here and nowhere else.  Its permission, row security, grants, audit,
 * generation, bounds, the types of owners in the inventory, and the views that go over all
 * of them are made of it; SQL sees it as resources().  Pure C: no server.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/*
 * R is a table with a permission of its own name, P one that the permission of another
 * guards.  In the order in which owners are planned: what others refer to comes first.
 *
 * singular	type of owner, and of resource in operation_logs; resources().called is it in words
 * scope	column that holds the namespace
 * part_of	table whose rows it is a part of: container_id of containers
 * title	column that names a row to people
 * secret	columns that nobody reads; logged by digest
 * unlogged	columns that are bookkeeping
 * apart	columns that are neither specification nor among ORCH_APART
 * bounds	bytes that a column may have where that is not 64 KiB
 * owner	a row becomes something in a cluster; the view rendered_<table> has what
 * asks_when	condition on the row x under which it does
 */
#define ORCH_RESOURCES(R, P) \
	R(clusters, "cluster", .title = "name", .secret = "encrypted_kubeconfig", .bounds = "encrypted_kubeconfig 1000000", \
	  .apart = "enabled max_in_flight takeover_requested usage_interval usage_observed_at usage_message server_version lease_holder") \
	R(namespaces, "namespace", .scope = "id", .title = "name", .owner = true, .apart = "service_accounts", .bounds = "annotations 300000") \
	R(config_maps, "config_map", .scope = "namespace_id", .title = "name", .owner = true, .bounds = "data 2500000 annotations 300000") \
	R(secrets, "secret", .scope = "namespace_id", .title = "name", .secret = "encrypted_data", .owner = true, \
	  .bounds = "encrypted_data 1500000 data_keys 1000000 annotations 300000") \
	R(registries, "registry", .scope = "namespace_id", .title = "name", .secret = "encrypted_password", .owner = true, \
	  .bounds = "server 512 username 4096") \
	R(volumes, "volume", .scope = "namespace_id", .title = "name", .owner = true, .asks_when = "x.volume_type = 'PVC'", .apart = "adopt_claim", \
	  .bounds = "host_path 4096") \
	/* who may make containers names their images */ \
	P(container_images, "containers", "container_image", .scope = "namespace_id", .title = "repository", .called = "image") \
	R(containers, "container", .scope = "namespace_id", .title = "name", .owner = true, \
	  .bounds = "annotations 300000 overrides 450000 init_containers 450000 command 1300000 args 1300000") \
	P(container_volumes, "containers", "container_volume", .scope = "namespace_id", .part_of = "containers", .title = "mount_path", \
	  .bounds = "mount_path 4096 sub_path 4096") \
	P(port_mappings, "containers", "port_mapping", .scope = "namespace_id", .part_of = "containers", .title = "name") \
	P(environment_variables, "containers", "environment_variable", .scope = "namespace_id", .part_of = "containers", .title = "name", \
	  .bounds = "value 131000") \
	P(container_probes, "containers", "container_probe", .scope = "namespace_id", .part_of = "containers", .title = "probe_type", \
	  .bounds = "command 131071") \
	R(routes, "route", .scope = "namespace_id", .title = "name", .owner = true, .apart = "addresses", .bounds = "annotations 300000") \
	R(users, "user", .title = "username") \
	R(roles, "role", .title = "name") \
	P(user_roles, "roles", "user_role") \
	P(user_secrets, "users", "user_secret", .title = "name", .secret = "encrypted_value", .bounds = "encrypted_value 1000000") \
	P(user_sessions, "users", "user_session", .secret = "token_id") \
	P(maintenance_steps, "monitoring", "maintenance_step", .title = "name", \
	  .unlogged = "next_run_at last_started_at last_finished_at last_result last_error failures") \
	P(alert_rules, "monitoring", "alert_rule", .title = "name") \
	P(alerts, "monitoring", "alert", .title = "rule", .unlogged = "breached_since cleared_since value_at_open peak_value last_value") \
	P(partition_policies, "audit", "partition_policy", .title = "table_name") \
	P(partition_actions, "audit", "partition_action", .title = "table_name")

/* columns that are no specification, whatever the table; nor are those that hold secrets, whose version is */
#define ORCH_APART "namespace_id id description generation observed_generation status status_reason status_message status_changed_at " \
	"ready_replicas observed_at search sealed_fingerprint created_at updated_at created_by"

/* permissions on what is no table of the list: read by functions, or written by nobody */
#define ORCH_OTHER_PERMISSIONS(R) \
	R(logs) \
	R(monitoring) \
	R(audit)

typedef enum OrchPermission
{
#define ORCH_OWN(relation, ...) ORCH_PERMISSION_##relation,
#define ORCH_NONE(...)
	ORCH_RESOURCES(ORCH_OWN, ORCH_NONE)
	ORCH_OTHER_PERMISSIONS(ORCH_OWN)
#undef ORCH_OWN
#undef ORCH_NONE
	ORCH_PERMISSION_COUNT
} OrchPermission;

typedef enum OrchResourceId
{
#define ORCH_ID(relation, ...) ORCH_RESOURCE_##relation,
	ORCH_RESOURCES(ORCH_ID, ORCH_ID)
#undef ORCH_ID
	ORCH_RESOURCE_LINES
} OrchResourceId;

/* what is not there is NULL; several names have a blank between them */
typedef struct OrchResource
{
	const char *relation;
	const char *permission;
	const char *singular;
	const char *scope;
	const char *part_of;
	const char *title;
	const char *called;
	const char *secret;
	const char *unlogged;
	const char *apart;
	const char *bounds;
	bool		owner;
	const char *asks_when;
} OrchResource;

extern const OrchResource orch_resources[ORCH_RESOURCE_LINES];
extern const char *const orch_permission_names[ORCH_PERMISSION_COUNT + 1];	/* NULL at the end */

extern const OrchResource *orch_resource_owner(const char *singular, size_t length);
