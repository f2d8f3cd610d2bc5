/*
 * worker.c
 *	  The worker of one database: makes its clusters agree with its rows.
 *
 * One process, one loop, one wait for latch, postmaster death and sockets.
 * Every statement is a short transaction (call.c); while it waits the worker
 * holds no snapshot.  It logs in as ORCH_WORKER_ROLE, never as a superuser.
 */
#include "postgres.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "access/xlog.h"
#include "audit/audit.h"
#include "catalog/pg_type.h"
#include "core/compat.h"
#include "core/core.h"
#include "core/errors.h"
#include "core/process.h"
#include "engine/engines.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "reconcile/call.h"
#include "reconcile/cluster_list.h"
#include "reconcile/cluster_turn.h"
#include "reconcile/pace.h"
#include "reconcile/plans.h"
#include "reconcile/pod_logs.h"
#include "reconcile/reconcile.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/proc.h"
#include "tcop/tcopprot.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#define CLUSTERS_REFRESH_MS 30000
#define GIVE_BACK_MS 5000
#define MAX_BACKOFF_MS 60000

/* a worker that ends after so long begins its back-off anew */
#define HEALTHY_MS 60000

/* then the lease and the answers to requests come first again */
#define DRAIN_MS 200

static bool was_absent = false;

/* it has said that it started, and will say that it stopped */
static bool is_at_work = false;
static volatile sig_atomic_t was_terminated = false;

/*
 * Gives the slot back and tells the launcher, however we end.
 */
static void
leave(int code, Datum arg)
{
	OrchWorkerSlot *slot;

	/* the next one, here or elsewhere, need not wait until they have run out */
	if (orch_engines_have_begun() && (code == 0 || was_terminated))
		orch_cluster_list_leave();
	orch_shmem_lock();
	slot = orch_shmem_find_slot(MyDatabaseId);
	if (slot != NULL && slot->pid == MyProcPid)
	{
		TimestampTz now = GetCurrentTimestamp();

		slot->pid = 0;
		slot->proc_number = -1;
		slot->state = was_absent ? ORCH_SLOT_ABSENT : ORCH_SLOT_FAILED;
		/* whoever has worked for a while has not failed again and again */
		if (code == 0 || TimestampDifferenceExceeds(slot->started_at, now, HEALTHY_MS))
			slot->failures = 0;
		slot->failures += code != 0;
		slot->next_start_at = TimestampTzPlusMilliseconds(now, was_absent ? orch_database_scan_interval_ms :
														  code == 0 ? 0 : Min(MAX_BACKOFF_MS, 1000 << Min(slot->failures, 6)));
	}
	orch_shmem_unlock();
	if (is_at_work)
		orch_audit_event("stop", "worker", 0, NULL, code == 0 || was_terminated ? NULL : "it ended by an error; see the server's log");
	orch_shmem_wake_launcher();
}

static void
terminate(SIGNAL_ARGS)
{
	was_terminated = true;
	die(postgres_signal_arg);
}

/*
 * Takes the slot; false if another worker has it or the database is inhibited.
 */
static bool
enter(void)
{
	OrchWorkerSlot *slot;
	bool		taken = false;

	orch_shmem_lock();
	slot = orch_shmem_claim_slot(MyDatabaseId);
	if (slot != NULL && slot->pid == 0 && !slot->inhibited)
	{
		slot->pid = MyProcPid;
		slot->proc_number = orch_my_proc_number();
		slot->state = ORCH_SLOT_RUNNING;
		slot->started_at = GetCurrentTimestamp();
		slot->cycles = slot->requests = slot->applies = slot->deletes = slot->errors = slot->watch_events = slot->held_up = 0;
		taken = true;
	}
	orch_shmem_unlock();
	if (taken)
		before_shmem_exit(leave, 0);
	return taken;
}

static bool
is_inhibited(void)
{
	OrchWorkerSlot *slot;
	bool		inhibited;

	orch_shmem_lock();
	slot = orch_shmem_find_slot(MyDatabaseId);
	inhibited = slot == NULL || slot->inhibited;
	orch_shmem_unlock();
	return inhibited;
}

/*
 * Is there a bootstrapped extension, by its own catalog row and not by a name
 * in the search path?  A failed look counts as absent.
 */
