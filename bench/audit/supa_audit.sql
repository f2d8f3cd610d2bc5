-- supa_audit as it is shipped: a row trigger that keeps the row before and after
CREATE EXTENSION IF NOT EXISTS "uuid-ossp";
CREATE EXTENSION supa_audit;
SELECT audit.enable_tracking('orchestration.containers');
INSERT INTO bench.variant VALUES (7, 'supa_audit', '{audit_i_u_d}');
