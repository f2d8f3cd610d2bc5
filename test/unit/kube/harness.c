/*
 * harness.c
 *	  See harness.h.
 */
#include "unit.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "harness.h"
#include "kube/json_scan.h"

static int64
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64) ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void
run_script(const char *script, const char *const *args, int in, int out)
{
	const char *argv[16] = {"python3", script};
	int			n = 2;

	while (*args != NULL)
		argv[n++] = *args++;
	dup2(in, 0);
	dup2(out, 1);
	for (int fd = 3; fd < 64; fd++)
		close(fd);
	execvp("python3", (char *const *) argv);
	_exit(127);
}

static int
read_number(int fd)
{
	char		line[32] = {0};

	while (strchr(line, '\n') == NULL && strlen(line) < sizeof(line) - 1)
		assert_int_equal(read(fd, line + strlen(line), 1), 1);
	return atoi(line);
}

static void
start_script(Stub *stub, const char *script, const char *const *args)
{
	int			in[2];
	int			out[2];

	assert_int_equal(pipe(in), 0);
	assert_int_equal(pipe(out), 0);
	stub->pid = fork();
	assert_true(stub->pid >= 0);
	if (stub->pid == 0)
		run_script(script, args, in[0], out[1]);
	close(in[0]);
	close(out[1]);
	stub->stdin_fd = in[1];
	stub->stdout_fd = out[0];
	stub->port = read_number(stub->stdout_fd);
	assert_true(stub->port > 0);
}

void
stub_start(Stub *stub, const char *const *args)
{
	assert_non_null(getenv("ORCH_STUB"));
	start_script(stub, getenv("ORCH_STUB"), args);
}

void
relay_start(Stub *relay, int port)
{
	char		script[MAXPGPATH];
	char		text[16];

	assert_non_null(getenv("ORCH_STUB"));
	strcpy(script, getenv("ORCH_STUB"));
	strcpy(strrchr(script, '/') + 1, "relay.py");
	snprintf(text, sizeof(text), "%d", port);
	start_script(relay, script, (const char *[]) {text, NULL});
}

int
relay_order(Stub *relay, const char *order)
{
	assert_int_equal(dprintf(relay->stdin_fd, "%s\n", order), strlen(order) + 1);
	return read_number(relay->stdout_fd);
}

static char docroot[] = "/tmp/orch_unit_http2_XXXXXX";

static void
make_thing(void)
{
	char		path[MAXPGPATH];
	FILE	   *file;

	assert_non_null(mkdtemp(docroot));
	snprintf(path, sizeof(path), "%s/thing", docroot);
	file = fopen(path, "w");
	fputs("{\"kind\":\"Thing\"}", file);
	fclose(file);
}

static int
free_port(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t	length = sizeof(address);
	int			fd = socket(AF_INET, SOCK_STREAM, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(fd, (struct sockaddr *) &address, length), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *) &address, &length), 0);
	close(fd);
	return ntohs(address.sin_port);
}

static void
wait_for_port(int port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
	int64		deadline = now_ms() + LIMIT_MS;
	int			refused = -1;

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	while (refused != 0)
	{
		int			fd = socket(AF_INET, SOCK_STREAM, 0);

		refused = connect(fd, (struct sockaddr *) &address, sizeof(address));
		close(fd);
		assert_true(now_ms() < deadline);
		usleep(refused != 0 ? 20000 : 0);
	}
}

bool
http2_start(Stub *server)
{
	char		port[16];
	char		key[MAXPGPATH];
	int			null;

	if (system("command -v nghttpd >/dev/null 2>&1") != 0)
		return false;
	make_thing();
	server->port = free_port();
	snprintf(port, sizeof(port), "%d", server->port);
	strcpy(key, pki_path("server.key"));
	null = open("/dev/null", O_RDWR);
	server->pid = fork();
	if (server->pid == 0)
	{
		dup2(null, 1);
		dup2(null, 2);
		execlp("nghttpd", "nghttpd", "-a", "127.0.0.1", "-d", docroot, "-m", "100",
			   port, key, pki_path("server.crt"), NULL);
		_exit(127);
	}
	close(null);
	wait_for_port(server->port);
	return true;
}

void
http2_stop(Stub *server)
{
	char		path[MAXPGPATH];

	kill(server->pid, SIGKILL);
	waitpid(server->pid, NULL, 0);
	snprintf(path, sizeof(path), "%s/thing", docroot);
	unlink(path);
	rmdir(docroot);
}

void
stub_stop(Stub *stub)
{
	close(stub->stdin_fd);
	close(stub->stdout_fd);
	kill(stub->pid, SIGKILL);
	waitpid(stub->pid, NULL, 0);
}

const char *
pki_path(const char *name)
{
	static char path[MAXPGPATH];

	assert_non_null(getenv("ORCH_PKI"));
	snprintf(path, sizeof(path), "%s/%s", getenv("ORCH_PKI"), name);
	return path;
}

char *
pki_text(const char *name)
{
	char	   *content = calloc(1, 16384);
	FILE	   *file = fopen(pki_path(name), "r");

	assert_non_null(file);
	assert_true(fread(content, 1, 16383, file) > 0);
	fclose(file);
	return content;
}

