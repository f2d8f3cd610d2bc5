/*
 * frames.h
 *	  The text in a stream of output, as Docker's logs have it.
 *
 * A container without a terminal has two streams of output, which come in frames:
 * eight bytes, of which the first names the stream and the last four the length
 * with its highest byte first, and the text.  With a terminal, and from some log
 * drivers of Podman, the text comes as it is.
 *
 * Pure C, without a backend too (test/unit/engine).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Where the reading of one stream is; starts as zeros. */
typedef struct OrchDockerFrames
{
	size_t		text;			/* so many bytes at the beginning are the text by now */
	size_t		next;			/* here begins what has not been read */
	bool		is_plain;		/* it has no frames */
	bool		is_broken;		/* what should be a frame is none: nothing more is read */
} OrchDockerFrames;

/*
 * Reads on.  data has all that came, length bytes; the text of each frame that is
 * there as a whole is moved to its beginning.  The caller appends what comes behind
 * it and calls again; what was cut off in the middle of a frame is never text.
 */
extern void orch_docker_frames_read(OrchDockerFrames *frames, char *data, size_t length);
