/*
 * origin.h
 *	  Whose doing something is: what every row of operation_logs begins with.
 */
#pragma once

#include "postgres.h"

#include "partition/log.h"

/* columns of operation_logs that C code writes, in this order */
enum
{
	AUDIT_NAMESPACE_ID, AUDIT_STARTED_AT, AUDIT_USER_ID, AUDIT_DB_ROLE, AUDIT_SESSION_ROLE, AUDIT_CLIENT_ADDR,
	AUDIT_APPLICATION_NAME, AUDIT_REQUEST_ID, AUDIT_SOURCE, AUDIT_OPERATION, AUDIT_RESOURCE_TYPE, AUDIT_RESOURCE_ID,
	AUDIT_RESOURCE_NAME, AUDIT_CHANGES, AUDIT_STATUS, AUDIT_ERROR_MESSAGE, AUDIT_SQLSTATE, AUDIT_DURATION_MS, AUDIT_LINEAGE,
	AUDIT_TRANSACTION_ID, AUDIT_GATEWAY_ADDR,
	AUDIT_COLUMN_COUNT
};

extern OrchLogTable orch_audit_table;

/* the same for all rows of a statement */
typedef struct OrchAuditOrigin
{
	TimestampTz started_at;
	Datum		values[AUDIT_COLUMN_COUNT];
	bool		nulls[AUDIT_COLUMN_COUNT];
} OrchAuditOrigin;

extern void orch_audit_origin(OrchAuditOrigin *origin);
extern void orch_audit_begin_row(OrchLog *log, const OrchAuditOrigin *origin);
extern const char *orch_audit_client_address(void);
extern const char *orch_audit_gateway_address(void);
extern int64 orch_audit_lineage(void);
