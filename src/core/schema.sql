/* a plain CREATE: a schema that somebody planted beforehand must stop us */
CREATE SCHEMA orchestration;
CREATE SCHEMA orchestration_internal;

COMMENT ON SCHEMA orchestration IS 'Control plane for containers: desired and observed state, and the functions that change them.';
COMMENT ON SCHEMA orchestration_internal IS 'What the functions, views and triggers of orchestration are made of, and what its worker calls; nothing here is an interface.';
