/*
 * shape.h
 *	  What a JSON value that a user gives must look like, and the walk that
 *	  compares the two.
 *
 * The shapes are data (shapes.c); the walk (shape.c) stops at the first
 * mistake and names the place where it stands, such as
 * env[2].valueFrom.configMapKeyRef.key.
 */
#pragma once

#include "postgres.h"

#include "core/compat.h"

#include "inventory/names.h"
#include "lib/stringinfo.h"
#include "utils/jsonb.h"

typedef enum OrchShapeType
{
	ORCH_SHAPE_STRING,			/* any string that is not empty */
	ORCH_SHAPE_TEXT,			/* any string */
	ORCH_SHAPE_NAME,			/* string by a grammar of names.h */
	ORCH_SHAPE_CHOICE,			/* one of some strings */
	ORCH_SHAPE_BOOLEAN,
	ORCH_SHAPE_INTEGER,			/* between minimum and maximum */
	ORCH_SHAPE_PORT,			/* port number, or name of a port */
	ORCH_SHAPE_QUANTITY,		/* amount of a resource: string or number */
	ORCH_SHAPE_OBJECT,			/* known fields */
	ORCH_SHAPE_MAP,				/* any keys of a grammar, values of one shape */
	ORCH_SHAPE_ARRAY,			/* elements of one shape */
	ORCH_SHAPE_TEXT_OR_OBJECT	/* any string, or an object of one shape */
} OrchShapeType;

typedef struct OrchShape OrchShape;

typedef struct OrchShapeField
{
	const char *name;			/* NULL ends the list */
	const OrchShape *shape;
	bool		required;
} OrchShapeField;

/* Raises OR003 when the fields of an object contradict each other. */
typedef void (*OrchShapeRule) (const JsonbValue *object, StringInfo place);

struct OrchShape
{
	OrchShapeType type;
	OrchNameKind name;			/* NAME: its grammar; MAP: that of its keys */
	int64		minimum;		/* INTEGER; ARRAY: fewest elements */
	int64		maximum;		/* INTEGER; ARRAY: most elements, 0: any number */
	const char *const *choices; /* CHOICE; NULL ends the list */
	const OrchShapeField *fields;	/* OBJECT */
	bool		open;			/* OBJECT: fields that are not listed pass */
	const char *const *exactly_one; /* OBJECT: one of these fields; NULL ends */
	bool		or_none;		/* OBJECT: or none of exactly_one */
	OrchShapeRule rule;			/* OBJECT: what its fields say together */
	const char *const *unique;	/* ARRAY of objects: no two have the same in all of these; NULL ends */
	bool		merged;			/* ARRAY: merge_overrides() goes into its elements */
	const OrchShape *element;	/* ARRAY, MAP, TEXT_OR_OBJECT */
	const char *const *refused; /* OBJECT: pairs of field and hint; NULL ends */
};

/* The shape of this name, or NULL: see shapes.c. */
extern const OrchShape *orch_shape_find(const char *name, size_t length);

/* Raises OR003 at the first mistake of value; place says where it stands. */
extern void orch_shape_check(const JsonbValue *value, const OrchShape *shape,
							 StringInfo place);

/*
 * The same for a patch that is merged into what is there: null removes, and
 * what is missing is not missed, except in arrays that the merge replaces.
 */
extern void orch_shape_check_patch(const JsonbValue *value, const OrchShape *shape,
								   StringInfo place);

/* A member of an object; false when it is absent or null. */
extern bool orch_field_member(const JsonbValue *object, const char *name, JsonbValue *member);

extern bool orch_jsonb_is_text(const JsonbValue *value, const char *text);

/* Raises OR003 at a place: "invalid specification at <place>". */
pg_noreturn extern void orch_refuse(const char *place, const char *fact, const char *hint);

/* ".field", or ["field"] where the name is not plain; the caller truncates. */
extern void orch_place_field(StringInfo place, const char *field, size_t length);
