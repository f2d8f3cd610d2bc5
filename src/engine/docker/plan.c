/*
 * plan.c
 *	  A pod that is being planned: why it cannot be run, and names in it.
 */
#include "postgres.h"

#include "engine/docker/plan.h"

static char *format_message(const char *format, va_list arguments) pg_attribute_printf(1, 0);

static char *
format_message(const char *format, va_list arguments)
{
	StringInfoData text;
	int			needed;

	initStringInfo(&text);
	for (;;)
	{
		va_list		copy;

		va_copy(copy, arguments);
		needed = appendStringInfoVA(&text, format, copy);
		va_end(copy);
		if (needed == 0)
			return text.data;
		enlargeStringInfo(&text, needed);
	}
}

/*
 * The reason is that of a kubelet which cannot make the configuration of a container.
 */
void
orch_docker_refuse(OrchDockerPlanning *planning, const char *format,...)
{
	OrchDockerPodPlan *plan = planning->plan;
	va_list		arguments;

	if (plan->reason != NULL && !plan->is_waiting)
		return;
	va_start(arguments, format);
	plan->message = format_message(format, arguments);
	va_end(arguments);
	plan->reason = "CreateContainerConfigError";
	plan->is_waiting = false;
}

void
orch_docker_wait(OrchDockerPlanning *planning, const char *format,...)
{
	OrchDockerPodPlan *plan = planning->plan;
	va_list		arguments;

	if (plan->reason != NULL)
		return;
	va_start(arguments, format);
	plan->message = format_message(format, arguments);
	va_end(arguments);
	plan->reason = "ContainerCreating";
	plan->is_waiting = true;
}

void
orch_docker_refuse_beyond(OrchDockerPlanning *planning, JsonbContainer *object, const OrchDockerBeyond *beyond, int count, const char *where)
{
	for (int i = 0; i < count; i++)
	{
		OrchText	value = orch_json_string(object, beyond[i].member);

		if (value.data != NULL && (beyond[i].harmless == NULL || !orch_text_is(value, beyond[i].harmless)))
			orch_docker_refuse(planning, "%s asks for %s, which this engine does not have", where, beyond[i].member);
	}
}

/*
 * See template.h.
 */
char *
orch_docker_claim_volume(const char *place, const char *claim)
{
	return psprintf("%s-%s", place, claim);
}

List *
orch_docker_once(List *texts, const char *text)
{
	ListCell   *cell;

	foreach(cell, texts)
	{
		if (strcmp(lfirst(cell), text) == 0)
			return texts;
	}
	return lappend(texts, pstrdup(text));
}
