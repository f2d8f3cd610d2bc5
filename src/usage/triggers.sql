/* What is written by anybody, by whatever statement, gets into the rollups. */
CREATE OR REPLACE TRIGGER note_usage
AFTER INSERT ON orchestration.container_resource_usage
REFERENCING NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION orchestration_internal.note_usage();
