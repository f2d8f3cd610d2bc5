/*
 * claims.c
 *	  Writes who has a name or a node port, for the rules that let only one have it.
 *
 * As the owner of the table that is written, like everything that triggers write: what
 * somebody puts on a table of his must not run with the rights of the extension.  The
 * unique index makes the second one wait for the first; the rule then looks who has it.
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "core/compat.h"
#include "core/core.h"
#include "core/rows.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#define MAX_PARAMETERS 7

typedef struct Claim
{
	const char *table;
	const char *statements[2];
	int			count;			/* of parameters */
	Oid			types[MAX_PARAMETERS];
	void	   *plans[2];
} Claim;

static Claim names = {
	"object_names",
	{
		"DELETE FROM orchestration_internal.object_names o USING unnest($3, $4) k (namespace_id, owner_id)"
		" WHERE o.namespace_id = k.namespace_id AND o.owner_type = $2 AND o.owner_id = k.owner_id AND o.kind = $1"
		" AND NOT EXISTS (SELECT FROM unnest($5, $6, $7) w (namespace_id, owner_id, name)"
		" WHERE w.namespace_id = o.namespace_id AND w.owner_id = o.owner_id AND w.name = o.name)",
		"INSERT INTO orchestration_internal.object_names (namespace_id, kind, name, owner_type, owner_id)"
		" SELECT w.namespace_id, $1, w.name, $2, w.owner_id FROM unnest($5, $6, $7) w (namespace_id, owner_id, name)"
		" WHERE $3 IS NOT NULL AND $4 IS NOT NULL ORDER BY 1, 3 ON CONFLICT (namespace_id, kind, name) DO NOTHING"
	},
	7,
	{TEXTOID, TEXTOID, INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, TEXTARRAYOID}
};

static Claim node_ports = {
	"node_ports",
	{
		"DELETE FROM orchestration_internal.node_ports o USING unnest($1, $2) k (namespace_id, container_id)"
		" WHERE o.namespace_id = k.namespace_id AND o.container_id = k.container_id"
		" AND NOT EXISTS (SELECT FROM unnest($3, $4, $5, $6, $7) w (cluster_id, node_port, namespace_id, container_id, service_type)"
		" WHERE w.cluster_id = o.cluster_id AND w.node_port = o.node_port AND w.namespace_id = o.namespace_id"
		" AND w.container_id = o.container_id AND w.service_type = o.service_type)",
		"INSERT INTO orchestration_internal.node_ports (cluster_id, node_port, namespace_id, container_id, service_type)"
		" SELECT w.* FROM unnest($3, $4, $5, $6, $7) w"
		" WHERE $1 IS NOT NULL AND $2 IS NOT NULL ORDER BY 1, 2 ON CONFLICT (cluster_id, node_port) DO NOTHING"
	},
	7,
	{INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, INT4ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, TEXTARRAYOID}
};

static void
take(Claim *claim, FunctionCallInfo fcinfo)
{
	Relation	rel = table_open(get_relname_relid(claim->table, get_namespace_oid(ORCH_INTERNAL_SCHEMA, false)), RowExclusiveLock);
	Datum		values[MAX_PARAMETERS];
	OrchOwnerContext owner;

	for (int i = 0; i < claim->count; i++)
		values[i] = PG_GETARG_DATUM(i);
	orch_owner_begin(&owner, rel);
	for (int i = 0; i < lengthof(claim->statements); i++)
	{
		orch_owner_prepare(&claim->plans[i], claim->statements[i], claim->count, claim->types);
		(void) orch_owner_execute(claim->plans[i], values);
	}
	orch_owner_end(&owner);
	table_close(rel, NoLock);
}

ORCH_FUNCTION(orch_take_names);

/*
 * take_names(kind, owner_type, namespaces, owners, wanted namespaces, owners and names)
 */
Datum
orch_take_names(PG_FUNCTION_ARGS)
{
	take(&names, fcinfo);
	PG_RETURN_VOID();
}

ORCH_FUNCTION(orch_take_node_ports);

/*
 * take_node_ports(namespaces, containers, wanted clusters, ports, namespaces, containers and types)
 */
Datum
orch_take_node_ports(PG_FUNCTION_ARGS)
{
	take(&node_ports, fcinfo);
	PG_RETURN_VOID();
}
