/*
 * test_kubeconfig.c
 *	  Kubeconfig texts: contexts, what beats what, and what is refused.
 */
#include "unit.h"

#include <unistd.h>

#include "kube/kubeconfig.h"

/* base64 of "-----BEGIN CERTIFICATE-----\nca\n" and its siblings */
#define B64_CA "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCmNhCg=="
#define B64_CERT "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCmNlcnQK"
#define B64_KEY "LS0tLS1CRUdJTiBQUklWQVRFIEtFWS0tLS0tCmtleQo="

static const char two_contexts[] =
"apiVersion: v1\n"
"kind: Config\n"
"current-context: second\n"
"clusters:\n"
"- name: one\n"
"  cluster:\n"
"    server: https://one.example:6443/\n"
"    certificate-authority-data: " B64_CA "\n"
"    certificate-authority: /etc/ca.crt\n"
"- name: two\n"
"  cluster:\n"
"    server: https://[2001:db8::1]:6443/k8s/clusters/c-1///\n"
"    insecure-skip-tls-verify: true\n"
"    tls-server-name: kube.example\n"
"    proxy-url: http://proxy.example:3128\n"
"contexts:\n"
"- name: first\n"
"  context: {cluster: one, user: cert}\n"
"- name: second\n"
"  context:\n"
"    cluster: two\n"
"    user: token\n"
"    namespace: shop\n"
"users:\n"
"- name: cert\n"
"  user:\n"
"    client-certificate-data: " B64_CERT "\n"
"    client-key-data: " B64_KEY "\n"
"- name: token\n"
"  user: {token: abc, tokenFile: /run/token, exec: null, as-groups: []}\n";

static void
takes_the_current_context(void **state)
{
	OrchKubeConfig config;
	char		error[ORCH_KUBE_ERROR_SIZE] = "";

	(void) state;
	if (!orch_kubeconfig_parse(two_contexts, strlen(two_contexts), NULL,
							   &config, error, sizeof(error)))
		fail_msg("%s", error);
	assert_string_equal(config.context_name, "second");
	assert_string_equal(config.cluster_name, "two");
	assert_string_equal(config.user_name, "token");
	assert_string_equal(config.namespace_name, "shop");
	assert_string_equal(config.server,
						"https://[2001:db8::1]:6443/k8s/clusters/c-1");
	assert_string_equal(config.tls_server_name, "kube.example");
	assert_string_equal(config.proxy_url, "http://proxy.example:3128");
	assert_true(config.insecure_skip_tls_verify);
	assert_string_equal(config.token, "abc");
	assert_string_equal(config.token_file, "/run/token");
	assert_true(orch_kubeconfig_uses_files(&config));
	assert_null(config.ca_pem);
	orch_kubeconfig_free(&config);
	assert_null(config.server);
}

static void
takes_a_named_context(void **state)
{
	OrchKubeConfig config;
	OrchKubeConfig copy;
	char		error[ORCH_KUBE_ERROR_SIZE] = "";

	(void) state;
	if (!orch_kubeconfig_parse(two_contexts, strlen(two_contexts), "first",
							   &config, error, sizeof(error)))
		fail_msg("%s", error);
	assert_true(orch_kubeconfig_copy(&copy, &config));
	orch_kubeconfig_free(&config);
	assert_string_equal(copy.server, "https://one.example:6443");
	assert_string_equal(copy.ca_pem, "-----BEGIN CERTIFICATE-----\nca\n");
	assert_string_equal(copy.client_cert_pem,
						"-----BEGIN CERTIFICATE-----\ncert\n");
	assert_string_equal(copy.client_key_pem,
						"-----BEGIN PRIVATE KEY-----\nkey\n");
	assert_string_equal(copy.ca_file, "/etc/ca.crt");
	/* embedded data beats the path, which is then never opened */
	assert_false(orch_kubeconfig_uses_files(&copy));
	assert_false(copy.insecure_skip_tls_verify);
	assert_null(copy.namespace_name);
	orch_kubeconfig_free(&copy);
}

