/*
 * verb.h
 *	  What a change of a row is called.
 */
#pragma once

#include "postgres.h"

#include "audit/diff.h"
#include "core/rows.h"

/* columns that tell, each if there is one */
typedef struct OrchAuditVerbs
{
	AttrNumber	desired_state;
	AttrNumber	status;
	AttrNumber	restart;
	AttrNumber	replicas;
	AttrNumber	state;
	AttrNumber	acknowledged;
} OrchAuditVerbs;

extern void orch_audit_verbs_learn(OrchAuditVerbs *verbs, const OrchDiffTable *table, TupleDesc desc);
extern const char *orch_audit_verb(const OrchAuditVerbs *verbs, const OrchDiffTable *table, const OrchChanges *changes);
