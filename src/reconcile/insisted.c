/*
 * insisted.c
 *	  Who insists on something else than the rows say.
 *
 * An admission policy changes what is sent in the request itself: the answer
 * differs from what was sent.  A controller changes it afterwards, again and
 * again: drift soon after each apply.  Only where there is something to tell is
 * anything written, and that by insisted_by().
 */
#include "postgres.h"

#include "reconcile/insisted.h"
#include "reconcile/json_text.h"

/*
 * Is the manifest in memory what the answer is about?
 */
static bool
is_what_was_sent(const OrchObject *object, const OrchNews *news)
{
	return (news->verb == ORCH_VERB_CREATE || news->verb == ORCH_VERB_APPLY) && news->outcome == ORCH_OUTCOME_DONE &&
		news->json != NULL && object->manifest != NULL && object->manifest[0] != '\0' && (news->number == 0 || news->number == object->state.request) &&
		orch_digest_equal(object->state.sent, orch_digest(object->hash, strlen(object->hash)));
}

/*
 * Compares what was sent with what came back; before the step.
 */
OrchComparison
orch_insisted_compare(const OrchEngineFormat *format, const OrchObject *object, const OrchNews *news)
{
	OrchComparison comparison = {0};

	if (is_what_was_sent(object, news))
		comparison.compared = format->compare(object->manifest, news->json, news->json_length, &comparison.differing);
	return comparison;
}

/*
 * Adds who changes it again and again.
 */
static void
add_fight(StringInfo out, const OrchObject *object)
{
	if (object->state.fights < ORCH_FIGHTS_TOLD)
		return;
	appendStringInfo(out, "%s\"times\":%d,\"manager\":", out->len == 0 ? "{" : ",", object->state.fights);
	orch_json_text(out, object->rival);
}

static void
keep(OrchInventory *inventory, OrchObject *object, const char *differing)
{
	StringInfoData out;

	initStringInfo(&out);
	if (differing != NULL)
		appendStringInfoString(&out, differing);
	add_fight(&out, object);
	if (out.len > 0)
		appendStringInfoChar(&out, '}');
	orch_inventory_keep_insisted(inventory, object, out.len > 0 ? out.data : NULL);
}

void
orch_insisted_answered(OrchInventory *inventory, OrchObject *object, const OrchComparison *comparison)
{
	if (comparison->compared)
		keep(inventory, object, comparison->differing);
}

/*
 * Somebody has changed or removed it.
 */
void
orch_insisted_drifted(const OrchEngineFormat *format, OrchInventory *inventory, OrchObject *object, const OrchNews *news)
{
	char	   *manager = news->type == ORCH_NEWS_OBJECT ? format->last_writer(news->json, news->json_length) : NULL;

	if (manager != NULL)
		object->rival = orch_index_intern(inventory, manager);
	if (object->state.fights >= ORCH_FIGHTS_TOLD)
		keep(inventory, object, NULL);
}
