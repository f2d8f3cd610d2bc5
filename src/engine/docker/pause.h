/*
 * pause.h
 *	  How long Kubernetes waits before what failed is tried again.
 */
#pragma once

#include <stdint.h>

#define ORCH_DOCKER_SECOND INT64_C(1000000)

/* nothing is due */
#define ORCH_DOCKER_NEVER INT64_MAX

/* of images, containers, and what crashes again and again; a Job's pods */
#define ORCH_DOCKER_FIRST_PAUSE (10 * ORCH_DOCKER_SECOND)
#define ORCH_DOCKER_LONGEST_PAUSE (300 * ORCH_DOCKER_SECOND)
#define ORCH_DOCKER_LONGEST_JOB_PAUSE (360 * ORCH_DOCKER_SECOND)

/*
 * After the first failure, doubled after each further one; 0 after none.
 */
static inline int64_t
orch_docker_pause(int64_t first, int64_t longest, int failures)
{
	int64_t		pause = failures > 0 ? first : 0;

	for (int i = 1; i < failures && pause < longest; i++)
		pause *= 2;
	return pause < longest ? pause : longest;
}
