/*
 * disk.c
 *	  disk_space(): how full the file systems are that hold the database.
 *
 * C, because PostgreSQL has no function that asks a file system, and COPY FROM
 * PROGRAM 'df' would start a shell.  It takes a tablespace and not a path, so
 * that nobody can probe the server's folders with it.
 */
#include "postgres.h"

#include <limits.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "access/htup_details.h"
#include "catalog/pg_tablespace_d.h"
#include "core/compat.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"

/* The working directory of a backend is the data directory. */
static const char *
folder_of(Oid tablespace, char *buffer, size_t size)
{
	if (tablespace == InvalidOid)
		return "pg_wal";
	if (tablespace == DEFAULTTABLESPACE_OID || tablespace == GLOBALTABLESPACE_OID)
		return ".";
	snprintf(buffer, size, "pg_tblspc/%u", tablespace);
	return buffer;
}

ORCH_FUNCTION(orch_disk_space);

/*
 * A folder that cannot be asked (just dropped, or unmounted) has no space known.
 */
Datum
orch_disk_space(PG_FUNCTION_ARGS)
{
	TupleDesc	desc;
	Datum		values[4] = {0};
	bool		nulls[4] = {false};
	char		buffer[64];
	char		resolved[PATH_MAX];
	const char *folder = folder_of(PG_GETARG_OID(0), buffer, sizeof(buffer));
	struct statvfs space;
	struct stat status;

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	if (statvfs(folder, &space) != 0 || stat(folder, &status) != 0 || realpath(folder, resolved) == NULL)
		PG_RETURN_NULL();
	values[0] = CStringGetTextDatum(resolved);
	values[1] = Int64GetDatum((int64) status.st_dev);
	/* as df counts: what is kept for root is neither used nor free */
	values[2] = Int64GetDatum((int64) (space.f_blocks - space.f_bfree) * space.f_frsize);
	values[3] = Int64GetDatum((int64) space.f_bavail * space.f_frsize);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
}
