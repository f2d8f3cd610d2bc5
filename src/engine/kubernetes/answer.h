/*
 * answer.h
 *	  What one answer of an API server means.
 *
 * The judgement is pure (answer.c, test/unit/engine); the rest of the header reads
 * answers into what is judged.
 */
#pragma once

#include "engine/seen.h"

/* What an answer is judged by. */
typedef struct OrchKubeAnswer
{
	int			http_status;	/* 0: none came */
	const char *message;		/* of the Status object, whole, or of the client; may be NULL */
	const char *cause;			/* reason of the first cause that the Status names; may be NULL */
	bool		is_status;		/* a Status object, not the page of somebody in between */
	bool		is_success;		/* and it says Success */
	bool		has_object;		/* the body is an object with a uid */
} OrchKubeAnswer;

typedef struct OrchKubeVerdict
{
	OrchOutcome outcome;
	OrchReason	reason;			/* of FAILED, and of REFUSED_CHANGE for whom it is a failure */
} OrchKubeVerdict;

/* had_uid: the object was known to exist when the request was sent. */
extern OrchKubeVerdict orch_kube_answer_judge(OrchVerb verb, const char *kind, bool had_uid, const OrchKubeAnswer *answer);
extern OrchReason orch_kube_answer_reason(const OrchKubeAnswer *answer);

#ifndef FRONTEND

#include "kube/client.h"
#include "utils/jsonb.h"

/* characters of a message that are kept: more than last_error takes is of no use */
#define ORCH_KUBE_ERROR_CHARACTERS 2000

typedef struct OrchKubeResult
{
	OrchOutcome outcome;
	OrchReason	reason;
	char	   *message;		/* of what failed or was refused; else NULL */
	bool		has_seen;		/* the body was the object */
	OrchSeen	seen;
} OrchKubeResult;

/*
 * Strings are allocated in the current context; throws only for want of memory.
 */
extern void orch_kube_result(OrchVerb verb, const char *kind, bool had_uid, const OrchKubeResponse *response,
							 const char *installation, OrchKubeResult *result);

/* The same for a body that is jsonb already, or NULL; error: what the client says. */
extern void orch_kube_result_of(OrchVerb verb, const char *kind, bool had_uid, int http_status, const char *error, Jsonb *body,
								const char *installation, OrchKubeResult *result);

#endif							/* !FRONTEND */
