/*
 * socket_check.c
 *	  Whether a socket of this machine is fit to be an engine's.
 *
 * The way to it is walked as the kernel walks it, symbolic links included: whoever may
 * write to a folder on it can put a socket of his own there, and be sent every secret.
 * Behind a folder that others may not enter, what they may write does not matter.  In one
 * where only owners replace what is theirs (/tmp), it must be root's or our own.
 */
#include "kube/kube_prelude.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/docker/endpoint.h"
#include "engine/docker/socket_check.h"

#define MOST_LINKS 40

typedef struct Walk
{
	char		at[MAXPGPATH];	/* free of links; the root is "" */
	char		rest[MAXPGPATH];	/* still to go */
	int			closed_at;		/* length of the first folder that others may not enter; -1: none */
	bool		shared;			/* at is a folder of everybody's, in which only owners replace what is theirs */
	int			links;
	bool		is_socket;		/* at is one */
	OrchAddressProblem *problem;
} Walk;

static bool refuse(OrchAddressProblem *problem, const char *hint, const char *format,...) pg_attribute_printf(3, 4);

static bool
refuse(OrchAddressProblem *problem, const char *hint, const char *format,...)
{
	va_list		args;

	va_start(args, format);
	vsnprintf(problem->detail, sizeof(problem->detail), format, args);
	va_end(args);
	snprintf(problem->hint, sizeof(problem->hint), "%s", hint);
	return false;
}

static bool
refuse_writable(const Walk *walk, const struct stat *found)
{
	const char *path = walk->at[0] != '\0' ? walk->at : "/";
	char		hint[sizeof(walk->problem->hint)];

	snprintf(hint, sizeof(hint), "Take that away: chmod o-w %.200s. The server's user can be given the group of the socket instead.", path);
	return refuse(walk->problem, hint, "Every user of this machine may write to %.200s (mode %04o): a tenant could reach the engine, or stand in for it.",
				  path, (unsigned int) found->st_mode & 07777);
}

/* walk->at is a folder or the end; what found says of it counts where others get to it */
static bool
visit(Walk *walk, const struct stat *found)
{
	bool		is_folder = S_ISDIR(found->st_mode);

	if (walk->shared && found->st_uid != 0 && found->st_uid != geteuid())
		return refuse(walk->problem, "Put the socket into a folder that only root or the server's user may write to.",
					  "%.200s lies in a folder where everybody may put something, and is neither root's nor the server's user's (but of user %u): a tenant could stand in for the engine.",
					  walk->at, (unsigned int) found->st_uid);
	walk->shared = false;
	if (S_ISLNK(found->st_mode) || walk->closed_at >= 0)
		return true;
	if (found->st_mode & S_IWOTH)
	{
		walk->shared = is_folder && (found->st_mode & S_ISVTX);
		if (!walk->shared)
			return refuse_writable(walk, found);
	}
	if (is_folder && !(found->st_mode & S_IXOTH))
		walk->closed_at = (int) strlen(walk->at);
	return true;
}

/* walk->at is what the link stands in */
static bool
follow(Walk *walk, const char *link)
{
	char		target[MAXPGPATH];
	char		rest[MAXPGPATH];
	ssize_t		length = readlink(link, target, sizeof(target) - 1);

	if (length < 0 || ++walk->links > MOST_LINKS)
		return refuse(walk->problem, "Give the path of the socket itself.", "The links on the way to it lead nowhere: %.200s.", link);
	target[length] = '\0';
	if (snprintf(rest, sizeof(rest), "%s/%s", target, walk->rest) >= (int) sizeof(rest))
		return refuse(walk->problem, "Give the path of the socket itself.", "The links on the way to it are too long: %.200s.", link);
	strcpy(walk->rest, rest);
	if (target[0] == '/')
	{
		walk->at[0] = '\0';
		walk->closed_at = -1;
	}
	return true;
}

static void
go_up(Walk *walk)
{
	char	   *last = strrchr(walk->at, '/');

	if (last != NULL)
		*last = '\0';
	if ((int) strlen(walk->at) < walk->closed_at)
		walk->closed_at = -1;
}

static bool
enter(Walk *walk, const char *name)
{
	size_t		before = strlen(walk->at);
	struct stat found;

	if (before + 1 + strlen(name) >= sizeof(walk->at))
		return refuse(walk->problem, "Give the path of the socket itself.", "The way to it is too long.");
	sprintf(walk->at + before, "/%s", name);
	if (lstat(walk->at, &found) != 0)
		return refuse(walk->problem, "Start the daemon, or give the path of its socket. The server's user must be let into every folder on the way.",
					  "The server's user cannot find %.200s: %s.", walk->at, strerror(errno));
	walk->is_socket = S_ISSOCK(found.st_mode);
	if (!visit(walk, &found))
		return false;
	if (S_ISLNK(found.st_mode))
	{
		char		link[MAXPGPATH];

		strcpy(link, walk->at);
		walk->at[before] = '\0';
		return follow(walk, link);
	}
	return true;
}

static bool
take_step(Walk *walk)
{
	char		name[MAXPGPATH];
	size_t		length = strcspn(walk->rest, "/");

	memcpy(name, walk->rest, length);
	name[length] = '\0';
	length += strspn(walk->rest + length, "/");
	memmove(walk->rest, walk->rest + length, strlen(walk->rest + length) + 1);
	if (strcmp(name, "..") == 0)
		go_up(walk);
	else if (name[0] != '\0' && strcmp(name, ".") != 0)
		return enter(walk, name);
	return true;
}

static bool
is_closed(const char *path, OrchAddressProblem *problem)
{
	Walk		walk = {.closed_at = -1, .problem = problem};
	struct stat root;

	snprintf(walk.rest, sizeof(walk.rest), "%s", path);
	if (stat("/", &root) != 0 || !visit(&walk, &root))
		return false;
	while (walk.rest[0] != '\0')
	{
		if (!take_step(&walk))
			return false;
	}
	return walk.is_socket || refuse(problem, "Give the path of the socket on which the daemon listens.", "%.200s is not a socket.", path);
}

/* Nobody listens, or so many ask: then it may be opened, and the rest is the worker's to see. */
static bool
may_open(const char *path, OrchAddressProblem *problem)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int			fd = socket(AF_UNIX, SOCK_STREAM, 0);
	int			failed = 0;

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (fd < 0 || fcntl(fd, F_SETFL, O_NONBLOCK) != 0 || connect(fd, (struct sockaddr *) &address, sizeof(address)) != 0)
		failed = errno;
	if (fd >= 0)
		close(fd);
	if (failed == 0 || failed == ECONNREFUSED || failed == EAGAIN || failed == EINPROGRESS)
		return true;
	return refuse(problem, "Give the server's user the group of the socket, and restart the server.", "The server's user cannot open %.200s: %s.", path, strerror(failed));
}

bool
orch_docker_socket_check(const char *path, OrchAddressProblem *problem)
{
	return is_closed(path, problem) && may_open(path, problem);
}
