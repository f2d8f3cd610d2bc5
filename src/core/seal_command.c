/*
 * seal_command.c
 *	  Runs orchestration.encryption_key_command and takes what it prints.
 *
 * No shell: the setting is split at blanks, with ' and " around words that have
 * some, and the first word is the path of a program.  The program gets no input
 * and has ten seconds; what it writes to its standard error is in the server's
 * log.  What it prints is a key: whoever calls wipes it.
 */
#include "core/compat.h"
#include "core/core.h"
#include "core/errors.h"
#include "core/seal.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "miscadmin.h"
#include "storage/fd.h"
#include "utils/timestamp.h"

#define COMMAND_WORDS_MAX 32
#define COMMAND_LIMIT_MS 10000

pg_noreturn static void
command_error(const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_ORCH_ENCRYPTION_KEY),
			 errmsg("the command for the encryption key failed"),
			 errdetail("%s", detail),
			 errhint("Correct orchestration.encryption_key_command: the absolute path of a program and its arguments; it prints what a key file holds. No shell reads it.")));
}

/*
 * Cuts a copy of the command into words, in place.  Throws OR040.
 */
static void
split_words(char *text, char **words)
{
	int			count = 0;
	char	   *out = text;

	while (*(text += strspn(text, " \t")) != '\0')
	{
		char		quote = '\0';

		if (count == COMMAND_WORDS_MAX)
			command_error("It has too many words.");
		out = words[count++] = text;
		for (; *text != '\0' && (quote != '\0' || strchr(" \t", *text) == NULL); text++)
		{
			if (quote != '\0' ? *text == quote : (*text == '\'' || *text == '"'))
				quote = quote != '\0' ? '\0' : *text;
			else
				*out++ = *text;
		}
		if (quote != '\0')
			command_error("A quotation mark is not closed.");
		if (*text != '\0')
			text++;
		*out = '\0';
	}
	words[count] = NULL;
	if (count == 0 || words[0][0] != '/')
		command_error("Its first word is not an absolute path.");
}

/*
 * Starts the program in a process group of its own; -1 when it cannot be.
 */
static pid_t
start_program(char **words, int output)
{
	static char *const environment[] = {"PATH=/usr/local/bin:/usr/bin:/bin", "LC_ALL=C", NULL};
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	sigset_t	none;
	sigset_t	all;
	pid_t		pid;
	int			rc;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&files, output, STDOUT_FILENO);
	posix_spawnattr_init(&attributes);
	/* a backend ignores and blocks signals that a program expects to die of */
	posix_spawnattr_setsigdefault(&attributes, &all);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setpgroup(&attributes, 0);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
	rc = posix_spawn(&pid, words[0], &files, &attributes, words, environment);
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&attributes);
	errno = rc;
	return rc == 0 ? pid : -1;
}

/*
 * Reads to the end.  What is wrong, or NULL.
 */
static const char *
read_output(int fd, char *output, Size size, Size *length)
{
	TimestampTz end = TimestampTzPlusMilliseconds(orch_steady_now(), COMMAND_LIMIT_MS);

	for (*length = 0;;)
	{
		struct pollfd wait = {.fd = fd, .events = POLLIN};
		ssize_t		got;

		if (InterruptPending || orch_steady_now() >= end)
			return "It did not end within ten seconds.";
		if (poll(&wait, 1, 100) <= 0)
			continue;
		got = read(fd, output + *length, size - *length);
		if (got == 0)
			return NULL;
		if (got < 0 && errno != EINTR && errno != EAGAIN)
			return "What it printed could not be read.";
		*length += Max(got, 0);
		if (*length == size)
			return "It printed too much.";
	}
}

/*
 * Waits for a program that has closed its output.  What is wrong, or NULL.
 */
static const char *
end_program(pid_t pid, const char *problem)
{
	int			status = 0;
	int			rest_ms = COMMAND_LIMIT_MS;

	for (;;)
	{
		pid_t		gone;

		if (problem != NULL)
			kill(-pid, SIGKILL);
		gone = waitpid(pid, &status, problem != NULL ? 0 : WNOHANG);
		if (gone == pid)
			break;
		if (gone < 0 && errno != EINTR)
			return problem != NULL ? problem : "How it ended is not known.";
		if (gone == 0)
		{
			pg_usleep(1000L);
			if (--rest_ms <= 0 || InterruptPending)
				problem = "It did not end within ten seconds.";
		}
	}
	if (problem == NULL && !(WIFEXITED(status) && WEXITSTATUS(status) == 0))
		problem = "It did not end with status 0; the server's log may say more.";
	return problem;
}

/*
 * Fills output, which is the caller's to wipe, and returns its length.  Throws
 * OR040, with output wiped.
 */
Size
orch_key_command_run(const char *command, char *output, Size size)
{
	char	   *words[COMMAND_WORDS_MAX + 1];
	const char *problem;
	Size		length = 0;
	int			ends[2];
	pid_t		pid;

	split_words(pstrdup(command), words);
	ReserveExternalFD();
	if (pipe(ends) < 0)
	{
		ReleaseExternalFD();
		command_error("There is no pipe for it.");
	}
	fcntl(ends[0], F_SETFD, FD_CLOEXEC);
	fcntl(ends[1], F_SETFD, FD_CLOEXEC);
	pid = start_program(words, ends[1]);
	close(ends[1]);
	problem = pid < 0 ? psprintf("\"%s\" could not be started: %s.", words[0], strerror(errno)) : read_output(ends[0], output, size, &length);
	close(ends[0]);
	ReleaseExternalFD();
	if (pid > 0)
		problem = end_program(pid, problem);
	if (problem != NULL)
	{
		explicit_bzero(output, size);
		CHECK_FOR_INTERRUPTS();
		command_error(problem);
	}
	return length;
}
