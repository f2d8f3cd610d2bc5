/*
 * conditions.c
 *	  status.conditions of an object, read once.
 */
#include "postgres.h"

#include "engine/kubernetes/conditions.h"

/*
 * NULL when there is none.
 */
static OrchCondition *
find(const OrchConditions *conditions, OrchText type)
{
	for (int i = 0; i < conditions->count; i++)
	{
		if (orch_text_equal(conditions->list[i].type, type))
			return &conditions->list[i];
	}
	return NULL;
}

OrchConditions
orch_conditions_read(JsonbContainer *status)
{
	JsonbContainer *array = orch_json_array(status, "conditions");
	int			elements = orch_json_count(array);
	OrchConditions conditions = {NULL, 0};

	if (elements > 0)
		conditions.list = palloc(sizeof(OrchCondition) * elements);
	for (int i = 0; i < elements; i++)
	{
		OrchCondition condition;
		OrchCondition *known;

		condition.object = orch_json_element(array, i);
		condition.type = orch_json_string(condition.object, "type");
		condition.status = orch_json_string(condition.object, "status");
		if (condition.type.data == NULL)
			continue;
		known = find(&conditions, condition.type);
		if (known != NULL)
			*known = condition;
		else
			conditions.list[conditions.count++] = condition;
	}
	return conditions;
}

OrchCondition
orch_condition(const OrchConditions *conditions, const char *type)
{
	OrchCondition *known = find(conditions, (OrchText) {type, strlen(type)});
	OrchCondition none = {0};

	return known != NULL ? *known : none;
}
