/*
 * seen.c
 *	  What every engine's objects and instances have in common.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "engine/seen.h"

/*
 * Never "none".  It is stored and compared by later versions: what it gives for
 * given bytes does not change.
 */
OrchDigest
orch_digest(const void *data, size_t length)
{
	OrchDigest	digest;

	digest.high = hash_bytes_extended(data, (int) length, 0);
	digest.low = hash_bytes_extended(data, (int) length, 1);
	if (orch_digest_is_none(digest))
		digest.low = 1;
	return digest;
}
