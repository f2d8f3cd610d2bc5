/*-------------------------------------------------------------------------
 *
 * stream.c
 *	  Lines of an answer into responses.
 *
 * Runs after libcurl has returned, over the bytes that it stored.
 *
 *-------------------------------------------------------------------------
 */
#include "kube/kube_prelude.h"

#include "kube/clock.h"
#include "kube/response_internal.h"
#include "kube/status.h"
#include "kube/stream.h"

/* Lines that wait untaken, each with what it takes to hold it. */
#define MAX_WAITING_BYTES (1024 * 1024)

/* One line without its end.  False: memory is short. */
static bool
hand_out(OrchKubeStream *stream, const char *line, size_t length)
{
	OrchKubeTransfer *transfer = stream->transfer;
	OrchKubeResponse response = stream->line;
	OrchKubeBuffer body = {0};

	if (!transfer->raw && length > 0 && line[length - 1] == '\r')
		length--;
	if (length == 0)
		return true;
	if (!orch_kube_buffer_append(&body, line, length) ||
		!orch_kube_body_clean(transfer, &body, &response.body_is_json))
	{
		orch_kube_buffer_free(&body);
		return false;
	}
	response.more = true;
	response.http_status = transfer->status;
	response.retry_after_ms = -1;
	response.elapsed_ms = orch_kube_now() - transfer->started_at;
	response.body = body.data;
	response.body_len = body.len;
	return orch_kube_response_push(transfer->set->transport, &response, stream->waiting);
}

static bool
is_broken(const OrchKubeTransfer *transfer)
{
	return transfer->too_large || transfer->no_memory;
}

static bool
has_room(const OrchKubeStream *stream)
{
	return *stream->waiting < MAX_WAITING_BYTES;
}

static void
take_lines(OrchKubeStream *stream)
{
	OrchKubeTransfer *transfer = stream->transfer;
	OrchKubeBuffer *input = &transfer->input;
	size_t		begin = 0;

	while (!is_broken(transfer) && has_room(stream) && stream->searched < input->len)
	{
		char	   *from = input->data + stream->searched;
		char	   *end = memchr(from, '\n', input->len - stream->searched);
		size_t		length = (end ? end : input->data + input->len) - (input->data + begin);

		if (length > transfer->max_input)
			transfer->too_large = true;
		else if (end != NULL && !hand_out(stream, input->data + begin, length))
			transfer->no_memory = true;
		stream->searched = begin + length;
		if (end != NULL)
			begin = ++stream->searched;
	}
	orch_kube_buffer_consume(input, begin);
	stream->searched -= begin;
}

bool
orch_kube_stream_read(OrchKubeStream *stream)
{
	OrchKubeTransfer *transfer = stream->transfer;

	if (!orch_kube_transfer_has_lines(transfer))
		return false;
	take_lines(stream);
	if (has_room(stream) && !is_broken(transfer))
		orch_kube_transfer_resume(transfer);
	return is_broken(transfer) ||
		(stream->ended && stream->searched == transfer->input.len);
}

bool
orch_kube_stream_due(const OrchKubeStream *stream)
{
	const OrchKubeTransfer *transfer = stream->transfer;

	return orch_kube_transfer_has_lines(transfer) && has_room(stream) &&
		(transfer->paused || stream->searched < transfer->input.len);
}
