/*
 * guc.c
 *	  All settings of the extension.
 */
#include "postgres.h"

#include <arpa/inet.h>
#include <limits.h>
#include <sys/socket.h>

#include "core/compat.h"
#include "core/core.h"
#include "miscadmin.h"
#include "utils/guc.h"

char	   *orch_client_addr = NULL;
int			orch_database_scan_interval_ms = 60000;
char	   *orch_encryption_key_command = NULL;
char	   *orch_encryption_key_file = NULL;
int			orch_maintenance_interval_ms = 60000;
int			orch_max_databases = 64;
int			orch_poll_interval_ms = 10000;
int			orch_request_timeout_ms = 30000;
char	   *orch_request_id = NULL;
bool		orch_simulate_worker = false;
char	   *orch_token_audience = NULL;
char	   *orch_token_issuer = NULL;
char	   *orch_token_keys_file = NULL;
int64		orch_session_user_id = 0;
void		(*orch_session_user_changed) (void) = NULL;
int64		(*orch_find_user) (bool look_up) = NULL;
int64		(*orch_find_user_of_roles) (Oid role, Oid session_role) = NULL;
void		(*orch_user_assumed) (int64 user_id) = NULL;
void		(*orch_seen) (int64 namespace_id, const char *resource_type, int64 resource_id, const char *resource_name) = NULL;
OrchErrorAbout orch_error_about;
bool		orch_allow_plain_http = false;
bool		orch_worker_enabled = true;

static char *user_id_setting = NULL;

static bool
check_user_id(char **value, void **extra, GucSource source)
{
	int64		id;
	char	   *end;

	if (**value == '\0')
		return true;
	errno = 0;
	id = strtoll(*value, &end, 10);
	if (errno == 0 && *end == '\0' && id > 0)
		return true;
	GUC_check_errdetail("It is the id of a user, or empty for nobody.");
	return false;
}

static bool
check_request_id(char **value, void **extra, GucSource source)
{
	if (strlen(*value) <= ORCH_REQUEST_ID_MAX)
		return true;
	GUC_check_errdetail("It has at most %d bytes.", ORCH_REQUEST_ID_MAX);
	return false;
}

static bool
check_client_addr(char **value, void **extra, GucSource source)
{
	unsigned char address[16];

	if (**value == '\0' || inet_pton(AF_INET, *value, address) == 1 || inet_pton(AF_INET6, *value, address) == 1)
		return true;
	GUC_check_errdetail("It is an IP address, or empty for that of the connection.");
	return false;
}

static void
assign_user_id(const char *value, void *extra)
{
	orch_session_user_id = value ? strtoll(value, NULL, 10) : 0;
	if (orch_session_user_changed)
		orch_session_user_changed();
}

/*
 * How the background processes work.
 */
static void
define_worker_settings(void)
{
	DefineCustomIntVariable("orchestration.database_scan_interval",
							"How often the launcher looks for databases that it was not told about.",
							"A database is announced at CREATE EXTENSION and bootstrap(); the scan finds restored and copied ones.",
							&orch_database_scan_interval_ms,
							60000, 1000, INT_MAX, PGC_SIGHUP, GUC_UNIT_MS,
							NULL, NULL, NULL);

	DefineCustomIntVariable("orchestration.maintenance_interval",
							"How often the worker looks whether a maintenance step is due.",
							"When each step is due is in orchestration.maintenance_steps.",
							&orch_maintenance_interval_ms,
							60000, 1000, INT_MAX, PGC_SIGHUP, GUC_UNIT_MS,
							NULL, NULL, NULL);

	/* nobody may make one of this kind later */
	if (process_shared_preload_libraries_in_progress)
		DefineCustomIntVariable("orchestration.max_databases",
								"How many databases can have a worker at the same time.",
								"Each costs a few hundred bytes of shared memory. Databases without the extension take no place from those that have it.",
								&orch_max_databases,
								64, 1, ORCH_MAX_WORKERS, PGC_POSTMASTER, 0,
								NULL, NULL, NULL);

	DefineCustomIntVariable("orchestration.poll_interval",
							"Polling interval of a worker: a safety net, as changes wake it.",
							NULL,
							&orch_poll_interval_ms,
							10000, 100, INT_MAX, PGC_SIGHUP, GUC_UNIT_MS,
							NULL, NULL, NULL);

	DefineCustomIntVariable("orchestration.request_timeout",
							"Longest time that one request to a cluster may take.",
							NULL,
							&orch_request_timeout_ms,
							30000, 1000, 600000, PGC_SIGHUP, GUC_UNIT_MS,
							NULL, NULL, NULL);

	DefineCustomBoolVariable("orchestration.simulate_worker",
							 "Makes this session's writes count as the worker's observations.",
							 "For tests and repairs by a superuser.",
							 &orch_simulate_worker,
							 false, PGC_SUSET, GUC_NOT_IN_SAMPLE,
							 NULL, NULL, NULL);

	DefineCustomBoolVariable("orchestration.worker_enabled",
							 "Lets workers run.",
							 "Off stops them all: rows are accepted and nothing reaches a cluster until it is on again.",
							 &orch_worker_enabled,
							 true, PGC_SIGHUP, 0,
							 NULL, NULL, NULL);
}

