/*
 * address.h
 *	  How a cluster is reached that has an endpoint instead of a kubeconfig.
 *
 * Its configuration is JSON that SQL writes of the arguments of register_cluster():
 * endpoint, and of its TLS material ca, cert and key.  What it says is the engine's to
 * tell; who may register it, and whether anybody may read on the way, is not.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Why a configuration cannot be used: full sentences, without a secret in them. */
typedef struct OrchAddressProblem
{
	char		detail[640];
	char		hint[400];
} OrchAddressProblem;

/* What a row shows of a configuration, or is judged by.  Strings are in the current context. */
typedef struct OrchAddress
{
	const char *endpoint;		/* clusters.api_server */
	const char *login;			/* clusters.auth_method: socket, certificate or none */
	const char *socket;			/* its path, where it is one of this machine; or NULL */
	const char *identity;		/* differs when it is another server, or told by something else */
	bool		plain;			/* whoever is on the way reads all of it */
} OrchAddress;

typedef struct OrchAddressing
{
	/* by its text alone; false: it cannot be used */
	bool		(*read) (const char *configuration, OrchAddress *address, OrchAddressProblem *problem);

	/* may this process open it, and is it closed to those who should not? */
	bool		(*check_socket) (const char *path, OrchAddressProblem *problem);
} OrchAddressing;
