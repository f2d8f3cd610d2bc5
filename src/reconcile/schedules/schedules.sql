/*
 * Containers with a schedule: a CronJob each.  What may stand in the column, what comes of
 * it, when the next run is due, and what is known of the last one.
 */

-- part: functions

CREATE OR REPLACE FUNCTION orchestration_internal.cron_next(schedule text, after timestamp)
RETURNS timestamp
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_cron_next';

COMMENT ON FUNCTION orchestration_internal.cron_next(text, timestamp) IS 'The next time of a schedule in five fields, or a macro such as @hourly, after one without a time zone; NULL when it never comes. Raises OR003 for what is no schedule.';
GRANT EXECUTE ON FUNCTION orchestration_internal.cron_next(text, timestamp) TO orchestration_user, orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.is_time_zone(name text)
RETURNS boolean
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'orch_is_time_zone';

COMMENT ON FUNCTION orchestration_internal.is_time_zone(text) IS 'Is this a time zone of the IANA database that the server knows, such as Europe/Berlin?';
GRANT EXECUTE ON FUNCTION orchestration_internal.is_time_zone(text) TO orchestration_user, orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.valid_schedule(schedule jsonb)
RETURNS boolean
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	known constant text[] := '{schedule,timeZone,concurrencyPolicy,startingDeadlineSeconds,successfulJobsHistoryLimit,failedJobsHistoryLimit}';
	member record;
BEGIN
	IF schedule IS NULL THEN
		RETURN true;
	ELSIF jsonb_typeof(schedule) <> 'object' OR jsonb_typeof(schedule -> 'schedule') IS DISTINCT FROM 'string' THEN
		PERFORM orchestration_internal.refuse('schedule', 'It is not an object with the member "schedule", a string.', 'Write it as in {"schedule": "30 3 * * *", "timeZone": "Europe/Berlin"}.');
	END IF;
	FOR member IN SELECT m.key, m.value, jsonb_typeof(m.value) AS type FROM jsonb_each(schedule) m LOOP
		IF member.key <> ALL (known) THEN
			PERFORM orchestration_internal.refuse('schedule', 'It has a member that is not known.', format('Those that are: %s.', array_to_string(known, ', ')));
		ELSIF member.key IN ('schedule', 'timeZone', 'concurrencyPolicy') THEN
			IF member.type <> 'string' THEN
				PERFORM orchestration_internal.refuse('schedule.' || member.key, 'It is not a string.', 'Put it into quotation marks, or leave it out.');
			END IF;
		ELSIF member.type <> 'number' OR member.value #>> '{}' !~ '^[0-9]{1,10}$' OR (member.value #>> '{}')::bigint > 2147483647 THEN
			PERFORM orchestration_internal.refuse('schedule.' || member.key, 'It is not a whole number from 0 to 2147483647.', 'Choose a number within these limits, or leave it out.');
		END IF;
	END LOOP;
	PERFORM orchestration_internal.cron_next(schedule ->> 'schedule', '2000-01-01');
	IF NOT orchestration_internal.is_time_zone(schedule ->> 'timeZone') THEN
		PERFORM orchestration_internal.refuse('schedule.timeZone', 'It is not a time zone of the IANA database.', 'Write one as in SELECT name FROM pg_timezone_names, such as Europe/Berlin; upper and lower case count.');
	ELSIF schedule ->> 'concurrencyPolicy' NOT IN ('Allow', 'Forbid', 'Replace') THEN
		PERFORM orchestration_internal.refuse('schedule.concurrencyPolicy', 'It is not one of Allow, Forbid, Replace.', 'Write one of them; upper and lower case count.');
	END IF;
	RETURN true;
END
$$;

COMMENT ON FUNCTION orchestration_internal.valid_schedule(jsonb) IS 'True for what may stand in containers.schedule: NULL, or the fields of a Kubernetes CronJob around its template. Raises OR003 with the place of the mistake.';
GRANT EXECUTE ON FUNCTION orchestration_internal.valid_schedule(jsonb) TO orchestration_user, orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.whole_schedule(schedule jsonb)
RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
	/* not the time zone of whoever manages the controllers: the same in every cluster */
	SELECT '{"timeZone": "Etc/UTC", "concurrencyPolicy": "Allow", "successfulJobsHistoryLimit": 3, "failedJobsHistoryLimit": 1}' || schedule
