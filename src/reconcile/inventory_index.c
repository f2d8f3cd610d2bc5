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

/* a block of a context of pieces */
#define PIECES (4 * SLAB_DEFAULT_BLOCK_SIZE)

/*
 * An entry is found by what it points to; whoever looks something up fills in of it what the hash is made of.
 * Packed, it takes 9 bytes instead of 16, and there are up to two entries' room for each that is used.
 */
#define ENTRY(name, type) \
	typedef struct name { type *key; char status; } pg_attribute_packed() name

ENTRY(IdEntry, OrchObject);
ENTRY(NameEntry, OrchObject);
ENTRY(OwnerEntry, OrchOwner);
ENTRY(PlaceEntry, OrchPlace);
ENTRY(InstanceEntry, OrchInstance);

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

static inline uint32
hash_id(int64 id)
{
	return (uint32) hash_bytes_extended((const unsigned char *) &id, sizeof(id), 0);
}

#define SH_PREFIX objects
#define SH_ELEMENT_TYPE IdEntry
#define SH_KEY_TYPE OrchObject *
#define SH_KEY key
#define SH_HASH_KEY(tb, key) hash_id((key)->id)
#define SH_EQUAL(tb, a, b) ((a)->id == (b)->id)
#define SH_SCOPE static inline
#define SH_DEFINE
#define SH_DECLARE
#include "lib/simplehash.h"

#define SH_PREFIX names
#define SH_ELEMENT_TYPE NameEntry
#define SH_KEY_TYPE OrchObject *
#define SH_KEY key
#define SH_HASH_KEY(tb, key) hash_combine(hash_text((key)->name), (uint32) (((uintptr_t) (key)->in >> 4) ^ ((uintptr_t) (key)->kind << 7)))
#define SH_EQUAL(tb, a, b) ((a)->kind == (b)->kind && (a)->in == (b)->in && strcmp((a)->name, (b)->name) == 0)
#define SH_SCOPE static inline
#define SH_DEFINE
#define SH_DECLARE
#include "lib/simplehash.h"

#define SH_PREFIX owners
#define SH_ELEMENT_TYPE OwnerEntry
#define SH_KEY_TYPE OrchOwner *
#define SH_KEY key
#define SH_HASH_KEY(tb, key) hash_combine(hash_id((key)->id), (uint32) ((uintptr_t) (key)->type >> 4))
#define SH_EQUAL(tb, a, b) ((a)->type == (b)->type && (a)->id == (b)->id)
#define SH_SCOPE static inline
#define SH_DEFINE
#define SH_DECLARE
#include "lib/simplehash.h"

#define SH_PREFIX places
#define SH_ELEMENT_TYPE PlaceEntry
#define SH_KEY_TYPE OrchPlace *
#define SH_KEY key
#define SH_HASH_KEY(tb, key) hash_id((key)->namespace_id)
#define SH_EQUAL(tb, a, b) ((a)->namespace_id == (b)->namespace_id)
#define SH_SCOPE static inline
#define SH_DEFINE
#define SH_DECLARE
#include "lib/simplehash.h"

#define SH_PREFIX instances
#define SH_ELEMENT_TYPE InstanceEntry
#define SH_KEY_TYPE OrchInstance *
#define SH_KEY key
#define SH_HASH_KEY(tb, key) hash_text((key)->uid)
#define SH_EQUAL(tb, a, b) (strcmp((a)->uid, (b)->uid) == 0)
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
	inventory->of_objects = SlabContextCreate(context, "orchestration objects", PIECES, sizeof(OrchObject));
	inventory->of_timers = SlabContextCreate(context, "orchestration timers", PIECES, sizeof(OrchTimer));
	inventory->of_owners = SlabContextCreate(context, "orchestration owners", PIECES, sizeof(OrchOwner));
	inventory->of_instances = SlabContextCreate(context, "orchestration pods", PIECES, sizeof(OrchInstance));
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
	OrchObject	sought;
	IdEntry    *entry;

	sought.id = id;
	entry = objects_lookup(inventory->by_id, &sought);
	return entry ? entry->key : NULL;
}

OrchObject *
orch_inventory_named(OrchInventory *inventory, const OrchKind *kind, const char *in, const char *name)
{
	OrchObject	sought;
	NameEntry  *entry;

	sought.kind = kind;
	sought.in = orch_index_intern(inventory, in);
	sought.name = unconstify(char *, name);
	entry = names_lookup(inventory->by_name, &sought);
	return entry ? entry->key : NULL;
}

