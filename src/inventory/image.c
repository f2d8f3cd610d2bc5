/*
 * image.c
 *	  An image reference, taken apart by a fixed rule: that of the container
 *	  runtimes, except that nothing is added (no docker.io, no "latest"), so
 *	  that what was written is what is shown and sent.
 */
#include "inventory/image.h"

#include <string.h>

static OrchTextPart
make_part(const char *text, size_t length)
{
	OrchTextPart part = {text, length};

	return part;
}

static const OrchTextPart absent = {NULL, 0};

/* Cuts what follows the last separator of the last component off rest. */
static OrchTextPart
cut_after(OrchTextPart *rest, char separator)
{
	for (size_t i = rest->length; i > 0; i--)
	{
		OrchTextPart cut;

		if (rest->text[i - 1] == '/')
			break;
		if (rest->text[i - 1] != separator)
			continue;
		cut = make_part(rest->text + i, rest->length - i);
		rest->length = i - 1;
		return cut;
	}
	return absent;
}

static bool
is_registry(const char *text, size_t length)
{
	return memchr(text, '.', length) != NULL || memchr(text, ':', length) != NULL ||
		(length == strlen("localhost") && memcmp(text, "localhost", length) == 0);
}

/*
 * See image.h.
 */
void
orch_image_split(const char *text, size_t length, OrchImage *image)
{
	OrchTextPart rest = make_part(text, length);
	const char *at = memchr(text, '@', length);
	const char *slash;

	image->digest = absent;
	image->registry = absent;
	if (at != NULL)
	{
		image->digest = make_part(at + 1, length - (size_t) (at + 1 - text));
		rest.length = (size_t) (at - text);
	}
	image->tag = cut_after(&rest, ':');
	slash = memchr(rest.text, '/', rest.length);
	if (slash != NULL && is_registry(rest.text, (size_t) (slash - rest.text)))
	{
		image->registry = make_part(rest.text, (size_t) (slash - rest.text));
		rest = make_part(slash + 1, rest.length - image->registry.length - 1);
	}
	image->repository = rest;
}
