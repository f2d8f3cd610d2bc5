/*
 * expand.c
 *	  $(NAME) in a text, as Kubernetes replaces it.
 *
 * Pure C; tested in test/unit/engine.
 */
#include "engine/docker/expand.h"

typedef struct Output
{
	char	   *out;
	size_t		size;
	size_t		length;
} Output;

static void
put(Output *output, const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++, output->length++)
		if (output->length + 1 < output->size)
			output->out[output->length] = text[i];
}

/*
 * What begins with the $ at text: returns how much of it is done with.
 */
static size_t
expand_one(const char *text, size_t length, OrchDockerValueOf value_of, void *arg, Output *output)
{
	const char *end = length > 1 && text[1] == '(' ? memchr(text + 2, ')', length - 2) : NULL;
	const char *value;
	size_t		whole;

	if (end == NULL)
	{
		put(output, text, 1);
		return length > 1 && text[1] == '$' ? 2 : 1;
	}
	whole = (size_t) (end - text) + 1;
	value = value_of(arg, text + 2, whole - 3);
	if (value != NULL)
		put(output, value, strlen(value));
	else
		put(output, text, whole);
	return whole;
}

/*
 * See expand.h.
 */
size_t
orch_docker_expand(const char *text, size_t length, OrchDockerValueOf value_of, void *arg, char *out, size_t size)
{
	Output		output = {out, size, 0};
	size_t		i = 0;

	while (i < length)
	{
		const char *dollar = memchr(text + i, '$', length - i);
		size_t		plain = dollar != NULL ? (size_t) (dollar - text) - i : length - i;

		put(&output, text + i, plain);
		i += plain;
		if (dollar != NULL)
			i += expand_one(dollar, length - i, value_of, arg, &output);
	}
	if (size > 0)
		out[Min(output.length, size - 1)] = '\0';
	return output.length;
}
