/* What an auditor notes elsewhere. */
CREATE OR REPLACE VIEW orchestration.audit_anchor AS
SELECT a.number, a.digest, a.sealed_at FROM orchestration_internal.read_audit_anchor() a;

COMMENT ON VIEW orchestration.audit_anchor IS 'The newest seal of the audit trail: note number and digest where nobody who can write this database can, and give the digest to verify_audit(anchor => ...) later. Needs the permission read on audit, everywhere. Raises 42501.';
COMMENT ON COLUMN orchestration.audit_anchor.number IS 'Number of the seal.';
COMMENT ON COLUMN orchestration.audit_anchor.digest IS 'Its digest: it stands for every row that was sealed until then.';
COMMENT ON COLUMN orchestration.audit_anchor.sealed_at IS 'When it was made.';
GRANT SELECT ON orchestration.audit_anchor TO orchestration_user;
