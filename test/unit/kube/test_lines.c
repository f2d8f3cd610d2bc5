/*
 * test_lines.c
 *	  Answers that are taken line by line, while they last.
 */
#include "unit.h"

#include <unistd.h>

#include "kube/clock.h"
#include "played.h"

#define STREAM_HEAD "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
#define STREAM_END "0\r\n\r\n"

/* A chunk of HTTP, which ends where it wants and not with a line. */
static void
say_chunk(const char *text)
{
	char		head[32];

	snprintf(head, sizeof(head), "%zx\r\n", strlen(text));
	say(head);
	say(text);
	say("\r\n");
}

static void
open_stream(Fixture *f, OrchKubeRequestSpec spec)
{
	spec.by_line = true;
	spec.timeout_ms = spec.timeout_ms ? spec.timeout_ms : -1;
	ask(f, spec);
}

static void
expect_line(Fixture *f, const char *body, bool is_json)
{
	OrchKubeResponse *r = next(f);

	assert_true(r->more);
	assert_int_equal(r->error, ORCH_KUBE_ERROR_NONE);
	assert_int_equal(r->http_status, 200);
	assert_int_equal(r->tag, 3);
	assert_string_equal(r->body, body);
	assert_int_equal(r->body_len, strlen(body));
	assert_int_equal(r->body_is_json, is_json);
	assert_null(r->message);
	assert_int_equal(r->retry_after_ms, -1);
	orch_kube_response_free(r);
}

/* The last response: an error, or NONE and what came behind the last line. */
static void
expect_end(Fixture *f, OrchKubeError error, const char *text)
{
	OrchKubeResponse *r = next(f);

	assert_false(r->more);
	assert_int_equal(r->error, error);
	assert_int_equal(r->http_status, error == ORCH_KUBE_ERROR_NONE ? 200 : 0);
	if (error == ORCH_KUBE_ERROR_NONE)
		assert_string_equal(r->body, text);
	else if (strstr(r->message, text) == NULL)
		fail_msg("%s", r->message);
	orch_kube_response_free(r);
	assert_int_equal(orch_kube_client_pending(f->client), 0);
	assert_null(orch_kube_transport_next(f->transport));
}

/* Nothing comes, though there is time for it. */
static void
expect_nothing(Fixture *f, int ms)
{
	int64		end = orch_kube_now() + ms;

	while (orch_kube_now() < end)
	{
		orch_kube_transport_perform(f->transport);
		assert_null(orch_kube_transport_next(f->transport));
		usleep(1000);
	}
}

static void
hands_out_line_by_line(void **state)
{
	Fixture    *f = *state;

	fixture_client(f, NULL);
	open_stream(f, (OrchKubeRequestSpec) {.tag = 3});
	say(STREAM_HEAD);
	say_chunk("{\"a\": 1}\n");
	expect_line(f, "{\"a\": 1}", true);
	/* only now the next ones are sent: two, and half of one */
	say_chunk("{\"a\": 2}\r\n\n\r\n{\"a\": 3}\n{\"a\"");
	expect_line(f, "{\"a\": 2}", true);
	expect_line(f, "{\"a\": 3}", true);
	assert_int_equal(orch_kube_client_in_flight(f->client), 1);
	say_chunk(": 4}\nrest");
	expect_line(f, "{\"a\": 4}", true);
	expect_nothing(f, 20);
	say(STREAM_END);
	expect_end(f, ORCH_KUBE_ERROR_NONE, "rest");
}

static void
mends_every_line(void **state)
{
	Fixture    *f = *state;

	fixture_client(f, NULL);
	open_stream(f, (OrchKubeRequestSpec) {.tag = 3});
	say(STREAM_HEAD);
	say_chunk("{\"a\": \"\377\\u0000\"}\nno JSON \377\n");
	expect_line(f, "{\"a\": \"\xEF\xBF\xBD\\ufffd\"}", true);
	expect_line(f, "no JSON \xEF\xBF\xBD", false);
	say(STREAM_END);
	expect_end(f, ORCH_KUBE_ERROR_NONE, "");

	open_stream(f, (OrchKubeRequestSpec) {.tag = 3, .raw = true});
	say(STREAM_HEAD);
	say_chunk("{\"a\": \"\377\\u0000\"}\r\n");
	expect_line(f, "{\"a\": \"\377\\u0000\"}\r", false);
	say(STREAM_END);
	expect_end(f, ORCH_KUBE_ERROR_NONE, "");
}

/* Longer than any request may take; what has an end has a time, though. */
static void
lasts_as_long_as_it_wants(void **state)
{
	Fixture    *f = *state;

	fixture_client(f, &(OrchKubeClientOptions) {.request_timeout_ms = 50});
	open_stream(f, (OrchKubeRequestSpec) {.tag = 3});
	say(STREAM_HEAD);
	expect_nothing(f, 200);
	say_chunk("[]\n");
	expect_line(f, "[]", true);
	say(STREAM_END);
	expect_end(f, ORCH_KUBE_ERROR_NONE, "");
	open_stream(f, (OrchKubeRequestSpec) {.tag = 3, .timeout_ms = 300});
	say(STREAM_HEAD);
	say_chunk("[]\n");
	expect_line(f, "[]", true);
	expect_end(f, ORCH_KUBE_ERROR_TIMEOUT, "timed out");
}

