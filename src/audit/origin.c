/*
 * origin.c
 *	  Who does something, from where, in which request and transaction.
 */
#include "audit/origin.h"

#include "access/transam.h"
#include "access/xact.h"
#include "access/xlog.h"
#include "core/compat.h"
#include "core/core.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/timestamp.h"

#define WORKER_ROLE "orchestration_worker"

static const char *const columns[AUDIT_COLUMN_COUNT] = {
	"namespace_id", "started_at", "user_id", "db_role", "session_role", "client_addr", "application_name", "request_id",
	"source", "operation", "resource_type", "resource_id", "resource_name", "changes", "status", "error_message",
	"sqlstate", "duration_ms", "lineage", "transaction_id", "gateway_addr"
};

OrchLogTable orch_audit_table = {"operation_logs", columns, AUDIT_COLUMN_COUNT};

/*
 * Address of the other end of the connection, "" for a local socket or none.
 */
static const char *
connected_address(void)
{
	static char address[64];
	static bool known = false;
	LOCAL_FCINFO(fcinfo, 0);
	Datum		value;

	if (known)
		return address;
	InitFunctionCallInfoData(*fcinfo, NULL, 0, InvalidOid, NULL, NULL);
	value = inet_client_addr(fcinfo);
	if (!fcinfo->isnull)
		strlcpy(address, DatumGetCString(DirectFunctionCall1(inet_out, value)), sizeof(address));
	known = true;
	return address;
}

static bool
is_given(void)
{
	return orch_client_addr != NULL && orch_client_addr[0] != '\0';
}

/*
 * Address of the client, as a gateway gave it or as it is connected; "" for none.
 * Reads no catalog.
 */
const char *
orch_audit_client_address(void)
{
	return is_given() ? orch_client_addr : connected_address();
}

/*
 * Where the connection of a gateway comes from that gave the address of its
 * client; else "".
 */
const char *
orch_audit_gateway_address(void)
{
	return is_given() ? connected_address() : "";
}

/*
 * Tells transaction ids of this database from those that a restored dump
 * brought along.
 */
int64
orch_audit_lineage(void)
{
	uint64		mixed = GetSystemIdentifier() ^ ((uint64) MyDatabaseId * UINT64CONST(0x9E3779B97F4A7C15));

	return (int64) (mixed >> 1);
}

static void
set(OrchAuditOrigin *origin, int column, Datum value)
{
	origin->values[column] = value;
	origin->nulls[column] = false;
}

static void
set_text(OrchAuditOrigin *origin, int column, const char *value)
{
	if (value != NULL && value[0] != '\0')
		set(origin, column, CStringGetTextDatum(value));
}

static void
set_address(OrchAuditOrigin *origin, int column, const char *value)
{
	if (value[0] != '\0')
		set(origin, column, DirectFunctionCall1(inet_in, CStringGetDatum(value)));
}

/*
 * Fills in what is the same for all rows that a statement leaves.
 */
void
orch_audit_origin(OrchAuditOrigin *origin)
{
	int64		user_id = orch_find_user(true);
	Oid			role = GetOuterUserId();
	const char *session_role = GetUserNameFromId(GetSessionUserId(), false);

	memset(origin->nulls, true, sizeof(origin->nulls));
	origin->started_at = GetCurrentStatementStartTimestamp();
	set(origin, AUDIT_NAMESPACE_ID, Int64GetDatum(0));
	set(origin, AUDIT_STARTED_AT, TimestampTzGetDatum(origin->started_at));
	if (user_id != 0)
		set(origin, AUDIT_USER_ID, Int64GetDatum(user_id));
	set_text(origin, AUDIT_DB_ROLE, GetUserNameFromId(role, false));
	if (role != GetSessionUserId())
		set_text(origin, AUDIT_SESSION_ROLE, session_role);
	set_address(origin, AUDIT_CLIENT_ADDR, orch_audit_client_address());
	set_address(origin, AUDIT_GATEWAY_ADDR, orch_audit_gateway_address());
	set_text(origin, AUDIT_APPLICATION_NAME, application_name);
	set_text(origin, AUDIT_REQUEST_ID, orch_request_id);
	set_text(origin, AUDIT_SOURCE, strcmp(session_role, WORKER_ROLE) == 0 ? "worker" : "user");
	set_text(origin, AUDIT_STATUS, "succeeded");
	set(origin, AUDIT_DURATION_MS, Float8GetDatum((GetCurrentTimestamp() - origin->started_at) / 1000.0));
	set(origin, AUDIT_LINEAGE, Int64GetDatum(orch_audit_lineage()));
	set(origin, AUDIT_TRANSACTION_ID, Int64GetDatum((int64) U64FromFullTransactionId(GetTopFullTransactionId())));
}

/*
 * Starts a row of the log with what is known of the statement.
 */
void
orch_audit_begin_row(OrchLog *log, const OrchAuditOrigin *origin)
{
	memcpy(log->values, origin->values, sizeof(origin->values));
	memcpy(log->nulls, origin->nulls, sizeof(origin->nulls));
}

ORCH_FUNCTION(orch_audit_lineage_sql);

/*
 * audit_lineage()
 */
Datum
orch_audit_lineage_sql(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(orch_audit_lineage());
}
