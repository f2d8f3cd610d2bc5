/*
 * queue.c
 *	  Which objects are due, and which of them may be acted on now.
 *
 * Order: what is wanted goes up the orders of the kinds, what is to go goes
 * down.  An object that has to wait for others hangs at the namespace or at the
 * owner whose counter says so, and comes back when the counter is zero: nothing
 * is ever searched for.
 */
#include "postgres.h"

#include "core/core.h"
#include "reconcile/inventory.h"

/*
 * In which order what is wanted and waits for nothing is sent.  A Service takes an
 * address, which is slow, and ten times slower while controllers work: first of all.
 */
static const int sending_order[] = {
	ORCH_ORDER_NAMESPACE, ORCH_ORDER_NETWORK, ORCH_ORDER_CONFIGURATION, ORCH_ORDER_WORKLOAD, ORCH_ORDER_ROUTE
};

static int
compare_timers(const pairingheap_node *a, const pairingheap_node *b, void *arg)
{
	int64		at_a = pairingheap_const_container(OrchTimer, node, a)->at;
	int64		at_b = pairingheap_const_container(OrchTimer, node, b)->at;

	return at_a < at_b ? 1 : at_a > at_b ? -1 : 0;
}

static OrchTimer *
start_timer(OrchInventory *inventory, pairingheap *timers, int64 at, void *what)
{
	OrchTimer  *timer = MemoryContextAlloc(inventory->of_timers, sizeof(OrchTimer));

	timer->at = at;
	timer->what = what;
	pairingheap_add(timers, &timer->node);
	return timer;
}

static void
stop_timer(pairingheap *timers, OrchTimer *timer)
{
	pairingheap_remove(timers, &timer->node);
	pfree(timer);
}

/*
 * NULL: there is none.
 */
static OrchTimer *
first_timer(pairingheap *timers)
{
	return pairingheap_is_empty(timers) ? NULL : pairingheap_container(OrchTimer, node, pairingheap_first(timers));
}

void
orch_queue_init(OrchInventory *inventory)
{
	inventory->ready = palloc(sizeof(dlist_head) * ORCH_ORDERS);
	inventory->ready_doomed = palloc(sizeof(dlist_head) * ORCH_ORDERS);
	for (int i = 0; i < ORCH_ORDERS; i++)
	{
		dlist_init(&inventory->ready[i]);
		dlist_init(&inventory->ready_doomed[i]);
	}
	inventory->timed = pairingheap_allocate(compare_timers, NULL);
	inventory->looks = pairingheap_allocate(compare_timers, NULL);
}

static bool
is_wanted(const OrchObject *object)
{
	return !orch_digest_is_none(object->state.desired);
}

/*
 * Workloads come after the first attempt at what their pods may need.  A claim
 * that waits to be deleted may be waiting for this very workload.
 */
static bool
is_awaited(const OrchObject *object)
{
	return is_wanted(object) && !orch_object_is_settled(&object->state) && object->state.attempts == 0 &&
		object->state.deletion_started_at == 0 && !object->state.replacing;
}

static void
unblock(OrchInventory *inventory, dlist_head *blocked)
{
	dlist_head	waiting;

	if (dlist_is_empty(blocked))
		return;
	dlist_init(&waiting);
	while (!dlist_is_empty(blocked))
		dlist_push_tail(&waiting, dlist_pop_head_node(blocked));
	while (!dlist_is_empty(&waiting))
	{
		OrchObject *object = dlist_container(OrchObject, queue_node, dlist_pop_head_node(&waiting));

		object->queue = ORCH_QUEUE_NONE;
		orch_queue_enter(inventory, object);
	}
}

/*
 * Takes what this object makes others wait for out of the counters (-1), or
 * puts it in (+1).
 */
void
orch_queue_count(OrchInventory *inventory, OrchObject *object, int sign)
{
	bool		undone = !is_wanted(object) || !orch_object_is_settled(&object->state);

	object->owner->undone += undone && object->state.attempts == 0 ? sign : 0;
	switch (object->kind->apply_order)
	{
		case ORCH_ORDER_CONFIGURATION:
			object->place->awaited += is_awaited(object) ? sign : 0;
			break;
		case ORCH_ORDER_NETWORK:
			object->owner->awaited += is_awaited(object) ? sign : 0;
			break;
		case ORCH_ORDER_WORKLOAD:
			object->place->doomed += is_wanted(object) ? 0 : sign;
			object->owner->doomed += is_wanted(object) ? 0 : sign;
			break;
	}
}

/*
 * What others wait for, before a change; see orch_queue_open().
 */
