/*
 * kinds_sql.c
 *	  The list of kinds (engine/kinds.h), for SQL.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "core/compat.h"
#include "core/errors.h"
#include "engine/kinds.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

#define KIND_COLUMNS 11
#define MAX_FACTS 64

static Datum
fact_names(const char *facts)
{
	Datum		names[MAX_FACTS];
	int			count = 0;
	OrchKindFact fact;

	while (orch_kind_next_fact(&facts, &fact) && count < MAX_FACTS)
		names[count++] = CStringGetTextDatum(fact.name);
	return PointerGetDatum(construct_array(names, count, TEXTOID, -1, false, TYPALIGN_INT));
}

static Datum
api_version(const OrchKind *kind)
{
	char		buffer[128];

	(void) orch_kind_api_version(kind, buffer, sizeof(buffer));
	return CStringGetTextDatum(buffer);
}

/* empty is none */
static Datum
name_or_null(const char *name, bool *is_null)
{
	*is_null = name == NULL || name[0] == '\0';
	return *is_null ? (Datum) 0 : CStringGetTextDatum(name);
}

static void
put_kind(ReturnSetInfo *result, const OrchKind *kind)
{
	Datum		values[KIND_COLUMNS];
	bool		nulls[KIND_COLUMNS] = {0};

	values[0] = CStringGetTextDatum(kind->kind);
	values[1] = api_version(kind);
	values[2] = CStringGetTextDatum(kind->plural);
	values[3] = BoolGetDatum(kind->namespaced);
	values[4] = Int32GetDatum(kind->apply_order);
	nulls[4] = kind->apply_order == ORCH_ORDER_NONE;
	values[5] = CStringGetTextDatum(orch_kind_watched_name(kind->watched));
	values[6] = CStringGetTextDatum(orch_kind_immutable_name(kind->immutable));
	values[7] = BoolGetDatum(kind->heritable);
	values[8] = fact_names(kind->facts);
	values[9] = name_or_null(kind->pod_owner, &nulls[9]);
	values[10] = name_or_null(kind->aspect, &nulls[10]);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

ORCH_FUNCTION(orch_kinds_shown);

Datum
orch_kinds_shown(PG_FUNCTION_ARGS)
{
	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < ORCH_KIND_COUNT; i++)
		put_kind((ReturnSetInfo *) fcinfo->resultinfo, &orch_kinds[i]);
	return (Datum) 0;
}

/*
 * Throws for what is not in the list.
 */
static const OrchKind *
kind_called(text *name)
{
	char	   *called = text_to_cstring(name);
	const OrchKind *kind = orch_kind_find(called);

	if (kind == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_ORCH_INVALID_SPECIFICATION),
				 errmsg("there is no kind \"%s\"", called),
				 errhint("SELECT kind FROM orchestration_internal.kinds() lists those that there are.")));
	return kind;
}

ORCH_FUNCTION(orch_kind_order);

Datum
orch_kind_order(PG_FUNCTION_ARGS)
{
	const OrchKind *kind = kind_called(PG_GETARG_TEXT_PP(0));

	if (kind->apply_order == ORCH_ORDER_NONE)
		PG_RETURN_NULL();
	PG_RETURN_INT32(kind->apply_order);
}

ORCH_FUNCTION(orch_kind_version);

Datum
orch_kind_version(PG_FUNCTION_ARGS)
{
	return api_version(kind_called(PG_GETARG_TEXT_PP(0)));
}

ORCH_FUNCTION(orch_kind_changes);

Datum
orch_kind_changes(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(orch_kind_immutable_name(kind_called(PG_GETARG_TEXT_PP(0))->immutable)));
}

ORCH_FUNCTION(orch_kind_is_heritable);

Datum
orch_kind_is_heritable(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(kind_called(PG_GETARG_TEXT_PP(0))->heritable);
}

/* what a kind has of this, or NULL */
static Datum
name_of_kind(FunctionCallInfo fcinfo, const char *name)
{
	return name_or_null(name, &fcinfo->isnull);
}

ORCH_FUNCTION(orch_kind_pod_owner);

Datum
orch_kind_pod_owner(PG_FUNCTION_ARGS)
{
	return name_of_kind(fcinfo, kind_called(PG_GETARG_TEXT_PP(0))->pod_owner);
}

ORCH_FUNCTION(orch_kind_aspect);

Datum
orch_kind_aspect(PG_FUNCTION_ARGS)
{
	return name_of_kind(fcinfo, kind_called(PG_GETARG_TEXT_PP(0))->aspect);
}

ORCH_FUNCTION(orch_object_path);

Datum
orch_object_path(PG_FUNCTION_ARGS)
{
	const OrchKind *kind = kind_called(PG_GETARG_TEXT_PP(0));
	char	   *cluster_namespace = text_to_cstring(PG_GETARG_TEXT_PP(1));
	char	   *name = text_to_cstring(PG_GETARG_TEXT_PP(2));
	int			length = orch_kind_object_path(kind, cluster_namespace, name, NULL, 0);
	char	   *path = palloc(length + 1);

	(void) orch_kind_object_path(kind, cluster_namespace, name, path, length + 1);
	PG_RETURN_TEXT_P(cstring_to_text(path));
}
