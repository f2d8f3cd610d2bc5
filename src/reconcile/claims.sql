/*
 * Claims hold data, so nothing is inferred about them.  A claim is deleted in the
 * cluster only when its inventory row is given_up, and that is written only where a
 * statement said so: by volumes.retention, which it follows.  Everything else that
 * lets go of a claim, now or in a statement yet to be written, moves it into
 * kept_claims: keep_claim() is the net below all of them.
 */

CREATE OR REPLACE FUNCTION orchestration_internal.note_kept_claim(of_namespace bigint, of_cluster bigint, cluster_namespace text, name text, uid text, volume_id bigint,
	size_bytes bigint, access_mode text, storage_class text, reason text)
RETURNS void
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
	INSERT INTO orchestration.kept_claims AS k (namespace_id, cluster_id, cluster_namespace, name, uid, volume_id, size_bytes, access_mode, storage_class, reason)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
	ON CONFLICT (namespace_id, name, cluster_id) DO UPDATE SET
		uid = EXCLUDED.uid, observed_at = clock_timestamp(), updated_at = now(),
		/* another claim of that name: what was known of the first one is no longer so */
		volume_id = CASE WHEN k.uid = EXCLUDED.uid THEN COALESCE(k.volume_id, EXCLUDED.volume_id) ELSE EXCLUDED.volume_id END,
		size_bytes = CASE WHEN k.uid = EXCLUDED.uid THEN COALESCE(k.size_bytes, EXCLUDED.size_bytes) ELSE EXCLUDED.size_bytes END,
		access_mode = CASE WHEN k.uid = EXCLUDED.uid THEN COALESCE(k.access_mode, EXCLUDED.access_mode) ELSE EXCLUDED.access_mode END,
		storage_class = CASE WHEN k.uid = EXCLUDED.uid AND k.reason = 'VolumeDeleted' THEN k.storage_class ELSE EXCLUDED.storage_class END,
		released_at = CASE WHEN k.uid = EXCLUDED.uid THEN k.released_at END
$$;

COMMENT ON FUNCTION orchestration_internal.note_kept_claim(bigint, bigint, text, text, text, bigint, bigint, text, text, text) IS 'Writes a claim into kept_claims, or that it was seen again. Arguments: its columns there.';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.claim_size(quantity text)
RETURNS bigint
LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN orchestration_internal.quantity_argument(quantity, 'size');
EXCEPTION WHEN SQLSTATE 'OR002' THEN
	RETURN NULL;
END
$$;

COMMENT ON FUNCTION orchestration_internal.claim_size(text) IS 'Bytes of a quantity that the cluster gave; NULL for one that is not understood.';
-- for the owner alone

/* ---- the net ---- */

CREATE OR REPLACE FUNCTION orchestration_internal.claim_retention(of_namespace bigint, owner_type text, owner_id bigint)
RETURNS text
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN COALESCE((SELECT v.retention FROM orchestration.volumes v WHERE v.namespace_id = of_namespace AND v.id = claim_retention.owner_id AND claim_retention.owner_type = 'volume'), 'keep');
END
$$;

COMMENT ON FUNCTION orchestration_internal.claim_retention(bigint, text, bigint) IS 'What the row that asks for a claim says of its data: keep or delete; keep where there is none. Arguments: namespace, owner_type and owner_id as in managed_objects.';
-- for the owner alone

/* SECURITY DEFINER: whoever lets go of a claim, it is kept */
CREATE OR REPLACE FUNCTION orchestration_internal.keep_new_claim()
RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	NEW.given_up := NEW.given_up OR orchestration_internal.claim_retention(NEW.namespace_id, NEW.owner_type, NEW.owner_id) = 'delete';
	IF NEW.given_up OR NEW.uid IS NULL OR NEW.desired_hash IS NOT NULL THEN
		RETURN NEW;
	END IF;
	/* a namespace that goes takes it along: guard_namespace_claims() has seen to that */
	IF NOT EXISTS (SELECT FROM orchestration.namespaces n WHERE n.id = NEW.namespace_id AND n.desired_state = 'deleted') THEN
		PERFORM orchestration_internal.note_kept_claim(NEW.namespace_id, NEW.cluster_id, NEW.cluster_namespace, NEW.name, NEW.uid,
			CASE NEW.owner_type WHEN 'volume' THEN NEW.owner_id END, orchestration_internal.claim_size(NEW.observed ->> 'capacity'), NULL, NULL, 'NoVolume');
	END IF;
	RETURN NULL;
