/*
 * partition_sql.c
 *	  Months and bounds of partitions for SQL.
 */
#include "partition/partition.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "core/compat.h"
#include "core/errors.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "nodes/primnodes.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

static OrchMonth
month_of(TimestampTz at)
{
	OrchMonth	month;

	if (!orch_month_of(at, &month))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("timestamp out of range")));
	return month;
}

ORCH_FUNCTION(orch_month_start_sql);

/*
 * month_start(at, months): when the month begins that is so many months after
 * the one of a time.
 */
Datum
orch_month_start_sql(PG_FUNCTION_ARGS)
{
	OrchMonth	month = month_of(PG_GETARG_TIMESTAMPTZ(0));
	TimestampTz start;

	if (!orch_month_add(month, PG_GETARG_INT32(1), &month) || !orch_month_start(month, &start))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("timestamp out of range")));
	PG_RETURN_TIMESTAMPTZ(start);
}

ORCH_FUNCTION(orch_month_suffix_sql);

/*
 * month_suffix(at): what the partition of a time's month is called by.
 */
Datum
orch_month_suffix_sql(PG_FUNCTION_ARGS)
{
	char		suffix[ORCH_MONTH_SUFFIX_SIZE];

	orch_month_suffix(month_of(PG_GETARG_TIMESTAMPTZ(0)), suffix);
	PG_RETURN_TEXT_P(cstring_to_text(suffix));
}

ORCH_FUNCTION(orch_log_month_exists_sql);

/*
 * log_month_exists(parent, at): is there a place for rows of that time?
 */
Datum
orch_log_month_exists_sql(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(orch_log_month_exists(PG_GETARG_OID(0), month_of(PG_GETARG_TIMESTAMPTZ(1))));
}

static bool
read_bound(List *datums, Datum *value)
{
	PartitionRangeDatum *datum = linitial_node(PartitionRangeDatum, datums);
	Const	   *constant;

	if (list_length(datums) != 1 || datum->kind != PARTITION_RANGE_DATUM_VALUE)
		return false;
	constant = castNode(Const, datum->value);
	*value = constant->constvalue;
	return constant->consttype == TIMESTAMPTZOID && !constant->constisnull;
}

ORCH_FUNCTION(orch_partition_bounds);

/*
 * partition_bounds(partition): from when to before when; NULL for what is no
 * partition by one time.
 */
Datum
orch_partition_bounds(PG_FUNCTION_ARGS)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(PG_GETARG_OID(0)));
	TupleDesc	desc;
	Datum		values[2] = {0};
	bool		nulls[2] = {true, true};
	Datum		stored = (Datum) 0;
	bool		isnull = true;

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	if (HeapTupleIsValid(tuple))
		stored = SysCacheGetAttr(RELOID, tuple, Anum_pg_class_relpartbound, &isnull);
	if (!isnull)
	{
		PartitionBoundSpec *bound = stringToNode(TextDatumGetCString(stored));

		if (bound->strategy == PARTITION_STRATEGY_RANGE && !bound->is_default)
		{
			nulls[0] = !read_bound(bound->lowerdatums, &values[0]);
			nulls[1] = !read_bound(bound->upperdatums, &values[1]);
		}
	}
	if (HeapTupleIsValid(tuple))
		ReleaseSysCache(tuple);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
}

ORCH_FUNCTION(orch_start_rotation);

/*
 * start_rotation(wait_ms): starts the process and waits for it, for a time.
 */
Datum
orch_start_rotation(PG_FUNCTION_ARGS)
{
	static const char *const words[] = {"not started", "under way", "ended"};
	Oid			policies = get_relname_relid("partition_policies", get_namespace_oid("orchestration", false));
	Relation	rel;
	Oid			owner;

	PreventCommandDuringRecovery("rotate_partitions()");
	if (!OidIsValid(policies))
		ereport(ERROR,
				(errcode(ERRCODE_ORCH_NOT_BOOTSTRAPPED),
				 errmsg("the tables of orchestration do not exist"),
				 errhint("SELECT orchestration.bootstrap();")));
	rel = table_open(policies, AccessShareLock);
	owner = rel->rd_rel->relowner;
	table_close(rel, AccessShareLock);
	PG_RETURN_TEXT_P(cstring_to_text(words[orch_partition_rotate(owner, Max(PG_GETARG_INT32(0), 0))]));
}
