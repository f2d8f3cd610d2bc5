/*
 * managers.h
 *	  Who has written an object last.
 */
#pragma once

#include "postgres.h"

/*
 * The field manager that is not us and wrote something but the status last, in
 * the current memory context; NULL: nobody did.
 */
extern char *orch_kube_last_manager(const char *json, size_t length);
