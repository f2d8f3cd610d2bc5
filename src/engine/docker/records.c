/*
 * records.c
 *	  Our objects in the engine: each is a volume without data, whose labels it is.
 *
 * An engine has no place for a Deployment or a Secret, but it keeps labels, makes a volume
 * in one step, and lists all of them in one request.  Labels cannot be changed: a change
 * is a new volume with the next version, and then the old one goes.  After a crash there
 * may be both, and the newer one counts.  What is in a secret is in none of them.
 */
#include "postgres.h"

#include "core/compat.h"
#include "engine/docker/internal.h"
#include "engine/docker/pods.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/memutils.h"

/* names of the labels, behind orchestration.dev/ */
#define RECORD "record"
#define INSTALLATION "installation"
#define KIND "kind"
#define PLACE "place"
#define NAME "name"
#define UID "uid"
#define VERSION "version"
#define GENERATION "generation"
#define OWNER "owner"
#define FINGERPRINT "fingerprint"
#define MANIFEST "manifest"

/*
 * A random UUID.
 */
void
orch_docker_uid(char uid[ORCH_UID_SIZE])
{
	unsigned char b[16];

	if (!pg_strong_random(b, sizeof(b)))
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("could not generate a random uid")));
	b[6] = (b[6] & 0x0f) | 0x40;
	b[8] = (b[8] & 0x3f) | 0x80;
	snprintf(uid, ORCH_UID_SIZE, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
			 b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
}

/*
 * A record that nothing holds yet; it counts as an object of its name from now on.
 */
OrchDockerRecord *
orch_docker_record_new(OrchDockerEngine *docker, const OrchKind *kind, const char *place, const char *name)
{
	MemoryContext context = AllocSetContextCreate(docker->context, "orchestration record", ALLOCSET_SMALL_SIZES);
	OrchDockerRecord *record = MemoryContextAllocZero(context, sizeof(OrchDockerRecord));

	record->context = context;
	record->docker = docker;
	record->kind = kind;
	record->place = MemoryContextStrdup(context, place);
	record->name = MemoryContextStrdup(context, name);
	record->facts = MemoryContextStrdup(context, "{}");
	orch_docker_uid(record->uid);
	dlist_push_tail(&docker->records, &record->node);
	return record;
}

/*
 * They are nobody's, until the next record of its name takes them over.
 */
static void
let_go_of_pods(OrchDockerRecord *record)
{
	dlist_iter	iter;

	dlist_foreach(iter, &record->docker->pods)
	{
		OrchDockerRunner *runner = dlist_container(OrchDockerRunner, node, iter.cur);

		if (runner->workload == record->workload)
			runner->workload = NULL;
	}
	record->workload = NULL;
}

void
orch_docker_record_free(OrchDockerRecord *record)
{
	dlist_delete(&record->node);
	orch_docker_forget(record->docker, record);
	if (record->workload != NULL)
		let_go_of_pods(record);
	if (record->manifest != NULL)
		explicit_bzero(record->manifest, VARSIZE(record->manifest));
	MemoryContextDelete(record->context);
}

void
orch_docker_drop_records(OrchDockerEngine *docker)
{
	while (!dlist_is_empty(&docker->records))
		orch_docker_record_free(dlist_head_element(OrchDockerRecord, node, &docker->records));
}

OrchDockerRecord *
orch_docker_record_find(OrchDockerEngine *docker, const OrchKind *kind, const char *place, const char *name)
{
	dlist_iter	iter;

	dlist_foreach(iter, &docker->records)
	{
		OrchDockerRecord *record = dlist_container(OrchDockerRecord, node, iter.cur);

		if (record->kind == kind && strcmp(record->name, name) == 0 && strcmp(record->place, place) == 0)
			return record;
	}
	return NULL;
}

OrchDockerRecord *
orch_docker_record_by_uid(OrchDockerEngine *docker, const char *uid)
{
	dlist_iter	iter;

	dlist_foreach(iter, &docker->records)
	{
		OrchDockerRecord *record = dlist_container(OrchDockerRecord, node, iter.cur);

		if (strcmp(record->uid, uid) == 0)
			return record;
	}
	return NULL;
}

