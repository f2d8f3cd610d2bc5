/*
 * test_tls.c
 *	  Trust, client certificates, server names, proxies.
 */
#include "unit.h"

#include <sys/stat.h>
#include <unistd.h>

#include "harness.h"

static Stub server;				/* server.crt: 127.0.0.1, localhost */
static Stub named;				/* named.crt: kube.example only */
static Stub guarded;			/* server.crt, asks for a client certificate */

static void
begin(void **state, const Stub *which)
{
	static Fixture f;

	fixture_init(&f, which->port, "https");
	*state = &f;
}

static int
teardown(void **state)
{
	fixture_free(*state);
	return 0;
}

static void
trust(Fixture *f, const char *authority)
{
	f->config.ca_pem = pki_text(authority);
}

/* Expects one request to fail with a TLS error that contains text. */
static void
expect_failure(Fixture *f, OrchKubeError error, const char *text)
{
	OrchKubeResponse *r;

	fixture_client(f, NULL);
	r = call(f, "GET", CONFIG_MAPS, NULL);
	if (r->error != error || strstr(r->message, text) == NULL)
		fail_msg("%d: %s", r->error, r->message);
	assert_int_equal(r->http_status, 0);
	orch_kube_response_free(r);
}

static void
expect_success(Fixture *f)
{
	OrchKubeResponse *r;

	fixture_client(f, NULL);
	r = call(f, "GET", CONFIG_MAPS, NULL);
	if (r->error != ORCH_KUBE_ERROR_NONE || r->http_status != 200)
		fail_msg("%d %ld: %s", r->error, r->http_status, r->message);
	orch_kube_response_free(r);
}

static void
trusts_the_given_authority(void **state)
{
	begin(state, &server);
	trust(*state, "ca.crt");
	expect_success(*state);
}

static void
refuses_another_authority(void **state)
{
	begin(state, &server);
	trust(*state, "other-ca.crt");
	expect_failure(*state, ORCH_KUBE_ERROR_TLS, "certificate");
	assert_int_equal(orch_kube_client_pending(((Fixture *) *state)->client), 0);
}

static void
refuses_without_authority(void **state)
{
	begin(state, &server);
	expect_failure(*state, ORCH_KUBE_ERROR_TLS, "certificate");
}

static void
refuses_a_broken_authority(void **state)
{
	Fixture    *f;

	begin(state, &server);
	f = *state;
	assert_true(orch_kubeconfig_set(&f->config.ca_pem,
									"-----BEGIN CERTIFICATE-----\nx\n"));
	expect_failure(f, ORCH_KUBE_ERROR_TLS, "TLS with https://127.0.0.1");
}

static void
skips_verification_if_told(void **state)
{
	begin(state, &named);
	((Fixture *) *state)->config.insecure_skip_tls_verify = true;
	expect_success(*state);
}

static void
checks_the_name(void **state)
{
	begin(state, &named);
	trust(*state, "ca.crt");
	expect_failure(*state, ORCH_KUBE_ERROR_TLS, "127.0.0.1");
}

static void
verifies_tls_server_name(void **state)
{
	Fixture    *f;
	char		host[64];

	begin(state, &named);
	f = *state;
	trust(f, "ca.crt");
	assert_true(orch_kubeconfig_set(&f->config.tls_server_name, "kube.example"));
	expect_success(f);
	assert_int_equal(count_log(f, "\"tls_server_name\": \"kube.example\"", NULL), 1);
	snprintf(host, sizeof(host), "\"Host\": \"127.0.0.1:%d\"", f->port);
	assert_int_equal(count_log(f, host, NULL), 1);
}

static void
refuses_a_wrong_server_name(void **state)
{
	Fixture    *f;

	begin(state, &named);
	f = *state;
	trust(f, "ca.crt");
	assert_true(orch_kubeconfig_set(&f->config.tls_server_name, "other.example"));
	expect_failure(f, ORCH_KUBE_ERROR_TLS, "other.example");
}

static void
shows_its_certificate(void **state)
{
	Fixture    *f;

	begin(state, &guarded);
	f = *state;
	trust(f, "ca.crt");
	f->config.client_cert_pem = pki_text("client.crt");
	f->config.client_key_pem = pki_text("client.key");
	expect_success(f);
}

static void
is_refused_without_certificate(void **state)
{
	Fixture    *f;
	OrchKubeResponse *r;

	begin(state, &guarded);
	f = *state;
	trust(f, "ca.crt");
	fixture_client(f, NULL);
	r = call(f, "GET", CONFIG_MAPS, NULL);
	/* in TLS 1.3 the refusal comes behind the handshake, at any moment */
	assert_int_not_equal(r->error, ORCH_KUBE_ERROR_NONE);
	assert_non_null(strstr(r->message, "https://127.0.0.1"));
	orch_kube_response_free(r);
}