END
$$;

COMMENT ON FUNCTION orchestration_internal.keep_new_claim() IS 'Row trigger before INSERT of managed_objects: given_up follows volumes.retention; a claim that no row asks for goes into kept_claims instead. Runs with the rights of the owner of the extension.';

/* SECURITY DEFINER: whoever lets go of a claim, it is kept */
CREATE OR REPLACE FUNCTION orchestration_internal.keep_claim()
RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF NEW.given_up THEN
		/* it was to go and is wanted again, or has been replaced: what the row says holds from now on */
		UPDATE orchestration.managed_objects m SET given_up = false
		WHERE (OLD.desired_hash IS NULL OR OLD.replacing) AND NEW.desired_hash IS NOT NULL AND NOT NEW.replacing
			AND m.namespace_id = NEW.namespace_id AND m.id = NEW.id AND orchestration_internal.claim_retention(NEW.namespace_id, NEW.owner_type, NEW.owner_id) = 'keep';
		RETURN NULL;
	ELSIF EXISTS (SELECT FROM orchestration.namespaces n WHERE n.id = NEW.namespace_id AND n.desired_state = 'deleted') THEN
		/* guard_namespace_claims() let it go, with whatever it holds */
		UPDATE orchestration.managed_objects m SET given_up = true WHERE m.namespace_id = NEW.namespace_id AND m.id = NEW.id;
		RETURN NULL;
	END IF;
	IF NEW.desired_hash IS NULL OR NEW.uid IS DISTINCT FROM OLD.uid THEN
		PERFORM orchestration_internal.note_kept_claim(NEW.namespace_id, NEW.cluster_id, NEW.cluster_namespace, NEW.name, NEW.uid,
			CASE WHEN NOT NEW.replacing AND NEW.owner_type = 'volume' THEN NEW.owner_id END, orchestration_internal.claim_size(NEW.observed ->> 'capacity'), NULL, NULL, 'NoVolume');
	END IF;
	IF NEW.desired_hash IS NULL THEN
		DELETE FROM orchestration.managed_objects m WHERE m.namespace_id = NEW.namespace_id AND m.id = NEW.id;
		PERFORM orchestration_internal.doubt();
		RETURN NULL;
	END IF;
	/* it is in the way of another row's */
	UPDATE orchestration.managed_objects m
	SET replacing = false, uid = OLD.uid, resource_version = OLD.resource_version, object_generation = OLD.object_generation, observed = OLD.observed,
		observed_fingerprint = OLD.observed_fingerprint, deletion_started_at = OLD.deletion_started_at, attempts = OLD.attempts + 1,
		last_error_reason = 'Conflict', last_error = 'a claim of this name is there and holds the data of a volume that is gone: see kept_claims',
		next_attempt_at = clock_timestamp() + interval '60 s', updated_at = now()
	WHERE m.namespace_id = NEW.namespace_id AND m.id = NEW.id;
	RETURN NULL;
END
$$;

COMMENT ON FUNCTION orchestration_internal.keep_claim() IS 'Row trigger after UPDATE of managed_objects: a claim that is not given up does not go. Who lets go of it moves it into kept_claims instead, and who wants to replace it finds a conflict. After and not before, which would lock each row of each statement of the worker. Runs with the rights of the owner of the extension.';

/* ---- who changes or deletes a volume ---- */

CREATE OR REPLACE FUNCTION orchestration_internal.refuse_claim_loss(of_namespace bigint, volume_id bigint, volume text, fact text)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RAISE EXCEPTION 'volume "%" has a claim that is to be kept', volume
		USING ERRCODE = 'OR006', DETAIL = fact,
			HINT = 'Make another volume and copy the data, or say that it may go: retention = ''delete'' in the same statement.',
			TABLE = orchestration_internal.error_about('volumes', of_namespace, volume_id, volume);
END
$$;

COMMENT ON FUNCTION orchestration_internal.refuse_claim_loss(bigint, bigint, text, text) IS 'Raises OR006 for a change of a volume that takes another claim.';
-- for the owner alone

