/*
 * inventory.c
 *	  What happens to the objects of one cluster in memory.
 *
 * orch_inventory_step() is the only way in which the state of an object
 * changes: it asks object_state.c what an event means, and keeps the counters,
 * the queues and the list of what is to be written in step with the answer.
 */
#include "postgres.h"

#include "core/core.h"
#include "reconcile/inventory.h"
#include "utils/memutils.h"

/*
 * What is to be written of a pod at the end of the turn.
 */
void
orch_inventory_write_instance(OrchInventory *inventory, OrchInstance *instance, const char *row)
{
	if (instance->row != NULL)
		pfree(instance->row->json);
	else
	{
		instance->row = MemoryContextAlloc(inventory->context, sizeof(OrchInstanceRow));
		instance->row->instance = instance;
		dlist_push_tail(&inventory->dirty_instances, &instance->row->dirty_node);
	}
	instance->row->json = MemoryContextStrdup(inventory->context, row);
}

static OrchObjectTexts *
texts_of(OrchInventory *inventory, OrchObject *object)
{
	if (object->texts == NULL)
	{
		object->texts = MemoryContextAllocZero(inventory->context, sizeof(OrchObjectTexts));
		object->texts->object = object;
	}
	return object->texts;
}

static void
mark_dirty(OrchInventory *inventory, OrchObject *object)
{
	if (object->dirty)
		return;
	object->dirty = true;
	dlist_push_tail(&inventory->dirty, &texts_of(inventory, object)->dirty_node);
}

/*
 * A new object, at rest and in no queue until its first step.
 */
OrchObject *
orch_inventory_add(OrchInventory *inventory, int64 id, const OrchKind *kind, const char *in, const char *name,
				   int64 namespace_id, const char *owner_type, int64 owner_id)
{
	OrchObject *object = MemoryContextAllocZero(inventory->of_objects, sizeof(OrchObject));

	object->id = id;
	object->kind = kind;
	object->in = orch_index_intern(inventory, in);
	object->name = MemoryContextStrdup(inventory->context, name);
	object->place = orch_index_place(inventory, namespace_id);
	object->owner = orch_inventory_owner(inventory, owner_type, owner_id, namespace_id);
	/* an apply cannot take away what somebody has put beside ours in a Service */
	object->state.replace = kind->apply_order == ORCH_ORDER_NETWORK ? ORCH_REPLACE_DRIFTED :
		kind->immutable == ORCH_IMMUTABLE_REFUSE ? ORCH_REPLACE_NEVER : ORCH_REPLACE_IMMUTABLE;
	object->state.keeps_data = !kind->heritable && kind->apply_order == ORCH_ORDER_CONFIGURATION;
	object->state.workload = kind->apply_order == ORCH_ORDER_WORKLOAD;
	object->state.once = kind->immutable == ORCH_IMMUTABLE_RECREATE;
	object->owner->objects++;
	object->place->objects++;
	if (kind->apply_order == ORCH_ORDER_NAMESPACE)
		object->place->object = object;
	orch_index_insert(inventory, object);
	orch_queue_count(inventory, object, +1);
	return object;
}

/*
 * Gives a new object the state that its row has.
 */
void
orch_inventory_load(OrchInventory *inventory, OrchObject *object, const OrchObjectState *state)
{
	OrchGate	gate = orch_queue_gate(object);
	OrchObjectState before = object->state;

	orch_queue_count(inventory, object, -1);
	object->state = *state;
	object->state.replace = before.replace;
	object->state.keeps_data = before.keeps_data;
	object->state.workload = before.workload;
	object->state.once = before.once;
	orch_queue_count(inventory, object, +1);
	orch_queue_enter(inventory, object);
	orch_queue_open(inventory, &gate);
}

/*
 * Passes an object to another row that asks for it under the same name.
 */
