/*
 * inventory_index.c
 *	  How objects, pods, owners and namespaces of an inventory are found.
 *
 * Everything lives in one memory context, so that a doubt is ended by throwing
 * it away and loading it anew.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "core/core.h"
#include "reconcile/inventory.h"
#include "utils/memutils.h"

typedef struct NameKey
{
	const OrchKind *kind;
	const char *in;				/* interned */
	const char *name;
} NameKey;

typedef struct OwnerKey
{
	const char *type;			/* interned */
	int64		id;
} OwnerKey;

typedef struct IdEntry
{
	int64		key;
	OrchObject *object;
	char		status;
} IdEntry;

typedef struct NameEntry
{
	NameKey		key;
	OrchObject *object;
	char		status;
} NameEntry;

typedef struct OwnerEntry
{
	OwnerKey	key;
	OrchOwner  *owner;
	char		status;
} OwnerEntry;

typedef struct PlaceEntry
{
	int64		key;
	OrchPlace  *place;
	char		status;
} PlaceEntry;

typedef struct InstanceEntry
{
	const char *key;			/* the uid inside of the instance */
	OrchInstance *instance;
	char		status;
} InstanceEntry;

typedef struct TextEntry
{
	const char *key;
	char		status;
} TextEntry;

static inline uint32
hash_text(const char *text)
{
	return hash_bytes((const unsigned char *) text, strlen(text));
}

#define SH_PREFIX objects
#define SH_ELEMENT_TYPE IdEntry
#define SH_KEY_TYPE int64
#define SH_KEY key
#define SH_HASH_KEY(tb, key) ((uint32) hash_bytes_extended((const unsigned char *) &(key), sizeof(int64), 0))
#define SH_EQUAL(tb, a, b) ((a) == (b))
#define SH_SCOPE static inline
#define SH_DEFINE
#define SH_DECLARE
#include "lib/simplehash.h"

#define SH_PREFIX names
#define SH_ELEMENT_TYPE NameEntry
#define SH_KEY_TYPE NameKey
#define SH_KEY key
#define SH_HASH_KEY(tb, key) hash_combine(hash_text((key).name), (uint32) (((uintptr_t) (key).in >> 4) ^ ((uintptr_t) (key).kind << 7)))
#define SH_EQUAL(tb, a, b) ((a).kind == (b).kind && (a).in == (b).in && strcmp((a).name, (b).name) == 0)
#define SH_SCOPE static inline
#define SH_DEFINE
#define SH_DECLARE
#include "lib/simplehash.h"

#define SH_PREFIX owners
#define SH_ELEMENT_TYPE OwnerEntry
#define SH_KEY_TYPE OwnerKey
#define SH_KEY key
#define SH_HASH_KEY(tb, key) hash_combine((uint32) hash_bytes_extended((const unsigned char *) &(key).id, sizeof(int64), 0), (uint32) ((uintptr_t) (key).type >> 4))
#define SH_EQUAL(tb, a, b) ((a).type == (b).type && (a).id == (b).id)
#define SH_SCOPE static inline
#define SH_DEFINE
#define SH_DECLARE
#include "lib/simplehash.h"

#define SH_PREFIX places
#define SH_ELEMENT_TYPE PlaceEntry
#define SH_KEY_TYPE int64
#define SH_KEY key
#define SH_HASH_KEY(tb, key) ((uint32) hash_bytes_extended((const unsigned char *) &(key), sizeof(int64), 0))
#define SH_EQUAL(tb, a, b) ((a) == (b))
#define SH_SCOPE static inline
#define SH_DEFINE
#define SH_DECLARE
#include "lib/simplehash.h"

#define SH_PREFIX instances
#define SH_ELEMENT_TYPE InstanceEntry
#define SH_KEY_TYPE const char *
#define SH_KEY key
#define SH_HASH_KEY(tb, key) hash_text(key)
#define SH_EQUAL(tb, a, b) (strcmp(a, b) == 0)
#define SH_SCOPE static inline
#define SH_DEFINE
#define SH_DECLARE
#include "lib/simplehash.h"

#define SH_PREFIX texts
#define SH_ELEMENT_TYPE TextEntry
#define SH_KEY_TYPE const char *
#define SH_KEY key
#define SH_HASH_KEY(tb, key) hash_text(key)
#define SH_EQUAL(tb, a, b) (strcmp(a, b) == 0)
#define SH_SCOPE static inline
#define SH_DEFINE
#define SH_DECLARE
#include "lib/simplehash.h"

