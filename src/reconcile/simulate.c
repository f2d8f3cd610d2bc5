/*
 * simulate.c
 *	  The worker's turn played by hand, without a process and a network.
 *
 * Each function loads the inventory from the rows, lets happen what its
 * arguments say, and writes, in the transaction of the caller: what the worker
 * does between two waits, and what it does after a crash at any point.  For the
 * owner of the extension alone; sql/reconcile*.sql play a cluster with it.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "core/compat.h"
#include "core/core.h"
#include "engine/engines.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "reconcile/actions.h"
#include "reconcile/call.h"
#include "reconcile/cluster_turn.h"
#include "reconcile/planning.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"
#include "utils/tuplestore.h"

/* the engine of a simulated cluster: shows what it is asked for */
typedef struct Shown
{
	OrchEngine	engine;
	OrchCluster *cluster;
	ReturnSetInfo *result;
} Shown;

/* of the events that are simulated */
static const OrchKind *simulated_kind = NULL;

static bool
show_request(OrchEngine *engine, const OrchEngineRequest *request)
{
	Shown	   *shown = (Shown *) engine;
	OrchObject *object = orch_inventory_object(shown->cluster->inventory, request->object_id);
	bool		has_manifest = request->verb == ORCH_VERB_CREATE || request->verb == ORCH_VERB_APPLY;
	Datum		values[5];
	bool		nulls[5] = {false};
	char	   *where;
	char	   *what;

	engine->class->format->show(request, &where, &what);
	values[0] = Int64GetDatum(request->object_id);
	values[1] = CStringGetTextDatum(orch_verb_name(request->verb));
	values[2] = CStringGetTextDatum(where);
	nulls[3] = what == NULL;
	values[3] = what ? CStringGetTextDatum(what) : (Datum) 0;
	nulls[4] = !has_manifest;
	values[4] = has_manifest ? CStringGetTextDatum(object->hash) : (Datum) 0;
	tuplestore_putvalues(shown->result->setResult, shown->result->setDesc, values, nulls);
	return true;
}

static void
do_nothing(OrchEngine *engine)
{
}

static void
drive_nothing(void)
{
}

static long
never_paused(OrchEngine *engine)
{
	return 0;
}

/* its texts are those of a real one */
static OrchEngineClass shown_class = {
	.name = "simulated",
	.drive = drive_nothing,
	.send = show_request,
	.cancel = do_nothing,
	.unwatch = do_nothing,
	.paused_ms = never_paused
};

static void
read_installation(SPITupleTable *table, uint64 rows, void *arg)
{
	OrchCluster *cluster = arg;
	char	   *id = rows == 1 ? orch_column_text(table, 0, 1) : NULL;

	cluster->name = id ? MemoryContextStrdup(cluster->context, id) : NULL;
}

static OrchCall installation_call = {
	.what = "looking for the installation",
	.sql = "SELECT id::text FROM orchestration.installation",
	.nargs = 0
};

/*
 * A cluster with its inventory as the rows have it.
 */
static OrchCluster *
make_cluster(int64 id, ReturnSetInfo *result)
{
	OrchCluster *cluster = palloc0(sizeof(OrchCluster));
	Shown	   *shown = palloc0(sizeof(Shown));
	bool		failed = false;

	cluster->context = CurrentMemoryContext;
	cluster->id = id;
	shown_class.format = orch_engine_find(ORCH_ENGINE_DEFAULT)->format;
	shown->engine.class = &shown_class;
	shown->cluster = cluster;
	shown->result = result;
	cluster->engine = &shown->engine;
	orch_lease_hold(&cluster->lease);
	orch_call(&installation_call, NULL, NULL, read_installation, cluster);
	cluster->inventory = orch_inventory_create(cluster->context, id, cluster->name);
	cluster->inventory->is_played = true;
	while (!orch_inventory_load_more(cluster->inventory, &failed))
	{
		CHECK_FOR_INTERRUPTS();
		if (failed)
			ereport(ERROR,
					(errcode(ERRCODE_INTERNAL_ERROR),
					 errmsg("the inventory could not be read"),
					 errdetail("The warnings above say why. The worker would try again.")));
	}
	return cluster;
}

