/*
 * template.h
 *	  What a Docker Engine is told to run for one pod of a Kubernetes pod template.
 *
 * A pod is a container of the engine, and one more for each init container, which
 * run one after the other before it.  What the engine cannot do is refused with a
 * reason and a message, and not left out in silence.  Nothing here speaks with an
 * engine, and nothing throws but for want of memory; all is in the current context.
 */
#pragma once

#include "postgres.h"

#include "nodes/pg_list.h"
#include "utils/jsonb.h"

typedef enum OrchDockerFound
{
	ORCH_DOCKER_CONTENTS_ABSENT,
	ORCH_DOCKER_CONTENTS_UNKNOWN,		/* it is there, and its contents are not known to this process yet */
	ORCH_DOCKER_CONTENTS_FOUND
} OrchDockerFound;

/* Where config maps and secrets are to be had: kind is ConfigMap or Secret. */
typedef struct OrchDockerLookup
{
	OrchDockerFound (*contents) (void *arg, const char *kind, const char *name, JsonbContainer **manifest);
	void	   *arg;
} OrchDockerLookup;

typedef struct OrchDockerPublished
{
	int			container_port;
	const char *protocol;		/* TCP, UDP or SCTP */
	int			host_port;		/* 0: any */
} OrchDockerPublished;

typedef struct OrchDockerPodIdentity
{
	const char *name;			/* of the pod, and of the container that serves */
	int			number;			/* among the pods of its workload */
	const char *uid;
	const char *place;			/* namespace, and the network */
	const char *workload;
	const char *workload_uid;
	const char *template_hash;
	const char *node_name;
	List	   *aliases;		/* names in the network, char * */
	List	   *ports;			/* what is published, OrchDockerPublished * */
	int64		open_files;		/* most that the engine lets a process have; 0: nothing is said about it */
	int64		processes;		/* likewise, of a user */
	int64		machine_cpu;	/* thousandths; a container without a limit reads these; 0: not known */
	int64		machine_memory; /* bytes */
} OrchDockerPodIdentity;

/*
 * What is put into a container before it starts.  Each directory (into) is an archive
 * of its own: with the root some engines do not reach what is mounted below it.
 */
typedef struct OrchDockerFile
{
	char	   *into;			/* absolute */
	char	   *name;			/* in it; "." is the directory itself, which is to have this mode and owner */
	char	   *data;			/* NULL for a directory */
	size_t		size;
	int			mode;
	int			uid;
	int			gid;
} OrchDockerFile;

/* A container of the engine. */
typedef struct OrchDockerUnit
{
	char	   *name;
	char	   *container;		/* its name in the template */
	char	   *image;
	char	   *pull_policy;	/* Always, IfNotPresent or Never */
	bool		is_init;
	bool		not_as_root;	/* must not run if its image's own user is root */
	char	   *body;			/* JSON for POST /containers/create */
	List	   *files;			/* OrchDockerFile * */
} OrchDockerUnit;

typedef struct OrchDockerPodPlan
{
	List	   *units;			/* OrchDockerUnit *: init containers first, then the one that serves; NIL where there is a reason */
	List	   *scratch;		/* names of volumes that go with the pod, char * */
	List	   *claims;			/* names of claims that must be there, in the place */
	List	   *pull_secrets;
	int			grace_seconds;
	char	   *restart_policy; /* Always, OnFailure or Never */
	const char *reason;			/* NULL: it can be run */
	char	   *message;
	bool		is_waiting;		/* for contents that are UNKNOWN; all of them have been asked for */
} OrchDockerPodPlan;

extern void orch_docker_plan_pod(JsonbContainer *template, const OrchDockerPodIdentity *identity, const OrchDockerLookup *lookup, OrchDockerPodPlan *plan);

/* the volume that a claim is */
extern char *orch_docker_claim_volume(const char *place, const char *claim);
