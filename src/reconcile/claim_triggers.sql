/*
 * A claim holds data, so its row does not go like others: whoever writes is refused
 * or says that the data is given up, and what nobody said so of is kept.
 */

/* the net under all that follows: whatever statement of whomever lets go of a claim */
CREATE OR REPLACE TRIGGER keep_claim_insert
BEFORE INSERT ON orchestration.managed_objects
FOR EACH ROW WHEN (NEW.kind = 'PersistentVolumeClaim')
EXECUTE FUNCTION orchestration_internal.keep_new_claim();

CREATE OR REPLACE TRIGGER keep_claim_update
AFTER UPDATE ON orchestration.managed_objects
FOR EACH ROW
WHEN (NEW.kind = 'PersistentVolumeClaim' AND (NEW.given_up OR NEW.uid IS NOT NULL AND (NEW.desired_hash IS NULL OR NEW.replacing)))
EXECUTE FUNCTION orchestration_internal.keep_claim();

/* after the triggers of users, so that what they made of a row is judged */
CREATE OR REPLACE TRIGGER zx_guard_claim
AFTER UPDATE ON orchestration.volumes
FOR EACH ROW
WHEN (OLD.volume_type = 'PVC' AND ((OLD.namespace_id, OLD.id, OLD.name, OLD.volume_type, OLD.access_mode, OLD.storage_class, OLD.retention)
		IS DISTINCT FROM (NEW.namespace_id, NEW.id, NEW.name, NEW.volume_type, NEW.access_mode, NEW.storage_class, NEW.retention) OR NEW.size_bytes < OLD.size_bytes))
EXECUTE FUNCTION orchestration_internal.guard_claim();

/* before release_objects: the name says so */
CREATE OR REPLACE TRIGGER keep_claims
AFTER DELETE ON orchestration.volumes
REFERENCING OLD TABLE AS old_rows
FOR EACH STATEMENT EXECUTE FUNCTION orchestration_internal.keep_claims();

CREATE OR REPLACE TRIGGER zx_take_claim_insert
AFTER INSERT ON orchestration.volumes
REFERENCING NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION orchestration_internal.take_claims();

CREATE OR REPLACE TRIGGER zx_take_claim_update
AFTER UPDATE ON orchestration.volumes
FOR EACH ROW
WHEN (NEW.volume_type = 'PVC' AND ((OLD.name, OLD.volume_type, OLD.namespace_id) IS DISTINCT FROM (NEW.name, NEW.volume_type, NEW.namespace_id)
	OR NEW.adopt_claim AND NOT OLD.adopt_claim))
EXECUTE FUNCTION orchestration_internal.take_claim();

/* before keep_place, which lets go of everything */
CREATE OR REPLACE TRIGGER keep_claims_update
BEFORE UPDATE ON orchestration.namespaces
FOR EACH ROW
WHEN (OLD.desired_state <> 'deleted' AND NEW.desired_state = 'deleted' OR OLD.cluster_id IS DISTINCT FROM NEW.cluster_id)
EXECUTE FUNCTION orchestration_internal.guard_namespace_claims();

CREATE OR REPLACE TRIGGER keep_claims_delete
BEFORE DELETE ON orchestration.namespaces
FOR EACH ROW EXECUTE FUNCTION orchestration_internal.guard_namespace_claims();
