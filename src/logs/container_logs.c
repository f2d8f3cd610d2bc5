/*
 * container_logs.c
 *	  container_logs(): what the pods of a container printed.
 *
 * Runs as the caller: row security says which containers there are, and the
 * permission "read" on "logs" whether their logs may be read.  One pod after the
 * other, so that a container of many pods takes one place and not all.
 */
#include "postgres.h"

#include "access/access.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "core/compat.h"
#include "core/core.h"
#include "core/errors.h"
#include "core/statement_snapshot.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "logs/lines.h"
#include "logs/logs.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

/* of one pod, and of all pods of a call */
#define POD_BYTES (4 * 1024 * 1024)
#define CALL_BYTES (16 * 1024 * 1024)

/* after what says which container */
enum
{
	ARG_TAIL, ARG_SINCE, ARG_PREVIOUS, ARG_POD
};

/* whose logs, and which part of them */
typedef struct Wanted
{
	int64		id;
	char	   *pod;			/* NULL: all */
	int64		namespace_id;
	OrchLogRequest request;		/* but for the pod */
} Wanted;

static const char *const container_statement =
"SELECT c.namespace_id, c.name, n.name, n.cluster_id"
" FROM orchestration.containers c"
" JOIN orchestration.namespaces n ON n.id OPERATOR(pg_catalog.=) c.namespace_id"
" WHERE c.id OPERATOR(pg_catalog.=) $1";

static const char *const pods_statement =
"SELECT i.pod_name FROM orchestration.container_instances i"
" WHERE i.namespace_id OPERATOR(pg_catalog.=) $1 AND i.container_id OPERATOR(pg_catalog.=) $2"
" AND i.cluster_id OPERATOR(pg_catalog.=) $3 AND i.ended_at IS NULL"
" AND ($4 IS NULL OR i.pod_name OPERATOR(pg_catalog.=) $4) ORDER BY i.id";

/* ---- arguments ---- */

static int64
lines_from(FunctionCallInfo fcinfo, int tail)
{
	if (PG_ARGISNULL(tail))
		return -1;
	if (PG_GETARG_INT32(tail) < 0)
		ereport(ERROR,
				(errcode(ERRCODE_ORCH_INVALID_SPECIFICATION),
				 errmsg("tail must not be negative"),
				 errhint("Use a number of lines, or NULL for the whole log.")));
	return PG_GETARG_INT32(tail);
}

/*
 * Seconds that the interval goes back from now, rounded up; 0 for NULL.
 */
static int64
seconds_from(FunctionCallInfo fcinfo, int how_far)
{
	TimestampTz now = GetCurrentTimestamp();
	TimestampTz since;

	if (PG_ARGISNULL(how_far))
		return 0;
	since = DatumGetTimestampTz(DirectFunctionCall2(timestamptz_mi_interval, TimestampTzGetDatum(now), PG_GETARG_DATUM(how_far)));
	if (since >= now)
		ereport(ERROR,
				(errcode(ERRCODE_ORCH_INVALID_SPECIFICATION),
				 errmsg("since must be positive"),
				 errhint("Use an interval such as '10 minutes': how far back to go. NULL goes back to the beginning.")));
	return (now - since + USECS_PER_SEC - 1) / USECS_PER_SEC;
}

/* ---- what rows say ---- */

static void
copy_name(char *to, Size size, int column)
{
	char	   *name = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, column);

	strlcpy(to, name ? name : "", size);
}