$$;

COMMENT ON FUNCTION orchestration_internal.whole_schedule(jsonb) IS 'containers.schedule with the defaults of what it leaves out.';
GRANT EXECUTE ON FUNCTION orchestration_internal.whole_schedule(jsonb) TO orchestration_user, orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.next_run(schedule jsonb, after timestamptz)
RETURNS timestamptz
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	zone text := orchestration_internal.whole_schedule(schedule) ->> 'timeZone';
	wall timestamp := after AT TIME ZONE zone;
	at timestamptz;
BEGIN
	/* a time that a clock leaves out in spring does not come */
	FOR i IN 1 .. 200 LOOP
		wall := orchestration_internal.cron_next(schedule ->> 'schedule', wall);
		at := wall AT TIME ZONE zone;
		/* one that comes twice in autumn comes at first */
		IF (at - interval '1 hour') AT TIME ZONE zone = wall AND at - interval '1 hour' > after THEN
			at := at - interval '1 hour';
		END IF;
		EXIT WHEN at IS NULL OR (at > after AND at AT TIME ZONE zone = wall);
	END LOOP;
	RETURN at;
END
$$;

COMMENT ON FUNCTION orchestration_internal.next_run(jsonb, timestamptz) IS 'When a container with this schedule runs next after a time; NULL: never.';
GRANT EXECUTE ON FUNCTION orchestration_internal.next_run(jsonb, timestamptz) TO orchestration_user, orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.schedule_facts(of_namespace bigint, of_container bigint, observed jsonb)
RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	begun timestamptz := (observed ->> 'lastScheduled')::timestamptz;
	succeeded timestamptz := (observed ->> 'lastSucceeded')::timestamptz;
	active integer := COALESCE(jsonb_array_length(observed -> 'active'), 0);
	run record;
BEGIN
	/* one that was asked for beside the schedule */
	SELECT j.uid, j.finished_at, j.outcome -> 'failed' = 'true' AS failed INTO run
	FROM orchestration_internal.job_runs j WHERE j.namespace_id = of_namespace AND j.container_id = of_container;
	RETURN jsonb_build_object(
		'activeRuns', active + CASE WHEN run.uid IS NOT NULL AND run.finished_at IS NULL THEN 1 ELSE 0 END,
		'lastRunFailed', CASE WHEN run.finished_at > COALESCE(begun, '-infinity') THEN COALESCE(run.failed, false)
			/* Kubernetes does not tell; it counts a success when the run has ended, and none where there was none */
			ELSE active = 0 AND begun IS NOT NULL AND COALESCE(succeeded < begun, true) END);
END
$$;

COMMENT ON FUNCTION orchestration_internal.schedule_facts(bigint, bigint, jsonb) IS 'What is known of the runs of a container with a schedule: see aspect_facts(). Arguments: namespace, container, facts of its CronJob.';
GRANT EXECUTE ON FUNCTION orchestration_internal.schedule_facts(bigint, bigint, jsonb) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.schedule_words(of_container bigint)
RETURNS TABLE (wish text, line text, calm text[])
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN QUERY
	SELECT CASE c.desired_state WHEN 'running' THEN 'by its schedule' ELSE 'no run begins' END,
		CASE WHEN s.id IS NOT NULL THEN format('Schedule: %s (%s), %s; next run %s, last run %s, last success %s.', s.schedule, s.time_zone,
			CASE s.active_runs WHEN 0 THEN 'no run is under way' WHEN 1 THEN '1 run is under way' ELSE s.active_runs || ' runs are under way' END,
			COALESCE(to_char(s.next_run_at, 'YYYY-MM-DD HH24:MI TZ'), 'never'), COALESCE(to_char(s.last_run_at, 'YYYY-MM-DD HH24:MI TZ'), 'never'),
			COALESCE(to_char(s.last_success_at, 'YYYY-MM-DD HH24:MI TZ'), 'never')) END,
		'{Scheduled,RunActive}'::text[]
	FROM orchestration.containers c
	LEFT JOIN orchestration.schedule_list s ON s.id = c.id
	WHERE c.id = of_container AND c.schedule IS NOT NULL;