static void
write_all(OrchCluster *cluster)
{
	while (!orch_inventory_is_clean(cluster->inventory))
	{
		CHECK_FOR_INTERRUPTS();
		if (!orch_inventory_write(cluster->inventory))
			ereport(ERROR,
					(errcode(ERRCODE_INTERNAL_ERROR),
					 errmsg("what the turn has brought could not be written"),
					 errdetail("The warnings above say why. The worker would try again.")));
	}
}

ORCH_FUNCTION(orch_simulate_claim);

/*
 * simulate_claim(cluster, max): plans, and shows what would be sent now.
 */
Datum
orch_simulate_claim(PG_FUNCTION_ARGS)
{
	OrchCluster *cluster;

	InitMaterializedSRF(fcinfo, 0);
	cluster = make_cluster(PG_GETARG_INT64(0), (ReturnSetInfo *) fcinfo->resultinfo);
	cluster->max_in_flight = PG_GETARG_INT32(1);
	cluster->plan_due = true;
	while (orch_plan_is_due(cluster, orch_steady_now()))
		orch_plan_next(cluster);
	orch_actions_send(cluster, orch_steady_now());
	write_all(cluster);
	return (Datum) 0;
}

static char *
text_of(JsonbContainer *object, const char *key)
{
	JsonbValue	value;

	if (!getKeyJsonValueFromContainer(object, key, strlen(key), &value))
		return NULL;
	if (value.type == jbvString)
		return pnstrdup(value.val.string.val, value.val.string.len);
	if (value.type == jbvNumeric)
		return DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(value.val.numeric)));
	return NULL;
}

static int64
number_of(JsonbContainer *object, const char *key, int64 otherwise)
{
	char	   *text = text_of(object, key);

	return text ? strtoll(text, NULL, 10) : otherwise;
}

static Jsonb *
object_of(JsonbContainer *object, const char *key)
{
	JsonbValue	value;

	if (!getKeyJsonValueFromContainer(object, key, strlen(key), &value) || value.type != jbvBinary)
		return NULL;
	return JsonbValueToJsonb(&value);
}

static OrchVerb
verb_of(const char *name)
{
	OrchVerb	verb = orch_verb_by_name(name);

	if (verb != ORCH_VERB_NONE)
		return verb;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("there is no verb \"%s\"", name ? name : "")));
}

/*
 * One answer, as if it had just been sent for.
 */
static void
answer(OrchCluster *cluster, Jsonb *element)
{
	JsonbContainer *result = &element->root;
	OrchInventory *inventory = cluster->inventory;
	OrchObject *object = orch_inventory_object(inventory, number_of(result, "object_id", 0));
	OrchNews	news = {.type = ORCH_NEWS_ANSWER};
	OrchEvent	sent = {.type = ORCH_EVENT_SENT, .now = orch_steady_now()};
	char	   *hash = text_of(result, "hash");
	Jsonb	   *body = object_of(result, "body");
	Jsonb	   *manifest;

	if (object == NULL)
		return;
	news.kind = object->kind;
	news.object_id = object->id;
	news.verb = sent.verb = verb_of(text_of(result, "action"));
	news.status = (int) number_of(result, "status", 0);
	news.elapsed_ms = number_of(result, "duration_ms", 0);
	news.retry_after_ms = number_of(result, "retry_after_ms", -1);
	news.warning = text_of(result, "warning");
	if (hash != NULL)
	{
		sent.desired = orch_digest(hash, strlen(hash));
		manifest = object_of(result, "manifest");
		orch_inventory_keep_manifest(inventory, object, manifest ? JsonbToCString(NULL, &manifest->root, VARSIZE(manifest)) : "", hash);
	}
	news.error = text_of(result, "error");
	if (body != NULL)
	{
		news.json = JsonbToCString(NULL, &body->root, VARSIZE(body));
		news.json_length = strlen(news.json);
	}
	shown_class.format->read_answer(&news, object->state.uid[0] != '\0', inventory->installation);
	orch_queue_leave(inventory, object);
	orch_inventory_step(inventory, object, &sent);
	orch_cluster_news(cluster, &news);
}

