/*
 * seal.c
 *	  Encryption at rest: a data key for each value, wrapped by a key that SQL
 *	  never sees.
 *
 * A value opens only for the context that it was sealed for, such as
 * secret/7/app, and, once it is stored in a row, only as that version of it:
 * neither can be moved to another row nor an old one be put back.  seal.h has
 * the format, seal_keys.c says where the wrapping keys come from.
 */
#include "core/seal.h"

#include "core/errors.h"
#include "port/pg_bswap.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#define BODY_OVERHEAD (ORCH_NONCE_BYTES + ORCH_TAG_BYTES)

/* ---- the format ---- */

/*
 * Takes a value apart; format 0 when it is none of ours.
 */
void
orch_sealed_parse(bytea *value, OrchSealed *sealed)
{
	const uint8 *data = (const uint8 *) VARDATA_ANY(value);
	Size		length = VARSIZE_ANY_EXHDR(value);
	Size		id_length = length > 1 ? data[1] : 0;
	uint64		version;

	memset(sealed, 0, sizeof(*sealed));
	if (length > 1 && data[0] == ORCH_SEAL_LEGACY)
		sealed->format = ORCH_SEAL_LEGACY;
	if (length < 2 || data[0] != ORCH_SEAL_FORMAT || id_length == 0 || id_length > ORCH_KEY_ID_MAX)
		return;
	sealed->header = data;
	sealed->header_length = 2 + id_length + sizeof(version) + ORCH_FINGERPRINT_BYTES;
	if (length < sealed->header_length + ORCH_WRAPPED_BYTES + BODY_OVERHEAD)
		return;
	sealed->format = ORCH_SEAL_FORMAT;
	memcpy(sealed->key_id, data + 2, id_length);
	memcpy(&version, data + 2 + id_length, sizeof(version));
	sealed->version = (int64) pg_ntoh64(version);
	sealed->fingerprint = data + 2 + id_length + sizeof(version);
	sealed->wrapped = data + sealed->header_length;
	sealed->body = sealed->wrapped + ORCH_WRAPPED_BYTES;
	sealed->body_length = length - (sealed->body - data);
}

/*
 * Of what has no fingerprint, a digest serves.
 */
void
orch_sealed_fingerprint(bytea *value, const OrchSealed *sealed, uint8 *fingerprint)
{
	if (sealed->format == ORCH_SEAL_FORMAT)
		memcpy(fingerprint, sealed->fingerprint, ORCH_FINGERPRINT_BYTES);
	else
		orch_seal_digest("", VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value), fingerprint);
}

static bytea *
write_header(const char *key_id, int64 version, const uint8 *fingerprint, Size body_length)
{
	Size		id_length = strlen(key_id);
	Size		length = 2 + id_length + sizeof(uint64) + ORCH_FINGERPRINT_BYTES + ORCH_WRAPPED_BYTES + body_length;
	uint64		big_endian = pg_hton64((uint64) version);
	bytea	   *value;
	char	   *data;

	if (length > MaxAllocSize - VARHDRSZ)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("value is too large to be sealed")));
	value = palloc(VARHDRSZ + length);
	SET_VARSIZE(value, VARHDRSZ + length);
	data = VARDATA(value);
	data[0] = ORCH_SEAL_FORMAT;
	data[1] = (char) id_length;
	memcpy(data + 2, key_id, id_length);
	memcpy(data + 2 + id_length, &big_endian, sizeof(big_endian));
	memcpy(data + 2 + id_length + sizeof(big_endian), fingerprint, ORCH_FINGERPRINT_BYTES);
	return value;
}

/* ---- what keys are bound to ---- */

static char *
bind(const uint8 *before, Size before_length, const text *context, Size *length)
{
	char	   *bound;

	*length = before_length + VARSIZE_ANY_EXHDR(context);
	bound = palloc(*length + 1);
	memcpy(bound, before, before_length);
	memcpy(bound + before_length, VARDATA_ANY(context), VARSIZE_ANY_EXHDR(context));
	return bound;
}

void
orch_sealed_refuse(const text *context, const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_ORCH_CIPHERTEXT),
			 errmsg("sealed value of \"%s\" cannot be decrypted", text_to_cstring(context)),
			 errdetail("%s", detail),
			 errhint("Restore the encryption key file that belongs to this database, or set the value again.")));
}

#define NOT_OF_THIS_ROW "It was made with another key or for another row, or it was altered."

/*
 * The data key of a value of format 2, the caller's to wipe.  Throws OR040, OR041.
 */
