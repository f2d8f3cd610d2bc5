/*
 * database_command.h
 *	  Commands that need a database without connections.
 */
#pragma once

#include "postgres.h"

#include "nodes/plannodes.h"
#include "tcop/utility.h"

extern Oid	orch_database_command_needs(const PlannedStmt *pstmt);
extern bool orch_database_command_goes_through(const PlannedStmt *pstmt, ProcessUtilityContext context);
