/*
 * partition_sql.c
 *	  Months and bounds of partitions for SQL.
 */
#include "partition/partition.h"

#include "access/relation.h"
#include "access/table.h"
#include "catalog/namespace.h"
#include "core/compat.h"
#include "core/errors.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "partitioning/partbounds.h"
#include "partitioning/partdesc.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

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

static void
put_bound(Datum *value, bool *isnull, PartitionBoundInfo bounds, int offset)
{
	*isnull = bounds->kind[offset][0] != PARTITION_RANGE_DATUM_VALUE;
	*value = bounds->datums[offset][0];
}

ORCH_FUNCTION(orch_month_partitions);

/*
 * month_partitions(parent): its partitions with their bounds, also those that
 * are being detached; none if it is not partitioned by ranges of one time.
 * From the relcache: the catalogs' text of a bound costs more to read.
 */
Datum
orch_month_partitions(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Relation	rel = orch_open_ours(PG_GETARG_OID(0));

	InitMaterializedSRF(fcinfo, 0);
	if (rel == NULL)
		return (Datum) 0;
	if (orch_is_log_table(rel))
	{
		PartitionDesc desc = RelationGetPartitionDesc(rel, false);
		PartitionBoundInfo bounds = desc->boundinfo;

		/* a partition is named by its upper bound */
		for (int i = 1; bounds != NULL && i < bounds->ndatums; i++)
		{
			Datum		values[3];
			bool		nulls[3] = {false};

			if (bounds->indexes[i] < 0)
				continue;
			values[0] = ObjectIdGetDatum(desc->oids[bounds->indexes[i]]);
			put_bound(&values[1], &nulls[1], bounds, i - 1);
			put_bound(&values[2], &nulls[2], bounds, i);
			tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
		}
	}
	relation_close(rel, AccessShareLock);
	return (Datum) 0;
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