/*
 * Where keys come from: those that seal values, and those that sign tokens.
 */
static void
define_key_settings(void)
{
	DefineCustomStringVariable("orchestration.encryption_key_command",
							   "Program that prints the keys for secrets and credentials.",
							   "Absolute path and arguments, read by no shell; it prints what a key file holds, within ten seconds. Empty: orchestration.encryption_key_file is read.",
							   &orch_encryption_key_command,
							   "", PGC_SIGHUP, GUC_SUPERUSER_ONLY,
							   NULL, NULL, NULL);

	DefineCustomStringVariable("orchestration.encryption_key_file",
							   "File that holds the key for secrets and credentials.",
							   "A relative path is below the data directory. bootstrap() makes the file when it is absent; keep a copy apart from the backups.",
							   &orch_encryption_key_file,
							   "orchestration.key", PGC_SIGHUP, GUC_SUPERUSER_ONLY,
							   NULL, NULL, NULL);

	DefineCustomBoolVariable("orchestration.allow_plain_http",
							 "Lets clusters be reached by plain http on other machines.",
							 "Whoever is on the way then reads every secret and every login. Off: such a cluster is neither registered nor connected to.",
							 &orch_allow_plain_http,
							 false, PGC_SUSET, 0,
							 NULL, NULL, NULL);

	DefineCustomStringVariable("orchestration.token_audience",
							   "Audience (aud) that tokens for authenticate() must name.",
							   "Empty accepts no token.",
							   &orch_token_audience,
							   "", PGC_SUSET, 0,
							   NULL, NULL, NULL);

	DefineCustomStringVariable("orchestration.token_issuer",
							   "Issuer (iss) that tokens for authenticate() must name; empty for any.",
							   NULL,
							   &orch_token_issuer,
							   "", PGC_SUSET, 0,
							   NULL, NULL, NULL);

	DefineCustomStringVariable("orchestration.token_keys_file",
							   "JSON Web Key Set with the keys that sign tokens for authenticate().",
							   "A relative path is below the data directory. It is read at every login, so that keys can be exchanged at any time; empty accepts no token.",
							   &orch_token_keys_file,
							   "", PGC_SUSET, GUC_SUPERUSER_ONLY,
							   NULL, NULL, NULL);
}

/*
 * What a session says of itself.
 */
static void
define_session_settings(void)
{
	DefineCustomStringVariable("orchestration.client_addr",
							   "Address of the client that this session or transaction serves.",
							   "Only for gateways: use SET LOCAL or set_client_addr(). Empty: the address that the connection comes from.",
							   &orch_client_addr,
							   "", PGC_SUSET, GUC_NOT_IN_SAMPLE | GUC_DISALLOW_IN_FILE,
							   check_client_addr, NULL, NULL);

	DefineCustomStringVariable("orchestration.request_id",
							   "Identifier of the request that this transaction serves.",
							   "Applications set it with SET LOCAL; it is in every row of operation_logs that the transaction leaves.",
							   &orch_request_id,
							   "", PGC_USERSET, GUC_NOT_IN_SAMPLE | GUC_DISALLOW_IN_FILE,
							   check_request_id, NULL, NULL);

	DefineCustomStringVariable("orchestration.user_id",
							   "User that this session or transaction acts for.",
							   "Only for gateways: use act_as() or SET LOCAL. Empty: the user whose db_role is the role of the session.",
							   &user_id_setting,
							   "", PGC_SUSET, GUC_NOT_IN_SAMPLE | GUC_DISALLOW_IN_FILE,
							   check_user_id, assign_user_id, NULL);
}

/*
 * Defines the settings; called once, from _PG_init.
 */
void
orch_guc_init(void)
{
	define_worker_settings();
	define_key_settings();
	define_session_settings();
	MarkGUCPrefixReserved("orchestration");
}
