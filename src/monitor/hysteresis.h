/*
 * hysteresis.h
 *	  When an alert opens and when it is over: a pure function over the clock.
 *
 * Called by hysteresis_sql.c and by the unit tests.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

typedef enum OrchComparison
{
	ORCH_ABOVE,
	ORCH_AT_LEAST,
	ORCH_BELOW,
	ORCH_AT_MOST
} OrchComparison;

typedef enum OrchReading
{
	ORCH_READING_GONE,			/* what was measured is not there any more */
	ORCH_READING_UNKNOWN,		/* it could not be measured */
	ORCH_READING_VALUE
} OrchReading;

typedef enum OrchAlertState
{
	ORCH_ALERT_NONE,
	ORCH_ALERT_PENDING,			/* beyond the threshold, not for long enough yet */
	ORCH_ALERT_OPEN,
	ORCH_ALERT_RESOLVED
} OrchAlertState;

/* durations and times in microseconds, of any one clock */
typedef struct OrchAlertRule
{
	OrchComparison comparison;
	double		threshold;
	double		clear_threshold;
	int64_t		for_duration;
	int64_t		clear_duration;
} OrchAlertRule;

typedef struct OrchAlertStep
{
	OrchAlertState state;
	int64_t		breached_since; /* of PENDING and OPEN */
	int64_t		cleared_since;	/* of OPEN, while it heals; else 0 */
} OrchAlertStep;

extern bool orch_comparison_parse(const char *text, OrchComparison *comparison);
extern bool orch_comparison_holds(OrchComparison comparison, double value, double threshold);
extern OrchAlertStep orch_hysteresis_step(const OrchAlertRule *rule, const OrchAlertStep *before,
										  OrchReading reading, double value, int64_t now);
