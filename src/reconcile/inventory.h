/*
 * inventory.h
 *	  The objects of one cluster as its worker knows them.
 *
 * The rows of managed_objects and container_instances are the truth; this is
 * what of them decides about events and requests, loaded when a lease is won
 * and kept from then on.  inventory_index.c finds the objects, inventory.c
 * lets events happen to them, queue.c says which of
 * them are due and may be acted on, inventory_rows.c reads rows, and
 * inventory_write.c writes what has changed.
 *
 * There may be a hundred thousand objects, owners and pods: what they need
 * only while they are due, or dirty, is allocated then.
 */
#pragma once

#include "postgres.h"

#include "executor/spi.h"
#include "engine/engine.h"
#include "lib/ilist.h"
#include "lib/pairingheap.h"
#include "lib/stringinfo.h"
#include "reconcile/object_state.h"
#include "reconcile/pace.h"

/* as many lists of what is ready */
#define ORCH_ORDER_STEP 10
#define ORCH_ORDERS 10

struct OrchOwner;
struct OrchPlace;

/* where an object is kept while it waits */
typedef enum OrchQueue
{
	ORCH_QUEUE_NONE,			/* at rest, or under way */
	ORCH_QUEUE_READY,			/* due, and may be acted on */
	ORCH_QUEUE_BLOCKED,			/* due once others are through */
	ORCH_QUEUE_TIMED			/* due at a time */
} OrchQueue;

/* something that is due at a time */
typedef struct OrchTimer
{
	pairingheap_node node;
	int64		at;
	void	   *what;			/* an object, or an owner to look at */
} OrchTimer;

/* what an object needs until it is written: texts for the row that nothing is decided by */
typedef struct OrchObjectTexts
{
	dlist_node	dirty_node;		/* while the object is dirty */
	struct OrchObject *object;
	char	   *applied_hash;
	char	   *applied_fingerprint;
	char	   *observed_fingerprint;
	char	   *facts;
	char	   *error;
	char	   *warning;
	char	   *insisted;		/* JSON for insisted_by(); NULL: nobody insists on anything */
	bool		failed;			/* error goes with the reason of the state */
	bool		answered;		/* warning is that of the last answer */
	bool		compared;		/* insisted is what is known now */
} OrchObjectTexts;

typedef struct OrchObject
{
	OrchObjectState state;
	const OrchKind *kind;
	struct OrchPlace *place;	/* the namespace row */
	struct OrchOwner *owner;	/* the row that asked for it */
	const char *in;				/* namespace in the cluster, interned; "" for what has none */
	char	   *name;
	int64		id;
	char	   *manifest;		/* not sent yet; NULL: to be rendered */
	char	   *hash;			/* of manifest, as text */
	OrchObjectTexts *texts;
	const char *rival;			/* who changed it last, interned; NULL unknown */
	uint32		list;			/* the last complete list that held it */
	OrchQueue	queue:8;
	bool		dirty:1;
	bool		held:1;			/* somebody has locked its row: written later */
	bool		given_up:1;		/* somebody said that what a claim holds may go */
	bool		leaves:1;		/* proven to be gone: so goes its row */
	union
	{
		dlist_node	queue_node; /* while READY or BLOCKED */
		OrchTimer  *timer;		/* while TIMED */
	};
} OrchObject;

/* README.md says what an object takes in all */
StaticAssertDecl(sizeof(OrchObject) <= 368, "an object takes more memory");

/* A row that asks for objects. */
typedef struct OrchOwner
{
	const char *type;			/* interned */
	int64		id;
	int64		namespace_id;
	int64		generation;
	int			objects;
	dlist_head	blocked;		/* objects that wait for others of it */
	int			awaited;		/* what its workload comes after */
	int			doomed;			/* workloads that its services go after */
	int			undone;			/* objects that something is about to happen to */
	bool		touched;		/* its status may be another */
	dlist_node	touched_node;
	OrchTimer  *look;			/* when it is another by time alone; NULL: never */
	int64		derived_at;		/* when its status was derived last */
} OrchOwner;

