/*
 * capabilities.h
 *	  The list of what an engine can or cannot do.
 *
 * A capability is a line here; an engine has a set of them (OrchEngineClass.can).
 * What a row asks for is in the list of asked_capabilities() (capabilities.sql), so that
 * a row which the engine of its cluster cannot serve is refused when it is written.
 * Each aspect of the list of kinds is one, too.  Pure C: no server.
 */
#pragma once

#include "engine/kinds.h"

/* name, and what it is in words: "... cannot <words>" */
#define ORCH_CAPABILITIES(C) \
	C(node_selection, "choose a node by its labels") \
	C(tolerations, "tolerate taints of nodes") \
	C(service_accounts, "run containers as a service account") \
	C(load_balancers, "make a load balancer") \
	C(autoscaling, "leave the number of replicas to an autoscaler") \
	C(routes, "route requests by host and path") \
	C(overrides, "take parts of a pod as they are written") \
	C(freezing, "freeze a container that is paused") \
	C(port_translation, "answer on another port than the container's") \
	C(shared_host_ports, "publish a host port of several replicas") \
	C(grpc_probes, "probe by gRPC") \
	C(storage_classes, "choose a storage class")

typedef enum OrchCapability
{
#define ORCH_CAPABILITY_ID(name, words) ORCH_CAPABILITY_##name,
	ORCH_CAPABILITIES(ORCH_CAPABILITY_ID)
#define ORCH_NO_ASPECT(...)
#define ORCH_ASPECT_ID(kind, aspect, ...) ORCH_CAPABILITY_ID(aspect, )
	ORCH_KINDS(ORCH_NO_ASPECT, ORCH_ASPECT_ID)
#undef ORCH_NO_ASPECT
#undef ORCH_ASPECT_ID
#undef ORCH_CAPABILITY_ID
	ORCH_CAPABILITY_COUNT
} OrchCapability;

#define ORCH_CAN(capability) (UINT64CONST(1) << (capability))
#define ORCH_CAN_ALL (ORCH_CAN(ORCH_CAPABILITY_COUNT) - 1)
