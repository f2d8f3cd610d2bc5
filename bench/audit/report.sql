WITH median AS (
	SELECT r.rows > 1 AS bulk, r.variant, percentile_cont(0.5) WITHIN GROUP (ORDER BY r.us) AS us FROM bench.result r GROUP BY 1, 2
), bare AS (
	SELECT m.bulk, m.us FROM median m WHERE m.variant = 'bare UPDATE'
)
SELECT v.name AS variant,
	round(max(m.us) FILTER (WHERE m.bulk)::numeric, 2) AS "all rows, us/row", round(max(m.us / b.us) FILTER (WHERE m.bulk)::numeric, 2) AS "x bare",
	round(max(m.us) FILTER (WHERE NOT m.bulk)::numeric, 1) AS "one row, us", round(max(m.us / b.us) FILTER (WHERE NOT m.bulk)::numeric, 2) AS "x bare "
FROM bench.variant v
JOIN median m ON m.variant = v.name
JOIN bare b ON b.bulk = m.bulk
GROUP BY v.number, v.name
ORDER BY v.number;
