/*
 * test_docker_endpoint.c
 *	  How an endpoint is written, what a configuration says, and which sockets are fit.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "engine/docker/configuration.h"
#include "engine/docker/socket_check.h"

static char root[] = "/tmp/orchestration-sockets-XXXXXX";
static char path[512];

static void
assert_read(const char *text, bool tls, const char *expected)
{
	OrchDockerEndpoint endpoint;
	OrchAddressProblem problem;
	char		written[ORCH_DOCKER_ENDPOINT_SIZE];

	if (!orch_docker_endpoint_parse(text, tls, &endpoint, &problem))
		fail_msg("%s: %s", text, problem.detail);
	orch_docker_endpoint_write(&endpoint, written, sizeof(written));
	assert_string_equal(written, expected);
}

static void
endpoints_have_one_way_of_writing(void **state)
{
	(void) state;
	assert_read("unix:///var/run/docker.sock", false, "unix:///var/run/docker.sock");
	assert_read("tcp://docker", true, "tcp://docker:2376");
	assert_read("tcp://docker", false, "tcp://docker:2375");
	assert_read("tcp://docker_1.a-b.example:00080", true, "tcp://docker_1.a-b.example:80");
	assert_read("tcp://10.0.0.1:65535", true, "tcp://10.0.0.1:65535");
	assert_read("tcp://[::1]", true, "tcp://[::1]:2376");
	assert_read("tcp://[2001:DB8:0:0::1]:1", false, "tcp://[2001:db8::1]:1");
}

static void
assert_refused(const char *text, const char *because)
{
	OrchDockerEndpoint endpoint;
	OrchAddressProblem problem;

	if (orch_docker_endpoint_parse(text, true, &endpoint, &problem))
		fail_msg("%s is taken", text);
	if (strstr(problem.detail, because) == NULL)
		fail_msg("%s: %s", text, problem.detail);
	assert_non_null(strstr(problem.hint, "unix:///path"));
}

static void
what_is_no_endpoint_is_told_why(void **state)
{
	char		longest[sizeof(((struct sockaddr_un *) NULL)->sun_path) + 8] = "unix:///";
	char		host[300] = "tcp://";

	(void) state;
	assert_refused("", "empty");
	assert_refused("http://docker:2375", "begins with http://");
	assert_refused("https://docker:2375", "begins with https://");
	assert_refused("npipe:////./pipe/docker_engine", "begins with npipe://");
	assert_refused("ssh://root:secret@docker", "begins with ssh://");
	assert_refused("fd://", "begins with fd://");
	assert_refused("UNIX:///run/docker.sock", "begins with UNIX://");
	assert_refused("a-very-long-scheme-that-may-be-anything://x", "neither unix:// nor tcp://");
	assert_refused("/var/run/docker.sock", "neither unix:// nor tcp://");
	assert_refused("docker:2375", "neither unix:// nor tcp://");
	assert_refused("unix:/run/docker.sock", "neither unix:// nor tcp://");
	assert_refused("unix://run/docker.sock", "does not begin with /");
	assert_refused("unix://", "does not begin with /");
	assert_refused("unix:///", "ends with /");
	assert_refused("unix:///run/docker/", "ends with /");
	assert_refused("unix:///run/a b", "blank");
	assert_refused("tcp://docker\n", "blank");
	assert_refused(" tcp://docker", "blank");
	assert_refused("tcp://user:password@docker", "user or a password");
	assert_refused("tcp://", "no host");
	assert_refused("tcp://:2375", "no host");
	assert_refused("tcp://docker/v1.41", "follows host and port");
	assert_refused("tcp://docker?x", "follows host and port");
	assert_refused("tcp://do%63ker", "neither a name nor an address");
	assert_refused("tcp://d\xc3\xb6" "cker", "neither a name nor an address");
	assert_refused("tcp://::1", "stands in brackets");
	assert_refused("tcp://[::1", "brackets");
	assert_refused("tcp://[::1]2375", "brackets");
	assert_refused("tcp://[]", "no IPv6 address");
	assert_refused("tcp://[127.0.0.1]", "no IPv6 address");
	assert_refused("tcp://[fe80::1%eth0]", "no IPv6 address");
	assert_refused("tcp://[0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000]", "no IPv6 address");
	assert_refused("tcp://docker:", "port");
	assert_refused("tcp://docker:0", "port");
	assert_refused("tcp://docker:65536", "port");
	assert_refused("tcp://docker:-1", "port");
	assert_refused("tcp://docker:2375x", "port");
	assert_refused("tcp://docker:99999999999999999999", "port");
	memset(longest + 8, 'a', sizeof(longest) - 9);
	assert_refused(longest, "has more than 107 bytes");
	longest[sizeof(longest) - 2] = '\0';
	assert_read(longest, false, longest);
	memset(host + 6, 'a', 254);
	assert_refused(host, "neither a name nor an address");
	host[6 + 253] = '\0';
	(void) strcpy(path, host);
	assert_read(host, true, strcat(path, ":2376"));
}

static void
a_configuration_is_read_whole(void **state)
{
	OrchDockerConfiguration configuration;
	OrchAddressProblem problem;

	(void) state;
	assert_true(orch_docker_configuration_read("{\"endpoint\": \"tcp://docker\", \"ca\": \"-----BEGIN A\\n\", \"cert\": \"-----BEGIN C\", \"key\": \"-----BEGIN K\"}", &configuration, &problem));
	assert_false(configuration.endpoint.is_socket);
	assert_string_equal(configuration.endpoint.host, "docker");
	assert_int_equal(configuration.endpoint.port, 2376);
	assert_string_equal(configuration.ca, "-----BEGIN A\n");
	assert_string_equal(configuration.cert, "-----BEGIN C");
	assert_string_equal(configuration.key, "-----BEGIN K");
	assert_false(orch_docker_configuration_is_plain(&configuration));
	orch_docker_configuration_free(&configuration);
	assert_null(configuration.key);

	/* no secret is told, and nothing is left */
	assert_false(orch_docker_configuration_read("{\"endpoint\": \"tcp://docker\", \"cert\": \"-----BEGIN C\", \"key\": \"sesame\"}", &configuration, &problem));
	assert_null(strstr(problem.detail, "sesame"));
	assert_null(configuration.cert);
}

