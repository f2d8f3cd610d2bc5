\set ECHO none
-- Those who use the platform: \i this file after bootstrap().  SET SESSION AUTHORIZATION makes the session one of them,
-- RESET the owner again.  Everybody is an ordinary role; what he may do, his user's roles say.
SET client_min_messages = warning;
DO $$
DECLARE
	person record;
BEGIN
	FOR person IN
		SELECT * FROM (VALUES
			('regress_administrator', 'admin_role'), ('regress_operator', 'orchestration_user'), ('regress_viewer', 'orchestration_user'),
			('regress_auditor', 'orchestration_user'), ('regress_nobody', 'orchestration_user'), ('regress_monitor', 'orchestration_monitor'),
			('regress_gateway', 'orchestration_gateway')
		) v (name, member_of)
	LOOP
		IF to_regrole(person.name) IS NULL THEN
			EXECUTE format('CREATE ROLE %I LOGIN IN ROLE %I', person.name, person.member_of);
		END IF;
	END LOOP;
END
$$;
INSERT INTO orchestration.users (username, db_role) SELECT v, v FROM unnest('{regress_administrator,regress_operator,regress_viewer,regress_auditor}'::text[]) v;
INSERT INTO orchestration.roles (name, permissions) VALUES ('regress_auditor', '{"audit": ["read"]}');
INSERT INTO orchestration.user_roles (user_id, role_id)
SELECT u.id, r.id FROM orchestration.users u JOIN orchestration.roles r ON (u.username, r.name) IN (('regress_administrator', 'administrator'), ('regress_auditor', 'regress_auditor'));

-- an administrator gives a role: SELECT joins('regress_operator', 'operator', 'shop') \gset
CREATE OR REPLACE FUNCTION public.joins(whom text, as_role text, in_namespace text) RETURNS void LANGUAGE sql AS $$
	INSERT INTO orchestration.user_roles (user_id, role_id, namespace_id)
	SELECT (SELECT u.id FROM orchestration.users u WHERE u.username = whom), (SELECT r.id FROM orchestration.roles r WHERE r.name = as_role),
		(SELECT n.id FROM orchestration.namespaces n WHERE n.name = in_namespace AND n.status <> 'deleted')
$$;
GRANT EXECUTE ON FUNCTION public.joins TO PUBLIC;
\set ECHO all
