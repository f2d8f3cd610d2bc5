/*-------------------------------------------------------------------------
 *
 * kubeconfig.c
 *	  Reads one context of a kubeconfig text.
 *
 * What cannot be honoured is refused by name instead of being left out: a
 * client that ignores "as" would act with more rights than were meant, one
 * that ignores "exec" would fail later with a puzzling 401.
 *
 * The struct's own functions and checks are in kubeconfig_check.c.
 *
 *-------------------------------------------------------------------------
 */
#include "kube/kube_prelude.h"

#include "common/base64.h"
#include "kube/kubeconfig.h"
#include "kube/text.h"
#include "kube/yaml_node.h"

/* One parse: the document, the result, and where errors go. */
typedef struct Reader
{
	yaml_document_t document;
	OrchKubeConfig *config;
	char	   *error;
	size_t		error_size;
} Reader;

/* A key of the text and the field that it fills. */
typedef struct FieldRule
{
	const char *key;
	size_t		offset;
} FieldRule;

#define RULE(key, field) {key, offsetof(OrchKubeConfig, field)}

static const FieldRule cluster_rules[] = {
	RULE("server", server),
	RULE("tls-server-name", tls_server_name),
	RULE("proxy-url", proxy_url),
	RULE("certificate-authority", ca_file)
};

static const FieldRule user_rules[] = {
	RULE("client-certificate", client_cert_file),
	RULE("client-key", client_key_file),
	RULE("token", token),
	RULE("tokenFile", token_file),
	RULE("username", username),
	RULE("password", password)
};

/* Keys of a user that mean more than can be done, and what to do instead. */
static const char *const refused_user_keys[][2] = {
	{"exec", "use a service account token or a client certificate"},
	{"auth-provider", "use a service account token or a client certificate"},
	{"as", "impersonation is not supported"},
	{"as-uid", "impersonation is not supported"},
	{"as-groups", "impersonation is not supported"},
	{"as-user-extra", "impersonation is not supported"}
};

static char **
field_at(OrchKubeConfig *config, size_t offset)
{
	return (char **) ((char *) config + offset);
}

static bool
set(Reader *r, char **field, const char *value)
{
	if (orch_kubeconfig_set(field, value))
		return true;
	return orch_kube_fail(r->error, r->error_size, "out of memory");
}

static bool
apply_rules(Reader *r, yaml_node_t *node, const FieldRule *rules, size_t count)
{
	for (size_t i = 0; i < count; i++)
	{
		if (!set(r, field_at(r->config, rules[i].offset),
				 orch_yaml_get_text(&r->document, node, rules[i].key)))
			return false;
	}
	return true;
}

/* Finds an entry of "contexts", "clusters" or "users" and the map inside. */
static bool
find_entry(Reader *r, const char *list, const char *name, const char *what,
		   yaml_node_t **body)
{
	yaml_node_t *root = yaml_document_get_root_node(&r->document);
	yaml_node_t *entry;

	entry = orch_yaml_find_named(&r->document,
								 orch_yaml_get(&r->document, root, list), name);
	*body = orch_yaml_get(&r->document, entry, what);
	if (entry == NULL)
		return orch_kube_fail(r->error, r->error_size,
							  "kubeconfig has no %s named \"%s\"", what, name);
	if (*body == NULL || (*body)->type != YAML_MAPPING_NODE)
		return orch_kube_fail(r->error, r->error_size,
							  "%s \"%s\" of the kubeconfig is empty", what, name);
	return true;
}

/* Decodes a "...-data" value into a PEM field; absent is fine. */
static bool
apply_data(Reader *r, yaml_node_t *node, const char *key, char **field)
{
	const char *data = orch_yaml_get_text(&r->document, node, key);
	int			size;
	int			length;
	char	   *pem;

	if (data == NULL || *data == '\0')
		return true;
	size = pg_b64_dec_len((int) strlen(data));
	pem = malloc(size + 1);
	if (pem == NULL)
		return orch_kube_fail(r->error, r->error_size, "out of memory");
	length = pg_b64_decode(data, (int) strlen(data), (void *) pem, size);
	if (length < 0 || memchr(pem, '\0', length) != NULL)
	{
		explicit_bzero(pem, size);
		free(pem);
		return orch_kube_fail(r->error, r->error_size,
							  "%s is not base64 of a PEM text", key);
	}
	pem[length] = '\0';
	orch_kube_free_secret(*field);
	*field = pem;
	return true;
}

