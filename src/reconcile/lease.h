/*
 * lease.h
 *	  The lease of one cluster: read, written, released.
 *
 * It moves bytes and says what happened; whoever is told acts.  What is decided
 * is in lease_state.c.  Times are of orch_steady_now().
 */
#pragma once

#include "postgres.h"

#include "datatype/timestamp.h"
#include "engine/engine.h"
#include "reconcile/lease_state.h"

typedef struct OrchLeaseEvent
{
	OrchLeaseEventKind kind;
	bool		refused;		/* BROKEN: the server does not want us */
	char	   *text;			/* why, for people; NULL for GAINED */
} OrchLeaseEvent;

typedef struct OrchLease
{
	OrchLeaseState state;
	OrchEngine *engine;			/* that keeps it */
	int			under_way;		/* requests */
	int64		cluster_id;
	char		cluster_name[256];	/* for texts */
	char		seen_holder[ORCH_LEASE_TEXT_SIZE];
	int64		seen_transitions;
	uint64		remembered;		/* nonce that the rows know */
	bool		rows_were_read;
	bool		take_over;		/* as the rows say */
	TimestampTz read_at;
} OrchLease;

/* lease_identity.c */
extern OrchLeaseIdentity orch_lease_identity(int64 cluster_id);
extern void orch_lease_format(const OrchLeaseIdentity *identity, char *text, size_t size);
extern bool orch_lease_parse(const char *text, OrchLeaseIdentity *identity);
extern const char *orch_lease_self(const OrchLease *lease);

/* lease_document.c */
extern void orch_lease_read(OrchLease *lease, const OrchLeaseDocument *document, OrchLeaseSeen *seen);
extern void orch_lease_write(const OrchLease *lease, const OrchLeaseStep *step, OrchLeaseAsk *ask);

/* lease.c */
extern void orch_lease_open(OrchLease *lease, OrchEngine *engine, int64 cluster_id, const char *cluster_name);
extern OrchLeaseEvent orch_lease_turn(OrchLease *lease, TimestampTz now);
extern OrchLeaseEvent orch_lease_answer(OrchLease *lease, const OrchNews *news);
extern void orch_lease_hold(OrchLease *lease);
extern void orch_lease_close(OrchLease *lease);
extern void orch_lease_finish(void);

/*
 * May something be sent now?  To be asked where it is sent.
 */
static inline bool
orch_lease_is_held(const OrchLease *lease, TimestampTz now)
{
	return orch_lease_state_is_held(&lease->state, now);
}
