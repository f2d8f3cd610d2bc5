/*
 * test_lease_race.c
 *	  Two or three candidates for one Lease, by chance: requests are slow, get
 *	  lost or their answers do; processes pause, die and come back; clocks differ
 *	  in what they say and how fast they go; it is taken over, released, deleted.
 *
 * At no moment do two believe that they hold it, nobody holds it without a
 * right, and when all is quiet again somebody with a right does.
 *
 *	  test_lease_race [SEED [SEQUENCES]]	one is printed when it fails
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "reconcile/lease_state.h"

#define S INT64_C(1000000)
#define MS INT64_C(1000)

#define CANDIDATES 3
#define FLYING 64
#define QUIET_AT (240 * S)
#define END_AT (400 * S)

typedef enum Kind
{
	ORIGINAL,
	DUMP,						/* restored elsewhere: another database */
	DIRECTORY,					/* copy of the files elsewhere */
	DISK,						/* copy of the whole machine, started anew */
	STANDBY						/* a later timeline */
} Kind;

typedef struct Candidate
{
	Kind		kind;
	OrchLeaseState state;
	int64_t		offset;			/* of its clock */
	int			permille;		/* how fast that goes, 1000: as the world's */
	bool		alive;
	bool		stopping;
	int64_t		paused_until;
	int64_t		born_at;
	bool		ever_asked;		/* somebody said take_over() */
	uint64_t	starts[ORCH_LEASE_STARTS];	/* in its rows */
	int			start_count;
} Candidate;

typedef struct Message
{
	bool		used;
	bool		is_answer;
	bool		loses_answer;
	int			candidate;
	int64_t		born_at;		/* of the process that sent it */
	int64_t		at;				/* arrives */
	OrchLeaseDo what;
	uint32_t	request;
	OrchLeaseSeen wanted;
	OrchLeaseInput answer;
} Message;

static Candidate candidates[CANDIDATES];
static Message messages[FLYING];
static int	candidate_count;
static OrchLeaseSeen lease;
static bool exists;
static uint64_t version;
static int64_t now;
static uint64_t random_state;
static uint64_t seed;
static int	gained;

