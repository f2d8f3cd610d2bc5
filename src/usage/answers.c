/*
 * answers.c
 *	  What a kubelet's summary and metrics.k8s.io say about one pod.
 *
 * Every figure of theirs may be missing or nonsense, and then it is NULL: one
 * pod's nonsense must not lose the figures of the others.
 */
#include "postgres.h"

#include "core/compat.h"
#include "funcapi.h"
#include "kube/quantity.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

#define NANO_PER_MILLI 1e6

typedef struct Figure
{
	bool		known;
	int64		value;
} Figure;

typedef struct Moment
{
	bool		known;
	TimestampTz at;
} Moment;

/* ---- reading ---- */

static JsonbContainer *
container(JsonbContainer *object, const char *key)
{
	JsonbValue	value;

	if (object == NULL || !JsonContainerIsObject(object) ||
		getKeyJsonValueFromContainer(object, key, strlen(key), &value) == NULL || value.type != jbvBinary)
		return NULL;
	return value.val.binary.data;
}

static uint32
array_size(JsonbContainer *array)
{
	return array != NULL && JsonContainerIsArray(array) && !JsonContainerIsScalar(array) ? JsonContainerSize(array) : 0;
}

static JsonbContainer *
element(JsonbContainer *array, uint32 i)
{
	JsonbValue *value = getIthJsonbValueFromContainer(array, i);

	return value != NULL && value->type == jbvBinary ? value->val.binary.data : NULL;
}

static Figure
figure(JsonbContainer *object, const char *key)
{
	JsonbValue	value;
	double		approximate;

	if (object == NULL || !JsonContainerIsObject(object) ||
		getKeyJsonValueFromContainer(object, key, strlen(key), &value) == NULL || value.type != jbvNumeric)
		return (Figure) {0};
	approximate = DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow, NumericGetDatum(value.val.numeric)));
	/* kubelets have been seen to print -1 as an unsigned number */
	if (approximate < 0 || approximate > 9.2e18)
		return (Figure) {0};
	return (Figure) {true, DatumGetInt64(DirectFunctionCall1(numeric_int8, NumericGetDatum(value.val.numeric)))};
}

static char *
string(JsonbContainer *object, const char *key)
{
	JsonbValue	value;

	if (object == NULL || !JsonContainerIsObject(object) ||
		getKeyJsonValueFromContainer(object, key, strlen(key), &value) == NULL || value.type != jbvString)
		return NULL;
	return pnstrdup(value.val.string.val, value.val.string.len);
}

static Moment
moment(JsonbContainer *object, const char *key)
{
	char	   *text = string(object, key);

	/* RFC 3339; what a field that was never set looks like begins with year 1 */
	if (text == NULL || strlen(text) < 20 || strncmp(text, "0001-", 5) == 0)
		return (Moment) {0};
	return (Moment) {true, DatumGetTimestampTz(DirectFunctionCall3(timestamptz_in, CStringGetDatum(text),
																  ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)))};
}

/*
 * The sum of what is known; unknown when nothing is.
 */
static Figure
plus(Figure a, Figure b)
{
	Figure		sum = {a.known || b.known, 0};

	if (a.known)
		sum.value += a.value;
	if (b.known)
		sum.value = sum.value > PG_INT64_MAX - b.value ? PG_INT64_MAX : sum.value + b.value;
	return sum;
}

static Moment
later(Moment a, Moment b)
{
	return !b.known || (a.known && a.at >= b.at) ? a : b;
}

/*
 * Sums container.part.key over the containers of a pod.
 */
static Figure
of_containers(JsonbContainer *pod, const char *part, const char *key)
{
	JsonbContainer *containers = container(pod, "containers");
	Figure		sum = {0};

	for (uint32 i = 0; i < array_size(containers); i++)
		sum = plus(sum, figure(container(element(containers, i), part), key));
	return sum;
}

static Moment
time_of_containers(JsonbContainer *pod, const char *part)
{
	JsonbContainer *containers = container(pod, "containers");
	Moment		last = {0};

	for (uint32 i = 0; i < array_size(containers); i++)
		last = later(last, moment(container(element(containers, i), part), "time"));
	return last;
}

static Figure
network(JsonbContainer *pod, const char *key)
{
	JsonbContainer *stats = container(pod, "network");
	JsonbContainer *interfaces = container(stats, "interfaces");
	Figure		sum = figure(stats, key);

	/* the default interface is repeated on top, when the kubelet knows which it is */
	for (uint32 i = 0; !figure(stats, key).known && i < array_size(interfaces); i++)
		sum = plus(sum, figure(element(interfaces, i), key));
	return sum;
}

