/*
 * reconcile.h
 *	  The processes: one launcher, and for each database a worker and, now and
 *	  then, one for maintenance.
 */
#pragma once

#include "postgres.h"

#include "datatype/timestamp.h"

/* launcher.c */
extern void orch_launcher_register(void);
extern PGDLLEXPORT void orch_launcher_main(Datum arg);

/* worker.c */
extern PGDLLEXPORT void orch_worker_main(Datum arg);

/* maintenance.c */
extern TimestampTz orch_maintenance_turn(TimestampTz now);
extern PGDLLEXPORT void orch_maintenance_main(Datum arg);

/* plans.c */
extern void orch_plans_pin(void);
extern int64 orch_plans_look(int64 now);

/* database_hook.c */
extern void orch_database_hook_init(void);

/* lease_identity.c */
extern void orch_lease_init(void);

/* login.c */
extern void orch_login_init(void);

/* the role that workers log in as */
#define ORCH_WORKER_ROLE "orchestration_worker"