static void
keep(OrchDockerRecord *record, char **field, OrchText text)
{
	if (*field)
		pfree(*field);
	*field = text.data != NULL ? MemoryContextStrdup(record->context, orch_text_copy(text)) : NULL;
}

static JsonbContainer *
labels_of(const OrchDockerRecord *record)
{
	return orch_json_object(orch_json_object(&record->manifest->root, "metadata"), "labels");
}

static void
forget_manifest(Jsonb *manifest)
{
	if (manifest == NULL)
		return;
	/* it may hold secrets */
	explicit_bzero(manifest, VARSIZE(manifest));
	pfree(manifest);
}

/*
 * What is asked for from now on: text is JSON, which the caller has rendered.
 */
OrchDockerFormer *
orch_docker_record_set_manifest(OrchDockerRecord *record, const char *text)
{
	MemoryContext caller = MemoryContextSwitchTo(record->context);
	OrchDockerFormer *former = palloc0(sizeof(OrchDockerFormer));

	former->manifest = record->manifest;
	former->owner = record->owner;
	former->generation = record->generation;
	strlcpy(former->fingerprint, record->fingerprint, sizeof(former->fingerprint));
	record->manifest = orch_jsonb_parse(text);
	record->owner = record->owner ? pstrdup(record->owner) : NULL;
	if (record->manifest != NULL)
		keep(record, &record->owner, orch_json_string(labels_of(record), ORCH_DOCKER_LABEL(OWNER)));
	orch_digest_write(orch_digest(text, strlen(text)), record->fingerprint);
	record->generation++;
	MemoryContextSwitchTo(caller);
	return former;
}

/*
 * As it was before; former is freed.
 */
void
orch_docker_record_restore(OrchDockerRecord *record, OrchDockerFormer *former)
{
	OrchDockerFormer given_up = {.manifest = record->manifest, .owner = record->owner};

	record->manifest = former->manifest;
	record->owner = former->owner;
	record->generation = former->generation;
	strlcpy(record->fingerprint, former->fingerprint, sizeof(record->fingerprint));
	former->manifest = given_up.manifest;
	former->owner = given_up.owner;
	orch_docker_former_free(former);
}

void
orch_docker_former_free(OrchDockerFormer *former)
{
	forget_manifest(former->manifest);
	if (former->owner != NULL)
		pfree(former->owner);
	pfree(former);
}

/*
 * It is another one than before.
 */
void
orch_docker_record_touch(OrchDockerEngine *docker, OrchDockerRecord *record)
{
	record->version = ++docker->version;
}

static void
put_label(StringInfo out, const char *label, const char *value)
{
	if (value == NULL)
		return;
	appendStringInfo(out, "%s\"orchestration.dev/%s\":", out->data[out->len - 1] == '{' ? "" : ",", label);
	escape_json(out, value);
}

/*
 * The request to make the volume that holds it.
 */
char *
orch_docker_record_body(OrchDockerEngine *docker, const OrchDockerRecord *record, const char *volume)
{
	bool		is_secret = record->kind == ORCH_DOCKER_KIND(Secret);
	StringInfoData out;

	initStringInfo(&out);
	appendStringInfoString(&out, "{\"Name\":");
	escape_json(&out, volume);
	appendStringInfoString(&out, ",\"Labels\":{");
	put_label(&out, RECORD, "1");
	put_label(&out, INSTALLATION, docker->installation);
	put_label(&out, KIND, record->kind->kind);
	put_label(&out, PLACE, record->place);
	put_label(&out, NAME, record->name);
	put_label(&out, UID, record->uid);
	put_label(&out, VERSION, psprintf(INT64_FORMAT, record->version));
	put_label(&out, GENERATION, psprintf(INT64_FORMAT, record->generation));
	put_label(&out, OWNER, record->owner);
	put_label(&out, FINGERPRINT, record->fingerprint);
	if (record->manifest != NULL && !is_secret)
		put_label(&out, MANIFEST, JsonbToCString(NULL, &record->manifest->root, VARSIZE(record->manifest)));
	appendStringInfoString(&out, "}}");
	return out.data;
}

