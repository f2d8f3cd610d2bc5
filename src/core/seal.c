/*
 * seal.c
 *	  Encryption at rest, by pgcrypto, with a key that SQL never sees.
 *
 * The key is read from orchestration.encryption_key_file at every use, so that
 * a changed file needs no restart, and handed to pgcrypto's function directly:
 * it appears in no statement text.  A sealed value is one format byte and a
 * PGP message of SHA-256(context) and the plaintext; the digest keeps a value
 * from being moved to another row.
 */
#include "postgres.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cryptohash.h"
#include "common/sha2.h"
#include "core/compat.h"
#include "core/core.h"
#include "core/errors.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "storage/fd.h"
#include "utils/builtins.h"

#define ORCH_SEAL_FORMAT 1
#define ORCH_KEY_BYTES 32
#define ORCH_KEY_DIGITS (2 * ORCH_KEY_BYTES)

/* the key has full entropy, so deriving it from a passphrase would only cost */
#define ORCH_CIPHER_OPTIONS "cipher-algo=aes256, s2k-mode=0, compress-algo=0"

static void
key_path(char *path, Size size)
{
	if (is_absolute_path(orch_encryption_key_file))
		strlcpy(path, orch_encryption_key_file, size);
	else
		snprintf(path, size, "%s/%s", DataDir, orch_encryption_key_file);
}

static void
key_error(const char *path, const char *problem)
{
	ereport(ERROR,
			(errcode(ERRCODE_ORCH_ENCRYPTION_KEY),
			 errmsg("encryption key file \"%s\" %s", path, problem),
			 errhint("Set orchestration.encryption_key_file to a file of %d hexadecimal digits, or restore the file from its backup. bootstrap() makes a new one only where there is none.",
					 ORCH_KEY_DIGITS)));
}

/*
 * Reads the key as text.  The caller wipes it.  Raises OR040.
 */
static text *
read_key(void)
{
	char		path[MAXPGPATH];
	char		digits[ORCH_KEY_DIGITS + 1];
	int			fd;
	ssize_t		got;
	text	   *key;

	key_path(path, sizeof(path));
	fd = OpenTransientFile(path, O_RDONLY | PG_BINARY);
	if (fd < 0)
		key_error(path, errno == ENOENT ? "does not exist" : "cannot be opened");
	got = read(fd, digits, ORCH_KEY_DIGITS);
	CloseTransientFile(fd);
	digits[ORCH_KEY_DIGITS] = '\0';
	if (got != ORCH_KEY_DIGITS ||
		strspn(digits, "0123456789abcdefABCDEF") != ORCH_KEY_DIGITS)
	{
		explicit_bzero(digits, sizeof(digits));
		key_error(path, "does not hold a key");
	}
	key = cstring_to_text_with_len(digits, ORCH_KEY_DIGITS);
	explicit_bzero(digits, sizeof(digits));
	return key;
}

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

static void
digest_context(const text *context, uint8 *digest)
{
	pg_cryptohash_ctx *ctx = pg_cryptohash_create(PG_SHA256);

	if (ctx == NULL ||
		pg_cryptohash_init(ctx) < 0 ||
		pg_cryptohash_update(ctx, (const uint8 *) VARDATA_ANY(context), VARSIZE_ANY_EXHDR(context)) < 0 ||
		pg_cryptohash_final(ctx, digest, PG_SHA256_DIGEST_LENGTH) < 0)
		elog(ERROR, "could not compute a digest");
	pg_cryptohash_free(ctx);
}

ORCH_FUNCTION(orch_seal);

/*
 * seal(plaintext, context)
 */
Datum
orch_seal(PG_FUNCTION_ARGS)
{
	bytea	   *plaintext = PG_GETARG_BYTEA_PP(0);
	text	   *context = PG_GETARG_TEXT_PP(1);
	Size		length = VARSIZE_ANY_EXHDR(plaintext);
	bytea	   *payload = palloc(VARHDRSZ + PG_SHA256_DIGEST_LENGTH + length);
	Oid			encrypt = pgcrypto_function("pgp_sym_encrypt_bytea", 3);
	text	   *key = read_key();
	bytea	   *message;
	bytea	   *sealed;

	SET_VARSIZE(payload, VARHDRSZ + PG_SHA256_DIGEST_LENGTH + length);
	digest_context(context, (uint8 *) VARDATA(payload));
	memcpy(VARDATA(payload) + PG_SHA256_DIGEST_LENGTH, VARDATA_ANY(plaintext), length);

	message = DatumGetByteaPP(OidFunctionCall3(encrypt, PointerGetDatum(payload), PointerGetDatum(key),
											   CStringGetTextDatum(ORCH_CIPHER_OPTIONS)));
	explicit_bzero(VARDATA(key), ORCH_KEY_DIGITS);
	explicit_bzero(VARDATA(payload), PG_SHA256_DIGEST_LENGTH + length);

	sealed = palloc(VARHDRSZ + 1 + VARSIZE_ANY_EXHDR(message));
	SET_VARSIZE(sealed, VARHDRSZ + 1 + VARSIZE_ANY_EXHDR(message));
	VARDATA(sealed)[0] = ORCH_SEAL_FORMAT;
	memcpy(VARDATA(sealed) + 1, VARDATA_ANY(message), VARSIZE_ANY_EXHDR(message));
	PG_RETURN_BYTEA_P(sealed);
}

