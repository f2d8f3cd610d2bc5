/*
 * plan.h
 *	  A pod that is being planned: what every part of the plan is made from.
 */
#pragma once

#include "postgres.h"

#include "engine/docker/template.h"
#include "engine/json.h"

typedef struct OrchDockerPlanning
{
	JsonbContainer *metadata;	/* of the template */
	JsonbContainer *spec;
	const OrchDockerPodIdentity *identity;
	const OrchDockerLookup *lookup;
	OrchDockerPodPlan *plan;
} OrchDockerPlanning;

/* Something that cannot be had here, unless it stands there with this value. */
typedef struct OrchDockerBeyond
{
	const char *member;
	const char *harmless;		/* NULL: no value is */
} OrchDockerBeyond;

/* it cannot be run; the first reason counts, and planning goes on */
extern void orch_docker_refuse(OrchDockerPlanning *planning, const char *format,...) pg_attribute_printf(2, 3);

/* it cannot be run yet, unless it cannot be at all */
extern void orch_docker_wait(OrchDockerPlanning *planning, const char *format,...) pg_attribute_printf(2, 3);

/* refuses what stands in object and is beyond this engine; where is for the message */
extern void orch_docker_refuse_beyond(OrchDockerPlanning *planning, JsonbContainer *object, const OrchDockerBeyond *beyond, int count, const char *where);

/* the text once, in a list of char * */
extern List *orch_docker_once(List *texts, const char *text);

static inline OrchText
orch_docker_text(const char *text)
{
	return (OrchText) {text, text != NULL ? (int) strlen(text) : 0};
}
