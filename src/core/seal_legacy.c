/*
 * seal_legacy.c
 *	  Values of format 1, sealed before there were data keys: still readable.
 *
 * Such a value is one format byte and a PGP message, made by pgcrypto with the
 * digits of the key as its passphrase, of SHA-256(context) and the plaintext.
 * Nothing makes new ones; rotate_encryption_key() turns them into format 2.
 */
#include "core/compat.h"
#include "core/errors.h"
#include "core/seal.h"

#include "executor/spi.h"
#include "utils/builtins.h"

/*
 * Finds a function of pgcrypto by its membership, not by name alone: a
 * function planted beside it must not receive the key.
 */
static Oid
pgcrypto_function(const char *name, int nargs)
{
	Oid			argtypes[2] = {TEXTOID, INT4OID};
	Datum		args[2];
	Oid			function = InvalidOid;
	bool		isnull;

	args[0] = CStringGetTextDatum(name);
	args[1] = Int32GetDatum(nargs);
	SPI_connect();
	if (SPI_execute_with_args("SELECT p.oid FROM pg_catalog.pg_proc p"
							  " JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.objid = p.oid AND d.deptype = 'e'"
							  " JOIN pg_catalog.pg_extension e ON d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass AND d.refobjid = e.oid"
							  " WHERE e.extname = 'pgcrypto' AND p.proname = $1 AND p.pronargs = $2",
							  2, argtypes, args, NULL, true, 1) == SPI_OK_SELECT && SPI_processed == 1)
		function = DatumGetObjectId(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
	SPI_finish();
	if (!OidIsValid(function))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_FUNCTION),
				 errmsg("function %s of extension pgcrypto was not found", name),
				 errhint("Run CREATE EXTENSION pgcrypto.")));
	return function;
}

/*
 * Decrypts one message; an error of pgcrypto becomes NULL, for its text says
 * nothing that helps.
 */
static bytea *
decrypt(Oid function, bytea *message, text *key)
{
	MemoryContext context = CurrentMemoryContext;
	bytea	   *volatile payload = NULL;

	PG_TRY();
	{
		payload = DatumGetByteaPCopy(OidFunctionCall2(function, PointerGetDatum(message), PointerGetDatum(key)));
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		explicit_bzero(VARDATA(key), ORCH_KEY_DIGITS);
		if (error->sqlerrcode != ERRCODE_EXTERNAL_ROUTINE_INVOCATION_EXCEPTION &&
			error->sqlerrcode != ERRCODE_EXTERNAL_ROUTINE_EXCEPTION)
			PG_RE_THROW();
		FlushErrorState();
		FreeErrorData(error);
	}
	PG_END_TRY();
	explicit_bzero(VARDATA(key), ORCH_KEY_DIGITS);
	return payload;
}

/*
 * The plaintext, or NULL when no key opens it for this context.  Throws OR040.
 */
bytea *
orch_unseal_legacy(bytea *sealed, const text *context)
{
	Oid			function = pgcrypto_function("pgp_sym_decrypt_bytea", 2);
	Size		length = VARSIZE_ANY_EXHDR(sealed) - 1;
	bytea	   *message = palloc(VARHDRSZ + length);
	bytea	   *payload = NULL;
	bytea	   *plaintext;
	uint8		digest[ORCH_FINGERPRINT_BYTES];
	text	   *keys[ORCH_KEYS_MAX];
	int			count;
	OrchKeyRing ring;

	SET_VARSIZE(message, VARHDRSZ + length);
	memcpy(VARDATA(message), VARDATA_ANY(sealed) + 1, length);

	orch_keys_load(&ring, false);
	count = ring.count;
	for (int i = 0; i < count; i++)
		keys[i] = cstring_to_text_with_len(ring.keys[i].digits, ORCH_KEY_DIGITS);
	orch_keys_wipe(&ring);
	for (int i = 0; i < count && payload == NULL; i++)
		payload = decrypt(function, message, keys[i]);
	for (int i = 0; i < count; i++)
		explicit_bzero(VARDATA(keys[i]), ORCH_KEY_DIGITS);

	orch_seal_digest("", VARDATA_ANY(context), VARSIZE_ANY_EXHDR(context), digest);
	if (payload == NULL || VARSIZE(payload) < VARHDRSZ + sizeof(digest) ||
		memcmp(VARDATA(payload), digest, sizeof(digest)) != 0)
		return NULL;
	length = VARSIZE(payload) - VARHDRSZ - sizeof(digest);
	plaintext = palloc(VARHDRSZ + length);
	SET_VARSIZE(plaintext, VARHDRSZ + length);
	memcpy(VARDATA(plaintext), VARDATA(payload) + sizeof(digest), length);
	explicit_bzero(VARDATA(payload), VARSIZE(payload) - VARHDRSZ);
	return plaintext;
}
