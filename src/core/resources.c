/*
 * resources.c
 *	  The list of resources as data, and which of them are owners.
 */
#include "core/resources.h"

#include <string.h>

const OrchResource orch_resources[ORCH_RESOURCE_LINES] = {
#define ORCH_OWN(table, of_singular, ...) {.relation = #table, .permission = #table, .singular = of_singular, __VA_ARGS__},
#define ORCH_GUARDED(table, by, of_singular, ...) {.relation = #table, .permission = by, .singular = of_singular, __VA_ARGS__},
	ORCH_RESOURCES(ORCH_OWN, ORCH_GUARDED)
#undef ORCH_OWN
#undef ORCH_GUARDED
};

const char *const orch_permission_names[ORCH_PERMISSION_COUNT + 1] = {
#define ORCH_NAME(permission, ...) #permission,
#define ORCH_NONE(...)
	ORCH_RESOURCES(ORCH_NAME, ORCH_NONE)
	ORCH_OTHER_PERMISSIONS(ORCH_NAME)
#undef ORCH_NAME
#undef ORCH_NONE
	NULL
};

/*
 * The resource whose rows become objects in clusters and are called so; NULL when there
 * is none.
 */
const OrchResource *
orch_resource_owner(const char *singular, size_t length)
{
	for (int i = 0; i < ORCH_RESOURCE_LINES; i++)
	{
		const OrchResource *resource = &orch_resources[i];

		if (resource->owner && strlen(resource->singular) == length && memcmp(resource->singular, singular, length) == 0)
			return resource;
	}
	return NULL;
}
