/*
 * pod_whole.c
 *	  What the parts of a pod say together: containers, volumes, the node.
 *
 * Called with the whole: a pod template after everything was merged into it.
 */
#include "inventory/pod_rules.h"
#include "inventory/shape_json.h"
#include "inventory/shapes.h"

#include "utils/builtins.h"

typedef struct Pod
{
	const JsonbValue *spec;
	JsonbValue	volumes;
	bool		has_volumes;
	bool		host_network;
	bool		own_users;		/* hostUsers is false */
	bool		has_os;
	int64		grace;			/* seconds */
} Pod;

typedef void (*Visit) (const Pod *pod, const JsonbValue *element, StringInfo place);

/* Calls a function for each element of a list; the place names it. */
static void
for_each(const Pod *pod, const JsonbValue *object, const char *list, StringInfo place, Visit visit)
{
	int			base = place->len;
	JsonbValue	array;

	if (!orch_field_member(object, list, &array))
		return;
	for (int i = 0; i < (int) JsonContainerSize(array.val.binary.data); i++)
	{
		appendStringInfo(place, ".%s[%d]", list, i);
		visit(pod, getIthJsonbValueFromContainer(array.val.binary.data, i), place);
		place->len = base;
		place->data[base] = '\0';
	}
}

/* The first element of a list of objects that has this text in a field; -1: none. */
static int
index_of(const JsonbValue *array, const char *field, OrchTextPart name)
{
	for (int i = 0; i < (int) JsonContainerSize(array->val.binary.data); i++)
	{
		OrchTextPart own = orch_field_text(getIthJsonbValueFromContainer(array->val.binary.data, i), field);

		if (own.text != NULL && own.length == name.length && memcmp(own.text, name.text, name.length) == 0)
			return i;
	}
	return -1;
}

static JsonbValue *
find_named(const JsonbValue *array, const char *field, OrchTextPart name)
{
	int			index = index_of(array, field, name);

	return index < 0 ? NULL : getIthJsonbValueFromContainer(array->val.binary.data, index);
}

static JsonbValue *
find_volume(const Pod *pod, OrchTextPart name)
{
	return pod->has_volumes ? find_named(&pod->volumes, "name", name) : NULL;
}

static void
refuse_volume(OrchTextPart name, StringInfo place)
{
	orch_refuse_field(place, "name", psprintf("There is no volume \"%.*s\".", (int) name.length, name.text),
					  "Create it with create_volume(), or add it to overrides.spec.volumes.");
}

static void
visit_mount(const Pod *pod, const JsonbValue *mount, StringInfo place)
{
	OrchTextPart name = orch_field_text(mount, "name");

	if (find_volume(pod, name) == NULL)
		refuse_volume(name, place);
}

static void
visit_device(const Pod *pod, const JsonbValue *device, StringInfo place)
{
	OrchTextPart name = orch_field_text(device, "name");
	JsonbValue *volume = find_volume(pod, name);
	JsonbValue	source;

	if (volume == NULL)
		refuse_volume(name, place);
	if (!orch_field_member(volume, "persistentVolumeClaim", &source) && !orch_field_member(volume, "ephemeral", &source))
		orch_refuse_field(place, "name", "A device is made of a persistent volume.", "Name a volume of type PVC.");
}

static void
visit_claim(const Pod *pod, const JsonbValue *claim, StringInfo place)
{
	JsonbValue	claims;

	if (!orch_field_member(pod->spec, "resourceClaims", &claims) || find_named(&claims, "name", orch_field_text(claim, "name")) == NULL)
		orch_refuse_field(place, "name", "The pod has no such resource claim.", "Add it to overrides.spec.resourceClaims.");
}

static void
visit_port(const Pod *pod, const JsonbValue *port, StringInfo place)
{
	OrchTextPart host = orch_field_text(port, "hostPort");
	OrchTextPart own = orch_field_text(port, "containerPort");

	if (pod->host_network && host.text != NULL && !(host.length == 1 && host.text[0] == '0') &&
		(host.length != own.length || memcmp(host.text, own.text, own.length) != 0))
		orch_refuse_field(place, "hostPort", "In the network of the host it is the containerPort.", "Leave it out.");
}