static void
unwrap(const OrchSealed *sealed, const text *context, uint8 *data_key)
{
	Size		length;
	char	   *bound = bind(sealed->header, sealed->header_length, context, &length);
	const OrchKey *key;
	bool		known;
	bool		opened;
	OrchKeyRing ring;

	orch_keys_load(&ring, false);
	if (orch_keys_find(&ring, sealed->key_id) == NULL)
		orch_keys_load(&ring, true);
	key = orch_keys_find(&ring, sealed->key_id);
	known = key != NULL;
	opened = known && orch_gcm_decrypt(key->bytes, bound, length, sealed->wrapped, ORCH_WRAPPED_BYTES, data_key);
	orch_keys_wipe(&ring);
	if (!known)
		orch_sealed_refuse(context, psprintf("It was made with the key \"%s\", which is not known here.", sealed->key_id));
	if (!opened)
		orch_sealed_refuse(context, NOT_OF_THIS_ROW);
}

/*
 * Writes header and wrapped data key with the active key; the body is the
 * caller's to fill in.  Wipes the data key on any error.  Throws OR040.
 */
static bytea *
wrap(uint8 *data_key, const text *context, int64 version, const uint8 *fingerprint, Size body_length, const OrchKey *key)
{
	bytea	   *value = write_header(key->id, version, fingerprint, body_length);
	OrchSealed	sealed;
	Size		length;
	char	   *bound;

	orch_sealed_parse(value, &sealed);
	bound = bind(sealed.header, sealed.header_length, context, &length);
	orch_gcm_encrypt(key->bytes, bound, length, data_key, ORCH_KEY_BYTES, unconstify(uint8 *, sealed.wrapped));
	pfree(bound);
	return value;
}

static bytea *
wrap_with_active(uint8 *data_key, const text *context, int64 version, const uint8 *fingerprint, Size body_length)
{
	bytea	   *volatile value = NULL;
	OrchKeyRing ring;

	orch_keys_load(&ring, false);
	PG_TRY();
	{
		value = wrap(data_key, context, version, fingerprint, body_length, &ring.keys[0]);
	}
	PG_FINALLY();
	{
		orch_keys_wipe(&ring);
	}
	PG_END_TRY();
	return value;
}

/* ---- values ---- */

static bytea *
seal(const void *plain, Size length, const text *context, int64 version, const uint8 *fingerprint)
{
	uint8		data_key[ORCH_KEY_BYTES];
	OrchSealed	sealed;
	bytea	   *value;
	Size		bound_length;
	char	   *bound;

	if (!pg_strong_random(data_key, sizeof(data_key)))
		elog(ERROR, "no random numbers");
	value = wrap_with_active(data_key, context, version, fingerprint, length + BODY_OVERHEAD);
	orch_sealed_parse(value, &sealed);
	bound = bind(fingerprint, ORCH_FINGERPRINT_BYTES, context, &bound_length);
	orch_gcm_encrypt(data_key, bound, bound_length, plain, length, unconstify(uint8 *, sealed.body));
	explicit_bzero(data_key, sizeof(data_key));
	return value;
}

static bytea *
open_body(const OrchSealed *sealed, const text *context)
{
	uint8		data_key[ORCH_KEY_BYTES];
	Size		length = sealed->body_length - BODY_OVERHEAD;
	bytea	   *plaintext = palloc(VARHDRSZ + length);
	Size		bound_length;
	char	   *bound = bind(sealed->fingerprint, ORCH_FINGERPRINT_BYTES, context, &bound_length);
	bool		opened;

	unwrap(sealed, context, data_key);
	opened = orch_gcm_decrypt(data_key, bound, bound_length, sealed->body, sealed->body_length, (uint8 *) VARDATA(plaintext));
	explicit_bzero(data_key, sizeof(data_key));
	if (!opened)
		orch_sealed_refuse(context, NOT_OF_THIS_ROW);
	SET_VARSIZE(plaintext, VARHDRSZ + length);
	return plaintext;
}

static bytea *
unseal(bytea *value, const OrchSealed *sealed, const text *context)
{
	bytea	   *plaintext = NULL;

	if (sealed->format == ORCH_SEAL_FORMAT)
		return open_body(sealed, context);
	if (sealed->format == ORCH_SEAL_LEGACY)
		plaintext = orch_unseal_legacy(value, context);
	if (plaintext == NULL)
		orch_sealed_refuse(context, NOT_OF_THIS_ROW);
	return plaintext;
}

/*
 * Throws OR040, OR041 unless the value belongs to the context.
 */
void
orch_sealed_check(bytea *value, const text *context)
{
	OrchSealed	sealed;
	bytea	   *plaintext;

	orch_sealed_parse(value, &sealed);
	plaintext = unseal(value, &sealed, context);
	explicit_bzero(VARDATA(plaintext), VARSIZE(plaintext) - VARHDRSZ);
}

/*
 * The same value wrapped by the active key as the given version.  Throws OR040,
 * OR041.
 */
