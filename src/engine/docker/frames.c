/*
 * frames.c
 *	  The text in a stream of output, as Docker's logs have it.
 */
#include "engine/docker/frames.h"

#include <stdint.h>
#include <string.h>

#define HEADER 8

/* stdin, stdout, stderr, and errors of Docker itself */
#define LAST_STREAM 3

/* May these be the first bytes of a frame? */
static bool
is_header(const unsigned char *at, size_t length)
{
	for (size_t i = 1; i < length && i < 4; i++)
	{
		if (at[i] != 0)
			return false;
	}
	return length == 0 || at[0] <= LAST_STREAM;
}

static uint32_t
frame_length(const unsigned char *header)
{
	return (uint32_t) header[4] << 24 | (uint32_t) header[5] << 16 | (uint32_t) header[6] << 8 | header[7];
}

void
orch_docker_frames_read(OrchDockerFrames *frames, char *data, size_t length)
{
	if (frames->next == 0 && !is_header((const unsigned char *) data, length))
		frames->is_plain = true;
	if (frames->is_plain)
	{
		frames->text = frames->next = length;
		return;
	}
	while (!frames->is_broken && length - frames->next >= HEADER)
	{
		const unsigned char *header = (const unsigned char *) data + frames->next;
		uint32_t	text = frame_length(header);

		if (!is_header(header, HEADER))
		{
			frames->is_broken = true;
			return;
		}
		if (text > length - frames->next - HEADER)
			return;
		memmove(data + frames->text, header + HEADER, text);
		frames->text += text;
		frames->next += HEADER + text;
	}
}
