/*-------------------------------------------------------------------------
 *
 * text.h
 *	  Growing buffers, and making foreign text fit for PostgreSQL.
 *
 * Private to src/kube.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ORCH_KUBE_TEXT_H
#define ORCH_KUBE_TEXT_H

/* Malloc'ed bytes, always NUL terminated once anything was appended. */
typedef struct OrchKubeBuffer
{
	char	   *data;
	size_t		len;
	size_t		size;
} OrchKubeBuffer;

/* False when memory is short; the buffer is then unchanged. */
extern bool orch_kube_buffer_append(OrchKubeBuffer *buffer,
									const char *data, size_t len);
extern bool orch_kube_buffer_append_text(OrchKubeBuffer *buffer,
										 const char *text);

/* Takes the first so many bytes out. */
extern void orch_kube_buffer_consume(OrchKubeBuffer *buffer, size_t len);
extern void orch_kube_buffer_free(OrchKubeBuffer *buffer);

/*
 * Replaces, in *buffer, everything that PostgreSQL's text or jsonb refuses:
 * NUL bytes and invalid UTF-8, and the escapes \u0000 and lone surrogates, by
 * U+FFFD.  False when memory is short.
 */
extern bool orch_kube_text_clean(OrchKubeBuffer *buffer);

/* The same for text that is no JSON: a backslash in it means nothing. */
extern bool orch_kube_text_clean_bytes(OrchKubeBuffer *buffer);

/* strdup() that takes and gives NULL. */
extern char *orch_kube_strdup(const char *text);

/*
 * A copy fit for an error column: cleaned, control characters made spaces.
 * NULL when memory is short.
 */
extern char *orch_kube_one_line(const char *text);

/* printf into an error buffer, which may be NULL; returns false always. */
extern bool orch_kube_fail(char *error, size_t error_size,
						   const char *format,...) pg_attribute_printf(3, 4);

/* Overwrites and frees a secret. */
extern void orch_kube_free_secret(char *secret);

#endif							/* ORCH_KUBE_TEXT_H */
