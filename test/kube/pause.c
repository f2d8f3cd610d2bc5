/*
 * pause.c: the process of a pod's sandbox; it holds the pod's namespaces open
 * and collects the children of containers that share its process namespace.
 */
#include <signal.h>
#include <stddef.h>
#include <sys/wait.h>
#include <unistd.h>

static void
on_stop(int sig)
{
	(void) sig;
	_exit(0);
}

static void
on_child(int sig)
{
	(void) sig;
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
}

int
main(void)
{
	signal(SIGINT, on_stop);
	signal(SIGTERM, on_stop);
	signal(SIGCHLD, on_child);
	for (;;)
		pause();
}
