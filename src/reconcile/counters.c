/*
 * counters.c
 *	  Where everybody who does something for the worker counts it.
 */
#include "reconcile/counters.h"

OrchWorkerCounters orch_worker_counters;