static void
check_lifecycle(const Pod *pod, const JsonbValue *container, StringInfo place)
{
	static const char *const hooks[] = {"postStart", "preStop"};
	JsonbValue	lifecycle;
	JsonbValue	hook;
	JsonbValue	sleep;

	if (!orch_field_member(container, "lifecycle", &lifecycle))
		return;
	for (int i = 0; i < (int) lengthof(hooks); i++)
		if (orch_field_member(&lifecycle, hooks[i], &hook) && orch_field_member(&hook, "sleep", &sleep) &&
			strtoll(orch_field_text(&sleep, "seconds").text, NULL, 10) > pod->grace)
			orch_refuse_field(place, psprintf("lifecycle.%s.sleep.seconds", hooks[i]),
							  psprintf("It is longer than the grace period of " INT64_FORMAT " seconds.", pod->grace),
							  "Sleep for less, or raise termination_grace_period.");
	if (orch_field_text(&lifecycle, "stopSignal").text != NULL && !pod->has_os)
		orch_refuse_field(place, "lifecycle.stopSignal", "Kubernetes asks for the operating system beside it.", "Add \"os\": {\"name\": \"linux\"} to overrides.spec.");
}

static void
visit_container(const Pod *pod, const JsonbValue *container, StringInfo place)
{
	int			base = place->len;
	JsonbValue	part;

	for_each(pod, container, "volumeMounts", place, visit_mount);
	for_each(pod, container, "volumeDevices", place, visit_device);
	for_each(pod, container, "ports", place, visit_port);
	check_lifecycle(pod, container, place);
	if (orch_field_member(container, "resources", &part))
	{
		appendStringInfoString(place, ".resources");
		for_each(pod, &part, "claims", place, visit_claim);
		place->len = base;
		place->data[base] = '\0';
	}
	if (!orch_field_member(container, "securityContext", &part))
		return;
	if (!pod->own_users && orch_field_is(&part, "procMount", "Unmasked"))
		orch_refuse_field(place, "securityContext.procMount", "Unmasked asks for users of the pod's own.", "Add \"hostUsers\": false to overrides.spec.");
	if (orch_field_member(&part, "windowsOptions", &part) && orch_field_is_true(&part, "hostProcess") && !pod->host_network)
		orch_refuse_field(place, "securityContext.windowsOptions.hostProcess", "It needs the network of the host.", "Add \"hostNetwork\": true to overrides.spec.");
}

static void
visit_init_container(const Pod *pod, const JsonbValue *container, StringInfo place)
{
	JsonbValue	containers;

	visit_container(pod, container, place);
	orch_rule_init_container(container, place);
	if (orch_field_member(pod->spec, "containers", &containers) && find_named(&containers, "name", orch_field_text(container, "name")) != NULL)
		orch_refuse_field(place, "name", "A container of the pod has this name.", "Choose another name.");
}

/* Protocol, address and number of a port of the host; NULL: it takes none. */
static char *
host_port_key(const JsonbValue *port)
{
	OrchTextPart number = orch_field_text(port, "hostPort");
	OrchTextPart protocol = orch_field_text(port, "protocol");
	OrchTextPart address = orch_field_text(port, "hostIP");

	if (number.text == NULL || (number.length == 1 && number.text[0] == '0'))
		return NULL;
	return psprintf("%.*s/%.*s/%.*s", protocol.text ? (int) protocol.length : 3, protocol.text ? protocol.text : "TCP",
					(int) address.length, address.text ? address.text : "", (int) number.length, number.text);
}

/* Adds the ports of the host that a container takes to those that are taken. */
static List *
take_host_ports(const JsonbValue *container, List *taken, const char *place)
{
	JsonbValue	ports;
	ListCell   *cell;

	if (!orch_field_member(container, "ports", &ports))
		return taken;
	for (int i = 0; i < (int) JsonContainerSize(ports.val.binary.data); i++)
	{
		char	   *key = host_port_key(getIthJsonbValueFromContainer(ports.val.binary.data, i));

		if (key == NULL)
			continue;
		foreach(cell, taken)
			if (strcmp(lfirst(cell), key) == 0)
				orch_refuse(psprintf("%s.ports[%d].hostPort", place, i), "It is taken by another port of the pod.", "Choose another one.");
		taken = lappend(taken, key);
	}
	return taken;
}

