/*-------------------------------------------------------------------------
 *
 * json_scan.c
 *	  Checks a JSON text and finds a few of its values.
 *
 * See json_scan.h for why PostgreSQL's lexer is used but not its parser.
 *
 *-------------------------------------------------------------------------
 */
#include "kube/kube_prelude.h"

#include "core/compat.h"
#include "kube/json_scan.h"

/* What the grammar allows next. */
typedef enum Expect
{
	EXPECT_VALUE,
	EXPECT_VALUE_OR_END,		/* behind [ */
	EXPECT_KEY,
	EXPECT_KEY_OR_END,			/* behind { */
	EXPECT_COLON,
	EXPECT_NEXT_OR_END,			/* behind a value inside a container */
	EXPECT_NOTHING				/* behind the whole value */
} Expect;

typedef struct Scanner
{
	JsonLexContext *lex;
	Expect		expect;
	int			depth;			/* open containers */
	bool		in_object[ORCH_JSON_MAX_DEPTH + 1]; /* by depth */
	OrchJsonField *fields;
	int			field_count;
	int		   *matched;		/* per field: keys of its path that lead here */
	int		   *open_depth;		/* per field: where its container began, or 0 */
} Scanner;

#define MAX_FIELDS 16

static void
match_key(Scanner *s)
{
	const char *key = s->lex->token_start + 1;
	size_t		length = s->lex->token_terminator - s->lex->token_start - 2;

	for (int i = 0; i < s->field_count && s->depth <= ORCH_JSON_MAX_KEYS; i++)
	{
		const char *wanted = s->fields[i].path[s->depth - 1];

		s->matched[i] = Min(s->matched[i], s->depth - 1);
		if (s->matched[i] == s->depth - 1 && wanted != NULL &&
			strlen(wanted) == length && memcmp(wanted, key, length) == 0)
			s->matched[i] = s->depth;
	}
}

/* Notes the value that starts here in every field whose path ends here. */
static void
begin_value(Scanner *s, OrchJsonKind kind)
{
	for (int i = 0; i < s->field_count; i++)
	{
		OrchJsonField *field = &s->fields[i];

		if (s->open_depth[i] == s->depth && s->depth > 0 &&
			field->kind == ORCH_JSON_ARRAY)
			field->element_count++;
		if (field->kind != ORCH_JSON_ABSENT || s->depth == 0 ||
			s->depth > ORCH_JSON_MAX_KEYS || s->matched[i] != s->depth ||
			!s->in_object[s->depth] || field->path[s->depth] != NULL)
			continue;
		field->kind = kind;
		field->start = s->lex->token_start;
		field->length = s->lex->token_terminator - s->lex->token_start;
		if (kind == ORCH_JSON_OBJECT || kind == ORCH_JSON_ARRAY)
			s->open_depth[i] = s->depth + 1;
	}
}

static void
end_value(Scanner *s)
{
	s->expect = s->depth == 0 ? EXPECT_NOTHING : EXPECT_NEXT_OR_END;
}

static bool
open_container(Scanner *s, bool object)
{
	begin_value(s, object ? ORCH_JSON_OBJECT : ORCH_JSON_ARRAY);
	if (s->depth == ORCH_JSON_MAX_DEPTH)
		return false;
	s->depth++;
	s->in_object[s->depth] = object;
	s->expect = object ? EXPECT_KEY_OR_END : EXPECT_VALUE_OR_END;
	return true;
}

static bool
close_container(Scanner *s, bool object)
{
	if (s->depth == 0 || s->in_object[s->depth] != object)
		return false;
	if (s->expect != EXPECT_NEXT_OR_END &&
		s->expect != (object ? EXPECT_KEY_OR_END : EXPECT_VALUE_OR_END))
		return false;
	for (int i = 0; i < s->field_count; i++)
	{
		s->matched[i] = Min(s->matched[i], s->depth - 1);
		if (s->open_depth[i] == s->depth)
		{
			s->fields[i].length = s->lex->token_terminator - s->fields[i].start;
			s->open_depth[i] = 0;
		}
	}
	s->depth--;
	end_value(s);
	return true;
}

static bool
expects_value(const Scanner *s)
{
	return s->expect == EXPECT_VALUE || s->expect == EXPECT_VALUE_OR_END;
}

static bool
scalar(Scanner *s, OrchJsonKind kind)
{
	if (!expects_value(s))
		return false;
	begin_value(s, kind);
	end_value(s);
	return true;
}

static bool
take_string(Scanner *s)
{
	if (s->expect != EXPECT_KEY && s->expect != EXPECT_KEY_OR_END)
		return scalar(s, ORCH_JSON_STRING);
	match_key(s);
	s->expect = EXPECT_COLON;
	return true;
}

static bool
take_comma(Scanner *s)
{
	if (s->expect != EXPECT_NEXT_OR_END)
		return false;
	s->expect = s->in_object[s->depth] ? EXPECT_KEY : EXPECT_VALUE;
	return true;
}

static bool
take_colon(Scanner *s)
{
	if (s->expect != EXPECT_COLON)
		return false;
	s->expect = EXPECT_VALUE;
	return true;
}