static void
reads_json(void **state)
{
	static const char head[] =
		"{\n\t\"kind\":\"Config\",\"current-context\":\"a\","
		"\"contexts\":[{\"name\":\"a\",\"context\":{\"cluster\":\"a\",\"user\":\"\\u0061\"}}],"
		"\"users\":[{\"name\":\"a\",\"user\":{\"token\":\"x\\/y\"}}],"
		"\"clusters\":[{\"name\":\"a\",\"cluster\":{\"server\":\"https:\\/\\/a:1\","
		"\"certificate-authority-data\":\"";
	static const char tail[] = "\"}}]}";
	OrchKubeConfig config;
	char		error[ORCH_KUBE_ERROR_SIZE] = "";
	char	   *json = calloc(1, 8192);

	(void) state;
	/* a key that is longer than YAML allows for one without a question mark */
	strcpy(json, head);
	strcat(json, "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0t");
	memset(json + strlen(json), 'Q', 4000);
	strcat(json, tail);
	if (!orch_kubeconfig_parse(json, strlen(json), "", &config,
							   error, sizeof(error)))
		fail_msg("%s", error);
	assert_string_equal(config.server, "https://a:1");
	assert_string_equal(config.token, "x/y");
	assert_int_equal(strlen(config.ca_pem), 27 + 3000);
	orch_kubeconfig_free(&config);
	free(json);
}

typedef struct Refusal
{
	const char *cluster;		/* inside of cluster: {...} */
	const char *user;			/* inside of user: {...} */
	const char *error;			/* part of the message */
} Refusal;

#define S "server: 'https://a', "

static const Refusal refusals[] = {
	{"", "", "cluster \"c\" of the kubeconfig is empty"},
	{"x: y", "token: t", "no server URL"},
	{"server: a", "token: t", "must begin with https://"},
	{"server: 'ftp://a'", "token: t", "neither https:// nor http://"},
	{"server: 'https://'", "token: t", "server URL of the cluster is not a URL"},
	{"server: 'https://u:geheim@a'", "token: t", "user name or password"},
	{"server: 'https://a/?x=1'", "token: t", "query or a fragment"},
	{S "certificate-authority-data: '%%%'", "token: t", "not base64"},
	{S "certificate-authority-data: AAAA", "token: t", "not base64 of a PEM"},
	{S "certificate-authority-data: Z2VoZWlt", "token: t", "not a PEM text"},
	{S "certificate-authority: ca.crt", "token: t", "absolute path"},
	{S "certificate-authority: /ca, insecure-skip-tls-verify: true", "token: t",
	"exclude each other"},
	{S "insecure-skip-tls-verify: maybe", "token: t", "must be true or false"},
	{S, "client-certificate-data: " B64_CERT, "no client key"},
	{S, "client-key: /k", "no client certificate"},
	{S, "client-key: k, client-certificate: /c", "client-key must be an absolute"},
	{S, "tokenFile: token", "absolute path"},
	{S, "token: 'geheim\\n", "neither YAML nor JSON"},
	{S, "token: \"geheim\\r\\nX: y\"", "space or a control character"},
	{S, "password: geheim", "no user name"},
	{S, "exec: {command: aws}", "has \"exec\", which is refused"},
	{S, "exec: aws", "has \"exec\", which is refused"},
	{S, "auth-provider: {name: gcp}", "\"auth-provider\""},
	{S, "as: somebody", "impersonation"},
	{S, "as-groups: [a]", "impersonation"},
	{S, "as-user-extra: {a: [b]}", "impersonation"}
};

static void
refuses_with_a_reason(void **state)
{
	(void) state;
	for (size_t i = 0; i < lengthof(refusals); i++)
	{
		char		text[2048];
		char		error[ORCH_KUBE_ERROR_SIZE] = "";
		OrchKubeConfig config;

		snprintf(text, sizeof(text),
				 "current-context: x\n"
				 "contexts: [{name: x, context: {cluster: c, user: u}}]\n"
				 "clusters: [{name: c, cluster: {%s}}]\n"
				 "users: [{name: u, user: {%s}}]\n",
				 refusals[i].cluster, refusals[i].user);
		if (*refusals[i].cluster == '\0')
			strcpy(strstr(text, "cluster: {}"), "x: y}]");
		if (orch_kubeconfig_parse(text, strlen(text), NULL, &config,
								  error, sizeof(error)))
			fail_msg("accepted: %s", text);
		if (strstr(error, refusals[i].error) == NULL)
			fail_msg("%s\nsaid: %s", text, error);
		assert_null(strstr(error, "geheim"));
		assert_null(config.server);
		assert_null(config.token);
	}
}

typedef struct Document
{
	const char *text;
	const char *context;
	const char *error;
} Document;

