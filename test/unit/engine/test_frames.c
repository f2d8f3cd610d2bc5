/*
 * test_frames.c
 *	  Docker's streams of output: whole, in pieces, cut off, without frames, and nonsense.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/docker/frames.h"

/*
 * Reads it in pieces of these sizes, each time from a copy of just the right size, so
 * that reading beyond it is found.  NUL-terminated, the caller's.
 */
static char *
read_in_pieces(const char *stream, size_t length, size_t (*size) (void), size_t *text)
{
	OrchDockerFrames frames = {0};
	char	   *data = NULL;
	size_t		have = 0;

	while (have < length)
	{
		size_t		piece = size();
		char	   *grown;

		piece = piece < length - have ? piece : length - have;
		grown = malloc(have + piece);
		if (have > 0)
			memcpy(grown, data, have);
		memcpy(grown + have, stream + have, piece);
		free(data);
		data = grown;
		have += piece;
		orch_docker_frames_read(&frames, data, have);
		assert_true(frames.text <= frames.next && frames.next <= have);
	}
	*text = frames.text;
	data = realloc(data, have + 1);
	data[frames.text] = '\0';
	return data;
}

static size_t
whole(void)
{
	return SIZE_MAX;
}

static size_t
one_byte(void)
{
	return 1;
}

static size_t
any(void)
{
	return 1 + rand() % 20;
}

static void
expect_bytes(const char *stream, size_t length, const char *text, size_t text_length)
{
	size_t		(*const sizes[]) (void) = {whole, one_byte, any, any, any};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++)
	{
		size_t		got;
		char	   *data = read_in_pieces(stream, length, sizes[i], &got);

		assert_int_equal(got, text_length);
		assert_memory_equal(data, text, text_length);
		free(data);
	}
}

#define EXPECT(stream, text) expect_bytes(stream, sizeof(stream) - 1, text, sizeof(text) - 1)

static void
frames_are_text(void **state)
{
	(void) state;
	EXPECT("", "");
	/* as Podman answers to GET /containers/{id}/logs */
	EXPECT("\1\0\0\0\0\0\0\4out\n\2\0\0\0\0\0\0\4err\n", "out\nerr\n");
	EXPECT("\0\0\0\0\0\0\0\2in\3\0\0\0\0\0\0\6system", "insystem");
	EXPECT("\1\0\0\0\0\0\0\0\1\0\0\0\0\0\0\1x", "x");
	/* what looks like a header inside of a frame is text */
	EXPECT("\1\0\0\0\0\0\0\x9\1\0\0\0\0\0\0\1x", "\1\0\0\0\0\0\0\1x");
}

static void
lengths_have_four_bytes(void **state)
{
	char		stream[8 + 0x10203] = "\1\0\0\0\0\1\2\3";

	(void) state;
	memset(stream + 8, 'x', sizeof(stream) - 8);
	for (size_t i = 0; i < 2; i++)
	{
		size_t		got;
		char	   *data = read_in_pieces(stream, sizeof(stream), i == 0 ? whole : any, &got);

		assert_int_equal(got, 0x10203);
		assert_int_equal(strlen(data), got);
		free(data);
	}
}

static void
what_is_cut_off_is_dropped(void **state)
{
	(void) state;
	EXPECT("\1", "");
	EXPECT("\1\0\0\0\0\0\0", "");
	EXPECT("\1\0\0\0\0\0\0\5four", "");
	EXPECT("\1\0\0\0\0\0\0\1x\2\0\0\0\0\0\0\5four", "x");
	EXPECT("\1\0\0\0\0\0\0\1x\2\0\0\0\0", "x");
	EXPECT("\1\0\0\0\xff\xff\xff\xffx", "");
}

static void
a_stream_without_frames_is_text(void **state)
{
	(void) state;
	EXPECT("out\r\nerr\r\n", "out\r\nerr\r\n");
	EXPECT("x", "x");
	EXPECT("\4\0\0\0\0\0\0\1x", "\4\0\0\0\0\0\0\1x");
	EXPECT("\1\0\0\1\0\0\0\1x", "\1\0\0\1\0\0\0\1x");
	EXPECT("\xe2\x82\xac", "\xe2\x82\xac");
}

static void
what_should_be_a_frame_and_is_none_ends_it(void **state)
{
	(void) state;
	EXPECT("\1\0\0\0\0\0\0\1xno frame at all", "x");
	EXPECT("\1\0\0\0\0\0\0\1x\4\0\0\0\0\0\0\1y\1\0\0\0\0\0\0\1z", "x");
}

/* whatever comes, in whatever pieces, is read alike */
static void
nonsense_is_read_alike(void **state)
{
	static const char bytes[] = {0, 0, 0, 0, 1, 2, 3, 4, 8, 'x', '\n', '\xff'};

	(void) state;
	srand(1);
	for (int i = 0; i < 20000; i++)
	{
		char		stream[64];
		size_t		length = rand() % sizeof(stream);
		size_t		got;
		char	   *data;

		for (size_t j = 0; j < length; j++)
			stream[j] = j % 8 < 4 && j < 8 && i % 2 ? "\1\0\0\0"[j] : bytes[rand() % sizeof(bytes)];
		data = read_in_pieces(stream, length, whole, &got);
		expect_bytes(stream, length, data, got);
		free(data);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_are_text),
		cmocka_unit_test(lengths_have_four_bytes),
		cmocka_unit_test(what_is_cut_off_is_dropped),
		cmocka_unit_test(a_stream_without_frames_is_text),
		cmocka_unit_test(what_should_be_a_frame_and_is_none_ends_it),
		cmocka_unit_test(nonsense_is_read_alike)
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