/* Across containers; init containers run one after the other, and are judged alone. */
static void
check_host_ports(const JsonbValue *list, StringInfo place)
{
	List	   *taken = NIL;

	for (int i = 0; i < (int) JsonContainerSize(list->val.binary.data); i++)
		taken = take_host_ports(getIthJsonbValueFromContainer(list->val.binary.data, i), taken, psprintf("%s.containers[%d]", place->data, i));
}

/* Which operating system it is forbids what belongs to the other one. */
static void
check_os(const Pod *pod, const char *name, const JsonbValue *object, StringInfo place)
{
	static const char *const of_linux[] = {
		"appArmorProfile", "seLinuxOptions", "seccompProfile", "fsGroup", "fsGroupChangePolicy", "sysctls", "runAsUser", "runAsGroup",
		"supplementalGroups", "supplementalGroupsPolicy", "capabilities", "readOnlyRootFilesystem", "privileged", "allowPrivilegeEscalation",
		"procMount", "seLinuxChangePolicy"
	};
	JsonbValue	context;
	JsonbValue	value;

	(void) pod;
	if (!orch_field_member(object, "securityContext", &context))
		return;
	if (strcmp(name, "linux") == 0 && orch_field_member(&context, "windowsOptions", &value))
		orch_refuse_field(place, "securityContext.windowsOptions", "The pod is for Linux.", "Leave it out.");
	for (int i = 0; strcmp(name, "windows") == 0 && i < (int) lengthof(of_linux); i++)
		if (orch_field_member(&context, of_linux[i], &value))
			orch_refuse_field(place, psprintf("securityContext.%s", of_linux[i]), "The pod is for Windows.", "Make it null in overrides.");
}

static void
visit_linux(const Pod *pod, const JsonbValue *container, StringInfo place)
{
	check_os(pod, "linux", container, place);
}

static void
visit_windows(const Pod *pod, const JsonbValue *container, StringInfo place)
{
	check_os(pod, "windows", container, place);
}

static void
check_for_os(const Pod *pod, StringInfo place)
{
	static const char *const of_host[] = {"hostPID", "hostIPC", "hostUsers", "shareProcessNamespace"};
	JsonbValue	os;
	JsonbValue	value;
	bool		windows;

	if (!orch_field_member(pod->spec, "os", &os))
		return;
	windows = orch_field_is(&os, "name", "windows");
	check_os(pod, windows ? "windows" : "linux", pod->spec, place);
	for_each(pod, pod->spec, "containers", place, windows ? visit_windows : visit_linux);
	for_each(pod, pod->spec, "initContainers", place, windows ? visit_windows : visit_linux);
	for (int i = 0; windows && i < (int) lengthof(of_host); i++)
		if (orch_field_member(pod->spec, of_host[i], &value))
			orch_refuse_field(place, of_host[i], "The pod is for Windows.", "Leave it out.");
}

/* Fields of the pod itself. */
static void
check_spec(const Pod *pod, StringInfo place)
{
	JsonbValue	config;

	if (orch_field_is_true(pod->spec, "hostPID") && orch_field_is_true(pod->spec, "shareProcessNamespace"))
		orch_refuse_field(place, "shareProcessNamespace", "The processes of the host are shared already.", "Leave one of it and hostPID out.");
	if (pod->own_users && (orch_field_is_true(pod->spec, "hostPID") || orch_field_is_true(pod->spec, "hostIPC")))
		orch_refuse_field(place, "hostUsers", "It is false, and hostPID or hostIPC is true.", "Leave one of them out.");
	if (orch_field_is(pod->spec, "restartPolicy", "Always") && orch_field_text(pod->spec, "activeDeadlineSeconds").text != NULL)
		orch_refuse_field(place, "activeDeadlineSeconds", "Pods that always run have no deadline.", "Leave it out, or set restart_policy to OnFailure or Never.");
	if (orch_field_is(pod->spec, "dnsPolicy", "None") &&
		(!orch_field_member(pod->spec, "dnsConfig", &config) || orch_field_size(&config, "nameservers") == 0))
		orch_refuse_field(place, "dnsPolicy", "It is None, and dnsConfig names no server.", "Add dnsConfig.nameservers.");
}