OrchInventory *
orch_inventory_create(MemoryContext parent, int64 cluster_id, const char *installation)
{
	MemoryContext context = AllocSetContextCreate(parent, "orchestration inventory", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	OrchInventory *inventory = palloc0(sizeof(OrchInventory));

	inventory->context = context;
	inventory->cluster_id = cluster_id;
	inventory->installation = pstrdup(installation);
	inventory->by_id = objects_create(context, 256, NULL);
	inventory->by_name = names_create(context, 256, NULL);
	inventory->owners = owners_create(context, 128, NULL);
	inventory->places = places_create(context, 16, NULL);
	inventory->instances = instances_create(context, 128, NULL);
	inventory->interned = texts_create(context, 32, NULL);
	dlist_init(&inventory->dirty);
	dlist_init(&inventory->dirty_instances);
	dlist_init(&inventory->held);
	dlist_init(&inventory->held_instances);
	dlist_init(&inventory->touched);
	initStringInfo(&inventory->log);
	orch_queue_init(inventory);
	MemoryContextSwitchTo(caller);
	return inventory;
}

void
orch_inventory_destroy(OrchInventory *inventory)
{
	MemoryContextDelete(inventory->context);
}

/*
 * One copy of a text that many objects share, for comparison by address.
 */
const char *
orch_index_intern(OrchInventory *inventory, const char *text)
{
	bool		found;
	TextEntry  *entry = texts_insert(inventory->interned, text, &found);

	if (!found)
		entry->key = MemoryContextStrdup(inventory->context, text);
	return entry->key;
}

OrchObject *
orch_inventory_object(OrchInventory *inventory, int64 id)
{
	IdEntry    *entry = objects_lookup(inventory->by_id, id);

	return entry ? entry->object : NULL;
}

OrchObject *
orch_inventory_named(OrchInventory *inventory, const OrchKind *kind, const char *in, const char *name)
{
	NameKey		key = {kind, orch_index_intern(inventory, in), name};
	NameEntry  *entry = names_lookup(inventory->by_name, key);

	return entry ? entry->object : NULL;
}

OrchInstance *
orch_inventory_instance(OrchInventory *inventory, const char *uid)
{
	InstanceEntry *entry = instances_lookup(inventory->instances, uid);

	return entry ? entry->instance : NULL;
}

OrchInstance *
orch_inventory_add_instance(OrchInventory *inventory, const char *uid)
{
	OrchInstance *instance = MemoryContextAllocZero(inventory->context, sizeof(OrchInstance));
	InstanceEntry *entry;
	bool		found;

	strlcpy(instance->uid, uid, sizeof(instance->uid));
	entry = instances_insert(inventory->instances, instance->uid, &found);
	Assert(!found);
	entry->instance = instance;
	return instance;
}

void
orch_inventory_forget_instance(OrchInventory *inventory, OrchInstance *instance)
{
	instances_delete(inventory->instances, instance->uid);
	if (instance->dirty)
		dlist_delete(&instance->dirty_node);
	if (instance->row)
		pfree(instance->row);
	pfree(instance);
}

OrchOwner *
orch_inventory_owner(OrchInventory *inventory, const char *type, int64 id, int64 namespace_id)
{
	OwnerKey	key = {orch_index_intern(inventory, type), id};
	bool		found;
	OwnerEntry *entry = owners_insert(inventory->owners, key, &found);

	if (!found)
	{
		OrchOwner  *owner = MemoryContextAllocZero(inventory->context, sizeof(OrchOwner));

		owner->type = key.type;
		owner->id = id;
		owner->namespace_id = namespace_id;
		/* who has just planned it has derived its status */
		owner->derived_at = orch_steady_now();
		dlist_init(&owner->objects);
		dlist_init(&owner->blocked);
		entry->owner = owner;
	}
	return entry->owner;
}

OrchOwner *
orch_inventory_known_owner(OrchInventory *inventory, const char *type, int64 id)
{
	OwnerKey	key = {orch_index_intern(inventory, type), id};
	OwnerEntry *entry = owners_lookup(inventory->owners, key);

	return entry ? entry->owner : NULL;
}

/*
 * The namespace row, known or new.
 */
OrchPlace *
orch_index_place(OrchInventory *inventory, int64 namespace_id)
{
	bool		found;
	PlaceEntry *entry = places_insert(inventory->places, namespace_id, &found);

	if (!found)
	{
		OrchPlace  *place = MemoryContextAllocZero(inventory->context, sizeof(OrchPlace));

		place->namespace_id = namespace_id;
		dlist_init(&place->blocked);
		entry->place = place;
	}
	return entry->place;
}

/*
 * Enters an object whose id, kind, name and namespace are set.
 */
void
orch_index_insert(OrchInventory *inventory, OrchObject *object)
{
	NameKey		key = {object->kind, object->in, object->name};
	bool		found;

	objects_insert(inventory->by_id, object->id, &found)->object = object;
	names_insert(inventory->by_name, key, &found)->object = object;
}

/*
 * Takes an object out.
 */
void
orch_index_delete(OrchInventory *inventory, OrchObject *object)
{
	NameKey		key = {object->kind, object->in, object->name};

	objects_delete(inventory->by_id, object->id);
	names_delete(inventory->by_name, key);
}

void
orch_index_delete_place(OrchInventory *inventory, OrchPlace *place)
{
	places_delete(inventory->places, place->namespace_id);
	pfree(place);
}

/*
 * Forgets an owner that has no object left and whose status is written.
 */
void
orch_inventory_forget_owner(OrchInventory *inventory, OrchOwner *owner)
{
	OwnerKey	key = {owner->type, owner->id};

	if (!dlist_is_empty(&owner->objects) || owner->touched || owner->timed)
		return;
	owners_delete(inventory->owners, key);
	pfree(owner);
}

/*
 * Visits every object.  The visitor may let events happen, which removes nothing.
 */
void
orch_inventory_each(OrchInventory *inventory, void (*visit) (OrchInventory *inventory, OrchObject *object, void *arg), void *arg)
{
	objects_iterator iterator;
	IdEntry    *entry;

	objects_start_iterate(inventory->by_id, &iterator);
	while ((entry = objects_iterate(inventory->by_id, &iterator)) != NULL)
		visit(inventory, entry->object, arg);
}

void
orch_inventory_each_instance(OrchInventory *inventory, void (*visit) (OrchInventory *inventory, OrchInstance *instance, void *arg), void *arg)
{
	instances_iterator iterator;
	InstanceEntry *entry;

	instances_start_iterate(inventory->instances, &iterator);
	while ((entry = instances_iterate(inventory->instances, &iterator)) != NULL)
		visit(inventory, entry->instance, arg);
}
