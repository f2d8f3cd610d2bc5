/*
 * played.c
 *	  See played.h.
 */
#include "unit.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "kube/clock.h"
#include "played.h"

#define ASKED_SIZE 65536

static char folder[] = "/tmp/orch_unit_socket_XXXXXX";
char		played_path[sizeof(folder) + 8];
int			played_listener = -1;
int			played_peer = -1;
char		played_asked[ASKED_SIZE];

int
played_make_folder(void **state)
{
	(void) state;
	assert_non_null(mkdtemp(folder));
	snprintf(played_path, sizeof(played_path), "%s/sock", folder);
	return 0;
}

int
played_remove_folder(void **state)
{
	(void) state;
	return rmdir(folder);
}

int
played_setup(void **state)
{
	static Fixture f;
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	fixture_init(&f, 0, "http");
	assert_true(orch_kubeconfig_set(&f.config.server, "http://engine/"));
	assert_true(orch_kubeconfig_set(&f.config.unix_socket, played_path));
	strcpy(address.sun_path, played_path);
	played_listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_int_equal(bind(played_listener, (struct sockaddr *) &address, sizeof(address)), 0);
	assert_int_equal(listen(played_listener, 8), 0);
	*state = &f;
	return 0;
}

void
hang_up(void)
{
	if (played_peer >= 0)
		close(played_peer);
	played_peer = -1;
}

int
played_teardown(void **state)
{
	hang_up();
	close(played_listener);
	unlink(played_path);
	fixture_free(*state);
	return 0;
}

void
pump_until_readable(Fixture *f, int fd)
{
	struct pollfd readable = {fd, POLLIN, 0};
	int64		deadline = orch_kube_now() + LIMIT_MS;

	while (poll(&readable, 1, 1) == 0)
	{
		orch_kube_transport_perform(f->transport);
		assert_true(orch_kube_now() < deadline);
	}
}

void
take_request(Fixture *f)
{
	size_t		length = 0;

	if (played_peer < 0)
	{
		pump_until_readable(f, played_listener);
		played_peer = accept4(played_listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		assert_true(played_peer >= 0);
	}
	memset(played_asked, 0, ASKED_SIZE);
	while (strstr(played_asked, "\r\n\r\n") == NULL)
	{
		ssize_t		got;

		pump_until_readable(f, played_peer);
		got = read(played_peer, played_asked + length, ASKED_SIZE - 1 - length);
		assert_true(got > 0);
		length += got;
	}
}

void
say_bytes(const char *bytes, size_t length)
{
	assert_int_equal(write(played_peer, bytes, length), length);
}

void
say(const char *text)
{
	say_bytes(text, strlen(text));
}

void
say_answer(int status, const char *body, size_t length)
{
	char		head[128];

	snprintf(head, sizeof(head), "HTTP/1.1 %d Whatever\r\nContent-Type: application/json\r\n"
			 "Content-Length: %zu\r\n\r\n", status, length);
	say(head);
	say_bytes(body, length);
}

void
ask(Fixture *f, OrchKubeRequestSpec spec)
{
	spec.method = spec.method ? spec.method : "GET";
	spec.path = spec.path ? spec.path : "/v1.41/info";
	spec.arg = f;
	assert_true(orch_kube_request_start(f->client, &spec));
	take_request(f);
}

OrchKubeResponse *
next(Fixture *f)
{
	OrchKubeResponse *response;
	int64		deadline = 0;

	while ((response = orch_kube_transport_next(f->transport)) == NULL)
		assert_true(pump(f, &deadline));
	assert_ptr_equal(response->client, f->client);
	assert_ptr_equal(response->arg, f);
	return response;
}
