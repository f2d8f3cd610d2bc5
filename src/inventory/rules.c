/*
 * rules.c
 *	  AFTER STATEMENT trigger that asks a rule between rows about what a statement
 *	  wrote, whoever wrote it and however: INSERT, UPDATE, COPY, MERGE, a function.
 *
 * A rule is a function of rules.sql over two arrays, namespaces and keys, that raises
 * an error of ours.  It runs with the rights of the owner of the extension: what row
 * security hides from the writer is in the way all the same.  It only reads and locks;
 * claims.c writes.  An UPDATE that changes none of the columns that a rule speaks of
 * asks nothing, so that what the worker observes costs nothing.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "core/compat.h"
#include "core/rows.h"
#include "executor/spi.h"
#include "inventory/weigh.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#define BATCH 1000

/* arguments of the trigger: rule, key, column that must not be NULL or "", columns that matter */
enum
{
	ARG_RULE, ARG_KEY, ARG_FILTER, ARG_COLUMNS
};

/* what is asked about a row without SQL; the rule is asked when the answer is no */
typedef bool (*Obeys) (int64 namespace_id, int64 key, TupleTableSlot *slot, bool is_new);

/* kept for the session, with its plan */
typedef struct Rule
{
	struct Rule *next;
	char	   *name;
	char	   *statement;
	Obeys		obeys;
	void	   *plan;
} Rule;

static bool
enters_open_namespace(int64 namespace_id, int64 key, TupleTableSlot *slot, bool is_new)
{
	return orch_namespace_is_open(namespace_id);
}

static bool
is_small(int64 namespace_id, int64 key, TupleTableSlot *slot, bool is_new)
{
	return is_new ? orch_new_container_is_small(slot) : orch_container_is_small(namespace_id, key);
}

static bool
is_part_of_small(int64 namespace_id, int64 key, TupleTableSlot *slot, bool is_new)
{
	return orch_namespace_is_open(namespace_id) && orch_container_is_small(namespace_id, key);
}

/* rules that are not asked about rows of which a look says that they obey */
static const struct
{
	const char *name;
	Obeys		obeys;
}			looks[] = {
	{"enter_namespaces", enters_open_namespace},
	{"bound_containers", is_small},
	{"add_parts", is_part_of_small},
};

/* those that this session has asked */
static Rule *rules = NULL;

/* what the trigger knows of its table */
typedef struct RuleTable
{
	Rule	   *rule;
	AttrNumber	namespace_id;
	AttrNumber	key;
	AttrNumber	filter;			/* InvalidAttrNumber: every row counts */
	Oid			asker;			/* owner of the trigger's function */
	Bitmapset  *columns;
} RuleTable;

typedef struct Question
{
	const RuleTable *table;
	int64		last_namespace_id;	/* of the row before */
	int64		last_key;
	int			count;
	int			room;
	Datum	   *namespace_ids;
	Datum	   *keys;
} Question;

static Rule *
make_rule(const char *name)
{
	MemoryContext previous = MemoryContextSwitchTo(TopMemoryContext);
	Rule	   *rule = palloc0(sizeof(Rule));

	rule->name = pstrdup(name);
	rule->statement = psprintf("SELECT orchestration_internal.%s($1, $2)", quote_identifier(name));
	for (int i = 0; i < lengthof(looks); i++)
	{
		if (strcmp(looks[i].name, name) == 0)
			rule->obeys = looks[i].obeys;
	}
	rule->next = rules;
	rules = rule;
	MemoryContextSwitchTo(previous);
	return rule;
}

static Rule *
find_rule(const char *name)
{
	for (Rule *rule = rules; rule != NULL; rule = rule->next)
	{
		if (strcmp(rule->name, name) == 0)
			return rule;
	}
	return make_rule(name);
}

static Oid
owner_of(Oid function)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	Oid			owner;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for function %u", function);
	owner = ((Form_pg_proc) GETSTRUCT(tuple))->proowner;
	ReleaseSysCache(tuple);
	return owner;
}