/* SECURITY DEFINER: users do not write the inventory */
CREATE OR REPLACE FUNCTION orchestration_internal.guard_claim()
RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	another boolean := (OLD.namespace_id, OLD.id, OLD.name, OLD.volume_type) IS DISTINCT FROM (NEW.namespace_id, NEW.id, NEW.name, NEW.volume_type);
	/* what Kubernetes lets nobody change in a claim */
	differs boolean := NEW.volume_type = 'PVC' AND ((OLD.access_mode, OLD.storage_class) IS DISTINCT FROM (NEW.access_mode, NEW.storage_class) OR NEW.size_bytes < OLD.size_bytes);
	claims bigint[] := ARRAY(
		SELECT m.id FROM orchestration.managed_objects m
		WHERE m.namespace_id = OLD.namespace_id AND m.owner_type = 'volume' AND m.owner_id = OLD.id AND m.kind = 'PersistentVolumeClaim'
			AND (m.uid IS NOT NULL OR m.attempted_at IS NOT NULL) AND m.desired_hash IS NOT NULL
		/* nothing is sent for them until it is settled */
		FOR UPDATE);
BEGIN
	IF OLD.retention = 'delete' AND NEW.retention = 'keep' AND EXISTS (SELECT FROM orchestration.namespaces n WHERE n.id = NEW.namespace_id AND n.desired_state = 'deleted') THEN
		RAISE EXCEPTION 'volume "%" cannot be kept', OLD.name
			USING ERRCODE = 'OR012', DETAIL = 'Its namespace is being deleted, and everything in it goes with it.',
				TABLE = orchestration_internal.error_about('volumes', OLD.namespace_id, OLD.id, OLD.name);
	END IF;
	IF claims = '{}' THEN
		RETURN NULL;
	ELSIF NEW.retention = 'keep' AND another THEN
		PERFORM orchestration_internal.refuse_claim_loss(OLD.namespace_id, OLD.id, OLD.name, 'Name, type and namespace say which claim it is: with others the data would be left behind.');
	ELSIF NEW.retention = 'keep' AND differs THEN
		PERFORM orchestration_internal.refuse_claim_loss(OLD.namespace_id, OLD.id, OLD.name, 'Kubernetes changes neither access mode nor storage class of a claim, nor makes it smaller: it would be replaced by an empty one.');
	END IF;
	UPDATE orchestration.managed_objects m
	SET given_up = CASE WHEN m.replacing AND NOT another AND NOT differs THEN m.given_up ELSE NEW.retention = 'delete' END,
		desired_hash = CASE WHEN NOT another THEN m.desired_hash END,
		replacing = m.replacing OR (differs AND NOT another AND m.uid IS NOT NULL),
		applied_hash = CASE WHEN NOT differs THEN m.applied_hash END,
		due_since = CASE WHEN (another OR differs) AND m.applied_hash = m.desired_hash THEN now() ELSE m.due_since END,
		attempts = CASE WHEN another OR differs THEN 0 ELSE m.attempts END,
		next_attempt_at = CASE WHEN (another OR differs) AND m.deletion_started_at IS NULL THEN '-infinity' ELSE m.next_attempt_at END,
		updated_at = now()
	WHERE m.namespace_id = OLD.namespace_id AND m.id = ANY (claims);
	RETURN NULL;
END
$$;

COMMENT ON FUNCTION orchestration_internal.guard_claim() IS 'Row trigger of volumes: a change that takes another claim is refused (OR006) while a cluster may hold the present one, unless the new row has retention delete, by which its data is given up. Raises OR012 for who wants to keep a claim in a namespace that is being deleted. Runs with the rights of the owner of the extension.';

