/*
 * archive.h
 *	  Files as the engine takes them: an archive that it unpacks into a directory of a
 *	  container.
 */
#pragma once

#include "engine/docker/template.h"
#include "lib/stringinfo.h"

/*
 * Those of the files, which are OrchDockerFile *, that go into this directory.  False: a
 * name is longer than an archive can have, which is in *name then.
 */
extern bool orch_docker_archive(List *files, const char *into, StringInfo archive, const char **name);