/* False when the token may not stand here. */
static bool
take_token(Scanner *s)
{
	switch (s->lex->token_type)
	{
		case JSON_TOKEN_STRING:
			return take_string(s);
		case JSON_TOKEN_NUMBER:
			return scalar(s, ORCH_JSON_NUMBER);
		case JSON_TOKEN_TRUE:
		case JSON_TOKEN_FALSE:
			return scalar(s, ORCH_JSON_BOOLEAN);
		case JSON_TOKEN_NULL:
			return scalar(s, ORCH_JSON_NULL);
		case JSON_TOKEN_OBJECT_START:
			return expects_value(s) && open_container(s, true);
		case JSON_TOKEN_ARRAY_START:
			return expects_value(s) && open_container(s, false);
		case JSON_TOKEN_OBJECT_END:
			return close_container(s, true);
		case JSON_TOKEN_ARRAY_END:
			return close_container(s, false);
		case JSON_TOKEN_COMMA:
			return take_comma(s);
		case JSON_TOKEN_COLON:
			return take_colon(s);
		default:
			return false;
	}
}

bool
orch_json_scan(const char *text, size_t length,
			   OrchJsonField *fields, int field_count)
{
	int			matched[MAX_FIELDS] = {0};
	int			open_depth[MAX_FIELDS] = {0};
	Scanner		s = {.expect = EXPECT_VALUE, .fields = fields,
		.field_count = field_count, .matched = matched,
	.open_depth = open_depth};
	bool		ok;

	Assert(field_count <= MAX_FIELDS);
	for (int i = 0; i < field_count; i++)
	{
		fields[i].kind = ORCH_JSON_ABSENT;
		fields[i].start = NULL;
		fields[i].length = 0;
		fields[i].element_count = 0;
	}
	if (length > PG_INT32_MAX)
		return false;
	s.lex = orch_json_lex_create(text, length);
	do
	{
		ok = json_lex(s.lex) == JSON_SUCCESS;
		if (ok && s.lex->token_type == JSON_TOKEN_END)
			break;
		ok = ok && take_token(&s);
	} while (ok);
	orch_json_lex_free(s.lex);
	return ok && s.expect == EXPECT_NOTHING;
}

bool
orch_json_is(const OrchJsonField *field, const char *value)
{
	return field->kind == ORCH_JSON_STRING &&
		field->length == strlen(value) + 2 &&
		memcmp(field->start + 1, value, field->length - 2) == 0;
}

/* The code unit of four hexadecimal digits that the lexer has checked. */
static unsigned int
code_unit(const char *digits)
{
	char		hex[5] = {0};

	memcpy(hex, digits, 4);
	return (unsigned int) strtoul(hex, NULL, 16);
}

/* Decodes the \u escape at from; returns the bytes of text that it took. */
static int
unescape_unicode(const char *from, const char *end, char **to)
{
	unsigned int code = code_unit(from + 2);
	unsigned int low;
	int			taken = 6;

	if (code >= 0xD800 && code < 0xDC00 && end - from >= 12 &&
		from[6] == '\\' && from[7] == 'u')
	{
		low = code_unit(from + 8);
		if (low >= 0xDC00 && low < 0xE000)
		{
			code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
			taken = 12;
		}
	}
	if (code == 0 || (code >= 0xD800 && code < 0xE000))
		code = 0xFFFD;
	unicode_to_utf8(code, (unsigned char *) *to);
	*to += pg_encoding_mblen(PG_UTF8, *to);
	return taken;
}

/*
 * Takes the escapes out of a string that the lexer has accepted.  Not left to
 * the lexer, because in a backend it would convert to the server's encoding
 * and throw where that cannot be done.
 */
static void
unescape(const char *from, const char *end, char *to)
{
	static const char escaped[] = "bfnrt";
	static const char meant[] = "\b\f\n\r\t";

	while (from < end)
	{
		const char *found;

		if (*from != '\\')
			*to++ = *from++;
		else if (from[1] == 'u')
			from += unescape_unicode(from, end, &to);
		else
		{
			found = strchr(escaped, from[1]);
			*to++ = found != NULL ? meant[found - escaped] : from[1];
			from += 2;
		}
	}
	*to = '\0';
}

char *
orch_json_text(const OrchJsonField *field)
{
	char	   *copy;

	if (field->kind == ORCH_JSON_ABSENT || field->kind == ORCH_JSON_NULL)
		return NULL;
	copy = malloc(field->length + 1);
	if (copy == NULL)
		return NULL;
	if (field->kind == ORCH_JSON_STRING)
		unescape(field->start + 1, field->start + field->length - 1, copy);
	else
	{
		memcpy(copy, field->start, field->length);
		copy[field->length] = '\0';
	}
	return copy;
}

long
orch_json_long(const OrchJsonField *field, long fallback)
{
	char		digits[24] = {0};

	if (field->kind != ORCH_JSON_NUMBER || field->length >= sizeof(digits))
		return fallback;
	memcpy(digits, field->start, field->length);
	return strtol(digits, NULL, 10);
}
