/*
 * fingerprint.c
 *	  What we own in an object, as a digest: changes when somebody interferes with
 *	  it, not when its status changes.
 *
 * The API server takes a field out of our managedFields entry when somebody else
 * changes or removes it, and never for what controllers write to status.  The
 * entry's time tells that another database wrote under our name: a copy of this
 * one that held the lease for a while.  Servers that tell nothing of field managers
 * are asked for the generation, the content or the version, in this order.
 */
#include "postgres.h"

#include "engine/kubernetes/facts.h"
#include "engine/json.h"

typedef struct OwnEntry
{
	OrchText	api_version;
	JsonbContainer *entry;
} OwnEntry;

static bool
comes_before(OrchText a, OrchText b)
{
	int			order = memcmp(a.data ? a.data : "", b.data ? b.data : "", Min(a.length, b.length));

	return order < 0 || (order == 0 && a.length < b.length);
}

/*
 * Our entries by apiVersion; nearly always one.
 */
static int
own_entries(JsonbContainer *metadata, OwnEntry **entries)
{
	JsonbContainer *array = orch_json_array(metadata, "managedFields");
	int			elements = orch_json_count(array);
	int			count = 0;

	*entries = elements > 0 ? palloc(sizeof(OwnEntry) * elements) : NULL;
	for (int i = 0; i < elements; i++)
	{
		JsonbContainer *entry = orch_json_element(array, i);
		OwnEntry	own = {orch_json_string(entry, "apiVersion"), entry};
		int			at = count;

		if (!orch_text_is(orch_json_string(entry, "manager"), ORCH_FIELD_MANAGER) ||
			!orch_text_is(orch_json_string(entry, "operation"), "Apply"))
			continue;
		for (; at > 0 && comes_before(own.api_version, (*entries)[at - 1].api_version); at--)
			(*entries)[at] = (*entries)[at - 1];
		(*entries)[at] = own;
		count++;
	}
	return count;
}

/*
 * A value's bytes in jsonb, which are the same for equal values.
 */
static void
add_value(StringInfo out, JsonbContainer *object, const char *key)
{
	JsonbValue	value;

	appendStringInfoChar(out, '\n');
	if (!orch_json_member(object, key, &value))
		return;
	if (value.type == jbvBinary)
		appendBinaryStringInfo(out, (const char *) value.val.binary.data, value.val.binary.len);
	else
	{
		OrchText	text = orch_json_string(object, key);

		appendBinaryStringInfo(out, text.data, text.length);
	}
}

static void
add_content(StringInfo out, JsonbContainer *object, JsonbContainer *metadata)
{
	JsonbValue	spec;

	if (!orch_json_member(object, "spec", &spec))
		return;
	appendStringInfoString(out, "content");
	add_value(out, object, "spec");
	add_value(out, metadata, "labels");
	add_value(out, metadata, "annotations");
}

static void
add_member(StringInfo out, JsonbContainer *metadata, const char *key)
{
	OrchText	text = orch_json_string(metadata, key);

	if (text.data == NULL)
		return;
	appendStringInfo(out, "%s ", key);
	appendBinaryStringInfo(out, text.data, text.length);
}

OrchDigest
orch_kube_fingerprint(JsonbContainer *object, bool *is_applied)
{
	JsonbContainer *metadata = orch_json_object(object, "metadata");
	OwnEntry   *entries;
	int			count = own_entries(metadata, &entries);
	OrchDigest	none = {0, 0};
	StringInfoData content;

	*is_applied = count > 0;
	initStringInfo(&content);
	for (int i = 0; i < count; i++)
	{
		add_value(&content, entries[i].entry, "fieldsV1");
		add_value(&content, entries[i].entry, "time");
	}
	if (content.len == 0)
		add_member(&content, metadata, "generation");
	if (content.len == 0)
		add_content(&content, object, metadata);
	if (content.len == 0)
		add_member(&content, metadata, "resourceVersion");
	return content.len > 0 ? orch_digest(content.data, content.len) : none;
}

char *
orch_kube_digest_text(OrchDigest digest)
{
	char	   *text;

	if (orch_digest_is_none(digest))
		return NULL;
	text = palloc(ORCH_DIGEST_TEXT_SIZE);
	orch_digest_write(digest, text);
	return text;
}
