/*
 * conditions.c
 *	  status.conditions of an object, read once.
 */
#include "postgres.h"

#include "engine/kubernetes/conditions.h"

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
		OrchCondition *condition = &conditions.list[conditions.count];

		condition->object = orch_json_element(array, i);
		condition->type = orch_json_string(condition->object, "type");
		condition->status = orch_json_string(condition->object, "status");
		if (condition->type.data != NULL)
			conditions.count++;
	}
	return conditions;
}

OrchCondition
orch_condition(const OrchConditions *conditions, const char *type)
{
	OrchCondition none = {0};

	for (int i = conditions->count - 1; i >= 0; i--)
	{
		if (orch_text_is(conditions->list[i].type, type))
			return conditions->list[i];
	}
	return none;
}
