/*
 * probe_state.h
 *	  Which probe of a container is due, and what its verdicts mean together.
 *
 * Pure: no SPI, no memory management, no clock, no sockets.  Follows Kubernetes'
 * kubelet (pkg/kubelet/prober); see probe_state.c.  Times are microseconds of one
 * clock.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

typedef enum OrchDockerProbe
{
	ORCH_DOCKER_PROBE_STARTUP,
	ORCH_DOCKER_PROBE_LIVENESS,
	ORCH_DOCKER_PROBE_READINESS,
	ORCH_DOCKER_PROBES
} OrchDockerProbe;

typedef enum OrchDockerVerdict
{
	ORCH_DOCKER_PROBE_SUCCEEDED,
	ORCH_DOCKER_PROBE_FAILED,
	ORCH_DOCKER_PROBE_UNKNOWN	/* it could not be asked: no verdict */
} OrchDockerVerdict;

typedef struct OrchDockerProbeSpec
{
	bool		exists;
	int64_t		initial_delay;
	int64_t		period;
	int64_t		timeout;
	int			success_threshold;
	int			failure_threshold;
} OrchDockerProbeSpec;

typedef struct OrchDockerProbeState
{
	bool		was_asked;
	bool		is_asked;		/* its verdict is awaited */
	int64_t		asked_at;
	bool		last_succeeded;
	int			in_row;			/* verdicts like the last one */
} OrchDockerProbeState;

/* One run of a container: all of it begins anew with the next one. */
typedef struct OrchDockerProbing
{
	int64_t		begun_at;
	int64_t		started_at;		/* when the startup probe had passed */
	OrchDockerProbeState probes[ORCH_DOCKER_PROBES];

	/* for the caller to read */
	bool		is_started;
	bool		is_ready;
	bool		must_restart;	/* nothing is asked any more */
	OrchDockerProbe because;	/* of this one, whose grace period counts */
} OrchDockerProbing;

extern void orch_docker_probing_begin(const OrchDockerProbeSpec *specs, OrchDockerProbing *probing, int64_t now);
extern int64_t orch_docker_probe_due_at(const OrchDockerProbeSpec *specs, const OrchDockerProbing *probing, OrchDockerProbe probe);
extern bool orch_docker_probe_is_to_ask(const OrchDockerProbeSpec *specs, OrchDockerProbing *probing, OrchDockerProbe probe, int64_t now);
extern void orch_docker_probe_answered(const OrchDockerProbeSpec *specs, OrchDockerProbing *probing, OrchDockerProbe probe, OrchDockerVerdict verdict, int64_t now);
