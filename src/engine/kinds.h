/*
 * kinds.h
 *	  The list of kinds: what rows become in a Kubernetes cluster, and what is watched there.
 *
 * A kind is a line here and nowhere else.  Paths, watches, orders, the columns apiVersion
 * and order of manifests and docs/rbac.yaml are made of it; SQL sees it as kinds().
 * Pure C: no server, no memory of its own.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* what is applied in waves, and deleted in the reverse order */
#define ORCH_ORDER_NONE			0	/* never applied: made by the cluster itself */
#define ORCH_ORDER_NAMESPACE	10
#define ORCH_ORDER_CONFIGURATION 20
#define ORCH_ORDER_NETWORK		30
#define ORCH_ORDER_WORKLOAD		40	/* the status of a container comes from these */
#define ORCH_ORDER_ROUTE		50	/* leads to workloads and awaits configuration; nothing awaits it */

typedef enum OrchKindWatched
{
	ORCH_WATCHED_NOT,
	ORCH_WATCHED_METADATA,		/* what is in it stays in the cluster: it is compared by version */
	ORCH_WATCHED_WHOLE
} OrchKindWatched;

/* what is done when a field is to change that Kubernetes does not let change */
typedef enum OrchKindImmutable
{
	ORCH_IMMUTABLE_REFUSE,		/* it would be lost, or never is one of ours: an error of the row */
	ORCH_IMMUTABLE_REPLACE,		/* deleted and made anew; nothing is lost by that */
	ORCH_IMMUTABLE_RECREATE		/* the same, and what it runs, runs again */
} OrchKindImmutable;

/*
 * kind, API group, version, plural, namespaced, order, watched, immutable, whether another
 * row may take an object of its name over as it is (or what is in it, or what its selector
 * catches, must go first), kind of what its pods belong to, facts that status is derived
 * from.  A fact that is a member of the object has its path: clusterIP=spec.clusterIP; the
 * others are written by code.
 *
 * A is a kind with a module of its own: a container becomes one, and no other workload,
 * where its column of the name that comes second is not NULL.  What else goes by that name
 * is told in src/reconcile/aspects.sql.
 */
#define ORCH_KINDS(K, A) \
	K(Namespace, "", "v1", "namespaces", false, NAMESPACE, WHOLE, REFUSE, true, "", "phase message") \
	K(ConfigMap, "", "v1", "configmaps", true, CONFIGURATION, METADATA, REPLACE, true, "", "") \
	K(Secret, "", "v1", "secrets", true, CONFIGURATION, METADATA, REPLACE, true, "", "") \
	K(PersistentVolumeClaim, "", "v1", "persistentvolumeclaims", true, CONFIGURATION, WHOLE, REFUSE, false, "", "phase capacity resizing") \
	K(Service, "", "v1", "services", true, NETWORK, WHOLE, REPLACE, true, "", \
	  "clusterIP=spec.clusterIP ports=spec.ports loadBalancer=status.loadBalancer.ingress") \
	K(Deployment, "apps", "v1", "deployments", true, WORKLOAD, WHOLE, REFUSE, false, "ReplicaSet", \
	  "specReplicas observedGeneration updatedReplicas replicaFailure replicaFailureMessage deadlineExceeded") \
	K(Job, "batch", "v1", "jobs", true, WORKLOAD, WHOLE, RECREATE, false, "Job", "suspended complete failed failedReason failedMessage") \
	K(Ingress, "networking.k8s.io", "v1", "ingresses", true, ROUTE, WHOLE, REFUSE, true, "", "loadBalancer=status.loadBalancer.ingress") \
	A(CronJob, schedule, "batch", "v1", "cronjobs", true, WORKLOAD, WHOLE, REFUSE, false, "Job", \
	  "suspended=spec.suspend active=status.active lastScheduled=status.lastScheduleTime lastSucceeded=status.lastSuccessfulTime") \
	K(Pod, "", "v1", "pods", true, NONE, WHOLE, REFUSE, false, "", \
	  "created ownerKind ownerUid reason message nodeLost unscheduledReason unscheduledMessage resize started frozen initDone initTotal " \
	  "waitingReason waitingMessage terminated lastTerminated")

typedef enum OrchKindId
{
#define ORCH_KIND_ID(kind, ...) ORCH_KIND_##kind,
	ORCH_KINDS(ORCH_KIND_ID, ORCH_KIND_ID)
#undef ORCH_KIND_ID
	ORCH_KIND_COUNT
} OrchKindId;

typedef struct OrchKind
{
	const char *kind;
	const char *aspect;			/* NULL: no module of its own */
	const char *group;			/* empty: the core group */
	const char *version;
	const char *plural;
	bool		namespaced;
	int			apply_order;	/* ORCH_ORDER_NONE: never applied */
	OrchKindWatched watched;
	OrchKindImmutable immutable;
	bool		heritable;
	const char *pod_owner;		/* empty: nothing of it runs pods */
	const char *facts;			/* names, some with =path, with a blank between them */
} OrchKind;

/* a fact's name, and the path of the member that it is; empty: code knows it */
typedef struct OrchKindFact
{
	char		name[64];
	char		path[128];
} OrchKindFact;

/* room for every path that Kubernetes allows */
#define ORCH_KIND_PATH_SIZE 1024

extern const OrchKind orch_kinds[ORCH_KIND_COUNT];

extern const OrchKind *orch_kind_find(const char *kind);
extern int	orch_kind_api_version(const OrchKind *kind, char *buffer, size_t size);
extern int	orch_kind_list_path(const OrchKind *kind, char *buffer, size_t size);
extern int	orch_kind_object_path(const OrchKind *kind, const char *cluster_namespace, const char *name, char *buffer, size_t size);
extern bool orch_kind_next_fact(const char **facts, OrchKindFact *fact);
extern const char *orch_kind_watched_name(OrchKindWatched watched);
extern const char *orch_kind_immutable_name(OrchKindImmutable immutable);
