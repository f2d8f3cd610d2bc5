/*
 * month.h
 *	  Months as the log tables are cut into: calendar months in UTC.
 *
 * Pure C.  Times are microseconds since 2000-01-01 00:00:00 UTC, as in a
 * timestamptz.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* months since January of the year 0, which is 1 BC */
typedef int32_t OrchMonth;

/* "202611", "1234501" (year 12345), "bc004403" */
#define ORCH_MONTH_SUFFIX_SIZE 16

extern bool orch_month_of(int64_t time, OrchMonth *month);
extern bool orch_month_start(OrchMonth month, int64_t *time);
extern bool orch_month_add(OrchMonth month, int32_t count, OrchMonth *sum);
extern void orch_month_suffix(OrchMonth month, char *suffix);
