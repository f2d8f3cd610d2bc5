CREATE OR REPLACE TRIGGER check_policy
BEFORE INSERT OR UPDATE ON orchestration.partition_policies
FOR EACH ROW EXECUTE FUNCTION orchestration_internal.check_partition_policy();

CREATE OR REPLACE TRIGGER zz_updated_at
BEFORE UPDATE ON orchestration.partition_policies
FOR EACH ROW EXECUTE FUNCTION orchestration_internal.set_updated_at();

CREATE OR REPLACE TRIGGER zz_updated_at
BEFORE UPDATE ON orchestration.partition_actions
FOR EACH ROW EXECUTE FUNCTION orchestration_internal.set_updated_at();
