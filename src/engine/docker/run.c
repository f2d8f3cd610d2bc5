/*
 * run.c
 *	  What a Job does next, first match wins:
 *
 *	row	what is there										what is done
 *	1	it is over, pods are active							REMOVE_ACTIVE
 *	2	it is over											REST
 *	3	more pods have failed than backoffLimit				FAILED BackoffLimitExceeded
 *	4	OnFailure: the active ones have restarted
 *		backoffLimit times together, or once if it is 0		FAILED BackoffLimitExceeded
 *	5	enough have succeeded, none is active				COMPLETE
 *	6	not suspended, and beyond its deadline				FAILED DeadlineExceeded
 *	7	suspended, pods are active							REMOVE_ACTIVE
 *	8	suspended											REST
 *	9	one is missing, none has failed lately or its
 *		back-off is over									CREATE
 *	10	one is missing										WAIT for the back-off
 *	11	all are active, there is a deadline					WAIT for it
 *	12	all are active										REST
 *
 * Kubernetes has row 6 before row 5; here nobody may have looked for a long time while
 * the pods ended in good order.
 *
 * FAILED is answered while pods are active, and they are removed when it is written
 * down: once they are gone nothing tells any more how often they restarted.  What is
 * removed for rows 1 and 7 counts neither as failed nor as succeeded.
 */
#include "engine/docker/run.h"

#include "engine/docker/pause.h"

static OrchDockerJobStep
plain(OrchDockerJobDo what)
{
	return (OrchDockerJobStep) {.what = what};
}

static OrchDockerJobStep
failed(const char *reason, const char *message)
{
	return (OrchDockerJobStep) {.what = ORCH_DOCKER_JOB_FAILED, .reason = reason, .message = message};
}

/* Rows 3 and 4. */
static bool
is_beyond_limit(const OrchDockerJob *job, const OrchDockerJobPods *pods)
{
	if (pods->failed > job->backoff_limit)
		return true;
	if (!job->restarts || pods->restarts == 0)
		return false;
	return pods->restarts >= job->backoff_limit;
}

/* When its deadline is; NEVER while it does not count. */
static int64_t
deadline_of(const OrchDockerJob *job, const OrchDockerJobPods *pods)
{
	if (job->deadline <= 0 || job->is_suspended || pods->started_at == 0)
		return ORCH_DOCKER_NEVER;
	return pods->started_at + job->deadline;
}

/* Rows 9 to 12. */
static OrchDockerJobStep
keep_running(const OrchDockerJob *job, const OrchDockerJobPods *pods, int64_t now)
{
	OrchDockerJobStep step = plain(ORCH_DOCKER_JOB_REST);
	int			missing = job->completions - pods->succeeded - pods->active;
	int64_t		due_at = pods->failed_at + orch_docker_pause(ORCH_DOCKER_FIRST_PAUSE, ORCH_DOCKER_LONGEST_JOB_PAUSE, pods->failed_in_row);

	step.until = deadline_of(job, pods);
	if (missing > 0 && now >= due_at)
	{
		step.what = ORCH_DOCKER_JOB_CREATE;
		step.to_make = missing;
		return step;
	}
	if (missing > 0 && due_at < step.until)
		step.until = due_at;
	if (step.until != ORCH_DOCKER_NEVER)
		step.what = ORCH_DOCKER_JOB_WAIT;
	return step;
}

OrchDockerJobStep
orch_docker_run(const OrchDockerJob *job, const OrchDockerJobPods *pods, int64_t now)
{
	if (pods->is_over)
		return plain(pods->active > 0 ? ORCH_DOCKER_JOB_REMOVE_ACTIVE : ORCH_DOCKER_JOB_REST);
	if (is_beyond_limit(job, pods))
		return failed("BackoffLimitExceeded", "Job has reached the specified backoff limit");
	if (pods->succeeded >= job->completions && pods->active == 0)
		return plain(ORCH_DOCKER_JOB_COMPLETE);
	if (now >= deadline_of(job, pods))
		return failed("DeadlineExceeded", "Job was active longer than specified deadline");
	if (job->is_suspended)
		return plain(pods->active > 0 ? ORCH_DOCKER_JOB_REMOVE_ACTIVE : ORCH_DOCKER_JOB_REST);
	return keep_running(job, pods, now);
}
