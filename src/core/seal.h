/*
 * seal.h
 *	  Keys and sealed values, among the files of sealing alone.
 */
#pragma once

#include "postgres.h"

#include "core/compat.h"

#define ORCH_KEY_BYTES 32
#define ORCH_KEY_DIGITS (2 * ORCH_KEY_BYTES)
#define ORCH_KEY_ID_MAX 63
#define ORCH_KEYS_MAX 16
#define ORCH_KEY_TEXT_MAX 16384

typedef struct OrchKey
{
	char		id[ORCH_KEY_ID_MAX + 1];
	char		digits[ORCH_KEY_DIGITS + 1];	/* as written, for values of format 1 */
	uint8		bytes[ORCH_KEY_BYTES];
} OrchKey;

/* every key that is known; the first is the one that new values are made with */
typedef struct OrchKeyRing
{
	int			count;
	OrchKey		keys[ORCH_KEYS_MAX];
} OrchKeyRing;

/* seal_keys.c; who loads a ring wipes it, before any error of its own */
extern void orch_keys_load(OrchKeyRing *ring, bool fresh);
extern void orch_keys_wipe(OrchKeyRing *ring);
extern const OrchKey *orch_keys_find(const OrchKeyRing *ring, const char *id);
extern void orch_seal_digest(const char *label, const void *data, Size length, uint8 *digest);

/* seal_command.c */
extern Size orch_key_command_run(const char *command, char *output, Size size);

/* seal_legacy.c */
extern bytea *orch_unseal_legacy(bytea *sealed, const text *context);

/*
 * seal.c: a sealed value, taken apart.  The pointers point into the value.
 *
 *	  format 2 | length of key id | key id | version | fingerprint | wrapped data key | body
 *
 * The data key is wrapped by a key of the ring and bound to all that stands
 * before it and to the context.  The body belongs to the data key, so another
 * key or version changes the wrapping alone.  The fingerprint is drawn once per
 * value; it tells values apart without showing or hashing them.
 */
#define ORCH_SEAL_LEGACY 1
#define ORCH_SEAL_FORMAT 2
#define ORCH_NONCE_BYTES 12
#define ORCH_TAG_BYTES 16
#define ORCH_FINGERPRINT_BYTES 32
#define ORCH_WRAPPED_BYTES (ORCH_NONCE_BYTES + ORCH_KEY_BYTES + ORCH_TAG_BYTES)

typedef struct OrchSealed
{
	int			format;			/* 0 for what is not ours */
	char		key_id[ORCH_KEY_ID_MAX + 1];
	int64		version;		/* 0: not stored in a row yet */
	const uint8 *header;
	Size		header_length;	/* up to the wrapped key */
	const uint8 *fingerprint;
	const uint8 *wrapped;
	const uint8 *body;
	Size		body_length;
} OrchSealed;

extern void orch_sealed_parse(bytea *value, OrchSealed *sealed);
extern void orch_sealed_fingerprint(bytea *value, const OrchSealed *sealed, uint8 *fingerprint);
extern void orch_sealed_check(bytea *value, const text *context);
extern bytea *orch_sealed_rewrap(bytea *value, const text *context, int64 version);
pg_noreturn extern void orch_sealed_refuse(const text *context, const char *detail);

/* seal_cipher.c: AES-256-GCM; encrypted is nonce, ciphertext and tag */
extern void orch_gcm_encrypt(const uint8 *key, const void *bound, Size bound_length, const void *plain, Size length, uint8 *encrypted);
extern bool orch_gcm_decrypt(const uint8 *key, const void *bound, Size bound_length, const uint8 *encrypted, Size length, uint8 *plain);