OrchInstance *
orch_inventory_instance(OrchInventory *inventory, const char *uid)
{
	OrchInstance sought;
	InstanceEntry *entry;

	strlcpy(sought.uid, uid, sizeof(sought.uid));
	entry = instances_lookup(inventory->instances, &sought);
	return entry ? entry->key : NULL;
}

OrchInstance *
orch_inventory_add_instance(OrchInventory *inventory, const char *uid)
{
	OrchInstance *instance = MemoryContextAllocZero(inventory->of_instances, sizeof(OrchInstance));
	bool		found;

	strlcpy(instance->uid, uid, sizeof(instance->uid));
	(void) instances_insert(inventory->instances, instance, &found);
	Assert(!found);
	return instance;
}

/*
 * It is written, or there is nothing more to be written.  The caller has taken it off the list.
 */
void
orch_instance_written(OrchInstance *instance)
{
	pfree(instance->row->json);
	pfree(instance->row);
	instance->row = NULL;
}

void
orch_inventory_forget_instance(OrchInventory *inventory, OrchInstance *instance)
{
	instances_delete(inventory->instances, instance);
	if (instance->row != NULL)
	{
		dlist_delete(&instance->row->dirty_node);
		orch_instance_written(instance);
	}
	pfree(instance);
}

OrchOwner *
orch_inventory_known_owner(OrchInventory *inventory, const char *type, int64 id)
{
	OrchOwner	sought;
	OwnerEntry *entry;

	sought.type = orch_index_intern(inventory, type);
	sought.id = id;
	entry = owners_lookup(inventory->owners, &sought);
	return entry ? entry->key : NULL;
}

OrchOwner *
orch_inventory_owner(OrchInventory *inventory, const char *type, int64 id, int64 namespace_id)
{
	OrchOwner  *owner = orch_inventory_known_owner(inventory, type, id);
	bool		found;

	if (owner != NULL)
		return owner;
	owner = MemoryContextAllocZero(inventory->of_owners, sizeof(OrchOwner));
	owner->type = orch_index_intern(inventory, type);
	owner->id = id;
	owner->namespace_id = namespace_id;
	/* who has just planned it has derived its status */
	owner->derived_at = orch_steady_now();
	dlist_init(&owner->blocked);
	(void) owners_insert(inventory->owners, owner, &found);
	return owner;
}

/*
 * The namespace row, known or new.
 */
OrchPlace *
orch_index_place(OrchInventory *inventory, int64 namespace_id)
{
	OrchPlace	sought;
	PlaceEntry *entry;
	OrchPlace  *place;
	bool		found;

	sought.namespace_id = namespace_id;
	entry = places_lookup(inventory->places, &sought);
	if (entry != NULL)
		return entry->key;
	place = MemoryContextAllocZero(inventory->context, sizeof(OrchPlace));
	place->namespace_id = namespace_id;
	dlist_init(&place->blocked);
	(void) places_insert(inventory->places, place, &found);
	return place;
}

/*
 * Enters an object whose id, kind, name and namespace are set.
 */
void
orch_index_insert(OrchInventory *inventory, OrchObject *object)
{
	bool		found;

	objects_insert(inventory->by_id, object, &found)->key = object;
	names_insert(inventory->by_name, object, &found)->key = object;
}

/*
 * Takes an object out.
 */
void
orch_index_delete(OrchInventory *inventory, OrchObject *object)
{
	objects_delete(inventory->by_id, object);
	names_delete(inventory->by_name, object);
}

void
orch_index_delete_place(OrchInventory *inventory, OrchPlace *place)
{
	places_delete(inventory->places, place);
	pfree(place);
}

/*
 * Forgets an owner that has no object left and whose status is written.
 */
void
orch_inventory_forget_owner(OrchInventory *inventory, OrchOwner *owner)
{
	if (owner->objects > 0 || owner->touched || owner->look != NULL)
		return;
	owners_delete(inventory->owners, owner);
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
		visit(inventory, entry->key, arg);
}

void
orch_inventory_each_instance(OrchInventory *inventory, void (*visit) (OrchInventory *inventory, OrchInstance *instance, void *arg), void *arg)
{
	instances_iterator iterator;
	InstanceEntry *entry;

	instances_start_iterate(inventory->instances, &iterator);
	while ((entry = instances_iterate(inventory->instances, &iterator)) != NULL)
		visit(inventory, entry->key, arg);
}