static void
query(const char *statement, int count, Oid *types, Datum *values, const char *nulls)
{
	if (SPI_execute_with_args(statement, count, types, values, nulls, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not look at a container");
}

/*
 * Finds the container as the caller sees it.  SPI is connected.
 */
static void
find_container(Wanted *wanted)
{
	Oid			type = INT8OID;
	Datum		value = Int64GetDatum(wanted->id);
	bool		isnull;

	query(container_statement, 1, &type, &value, NULL);
	if (SPI_processed == 0)
		ereport(ERROR,
				(errcode(ERRCODE_ORCH_NOT_FOUND),
				 errmsg("container " INT64_FORMAT " does not exist", wanted->id),
				 errhint("SELECT id, name FROM orchestration.containers shows those that do.")));
	wanted->namespace_id = DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
	copy_name(wanted->request.container, sizeof(wanted->request.container), 2);
	copy_name(wanted->request.cluster_namespace, sizeof(wanted->request.cluster_namespace), 3);
	wanted->request.cluster_id = DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 4, &isnull));
	orch_require(wanted->namespace_id, "logs", "read");
	if (isnull)
		ereport(ERROR,
				(errcode(ERRCODE_ORCH_CLUSTER_UNAVAILABLE),
				 errmsg("container \"%s\" has no log: its namespace has no cluster", wanted->request.container),
				 errhint("Give the namespace a cluster: SELECT orchestration.update_namespace('%s', cluster => ...)", wanted->request.cluster_namespace)));
}

/*
 * The names of its pods.  SPI is connected; the list is in the given context.
 */
static List *
find_pods(Wanted *wanted, MemoryContext context)
{
	Oid			types[] = {INT8OID, INT8OID, INT8OID, TEXTOID};
	Datum		values[4];
	List	   *pods = NIL;

	values[0] = Int64GetDatum(wanted->namespace_id);
	values[1] = Int64GetDatum(wanted->id);
	values[2] = Int64GetDatum(wanted->request.cluster_id);
	values[3] = wanted->pod ? CStringGetTextDatum(wanted->pod) : (Datum) 0;
	query(pods_statement, 4, types, values, wanted->pod ? "    " : "   n");
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		char	   *name = SPI_getvalue(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1);
		MemoryContext spi_context = MemoryContextSwitchTo(context);

		pods = lappend(pods, pstrdup(name));
		MemoryContextSwitchTo(spi_context);
	}
	return pods;
}

static List *
look_up(Wanted *wanted)
{
	MemoryContext context = CurrentMemoryContext;
	List	   *pods;

	PushActiveSnapshot(GetTransactionSnapshot());
	SPI_connect();
	find_container(wanted);
	pods = find_pods(wanted, context);
	SPI_finish();
	PopActiveSnapshot();

	if (pods == NIL && wanted->pod)
		ereport(ERROR,
				(errcode(ERRCODE_ORCH_NOT_FOUND),
				 errmsg("container \"%s\" has no pod \"%s\"", wanted->request.container, wanted->pod),
				 errdetail("The log of a pod ends with the pod."),
				 errhint("SELECT pod_name FROM orchestration.container_instances WHERE container_id = " INT64_FORMAT " AND ended_at IS NULL", wanted->id)));
	if (pods == NIL)
		ereport(NOTICE,
				(errmsg("container \"%s\" has no pods", wanted->request.container),
				 errhint("SELECT orchestration.why(" INT64_FORMAT ") says why.", wanted->id)));
	return pods;
}

/* ---- what the cluster says ---- */

/*
 * Throws for what is wrong with the cluster as a whole.
 */
static void
check_answer(const OrchLogAnswer *answer, const char *text)
{
	if (answer->outcome == ORCH_LOG_NO_CLUSTER)
		ereport(ERROR,
				(errcode(ERRCODE_ORCH_CLUSTER_UNAVAILABLE),
				 errmsg("logs cannot be read: the cluster is not connected"),
				 errdetail("%s", text),
				 errhint("See orchestration.cluster_status.")));
	if (answer->outcome == ORCH_LOG_UNREACHABLE)
		ereport(ERROR,
				(errcode(ERRCODE_ORCH_CLUSTER_UNAVAILABLE),
				 errmsg("logs cannot be read: the cluster does not answer"),
				 errdetail("%s", text),
				 errhint("See orchestration.cluster_status, and try again.")));
	if (answer->http_status == 401 || answer->http_status == 403)
		ereport(ERROR,
				(errcode(ERRCODE_ORCH_CLUSTER_UNAVAILABLE),
				 errmsg("logs cannot be read: the cluster refuses its account"),
				 errdetail("%s", text),
				 errhint("Give the account in the kubeconfig the right to get pods/log, as in docs/rbac.yaml.")));
}

