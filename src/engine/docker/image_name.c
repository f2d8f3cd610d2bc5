/*
 * image_name.c
 *	  Names of images as an engine wants them.
 *
 * Pure C; tested in test/unit/engine.
 */
#include "engine/docker/image_name.h"

#include <stdio.h>
#include <string.h>

static bool
is(const char *text, size_t length, const char *word)
{
	return length == strlen(word) && memcmp(text, word, length) == 0;
}

/*
 * How long the registry at the beginning is, without its slash; 0: there is none.
 */
static size_t
registry_length(const char *image)
{
	size_t		length = strcspn(image, "/");

	if (image[length] == '\0')
		return 0;
	return memchr(image, '.', length) != NULL || memchr(image, ':', length) != NULL || is(image, length, "localhost") ? length : 0;
}

/*
 * See image_name.h.
 */
size_t
orch_docker_image_name(const char *image, char *out, size_t size)
{
	static const char hub[] = "docker.io";
	size_t		registry = registry_length(image);
	bool		is_hub = registry == 0 || is(image, registry, hub) || is(image, registry, "index.docker.io");
	const char *rest = image + (registry > 0 ? registry + 1 : 0);
	const char *digest = strchr(rest, '@');
	size_t		named = digest != NULL ? (size_t) (digest - rest) : strlen(rest);
	const char *tag = NULL;
	bool		in_folder = false;

	for (size_t i = 0; i < named; i++)
	{
		if (rest[i] == '/')
		{
			in_folder = true;
			tag = NULL;
		}
		else if (rest[i] == ':')
			tag = rest + i;
	}
	return (size_t) snprintf(out, size, "%.*s/%s%.*s%s",
							 is_hub ? (int) strlen(hub) : (int) registry, is_hub ? hub : image,
							 is_hub && !in_folder ? "library/" : "",
							 (int) (tag != NULL ? (size_t) (tag - rest) : named), rest,
							 digest != NULL ? digest : tag != NULL ? tag : ":latest");
}

/*
 * See image_name.h.
 */
bool
orch_docker_image_is_latest(const char *name)
{
	static const char latest[] = ":latest";
	size_t		length = strlen(name);

	return length >= strlen(latest) && strcmp(name + length - strlen(latest), latest) == 0;
}
