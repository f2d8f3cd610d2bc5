/*-------------------------------------------------------------------------
 *
 * request.c
 *	  A client's own copy of what it is asked to send.
 *
 *-------------------------------------------------------------------------
 */
#include "kube/kube_prelude.h"

#include "kube/request.h"
#include "kube/text.h"

bool
orch_kube_request_valid(const OrchKubeRequestSpec *spec)
{
	return spec->method != NULL && spec->path != NULL && *spec->path == '/' &&
	/* else it could be several, or the beginning of a body */
		(spec->header == NULL || strpbrk(spec->header, "\r\n") == NULL);
}

bool
orch_kube_request_copy(OrchKubeRequestSpec *to, const OrchKubeRequestSpec *from)
{
	*to = *from;
	to->method = strdup(from->method);
	to->path = strdup(from->path);
	to->content_type = orch_kube_strdup(from->content_type);
	to->accept = orch_kube_strdup(from->accept);
	to->header = orch_kube_strdup(from->header);
	to->body = NULL;
	if (from->body != NULL)
	{
		char	   *body = malloc(from->body_len + 1);

		if (body != NULL)
			memcpy(body, from->body, from->body_len);
		to->body = body;
	}
	return to->method && to->path &&
		!to->content_type == !from->content_type &&
		!to->accept == !from->accept &&
		!to->header == !from->header && !to->body == !from->body;
}

void
orch_kube_request_free(OrchKubeRequestSpec *spec)
{
	free(unconstify(char *, spec->method));
	free(unconstify(char *, spec->path));
	free(unconstify(char *, spec->content_type));
	free(unconstify(char *, spec->accept));
	orch_kube_free_secret(unconstify(char *, spec->header));
	/* it may be a Secret */
	if (spec->body != NULL)
		explicit_bzero(unconstify(char *, spec->body), spec->body_len);
	free(unconstify(char *, spec->body));
	memset(spec, 0, sizeof(*spec));
}
