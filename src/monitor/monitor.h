/*
 * monitor.h
 *	  What is hooked in while the postmaster preloads the library.
 */
#pragma once

/* slow.c */
extern void orch_slow_init(void);
