/*-------------------------------------------------------------------------
 *
 * transfer_error.h
 *	  What the end of an exchange means.
 *
 *	  Private to src/kube.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ORCH_KUBE_TRANSFER_ERROR_H
#define ORCH_KUBE_TRANSFER_ERROR_H

#include "kube/error.h"
#include "kube/transfer.h"

/* What its end means, and the same in words. */
extern OrchKubeError orch_kube_transfer_error(OrchKubeTransfer *transfer,
											  CURLcode code);
extern void orch_kube_transfer_message(OrchKubeTransfer *transfer,
									   CURLcode code,
									   char *message, size_t size);

#endif							/* ORCH_KUBE_TRANSFER_ERROR_H */
