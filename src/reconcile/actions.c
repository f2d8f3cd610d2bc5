/*
 * actions.c
 *	  Sends what is due, and takes the answers.
 *
 * Between sending and recording nothing is written down: after a crash the same
 * objects are due again, and every action may be repeated.
 */
#include "postgres.h"

#include "core/core.h"
#include "miscadmin.h"
#include "reconcile/actions.h"
#include "reconcile/insisted.h"
#include "reconcile/json_text.h"
#include "reconcile/kept_claims.h"
#include "reconcile/orphan.h"
#include "reconcile/planning.h"

/* what is sent next is rendered with what is sent now: a statement costs more than an object in it */
#define RENDER_AHEAD 50

/*
 * Tells of an object that nothing was sent for.
 */
static void
fail(OrchInventory *inventory, OrchObject *object, OrchReason reason, const char *message)
{
	OrchEvent	event = {.type = ORCH_EVENT_FAILED, .now = orch_steady_now(), .jitter = orch_random(), .reason = reason};

	orch_inventory_set_error(inventory, object, message);
	orch_inventory_step(inventory, object, &event);
}

static bool
needs_manifest(OrchVerb verb)
{
	return verb == ORCH_VERB_CREATE || verb == ORCH_VERB_APPLY;
}

/*
 * The lease may have run out while a statement ran.
 */
static bool
may_send(OrchCluster *cluster)
{
	return orch_lease_is_held(&cluster->lease, orch_steady_now());
}

static void
send(OrchCluster *cluster, OrchObject *object, OrchVerb verb)
{
	OrchEngineRequest request = {0};
	OrchEvent	event = {.type = ORCH_EVENT_SENT, .now = orch_steady_now(), .verb = verb};

	/* the rows see to it, too (claim_triggers.sql); but what is deleted is lost */
	if (verb == ORCH_VERB_DELETE && object->state.keeps_data && !object->given_up)
	{
		fail(cluster->inventory, object, ORCH_REASON_CONFLICT, "it holds data that nobody has given up");
		return;
	}
	if (needs_manifest(verb))
		event.desired = orch_digest(object->hash, strlen(object->hash));
	orch_inventory_step(cluster->inventory, object, &event);
	request.verb = verb;
	request.kind = object->kind;
	request.in = object->in;
	request.name = object->name;
	request.uid = object->state.uid;
	request.manifest = object->manifest;
	request.object_id = object->id;
	request.number = object->state.request;
	if (!may_send(cluster) || !cluster->engine->class->send(cluster->engine, &request))
		fail(cluster->inventory, object, ORCH_REASON_UNREACHABLE, "the request could not be sent");
}

/*
 * Sends what has just been rendered.
 */
static void
send_rendered(OrchCluster *cluster, OrchObject **objects, OrchVerb *verbs, int count)
{
	for (int i = 0; i < count; i++)
	{
		OrchObject *object = objects[i];

		if (object->manifest != NULL)
			send(cluster, object, verbs[i]);
		else if (object->texts != NULL && object->texts->failed)
			fail(cluster->inventory, object, ORCH_REASON_RENDER_FAILED, object->texts->error);
		else
			/* the row has gone or changed: the next plan will tell */
			fail(cluster->inventory, object, ORCH_REASON_BUSY, "what asks for it has changed");
	}
}

static void
send_due(OrchCluster *cluster, int64 now)
{
	OrchInventory *inventory = cluster->inventory;
	int			room = cluster->max_in_flight - inventory->in_flight;
	OrchObject **unrendered;
	OrchVerb   *verbs;
	OrchObject *object;
	OrchVerb	verb;
	int			count = 0;
	int			ahead;

	if (room <= 0 || cluster->engine->class->paused_ms(cluster->engine) > 0)
		return;
	unrendered = palloc(sizeof(OrchObject *) * (room + RENDER_AHEAD));
	verbs = palloc(sizeof(OrchVerb) * room);
	for (; room > 0 && may_send(cluster) && (object = orch_queue_take(inventory, now, &verb)) != NULL; room--)
	{
		CHECK_FOR_INTERRUPTS();
		if (needs_manifest(verb) && object->manifest == NULL)
		{
			unrendered[count] = object;
			verbs[count++] = verb;
		}
		else
			send(cluster, object, verb);
	}
	if (count == 0)
		return;
	ahead = orch_queue_peek_unrendered(inventory, unrendered + count, RENDER_AHEAD);
	orch_plan_render(cluster, unrendered, count + ahead);
	send_rendered(cluster, unrendered, verbs, count);
}

