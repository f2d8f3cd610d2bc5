-- what of a map is on record: the keys that differ, and what is too long by its digest
SET client_min_messages = warning;
CREATE EXTENSION orchestration CASCADE;
SELECT orchestration.bootstrap();
\i sql/include/as_people.sql
RESET client_min_messages;
SET search_path = orchestration, orchestration_internal, public;
SELECT create_namespace('maps') AS ns \gset
CREATE VIEW told AS SELECT l.operation, l.changes -> 'before' AS before, l.changes -> 'after' AS after, pg_column_size(l.changes) AS bytes FROM operation_logs l WHERE l.resource_type = 'config_map' ORDER BY l.id DESC LIMIT 1;

GRANT SELECT ON told TO PUBLIC;
SELECT joins('regress_operator', 'operator', 'maps') \gset
SELECT joins('regress_operator', 'regress_auditor', 'maps') \gset
SET SESSION AUTHORIZATION regress_operator;
-- one key of many
SELECT create_config_map('maps', 'm', '{"a": "1", "b": "2", "longer": "3"}') AS map \gset
SELECT after -> 'data' AS data FROM told;
SELECT update_config_map('maps', 'm', '{"a": "1", "b": "two", "longer": "3"}');
SELECT before, after FROM told;
-- one more, one less
SELECT update_config_map('maps', 'm', '{"a": "1", "longer": "3", "new": ""}');
SELECT before, after FROM told;
UPDATE config_maps SET labels = '{"tier": "web"}' WHERE id = :map;
SELECT before, after FROM told;
UPDATE config_maps SET labels = '{}' WHERE id = :map;
SELECT before, after FROM told;

-- at every depth; what is no map, or no longer one, as a whole
SELECT create_container('maps', 'web', 'nginx', overrides => '{"metadata": {"annotations": {"a": "1", "b": "2"}, "labels": {"x": "y"}}, "spec": {"priority": 30, "dnsPolicy": "Default"}}') AS web \gset
UPDATE containers SET overrides = '{"metadata": {"annotations": {"a": "1", "b": "3"}, "labels": {"x": "y"}}, "spec": {"priority": 31, "dnsPolicy": "Default", "hostAliases": [{"ip": "10.0.0.1", "hostnames": ["a"]}]}}' WHERE id = :web;
SELECT jsonb_pretty(l.changes) FROM operation_logs l WHERE l.resource_type = 'container' ORDER BY l.id DESC LIMIT 1;
UPDATE containers SET overrides = jsonb_set(overrides, '{spec,hostAliases,0,hostnames}', '["a", "b"]') WHERE id = :web;
SELECT l.changes FROM operation_logs l WHERE l.resource_type = 'container' ORDER BY l.id DESC LIMIT 1;
UPDATE containers SET overrides = '{}', description = 'plain' WHERE id = :web;
SELECT l.changes #> '{after,overrides}' AS after, l.changes #> '{before,overrides,metadata,annotations}' AS before FROM operation_logs l WHERE l.resource_type = 'container' ORDER BY l.id DESC LIMIT 1;

-- a map of nearly a megabyte: 100 keys of 9,000 characters
SELECT create_config_map('maps', 'large', (SELECT jsonb_object_agg('k' || g, rpad(g::text, 9000, md5(g::text))) FROM generate_series(1, 100) g)) AS large \gset
SELECT jsonb_typeof(after #> '{data,sha256}') AS whole, after #> '{data,k1}' = jsonb_build_object('bytes', 9000, 'sha256', encode(sha256(convert_to(rpad('1', 9000, md5('1')), 'UTF8')), 'hex')) AS one, bytes < 66000 AS small FROM told;
UPDATE config_maps SET data = jsonb_set(data, '{k7}', '"short"') WHERE id = :large;
SELECT after, before #> '{data,k7,bytes}' AS bytes, before #>> '{data,k7,sha256}' = encode(sha256(convert_to(rpad('7', 9000, md5('7')), 'UTF8')), 'hex') AS digest, bytes < 400 AS small FROM told;
-- a value that is not too long
UPDATE config_maps SET data = jsonb_set(data, '{k7}', to_jsonb(repeat('x', 8192))) WHERE id = :large;
SELECT length(after #>> '{data,k7}') AS whole, before FROM told;
UPDATE config_maps SET data = jsonb_set(data, '{k7}', to_jsonb(repeat('x', 8193))) WHERE id = :large;
SELECT after #>> '{data,k7,bytes}' AS bytes FROM told;
-- many short ones together are too long
UPDATE config_maps SET data = (SELECT jsonb_object_agg('short-' || g, repeat('y', 100)) FROM generate_series(1, 2000) g) WHERE id = :large;
SELECT after -> 'data' = jsonb_build_object('bytes', octet_length(m.data::text), 'sha256', encode(sha256(convert_to(m.data::text, 'UTF8')), 'hex')) AS whole, bytes < 66000 AS small
FROM told, config_maps m WHERE m.id = :large;
-- whoever deletes it leaves no more
DELETE FROM config_maps WHERE id = :large;
SELECT operation, before -> 'data' ? 'sha256' AS digest, bytes < 1000 AS small FROM told;
-- nor does a list
UPDATE containers SET args = (SELECT array_agg('zzz' || g) FROM generate_series(1, 2000) g) WHERE id = :web;
SELECT l.changes #> '{after,args,bytes}' AS bytes FROM operation_logs l WHERE l.resource_type = 'container' ORDER BY l.id DESC LIMIT 1;

RESET SESSION AUTHORIZATION;
SET client_min_messages = warning;
DROP VIEW told;
DROP EXTENSION orchestration CASCADE;
