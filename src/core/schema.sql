/* a plain CREATE: a schema that somebody planted beforehand must stop us */
CREATE SCHEMA orchestration;

COMMENT ON SCHEMA orchestration IS 'Control plane for containers: desired and observed state, and the functions that change them.';
