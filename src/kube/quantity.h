/*-------------------------------------------------------------------------
 *
 * quantity.h
 *	  Kubernetes quantities ("250m", "1.5Gi", "1e3") to and from integers.
 *
 * There is one parser for the whole project, so that SQL functions, checks
 * and the worker agree on every text.  Pure C, callable from anywhere.
 * Include after postgres.h or postgres_fe.h.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ORCH_KUBE_QUANTITY_H
#define ORCH_KUBE_QUANTITY_H

/* What one unit of the integer means. */
typedef enum OrchQuantityUnit
{
	ORCH_QUANTITY_ONE,			/* whole units: bytes, counts */
	ORCH_QUANTITY_MILLI,		/* thousandths: millicores */
	ORCH_QUANTITY_NANO			/* what metrics are given in; not for formatting */
} OrchQuantityUnit;

typedef enum OrchQuantityResult
{
	ORCH_QUANTITY_OK,
	ORCH_QUANTITY_SYNTAX,		/* not a quantity */
	ORCH_QUANTITY_OUT_OF_RANGE, /* does not fit into int64 in this unit */
	ORCH_QUANTITY_NEGATIVE		/* a quantity, but below zero */
} OrchQuantityResult;

/* Longest text that orch_quantity_format() makes, with the final NUL. */
#define ORCH_QUANTITY_TEXT_SIZE 32

/*
 * Parses the whole of text.  A value between two integers is rounded up, as
 * Kubernetes does ("1n" CPU is one millicore).  *value is written only when
 * the result is ORCH_QUANTITY_OK.
 */
extern OrchQuantityResult orch_quantity_parse(const char *text,
											  OrchQuantityUnit unit,
											  int64 *value);

/*
 * Writes the canonical form as Kubernetes prints it: the largest suffix that
 * leaves an integer; decimal suffixes ("250m", "2", "1k") for
 * ORCH_QUANTITY_MILLI, binary ones ("1536Mi", "1000") for ORCH_QUANTITY_ONE.
 * Returns buf; size should be ORCH_QUANTITY_TEXT_SIZE.
 */
extern char *orch_quantity_format(int64 value, OrchQuantityUnit unit,
								  char *buf, size_t size);

/*
 * Is text a 1 and a suffix of whole units, such as "1", "1k" or "1Mi"?  It need
 * not end with a NUL.
 */
extern bool orch_quantity_is_unit(const char *text, size_t length);

#endif							/* ORCH_KUBE_QUANTITY_H */
