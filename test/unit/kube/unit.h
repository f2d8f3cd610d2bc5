/*
 * unit.h
 *	  First include of every test: base types and cmocka.
 */
#ifndef ORCH_UNIT_H
#define ORCH_UNIT_H

#include "kube/kube_prelude.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif							/* ORCH_UNIT_H */
