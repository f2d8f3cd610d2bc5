/*-------------------------------------------------------------------------
 *
 * kubeconfig.h
 *	  Where a cluster is and how to log in, from a kubeconfig text, from
 *	  fields or from the service account of the pod that we run in.
 *
 * Pure C; reads no file except orch_kubeconfig_in_cluster().  Files that the
 * text names stay paths here and are read (and re-read) by the client, so a
 * caller who lets others give the text must decide who may name files of the
 * server's machine: see orch_kubeconfig_uses_files().
 *
 *-------------------------------------------------------------------------
 */
#ifndef ORCH_KUBE_KUBECONFIG_H
#define ORCH_KUBE_KUBECONFIG_H

#include "kube/kubeconfig_check.h"

/* Longest kubeconfig text that is looked at. */
#define ORCH_KUBECONFIG_MAX_BYTES (1024 * 1024)

/*
 * Parses text (YAML or JSON, length bytes) and takes one context of it (NULL
 * or "": current-context).  On false, error names what is missing or refused
 * and *config is empty.  Exec plugins, auth-provider and impersonation are
 * refused.  No secret is ever part of error.
 */
extern bool orch_kubeconfig_parse(const char *text, size_t length,
								  const char *context,
								  OrchKubeConfig *config,
								  char *error, size_t error_size);

#endif							/* ORCH_KUBE_KUBECONFIG_H */
