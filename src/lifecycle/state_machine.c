/*
 * state_machine.c
 *	  The lifecycle of a container: one table of legal steps.
 *
 * Everything that judges a step asks here, so that the documentation
 * (lifecycle_transitions()), the error messages and the triggers cannot
 * disagree.  No server headers: see state_machine.h for who may call it.
 */
#include "lifecycle/state_machine.h"

#include <stdio.h>
#include <string.h>

#define PENDING ORCH_STATUS_PENDING
#define RUNNING ORCH_STATUS_RUNNING
#define PAUSED ORCH_STATUS_PAUSED
#define STOPPED ORCH_STATUS_STOPPED
#define FAILED ORCH_STATUS_FAILED
#define DELETED ORCH_STATUS_DELETED

#define BIT(status) (1u << (status))

static const char *const status_names[ORCH_STATUS_COUNT] = {
	"pending", "running", "paused", "stopped", "failed", "deleted"
};

static const OrchTransition transitions[] = {
	{PENDING, RUNNING, NULL, "every replica is ready"},
	{PENDING, PAUSED, "pause_container", "paused before it ran"},
	{PENDING, STOPPED, "stop_container", "stopped before it ran, or a job that ended at once"},
	{PENDING, FAILED, NULL, "it cannot start"},
	{PENDING, DELETED, "delete_container", "nothing of it is left"},

	{RUNNING, PENDING, NULL, "its pods are being replaced"},
	{RUNNING, RUNNING, "restart_container", "its pods are replaced one after another"},
	{RUNNING, PAUSED, "pause_container", "its pods are gone, everything else is kept"},
	{RUNNING, STOPPED, "stop_container", "its pods are gone, or a job has completed"},
	{RUNNING, FAILED, NULL, "it broke while it ran"},
	{RUNNING, DELETED, "delete_container", "nothing of it is left"},

	{PAUSED, PENDING, "resume_container", "its pods are coming back"},
	{PAUSED, RUNNING, "resume_container", "its pods are back"},
	{PAUSED, STOPPED, "stop_container", "its pods stay away"},
	{PAUSED, FAILED, NULL, "it cannot be kept as asked"},
	{PAUSED, DELETED, "delete_container", "nothing of it is left"},

	{STOPPED, PENDING, "start_container", "its pods are being made"},
	{STOPPED, RUNNING, "start_container", "its pods are ready"},
	{STOPPED, FAILED, NULL, "it cannot be kept as asked"},
	{STOPPED, DELETED, "delete_container", "nothing of it is left"},

	{FAILED, PENDING, "start_container", "it is tried again"},
	{FAILED, RUNNING, NULL, "it healed"},
	{FAILED, PAUSED, "pause_container", "its pods are gone, everything else is kept"},
	{FAILED, STOPPED, "stop_container", "its pods are gone"},
	{FAILED, DELETED, "delete_container", "nothing of it is left"},
};

#define TRANSITION_COUNT (sizeof(transitions) / sizeof(transitions[0]))

/*
 * The whole table, for lifecycle_transitions().
 */
const OrchTransition *
orch_lifecycle_table(size_t *count)
{
	*count = TRANSITION_COUNT;
	return transitions;
}

/*
 * Finds a status by its name; false when there is none of that name.
 */
bool
orch_lifecycle_parse(const char *text, OrchStatus *status)
{
	for (int i = 0; i < ORCH_STATUS_COUNT; i++)
	{
		if (strcmp(text, status_names[i]) == 0)
		{
			*status = (OrchStatus) i;
			return true;
		}
	}
	return false;
}

const char *
orch_lifecycle_name(OrchStatus status)
{
	return status_names[status];
}

static const OrchTransition *
find_transition(OrchStatus from, OrchStatus to)
{
	for (size_t i = 0; i < TRANSITION_COUNT; i++)
	{
		if (transitions[i].from == from && transitions[i].to == to)
			return &transitions[i];
	}
	return NULL;
}

/*
 * Is this one step legal?  running to running is: that is a restart.
 */
bool
orch_lifecycle_is_legal(OrchStatus from, OrchStatus to)
{
	return find_transition(from, to) != NULL;
}

/*
 * Set of statuses, as bits, that one step leads to.
 */
unsigned
orch_lifecycle_allowed(OrchStatus from)
{
	unsigned	allowed = 0;

	for (size_t i = 0; i < TRANSITION_COUNT; i++)
	{
		if (transitions[i].from == from)
			allowed |= BIT(transitions[i].to);
	}
	return allowed;
}

/*
 * Does any chain of legal steps lead there?  An observer sees the last of
 * several steps only (a container started and paused again between two looks),
 * so this, and not a single step, is what may be demanded of the worker.
 */
bool
orch_lifecycle_is_reachable(OrchStatus from, OrchStatus to)
{
	unsigned	reached = orch_lifecycle_allowed(from);
	unsigned	before;

	do
	{
		before = reached;
		for (int i = 0; i < ORCH_STATUS_COUNT; i++)
		{
			if (reached & BIT(i))
				reached |= orch_lifecycle_allowed((OrchStatus) i);
		}
	} while (reached != before);

	return (reached & BIT(to)) != 0;
}

/*
 * Set of statuses that can be asked for as desired_state.
 */
unsigned
orch_lifecycle_desirable(void)
{
	return BIT(RUNNING) | BIT(PAUSED) | BIT(STOPPED) | BIT(DELETED);
}

bool
orch_lifecycle_is_desirable(OrchStatus status)
{
	return (orch_lifecycle_desirable() & BIT(status)) != 0;
}

/*
 * Writes the names of a set as "running, deleted", or "nothing".
 */
void
orch_lifecycle_list(unsigned statuses, char *text, size_t size)
{
	size_t		used = 0;

	snprintf(text, size, "nothing");
	for (int i = 0; i < ORCH_STATUS_COUNT; i++)
	{
		if ((statuses & BIT(i)) && used < size)
			used += (size_t) snprintf(text + used, size - used, "%s%s",
									  used > 0 ? ", " : "", status_names[i]);
	}
}

/*
 * Name of the SQL function that asks for a step; NULL when none does.
 */
const char *
orch_lifecycle_verb(OrchStatus from, OrchStatus to)
{
	const OrchTransition *found = find_transition(from, to);

	return found ? found->verb : NULL;
}

/*
 * What the history says when somebody asked for this step of desired_state.
 */
const char *
orch_lifecycle_request_reason(OrchStatus from, OrchStatus to)
{
	switch (to)
	{
		case ORCH_STATUS_RUNNING:
			return from == ORCH_STATUS_PAUSED ? "ResumeRequested" : "StartRequested";
		case ORCH_STATUS_PAUSED:
			return "PauseRequested";
		case ORCH_STATUS_STOPPED:
			return "StopRequested";
		case ORCH_STATUS_DELETED:
			return "DeleteRequested";
		default:
			return NULL;
	}
}