static void
does_not_take_errors_apart(void **state)
{
	static const char page[] = "{\"message\":\n\"no such image\"}\n";
	Fixture    *f = *state;
	OrchKubeResponse *r;

	fixture_client(f, NULL);
	open_stream(f, (OrchKubeRequestSpec) {0});
	say_answer(404, page, sizeof(page) - 1);
	r = next(f);
	assert_false(r->more);
	assert_int_equal(r->http_status, 404);
	assert_string_equal(r->body, page);
	assert_string_equal(r->message, "no such image");
	orch_kube_response_free(r);

	open_stream(f, (OrchKubeRequestSpec) {.max_response_bytes = 8});
	say_answer(404, page, sizeof(page) - 1);
	expect_end(f, ORCH_KUBE_ERROR_TOO_LARGE, "answer of");
}

static void
caps_a_line(void **state)
{
	Fixture    *f = *state;
	OrchKubeRequestSpec spec = {.tag = 3, .max_response_bytes = 8};

	/* the limit is of one, not of all */
	fixture_client(f, NULL);
	open_stream(f, spec);
	say(STREAM_HEAD);
	say_chunk("12345678\n12345678\n123456789\n");
	expect_line(f, "12345678", true);
	expect_line(f, "12345678", true);
	expect_end(f, ORCH_KUBE_ERROR_TOO_LARGE, "a line of");
	hang_up();

	/* it is too long before it ends */
	open_stream(f, spec);
	say(STREAM_HEAD);
	say_chunk("12345");
	expect_nothing(f, 10);
	say_chunk("6789");
	expect_end(f, ORCH_KUBE_ERROR_TOO_LARGE, "larger than 8 bytes");
}

static void
tells_a_broken_stream(void **state)
{
	Fixture    *f = *state;

	fixture_client(f, NULL);
	open_stream(f, (OrchKubeRequestSpec) {.tag = 3});
	say(STREAM_HEAD);
	say_chunk("[1]\n[2]\n[3");
	hang_up();
	expect_line(f, "[1]", true);
	expect_line(f, "[2]", true);
	expect_end(f, ORCH_KUBE_ERROR_LOST, played_path);
}

/* From where its lines are taken; nothing of it comes any more, and its connection is closed. */
static void
ends_between_two_lines(void **state)
{
	Fixture    *f = *state;
	OrchKubeResponse *r;
	char		byte;

	fixture_client(f, NULL);
	open_stream(f, (OrchKubeRequestSpec) {.tag = 3});
	say(STREAM_HEAD);
	say_chunk("[1]\n[2]\n[3");
	r = next(f);
	orch_kube_client_cancel(f->client, f);
	assert_string_equal(r->body, "[1]");
	orch_kube_response_free(r);
	assert_null(orch_kube_transport_next(f->transport));
	assert_int_equal(orch_kube_client_pending(f->client), 0);
	pump_until_readable(f, played_peer);
	assert_int_equal(read(played_peer, &byte, 1), 0);
	hang_up();

	/* nor does what was cancelled count among what waits */
	ask(f, (OrchKubeRequestSpec) {0});
	say_answer(200, "{}", 2);
	expect_end(f, ORCH_KUBE_ERROR_NONE, "{}");
}

/* ---- more than anybody takes ---- */

#define FLOOD 200000			/* lines, of 32 bytes each */
#define LINE_BYTES 32

/* Says what the connection takes of the lines from *said on. */
static bool
say_lines(size_t *said)
{
	char		block[64 * LINE_BYTES + 1];
	size_t		first = *said / LINE_BYTES;
	size_t		end = Min((first + 64) * LINE_BYTES, (size_t) FLOOD * LINE_BYTES);
	ssize_t		written;

	for (size_t i = 0; i < 64; i++)
		snprintf(block + i * LINE_BYTES, LINE_BYTES + 1, "{\"number\": %19zu}\n", first + i);
	written = write(played_peer, block + *said % LINE_BYTES, end - *said);
	*said += Max(written, 0);
	return written > 0;
}

/* Says lines until the client has not taken any in for a while. */
static void
flood(Fixture *f, size_t *said)
{
	for (int idle = 0; idle < 50 && *said < (size_t) FLOOD * LINE_BYTES; idle++)
	{
		while (say_lines(said))
			idle = 0;
		orch_kube_transport_perform(f->transport);
		usleep(idle > 10 ? 1000 : 0);
	}
}