static bool
is_installed(void)
{
	static OrchCall call = {
		.what = "looking for the extension",
		.sql = "SELECT EXISTS (SELECT FROM pg_catalog.pg_extension WHERE extname = 'orchestration')"
		" AND EXISTS (SELECT FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
		" WHERE n.nspname = 'orchestration' AND c.relname = 'installation'"
		" AND pg_catalog.has_schema_privilege(n.oid, 'USAGE'))",
		.nargs = 0
	};
	bool		installed = false;

	return orch_call(&call, NULL, NULL, orch_read_bool, &installed) && installed;
}

/*
 * Puts on record what was refused or has failed; returns when there is more to
 * do.  What cannot be written is tried again with the next that comes.
 */
static TimestampTz
take_notes(void)
{
	static OrchCall call = {
		.what = "recording refused operations",
		.sql = "SELECT orchestration_internal.worker_take_notes()",
		.nargs = 0
	};

	long		due_ms = orch_audit_due_ms();

	if (due_ms == 0)
	{
		if (!orch_call(&call, NULL, NULL, NULL, NULL))
			return DT_NOEND;
		due_ms = orch_audit_due_ms();
	}
	return due_ms < 0 ? DT_NOEND : TimestampTzPlusMilliseconds(orch_steady_now(), due_ms);
}

static void
take_turns(void)
{
	TimestampTz now = orch_steady_now();
	ListCell   *cell;

	foreach(cell, orch_cluster_list())
	{
		CHECK_FOR_INTERRUPTS();
		orch_cluster_turn(lfirst(cell), now);
	}
	ConditionVariableBroadcast(orch_shmem_status_cv());
}

static int
all_in_flight(void)
{
	ListCell   *cell;
	int			in_flight = 0;

	foreach(cell, orch_cluster_list())
		in_flight += orch_cluster_in_flight(lfirst(cell));
	return in_flight;
}

static void
count_cycle(int in_flight)
{
	OrchWorkerSlot *slot;

	orch_shmem_lock();
	slot = orch_shmem_find_slot(MyDatabaseId);
	if (slot != NULL)
	{
		slot->cycles++;
		slot->in_flight = in_flight;
		slot->clusters = list_length(orch_cluster_list());
		slot->last_cycle_at = GetCurrentTimestamp();
		slot->requests = orch_worker_counters.requests;
		slot->applies = orch_worker_counters.applies;
		slot->deletes = orch_worker_counters.deletes;
		slot->errors = orch_worker_counters.errors;
		slot->watch_events = orch_worker_counters.watch_events;
		slot->held_up = orch_calls_held_up;
	}
	orch_shmem_unlock();
}

static long
wait_ms(TimestampTz next_at)
{
	TimestampTz now = orch_steady_now();
	TimestampTz next = next_at;
	long		network = orch_engines_wait_ms();
	long		wait;
	ListCell   *cell;

	foreach(cell, orch_cluster_list())
		next = Min(next, orch_cluster_next_turn(lfirst(cell)));
	next = Min(next, TimestampTzPlusMilliseconds(now, orch_poll_interval_ms));
	wait = next <= now ? 0 : TimestampDifferenceMilliseconds(now, next) + 1;
	return network >= 0 ? Min(wait, network) : wait;
}

static WaitEventSet *
make_wait_event_set(void)
{
	WaitEventSet *set = orch_create_wait_event_set(2 + ORCH_ENGINE_COUNT);
	int			fds[ORCH_ENGINE_COUNT];

	AddWaitEventToSet(set, WL_LATCH_SET, PGINVALID_SOCKET, MyLatch, NULL);
	AddWaitEventToSet(set, WL_EXIT_ON_PM_DEATH, PGINVALID_SOCKET, NULL, NULL);
	orch_engines_wait_fds(fds);
	for (int i = 0; i < ORCH_ENGINE_COUNT; i++)
		AddWaitEventToSet(set, WL_SOCKET_READABLE, fds[i], NULL, NULL);
	return set;
}

/*
 * Notices what ends a worker in good order: switched off, its database about
 * to be dropped, the extension gone.
 */