/*
 * Says why a pod has no log; the others may have one.
 */
static void
tell_missing(const char *pod, const OrchLogAnswer *answer, const char *text)
{
	if (answer->http_status == 404)
		ereport(NOTICE, (errmsg("pod \"%s\" is gone", pod), errdetail("%s", text)));
	else if (answer->http_status == 400)
		ereport(NOTICE, (errmsg("pod \"%s\" has no such log", pod), errdetail("%s", text)));
	else
		ereport(WARNING,
				(errcode(ERRCODE_ORCH_CLUSTER_UNAVAILABLE),
				 errmsg("the log of pod \"%s\" could not be read", pod),
				 errdetail("%s", text)));
}

static void
read_pod(OrchLogLines *lines, OrchLogRequest *request, const char *pod)
{
	OrchLogAnswer answer;
	Size		length;
	char	   *text;

	strlcpy(request->pod, pod, sizeof(request->pod));
	request->limit_bytes = Min(POD_BYTES, CALL_BYTES - lines->bytes);
	if (request->limit_bytes <= 0)
	{
		ereport(WARNING,
				(errmsg("the log of pod \"%s\" was skipped: size limit reached", pod),
				 errhint("Ask for less with tail and since, or for one pod.")));
		return;
	}
	text = orch_log_read(request, &answer, &length);
	check_answer(&answer, text);
	if (answer.http_status != 200)
	{
		tell_missing(pod, &answer, text);
		return;
	}
	if (length >= request->limit_bytes && text[length - 1] != '\n')
		ereport(WARNING,
				(errmsg("the log of pod \"%s\" was cut after %d bytes", pod, request->limit_bytes),
				 errdetail("What follows is newer and missing."),
				 errhint("Ask for less with tail and since.")));
	orch_log_lines_add(lines, pod, text, length);
}

/*
 * The arguments from this one on say what is wanted of the container.
 */
static Datum
return_logs(FunctionCallInfo fcinfo, int64 id, int first)
{
	Wanted		wanted = {0};
	OrchLogLines lines = {0};
	List	   *pods;
	ListCell   *cell;
	Portal		portal = NULL;

	wanted.id = id;
	wanted.pod = PG_ARGISNULL(first + ARG_POD) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(first + ARG_POD));
	wanted.request.tail = lines_from(fcinfo, first + ARG_TAIL);
	wanted.request.since_seconds = seconds_from(fcinfo, first + ARG_SINCE);
	wanted.request.previous = !PG_ARGISNULL(first + ARG_PREVIOUS) && PG_GETARG_BOOL(first + ARG_PREVIOUS);
	pods = look_up(&wanted);

	InitMaterializedSRF(fcinfo, 0);
	if (!IsolationUsesXactSnapshot())
		portal = orch_snapshot_release();
	foreach(cell, pods)
	{
		CHECK_FOR_INTERRUPTS();
		read_pod(&lines, &wanted.request, lfirst(cell));
	}
	orch_snapshot_renew(portal);
	/* after the waiting: whoever is on record has a transaction id, which holds up others */
	if (orch_seen && lines.bytes > 0)
		orch_seen(wanted.namespace_id, "container_log", wanted.id, wanted.request.container);
	orch_log_lines_return(&lines, (ReturnSetInfo *) fcinfo->resultinfo);
	return (Datum) 0;
}

ORCH_FUNCTION(orch_container_logs);

/*
 * container_logs(id, tail, since, previous, pod)
 */
Datum
orch_container_logs(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_ORCH_NOT_FOUND),
				 errmsg("container id must not be null")));
	return return_logs(fcinfo, PG_GETARG_INT64(0), 1);
}

ORCH_FUNCTION(orch_named_container_logs);

/*
 * container_logs(namespace, name, tail, since, previous, pod)
 */
Datum
orch_named_container_logs(PG_FUNCTION_ARGS)
{
	return return_logs(fcinfo, orch_find_container(fcinfo), 2);
}
