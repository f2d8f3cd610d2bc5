/*
 * seal_keys.c
 *	  The keys that wrap data keys: from a file or a command, never from SQL.
 *
 * Both give lines of 64 hexadecimal digits, each with "name:" before it or not;
 * blank lines and those that begin with # are skipped.  The first key is the
 * active one, the others only open what was made with them.  The file is read
 * at every use, so that a change needs no restart; what a command printed is
 * kept for five minutes, and asked for again when a value names another key.
 */
#include "core/compat.h"
#include "core/core.h"
#include "core/errors.h"
#include "core/seal.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "funcapi.h"
#include "miscadmin.h"
#include "storage/fd.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#define COMMAND_KEPT_MS 300000
#define COMMAND_PAUSE_MS 1000
#define KEY_ID_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"

/* what the command printed last, in this process */
static OrchKeyRing kept;
static TimestampTz kept_at = 0;
static char *kept_command = NULL;

/*
 * SHA-256 of a label and some bytes.
 */
void
orch_seal_digest(const char *label, const void *data, Size length, uint8 *digest)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool		done;

	done = ctx != NULL && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) == 1 &&
		EVP_DigestUpdate(ctx, label, strlen(label)) == 1 &&
		EVP_DigestUpdate(ctx, data, length) == 1 &&
		EVP_DigestFinal_ex(ctx, digest, NULL) == 1;
	EVP_MD_CTX_free(ctx);
	if (!done)
		elog(ERROR, "could not compute a digest");
}

void
orch_keys_wipe(OrchKeyRing *ring)
{
	explicit_bzero(ring, sizeof(*ring));
}

/*
 * NULL when there is no such key.
 */
const OrchKey *
orch_keys_find(const OrchKeyRing *ring, const char *id)
{
	for (int i = 0; i < ring->count; i++)
		if (strcmp(ring->keys[i].id, id) == 0)
			return &ring->keys[i];
	return NULL;
}

static void
key_path(char *path, Size size)
{
	if (is_absolute_path(orch_encryption_key_file))
		strlcpy(path, orch_encryption_key_file, size);
	else
		snprintf(path, size, "%s/%s", DataDir, orch_encryption_key_file);
}

pg_noreturn static void
key_error(const char *path, const char *problem)
{
	ereport(ERROR,
			(errcode(ERRCODE_ORCH_ENCRYPTION_KEY),
			 errmsg("encryption key file \"%s\" %s", path, problem),
			 errhint("Set orchestration.encryption_key_file to a file of lines of %d hexadecimal digits, or restore the file from its backup. bootstrap() makes a new one only where there is none.",
					 ORCH_KEY_DIGITS)));
}

/* ---- from text to keys ---- */

/*
 * A key without a name is known by a digest of it.
 */
static void
name_key(OrchKey *key)
{
	uint8		digest[ORCH_FINGERPRINT_BYTES];

	orch_seal_digest("orchestration key id", key->bytes, ORCH_KEY_BYTES, digest);
	for (int i = 0; i < 8; i++)
		snprintf(key->id + 2 * i, 3, "%02x", digest[i]);
}

static int
digit_value(char digit)
{
	return digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10;
}

/*
 * One line without blanks at its ends: [name:]digits.
 */
static bool
parse_key(const char *line, Size length, OrchKey *key)
{
	const char *colon = memchr(line, ':', length);
	Size		named = colon == NULL ? 0 : colon - line;
	const char *digits = colon == NULL ? line : colon + 1;

	if (length - (digits - line) != ORCH_KEY_DIGITS || (colon != NULL && (named == 0 || named > ORCH_KEY_ID_MAX)))
		return false;
	memcpy(key->digits, digits, ORCH_KEY_DIGITS);
	key->digits[ORCH_KEY_DIGITS] = '\0';
	if (strspn(key->digits, "0123456789abcdefABCDEF") != ORCH_KEY_DIGITS)
		return false;
	for (int i = 0; i < ORCH_KEY_BYTES; i++)
		key->bytes[i] = digit_value(digits[2 * i]) << 4 | digit_value(digits[2 * i + 1]);
	memcpy(key->id, line, named);
	key->id[named] = '\0';
	if (colon == NULL)
		name_key(key);
	return strspn(key->id, KEY_ID_CHARACTERS) == strlen(key->id);
}

