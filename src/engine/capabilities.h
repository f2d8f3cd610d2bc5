/*
 * capabilities.h
 *	  The list of what an engine can or cannot do.
 *
 * A capability is a line here; an engine has a set of them (OrchEngineClass.can).
 * What a row asks for is in the list of asked_capabilities() (capabilities.sql), so that
 * a row which the engine of its cluster cannot serve is refused when it is written.
 * Pure C: no server.
 */
#pragma once

/* name, and what it is in words: "... cannot <words>" */
#define ORCH_CAPABILITIES(C) \
	C(node_selection, "choose a node by its labels") \
	C(tolerations, "tolerate taints of nodes") \
	C(service_accounts, "run containers as a service account") \
	C(load_balancers, "make a load balancer") \
	C(autoscaling, "leave the number of replicas to an autoscaler") \
	C(schedules, "run containers by a schedule") \
	C(routes, "route requests by host and path") \
	C(overrides, "take parts of a pod as they are written") \
	C(freezing, "freeze a container that is paused")

typedef enum OrchCapability
{
#define ORCH_CAPABILITY_ID(name, words) ORCH_CAPABILITY_##name,
	ORCH_CAPABILITIES(ORCH_CAPABILITY_ID)
#undef ORCH_CAPABILITY_ID
	ORCH_CAPABILITY_COUNT
} OrchCapability;

#define ORCH_CAN(capability) (UINT64CONST(1) << (capability))
#define ORCH_CAN_ALL (ORCH_CAN(ORCH_CAPABILITY_COUNT) - 1)