void
orch_inventory_give(OrchInventory *inventory, OrchObject *object, const char *owner_type, int64 owner_id)
{
	OrchOwner  *owner = orch_inventory_owner(inventory, owner_type, owner_id, object->place->namespace_id);

	OrchGate	gate;

	if (owner == object->owner)
		return;
	gate = orch_queue_gate(object);
	orch_queue_leave(inventory, object);
	orch_queue_count(inventory, object, -1);
	object->owner->objects--;
	orch_inventory_touch(inventory, object->owner);
	object->owner = owner;
	owner->objects++;
	orch_queue_count(inventory, object, +1);
	orch_queue_enter(inventory, object);
	orch_queue_open(inventory, &gate);
}

static void
forget_texts(OrchObject *object)
{
	OrchObjectTexts *texts = object->texts;

	if (texts == NULL)
		return;
	if (texts->applied_hash)
		pfree(texts->applied_hash);
	if (texts->applied_fingerprint)
		pfree(texts->applied_fingerprint);
	if (texts->observed_fingerprint)
		pfree(texts->observed_fingerprint);
	if (texts->facts)
		pfree(texts->facts);
	if (texts->error)
		pfree(texts->error);
	if (texts->warning)
		pfree(texts->warning);
	if (texts->insisted)
		pfree(texts->insisted);
	pfree(texts);
	object->texts = NULL;
}

/*
 * Its row says what we know.  The caller has taken it off the list.
 */
void
orch_object_written(OrchInventory *inventory, OrchObject *object)
{
	object->dirty = false;
	forget_texts(object);
}

/*
 * Forgets an object; its row has left the table, or is about to be read again.
 */
void
orch_inventory_remove(OrchInventory *inventory, OrchObject *object)
{
	OrchGate	gate = orch_queue_gate(object);

	orch_queue_leave(inventory, object);
	orch_queue_count(inventory, object, -1);
	if (object->place->object == object)
		object->place->object = NULL;
	object->place->objects--;
	orch_inventory_touch(inventory, object->owner);
	object->owner->objects--;
	orch_index_delete(inventory, object);
	orch_inventory_keep_manifest(inventory, object, NULL, NULL);
	if (object->dirty)
		dlist_delete(&object->texts->dirty_node);
	forget_texts(object);
	inventory->in_flight -= object->state.in_flight != ORCH_VERB_NONE;
	pfree(object->name);
	pfree(object);
	orch_queue_open(inventory, &gate);
	if (gate.place->objects == 0)
		orch_index_delete_place(inventory, gate.place);
}

/*
 * Keeps a manifest until it is applied, so that it is rendered once; NULL drops it.
 */
void
orch_inventory_keep_manifest(OrchInventory *inventory, OrchObject *object, const char *manifest, const char *hash)
{
	if (object->manifest)
	{
		orch_queue_count_manifest(inventory, object, -1);
		/* it may hold secrets */
		explicit_bzero(object->manifest, strlen(object->manifest));
		pfree(object->manifest);
		pfree(object->hash);
		inventory->manifests--;
	}
	object->manifest = object->hash = NULL;
	if (manifest == NULL)
		return;
	object->manifest = MemoryContextStrdup(inventory->context, manifest);
	object->hash = MemoryContextStrdup(inventory->context, hash);
	inventory->manifests++;
	orch_queue_count_manifest(inventory, object, +1);
}

static void
replace_text(OrchInventory *inventory, char **field, const char *text)
{
	if (*field)
		pfree(*field);
	*field = text ? MemoryContextStrdup(inventory->context, text) : NULL;
}

/*
 * What goes with the reason of a failure into the row.
 */
void
orch_inventory_set_error(OrchInventory *inventory, OrchObject *object, const char *message)
{
	OrchObjectTexts *texts = texts_of(inventory, object);

	if (message != texts->error)
		replace_text(inventory, &texts->error, message);
	texts->failed = message != NULL;
}

/*
 * After a step: keeps the texts of what was seen for the row, as far as the
 * step has believed it.
 */
