/*-------------------------------------------------------------------------
 *
 * watch_stream.c
 *	  Lines of a watch stream into outputs.
 *
 * Runs after libcurl has returned, over the bytes that it stored.  A line is
 * scanned once, the object is cut out of its envelope as it was sent, and
 * what is not understood is skipped: new servers may say new things.
 *
 *-------------------------------------------------------------------------
 */
#include "kube/kube_prelude.h"

#include "kube/json_scan.h"
#include "kube/watch_internal.h"

/* Objects of a WatchList go on in portions of about this size. */
#define BATCH_BYTES (256 * 1024)
#define BATCH_OBJECTS 500

typedef enum Field
{
	FIELD_TYPE,
	FIELD_OBJECT,
	FIELD_KIND,
	FIELD_VERSION,
	FIELD_INITIAL_END,
	FIELD_CODE,
	FIELD_REASON,
	FIELD_MESSAGE,
	FIELD_COUNT
} Field;

static const OrchJsonField envelope[FIELD_COUNT] = {
	[FIELD_TYPE] = {.path = {"type"}},
	[FIELD_OBJECT] = {.path = {"object"}},
	[FIELD_KIND] = {.path = {"object", "kind"}},
	[FIELD_VERSION] = {.path = {"object", "metadata", "resourceVersion"}},
	[FIELD_INITIAL_END] = {.path = {"object", "metadata", "annotations",
	"k8s.io/initial-events-end"}},
	[FIELD_CODE] = {.path = {"object", "code"}},
	[FIELD_REASON] = {.path = {"object", "reason"}},
	[FIELD_MESSAGE] = {.path = {"object", "message"}}
};

/* Remembers how far we are.  False: there is no usable version. */
static bool
take_version(OrchKubeWatch *watch, const OrchJsonField *version)
{
	char	   *rv = orch_json_text(version);
	bool		ok = rv != NULL && *rv != '\0' && strlen(rv) < ORCH_RV_SIZE;

	if (ok)
		strcpy(watch->rv, rv);
	free(rv);
	return ok;
}

static OrchWatchVerdict
out_of_memory(char *error, size_t error_size)
{
	orch_kube_fail(error, error_size, "out of memory");
	return ORCH_VERDICT_FAIL;
}

/* Opens a replace unless one is open.  False: out of memory. */
bool
orch_watch_begin_replace(OrchKubeWatch *watch)
{
	if (watch->replacing)
		return true;
	watch->replacing = orch_watch_push(watch, ORCH_WATCH_REPLACE_BEGIN);
	return watch->replacing;
}

/* Hands on the objects gathered so far.  False: out of memory. */
bool
orch_watch_flush_batch(OrchKubeWatch *watch)
{
	bool		ok;

	if (watch->batch_count == 0)
		return true;
	ok = orch_watch_begin_replace(watch) &&
		orch_kube_buffer_append_text(&watch->batch, "]") &&
		orch_watch_push_json(watch, ORCH_WATCH_OBJECTS, ORCH_WATCH_ADDED,
							 &watch->batch, watch->batch_count);
	orch_kube_buffer_free(&watch->batch);
	watch->batch_count = 0;
	return ok;
}

static OrchWatchVerdict
add_to_batch(OrchKubeWatch *watch, const OrchJsonField *object,
			 char *error, size_t error_size)
{
	if (orch_watch_queue_full(watch, watch->batch.len + object->length))
		return ORCH_VERDICT_OVERFLOW;
	if (!orch_kube_buffer_append_text(&watch->batch,
									  watch->batch_count == 0 ? "[" : ",") ||
		!orch_kube_buffer_append(&watch->batch, object->start, object->length))
		return out_of_memory(error, error_size);
	watch->batch_count++;
	if ((watch->batch_count >= BATCH_OBJECTS || watch->batch.len >= BATCH_BYTES) &&
		!orch_watch_flush_batch(watch))
		return out_of_memory(error, error_size);
	return ORCH_VERDICT_GO_ON;
}

static OrchWatchVerdict
add_event(OrchKubeWatch *watch, OrchKubeWatchEvent event,
		  const OrchJsonField *object, char *error, size_t error_size)
{
	OrchKubeBuffer json = {0};

	if (orch_watch_queue_full(watch, object->length))
		return ORCH_VERDICT_OVERFLOW;
	if (orch_kube_buffer_append(&json, object->start, object->length) &&
		orch_watch_push_json(watch, ORCH_WATCH_EVENT, event, &json, 1))
		return ORCH_VERDICT_GO_ON;
	orch_kube_buffer_free(&json);
	return out_of_memory(error, error_size);
}

static OrchWatchVerdict
read_event(OrchKubeWatch *watch, OrchKubeWatchEvent event,
		   const OrchJsonField *fields, char *error, size_t error_size)
{
	const OrchJsonField *object = &fields[FIELD_OBJECT];
	OrchWatchVerdict verdict;

	if (object->kind != ORCH_JSON_OBJECT ||
		fields[FIELD_VERSION].kind != ORCH_JSON_STRING ||
		orch_json_is(&fields[FIELD_KIND], "Status"))
		return ORCH_VERDICT_GO_ON;
	if (watch->initial && event == ORCH_WATCH_DELETED)
	{
		orch_kube_fail(error, error_size,
					   "a deletion came before the end of the initial events");
		return ORCH_VERDICT_FAIL;
	}
	if (watch->initial)
		return add_to_batch(watch, object, error, error_size);
	verdict = add_event(watch, event, object, error, error_size);
	/* only what was queued may move the position */
	if (verdict == ORCH_VERDICT_GO_ON)
		(void) take_version(watch, &fields[FIELD_VERSION]);
	return verdict;
}

