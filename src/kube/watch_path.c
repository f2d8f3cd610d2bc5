/*-------------------------------------------------------------------------
 *
 * watch_path.c
 *	  Request paths of a watch.
 *
 * A resource version never goes without resourceVersionMatch, because old
 * servers read "limit with a version" as "exactly this version"; a continue
 * token goes without both.
 *
 *-------------------------------------------------------------------------
 */
#include "kube/kube_prelude.h"

#include "kube/text.h"
#include "kube/watch_path.h"

static bool
add(OrchKubeBuffer *path, const char *part)
{
	return orch_kube_buffer_append_text(path, part);
}

/* name and value, escaped, and & behind them. */
static bool
add_escaped(OrchKubeBuffer *path, const char *name, const char *value)
{
	char	   *escaped = curl_easy_escape(NULL, value, (int) strlen(value));
	bool		ok;

	ok = escaped != NULL && add(path, name) && add(path, escaped) &&
		add(path, "&");
	curl_free(escaped);
	return ok;
}

static bool
add_number(OrchKubeBuffer *path, const char *name, int value)
{
	char		part[64];

	snprintf(part, sizeof(part), "%s%d&", name, value);
	return add(path, part);
}

static bool
begin(OrchKubeBuffer *path, const OrchKubeWatch *watch)
{
	return add(path, watch->spec.api_path) && add(path, "?") &&
		add(path, watch->selectors);
}

/* Takes the last & off, or gives everything up. */
static char *
finish(OrchKubeBuffer *path, bool ok)
{
	if (!ok)
	{
		orch_kube_buffer_free(path);
		return NULL;
	}
	path->data[path->len - 1] = '\0';
	return path->data;
}

char *
orch_watch_selectors(const OrchKubeWatchSpec *spec)
{
	OrchKubeBuffer text = {0};
	bool		ok = add(&text, "");

	if (spec->label_selector != NULL && *spec->label_selector != '\0')
		ok = ok && add_escaped(&text, "labelSelector=", spec->label_selector);
	if (spec->field_selector != NULL && *spec->field_selector != '\0')
		ok = ok && add_escaped(&text, "fieldSelector=", spec->field_selector);
	if (ok)
		return text.data;
	orch_kube_buffer_free(&text);
	return NULL;
}

/* A page of a list; the first, or the one behind the continue token. */
char *
orch_watch_list_path(const OrchKubeWatch *watch)
{
	OrchKubeBuffer path = {0};
	bool		ok = begin(&path, watch);

	/* where pages expire before they are taken, all comes in one piece */
	if (watch->expired_lists < 2)
		ok = ok && add_number(&path, "limit=", watch->page_limit);
	if (watch->continue_token != NULL)
		ok = ok && add_escaped(&path, "continue=", watch->continue_token);
	else if (!watch->rv_refused && !watch->real_pages)
		ok = ok && add_escaped(&path, "resourceVersion=",
							   *watch->rv != '\0' ? watch->rv : "0") &&
			add(&path, "resourceVersionMatch=NotOlderThan&");
	return finish(&path, ok);
}

/* A stream of changes, or (initial) of everything and then changes. */
char *
orch_watch_stream_path(const OrchKubeWatch *watch, bool initial, int timeout_s)
{
	OrchKubeBuffer path = {0};
	bool		ok;

	ok = begin(&path, watch) && add(&path, "watch=1&allowWatchBookmarks=true&") &&
		add_number(&path, "timeoutSeconds=", timeout_s);
	if (initial)
		ok = ok && add(&path, "sendInitialEvents=true&"
					   "resourceVersionMatch=NotOlderThan&");
	if (*watch->rv != '\0' && !(initial && watch->rv_refused))
		ok = ok && add_escaped(&path, "resourceVersion=", watch->rv);
	return finish(&path, ok);
}