OrchGate
orch_queue_gate(const OrchObject *object)
{
	OrchGate	gate = {0};

	gate.place = object->place;
	gate.owner = object->owner;
	gate.of_namespace = object->kind->apply_order == ORCH_ORDER_NAMESPACE;
	gate.place_awaited = gate.place->awaited;
	gate.place_doomed = gate.place->doomed;
	gate.owner_awaited = gate.owner->awaited;
	gate.owner_doomed = gate.owner->doomed;
	return gate;
}

/*
 * After a change: whoever waited for the last one of something comes back.
 */
void
orch_queue_open(OrchInventory *inventory, const OrchGate *gate)
{
	OrchPlace  *place = gate->place;
	OrchOwner  *owner = gate->owner;

	if (gate->of_namespace || place->objects == 1 ||
		(gate->place_awaited > 0 && place->awaited == 0) ||
		(gate->place_doomed > 0 && place->doomed == 0))
		unblock(inventory, &place->blocked);
	if ((gate->owner_awaited > 0 && owner->awaited == 0) ||
		(gate->owner_doomed > 0 && owner->doomed == 0))
		unblock(inventory, &owner->blocked);
}

/*
 * Is the namespace there, and not about to go?  What is in it already may be
 * changed until the last moment.
 */
static bool
has_namespace(const OrchObject *object)
{
	const OrchObject *namespace = object->place->object;

	return namespace != NULL && namespace->state.uid[0] != '\0' && strcmp(namespace->name, object->in) == 0 &&
		(namespace->state.deletion_started_at == 0 || object->state.uid[0] != '\0');
}

/*
 * The list at which an object waits for others; NULL: it may be acted on.
 */
static dlist_head *
blocked_at(OrchObject *object)
{
	OrchPlace  *place = object->place;
	OrchOwner  *owner = object->owner;
	int			order = object->kind->apply_order;

	if (is_wanted(object))
	{
		if (order != ORCH_ORDER_NAMESPACE && !has_namespace(object))
			return &place->blocked;
		if (order >= ORCH_ORDER_WORKLOAD && place->awaited > 0)
			return &place->blocked;
		if (order >= ORCH_ORDER_WORKLOAD && owner->awaited > 0)
			return &owner->blocked;
		return NULL;
	}
	if (order == ORCH_ORDER_NETWORK && owner->doomed > 0)
		return &owner->blocked;
	if (order == ORCH_ORDER_CONFIGURATION && place->doomed > 0)
		return &place->blocked;
	if (order == ORCH_ORDER_NAMESPACE && place->objects > 1)
		return &place->blocked;
	return NULL;
}

static dlist_head *
ready_list(OrchInventory *inventory, const OrchObject *object)
{
	int			order = object->kind->apply_order / ORCH_ORDER_STEP;

	return is_wanted(object) ? &inventory->ready[order] : &inventory->ready_doomed[order];
}

/*
 * Counts a manifest in, or out (-1), that is in memory and may be sent before the
 * workloads.  To be called while the object is in its queue.
 */
void
orch_queue_count_manifest(OrchInventory *inventory, const OrchObject *object, int sign)
{
	if (object->queue == ORCH_QUEUE_READY && object->manifest != NULL && object->kind->apply_order < ORCH_ORDER_WORKLOAD)
		inventory->ready_manifests += sign;
}

void
orch_queue_leave(OrchInventory *inventory, OrchObject *object)
{
	if (object->queue == ORCH_QUEUE_TIMED)
		stop_timer(inventory->timed, object->timer);
	else if (object->queue != ORCH_QUEUE_NONE)
		dlist_delete(&object->queue_node);
	orch_queue_count_manifest(inventory, object, -1);
	object->queue = ORCH_QUEUE_NONE;
}

/*
 * Puts an object where its state says.
 */
void
orch_queue_enter(OrchInventory *inventory, OrchObject *object)
{
	dlist_head *blocked;
	int64		at = 0;

	Assert(object->queue == ORCH_QUEUE_NONE);
	if (object->state.in_flight != ORCH_VERB_NONE || object->leaves)
		return;
	if (orch_object_due(&object->state, orch_steady_now(), &at) == ORCH_VERB_NONE)
	{
		if (at == 0)
			return;
		object->queue = ORCH_QUEUE_TIMED;
		object->timer = start_timer(inventory, inventory->timed, at, object);
		return;
	}
	blocked = blocked_at(object);
	object->queue = blocked ? ORCH_QUEUE_BLOCKED : ORCH_QUEUE_READY;
	dlist_push_tail(blocked ? blocked : ready_list(inventory, object), &object->queue_node);
	orch_queue_count_manifest(inventory, object, +1);
}