static const Document documents[] = {
	{"", NULL, "kubeconfig is empty"},
	{"# nothing\n", NULL, "kubeconfig is empty"},
	{"- a\n- b\n", NULL, "not a mapping"},
	{"text", NULL, "not a mapping"},
	{"a: [", NULL, "neither YAML nor JSON: line"},
	{"a: b\n\tc: d", NULL, "neither YAML nor JSON: line 2"},
	{"kind: Config", NULL, "no current-context"},
	{"current-context: ''", NULL, "no current-context"},
	{"current-context: x", NULL, "no context named \"x\""},
	{"current-context: x", "y", "no context named \"y\""},
	{"contexts: [{name: x}]", "x", "context \"x\" of the kubeconfig is empty"},
	{"contexts: [{name: x, context: {user: u}}]", "x", "names no cluster"},
	{"contexts: [{name: x, context: {cluster: c, user: u}}]", "x",
	"no cluster named \"c\""},
	{"contexts: [{name: x, context: {cluster: c, user: u}}]\n"
		"clusters: [{name: c, cluster: {server: 'https://a'}}]", "x",
	"no user named \"u\""},
	{"&a [*a]", NULL, "not a mapping"},
	{"contexts: &a {b: *a}\nclusters: *a", "x", "no context named"}
};

typedef struct Way
{
	const char *server;
	const char *proxy;
	bool		plain;
} Way;

static const Way ways[] = {
	{"https://a", NULL, false},
	{"https://a", "http://proxy:3128", false},
	{"http://127.0.0.1:8001", NULL, false},
	{"http://127.1:8001", NULL, false},
	{"http://[::1]:8001", NULL, false},
	{"http://localhost", NULL, false},
	{"http://a", NULL, true},
	{"http://10.0.0.1", NULL, true},
	{"http://0.0.0.0", NULL, true},
	{"http://127.0.0.1.example", NULL, true},
	{"http://127.example", NULL, true},
	{"http://localhost.example", NULL, true},
	{"http://127.0.0.1:8001", "http://proxy:3128", true},
	{"HTTP://a", NULL, true}
};

static void
knows_what_others_read(void **state)
{
	(void) state;
	for (size_t i = 0; i < lengthof(ways); i++)
	{
		OrchKubeConfig config;

		orch_kubeconfig_init(&config);
		assert_true(orch_kubeconfig_set(&config.server, ways[i].server));
		assert_true(orch_kubeconfig_set(&config.proxy_url, ways[i].proxy));
		/* neither a login nor leave to verify nothing makes a difference */
		config.insecure_skip_tls_verify = i % 2 == 0;
		if (orch_kubeconfig_is_plain(&config) != ways[i].plain)
			fail_msg("%s by %s", ways[i].server, ways[i].proxy ? ways[i].proxy : "no proxy");
		orch_kubeconfig_free(&config);
	}
}

static void
tells_servers_apart(void **state)
{
	OrchKubeConfig config;
	char	   *seen[8];
	int			count = 0;

	(void) state;
	orch_kubeconfig_init(&config);
	assert_true(orch_kubeconfig_set(&config.server, "https://a"));
	seen[count++] = orch_kubeconfig_identity(&config);
	assert_true(orch_kubeconfig_set(&config.token, "t"));
	assert_true(orch_kubeconfig_set(&config.context_name, "c"));
	seen[count] = orch_kubeconfig_identity(&config);
	assert_string_equal(seen[0], seen[count]);
	free(seen[count]);
	assert_true(orch_kubeconfig_set(&config.server, "https://b"));
	seen[count++] = orch_kubeconfig_identity(&config);
	assert_true(orch_kubeconfig_set(&config.ca_file, "/ca"));
	seen[count++] = orch_kubeconfig_identity(&config);
	assert_true(orch_kubeconfig_set(&config.ca_pem, "/ca"));
	seen[count++] = orch_kubeconfig_identity(&config);
	assert_true(orch_kubeconfig_set(&config.tls_server_name, "n"));
	seen[count++] = orch_kubeconfig_identity(&config);
	assert_true(orch_kubeconfig_set(&config.proxy_url, "http://p"));
	seen[count++] = orch_kubeconfig_identity(&config);
	config.insecure_skip_tls_verify = true;
	seen[count++] = orch_kubeconfig_identity(&config);
	for (int i = 0; i < count; i++)
	{
		for (int j = 0; j < i; j++)
			assert_string_not_equal(seen[i], seen[j]);
	}
	for (int i = 0; i < count; i++)
		free(seen[i]);
	orch_kubeconfig_free(&config);
}

