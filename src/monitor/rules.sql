/* Evaluating the rules. */

CREATE OR REPLACE FUNCTION orchestration_internal.store_sample(key text, sample jsonb)
RETURNS void
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
	INSERT INTO orchestration_internal.indicator_samples AS s (key, sample, sampled_at, server_started_at)
	VALUES ($1, $2, clock_timestamp(), pg_postmaster_start_time())
	ON CONFLICT (key) DO UPDATE SET sample = EXCLUDED.sample, sampled_at = EXCLUDED.sampled_at,
		/* one that lies ahead was sampled before the clock was put right */
		previous_sample = CASE WHEN s.server_started_at = EXCLUDED.server_started_at AND s.sampled_at <= EXCLUDED.sampled_at THEN s.sample END,
		previous_at = CASE WHEN s.server_started_at = EXCLUDED.server_started_at AND s.sampled_at <= EXCLUDED.sampled_at THEN s.sampled_at END,
		server_started_at = EXCLUDED.server_started_at, updated_at = EXCLUDED.sampled_at
$$;

COMMENT ON FUNCTION orchestration_internal.store_sample(text, jsonb) IS 'Keeps counters for the next evaluation to compare with, and those before them.';
-- for the owner alone

/* SECURITY DEFINER: reads counters of all sessions, for the maintenance process, which may not */
CREATE OR REPLACE FUNCTION orchestration_internal.take_samples()
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	statements jsonb;
	standby text;
	mark jsonb;
BEGIN
	PERFORM orchestration_internal.require_monitoring();
	PERFORM orchestration_internal.store_sample('database', orchestration_internal.database_counters());
	statements := orchestration_internal.statement_counters();
	IF statements IS NOT NULL THEN
		PERFORM orchestration_internal.store_sample('statements', statements);
	END IF;
	/* a mark for each standby: once it has replayed that far, there is a new one */
	FOR standby, mark IN
		SELECT r.application_name, CASE WHEN (i.sample ->> 'lsn')::pg_lsn > min(r.replay_lsn) AND (i.sample ->> 'lsn')::pg_lsn <= pg_current_wal_lsn() THEN i.sample
			ELSE jsonb_build_object('lsn', pg_current_wal_lsn(), 'at', clock_timestamp()) END
		FROM pg_stat_replication r
		LEFT JOIN orchestration_internal.indicator_samples i ON i.key = 'standby/' || r.application_name
		/* a base backup streams, too, and is not expected back */
		WHERE r.state IN ('catchup', 'streaming') AND r.application_name <> 'pg_basebackup' AND NOT pg_is_in_recovery()
		GROUP BY r.application_name, i.sample
	LOOP
		PERFORM orchestration_internal.store_sample('standby/' || standby, mark);
	END LOOP;
	/* one that has been away for a week has been taken down */
	DELETE FROM orchestration_internal.indicator_samples s WHERE s.key LIKE 'standby/%' AND s.sampled_at < clock_timestamp() - interval '7 days';
END
$$;

COMMENT ON FUNCTION orchestration_internal.take_samples() IS 'Keeps the counters that the next evaluation compares with, and which standbys are there. Runs with the rights of the owner of the extension, for whoever may monitor. Raises 42501.';
GRANT EXECUTE ON FUNCTION orchestration_internal.take_samples() TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.forget_standby(standby text)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	DELETE FROM orchestration_internal.indicator_samples s WHERE s.key = 'standby/' || standby;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'standby "%" was never seen', standby
			USING ERRCODE = 'OR004', HINT = 'SELECT labels FROM orchestration.indicators WHERE name = ''standby_connected'' shows those that were.';
	END IF;
END
$$;

COMMENT ON FUNCTION orchestration_internal.forget_standby(text) IS 'A standby was taken down for good: its alert is over. Without this it is forgotten after a week. Argument: its application_name. For superusers. Raises OR004.';
-- for the owner alone

