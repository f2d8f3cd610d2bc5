/*
 * cluster_list.h
 *	  The clusters that this worker serves.
 */
#pragma once

#include "postgres.h"

#include "nodes/pg_list.h"

extern List *orch_cluster_list(void);
extern void orch_cluster_list_refresh(void);
extern void orch_cluster_list_leave(void);