static void
refuses_a_key_of_another(void **state)
{
	Fixture    *f;

	begin(state, &guarded);
	f = *state;
	trust(f, "ca.crt");
	f->config.client_cert_pem = pki_text("client.crt");
	f->config.client_key_pem = pki_text("server.key");
	expect_failure(f, ORCH_KUBE_ERROR_TLS, "key");
}

static void
copy_file(const char *name, const char *to)
{
	char	   *content = pki_text(name);
	FILE	   *file = fopen(to, "w");

	assert_non_null(file);
	fputs(content, file);
	fclose(file);
	free(content);
}

/* A file with the wrong authority is mended while the client lives. */
static void
rereads_the_authority(void **state)
{
	Fixture    *f;
	OrchKubeResponse *r;
	char		path[64];
	int64		deadline = 0;

	begin(state, &server);
	f = *state;
	snprintf(path, sizeof(path), "/tmp/orch_unit_ca_%d", getpid());
	copy_file("other-ca.crt", path);
	assert_true(orch_kubeconfig_set(&f->config.ca_file, path));
	fixture_client(f, &(OrchKubeClientOptions) {.token_refresh_ms = 50});
	r = call(f, "GET", CONFIG_MAPS, NULL);
	assert_int_equal(r->error, ORCH_KUBE_ERROR_TLS);
	orch_kube_response_free(r);
	copy_file("ca.crt", path);
	for (bool ok = false; !ok;)
	{
		assert_true(pump(f, &deadline));
		r = call(f, "GET", CONFIG_MAPS, NULL);
		ok = r->http_status == 200;
		orch_kube_response_free(r);
	}
	unlink(path);
}

/* The proxy is the stub of the plain kind: it sees a CONNECT and refuses. */
static void
goes_through_the_proxy(void **state)
{
	Fixture    *f;
	OrchKubeResponse *r;
	char		url[64];

	begin(state, &server);
	f = *state;
	trust(f, "ca.crt");
	snprintf(url, sizeof(url), "http://user:geheim@127.0.0.1:%d", server.port);
	assert_true(orch_kubeconfig_set(&f->config.proxy_url, url));
	fixture_client(f, NULL);
	r = call(f, "GET", CONFIG_MAPS, NULL);
	assert_int_not_equal(r->error, ORCH_KUBE_ERROR_NONE);
	assert_null(strstr(r->message, "geheim"));
	orch_kube_response_free(r);
}

/* Proxies of the environment are for the world outside, as with kubectl. */
static void
goes_straight_to_loopback(void **state)
{
	begin(state, &server);
	trust(*state, "ca.crt");
	setenv("https_proxy", "http://127.0.0.1:1", 1);
	expect_success(*state);
	unsetenv("https_proxy");
}

static int
start_servers(void **state)
{
	char		ca[MAXPGPATH];
	char		cert[MAXPGPATH];
	char		key[MAXPGPATH];

	(void) state;
	strcpy(ca, pki_path("ca.crt"));
	strcpy(cert, pki_path("server.crt"));
	strcpy(key, pki_path("server.key"));
	stub_start(&server, (const char *[]) {"--tls-cert", cert, "--tls-key", key, NULL});
	stub_start(&guarded, (const char *[]) {"--tls-cert", cert, "--tls-key", key,
			   "--client-ca", ca, NULL});
	strcpy(cert, pki_path("named.crt"));
	strcpy(key, pki_path("named.key"));
	stub_start(&named, (const char *[]) {"--tls-cert", cert, "--tls-key", key, NULL});
	return 0;
}

static int
stop_servers(void **state)
{
	(void) state;
	stub_stop(&server);
	stub_stop(&guarded);
	stub_stop(&named);
	return 0;
}

#define TEST(name) cmocka_unit_test_teardown(name, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(trusts_the_given_authority),
		TEST(refuses_another_authority),
		TEST(refuses_without_authority),
		TEST(refuses_a_broken_authority),
		TEST(skips_verification_if_told),
		TEST(checks_the_name),
		TEST(verifies_tls_server_name),
		TEST(refuses_a_wrong_server_name),
		TEST(shows_its_certificate),
		TEST(is_refused_without_certificate),
		TEST(refuses_a_key_of_another),
		TEST(rereads_the_authority),
		TEST(goes_through_the_proxy),
		TEST(goes_straight_to_loopback)
	};

	return cmocka_run_group_tests_name("TLS", tests, start_servers,
									   stop_servers);
}
