/*
 * actions.c
 *	  Claims due objects, sends them, records what came of it.
 *
 * Between claim and record nothing is written down: after a crash the same
 * objects are due again, and every action may be repeated.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "core/core.h"
#include "miscadmin.h"
#include "reconcile/call.h"
#include "reconcile/cluster.h"
#include "reconcile/json_text.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#define APPLY_CONTENT_TYPE "application/apply-patch+yaml"

/* strict: an override that the server does not know is an error, not silence */
#define APPLY_QUERY "?fieldManager=orchestration&fieldValidation=Strict"

/* owners that one planning transaction renders */
#define PLAN_BATCH 200

static OrchCall plan_call = {
	.what = "planning",
	.sql = "SELECT orchestration_internal.worker_plan($1, $2)::bigint",
	.nargs = 2,
	.argtypes = {INT8OID, INT4OID}
};

static OrchCall claim_call = {
	.what = "claiming",
	.sql = "SELECT object_id, action, path, body, hash FROM orchestration_internal.worker_claim($1, $2, $3)",
	.nargs = 3,
	.argtypes = {INT8OID, INT4OID, INT8ARRAYOID}
};

static OrchCall next_due_call = {
	.what = "asking when back-offs end",
	.sql = "SELECT orchestration_internal.worker_next_due($1)::bigint",
	.nargs = 1,
	.argtypes = {INT8OID}
};

static OrchCall record_call = {
	.what = "recording",
	.sql = "SELECT orchestration_internal.worker_record($1, $2::jsonb)",
	.nargs = 2,
	.argtypes = {INT8OID, TEXTOID}
};

static void
read_wait(SPITupleTable *table, uint64 rows, void *arg)
{
	bool		isnull = true;
	Datum		value = rows == 1 ? SPI_getbinval(table->vals[0], table->tupdesc, 1, &isnull) : (Datum) 0;

	if (!isnull)
		*(int64 *) arg = DatumGetInt64(value);
}

/*
 * Milliseconds until the next object becomes due by time alone, at most limit.
 */
int64
orch_actions_next_due(OrchCluster *cluster, int64 limit)
{
	Datum		args[1];
	int64		wait = -1;

	args[0] = Int64GetDatum(cluster->id);
	(void) orch_call(&next_due_call, args, NULL, read_wait, &wait);
	return wait < 0 ? limit : Min(wait + 1, limit);
}

/*
 * The objects under way as bigint[], in the current context.
 */
