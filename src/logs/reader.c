/*
 * reader.c
 *	  The session's side: asks the worker for one pod's log and waits for it.
 *
 * Cancellable at any time: an error detaches the segment, and the worker gives
 * up the request.
 */
#include "postgres.h"

#include "core/compat.h"
#include "core/core.h"
#include "core/errors.h"
#include "logs/logs.h"
#include "miscadmin.h"
#include "storage/latch.h"
#include "storage/proc.h"
#include "utils/snapmgr.h"
#include "utils/wait_event.h"

/* of the answer that is on its way; the rest waits in the worker */
#define QUEUE_BYTES (64 * 1024)

/* the worker sets our latch; this is for the case that there is none any more */
#define LOOK_MS 1000

static dsm_segment *
make_segment(const OrchLogRequest *request)
{
	dsm_segment *segment = dsm_create(MAXALIGN(sizeof(OrchLogRequest)) + QUEUE_BYTES, DSM_CREATE_NULL_IF_MAXSEGMENTS);

	if (segment == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_RESOURCES),
				 errmsg("too many dynamic shared memory segments"),
				 errhint("Try again, or raise max_connections, which their number depends on.")));
	memcpy(orch_log_request(segment), request, sizeof(OrchLogRequest));
	shm_mq_set_receiver(shm_mq_create(orch_log_queue(segment), QUEUE_BYTES), MyProc);
	return segment;
}

static void
worker_gone(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_ORCH_WORKER_UNAVAILABLE),
			 errmsg("the worker of this database ended while it read a log"),
			 errhint("Try again: it is started anew by itself, unless orchestration.worker_enabled is off.")));
}

static uint32
wait_event(void)
{
	static uint32 event = 0;

	if (event == 0)
		event = orch_wait_event("OrchestrationLog");
	return event;
}

static void *
receive(shm_mq_handle *queue, Size *length)
{
	void	   *data;
	shm_mq_result result;

	while ((result = shm_mq_receive(queue, length, &data, true)) == SHM_MQ_WOULD_BLOCK)
	{
		int			event;

		InvalidateCatalogSnapshot();
		event = WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, LOOK_MS, wait_event());
		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
		/* a request that no worker has taken yet is the next one's */
		if ((event & WL_TIMEOUT) && orch_shmem_signal_worker(MyDatabaseId) == 0)
			worker_gone();
	}
	if (result != SHM_MQ_SUCCESS || *length < sizeof(OrchLogAnswer))
		worker_gone();
	return data;
}

/*
 * The answer to the request: text of *length bytes in the caller's memory
 * context.  Throws when there is no worker to ask, and when cancelled.
 */
char *
orch_log_read(const OrchLogRequest *request, OrchLogAnswer *answer, Size *length)
{
	dsm_segment *segment = make_segment(request);
	shm_mq_handle *queue = shm_mq_attach(orch_log_queue(segment), segment, NULL);
	char	   *message;
	char	   *text;

	orch_log_place_request(segment);
	message = receive(queue, length);
	memcpy(answer, message, sizeof(OrchLogAnswer));
	*length -= sizeof(OrchLogAnswer);
	text = palloc(*length + 1);
	memcpy(text, message + sizeof(OrchLogAnswer), *length);
	text[*length] = '\0';
	dsm_detach(segment);
	return text;
}