/*
 * What is wrong with the text, or NULL.
 */
static const char *
parse_keys(const char *text, Size length, OrchKeyRing *ring)
{
	const char *end = text + length;

	for (ring->count = 0; text < end;)
	{
		const char *line = text;
		const char *stop = memchr(text, '\n', end - text);

		if (stop == NULL)
			stop = end;
		text = stop + 1;
		while (line < stop && strchr(" \t\r", *line) != NULL)
			line++;
		while (stop > line && strchr(" \t\r", stop[-1]) != NULL)
			stop--;
		if (line == stop || *line == '#')
			continue;
		if (ring->count == ORCH_KEYS_MAX)
			return "holds too many keys";
		if (!parse_key(line, stop - line, &ring->keys[ring->count]))
			return ring->count == 0 ? "does not hold a key" : "holds a line that is not a key (64 hexadecimal digits, with or without a name)";
		if (orch_keys_find(ring, ring->keys[ring->count].id) != NULL)
			return "holds two keys of one name";
		ring->count++;
	}
	return ring->count == 0 ? "does not hold a key" : NULL;
}

/* ---- where they come from ---- */

static void
load_from_file(OrchKeyRing *ring)
{
	char		path[MAXPGPATH];
	char		text[ORCH_KEY_TEXT_MAX];
	const char *problem;
	ssize_t		got;
	int			fd;

	key_path(path, sizeof(path));
	fd = OpenTransientFile(path, O_RDONLY | PG_BINARY);
	if (fd < 0)
		key_error(path, errno == ENOENT ? "does not exist" : "cannot be opened");
	got = read(fd, text, sizeof(text));
	CloseTransientFile(fd);
	problem = got < 0 ? "cannot be read" : got == sizeof(text) ? "is too long" : parse_keys(text, got, ring);
	explicit_bzero(text, got > 0 ? got : 0);
	if (problem != NULL)
	{
		orch_keys_wipe(ring);
		key_error(path, problem);
	}
}

static void
ask_command(void)
{
	char		text[ORCH_KEY_TEXT_MAX];
	const char *problem;
	char	   *command;
	Size		length;

	kept_at = 0;
	orch_keys_wipe(&kept);
	length = orch_key_command_run(orch_encryption_key_command, text, sizeof(text));
	problem = parse_keys(text, length, &kept);
	explicit_bzero(text, sizeof(text));
	if (problem != NULL)
	{
		orch_keys_wipe(&kept);
		ereport(ERROR,
				(errcode(ERRCODE_ORCH_ENCRYPTION_KEY),
				 errmsg("what the command for the encryption key printed %s", problem),
				 errhint("orchestration.encryption_key_command is to print lines of %d hexadecimal digits.", ORCH_KEY_DIGITS)));
	}
	command = MemoryContextStrdup(TopMemoryContext, orch_encryption_key_command);
	if (kept_command != NULL)
		pfree(kept_command);
	kept_command = command;
	kept_at = orch_steady_now();
}

static bool
is_kept(int limit_ms)
{
	return kept_at != 0 && strcmp(kept_command, orch_encryption_key_command) == 0 &&
		!TimestampDifferenceExceeds(kept_at, orch_steady_now(), limit_ms);
}

/*
 * All known keys, at least one.  fresh: what a command said a moment ago is not
 * good enough.  Throws OR040.
 */
