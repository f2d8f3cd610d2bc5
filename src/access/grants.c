/*
 * grants.c
 *	  The cache of what users hold, one table per user and backend.
 *
 * A check must cost nothing, and must not be outdated: epoch.c says when what was
 * read is.  What expires is not announced: the time is looked at by every check
 * of a user who holds something that expires.
 */
#include "access/access.h"

#include "catalog/pg_type.h"
#include "core/compat.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#define CACHED_USERS 64

static const char *const grants_statement =
"SELECT ur.namespace_id, ur.expires_at, r.id, r.permissions"
" FROM orchestration.user_roles ur"
" JOIN orchestration.roles r ON r.id OPERATOR(pg_catalog.=) ur.role_id"
" JOIN orchestration.users u ON u.id OPERATOR(pg_catalog.=) ur.user_id"
" WHERE u.id OPERATOR(pg_catalog.=) $1 AND u.status OPERATOR(pg_catalog.=) 'active'"
" AND (ur.expires_at IS NULL OR ur.expires_at OPERATOR(pg_catalog.>) pg_catalog.clock_timestamp())"
" ORDER BY r.id";

static OrchGrants *cached[CACHED_USERS];
/* ---- the permissions of a role ---- */

static void
add_permission(uint8 *verbs, const JsonbValue *resource, const JsonbValue *verb)
{
	uint8		bits = orch_permission_verbs(verb->val.string.val, verb->val.string.len);
	int			number = orch_permission_resource(resource->val.string.val, resource->val.string.len);

	if (number >= 0)
		verbs[number] |= bits;
	else if (resource->val.string.len == 1 && resource->val.string.val[0] == '*')
		for (int i = 0; i < ORCH_RESOURCE_COUNT; i++)
			verbs[i] |= bits;
}

/* the CHECK of roles keeps their form; what does not have it grants nothing */
static void
compile_permissions(Datum permissions, uint8 *verbs)
{
	Jsonb	   *document = DatumGetJsonbP(permissions);
	JsonbIterator *iterator = JsonbIteratorInit(&document->root);
	JsonbIteratorToken token;
	JsonbValue	value;
	JsonbValue	resource = {0};

	memset(verbs, 0, ORCH_RESOURCE_COUNT);
	while ((token = JsonbIteratorNext(&iterator, &value, false)) != WJB_DONE)
	{
		if (token == WJB_KEY)
			resource = value;
		else if (token == WJB_ELEM && value.type == jbvString && resource.type == jbvString)
			add_permission(verbs, &resource, &value);
	}
}

/* ---- one user ---- */

static inline uint32
hash_namespace(int64 id)
{
	return (uint32) (((uint64) id * UINT64CONST(0x9E3779B97F4A7C15)) >> 32);
}

static OrchNamespaceGrant *
find_namespace(const OrchGrants *grants, int64 id)
{
	uint32		place = hash_namespace(id) & grants->mask;

	while (grants->table[place].used && grants->table[place].namespace_id != id)
		place = (place + 1) & grants->mask;
	return &grants->table[place];
}

static void
add_namespace(OrchGrants *grants, int64 id, const uint8 *verbs)
{
	OrchNamespaceGrant *grant = find_namespace(grants, id);

	if (!grant->used)
	{
		grant->used = true;
		grant->namespace_id = id;
		grants->count++;
	}
	for (int i = 0; i < ORCH_RESOURCE_COUNT; i++)
		grant->verbs[i] |= verbs[i];
}

static void
add_row(OrchGrants *grants, HeapTuple row, TupleDesc desc, const uint8 *verbs)
{
	bool		everywhere;
	bool		forever;
	Datum		namespace_id = SPI_getbinval(row, desc, 1, &everywhere);
	Datum		expires_at = SPI_getbinval(row, desc, 2, &forever);

	if (!forever)
		grants->valid_until = Min(grants->valid_until, DatumGetTimestampTz(expires_at));
	if (!everywhere)
	{
		add_namespace(grants, DatumGetInt64(namespace_id), verbs);
		return;
	}
	for (int i = 0; i < ORCH_RESOURCE_COUNT; i++)
	{
		grants->everywhere[i] |= verbs[i];
		if (forever)
			grants->forever[i] |= verbs[i];
	}
}

/* in a context of its own, which SPI's end does not take along */
static OrchGrants *
make_grants(int64 user_id, uint64 rows)
{
	MemoryContext context = AllocSetContextCreate(TopMemoryContext, "orchestration grants", ALLOCSET_SMALL_SIZES);
	OrchGrants *grants = MemoryContextAllocZero(context, sizeof(OrchGrants));
	uint32		size = 8;

	while (size < rows * 2)
		size *= 2;
	grants->user_id = user_id;
	grants->context = context;
	grants->valid_until = DT_NOEND;
	grants->mask = size - 1;
	grants->table = MemoryContextAllocZero(context, size * sizeof(OrchNamespaceGrant));
	return grants;
}

