/*
 * shape_json.h
 *	  How the rules of shape_rules.c, shape_resources.c and pod_whole.c read JSON
 *	  whose shape has been checked; for nobody else.
 */
#pragma once

#include "inventory/image.h"
#include "inventory/shape.h"

/* A string, or a number as text; NULL when it is absent. */
extern OrchTextPart orch_field_text(const JsonbValue *object, const char *name);

extern bool orch_field_is(const JsonbValue *object, const char *name, const char *text);

extern bool orch_field_is_true(const JsonbValue *object, const char *name);

/* Elements of an array or fields of an object; 0 when it is absent. */
extern int	orch_field_size(const JsonbValue *object, const char *name);

/* As orch_refuse(), at a field of the object at place. */
pg_noreturn extern void orch_refuse_field(StringInfo place, const char *field, const char *fact, const char *hint);

/* pod_whole.c: what metadata and specification say together */
extern void orch_rule_template(const JsonbValue *object, StringInfo place);

/* pod_whole.c: beyond what holds for every container */
extern void orch_rule_init_container(const JsonbValue *object, StringInfo place);
