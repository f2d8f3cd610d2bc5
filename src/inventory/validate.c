/*
 * validate.c
 *	  The checks of names and numbers, for CHECK constraints and functions.
 *
 * They return true or raise an error of ours with the reason and a hint, so
 * that a plain INSERT is told as much as a caller of the API.  Immutable and
 * strict: NULL is not their business.
 */
#include "postgres.h"

#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "core/compat.h"
#include "core/errors.h"
#include "inventory/image.h"
#include "inventory/names.h"
#include "inventory/shape.h"
#include "mb/pg_wchar.h"
#include "utils/array.h"
#include "utils/builtins.h"

/* longest text of the user that is repeated in an error */
#define QUOTED_BYTES 128

static const char *
clipped(const char *value, size_t length)
{
	int			bytes = pg_mbcliplen(value, (int) length, QUOTED_BYTES);

	return psprintf("%.*s%s", bytes, value, bytes < (int) length ? "..." : "");
}

static void
check_name(const char *value, size_t length, OrchNameKind kind, int code, const char *what)
{
	OrchFault	fault;

	if (!orch_name_check(kind, value, length, &fault))
		ereport(ERROR,
				(errcode(code),
				 errmsg("invalid %s \"%s\"", what, clipped(value, length)),
				 errdetail("%s", fault.text),
				 errhint("%s", orch_name_hint(kind))));
}

/* The value is the first argument; what is the second one unless given here. */
static Datum
check_argument(FunctionCallInfo fcinfo, OrchNameKind kind, int code, const char *what)
{
	text	   *value = PG_GETARG_TEXT_PP(0);

	if (what == NULL)
		what = text_to_cstring(PG_GETARG_TEXT_PP(1));
	check_name(VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value), kind, code, what);
	PG_RETURN_BOOL(true);
}

/* fixed is what the value is called in an error; NULL: argument 2 says it */
#define NAME_CHECK(function, kind, code, fixed) \
	ORCH_FUNCTION(function); \
	Datum \
	function(PG_FUNCTION_ARGS) \
	{ \
		return check_argument(fcinfo, kind, code, fixed); \
	}

NAME_CHECK(orch_valid_label_name, ORCH_NAME_LABEL, ERRCODE_ORCH_INVALID_NAME, NULL)
NAME_CHECK(orch_valid_subdomain_name, ORCH_NAME_SUBDOMAIN, ERRCODE_ORCH_INVALID_NAME, NULL)
NAME_CHECK(orch_valid_username, ORCH_NAME_USERNAME, ERRCODE_ORCH_INVALID_NAME, "user name")
NAME_CHECK(orch_valid_env_name, ORCH_NAME_ENVIRONMENT, ERRCODE_ORCH_INVALID_NAME, "environment variable name")
NAME_CHECK(orch_valid_port_name, ORCH_NAME_PORT, ERRCODE_ORCH_INVALID_NAME, "port name")
NAME_CHECK(orch_valid_config_key, ORCH_NAME_CONFIG_KEY, ERRCODE_ORCH_INVALID_NAME, "key")
NAME_CHECK(orch_valid_path, ORCH_NAME_PATH, ERRCODE_ORCH_INVALID_SPECIFICATION, NULL)
NAME_CHECK(orch_valid_sub_path, ORCH_NAME_SUB_PATH, ERRCODE_ORCH_INVALID_SPECIFICATION, "sub path")
NAME_CHECK(orch_valid_field_path, ORCH_NAME_FIELD_PATH, ERRCODE_ORCH_INVALID_SPECIFICATION, "field path")
NAME_CHECK(orch_valid_resource_field, ORCH_NAME_RESOURCE_FIELD, ERRCODE_ORCH_INVALID_SPECIFICATION, "resource field")

static void
check_port(int64 port, const char *what)
{
	if (!orch_port_is_valid(port))
		ereport(ERROR,
				(errcode(ERRCODE_ORCH_INVALID_SPECIFICATION),
				 errmsg("invalid %s " INT64_FORMAT, what, port),
				 errdetail("It is not between 1 and 65535."),
				 errhint("Choose a port from 1 to 65535.")));
}

ORCH_FUNCTION(orch_valid_port);

/*
 * valid_port(port, what)
 */
