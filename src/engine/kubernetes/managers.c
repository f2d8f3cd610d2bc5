/*
 * managers.c
 *	  Who has written an object last, by its managedFields.
 */
#include "postgres.h"

#include "core/compat.h"
#include "engine/kubernetes/facts.h"
#include "engine/json.h"
#include "engine/kubernetes/managers.h"

static bool
is_other(JsonbContainer *entry, OrchText manager)
{
	return manager.data != NULL && manager.length > 0 && !orch_text_is(manager, ORCH_FIELD_MANAGER) &&
		orch_json_string(entry, "subresource").length == 0;
}

char *
orch_kube_last_manager(const char *json, size_t length)
{
	Jsonb	   *object = orch_jsonb_parse(pnstrdup(json, length));
	JsonbContainer *fields;
	OrchText	last = {NULL, 0};
	int64		last_at = PG_INT64_MIN;

	if (object == NULL)
		return NULL;
	fields = orch_json_array(orch_json_object(&object->root, "metadata"), "managedFields");
	for (int i = 0; i < orch_json_count(fields); i++)
	{
		JsonbContainer *entry = orch_json_element(fields, i);
		OrchText	manager = orch_json_string(entry, "manager");
		int64		at = 0;

		if (!is_other(entry, manager))
			continue;
		(void) orch_text_seconds(orch_json_string(entry, "time"), &at);
		if (at < last_at)
			continue;
		last = manager;
		last_at = at;
	}
	return orch_text_copy(last);
}