/* SECURITY DEFINER: users do not write the inventory */
CREATE OR REPLACE FUNCTION orchestration_internal.keep_claims()
RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF NOT EXISTS (SELECT FROM old_rows o WHERE o.volume_type = 'PVC') THEN
		RETURN NULL;
	END IF;
	UPDATE orchestration.managed_objects m SET given_up = true
	FROM old_rows o
	WHERE m.namespace_id = o.namespace_id AND m.owner_type = 'volume' AND m.owner_id = o.id AND m.kind = 'PersistentVolumeClaim'
		AND o.retention = 'delete' AND NOT m.given_up;
	/* one that is only suspected is looked for first, and kept by keep_claim() when it is found */
	PERFORM orchestration_internal.note_kept_claim(m.namespace_id, m.cluster_id, m.cluster_namespace, m.name, m.uid, o.id, o.size_bytes, o.access_mode, o.storage_class, 'VolumeDeleted')
	FROM old_rows o
	JOIN orchestration.managed_objects m ON m.namespace_id = o.namespace_id AND m.owner_type = 'volume' AND m.owner_id = o.id
		AND m.kind = 'PersistentVolumeClaim' AND m.name = o.name
	WHERE o.retention = 'keep' AND NOT m.given_up AND m.uid IS NOT NULL;
	DELETE FROM orchestration.managed_objects m
	USING old_rows o
	WHERE m.namespace_id = o.namespace_id AND m.owner_type = 'volume' AND m.owner_id = o.id AND m.kind = 'PersistentVolumeClaim'
		AND m.name = o.name AND o.retention = 'keep' AND NOT m.given_up AND m.uid IS NOT NULL;
	IF FOUND THEN
		PERFORM orchestration_internal.doubt();
	END IF;
	RETURN NULL;
END
$$;

COMMENT ON FUNCTION orchestration_internal.keep_claims() IS 'Statement trigger after DELETE of volumes, before release_objects(): claims of rows with retention keep go into kept_claims, those with retention delete are given up. Runs with the rights of the owner of the extension.';

/* ---- who makes a volume where a claim was kept ---- */

CREATE OR REPLACE FUNCTION orchestration_internal.adopt_kept_claim(claim record, volume record)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF volume.size_bytes < claim.size_bytes THEN
		PERFORM orchestration_internal.refuse('size', format('The claim has %s, and does not shrink.', orchestration_internal.format_memory(claim.size_bytes)), 'Ask for as much, or leave it out in create_volume().');
	ELSIF volume.access_mode <> claim.access_mode THEN
		PERFORM orchestration_internal.refuse('access_mode', format('The claim has %s.', claim.access_mode), 'Write the same, or leave it out in create_volume().');
	ELSIF volume.storage_class IS DISTINCT FROM claim.storage_class THEN
		PERFORM orchestration_internal.refuse('storage_class', format('The claim has %s.', COALESCE(quote_ident(claim.storage_class), 'none of its own')), 'Write the same, or leave it out in create_volume().');
	END IF;
	/* applied at once, and planned with the volume */
	INSERT INTO orchestration.managed_objects (namespace_id, cluster_id, api_version, kind, cluster_namespace, name, owner_type, owner_id, owner_generation, apply_order,
		desired_hash, uid, attempted_at, observed_at)
	VALUES (claim.namespace_id, claim.cluster_id, 'v1', 'PersistentVolumeClaim', claim.cluster_namespace, claim.name, 'volume', volume.id, 0, 20,
		'adopted', claim.uid, clock_timestamp(), clock_timestamp())
	ON CONFLICT (namespace_id, kind, name, cluster_id) DO UPDATE SET owner_type = 'volume', owner_id = volume.id, owner_generation = 0,
		desired_hash = 'adopted', applied_hash = NULL, due_since = now(), replacing = false, uid = EXCLUDED.uid, gone_uid = NULL, deletion_started_at = NULL,
		attempts = 0, next_attempt_at = '-infinity', updated_at = now();
	DELETE FROM orchestration.kept_claims k WHERE k.namespace_id = claim.namespace_id AND k.id = claim.id;
END
$$;

COMMENT ON FUNCTION orchestration_internal.adopt_kept_claim(record, record) IS 'A row of kept_claims goes back into the inventory, as that of a new volume. Raises OR003 when the volume asks for another claim than that.';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.take_kept_claim(of_namespace bigint, volume_id bigint)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	volume record;
	claim record;
