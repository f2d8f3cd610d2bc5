/*-------------------------------------------------------------------------
 *
 * kube_prelude.h
 *	  First include of every .c file of src/kube: PostgreSQL's base types.
 *
 * The same sources are built into the extension (postgres.h) and into the
 * stand-alone unit tests (postgres_fe.h, -DFRONTEND).  Neither palloc, elog
 * nor SPI is used here: what is called from the worker's wait loop must not
 * be able to leave it by longjmp.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ORCH_KUBE_PRELUDE_H
#define ORCH_KUBE_PRELUDE_H

#ifdef FRONTEND
#include "postgres_fe.h"
#else
#include "postgres.h"
#endif

#endif							/* ORCH_KUBE_PRELUDE_H */
