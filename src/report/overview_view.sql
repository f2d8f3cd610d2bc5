/* For psql's \watch: a dozen lines of at most 120 characters. */

CREATE OR REPLACE VIEW orchestration.overview AS
SELECT o.subject, o.state FROM orchestration_internal.overview_lines() o;

COMMENT ON VIEW orchestration.overview IS 'The platform on one screen, made for psql''s \watch 2: server, worker, alerts, clusters, work to do, failed operations, containers by status, the newest failing ones, top consumers, maintenance, months of the log tables. Shows what the caller may read.';
COMMENT ON COLUMN orchestration.overview.subject IS 'What the line is about.';
COMMENT ON COLUMN orchestration.overview.state IS 'How that is, in at most 96 characters.';
