/*
 * template.c
 *	  What a Docker Engine is told to run for one pod of a Kubernetes pod template.
 */
#include "postgres.h"

#include "engine/docker/plan.h"
#include "engine/docker/unit.h"

#define DEFAULT_GRACE 30

static List *
pull_secrets(JsonbContainer *spec)
{
	JsonbContainer *references = orch_json_array(spec, "imagePullSecrets");
	List	   *names = NIL;

	for (int i = 0; i < orch_json_count(references); i++)
	{
		OrchText	name = orch_json_string(orch_json_element(references, i), "name");

		if (name.data != NULL)
			names = orch_docker_once(names, orch_text_copy(name));
	}
	return names;
}

static void
plan_whole(JsonbContainer *spec, OrchDockerPodPlan *plan)
{
	OrchText	policy = orch_json_string(spec, "restartPolicy");
	int64		grace;

	plan->restart_policy = policy.data != NULL ? orch_text_copy(policy) : pstrdup("Always");
	plan->grace_seconds = orch_json_integer(spec, "terminationGracePeriodSeconds", &grace) && grace >= 0 && grace <= PG_INT32_MAX ? (int) grace : DEFAULT_GRACE;
	plan->pull_secrets = pull_secrets(spec);
}

static void
refuse_beyond(OrchDockerPlanning *planning)
{
	static const OrchDockerBeyond beyond[] = {
		{"hostNetwork", "false"}, {"hostPID", "false"}, {"hostIPC", "false"}, {"shareProcessNamespace", "false"},
		{"hostname", NULL}, {"hostAliases", NULL}, {"dnsConfig", NULL}, {"runtimeClassName", NULL}
	};

	orch_docker_refuse_beyond(planning, planning->spec, beyond, lengthof(beyond), "the pod");
}

/*
 * See template.h.  What is left of a plan that cannot be run holds no contents.
 */
void
orch_docker_plan_pod(JsonbContainer *template, const OrchDockerPodIdentity *identity, const OrchDockerLookup *lookup, OrchDockerPodPlan *plan)
{
	OrchDockerPlanning planning = {
		orch_json_object(template, "metadata"), orch_json_object(template, "spec"), identity, lookup, plan
	};
	JsonbContainer *before = orch_json_array(planning.spec, "initContainers");
	JsonbContainer *containers = orch_json_array(planning.spec, "containers");

	memset(plan, 0, sizeof(*plan));
	plan_whole(planning.spec, plan);
	refuse_beyond(&planning);
	if (orch_json_count(containers) != 1)
		orch_docker_refuse(&planning, "the pod has %d containers, and this engine runs one", orch_json_count(containers));
	for (int i = 0; i < orch_json_count(before); i++)
		plan->units = lappend(plan->units, orch_docker_unit(&planning, orch_json_element(before, i), i + 1));
	plan->units = lappend(plan->units, orch_docker_unit(&planning, orch_json_element(containers, 0), 0));
	if (plan->reason != NULL)
		plan->units = NIL;
}
