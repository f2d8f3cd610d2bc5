/* The page. */

CREATE OR REPLACE FUNCTION orchestration_internal.report_style()
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$ SELECT $css$
:root { color-scheme: light dark;
	--page: #f5f6f8; --card: #fff; --ink: #1c2430; --soft: #5b6675; --rule: #e2e6eb; --shade: #1c24300d; --mark: #3867d6;
	--running: #2a9d6a; --pending: #e0a11b; --paused: #5a86e0; --stopped: #98a2b0; --failed: #d4424f; --refused: #8e5bc7;
	--p1: #3867d6; --p2: #e07b1b; --p3: #2a9d8f; --p4: #b8479e; --p5: #7a8c1e; --p6: #8a94a3; }
@media (prefers-color-scheme: dark) { :root {
	--page: #12161c; --card: #1b2129; --ink: #e6eaf0; --soft: #9aa5b4; --rule: #2d3541; --shade: #ffffff12; --mark: #6f98f2;
	--running: #3fbf86; --pending: #f0b73c; --paused: #7ba2f3; --stopped: #77828f; --failed: #ef6a75; --refused: #b388e6;
	--p1: #6f98f2; --p2: #f29a4a; --p3: #4cc2b4; --p4: #dd78c6; --p5: #aabf45; --p6: #9aa5b4; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 24px 20px 48px; max-width: 1180px; background: var(--page); color: var(--ink);
	font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
h1 { margin: 0; font-size: 26px; letter-spacing: -.01em; }
h2 { margin: 0 0 10px; font-size: 16px; }
header p, .note, footer { margin: 2px 0 0; color: var(--soft); }
.note { margin: -6px 0 10px; font-size: 13px; }
footer { margin-top: 24px; font-size: 13px; }
ul { margin: 0; padding: 0; list-style: none; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(160px, 1fr)); gap: 14px; margin: 20px 0 14px; }
.tiles li, .card { background: var(--card); border: 1px solid var(--rule); border-radius: 10px; }
.tiles li { padding: 12px 16px; }
.tiles b { display: block; font-size: 28px; line-height: 1.2; font-variant-numeric: tabular-nums; }
.tiles span { color: var(--soft); font-size: 13px; }
.tiles .bad b { color: var(--failed); }
main { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 14px; }
.card { padding: 16px 18px; min-width: 0; }
.wide { grid-column: 1 / -1; }
.plot { margin: 0; }
.plot svg { display: block; width: 100%; height: auto; overflow: visible; }
.plot text { fill: var(--soft); font-size: 11px; font-variant-numeric: tabular-nums; }
.wide .plot text { font-size: 7.5px; }
.grid { stroke: var(--rule); stroke-width: 1; vector-effect: non-scaling-stroke; }
.plot .mark { fill: currentColor; fill-opacity: .8; stroke: currentColor; stroke-width: 1; vector-effect: non-scaling-stroke; }
.hint { fill: transparent; }
.hint:hover { fill: var(--shade); }
.legend { display: flex; flex-wrap: wrap; gap: 4px 16px; margin-top: 8px; font-size: 13px; color: var(--soft); }
.legend i { display: inline-block; width: 10px; height: 10px; margin-right: 6px; border-radius: 2px; background: currentColor; }
.legend b { color: var(--ink); font-variant-numeric: tabular-nums; }
.s-running { color: var(--running); } .s-pending { color: var(--pending); } .s-paused { color: var(--paused); } .s-stopped { color: var(--stopped); }
.s-failed, .s-critical { color: var(--failed); } .s-refused { color: var(--refused); } .s-warning { color: var(--pending); } .s-info { color: var(--paused); }
.p1 { color: var(--p1); } .p2 { color: var(--p2); } .p3 { color: var(--p3); } .p4 { color: var(--p4); } .p5 { color: var(--p5); } .p6 { color: var(--p6); }
.scroll { overflow-x: auto; }
table { width: 100%; border-collapse: collapse; font-size: 14px; }
th { padding: 4px 12px 4px 0; text-align: left; font-weight: 600; font-size: 12px; color: var(--soft); }
td { padding: 6px 12px 6px 0; border-top: 1px solid var(--rule); vertical-align: top; overflow-wrap: break-word; }
.n { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
.b { width: 22%; min-width: 80px; vertical-align: middle; }
.b svg { display: block; width: 100%; height: 8px; border-radius: 4px; background: var(--shade); }
.b rect { fill: var(--mark); }
.b rect[class*=" s-"] { fill: currentColor; }
.badge { font-weight: 600; white-space: nowrap; }
.badge::before { content: ""; display: inline-block; width: 8px; height: 8px; margin-right: 6px; border-radius: 50%; background: currentColor; }
.empty { margin: 0; padding: 18px 0; color: var(--soft); }
details { margin-top: 8px; font-size: 13px; color: var(--soft); }
summary { cursor: pointer; }
summary:focus-visible { outline: 2px solid var(--mark); outline-offset: 2px; }
details .scroll { max-height: 320px; overflow: auto; }
@media (max-width: 760px) { body { padding: 16px 12px 32px; } main { grid-template-columns: minmax(0, 1fr); } .plot text, .wide .plot text { font-size: 18px; } .tiles { grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 10px; }
	.wide table { min-width: 640px; } }
@media print { body { background: #fff; } .card { break-inside: avoid; } details { display: none; } }
$css$ $$;

COMMENT ON FUNCTION orchestration_internal.report_style() IS 'Style sheet of report_html().';
GRANT EXECUTE ON FUNCTION orchestration_internal.report_style() TO orchestration_user;

CREATE OR REPLACE FUNCTION orchestration.report_html(since interval DEFAULT '24 hours')
RETURNS text
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
/* many small queries: compiling one costs more than running it */
SET jit = off
AS $$
DECLARE
	ends constant timestamptz := now();
	begins constant timestamptz := ends - since;
BEGIN
	IF since IS NULL OR begins >= ends THEN
		RAISE EXCEPTION 'a report must look back'
			USING ERRCODE = 'OR003', DETAIL = format('The span of time is %s.', COALESCE(since::text, 'NULL')), HINT = 'Give a positive interval, such as ''7 days''.';
	END IF;
	/* no script runs and nothing is loaded, whatever a row holds */
	RETURN concat(E'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<meta name="viewport" content="width=device-width, initial-scale=1">\n'
		'<meta http-equiv="Content-Security-Policy" content="default-src ''none''; style-src ''unsafe-inline''">\n<meta name="referrer" content="no-referrer">\n',
		format(E'<title>orchestration: %s</title>\n<style>%s</style>\n</head>\n<body>\n<header>\n<h1>Containers of %1$s</h1>\n<p>%3$s to %4$s UTC, as seen by %5$s</p>\n</header>\n',
			orchestration_internal.html_escape(current_database()), orchestration_internal.report_style(),
			to_char(begins AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI'), to_char(ends AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI'), orchestration_internal.html_escape(COALESCE(orchestration.current_user_name(), current_user))),
		orchestration_internal.report_tiles(begins), E'<main>\n',
		orchestration_internal.report_states(begins, ends), orchestration_internal.report_failing(), orchestration_internal.report_alerts(begins, ends),
		orchestration_internal.report_usage(begins, ends), orchestration_internal.report_consumers(begins, ends),
		orchestration_internal.report_operations(begins, ends), orchestration_internal.report_upkeep(),
		format(E'</main>\n<footer>orchestration %s on PostgreSQL %s. What you may not read is not counted.</footer>\n</body>\n</html>\n',
			orchestration_internal.html_escape((SELECT e.extversion FROM pg_extension e WHERE e.extname = 'orchestration')), orchestration_internal.html_escape(split_part(current_setting('server_version'), ' ', 1))));
END
$$;

COMMENT ON FUNCTION orchestration.report_html(interval) IS 'Writes one self-contained HTML page about the time since, for people who do not use psql. It shows containers by status, what fails, alerts, usage, top consumers, operations that did not succeed, log tables, maintenance; with plots, and nothing in it that the caller may not read. In psql: \o report.html, \pset format unaligned, \pset tuples_only on. Raises OR003.';
GRANT EXECUTE ON FUNCTION orchestration.report_html(interval) TO orchestration_user;
