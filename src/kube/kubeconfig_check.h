/*-------------------------------------------------------------------------
 *
 * kubeconfig_check.h
 *	  Where a cluster is and how to log in: the struct, its rules, and the service
 *	  account of the pod that we run in.
 *
 *	  Included by way of kubeconfig.h.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ORCH_KUBE_KUBECONFIG_CHECK_H
#define ORCH_KUBE_KUBECONFIG_CHECK_H

/* Big enough for every error text of src/kube. */
#define ORCH_KUBE_ERROR_SIZE 512

/*
 * Every string is malloc'ed or NULL and belongs to the struct.  Start from
 * orch_kubeconfig_init(), set fields with orch_kubeconfig_set(), end with
 * orch_kubeconfig_free(), which overwrites secrets.
 */
typedef struct OrchKubeConfig
{
	char	   *context_name;	/* NULL unless it came from a kubeconfig */
	char	   *cluster_name;
	char	   *user_name;
	char	   *namespace_name; /* default namespace of the context */

	char	   *server;			/* https://host[:port][/prefix], no trailing / */

	/*
	 * Absolute path of a socket that requests go over, or NULL.  The server is
	 * http:// then, and its host is what the Host header says.  Of no kubeconfig:
	 * who lets others name one lets them talk to whatever listens on this machine.
	 */
	char	   *unix_socket;
	char	   *tls_server_name;	/* name to verify and to send as SNI */
	char	   *proxy_url;
	bool		insecure_skip_tls_verify;

	/* PEM texts; each beats the path below it */
	char	   *ca_pem;
	char	   *client_cert_pem;
	char	   *client_key_pem;
	char	   *ca_file;
	char	   *client_cert_file;
	char	   *client_key_file;

	char	   *token;
	char	   *token_file;		/* beats token; re-read while in use */
	char	   *username;
	char	   *password;
} OrchKubeConfig;

/* Makes an empty configuration. */
extern void orch_kubeconfig_init(OrchKubeConfig *config);

/* Overwrites secrets, frees every string, leaves an empty configuration. */
extern void orch_kubeconfig_free(OrchKubeConfig *config);

/*
 * Replaces one string field by a copy of value; NULL or "" makes it NULL.
 * False when memory is short.
 */
extern bool orch_kubeconfig_set(char **field, const char *value);

/* Deep copy into *to, which need not be initialized. False: out of memory. */
extern bool orch_kubeconfig_copy(OrchKubeConfig *to,
								 const OrchKubeConfig *from);

/*
 * Checks a configuration made by hand, with the same rules as a parsed one
 * (URL form, both halves of a client certificate, insecure or CA, ...).
 */
extern bool orch_kubeconfig_check(OrchKubeConfig *config,
								  char *error, size_t error_size);

/*
 * The service account of the pod that we run in: KUBERNETES_SERVICE_HOST and
 * _PORT, and the token, ca.crt and namespace below root, which is NULL for
 * /var/run/secrets/kubernetes.io/serviceaccount.
 */
extern bool orch_kubeconfig_in_cluster(OrchKubeConfig *config,
									   const char *root,
									   char *error, size_t error_size);

/*
 * Would anybody on the way read what is sent: plain http to anything but this
 * machine, or by way of a proxy?  Secrets are sent, whatever the login.  Nobody
 * is on the way to a Unix socket.
 */
extern bool orch_kubeconfig_is_plain(const OrchKubeConfig *config);

/* Is this host of a URL ([::1] in brackets) this machine itself? */
extern bool orch_kube_is_loopback(const char *host);

/*
 * Whom the client talks to and how it tells that it is him: address, name,
 * authority, proxy.  Two configurations of one identity differ in the login
 * alone.  malloc'ed; NULL when memory is short.
 */
extern char *orch_kubeconfig_identity(const OrchKubeConfig *config);

/* Does using this configuration read files of the server's machine? */
extern bool orch_kubeconfig_uses_files(const OrchKubeConfig *config);

#endif							/* ORCH_KUBE_KUBECONFIG_CHECK_H */
