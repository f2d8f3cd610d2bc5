/*
 * names.h
 *	  The grammars of names: one check for each kind, with the reason when it
 *	  fails.
 *
 * Pure C without a backend, so that unit tests call it; the SQL functions of
 * validate.c and the walker of shape.c turn a fault into an error.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* longest fault with its final NUL; longer ones are cut */
#define ORCH_FAULT_SIZE 256

/* Why a text was refused: one full sentence. */
typedef struct OrchFault
{
	char		text[ORCH_FAULT_SIZE];
} OrchFault;

typedef enum OrchNameKind
{
	ORCH_NAME_LABEL,			/* DNS-1035: containers, namespaces, volumes */
	ORCH_NAME_SUBDOMAIN,		/* DNS-1123: config maps, secrets, clusters */
	ORCH_NAME_USERNAME,
	ORCH_NAME_LABEL_KEY,		/* also of annotations */
	ORCH_NAME_LABEL_VALUE,
	ORCH_NAME_CONFIG_KEY,		/* key in a config map or secret */
	ORCH_NAME_ENVIRONMENT,
	ORCH_NAME_PORT,
	ORCH_NAME_PATH,				/* absolute */
	ORCH_NAME_SUB_PATH,			/* relative */
	ORCH_NAME_FIELD_PATH,		/* fieldRef.fieldPath */
	ORCH_NAME_RESOURCE_FIELD,	/* resourceFieldRef.resource */
	ORCH_NAME_AMOUNT,			/* "2" or "25%" */
	ORCH_NAME_REGISTRY,			/* host[:port] */
	ORCH_NAME_REPOSITORY,
	ORCH_NAME_TAG,
	ORCH_NAME_DIGEST,

	/* of pods, where the API server takes more than the above */
	ORCH_NAME_DNS_LABEL,		/* DNS-1123: may begin with a digit */
	ORCH_NAME_IMAGE,			/* a whole reference */
	ORCH_NAME_HEADER,
	ORCH_NAME_ANY_VARIABLE,
	ORCH_NAME_VARIABLE_PREFIX,	/* may be empty */
	ORCH_NAME_LABEL_KEY_OR_EMPTY,
	ORCH_NAME_SYSCTL,
	ORCH_NAME_WINDOWS_USER,
	ORCH_NAME_IP_ADDRESS,
	ORCH_NAME_DNS_SEARCH,
	ORCH_NAME_RELATIVE_PATH,	/* may be empty */
	ORCH_NAME_FILE_PATH,		/* relative, of a file in a volume */
	ORCH_NAME_HOST_PATH,		/* any without ".." */
	ORCH_NAME_ABSOLUTE_PATH,
	ORCH_NAME_POD_FIELD,		/* as FIELD_PATH, and whole maps, for files */
	ORCH_NAME_KINDS				/* how many there are */
} OrchNameKind;

/*
 * Is text (length bytes, no NUL needed) a name of this kind?  If not, *fault
 * says why.
 */
extern bool orch_name_check(OrchNameKind kind, const char *text, size_t length,
							OrchFault *fault);

/* What a name of this kind looks like: one sentence for a hint. */
extern const char *orch_name_hint(OrchNameKind kind);

/* Does this label key belong to the platform itself? */
extern bool orch_label_key_is_reserved(const char *key, size_t length);

/* Likewise for an annotation. */
extern bool orch_annotation_key_is_reserved(const char *key, size_t length);

/* What an API server gives out unless it is told otherwise (--service-node-port-range). */
#define ORCH_FIRST_NODE_PORT 30000
#define ORCH_LAST_NODE_PORT 32767

/* A port number that probes and services may name. */
extern bool orch_port_is_valid(long long port);

/* Digits only, no sign: writes the number, false when it is none. */
extern bool orch_port_parse(const char *text, size_t length, long long *port);
