/*
 * address.h
 *	  How a cluster of Docker is reached, as SQL asks it.
 */
#pragma once

#include "engine/address.h"

extern const OrchAddressing orch_docker_addressing;
