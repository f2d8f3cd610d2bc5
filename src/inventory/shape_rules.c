/*
 * shape_rules.c
 *	  What the fields of one object of a pod say together: found in JSON here,
 *	  judged by pod_rules.c.  Rules of the pod as a whole are in pod_whole.c.
 *
 * Shapes have been checked before: every field has the type that it is read as.
 */
#include "inventory/pod_rules.h"
#include "inventory/shape_json.h"
#include "inventory/shapes.h"

#include "kube/quantity.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/numeric.h"

/*
 * See shape_json.h.
 */
OrchTextPart
orch_field_text(const JsonbValue *object, const char *name)
{
	OrchTextPart part = {NULL, 0};
	JsonbValue	value;

	if (!orch_field_member(object, name, &value))
		return part;
	if (value.type == jbvString)
	{
		part.text = value.val.string.val;
		part.length = value.val.string.len;
	}
	else if (value.type == jbvNumeric)
	{
		part.text = DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(value.val.numeric)));
		part.length = strlen(part.text);
	}
	return part;
}

/*
 * See shape_json.h.
 */
bool
orch_field_is_true(const JsonbValue *object, const char *name)
{
	JsonbValue	value;

	return orch_field_member(object, name, &value) && value.type == jbvBool && value.val.boolean;
}

/*
 * See shape_json.h.
 */
int
orch_field_size(const JsonbValue *object, const char *name)
{
	JsonbValue	value;

	if (!orch_field_member(object, name, &value) || value.type != jbvBinary)
		return 0;
	return (int) JsonContainerSize(value.val.binary.data);
}

/*
 * See shape_json.h.
 */
bool
orch_field_is(const JsonbValue *object, const char *name, const char *text)
{
	JsonbValue	value;

	return orch_field_member(object, name, &value) && orch_jsonb_is_text(&value, text);
}

/*
 * See shape_json.h.
 */
void
orch_refuse_field(StringInfo place, const char *field, const char *fact, const char *hint)
{
	orch_refuse(psprintf("%s.%s", place->data, field), fact, hint);
}

/*
 * See shapes.h.
 */
void
orch_rule_toleration(const JsonbValue *object, StringInfo place)
{
	OrchToleration toleration;
	OrchFault	fault;
	const char *field;

	toleration.key = orch_field_text(object, "key");
	toleration.operator = orch_field_text(object, "operator");
	toleration.value = orch_field_text(object, "value");
	toleration.effect = orch_field_text(object, "effect");
	toleration.has_seconds = orch_field_text(object, "tolerationSeconds").text != NULL;
	if (!orch_toleration_check(&toleration, &field, &fault))
		orch_refuse_field(place, field, fault.text,
						  "Write a key with the operator Equal and a value, or the operator Exists without a value; tolerationSeconds goes with the effect NoExecute.");
}

static void
check_profile(const JsonbValue *object, StringInfo place, bool seccomp)
{
	OrchFault	fault;

	if (!orch_profile_check(orch_field_text(object, "type"), orch_field_text(object, "localhostProfile"), seccomp, &fault))
		orch_refuse_field(place, "localhostProfile", fault.text,
						  seccomp ? "Use a relative path without \"..\" with the type Localhost, and none with another type."
						  : "Name a profile with the type Localhost, and none with another type.");
}

/*
 * See shapes.h.
 */
void
orch_rule_seccomp_profile(const JsonbValue *object, StringInfo place)
{
	check_profile(object, place, true);
}

/*
 * See shapes.h.
 */
void
orch_rule_apparmor_profile(const JsonbValue *object, StringInfo place)
{
	check_profile(object, place, false);
}

static bool
adds_sys_admin(const JsonbValue *context)
{
	JsonbValue	capabilities;
	JsonbValue	added;

	if (!orch_field_member(context, "capabilities", &capabilities) || !orch_field_member(&capabilities, "add", &added))
		return false;
	for (int i = 0; i < (int) JsonContainerSize(added.val.binary.data); i++)
		if (orch_jsonb_is_text(getIthJsonbValueFromContainer(added.val.binary.data, i), "CAP_SYS_ADMIN"))
			return true;
	return false;
}

/*
 * See shapes.h.
 */
void
orch_rule_security_context(const JsonbValue *object, StringInfo place)
{
	JsonbValue	escalation;
	const char *hint = "Leave allowPrivilegeEscalation out, or make it true.";

	if (!orch_field_member(object, "allowPrivilegeEscalation", &escalation) || escalation.val.boolean)
		return;
	if (orch_field_is_true(object, "privileged"))
		orch_refuse_field(place, "allowPrivilegeEscalation", "It is false, and the container is privileged.", hint);
	if (adds_sys_admin(object))
		orch_refuse_field(place, "allowPrivilegeEscalation", "It is false, and CAP_SYS_ADMIN is added.", hint);
}

/*
 * See shapes.h.
 */
