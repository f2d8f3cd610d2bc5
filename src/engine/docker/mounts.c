/*
 * mounts.c
 *	  The volumes that a container mounts.
 *
 * Volumes of an engine are mounted with nocopy: what an image has there is hidden, as
 * Kubernetes does it, and not copied.
 */
#include "postgres.h"

#include "engine/docker/config_files.h"
#include "engine/docker/mounts.h"
#include "kube/quantity.h"

/* everybody may write into an emptyDir; the group into what it owns, and what is made there is the group's */
#define ANYBODY_WRITES 0777
#define GROUP_WRITES 02775

/* One entry of volumeMounts. */
typedef struct Mount
{
	OrchDockerPlanning *planning;
	OrchDockerUnit *unit;
	JsonbContainer *volume;
	char	   *name;			/* of the volume in the template */
	char	   *path;			/* absolute, in the container */
	OrchText	sub_path;
	bool		read_only;
	StringInfo	binds;
	StringInfo	mounts;
	StringInfo	tmpfs;
} Mount;

static bool
refuse_part(const Mount *mount)
{
	if (mount->sub_path.data != NULL)
		orch_docker_refuse(mount->planning, "volumeMount \"%s\" of container \"%s\" has a subPath, and this engine mounts volumes as a whole", mount->name, mount->unit->container);
	return mount->sub_path.data != NULL;
}

static void
put_bind(const Mount *mount, const char *source, const char *options)
{
	const char *read_only = mount->read_only ? *options != '\0' ? ",ro" : "ro" : "";
	bool		with_options = *options != '\0' || *read_only != '\0';

	orch_json_put_element(mount->binds, orch_docker_text(psprintf("%s:%s%s%s%s", source, mount->path, with_options ? ":" : "", options, read_only)));
}

/*
 * What a mounted directory is to be like; it cannot be told where it is read-only.
 */
static void
add_directory(const Mount *mount, int mode)
{
	OrchDockerFile *directory;

	if (mount->read_only)
		return;
	directory = palloc0(sizeof(OrchDockerFile));
	directory->into = mount->path;
	directory->name = pstrdup(".");
	directory->mode = mode;
	if (orch_docker_file_group(mount->planning, &directory->gid))
		directory->mode |= GROUP_WRITES;
	mount->unit->files = lappend(mount->unit->files, directory);
}

static void
put_claim(Mount *mount, JsonbContainer *source)
{
	OrchText	name = orch_json_string(source, "claimName");
	char	   *claim = name.data != NULL ? orch_text_copy(name) : pstrdup("");
	int			group;

	if (refuse_part(mount))
		return;
	mount->read_only |= orch_json_true(source, "readOnly");
	mount->planning->plan->claims = orch_docker_once(mount->planning->plan->claims, claim);
	put_bind(mount, orch_docker_claim_volume(mount->planning->identity->place, claim), "nocopy");
	if (orch_docker_file_group(mount->planning, &group))
		add_directory(mount, GROUP_WRITES);
}

/*
 * A volume that goes with the pod.
 */
static void
put_scratch(const Mount *mount)
{
	char	   *volume = psprintf("%s-%s", mount->planning->identity->name, mount->name);

	mount->planning->plan->scratch = orch_docker_once(mount->planning->plan->scratch, volume);
	put_bind(mount, volume, "nocopy");
}

static int
mounts_in(JsonbContainer *containers, OrchText volume)
{
	int			count = 0;

	for (int i = 0; i < orch_json_count(containers); i++)
	{
		JsonbContainer *mounts = orch_json_array(orch_json_element(containers, i), "volumeMounts");

		for (int j = 0; j < orch_json_count(mounts); j++)
		{
			if (orch_text_equal(orch_json_string(orch_json_element(mounts, j), "name"), volume))
				count++;
		}
	}
	return count;
}

/*
 * Memory is mounted by each container for itself, and gone with it.
 */
static void
put_memory(const Mount *mount, OrchText limit)
{
	OrchText	name = orch_docker_text(mount->name);
	char	   *options = pstrdup("mode=1777,exec");
	int64		size;

	if (mounts_in(orch_json_array(mount->planning->spec, "initContainers"), name) + mounts_in(orch_json_array(mount->planning->spec, "containers"), name) > 1)
	{
		orch_docker_refuse(mount->planning, "volume \"%s\" is in memory and mounted more than once, and this engine cannot share memory between mounts", mount->name);
		return;
	}
	if (limit.data != NULL && orch_quantity_parse(orch_text_copy(limit), ORCH_QUANTITY_ONE, &size) == ORCH_QUANTITY_OK && size > 0)
		options = psprintf("size=" INT64_FORMAT ",mode=1777,exec", size);
	if (mount->read_only)
		options = psprintf("%s,ro", options);
	orch_json_put_member(mount->tmpfs, orch_docker_text(mount->path), orch_docker_text(options));
}

static void
put_empty(const Mount *mount, JsonbContainer *source)
{
	if (refuse_part(mount))
		return;
	if (orch_text_is(orch_json_string(source, "medium"), "Memory"))
	{
		put_memory(mount, orch_json_string(source, "sizeLimit"));
		return;
	}
	put_scratch(mount);
	add_directory(mount, ANYBODY_WRITES);
}

static void
put_config(Mount *mount, OrchDockerSource source, JsonbContainer *reference)
{
	const OrchDockerConfigMount config = {source, reference, mount->name, mount->unit->container, mount->path, mount->sub_path};

	mount->unit->files = orch_docker_config_files(mount->planning, &config, mount->unit->files);
	if (mount->sub_path.data != NULL)
		return;
	/* or nothing could be put into it; it is the pod's own copy */
	mount->read_only = false;
	put_scratch(mount);
}