static size_t
take_lines(Fixture *f, size_t number)
{
	OrchKubeResponse *r;
	char		line[LINE_BYTES];

	while ((r = orch_kube_transport_next(f->transport)) != NULL && r->more)
	{
		snprintf(line, sizeof(line), "{\"number\": %19zu}", number++);
		assert_string_equal(r->body, line);
		orch_kube_response_free(r);
	}
	if (r != NULL)
	{
		assert_int_equal(r->error, ORCH_KUBE_ERROR_NONE);
		assert_int_equal(number, FLOOD);
		orch_kube_response_free(r);
		number++;
	}
	return number;
}

/* The server has to wait, nothing is lost, and the end comes last, also when all was said before it was taken. */
static void
lets_the_server_wait(void **state)
{
	Fixture    *f = *state;
	size_t		said = 0;
	size_t		taken = 0;
	int64		deadline = 0;

	fixture_client(f, NULL);
	open_stream(f, (OrchKubeRequestSpec) {.max_response_bytes = 65536});
	say("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
	flood(f, &said);
	/* 6.4 MB are to be said; what waits, the input, and what the kernel holds is less than half */
	assert_in_range(said, 1, 3 * 1024 * 1024);
	assert_int_equal(orch_kube_transport_timeout_ms(f->transport), 0);
	taken = take_lines(f, taken);
	assert_in_range(taken, 1000, 10000);
	/* what is there already comes without the server */
	assert_int_equal(orch_kube_transport_timeout_ms(f->transport), 0);
	while (taken <= FLOOD)
	{
		flood(f, &said);
		if (said == (size_t) FLOOD * LINE_BYTES)
			hang_up();
		assert_true(pump(f, &deadline));
		taken = take_lines(f, taken);
	}
	assert_int_equal(orch_kube_client_pending(f->client), 0);
	assert_int_not_equal(orch_kube_transport_timeout_ms(f->transport), 0);
}

/* More than may wait came, and the end of it, before anything was taken. */
static void
is_taken_after_its_end(void **state)
{
	Fixture    *f = *state;

	fixture_client(f, NULL);
	open_stream(f, (OrchKubeRequestSpec) {.tag = 3});
	say("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
	for (int i = 0; i < 20000; i++)
	{
		say("[1]\n");
		if (i % 100 == 0)
			orch_kube_transport_perform(f->transport);
	}
	say("[2");
	hang_up();
	for (int i = 0; i < 50; i++)
		orch_kube_transport_perform(f->transport);
	assert_int_equal(orch_kube_client_in_flight(f->client), 1);
	for (int i = 0; i < 20000; i++)
		expect_line(f, "[1]", true);
	expect_end(f, ORCH_KUBE_ERROR_NONE, "[2");
}

/* While it is paused: nothing is left of it, and the next one may begin where there is room again. */
static void
ends_while_the_server_waits(void **state)
{
	Fixture    *f = *state;
	size_t		said = 0;

	fixture_client(f, NULL);
	for (int i = 0; i < 2; i++)
	{
		open_stream(f, (OrchKubeRequestSpec) {.max_response_bytes = 65536});
		say("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
		said = 0;
		flood(f, &said);
		assert_in_range(said, 1, 3 * 1024 * 1024);
		orch_kube_client_cancel_all(f->client);
		assert_null(orch_kube_transport_next(f->transport));
		hang_up();
	}
	open_stream(f, (OrchKubeRequestSpec) {.tag = 3});
	say(STREAM_HEAD);
	say_chunk("[1]\n");
	expect_line(f, "[1]", true);
}

/* What is still to be said when it pauses is the end of the answer. */
static void
comes_to_its_end_in_a_pause(void **state)
{
	static const char *const heads[] = {
		"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 20480\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5000\r\n"
	};
	Fixture    *f = *state;
	char		text[20481];

	fixture_client(f, NULL);
	for (size_t i = 0; i < 5120; i++)
		memcpy(text + i * 4, "[1]\n", 5);
	for (size_t i = 0; i < lengthof(heads); i++)
	{
		/* libcurl reads 16 KiB at once, and the rest in the same breath */
		open_stream(f, (OrchKubeRequestSpec) {.tag = 3, .max_response_bytes = 16});
		say(heads[i]);
		say(text);
		if (i == 2)
			say("\r\n" STREAM_END);
		if (i == 0)
			hang_up();
		for (int line = 0; line < 5120; line++)
			expect_line(f, "[1]", true);
		expect_end(f, ORCH_KUBE_ERROR_NONE, "");
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, played_setup, played_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(hands_out_line_by_line),
		TEST(mends_every_line),
		TEST(lasts_as_long_as_it_wants),
		TEST(does_not_take_errors_apart),
		TEST(caps_a_line),
		TEST(tells_a_broken_stream),
		TEST(ends_between_two_lines),
		TEST(lets_the_server_wait),
		TEST(is_taken_after_its_end),
		TEST(ends_while_the_server_waits),
		TEST(comes_to_its_end_in_a_pause)
	};

	return cmocka_run_group_tests_name("lines", tests, played_make_folder, played_remove_folder);
}