END
$$;

COMMENT ON FUNCTION orchestration_internal.schedule_words(bigint) IS 'What why() says of a container with a schedule: see aspect_words(). Argument: container.';
GRANT EXECUTE ON FUNCTION orchestration_internal.schedule_words(bigint) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration_internal.await_schedule()
RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF OLD.schedule IS NULL THEN
		/* what was asked of a Job is no run beside a CronJob */
		NEW.restart_requested_at := NULL;
	ELSE
		/* what is started waits for its time */
		NEW.restart_requested_at := OLD.restart_requested_at;
	END IF;
	RETURN NEW;
END
$$;

COMMENT ON FUNCTION orchestration_internal.await_schedule() IS 'Row trigger of containers: neither a schedule nor a start is a reason to run at once; a restart is.';

-- part: tables

ALTER TABLE orchestration.containers
	ADD COLUMN schedule jsonb CHECK (orchestration_internal.valid_schedule(schedule)),
	ADD CONSTRAINT containers_scheduled_ones_end CHECK (orchestration_internal.valid_rule(schedule IS NULL OR restart_policy <> 'Always', 'restart_policy', 'A container with a schedule runs to completion, again and again.', 'Set it to OnFailure or Never, or leave out the schedule.')),
	/* the controller adds 11 characters */
	ADD CONSTRAINT containers_scheduled_ones_have_short_names CHECK (orchestration_internal.valid_rule(schedule IS NULL OR pg_catalog.length(name) <= 52, 'name', 'With a schedule it has at most 52 characters.', 'Choose a shorter name, or leave out the schedule.'));

COMMENT ON COLUMN orchestration.containers.schedule IS 'When it runs, as in a Kubernetes CronJob: {"schedule": "30 3 * * *", "timeZone": "Europe/Berlin", "concurrencyPolicy": "Forbid"}; also startingDeadlineSeconds, successfulJobsHistoryLimit and failedJobsHistoryLimit. NULL: at once.';

-- part: views

CREATE OR REPLACE VIEW orchestration_internal.rendered_schedule AS
SELECT c.namespace_id, 'container'::text AS owner_type, c.id AS owner_id, p.generation AS owner_generation, p.cluster_id,
	'CronJob'::text AS kind, p.cluster_namespace, p.name,
	pg_catalog.jsonb_build_object('labels', p.labels, 'annotations', NULLIF(p.annotations, '{}')) AS metadata,
	pg_catalog.jsonb_build_object('spec', orchestration_internal.whole_schedule(c.schedule) || pg_catalog.jsonb_build_object(
		'suspend', p.desired_state <> 'running',
		'jobTemplate', pg_catalog.jsonb_build_object(
			/* its Jobs are the controller's: no label says that they are ours */
			'metadata', pg_catalog.jsonb_build_object('labels', p.labels - '{orchestration.dev/installation,orchestration.dev/owner}'::text[],
				'annotations', NULLIF(p.annotations, '{}')),
			'spec', pg_catalog.jsonb_build_object(
				'parallelism', p.replicas,
				'completions', p.replicas,
				'backoffLimit', CASE p.restart_policy WHEN 'OnFailure' THEN 6 ELSE 0 END,
				'template', p.template)))) AS body,
	NULL::bytea AS hidden
FROM orchestration.containers c
CROSS JOIN LATERAL (
	SELECT q.* FROM orchestration_internal.parts_pods q WHERE q.namespace_id = c.namespace_id AND q.container_id = c.id
	OFFSET 0
) p
WHERE c.schedule IS NOT NULL;

COMMENT ON VIEW orchestration_internal.rendered_schedule IS 'CronJob of every container with a schedule.';

