-- no way of writing rows loses what is stored on a claim, unless somebody said that it may go
CREATE EXTENSION orchestration CASCADE;
SELECT orchestration.bootstrap();
UPDATE orchestration.installation SET id = '00000000-0000-0000-0000-000000000001';
\i sql/include/fake_cluster.sql
\i sql/include/as_people.sql
INSERT INTO orchestration.clusters (name, api_server, auth_method, enabled) VALUES ('dev', 'https://127.0.0.1', 'in-cluster', false), ('spare', 'https://127.0.0.2', 'in-cluster', false);
-- the fake server is that of the first one
CREATE OR REPLACE FUNCTION pg_temp.play() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	cluster bigint := (SELECT id FROM orchestration.clusters WHERE name = 'dev');
	claim record;
BEGIN
	FOR round IN 1 .. 12 LOOP
		PERFORM orchestration_internal.simulate_resync(cluster);
		UPDATE orchestration.managed_objects SET next_attempt_at = '-infinity' WHERE next_attempt_at > now();
		FOR claim IN SELECT * FROM orchestration_internal.simulate_claim(cluster, 100) LOOP
			PERFORM orchestration_internal.simulate_answers(cluster, fake.answers(claim.object_id, claim.action, claim.path, claim.body, claim.hash));
		END LOOP;
		PERFORM fake.control();
		PERFORM orchestration_internal.simulate_events(cluster, e.kind, jsonb_agg(jsonb_build_object('type', e.type, 'object', fake.seen(e.kind, e.object)) ORDER BY e.id), false)
		FROM fake.events e WHERE fake.is_ours(e.object) GROUP BY e.kind ORDER BY e.kind;
		DELETE FROM fake.events;
	END LOOP;
END $$;
SELECT orchestration.create_namespace('shop', 'dev') > 0 AS made, orchestration.create_namespace('other', 'dev') > 0 AS made;
SELECT joins('regress_operator', 'operator', 'shop'), joins('regress_operator', 'operator', 'other'), joins('regress_viewer', 'viewer', 'shop');
SET SESSION AUTHORIZATION regress_operator;
SELECT orchestration.create_volume('shop', 'data', size => '1Gi') > 0 AS made, orchestration.create_volume('shop', 'spare', size => '1Gi') > 0 AS made, orchestration.create_volume('shop', 'tmp', 'EmptyDir') > 0 AS made;
-- error: there are two words for it
SELECT orchestration.create_volume('shop', 'x', size => '1Gi', retention => 'Retain');
RESET SESSION AUTHORIZATION;
SELECT pg_temp.play();
SELECT name, retention, status FROM orchestration.volumes ORDER BY name;
SELECT kind, name, state FROM fake.inventory WHERE kind = 'PersistentVolumeClaim';