static void
wake_timed(OrchInventory *inventory, int64 now)
{
	OrchTimer  *timer;

	while ((timer = first_timer(inventory->timed)) != NULL && timer->at <= now)
	{
		OrchObject *object = timer->what;

		orch_queue_leave(inventory, object);
		orch_queue_enter(inventory, object);
		/* a clock that stands still must not keep us here */
		if (object->queue == ORCH_QUEUE_TIMED && object->timer->at <= now)
			return;
	}
}

static OrchObject *
first_of(dlist_head *list)
{
	return dlist_is_empty(list) ? NULL : dlist_head_element(OrchObject, queue_node, list);
}

static OrchObject *
first_wanted(OrchInventory *inventory)
{
	OrchObject *object = NULL;

	for (int i = 0; i < lengthof(sending_order) && object == NULL; i++)
		if (sending_order[i] < ORCH_ORDER_WORKLOAD || !inventory->more_to_come)
			object = first_of(&inventory->ready[sending_order[i] / ORCH_ORDER_STEP]);
	return object;
}

static OrchObject *
first_doomed(OrchInventory *inventory)
{
	OrchObject *object = NULL;

	for (int i = ORCH_ORDERS - 1; i >= 0 && object == NULL; i--)
		object = first_of(&inventory->ready_doomed[i]);
	return object;
}

/*
 * The next object that is due and what to do with it; it is in no queue then,
 * and the caller says what became of it by a step.  NULL: nothing can be done
 * now.  What is to be and what is to go take turns, so that neither starves.
 */
OrchObject *
orch_queue_take(OrchInventory *inventory, int64 now, OrchVerb *verb)
{
	wake_timed(inventory, now);
	for (;;)
	{
		OrchObject *wanted = first_wanted(inventory);
		OrchObject *doomed = first_doomed(inventory);
		OrchObject *object = doomed == NULL || (wanted != NULL && inventory->doomed_last) ? wanted : doomed;
		int64		at;

		if (object == NULL)
			return NULL;
		inventory->doomed_last = object == doomed;
		orch_queue_leave(inventory, object);
		*verb = orch_object_due(&object->state, now, &at);
		if (*verb != ORCH_VERB_NONE && blocked_at(object) == NULL)
			return object;
		orch_queue_enter(inventory, object);
	}
}

/*
 * The objects that are made or changed next and have no manifest in memory; they
 * stay where they are.
 */
int
orch_queue_peek_unrendered(OrchInventory *inventory, OrchObject **objects, int most)
{
	int			count = 0;
	dlist_iter	iter;

	for (int i = 0; i < ORCH_ORDERS; i++)
	{
		dlist_foreach(iter, &inventory->ready[i])
		{
			OrchObject *object = dlist_container(OrchObject, queue_node, iter.cur);

			if (count == most)
				return count;
			if (object->manifest == NULL)
				objects[count++] = object;
		}
	}
	return count;
}

/*
 * When the next object, or the status of an owner, is due by time alone; 0: now;
 * PG_INT64_MAX: never.
 */
int64
orch_queue_next_at(OrchInventory *inventory)
{
	OrchTimer  *due = first_timer(inventory->timed);
	OrchTimer  *look = first_timer(inventory->looks);

	if (first_wanted(inventory) || first_doomed(inventory))
		return 0;
	return Min(due ? due->at : PG_INT64_MAX, look ? look->at : PG_INT64_MAX);
}

/*
 * The status of this row may be another: it is derived anew at the next write.
 */
void
orch_inventory_touch(OrchInventory *inventory, OrchOwner *owner)
{
	if (owner->touched)
		return;
	owner->touched = true;
	inventory->touched_at = 0;
	dlist_push_tail(&inventory->touched, &owner->touched_node);
	inventory->touched_count++;
}

/*
 * The same of a row that was planned; under load it is told of once there is more to tell.
 */
void
orch_inventory_touch_planned(OrchInventory *inventory, OrchOwner *owner)
{
	owner->derived_at = orch_steady_now();
	orch_inventory_touch(inventory, owner);
}

/*
 * The status of an owner changes at this time even if nothing happens; 0: no more.
 */
void
orch_queue_look_at(OrchInventory *inventory, OrchOwner *owner, int64 at)
{
	if (owner->look)
		stop_timer(inventory->looks, owner->look);
	owner->look = at != 0 ? start_timer(inventory, inventory->looks, at, owner) : NULL;
}

/*
 * Touches the owners whose time has come.
 */
void
orch_queue_take_looks(OrchInventory *inventory, int64 now)
{
	OrchTimer  *timer;

	while ((timer = first_timer(inventory->looks)) != NULL && timer->at <= now)
	{
		OrchOwner  *owner = timer->what;

		orch_queue_look_at(inventory, owner, 0);
		orch_inventory_touch(inventory, owner);
	}
}
