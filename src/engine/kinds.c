/*
 * kinds.c
 *	  What follows from the list of kinds: names, versions and paths.
 *
 * Pure C, for whoever speaks with a cluster; tested in test/unit/engine.
 */
#include "engine/kinds.h"

#include <stdio.h>
#include <string.h>

const OrchKind orch_kinds[ORCH_KIND_COUNT] = {
#define ORCH_LINE(kind, aspect, group, version, plural, namespaced, order, watched, immutable, heritable, pod_owner, facts) \
	{#kind, aspect, group, version, plural, namespaced, ORCH_ORDER_##order, ORCH_WATCHED_##watched, ORCH_IMMUTABLE_##immutable, heritable, pod_owner, facts},
#define ORCH_KIND(kind, ...) ORCH_LINE(kind, NULL, __VA_ARGS__)
#define ORCH_ASPECT(kind, aspect, ...) ORCH_LINE(kind, #aspect, __VA_ARGS__)
	ORCH_KINDS(ORCH_KIND, ORCH_ASPECT)
#undef ORCH_KIND
#undef ORCH_ASPECT
#undef ORCH_LINE
};

/*
 * NULL when there is no such kind.
 */
const OrchKind *
orch_kind_find(const char *kind)
{
	for (int i = 0; i < ORCH_KIND_COUNT; i++)
		if (strcmp(orch_kinds[i].kind, kind) == 0)
			return &orch_kinds[i];
	return NULL;
}

/*
 * As in a manifest: v1, apps/v1.  Like the paths below this returns how long the whole
 * is, as snprintf() does.
 */
int
orch_kind_api_version(const OrchKind *kind, char *buffer, size_t size)
{
	return snprintf(buffer, size, "%s%s%s", kind->group, kind->group[0] != '\0' ? "/" : "", kind->version);
}

static const char *
root_of(const OrchKind *kind)
{
	return kind->group[0] != '\0' ? "/apis" : "/api";
}

/*
 * Of all objects of a kind, in all namespaces.
 */
int
orch_kind_list_path(const OrchKind *kind, char *buffer, size_t size)
{
	char		version[128];

	(void) orch_kind_api_version(kind, version, sizeof(version));
	return snprintf(buffer, size, "%s/%s/%s", root_of(kind), version, kind->plural);
}

/*
 * The namespace does not count for a kind that has none.
 */
int
orch_kind_object_path(const OrchKind *kind, const char *cluster_namespace, const char *name, char *buffer, size_t size)
{
	char		version[128];

	(void) orch_kind_api_version(kind, version, sizeof(version));
	if (!kind->namespaced)
		return snprintf(buffer, size, "%s/%s/%s/%s", root_of(kind), version, kind->plural, name);
	return snprintf(buffer, size, "%s/%s/namespaces/%s/%s/%s", root_of(kind), version, cluster_namespace, kind->plural, name);
}

/*
 * Takes the next of a kind's facts; false when there is none left.
 */
bool
orch_kind_next_fact(const char **facts, OrchKindFact *fact)
{
	size_t		length = strcspn(*facts, " ");
	size_t		name = strcspn(*facts, "= ");

	if (length == 0)
		return false;
	snprintf(fact->name, sizeof(fact->name), "%.*s", (int) name, *facts);
	snprintf(fact->path, sizeof(fact->path), "%.*s", name < length ? (int) (length - name - 1) : 0, *facts + name + 1);
	*facts += length + ((*facts)[length] == ' ');
	return true;
}

const char *
orch_kind_watched_name(OrchKindWatched watched)
{
	static const char *const names[] = {"not", "metadata", "whole"};

	return names[watched];
}

const char *
orch_kind_immutable_name(OrchKindImmutable immutable)
{
	static const char *const names[] = {"refuse", "replace", "recreate"};

	return names[immutable];
}