static bool
read_bool(Reader *r, yaml_node_t *node, const char *key, bool *value)
{
	const char *word = orch_yaml_get_text(&r->document, node, key);

	*value = word != NULL && strcmp(word, "true") == 0;
	if (word != NULL && !*value && strcmp(word, "false") != 0)
		return orch_kube_fail(r->error, r->error_size,
							  "%s must be true or false", key);
	return true;
}

static bool
read_cluster(Reader *r, const char *name)
{
	yaml_node_t *node;

	return find_entry(r, "clusters", name, "cluster", &node) &&
		set(r, &r->config->cluster_name, name) &&
		apply_rules(r, node, cluster_rules, lengthof(cluster_rules)) &&
		apply_data(r, node, "certificate-authority-data", &r->config->ca_pem) &&
		read_bool(r, node, "insecure-skip-tls-verify",
				  &r->config->insecure_skip_tls_verify);
}

/* An empty "as-groups: []" asks for nothing. */
static bool
asks_for(yaml_node_t *node)
{
	if (node == NULL)
		return false;
	if (node->type == YAML_SEQUENCE_NODE)
		return node->data.sequence.items.start < node->data.sequence.items.top;
	if (node->type == YAML_MAPPING_NODE)
		return node->data.mapping.pairs.start < node->data.mapping.pairs.top;
	return orch_yaml_text(node) != NULL && *orch_yaml_text(node) != '\0';
}

static bool
refuse_unsupported(Reader *r, yaml_node_t *node, const char *name)
{
	for (size_t i = 0; i < lengthof(refused_user_keys); i++)
	{
		const char *key = refused_user_keys[i][0];

		if (asks_for(orch_yaml_get(&r->document, node, key)))
			return orch_kube_fail(r->error, r->error_size,
								  "user \"%s\" of the kubeconfig has \"%s\", which is refused: %s",
								  name, key, refused_user_keys[i][1]);
	}
	return true;
}

static bool
read_user(Reader *r, const char *name)
{
	yaml_node_t *node;

	return find_entry(r, "users", name, "user", &node) &&
		set(r, &r->config->user_name, name) &&
		refuse_unsupported(r, node, name) &&
		apply_rules(r, node, user_rules, lengthof(user_rules)) &&
		apply_data(r, node, "client-certificate-data",
				   &r->config->client_cert_pem) &&
		apply_data(r, node, "client-key-data", &r->config->client_key_pem);
}

static bool
choose_context(Reader *r, const char *wanted, const char **name)
{
	yaml_node_t *root = yaml_document_get_root_node(&r->document);

	if (root->type != YAML_MAPPING_NODE)
		return orch_kube_fail(r->error, r->error_size,
							  "kubeconfig is not a mapping of keys to values");
	*name = wanted;
	if (wanted == NULL || *wanted == '\0')
		*name = orch_yaml_get_text(&r->document, root, "current-context");
	if (*name == NULL || **name == '\0')
		return orch_kube_fail(r->error, r->error_size,
							  "kubeconfig has no current-context; name a context");
	return true;
}

static bool
read_context(Reader *r, const char *wanted)
{
	const char *name = NULL;
	const char *cluster;
	const char *user;
	yaml_node_t *node;

	if (!choose_context(r, wanted, &name) ||
		!find_entry(r, "contexts", name, "context", &node) ||
		!set(r, &r->config->context_name, name) ||
		!set(r, &r->config->namespace_name,
			 orch_yaml_get_text(&r->document, node, "namespace")))
		return false;
	cluster = orch_yaml_get_text(&r->document, node, "cluster");
	user = orch_yaml_get_text(&r->document, node, "user");
	if (cluster == NULL)
		return orch_kube_fail(r->error, r->error_size,
							  "context \"%s\" of the kubeconfig names no cluster",
							  name);
	if (!read_cluster(r, cluster))
		return false;
	/* a server without authentication, such as kubectl proxy, needs no user */
	return user == NULL || *user == '\0' || read_user(r, user);
}

bool
orch_kubeconfig_parse(const char *text, size_t length, const char *context,
					  OrchKubeConfig *config, char *error, size_t error_size)
{
	Reader		r = {.config = config, .error = error, .error_size = error_size};
	bool		ok;

	orch_kubeconfig_init(config);
	if (length > ORCH_KUBECONFIG_MAX_BYTES)
		return orch_kube_fail(error, error_size,
							  "kubeconfig is larger than %d bytes",
							  ORCH_KUBECONFIG_MAX_BYTES);
	if (!orch_yaml_load(&r.document, text, length, error, error_size))
		return false;
	ok = read_context(&r, context);
	yaml_document_delete(&r.document);
	ok = ok && orch_kubeconfig_check(config, error, error_size);
	if (!ok)
		orch_kubeconfig_free(config);
	return ok;
}
