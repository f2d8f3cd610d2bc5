/*
 * ours.c
 *	  What belongs to the platform: its two schemas, what is in them, and errors
 *	  that its C code raises.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "core/core.h"
#include "nodes/value.h"
#include "parser/parse_func.h"
#include "utils/lsyscache.h"

bool
orch_is_our_schema_name(const char *schema)
{
	return schema != NULL && (strcmp(schema, ORCH_SCHEMA) == 0 || strcmp(schema, ORCH_INTERNAL_SCHEMA) == 0);
}

bool
orch_is_our_schema(Oid schema)
{
	return OidIsValid(schema) &&
		(schema == get_namespace_oid(ORCH_SCHEMA, true) || schema == get_namespace_oid(ORCH_INTERNAL_SCHEMA, true));
}

bool
orch_is_our_relation(Oid relation)
{
	return OidIsValid(relation) && orch_is_our_schema(get_rel_namespace(relation));
}

/*
 * A function of the internal schema, or InvalidOid where the extension is not.
 */
Oid
orch_internal_function(const char *name, int count, Oid *types)
{
	return LookupFuncName(list_make2(makeString(pstrdup(ORCH_INTERNAL_SCHEMA)), makeString(pstrdup(name))), count, types, true);
}

bool
orch_is_raised_by_us(const ErrorData *error)
{
	return error->domain != NULL && strcmp(error->domain, TEXTDOMAIN) == 0;
}