/*
 * What a pod holds on disk: its own files, logs and local volumes, which the
 * kubelet adds up as ephemeral storage, and what is in its claims.
 */
static Figure
disk(JsonbContainer *pod)
{
	JsonbContainer *volumes = container(pod, "volume");
	Figure		sum = figure(container(pod, "ephemeral-storage"), "usedBytes");

	if (!sum.known)
		sum = plus(of_containers(pod, "rootfs", "usedBytes"), of_containers(pod, "logs", "usedBytes"));
	for (uint32 i = 0; i < array_size(volumes); i++)
	{
		JsonbContainer *volume = element(volumes, i);

		if (container(volume, "pvcRef") != NULL)
			sum = plus(sum, figure(volume, "usedBytes"));
	}
	return sum;
}

/* ---- writing ---- */

typedef struct Row
{
	int			count;
	Datum		values[10];
	bool		nulls[10];
} Row;

static void
put_figure(Row *row, Figure figure)
{
	row->nulls[row->count] = !figure.known;
	row->values[row->count++] = Int64GetDatum(figure.value);
}

static void
put_moment(Row *row, Moment moment)
{
	row->nulls[row->count] = !moment.known;
	row->values[row->count++] = TimestampTzGetDatum(moment.at);
}

static void
put_millicores(Row *row, Figure nanocores)
{
	row->nulls[row->count] = !nanocores.known;
	row->values[row->count++] = Float8GetDatum((double) nanocores.value / NANO_PER_MILLI);
}

static Datum
make_row(FunctionCallInfo fcinfo, Row *row)
{
	TupleDesc	desc;

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE || desc->natts != row->count)
		elog(ERROR, "function is not declared as its C code expects");
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), row->values, row->nulls));
}

ORCH_FUNCTION(orch_usage_of_summary);

/*
 * usage_of_summary(pod): one element of pods in the answer of /stats/summary
 */
Datum
orch_usage_of_summary(PG_FUNCTION_ARGS)
{
	JsonbContainer *pod = &PG_GETARG_JSONB_P(0)->root;
	JsonbContainer *cpu = container(pod, "cpu");
	JsonbContainer *memory = container(pod, "memory");
	Figure		nanocores = figure(cpu, "usageNanoCores");
	Figure		working_set = figure(memory, "workingSetBytes");
	Moment		cpu_at = moment(cpu, "time");
	Moment		memory_at = moment(memory, "time");
	Moment		network_at = moment(container(pod, "network"), "time");
	Row			row = {0};

	if (!nanocores.known)
		nanocores = of_containers(pod, "cpu", "usageNanoCores");
	if (!working_set.known)
		working_set = of_containers(pod, "memory", "workingSetBytes");
	if (!memory_at.known)
		memory_at = later(time_of_containers(pod, "cpu"), time_of_containers(pod, "memory"));

	put_moment(&row, later(later(cpu_at, memory_at), network_at));
	put_moment(&row, moment(pod, "startTime"));
	put_millicores(&row, nanocores);
	put_figure(&row, working_set);
	put_figure(&row, disk(pod));
	put_moment(&row, cpu_at);
	put_figure(&row, figure(cpu, "usageCoreNanoSeconds"));
	put_moment(&row, network_at);
	put_figure(&row, network(pod, "rxBytes"));
	put_figure(&row, network(pod, "txBytes"));
	return make_row(fcinfo, &row);
}

static Figure
quantity(JsonbContainer *object, const char *key, OrchQuantityUnit unit)
{
	char	   *text = string(object, key);
	int64		value;

	if (text == NULL || orch_quantity_parse(text, unit, &value) != ORCH_QUANTITY_OK)
		return (Figure) {0};
	return (Figure) {true, value};
}

ORCH_FUNCTION(orch_usage_of_metrics);

/*
 * usage_of_metrics(pod): one element of items in a PodMetricsList
 */
Datum
orch_usage_of_metrics(PG_FUNCTION_ARGS)
{
	JsonbContainer *pod = &PG_GETARG_JSONB_P(0)->root;
	JsonbContainer *containers = container(pod, "containers");
	Figure		nanocores = {0};
	Figure		memory = {0};
	Row			row = {0};

	for (uint32 i = 0; i < array_size(containers); i++)
	{
		JsonbContainer *usage = container(element(containers, i), "usage");

		nanocores = plus(nanocores, quantity(usage, "cpu", ORCH_QUANTITY_NANO));
		memory = plus(memory, quantity(usage, "memory", ORCH_QUANTITY_ONE));
	}
	put_moment(&row, moment(pod, "timestamp"));
	put_millicores(&row, nanocores);
	put_figure(&row, memory);
	return make_row(fcinfo, &row);
}