void
orch_keys_load(OrchKeyRing *ring, bool fresh)
{
	if (orch_encryption_key_command == NULL || orch_encryption_key_command[0] == '\0')
	{
		load_from_file(ring);
		return;
	}
	if (!is_kept(fresh ? COMMAND_PAUSE_MS : COMMAND_KEPT_MS))
		ask_command();
	*ring = kept;
}

/* ---- for SQL ---- */

ORCH_FUNCTION(orch_encryption_key_ring);

/*
 * encryption_key_ring(): what may be known of the keys.  The verifier is an HMAC
 * of a constant: it tells two keys of one name apart and nothing about either.
 */
Datum
orch_encryption_key_ring(PG_FUNCTION_ARGS)
{
	static const unsigned char constant[] = "orchestration key verifier";
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	char		ids[ORCH_KEYS_MAX][ORCH_KEY_ID_MAX + 1];
	bytea	   *verifiers[ORCH_KEYS_MAX];
	int			count;
	OrchKeyRing ring;

	InitMaterializedSRF(fcinfo, 0);
	orch_keys_load(&ring, true);
	count = ring.count;
	for (int i = 0; i < count; i++)
	{
		strlcpy(ids[i], ring.keys[i].id, sizeof(ids[i]));
		verifiers[i] = palloc(VARHDRSZ + ORCH_FINGERPRINT_BYTES);
		SET_VARSIZE(verifiers[i], VARHDRSZ + ORCH_FINGERPRINT_BYTES);
		HMAC(EVP_sha256(), ring.keys[i].bytes, ORCH_KEY_BYTES, constant, sizeof(constant) - 1, (unsigned char *) VARDATA(verifiers[i]), NULL);
	}
	orch_keys_wipe(&ring);

	for (int i = 0; i < count; i++)
	{
		Datum		values[3];
		bool		nulls[3] = {false, false, false};

		values[0] = CStringGetTextDatum(ids[i]);
		values[1] = BoolGetDatum(i == 0);
		values[2] = PointerGetDatum(verifiers[i]);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}

/*
 * Writes a new key to a file that was just made; what is wrong, or NULL.
 */
static const char *
write_key(int fd)
{
	uint8		random[ORCH_KEY_BYTES];
	char		line[ORCH_KEY_DIGITS + 2];
	bool		written;

	if (!pg_strong_random(random, sizeof(random)))
		return "cannot be filled: no random numbers";
	for (int i = 0; i < ORCH_KEY_BYTES; i++)
		snprintf(line + 2 * i, 3, "%02x", random[i]);
	strcpy(line + ORCH_KEY_DIGITS, "\n");
	written = write(fd, line, ORCH_KEY_DIGITS + 1) == ORCH_KEY_DIGITS + 1 && pg_fsync(fd) == 0;
	explicit_bzero(random, sizeof(random));
	explicit_bzero(line, sizeof(line));
	return written ? NULL : "cannot be written";
}

ORCH_FUNCTION(orch_ensure_encryption_key);

/*
 * ensure_encryption_key(): O_EXCL, so that an existing key is never replaced.
 */
Datum
orch_ensure_encryption_key(PG_FUNCTION_ARGS)
{
	bool		commanded = orch_encryption_key_command != NULL && orch_encryption_key_command[0] != '\0';
	char		path[MAXPGPATH];
	const char *problem;
	int			fd = -1;

	key_path(path, sizeof(path));
	if (!commanded)
		fd = OpenTransientFilePerm(path, O_WRONLY | O_CREAT | O_EXCL | PG_BINARY, S_IRUSR | S_IWUSR);
	if (commanded || (fd < 0 && errno == EEXIST))
	{
		OrchKeyRing ring;

		orch_keys_load(&ring, false);
		orch_keys_wipe(&ring);
		PG_RETURN_BOOL(false);
	}
	if (fd < 0)
		key_error(path, "cannot be created");
	problem = write_key(fd);
	if (problem != NULL)
	{
		unlink(path);
		key_error(path, problem);
	}
	CloseTransientFile(fd);
	PG_RETURN_BOOL(true);
}
