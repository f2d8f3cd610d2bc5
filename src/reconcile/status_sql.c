/*
 * status_sql.c
 *	  derive_container_status(jsonb): the decision table for SQL.
 *
 * Reads the facts that refresh_containers() collects into the structs of
 * status.h.  Absent members are zero, so a test states only what matters.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "core/compat.h"
#include "core/errors.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "reconcile/status.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"

static bool
member(JsonbContainer *object, const char *key, JsonbValue *value)
{
	return getKeyJsonValueFromContainer(object, key, strlen(key), value) != NULL && value->type != jbvNull;
}

static char *
text_member(JsonbContainer *object, const char *key)
{
	JsonbValue	value;

	if (!member(object, key, &value) || value.type != jbvString || value.val.string.len == 0)
		return NULL;
	return pnstrdup(value.val.string.val, value.val.string.len);
}

static int64
bigint_member(JsonbContainer *object, const char *key)
{
	JsonbValue	value;

	if (!member(object, key, &value) || value.type != jbvNumeric)
		return 0;
	return DatumGetInt64(DirectFunctionCall1(numeric_int8, NumericGetDatum(value.val.numeric)));
}

static int
integer_member(JsonbContainer *object, const char *key)
{
	return (int) bigint_member(object, key);
}

/* -1: not known */
static int
known_integer_member(JsonbContainer *object, const char *key)
{
	JsonbValue	value;

	return member(object, key, &value) ? integer_member(object, key) : -1;
}

static bool
boolean_member(JsonbContainer *object, const char *key)
{
	JsonbValue	value;

	return member(object, key, &value) && value.type == jbvBool && value.val.boolean;
}

/* what only the rows of one kind ask for */
static int64
own_fact(const void *told, const char *name)
{
	JsonbContainer *facts = unconstify(void *, told);

	return boolean_member(facts, name) ? 1 : bigint_member(facts, name);
}

static JsonbContainer *
container_member(JsonbContainer *object, const char *key)
{
	JsonbValue	value;

	if (!member(object, key, &value) || value.type != jbvBinary)
		return NULL;
	return value.val.binary.data;
}

static OrchStatus
status_member(JsonbContainer *facts, const char *key)
{
	char	   *name = text_member(facts, key);
	OrchStatus	status;

	if (name == NULL || !orch_lifecycle_parse(name, &status))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("facts have no valid \"%s\"", key)));
	return status;
}

static OrchPodPhase
phase_member(JsonbContainer *pod)
{
	static const char *const names[] = {"Pending", "Running", "Succeeded", "Failed"};
	char	   *name = text_member(pod, "phase");

	for (int i = 0; name != NULL && i < lengthof(names); i++)
	{
		if (strcmp(name, names[i]) == 0)
			return (OrchPodPhase) i;
	}
	return ORCH_POD_UNKNOWN;
}

static void
read_termination(JsonbContainer *pod, const char *key, OrchTermination *end)
{
	JsonbContainer *object = container_member(pod, key);

	if (object == NULL)
		return;
	end->reason = text_member(object, "reason");
	end->message = text_member(object, "message");
	end->exit_code = integer_member(object, "exitCode");
	end->signal = integer_member(object, "signal");
	if (end->reason == NULL)
		end->reason = end->exit_code == 0 ? "Completed" : "Error";
}

static void
read_pod(JsonbContainer *object, OrchPodFacts *pod)
{
	pod->name = text_member(object, "name");
	pod->template_hash = text_member(object, "template");
	pod->created = bigint_member(object, "created");
	pod->phase = phase_member(object);
	pod->terminating = boolean_member(object, "terminating");
	pod->foreign = boolean_member(object, "foreign");
	pod->stray = boolean_member(object, "stray");
	pod->ready = boolean_member(object, "ready");
	pod->was_ready = boolean_member(object, "wasReady");
	pod->started = boolean_member(object, "started");
	pod->frozen = boolean_member(object, "frozen");
	pod->node_lost = boolean_member(object, "nodeLost");
	pod->ready_seconds = bigint_member(object, "readySeconds");
	pod->reason = text_member(object, "reason");
	pod->message = text_member(object, "message");
	pod->unscheduled_reason = text_member(object, "unscheduledReason");
	pod->unscheduled_message = text_member(object, "unscheduledMessage");
	pod->waiting_reason = text_member(object, "waitingReason");
	pod->waiting_message = text_member(object, "waitingMessage");
	read_termination(object, "terminated", &pod->ended);
	read_termination(object, "lastTerminated", &pod->last);
	pod->restarts = integer_member(object, "restarts");
	pod->init_done = integer_member(object, "initDone");
	pod->init_total = integer_member(object, "initTotal");
	pod->resize = text_member(object, "resize");
}

static void
read_pods(JsonbContainer *facts, OrchContainerFacts *result)
{
	JsonbContainer *array = container_member(facts, "pods");
	uint32		count = array && JsonContainerIsArray(array) ? JsonContainerSize(array) : 0;
	OrchPodFacts *pods = palloc0(sizeof(OrchPodFacts) * (count + 1));

	for (uint32 i = 0; i < count; i++)
	{
		JsonbValue *element = getIthJsonbValueFromContainer(array, i);

		if (element->type == jbvBinary && JsonContainerIsObject(element->val.binary.data))
			read_pod(element->val.binary.data, &pods[result->npods++]);
	}
	result->pods = pods;
}

static void
read_facts(JsonbContainer *facts, OrchContainerFacts *result)
{
#define READ_FACT(type, field, name) result->field = type##_member(facts, name);
	ORCH_CONTAINER_FACTS(READ_FACT)
#undef READ_FACT
	read_pods(facts, result);
	result->own_fact = own_fact;
	result->told = facts;
}

/*
 * The result's buffers may have cut a character in two.
 */
static Datum
clipped_text(const char *value)
{
	int			length = strlen(value);

	return PointerGetDatum(cstring_to_text_with_len(value, pg_mbcliplen(value, length, length)));
}

ORCH_FUNCTION(orch_derive_container_status);

/*
 * derive_container_status(facts): status, reason, message, ready_replicas and
 * the row of the table that decided.  Throws 22023 for facts without states.
 */
Datum
orch_derive_container_status(PG_FUNCTION_ARGS)
{
	Jsonb	   *facts = PG_GETARG_JSONB_P(0);
	OrchContainerFacts input = {0};
	OrchDerivedStatus result;
	TupleDesc	descriptor;
	Datum		values[5];
	bool		nulls[5] = {false};

	if (get_call_result_type(fcinfo, NULL, &descriptor) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	if (!JB_ROOT_IS_OBJECT(facts))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("facts are not an object")));

	read_facts(&facts->root, &input);
	orch_status_derive(&input, &result);

	values[0] = CStringGetTextDatum(orch_lifecycle_name(result.status));
	nulls[1] = result.reason[0] == '\0';
	values[1] = clipped_text(result.reason);
	nulls[2] = result.message[0] == '\0';
	values[2] = clipped_text(result.message);
	values[3] = Int32GetDatum(result.ready_replicas);
	values[4] = Int32GetDatum(result.row);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(descriptor), values, nulls)));
}