/*
 * Sends as much as may be under way, before anything else takes time.  The caller
 * holds the lease.
 */
void
orch_actions_send(OrchCluster *cluster, int64 now)
{
	int			before = cluster->inventory->in_flight;

	send_due(cluster, now);
	if (cluster->inventory->in_flight > before)
		cluster->engine->class->drive();
}

/*
 * Puts an answer on record.  A look is no operation, unless it finds somebody
 * else's object.
 */
static void
log_answer(OrchInventory *inventory, OrchObject *object, const OrchNews *news)
{
	StringInfo	log = &inventory->log;
	bool		failed = news->outcome == ORCH_OUTCOME_FAILED || news->outcome == ORCH_OUTCOME_REFUSED_CHANGE;
	const char *reason = orch_reason_name(object->state.reason);

	/* what is as desired all the same has no reason of its own */
	if (reason == NULL && failed && orch_object_is_settled(&object->state))
		reason = orch_reason_name(news->reason);
	if (news->verb == ORCH_VERB_LOOK && reason == NULL)
		return;
	appendStringInfoString(log, log->len == 0 ? "[" : ",");
	appendStringInfo(log, "{\"id\":" INT64_FORMAT ",\"namespace_id\":" INT64_FORMAT ",\"kind\":\"%s\",\"owner\":\"%s/" INT64_FORMAT "\",\"action\":\"%s\",\"status\":%d,\"duration_ms\":%ld,\"name\":",
					 object->id, object->place->namespace_id, object->kind->kind, object->owner->type, object->owner->id,
					 orch_verb_name(news->verb), news->status, news->elapsed_ms);
	orch_json_text(log, object->name);
	appendStringInfoString(log, ",\"reason\":");
	orch_json_text(log, reason);
	appendStringInfoString(log, ",\"message\":");
	orch_json_text(log, object->texts ? object->texts->error : NULL);
	appendStringInfoChar(log, '}');
}

static void
count_answer(const OrchNews *news)
{
	if (news->status < 200 || news->status >= 300)
		return;
	if (news->verb == ORCH_VERB_DELETE)
		orch_worker_counters.deletes++;
	else if (needs_manifest(news->verb))
		orch_worker_counters.applies++;
}

/*
 * What the engine has not put into words.
 */
static const char *
explain(const OrchObject *object, const OrchStep *step)
{
	if (step->stranger)
		return "an object of this name exists in the cluster and belongs to somebody else";
	return object->state.reason == ORCH_REASON_BUSY ? "somebody else was faster, and it is tried again" : NULL;
}

/*
 * Takes the answer to an action.
 */
void
orch_actions_answer(OrchCluster *cluster, const OrchNews *news)
{
	OrchInventory *inventory = cluster->inventory;
	OrchObject *object = orch_inventory_object(inventory, news->object_id);
	OrchEvent	event = {.type = ORCH_EVENT_ANSWER, .now = orch_steady_now(), .jitter = orch_random()};
	OrchStep	step;
	OrchComparison comparison;
	bool		has_seen = news->outcome == ORCH_OUTCOME_DONE || news->outcome == ORCH_OUTCOME_FOUND;

	count_answer(news);
	if (object == NULL)
		return;
	comparison = orch_insisted_compare(cluster->engine->class->format, object, news);
	event.compared = comparison.compared;
	event.differs = comparison.differing != NULL;
	event.verb = news->verb;
	event.request = news->number;
	event.outcome = news->outcome;
	event.reason = news->reason;
	event.retry_after_ms = news->retry_after_ms;
	if (has_seen)
	{
		event.seen = &news->seen;
		event.belongs = orch_inventory_belongs(inventory, object, &news->seen);
		event.ended = news->seen.ended;
		event.is_orphan = !event.belongs && orch_orphan_is(&news->seen);
	}
	step = orch_inventory_step(inventory, object, &event);
	orch_inventory_set_error(inventory, object, news->error ? news->error : explain(object, &step));
	if (news->outcome == ORCH_OUTCOME_DONE)
		orch_inventory_keep_applied(inventory, object, news);
	else if (has_seen)
		orch_inventory_keep_seen(inventory, object, &news->seen);
	orch_insisted_answered(inventory, object, &comparison);
	log_answer(inventory, object, news);
	if (step.stranger && object->state.keeps_data)
		orch_kept_claims_met(cluster, news);
	if (orch_object_is_settled(&object->state))
		orch_inventory_keep_manifest(inventory, object, NULL, NULL);
}