static OrchText
label(JsonbContainer *labels, const char *name)
{
	return orch_json_string(labels, psprintf("orchestration.dev/%s", name));
}

static char *
label_copy(JsonbContainer *labels, const char *name)
{
	OrchText	text = label(labels, name);

	return text.data != NULL ? orch_text_copy(text) : NULL;
}

/*
 * Nothing has been listed yet.
 */
void
orch_docker_records_begin_list(OrchDockerEngine *docker)
{
	dlist_iter	iter;

	dlist_foreach(iter, &docker->records)
	{
		OrchDockerRecord *record = dlist_container(OrchDockerRecord, node, iter.cur);

		record->is_listed = record->has_place = false;
	}
}

static bool
needs_place(const OrchDockerRecord *record)
{
	return record->kind == ORCH_DOCKER_KIND(Namespace) || record->kind == ORCH_DOCKER_KIND(PersistentVolumeClaim);
}

/*
 * A network of a namespace or a volume of a claim is there.
 */
void
orch_docker_place_listed(OrchDockerEngine *docker, const OrchKind *kind, OrchText name)
{
	dlist_iter	iter;

	dlist_foreach(iter, &docker->records)
	{
		OrchDockerRecord *record = dlist_container(OrchDockerRecord, node, iter.cur);

		if (record->kind == kind)
			record->has_place |= orch_text_is(name, *record->place ? orch_docker_claim_volume(record->place, record->name) : record->name);
	}
}

/*
 * Records of what was taken away: they promise what is not there.
 */
List *
orch_docker_records_without_place(OrchDockerEngine *docker)
{
	List	   *lost = NIL;
	dlist_iter	iter;

	dlist_foreach(iter, &docker->records)
	{
		OrchDockerRecord *record = dlist_container(OrchDockerRecord, node, iter.cur);

		if (needs_place(record) && !record->has_place && !record->is_busy && record->written_at < docker->listing.asked_at)
			lost = lappend(lost, record);
	}
	return lost;
}

/*
 * What was not listed is gone, unless it was written meanwhile.
 */
void
orch_docker_records_end_list(OrchDockerEngine *docker)
{
	dlist_mutable_iter iter;

	dlist_foreach_modify(iter, &docker->records)
	{
		OrchDockerRecord *record = dlist_container(OrchDockerRecord, node, iter.cur);

		if (!record->is_listed && !record->is_busy && record->written_at < docker->listing.asked_at)
			orch_docker_record_free(record);
	}
}

/*
 * A record that we know: true if this volume is it, or may be.
 */
static bool
is_known(OrchDockerRecord *record, JsonbContainer *volume)
{
	bool		is_it = record->is_busy || (record->volume != NULL && orch_text_is(orch_json_string(volume, "Name"), record->volume));

	record->is_listed |= is_it;
	return is_it;
}

/*
 * A record out of a volume, as the engine lists it.  False: it is none, or there is a
 * newer one of the same object: then this volume is left over.
 */
