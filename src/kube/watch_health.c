/*-------------------------------------------------------------------------
 *
 * watch_health.c
 *	  How a watch fares: how long it waits after failures, and what it says
 *	  about them.
 *
 * The position is kept as long as nobody says that it is bad: an API server
 * that is restarted must not be met by a storm of lists.
 *
 *-------------------------------------------------------------------------
 */
#include "kube/kube_prelude.h"

#include "kube/clock.h"
#include "kube/watch_health.h"
#include "kube/watch_output_internal.h"

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

/* What was waited for while there was nobody to be overloaded does not count. */
void
orch_watch_note_answer(OrchKubeWatch *watch)
{
	orch_kube_endpoint_note_contact(watch->endpoint, watch->transfer.status);
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

int64
orch_watch_note_failure(OrchKubeWatch *watch, const OrchWatchVerdict *verdict)
{
	int64		now = orch_kube_now();
	int64		wait = back_off(watch, now);

	watch->away = verdict->code < 0;
	watch->proven = false;
	report_broken(watch, verdict->error, verdict->code);
	return now + Max(wait, verdict->retry_after_ms);
}

OrchWatchStep
orch_watch_step_after(OrchKubeWatch *watch, const OrchWatchVerdict *verdict)
{
	bool		away = verdict->code == 429 || verdict->code < 0;

	if (!watch->streaming || watch->initial || away ||
		++watch->failed_watches < MAX_FAILED_WATCHES)
		return watch->step;
	watch->failed_watches = 0;
	return ORCH_STEP_LIST;
}

bool
orch_watch_note_relist(OrchKubeWatch *watch)
{
	int64		now = orch_kube_now();
	bool		first = watch->relisted_at == 0 ||
		now - watch->relisted_at > watch->spec.healthy_ms;

	watch->relisted_at = now;
	return first;
}

void
orch_watch_prove(OrchKubeWatch *watch)
{
	watch->proven = true;
	free(watch->last_error);
	watch->last_error = NULL;
	if (!watch->synced)
		watch->synced = orch_watch_push(watch, ORCH_WATCH_SYNCED);
}
