/*
 * errors.h
 *	  The SQLSTATE class OR: every error that a caller can cause.
 *
 * SQL code raises the same codes literally; docs/reference-errors.md lists
 * them with what to do.
 */
#pragma once

#include "utils/elog.h"

/* bad input */
#define ERRCODE_ORCH_INVALID_NAME			MAKE_SQLSTATE('O', 'R', '0', '0', '1')
#define ERRCODE_ORCH_INVALID_QUANTITY		MAKE_SQLSTATE('O', 'R', '0', '0', '2')
#define ERRCODE_ORCH_INVALID_SPECIFICATION	MAKE_SQLSTATE('O', 'R', '0', '0', '3')
#define ERRCODE_ORCH_NOT_FOUND				MAKE_SQLSTATE('O', 'R', '0', '0', '4')
#define ERRCODE_ORCH_ALREADY_EXISTS			MAKE_SQLSTATE('O', 'R', '0', '0', '5')
#define ERRCODE_ORCH_IN_USE					MAKE_SQLSTATE('O', 'R', '0', '0', '6')
#define ERRCODE_ORCH_POD_SECURITY			MAKE_SQLSTATE('O', 'R', '0', '0', '7')

/* lifecycle */
#define ERRCODE_ORCH_ILLEGAL_TRANSITION		MAKE_SQLSTATE('O', 'R', '0', '1', '0')
#define ERRCODE_ORCH_STATUS_IS_OBSERVED		MAKE_SQLSTATE('O', 'R', '0', '1', '1')
#define ERRCODE_ORCH_ALREADY_DELETED		MAKE_SQLSTATE('O', 'R', '0', '1', '2')

/* clusters */
#define ERRCODE_ORCH_INVALID_CLUSTER		MAKE_SQLSTATE('O', 'R', '0', '2', '0')
#define ERRCODE_ORCH_CLUSTER_UNAVAILABLE	MAKE_SQLSTATE('O', 'R', '0', '2', '1')
#define ERRCODE_ORCH_ENGINE_CANNOT			MAKE_SQLSTATE('O', 'R', '0', '2', '2')

/* installation */
#define ERRCODE_ORCH_NOT_BOOTSTRAPPED		MAKE_SQLSTATE('O', 'R', '0', '3', '0')
#define ERRCODE_ORCH_SCHEMA_VERSION			MAKE_SQLSTATE('O', 'R', '0', '3', '1')
#define ERRCODE_ORCH_WORKER_UNAVAILABLE		MAKE_SQLSTATE('O', 'R', '0', '3', '2')

/* encryption */
#define ERRCODE_ORCH_ENCRYPTION_KEY			MAKE_SQLSTATE('O', 'R', '0', '4', '0')
#define ERRCODE_ORCH_CIPHERTEXT				MAKE_SQLSTATE('O', 'R', '0', '4', '1')

/* audit */
#define ERRCODE_ORCH_LOG_IS_KEPT			MAKE_SQLSTATE('O', 'R', '0', '5', '0')
#define ERRCODE_ORCH_NO_ROOM_ON_RECORD		MAKE_SQLSTATE('O', 'R', '0', '5', '1')