CREATE OR REPLACE FUNCTION orchestration_internal.readings_of_rules(readings jsonb)
RETURNS TABLE (rule text, namespace_id bigint, labels jsonb, reading text, value double precision)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	WITH given AS MATERIALIZED (
		SELECT DISTINCT ON (g.name, g.labels, g.value IS NULL) g.name, COALESCE(g.labels, '{}') AS labels, g.value
		FROM jsonb_to_recordset($1) g (name text, labels jsonb, value double precision)
	), subjects AS MATERIALIZED (
		SELECT r.name AS rule, g.labels, g.value
		FROM orchestration.alert_rules r
		JOIN given g ON g.name = r.indicator AND g.labels @> r.labels AND g.value IS NOT NULL
		WHERE r.enabled
	)
	SELECT s.rule, COALESCE(n.id, 0), s.labels, 'value', s.value
	FROM subjects s
	LEFT JOIN orchestration.namespaces n ON n.name = s.labels ->> 'namespace' AND n.status <> 'deleted'
	UNION ALL
	/* alerts whose subject was not read: it is gone, unless the whole indicator is unknown */
	SELECT a.rule, a.namespace_id, a.labels, CASE WHEN u.name IS NULL THEN 'gone' ELSE 'unknown' END, NULL
	FROM orchestration.alerts a
	LEFT JOIN orchestration.alert_rules r ON r.name = a.rule AND r.enabled
	LEFT JOIN LATERAL (SELECT g.name FROM given g WHERE g.name = r.indicator AND g.value IS NULL AND a.labels @> g.labels LIMIT 1) u ON true
	WHERE a.state <> 'resolved' AND NOT EXISTS (SELECT FROM subjects s WHERE s.rule = a.rule AND s.labels = a.labels)
$$;

COMMENT ON FUNCTION orchestration_internal.readings_of_rules(jsonb) IS 'What each rule gets to see of the readings, and what has become of the subjects of its alerts: value, unknown or gone.';
GRANT EXECUTE ON FUNCTION orchestration_internal.readings_of_rules(jsonb) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.worst_of(comparison text, a double precision, b double precision)
RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$ SELECT CASE WHEN $1 IN ('<', '<=') THEN LEAST($2, $3) ELSE GREATEST($2, $3) END $$;

COMMENT ON FUNCTION orchestration_internal.worst_of(text, double precision, double precision) IS 'The worse of two values for a rule with this comparison.';
GRANT EXECUTE ON FUNCTION orchestration_internal.worst_of(text, double precision, double precision) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.held_alerts()
RETURNS bigint[]
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN ARRAY(
		WITH free AS MATERIALIZED (
			SELECT a.id FROM orchestration.alerts a WHERE a.state <> 'resolved' FOR UPDATE SKIP LOCKED
		)
		SELECT a.id FROM orchestration.alerts a WHERE a.state <> 'resolved' AND a.id NOT IN (SELECT f.id FROM free f));
END
$$;

COMMENT ON FUNCTION orchestration_internal.held_alerts() IS 'Locks the alerts that are not resolved for this transaction and returns the ids of those that somebody else has locked.';
GRANT EXECUTE ON FUNCTION orchestration_internal.held_alerts() TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.judge_readings(readings jsonb, at timestamptz DEFAULT clock_timestamp(), OUT opened integer, OUT resolved integer)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	judged record;
	held bigint[];
