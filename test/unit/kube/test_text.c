/*
 * test_text.c
 *	  Cleaning of foreign text, and the JSON scanner.
 */
#include "unit.h"

#include "kube/json_scan.h"
#include "kube/text.h"

#define FFFD "\xEF\xBF\xBD"

static void
check_clean(const char *from, size_t length, const char *to)
{
	OrchKubeBuffer buffer = {0};

	assert_true(orch_kube_buffer_append(&buffer, from, length));
	assert_true(orch_kube_text_clean(&buffer));
	assert_string_equal(buffer.data, to);
	assert_int_equal(buffer.len, strlen(to));
	orch_kube_buffer_free(&buffer);
}

#define CLEAN(from, to) check_clean(from, sizeof(from) - 1, to)

static void
mends_bytes(void **state)
{
	(void) state;
	CLEAN("", "");
	CLEAN("plain", "plain");
	CLEAN("gr\xC3\xBC\xC3\x9F dich \xF0\x9F\x98\x80", "gr\xC3\xBC\xC3\x9F dich \xF0\x9F\x98\x80");
	CLEAN("a\0b", "a" FFFD "b");
	CLEAN("a\xFF" "b", "a" FFFD "b");
	CLEAN("cut \xF0\x9F\x98", "cut " FFFD FFFD FFFD);
	CLEAN("\xC0\x80", FFFD FFFD);
	CLEAN("\xED\xA0\x80", FFFD FFFD FFFD);
	CLEAN("\xF4\x90\x80\x80", FFFD FFFD FFFD FFFD);
}

static void
mends_escapes(void **state)
{
	(void) state;
	CLEAN("\"\\u0000\"", "\"\\ufffd\"");
	CLEAN("\"\\u0041\\n\\\\\"", "\"\\u0041\\n\\\\\"");
	CLEAN("\"\\\\u0000\"", "\"\\\\u0000\"");
	CLEAN("\"\\\\\\u0000\"", "\"\\\\\\ufffd\"");
	CLEAN("\"\\uD83D\\uDE00\"", "\"\\uD83D\\uDE00\"");
	CLEAN("\"\\ud83d\"", "\"\\ufffd\"");
	CLEAN("\"\\ud83dx\"", "\"\\ufffdx\"");
	CLEAN("\"\\ud83d\\ud83d\\ude00\"", "\"\\ufffd\\ud83d\\ude00\"");
	CLEAN("\"\\ude00\"", "\"\\ufffd\"");
	CLEAN("\\u00", "\\u00");
	CLEAN("end\\", "end\\");
}

static bool
valid(const char *json)
{
	return orch_json_scan(json, strlen(json), NULL, 0);
}

static void
checks_the_grammar(void **state)
{
	static const char *const good[] = {
		"{}", "[]", "1", "\"a\"", "null", " [1, -2.5e+3, true, false, null] ",
		"{\"a\":{\"b\":[{},[],\"\"]},\"c\":1}", "[[[[]]]]"
	};
	static const char *const bad[] = {
		"", " ", "{", "}", "[", "]", "[1 2]", "[1,]", "[,1]", "{,}", "{\"a\"}",
		"{\"a\":}", "{\"a\":1,}", "{\"a\" 1}", "{1:2}", "{\"a\":1 \"b\":2}",
		"[1}", "{\"a\":1]", "{} {}", "1 2", "nul", "'a'", "\"a", "\"\\x\"",
		"\"\\u12\"", "[01]", "[1.]", "\"\x01\"", "{\"a\":1", "[:]", "{\"a\"::1}"
	};

	(void) state;
	for (size_t i = 0; i < lengthof(good); i++)
	{
		if (!valid(good[i]))
			fail_msg("refused: %s", good[i]);
	}
	for (size_t i = 0; i < lengthof(bad); i++)
	{
		if (valid(bad[i]))
			fail_msg("accepted: %s", bad[i]);
	}
}

