/*
 * compat.h
 *	  Everything that differs between PostgreSQL 14 and 18, and nothing else.
 *
 * The only file that may look at PG_VERSION_NUM.  Each block gives older
 * servers the newer one's spelling.
 */
#pragma once

#ifndef FRONTEND
#include "postgres.h"
#include "fmgr.h"
#include "utils/guc.h"
#include "utils/jsonb.h"
#endif

#if PG_VERSION_NUM < 140000
#error "orchestration needs PostgreSQL 14 or newer"
#endif

#ifndef FRONTEND

/*
 * Declares and exports a C function that SQL can call.  Before 16 PGDLLEXPORT
 * is empty; the Makefile gives it a meaning there.
 */
#define ORCH_FUNCTION(name) \
	extern PGDLLEXPORT Datum name(PG_FUNCTION_ARGS); \
	PG_FUNCTION_INFO_V1(name)

/* 16: the macros for variable-length values moved out of postgres.h */
#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif

/* 15: MarkGUCPrefixReserved replaces EmitWarningsOnPlaceholders */
#if PG_VERSION_NUM < 150000
#define MarkGUCPrefixReserved(prefix) EmitWarningsOnPlaceholders(prefix)
#endif

/* 15: one call prepares a set-returning function's tuplestore (named so since 15.1) */
#if PG_VERSION_NUM < 150000
extern void orch_init_materialized_srf(FunctionCallInfo fcinfo, bits32 flags);
#define InitMaterializedSRF(fcinfo, flags) orch_init_materialized_srf(fcinfo, flags)
#endif

/* 15: sending into a queue says whether to wake the receiver at once */
#if PG_VERSION_NUM < 150000
#define orch_shm_mq_sendv(queue, parts, count) shm_mq_sendv(queue, parts, count, true)
#else
#define orch_shm_mq_sendv(queue, parts, count) shm_mq_sendv(queue, parts, count, true, true)
#endif

/* 15: shared memory is requested in a hook of its own */
#if PG_VERSION_NUM < 150000
#define ORCH_REQUEST_SHMEM_AT_INIT 1
#endif

/* 16: object_aclcheck replaces one function per kind of object */
#if PG_VERSION_NUM < 160000
#define orch_database_aclcheck(oid, role, mode) pg_database_aclcheck(oid, role, mode)
#define orch_function_aclcheck(oid, role, mode) pg_proc_aclcheck(oid, role, mode)
#define orch_tablespace_aclcheck(oid, role, mode) pg_tablespace_aclcheck(oid, role, mode)
#define orch_database_ownercheck(oid, role) pg_database_ownercheck(oid, role)
#else
#define orch_database_aclcheck(oid, role, mode) \
	object_aclcheck(DatabaseRelationId, oid, role, mode)
#define orch_function_aclcheck(oid, role, mode) \
	object_aclcheck(ProcedureRelationId, oid, role, mode)
#define orch_tablespace_aclcheck(oid, role, mode) \
	object_aclcheck(TableSpaceRelationId, oid, role, mode)
#define orch_database_ownercheck(oid, role) \
	object_ownercheck(DatabaseRelationId, oid, role)
#endif

/* 16: the settings are in a table of their own and are handed out as a copy; 15: they were an array */
#if PG_VERSION_NUM < 160000
#define orch_settings(count) (*(count) = GetNumConfigOptions(), get_guc_variables())
#else
#define orch_settings(count) get_guc_variables(count)
#endif

/* 17: a WaitEventSet belongs to a resource owner, not to a memory context */
#if PG_VERSION_NUM < 170000
#define orch_create_wait_event_set(nevents) \
	CreateWaitEventSet(TopMemoryContext, nevents)
#else
#define orch_create_wait_event_set(nevents) CreateWaitEventSet(NULL, nevents)
#endif

/* 17: wait events of extensions have names of their own */
#if PG_VERSION_NUM < 170000
#define orch_wait_event(name) PG_WAIT_EXTENSION
#else
#define orch_wait_event(name) WaitEventExtensionNew(name)
#endif

