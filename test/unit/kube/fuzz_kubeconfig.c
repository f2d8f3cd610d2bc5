/*
 * fuzz_kubeconfig.c
 *	  No text may overrun or leak anything.
 */
#include "kube/kube_prelude.h"

#include "kube/kubeconfig.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	OrchKubeConfig config;
	char		error[ORCH_KUBE_ERROR_SIZE];

	if (orch_kubeconfig_parse((const char *) data, size, NULL, &config,
							  error, sizeof(error)))
		orch_kubeconfig_free(&config);
	return 0;
}
