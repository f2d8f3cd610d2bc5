/*
 * image_name.h
 *	  Names of images as an engine wants them.  Pure C: no server.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/*
 * Writes image with its registry, its folder there, and a tag or a digest: nginx is
 * docker.io/library/nginx:latest.  A tag beside a digest says nothing and is left out.
 * Returns how long the whole is, as snprintf() does.
 */
extern size_t orch_docker_image_name(const char *image, char *out, size_t size);

/* of a name so written: may it be another image tomorrow, by Kubernetes' rule? */
extern bool orch_docker_image_is_latest(const char *name);
