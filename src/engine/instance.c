/*
 * instance.c
 *	  What every engine does with the instances that it tells.
 */
#include "postgres.h"

#include <arpa/inet.h>

#include "engine/instance.h"

OrchDigest
orch_instance_digest(const OrchSeenInstance *instance)
{
	const char *const texts[] = {instance->place, instance->name, instance->template_hash, instance->node_name, instance->ip,
		instance->phase, instance->reason, instance->message, instance->started_at, instance->facts};
	StringInfoData all;

	initStringInfo(&all);
	appendStringInfo(&all, "%s %lld %d %d %d", instance->uid, (long long) instance->container_id, instance->terminating,
					 instance->ready, instance->restart_count);
	for (int i = 0; i < lengthof(texts); i++)
	{
		/* no text has such bytes */
		appendStringInfoChar(&all, texts[i] != NULL ? '\1' : '\2');
		if (texts[i] != NULL)
			appendBinaryStringInfo(&all, texts[i], strlen(texts[i]));
	}
	return orch_digest(all.data, all.len);
}

const char *
orch_instance_address(OrchText text)
{
	char		address[INET6_ADDRSTRLEN];
	struct in6_addr binary;

	if (text.data == NULL || text.length >= sizeof(address))
		return NULL;
	memcpy(address, text.data, text.length);
	address[text.length] = '\0';
	if (inet_pton(AF_INET, address, &binary) != 1 && inet_pton(AF_INET6, address, &binary) != 1)
		return NULL;
	return pstrdup(address);
}

static void
put(StringInfo out, const char *key, const char *value)
{
	orch_json_put_text(out, key, (OrchText) {value, value != NULL ? strlen(value) : 0});
}

void
orch_instance_put(StringInfo out, const OrchSeenInstance *instance)
{
	char		digest[ORCH_DIGEST_TEXT_SIZE];

	put(out, "uid", instance->uid);
	put(out, "version", instance->version);
	orch_json_put_integer(out, "container", instance->container_id);
	orch_json_put_boolean(out, "terminating", instance->terminating);
	orch_json_put_boolean(out, "ready", instance->ready);
	orch_json_put_integer(out, "restarts", instance->restart_count);
	put(out, "place", instance->place);
	put(out, "name", instance->name);
	put(out, "template", instance->template_hash);
	put(out, "node", instance->node_name);
	put(out, "ip", instance->ip);
	put(out, "phase", instance->phase);
	put(out, "reason", instance->reason);
	put(out, "message", instance->message);
	put(out, "startedAt", instance->started_at);
	orch_json_put_key(out, "facts");
	appendStringInfoString(out, instance->facts);
	orch_digest_write(instance->digest, digest);
	put(out, "digest", digest);
}