static void
names_what_is_missing(void **state)
{
	(void) state;
	for (size_t i = 0; i < lengthof(documents); i++)
	{
		char		error[ORCH_KUBE_ERROR_SIZE] = "";
		OrchKubeConfig config;

		if (orch_kubeconfig_parse(documents[i].text, strlen(documents[i].text),
								  documents[i].context, &config,
								  error, sizeof(error)))
			fail_msg("accepted: %s", documents[i].text);
		if (strstr(error, documents[i].error) == NULL)
			fail_msg("%s\nsaid: %s", documents[i].text, error);
	}
}

static void
accepts_servers_without_login(void **state)
{
	static const char yaml[] =
		"current-context: x\n"
		"contexts: [{name: x, context: {cluster: c}}]\n"
		"clusters: [{name: c, cluster: {server: 'http://127.0.0.1:8001'}}]\n";
	OrchKubeConfig config;
	char		error[ORCH_KUBE_ERROR_SIZE] = "";

	(void) state;
	if (!orch_kubeconfig_parse(yaml, strlen(yaml), NULL, &config,
							   error, sizeof(error)))
		fail_msg("%s", error);
	assert_null(config.user_name);
	orch_kubeconfig_free(&config);
}

static void
bounds_its_size(void **state)
{
	size_t		size = ORCH_KUBECONFIG_MAX_BYTES + 1;
	char	   *big = malloc(size);
	OrchKubeConfig config;
	char		error[ORCH_KUBE_ERROR_SIZE] = "";

	(void) state;
	memset(big, ' ', size);
	assert_false(orch_kubeconfig_parse(big, size, NULL, &config,
									   error, sizeof(error)));
	assert_non_null(strstr(error, "larger than"));
	free(big);
}

static void
takes_fields(void **state)
{
	OrchKubeConfig config;
	char		error[ORCH_KUBE_ERROR_SIZE] = "";

	(void) state;
	orch_kubeconfig_init(&config);
	assert_false(orch_kubeconfig_check(&config, error, sizeof(error)));
	assert_true(orch_kubeconfig_set(&config.server, "https://a:6443/"));
	assert_true(orch_kubeconfig_set(&config.token, "t"));
	assert_true(orch_kubeconfig_check(&config, error, sizeof(error)));
	assert_string_equal(config.server, "https://a:6443");
	assert_true(orch_kubeconfig_set(&config.token, ""));
	assert_null(config.token);
	orch_kubeconfig_free(&config);
}

static void
write_file(const char *dir, const char *name, const char *content)
{
	char		path[MAXPGPATH];
	FILE	   *file;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(content, file);
	fclose(file);
}

static void
finds_the_service_account(void **state)
{
	char		dir[] = "/tmp/orch_unit_XXXXXX";
	char		path[MAXPGPATH];
	OrchKubeConfig config;
	char		error[ORCH_KUBE_ERROR_SIZE] = "";

	(void) state;
	assert_non_null(mkdtemp(dir));
	write_file(dir, "namespace", "platform\n");
	unsetenv("KUBERNETES_SERVICE_HOST");
	assert_false(orch_kubeconfig_in_cluster(&config, dir, error, sizeof(error)));
	assert_non_null(strstr(error, "KUBERNETES_SERVICE_HOST"));
	setenv("KUBERNETES_SERVICE_HOST", "fd00::1", 1);
	setenv("KUBERNETES_SERVICE_PORT", "443", 1);
	if (!orch_kubeconfig_in_cluster(&config, dir, error, sizeof(error)))
		fail_msg("%s", error);
	assert_string_equal(config.server, "https://[fd00::1]:443");
	assert_string_equal(config.namespace_name, "platform");
	snprintf(path, sizeof(path), "%s/token", dir);
	assert_string_equal(config.token_file, path);
	snprintf(path, sizeof(path), "%s/ca.crt", dir);
	assert_string_equal(config.ca_file, path);
	orch_kubeconfig_free(&config);
	snprintf(path, sizeof(path), "%s/namespace", dir);
	unlink(path);
	rmdir(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_the_current_context),
		cmocka_unit_test(takes_a_named_context),
		cmocka_unit_test(knows_what_others_read),
		cmocka_unit_test(tells_servers_apart),
		cmocka_unit_test(reads_json),
		cmocka_unit_test(refuses_with_a_reason),
		cmocka_unit_test(names_what_is_missing),
		cmocka_unit_test(accepts_servers_without_login),
		cmocka_unit_test(bounds_its_size),
		cmocka_unit_test(takes_fields),
		cmocka_unit_test(finds_the_service_account)
	};

	return cmocka_run_group_tests_name("kubeconfig", tests, NULL, NULL);
}
