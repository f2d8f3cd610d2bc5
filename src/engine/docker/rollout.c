/*
 * rollout.c
 *	  What a Deployment does next.
 *
 * Level-triggered: what is wanted and the pods that there are give what is to be
 * done now.  The caller does it, tells the pods that go as LEAVING from then on, and
 * asks again when anything has changed, until nothing is to be done.
 *
 * RollingUpdate, with Kubernetes' formulas put for pods instead of replica sets:
 *
 *	old ones go as long as those that stay and the available current ones are at
 *		least replicas - unavailable
 *	of the wanted template there are at most replicas pods: what is beyond goes
 *	there are at most replicas + surge that are not LEAVING: what is beyond goes
 *	new ones are made up to these limits
 *
 * Those that do not serve go first, so that none that serves goes before the number
 * of those that do allows it.  Where pods must be chosen whatever their template,
 * the old ones go first; then the highest numbers.  Kubernetes shares a change of
 * scale amid a rollout among the replica sets; here the same order decides.
 *
 * A pod that goes with this answer counts until it is told as LEAVING: whoever makes
 * new pods before the old ones are told to go still keeps the limit.
 *
 * Where pods are exclusive there is no surge, and those that leave count, too: the
 * lowest free number is then one of 1 to replicas, and whoever had it is gone.
 */
#include "engine/docker/rollout.h"

#include <string.h>

#define DEFAULT_SHARE "25%"

typedef enum Whose
{
	ANY,
	OLD,
	CURRENT
} Whose;

typedef struct Limits
{
	int64_t		most;			/* pods */
	int64_t		least;			/* that are available */
} Limits;

/*
 * Reads digits and whether % follows; false: it is something else.
 */
static bool
read_share(const char *text, int64_t *value, bool *is_percent)
{
	const char *at = text;

	*value = 0;
	for (; *at >= '0' && *at <= '9'; at++)
	{
		*value = *value * 10 + (*at - '0');
		if (*value > INT32_MAX)
			*value = INT32_MAX;
	}
	*is_percent = *at == '%';
	return at != text && at[*is_percent ? 1 : 0] == '\0';
}

/*
 * How many pods are meant by "3" or "25%"; what is neither counts as 25%.
 */
int
orch_docker_share(const char *text, int replicas, bool round_up)
{
	int64_t		value;
	bool		is_percent;

	if (text == NULL || !read_share(text, &value, &is_percent))
		(void) read_share(DEFAULT_SHARE, &value, &is_percent);
	if (is_percent)
		value = (value * replicas + (round_up ? 99 : 0)) / 100;
	return value < INT32_MAX ? (int) value : INT32_MAX;
}

static Limits
limits_of(const OrchDockerDeployment *wanted)
{
	int			surge = wanted->is_exclusive ? 0 : orch_docker_share(wanted->max_surge, wanted->replicas, true);
	int			unavailable = orch_docker_share(wanted->max_unavailable, wanted->replicas, false);
	Limits		limits;

	/* otherwise nothing could ever move */
	if (surge == 0 && unavailable == 0)
		unavailable = 1;
	limits.most = (int64_t) wanted->replicas + surge;
	limits.least = unavailable < wanted->replicas ? wanted->replicas - unavailable : 0;
	return limits;
}

static bool
is_whose(const OrchDockerReplica *pod, Whose whose)
{
	return whose == ANY || pod->is_current == (whose == CURRENT);
}

/* It stays, as far as has been decided. */
static bool
stays(const OrchDockerReplica *pod)
{
	return pod->health != ORCH_DOCKER_LEAVING && !pod->goes;
}

static int
count_staying(const OrchDockerReplica *pods, int npods, Whose whose)
{
	int			count = 0;

	for (int i = 0; i < npods; i++)
		count += stays(&pods[i]) && is_whose(&pods[i], whose);
	return count;
}

static int
count_available(const OrchDockerReplica *pods, int npods, Whose whose)
{
	int			count = 0;

	for (int i = 0; i < npods; i++)
		count += stays(&pods[i]) && is_whose(&pods[i], whose) && pods[i].health == ORCH_DOCKER_AVAILABLE;
	return count;
}

static bool
goes_before(const OrchDockerReplica *a, const OrchDockerReplica *b)
{
	bool		a_serves = a->health == ORCH_DOCKER_AVAILABLE;
	bool		b_serves = b->health == ORCH_DOCKER_AVAILABLE;

	if (a_serves != b_serves)
		return b_serves;
	if (a->is_current != b->is_current)
		return b->is_current;
	if (a->health != b->health)
		return a->health < b->health;
	return a->number > b->number;
}

/*
 * So many of these go, if there are so many.
 */
static void
let_go(OrchDockerReplica *pods, int npods, Whose whose, int64_t count)
{
	for (; count > 0; count--)
	{
		OrchDockerReplica *first = NULL;

		for (int i = 0; i < npods; i++)
		{
			if (stays(&pods[i]) && is_whose(&pods[i], whose) && (first == NULL || goes_before(&pods[i], first)))
				first = &pods[i];
		}
		if (first == NULL)
			return;
		first->goes = true;
	}
}