static bool
is_plain(const char *endpoint)
{
	char		json[200];
	OrchDockerConfiguration configuration;
	OrchAddressProblem problem;
	bool		plain;

	snprintf(json, sizeof(json), "{\"endpoint\": \"%s\"}", endpoint);
	assert_true(orch_docker_configuration_read(json, &configuration, &problem));
	plain = orch_docker_configuration_is_plain(&configuration);
	orch_docker_configuration_free(&configuration);
	return plain;
}

static void
only_this_machine_is_reached_in_clear(void **state)
{
	(void) state;
	assert_false(is_plain("unix:///run/docker.sock"));
	assert_false(is_plain("tcp://127.0.0.1"));
	assert_false(is_plain("tcp://[0:0:0:0:0:0:0:1]"));
	assert_false(is_plain("tcp://localhost:1"));
	assert_true(is_plain("tcp://127.0.0.1.example"));
	assert_true(is_plain("tcp://[::2]"));
	assert_true(is_plain("tcp://0.0.0.0"));
}

static const char *
below(const char *name)
{
	snprintf(path, sizeof(path), "%s/%s", root, name);
	return path;
}

/* returns its descriptor: listens on it, or nobody does */
static int
make_socket(const char *name, mode_t mode, bool listens)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int			fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", below(name));
	assert_int_equal(bind(fd, (struct sockaddr *) &address, sizeof(address)), 0);
	assert_int_equal(chmod(address.sun_path, mode), 0);
	if (listens)
		assert_int_equal(listen(fd, 0), 0);
	return fd;
}

static void
assert_fit(const char *name)
{
	OrchAddressProblem problem;

	if (!orch_docker_socket_check(below(name), &problem))
		fail_msg("%s: %s", name, problem.detail);
}

static void
assert_unfit(const char *name, const char *because, const char *hint)
{
	OrchAddressProblem problem;

	if (orch_docker_socket_check(below(name), &problem))
		fail_msg("%s is taken", name);
	if (strstr(problem.detail, because) == NULL || strstr(problem.hint, hint) == NULL)
		fail_msg("%s: %s %s", name, problem.detail, problem.hint);
}

/* chmod() is not cut by the umask */
static void
make_folder(const char *name, mode_t mode)
{
	assert_int_equal(mkdir(below(name), 0700), 0);
	assert_int_equal(chmod(path, mode), 0);
}

static void
make_link(const char *target, const char *name)
{
	assert_int_equal(symlink(target, below(name)), 0);
}

