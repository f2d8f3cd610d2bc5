/*
 * plans.h
 *	  How the worker's statements are planned.
 */
#pragma once

extern void orch_pin_plans(void);
