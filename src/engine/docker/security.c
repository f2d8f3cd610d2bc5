/*
 * security.c
 *	  As whom a container runs, and what it may.
 *
 * What a container says of itself counts before what its pod says of all.
 */
#include "postgres.h"

#include "engine/docker/security.h"

typedef struct Context
{
	OrchDockerPlanning *planning;
	JsonbContainer *own;		/* securityContext of the container, and of the pod; may be NULL */
	JsonbContainer *pod;
	OrchDockerUnit *unit;
} Context;

static bool
number_of(const Context *context, const char *member, int64 *number)
{
	return orch_json_integer(context->own, member, number) || orch_json_integer(context->pod, member, number);
}

static JsonbContainer *
object_of(const Context *context, const char *member)
{
	JsonbContainer *own = orch_json_object(context->own, member);

	return own != NULL ? own : orch_json_object(context->pod, member);
}

static bool
must_not_be_root(const Context *context)
{
	return orch_json_true(orch_json_string(context->own, "runAsNonRoot").data != NULL ? context->own : context->pod, "runAsNonRoot");
}

static void
put_user(const Context *context, StringInfo body)
{
	const OrchDockerPodIdentity *identity = context->planning->identity;
	int64		user;
	int64		group;
	bool		has_group = number_of(context, "runAsGroup", &group);

	if (!number_of(context, "runAsUser", &user))
	{
		context->unit->not_as_root = must_not_be_root(context);
		if (has_group)
			orch_docker_refuse(context->planning, "runAsGroup of container \"%s\" is given without runAsUser", context->unit->container);
		return;
	}
	if (user == 0 && must_not_be_root(context))
		orch_docker_refuse(context->planning, "container's runAsUser breaks non-root policy (pod: \"%s_%s(%s)\", container: %s)",
						   identity->name, identity->place, identity->uid, context->unit->container);
	orch_json_put_text(body, "User", orch_docker_text(has_group ? psprintf(INT64_FORMAT ":" INT64_FORMAT, user, group) : psprintf(INT64_FORMAT, user)));
}

/*
 * The groups of the pod beside that of the user.
 */
static void
put_groups(const Context *context, StringInfo host)
{
	JsonbContainer *groups = orch_json_array(context->pod, "supplementalGroups");
	OrchText	of_files = orch_json_string(context->pod, "fsGroup");

	if (orch_json_count(groups) == 0 && of_files.data == NULL)
		return;
	orch_json_put_key(host, "GroupAdd");
	appendStringInfoChar(host, '[');
	for (int i = 0; i < orch_json_count(groups); i++)
		orch_json_put_element(host, orch_text_or(orch_json_string_element(groups, i), orch_docker_text("0")));
	if (of_files.data != NULL)
		orch_json_put_element(host, of_files);
	appendStringInfoChar(host, ']');
}

static void
put_capabilities(const Context *context, StringInfo host)
{
	JsonbContainer *capabilities = orch_json_object(context->own, "capabilities");

	orch_json_put(host, "CapAdd", capabilities, "add");
	orch_json_put(host, "CapDrop", capabilities, "drop");
}

/*
 * The engine's own profile is RuntimeDefault, and what it takes without being told.
 */
static void
put_seccomp(const Context *context, StringInfo options)
{
	OrchText	type = orch_json_string(object_of(context, "seccompProfile"), "type");

	if (orch_text_is(type, "Unconfined"))
		orch_json_put_element(options, orch_docker_text("seccomp=unconfined"));
	else if (type.data != NULL && !orch_text_is(type, "RuntimeDefault"))
		orch_docker_refuse(context->planning, "container \"%s\" asks for a seccomp profile of its own, which this engine does not have", context->unit->container);
}

static void
put_apparmor(const Context *context, StringInfo options)
{
	JsonbContainer *profile = object_of(context, "appArmorProfile");
	OrchText	type = orch_json_string(profile, "type");
	OrchText	name = orch_json_string(profile, "localhostProfile");

	if (orch_text_is(type, "Unconfined"))
		orch_json_put_element(options, orch_docker_text("apparmor=unconfined"));
	else if (orch_text_is(type, "Localhost") && name.data != NULL)
		orch_json_put_element(options, orch_docker_text(psprintf("apparmor=%.*s", name.length, name.data)));
}

static void
put_options(const Context *context, StringInfo host)
{
	StringInfoData options;

	initStringInfo(&options);
	if (orch_text_is(orch_json_string(context->own, "allowPrivilegeEscalation"), "false"))
		orch_json_put_element(&options, orch_docker_text("no-new-privileges"));
	put_seccomp(context, &options);
	put_apparmor(context, &options);
	if (options.len == 0)
		return;
	orch_json_put_key(host, "SecurityOpt");
	appendStringInfo(host, "[%s]", options.data);
}

static void
put_sysctls(const Context *context, StringInfo host)
{
	JsonbContainer *sysctls = orch_json_array(context->pod, "sysctls");

	if (orch_json_count(sysctls) == 0)
		return;
	orch_json_put_key(host, "Sysctls");
	appendStringInfoChar(host, '{');
	for (int i = 0; i < orch_json_count(sysctls); i++)
	{
		JsonbContainer *sysctl = orch_json_element(sysctls, i);

		orch_json_put_member(host, orch_text_or(orch_json_string(sysctl, "name"), orch_docker_text("")),
							 orch_text_or(orch_json_string(sysctl, "value"), orch_docker_text("")));
	}
	appendStringInfoChar(host, '}');
}

static void
refuse_beyond(const Context *context)
{
	static const OrchDockerBeyond beyond[] = {
		{"seLinuxOptions", NULL}, {"windowsOptions", NULL}, {"procMount", "Default"}, {"supplementalGroupsPolicy", "Merge"}
	};

	orch_docker_refuse_beyond(context->planning, context->own, beyond, lengthof(beyond), psprintf("securityContext of container \"%s\"", context->unit->container));
	orch_docker_refuse_beyond(context->planning, context->pod, beyond, lengthof(beyond), "securityContext of the pod");
}

/*
 * See security.h.
 */
void
orch_docker_put_security(OrchDockerPlanning *planning, JsonbContainer *container, OrchDockerUnit *unit, StringInfo body, StringInfo host)
{
	const Context context = {
		planning, orch_json_object(container, "securityContext"), orch_json_object(planning->spec, "securityContext"), unit
	};

	refuse_beyond(&context);
	put_user(&context, body);
	if (orch_json_true(context.own, "privileged"))
		orch_json_put_boolean(host, "Privileged", true);
	if (orch_json_true(context.own, "readOnlyRootFilesystem"))
		orch_json_put_boolean(host, "ReadonlyRootfs", true);
	put_groups(&context, host);
	put_capabilities(&context, host);
	put_options(&context, host);
	put_sysctls(&context, host);
}