/*
 * See shapes.h.
 */
void
orch_rule_pod(const JsonbValue *object, StringInfo place)
{
	Pod			pod = {.spec = object};
	OrchTextPart grace = orch_field_text(object, "terminationGracePeriodSeconds");
	JsonbValue	value;

	pod.has_volumes = orch_field_member(object, "volumes", &pod.volumes);
	pod.host_network = orch_field_is_true(object, "hostNetwork");
	pod.own_users = orch_field_member(object, "hostUsers", &value) && !value.val.boolean;
	pod.has_os = orch_field_member(object, "os", &value);
	pod.grace = grace.text ? strtoll(grace.text, NULL, 10) : 30;
	for_each(&pod, object, "containers", place, visit_container);
	for_each(&pod, object, "initContainers", place, visit_init_container);
	if (orch_field_member(object, "containers", &value))
		check_host_ports(&value, place);
	check_spec(&pod, place);
	check_for_os(&pod, place);
}

static bool
has_container(const JsonbValue *spec, OrchTextPart name)
{
	JsonbValue	list;

	return (orch_field_member(spec, "containers", &list) && index_of(&list, "name", name) >= 0) ||
		(orch_field_member(spec, "initContainers", &list) && index_of(&list, "name", name) >= 0);
}

/* What a profile is in the annotation that was there before it; NULL: there is no profile. */
static char *
profile_as_annotation(const JsonbValue *object)
{
	JsonbValue	profile;
	OrchTextPart path;

	if (!orch_field_member(object, "securityContext", &profile) || !orch_field_member(&profile, "appArmorProfile", &profile))
		return NULL;
	path = orch_field_text(&profile, "localhostProfile");
	if (orch_field_is(&profile, "type", "Unconfined"))
		return "unconfined";
	return path.text ? psprintf("localhost/%.*s", (int) path.length, path.text) : "runtime/default";
}

/* Annotation and field of a container say the same. */
static bool
same_apparmor(const JsonbValue *spec, OrchTextPart name, const JsonbValue *annotation)
{
	static const char *const lists[] = {"containers", "initContainers"};
	char	   *wanted = NULL;

	for (int i = 0; i < (int) lengthof(lists) && wanted == NULL; i++)
	{
		JsonbValue	list;
		JsonbValue *container = orch_field_member(spec, lists[i], &list) ? find_named(&list, "name", name) : NULL;

		wanted = container ? profile_as_annotation(container) : NULL;
	}
	if (wanted == NULL)
		wanted = profile_as_annotation(spec);
	return wanted == NULL || orch_jsonb_is_text(annotation, wanted);
}

/*
 * See shape_json.h.
 */
void
orch_rule_template(const JsonbValue *object, StringInfo place)
{
	size_t		prefix = strlen(ORCH_APPARMOR_KEY);
	JsonbIterator *iterator;
	JsonbValue	part;
	JsonbValue	value;
	JsonbValue	spec;

	if (!orch_field_member(object, "spec", &spec) || !orch_field_member(object, "metadata", &part) || !orch_field_member(&part, "annotations", &part))
		return;
	iterator = JsonbIteratorInit(part.val.binary.data);
	(void) JsonbIteratorNext(&iterator, &part, true);
	while (JsonbIteratorNext(&iterator, &part, true) == WJB_KEY)
	{
		OrchTextPart name;
		bool		known;

		(void) JsonbIteratorNext(&iterator, &value, true);
		if (part.val.string.len < (int) prefix || memcmp(part.val.string.val, ORCH_APPARMOR_KEY, prefix) != 0)
			continue;
		name.text = part.val.string.val + prefix;
		name.length = part.val.string.len - prefix;
		known = has_container(&spec, name);
		if (known && same_apparmor(&spec, name, &value))
			continue;
		appendStringInfoString(place, ".metadata.annotations");
		orch_place_field(place, part.val.string.val, part.val.string.len);
		orch_refuse(place->data, known ? "The field appArmorProfile says something else." : "The pod has no such container.",
					"Leave the annotation out, and use appArmorProfile of security_context.");
	}
}

