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

#include "kube/clock.h"
#include "kube/json_scan.h"
#include "kube/watch_output_internal.h"
#include "kube/watch_replace.h"
#include "kube/watch_stream.h"

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

static OrchWatchAct fail(OrchWatchVerdict *verdict, const char *format,...) pg_attribute_printf(2, 3);

static OrchWatchAct
fail(OrchWatchVerdict *verdict, const char *format,...)
{
	va_list		args;

	va_start(args, format);
	vsnprintf(verdict->error, sizeof(verdict->error), format, args);
	va_end(args);
	return ORCH_ACT_FAIL;
}

static OrchWatchAct
add_to_replace(OrchKubeWatch *watch, const OrchJsonField *object,
			   OrchWatchVerdict *verdict)
{
	if (orch_watch_queue_full(watch, watch->batch.len + object->length))
		return ORCH_ACT_OVERFLOW;
	if (!orch_watch_replace_add(watch, object))
		return fail(verdict, "out of memory");
	return ORCH_ACT_GO_ON;
}

static OrchWatchAct
add_event(OrchKubeWatch *watch, OrchKubeWatchEvent event,
		  const OrchJsonField *object, OrchWatchVerdict *verdict)
{
	OrchKubeBuffer json = {0};

	if (orch_watch_queue_full(watch, object->length))
		return ORCH_ACT_OVERFLOW;
	if (orch_kube_buffer_append(&json, object->start, object->length) &&
		orch_watch_push_json(watch, ORCH_WATCH_EVENT, event, &json, 1))
		return ORCH_ACT_GO_ON;
	orch_kube_buffer_free(&json);
	return fail(verdict, "out of memory");
}

static OrchWatchAct
read_event(OrchKubeWatch *watch, OrchKubeWatchEvent event,
		   const OrchJsonField *fields, OrchWatchVerdict *verdict)
{
	const OrchJsonField *object = &fields[FIELD_OBJECT];
	OrchWatchAct act;

	if (object->kind != ORCH_JSON_OBJECT ||
		fields[FIELD_VERSION].kind != ORCH_JSON_STRING ||
		orch_json_is(&fields[FIELD_KIND], "Status"))
		return ORCH_ACT_GO_ON;
	if (watch->initial && event == ORCH_WATCH_DELETED)
		return fail(verdict, "a deletion came before the end of the initial events");
	if (watch->initial)
		return add_to_replace(watch, object, verdict);
	act = add_event(watch, event, object, verdict);
	/* only what was queued may move the position */
	if (act == ORCH_ACT_GO_ON)
		(void) take_version(watch, &fields[FIELD_VERSION]);
	return act;
}

static OrchWatchAct
read_bookmark(OrchKubeWatch *watch, const OrchJsonField *fields,
			  OrchWatchVerdict *verdict)
{
	watch->bookmarked = true;
	if (!watch->initial)
	{
		(void) take_version(watch, &fields[FIELD_VERSION]);
		return ORCH_ACT_GO_ON;
	}
	/* until the end bookmark the position is that of no complete state */
	if (!orch_json_is(&fields[FIELD_INITIAL_END], "true"))
		return ORCH_ACT_GO_ON;
	if (!take_version(watch, &fields[FIELD_VERSION]))
		return fail(verdict, "the end of the initial events has no resourceVersion");
	if (!orch_watch_replace_end(watch))
		return fail(verdict, "out of memory");
	return ORCH_ACT_LISTED;
}

static OrchWatchAct
read_error(const OrchJsonField *fields, OrchWatchVerdict *verdict)
{
	char	   *message = orch_json_text(&fields[FIELD_MESSAGE]);
	long		code = orch_json_long(&fields[FIELD_CODE], 0);
	OrchWatchAct act = fail(verdict, "the server ended the watch: %s",
							message ? message : "it did not say why");

	if (code == 410 || orch_json_is(&fields[FIELD_REASON], "Expired") ||
		orch_json_is(&fields[FIELD_REASON], "Gone"))
		act = ORCH_ACT_RELIST;
	else if (message != NULL && strstr(message, "oo large resource version"))
		act = ORCH_ACT_RELIST_FRESH;
	free(message);
	return act;
}

/* One line without its end. */
static OrchWatchAct
read_line(OrchKubeWatch *watch, const char *line, size_t length,
		  OrchWatchVerdict *verdict)
{
	OrchJsonField fields[FIELD_COUNT];
	const OrchJsonField *type = &fields[FIELD_TYPE];

	while (length > 0 && (line[length - 1] == '\r' || line[length - 1] == ' '))
		length--;
	if (length == 0)
		return ORCH_ACT_GO_ON;
	memcpy(fields, envelope, sizeof(fields));
	if (!orch_json_scan(line, length, fields, FIELD_COUNT))
		return fail(verdict, "the stream carries a line that is not JSON");
	watch->events++;
	if (orch_json_is(type, "ADDED"))
		return read_event(watch, ORCH_WATCH_ADDED, fields, verdict);
	if (orch_json_is(type, "MODIFIED"))
		return read_event(watch, ORCH_WATCH_MODIFIED, fields, verdict);
	if (orch_json_is(type, "DELETED"))
		return read_event(watch, ORCH_WATCH_DELETED, fields, verdict);
	if (orch_json_is(type, "BOOKMARK"))
		return read_bookmark(watch, fields, verdict);
	if (orch_json_is(type, "ERROR"))
		return read_error(fields, verdict);
	return ORCH_ACT_GO_ON;
}

void
orch_watch_read_stream(OrchKubeWatch *watch, OrchWatchVerdict *verdict)
{
	OrchKubeBuffer *input = &watch->transfer.input;
	size_t		begin = 0;
	char	   *end;

	verdict->act = ORCH_ACT_GO_ON;
	if (input->len == watch->searched)
		return;
	watch->last_data_at = orch_kube_now();
	while (verdict->act == ORCH_ACT_GO_ON &&
		   (end = memchr(input->data + watch->searched, '\n',
						 input->len - watch->searched)) != NULL)
	{
		size_t		next = end - input->data + 1;

		verdict->act = read_line(watch, input->data + begin, next - 1 - begin,
								 verdict);
		watch->searched = begin = next;
	}
	orch_kube_buffer_consume(input, begin);
	watch->searched = verdict->act == ORCH_ACT_GO_ON ? input->len : 0;
	if (verdict->act == ORCH_ACT_GO_ON && input->len > watch->spec.max_event_bytes)
		verdict->act = fail(verdict, "an event is larger than %zu bytes",
							watch->spec.max_event_bytes);
}