static uint64_t
chance(void)
{
	random_state += UINT64_C(0x9e3779b97f4a7c15);
	uint64_t	z = random_state;

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static int64_t
below(int64_t limit)
{
	return (int64_t) (chance() % (uint64_t) limit);
}

static bool
one_in(int n)
{
	return below(n) == 0;
}

static bool
is_loud(void)
{
	return now < QUIET_AT;
}

static int64_t
clock_of(const Candidate *candidate)
{
	return candidate->offset + now / 1000 * candidate->permille + now % 1000;
}

static bool
believes(const Candidate *candidate)
{
	return candidate->alive && orch_lease_state_is_held(&candidate->state, clock_of(candidate));
}

static void
check(const char *what)
{
	int			believers = 0;

	for (int i = 0; i < candidate_count; i++)
	{
		Candidate  *candidate = &candidates[i];

		if (!believes(candidate))
			continue;
		believers++;
		if ((candidate->kind == DUMP || candidate->kind == DIRECTORY) && !candidate->ever_asked)
			fail_msg("seed %" PRIu64 " at %.3f s: a copy holds it unasked", seed, now / 1e6);
	}
	if (believers > 1)
		fail_msg("seed %" PRIu64 " at %.3f s, %s: %d hold it", seed, now / 1e6, what, believers);
}

/* mostly quick, now and then slow, in a storm very slow */
static int64_t
delay(void)
{
	if (is_loud() && one_in(12))
		return below(20 * S);
	if (is_loud() && one_in(4))
		return below(3 * S);
	return below(50 * MS);
}

static Message *
new_message(int candidate)
{
	for (int i = 0; i < FLYING; i++)
	{
		Message    *message = &messages[i];

		if (message->used)
			continue;
		memset(message, 0, sizeof(*message));
		message->used = true;
		message->candidate = candidate;
		message->born_at = candidates[candidate].born_at;
		message->at = now + delay();
		return message;
	}
	fail_msg("seed %" PRIu64 ": too many requests are under way", seed);
	return NULL;
}

static void
answer(const Message *question, OrchLeaseInputKind kind)
{
	Message    *message = new_message(question->candidate);

	message->is_answer = true;
	message->born_at = question->born_at;
	message->answer.kind = kind;
	message->answer.request = question->request;
	message->answer.seen = lease;
	if (question->loses_answer)
	{
		message->answer.kind = ORCH_LEASE_FAILED;
		message->at += 8 * S;
	}
}

static void
store(const Message *message)
{
	lease = message->wanted;
	exists = true;
	snprintf(lease.version, sizeof(lease.version), "%" PRIu64, ++version);
	lease.fingerprint = version;
}

/* the API server */
static void
serve(const Message *message)
{
	bool		same = strcmp(message->wanted.version, lease.version) == 0;

	if (message->what == ORCH_LEASE_GET)
		answer(message, exists ? ORCH_LEASE_SEEN : ORCH_LEASE_ABSENT);
	else if (message->what == ORCH_LEASE_CREATE ? exists : exists && !same)
		answer(message, ORCH_LEASE_CONFLICT);
	else if (message->what != ORCH_LEASE_CREATE && !exists)
		answer(message, ORCH_LEASE_ABSENT);
	else
	{
		store(message);
		answer(message, ORCH_LEASE_WRITTEN);
	}
}

static void
remember_start(Candidate *candidate)
{
	for (int i = 0; i < candidate->start_count; i++)
	{
		if (candidate->starts[i] == candidate->state.me.nonce)
			return;
	}
	if (candidate->start_count == ORCH_LEASE_STARTS)
		memmove(candidate->starts, candidate->starts + 1, sizeof(uint64_t) * --candidate->start_count);
	candidate->starts[candidate->start_count++] = candidate->state.me.nonce;
	candidate->state.copied = false;
}

static void
send_step(int i, const OrchLeaseStep *step)
{
	Candidate  *candidate = &candidates[i];
	Message    *message;

	if (step->event == ORCH_LEASE_GAINED)
		gained++;
	if (step->what == ORCH_LEASE_NOTHING)
		return;
	if (step->what != ORCH_LEASE_GET)
		remember_start(candidate);
	/* it never arrives, and that is heard of much later or never */
	if (is_loud() && one_in(10))
		return;
	message = new_message(i);
	message->what = step->what;
	message->request = step->request;
	message->loses_answer = is_loud() && one_in(10);
	message->wanted = candidate->state.seen;
	message->wanted.held = step->what != ORCH_LEASE_RELEASE;
	message->wanted.holder = candidate->state.me;
	message->wanted.stamp = step->stamp;
	message->wanted.waiting = step->waiting;
	message->wanted.duration = ORCH_LEASE_DURATION;
}

static void
tell(int i, OrchLeaseInput *input)
{
	Candidate  *candidate = &candidates[i];
	OrchLeaseStep step;

	input->now = clock_of(candidate);
	input->random = chance();
	step = orch_lease_state_step(&candidate->state, input);
	send_step(i, &step);
	check("after a step");
}

static void
deliver(Message *message)
{
	Message		copy = *message;
	Candidate  *candidate = &candidates[copy.candidate];

	if (copy.is_answer && candidate->paused_until > now && candidate->born_at == copy.born_at)
	{
		message->at = candidate->paused_until + 1;
		return;
	}
	message->used = false;
	if (!copy.is_answer)
		serve(&copy);
	else if (candidate->alive && candidate->born_at == copy.born_at)
		tell(copy.candidate, &copy.answer);
}

/*
 * A process begins.  A server that is started anew has another nonce, a
 * machine that is has another place.
 */
static void
begin(Candidate *candidate, bool new_server, bool new_machine)
{
	OrchLeaseIdentity me = candidate->state.me;
	bool		copied = candidate->state.copied;
	bool		take_over = candidate->state.take_over;

	if (new_server)
		me.nonce = chance();
	if (new_machine)
		me.place = chance();
	orch_lease_state_init(&candidate->state, &me);
	candidate->state.copied = copied;
	candidate->state.take_over = take_over;
	memcpy(candidate->state.starts, candidate->starts, sizeof(candidate->starts));
	candidate->state.start_count = candidate->start_count;
	candidate->state.ever = candidate->start_count > 0;
	candidate->alive = true;
	candidate->stopping = false;
	candidate->paused_until = 0;
	candidate->born_at = now;
}

/* What is copied has the rows of the original as they are now. */
static void
make_copy(Candidate *candidate, const Candidate *original, Kind kind)
{
	OrchLeaseIdentity *me = &candidate->state.me;

	*candidate = *original;
	candidate->kind = kind;
	candidate->offset = below(100000) * S;
	candidate->permille = 990 + (int) below(21);
	candidate->ever_asked = false;
	candidate->state.take_over = false;
	me->home = kind == DISK ? me->home : chance();
	if (kind == DUMP)
		me->database = 1000 + (uint32_t) below(1000000);
	if (kind == STANDBY)
		me->timeline += 1 + (uint32_t) below(1000000);
	candidate->state.copied = kind == DUMP || kind == DIRECTORY;
	begin(candidate, true, true);
}

static void
ask_to_take_over(Candidate *candidate)
{
	candidate->ever_asked = true;
	if (!candidate->state.mine)
		candidate->state.take_over = true;
}

/* Something happens to somebody. */
static void
misfortune(void)
{
	int			i = (int) below(candidate_count);
	Candidate  *candidate = &candidates[i];
	OrchLeaseInput input = {.kind = ORCH_LEASE_STOP};

	if (!candidate->alive)
	{
		begin(candidate, one_in(2), one_in(3));
		return;
	}
	switch (below(8))
	{
		case 0:
			candidate->alive = false;
			break;
		case 1:
			candidate->paused_until = now + below(40 * S);
			break;
		case 2:
			if (candidate->paused_until <= now)
			{
				candidate->stopping = true;
				tell(i, &input);
			}
			break;
		case 3:
			ask_to_take_over(candidate);
			break;
		case 4:
			if (one_in(4))
				exists = false;
			break;
		case 5:
			if (candidate->stopping)
				candidate->alive = false;
			break;
		default:
			if (candidate_count < CANDIDATES && candidates[0].start_count > 0)
			{
				make_copy(&candidates[candidate_count], &candidates[0], DUMP + (Kind) below(4));
				candidate_count++;
			}
			break;
	}
}

static void
take_turns(void)
{
	for (int i = 0; i < candidate_count; i++)
	{
		Candidate  *candidate = &candidates[i];
		OrchLeaseInput input = {.kind = ORCH_LEASE_TIME};

		if (candidate->alive && candidate->paused_until <= now)
			tell(i, &input);
	}
}

static bool
had_it_last(const Candidate *candidate)
{
	for (int i = 0; i < candidate->start_count; i++)
	{
		if (candidate->starts[i] == lease.holder.nonce)
			return lease.holder.home == candidate->state.me.home && lease.holder.timeline == candidate->state.me.timeline &&
				lease.holder.database == candidate->state.me.database;
	}
	return false;
}

/* When nothing goes wrong any more, the one that had it last goes on. */
static void
check_that_it_ends_well(void)
{
	int			entitled = 0;
	int			holders = 0;

	for (int i = 0; i < candidate_count; i++)
	{
		Candidate  *candidate = &candidates[i];

		holders += believes(candidate);
		entitled += candidate->alive && !candidate->stopping && exists && had_it_last(candidate);
	}
	if (entitled == 1 && holders != 1)
		fail_msg("seed %" PRIu64 ": in the end %d hold it", seed, holders);
}

static void
run(uint64_t with)
{
	seed = random_state = with;
	memset(candidates, 0, sizeof(candidates));
	memset(messages, 0, sizeof(messages));
	exists = false;
	now = 1;
	candidate_count = 1;
	candidates[0].offset = below(100000) * S;
	candidates[0].permille = 990 + (int) below(21);
	candidates[0].state.me = (OrchLeaseIdentity) {.system = 1, .database = 1, .timeline = 1, .home = chance()};
	begin(&candidates[0], true, true);
	while (now < END_AT)
	{
		now += 1 + below(100 * MS);
		for (int i = 0; i < FLYING; i++)
		{
			if (messages[i].used && messages[i].at <= now)
				deliver(&messages[i]);
		}
		if (is_loud() && one_in(200))
			misfortune();
		check("as time goes by");
		take_turns();
	}
	check_that_it_ends_well();
}

static uint64_t first_seed = 1;
static uint64_t sequences = 400;

static void
never_two(void **unused)
{
	(void) unused;
	for (uint64_t i = 0; i < sequences; i++)
		run(first_seed + i);
	print_message("%d times it was gained\n", gained);
	assert_true(gained > (int) sequences);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(never_two)};

	if (argc > 1)
	{
		first_seed = strtoull(argv[1], NULL, 10);
		sequences = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
