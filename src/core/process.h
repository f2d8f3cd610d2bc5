/*
 * process.h
 *	  How a background process of a database begins.
 */
#pragma once

#include "postgres.h"

#include "postmaster/bgworker.h"

extern void orch_process_describe(BackgroundWorker *process, Oid database, Oid role);
extern void orch_process_connect(Oid database, const char *name);
