/*
 * kubeconfig_sql.c
 *	  What a kubeconfig says, for SQL: checked before it is sealed and stored.
 */
#include "postgres.h"

#include "core/compat.h"
#include "core/errors.h"
#include "funcapi.h"
#include "kube/kubeconfig.h"
#include "utils/builtins.h"

static Datum
identity(const OrchKubeConfig *config)
{
	char	   *text = orch_kubeconfig_identity(config);
	Datum		result;

	if (text == NULL)
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
	result = CStringGetTextDatum(text);
	free(text);
	return result;
}

/* Copies what is shown and frees the rest, so that no later error can leak it. */
static void
take(OrchKubeConfig *config, Datum *values, bool *nulls)
{
	values[0] = CStringGetTextDatum(config->server ? config->server : "");
	nulls[1] = config->context_name == NULL;
	values[1] = nulls[1] ? (Datum) 0 : CStringGetTextDatum(config->context_name);
	values[2] = BoolGetDatum(config->insecure_skip_tls_verify);
	values[3] = BoolGetDatum(orch_kubeconfig_uses_files(config));
	values[4] = BoolGetDatum(orch_kubeconfig_is_plain(config));
	values[5] = identity(config);
}

ORCH_FUNCTION(orch_inspect_kubeconfig);

/*
 * inspect_kubeconfig(kubeconfig, context): not strict; a NULL kubeconfig is
 * the service account of the pod that the server runs in.
 */
Datum
orch_inspect_kubeconfig(PG_FUNCTION_ARGS)
{
	bool		in_cluster = PG_ARGISNULL(0);
	char	   *kubeconfig = in_cluster ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(0));
	char	   *context = PG_ARGISNULL(1) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(1));
	OrchKubeConfig config;
	char		problem[ORCH_KUBE_ERROR_SIZE] = "";
	TupleDesc	descriptor;
	Datum		values[6];
	bool		nulls[6] = {false};
	bool		fine;

	if (get_call_result_type(fcinfo, NULL, &descriptor) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	orch_kubeconfig_init(&config);
	fine = in_cluster
		? orch_kubeconfig_in_cluster(&config, NULL, problem, sizeof(problem))
		: orch_kubeconfig_parse(kubeconfig, strlen(kubeconfig), context, &config, problem, sizeof(problem));
	if (!fine)
		ereport(ERROR,
				(errcode(ERRCODE_ORCH_INVALID_CLUSTER),
				 errmsg(in_cluster ? "the server does not run in a pod with a service account" : "kubeconfig cannot be used"),
				 errdetail("%c%s.", pg_toupper(problem[0]), problem + 1),
				 errhint(in_cluster ? "Give a kubeconfig." : "Give what \"kubectl config view --raw --flatten --minify\" prints.")));

	PG_TRY();
	{
		take(&config, values, nulls);
	}
	PG_FINALLY();
	{
		orch_kubeconfig_free(&config);
	}
	PG_END_TRY();
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(descriptor), values, nulls)));
}