BEGIN
	opened := 0;
	resolved := 0;
	/* two evaluations at a time would both open the same alert */
	PERFORM orchestration_internal.worker_wait_for_lock('alerts');
	/* one that somebody has locked is judged the next time */
	held := orchestration_internal.held_alerts();
	FOR judged IN
		SELECT s.rule, s.namespace_id, s.labels, s.value, a.id, a.state, r.comparison, r.severity, r.description, d.unit,
			t.next_state, t.next_breached_since, t.next_cleared_since
		FROM orchestration_internal.readings_of_rules(readings) s
		LEFT JOIN orchestration.alert_rules r ON r.name = s.rule AND r.enabled
		LEFT JOIN orchestration_internal.known_indicators() d ON d.name = r.indicator
		LEFT JOIN orchestration.alerts a ON a.rule = s.rule AND a.labels = s.labels AND a.state <> 'resolved'
		/* an alert without a rule is over at once */
		CROSS JOIN LATERAL orchestration_internal.alert_step(COALESCE(a.state, 'none'), a.breached_since, a.cleared_since, s.reading, s.value,
			COALESCE(r.comparison, '>'), COALESCE(r.threshold, 0), COALESCE(r.clear_threshold, r.threshold, 0),
			COALESCE(r.for_duration, '0'), COALESCE(r.clear_duration, '0'), at) t
		WHERE (a.id IS NOT NULL OR t.next_state <> 'none') AND (a.id IS NULL OR a.id <> ALL (held))
	LOOP
		IF judged.id IS NULL THEN
			INSERT INTO orchestration.alerts (namespace_id, rule, labels, state, severity, description, unit, breached_since, opened_at, value_at_open, peak_value, last_value)
			VALUES (judged.namespace_id, judged.rule, judged.labels, judged.next_state, judged.severity, judged.description, judged.unit,
				judged.next_breached_since, CASE WHEN judged.next_state = 'open' THEN at END, CASE WHEN judged.next_state = 'open' THEN judged.value END, judged.value, judged.value);
		ELSIF judged.next_state = 'none' THEN
			DELETE FROM orchestration.alerts a WHERE a.id = judged.id;
		ELSE
			UPDATE orchestration.alerts a
			SET state = judged.next_state, severity = COALESCE(judged.severity, a.severity), description = COALESCE(judged.description, a.description),
				breached_since = judged.next_breached_since, cleared_since = judged.next_cleared_since,
				opened_at = CASE WHEN judged.next_state <> 'pending' THEN COALESCE(a.opened_at, at) END,
				value_at_open = CASE WHEN judged.next_state <> 'pending' THEN COALESCE(a.value_at_open, judged.value) END,
				resolved_at = CASE WHEN judged.next_state = 'resolved' THEN at END,
				peak_value = orchestration_internal.worst_of(judged.comparison, a.peak_value, judged.value), last_value = COALESCE(judged.value, a.last_value), updated_at = at
			WHERE a.id = judged.id AND (judged.next_state <> 'pending' OR judged.value IS NOT NULL);
		END IF;
		opened := opened + (judged.state IS DISTINCT FROM 'open' AND judged.next_state = 'open')::integer;
		resolved := resolved + (judged.next_state = 'resolved')::integer;
	END LOOP;
END
$$;

COMMENT ON FUNCTION orchestration_internal.judge_readings(jsonb, timestamptz) IS 'Applies the rules to readings, an array of {"name", "labels", "value"} as the view indicators has them; null as value: could not be measured. Returns how many alerts were opened and resolved. An alert that somebody has locked is left to the next time. For evaluate_alerts(), and for trying rules out.';
GRANT EXECUTE ON FUNCTION orchestration_internal.judge_readings(jsonb, timestamptz) TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.evaluate_alerts(OUT opened integer, OUT resolved integer)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	readings jsonb;
	at timestamptz := clock_timestamp();
BEGIN
	SELECT jsonb_agg(jsonb_build_object('name', i.name, 'labels', i.labels, 'value', i.value)) INTO readings FROM orchestration_internal.read_indicators() i;
	PERFORM orchestration_internal.take_samples();
	INSERT INTO orchestration.indicator_history (recorded_at, name, labels, value)
	SELECT at, g.name, g.labels, g.value FROM jsonb_to_recordset(readings) g (name text, labels jsonb, value double precision) WHERE g.value IS NOT NULL
	ON CONFLICT DO NOTHING;
	SELECT j.opened, j.resolved INTO opened, resolved FROM orchestration_internal.judge_readings(readings, at) j;
END
$$;

