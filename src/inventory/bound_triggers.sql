/*
 * Every table that somebody else than the owner and the worker may write, and every
 * column of it, also one that a later release or a user adds: 64 KiB unless it stands
 * here.  Comes after the grants, which say which tables these are.
 */
DO $$
DECLARE
	wanted record;
BEGIN
	FOR wanted IN
		SELECT c.oid::regclass AS relation, COALESCE(b.bounds, '') AS bounds
		FROM pg_catalog.pg_class c
		LEFT JOIN (VALUES
			/* 262144 are keys and values of annotations, the rest is how jsonb keeps them */
			('namespaces', 'annotations 300000'),
			('config_maps', 'data 2500000 annotations 300000'),
			('secrets', 'encrypted_data 1500000 data_keys 1000000 annotations 300000'),
			('containers', 'annotations 300000 overrides 450000 init_containers 450000 command 1300000 args 1300000'),
			('container_probes', 'command 131071'),
			('environment_variables', 'value 131000'),
			('clusters', 'encrypted_kubeconfig 1000000'),
			('user_secrets', 'encrypted_value 1000000'),
			('volumes', 'host_path 4096'),
			('container_volumes', 'mount_path 4096 sub_path 4096'),
			('registries', 'server 512 username 4096')
		) b (name, bounds) ON b.name = c.relname
		WHERE c.relnamespace = 'orchestration'::regnamespace AND c.relkind = 'r' AND NOT c.relispartition
			AND EXISTS (
				SELECT FROM pg_catalog.pg_roles r
				WHERE r.rolname IN ('orchestration_user', 'orchestration_gateway', 'operators', 'admin_role')
					AND (has_any_column_privilege(r.oid, c.oid, 'INSERT') OR has_any_column_privilege(r.oid, c.oid, 'UPDATE')))
	LOOP
		EXECUTE format('CREATE OR REPLACE TRIGGER zw_bounds BEFORE INSERT OR UPDATE ON %s FOR EACH ROW EXECUTE FUNCTION orchestration_internal.bound_columns(%s)',
			wanted.relation, (SELECT string_agg(quote_literal(w), ', ' ORDER BY ordinality) FROM unnest(string_to_array(NULLIF(wanted.bounds, ''), ' ')) WITH ORDINALITY w (w, ordinality)));
	END LOOP;
END
$$;