BEGIN
	SELECT v.id, v.namespace_id, v.name, v.size_bytes, v.access_mode, v.storage_class, v.adopt_claim, n.name AS namespace, n.cluster_id INTO volume
	FROM orchestration.volumes v
	JOIN orchestration.namespaces n ON n.id = v.namespace_id
	WHERE v.namespace_id = of_namespace AND v.id = volume_id;
	SELECT k.* INTO claim FROM orchestration.kept_claims k
	WHERE k.namespace_id = of_namespace AND k.name = volume.name AND k.cluster_id = volume.cluster_id FOR UPDATE;
	IF FOUND AND volume.adopt_claim THEN
		PERFORM orchestration_internal.adopt_kept_claim(claim, volume);
	ELSIF FOUND THEN
		RAISE EXCEPTION 'a claim "%" is kept in namespace "%"', volume.name, volume.namespace
			USING ERRCODE = 'OR005', DETAIL = 'It holds the data of a volume that is gone.',
				HINT = 'Take it over with adopt_claim => true (by SQL: the column adopt_claim), or choose another name. To be rid of it, take it over and delete_volume(..., give_up_data => true).',
				TABLE = orchestration_internal.error_about('volumes', of_namespace, NULL, volume.name);
	ELSIF volume.adopt_claim THEN
		RAISE EXCEPTION 'no claim "%" is kept in namespace "%"', volume.name, volume.namespace
			USING ERRCODE = 'OR004', HINT = 'SELECT cluster_namespace, name FROM orchestration.kept_claims shows those that are; leave out adopt_claim for a new one.',
				TABLE = orchestration_internal.error_about('volumes', of_namespace, NULL, volume.name);
	END IF;
END
$$;

COMMENT ON FUNCTION orchestration_internal.take_kept_claim(bigint, bigint) IS 'A volume that came to its name finds a claim of that name: it takes it over where its row says so. Raises OR003, OR004 where none was kept, OR005 where one was and the row does not say so.';
-- for the owner alone

/* SECURITY DEFINER: users do not write the inventory */
CREATE OR REPLACE FUNCTION orchestration_internal.take_claims()
RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM orchestration_internal.take_kept_claim(w.namespace_id, w.id)
	FROM new_rows w
	WHERE w.volume_type = 'PVC' AND (w.adopt_claim OR EXISTS (SELECT FROM orchestration.kept_claims k WHERE k.namespace_id = w.namespace_id AND k.name = w.name));
	RETURN NULL;
END
$$;

COMMENT ON FUNCTION orchestration_internal.take_claims() IS 'Statement trigger after INSERT of volumes: take_kept_claim(). Runs with the rights of the owner of the extension.';

/* SECURITY DEFINER: users do not write the inventory */
CREATE OR REPLACE FUNCTION orchestration_internal.take_claim()
RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF NEW.adopt_claim AND NOT OLD.adopt_claim OR EXISTS (SELECT FROM orchestration.kept_claims k WHERE k.namespace_id = NEW.namespace_id AND k.name = NEW.name) THEN
		PERFORM orchestration_internal.take_kept_claim(NEW.namespace_id, NEW.id);
	END IF;
	RETURN NULL;
END
$$;

COMMENT ON FUNCTION orchestration_internal.take_claim() IS 'Row trigger after UPDATE of volumes that got another name: take_kept_claim(). Runs with the rights of the owner of the extension.';

/* ---- who deletes a namespace ---- */

/* SECURITY DEFINER: what row security hides from the writer is lost all the same */
CREATE OR REPLACE FUNCTION orchestration_internal.guard_namespace_claims()
RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	kept text[];
BEGIN
	IF TG_OP = 'DELETE' AND OLD.status = 'deleted' THEN
		/* proven gone, and with it whatever it held */
		DELETE FROM orchestration.kept_claims k WHERE k.namespace_id = OLD.id;
		RETURN OLD;
	END IF;
	/* nothing is sent for them until it is settled */
	PERFORM FROM orchestration.managed_objects m WHERE m.namespace_id = OLD.id AND m.kind = 'PersistentVolumeClaim' FOR UPDATE;
	SELECT array_agg(format('"%s"', c.name) ORDER BY c.name) INTO kept
	FROM (
		SELECT k.name FROM orchestration.kept_claims k WHERE k.namespace_id = OLD.id
		UNION
		SELECT m.name FROM orchestration.managed_objects m
		WHERE m.namespace_id = OLD.id AND m.kind = 'PersistentVolumeClaim' AND NOT m.given_up AND (m.uid IS NOT NULL OR m.attempted_at IS NOT NULL)
	) c;
	IF kept IS NOT NULL THEN
		RAISE EXCEPTION 'namespace "%" holds claims that are to be kept', OLD.name
			USING ERRCODE = 'OR006',
				DETAIL = format('A namespace of a cluster goes with all claims in it: %s.',
					CASE WHEN orchestration_internal.holds_permission(OLD.id, 'volumes', 'read') THEN orchestration_internal.list_some(kept) ELSE 'some that you may not read' END),
				HINT = 'delete_namespace(name, give_up_data => true) says that their data may go; so does retention = ''delete'' of the volumes.',
				TABLE = orchestration_internal.error_about('namespaces', OLD.id, OLD.id, OLD.name);
	END IF;
	RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END