StaticAssertDecl(sizeof(OrchOwner) <= 104, "an owner takes more memory");

/* A namespace row. */
typedef struct OrchPlace
{
	int64		namespace_id;
	int			objects;
	int			awaited;		/* what workloads of the namespace come after */
	int			doomed;			/* workloads that what they use goes after */
	dlist_head	blocked;
	OrchObject *object;			/* the Namespace itself; NULL unknown */
} OrchPlace;

/* what is to be written of a pod */
typedef struct OrchInstanceRow
{
	dlist_node	dirty_node;
	struct OrchInstance *instance;
	char	   *json;			/* for worker_write() */
} OrchInstanceRow;

/* A pod of ours. */
typedef struct OrchInstance
{
	char		uid[ORCH_UID_SIZE];
	char		version[ORCH_VERSION_SIZE];
	bool		held:1;
	bool		ended:1;
	uint32		list;
	OrchDigest	digest;
	int64		known_at;
	OrchInstanceRow *row;		/* NULL when written */
} OrchInstance;

StaticAssertDecl(sizeof(OrchInstance) <= 96, "a pod takes more memory");

/* What others wait for, as it was before a change. */
typedef struct OrchGate
{
	OrchPlace  *place;
	OrchOwner  *owner;
	bool		of_namespace;
	int			place_awaited;
	int			place_doomed;
	int			owner_awaited;
	int			owner_doomed;
} OrchGate;

typedef struct OrchInventory OrchInventory;

struct OrchInventory
{
	MemoryContext context;
	MemoryContext of_objects;	/* these four hold what there are many of, in pieces of its size */
	MemoryContext of_timers;
	MemoryContext of_owners;
	MemoryContext of_instances;
	int64		cluster_id;
	char	   *installation;
	struct objects_hash *by_id;
	struct names_hash *by_name;
	struct owners_hash *owners;
	struct places_hash *places;
	struct instances_hash *instances;
	struct texts_hash *interned;

	dlist_head *ready;			/* of wanted ones, one for each order */
	dlist_head *ready_doomed;
	bool		doomed_last;	/* whose turn it is */
	pairingheap *timed;
	pairingheap *looks;			/* owners whose status changes by time */
	dlist_head	dirty;
	dlist_head	dirty_instances;
	dlist_head	held;			/* objects whose rows somebody has locked */
	dlist_head	held_instances;
	int64		take_up_at;		/* when those are tried again */
	int64		touched_at;		/* when the first of touched may be derived */
	dlist_head	touched;
	int			touched_count;
	OrchPace	pace;
	bool		is_played;		/* by a session, for which nothing gathers */
	int			in_flight;
	int			manifests;		/* held in memory */
	int			ready_manifests;	/* of what comes before workloads and may be sent now */
	bool		more_to_come;	/* is about to be planned: workloads wait for what comes before them */
	StringInfoData log;			/* operations for the record, JSON elements */
	uint32		lists[ORCH_KIND_COUNT]; /* number of the list under way */
	bool		objects_loaded;
	int64		loaded_to;		/* id up to which the rows are read */
};

/* inventory_index.c */
extern const char *orch_index_intern(OrchInventory *inventory, const char *text);
extern OrchPlace *orch_index_place(OrchInventory *inventory, int64 namespace_id);
extern void orch_index_insert(OrchInventory *inventory, OrchObject *object);
extern void orch_index_delete(OrchInventory *inventory, OrchObject *object);
extern void orch_index_delete_place(OrchInventory *inventory, OrchPlace *place);

/* inventory_index.c and inventory.c */
extern OrchInventory *orch_inventory_create(MemoryContext parent, int64 cluster_id, const char *installation);
extern void orch_inventory_destroy(OrchInventory *inventory);
extern OrchObject *orch_inventory_object(OrchInventory *inventory, int64 id);
extern OrchObject *orch_inventory_named(OrchInventory *inventory, const OrchKind *kind, const char *in, const char *name);
extern OrchInstance *orch_inventory_instance(OrchInventory *inventory, const char *uid);
extern OrchInstance *orch_inventory_add_instance(OrchInventory *inventory, const char *uid);
extern void orch_inventory_write_instance(OrchInventory *inventory, OrchInstance *instance, const char *row);
extern void orch_instance_written(OrchInstance *instance);
extern void orch_inventory_forget_instance(OrchInventory *inventory, OrchInstance *instance);
extern OrchObject *orch_inventory_add(OrchInventory *inventory, int64 id, const OrchKind *kind, const char *in, const char *name,
									  int64 namespace_id, const char *owner_type, int64 owner_id);
