/*
 * resources.c
 *	  What a container may use, and what it is told of that.
 *
 * Shares and quotas are computed as a kubelet does.  A quota in microseconds is taken
 * by engines also where it is more than the machine has, unlike a number of CPUs.
 */
#include "postgres.h"

#include "engine/docker/resources.h"
#include "kube/quantity.h"

#define QUOTA_PERIOD 100000		/* microseconds */
#define LEAST_QUOTA 1000
#define LEAST_SHARES 2
#define MOST_SHARES 262144

/* more is as good as no limit, and computing with it is safe */
#define MOST_CPU INT64CONST(1000000000)

/*
 * What a list of resources says of one; false: nothing.  A request that is not given is
 * the limit.
 */
static bool
amount_of(JsonbContainer *container, const char *list, const char *resource, OrchQuantityUnit unit, int64 *amount)
{
	JsonbContainer *resources = orch_json_object(container, "resources");
	OrchText	text = orch_json_string(orch_json_object(resources, list), resource);

	if (text.data == NULL && strcmp(list, "requests") == 0)
		text = orch_json_string(orch_json_object(resources, "limits"), resource);
	if (text.data == NULL)
		return false;
	switch (orch_quantity_parse(orch_text_copy(text), unit, amount))
	{
		case ORCH_QUANTITY_OK:
			return true;
		case ORCH_QUANTITY_OUT_OF_RANGE:
			*amount = PG_INT64_MAX;
			return true;
		default:
			return false;
	}
}

static void
put_cpu(JsonbContainer *container, StringInfo host)
{
	int64		cpu = 0;
	int64		shares;

	if (amount_of(container, "limits", "cpu", ORCH_QUANTITY_MILLI, &cpu) && cpu > 0 && cpu < MOST_CPU)
	{
		orch_json_put_integer(host, "CpuPeriod", QUOTA_PERIOD);
		orch_json_put_integer(host, "CpuQuota", Max(cpu * QUOTA_PERIOD / 1000, LEAST_QUOTA));
	}
	cpu = 0;
	(void) amount_of(container, "requests", "cpu", ORCH_QUANTITY_MILLI, &cpu);
	/* what asks for nothing gets the least, or it would have more than most that ask */
	shares = Min(cpu, MOST_CPU) * 1024 / 1000;
	orch_json_put_integer(host, "CpuShares", Min(Max(shares, LEAST_SHARES), MOST_SHARES));
}

static void
put_memory(JsonbContainer *container, StringInfo host)
{
	int64		limit;
	int64		request;

	if (amount_of(container, "limits", "memory", ORCH_QUANTITY_ONE, &limit) && limit > 0 && limit < PG_INT64_MAX)
	{
		orch_json_put_integer(host, "Memory", limit);
		/* memory and swap together: so there is no swap */
		orch_json_put_integer(host, "MemorySwap", limit);
	}
	if (amount_of(container, "requests", "memory", ORCH_QUANTITY_ONE, &request) && request > 0 && request < PG_INT64_MAX)
		orch_json_put_integer(host, "MemoryReservation", request);
}

static void
put_ulimit(StringInfo host, const char *name, int64 most)
{
	if (most <= 0)
		return;
	orch_json_put_begin(host, '{');
	orch_json_put_text(host, "Name", orch_docker_text(name));
	orch_json_put_integer(host, "Soft", most);
	orch_json_put_integer(host, "Hard", most);
	appendStringInfoChar(host, '}');
}

/*
 * What the engine would take for these otherwise may be more than it may give.
 */
static void
put_ulimits(const OrchDockerPodIdentity *identity, StringInfo host)
{
	orch_json_put_key(host, "Ulimits");
	appendStringInfoChar(host, '[');
	put_ulimit(host, "nofile", identity->open_files);
	put_ulimit(host, "nproc", identity->processes);
	appendStringInfoChar(host, ']');
}

/*
 * See resources.h.
 */
void
orch_docker_put_resources(OrchDockerPlanning *planning, JsonbContainer *container, StringInfo host)
{
	put_cpu(container, host);
	put_memory(container, host);
	put_ulimits(planning->identity, host);
}

static JsonbContainer *
container_in(JsonbContainer *list, OrchText name)
{
	for (int i = 0; i < orch_json_count(list); i++)
	{
		JsonbContainer *container = orch_json_element(list, i);

		if (orch_text_equal(orch_json_string(container, "name"), name))
			return container;
	}
	return NULL;
}

static JsonbContainer *
container_named(OrchDockerPlanning *planning, OrchText name)
{
	JsonbContainer *container = container_in(orch_json_array(planning->spec, "containers"), name);

	return container != NULL ? container : container_in(orch_json_array(planning->spec, "initContainers"), name);
}

/*
 * What a container without this limit or request reads; -1: what the machine has is
 * not known.
 */
static int64
amount_otherwise(OrchDockerPlanning *planning, bool is_limit, const char *resource)
{
	int64		machine = -1;

	if (!is_limit)
		return 0;
	if (strcmp(resource, "cpu") == 0)
		machine = planning->identity->machine_cpu;
	else if (strcmp(resource, "memory") == 0)
		machine = planning->identity->machine_memory;
	return machine > 0 ? machine : -1;
}

/*
 * How often the divisor is in amount, rounded up.
 */
static char *
divided(int64 amount, OrchText divisor, OrchQuantityUnit unit)
{
	int64		one = unit == ORCH_QUANTITY_MILLI ? 1000 : 1;
	int64		by;

	if (divisor.data == NULL || orch_quantity_parse(orch_text_copy(divisor), unit, &by) != ORCH_QUANTITY_OK || by <= 0)
		by = one;
	return psprintf(INT64_FORMAT, amount / by + (amount % by != 0 ? 1 : 0));
}

/*
 * See resources.h.
 */
char *
orch_docker_resource_field(OrchDockerPlanning *planning, JsonbContainer *container, JsonbContainer *reference)
{
	OrchText	of = orch_json_string(reference, "containerName");
	OrchText	field = orch_json_string(reference, "resource");
	char	   *list = field.data != NULL ? orch_text_copy(field) : pstrdup("");
	char	   *resource = strchr(list, '.');
	OrchQuantityUnit unit;
	int64		amount;

	if (of.data != NULL && of.length > 0)
		container = container_named(planning, of);
	if (container == NULL || resource == NULL)
	{
		orch_docker_refuse(planning, "resourceFieldRef of %s: there is no such container or resource", list);
		return NULL;
	}
	*resource++ = '\0';
	unit = strcmp(resource, "cpu") == 0 ? ORCH_QUANTITY_MILLI : ORCH_QUANTITY_ONE;
	if (!amount_of(container, list, resource, unit, &amount))
		amount = amount_otherwise(planning, strcmp(list, "limits") == 0, resource);
	if (amount < 0)
	{
		orch_docker_refuse(planning, "%s.%s is not set, and what the machine has is not known", list, resource);
		return NULL;
	}
	return divided(amount, orch_json_string(reference, "divisor"), unit);
}
