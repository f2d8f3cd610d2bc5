/*-------------------------------------------------------------------------
 *
 * yaml_node.c
 *	  Looking up values in a document that libyaml has parsed.
 *
 * JSON is read by the same code, being YAML.  Nodes are only ever reached
 * through fixed keys, so aliases that point to themselves or that multiply do
 * no harm.
 *
 *-------------------------------------------------------------------------
 */
#include "kube/kube_prelude.h"

#include "kube/text.h"
#include "kube/yaml_node.h"

bool
orch_yaml_load(yaml_document_t *document, const char *text, size_t length,
			   char *error, size_t error_size)
{
	yaml_parser_t parser;
	bool		ok;

	if (!yaml_parser_initialize(&parser))
		return orch_kube_fail(error, error_size, "out of memory");
	yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&parser, (const unsigned char *) text, length);
	ok = yaml_parser_load(&parser, document) != 0;
	if (!ok)
		orch_kube_fail(error, error_size,
					   "kubeconfig is neither YAML nor JSON: line %zu: %s",
					   parser.problem_mark.line + 1,
					   parser.problem ? parser.problem : "out of memory");
	yaml_parser_delete(&parser);
	if (ok && yaml_document_get_root_node(document) == NULL)
	{
		yaml_document_delete(document);
		return orch_kube_fail(error, error_size, "kubeconfig is empty");
	}
	return ok;
}

const char *
orch_yaml_text(yaml_node_t *node)
{
	const char *value;

	if (node == NULL || node->type != YAML_SCALAR_NODE)
		return NULL;
	value = (const char *) node->data.scalar.value;
	/* a NUL inside would make two readers see two different texts */
	if (strlen(value) != node->data.scalar.length)
		return NULL;
	if (node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
		(strcmp(value, "null") == 0 || strcmp(value, "~") == 0 || *value == '\0'))
		return NULL;
	return value;
}

yaml_node_t *
orch_yaml_get(yaml_document_t *document, yaml_node_t *node, const char *key)
{
	yaml_node_pair_t *pair;

	if (node == NULL || node->type != YAML_MAPPING_NODE)
		return NULL;
	for (pair = node->data.mapping.pairs.start;
		 pair < node->data.mapping.pairs.top; pair++)
	{
		const char *name;

		name = orch_yaml_text(yaml_document_get_node(document, pair->key));
		if (name != NULL && strcmp(name, key) == 0)
			return yaml_document_get_node(document, pair->value);
	}
	return NULL;
}

const char *
orch_yaml_get_text(yaml_document_t *document, yaml_node_t *node,
				   const char *key)
{
	return orch_yaml_text(orch_yaml_get(document, node, key));
}

yaml_node_t *
orch_yaml_find_named(yaml_document_t *document, yaml_node_t *sequence,
					 const char *name)
{
	yaml_node_item_t *item;

	if (sequence == NULL || sequence->type != YAML_SEQUENCE_NODE)
		return NULL;
	for (item = sequence->data.sequence.items.start;
		 item < sequence->data.sequence.items.top; item++)
	{
		yaml_node_t *node = yaml_document_get_node(document, *item);
		const char *found = orch_yaml_get_text(document, node, "name");

		if (found != NULL && strcmp(found, name) == 0)
			return node;
	}
	return NULL;
}
