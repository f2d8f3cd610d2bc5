/*
 * reconcile.h
 *	  The processes: one launcher, one worker for each database.
 */
#pragma once

#include "postgres.h"

/* launcher.c */
extern void orch_launcher_register(void);
extern PGDLLEXPORT void orch_launcher_main(Datum arg);

/* worker.c */
extern PGDLLEXPORT void orch_worker_main(Datum arg);

/* database_hook.c */
extern void orch_database_hook_init(void);

/* the role that workers log in as */
#define ORCH_WORKER_ROLE "orchestration_worker"
