/*
 * hysteresis.c
 *	  When an alert opens and when it is over.
 *
 * C and not SQL, because every edge of it (a clock that goes back, a value that
 * cannot be measured, one between the two thresholds) then has a unit test that
 * needs no server, and no clock.
 *
 *	  NONE --beyond threshold--> PENDING --for_duration--> OPEN
 *	  PENDING --not beyond it--> NONE
 *	  OPEN --on the good side of clear_threshold, clear_duration--> RESOLVED
 *
 * What cannot be measured changes nothing: silence neither proves trouble nor
 * that it is over.  What is gone is well.
 */
#include "monitor/hysteresis.h"

#include <math.h>
#include <string.h>

bool
orch_comparison_parse(const char *text, OrchComparison *comparison)
{
	static const char *const names[] = {">", ">=", "<", "<="};

	for (int i = 0; i < 4; i++)
	{
		if (strcmp(text, names[i]) == 0)
		{
			*comparison = (OrchComparison) i;
			return true;
		}
	}
	return false;
}

bool
orch_comparison_holds(OrchComparison comparison, double value, double threshold)
{
	switch (comparison)
	{
		case ORCH_ABOVE:
			return value > threshold;
		case ORCH_AT_LEAST:
			return value >= threshold;
		case ORCH_BELOW:
			return value < threshold;
		case ORCH_AT_MOST:
			return value <= threshold;
	}
	return false;
}

/* A time that lies ahead was written before the clock was set back. */
static int64_t
not_later(int64_t since, int64_t now)
{
	return since > now ? now : since;
}

static OrchAlertStep
breach(const OrchAlertRule *rule, const OrchAlertStep *before, int64_t now)
{
	OrchAlertStep after = {ORCH_ALERT_PENDING, now, 0};

	if (before->state == ORCH_ALERT_PENDING || before->state == ORCH_ALERT_OPEN)
		after.breached_since = not_later(before->breached_since, now);
	if (before->state == ORCH_ALERT_OPEN || now - after.breached_since >= rule->for_duration)
		after.state = ORCH_ALERT_OPEN;
	return after;
}

static OrchAlertStep
heal(const OrchAlertRule *rule, const OrchAlertStep *before, int64_t now)
{
	OrchAlertStep after = {ORCH_ALERT_NONE, 0, 0};

	if (before->state != ORCH_ALERT_OPEN)
		return after;
	after = *before;
	after.cleared_since = before->cleared_since == 0 ? now : not_later(before->cleared_since, now);
	if (now - after.cleared_since >= rule->clear_duration)
		after.state = ORCH_ALERT_RESOLVED;
	return after;
}

/*
 * What becomes of an alert with this reading of its indicator.
 */
OrchAlertStep
orch_hysteresis_step(const OrchAlertRule *rule, const OrchAlertStep *before,
					 OrchReading reading, double value, int64_t now)
{
	OrchAlertStep after = *before;

	if (reading == ORCH_READING_UNKNOWN || (reading == ORCH_READING_VALUE && isnan(value)))
		return after;
	if (reading == ORCH_READING_GONE)
		return heal(rule, before, now);
	if (orch_comparison_holds(rule->comparison, value, rule->threshold))
		return breach(rule, before, now);
	/* between the two thresholds an open alert stays open */
	if (before->state == ORCH_ALERT_OPEN && orch_comparison_holds(rule->comparison, value, rule->clear_threshold))
	{
		after.cleared_since = 0;
		return after;
	}
	return heal(rule, before, now);
}