COMMENT ON FUNCTION orchestration_internal.evaluate_alerts() IS 'Reads the indicators, records them and applies the rules; returns how many alerts were opened and resolved. The maintenance step alerts does it every minute; call it from pg_cron where there is no worker.';
GRANT EXECUTE ON FUNCTION orchestration_internal.evaluate_alerts() TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration_internal.maintain_alerts()
RETURNS text
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	outcome text;
	held integer;
BEGIN
	SELECT format('%s opened, %s resolved', e.opened, e.resolved) INTO outcome FROM orchestration_internal.evaluate_alerts() e;
	held := cardinality(orchestration_internal.held_alerts());
	IF held > 0 THEN
		outcome := format('%s, %s left out because somebody has locked them', outcome, held);
	END IF;
	DELETE FROM orchestration.indicator_history h WHERE h.recorded_at < clock_timestamp() - orchestration_internal.maintenance_keep('alerts');
	DELETE FROM orchestration.alerts a
	WHERE a.id = ANY (ARRAY(
		SELECT x.id FROM orchestration.alerts x
		WHERE x.state = 'resolved'
			AND x.resolved_at < clock_timestamp() - COALESCE((SELECT r.retention FROM orchestration.alert_rules r WHERE r.name = x.rule), '1 year')
		FOR UPDATE SKIP LOCKED));
	RETURN outcome;
END
$$;

COMMENT ON FUNCTION orchestration_internal.maintain_alerts() IS 'Maintenance step: evaluates the alert rules, and forgets readings that are older than the step keeps them and resolved alerts after the retention of their rule.';
GRANT EXECUTE ON FUNCTION orchestration_internal.maintain_alerts() TO orchestration_worker;

CREATE OR REPLACE FUNCTION orchestration.acknowledge_alert(id bigint, note text DEFAULT NULL)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
BEGIN
	UPDATE orchestration.alerts a
	SET acknowledged_at = clock_timestamp(), acknowledged_by = orchestration.current_user_id(), note = COALESCE(acknowledge_alert.note, a.note), updated_at = clock_timestamp()
	WHERE a.id = acknowledge_alert.id AND a.state = 'open';
	IF NOT FOUND THEN
		RAISE EXCEPTION 'open alert % does not exist', COALESCE(id::text, 'NULL')
			USING ERRCODE = 'OR004', HINT = 'SELECT * FROM orchestration.open_alerts shows those that do.';
	END IF;
END
$$;

COMMENT ON FUNCTION orchestration.acknowledge_alert(bigint, text) IS 'Somebody takes an open alert on, and may leave a note. Again: whoever did so last. Needs update on monitoring in the namespace of the alert. Raises OR004, 42501.';
GRANT EXECUTE ON FUNCTION orchestration.acknowledge_alert(bigint, text) TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration_internal.notify_alert()
RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	change text;
BEGIN
	change := CASE
		WHEN NEW.state = 'open' AND (TG_OP = 'INSERT' OR OLD.state <> 'open') THEN 'opened'
		WHEN NEW.state = 'resolved' AND (TG_OP = 'INSERT' OR OLD.state <> 'resolved') THEN 'resolved'
		WHEN TG_OP = 'UPDATE' AND NEW.acknowledged_at IS DISTINCT FROM OLD.acknowledged_at THEN 'acknowledged'
		WHEN TG_OP = 'UPDATE' AND NEW.severity <> OLD.severity AND NEW.state = 'open' THEN 'changed'
	END;
	IF change IS NULL THEN
		RETURN NULL;
	END IF;
	/* LISTEN needs no privilege: what an alert says is read from its row, by those who may */
	PERFORM pg_notify('orchestration_alerts', jsonb_build_object('change', change, 'id', NEW.id, 'rule', NEW.rule, 'severity', NEW.severity, 'namespace_id', NEW.namespace_id)::text);
	RETURN NULL;
END
$$;

COMMENT ON FUNCTION orchestration_internal.notify_alert() IS 'Row trigger of alerts: tells the channel orchestration_alerts, in JSON, of what was opened, acknowledged, changed or resolved; never more than ids, rule and severity, as everybody may listen.';