-- what a statement is answered, as that role, and what becomes of the claim when the worker has done its work; all of it is undone
CREATE FUNCTION pg_temp.fate(claim_uid text) RETURNS text LANGUAGE sql AS $$
	SELECT CASE
		WHEN NOT EXISTS (SELECT FROM fake.objects o WHERE o.object #>> '{metadata,uid}' = claim_uid AND o.object #> '{metadata,deletionTimestamp}' IS NULL)
			/* a namespace of a cluster takes along whatever it holds */
			OR NOT EXISTS (SELECT FROM fake.objects o WHERE o.path = '/api/v1/namespaces/shop' AND o.object #> '{metadata,deletionTimestamp}' IS NULL) THEN 'LOST'
		WHEN EXISTS (SELECT FROM orchestration.kept_claims k WHERE k.uid = claim_uid) THEN 'kept, and told'
		WHEN EXISTS (SELECT FROM orchestration.managed_objects m JOIN orchestration.volumes v ON v.namespace_id = m.namespace_id AND v.id = m.owner_id AND v.name = m.name WHERE m.uid = claim_uid) THEN 'still ours'
		WHEN NOT EXISTS (SELECT FROM orchestration.clusters c WHERE c.name = 'dev') THEN 'left to itself'
		ELSE 'FORGOTTEN' END
$$;
CREATE FUNCTION pg_temp.fate_after(who text, statements text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	claim_uid text := (SELECT object #>> '{metadata,uid}' FROM fake.objects WHERE path LIKE '%/persistentvolumeclaims/data');
	said text := '';
BEGIN
	BEGIN
		PERFORM set_config('role', who, true);
		EXECUTE statements;
		SET CONSTRAINTS ALL IMMEDIATE;
		RESET ROLE;
	EXCEPTION WHEN OTHERS THEN
		RESET ROLE;
		said := 'refused ' || SQLSTATE || ', ';
	END;
	PERFORM pg_temp.play();
	RAISE '%', said || pg_temp.fate(claim_uid) USING ERRCODE = 'ZZZZZ';
EXCEPTION WHEN SQLSTATE 'ZZZZZ' THEN
	RETURN SQLERRM;
END $$;
GRANT USAGE ON SCHEMA fake TO PUBLIC;
CREATE TEMP TABLE ways (n integer GENERATED ALWAYS AS IDENTITY, way text, who text, statements text);
INSERT INTO ways (way, who, statements) VALUES
	('name', 'regress_operator', $$UPDATE orchestration.volumes SET name = 'other' WHERE name = 'data'$$),
	('names in a ring', 'regress_operator', $$UPDATE orchestration.volumes SET name = 'third' WHERE name = 'data'; UPDATE orchestration.volumes SET name = 'data' WHERE name = 'spare'$$),
	('type', 'regress_operator', $$UPDATE orchestration.volumes SET volume_type = 'EmptyDir', size_bytes = NULL, access_mode = NULL, storage_class = NULL WHERE name = 'data'$$),
	('type and back', 'regress_operator', $$UPDATE orchestration.volumes SET volume_type = 'EmptyDir', access_mode = NULL WHERE name = 'data'; UPDATE orchestration.volumes SET volume_type = 'PVC', access_mode = 'ReadWriteOnce' WHERE name = 'data'$$),
	('storage class', 'regress_operator', $$UPDATE orchestration.volumes SET storage_class = 'fast' WHERE name = 'data'$$),
	('access mode', 'regress_operator', $$UPDATE orchestration.volumes SET access_mode = 'ReadWriteMany' WHERE name = 'data'$$),
	('smaller', 'regress_operator', $$UPDATE orchestration.volumes SET size_bytes = size_bytes / 2 WHERE name = 'data'$$),
	('larger', 'regress_operator', $$UPDATE orchestration.volumes SET size_bytes = size_bytes * 2 WHERE name = 'data'$$),
	('another namespace', 'regress_operator', $$UPDATE orchestration.volumes SET namespace_id = (SELECT id FROM orchestration.namespaces WHERE name = 'other') WHERE name = 'data'$$),
	('another namespace, by the owner', 'none', $$UPDATE orchestration.volumes SET namespace_id = (SELECT id FROM orchestration.namespaces WHERE name = 'other') WHERE name = 'data'$$),
	('another id', 'none', $$UPDATE orchestration.volumes SET id = DEFAULT WHERE name = 'data'$$),
	('upsert', 'regress_operator', $$INSERT INTO orchestration.volumes (namespace_id, name, volume_type, size_bytes, access_mode) SELECT namespace_id, 'data', 'EmptyDir', NULL, NULL FROM orchestration.volumes WHERE name = 'data'
		ON CONFLICT (namespace_id, name) DO UPDATE SET volume_type = 'EmptyDir', access_mode = NULL$$),
	('update_volume', 'regress_operator', $$SELECT orchestration.update_volume('shop', 'data', 'EmptyDir')$$),
	('DELETE', 'regress_operator', $$DELETE FROM orchestration.volumes WHERE name = 'data'$$),
	('DELETE, by the owner', 'none', $$DELETE FROM orchestration.volumes$$),
	('delete_volume', 'regress_operator', $$SELECT orchestration.delete_volume('shop', 'data')$$),
	('another of its name', 'regress_operator', $$SELECT orchestration.delete_volume('shop', 'data'); SELECT orchestration.create_volume('shop', 'data', size => '2Gi')$$),
	('another of its name, by a row', 'regress_operator', $$DELETE FROM orchestration.volumes WHERE name = 'data'; INSERT INTO orchestration.volumes (namespace_id, name, volume_type, size_bytes, access_mode) SELECT namespace_id, 'data', 'PVC', 1, 'ReadWriteOnce' FROM orchestration.volumes WHERE name = 'tmp'$$),
	('another comes to its name', 'regress_operator', $$DELETE FROM orchestration.volumes WHERE name = 'data'; UPDATE orchestration.volumes SET name = 'data', volume_type = 'PVC', size_bytes = 1, access_mode = 'ReadWriteOnce' WHERE name = 'tmp'$$),
	('taken over', 'regress_operator', $$SELECT orchestration.delete_volume('shop', 'data'); SELECT orchestration.create_volume('shop', 'data', adopt_claim => true)$$),
	('taken over, by a row', 'regress_operator', $$DELETE FROM orchestration.volumes WHERE name = 'data'; INSERT INTO orchestration.volumes (namespace_id, name, volume_type, size_bytes, access_mode, adopt_claim) SELECT namespace_id, 'data', 'PVC', 1073741824, 'ReadWriteOnce', true FROM orchestration.volumes WHERE name = 'tmp'$$),
	('taken over by another row', 'regress_operator', $$DELETE FROM orchestration.volumes WHERE name = 'data'; UPDATE orchestration.volumes SET name = 'data' WHERE name = 'tmp'; SELECT orchestration.update_volume('shop', 'data', 'PVC', '1Gi', adopt_claim => true)$$),
	('TRUNCATE', 'none', $$TRUNCATE orchestration.volumes CASCADE$$),
	('delete_namespace', 'regress_administrator', $$SELECT orchestration.delete_namespace('shop')$$),
	('a namespace that held a kept one', 'regress_administrator', $$SELECT orchestration.delete_volume('shop', 'data'); DELETE FROM orchestration.volumes WHERE name <> 'data'; SELECT orchestration.delete_namespace('shop')$$),
	('desired_state', 'regress_administrator', $$UPDATE orchestration.namespaces SET desired_state = 'deleted' WHERE name = 'shop'$$),
	('row of the namespace', 'regress_administrator', $$DELETE FROM orchestration.volumes WHERE namespace_id = (SELECT id FROM orchestration.namespaces WHERE name = 'shop'); DELETE FROM orchestration.namespaces WHERE name = 'shop'$$),
	('no cluster', 'regress_administrator', $$UPDATE orchestration.namespaces SET cluster_id = NULL WHERE name = 'shop'$$),
	('no cluster, when it is kept', 'regress_administrator', $$DELETE FROM orchestration.volumes WHERE namespace_id = (SELECT id FROM orchestration.namespaces WHERE name = 'shop'); UPDATE orchestration.namespaces SET cluster_id = NULL WHERE name = 'shop'$$),
	('another cluster', 'regress_administrator', $$UPDATE orchestration.namespaces SET cluster_id = (SELECT id FROM orchestration.clusters WHERE name = 'spare') WHERE name = 'shop'$$),
	('name of the namespace', 'regress_administrator', $$UPDATE orchestration.namespaces SET name = 'store' WHERE name = 'shop'$$),
	('unregister_cluster', 'regress_administrator', $$SELECT orchestration.unregister_cluster('dev')$$),
	('row of the cluster', 'none', $$DELETE FROM orchestration.clusters WHERE name = 'dev'$$),
	/* what no statement is meant to do, and the worker finds */
	('renamed without triggers', 'none', $$SET LOCAL session_replication_role = replica; UPDATE orchestration.volumes SET name = 'other', generation = generation + 1 WHERE name = 'data'; SET LOCAL session_replication_role = origin$$),
	('another type without triggers', 'none', $$SET LOCAL session_replication_role = replica; UPDATE orchestration.volumes SET volume_type = 'EmptyDir', access_mode = NULL, generation = generation + 1 WHERE name = 'data'; SET LOCAL session_replication_role = origin$$),
	('gone without triggers', 'none', $$SET LOCAL session_replication_role = replica; DELETE FROM orchestration.volumes WHERE name = 'data'; SET LOCAL session_replication_role = origin$$),
	('gone without triggers, and so is the inventory', 'none', $$SET LOCAL session_replication_role = replica; DELETE FROM orchestration.volumes WHERE name = 'data'; DELETE FROM orchestration.managed_objects WHERE name = 'data';
		INSERT INTO fake.events (kind, type, object) SELECT kind, 'MODIFIED', object FROM fake.objects WHERE path LIKE '%/data'; SET LOCAL session_replication_role = origin$$),
	('replaced without triggers', 'none', $$SET LOCAL session_replication_role = replica; DELETE FROM orchestration.volumes WHERE name = 'data'; DELETE FROM orchestration.managed_objects WHERE name = 'data'; SET LOCAL session_replication_role = origin;
		SELECT orchestration.create_volume('shop', 'data', size => '3Gi')$$),
	('a worker that lets go of it', 'none', $$UPDATE orchestration.managed_objects SET desired_hash = NULL, due_since = now() WHERE name = 'data'$$),
	('a worker that replaces it', 'none', $$UPDATE orchestration.managed_objects SET replacing = true, applied_hash = NULL, due_since = now() WHERE name = 'data'$$);
SELECT way, pg_temp.fate_after(who, statements) AS retention_keep FROM ways ORDER BY n;
-- the cluster that is forgotten keeps it, too
SELECT pg_temp.fate_after('regress_administrator', $$SELECT orchestration.unregister_cluster('dev', forget => true)$$);
-- none of them loses it, or forgets that it is there
SELECT count(*) > 35 AS tried, count(*) FILTER (WHERE fate ~ 'LOST|FORGOTTEN') AS lost
FROM (SELECT pg_temp.fate_after(who, statements) AS fate FROM ways) f;

-- without the triggers nothing is kept; what the worker is left with it does not delete
BEGIN;
ALTER TABLE orchestration.managed_objects DISABLE TRIGGER keep_claim_update;
SELECT way, pg_temp.fate_after(who, statements) AS without_the_net FROM ways WHERE way IN ('name', 'renamed without triggers', 'gone without triggers', 'a worker that replaces it') ORDER BY n;
ALTER TABLE orchestration.volumes DISABLE TRIGGER zx_guard_claim;
ALTER TABLE orchestration.volumes DISABLE TRIGGER keep_claims;
ALTER TABLE orchestration.namespaces DISABLE TRIGGER keep_claims_update;
SELECT way, pg_temp.fate_after(who, statements) AS without_any FROM ways WHERE way IN ('name', 'type', 'delete_volume', 'delete_namespace', 'no cluster') ORDER BY n;
ROLLBACK;

-- the same when somebody has said that it may go: no way is refused for its sake
UPDATE orchestration.volumes SET retention = 'delete' WHERE name = 'data';
SELECT pg_temp.play();
SELECT orchestration.delete_volume('shop', 'spare', give_up_data => true);
SELECT pg_temp.play();
INSERT INTO ways (way, who, statements) VALUES ('claims of the namespace given up', 'regress_administrator', $$SELECT orchestration.delete_namespace('shop', give_up_data => true)$$);
SELECT way, pg_temp.fate_after(who, statements) AS retention_delete FROM ways ORDER BY n;

-- said in the statement itself
UPDATE orchestration.volumes SET retention = 'keep' WHERE name = 'data';
SELECT orchestration.create_volume('shop', 'spare', size => '1Gi') > 0 AS made;
SELECT pg_temp.play();
SELECT pg_temp.fate_after('regress_operator', s) AS fate, s AS statement FROM unnest(ARRAY[
	$$UPDATE orchestration.volumes SET name = 'other', retention = 'delete' WHERE name = 'data'$$,
	$$UPDATE orchestration.volumes SET name = 'other', retention = 'delete' WHERE name = 'data'; UPDATE orchestration.volumes SET retention = 'keep' WHERE name = 'other'$$,
	$$SELECT orchestration.update_volume('shop', 'data', storage_class => 'fast', retention => 'delete')$$,
	$$SELECT orchestration.delete_volume('shop', 'data', give_up_data => true)$$]) s;
-- what is said of one that is being deleted comes too late
BEGIN;
UPDATE orchestration.volumes SET retention = 'delete';
SELECT orchestration.delete_namespace('shop');
-- error: it goes
UPDATE orchestration.volumes SET retention = 'keep' WHERE name = 'data';
ROLLBACK;

-- a kept claim: who is told of it
SET SESSION AUTHORIZATION regress_operator;
SELECT orchestration.delete_volume('shop', 'data'), orchestration.delete_volume('shop', 'spare');
SELECT orchestration.create_volume('shop', 'other', size => '1Gi') > 0 AS made;
SELECT cluster_namespace, name, size_bytes, access_mode, storage_class, reason FROM orchestration.kept_claims ORDER BY name;
-- error: nobody takes it without a word
SELECT orchestration.create_volume('shop', 'data', size => '2Gi');
-- error: it does not shrink
SELECT orchestration.create_volume('shop', 'data', size => '1Mi', adopt_claim => true);
-- error: and stays of its class
SELECT orchestration.create_volume('shop', 'data', storage_class => 'fast', adopt_claim => true);
-- error: nothing of that name was kept
SELECT orchestration.create_volume('shop', 'nothing', size => '1Gi', adopt_claim => true);
-- error: and one that is there has a claim of its own
SELECT orchestration.update_volume('shop', 'other', adopt_claim => true);
-- error: the table is written by the database
DELETE FROM orchestration.kept_claims;
RESET SESSION AUTHORIZATION;
SET SESSION AUTHORIZATION regress_viewer;
SELECT name FROM orchestration.kept_claims ORDER BY name;
RESET SESSION AUTHORIZATION;
SET SESSION AUTHORIZATION regress_auditor;
SELECT name FROM orchestration.kept_claims;
RESET SESSION AUTHORIZATION;
SET SESSION AUTHORIZATION regress_administrator;
-- error: the namespace would take it along
SELECT orchestration.delete_namespace('shop');
RESET SESSION AUTHORIZATION;

-- the cluster is told: the label says no more that a volume owns it
SELECT pg_temp.play();
SELECT u.name, regexp_replace(u.owner, '[0-9]+', 'N') AS owner FROM orchestration.clusters c, orchestration_internal.unreleased_claims(c.id, 10) u WHERE c.name = 'dev' ORDER BY 1;
SELECT fake.store(o.path, o.kind, jsonb_set(o.object, '{metadata,labels,orchestration.dev/owner}', to_jsonb(u.owner))) IS NOT NULL AS patched, orchestration_internal.record_released(c.id, u.claim_id, true)
FROM orchestration.clusters c, orchestration_internal.unreleased_claims(c.id, 10) u, fake.objects o
WHERE c.name = 'dev' AND o.path = orchestration_internal.object_path('PersistentVolumeClaim', u.cluster_namespace, u.name);
SELECT pg_temp.play();
SELECT name, reason, released_at IS NOT NULL AS released FROM orchestration.kept_claims ORDER BY name;
-- seen again, it is what it was; gone, it is forgotten
SELECT orchestration_internal.see_claim(c.id, o.object, false) FROM orchestration.clusters c, fake.objects o WHERE c.name = 'dev' AND o.path LIKE '%/persistentvolumeclaims/%';
SELECT name, reason, released_at IS NOT NULL AS released FROM orchestration.kept_claims ORDER BY name;
SELECT orchestration_internal.see_claim(c.id, o.object, true) FROM orchestration.clusters c, fake.objects o WHERE c.name = 'dev' AND o.path LIKE '%/persistentvolumeclaims/spare';
SELECT name FROM orchestration.kept_claims ORDER BY name;
-- found when nobody remembers it: told, and taken over
DELETE FROM orchestration.kept_claims;
SELECT orchestration_internal.see_claim(c.id, o.object || '{"spec": {"accessModes": ["ReadWriteOnce"], "storageClassName": "standard", "resources": {"requests": {"storage": "1Gi"}}}}', false)
FROM orchestration.clusters c, fake.objects o WHERE c.name = 'dev' AND o.path LIKE '%/persistentvolumeclaims/data';
-- but not what only looks like it
SELECT orchestration_internal.see_claim(c.id, jsonb_set(o.object #- '{metadata,managedFields}', '{metadata,name}', '"copied"'), false),
	orchestration_internal.see_claim(c.id, jsonb_set(jsonb_set(o.object, '{metadata,labels,orchestration.dev/installation}', '"other"'), '{metadata,name}', '"theirs"'), false)
FROM orchestration.clusters c, fake.objects o WHERE c.name = 'dev' AND o.path LIKE '%/persistentvolumeclaims/data';
SELECT name, reason, size_bytes, access_mode, storage_class FROM orchestration.kept_claims ORDER BY name;
CREATE TEMP TABLE before AS SELECT object #>> '{metadata,uid}' AS uid, object #>> '{metadata,labels,orchestration.dev/owner}' AS owner FROM fake.objects WHERE path LIKE '%/persistentvolumeclaims/data';
SET SESSION AUTHORIZATION regress_operator;
SELECT orchestration.create_volume('shop', 'data', adopt_claim => true, retention => 'delete') > 0 AS made;
RESET SESSION AUTHORIZATION;
SELECT pg_temp.play();
SELECT o.object #>> '{metadata,uid}' = b.uid AS same, o.object #>> '{metadata,labels,orchestration.dev/owner}' = 'volume-' || v.id AS ours_again, v.status, v.storage_class, v.size_bytes
FROM fake.objects o, before b, orchestration.volumes v WHERE o.path LIKE '%/persistentvolumeclaims/data' AND v.name = 'data';
SELECT count(*) FROM orchestration.kept_claims;
-- what its new row says holds from now on
SELECT m.given_up FROM orchestration.managed_objects m WHERE m.name = 'data';
SELECT orchestration.delete_volume('shop', 'data');
SELECT pg_temp.play();
SELECT count(*) FROM fake.objects WHERE path LIKE '%/persistentvolumeclaims/data';
SELECT count(*) FROM orchestration.kept_claims;
DROP SCHEMA fake CASCADE;
DROP EXTENSION orchestration CASCADE;
