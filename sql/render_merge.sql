-- merge patch: RFC 7396, with the lists of a pod template merged by name
CREATE EXTENSION orchestration CASCADE;
-- the examples of the RFC's appendix A
SELECT v.target, v.patch, orchestration_internal.merge_patch(v.target, v.patch) AS result, orchestration_internal.merge_patch(v.target, v.patch) = v.wanted AS as_wanted
FROM (VALUES
	(1, '{"a":"b"}'::jsonb, '{"a":"c"}'::jsonb, '{"a":"c"}'::jsonb),
	(2, '{"a":"b"}', '{"b":"c"}', '{"a":"b","b":"c"}'),
	(3, '{"a":"b"}', '{"a":null}', '{}'),
	(4, '{"a":"b","b":"c"}', '{"a":null}', '{"b":"c"}'),
	(5, '{"a":["b"]}', '{"a":"c"}', '{"a":"c"}'),
	(6, '{"a":"c"}', '{"a":["b"]}', '{"a":["b"]}'),
	(7, '{"a":{"b":"c"}}', '{"a":{"b":"d","c":null}}', '{"a":{"b":"d"}}'),
	(8, '{"a":[{"b":"c"}]}', '{"a":[1]}', '{"a":[1]}'),
	(9, '["a","b"]', '["c","d"]', '["c","d"]'),
	(10, '{"a":"b"}', '["c"]', '["c"]'),
	(11, '{"a":"foo"}', 'null', 'null'),
	(12, '{"a":"foo"}', '"bar"', '"bar"'),
	(13, '{"e":null}', '{"a":1}', '{"e":null,"a":1}'),
	(14, '[1,2]', '{"a":"b","c":null}', '{"a":"b"}'),
	(15, '{}', '{"a":{"bb":{"ccc":null}}}', '{"a":{"bb":{}}}')) v (n, target, patch, wanted)
ORDER BY v.n;

-- elements of a named list: merged where the name is there, appended where not
SELECT orchestration_internal.merge_patch('{"l": [{"name": "a", "x": 1, "y": {"p": 1}}, {"name": "b"}]}', '{"l": [{"name": "c", "z": null}, {"name": "a", "x": null, "y": {"q": 2}}]}', '{"l": "name"}');
-- the same name twice, and elements without one
SELECT orchestration_internal.merge_patch('{"l": [{"name": "a"}]}', '{"l": [{"name": "b", "x": 1}, {"name": "b", "y": 2}, {"x": 3}, 4]}', '{"l": "name"}');
-- a list that is not there, or is to go, or is none
SELECT orchestration_internal.merge_patch('{}', '{"l": [{"name": "a"}]}', '{"l": "name"}'), orchestration_internal.merge_patch('{"l": [{"name": "a"}]}', '{"l": null}', '{"l": "name"}'),
	orchestration_internal.merge_patch('{"l": 1}', '{"l": [{"name": "a"}]}', '{"l": "name"}'), orchestration_internal.merge_patch('{"l": [{"name": "a"}]}', '{"l": {"b": 1}}', '{"l": "name"}');

-- a pod template
SELECT jsonb_pretty(orchestration_internal.merge_overrides(
	'{"spec": {"containers": [{"name": "web", "image": "i", "args": ["a", "b"], "workingDir": null, "env": [{"name": "A", "value": "1"}], "volumeMounts": [{"name": "v", "mountPath": "/v"}]}],
		"volumes": [{"name": "v", "emptyDir": {}}], "imagePullSecrets": [{"name": "registry-a"}], "tolerations": [{"key": "a"}]}}',
	'{"spec": {"containers": [{"name": "web", "args": ["c"], "env": [{"name": "B", "value": "2"}, {"name": "A", "value": "3"}], "volumeMounts": [{"mountPath": "/w", "name": "w"}, {"mountPath": "/v", "readOnly": true}]}, {"name": "side", "image": "s"}],
		"volumes": [{"name": "w", "emptyDir": {}}, {"name": "v", "emptyDir": {"medium": "Memory"}}], "imagePullSecrets": [{"name": "mine"}], "tolerations": [{"key": "b"}]}}'));
DROP EXTENSION orchestration;
