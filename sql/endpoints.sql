-- clusters that are reached by an endpoint instead of a kubeconfig
SET client_min_messages = warning;
CREATE EXTENSION orchestration CASCADE;
SELECT orchestration.bootstrap();
\i sql/include/as_people.sql
RESET client_min_messages;
SET search_path = orchestration, orchestration_internal, public;
\set SHOW_CONTEXT never

-- what a configuration says, without a cluster
CREATE FUNCTION said(configuration text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	detail text;
BEGIN
	RETURN (SELECT concat_ws(' ', i.endpoint, i.auth_method, i.socket, CASE WHEN i.plain THEN 'plain' END) FROM orchestration_internal.inspect_endpoint('docker', configuration) i);
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
	RETURN concat_ws(' ', SQLSTATE, SQLERRM || ':', detail);
END
$$;
\set tls '"ca": "-----BEGIN A-----", "cert": "-----BEGIN C-----", "key": "-----BEGIN K-----"'
SELECT e AS endpoint, said(jsonb_build_object('endpoint', e)::text) AS without_tls, said((jsonb_build_object('endpoint', e) || format('{%s}', :'tls')::jsonb)::text) AS with_tls
FROM unnest('{unix:///run/docker.sock,tcp://docker.example,tcp://docker.example:1,tcp://127.0.0.1,tcp://[0:0::1],tcp://[2001:db8::1]:65535,http://docker.example,ssh://root@docker.example,/run/docker.sock,unix://run/docker.sock}'::text[]) WITH ORDINALITY o (e, nth) ORDER BY nth;
SELECT said(c) FROM unnest(ARRAY['', '{', '[]', '{}', '{"endpoint": 5}', '{"endpoint": null}', '{"endpoint": "tcp://docker.example", "ca": "-----BEGIN A-----"}', '{"endpoint": "tcp://docker.example", "cert": "-----BEGIN C-----"}',
	'{"endpoint": "tcp://docker.example", "key": "-----BEGIN K-----"}', '{"endpoint": "tcp://docker.example", "cert": "C", "key": "-----BEGIN K-----"}', '{"endpoint": "tcp://docker.example", "cert": ["C"], "key": "K"}']) WITH ORDINALITY o (c, nth) ORDER BY nth;
-- the same server, or another one: the login does not count
SELECT count(DISTINCT (inspect_endpoint('docker', c)).server_identity) AS servers, count(*) AS configurations FROM unnest(ARRAY[format('{"endpoint": "tcp://d.example", %s}', :'tls'), format('{"endpoint": "tcp://d.example:2376", %s}', :'tls'),
	format('{"endpoint": "tcp://d.example", %s}', replace(:'tls', 'BEGIN K', 'BEGIN L')), format('{"endpoint": "tcp://d.example", %s}', replace(:'tls', 'BEGIN A', 'BEGIN B')), format('{"endpoint": "tcp://d.example:2377", %s}', :'tls'),
	'{"endpoint": "tcp://d.example:2376"}', '{"endpoint": "unix:///run/docker.sock"}']) c;

-- those who register
SELECT takes_endpoint('docker'), takes_endpoint('kubernetes'), takes_endpoint('steam'), takes_endpoint(NULL);
SET SESSION AUTHORIZATION regress_administrator;
-- error: an engine that there is not
SELECT register_cluster('new', engine => 'steam', endpoint => 'tcp://docker.example');
-- error: Kubernetes has no endpoint
SELECT register_cluster('new', endpoint => 'tcp://docker.example');
-- error: nor TLS that is not its kubeconfig's
SELECT register_cluster('new', kubeconfig('https://a.example', 't'), tls => '{}');
-- error: and is asked for none
SELECT inspect_endpoint('kubernetes', '{}');
SELECT register_cluster('home', kubeconfig('https://home.example', 't')) > 0 AS registered;
-- error: nor is one of its clusters moved to one
SELECT update_cluster('home', endpoint => 'tcp://docker.example');
-- error: there is no TLS to take away
SELECT update_cluster('home', reset => '{tls}');
RESET SESSION AUTHORIZATION;

-- an engine that takes one
SET SESSION AUTHORIZATION regress_administrator;
SELECT register_cluster('yard', engine => 'docker', endpoint => 'tcp://docker.example', tls => format('{%s}', :'tls')::jsonb, max_in_flight => 8) > 0 AS registered;
SELECT register_cluster('near', engine => 'docker', endpoint => 'tcp://[::1]:2375') > 0 AS registered;
-- error: it has no kubeconfig
SELECT register_cluster('new', kubeconfig('https://a.example', 't'), engine => 'docker');
-- error: nor a context of one
SELECT register_cluster('new', context => 'a', engine => 'docker', endpoint => 'tcp://docker.example');
-- error: no endpoint at all
SELECT register_cluster('new', engine => 'docker');
-- error: TLS with what is none of it
SELECT register_cluster('new', engine => 'docker', endpoint => 'tcp://docker.example', tls => '{"insecure": true}');
-- error: TLS that is no text
SELECT register_cluster('new', engine => 'docker', endpoint => 'tcp://docker.example', tls => '{"ca": 5}');
-- error: in clear to another machine
SELECT register_cluster('new', engine => 'docker', endpoint => 'tcp://docker.example');
-- error: not as it is written
SELECT register_cluster('new', engine => 'docker', endpoint => 'npipe:////./pipe/docker_engine');
-- error: a socket is for those who may run programs on the server
SELECT register_cluster('new', engine => 'docker', endpoint => 'unix:///run/docker.sock');
-- error: a name that is taken
SELECT register_cluster('yard', engine => 'docker', endpoint => 'tcp://docker.example', tls => format('{%s}', :'tls')::jsonb);
SELECT name, engine, api_server, auth_method, insecure_skip_tls_verify, max_in_flight, generation FROM clusters ORDER BY name;
RESET SESSION AUTHORIZATION;
SELECT name, convert_from(unseal(encrypted_kubeconfig, 'cluster/' || name), 'UTF8') AS sealed, position('BEGIN K'::bytea IN encrypted_kubeconfig) AS plaintext_at FROM clusters WHERE engine = 'docker' ORDER BY name;
SELECT name, kubeconfig, auth_method, engine, error FROM worker_clusters() WHERE engine = 'docker' ORDER BY name;
-- an ordinary user may look at none of the server's sockets
SET SESSION AUTHORIZATION regress_operator;
-- error: neither by the guard
SELECT guard_socket('docker', '/run/docker.sock');
-- error: nor past it
SELECT check_socket('docker', '/run/docker.sock');
RESET SESSION AUTHORIZATION;
-- error: nobody may, where there is none
SELECT register_cluster('new', engine => 'docker', endpoint => 'unix:///nothing/docker.sock');
-- a network of which a superuser is sure
SET orchestration.allow_plain_http = on;
SET SESSION AUTHORIZATION regress_administrator;
SELECT register_cluster('lab', engine => 'docker', endpoint => 'tcp://10.0.0.1') > 0 AS registered;
SELECT api_server, auth_method FROM clusters WHERE name = 'lab';
RESET SESSION AUTHORIZATION;
RESET orchestration.allow_plain_http;
SET SESSION AUTHORIZATION regress_administrator;

-- new credentials for the endpoint that is there, a new endpoint, and none
SELECT update_cluster('yard', tls => format('{%s}', replace(:'tls', 'BEGIN K', 'BEGIN L'))::jsonb);
SELECT update_cluster('yard', endpoint => 'tcp://docker.example:2377', tls => format('{%s}', :'tls')::jsonb);
SELECT update_cluster('yard', max_in_flight => 9, reset => '{enabled}');
SELECT api_server, auth_method, max_in_flight, generation FROM clusters WHERE name = 'yard';
SELECT operation, resource_name, changes FROM operation_logs WHERE operation = 'change_server';
-- error: TLS goes with the endpoint that is given
SELECT update_cluster('yard', endpoint => 'tcp://docker.example:2378');
-- error: without it nobody leaves the machine
SELECT update_cluster('yard', reset => '{tls}');
-- error: given and taken away
SELECT update_cluster('yard', tls => '{}', reset => '{tls}');
-- error: it has no kubeconfig to go back to
SELECT update_cluster('yard', reset => '{kubeconfig}');
-- error: nor a context
SELECT update_cluster('yard', context => 'a');
-- error: nor a kubeconfig
SELECT update_cluster('yard', kubeconfig('https://a.example', 't'));
-- error: what follows from the endpoint is not written
UPDATE clusters SET auth_method = 'socket' WHERE name = 'yard';
-- error: there is no context in a row, either
UPDATE clusters SET kubeconfig_context = 'a' WHERE name = 'yard';
-- error: a row needs an endpoint
UPDATE clusters SET encrypted_kubeconfig = NULL WHERE name = 'yard';
-- error: from the beginning
INSERT INTO clusters (name, engine, api_server, auth_method) VALUES ('new', 'docker', 'tcp://docker.example:2376', 'in-cluster');
-- error: what is sealed past the function is judged as well
INSERT INTO clusters (name, engine, api_server, auth_method, encrypted_kubeconfig) VALUES ('new', 'docker', 'x', 'socket', seal(convert_to('{"endpoint": "unix:///run/docker.sock"}', 'UTF8'), 'cluster/new'));
-- error: in clear, too
INSERT INTO clusters (name, engine, api_server, auth_method, encrypted_kubeconfig) VALUES ('new', 'docker', 'x', 'none', seal(convert_to('{"endpoint": "tcp://docker.example"}', 'UTF8'), 'cluster/new'));
INSERT INTO clusters (name, engine, api_server, auth_method, encrypted_kubeconfig) VALUES ('new', 'docker', 'x', 'socket', seal(convert_to(format('{"endpoint": "tcp://docker.example", %s}', :'tls'), 'UTF8'), 'cluster/new')) RETURNING api_server, auth_method;
RESET SESSION AUTHORIZATION;

-- whoever may change clusters alone points none elsewhere
INSERT INTO roles (name, permissions) VALUES ('keeper', '{"clusters": ["read", "update"]}');
SELECT joins('regress_viewer', 'keeper', NULL);
SET SESSION AUTHORIZATION regress_viewer;
SELECT update_cluster('yard', tls => format('{%s}', replace(:'tls', 'BEGIN K', 'BEGIN M'))::jsonb);
-- error: another authority
SELECT update_cluster('yard', tls => format('{%s}', replace(:'tls', 'BEGIN A', 'BEGIN M'))::jsonb);
-- error: another address
SELECT update_cluster('yard', endpoint => 'tcp://evil.example:2377', tls => format('{%s}', :'tls')::jsonb);
RESET SESSION AUTHORIZATION;

DROP FUNCTION said;
RESET search_path;
SET client_min_messages = warning;
DROP EXTENSION orchestration CASCADE;
