/*
 * facts.c
 *	  What status is derived from, taken out of Kubernetes' objects.
 *
 * The names of the facts are those of managed_objects.observed, which
 * container_facts and status_sql.c read.  Those that are members of the object have
 * their path in the list of kinds; a kind with others has a line in writers[].
 */
#include "postgres.h"

#include "core/compat.h"
#include "engine/kinds.h"
#include "engine/kubernetes/conditions.h"
#include "engine/kubernetes/facts.h"

/* What a writer may read of an object. */
typedef struct Source
{
	JsonbContainer *spec;
	JsonbContainer *status;
	OrchConditions conditions;
} Source;

typedef struct Writer
{
	const char *kind;
	void		(*put) (StringInfo out, const Source *source);
} Writer;

/*
 * Whether a condition is true; nothing when it is not there.
 */
static void
put_is_true(StringInfo out, const char *key, OrchCondition condition)
{
	if (condition.status.data != NULL)
		orch_json_put_boolean(out, key, orch_text_is(condition.status, "True"));
}

static void
put_deployment(StringInfo out, const Source *source)
{
	OrchCondition failure = orch_condition(&source->conditions, "ReplicaFailure");
	OrchCondition progress = orch_condition(&source->conditions, "Progressing");

	orch_json_put(out, "specReplicas", source->spec, "replicas");
	orch_json_put(out, "observedGeneration", source->status, "observedGeneration");
	orch_json_put(out, "updatedReplicas", source->status, "updatedReplicas");
	put_is_true(out, "replicaFailure", failure);
	orch_json_put(out, "replicaFailureMessage", failure.object, "message");
	if (progress.status.data == NULL)
		return;
	orch_json_put_boolean(out, "deadlineExceeded", orch_text_is(progress.status, "False"));
	if (orch_text_is(progress.status, "False"))
	{
		orch_json_put_text(out, "progressReason", orch_json_string(progress.object, "reason"));
		orch_json_put_text(out, "progressMessage",
						   orch_text_first(orch_json_string(progress.object, "message"), ORCH_KUBE_MESSAGE_CHARACTERS));
	}
}

static void
put_job(StringInfo out, const Source *source)
{
	OrchCondition failed = orch_condition(&source->conditions, "Failed");
	JsonbValue	suspend;

	if (orch_json_member(source->spec, "suspend", &suspend))
		orch_json_put(out, "suspended", source->spec, "suspend");
	else
		orch_json_put_boolean(out, "suspended", false);
	put_is_true(out, "complete", orch_condition(&source->conditions, "Complete"));
	put_is_true(out, "failed", failed);
	orch_json_put(out, "failedReason", failed.object, "reason");
	orch_json_put(out, "failedMessage", failed.object, "message");
}

static void
put_claim(StringInfo out, const Source *source)
{
	OrchCondition resizing = orch_condition(&source->conditions, "FileSystemResizePending");

	if (resizing.status.data == NULL)
		resizing = orch_condition(&source->conditions, "Resizing");
	orch_json_put(out, "phase", source->status, "phase");
	orch_json_put(out, "capacity", orch_json_object(source->status, "capacity"), "storage");
	put_is_true(out, "resizing", resizing);
}

/*
 * The order in which jsonb has its keys, so that messages stay in one order.
 */
static int
compare_types(const void *a, const void *b)
{
	OrchText	left = ((const OrchCondition *) a)->type;
	OrchText	right = ((const OrchCondition *) b)->type;

	if (left.length != right.length)
		return left.length < right.length ? -1 : 1;
	return memcmp(left.data, right.data, left.length);
}

static void
put_namespace(StringInfo out, const Source *source)
{
	OrchConditions conditions = source->conditions;
	StringInfoData message;
	OrchText	whole = {NULL, 0};

	orch_json_put(out, "phase", source->status, "phase");
	if (conditions.count == 0)
		return;
	initStringInfo(&message);
	qsort(conditions.list, conditions.count, sizeof(OrchCondition), compare_types);
	for (int i = 0; i < conditions.count; i++)
	{
		OrchText	text = orch_json_string(conditions.list[i].object, "message");

		if (text.data == NULL || !orch_text_is(conditions.list[i].status, "True"))
			continue;
		if (whole.data != NULL)
			appendStringInfoString(&message, "; ");
		appendBinaryStringInfo(&message, text.data, text.length);
		whole.data = message.data;
	}
	whole.data = whole.data ? message.data : NULL;
	whole.length = message.len;
	orch_json_put_text(out, "message", whole);
}

static void
put_member(StringInfo out, const char *name, JsonbContainer *object, char *path)
{
	char	   *dot;

	for (; (dot = strchr(path, '.')) != NULL; path = dot + 1)
	{
		*dot = '\0';
		object = orch_json_object(object, path);
	}
	orch_json_put(out, name, object, path);
}

/*
 * The facts that are members, as the list of kinds has them.
 */
static void
put_members(StringInfo out, const char *kind, JsonbContainer *object)
{
	const OrchKind *listed = orch_kind_find(kind);
	const char *facts = listed != NULL ? listed->facts : "";
	OrchKindFact fact;

	while (orch_kind_next_fact(&facts, &fact))
	{
		if (fact.path[0] != '\0')
			put_member(out, fact.name, object, fact.path);
	}
}

static const Writer writers[] = {
	{"Deployment", put_deployment},
	{"Job", put_job},
	{"PersistentVolumeClaim", put_claim},
	{"Namespace", put_namespace}
};

/*
 * JSON without blanks.  *ended says whether it is a Job that will do nothing more.
 */
char *
orch_kube_object_facts(const char *kind, JsonbContainer *object, bool *ended)
{
	StringInfoData out;
	Source		source;

	source.spec = orch_json_object(object, "spec");
	source.status = orch_json_object(object, "status");
	source.conditions = orch_conditions_read(source.status);
	*ended = strcmp(kind, "Job") == 0 &&
		(orch_text_is(orch_condition(&source.conditions, "Complete").status, "True") ||
		 orch_text_is(orch_condition(&source.conditions, "Failed").status, "True"));

	initStringInfo(&out);
	appendStringInfoChar(&out, '{');
	put_members(&out, kind, object);
	for (int i = 0; i < lengthof(writers); i++)
	{
		if (strcmp(writers[i].kind, kind) == 0)
			writers[i].put(&out, &source);
	}
	appendStringInfoChar(&out, '}');
	return out.data;
}
