/*
 * image.h
 *	  An image reference, taken apart by a fixed rule.
 *
 * Pure C without a backend.
 */
#pragma once

#include "inventory/names.h"

/* A part of the text that was split; text is NULL when it is not there. */
typedef struct OrchTextPart
{
	const char *text;
	size_t		length;
} OrchTextPart;

typedef struct OrchImage
{
	OrchTextPart registry;
	OrchTextPart repository;
	OrchTextPart tag;
	OrchTextPart digest;
} OrchImage;

/*
 * Splits [registry/]repository[:tag][@digest].  What stands before the first
 * "/" is the registry if it holds "." or ":" or is "localhost"; otherwise
 * there is none.  Never fails; the parts are judged by orch_image_check().
 */
extern void orch_image_split(const char *text, size_t length, OrchImage *image);

/*
 * Are the parts of an image well formed?  If not, *part names the wrong one
 * and *kind its grammar.
 */
extern bool orch_image_check(const OrchImage *image, const char **part,
							 OrchNameKind *kind, OrchFault *fault);