/*
 * Decrypts one message; an error of pgcrypto becomes ours, for its text says
 * nothing that helps.
 */
static bytea *
decrypt(bytea *message)
{
	Oid			function = pgcrypto_function("pgp_sym_decrypt_bytea", 2);
	text	   *key = read_key();
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

ORCH_FUNCTION(orch_unseal);

/*
 * unseal(ciphertext, context)
 */
Datum
orch_unseal(PG_FUNCTION_ARGS)
{
	bytea	   *sealed = PG_GETARG_BYTEA_PP(0);
	text	   *context = PG_GETARG_TEXT_PP(1);
	Size		length = VARSIZE_ANY_EXHDR(sealed);
	uint8		digest[PG_SHA256_DIGEST_LENGTH];
	bytea	   *payload = NULL;
	bytea	   *plaintext;

	if (length > 1 && VARDATA_ANY(sealed)[0] == ORCH_SEAL_FORMAT)
	{
		bytea	   *message = palloc(VARHDRSZ + length - 1);

		SET_VARSIZE(message, VARHDRSZ + length - 1);
		memcpy(VARDATA(message), VARDATA_ANY(sealed) + 1, length - 1);
		payload = decrypt(message);
	}
	digest_context(context, digest);
	if (payload == NULL || VARSIZE(payload) < VARHDRSZ + sizeof(digest) ||
		memcmp(VARDATA(payload), digest, sizeof(digest)) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_ORCH_CIPHERTEXT),
				 errmsg("sealed value of \"%s\" cannot be decrypted", text_to_cstring(context)),
				 errdetail("It was made with another key or for another row, or it was altered."),
				 errhint("Restore the encryption key file that belongs to this database, or set the value again.")));

	length = VARSIZE(payload) - VARHDRSZ - sizeof(digest);
	plaintext = palloc(VARHDRSZ + length);
	SET_VARSIZE(plaintext, VARHDRSZ + length);
	memcpy(VARDATA(plaintext), VARDATA(payload) + sizeof(digest), length);
	explicit_bzero(VARDATA(payload), sizeof(digest) + length);
	PG_RETURN_BYTEA_P(plaintext);
}

ORCH_FUNCTION(orch_ensure_encryption_key);

/*
 * ensure_encryption_key(): O_EXCL, so that an existing key is never replaced.
 */
Datum
orch_ensure_encryption_key(PG_FUNCTION_ARGS)
{
	char		path[MAXPGPATH];
	uint8		random[ORCH_KEY_BYTES];
	char		line[ORCH_KEY_DIGITS + 2];
	int			fd;

	key_path(path, sizeof(path));
	fd = OpenTransientFilePerm(path, O_WRONLY | O_CREAT | O_EXCL | PG_BINARY, S_IRUSR | S_IWUSR);
	if (fd < 0 && errno == EEXIST)
	{
		text	   *key = read_key();

		explicit_bzero(VARDATA(key), ORCH_KEY_DIGITS);
		PG_RETURN_BOOL(false);
	}
	if (fd < 0)
		key_error(path, "cannot be created");
	if (!pg_strong_random(random, sizeof(random)))
		key_error(path, "cannot be filled: no random numbers");
	for (int i = 0; i < ORCH_KEY_BYTES; i++)
		snprintf(line + 2 * i, 3, "%02x", random[i]);
	strcpy(line + ORCH_KEY_DIGITS, "\n");
	if (write(fd, line, ORCH_KEY_DIGITS + 1) != ORCH_KEY_DIGITS + 1 || pg_fsync(fd) != 0)
	{
		unlink(path);
		key_error(path, "cannot be written");
	}
	CloseTransientFile(fd);
	explicit_bzero(random, sizeof(random));
	explicit_bzero(line, sizeof(line));
	PG_RETURN_BOOL(true);
}
