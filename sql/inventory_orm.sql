-- a whole application by plain INSERT, as an ORM writes it, and the same help when it is wrong
SET client_min_messages = warning;
CREATE EXTENSION orchestration CASCADE;
SELECT orchestration.bootstrap();
\i sql/include/as_people.sql
RESET client_min_messages;
\set SHOW_CONTEXT never

-- the way GORM writes: quoted names, every column of the model, its own times, RETURNING
SET SESSION AUTHORIZATION regress_administrator;
INSERT INTO "orchestration"."namespaces" ("name","created_at","updated_at") VALUES ('shop','2026-01-02 03:04:05','2026-01-02 03:04:05') RETURNING "id" AS ns \gset
SELECT joins('regress_operator', 'operator', 'shop') \gset
SET SESSION AUTHORIZATION regress_operator;
INSERT INTO "orchestration"."config_maps" ("namespace_id","name","data") VALUES (:ns,'app','{"page.html":"<p>hello</p>","colour":"red"}') RETURNING "id" AS config_map \gset
INSERT INTO "orchestration"."secrets" ("namespace_id","name","data_keys","encrypted_data")
VALUES (:ns,'db','{password}',orchestration_internal.seal_secret(:ns,'db','{"password":"open sesame"}')) RETURNING "id" AS secret \gset
INSERT INTO "orchestration"."registries" ("namespace_id","name","server","username","encrypted_password")
VALUES (:ns,'main','registry.example','robot',orchestration_internal.seal_registry_password(:ns,'registry.example','pass')) RETURNING "id" AS registry \gset
INSERT INTO "orchestration"."volumes" ("namespace_id","name","volume_type","size_bytes","access_mode") VALUES (:ns,'data','PVC',1073741824,'ReadWriteOnce') RETURNING "id" AS data \gset
INSERT INTO "orchestration"."volumes" ("namespace_id","name","volume_type","config_map_id") VALUES (:ns,'pages','ConfigMap',:config_map) RETURNING "id" AS pages \gset
INSERT INTO "orchestration"."container_images" ("namespace_id","registry","repository","tag","digest") VALUES (:ns,'registry.example','shop/web','1.2','') RETURNING "id" AS image \gset
INSERT INTO "orchestration"."containers" ("namespace_id","name","image_id","replicas","command","cpu_request","memory_limit","labels","desired_state","status","generation","observed_generation","created_at","updated_at")
VALUES (:ns,'web',:image,2,'{/bin/httpd,-f}',250,67108864,'{"tier":"front"}','running','pending',0,0,'2026-01-02 03:04:05','2026-01-02 03:04:05') RETURNING "id" AS web \gset
INSERT INTO "orchestration"."environment_variables" ("namespace_id","container_id","name","position","value","config_map_id","secret_id","key") VALUES
	(:ns,:web,'MODE',0,'fast',NULL,NULL,NULL),(:ns,:web,'COLOUR',1,NULL,:config_map,NULL,'colour'),(:ns,:web,'PASSWORD',2,NULL,NULL,:secret,'password');
INSERT INTO "orchestration"."port_mappings" ("namespace_id","container_id","name","container_port","service_port","protocol","service_type") VALUES (:ns,:web,'http',8080,80,'TCP','ClusterIP');
INSERT INTO "orchestration"."container_volumes" ("namespace_id","container_id","volume_id","mount_path","read_only") VALUES (:ns,:web,:data,'/data',false),(:ns,:web,:pages,'/www',true);
INSERT INTO "orchestration"."container_probes" ("namespace_id","container_id","probe_type","handler","port","path") VALUES (:ns,:web,'readiness','httpGet','http','/');
SET SESSION AUTHORIZATION regress_administrator;
INSERT INTO "orchestration"."users" ("username","full_name","email") VALUES ('zoe','Zoë Smith','zoe@example.org') RETURNING "id" AS zoe \gset
INSERT INTO "orchestration"."roles" ("name","permissions") VALUES ('watcher','{"containers":["read"]}') RETURNING "id" AS watcher \gset
INSERT INTO "orchestration"."user_roles" ("user_id","role_id","namespace_id","expires_at") VALUES (:zoe,:watcher,:ns,'2030-01-01');
-- sessions come by tokens
RESET SESSION AUTHORIZATION;
INSERT INTO "orchestration"."user_sessions" ("user_id","client_addr") VALUES (:zoe,'10.0.0.1');

SET SESSION AUTHORIZATION regress_operator;
UPDATE orchestration.containers SET cpu_request = orchestration.cpu_millicores('0.25'), memory_limit = orchestration.memory_bytes('64Mi') WHERE id = :web;
-- found again by the id alone, as First() asks
SELECT c.name, c.replicas, c.status, c.generation, c.created_at, c.created_by = orchestration.current_user_id() AS by_me
FROM orchestration.containers c WHERE c.id = :web ORDER BY c.id LIMIT 1;
SELECT (SELECT count(*) FROM orchestration.environment_variables WHERE container_id = :web) AS variables, (SELECT count(*) FROM orchestration.port_mappings WHERE container_id = :web) AS ports,
	(SELECT count(*) FROM orchestration.container_volumes WHERE container_id = :web) AS mounts, (SELECT count(*) FROM orchestration.container_probes WHERE container_id = :web) AS probes;

