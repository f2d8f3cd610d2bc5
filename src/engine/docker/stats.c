/*
 * stats.c
 *	  What Docker says of the use of containers, as a kubelet's summary.
 *
 * Docker counts from the start of a container, a kubelet from that of a pod: the
 * counters' start is told as the pod's.
 */
#include "postgres.h"

#include "engine/docker/stats.h"

static bool
read_figure(JsonbContainer *object, const char *key, int64 *figure)
{
	return orch_json_integer(object, key, figure) && *figure >= 0;
}

/*
 * False for the year 1, which stands where there was nothing to measure.
 */
static bool
read_time(JsonbContainer *stats, OrchText *time)
{
	int64		seconds;

	*time = orch_json_string(stats, "read");
	return orch_text_seconds(*time, &seconds) && memcmp(time->data, "0001-", 5) != 0;
}

static void
put_string(StringInfo out, const char *key, const char *value)
{
	orch_json_put_text(out, key, (OrchText) {value, value != NULL ? strlen(value) : 0});
}

static void
begin_object(StringInfo out, const char *key)
{
	orch_json_put_key(out, key);
	appendStringInfoChar(out, '{');
}

static bool
put_cpu(StringInfo out, JsonbContainer *stats, OrchText time)
{
	int64		total;

	if (!read_figure(orch_json_object(orch_json_object(stats, "cpu_stats"), "cpu_usage"), "total_usage", &total))
		return false;
	begin_object(out, "cpu");
	orch_json_put_text(out, "time", time);
	orch_json_put_integer(out, "usageCoreNanoSeconds", total);
	appendStringInfoChar(out, '}');
	return true;
}

/*
 * What cannot be reclaimed at once: files that nobody has used lately can.
 */
static void
put_memory(StringInfo out, JsonbContainer *stats, OrchText time)
{
	JsonbContainer *memory = orch_json_object(stats, "memory_stats");
	JsonbContainer *details = orch_json_object(memory, "stats");
	int64		usage;
	int64		inactive;

	if (!read_figure(memory, "usage", &usage))
		return;
	/* control groups of version 1 have both, and the first includes its children */
	if (!read_figure(details, "total_inactive_file", &inactive) && !read_figure(details, "inactive_file", &inactive))
		inactive = 0;
	begin_object(out, "memory");
	orch_json_put_text(out, "time", time);
	orch_json_put_integer(out, "workingSetBytes", Max(usage - inactive, 0));
	appendStringInfoChar(out, '}');
}

static void
add_bytes(int64 *sum, JsonbContainer *network, const char *key)
{
	int64		bytes;

	if (!read_figure(network, key, &bytes))
		return;
	*sum = Max(*sum, 0);
	*sum = bytes > PG_INT64_MAX - *sum ? PG_INT64_MAX : *sum + bytes;
}

/*
 * All networks together; nothing for a container that has none of its own.
 */
static void
put_network(StringInfo out, JsonbContainer *stats, OrchText time)
{
	JsonbContainer *networks = orch_json_object(stats, "networks");
	JsonbIterator *iterator = networks != NULL ? JsonbIteratorInit(networks) : NULL;
	JsonbIteratorToken token;
	JsonbValue	value;
	int64		received = -1;
	int64		sent = -1;

	while (iterator != NULL && (token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		if (token != WJB_VALUE || value.type != jbvBinary)
			continue;
		add_bytes(&received, value.val.binary.data, "rx_bytes");
		add_bytes(&sent, value.val.binary.data, "tx_bytes");
	}
	if (received < 0 && sent < 0)
		return;
	begin_object(out, "network");
	orch_json_put_text(out, "time", time);
	if (received >= 0)
		orch_json_put_integer(out, "rxBytes", received);
	if (sent >= 0)
		orch_json_put_integer(out, "txBytes", sent);
	appendStringInfoChar(out, '}');
}

static void
put_reference(StringInfo out, const OrchDockerLabels *labels)
{
	begin_object(out, "podRef");
	put_string(out, "name", labels->pod);
	put_string(out, "namespace", labels->place);
	put_string(out, "uid", labels->pod_uid);
	appendStringInfoChar(out, '}');
}

void
orch_docker_summary_begin(StringInfo out, const char *node)
{
	appendStringInfoChar(out, '{');
	begin_object(out, "node");
	put_string(out, "nodeName", node);
	appendStringInfoChar(out, '}');
	orch_json_put_key(out, "pods");
	appendStringInfoChar(out, '[');
}

bool
orch_docker_summary_put(StringInfo out, const OrchDockerContainer *container, JsonbContainer *stats)
{
	int			before = out->len;
	OrchText	time;

	if (container->labels.pod_uid == NULL || !read_time(stats, &time))
		return false;
	if (out->data[before - 1] == '}')
		appendStringInfoChar(out, ',');
	appendStringInfoChar(out, '{');
	put_reference(out, &container->labels);
	put_string(out, "startTime", container->started_at);
	if (!put_cpu(out, stats, time))
	{
		out->len = before;
		out->data[before] = '\0';
		return false;
	}
	put_memory(out, stats, time);
	put_network(out, stats, time);
	if (container->files_bytes >= 0)
	{
		begin_object(out, "ephemeral-storage");
		orch_json_put_integer(out, "usedBytes", container->files_bytes);
		appendStringInfoChar(out, '}');
	}
	appendStringInfoChar(out, '}');
	return true;
}

void
orch_docker_summary_end(StringInfo out)
{
	appendStringInfoString(out, "]}");
}
