SELECT cpu() AS cpu, extract(epoch FROM clock_timestamp()) AS wall \gset
DO $$
DECLARE
	b record;
BEGIN
	FOR b IN SELECT * FROM batch ORDER BY id LOOP
		PERFORM orchestration.record_usage(b.container_ids::bigint[], b.times::timestamptz[], b.millicores::double precision[], b.memory::bigint[], b.received::bigint[], b.sent::bigint[], b.disk::bigint[]);
	END LOOP;
END
$$;
SELECT 'record_usage,' || extract(epoch FROM clock_timestamp()) - :wall || ',' || cpu() - :cpu;
