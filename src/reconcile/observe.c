/*
 * observe.c
 *	  Takes what the engine tells into the inventory.
 *
 * An event that says nothing new changes nothing and costs no statement; what
 * it changes is written at the end of the turn.
 */
#include "postgres.h"

#include "core/core.h"
#include "reconcile/insisted.h"
#include "reconcile/json_text.h"
#include "reconcile/observe.h"
#include "utils/builtins.h"

static bool
take_object(OrchCluster *cluster, const OrchNews *news)
{
	OrchInventory *inventory = cluster->inventory;
	OrchObject *object = orch_inventory_named(inventory, news->kind, news->seen.place, news->seen.name);
	OrchEvent	event = {.now = orch_steady_now(), .jitter = orch_random()};
	OrchStep	step;

	if (object == NULL)
		return false;
	event.type = news->type == ORCH_NEWS_OBJECT ? ORCH_EVENT_SEEN : ORCH_EVENT_DELETED;
	event.seen = &news->seen;
	event.belongs = orch_inventory_belongs(inventory, object, &news->seen);
	event.ended = news->seen.ended;
	event.listed = news->listed;
	if (news->listed)
		object->list = inventory->lists[news->kind - orch_kinds];
	step = orch_inventory_step(inventory, object, &event);
	if (step.changed)
		orch_inventory_keep_seen(inventory, object, &news->seen);
	if (step.drifted)
		orch_insisted_drifted(cluster->engine->class->format, inventory, object, news);
	return true;
}

static void
add_known(StringInfo out, const char *key, const char *value)
{
	if (value != NULL)
		orch_json_text_member(out, key, value);
}

static char *
instance_row(const OrchSeenInstance *seen)
{
	StringInfoData out;
	char		digest[ORCH_DIGEST_TEXT_SIZE];

	initStringInfo(&out);
	orch_digest_write(seen->digest, digest);
	appendStringInfo(&out, "{\"digest\":\"%s\",\"container\":" INT64_FORMAT ",\"ready\":%s,\"terminating\":%s,\"restarts\":%d,\"facts\":%s",
					 digest, seen->container_id, seen->ready ? "true" : "false", seen->terminating ? "true" : "false",
					 seen->restart_count, seen->facts ? seen->facts : "{}");
	add_known(&out, "uid", seen->uid);
	add_known(&out, "version", seen->version);
	add_known(&out, "in", seen->place);
	add_known(&out, "name", seen->name);
	add_known(&out, "template", seen->template_hash);
	add_known(&out, "node", seen->node_name);
	add_known(&out, "ip", seen->ip);
	add_known(&out, "phase", seen->phase);
	add_known(&out, "reason", seen->reason);
	add_known(&out, "message", seen->message);
	add_known(&out, "started", seen->started_at);
	appendStringInfoChar(&out, '}');
	return out.data;
}

static void
take_instance(OrchInventory *inventory, const OrchNews *news)
{
	const OrchSeenInstance *seen = &news->instance;
	OrchInstance *instance = orch_inventory_instance(inventory, seen->uid);

	/* not of ours, or over already */
	if (seen->container_id == 0 || (instance != NULL && instance->ended))
		return;
	if (instance == NULL)
		instance = orch_inventory_add_instance(inventory, seen->uid);
	else if (!news->listed && orch_version_compare(seen->version, instance->version) < 0)
		return;
	instance->known_at = orch_steady_now();
	strlcpy(instance->version, seen->version, sizeof(instance->version));
	if (news->listed)
		instance->list = inventory->lists[news->kind - orch_kinds];
	if (orch_digest_equal(instance->digest, seen->digest))
		return;
	instance->digest = seen->digest;
	orch_inventory_write_instance(inventory, instance, instance_row(seen));
}

static void
end_instance(OrchInventory *inventory, OrchInstance *instance)
{
	char	   *row = psprintf("{\"uid\":\"%s\",\"ended\":true}", instance->uid);

	instance->ended = true;
	orch_inventory_write_instance(inventory, instance, row);
}

typedef struct Unlisted
{
	const OrchKind *kind;
	int64		asked_at;
} Unlisted;

static void
end_unlisted(OrchInventory *inventory, OrchInstance *instance, void *arg)
{
	const Unlisted *unlisted = arg;

	if (!instance->ended && instance->list != inventory->lists[unlisted->kind - orch_kinds] && instance->known_at < unlisted->asked_at)
		end_instance(inventory, instance);
}

static void
lose_unlisted(OrchInventory *inventory, OrchObject *object, void *arg)
{
	const Unlisted *unlisted = arg;
	OrchEvent	event = {.type = ORCH_EVENT_UNLISTED, .now = orch_steady_now(), .asked_at = unlisted->asked_at};

	if (object->kind == unlisted->kind && object->list != inventory->lists[unlisted->kind - orch_kinds] && object->state.uid[0] != '\0')
		orch_inventory_step(inventory, object, &event);
}

/*
 * A list is complete.  Only here may something count as gone because it was not
 * seen, and only if it was known before the list was asked for.
 */
static void
finish_list(OrchInventory *inventory, const OrchNews *news)
{
	Unlisted	unlisted = {news->kind, news->asked_at};

	if (news->kind->apply_order == ORCH_ORDER_NONE)
		orch_inventory_each_instance(inventory, end_unlisted, &unlisted);
	else
		orch_inventory_each(inventory, lose_unlisted, &unlisted);
}

/*
 * The lease is held.
 */
bool
orch_observe(OrchCluster *cluster, const OrchNews *news)
{
	OrchInventory *inventory = cluster->inventory;
	OrchInstance *instance;

	switch (news->type)
	{
		case ORCH_NEWS_LIST_BEGIN:
			inventory->lists[news->kind - orch_kinds]++;
			break;
		case ORCH_NEWS_OBJECT:
		case ORCH_NEWS_OBJECT_DELETED:
			orch_worker_counters.watch_events++;
			return take_object(cluster, news);
		case ORCH_NEWS_INSTANCE:
			orch_worker_counters.watch_events++;
			take_instance(inventory, news);
			break;
		case ORCH_NEWS_INSTANCE_DELETED:
			orch_worker_counters.watch_events++;
			instance = orch_inventory_instance(inventory, news->instance.uid);
			if (instance != NULL && !instance->ended)
				end_instance(inventory, instance);
			break;
		case ORCH_NEWS_LIST_END:
			finish_list(inventory, news);
			break;
		default:
			break;
	}
	return true;
}
