/*
 * socket_check.h
 *	  Whether a socket of this machine is fit to be an engine's.
 *
 * Whoever reaches a Docker daemon is root on its machine.  Looks at the file system, as
 * the user of this process; needs no backend.
 */
#pragma once

#include "engine/address.h"

/*
 * True for a socket that this process may open, whether somebody listens now or not, and
 * that not every user of the machine can reach or put another one in the place of.
 */
extern bool orch_docker_socket_check(const char *path, OrchAddressProblem *problem);
