/*
 * access.h
 *	  Who is asking, and what they may do: identity, the cache of grants, and
 *	  the vocabulary of permissions.
 */
#pragma once

#include "postgres.h"

#include "core/core.h"
#include "core/resources.h"
#include "datatype/timestamp.h"
#include "utils/timestamp.h"

#define ORCH_RESOURCE_COUNT ORCH_PERMISSION_COUNT
#define ORCH_VERB_COUNT 8
#define ORCH_ANY_RESOURCE (-1)

/* permissions.c: the vocabulary */
extern int	orch_permission_resource(const char *text, int length);
extern uint8 orch_permission_verbs(const char *text, int length);
extern const char *orch_permission_resource_name(int resource);

/* what a call asks for: any one of some verbs on a resource */
typedef struct OrchNeed
{
	int			resource;		/* or ORCH_ANY_RESOURCE */
	uint8		verbs;
} OrchNeed;

typedef struct OrchNamespaceGrant
{
	int64		namespace_id;
	uint8		verbs[ORCH_RESOURCE_COUNT];
	bool		used;
} OrchNamespaceGrant;

/* everything that a user holds; written by grants.c alone */
typedef struct OrchGrants
{
	int64		user_id;
	uint64		generation;		/* of the cache, when this was read */
	TimestampTz valid_until;	/* when the first grant of these expires */
	uint8		everywhere[ORCH_RESOURCE_COUNT];
	uint8		forever[ORCH_RESOURCE_COUNT];	/* everywhere, and without expiry */
	uint32		count;			/* namespaces with a grant of their own */
	uint32		mask;			/* size of the table - 1 */
	OrchNamespaceGrant *table;
	MemoryContext context;
	int			holders;		/* who still points here */
	bool		dropped;		/* no longer cached: goes with its last holder */
} OrchGrants;

/* epoch.c */
extern uint64 orch_grants_epoch;	/* pointers to OrchGrants are good while it stands still */
extern uint64 orch_grants_generation;	/* what was read before it changed is outdated */
extern uint64 orch_run_count;	/* raised whenever the executor starts or goes on */
extern Oid	orch_grants_relation(void);
extern bool orch_grants_watch(void);

/* identity.c */
extern int64 orch_user_of_roles(void);
extern int64 orch_identity_find(bool look_up);	/* 0: nobody */
extern int64 orch_identity_of_roles(Oid role, Oid session_role);

/* grants.c */
extern const OrchGrants *orch_grants_of(int64 user_id);
extern bool orch_grants_everywhere(const OrchGrants *grants, OrchNeed need);
extern bool orch_grants_forever(const OrchGrants *grants, OrchNeed need);
extern bool orch_grants_allow(const OrchGrants *grants, int64 namespace_id, OrchNeed need);
extern bool orch_grants_include(const OrchGrants *grants, const OrchGrants *others);
extern const OrchGrants *orch_grants_hold(const OrchGrants *grants);
extern void orch_grants_release(const OrchGrants *held);

/*
 * The user that asks; 0 for nobody.
 */
static inline int64
orch_current_user_id(void)
{
	return likely(orch_session_user_id != 0) ? orch_session_user_id : orch_user_of_roles();
}

/*
 * Has something in it ended?
 */
static inline bool
orch_grants_expired(const OrchGrants *grants)
{
	return unlikely(grants->valid_until != DT_NOEND) && GetCurrentTimestamp() >= grants->valid_until;
}

/* lookup.c: statements that see everything, whoever asks */
typedef struct OrchLookup
{
	Oid			user;
	int			security;
} OrchLookup;

extern void orch_lookup_begin(OrchLookup *saved);
extern void orch_lookup_end(OrchLookup *saved);
extern uint64 orch_lookup(void **plan, const char *statement, int count, Oid *types, Datum *values);

/* permits.c */
extern OrchNeed orch_need(text *resource, text *verbs);
extern bool orch_grants_anywhere(const OrchGrants *grants, OrchNeed need);

/* require.c */
extern void orch_require(int64 namespace_id, const char *resource, const char *verbs);

/* origin.c: the row as it may be written, by whom it may be written */
struct TriggerData;
struct HeapTupleData;
extern struct HeapTupleData *orch_row_origin(struct TriggerData *trigger, bool always);

struct IndexOptInfo;
struct Node;
struct PlannerInfo;
struct RelOptInfo;
struct RestrictInfo;

/* planner.c */
extern bool orch_binds(struct RestrictInfo *restriction, struct IndexOptInfo *index, int column);
extern bool orch_is_list_of_permitted(struct Node *clause);

/* foreign_rows.c */
extern void orch_gate_paths(struct PlannerInfo *root, struct RelOptInfo *rel);

/* rescans.c */
extern void orch_rescans_init(void);

/* db_roles.c */
extern void orch_db_roles_init(void);

/* explain.c */
extern bool orch_explaining;
extern void orch_explain_init(void);

/* plan_guard.c */
extern void orch_plan_is_for_caller(struct PlannerInfo *root);
extern void orch_plan_asks(struct PlannerInfo *root);
extern void orch_plan_assumes(struct PlannerInfo *root, OrchNeed need);
extern void orch_plan_guard_init(void);

/* init.c: all of this room's */
extern void orch_access_init(void);

/* lock_table.c */
extern void orch_lock_table_init(void);