static OrchGrants *
read_grants(int64 user_id)
{
	static void *plan = NULL;
	Oid			type = INT8OID;
	Datum		value = Int64GetDatum(user_id);
	uint64		rows = orch_lookup(&plan, grants_statement, 1, &type, &value);
	OrchGrants *grants = make_grants(user_id, rows);
	TupleDesc	desc = SPI_tuptable->tupdesc;
	uint8		verbs[ORCH_RESOURCE_COUNT];
	int64		compiled = 0;
	bool		isnull;

	for (uint64 i = 0; i < rows; i++)
	{
		HeapTuple	row = SPI_tuptable->vals[i];
		int64		role = DatumGetInt64(SPI_getbinval(row, desc, 3, &isnull));

		if (role != compiled)
			compile_permissions(SPI_getbinval(row, desc, 4, &isnull), verbs);
		compiled = role;
		add_row(grants, row, desc, verbs);
	}
	return grants;
}

/* read again when something changed meanwhile; kept only when complete */
static OrchGrants *
load(int64 user_id)
{
	OrchLookup	lookup;
	OrchGrants *grants;
	uint64		generation;

	if (!orch_grants_watch())
		return make_grants(user_id, 0);
	orch_lookup_begin(&lookup);
	for (;;)
	{
		generation = orch_grants_generation;
		grants = read_grants(user_id);
		if (generation == orch_grants_generation)
			break;
		MemoryContextDelete(grants->context);
	}
	grants->generation = generation;
	orch_lookup_end(&lookup);
	return grants;
}

static void
drop(OrchGrants *grants)
{
	grants->dropped = true;
	if (grants->holders == 0)
		MemoryContextDelete(grants->context);
}

/*
 * What a user holds, as of now.  The answer is good until the next call, or
 * until orch_grants_epoch changes.  0 is nobody and holds nothing.
 */
const OrchGrants *
orch_grants_of(int64 user_id)
{
	OrchGrants **slot = &cached[(uint64) user_id % CACHED_USERS];
	OrchGrants *grants = *slot;

	if (grants && grants->user_id == user_id && grants->generation == orch_grants_generation && !orch_grants_expired(grants))
		return grants;
	grants = load(user_id);
	if (*slot)
		drop(*slot);
	*slot = grants;
	orch_grants_epoch++;
	return grants;
}

/*
 * Keeps them in memory, however outdated, until orch_grants_release.
 */
const OrchGrants *
orch_grants_hold(const OrchGrants *grants)
{
	((OrchGrants *) grants)->holders++;
	return grants;
}

void
orch_grants_release(const OrchGrants *held)
{
	OrchGrants *grants = (OrchGrants *) held;

	if (--grants->holders == 0 && grants->dropped)
		MemoryContextDelete(grants->context);
}

/* ---- questions ---- */

static inline bool
allows(const uint8 *verbs, OrchNeed need)
{
	if (need.resource != ORCH_ANY_RESOURCE)
		return (verbs[need.resource] & need.verbs) != 0;
	for (int i = 0; i < ORCH_RESOURCE_COUNT; i++)
		if (verbs[i] & need.verbs)
			return true;
	return false;
}

bool
orch_grants_everywhere(const OrchGrants *grants, OrchNeed need)
{
	return allows(grants->everywhere, need);
}

/*
 * Everywhere, by grants that do not expire.
 */
bool
orch_grants_forever(const OrchGrants *grants, OrchNeed need)
{
	return allows(grants->forever, need);
}

bool
orch_grants_allow(const OrchGrants *grants, int64 namespace_id, OrchNeed need)
{
	OrchNamespaceGrant *grant;

	if (allows(grants->everywhere, need))
		return true;
	if (grants->count == 0)
		return false;
	grant = find_namespace(grants, namespace_id);
	return grant->used && allows(grant->verbs, need);
}

static bool
includes(const uint8 *verbs, const uint8 *also, const uint8 *wanted)
{
	for (int i = 0; i < ORCH_RESOURCE_COUNT; i++)
		if (wanted[i] & ~(verbs[i] | also[i]))
			return false;
	return true;
}

/*
 * Is nothing missing of what others allow?
 */
bool
orch_grants_include(const OrchGrants *grants, const OrchGrants *others)
{
	static const uint8 nothing[ORCH_RESOURCE_COUNT] = {0};

	if (!includes(grants->everywhere, nothing, others->everywhere) || !includes(grants->forever, nothing, others->forever))
		return false;
	for (uint32 i = 0; others->count > 0 && i <= others->mask; i++)
	{
		const OrchNamespaceGrant *wanted = &others->table[i];

		if (wanted->used && !includes(find_namespace(grants, wanted->namespace_id)->verbs, grants->everywhere, wanted->verbs))
			return false;
	}
	return true;
}