static void
leave_if_not_wanted(bool look)
{
	if (!orch_worker_enabled || is_inhibited())
		proc_exit(0);
	if (look && !is_installed())
	{
		was_absent = true;
		proc_exit(0);
	}
}

static uint32
wait_event(void)
{
	static uint32 event = 0;

	if (event == 0)
		event = orch_wait_event("OrchestrationWorkerMain");
	return event;
}

/*
 * Gives back to the system what lists, bursts and the planner (20 MB for the manifests)
 * have left: glibc keeps freed room that has something in use above it.
 */
static void
give_memory_back(TimestampTz now)
{
	static TimestampTz next_at = 0;

	if (now < next_at)
		return;
	next_at = TimestampTzPlusMilliseconds(now, GIVE_BACK_MS);
#ifdef __GLIBC__
	(void) malloc_trim(0);
#endif
}

static void
start(Oid database)
{
	char		error[512];

	orch_process_connect(database, "orchestration worker");
	pqsignal(SIGTERM, terminate);
	/* it waits for nobody: far below what a lease lives */
	SetConfigOption("lock_timeout", "500ms", PGC_USERSET, PGC_S_OVERRIDE);
	orch_pin_plans();
	orch_set_is_worker();
	if (!enter())
		proc_exit(0);

	leave_if_not_wanted(true);
	if (!orch_engines_begin(error, sizeof(error)))
		ereport(ERROR,
				(errcode(ERRCODE_ORCH_WORKER_UNAVAILABLE),
				 errmsg("could not prepare the network: %s", error)));
	is_at_work = true;
	orch_audit_event("start", "worker", 0, NULL, NULL);
}

/*
 * Lets answers and events that come closely gather.
 */
static void
gather(int64 turn_began_at, int in_flight)
{
	long		rest_ms = (long) (orch_pace_rest_us(orch_steady_now() - turn_began_at, in_flight) / ORCH_PACE_MS);

	if (rest_ms > 0)
		(void) WaitLatch(MyLatch, WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, rest_ms, wait_event());
}

void
orch_worker_main(Datum arg)
{
	MemoryContext cycle;
	WaitEventSet *set;
	WaitEvent	event = {0};
	TimestampTz next_refresh_at = 0;
	TimestampTz next_maintenance_at;
	TimestampTz next_notes_at;
	bool		woken = true;
	bool		more;
	int			in_flight;

	start(DatumGetObjectId(arg));
	set = make_wait_event_set();
	cycle = AllocSetContextCreate(TopMemoryContext, "orchestration worker", ALLOCSET_DEFAULT_SIZES);
	for (;;)
	{
		TimestampTz now = orch_steady_now();

		CHECK_FOR_INTERRUPTS();
		MemoryContextSwitchTo(cycle);
		MemoryContextReset(cycle);
		if (ConfigReloadPending)
		{
			ConfigReloadPending = false;
			ProcessConfigFile(PGC_SIGHUP);
		}
		leave_if_not_wanted(woken || now >= next_refresh_at);
		if (woken || now >= next_refresh_at)
		{
			ListCell   *cell;
			bool		in_doubt = orch_shmem_take_doubt(MyDatabaseId);

			orch_cluster_list_refresh();
			foreach(cell, orch_cluster_list())
			{
				OrchCluster *cluster = lfirst(cell);

				cluster->plan_due = true;
				cluster->in_doubt |= in_doubt && cluster->inventory != NULL;
			}
			next_refresh_at = TimestampTzPlusMilliseconds(now, CLUSTERS_REFRESH_MS);
		}
		orch_pod_logs_turn(orch_cluster_list());
		more = orch_engines_take(DRAIN_MS);
		take_turns();
		next_notes_at = take_notes();
		next_maintenance_at = orch_maintenance_turn(now);
		in_flight = all_in_flight();
		count_cycle(in_flight);
		give_memory_back(now);
		gather(now, in_flight);

		(void) WaitEventSetWait(set, more ? 0 : wait_ms(Min(Min(next_refresh_at, next_maintenance_at), next_notes_at)), &event, 1, wait_event());
		woken = false;
		if (event.events & WL_LATCH_SET)
		{
			ResetLatch(MyLatch);
			woken = orch_shmem_take_rows_changed(MyDatabaseId);
		}
		event.events = 0;
	}
}
