/*
 * Sealed values are numbered and bound to their rows.  zy_: after the triggers of
 * users and before zz_generation, which looks at the number.
 */

CREATE OR REPLACE TRIGGER zy_bind_sealed
BEFORE INSERT OR UPDATE ON orchestration.clusters
FOR EACH ROW EXECUTE FUNCTION orchestration_internal.bind_sealed(encrypted_kubeconfig, cluster, name);

CREATE OR REPLACE TRIGGER zy_bind_sealed
BEFORE INSERT OR UPDATE ON orchestration.secrets
FOR EACH ROW EXECUTE FUNCTION orchestration_internal.bind_sealed(encrypted_data, secret, namespace_id, name);

CREATE OR REPLACE TRIGGER zy_bind_sealed
BEFORE INSERT OR UPDATE ON orchestration.registries
FOR EACH ROW EXECUTE FUNCTION orchestration_internal.bind_sealed(encrypted_password, registry, namespace_id, server);

/* what a caller encrypted himself is his */
CREATE OR REPLACE TRIGGER zy_bind_sealed
BEFORE INSERT OR UPDATE ON orchestration.user_secrets
FOR EACH ROW WHEN (NEW.is_sealed) EXECUTE FUNCTION orchestration_internal.bind_sealed(encrypted_value, user_secret, user_id, secret_type, name);
