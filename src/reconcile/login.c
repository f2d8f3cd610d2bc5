/*
 * login.c
 *	  Keeps clients from logging in as the worker's role.
 *
 * The role needs LOGIN, as PostgreSQL asks it of background workers too (up to
 * 16 there is no way around it), and has no password.  Where pg_hba.conf trusts
 * a connection or takes the operating system's word for it, anybody could be
 * it: past row security, and able to open every secret.
 */
#include "postgres.h"

#include "core/compat.h"
/* without Kerberos' headers: Port has the same members either way */
#undef ENABLE_GSS
#include "libpq/auth.h"
#include "libpq/libpq-be.h"
#include "reconcile/reconcile.h"

static ClientAuthentication_hook_type previous = NULL;

/* background workers do not come this way */
static void
refuse_worker_role(Port *port, int status)
{
	if (previous)
		previous(port, status);
	if (status == STATUS_OK && strcmp(port->user_name, ORCH_WORKER_ROLE) == 0)
		ereport(FATAL,
				(errcode(ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION),
				 errmsg("role \"%s\" is for the background worker alone", ORCH_WORKER_ROLE),
				 errhint("Log in as yourself; a superuser can SET ROLE %s.", ORCH_WORKER_ROLE)));
}

void
orch_login_init(void)
{
	previous = ClientAuthentication_hook;
	ClientAuthentication_hook = refuse_worker_role;
}
