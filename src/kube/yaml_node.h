/*-------------------------------------------------------------------------
 *
 * yaml_node.h
 *	  Looking up values in a document that libyaml has parsed.
 *
 * Private to src/kube.  Every function takes a NULL node as "not there".
 *
 *-------------------------------------------------------------------------
 */
#ifndef ORCH_KUBE_YAML_NODE_H
#define ORCH_KUBE_YAML_NODE_H

#include <yaml.h>

/*
 * Parses the only document of a YAML or JSON text.  On true the caller calls
 * yaml_document_delete().  The error names the line, never the content.
 */
extern bool orch_yaml_load(yaml_document_t *document, const char *text,
						   size_t length, char *error, size_t error_size);

/* Value of a key of a mapping, or NULL. */
extern yaml_node_t *orch_yaml_get(yaml_document_t *document,
								  yaml_node_t *node, const char *key);

/* Text of a scalar, or NULL; null and ~ count as not there. */
extern const char *orch_yaml_text(yaml_node_t *node);

/* Text below a key, or NULL. */
extern const char *orch_yaml_get_text(yaml_document_t *document,
									  yaml_node_t *node, const char *key);

/* The element of a sequence of mappings whose "name" is name, or NULL. */
extern yaml_node_t *orch_yaml_find_named(yaml_document_t *document,
										 yaml_node_t *sequence,
										 const char *name);

#endif							/* ORCH_KUBE_YAML_NODE_H */
