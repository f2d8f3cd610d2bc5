-- the checks behind CHECK constraints: what passes, and what an error says
-- as the owner: functions of the code, before there are tables and rights
SET client_min_messages = warning;
CREATE EXTENSION orchestration CASCADE;
RESET client_min_messages;
SET search_path = orchestration, orchestration_internal, public;
\set SHOW_CONTEXT never

SELECT valid_label_name('web-1', 'container name') AND valid_subdomain_name('app.config', 'config map name') AND valid_username('Zoë <zoe@example.org>')
	AND valid_env_name('LOG_LEVEL') AND valid_config_key('app.properties') AND valid_port_name('http') AND valid_port(65535, 'port')
	AND valid_port_reference('8080') AND valid_port_reference('http') AND valid_path('/var/lib', 'path') AND valid_sub_path('a/b')
	AND valid_field_path('status.podIP') AND valid_resource_field('limits.cpu') AND valid_registry_server('https://index.docker.io/v1/')
	AND valid_image('', 'busybox', '', '') AND valid_config_keys('{a,b}', 'key') AND valid_rollout('25%', NULL) AND valid_rollout(NULL, NULL)
	AND valid_request_limit(250, 250, 'cpu') AS all_pass;
-- NULL is not their business
SELECT valid_label_name(NULL, 'x') IS NULL AND valid_port(NULL, 'x') IS NULL AND valid_labels(NULL, 'x') IS NULL AS nulls_pass;

-- error: an upper-case letter, with its place
SELECT valid_label_name('Web', 'container name');
-- error: the first character beyond ASCII, whole
SELECT valid_label_name('café', 'container name');
-- error: too long, and not repeated in full
SELECT valid_label_name(repeat('a', 200), 'namespace name');
-- error: a dot without a neighbour
SELECT valid_subdomain_name('a..b', 'secret name');
-- error: a space at an end
SELECT valid_username(' zoe');
-- error: a sign that would part name and value
SELECT valid_env_name('A=B');
-- error: a slash
SELECT valid_config_key('a/b');
-- error: a key twice
SELECT valid_config_keys('{a,b,a}', 'secret key');
-- error: a missing key
SELECT valid_config_keys('{a,NULL}', 'secret key');
-- error: no letter
SELECT valid_port_name('80');
-- error: below the range
SELECT valid_port(0, 'container port');
-- error: beyond the range, as text
SELECT valid_port_reference('70000');
-- error: neither number nor name
SELECT valid_port_reference('-1');
-- error: relative
SELECT valid_path('data', 'mount path');
-- error: leads out of the volume
SELECT valid_sub_path('../etc');
-- error: not readable by a container
SELECT valid_field_path('spec.containers');
-- error: no such resource
SELECT valid_resource_field('limits.gpu');
-- error: no host that can be told from a repository
SELECT valid_registry_server('registry');
-- error: a repository with upper case
SELECT valid_image('', 'BusyBox', '', '');
-- error: a short digest
SELECT valid_image('', 'busybox', '', 'sha256:0123');
-- error: more asked for than allowed, CPU
SELECT valid_request_limit(2000, 1500, 'cpu');
-- error: more asked for than allowed, memory
SELECT valid_request_limit(1610612736, 1073741824, 'memory');
-- error: neither number nor percentage
SELECT valid_rollout('some', NULL);
-- error: nothing could ever be replaced
SELECT valid_rollout('0', '0%');

-- quantities
SELECT cpu_millicores('250m') AS "250m", cpu_millicores('0.5') AS "0.5", cpu_millicores('1n') AS "1n", memory_bytes('1.5Gi') AS "1.5Gi", memory_bytes('1e3') AS "1e3", memory_bytes('128M') AS "128M";
SELECT format_cpu(250), format_cpu(2000), format_memory(1610612736), format_memory(1000);
-- error: a suffix that does not exist
SELECT cpu_millicores('2 cores');
-- error: negative
SELECT memory_bytes('-1Gi');
-- error: too large
SELECT memory_bytes('16E');
-- error: zero for an argument
SELECT quantity_argument('0', 'cpu_limit');
-- error: thousandths of bytes where mebibytes were meant
SELECT quantity_argument('128m', 'memory_limit');

-- images are taken apart by a fixed rule
SELECT i AS image, parse_image(i) FROM unnest(ARRAY[
	'busybox', 'nginx:1.25', 'team/app', 'localhost/app', 'registry.example:5000/team/app:1.2',
	'registry.example/app@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef'
]) i;
-- error: a tag that is announced and missing
SELECT parse_image('nginx:');
-- error: a space
SELECT parse_image('busy box');

-- permissions
SELECT valid_permissions('{"containers": ["read", "create"], "secrets": ["*"], "*": ["read"]}') AND valid_permissions('{}') AS fine;
-- the hint names all that there are; test/pgtap/050_lists.sql compares
\set VERBOSITY terse
-- error: a resource that is misspelt
SELECT valid_permissions('{"container": ["read"]}');
\set VERBOSITY default
-- error: a verb that is misspelt
SELECT valid_permissions('{"containers": ["write"]}');
-- error: a verb outside of an array
SELECT valid_permissions('{"containers": "read"}');
-- error: a verb that is a number
SELECT valid_permissions('{"containers": [1]}');
-- error: an array
SELECT valid_permissions('["containers"]');

-- full-text search: name before description before labels before annotations
SELECT search_document('shop-web', 'The web site', '{"team": "blue"}', '{"note": "ask Zoë"}');
SELECT search_document('web', NULL, '{}', '{}'), search_document(NULL, NULL, NULL, NULL);
SELECT ts_rank(search_document('web', NULL, NULL, NULL), q) > ts_rank(search_document('x', 'web', NULL, NULL), q) AS name_wins FROM to_tsquery('simple', 'web') q;
RESET search_path;
SET client_min_messages = warning;
DROP EXTENSION orchestration CASCADE;