/*
 * Neither form in which an engine is told of a path can hold these.
 */
static bool
is_plain(OrchText path)
{
	for (int i = 0; i < path.length; i++)
	{
		if (strchr(":,\"\\", path.data[i]) != NULL || (unsigned char) path.data[i] < ' ')
			return false;
	}
	return true;
}

/*
 * As a bind the engine makes a directory that is missing, as a mount it must be there.
 */
static void
put_host(const Mount *mount, JsonbContainer *source)
{
	OrchText	path = orch_text_or(orch_json_string(source, "path"), orch_docker_text(""));
	OrchText	type = orch_json_string(source, "type");
	char	   *from = orch_text_copy(path);

	if (!is_plain(path) || !is_plain(mount->sub_path) || *from != '/')
	{
		orch_docker_refuse(mount->planning, "volume \"%s\" has a path that this engine cannot mount", mount->name);
		return;
	}
	if (mount->sub_path.data != NULL)
		from = psprintf("%s/%.*s", from, mount->sub_path.length, mount->sub_path.data);
	if (type.data == NULL || type.length == 0 || orch_text_is(type, "DirectoryOrCreate"))
	{
		put_bind(mount, from, "");
		return;
	}
	orch_json_put_begin(mount->mounts, '{');
	orch_json_put_text(mount->mounts, "Type", orch_docker_text("bind"));
	orch_json_put_text(mount->mounts, "Source", orch_docker_text(from));
	orch_json_put_text(mount->mounts, "Target", orch_docker_text(mount->path));
	orch_json_put_boolean(mount->mounts, "ReadOnly", mount->read_only);
	appendStringInfoChar(mount->mounts, '}');
}

static void
put_source(Mount *mount)
{
	JsonbContainer *source;

	if ((source = orch_json_object(mount->volume, "persistentVolumeClaim")) != NULL)
		put_claim(mount, source);
	else if ((source = orch_json_object(mount->volume, "emptyDir")) != NULL)
		put_empty(mount, source);
	else if ((source = orch_json_object(mount->volume, "configMap")) != NULL)
		put_config(mount, ORCH_DOCKER_CONFIG_MAP, source);
	else if ((source = orch_json_object(mount->volume, "secret")) != NULL)
		put_config(mount, ORCH_DOCKER_SECRET, source);
	else if ((source = orch_json_object(mount->volume, "hostPath")) != NULL)
		put_host(mount, source);
	else
		orch_docker_refuse(mount->planning, "volume \"%s\" is of a type that this engine does not have", mount->name);
}

static JsonbContainer *
volume_named(OrchDockerPlanning *planning, OrchText name)
{
	JsonbContainer *volumes = orch_json_array(planning->spec, "volumes");

	for (int i = 0; i < orch_json_count(volumes); i++)
	{
		JsonbContainer *volume = orch_json_element(volumes, i);

		if (name.data != NULL && orch_text_equal(orch_json_string(volume, "name"), name))
			return volume;
	}
	return NULL;
}

static void
put_mount(Mount *mount, JsonbContainer *entry)
{
	static const OrchDockerBeyond beyond[] = {{"subPathExpr", NULL}, {"mountPropagation", "None"}, {"recursiveReadOnly", "Disabled"}};
	OrchText	name = orch_json_string(entry, "name");
	OrchText	path = orch_text_or(orch_json_string(entry, "mountPath"), orch_docker_text(""));

	mount->volume = volume_named(mount->planning, name);
	if (mount->volume == NULL || path.length == 0 || !is_plain(path))
	{
		orch_docker_refuse(mount->planning, "a volumeMount of container \"%s\" has no volume, or a mountPath that this engine cannot mount", mount->unit->container);
		return;
	}
	mount->name = orch_text_copy(name);
	mount->path = psprintf("%s%.*s", path.data[0] == '/' ? "" : "/", path.length, path.data);
	mount->sub_path = orch_json_string(entry, "subPath");
	if (mount->sub_path.length == 0)
		mount->sub_path.data = NULL;
	mount->read_only = orch_json_true(entry, "readOnly");
	orch_docker_refuse_beyond(mount->planning, entry, beyond, lengthof(beyond), psprintf("volumeMount \"%s\" of container \"%s\"", mount->name, mount->unit->container));
	put_source(mount);
}

static void
put_whole(StringInfo host, const char *key, StringInfo parts, const char *brackets)
{
	if (parts->len == 0)
		return;
	orch_json_put_key(host, key);
	appendStringInfo(host, "%c%s%c", brackets[0], parts->data, brackets[1]);
}

/*
 * See mounts.h.
 */
void
orch_docker_put_mounts(OrchDockerPlanning *planning, JsonbContainer *container, OrchDockerUnit *unit, StringInfo host)
{
	JsonbContainer *entries = orch_json_array(container, "volumeMounts");
	Mount		mount = {.planning = planning, .unit = unit, .binds = makeStringInfo(), .mounts = makeStringInfo(), .tmpfs = makeStringInfo()};

	for (int i = 0; i < orch_json_count(entries); i++)
		put_mount(&mount, orch_json_element(entries, i));
	put_whole(host, "Binds", mount.binds, "[]");
	put_whole(host, "Mounts", mount.mounts, "[]");
	put_whole(host, "Tmpfs", mount.tmpfs, "{}");
}