void
fixture_init(Fixture *f, int port, const char *scheme)
{
	static int	worlds = 0;
	char		error[ORCH_KUBE_ERROR_SIZE];
	char		server[256];

	memset(f, 0, sizeof(*f));
	f->port = port;
	snprintf(f->world, sizeof(f->world), "w%d", ++worlds);
	snprintf(server, sizeof(server), "%s://127.0.0.1:%d/%s/",
			 scheme, port, f->world);
	orch_kubeconfig_init(&f->config);
	assert_true(orch_kubeconfig_set(&f->config.server, server));
	f->transport = orch_kube_transport_create(error, sizeof(error));
	assert_non_null(f->transport);
}

void
fixture_client(Fixture *f, const OrchKubeClientOptions *options)
{
	char		error[ORCH_KUBE_ERROR_SIZE];

	f->client = orch_kube_client_create(f->transport, &f->config, options,
										error, sizeof(error));
	if (f->client == NULL)
		fail_msg("%s", error);
}

void
fixture_free(Fixture *f)
{
	orch_kube_transport_destroy(f->transport);
	orch_kubeconfig_free(&f->config);
}

bool
pump(Fixture *f, int64 *deadline)
{
	struct pollfd fd = {orch_kube_transport_fd(f->transport), POLLIN, 0};
	long		timeout = orch_kube_transport_timeout_ms(f->transport);
	int64		left;

	if (*deadline == 0)
		*deadline = now_ms() + LIMIT_MS;
	left = *deadline - now_ms();
	if (left <= 0)
		return false;
	poll(&fd, 1, timeout < 0 ? (int) left : (int) Min(timeout, left));
	orch_kube_transport_perform(f->transport);
	return true;
}

void
start_request(Fixture *f, const char *method, const char *path,
			  const char *body, int tag)
{
	OrchKubeRequestSpec spec = {
		.method = method, .path = path, .body = body,
		.body_len = body ? strlen(body) : 0, .tag = tag, .arg = f
	};

	assert_true(orch_kube_request_start(f->client, &spec));
}

OrchKubeResponse *
next_response(Fixture *f)
{
	OrchKubeResponse *response;
	int64		deadline = 0;

	while ((response = orch_kube_transport_next(f->transport)) == NULL)
	{
		if (!pump(f, &deadline))
			fail_msg("no answer");
	}
	assert_ptr_equal(response->client, f->client);
	assert_ptr_equal(response->arg, f);
	assert_non_null(response->body);
	assert_int_equal(strlen(response->body), response->body_len);
	return response;
}

OrchKubeResponse *
call(Fixture *f, const char *method, const char *path, const char *body)
{
	start_request(f, method, path, body, 42);
	return next_response(f);
}

void
order(Fixture *f, const char *what, const char *json)
{
	char		path[64];
	OrchKubeResponse *response;

	snprintf(path, sizeof(path), "/-/%s", what);
	response = call(f, "POST", path, json);
	if (response->http_status != 200)
		fail_msg("%ld %s", response->http_status, response->message);
	orch_kube_response_free(response);
}

void
order_fault(Fixture *f, const char *json)
{
	order(f, "faults", json);
}

char *
get_log(Fixture *f)
{
	OrchKubeResponse *response = call(f, "GET", "/-/log", NULL);
	char	   *log = response->body;

	assert_int_equal(response->http_status, 200);
	response->body = NULL;
	orch_kube_response_free(response);
	return log;
}

int
count_log(Fixture *f, const char *part, const char *other)
{
	char	   *log = get_log(f);
	int			count = 0;
	char	   *next;

	/* one entry begins with its method */
	for (char *entry = strstr(log, "{\"method\""); entry != NULL; entry = next)
	{
		next = strstr(entry + 1, "{\"method\"");
		if (next != NULL)
			next[-1] = '\0';
		if (strstr(entry, part) != NULL &&
			(other == NULL || strstr(entry, other) != NULL))
			count++;
	}
	free(log);
	return count;
}

void
make_config_map(Fixture *f, const char *name, const char *value)
{
	char		path[256];
	char		body[1024];
	OrchKubeResponse *response;

	snprintf(path, sizeof(path), "/api/v1/namespaces/a/configmaps/%s"
			 "?fieldManager=test&force=true", name);
	snprintf(body, sizeof(body),
			 "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":"
			 "{\"name\":\"%s\",\"labels\":{\"app\":\"x\"}},"
			 "\"data\":{\"k\":\"%s\"}}", name, value);
	response = call(f, "PATCH", path, body);
	assert_true(response->http_status == 200 || response->http_status == 201);
	orch_kube_response_free(response);
}

void
delete_config_map(Fixture *f, const char *name)
{
	char		path[256];
	OrchKubeResponse *response;

	snprintf(path, sizeof(path), "/api/v1/namespaces/a/configmaps/%s", name);
	response = call(f, "DELETE", path, NULL);
	assert_int_equal(response->http_status, 200);
	orch_kube_response_free(response);
}
