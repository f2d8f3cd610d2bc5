-- The audit trail: who changed what, without secrets, and nobody changes it.
SET client_min_messages = warning;
CREATE EXTENSION orchestration CASCADE;
SELECT orchestration.bootstrap();
\i sql/include/as_people.sql
RESET client_min_messages;
SET search_path = orchestration, orchestration_internal, public;

-- one statement, many rows: one entry for each, all with the request's id
SET SESSION AUTHORIZATION regress_administrator;
SELECT create_namespace('audited') AS ns \gset
SET orchestration.request_id = 'req-7';
INSERT INTO container_images (namespace_id, repository, tag) SELECT :ns, 'nginx', 'v' || i FROM generate_series(1, 3) i;
RESET orchestration.request_id;
SELECT operation, resource_type, resource_name, namespace_id = :ns AS namespace, changes #>> '{after,tag}' AS tag, request_id, source, status, user_id, db_role, session_role, client_addr, application_name, duration_ms >= 0 AS took
FROM operation_logs WHERE request_id = 'req-7' ORDER BY id;

-- only what differs, and nothing where nothing does
SELECT create_container('audited', 'web', 'nginx:v1', replicas => 2, command => '{run,"a b"}', labels => '{"tier": "web"}', overrides => '{"metadata": {"annotations": {"nested": "yes"}}}') AS web \gset
UPDATE containers SET replicas = 3, labels = '{"tier": "api"}', cpu_limit = 500, command = '{run}', restart_requested_at = '2026-01-02 03:04:05.678+00' WHERE id = :web;
UPDATE containers SET replicas = replicas WHERE id = :web;
UPDATE containers SET replicas = 9 WHERE id = 0;
UPDATE containers SET cpu_limit = NULL, working_dir = '/tmp' WHERE id = :web;
SELECT operation, resource_name, resource_id = :web AS id, jsonb_pretty(changes) AS changes FROM operation_logs WHERE resource_type = 'container' AND operation = 'update' ORDER BY id;
SELECT changes #> '{after,overrides}' AS overrides, changes #> '{after,command}' AS command, changes -> 'before' AS before FROM operation_logs WHERE resource_type = 'container' AND operation = 'create';

-- what a cascade takes along is on record too
INSERT INTO environment_variables (namespace_id, container_id, name, value) VALUES (:ns, :web, 'MODE', 'fast');
DELETE FROM containers WHERE id = :web;
SELECT operation, resource_type, resource_name, changes -> 'after' IS NULL AS gone FROM operation_logs WHERE operation = 'delete' ORDER BY resource_type;

-- a secret changes, and that is all that is told
SELECT create_secret('audited', 's', '{"password": "audit-canary-1"}') AS s \gset
SELECT update_secret('audited', 's', '{"password": "audit-canary-2"}');
SELECT set_user_secret('api_key', 'audit-canary-3') > 0 AS set;
SELECT operation, resource_type, changes #>> '{before,encrypted_data}' AS before, changes #>> '{after,encrypted_data}' AS after, changes #>> '{after,encrypted_value}' AS value
FROM operation_logs WHERE resource_type IN ('secret', 'user_secret') ORDER BY id;
SELECT count(*) AS canaries FROM operation_logs l WHERE l::text ~ 'audit-canary' OR l::text ~ encode('audit-canary', 'hex') OR l::text ~ encode('audit-canary', 'base64');
RESET SESSION AUTHORIZATION;

-- who acts as whom
CREATE ROLE audit_ann LOGIN;
CREATE ROLE audit_team;
GRANT orchestration_user TO audit_team;
GRANT audit_team TO audit_ann;
INSERT INTO users (username, db_role) VALUES ('ann', 'audit_ann') RETURNING id AS ann \gset
INSERT INTO user_roles (user_id, role_id) SELECT :ann, id FROM roles WHERE name = 'operator';
SET SESSION AUTHORIZATION audit_ann;
SET ROLE audit_team;
SELECT create_config_map('audited', 'm', '{"k": "v"}') > 0 AS made;
-- error: who may read does not write the log
INSERT INTO operation_logs (operation, resource_type) VALUES ('create', 'container');
RESET SESSION AUTHORIZATION;
SELECT user_id = :ann AS ann, db_role, session_role FROM operation_logs WHERE resource_type = 'config_map';

-- the worker's own observations are history, not audit; who only pretends is on record
SET orchestration.simulate_worker = on;
UPDATE config_maps SET data = '{"k": "x"}', observed_generation = generation WHERE name = 'm';
RESET orchestration.simulate_worker;
SELECT operation, changes FROM operation_logs WHERE resource_type = 'config_map' ORDER BY id DESC LIMIT 1;

-- too long for an identifier
-- error: the request's id has a limit
SELECT set_config('orchestration.request_id', repeat('x', 201), false);

-- added to, and never changed: by nobody, nor past the parent
\set VERBOSITY terse
-- error: UPDATE changes the record
UPDATE operation_logs SET operation = 'nothing';
-- error: DELETE changes the record
DELETE FROM operation_logs;
-- error: TRUNCATE changes the record
TRUNCATE operation_logs;
SET session_replication_role = replica;
-- error: not even without ordinary triggers
DELETE FROM operation_logs;
RESET session_replication_role;
\set VERBOSITY default
DO $$
DECLARE
	month text := format('orchestration.operation_logs_%s', to_char(now() AT TIME ZONE 'UTC', 'YYYYMM'));
	statement text;
BEGIN
	FOREACH statement IN ARRAY ARRAY['UPDATE %s SET operation = ''x''', 'DELETE FROM %s', 'TRUNCATE %s'] LOOP
		BEGIN
			EXECUTE format(statement, month);
			RAISE WARNING 'accepted: %', statement;
		EXCEPTION WHEN SQLSTATE 'OR050' THEN
			NULL;
		END;
	END LOOP;
END
$$;

-- columns and triggers of users on the log are honoured
ALTER TABLE operation_logs ADD COLUMN site text DEFAULT 'here';
CREATE TABLE public.told (operation text, site text);
CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.told VALUES (NEW.operation, NEW.site); RETURN NEW; END $$;
CREATE TRIGGER tell AFTER INSERT ON operation_logs FOR EACH ROW EXECUTE FUNCTION tell();
UPDATE config_maps SET data = '{"k": "w"}' WHERE name = 'm';
SELECT * FROM public.told;

SET client_min_messages = warning;
DROP OWNED BY audit_ann, audit_team;
DROP ROLE audit_ann;
DROP ROLE audit_team;
DROP TABLE public.told;
DROP EXTENSION orchestration CASCADE;