static OrchWatchVerdict
read_bookmark(OrchKubeWatch *watch, const OrchJsonField *fields,
			  char *error, size_t error_size)
{
	if (!watch->initial)
	{
		(void) take_version(watch, &fields[FIELD_VERSION]);
		return ORCH_VERDICT_GO_ON;
	}
	/* until the end bookmark the position is that of no complete state */
	if (!orch_json_is(&fields[FIELD_INITIAL_END], "true"))
		return ORCH_VERDICT_GO_ON;
	if (!take_version(watch, &fields[FIELD_VERSION]))
	{
		orch_kube_fail(error, error_size,
					   "the end of the initial events has no resourceVersion");
		return ORCH_VERDICT_FAIL;
	}
	if (!orch_watch_begin_replace(watch) || !orch_watch_flush_batch(watch) ||
		!orch_watch_push(watch, ORCH_WATCH_REPLACE_END))
		return out_of_memory(error, error_size);
	watch->replacing = watch->initial = watch->rv_refused = false;
	orch_watch_prove(watch);
	return ORCH_VERDICT_GO_ON;
}

static OrchWatchVerdict
read_error(const OrchJsonField *fields, char *error, size_t error_size)
{
	char	   *message = orch_json_text(&fields[FIELD_MESSAGE]);
	long		code = orch_json_long(&fields[FIELD_CODE], 0);
	OrchWatchVerdict verdict = ORCH_VERDICT_FAIL;

	orch_kube_fail(error, error_size, "the server ended the watch: %s",
				   message ? message : "it did not say why");
	if (code == 410 || orch_json_is(&fields[FIELD_REASON], "Expired") ||
		orch_json_is(&fields[FIELD_REASON], "Gone"))
		verdict = ORCH_VERDICT_RELIST;
	else if (message != NULL && strstr(message, "oo large resource version"))
		verdict = ORCH_VERDICT_RELIST_FRESH;
	free(message);
	return verdict;
}

/* One line without its end.  error is set unless the verdict is to go on. */
OrchWatchVerdict
orch_watch_read_line(OrchKubeWatch *watch, const char *line, size_t length,
					 char *error, size_t error_size)
{
	OrchJsonField fields[FIELD_COUNT];
	const OrchJsonField *type = &fields[FIELD_TYPE];

	while (length > 0 && (line[length - 1] == '\r' || line[length - 1] == ' '))
		length--;
	if (length == 0)
		return ORCH_VERDICT_GO_ON;
	memcpy(fields, envelope, sizeof(fields));
	if (!orch_json_scan(line, length, fields, FIELD_COUNT))
	{
		orch_kube_fail(error, error_size,
					   "the stream carries a line that is not JSON");
		return ORCH_VERDICT_FAIL;
	}
	watch->events++;
	if (orch_json_is(type, "ADDED"))
		return read_event(watch, ORCH_WATCH_ADDED, fields, error, error_size);
	if (orch_json_is(type, "MODIFIED"))
		return read_event(watch, ORCH_WATCH_MODIFIED, fields, error, error_size);
	if (orch_json_is(type, "DELETED"))
		return read_event(watch, ORCH_WATCH_DELETED, fields, error, error_size);
	if (orch_json_is(type, "BOOKMARK"))
		return read_bookmark(watch, fields, error, error_size);
	if (orch_json_is(type, "ERROR"))
		return read_error(fields, error, error_size);
	return ORCH_VERDICT_GO_ON;
}

/* Takes the first so many bytes out of a buffer. */
static void
consume(OrchKubeBuffer *buffer, size_t length)
{
	if (length == 0)
		return;
	memmove(buffer->data, buffer->data + length, buffer->len - length + 1);
	buffer->len -= length;
}

/* Reads every complete line that has come. */
OrchWatchVerdict
orch_watch_read_stream(OrchKubeWatch *watch, char *error, size_t error_size)
{
	OrchKubeBuffer *input = &watch->transfer.input;
	OrchWatchVerdict verdict = ORCH_VERDICT_GO_ON;
	size_t		begin = 0;
	char	   *end;

	if (input->len == watch->searched)
		return ORCH_VERDICT_GO_ON;
	watch->last_data_at = orch_kube_now();
	while (verdict == ORCH_VERDICT_GO_ON &&
		   (end = memchr(input->data + watch->searched, '\n',
						 input->len - watch->searched)) != NULL)
	{
		size_t		next = end - input->data + 1;

		verdict = orch_watch_read_line(watch, input->data + begin,
									   next - 1 - begin, error, error_size);
		watch->searched = begin = next;
	}
	consume(input, begin);
	watch->searched = input->len;
	if (verdict == ORCH_VERDICT_GO_ON && input->len > watch->spec.max_event_bytes)
	{
		orch_kube_fail(error, error_size,
					   "an event is larger than %zu bytes",
					   watch->spec.max_event_bytes);
		return ORCH_VERDICT_FAIL;
	}
	return verdict;
}
