/*
 * facts_bench.c
 *	  Times parsing and reading of one object, as the worker does it.
 *
 * Built together with the sources of src/engine/kubernetes, see bench/facts.sh.
 */
#include "postgres.h"

#include <time.h>

#include "core/compat.h"
#include "engine/kubernetes/facts.h"
#include "engine/kubernetes/slim.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

PG_MODULE_MAGIC;

#define INSTALLATION "7f1b3f0e-3a52-4a0e-9d83-1b2f1f6f3c11"

ORCH_FUNCTION(facts_bench);
ORCH_FUNCTION(facts_cpu);

/*
 * The process' own time: what others do on the machine does not count.
 */
static double
cpu_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return now.tv_sec * 1e6 + now.tv_nsec / 1e3;
}

Datum
facts_cpu(PG_FUNCTION_ARGS)
{
	PG_RETURN_FLOAT8(cpu_us());
}

static void
read_text(const char *kind, const char *json, size_t length)
{
	OrchSeen	seen;
	OrchSeenInstance instance;

	if (strcmp(kind, "Pod") == 0)
		(void) orch_kube_pod_seen_from_text(json, length, INSTALLATION, &instance);
	else
		(void) orch_kube_object_seen_from_text(kind, json, length, INSTALLATION, &seen);
}

static void
read_once(const char *kind, Jsonb *object)
{
	OrchSeen	seen;
	OrchSeenInstance instance;

	if (strcmp(kind, "Pod") == 0)
		(void) orch_kube_pod_seen(object, INSTALLATION, &instance);
	else
		orch_kube_object_seen(kind, object, INSTALLATION, &seen);
}

/*
 * facts_bench(kind, json, rounds, what): microseconds of CPU a round, of parsing ('parse'),
 * of leaving out what nobody reads ('slim'), of reading what is parsed ('read') or
 * of everything as the worker does it ('text').
 */
Datum
facts_bench(PG_FUNCTION_ARGS)
{
	char	   *kind = text_to_cstring(PG_GETARG_TEXT_PP(0));
	char	   *json = text_to_cstring(PG_GETARG_TEXT_PP(1));
	size_t		length = strlen(json);
	int			rounds = PG_GETARG_INT32(2);
	char	   *what = text_to_cstring(PG_GETARG_TEXT_PP(3));
	Jsonb	   *object = orch_jsonb_parse(json);
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "bench", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	double		start;
	double		used;

	start = cpu_us();
	for (int i = 0; i < rounds; i++)
	{
		if (strcmp(what, "parse") == 0)
			(void) orch_jsonb_parse(json);
		else if (strcmp(what, "slim") == 0)
			(void) orch_kube_slim(kind, json, length);
		else if (strcmp(what, "text") == 0)
			read_text(kind, json, length);
		else
			read_once(kind, object);
		MemoryContextReset(context);
	}
	used = cpu_us() - start;
	MemoryContextSwitchTo(caller);
	PG_RETURN_FLOAT8(used / rounds);
}

static bool
same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool
same_object(const char *kind, const char *json, Jsonb *object)
{
	OrchSeen	a;
	OrchSeen	b;

	(void) orch_kube_object_seen_from_text(kind, json, strlen(json), INSTALLATION, &a);
	orch_kube_object_seen(kind, object, INSTALLATION, &b);
	return strcmp(a.uid, b.uid) == 0 && strcmp(a.version, b.version) == 0 && a.generation == b.generation &&
		a.terminating == b.terminating && a.is_labelled == b.is_labelled && a.is_applied == b.is_applied && a.ended == b.ended &&
		same_text(a.api_version, b.api_version) && same_text(a.place, b.place) && same_text(a.name, b.name) &&
		same_text(a.owner, b.owner) && same_text(a.fingerprint, b.fingerprint) && same_text(a.facts, b.facts);
}

static bool
same_pod(const char *json, Jsonb *pod)
{
	OrchSeenInstance a;
	OrchSeenInstance b;
	bool		is_pod = orch_kube_pod_seen_from_text(json, strlen(json), INSTALLATION, &a);

	return is_pod == orch_kube_pod_seen(pod, INSTALLATION, &b) && orch_digest_equal(a.digest, b.digest) &&
		strcmp(a.version, b.version) == 0 && same_text(a.facts, b.facts);
}

ORCH_FUNCTION(facts_same);

/*
 * facts_same(kind, json): is what is read from the text what is read from jsonb?
 */
Datum
facts_same(PG_FUNCTION_ARGS)
{
	char	   *kind = text_to_cstring(PG_GETARG_TEXT_PP(0));
	char	   *json = text_to_cstring(PG_GETARG_TEXT_PP(1));
	Jsonb	   *object = orch_jsonb_parse(json);

	PG_RETURN_BOOL(strcmp(kind, "Pod") == 0 ? same_pod(json, object) : same_object(kind, json, object));
}