/* A document of brackets only must not reach the end of the stack. */
static void
bounds_the_depth(void **state)
{
	char		deep[2 * ORCH_JSON_MAX_DEPTH + 3];

	(void) state;
	memset(deep, '[', ORCH_JSON_MAX_DEPTH);
	memset(deep + ORCH_JSON_MAX_DEPTH, ']', ORCH_JSON_MAX_DEPTH);
	deep[2 * ORCH_JSON_MAX_DEPTH] = '\0';
	assert_true(valid(deep));
	memset(deep, '[', ORCH_JSON_MAX_DEPTH + 1);
	memset(deep + ORCH_JSON_MAX_DEPTH + 1, ']', ORCH_JSON_MAX_DEPTH + 1);
	deep[2 * ORCH_JSON_MAX_DEPTH + 2] = '\0';
	assert_false(valid(deep));
}

static void
finds_values(void **state)
{
	static const char json[] =
		"{\"x\":{\"type\":\"inner\",\"rv\":\"no\"},"
		"\"list\":[{\"metadata\":{\"rv\":\"in a list\"}},[1,2],3],"
		"\"metadata\" : { \"rv\":\"12345678901234567890\" , \"rv\":\"again\","
		"\"more\":{\"a\":1}},"
		"\"type\":\"ADDED\",\"n\":410,\"null\":null,\"yes\":true,\"empty\":[]}";
	OrchJsonField fields[] = {
		{.path = {"type"}}, {.path = {"metadata", "rv"}}, {.path = {"list"}},
		{.path = {"metadata"}}, {.path = {"n"}}, {.path = {"null"}},
		{.path = {"nothing"}}, {.path = {"empty"}}, {.path = {"metadata", "more", "a"}},
		{.path = {"x", "rv", "deeper"}}
	};
	char	   *text;

	(void) state;
	assert_true(orch_json_scan(json, strlen(json), fields, lengthof(fields)));
	assert_true(orch_json_is(&fields[0], "ADDED"));
	assert_false(orch_json_is(&fields[0], "ADDE"));
	assert_true(orch_json_is(&fields[1], "12345678901234567890"));
	assert_int_equal(fields[2].kind, ORCH_JSON_ARRAY);
	assert_int_equal(fields[2].element_count, 3);
	assert_memory_equal(fields[2].start, "[{\"metadata\"", 12);
	assert_int_equal(fields[2].start[fields[2].length - 1], ']');
	assert_int_equal(fields[3].kind, ORCH_JSON_OBJECT);
	assert_int_equal(fields[3].start[fields[3].length - 1], '}');
	assert_int_equal(orch_json_long(&fields[4], 0), 410);
	assert_int_equal(orch_json_long(&fields[0], -5), -5);
	assert_int_equal(fields[5].kind, ORCH_JSON_NULL);
	assert_null(orch_json_text(&fields[5]));
	assert_int_equal(fields[6].kind, ORCH_JSON_ABSENT);
	assert_int_equal(fields[7].element_count, 0);
	assert_int_equal(orch_json_long(&fields[8], 0), 1);
	assert_int_equal(fields[9].kind, ORCH_JSON_ABSENT);
	text = orch_json_text(&fields[1]);
	assert_string_equal(text, "12345678901234567890");
	free(text);
}

static void
takes_escapes_out(void **state)
{
	static const char json[] =
		"{\"a\":\"q\\\"b\\\\s\\/n\\n\\t\\u00fc\\u003c\\ud83d\\ude00\\u0000\\ud800\"}";
	OrchJsonField field = {.path = {"a"}};
	char	   *text;

	(void) state;
	assert_true(orch_json_scan(json, strlen(json), &field, 1));
	text = orch_json_text(&field);
	assert_string_equal(text, "q\"b\\s/n\n\t\xC3\xBC<\xF0\x9F\x98\x80" FFFD FFFD);
	free(text);
}

static void
makes_one_line(void **state)
{
	char	   *line = orch_kube_one_line("a\nb\tc\xFF\x7F");

	(void) state;
	assert_string_equal(line, "a b c" FFFD " ");
	free(line);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mends_bytes),
		cmocka_unit_test(mends_escapes),
		cmocka_unit_test(checks_the_grammar),
		cmocka_unit_test(bounds_the_depth),
		cmocka_unit_test(finds_values),
		cmocka_unit_test(takes_escapes_out),
		cmocka_unit_test(makes_one_line)
	};

	return cmocka_run_group_tests_name("text and JSON", tests, NULL, NULL);
}