/*
 * Lets something happen for each element of an array.
 */
static void
for_each(OrchCluster *cluster, Jsonb *array, void (*happen) (OrchCluster *cluster, Jsonb *element))
{
	if (!JB_ROOT_IS_ARRAY(array))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the argument is not an array")));
	for (uint32 i = 0; i < JB_ROOT_COUNT(array); i++)
	{
		JsonbValue *element = getIthJsonbValueFromContainer(&array->root, i);

		if (element->type == jbvBinary)
			happen(cluster, JsonbValueToJsonb(element));
	}
}

ORCH_FUNCTION(orch_simulate_answers);

/*
 * simulate_answers(cluster, answers): takes what the cluster answers.
 */
Datum
orch_simulate_answers(PG_FUNCTION_ARGS)
{
	OrchCluster *cluster = make_cluster(PG_GETARG_INT64(0), NULL);

	for_each(cluster, PG_GETARG_JSONB_P(1), answer);
	write_all(cluster);
	PG_RETURN_VOID();
}

static void
tell(OrchCluster *cluster, OrchNews *news, Jsonb *object)
{
	bool		deleted = news->type == ORCH_NEWS_OBJECT_DELETED;

	if (object == NULL)
		return;
	news->json = JsonbToCString(NULL, &object->root, VARSIZE(object));
	news->json_length = strlen(news->json);
	if (news->kind->apply_order == ORCH_ORDER_NONE)
		news->type = deleted ? ORCH_NEWS_INSTANCE_DELETED : ORCH_NEWS_INSTANCE;
	if (shown_class.format->read_object(news, cluster->inventory->installation))
		orch_cluster_news(cluster, news);
}

static void
happen(OrchCluster *cluster, Jsonb *element)
{
	OrchNews	news = {0};
	char	   *type = text_of(&element->root, "type");

	news.kind = simulated_kind;
	news.type = type != NULL && strcmp(type, "DELETED") == 0 ? ORCH_NEWS_OBJECT_DELETED : ORCH_NEWS_OBJECT;
	tell(cluster, &news, object_of(&element->root, "object"));
}

static void
list(OrchCluster *cluster, Jsonb *element)
{
	OrchNews	news = {.type = ORCH_NEWS_OBJECT, .listed = true};

	news.kind = simulated_kind;
	tell(cluster, &news, element);
}

ORCH_FUNCTION(orch_simulate_events);

/*
 * simulate_events(cluster, kind, events, is_list): takes what a watch brings, or
 * a complete list.
 */
Datum
orch_simulate_events(PG_FUNCTION_ARGS)
{
	OrchCluster *cluster = make_cluster(PG_GETARG_INT64(0), NULL);
	const OrchKind *kind = orch_kind_find(text_to_cstring(PG_GETARG_TEXT_PP(1)));
	OrchNews	news = {.kind = kind};

	if (kind == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("there is no such kind")));
	simulated_kind = kind;
	if (PG_GETARG_BOOL(3))
	{
		news.type = ORCH_NEWS_LIST_BEGIN;
		orch_cluster_news(cluster, &news);
		for_each(cluster, PG_GETARG_JSONB_P(2), list);
		news.type = ORCH_NEWS_LIST_END;
		news.asked_at = orch_steady_now();
		orch_cluster_news(cluster, &news);
	}
	else
		for_each(cluster, PG_GETARG_JSONB_P(2), happen);
	write_all(cluster);
	PG_RETURN_VOID();
}