static void
choose_those_that_go(const OrchDockerDeployment *wanted, OrchDockerReplica *pods, int npods)
{
	Limits		limits = limits_of(wanted);

	/* the old ones first: a new one that only starts need not be made twice */
	if (wanted->recreates)
		let_go(pods, npods, OLD, npods);
	else
		let_go(pods, npods, OLD, count_staying(pods, npods, OLD) + count_available(pods, npods, CURRENT) - limits.least);
	let_go(pods, npods, CURRENT, count_staying(pods, npods, CURRENT) - wanted->replicas);
	if (!wanted->recreates)
		let_go(pods, npods, ANY, count_staying(pods, npods, ANY) - limits.most);
}

static int64_t
min(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/*
 * present: pods that are there and do not leave, and of these the current ones; old:
 * all old ones.
 */
static int
count_to_make(const OrchDockerDeployment *wanted, int npods, int present, int current, int old)
{
	int64_t		missing = (int64_t) wanted->replicas - current;

	if (wanted->recreates && old > 0)
		return 0;
	if (wanted->is_exclusive)
		missing = min(missing, (int64_t) wanted->replicas - npods);
	else if (!wanted->recreates)
		missing = min(missing, limits_of(wanted).most - present);
	return missing > 0 ? (int) missing : 0;
}

/*
 * Answers in pods[].goes and the result.
 */
void
orch_docker_rollout(const OrchDockerDeployment *wanted, OrchDockerReplica *pods, int npods, OrchDockerRollout *result)
{
	int			old = 0;

	memset(result, 0, sizeof(*result));
	for (int i = 0; i < npods; i++)
	{
		pods[i].goes = false;
		old += !pods[i].is_current;
	}
	result->replicas = count_staying(pods, npods, ANY);
	result->updated = count_staying(pods, npods, CURRENT);
	result->available = count_available(pods, npods, ANY);
	result->is_complete = result->replicas == wanted->replicas && result->updated == wanted->replicas && result->available == wanted->replicas;
	result->to_make = count_to_make(wanted, npods, result->replicas, result->updated, old);
	choose_those_that_go(wanted, pods, npods);
}

/*
 * The lowest number after this one that no pod has.
 */
int
orch_docker_next_number(const OrchDockerReplica *pods, int npods, int after)
{
	int			number = after + 1;

	for (int i = 0; i < npods; i++)
	{
		if (pods[i].number == number)
		{
			number++;
			i = -1;
		}
	}
	return number;
}

/*
 * At the first look, such as after a restart of the process: what has been done is
 * as old as the newest pod of the template, and a rollout was over whose pods have
 * all been available.
 */
static void
begin(OrchDockerProgress *progress, int replicas, const OrchDockerReplica *pods, int npods, int64_t now)
{
	int64_t		newest = INT64_MIN;
	int			served = 0;
	int			present = 0;

	for (int i = 0; i < npods; i++)
	{
		const OrchDockerReplica *pod = &pods[i];

		if (pod->health == ORCH_DOCKER_LEAVING)
			continue;
		present++;
		served += pod->is_current && (pod->health == ORCH_DOCKER_AVAILABLE || pod->health == ORCH_DOCKER_UNAVAILABLE);
		if (pod->is_current && pod->created_at > newest)
			newest = pod->created_at;
	}
	progress->was_complete = present == replicas && served == replicas;
	progress->progressed_at = newest == INT64_MIN ? now : min(newest, now);
}

/*
 * Progress is a new template, a pod more that is current, an old one less, and a pod
 * more that is available.  What was complete with this template is over: a pod that
 * fails later, and a change of scale, are no rollout.
 */
void
orch_docker_progress(OrchDockerProgress *progress, uint64_t template, const OrchDockerRollout *rollout,
					 int replicas, const OrchDockerReplica *pods, int npods, int64_t now)
{
	bool		is_new = progress->is_known && progress->template != template;

	if (!progress->is_known)
		begin(progress, replicas, pods, npods, now);
	else if (is_new)
		progress->was_complete = false;
	if (is_new || (progress->is_known &&
				   (rollout->updated > progress->updated || rollout->available > progress->available ||
					rollout->replicas - rollout->updated < progress->replicas - progress->updated)))
	{
		progress->progressed_at = now;
		progress->is_overdue = false;
	}
	progress->is_known = true;
	progress->template = template;
	progress->replicas = rollout->replicas;
	progress->updated = rollout->updated;
	progress->available = rollout->available;
	progress->was_complete |= rollout->is_complete;
	progress->is_overdue = !progress->was_complete &&
		(progress->is_overdue || now - progress->progressed_at > ORCH_DOCKER_PROGRESS_DEADLINE);
}

/*
 * When it is worth another look, if nothing happens before.
 */
int64_t
orch_docker_progress_due_at(const OrchDockerProgress *progress)
{
	if (!progress->is_known || progress->was_complete || progress->is_overdue)
		return INT64_MAX;
	return progress->progressed_at + ORCH_DOCKER_PROGRESS_DEADLINE + 1;
}
