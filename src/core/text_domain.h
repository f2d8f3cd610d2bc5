/*
 * text_domain.h
 *	  Errors of this library are told from PostgreSQL's by their text domain.
 *
 * The Makefile includes it ahead of every file, so that none is forgotten.
 */
#pragma once

#include "postgres.h"

#undef TEXTDOMAIN
#define TEXTDOMAIN "orchestration"
