/*
 * config_files.c
 *	  Config maps and secrets that are mounted, as files.
 *
 * The whole of one is in a volume of the pod's own, which hides what the image has
 * there and can be written into before the start also where the image itself is
 * read-only.  A part of one goes into the container itself, beside what is there.
 */
#include "postgres.h"

#include "engine/docker/config_files.h"

#define DEFAULT_MODE 0644

/* what a group that owns files may do with them at least */
#define GROUP_READS 0440

bool
orch_docker_file_group(OrchDockerPlanning *planning, int *group)
{
	int64		number;

	if (!orch_json_integer(orch_json_object(planning->spec, "securityContext"), "fsGroup", &number))
		return false;
	*group = (int) number;
	return true;
}

/*
 * Where in the container the file at path of the volume is; NULL: it is not mounted.
 */
static OrchDockerFile *
place_file(const OrchDockerConfigMount *mount, OrchText path)
{
	OrchText	part = mount->sub_path;
	OrchDockerFile *file;

	if (part.data != NULL && (path.length < part.length || memcmp(path.data, part.data, part.length) != 0 ||
							  (path.length > part.length && path.data[part.length] != '/')))
		return NULL;
	file = palloc0(sizeof(OrchDockerFile));
	file->into = pstrdup(part.data != NULL ? "/" : mount->path);
	if (part.data == NULL)
		file->name = orch_text_copy(path);
	else
		file->name = psprintf("%s%.*s", mount->path + 1, path.length - part.length, path.data + part.length);
	return file;
}

static List *
add_file(OrchDockerPlanning *planning, const OrchDockerConfigMount *mount, const OrchDockerContents *contents, OrchText key, OrchText path, int64 mode, List *files)
{
	OrchDockerFile *file = place_file(mount, path);

	if (file == NULL)
		return files;
	file->data = orch_docker_value(planning, contents, key, &file->size);
	file->mode = (int) mode;
	if (orch_docker_file_group(planning, &file->gid))
		file->mode |= GROUP_READS;
	return lappend(files, file);
}

static List *
add_items(OrchDockerPlanning *planning, const OrchDockerConfigMount *mount, const OrchDockerContents *contents, int64 mode, List *files)
{
	JsonbContainer *items = orch_json_array(mount->reference, "items");
	bool		optional = orch_json_true(mount->reference, "optional");

	for (int i = 0; i < orch_json_count(items); i++)
	{
		JsonbContainer *item = orch_json_element(items, i);
		OrchText	key = orch_text_or(orch_json_string(item, "key"), orch_docker_text(""));
		int64		own = mode;
		size_t		size;

		(void) orch_json_integer(item, "mode", &own);
		if (orch_docker_value(planning, contents, key, &size) != NULL)
			files = add_file(planning, mount, contents, key, orch_text_or(orch_json_string(item, "path"), key), own, files);
		else if (!optional)
			orch_docker_refuse(planning, "MountVolume.SetUp failed for volume \"%s\" : %sreferences non-existent %s key: %.*s", mount->volume,
							   contents->source == ORCH_DOCKER_SECRET ? "" : "configmap ", contents->source == ORCH_DOCKER_SECRET ? "secret" : "config",
							   key.length, key.data);
	}
	return files;
}

/*
 * See config_files.h.
 */
List *
orch_docker_config_files(OrchDockerPlanning *planning, const OrchDockerConfigMount *mount, List *files)
{
	bool		optional = orch_json_true(mount->reference, "optional");
	OrchText	name = orch_json_string(mount->reference, mount->source == ORCH_DOCKER_SECRET ? "secretName" : "name");
	int			before = list_length(files);
	int64		mode = DEFAULT_MODE;
	OrchDockerContents contents;
	OrchText   *keys;

	if (!orch_docker_contents(planning, mount->source, name, optional, psprintf("MountVolume.SetUp failed for volume \"%s\" : ", mount->volume), &contents))
		return files;
	(void) orch_json_integer(mount->reference, "defaultMode", &mode);
	if (orch_json_count(orch_json_array(mount->reference, "items")) > 0)
		files = add_items(planning, mount, &contents, mode, files);
	else
	{
		keys = orch_json_keys(contents.data);
		for (int i = 0; i < orch_json_count(contents.data); i++)
			files = add_file(planning, mount, &contents, keys[i], keys[i], mode, files);
	}
	if (mount->sub_path.data != NULL && list_length(files) == before && !optional)
		orch_docker_refuse(planning, "failed to prepare subPath for volumeMount \"%s\" of container \"%s\"", mount->volume, mount->container);
	return files;
}