-- the functions and the rows speak of the same things
SELECT orchestration.create_container('shop', 'second', 'registry.example/shop/web:1.2', env => '[{"name": "P", "valueFrom": {"secretKeyRef": {"name": "db", "key": "password"}}}]') > 0 AS made;
SELECT count(*) AS images FROM orchestration.container_images WHERE namespace_id = :ns;

-- error: an id chosen by the caller
INSERT INTO orchestration.containers (id, namespace_id, name, image_id) VALUES (7, :ns, 'chosen', :image);
-- error: a bad name
INSERT INTO orchestration.containers (namespace_id, name, image_id) VALUES (:ns, 'Web', :image);
-- error: a name that is taken
INSERT INTO orchestration.containers (namespace_id, name, image_id) VALUES (:ns, 'web', :image);
-- error: more requested than allowed
INSERT INTO orchestration.containers (namespace_id, name, image_id, cpu_request, cpu_limit) VALUES (:ns, 'new', :image, 1000, 500);
-- error: overrides that touch a label of ours
INSERT INTO orchestration.containers (namespace_id, name, image_id, overrides) VALUES (:ns, 'new', :image, '{"metadata": {"labels": {"orchestration.dev/owner": "x"}}}');
-- error: an init container without an image
INSERT INTO orchestration.containers (namespace_id, name, image_id, init_containers) VALUES (:ns, 'new', :image, '[{"name": "init"}]');
-- error: a relative path
INSERT INTO orchestration.containers (namespace_id, name, image_id, working_dir) VALUES (:ns, 'new', :image, 'www');
-- error: a rolling update that could not move
INSERT INTO orchestration.containers (namespace_id, name, image_id, max_surge, max_unavailable) VALUES (:ns, 'new', :image, '0', '0%');
-- error: an update is checked as well
UPDATE orchestration.containers SET labels = '{"a b": "c"}' WHERE id = :web;
SET SESSION AUTHORIZATION regress_administrator;
-- error: an image of another namespace
INSERT INTO orchestration.containers (namespace_id, name, image_id) VALUES (0, 'new', :image);
SET SESSION AUTHORIZATION regress_operator;
-- the rest by the names of constraints alone: details hold the time of day
\set VERBOSITY terse
-- error: two sources
INSERT INTO orchestration.environment_variables (namespace_id, container_id, name, value, field_path) VALUES (:ns, :web, 'TWO', 'x', 'status.podIP');
-- error: no source
INSERT INTO orchestration.environment_variables (namespace_id, container_id, name) VALUES (:ns, :web, 'NONE');
-- error: a reference without a key
INSERT INTO orchestration.environment_variables (namespace_id, container_id, name, config_map_id) VALUES (:ns, :web, 'KEYLESS', :config_map);
-- error: a name with a sign in it
INSERT INTO orchestration.environment_variables (namespace_id, container_id, name, value) VALUES (:ns, :web, 'A=B', 'x');
-- error: a port out of range
INSERT INTO orchestration.port_mappings (namespace_id, container_id, container_port) VALUES (:ns, :web, 70000);
-- error: a node port without a service on the nodes
INSERT INTO orchestration.port_mappings (namespace_id, container_id, container_port, service_port, node_port) VALUES (:ns, :web, 81, 81, 30081);
-- error: a published port without a service
INSERT INTO orchestration.port_mappings (namespace_id, container_id, container_port, service_type) VALUES (:ns, :web, 82, 'LoadBalancer');
-- error: a claim without a size
INSERT INTO orchestration.volumes (namespace_id, name, volume_type, access_mode) VALUES (:ns, 'new', 'PVC', 'ReadWriteOnce');
-- error: a config map volume without a config map
INSERT INTO orchestration.volumes (namespace_id, name, volume_type) VALUES (:ns, 'new', 'ConfigMap');
\set VERBOSITY default
-- error: a mount outside of the volume
INSERT INTO orchestration.container_volumes (namespace_id, container_id, volume_id, mount_path, sub_path) VALUES (:ns, :web, :data, '/x', '../etc');
\set VERBOSITY terse
-- error: an HTTP probe without a port
INSERT INTO orchestration.container_probes (namespace_id, container_id, probe_type, handler, path) VALUES (:ns, :web, 'liveness', 'httpGet', '/');
\set VERBOSITY default
-- error: a number in a config map
INSERT INTO orchestration.config_maps (namespace_id, name, data) VALUES (:ns, 'new', '{"port": 8080}');
-- error: a key that cannot be mounted
INSERT INTO orchestration.secrets (namespace_id, name, data_keys, encrypted_data) VALUES (:ns, 'new', '{a/b}', orchestration_internal.seal_secret(:ns, 'new', '{}'));
SET SESSION AUTHORIZATION regress_administrator;
-- error: a permission that does not exist
INSERT INTO orchestration.roles (name, permissions) VALUES ('new', '{"containers": ["write"]}');
SET SESSION AUTHORIZATION regress_operator;
-- error: a config map in use
DELETE FROM orchestration.config_maps WHERE id = :config_map;
-- deletion takes the parts along
DELETE FROM orchestration.containers WHERE id = :web;
SELECT (SELECT count(*) FROM orchestration.environment_variables WHERE container_id = :web) AS variables, (SELECT count(*) FROM orchestration.container_volumes WHERE container_id = :web) AS mounts;
RESET SESSION AUTHORIZATION;
RESET search_path;
SET client_min_messages = warning;
DROP EXTENSION orchestration CASCADE;
