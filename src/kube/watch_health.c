/*-------------------------------------------------------------------------
 *
 * watch_health.c
 *	  What a watch does about failures: wait, go on, or list anew, and what it
 *	  says about them.
 *
 * The position is kept as long as nobody says that it is bad: an API server
 * that is restarted must not be met by a storm of lists.
 *
 *-------------------------------------------------------------------------
 */
#include "kube/kube_prelude.h"

#include "kube/watch_internal.h"

/* Failures in a row of the same watch, without its server being away. */
#define MAX_FAILED_WATCHES 5

/* Milliseconds to wait after a failure; each one doubles the next. */
static int64
back_off(OrchKubeWatch *watch, int64 now)
{
	double		jitter = 1.0 + orch_kube_random();
	int64		wait;

	if (watch->failed_at == 0 || now - watch->failed_at > watch->spec.healthy_ms)
		watch->backoff_ms = watch->spec.backoff_min_ms;
	watch->failed_at = now;
	wait = (int64) (watch->backoff_ms * jitter);
	watch->backoff_ms = Min(watch->backoff_ms * 2, watch->spec.backoff_max_ms);
	return wait;
}

/*
 * The server has answered.  What was waited for while there was nobody to be
 * overloaded does not count against it.
 */
void
orch_watch_reached(OrchKubeWatch *watch)
{
	orch_kube_client_note_contact(watch->client, watch->transfer.status);
	if (watch->unreached)
		watch->backoff_ms = watch->spec.backoff_min_ms;
	watch->unreached = false;
}

static void
report_broken(OrchKubeWatch *watch, const char *message, long code)
{
	bool		known;

	/* texts of the same error differ in times and ports */
	known = watch->last_error != NULL && watch->last_code == code &&
		(code != 0 || strcmp(watch->last_error, message) == 0);
	watch->synced = false;
	if (known)
		return;
	free(watch->last_error);
	watch->last_error = strdup(message);
	watch->last_code = code;
	orch_watch_push_broken(watch, message, code);
}

/*
 * Waits, then does a step.  code is an HTTP status, minus a CURLcode, or 0;
 * retry_after_ms is what the server asked for, or -1.
 */
void
orch_watch_fail(OrchKubeWatch *watch, OrchWatchStep next, const char *message,
				long code, long retry_after_ms)
{
	int64		now = orch_kube_now();
	int64		wait = back_off(watch, now);

	orch_watch_goto(watch, next);
	watch->due_at = now + Max(wait, retry_after_ms);
	watch->away = code < 0;
	watch->proven = false;
	report_broken(watch, message, code);
}

/*
 * The same for a stream: the position is kept, so that an API server that is
 * restarted is not met by a storm of lists.
 */
void
orch_watch_fail_stream(OrchKubeWatch *watch, const char *message, long code,
					   long retry_after_ms)
{
	OrchWatchStep next = watch->step;
	bool		away = code == 429 || (code < 0 && code != -CURLE_WRITE_ERROR);

	if (watch->initial)
		orch_watch_abort_replace(watch);
	else if (!away && ++watch->failed_watches >= MAX_FAILED_WATCHES)
	{
		watch->failed_watches = 0;
		next = ORCH_STEP_LIST;
	}
	orch_watch_fail(watch, next, message, code, retry_after_ms);
}

/*
 * The position is of no use any more.  The first time lists at once and says
 * nothing, because that happens to everybody (after every restart of an API
 * server, for one); again and again waits longer.
 */
void
orch_watch_relist(OrchKubeWatch *watch, bool fresh, const char *message)
{
	int64		now = orch_kube_now();
	bool		first = watch->relisted_at == 0 ||
		now - watch->relisted_at > watch->spec.healthy_ms;

	watch->relisted_at = now;
	orch_watch_abort_replace(watch);
	watch->rv_refused |= fresh;
	if (first)
		orch_watch_goto(watch, ORCH_STEP_LIST);
	else
		orch_watch_fail(watch, ORCH_STEP_LIST, message, 410, -1);
}

/* The mirror is complete and changes will come. */
void
orch_watch_prove(OrchKubeWatch *watch)
{
	watch->proven = true;
	free(watch->last_error);
	watch->last_error = NULL;
	if (!watch->synced)
		watch->synced = orch_watch_push(watch, ORCH_WATCH_SYNCED);
}
