/*-------------------------------------------------------------------------
 *
 * credentials.c
 *	  Token, client certificate and CA of a client, re-read from their files.
 *
 * Tokens of pods live about an hour and are replaced by swapping a symbolic
 * link, so a file is opened anew each time.  PEM files are handed to libcurl
 * as memory: a changed content then makes libcurl open new connections by
 * itself, as the old ones no longer match.
 *
 *-------------------------------------------------------------------------
 */
#include "kube/kube_prelude.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kube/credentials.h"
#include "kube/text.h"

#define MAX_FILE_BYTES (256 * 1024)

static bool
read_descriptor(int fd, char *buf, size_t size)
{
	size_t		done = 0;

	while (done < size)
	{
		ssize_t		n = read(fd, buf + done, size - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		done += n;
	}
	buf[done] = '\0';
	return done > 0 && strlen(buf) == done;
}

/*
 * The content of a small regular file, or NULL.  O_NONBLOCK so that a named
 * pipe cannot stop the worker.
 */
static char *
read_file(const char *path)
{
	struct stat st;
	char	   *content = NULL;
	int			fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return NULL;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
		st.st_size > 0 && st.st_size <= MAX_FILE_BYTES)
		content = malloc(st.st_size + 1);
	if (content != NULL && !read_descriptor(fd, content, st.st_size))
	{
		orch_kube_free_secret(content);
		content = NULL;
	}
	close(fd);
	return content;
}

/* A token goes into a header: cut the line end, refuse anything worse. */
static bool
trim_token(char *token)
{
	size_t		length = strcspn(token, " \t\r\n");

	if (token[length + strspn(token + length, " \t\r\n")] != '\0')
		return false;
	token[length] = '\0';
	for (; *token != '\0'; token++)
	{
		if ((unsigned char) *token < ' ' || (unsigned char) *token == 0x7F)
			return false;
	}
	return length > 0;
}

/*
 * Puts the content of path into *field if it is usable.  Counts in *generation
 * when that changed anything.  False: not usable, *field is as before.
 */
static bool
reload(char **field, const char *path, bool is_token, unsigned int *generation)
{
	char	   *content = read_file(path);
	bool		usable;

	if (content == NULL)
		return false;
	usable = is_token ? trim_token(content) :
		strstr(content, "-----BEGIN ") != NULL;
	if (!usable || (*field != NULL && strcmp(*field, content) == 0))
	{
		orch_kube_free_secret(content);
		return usable;
	}
	orch_kube_free_secret(*field);
	*field = content;
	(*generation)++;
	return true;
}

/* Either the given text or the file; false names the file that failed. */
static bool
load(char **field, const char *given, const char *path, bool is_token,
	 unsigned int *generation, char *error, size_t error_size)
{
	if (given != NULL)
	{
		if (*field != NULL)
			return true;
		*field = strdup(given);
		return *field != NULL ||
			orch_kube_fail(error, error_size, "out of memory");
	}
	if (path == NULL || reload(field, path, is_token, generation))
		return true;
	return orch_kube_fail(error, error_size, "file \"%s\" %s", path,
						  is_token ? "cannot be read or holds no token" :
						  "cannot be read or is not PEM");
}

static bool
load_all(OrchKubeCredentials *c, char *error, size_t error_size)
{
	const OrchKubeConfig *config = c->config;
	bool		ok;

	ok = load(&c->token, config->token_file ? NULL : config->token,
			  config->token_file, true, &c->token_generation,
			  error, error_size);
	ok &= load(&c->ca_pem, config->ca_pem, config->ca_file, false,
			   &c->tls_generation, error, error_size);
	ok &= load(&c->client_cert_pem, config->client_cert_pem,
			   config->client_cert_file, false, &c->tls_generation,
			   error, error_size);
	ok &= load(&c->client_key_pem, config->client_key_pem,
			   config->client_key_file, false, &c->tls_generation,
			   error, error_size);
	return ok;
}

bool
orch_kube_credentials_init(OrchKubeCredentials *credentials,
						   const OrchKubeConfig *config, int refresh_ms,
						   int64 now, char *error, size_t error_size)
{
	memset(credentials, 0, sizeof(*credentials));
	credentials->config = config;
	credentials->refresh_ms = refresh_ms;
	credentials->checked_at = now;
	if (load_all(credentials, error, error_size))
		return true;
	orch_kube_credentials_free(credentials);
	return false;
}

void
orch_kube_credentials_refresh(OrchKubeCredentials *credentials, int64 now)
{
	int64		due = orch_kube_credentials_due(credentials);

	if (due < 0 || now < due)
		return;
	credentials->checked_at = now;
	(void) load_all(credentials, NULL, 0);
}

bool
orch_kube_credentials_reject(OrchKubeCredentials *credentials,
							 unsigned int token_generation, int64 now)
{
	if (credentials->config->token_file == NULL)
		return false;
	if (credentials->token_generation == token_generation)
	{
		credentials->checked_at = now;
		(void) load_all(credentials, NULL, 0);
	}
	return credentials->token_generation != token_generation;
}

int64
orch_kube_credentials_due(const OrchKubeCredentials *credentials)
{
	if (!orch_kubeconfig_uses_files(credentials->config))
		return -1;
	return credentials->checked_at + credentials->refresh_ms;
}

void
orch_kube_credentials_free(OrchKubeCredentials *credentials)
{
	orch_kube_free_secret(credentials->token);
	orch_kube_free_secret(credentials->ca_pem);
	orch_kube_free_secret(credentials->client_cert_pem);
	orch_kube_free_secret(credentials->client_key_pem);
	memset(credentials, 0, sizeof(*credentials));
}