$$;

COMMENT ON FUNCTION orchestration_internal.guard_namespace_claims() IS 'Row trigger of namespaces: one that holds claims that are to be kept neither goes nor leaves its cluster (OR006). Runs with the rights of the owner of the extension.';

/* SECURITY DEFINER: kept_claims is written by the database alone */
CREATE OR REPLACE FUNCTION orchestration_internal.give_up_claims(of_namespace bigint)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF NOT EXISTS (SELECT FROM orchestration.kept_claims k WHERE k.namespace_id = of_namespace) THEN
		RETURN;
	ELSIF NOT orchestration_internal.holds_permission(of_namespace, 'volumes', 'delete') THEN
		PERFORM orchestration_internal.refuse_permission('give up claims', 'volumes', of_namespace, NULL, NULL);
	END IF;
	PERFORM orchestration.log_operation(k.namespace_id, 'give_up', 'kept_claim', k.id, k.name, jsonb_build_object('uid', k.uid, 'volume_id', k.volume_id))
	FROM orchestration.kept_claims k WHERE k.namespace_id = of_namespace;
	DELETE FROM orchestration.kept_claims k WHERE k.namespace_id = of_namespace;
END
$$;

COMMENT ON FUNCTION orchestration_internal.give_up_claims(bigint) IS 'For delete_namespace(): the claims that were kept in a namespace go with it. Puts each on record. Raises 42501 without volumes: delete. Runs with the rights of the owner of the extension.';
GRANT EXECUTE ON FUNCTION orchestration_internal.give_up_claims(bigint) TO orchestration_user;

/* ---- the worker's part ---- */

