/*
 * lease_identity.c
 *	  Who we are, as far as we can be told from a copy of ourselves.
 *
 * The nonce is of the server's start and lives in shared memory: workers that
 * follow each other in one server are the same, one after a crash is not.  What
 * goes into home must stay as it is from release to release: whoever has another
 * one needs take_over().
 */
#include "postgres.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "access/xlog.h"
#include "common/hashfn.h"
#include "core/compat.h"
#include "core/core.h"
#include "miscadmin.h"
#include "port.h"
#include "reconcile/lease.h"
#include "reconcile/reconcile.h"

/* written by initdb, and never again */
#define BIRTH_FILE "PG_VERSION"

#define ROW_MASK ((UINT64CONST(1) << ORCH_LEASE_ROW_BITS) - 1)

typedef struct Start
{
	uint64		nonce;
} Start;

static Start *shared = NULL;

static void
begin(void *memory)
{
	Start	   *start = memory;

	if (!pg_strong_random(&start->nonce, sizeof(start->nonce)))
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("could not generate a random number")));
}

/*
 * Asks for the memory; called from _PG_init while the postmaster preloads.
 */
void
orch_lease_init(void)
{
	static const OrchShmemPiece piece = {"orchestration lease", sizeof(Start), (void **) &shared, begin};

	orch_shmem_add(&piece);
}

static uint64
mix(uint64 hash, const void *data, size_t length)
{
	return hash_bytes_extended(data, (int) length, hash);
}

/* A small file of the machine without the end of its line; nothing if there is none. */
static uint64
mix_file(uint64 hash, const char *path)
{
	char		text[128];
	int			fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t		length;

	if (fd < 0)
		return hash;
	length = read(fd, text, sizeof(text));
	close(fd);
	while (length > 0 && (text[length - 1] == '\n' || text[length - 1] == ' '))
		length--;
	return length > 0 ? mix(hash, text, length) : hash;
}

/* When the file was made, where the system tells. */
static uint64
mix_birth(uint64 hash, const char *path)
{
#ifdef STATX_BTIME
	struct statx file;

	if (statx(AT_FDCWD, path, 0, STATX_BTIME, &file) == 0 && (file.stx_mask & STATX_BTIME) != 0)
	{
		int64		seconds = file.stx_btime.tv_sec;
		uint32		nanoseconds = file.stx_btime.tv_nsec;

		return mix(mix(hash, &seconds, sizeof(seconds)), &nanoseconds, sizeof(nanoseconds));
	}
#endif
	return hash;
}

/*
 * The current folder of a process of the server is its data directory.
 */
OrchLeaseIdentity
orch_lease_identity(int64 cluster_id)
{
	OrchLeaseIdentity me = {0};
	struct stat file = {0};
	uint64		inode;
	uint64		device;

	if (stat(BIRTH_FILE, &file) != 0)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not stat file \"%s\": %m", BIRTH_FILE)));
	inode = file.st_ino;
	device = file.st_dev;
	me.system = GetSystemIdentifier();
	me.database = MyDatabaseId;
	me.timeline = orch_timeline();
	me.nonce = (shared->nonce & ~ROW_MASK) | ((uint64) cluster_id & ROW_MASK);
	me.home = mix_file(mix(0, DataDir, strlen(DataDir)), "/etc/machine-id");
	me.home = mix_birth(mix(me.home, &inode, sizeof(inode)), BIRTH_FILE);
	me.place = mix(mix_file(me.home, "/proc/sys/kernel/random/boot_id"), &device, sizeof(device));
	return me;
}

void
orch_lease_format(const OrchLeaseIdentity *identity, char *text, size_t size)
{
	snprintf(text, size, UINT64_FORMAT "-%u-%u-%016" INT64_MODIFIER "x",
			 identity->system, identity->database, identity->timeline, identity->nonce);
}

/*
 * What we hold it as.
 */
const char *
orch_lease_self(const OrchLease *lease)
{
	static char text[ORCH_LEASE_TEXT_SIZE];

	orch_lease_format(&lease->state.me, text, sizeof(text));
	return text;
}

static bool
parse_number(const char **text, int base, uint64 limit, char end, uint64 *number)
{
	char	   *rest;

	if (!isxdigit((unsigned char) **text))
		return false;
	errno = 0;
	*number = strtoull(*text, &rest, base);
	if (errno != 0 || *number > limit || (*rest != end && *rest != '\0'))
		return false;
	*text = *rest == '\0' ? rest : rest + 1;
	return true;
}

/*
 * Takes a holder apart; one without a nonce is of an old release.
 */
bool
orch_lease_parse(const char *text, OrchLeaseIdentity *identity)
{
	uint64		parts[4] = {0};

	memset(identity, 0, sizeof(*identity));
	for (int i = 0; i < 4; i++)
	{
		if (i == 3 && *text == '\0')
			break;
		if (!parse_number(&text, i == 3 ? 16 : 10, i == 0 || i == 3 ? PG_UINT64_MAX : PG_UINT32_MAX, i == 3 ? '\0' : '-', &parts[i]))
			return false;
	}
	if (*text != '\0' || parts[0] == 0)
		return false;
	identity->system = parts[0];
	identity->database = (uint32) parts[1];
	identity->timeline = (uint32) parts[2];
	identity->nonce = parts[3];
	return true;
}
