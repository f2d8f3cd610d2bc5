-- registering clusters: what a kubeconfig must say, and how it is kept
SET client_min_messages = warning;
CREATE EXTENSION orchestration CASCADE;
SELECT orchestration.bootstrap();
\i sql/include/as_people.sql
RESET client_min_messages;
SET search_path = orchestration, orchestration_internal, public;
\set SHOW_CONTEXT never

\set good '{"apiVersion": "v1", "kind": "Config", "current-context": "a", "contexts": [{"name": "a", "context": {"cluster": "a", "user": "a"}}, {"name": "b", "context": {"cluster": "b", "user": "a"}}], "clusters": [{"name": "a", "cluster": {"server": "https://one.example:6443"}}, {"name": "b", "cluster": {"server": "https://two.example:6443/prefix"}}], "users": [{"name": "a", "user": {"token": "open-sesame"}}]}'
SET SESSION AUTHORIZATION regress_administrator;
SELECT register_cluster('one', :'good') AS one \gset
SELECT register_cluster('two', :'good', 'b', max_in_flight => 8, enabled => false) > :one AS made;
-- YAML, as kubectl writes it
SELECT register_cluster('three', E'apiVersion: v1\nkind: Config\ncurrent-context: a\nclusters:\n- name: a\n  cluster: {server: "https://three.example"}\ncontexts:\n- name: a\n  context: {cluster: a, user: a}\nusers:\n- name: a\n  user: {username: u, password: p}\n') > :one AS made;
-- from its parts
SELECT register_cluster('four', kubeconfig('https://four.example', 'token', insecure_skip_tls_verify => true)) > :one AS made;
RESET SESSION AUTHORIZATION;
SELECT name, api_server, auth_method, kubeconfig_context, insecure_skip_tls_verify, enabled, max_in_flight, generation, status, position('sesame'::bytea IN encrypted_kubeconfig) AS plaintext_at FROM clusters ORDER BY id;
SELECT convert_from(unseal(encrypted_kubeconfig, 'cluster/one'), 'UTF8') = :'good' AS kept_as_given FROM clusters WHERE name = 'one';
SET SESSION AUTHORIZATION regress_administrator;

-- error: a name that is taken
SELECT register_cluster('one', :'good');
-- error: a bad name
SELECT register_cluster('One', :'good');
-- error: no kubeconfig at all
SELECT register_cluster('new', 'hello');
-- error: empty
SELECT register_cluster('new', '');
-- error: a context that is not there
SELECT register_cluster('new', :'good', 'c');
-- error: a program that would run on the server
SELECT register_cluster('new', replace(:'good', '"token": "open-sesame"', '"exec": {"command": "aws"}'));
-- error: not in a pod
SELECT register_cluster('new', NULL);
-- error: out of range
SELECT register_cluster('new', :'good', max_in_flight => 0);

-- files of the server are for those who may read them anyway
-- error: a file of the server
SELECT register_cluster('files', replace(:'good', '"token": "open-sesame"', '"tokenFile": "/etc/passwd"'));
SELECT register_cluster('own', :'good') > :one AS made;
RESET SESSION AUTHORIZATION;
SELECT register_cluster('files', replace(:'good', '"token": "open-sesame"', '"tokenFile": "/var/run/token"')) > :one AS made;

-- new credentials, a new generation
SET SESSION AUTHORIZATION regress_administrator;
SELECT update_cluster('one', replace(:'good', 'one.example', 'moved.example'));
SELECT api_server, generation FROM clusters WHERE name = 'one';
-- error: unusable ones change nothing
SELECT update_cluster('one', '{}');
-- error: unknown
SELECT update_cluster('nothing', :'good');

-- a cluster goes when nobody is there any more
SELECT create_namespace('here', 'one') AS here \gset
-- error: a namespace is there
SELECT unregister_cluster('one');
-- error: unknown
SELECT unregister_cluster('nothing');
SELECT unregister_cluster('two');
-- error: unknown
SELECT create_namespace('new', 'two');
-- lost with all that is in it
RESET SESSION AUTHORIZATION;
INSERT INTO managed_objects (namespace_id, cluster_id, api_version, kind, cluster_namespace, name, owner_type, owner_id, owner_generation, apply_order)
SELECT :here, id, 'v1', 'Namespace', '', 'here', 'namespace', :here, 1, 10 FROM clusters WHERE name = 'one';
SET SESSION AUTHORIZATION regress_administrator;
SELECT unregister_cluster('one', forget => true);
SELECT name, cluster_id FROM namespaces WHERE id = :here;
SELECT name FROM clusters ORDER BY id;
RESET SESSION AUTHORIZATION;
RESET search_path;
SET client_min_messages = warning;
DROP EXTENSION orchestration CASCADE;
