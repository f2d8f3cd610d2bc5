/*-------------------------------------------------------------------------
 *
 * clock.h
 *	  What time it is, and chance: a leaf that knows nobody.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ORCH_KUBE_CLOCK_H
#define ORCH_KUBE_CLOCK_H

/*
 * Milliseconds since the machine was started, rounded down, by a clock that
 * nobody sets and that goes on while the machine sleeps: the one that
 * orch_steady_now() of src/core shows in microseconds.
 */
extern int64 orch_kube_now(void);

/* A number from 0 to below 1, another one in each process. */
extern double orch_kube_random(void);

#endif							/* ORCH_KUBE_CLOCK_H */