bool
orch_docker_record_read(OrchDockerEngine *docker, JsonbContainer *volume)
{
	JsonbContainer *labels = orch_json_object(volume, "Labels");
	char	   *kind = label_copy(labels, KIND);
	char	   *name = label_copy(labels, NAME);
	char	   *uid = label_copy(labels, UID);
	char	   *fingerprint = label_copy(labels, FINGERPRINT);
	const OrchKind *listed = kind ? orch_kind_find(kind) : NULL;
	OrchDockerRecord *record;
	int64		version = 0;
	OrchText	manifest = label(labels, MANIFEST);

	if (listed == NULL || name == NULL || uid == NULL || strlen(uid) >= ORCH_UID_SIZE || fingerprint == NULL ||
		!orch_json_integer(labels, ORCH_DOCKER_LABEL(VERSION), &version))
		return false;
	record = orch_docker_record_by_uid(docker, uid);
	if (record != NULL && is_known(record, volume))
		return true;
	if (record != NULL && record->version >= version)
		return false;
	if (record != NULL)
		orch_docker_record_free(record);
	record = orch_docker_record_new(docker, listed, label(labels, PLACE).data ? label_copy(labels, PLACE) : "", name);
	strlcpy(record->uid, uid, sizeof(record->uid));
	strlcpy(record->fingerprint, fingerprint, sizeof(record->fingerprint));
	record->version = version;
	record->is_listed = true;
	docker->version = Max(docker->version, version);
	(void) orch_json_integer(labels, ORCH_DOCKER_LABEL(GENERATION), &record->generation);
	keep(record, &record->owner, label(labels, OWNER));
	keep(record, &record->volume, orch_json_string(volume, "Name"));
	if (manifest.data != NULL)
	{
		MemoryContext caller = MemoryContextSwitchTo(record->context);

		record->manifest = orch_jsonb_parse(orch_text_copy(manifest));
		MemoryContextSwitchTo(caller);
	}
	return true;
}

/*
 * As the reconciler knows objects.
 */
void
orch_docker_record_seen(OrchDockerEngine *docker, const OrchDockerRecord *record, OrchSeen *seen)
{
	char		version[64];

	memset(seen, 0, sizeof(*seen));
	strlcpy(seen->uid, record->uid, sizeof(seen->uid));
	snprintf(seen->version, sizeof(seen->version), INT64_FORMAT, record->version);
	seen->generation = record->generation;
	seen->terminating = record->terminating;
	seen->is_labelled = seen->is_applied = true;
	seen->ended = record->ended;
	(void) orch_kind_api_version(record->kind, version, sizeof(version));
	seen->api_version = pstrdup(version);
	seen->place = record->place;
	seen->name = record->name;
	seen->owner = record->owner;
	seen->fingerprint = record->fingerprint;
	(void) orch_digest_read(record->fingerprint, &seen->fingerprint_digest);
	seen->facts = record->facts;
	seen->facts_digest = orch_digest(record->facts, strlen(record->facts));
}

/*
 * As an object of Kubernetes, for what no row knows; without what a secret holds.
 */
char *
orch_docker_record_json(OrchDockerEngine *docker, const OrchDockerRecord *record)
{
	char		version[64];
	StringInfoData out;

	(void) orch_kind_api_version(record->kind, version, sizeof(version));
	initStringInfo(&out);
	appendStringInfo(&out, "{\"apiVersion\":\"%s\",\"kind\":\"%s\",\"metadata\":{\"name\":", version, record->kind->kind);
	escape_json(&out, record->name);
	appendStringInfoString(&out, ",\"namespace\":");
	escape_json(&out, record->place);
	appendStringInfo(&out, ",\"uid\":\"%s\",\"resourceVersion\":\"" INT64_FORMAT "\",\"generation\":" INT64_FORMAT, record->uid, record->version, record->generation);
	appendStringInfoString(&out, ",\"managedFields\":[{\"manager\":\"orchestration\"}],\"labels\":{");
	put_label(&out, INSTALLATION, docker->installation);
	put_label(&out, OWNER, record->owner);
	appendStringInfoString(&out, "}}");
	if (record->manifest != NULL)
		orch_json_put(&out, "spec", &record->manifest->root, "spec");
	appendStringInfoChar(&out, '}');
	return out.data;
}

void
orch_docker_record_tell(OrchDockerEngine *docker, const OrchDockerRecord *record, OrchNewsType type, bool listed)
{
	OrchNews	news = {.type = type, .kind = record->kind, .listed = listed};

	orch_docker_record_seen(docker, record, &news.seen);
	news.json = orch_docker_record_json(docker, record);
	news.json_length = strlen(news.json);
	orch_docker_tell(docker, &news);
}
