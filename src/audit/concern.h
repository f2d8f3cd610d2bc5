/*
 * concern.h
 *	  What of ours a statement or an error is about.
 */
#pragma once

#include "postgres.h"

#include "nodes/plannodes.h"

extern bool orch_error_is_ours(const ErrorData *error);
extern Oid	orch_written_relation(PlannedStmt *statement);
extern Oid	orch_utility_relation(Node *utility, const char **operation);
extern Oid	orch_read_relation(PlannedStmt *statement);
extern bool orch_calls_ours(PlannedStmt *statement);
extern Oid	orch_called_function(PlannedStmt *statement);
extern bool orch_names_ours(const char *message, Oid *relation);
