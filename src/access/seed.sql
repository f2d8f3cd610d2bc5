/*
 * What an installation begins with.  Runs at every bootstrap() and changes
 * only what is missing or, of system roles, outdated.
 */
INSERT INTO orchestration.roles (name, description, permissions, is_system)
SELECT s.name, s.description, s.permissions, true
FROM (VALUES
	('administrator', 'May do everything.', '{"*": ["*"]}'::jsonb),
	('operator', 'Runs applications: everything but users, roles and clusters.', (
		SELECT jsonb_object_agg(r.permission, to_jsonb(CASE r.permission
				WHEN 'containers' THEN '{read,create,update,delete,execute}'::text[]
				WHEN 'namespaces' THEN '{read,create,update}'
				ELSE '{read,create,update,delete}' END))
			|| '{"clusters": ["read"], "logs": ["read"], "monitoring": ["read"]}'
		FROM orchestration_internal.resources() r
		WHERE r.scope IS NOT NULL)),
	('viewer', 'Looks at everything but secrets, users and roles.', (
		SELECT jsonb_object_agg(r.permission, '["read"]'::jsonb) || '{"clusters": ["read"], "logs": ["read"], "monitoring": ["read"]}'
		FROM orchestration_internal.resources() r
		WHERE r.scope IS NOT NULL AND r.secret = '{}'))
) s (name, description, permissions)
WHERE NOT EXISTS (SELECT FROM orchestration.roles r WHERE r.name = s.name);

/* the other two may have been fitted to the house; this one always means everything */
UPDATE orchestration.roles r
SET permissions = '{"*": ["*"]}', updated_at = now()
WHERE r.name = 'administrator' AND r.is_system AND r.permissions <> '{"*": ["*"]}';

/* after a restore, or after roles were renamed while nothing looked */
SELECT orchestration_internal.follow_db_roles();

INSERT INTO orchestration.users (username, full_name, db_role)
SELECT session_user, 'First administrator', session_user
WHERE NOT EXISTS (SELECT FROM orchestration.users);

/* somebody must be able to grant: give it back when the last one is gone */
INSERT INTO orchestration.user_roles (user_id, role_id)
SELECT u.id, r.id
FROM orchestration.users u, orchestration.roles r
WHERE u.db_role = session_user AND r.name = 'administrator' AND r.is_system
	AND NOT EXISTS (
		SELECT FROM orchestration.user_roles a
		WHERE a.role_id = r.id AND a.namespace_id IS NULL AND (a.expires_at IS NULL OR a.expires_at > now())
	);

/* what belongs to no namespace is logged under this one */
INSERT INTO orchestration.namespaces (id, name, description, status, observed_generation)
OVERRIDING SYSTEM VALUE
SELECT 0, 'platform', 'The platform itself: what belongs to no namespace.', 'active', 1
WHERE NOT EXISTS (SELECT FROM orchestration.namespaces n WHERE n.id = 0);
