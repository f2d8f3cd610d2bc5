-- claims that are kept: which the cluster is told of, and what a complete list says
-- as the owner: plays the worker's part
CREATE EXTENSION orchestration CASCADE;
SELECT orchestration.bootstrap();
UPDATE orchestration.installation SET id = '00000000-0000-0000-0000-000000000001';
\i sql/include/fake_cluster.sql
INSERT INTO orchestration.clusters (name, api_server, auth_method, enabled) VALUES ('dev', 'https://127.0.0.1', 'in-cluster', false);
\pset format unaligned
SELECT orchestration.create_namespace('shop', 'dev') > 0 AS made;
SELECT orchestration.create_volume('shop', v, size => '1Gi') > 0 AS made FROM unnest('{data,old,used}'::text[]) v;
SELECT fake.settle() > 0 AS settled;
SELECT orchestration.delete_volume('shop', v) FROM unnest('{data,old}'::text[]) v;
SELECT fake.settle() >= 0 AS settled;
CREATE VIEW fake.kept AS SELECT k.name, k.reason, k.released_at IS NOT NULL AS released FROM orchestration.kept_claims k ORDER BY k.name;
SELECT * FROM fake.kept;

-- what the cluster is told
SELECT u.cluster_namespace, u.name, u.owner FROM orchestration.clusters c, orchestration_internal.unreleased_claims(c.id, 10) u;
SELECT count(orchestration_internal.record_released(c.id, u.claim_id, true)) FROM orchestration.clusters c, orchestration_internal.unreleased_claims(c.id, 1) u;
SELECT fake.store(path, kind, jsonb_set(object, '{metadata,labels,orchestration.dev/owner}', '"kept-volume-1"')) IS NOT NULL AS told FROM fake.objects WHERE path LIKE '%/data';
DELETE FROM fake.events;
SELECT * FROM fake.kept;
SELECT count(*) AS unreleased FROM orchestration.clusters c, orchestration_internal.unreleased_claims(c.id, 10) u;
-- it may be gone
BEGIN;
SELECT count(orchestration_internal.record_released(c.id, u.claim_id, false)) FROM orchestration.clusters c, orchestration_internal.unreleased_claims(c.id, 1) u;
SELECT * FROM fake.kept;
ROLLBACK;
SELECT * FROM fake.kept;

-- a complete list holds them: they stay, however long it took
SELECT fake.list('PersistentVolumeClaim');
SELECT * FROM fake.kept;
-- one of them has gone while nobody looked; it was seen a moment ago, and what was asked for before that proves nothing
SELECT fake.remove('/api/v1/namespaces/shop/persistentvolumeclaims/old');
DELETE FROM fake.events;
SELECT orchestration_internal.end_kept_claims(c.id, '{}', 3600000000) FROM orchestration.clusters c;
SELECT * FROM fake.kept;
-- nor does the list of another kind, or events
SELECT fake.list('Deployment'), fake.list('Secret');
SELECT orchestration_internal.simulate_events(c.id, 'PersistentVolumeClaim', '[]', false) FROM orchestration.clusters c;
SELECT * FROM fake.kept;
SELECT fake.list('PersistentVolumeClaim');
SELECT * FROM fake.kept;
-- what is in use is no concern of it
SELECT name, uid IS NOT NULL AS there FROM orchestration.managed_objects WHERE kind = 'PersistentVolumeClaim' ORDER BY name;
-- another claim of the name is not the one that was kept
SELECT fake.store(o.path, o.kind, jsonb_set(o.object, '{metadata,name}', '"data"')) IS NOT NULL AS stored FROM (
	SELECT path, kind, object #- '{metadata,uid}' AS object FROM fake.objects WHERE path LIKE '%/data') o;
UPDATE orchestration.kept_claims SET uid = 'before' WHERE name = 'data';
SELECT fake.list('PersistentVolumeClaim');
SELECT name, uid <> 'before' AS the_new_one FROM orchestration.kept_claims;
DROP SCHEMA fake CASCADE;
DROP EXTENSION orchestration CASCADE;
