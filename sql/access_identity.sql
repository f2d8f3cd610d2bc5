-- what was decided for one user is not believed of the next one on the same connection; test/t/06_identity.pl has all of it
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE EXTENSION orchestration CASCADE;
SELECT orchestration.bootstrap();
RESET client_min_messages;
CREATE ROLE regress_vic IN ROLE orchestration_user;
CREATE ROLE regress_mal IN ROLE orchestration_user;
CREATE ROLE regress_eve IN ROLE orchestration_user;
CREATE ROLE regress_app IN ROLE regress_vic, regress_mal, regress_eve;
INSERT INTO orchestration.users (username, db_role) VALUES ('vic', 'regress_vic'), ('mal', 'regress_mal'), ('eve', 'regress_eve');
INSERT INTO orchestration.roles (name, permissions) VALUES ('clerk', '{"roles": ["read", "create", "update", "delete"]}');
INSERT INTO orchestration.user_roles (user_id, role_id) SELECT u.id, r.id FROM orchestration.users u, orchestration.roles r WHERE (u.username, r.name) IN (('vic', 'administrator'), ('eve', 'administrator'), ('mal', 'clerk'));
SELECT orchestration.create_namespace('shop') > 0 AS made, orchestration.create_secret('shop', 'key', '{"k": "canary"}') > 0 AS made;
SELECT count(orchestration.create_container('shop', n, 'nginx')) FROM unnest('{one,two,three}'::text[]) n;
INSERT INTO orchestration.clusters (name, api_server, auth_method, enabled) SELECT 'c' || g, 'https://127.0.0.1', 'in-cluster', false FROM generate_series(1, 3) g;
INSERT INTO orchestration.user_secrets (user_id, secret_type, encrypted_value) SELECT id, 'k' || g, 'x' FROM orchestration.users, generate_series(1, 3) g WHERE username = 'vic';
SELECT id AS mal FROM orchestration.users WHERE username = 'mal' \gset
SELECT id AS vic FROM orchestration.users WHERE username = 'vic' \gset
SELECT id AS administrator FROM orchestration.roles WHERE name = 'administrator' \gset

-- vic's trigger found that he may grant; mal's is not to think so
SET SESSION AUTHORIZATION regress_app;
BEGIN;
SET LOCAL ROLE regress_vic;
-- error: granted already
INSERT INTO orchestration.user_roles (user_id, role_id) VALUES (:vic, :administrator);
ROLLBACK;
BEGIN;
SET LOCAL ROLE regress_mal;
-- error: nobody grants what he does not hold
INSERT INTO orchestration.user_roles (user_id, role_id) VALUES (:mal, :administrator);
ROLLBACK;
SET ROLE regress_mal;
-- error: what a role will be worth that does not exist yet nobody knows
INSERT INTO orchestration.user_roles (user_id, role_id) VALUES (:mal, 1000);
SET ROLE regress_vic;
SELECT orchestration.reveal_secret('shop', 'key');
SET ROLE regress_mal;
-- error: a secret
SELECT orchestration.reveal_secret('shop', 'key');

-- a plan that the executor runs may assume what one holds, and is checked; an expression that it does not run may not
SET ROLE regress_vic;
SET plan_cache_mode = force_generic_plan;
PREPARE question AS SELECT orchestration_internal.permits($1, 'secrets', 'reveal');
PREPARE rows AS SELECT count(*) FROM orchestration.containers;
EXPLAIN (COSTS OFF, VERBOSE) EXECUTE question(1);
EXPLAIN (COSTS OFF) EXECUTE rows;
EXECUTE question(1);
SET ROLE regress_mal;
EXECUTE question(1);
EXECUTE rows;
DEALLOCATE ALL;
RESET plan_cache_mode;

-- what is found out once for a whole run is not for who goes on with it
BEGIN;
SET LOCAL ROLE regress_vic;
DECLARE clusters CURSOR FOR SELECT name FROM orchestration.clusters ORDER BY name;
FETCH 1 FROM clusters;
SET LOCAL ROLE regress_mal;
-- error: who may read clusters was asked at the beginning
FETCH 1 FROM clusters;
ROLLBACK;
BEGIN;
SET LOCAL ROLE regress_vic;
SET LOCAL enable_seqscan = off;
DECLARE secrets CURSOR FOR SELECT secret_type FROM orchestration.user_secrets;
FETCH 1 FROM secrets;
SET LOCAL ROLE regress_mal;
-- error: whose they are was asked at the beginning
FETCH 1 FROM secrets;
ROLLBACK;
-- neither is another one's who may just as much
BEGIN;
SET LOCAL ROLE regress_vic;
SET LOCAL enable_seqscan = off;
DECLARE secrets CURSOR FOR SELECT secret_type FROM orchestration.user_secrets;
FETCH 1 FROM secrets;
SET LOCAL ROLE regress_eve;
-- error: eve may everything, but they are not hers
FETCH 1 FROM secrets;
ROLLBACK;
-- he himself goes on, also after somebody else did something
BEGIN;
SET LOCAL ROLE regress_vic;
DECLARE secrets CURSOR FOR SELECT secret_type FROM orchestration.user_secrets ORDER BY 1;
FETCH 1 FROM secrets;
SET LOCAL ROLE regress_mal;
SELECT count(*) FROM orchestration.user_secrets;
SET LOCAL ROLE regress_vic;
FETCH ALL FROM secrets;
ROLLBACK;
RESET SESSION AUTHORIZATION;
SET client_min_messages = warning;
DROP EXTENSION orchestration CASCADE;
DROP ROLE regress_app, regress_vic, regress_mal, regress_eve;