bytea *
orch_sealed_rewrap(bytea *value, const text *context, int64 version)
{
	uint8		data_key[ORCH_KEY_BYTES];
	uint8		fingerprint[ORCH_FINGERPRINT_BYTES];
	OrchSealed	sealed;
	OrchSealed	target;
	bytea	   *result;

	orch_sealed_parse(value, &sealed);
	orch_sealed_fingerprint(value, &sealed, fingerprint);
	if (sealed.format != ORCH_SEAL_FORMAT)
	{
		bytea	   *plaintext = unseal(value, &sealed, context);
		Size		length = VARSIZE(plaintext) - VARHDRSZ;

		result = seal(VARDATA(plaintext), length, context, version, fingerprint);
		explicit_bzero(VARDATA(plaintext), length);
		return result;
	}
	unwrap(&sealed, context, data_key);
	result = wrap_with_active(data_key, context, version, fingerprint, sealed.body_length);
	explicit_bzero(data_key, sizeof(data_key));
	orch_sealed_parse(result, &target);
	memcpy(unconstify(uint8 *, target.body), sealed.body, sealed.body_length);
	return result;
}

/* ---- for SQL ---- */

ORCH_FUNCTION(orch_seal);

/*
 * seal(plaintext, context)
 */
Datum
orch_seal(PG_FUNCTION_ARGS)
{
	bytea	   *plaintext = PG_GETARG_BYTEA_PP(0);
	uint8		fingerprint[ORCH_FINGERPRINT_BYTES];

	if (!pg_strong_random(fingerprint, sizeof(fingerprint)))
		elog(ERROR, "no random numbers");
	PG_RETURN_BYTEA_P(seal(VARDATA_ANY(plaintext), VARSIZE_ANY_EXHDR(plaintext), PG_GETARG_TEXT_PP(1), 0, fingerprint));
}

ORCH_FUNCTION(orch_unseal);

/*
 * unseal(ciphertext, context)
 */
Datum
orch_unseal(PG_FUNCTION_ARGS)
{
	bytea	   *value = PG_GETARG_BYTEA_PP(0);
	OrchSealed	sealed;

	orch_sealed_parse(value, &sealed);
	PG_RETURN_BYTEA_P(unseal(value, &sealed, PG_GETARG_TEXT_PP(1)));
}

ORCH_FUNCTION(orch_unseal_version);

/*
 * unseal_version(ciphertext, context, version)
 */
Datum
orch_unseal_version(PG_FUNCTION_ARGS)
{
	bytea	   *value = PG_GETARG_BYTEA_PP(0);
	text	   *context = PG_GETARG_TEXT_PP(1);
	OrchSealed	sealed;

	orch_sealed_parse(value, &sealed);
	if (sealed.format == ORCH_SEAL_FORMAT && sealed.version != PG_GETARG_INT64(2))
		orch_sealed_refuse(context, psprintf("It is version " INT64_FORMAT " of the value, where the row has version " INT64_FORMAT ".", sealed.version, PG_GETARG_INT64(2)));
	PG_RETURN_BYTEA_P(unseal(value, &sealed, context));
}

ORCH_FUNCTION(orch_rewrap);

/*
 * rewrap(ciphertext, context)
 */
Datum
orch_rewrap(PG_FUNCTION_ARGS)
{
	bytea	   *value = PG_GETARG_BYTEA_PP(0);
	OrchSealed	sealed;

	orch_sealed_parse(value, &sealed);
	PG_RETURN_BYTEA_P(orch_sealed_rewrap(value, PG_GETARG_TEXT_PP(1), sealed.version));
}

ORCH_FUNCTION(orch_sealed_fingerprint_sql);

/*
 * sealed_fingerprint(ciphertext)
 */
Datum
orch_sealed_fingerprint_sql(PG_FUNCTION_ARGS)
{
	bytea	   *value = PG_GETARG_BYTEA_PP(0);
	bytea	   *result = palloc(VARHDRSZ + ORCH_FINGERPRINT_BYTES);
	OrchSealed	sealed;

	orch_sealed_parse(value, &sealed);
	SET_VARSIZE(result, VARHDRSZ + ORCH_FINGERPRINT_BYTES);
	orch_sealed_fingerprint(value, &sealed, (uint8 *) VARDATA(result));
	PG_RETURN_BYTEA_P(result);
}

ORCH_FUNCTION(orch_sealed_key_id);

/*
 * sealed_key_id(ciphertext)
 */
Datum
orch_sealed_key_id(PG_FUNCTION_ARGS)
{
	bytea	   *value = PG_GETARG_BYTEA_PP(0);
	OrchSealed	sealed;

	orch_sealed_parse(value, &sealed);
	PG_RETURN_TEXT_P(cstring_to_text(sealed.key_id));
}
