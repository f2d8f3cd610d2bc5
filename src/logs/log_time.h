/*
 * log_time.h
 *	  The time that the kubelet writes before each line of a log.
 *
 * Pure C.  What has no such time is a line all the same: the kubelet writes its
 * own errors into a log, and a container may print whatever it likes.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

extern size_t orch_log_time(const char *line, size_t length, int64_t *unix_microseconds);
