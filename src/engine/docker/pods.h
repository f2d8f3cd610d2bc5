/*
 * pods.h
 *	  Pods: what of them there is, what was asked of the engine for each, and what comes
 *	  next (pod_state.h).
 */
#pragma once

#include "engine/docker/inspection.h"
#include "engine/docker/instance.h"
#include "engine/docker/internal.h"
#include "engine/docker/pod_state.h"
#include "engine/docker/probe_state.h"
#include "engine/docker/template.h"
#include "engine/docker/workloads.h"

struct OrchDockerRunner;

/* A probe that is asked. */
typedef struct OrchDockerQuestion
{
	struct OrchDockerRunner *runner;
	OrchDockerProbe probe;
	int64		run;			/* of the container, by when it began */
	bool		is_asked;
	int64		asked_at;
	int			fd;				/* of a connection that is being made; -1: none */
	char		exec_id[80];
	OrchKubeClient *client;		/* for its pages; NULL: none yet */
	char	   *address;		/* of that */
} OrchDockerQuestion;

/* One replica: who sees to it that it runs. */
typedef struct OrchDockerRunner
{
	MemoryContext context;		/* of all that it holds */
	dlist_node	node;
	OrchDockerWorkload *workload;	/* NULL: there is none any more, or not yet again */
	int64		alone_since;	/* 0: it is not */
	OrchDockerLabels labels;
	int64		created_at;
	char	   *created_text;
	bool		is_listed;

	MemoryContext planned;		/* of the plan; NULL: there is none */
	OrchDockerPodPlan plan;
	Jsonb	   *template;		/* of which it was made */
	OrchDockerPodContainer *containers;
	OrchDockerPodSpec spec;

	OrchDockerPod life;
	OrchDockerPodDo doing;		/* under way; NOTHING: it is not asking */
	void		(*scratch_done) (OrchDockerEngine *docker, struct OrchDockerRunner *runner, OrchDockerAnswer answer, const char *error);
	int			scratch_made;	/* of those of the plan */
	int			scratch_left;	/* requests to remove them; -1: it was not looked */
	List	   *directories;	/* whose files are still to be put, char * */
	char	   *fault;			/* what was said of the last thing that failed */
	int64		call_at;
	bool		is_looking;
	bool		looks_again;

	OrchDockerContainer *main;	/* as inspected last */
	OrchDockerContainer *init;
	MemoryContext main_sight;	/* which they are in; NULL: none */
	MemoryContext init_sight;
	char	   *made_id;		/* of the container at hand, before it is seen; NULL: not known */
	OrchDockerEnd last;

	OrchDockerProbeSpec probe_specs[ORCH_DOCKER_PROBES];
	OrchDockerProbing probing;
	OrchDockerQuestion questions[ORCH_DOCKER_PROBES];
	int64		probed_run;
	char		started_text[64];	/* of the run that was seen last, by the engine's clock and by ours */
	int64		started_steady;

	int64		version;
	OrchDigest	told;
} OrchDockerRunner;

/* pods.c: what there is */
extern OrchDockerRunner *orch_docker_runner_new(OrchDockerEngine *docker, const OrchDockerLabels *labels);
extern void orch_docker_runner_free(OrchDockerEngine *docker, OrchDockerRunner *runner);
extern void orch_docker_pods_begin_list(OrchDockerEngine *docker);
extern void orch_docker_pods_see(OrchDockerEngine *docker, JsonbContainer *inspection);
extern void orch_docker_pods_end_list(OrchDockerEngine *docker);
extern void orch_docker_pods_tell(OrchDockerEngine *docker);
extern void orch_docker_pods_event(OrchDockerEngine *docker, const OrchDockerEvent *event);
extern void orch_docker_drop_pods(OrchDockerEngine *docker);

/* telling.c */
extern void orch_docker_runner_tell(OrchDockerEngine *docker, OrchDockerRunner *runner, bool listed);

/* whose.c: a name may be somebody else's, an id is not */
extern OrchDockerRunner *orch_docker_runner_of(OrchDockerEngine *docker, const char *uid);
extern bool orch_docker_is_pod_of(const OrchDockerLabels *labels, const OrchDockerRecord *record);
extern bool orch_docker_is_of(OrchDockerEngine *docker, const OrchDockerRunner *runner, JsonbContainer *inspection);
extern const char *orch_docker_runner_id(const OrchDockerRunner *runner);
extern void orch_docker_runner_made(OrchDockerRunner *runner, JsonbContainer *json);
extern void orch_docker_runner_keep_sight(OrchDockerRunner *runner, bool is_main, JsonbContainer *inspection);
extern void orch_docker_runner_lose_sight(OrchDockerRunner *runner);

/* scratch.c: volumes that go with their pod */
extern void orch_docker_scratch_make(OrchDockerEngine *docker, OrchDockerRunner *runner);
extern bool orch_docker_scratch_is_gone(OrchDockerEngine *docker, OrchDockerRunner *runner);
extern void orch_docker_scratch_listed(OrchDockerEngine *docker, JsonbContainer *labels, OrchText name);
extern void orch_docker_scratch_end_list(OrchDockerEngine *docker);

/* planning.c: what is to be done */
extern void orch_docker_plan_forget(OrchDockerRunner *runner);
extern void orch_docker_runner_plan(OrchDockerEngine *docker, OrchDockerRunner *runner);

/* running.c: what is done */
extern void orch_docker_runner_let(OrchDockerEngine *docker, OrchDockerRunner *runner, OrchDockerPodInput *input);
extern void orch_docker_runner_see(OrchDockerEngine *docker, OrchDockerRunner *runner, JsonbContainer *inspection);
extern void orch_docker_runner_look(OrchDockerEngine *docker, OrchDockerRunner *runner);
