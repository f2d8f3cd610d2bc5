/*
 * shape_resources.c
 *	  What a container may ask of its node: names, requests and limits.
 */
#include "inventory/pod_rules.h"
#include "inventory/shape_json.h"
#include "inventory/shapes.h"

#include "kube/quantity.h"
#include "utils/builtins.h"

#define PREFIX_OF_HUGE_PAGES "hugepages-"

/* Compares as exactly as 64 bits allow; negative, 0 or positive. */
static int
compare(OrchTextPart a, OrchTextPart b)
{
	static const OrchQuantityUnit units[] = {ORCH_QUANTITY_NANO, ORCH_QUANTITY_MILLI, ORCH_QUANTITY_ONE};
	char	   *x = pnstrdup(a.text, a.length);
	char	   *y = pnstrdup(b.text, b.length);

	for (int i = 0; i < (int) lengthof(units); i++)
	{
		int64		left;
		int64		right;

		if (orch_quantity_parse(x, units[i], &left) == ORCH_QUANTITY_OK && orch_quantity_parse(y, units[i], &right) == ORCH_QUANTITY_OK)
			return left < right ? -1 : left > right ? 1 : 0;
	}
	return 0;
}

static int64
in_unit(OrchTextPart quantity, OrchQuantityUnit unit)
{
	int64		value;

	return orch_quantity_parse(pnstrdup(quantity.text, quantity.length), unit, &value) == ORCH_QUANTITY_OK ? value : 0;
}

static bool
is_whole_pages(const char *name, OrchTextPart quantity)
{
	int64		page;

	if (orch_quantity_parse(name + strlen(PREFIX_OF_HUGE_PAGES), ORCH_QUANTITY_ONE, &page) != ORCH_QUANTITY_OK || page <= 0)
		return false;
	return in_unit(quantity, ORCH_QUANTITY_ONE) % page == 0;
}

static void
check_amount(const char *name, OrchResource resource, OrchTextPart quantity, StringInfo place)
{
	if (resource == ORCH_RESOURCE_UNKNOWN)
		orch_refuse(place->data, psprintf("There is no resource \"%s\" of containers.", name),
					"Use cpu, memory, ephemeral-storage, hugepages-<size> or the name of an extended resource, as in \"example.org/gpu\".");
	if (resource == ORCH_RESOURCE_EXTENDED && in_unit(quantity, ORCH_QUANTITY_MILLI) % 1000 != 0)
		orch_refuse(place->data, "An extended resource is counted in whole numbers.", "Write a whole number.");
	if (resource == ORCH_RESOURCE_HUGE_PAGES && !is_whole_pages(name, quantity))
		orch_refuse(place->data, "It is no multiple of the size of the pages.", "Write a multiple of what follows \"hugepages-\".");
}

static void
check_request(const char *name, OrchResource resource, OrchTextPart request, const JsonbValue *limits, StringInfo place)
{
	bool		same = resource == ORCH_RESOURCE_EXTENDED || resource == ORCH_RESOURCE_HUGE_PAGES;
	OrchTextPart limit = {NULL, 0};

	if (limits != NULL)
		limit = orch_field_text(limits, name);
	if (limit.text == NULL && same)
		orch_refuse(place->data, psprintf("There is no limit of \"%s\".", name), "Give the limit; the request is the same.");
	if (limit.text != NULL && (same ? compare(request, limit) != 0 : compare(request, limit) > 0))
		orch_refuse(place->data, psprintf("The request %.*s %s the limit %.*s.", (int) request.length, request.text,
										  same ? "differs from" : "exceeds", (int) limit.length, limit.text),
					same ? "Make them the same." : "Lower the request or raise the limit.");
}

/* All of "limits" or "requests"; tells whether there are huge pages, and CPU or memory. */
static void
check_list(const JsonbValue *list, const JsonbValue *limits, bool requests, StringInfo place, bool *pages, bool *compute)
{
	JsonbIterator *iterator = JsonbIteratorInit(list->val.binary.data);
	int			base = place->len;
	JsonbIteratorToken token;
	JsonbValue	part;

	while ((token = JsonbIteratorNext(&iterator, &part, true)) != WJB_DONE)
	{
		char	   *name;
		OrchResource resource;
		OrchTextPart quantity;

		if (token != WJB_KEY)
			continue;
		name = pnstrdup(part.val.string.val, part.val.string.len);
		resource = orch_resource_of(name, part.val.string.len);
		quantity = orch_field_text(list, name);
		if (quantity.text == NULL)
			continue;
		orch_place_field(place, name, strlen(name));
		check_amount(name, resource, quantity, place);
		if (requests)
			check_request(name, resource, quantity, limits, place);
		*pages |= resource == ORCH_RESOURCE_HUGE_PAGES;
		*compute |= resource == ORCH_RESOURCE_COMPUTE;
		place->len = base;
		place->data[base] = '\0';
	}
}

/*
 * See shapes.h.
 */
void
orch_rule_resources(const JsonbValue *object, StringInfo place)
{
	int			base = place->len;
	bool		pages = false;
	bool		compute = false;
	JsonbValue	limits;
	JsonbValue	requests;
	bool		limited = orch_field_member(object, "limits", &limits);

	if (limited)
	{
		appendStringInfoString(place, ".limits");
		check_list(&limits, NULL, false, place, &pages, &compute);
		place->len = base;
	}
	if (orch_field_member(object, "requests", &requests))
	{
		appendStringInfoString(place, ".requests");
		check_list(&requests, limited ? &limits : NULL, true, place, &pages, &compute);
		place->len = base;
	}
	place->data[base] = '\0';
	if (pages && !compute)
		orch_refuse(place->data, "Huge pages go with CPU or memory.", "Give cpu or memory, too.");
}

/*
 * See shapes.h.
 */
void
orch_rule_claim_resources(const JsonbValue *object, StringInfo place)
{
	JsonbValue	requests;
	OrchTextPart storage = {NULL, 0};

	if (orch_field_member(object, "requests", &requests))
		storage = orch_field_text(&requests, "storage");
	if (storage.text == NULL || in_unit(storage, ORCH_QUANTITY_ONE) == 0)
		orch_refuse_field(place, "requests", "A claim asks for storage.", "Add \"storage\", as in \"1Gi\".");
}
