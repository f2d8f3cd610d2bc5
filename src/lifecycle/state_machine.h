/*
 * state_machine.h
 *	  The lifecycle of a container: one table of legal steps.
 *
 * Pure C, so that it can be tested and fuzzed without a server.  The same table
 * judges status (what is) and desired_state (what is asked for).  Called by the
 * triggers and functions of this room only.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

typedef enum OrchStatus
{
	ORCH_STATUS_PENDING,
	ORCH_STATUS_RUNNING,
	ORCH_STATUS_PAUSED,
	ORCH_STATUS_STOPPED,
	ORCH_STATUS_FAILED,
	ORCH_STATUS_DELETED
} OrchStatus;

#define ORCH_STATUS_COUNT (ORCH_STATUS_DELETED + 1)

/* longest text of orch_lifecycle_list, with its terminator */
#define ORCH_STATUS_LIST_SIZE 64

typedef struct OrchTransition
{
	OrchStatus	from;
	OrchStatus	to;
	const char *verb;			/* SQL function that asks for it; NULL if only observed */
	const char *description;
} OrchTransition;

extern const OrchTransition *orch_lifecycle_table(size_t *count);
extern bool orch_lifecycle_parse(const char *text, OrchStatus *status);
extern const char *orch_lifecycle_name(OrchStatus status);
extern bool orch_lifecycle_is_legal(OrchStatus from, OrchStatus to);
extern bool orch_lifecycle_is_reachable(OrchStatus from, OrchStatus to);
extern bool orch_lifecycle_is_desirable(OrchStatus status);
extern unsigned orch_lifecycle_allowed(OrchStatus from);
extern unsigned orch_lifecycle_desirable(void);
extern void orch_lifecycle_list(unsigned statuses, char *text, size_t size);
extern const char *orch_lifecycle_verb(OrchStatus from, OrchStatus to);
extern const char *orch_lifecycle_request_reason(OrchStatus from, OrchStatus to);