void
orch_inventory_keep_seen(OrchInventory *inventory, OrchObject *object, const OrchSeen *seen)
{
	OrchObjectTexts *texts = texts_of(inventory, object);

	if (orch_digest_equal(object->state.observed_fingerprint, seen->fingerprint_digest))
		replace_text(inventory, &texts->observed_fingerprint, seen->fingerprint);
	if (orch_digest_equal(object->state.facts, seen->facts_digest))
		replace_text(inventory, &texts->facts, seen->facts);
}

/*
 * The same for what an apply or a creation has made.
 */
void
orch_inventory_keep_applied(OrchInventory *inventory, OrchObject *object, const OrchNews *news)
{
	OrchObjectTexts *texts = texts_of(inventory, object);

	orch_inventory_keep_seen(inventory, object, &news->seen);
	if (orch_digest_equal(object->state.applied_fingerprint, news->seen.fingerprint_digest))
		replace_text(inventory, &texts->applied_fingerprint, news->seen.fingerprint);
	if (object->hash != NULL && orch_digest_equal(object->state.applied, orch_digest(object->hash, strlen(object->hash))))
		replace_text(inventory, &texts->applied_hash, object->hash);
	replace_text(inventory, &texts->warning, news->warning);
	texts->answered = true;
}

/*
 * What somebody insists on, for the row.
 */
void
orch_inventory_keep_insisted(OrchInventory *inventory, OrchObject *object, const char *insisted)
{
	OrchObjectTexts *texts = texts_of(inventory, object);

	replace_text(inventory, &texts->insisted, insisted);
	texts->compared = true;
}

/*
 * Does what was seen carry the labels of the row that asked for this object?
 */
bool
orch_inventory_belongs(const OrchInventory *inventory, const OrchObject *object, const OrchSeen *seen)
{
	size_t		length = strlen(object->owner->type);
	char	   *end;

	if (!seen->is_labelled || seen->owner == NULL ||
		strncmp(seen->owner, object->owner->type, length) != 0 || seen->owner[length] != '-')
		return false;
	return strtoll(seen->owner + length + 1, &end, 10) == object->owner->id && *end == '\0';
}

/*
 * Lets an event happen to an object.
 */
OrchStep
orch_inventory_step(OrchInventory *inventory, OrchObject *object, OrchEvent *event)
{
	OrchStep	step;
	OrchGate	gate = orch_queue_gate(object);
	bool		was_in_flight = object->state.in_flight != ORCH_VERB_NONE;

	orch_queue_leave(inventory, object);
	orch_queue_count(inventory, object, -1);
	step = orch_object_step(&object->state, event);
	orch_queue_count(inventory, object, +1);
	inventory->in_flight += (object->state.in_flight != ORCH_VERB_NONE) - was_in_flight;
	object->leaves |= step.leaves;
	/* who plans writes the row itself, and tells of the status */
	if (step.leaves || (step.changed && event->type != ORCH_EVENT_PLANNED))
		mark_dirty(inventory, object);
	if (step.leaves || (step.told && event->type != ORCH_EVENT_PLANNED))
		orch_inventory_touch(inventory, object->owner);
	orch_queue_enter(inventory, object);
	orch_queue_open(inventory, &gate);
	return step;
}

static void
reconnect(OrchInventory *inventory, OrchObject *object, void *arg)
{
	OrchEvent	event = {.type = ORCH_EVENT_RECONNECTED, .now = orch_steady_now()};

	if (object->state.reason != ORCH_REASON_NONE)
		orch_inventory_step(inventory, object, &event);
}

/*
 * The cluster answers again.
 */
void
orch_inventory_reconnected(OrchInventory *inventory)
{
	orch_inventory_each(inventory, reconnect, NULL);
}

static void
touch_unsettled(OrchInventory *inventory, OrchObject *object, void *arg)
{
	if (!orch_object_is_settled(&object->state))
		orch_inventory_touch(inventory, object->owner);
}

/*
 * After loading: the status of what is on its way may have been overtaken.
 */
void
orch_inventory_touch_unsettled(OrchInventory *inventory)
{
	orch_inventory_each(inventory, touch_unsettled, NULL);
}
