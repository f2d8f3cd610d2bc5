/*
 * address_sql.h
 *	  How clusters are reached that have an endpoint, as rows and errors.
 */
#pragma once

#include "postgres.h"

#include "engine/address.h"
#include "fmgr.h"

/* The columns of inspect_endpoint() */
extern Datum orch_address_shown(FunctionCallInfo fcinfo, const OrchAddressing *addressing, const char *configuration);
extern void orch_address_check_socket(const OrchAddressing *addressing, const char *path);
