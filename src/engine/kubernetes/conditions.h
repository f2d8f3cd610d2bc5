/*
 * conditions.h
 *	  status.conditions of an object, read once.  Of each type the last one counts.
 */
#pragma once

#include "engine/json.h"

typedef struct OrchCondition
{
	OrchText	type;
	OrchText	status;			/* "True", "False", "Unknown" */
	JsonbContainer *object;
} OrchCondition;

typedef struct OrchConditions
{
	OrchCondition *list;
	int			count;
} OrchConditions;

extern OrchConditions orch_conditions_read(JsonbContainer *status);

/* one without status when there is none of this type */
extern OrchCondition orch_condition(const OrchConditions *conditions, const char *type);