/* a change of the container is no reason for a run beside the schedule: only a restart is */
CREATE OR REPLACE VIEW orchestration_internal.parts_runs_schedule AS
SELECT c.namespace_id, c.id AS container_id,
	pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(pg_catalog.jsonb_build_object(
		'restart', pg_catalog.to_char(c.restart_requested_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'))::text, 'UTF8')), 'hex') AS run_hash,
	'{"cronjob.kubernetes.io/instantiate": "manual"}'::jsonb AS annotations
FROM orchestration.containers c
WHERE c.schedule IS NOT NULL AND c.restart_requested_at IS NOT NULL;

COMMENT ON VIEW orchestration_internal.parts_runs_schedule IS 'What asks for a run of a container with a schedule, beside it.';

/* after zz_guard, which takes a start of what runs to completion for a restart */
CREATE OR REPLACE TRIGGER zz_schedule
BEFORE UPDATE OF desired_state, schedule ON orchestration.containers
FOR EACH ROW
WHEN (NEW.schedule IS NOT NULL AND (OLD.schedule IS NULL OR OLD.desired_state <> NEW.desired_state))
EXECUTE FUNCTION orchestration_internal.await_schedule();

CREATE OR REPLACE VIEW orchestration.schedule_list AS
SELECT n.name AS namespace, c.name, w.schedule ->> 'schedule' AS schedule, w.schedule ->> 'timeZone' AS time_zone, w.schedule ->> 'concurrencyPolicy' AS concurrency,
	CASE WHEN c.desired_state = 'deleted' THEN 'deleting' ELSE c.status END AS status, c.status_reason AS reason,
	CASE WHEN c.desired_state = 'running' THEN orchestration_internal.next_run(c.schedule, pg_catalog.clock_timestamp()) END AS next_run_at,
	GREATEST((m.observed ->> 'lastScheduled')::timestamptz, c.restart_requested_at) AS last_run_at,
	(m.observed ->> 'lastSucceeded')::timestamptz AS last_success_at,
	COALESCE(pg_catalog.jsonb_array_length(m.observed -> 'active'), 0) AS active_runs,
	c.id
FROM orchestration.containers c
JOIN orchestration.namespaces n ON n.id = c.namespace_id
CROSS JOIN LATERAL (SELECT orchestration_internal.whole_schedule(c.schedule) AS schedule) w
LEFT JOIN orchestration.managed_objects m
	ON m.namespace_id = c.namespace_id AND m.owner_type = 'container' AND m.owner_id = c.id AND m.kind = 'CronJob' AND m.cluster_id = n.cluster_id
WHERE c.schedule IS NOT NULL AND c.status <> 'deleted'
ORDER BY n.name, c.name;

COMMENT ON VIEW orchestration.schedule_list IS 'Containers with a schedule: when each runs next, and how it went.';
COMMENT ON COLUMN orchestration.schedule_list.namespace IS 'Name of the namespace.';
COMMENT ON COLUMN orchestration.schedule_list.name IS 'Name.';
COMMENT ON COLUMN orchestration.schedule_list.schedule IS 'Five fields, or a macro.';
COMMENT ON COLUMN orchestration.schedule_list.time_zone IS 'Time zone of the schedule; Etc/UTC unless it names one.';
COMMENT ON COLUMN orchestration.schedule_list.concurrency IS 'Allow, Forbid or Replace: what becomes of a run that is due while another is under way.';
COMMENT ON COLUMN orchestration.schedule_list.status IS 'As in container_list.';
COMMENT ON COLUMN orchestration.schedule_list.reason IS 'Why it is so, in one word; why() says more.';
COMMENT ON COLUMN orchestration.schedule_list.next_run_at IS 'When it runs next; NULL while it is paused or stopped, and where its time never comes.';
COMMENT ON COLUMN orchestration.schedule_list.last_run_at IS 'When it last ran by its schedule, or was told to; NULL: never.';
COMMENT ON COLUMN orchestration.schedule_list.last_success_at IS 'When a run by the schedule last ended well; NULL: never.';
COMMENT ON COLUMN orchestration.schedule_list.active_runs IS 'Runs by the schedule that are under way.';
COMMENT ON COLUMN orchestration.schedule_list.id IS 'Id of the container.';
