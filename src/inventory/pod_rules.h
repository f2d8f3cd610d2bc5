/*
 * pod_rules.h
 *	  What fields of a pod say together, as Kubernetes' own validation judges it.
 *
 * Pure C without a backend, so that unit tests call it; shape_rules.c finds the
 * fields in JSON.
 */
#pragma once

#include "inventory/image.h"

/* Annotations of this prefix name a container. */
#define ORCH_APPARMOR_KEY "container.apparmor.security.beta.kubernetes.io/"

/* A part whose text is NULL is not there. */
typedef struct OrchToleration
{
	OrchTextPart key;
	OrchTextPart operator;
	OrchTextPart value;
	OrchTextPart effect;
	bool		has_seconds;
} OrchToleration;

/* If not, *field names the one to be changed. */
extern bool orch_toleration_check(const OrchToleration *toleration, const char **field, OrchFault *fault);

/* What a resource of a container is, which decides what may be asked of it. */
typedef enum OrchResource
{
	ORCH_RESOURCE_COMPUTE,		/* cpu, memory */
	ORCH_RESOURCE_NATIVE,		/* ephemeral-storage, and those of kubernetes.io */
	ORCH_RESOURCE_HUGE_PAGES,
	ORCH_RESOURCE_EXTENDED,		/* example.org/gpu: whole numbers, limit and request the same */
	ORCH_RESOURCE_UNKNOWN
} OrchResource;

extern OrchResource orch_resource_of(const char *name, size_t length);

/* The profile of seccomp or AppArmor: localhostProfile exactly with the type Localhost. */
extern bool orch_profile_check(OrchTextPart type, OrchTextPart path, bool seccomp, OrchFault *fault);

/* "requests.memory" and the divisor "1Mi"; an empty divisor stands for its default. */
extern bool orch_divisor_check(OrchTextPart resource, OrchTextPart divisor, OrchFault *fault);

/* An operator of a selector, and how many values it has. */
extern bool orch_selector_check(OrchTextPart operator, int values, OrchFault *fault);

/* The value of a label or annotation that Kubernetes itself reads. */
extern bool orch_well_known_check(OrchTextPart key, OrchTextPart value, OrchFault *fault);
