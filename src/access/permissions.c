/*
 * permissions.c
 *	  What roles.permissions may say: {"containers": ["read", "create"]}.
 *
 * A misspelt resource or verb would silently grant nothing, so both are known
 * lists, and the error shows them.
 */
#include "access/access.h"
#include "inventory/shape.h"

#include "core/compat.h"
#include "core/errors.h"
#include "core/resources.h"
#include "utils/builtins.h"

/*
 * execute: the lifecycle verbs; reveal: a secret in clear; bind and escalate:
 * to grant what one does not hold oneself.
 */
static const char *const verbs[] = {
	"read", "create", "update", "delete", "execute", "reveal", "bind", "escalate", NULL
};

/*
 * Number of a resource; -1 when there is no such.
 */
int
orch_permission_resource(const char *text, int length)
{
	for (int i = 0; orch_permission_names[i] != NULL; i++)
		if ((int) strlen(orch_permission_names[i]) == length && memcmp(orch_permission_names[i], text, length) == 0)
			return i;
	return -1;
}

const char *
orch_permission_resource_name(int resource)
{
	return orch_permission_names[resource];
}

/*
 * A verb as a bit, all bits for *; 0 when there is no such.
 */
uint8
orch_permission_verbs(const char *text, int length)
{
	if (length == 1 && text[0] == '*')
		return 0xFF;
	for (int i = 0; verbs[i] != NULL; i++)
		if ((int) strlen(verbs[i]) == length && memcmp(verbs[i], text, length) == 0)
			return 1 << i;
	return 0;
}

StaticAssertDecl(lengthof(verbs) == ORCH_VERB_COUNT + 1, "ORCH_VERB_COUNT is the number of verbs");

static bool
is_known(const char *const *known, const char *text, int length)
{
	if (length == 1 && text[0] == '*')
		return true;
	for (; *known != NULL; known++)
		if ((int) strlen(*known) == length && memcmp(*known, text, length) == 0)
			return true;
	return false;
}

static void
check_known(const char *const *known, const JsonbValue *value, const char *what)
{
	StringInfoData list;

	if (value->type == jbvString && is_known(known, value->val.string.val, value->val.string.len))
		return;
	initStringInfo(&list);
	for (; *known != NULL; known++)
		appendStringInfo(&list, "%s, ", *known);
	ereport(ERROR,
			(errcode(ERRCODE_ORCH_INVALID_SPECIFICATION),
			 value->type == jbvString
			 ? errmsg("unknown %s \"%.*s\" in permissions", what, Min(value->val.string.len, NAMEDATALEN), value->val.string.val)
			 : errmsg("%s in permissions is not a string", what),
			 errhint("Use %sor \"*\" for every %s.", list.data, what)));
}

static void
refuse_form(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_ORCH_INVALID_SPECIFICATION),
			 errmsg("permissions are not an object of arrays"),
			 errhint("Write them as {\"containers\": [\"read\", \"create\"]}.")));
}

ORCH_FUNCTION(orch_valid_permissions);

/*
 * valid_permissions(permissions)
 */
Datum
orch_valid_permissions(PG_FUNCTION_ARGS)
{
	Jsonb	   *permissions = PG_GETARG_JSONB_P(0);
	JsonbIterator *iterator = JsonbIteratorInit(&permissions->root);
	JsonbIteratorToken token;
	JsonbValue	value;
	int			depth = 0;

	if (!JB_ROOT_IS_OBJECT(permissions))
		refuse_form();
	while ((token = JsonbIteratorNext(&iterator, &value, false)) != WJB_DONE)
	{
		if (token == WJB_VALUE || (token == WJB_BEGIN_OBJECT && depth++ > 0) || (token == WJB_BEGIN_ARRAY && value.val.array.rawScalar))
			refuse_form();
		else if (token == WJB_KEY)
			check_known(orch_permission_names, &value, "resource");
		else if (token == WJB_ELEM)
			check_known(verbs, &value, "verb");
	}
	PG_RETURN_BOOL(true);
}