/* 17: backends are numbered by ProcNumber and found by GetPGProcByNumber */
#if PG_VERSION_NUM < 170000
#define orch_my_proc_number() (MyProc->pgprocno)
#else
#define orch_my_proc_number() ((int) MyProcNumber)
#endif

/* 15: the timeline of a primary has an accessor */
#if PG_VERSION_NUM < 150000
#define orch_timeline() ((uint32) ThisTimeLineID)
#else
#define orch_timeline() ((uint32) GetWALInsertionTimeLine())
#endif

/* 18: ExecutorRun lost its last parameter */
#if PG_VERSION_NUM < 180000
#define ORCH_EXECUTOR_RUN_PARAMETERS QueryDesc *queryDesc, ScanDirection direction, uint64 count, bool execute_once
#define ORCH_EXECUTOR_RUN_ARGUMENTS queryDesc, direction, count, execute_once
#else
#define ORCH_EXECUTOR_RUN_PARAMETERS QueryDesc *queryDesc, ScanDirection direction, uint64 count
#define ORCH_EXECUTOR_RUN_ARGUMENTS queryDesc, direction, count
#endif

/* 16: an index tuple may be made for summarizing indexes alone */
#if PG_VERSION_NUM < 160000
#define orch_insert_index_tuples(result, slot, estate) \
	(void) ExecInsertIndexTuples(result, slot, estate, false, false, NULL, NIL)
#else
#define orch_insert_index_tuples(result, slot, estate) \
	(void) ExecInsertIndexTuples(result, slot, estate, false, false, NULL, NIL, false)
#endif

/* 17: the sequence of an identity column is asked for by the open relation */
#if PG_VERSION_NUM < 170000
#define orch_identity_sequence(relation, column) getIdentitySequence(RelationGetRelid(relation), column, false)
#else
#define orch_identity_sequence(relation, column) getIdentitySequence(relation, column, false)
#endif

/* 16: relations say "locator" for where their storage is */
#if PG_VERSION_NUM < 160000
#define orch_storage_is_new(relation) \
	((relation)->rd_createSubid != InvalidSubTransactionId || (relation)->rd_firstRelfilenodeSubid != InvalidSubTransactionId)
#else
#define orch_storage_is_new(relation) \
	((relation)->rd_createSubid != InvalidSubTransactionId || (relation)->rd_firstRelfilelocatorSubid != InvalidSubTransactionId)
#endif

/* 18: PortalRun lost run_once */
#if PG_VERSION_NUM < 180000
#define orch_portal_run(portal, receiver) PortalRun(portal, FETCH_ALL, true, true, receiver, receiver, NULL)
#else
#define orch_portal_run(portal, receiver) PortalRun(portal, FETCH_ALL, true, receiver, receiver, NULL)
#endif

/* 16: input functions can report an error instead of throwing it */
#if PG_VERSION_NUM < 160000
#define ORCH_INPUT_ALWAYS_THROWS 1
#endif
extern Jsonb *orch_jsonb_parse(const char *json);

/* 18: pg_noreturn, before the declaration, replaces pg_attribute_noreturn() behind it */
#if PG_VERSION_NUM < 180000
#define pg_noreturn pg_attribute_noreturn()
#endif

#endif							/* !FRONTEND */

/*
 * JSON lexer, for src/kube, in the backend and in unit tests alike.
 * 17: makeJsonLexContextCstringLen takes the context to fill, and there is a
 * function to free it.
 */
#include "common/jsonapi.h"
#include "mb/pg_wchar.h"

static inline JsonLexContext *
orch_json_lex_create(const char *json, size_t length)
{
#if PG_VERSION_NUM < 170000
	return makeJsonLexContextCstringLen(unconstify(char *, json), (int) length,
										PG_UTF8, false);
#else
	return makeJsonLexContextCstringLen(NULL, json, length, PG_UTF8, false);
#endif
}

static inline void
orch_json_lex_free(JsonLexContext *lex)
{
#if PG_VERSION_NUM < 170000
	pfree(lex);
#else
	freeJsonLexContext(lex);
#endif
}
