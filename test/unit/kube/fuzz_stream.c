/*
 * fuzz_stream.c
 *	  Lines of a watch stream: no line may overrun or leak anything, and what
 *	  is handed out is JSON that was cleaned.
 */
#include "kube/kube_prelude.h"

#include "kube/json_scan.h"
#include "kube/watch_output.h"
#include "kube/watch_stream.h"
#include "mb/pg_wchar.h"

static void
check_output(const OrchKubeWatchOutput *out)
{
	if (out->json == NULL)
		return;
	if (!orch_json_scan(out->json, out->json_len, NULL, 0) ||
		strlen(out->json) != out->json_len ||
		pg_encoding_verifymbstr(PG_UTF8, out->json, (int) out->json_len) !=
		(int) out->json_len)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	OrchKubeTransport transport = {0};
	OrchKubeEndpoint endpoint = {0};
	OrchKubeWatch watch = {.transport = &transport, .endpoint = &endpoint};
	OrchKubeWatchOutput out;
	OrchWatchVerdict verdict = {0};

	if (size == 0)
		return 0;
	dlist_init(&transport.outputs);
	watch.spec.max_queue_bytes = 4096;
	watch.spec.max_event_bytes = 1024;
	watch.initial = data[0] & 1;
	watch.synced = true;
	if (!orch_kube_buffer_append(&watch.transfer.input, (const char *) data + 1,
								 size - 1))
		return 0;
	do
	{
		orch_watch_read_stream(&watch, &verdict);
		watch.initial &= verdict.act != ORCH_ACT_LISTED;
	} while (verdict.act == ORCH_ACT_LISTED);
	while (orch_kube_watch_next(&transport, &out))
	{
		check_output(&out);
		orch_kube_watch_output_clear(&out);
	}
	orch_kube_buffer_free(&watch.transfer.input);
	orch_kube_buffer_free(&watch.batch);
	free(watch.last_error);
	return 0;
}
