/*-------------------------------------------------------------------------
 *
 * json_scan.h
 *	  Checks a JSON text and finds a few of its values, without copying it.
 *
 * The tokens are PostgreSQL's (common/jsonapi.h); what is added is a grammar
 * check without recursion, so that a hostile document can neither overflow
 * the stack nor make the backend throw, and the positions of values, so that
 * an object can be cut out of its envelope as it was sent.
 *
 * Never call it from a libcurl callback: the lexer's context is palloc'ed.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ORCH_KUBE_JSON_SCAN_H
#define ORCH_KUBE_JSON_SCAN_H

/* Deeper documents are refused; Kubernetes objects stay below 40. */
#define ORCH_JSON_MAX_DEPTH 256

#define ORCH_JSON_MAX_KEYS 5

typedef enum OrchJsonKind
{
	ORCH_JSON_ABSENT,
	ORCH_JSON_STRING,
	ORCH_JSON_NUMBER,
	ORCH_JSON_BOOLEAN,
	ORCH_JSON_NULL,
	ORCH_JSON_OBJECT,
	ORCH_JSON_ARRAY
} OrchJsonKind;

/* In: the keys that lead to a value, NULL at the end.  Out: the rest. */
typedef struct OrchJsonField
{
	const char *path[ORCH_JSON_MAX_KEYS + 1];
	OrchJsonKind kind;
	const char *start;			/* into the scanned text, quotes included */
	size_t		length;
	int			element_count;	/* of an array */
} OrchJsonField;

/*
 * True when text is exactly one JSON value.  Fills every field; of a repeated
 * key the first one counts.
 */
extern bool orch_json_scan(const char *text, size_t length,
						   OrchJsonField *fields, int field_count);

/* Is the field a string with exactly this content (no escapes inside)? */
extern bool orch_json_is(const OrchJsonField *field, const char *value);

/*
 * Copy of a string without quotes and escapes, or of any other value as it is
 * written; NULL when absent, null, or out of memory.  To be freed.
 */
extern char *orch_json_text(const OrchJsonField *field);

/* The value of an integer field, or fallback. */
extern long orch_json_long(const OrchJsonField *field, long fallback);

#endif							/* ORCH_KUBE_JSON_SCAN_H */
