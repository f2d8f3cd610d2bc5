/*
 * foreign_rows.c
 *	  Index scans that read no row of a namespace that is not permitted.
 *
 * Where a statement says itself which namespace (namespace_id = 5, or that of an
 * outer row), permits() stays a filter (planner.c), and the index would be searched
 * first, by names and by whatever else tells nothing itself.  What the filter
 * removes is not shown, but counted, by EXPLAIN ANALYZE and by the statistics that
 * everybody may read.  So the scan looks for that namespace if it is permitted, and for none
 * otherwise: asked once for a scan, not for a row.
 */
#include "access/access.h"

#include "access/stratnum.h"
#include "catalog/pg_am_d.h"
#include "catalog/pg_collation_d.h"
#include "catalog/pg_type.h"
#include "core/compat.h"
#include "core/core.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "nodes/pathnodes.h"
#include "optimizer/restrictinfo.h"
#include "parser/parse_coerce.h"
#include "utils/lsyscache.h"

typedef struct Gate
{
	PlannerInfo *root;
	Var		   *column;			/* that permits() asks about */
	List	   *texts;			/* what it asks for */
	Oid			of_one;			/* permitted_or_null() */
	Oid			of_some;		/* permitted_among() */
} Gate;

static Oid
function(const char *name, Oid first)
{
	Oid			types[] = {first, TEXTOID, TEXTOID};

	return orch_internal_function(name, 3, types);
}

/* permits(column, constant, constant), as a condition of its own: beside another one it does not decide */
static FuncExpr *
find_permits(RelOptInfo *rel)
{
	ListCell   *cell;

	foreach(cell, rel->baserestrictinfo)
	{
		FuncExpr   *call = (FuncExpr *) lfirst_node(RestrictInfo, cell)->clause;

		if (IsA(call, FuncExpr) && list_length(call->args) == 3 && IsA(linitial(call->args), Var) &&
			exprType(linitial(call->args)) == INT8OID && IsA(lsecond(call->args), Const) && IsA(lthird(call->args), Const) &&
			call->funcid == function("permits", INT8OID))
			return call;
	}
	return NULL;
}

static Node *
call(Oid function, Oid type, Node *argument, Gate *gate)
{
	return (Node *) makeFuncExpr(function, type, lcons(argument, list_copy(gate->texts)), InvalidOid, DEFAULT_COLLATION_OID, COERCE_EXPLICIT_CALL);
}

/* smaller integers, or arrays of them, may be looked for as well; NULL for what is not known here, or gated already */
static Node *
widen(Node *value, Oid type, Oid gate)
{
	if (IsA(value, FuncExpr) && ((FuncExpr *) value)->funcid == gate)
		return NULL;
	return coerce_to_target_type(NULL, value, exprType(value), type, -1, COERCION_ASSIGNMENT, COERCE_IMPLICIT_CAST, -1);
}

/* column = something */
static Expr *
gated_equality(Gate *gate, OpExpr *equality, Oid opfamily)
{
	Node	   *value = widen(lsecond(equality->args), INT8OID, gate->of_one);
	Oid			opno = get_opfamily_member(opfamily, INT8OID, INT8OID, BTEqualStrategyNumber);
	OpExpr	   *result;

	if (value == NULL || !OidIsValid(opno))
		return NULL;
	result = (OpExpr *) make_opclause(opno, BOOLOID, false, linitial(equality->args), (Expr *) call(gate->of_one, INT8OID, value, gate), InvalidOid, InvalidOid);
	result->opfuncid = get_opcode(opno);
	return (Expr *) result;
}

static Expr *
gated_choice(Gate *gate, ScalarArrayOpExpr *choice, Oid opfamily)
{
	Node	   *values = orch_is_list_of_permitted((Node *) choice) ? NULL : widen(lsecond(choice->args), INT8ARRAYOID, gate->of_some);
	Oid			opno = get_opfamily_member(opfamily, INT8OID, INT8OID, BTEqualStrategyNumber);
	ScalarArrayOpExpr *result;

	if (values == NULL || !OidIsValid(opno))
		return NULL;
	result = copyObject(choice);
	result->opno = opno;
	result->opfuncid = get_opcode(opno);
	lsecond(result->args) = call(gate->of_some, INT8ARRAYOID, values, gate);
	return (Expr *) result;
}

static IndexClause *
gated_clause(Gate *gate, IndexOptInfo *index, IndexClause *clause)
{
	RestrictInfo *qual = list_length(clause->indexquals) == 1 ? linitial(clause->indexquals) : NULL;
	Expr	   *gated = NULL;
	IndexClause *result;

	if (qual == NULL || index->indexkeys[clause->indexcol] != gate->column->varattno || !orch_binds(qual, index, clause->indexcol))
		return NULL;
	if (IsA(qual->clause, OpExpr))
		gated = gated_equality(gate, (OpExpr *) qual->clause, index->opfamily[clause->indexcol]);
	else if (IsA(qual->clause, ScalarArrayOpExpr))
		gated = gated_choice(gate, (ScalarArrayOpExpr *) qual->clause, index->opfamily[clause->indexcol]);
	if (gated == NULL)
		return NULL;
	result = makeNode(IndexClause);
	*result = *clause;
	result->indexquals = list_make1(make_simple_restrictinfo(gate->root, gated));
	return result;
}

/* the costs stay: nothing is looked for that was not */
static void
gate_index_path(Gate *gate, IndexPath *path)
{
	List	   *clauses = NIL;
	bool		changed = false;
	ListCell   *cell;

	if (path->indexinfo->relam != BTREE_AM_OID)
		return;
	foreach(cell, path->indexclauses)
	{
		IndexClause *gated = gated_clause(gate, path->indexinfo, lfirst(cell));

		changed |= gated != NULL;
		clauses = lappend(clauses, gated ? gated : lfirst(cell));
	}
	/* not in place: other paths share it */
	if (changed)
		path->indexclauses = clauses;
}

static void
gate_path(Gate *gate, Path *path)
{
	List	   *parts = NIL;
	ListCell   *cell;

	if (IsA(path, IndexPath))
		gate_index_path(gate, (IndexPath *) path);
	else if (IsA(path, BitmapHeapPath))
		gate_path(gate, ((BitmapHeapPath *) path)->bitmapqual);
	else if (IsA(path, BitmapAndPath))
		parts = ((BitmapAndPath *) path)->bitmapquals;
	else if (IsA(path, BitmapOrPath))
		parts = ((BitmapOrPath *) path)->bitmapquals;
	foreach(cell, parts)
		gate_path(gate, lfirst(cell));
}

/*
 * Called when all paths of a table are there.
 */
void
orch_gate_paths(PlannerInfo *root, RelOptInfo *rel)
{
	FuncExpr   *permits = find_permits(rel);
	Gate		gate;
	ListCell   *cell;

	if (permits == NULL)
		return;
	gate.root = root;
	gate.column = linitial_node(Var, permits->args);
	gate.texts = list_make2(lsecond(permits->args), lthird(permits->args));
	gate.of_one = function("permitted_or_null", INT8OID);
	gate.of_some = function("permitted_among", INT8ARRAYOID);
	if (!OidIsValid(gate.of_one) || !OidIsValid(gate.of_some))
		return;
	foreach(cell, rel->pathlist)
		gate_path(&gate, lfirst(cell));
	foreach(cell, rel->partial_pathlist)
		gate_path(&gate, lfirst(cell));
}
