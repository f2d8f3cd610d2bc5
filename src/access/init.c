/*
 * init.c
 *	  What this room does when the library is loaded; it stands above the others.
 */
#include "access/access.h"

void
orch_access_init(void)
{
	orch_find_user = orch_identity_find;
	orch_find_user_of_roles = orch_identity_of_roles;
	orch_plan_guard_init();
	orch_rescans_init();
	orch_db_roles_init();
	orch_explain_init();
}