/*
 * See shape_json.h.
 */
void
orch_rule_init_container(const JsonbValue *object, StringInfo place)
{
	static const char *const fields[] = {"lifecycle", "livenessProbe", "readinessProbe", "startupProbe"};
	JsonbValue	value;
	JsonbValue	policies;

	if (orch_field_is(object, "restartPolicy", "Always"))
		return;
	for (int i = 0; i < (int) lengthof(fields); i++)
		if (orch_field_member(object, fields[i], &value))
			orch_refuse_field(place, fields[i], "Only an init container that goes on running has it.", "Add \"restartPolicy\": \"Always\", or leave it out.");
	if (!orch_field_member(object, "resizePolicy", &policies))
		return;
	for (int i = 0; i < (int) JsonContainerSize(policies.val.binary.data); i++)
		if (orch_field_is(getIthJsonbValueFromContainer(policies.val.binary.data, i), "restartPolicy", "RestartContainer"))
			orch_refuse_field(place, psprintf("resizePolicy[%d].restartPolicy", i), "Only an init container that goes on running can be started anew.",
							  "Write NotRequired, or add \"restartPolicy\": \"Always\".");
}

/* Ports of one container: a name stands for one of them. */
static void
check_port_names(const JsonbValue *container, StringInfo place)
{
	JsonbValue	ports;

	if (!orch_field_member(container, "ports", &ports))
		return;
	for (int i = 0; i < (int) JsonContainerSize(ports.val.binary.data); i++)
	{
		OrchTextPart name = orch_field_text(getIthJsonbValueFromContainer(ports.val.binary.data, i), "name");

		if (name.length > 0 && index_of(&ports, "name", name) < i)
			orch_refuse_field(place, psprintf("ports[%d].name", i), "Another port has this name.", "Choose another name.");
	}
}

/* What Kubernetes does with the answers of a probe limits what may be said of it. */
static void
check_probes(const JsonbValue *container, StringInfo place)
{
	static const char *const killing[] = {"livenessProbe", "startupProbe"};
	JsonbValue	probe;

	for (int i = 0; i < (int) lengthof(killing); i++)
	{
		OrchTextPart threshold;

		if (!orch_field_member(container, killing[i], &probe))
			continue;
		threshold = orch_field_text(&probe, "successThreshold");
		if (threshold.text != NULL && strtoll(threshold.text, NULL, 10) > 1)
			orch_refuse_field(place, psprintf("%s.successThreshold", killing[i]), "Only a readiness probe counts successes.", "Leave it out.");
	}
	if (orch_field_member(container, "readinessProbe", &probe) && orch_field_text(&probe, "terminationGracePeriodSeconds").text != NULL)
		orch_refuse_field(place, "readinessProbe.terminationGracePeriodSeconds", "A readiness probe kills nothing.", "Leave it out.");
}

/*
 * See shapes.h.
 */
void
orch_rule_container(const JsonbValue *object, StringInfo place)
{
	JsonbValue	mounts;
	JsonbValue	context;

	check_port_names(object, place);
	check_probes(object, place);
	(void) take_host_ports(object, NIL, place->data);
	if (orch_field_size(object, "restartPolicyRules") > 0 && orch_field_text(object, "restartPolicy").text == NULL)
		orch_refuse_field(place, "restartPolicy", "There are restartPolicyRules without it.", "Add it.");
	if (!orch_field_member(object, "volumeMounts", &mounts) ||
		(orch_field_member(object, "securityContext", &context) && orch_field_is_true(&context, "privileged")))
		return;
	for (int i = 0; i < (int) JsonContainerSize(mounts.val.binary.data); i++)
		if (orch_field_is(getIthJsonbValueFromContainer(mounts.val.binary.data, i), "mountPropagation", "Bidirectional"))
			orch_refuse_field(place, psprintf("volumeMounts[%d].mountPropagation", i), "Bidirectional is for privileged containers.", "Write HostToContainer or None.");
}
