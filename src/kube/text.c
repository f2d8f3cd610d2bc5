/*-------------------------------------------------------------------------
 *
 * text.c
 *	  Growing buffers, and making foreign text fit for PostgreSQL.
 *
 * What a cluster says ends up in text and jsonb columns.  One log line with a
 * stray byte inside an annotation must not make a whole batch of rows fail,
 * so text is cleaned once, here, where it comes in.
 *
 *-------------------------------------------------------------------------
 */
#include "kube/kube_prelude.h"

#include "kube/text.h"
#include "mb/pg_wchar.h"

/* U+FFFD as UTF-8 and as the digits of an escape */
#define REPLACEMENT "\xEF\xBF\xBD"
#define REPLACEMENT_DIGITS "fffd"

bool
orch_kube_buffer_append(OrchKubeBuffer *buffer, const char *data, size_t len)
{
	if (buffer->len + len + 1 > buffer->size)
	{
		size_t		size = Max(buffer->size * 2, buffer->len + len + 1);
		char	   *grown;

		size = Max(size, 1024);
		grown = realloc(buffer->data, size);
		if (grown == NULL)
			return false;
		buffer->data = grown;
		buffer->size = size;
	}
	if (len > 0)
		memcpy(buffer->data + buffer->len, data, len);
	buffer->len += len;
	buffer->data[buffer->len] = '\0';
	return true;
}

bool
orch_kube_buffer_append_text(OrchKubeBuffer *buffer, const char *text)
{
	return orch_kube_buffer_append(buffer, text, strlen(text));
}

void
orch_kube_buffer_consume(OrchKubeBuffer *buffer, size_t len)
{
	if (len == 0)
		return;
	memmove(buffer->data, buffer->data + len, buffer->len - len + 1);
	buffer->len -= len;
}

void
orch_kube_buffer_free(OrchKubeBuffer *buffer)
{
	free(buffer->data);
	memset(buffer, 0, sizeof(*buffer));
}

/* Length of the longest valid start. */
static size_t
valid_prefix(const char *text, size_t len)
{
	return pg_encoding_verifymbstr(PG_UTF8, text,
								   (int) Min(len, PG_INT32_MAX));
}

static bool
replace_invalid_bytes(OrchKubeBuffer *buffer)
{
	OrchKubeBuffer clean = {0};
	size_t		from = 0;

	while (from < buffer->len)
	{
		size_t		valid = valid_prefix(buffer->data + from, buffer->len - from);
		bool		ok;

		ok = orch_kube_buffer_append(&clean, buffer->data + from, valid);
		from += valid;
		if (ok && from < buffer->len)
		{
			ok = orch_kube_buffer_append_text(&clean, REPLACEMENT);
			from++;
		}
		if (!ok)
		{
			orch_kube_buffer_free(&clean);
			return false;
		}
	}
	orch_kube_buffer_free(buffer);
	*buffer = clean;
	return true;
}

/* The code unit of a \uXXXX escape at text, or -1. */
static int
escape_at(const char *text, const char *end)
{
	char		hex[5] = {0};

	if (end - text < 6 || text[0] != '\\' || text[1] != 'u')
		return -1;
	memcpy(hex, text + 2, 4);
	if (strspn(hex, "0123456789abcdefABCDEF") != 4)
		return -1;
	return (int) strtol(hex, NULL, 16);
}

/*
 * Looks at the backslash at text, mends what it starts, and returns how many
 * bytes are done with.
 */
static size_t
mend_escape(char *text, const char *end)
{
	int			code = escape_at(text, end);
	int			low;

	if (code < 0)
		return Min(2, end - text);
	if (code >= 0xD800 && code < 0xDC00)
	{
		low = escape_at(text + 6, end);
		if (low >= 0xDC00 && low < 0xE000)
			return 12;
	}
	if (code == 0 || (code >= 0xD800 && code < 0xE000))
		memcpy(text + 2, REPLACEMENT_DIGITS, 4);
	return 6;
}

static void
replace_invalid_escapes(OrchKubeBuffer *buffer)
{
	char	   *text = buffer->data;
	char	   *end = buffer->data + buffer->len;

	while ((text = memchr(text, '\\', end - text)) != NULL)
		text += mend_escape(text, end);
}

bool
orch_kube_text_clean_bytes(OrchKubeBuffer *buffer)
{
	return buffer->len == 0 ||
		valid_prefix(buffer->data, buffer->len) == buffer->len ||
		replace_invalid_bytes(buffer);
}

bool
orch_kube_text_clean(OrchKubeBuffer *buffer)
{
	if (buffer->len == 0)
		return true;
	if (!orch_kube_text_clean_bytes(buffer))
		return false;
	replace_invalid_escapes(buffer);
	return true;
}

char *
orch_kube_strdup(const char *text)
{
	return text == NULL ? NULL : strdup(text);
}

char *
orch_kube_one_line(const char *text)
{
	OrchKubeBuffer line = {0};

	if (!orch_kube_buffer_append_text(&line, text) ||
		!orch_kube_text_clean(&line))
	{
		orch_kube_buffer_free(&line);
		return NULL;
	}
	for (char *p = line.data; *p != '\0'; p++)
	{
		if ((unsigned char) *p < ' ' || *p == 0x7F)
			*p = ' ';
	}
	return line.data;
}

bool
orch_kube_fail(char *error, size_t error_size, const char *format,...)
{
	va_list		args;

	if (error == NULL || error_size == 0)
		return false;
	va_start(args, format);
	vsnprintf(error, error_size, format, args);
	va_end(args);
	return false;
}

void
orch_kube_free_secret(char *secret)
{
	if (secret != NULL)
		explicit_bzero(secret, strlen(secret));
	free(secret);
}