static void *
learn(TriggerData *trigger)
{
	TupleDesc	desc = RelationGetDescr(trigger->tg_relation);
	char	  **args = trigger->tg_trigger->tgargs;
	int			count = trigger->tg_trigger->tgnargs;
	RuleTable  *table = palloc0(sizeof(RuleTable));

	if (count < ARG_COLUMNS)
		elog(ERROR, "trigger of a rule has %d arguments", count);
	table->rule = find_rule(args[ARG_RULE]);
	table->asker = owner_of(trigger->tg_trigger->tgfoid);
	table->key = orch_row_column(desc, args[ARG_KEY]);
	table->namespace_id = orch_row_column_if_any(desc, "namespace_id");
	if (table->namespace_id == InvalidAttrNumber)
		table->namespace_id = table->key;
	if (args[ARG_FILTER][0] != '\0')
		table->filter = orch_row_column(desc, args[ARG_FILTER]);
	table->columns = orch_row_columns(desc, args + ARG_COLUMNS, count - ARG_COLUMNS);
	return table;
}

static void
ask(Question *question)
{
	Rule	   *rule = question->table->rule;
	Oid			types[] = {INT8ARRAYOID, INT8ARRAYOID};
	Datum		values[2];
	Oid			user;
	int			security;
	int			nest_level;

	if (question->count == 0)
		return;
	GetUserIdAndSecContext(&user, &security);
	SetUserIdAndSecContext(question->table->asker, security | SECURITY_LOCAL_USERID_CHANGE | SECURITY_NOFORCE_RLS);
	nest_level = orch_path_begin();
	/* one plan for the session, good also where it was made while the tables were empty */
	set_config_option("enable_seqscan", "off", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	set_config_option("jit", "off", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	set_config_option("plan_cache_mode", "force_generic_plan", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	values[0] = PointerGetDatum(construct_array(question->namespace_ids, question->count, INT8OID, 8,
												FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
	values[1] = PointerGetDatum(construct_array(question->keys, question->count, INT8OID, 8,
												FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
	orch_owner_prepare(&rule->plan, rule->statement, lengthof(types), types);
	(void) orch_owner_execute(rule->plan, values);
	SPI_finish();
	orch_path_end(nest_level);
	SetUserIdAndSecContext(user, security);
	question->count = 0;
}

static void
make_room(Question *question)
{
	Size		size;

	question->room = question->room == 0 ? 8 : BATCH;
	size = question->room * sizeof(Datum);
	question->namespace_ids = question->count == 0 ? palloc(size) : repalloc(question->namespace_ids, size);
	question->keys = question->count == 0 ? palloc(size) : repalloc(question->keys, size);
}

/*
 * Notes a row; a run of rows of the same key is noted once.
 */
static void
note_row(Question *question, TupleTableSlot *slot, bool is_new)
{
	int64		namespace_id = orch_row_int64(slot, question->table->namespace_id);
	int64		key = orch_row_int64(slot, question->table->key);
	Obeys		obeys = question->table->rule->obeys;

	if (question->last_key == key && question->last_namespace_id == namespace_id)
		return;
	question->last_key = key;
	question->last_namespace_id = namespace_id;
	if (obeys != NULL && obeys(namespace_id, key, slot, is_new))
		return;
	if (question->count == BATCH)
		ask(question);
	if (question->count == question->room)
		make_room(question);
	question->namespace_ids[question->count] = Int64GetDatum(namespace_id);
	question->keys[question->count] = Int64GetDatum(key);
	question->count++;
}

static bool
passes(const RuleTable *table, TupleTableSlot *slot)
{
	return slot != NULL &&
		(table->filter == InvalidAttrNumber || !slot_attisnull(slot, table->filter));
}

/*
 * Is there something to ask about a row?  A row that left the rule's reach or
 * moved to another key counts with what it was.
 */
static void
judge_change(Question *question, const OrchChanges *changes)
{
	const RuleTable *table = question->table;
	bool		was = passes(table, changes->old);
	bool		is = passes(table, changes->new);

	if (changes->old && changes->new && !orch_row_columns_differ(changes->old, changes->new, table->columns))
		return;
	if (is)
		note_row(question, changes->new, changes->old == NULL);
	if (was && (!is || orch_row_column_differs(changes->old, changes->new, table->key)))
		note_row(question, changes->old, false);
}

ORCH_FUNCTION(orch_ask_rule);

/*
 * ask_rule(rule, key, filter, columns): statement trigger with transition tables.
 * Inserted and deleted rows always count, updated ones when one of the columns
 * changed.
 */
Datum
orch_ask_rule(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	OrchChanges changes;
	Question	question = {.last_key = -1, .last_namespace_id = -1};

	orch_changes_check_trigger(fcinfo);
	question.table = orch_memo(trigger, learn);
	orch_changes_begin(&changes, trigger);
	while (orch_changes_next(&changes))
		judge_change(&question, &changes);
	ask(&question);
	orch_changes_end(&changes);
	return PointerGetDatum(NULL);
}
