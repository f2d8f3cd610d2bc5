/*
 * pool_file.c
 *	  Keeps the pool of notes while the server is down.
 *
 * Written by the postmaster when it stops in good order, read and removed when it
 * starts; what does not fit, or is of another release, is left out.
 */
#include "audit/notes.h"

#include <unistd.h>

#include "port/pg_crc32c.h"
#include "storage/fd.h"

/* raise the number when what is in the pool changes */
static const char magic[16] = "orch notes 1";

typedef struct Header
{
	char		magic[sizeof(magic)];
	uint64		size;
	uint32		crc;
	uint32		zero;
} Header;

static Header
header_of(const void *memory, Size size)
{
	Header		header = {{0}};
	pg_crc32c	crc;

	INIT_CRC32C(crc);
	COMP_CRC32C(crc, memory, size);
	FIN_CRC32C(crc);
	memcpy(header.magic, magic, sizeof(magic));
	header.size = size;
	header.crc = crc;
	return header;
}

/*
 * False and errno when the file could not be written.
 */
bool
orch_notes_save(const char *path, const void *memory, Size size)
{
	char		temporary[MAXPGPATH];
	Header		header = header_of(memory, size);
	FILE	   *file;
	bool		written;

	snprintf(temporary, sizeof(temporary), "%s.tmp", path);
	file = AllocateFile(temporary, PG_BINARY_W);
	if (file == NULL)
		return false;
	written = fwrite(&header, sizeof(header), 1, file) == 1 && fwrite(memory, size, 1, file) == 1;
	if (FreeFile(file) != 0 || !written)
		return false;
	return durable_rename(temporary, path, LOG) == 0;
}

/*
 * True when memory is as it was saved.  The file is gone afterwards, so that
 * nothing is recorded twice.
 */
bool
orch_notes_load(const char *path, void *memory, Size size)
{
	Header		header;
	Header		expected;
	FILE	   *file = AllocateFile(path, PG_BINARY_R);
	bool		loaded;

	if (file == NULL)
		return false;
	loaded = fread(&header, sizeof(header), 1, file) == 1 && header.size == size && fread(memory, size, 1, file) == 1;
	FreeFile(file);
	if (loaded)
	{
		expected = header_of(memory, size);
		loaded = memcmp(&header, &expected, sizeof(header)) == 0;
	}
	if (!loaded)
		ereport(LOG, (errmsg("orchestration: \"%s\" is of another release or damaged, the notes in it are lost", path)));
	unlink(path);
	return loaded;
}