static void
sockets_are_closed_to_everybody_else(void **state)
{
	char		absolute[300];
	int			fds[8];

	(void) state;
	make_folder("open", 0755);
	make_folder("shut", 0750);
	make_folder("all", 0777);
	make_folder("sticky", 01777);
	fds[0] = make_socket("open/mine", 0660, true);
	fds[1] = make_socket("open/all", 0666, true);
	fds[2] = make_socket("shut/all", 0666, true);
	fds[3] = make_socket("all/mine", 0600, true);
	fds[4] = make_socket("sticky/mine", 0600, true);
	fds[5] = make_socket("open/silent", 0600, false);
	fds[6] = make_socket("open/name with : and [", 0600, true);

	assert_fit("open/mine");
	assert_fit("open/../open/./mine");
	assert_fit("open/silent");
	assert_fit("open/name with : and [");
	assert_fit("sticky/mine");
	assert_fit("shut/all");
	assert_unfit("open/all", "/open/all (mode 0666)", "chmod o-w /tmp/orch");
	assert_unfit("shut/../open/all", "(mode 0666)", "chmod o-w");
	assert_unfit("all/mine", "/all (mode 0777)", "chmod o-w");
	assert_unfit("open/nothing", "cannot find", "Start the daemon");
	assert_unfit("open", "is not a socket", "Give the path");
	assert_unfit("open/mine/x", "cannot find", "");

	make_link("open/mine", "to-mine");
	make_link("../all/mine", "open/to-all");
	make_link("loop", "loop");
	snprintf(absolute, sizeof(absolute), "%s/all/mine", root);
	make_link(absolute, "shut/to-all");
	make_link("../open/mine", "all/link");
	make_link("nothing", "to-nothing");
	assert_fit("to-mine");
	assert_unfit("open/to-all", "/all (mode 0777)", "chmod");
	/* a closed folder closes what is in it, not what it leads to */
	assert_unfit("shut/to-all", "/all (mode 0777)", "chmod");
	/* whoever may replace the link leads elsewhere */
	assert_unfit("all/link", "/all (mode 0777)", "chmod");
	assert_unfit("loop", "lead nowhere", "the socket itself");
	assert_unfit("to-nothing", "cannot find", "");
	for (int i = 0; i < 7; i++)
		close(fds[i]);
}

/* what another user may open, in a process of his; 1: not */
static int
checked_by(uid_t user, const char *name)
{
	int			status;
	pid_t		child = fork();

	if (child == 0)
	{
		OrchAddressProblem problem;

		_exit(setuid(user) != 0 ? 2 : !orch_docker_socket_check(below(name), &problem) && strstr(problem.detail, "cannot open") != NULL);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return WEXITSTATUS(status);
}

/* only root can give something away; nobody is 65534 */
static void
sockets_are_somebodys(void **state)
{
	int			fds[3];

	(void) state;
	if (geteuid() != 0)
		skip();
	make_folder("open", 0755);
	make_folder("sticky", 01777);
	fds[0] = make_socket("open/roots", 0600, true);
	fds[1] = make_socket("open/nobodys", 0600, true);
	assert_int_equal(chown(path, 65534, 65534), 0);
	fds[2] = make_socket("sticky/nobodys", 0600, true);
	assert_int_equal(chown(path, 65534, 65534), 0);
	make_link("../open/roots", "sticky/link");
	assert_int_equal(lchown(path, 65534, 65534), 0);
	assert_int_equal(checked_by(65534, "open/roots"), 1);
	assert_int_equal(checked_by(65534, "open/nobodys"), 0);
	assert_int_equal(checked_by(65534, "sticky/nobodys"), 0);
	assert_fit("open/nobodys");
	assert_unfit("sticky/nobodys", "of user 65534", "only root or the server's user");
	assert_unfit("sticky/link", "of user 65534", "only root or the server's user");
	for (int i = 0; i < 3; i++)
		close(fds[i]);
}

static int
make_root(void **state)
{
	(void) state;
	strcpy(root + strlen(root) - 6, "XXXXXX");
	if (mkdtemp(root) == NULL)
		return -1;
	return chmod(root, 0755);
}

static int
remove_root(void **state)
{
	char		command[300];

	(void) state;
	snprintf(command, sizeof(command), "rm -rf '%s'", root);
	return system(command);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(endpoints_have_one_way_of_writing),
		cmocka_unit_test(what_is_no_endpoint_is_told_why),
		cmocka_unit_test(a_configuration_is_read_whole),
		cmocka_unit_test(only_this_machine_is_reached_in_clear),
		cmocka_unit_test_setup_teardown(sockets_are_closed_to_everybody_else, make_root, remove_root),
		cmocka_unit_test_setup_teardown(sockets_are_somebodys, make_root, remove_root),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
