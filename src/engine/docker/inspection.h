/*
 * inspection.h
 *	  What Docker says of containers, in its lists, when it is asked for one, and
 *	  in events.
 *
 * Strings are allocated in the current memory context.  What is missing or of
 * another type than the API has it is absent; nothing throws but for want of memory.
 */
#pragma once

#include "engine/json.h"

/* characters of a message that are kept */
#define ORCH_DOCKER_MESSAGE_CHARACTERS 1000

typedef enum OrchDockerState
{
	ORCH_DOCKER_UNKNOWN,
	ORCH_DOCKER_CREATED,
	ORCH_DOCKER_RUNNING,
	ORCH_DOCKER_PAUSED,
	ORCH_DOCKER_RESTARTING,		/* it has ended, and Docker will start it again */
	ORCH_DOCKER_EXITED,
	ORCH_DOCKER_DEAD			/* it could not be removed, or is being removed */
} OrchDockerState;

/* Labels of ours; what is not there is NULL or 0. */
typedef struct OrchDockerLabels
{
	const char *installation;
	const char *owner;
	int64		container_id;
	const char *pod;
	const char *pod_uid;
	int64		number;
	const char *template_hash;
	const char *workload;
	const char *workload_uid;
	const char *role;
	const char *place;
} OrchDockerLabels;

typedef struct OrchDockerPort
{
	int			container_port;
	int			host_port;
	const char *protocol;
} OrchDockerPort;

typedef struct OrchDockerContainer
{
	const char *id;
	const char *name;			/* without the slash; may be NULL */
	const char *image;
	const char *image_id;
	OrchDockerLabels labels;
	OrchDockerState state;
	const char *created_at;		/* times as RFC 3339; NULL: never */
	const char *ip;				/* in the network of its place; may be NULL */
	OrchDockerPort *ports;		/* of the host, where something listens on them */
	int			port_count;
	int64		files_bytes;	/* what it has written beside its volumes; -1: not told */

	/* lists do not have these */
	int			exit_code;
	bool		oom_killed;
	const char *error;			/* why it could not be started; NULL: it could */
	const char *started_at;
	const char *finished_at;	/* of the last end, also while it runs again */
	int			restart_count;
} OrchDockerContainer;

/* An answer of GET /containers/{id}/json, or an element of GET /containers/json; false: it has no id. */
extern bool orch_docker_container_read(JsonbContainer *answer, OrchDockerContainer *container);

extern void orch_docker_labels_read(JsonbContainer *labels, OrchDockerLabels *ours);

/* NULL for ORCH_DOCKER_UNKNOWN */
extern const char *orch_docker_state_name(OrchDockerState state);

typedef enum OrchDockerThing
{
	ORCH_DOCKER_OTHER,
	ORCH_DOCKER_CONTAINER,
	ORCH_DOCKER_VOLUME,
	ORCH_DOCKER_NETWORK
} OrchDockerThing;

typedef struct OrchDockerEvent
{
	OrchDockerThing type;
	const char *action;			/* create, start, die, ... */
	const char *id;				/* of a volume or network of Podman: its name */
	const char *name;			/* may be NULL */
	bool		has_exit_code;
	int			exit_code;
	int64		time;			/* nanoseconds since 1970; 0: not told */
	OrchDockerLabels labels;	/* of a container */
} OrchDockerEvent;

/* A line of GET /events; false: it says nothing usable. */
extern bool orch_docker_event_read(JsonbContainer *line, OrchDockerEvent *event);