/* SECURITY DEFINER: kept_claims is written by the database alone */
CREATE OR REPLACE FUNCTION orchestration_internal.see_claim(of_cluster bigint, object jsonb, gone boolean)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	place text := object #>> '{metadata,namespace}';
	label text[] := regexp_match(object #>> '{metadata,labels,orchestration.dev/owner}', '^(?:kept-)?volume-([0-9]{1,18})$');
BEGIN
	IF gone THEN
		DELETE FROM orchestration.kept_claims k
		WHERE k.cluster_id = of_cluster AND k.cluster_namespace = place AND k.name = object #>> '{metadata,name}'
			AND (object #>> '{metadata,uid}' IS NULL OR k.uid = object #>> '{metadata,uid}');
		RETURN;
	ELSIF label IS NULL OR object #> '{metadata,deletionTimestamp}' IS NOT NULL OR object #>> '{metadata,labels,orchestration.dev/installation}' IS DISTINCT FROM (SELECT i.id::text FROM orchestration.installation i)
		OR NOT COALESCE(object #> '{metadata,managedFields}' @> '[{"manager": "orchestration"}]', false)
		/* a volume asks for it, or will when it is planned */
		OR EXISTS (SELECT FROM orchestration.managed_objects m WHERE m.cluster_id = of_cluster AND m.kind = 'PersistentVolumeClaim' AND m.cluster_namespace = place
			AND m.name = object #>> '{metadata,name}' AND m.uid = object #>> '{metadata,uid}')
		OR object #>> '{metadata,labels,orchestration.dev/owner}' LIKE 'volume-%' AND orchestration_internal.owner_exists('volume', label[1]::bigint) THEN
		RETURN;
	END IF;
	/* no row says where it belonged: a number of its own keeps it apart from other namespaces' */
	PERFORM orchestration_internal.note_kept_claim(
		COALESCE((SELECT n.id FROM orchestration.namespaces n WHERE n.cluster_id = of_cluster AND n.name = place ORDER BY n.status = 'deleted', n.id DESC LIMIT 1), -1 - abs(hashtext(place)::bigint)),
		of_cluster, place, object #>> '{metadata,name}', object #>> '{metadata,uid}', label[1]::bigint, orchestration_internal.claim_size(object #>> '{spec,resources,requests,storage}'),
		(SELECT min(a) FROM jsonb_array_elements_text(object #> '{spec,accessModes}') a WHERE a IN ('ReadWriteOnce', 'ReadOnlyMany', 'ReadWriteMany') HAVING count(*) = 1),
		object #>> '{spec,storageClassName}', 'NoVolume');
	UPDATE orchestration.kept_claims k SET released_at = clock_timestamp()
	WHERE k.cluster_id = of_cluster AND k.uid = object #>> '{metadata,uid}' AND k.released_at IS NULL AND object #>> '{metadata,labels,orchestration.dev/owner}' LIKE 'kept-%';
END
$$;

COMMENT ON FUNCTION orchestration_internal.see_claim(bigint, jsonb, boolean) IS 'A claim that carries our labels and is in no inventory row was seen, or is gone: kept_claims follows. Arguments: cluster, the object (when gone, its namespace, name and uid are enough), gone. Runs with the rights of the owner of the extension.';
GRANT EXECUTE ON FUNCTION orchestration_internal.see_claim(bigint, jsonb, boolean) TO orchestration_worker;

/* SECURITY DEFINER: kept_claims is written by the database alone */
CREATE OR REPLACE FUNCTION orchestration_internal.end_kept_claims(of_cluster bigint, listed text[], asked_ago bigint)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	DELETE FROM orchestration.kept_claims k
	WHERE k.cluster_id = of_cluster AND k.uid <> ALL (listed) AND k.observed_at < clock_timestamp() - asked_ago * interval '1 microsecond';
END
$$;

COMMENT ON FUNCTION orchestration_internal.end_kept_claims(bigint, text[], bigint) IS 'A complete list of claims has come: what was kept and is not in it is gone, unless it was seen since the list was asked for. Arguments: cluster, uids in the list, microseconds since it was asked for. Runs with the rights of the owner of the extension.';
GRANT EXECUTE ON FUNCTION orchestration_internal.end_kept_claims(bigint, text[], bigint) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.unreleased_claims(of_cluster bigint, max integer)
RETURNS TABLE (claim_id bigint, cluster_namespace text, name text, uid text, owner text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
	RETURN QUERY
	SELECT k.id, k.cluster_namespace, k.name, k.uid, 'kept-volume-' || COALESCE(k.volume_id, 0)
	FROM orchestration.kept_claims k
	WHERE k.cluster_id = $1 AND k.released_at IS NULL
	ORDER BY k.id
	LIMIT $2;
END
$$;

COMMENT ON FUNCTION orchestration_internal.unreleased_claims(bigint, integer) IS 'Kept claims whose label still says that a volume owns them. Arguments: cluster, rows at most. Returns which ones, and the owner that the label of each is to name; what came of it goes to record_released(). Without it nothing is lost: it tells whoever looks into the cluster, and another database.';
GRANT EXECUTE ON FUNCTION orchestration_internal.unreleased_claims(bigint, integer) TO orchestration_worker;

/* SECURITY DEFINER: kept_claims is written by the database alone */
CREATE OR REPLACE FUNCTION orchestration_internal.record_released(of_cluster bigint, claim_id bigint, is_there boolean)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF is_there THEN
		UPDATE orchestration.kept_claims k SET released_at = clock_timestamp(), observed_at = clock_timestamp() WHERE k.cluster_id = of_cluster AND k.id = claim_id;
	ELSIF NOT is_there THEN
		DELETE FROM orchestration.kept_claims k WHERE k.cluster_id = of_cluster AND k.id = claim_id;
	END IF;
END
$$;

COMMENT ON FUNCTION orchestration_internal.record_released(bigint, bigint, boolean) IS 'What came of unreleased_claims(). Arguments: cluster, claim_id, and whether the cluster has been told; false: the claim is gone, or another one has its name. Runs with the rights of the owner of the extension.';
GRANT EXECUTE ON FUNCTION orchestration_internal.record_released(bigint, bigint, boolean) TO orchestration_worker;
