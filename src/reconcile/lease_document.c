/*
 * lease_document.c
 *	  What the document that an engine keeps says to lease_state.c, and what is
 *	  written into it.
 */
#include "postgres.h"

#include "reconcile/lease.h"

/*
 * Who holds it, or held it last; what is known of where that lives belongs to
 * the one that wrote it, whatever somebody else made of the holder.
 */
void
orch_lease_read(OrchLease *lease, const OrchLeaseDocument *document, OrchLeaseSeen *seen)
{
	const char *holder = document->holder[0] != '\0' ? document->holder : document->last_holder;

	memset(seen, 0, sizeof(*seen));
	seen->held = document->holder[0] != '\0';
	if (orch_lease_parse(holder, &seen->holder) && strcmp(holder, document->last_holder) == 0)
	{
		seen->holder.home = document->home;
		seen->holder.place = document->place;
	}
	strlcpy(lease->seen_holder, holder, sizeof(lease->seen_holder));
	strlcpy(seen->version, document->version, sizeof(seen->version));
	seen->duration = (document->duration_s != 0 ? document->duration_s : ORCH_LEASE_DURATION_S) * INT64CONST(1000000);
	seen->waiting = document->waiting;
	seen->stamp = document->stamp;
	seen->fingerprint = document->fingerprint;
	lease->seen_transitions = document->transitions;
}

static OrchLeaseVerb
verb_of(OrchLeaseDo what)
{
	switch (what)
	{
		case ORCH_LEASE_CREATE:
			return ORCH_LEASE_VERB_CREATE;
		case ORCH_LEASE_UPDATE:
			return ORCH_LEASE_VERB_UPDATE;
		case ORCH_LEASE_RELEASE:
			return ORCH_LEASE_VERB_RELEASE;
		case ORCH_LEASE_NOTHING:
		case ORCH_LEASE_GET:
			break;
	}
	return ORCH_LEASE_VERB_READ;
}

/*
 * What is to be asked for a step.
 */
void
orch_lease_write(const OrchLease *lease, const OrchLeaseStep *step, OrchLeaseAsk *ask)
{
	OrchLeaseDocument *document = &ask->document;

	memset(ask, 0, sizeof(*ask));
	ask->verb = verb_of(step->what);
	ask->number = step->request;
	ask->timeout_ms = (int) (ORCH_LEASE_TIMEOUT / 1000);
	ask->acquires = step->acquires;
	strlcpy(document->holder, orch_lease_self(lease), sizeof(document->holder));
	strlcpy(document->version, lease->state.seen.version, sizeof(document->version));
	document->home = lease->state.me.home;
	document->place = lease->state.me.place;
	document->stamp = step->stamp;
	document->waiting = step->waiting;
	document->duration_s = ORCH_LEASE_DURATION_S;
	document->transitions = step->what == ORCH_LEASE_CREATE ? 0 : lease->seen_transitions + 1;
}