extern void orch_inventory_load(OrchInventory *inventory, OrchObject *object, const OrchObjectState *state);
extern void orch_inventory_give(OrchInventory *inventory, OrchObject *object, const char *owner_type, int64 owner_id);
extern void orch_inventory_remove(OrchInventory *inventory, OrchObject *object);
extern void orch_inventory_forget_owner(OrchInventory *inventory, OrchOwner *owner);
extern OrchOwner *orch_inventory_known_owner(OrchInventory *inventory, const char *type, int64 id);
extern OrchOwner *orch_inventory_owner(OrchInventory *inventory, const char *type, int64 id, int64 namespace_id);
extern void orch_inventory_keep_manifest(OrchInventory *inventory, OrchObject *object, const char *manifest, const char *hash);
extern void orch_inventory_set_error(OrchInventory *inventory, OrchObject *object, const char *message);
extern void orch_inventory_keep_applied(OrchInventory *inventory, OrchObject *object, const OrchNews *news);
extern void orch_inventory_keep_insisted(OrchInventory *inventory, OrchObject *object, const char *insisted);
extern void orch_inventory_keep_seen(OrchInventory *inventory, OrchObject *object, const OrchSeen *seen);
extern void orch_object_written(OrchInventory *inventory, OrchObject *object);
extern OrchStep orch_inventory_step(OrchInventory *inventory, OrchObject *object, OrchEvent *event);
extern bool orch_inventory_belongs(const OrchInventory *inventory, const OrchObject *object, const OrchSeen *seen);

extern void orch_inventory_each(OrchInventory *inventory, void (*visit) (OrchInventory *inventory, OrchObject *object, void *arg), void *arg);
extern void orch_inventory_each_instance(OrchInventory *inventory, void (*visit) (OrchInventory *inventory, OrchInstance *instance, void *arg), void *arg);

extern void orch_inventory_reconnected(OrchInventory *inventory);
extern void orch_inventory_touch_unsettled(OrchInventory *inventory);

/* queue.c */
extern void orch_queue_init(OrchInventory *inventory);
extern void orch_inventory_touch(OrchInventory *inventory, OrchOwner *owner);
extern void orch_inventory_touch_planned(OrchInventory *inventory, OrchOwner *owner);
extern void orch_queue_leave(OrchInventory *inventory, OrchObject *object);
extern void orch_queue_count_manifest(OrchInventory *inventory, const OrchObject *object, int sign);
extern void orch_queue_enter(OrchInventory *inventory, OrchObject *object);
extern OrchGate orch_queue_gate(const OrchObject *object);
extern void orch_queue_open(OrchInventory *inventory, const OrchGate *gate);
extern void orch_queue_count(OrchInventory *inventory, OrchObject *object, int sign);
extern OrchObject *orch_queue_take(OrchInventory *inventory, int64 now, OrchVerb *verb);
extern int	orch_queue_peek_unrendered(OrchInventory *inventory, OrchObject **objects, int most);
extern int64 orch_queue_next_at(OrchInventory *inventory);
extern void orch_queue_look_at(OrchInventory *inventory, OrchOwner *owner, int64 at);
extern void orch_queue_take_looks(OrchInventory *inventory, int64 now);

/* inventory_rows.c */
extern bool orch_inventory_load_more(OrchInventory *inventory, bool *failed);
extern bool orch_inventory_refresh(OrchInventory *inventory, const int64 *ids, int count);

/* inventory_write.c */
extern bool orch_inventory_is_clean(OrchInventory *inventory);
extern int64 orch_inventory_write_at(OrchInventory *inventory);
extern bool orch_inventory_write(OrchInventory *inventory);