Datum
orch_valid_port(PG_FUNCTION_ARGS)
{
	check_port(PG_GETARG_INT32(0), text_to_cstring(PG_GETARG_TEXT_PP(1)));
	PG_RETURN_BOOL(true);
}

ORCH_FUNCTION(orch_valid_node_port);

/*
 * valid_node_port(port)
 */
Datum
orch_valid_node_port(PG_FUNCTION_ARGS)
{
	int32		port = PG_GETARG_INT32(0);

	if (port < ORCH_FIRST_NODE_PORT || port > ORCH_LAST_NODE_PORT)
		ereport(ERROR,
				(errcode(ERRCODE_ORCH_INVALID_SPECIFICATION),
				 errmsg("invalid node port %d", port),
				 errdetail("It is not between %d and %d.", ORCH_FIRST_NODE_PORT, ORCH_LAST_NODE_PORT),
				 errhint("Choose one of these, or leave it out: then the cluster chooses.")));
	PG_RETURN_BOOL(true);
}

ORCH_FUNCTION(orch_valid_port_reference);

/*
 * valid_port_reference(port): digits are a number, anything else is a name
 */
Datum
orch_valid_port_reference(PG_FUNCTION_ARGS)
{
	text	   *value = PG_GETARG_TEXT_PP(0);
	long long	port;

	if (orch_port_parse(VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value), &port))
		check_port(port, "port");
	else
		check_name(VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value), ORCH_NAME_PORT,
				   ERRCODE_ORCH_INVALID_SPECIFICATION, "port reference");
	PG_RETURN_BOOL(true);
}

ORCH_FUNCTION(orch_valid_registry_server);

/*
 * valid_registry_server(server): host[:port], with or without the scheme and
 * path that some registries are known by
 */
Datum
orch_valid_registry_server(PG_FUNCTION_ARGS)
{
	char	   *server = text_to_cstring(PG_GETARG_TEXT_PP(0));
	char	   *host = server;

	if (strncmp(server, "https://", 8) == 0)
		host += 8;
	else if (strncmp(server, "http://", 7) == 0)
		host += 7;
	check_name(host, strcspn(host, "/"), ORCH_NAME_REGISTRY, ERRCODE_ORCH_INVALID_NAME, "registry server");
	PG_RETURN_BOOL(true);
}

ORCH_FUNCTION(orch_valid_config_keys);

/*
 * valid_config_keys(keys, what): no key is wrong, missing or there twice
 */
Datum
orch_valid_config_keys(PG_FUNCTION_ARGS)
{
	ArrayType  *keys = PG_GETARG_ARRAYTYPE_P(0);
	const char *what = text_to_cstring(PG_GETARG_TEXT_PP(1));
	Datum	   *elements;
	bool	   *nulls;
	int			count;

	deconstruct_array(keys, TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls, &count);
	for (int i = 0; i < count; i++)
	{
		text	   *key = nulls[i] ? cstring_to_text("") : DatumGetTextPP(elements[i]);

		check_name(VARDATA_ANY(key), VARSIZE_ANY_EXHDR(key), ORCH_NAME_CONFIG_KEY, ERRCODE_ORCH_INVALID_NAME, what);
		for (int j = 0; j < i; j++)
			if (DatumGetBool(DirectFunctionCall2Coll(texteq, DEFAULT_COLLATION_OID, elements[i], elements[j])))
				ereport(ERROR,
						(errcode(ERRCODE_ORCH_INVALID_NAME),
						 errmsg("%s \"%s\" is given twice", what, text_to_cstring(key)),
						 errhint("Name every key once.")));
	}
	PG_RETURN_BOOL(true);
}

ORCH_FUNCTION(orch_valid_texts);

/*
 * valid_texts(texts, place): one dimension, no NULL
 */
Datum
orch_valid_texts(PG_FUNCTION_ARGS)
{
	ArrayType  *texts = PG_GETARG_ARRAYTYPE_P(0);
	const char *place = text_to_cstring(PG_GETARG_TEXT_PP(1));
	Datum	   *elements;
	bool	   *nulls;
	int			count;

	if (ARR_NDIM(texts) > 1)
		orch_refuse(place, psprintf("It has %d dimensions.", ARR_NDIM(texts)), "Give an array of texts.");
	deconstruct_array(texts, TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls, &count);
	for (int i = 0; i < count; i++)
		if (nulls[i])
			orch_refuse(psprintf("%s[%d]", place, i), "It is NULL.", "Write an empty text, or leave it out; elements are counted from 0.");
	PG_RETURN_BOOL(true);
}