static Datum
busy_ids(OrchCluster *cluster)
{
	Datum	   *ids = palloc(sizeof(Datum) * (cluster->in_flight + 1));
	int			count = 0;

	for (OrchAction *action = cluster->busy; action != NULL; action = action->next)
		ids[count++] = Int64GetDatum(action->object_id);
	return PointerGetDatum(construct_array(ids, count, INT8OID, sizeof(int64), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

static char *
copy_text(MemoryContext context, const char *text)
{
	return text ? MemoryContextStrdup(context, text) : NULL;
}

static void
free_action(OrchAction *action)
{
	pfree(action->action);
	pfree(action->path);
	if (action->body)
		pfree(action->body);
	if (action->hash)
		pfree(action->hash);
	pfree(action);
}

/*
 * The lease may have run out while a statement ran.
 */
static bool
may_send(OrchCluster *cluster)
{
	return orch_lease_is_held(&cluster->lease, orch_steady_now());
}

/*
 * Only what is ours already is forced: a foreign object that appeared after
 * the look must win.
 */
static bool
send_apply(OrchCluster *cluster, OrchAction *action, bool force)
{
	OrchKubeRequestSpec spec = {0};
	char	   *path = psprintf("%s%s%s", action->path, APPLY_QUERY, force ? "&force=true" : "");
	bool		sent;

	if (!may_send(cluster))
		return false;
	spec.method = "PATCH";
	spec.path = path;
	spec.content_type = APPLY_CONTENT_TYPE;
	spec.body = action->body;
	spec.body_len = strlen(action->body);
	spec.timeout_ms = orch_request_timeout_ms;
	spec.tag = ORCH_REQUEST_ACTION;
	spec.arg = action;
	sent = orch_kube_request_start(cluster->client, &spec);
	pfree(path);
	return sent;
}

/*
 * A creation looks first: server-side apply would take over an object of the
 * same name that is not ours.
 */
static bool
send_action(OrchCluster *cluster, OrchAction *action)
{
	OrchKubeRequestSpec spec = {0};
	bool		is_delete = strcmp(action->action, "delete") == 0;

	if (strcmp(action->action, "apply") == 0)
		return send_apply(cluster, action, true);
	if (!may_send(cluster))
		return false;

	spec.method = is_delete ? "DELETE" : "GET";
	spec.path = action->path;
	if (is_delete && action->body)
	{
		spec.body = action->body;
		spec.body_len = strlen(action->body);
	}
	spec.timeout_ms = orch_request_timeout_ms;
	spec.tag = ORCH_REQUEST_ACTION;
	spec.arg = action;
	return orch_kube_request_start(cluster->client, &spec);
}

static void
read_claims(SPITupleTable *table, uint64 rows, void *arg)
{
	OrchCluster *cluster = arg;

	for (uint64 row = 0; row < rows; row++)
	{
		OrchAction *action = MemoryContextAllocZero(cluster->context, sizeof(OrchAction));

		action->object_id = orch_column_int8(table, row, 1);
		action->action = copy_text(cluster->context, orch_column_text(table, row, 2));
		action->path = copy_text(cluster->context, orch_column_text(table, row, 3));
		action->body = copy_text(cluster->context, orch_column_text(table, row, 4));
		action->hash = copy_text(cluster->context, orch_column_text(table, row, 5));
		action->next = cluster->busy;
		cluster->busy = action;
		cluster->in_flight++;
	}
}

static void
forget_action(OrchCluster *cluster, OrchAction *action)
{
	OrchAction **link = &cluster->busy;

	while (*link != action)
		link = &(*link)->next;
	*link = action->next;
	cluster->in_flight--;
	free_action(action);
}

/*
 * Sends what read_claims() put in front of the list; outside of the claiming
 * transaction, which a failure to send must not undo.
 */
static void
send_new(OrchCluster *cluster, int count)
{
	OrchAction *action = cluster->busy;

	while (count-- > 0)
	{
		OrchAction *next = action->next;

		if (!send_action(cluster, action))
			forget_action(cluster, action);
		action = next;
	}
}

/*
 * Rows change by others' commits, which wake us, and not by what we record: so
 * not every claim needs a plan before it.  A turn plans one batch, so that the
 * lease is renewed however much there is to plan.
 */
static void
plan(OrchCluster *cluster)
{
	int64		planned = 0;
	Datum		args[2];

	args[0] = Int64GetDatum(cluster->id);
	args[1] = Int32GetDatum(PLAN_BATCH);
	(void) orch_call(&plan_call, args, NULL, read_wait, &planned);
	cluster->plan_due = planned >= PLAN_BATCH;
}

/*
 * Plans and claims as much as may be in flight.  The caller holds the lease.
 */
void
orch_actions_claim(OrchCluster *cluster)
{
	int			room = cluster->max_in_flight - cluster->in_flight;
	int			before = cluster->in_flight;
	Datum		claim_args[3];

	if (room <= 0 || orch_kube_client_paused_ms(cluster->client) > 0)
		return;

	if (cluster->plan_due)
		plan(cluster);
	cluster->work_due = cluster->plan_due;

	claim_args[0] = Int64GetDatum(cluster->id);
	claim_args[1] = Int32GetDatum(room);
	claim_args[2] = busy_ids(cluster);
	if (orch_call(&claim_call, claim_args, NULL, read_claims, cluster))
		send_new(cluster, cluster->in_flight - before);
	else
	{
		while (cluster->in_flight > before)
			forget_action(cluster, cluster->busy);
	}
}

static void
append_result(OrchCluster *cluster, OrchAction *action, const char *name, OrchKubeResponse *response)
{
	StringInfo	out = &cluster->results;

	appendStringInfoString(out, cluster->result_count++ == 0 ? "[" : ",");
	appendStringInfo(out, "{\"object_id\":" INT64_FORMAT ",\"action\":", action->object_id);
	orch_json_text(out, name);
	appendStringInfo(out, ",\"status\":%ld,\"retry_after_ms\":%ld,\"duration_ms\":%ld,\"error\":",
					 response->http_status, response->retry_after_ms, response->elapsed_ms);
	orch_json_text(out, response->error == ORCH_KUBE_ERROR_NONE ? NULL : response->message);
	appendStringInfoString(out, ",\"warning\":");
	orch_json_text(out, response->warning);
	appendStringInfoString(out, ",\"hash\":");
	orch_json_text(out, action->hash);
	appendStringInfoString(out, ",\"body\":");
	if (response->body_is_json)
		appendBinaryStringInfo(out, response->body, response->body_len);
	else
		orch_json_text(out, response->body_len > 0 ? response->body : NULL);
	appendStringInfoChar(out, '}');
}

/*
 * Takes the answer to an action.  The answer to the look before a creation is
 * either the creation itself or "found".
 */
void
orch_actions_response(OrchCluster *cluster, OrchKubeResponse *response)
{
	OrchAction *action = response->arg;
	const char *name = action->action;

	if (strcmp(name, "create") == 0 && !action->looked)
	{
		action->looked = true;
		if (response->http_status == 200)
			name = "found";
		else if (response->http_status == 404 && send_apply(cluster, action, false))
			return;
	}

	if (response->http_status >= 200 && response->http_status < 300)
	{
		if (strcmp(name, "delete") == 0)
			orch_worker_counters.deletes++;
		else if (strcmp(name, "create") == 0 || strcmp(name, "apply") == 0)
			orch_worker_counters.applies++;
	}
	append_result(cluster, action, name, response);
	forget_action(cluster, action);
}

/*
 * Records all results that have come in; true if there were any.  When the
 * transaction fails they are dropped: the objects are still due.
 */
bool
orch_actions_record(OrchCluster *cluster)
{
	Datum		args[2];

	if (cluster->result_count == 0)
		return false;

	appendStringInfoChar(&cluster->results, ']');
	args[0] = Int64GetDatum(cluster->id);
	args[1] = CStringGetTextDatum(cluster->results.data);
	(void) orch_call(&record_call, args, NULL, NULL, NULL);
	resetStringInfo(&cluster->results);
	cluster->result_count = 0;
	cluster->work_due = true;
	return true;
}

/*
 * Drops every action under way, as when the lease was lost.
 */
void
orch_actions_forget(OrchCluster *cluster)
{
	orch_kube_client_cancel_all(cluster->client);
	orch_usage_forget(cluster);
	while (cluster->busy != NULL)
		forget_action(cluster, cluster->busy);
	resetStringInfo(&cluster->results);
	cluster->result_count = 0;
}