void
orch_rule_environment_variable(const JsonbValue *object, StringInfo place)
{
	JsonbValue	source;
	JsonbValue	field;
	OrchTextPart path;
	OrchFault	fault;

	if (!orch_field_member(object, "valueFrom", &source))
		return;
	if (orch_field_text(object, "value").length > 0)
		orch_refuse(place->data, "It has both \"value\" and \"valueFrom\".", "Leave one of them out.");
	if (!orch_field_member(&source, "fieldRef", &field))
		return;
	path = orch_field_text(&field, "fieldPath");
	if (!orch_name_check(ORCH_NAME_FIELD_PATH, path.text, path.length, &fault))
		orch_refuse_field(place, "valueFrom.fieldRef.fieldPath", fault.text, orch_name_hint(ORCH_NAME_FIELD_PATH));
}

/*
 * See shapes.h.
 */
void
orch_rule_resource_field(const JsonbValue *object, StringInfo place)
{
	OrchFault	fault;

	if (!orch_divisor_check(orch_field_text(object, "resource"), orch_field_text(object, "divisor"), &fault))
		orch_refuse_field(place, "divisor", fault.text, "Leave it out, or write \"1\" or one unit, such as \"1Mi\".");
}

static void
check_requirement(const JsonbValue *object, StringInfo place)
{
	OrchFault	fault;

	if (!orch_selector_check(orch_field_text(object, "operator"), orch_field_size(object, "values"), &fault))
		orch_refuse_field(place, "values", fault.text, "In and NotIn have values, Exists and DoesNotExist have none, Gt and Lt have one.");
}

/*
 * See shapes.h.
 */
void
orch_rule_node_requirement(const JsonbValue *object, StringInfo place)
{
	check_requirement(object, place);
}

/*
 * See shapes.h.
 */
void
orch_rule_node_term(const JsonbValue *object, StringInfo place)
{
	JsonbValue	fields;

	if (!orch_field_member(object, "matchFields", &fields))
		return;
	for (int i = 0; i < (int) JsonContainerSize(fields.val.binary.data); i++)
	{
		JsonbValue *field = getIthJsonbValueFromContainer(fields.val.binary.data, i);

		if (!orch_field_is(field, "key", "metadata.name") || orch_field_size(field, "values") != 1 ||
			!(orch_field_is(field, "operator", "In") || orch_field_is(field, "operator", "NotIn")))
			orch_refuse(psprintf("%s.matchFields[%d]", place->data, i), "Only the name of a node can be asked for.",
						"Write the key metadata.name, the operator In or NotIn and one value.");
	}
}

/*
 * See shapes.h.
 */
void
orch_rule_spread(const JsonbValue *object, StringInfo place)
{
	if (orch_field_text(object, "minDomains").text != NULL && !orch_field_is(object, "whenUnsatisfiable", "DoNotSchedule"))
		orch_refuse_field(place, "minDomains", "It goes with whenUnsatisfiable DoNotSchedule.", "Leave it out.");
	if (orch_field_size(object, "matchLabelKeys") > 0 && orch_field_size(object, "labelSelector") == 0)
		orch_refuse_field(place, "matchLabelKeys", "There is no labelSelector.", "Add it.");
}

/*
 * See shapes.h.
 */
void
orch_rule_label_requirement(const JsonbValue *object, StringInfo place)
{
	check_requirement(object, place);
}

/*
 * See shapes.h.
 */
void
orch_rule_mount(const JsonbValue *object, StringInfo place)
{
	OrchTextPart recursive = orch_field_text(object, "recursiveReadOnly");

	if (orch_field_text(object, "subPath").length > 0 && orch_field_text(object, "subPathExpr").length > 0)
		orch_refuse_field(place, "subPathExpr", "There is a \"subPath\", too.", "Leave one of them out.");
	if (recursive.text == NULL || orch_field_is(object, "recursiveReadOnly", "Disabled"))
		return;
	if (!orch_field_is(object, "recursiveReadOnly", "Enabled") && !orch_field_is(object, "recursiveReadOnly", "IfPossible"))
		orch_refuse_field(place, "recursiveReadOnly", "It is none of Disabled, IfPossible and Enabled.", "Write one of them.");
	if (!orch_field_is_true(object, "readOnly"))
		orch_refuse_field(place, "recursiveReadOnly", "The mount is not read-only.", "Add \"readOnly\": true.");
	if (orch_field_text(object, "mountPropagation").text != NULL && !orch_field_is(object, "mountPropagation", "None"))
		orch_refuse_field(place, "recursiveReadOnly", "The mount is propagated.", "Leave \"mountPropagation\" out.");
}

/*
 * See shapes.h.
 */
void
orch_rule_dns_config(const JsonbValue *object, StringInfo place)
{
	JsonbValue	searches;
	int			bytes = -1;

	if (!orch_field_member(object, "searches", &searches))
		return;
	for (int i = 0; i < (int) JsonContainerSize(searches.val.binary.data); i++)
		bytes += 1 + getIthJsonbValueFromContainer(searches.val.binary.data, i)->val.string.len;
	if (bytes > 2048)
		orch_refuse_field(place, "searches", psprintf("Together they have %d bytes; at most 2048 are allowed.", bytes), "Leave some out.");
}
