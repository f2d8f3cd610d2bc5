/*
 * insisted.h
 *	  Who insists on something else than the rows say.
 */
#pragma once

#include "reconcile/inventory.h"

/* What an apply has made of what was sent. */
typedef struct OrchComparison
{
	bool		compared;		/* false: what was sent is not known any more */
	char	   *differing;		/* JSON for insisted_by(), without its end; NULL: nothing */
} OrchComparison;

extern OrchComparison orch_insisted_compare(const OrchEngineFormat *format, const OrchObject *object, const OrchNews *news);

/* After the step that an answer or an event was: keeps for the row what is insisted on. */
extern void orch_insisted_answered(OrchInventory *inventory, OrchObject *object, const OrchComparison *comparison);
extern void orch_insisted_drifted(const OrchEngineFormat *format, OrchInventory *inventory, OrchObject *object, const OrchNews *news);