/* An empty text stands for a part that is not there. */
static OrchTextPart
image_part(FunctionCallInfo fcinfo, int argument, bool optional)
{
	text	   *value = PG_GETARG_TEXT_PP(argument);
	OrchTextPart part = {VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value)};

	if (optional && part.length == 0)
		part.text = NULL;
	return part;
}

static void
check_image(const OrchImage *image)
{
	const char *name;
	OrchNameKind kind;
	OrchFault	fault;
	const OrchTextPart *part;

	if (orch_image_check(image, &name, &kind, &fault))
		return;
	part = kind == ORCH_NAME_REGISTRY ? &image->registry :
		kind == ORCH_NAME_REPOSITORY ? &image->repository :
		kind == ORCH_NAME_TAG ? &image->tag : &image->digest;
	ereport(ERROR,
			(errcode(ERRCODE_ORCH_INVALID_SPECIFICATION),
			 errmsg("invalid image %s \"%s\"", name, clipped(part->text, part->length)),
			 errdetail("%s", fault.text),
			 errhint("%s", orch_name_hint(kind))));
}

ORCH_FUNCTION(orch_valid_image);

/*
 * valid_image(registry, repository, tag, digest)
 */
Datum
orch_valid_image(PG_FUNCTION_ARGS)
{
	OrchImage	image;

	image.registry = image_part(fcinfo, 0, true);
	image.repository = image_part(fcinfo, 1, false);
	image.tag = image_part(fcinfo, 2, true);
	image.digest = image_part(fcinfo, 3, true);
	check_image(&image);
	PG_RETURN_BOOL(true);
}

static Datum
part_text(OrchTextPart part)
{
	return PointerGetDatum(cstring_to_text_with_len(part.text ? part.text : "", (int) part.length));
}

ORCH_FUNCTION(orch_parse_image);

/*
 * parse_image(image): {registry, repository, tag, digest}, empty where absent
 */
Datum
orch_parse_image(PG_FUNCTION_ARGS)
{
	text	   *value = PG_GETARG_TEXT_PP(0);
	OrchImage	image;
	Datum		parts[4];

	orch_image_split(VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value), &image);
	check_image(&image);
	parts[0] = part_text(image.registry);
	parts[1] = part_text(image.repository);
	parts[2] = part_text(image.tag);
	parts[3] = part_text(image.digest);
	PG_RETURN_ARRAYTYPE_P(construct_array(parts, 4, TEXTOID, -1, false, TYPALIGN_INT));
}

ORCH_FUNCTION(orch_valid_rollout);

/*
 * valid_rollout(max_surge, max_unavailable): not strict, either may be NULL
 */
Datum
orch_valid_rollout(PG_FUNCTION_ARGS)
{
	static const char *const names[] = {"max_surge", "max_unavailable"};
	int			zeros = 0;

	for (int i = 0; i < 2; i++)
	{
		char	   *amount;

		if (PG_ARGISNULL(i))
			continue;
		amount = text_to_cstring(PG_GETARG_TEXT_PP(i));
		check_name(amount, strlen(amount), ORCH_NAME_AMOUNT, ERRCODE_ORCH_INVALID_SPECIFICATION, names[i]);
		if (i == 1 && strchr(amount, '%') != NULL && atoi(amount) > 100)
			ereport(ERROR,
					(errcode(ERRCODE_ORCH_INVALID_SPECIFICATION),
					 errmsg("invalid max_unavailable \"%s\"", amount),
					 errdetail("It is more than 100%%."),
					 errhint("Write at most \"100%%\".")));
		zeros += atoi(amount) == 0 ? 1 : 0;
	}
	if (zeros == 2)
		ereport(ERROR,
				(errcode(ERRCODE_ORCH_INVALID_SPECIFICATION),
				 errmsg("max_surge and max_unavailable are both zero"),
				 errdetail("Then no pod could ever be replaced."),
				 errhint("Let one of them be at least 1.")));
	PG_RETURN_BOOL(true);
}
