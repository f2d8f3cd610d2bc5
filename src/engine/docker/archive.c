/*
 * archive.c
 *	  Files as a tar archive, by PostgreSQL's own code for base backups.
 */
#include "postgres.h"

#include <sys/stat.h>
#include <time.h>

#include "engine/docker/archive.h"
#include "pgtar.h"

static void
pad(StringInfo archive, size_t bytes)
{
	enlargeStringInfo(archive, bytes);
	memset(archive->data + archive->len, 0, bytes);
	archive->len += bytes;
}

static bool
add(StringInfo archive, const OrchDockerFile *file)
{
	char		header[TAR_BLOCK_SIZE] = {0};
	mode_t		type = file->data != NULL ? S_IFREG : S_IFDIR;

	if (tarCreateHeader(header, file->name, NULL, file->size, type | file->mode, file->uid, file->gid, time(NULL)) != TAR_OK)
		return false;
	appendBinaryStringInfo(archive, header, sizeof(header));
	if (file->data == NULL)
		return true;
	appendBinaryStringInfo(archive, file->data, file->size);
	pad(archive, tarPaddingBytesRequired(file->size));
	return true;
}

bool
orch_docker_archive(List *files, const char *into, StringInfo archive, const char **name)
{
	ListCell   *cell;

	initStringInfo(archive);
	foreach(cell, files)
	{
		const OrchDockerFile *file = lfirst(cell);

		if (strcmp(file->into, into) == 0 && !add(archive, file))
		{
			*name = file->name;
			return false;
		}
	}
	pad(archive, 2 * TAR_BLOCK_SIZE);
	return true;
}
