-- encryption at rest: a value comes back only for the context it was made for
CREATE EXTENSION orchestration CASCADE;
SELECT orchestration_internal.ensure_encryption_key() IS NOT NULL AS key_is_there;
-- an existing key is kept
SELECT orchestration_internal.ensure_encryption_key() AS made_another;

SELECT pg_catalog.convert_from(orchestration_internal.unseal(orchestration_internal.seal('open sesame', 'secret/1/app'), 'secret/1/app'), 'UTF8') AS opened;
SELECT orchestration_internal.unseal(orchestration_internal.seal('', 'c'), 'c') = '' AS empty_value;
SELECT pg_catalog.length(orchestration_internal.unseal(orchestration_internal.seal(pg_catalog.decode(pg_catalog.repeat('ab', 100000), 'hex'), 'c'), 'c')) AS large_value;
-- the same value is never sealed the same way twice
SELECT orchestration_internal.seal('x', 'c') <> orchestration_internal.seal('x', 'c') AS differ;
SELECT position('sesame'::bytea IN orchestration_internal.seal('open sesame', 'c')) AS plaintext_at;

-- error: another row's context
SELECT orchestration_internal.unseal(orchestration_internal.seal('x', 'secret/1/app'), 'secret/2/app');
-- error: altered
SELECT orchestration_internal.unseal(pg_catalog.set_byte(sealed, pg_catalog.length(sealed) - 3, 0), 'c')
FROM (SELECT orchestration_internal.seal('a longer text, so that the changed byte is in it', 'c')) s (sealed);
-- error: not sealed by us at all
SELECT orchestration_internal.unseal('\x00', 'c');
-- error: empty
SELECT orchestration_internal.unseal('', 'c');

-- nobody without a grant may use the key
CREATE ROLE seal_nobody;
GRANT USAGE ON SCHEMA orchestration, orchestration_internal TO seal_nobody;
SET ROLE seal_nobody;
-- error: no permission to seal
SELECT orchestration_internal.seal('x', 'c');
-- error: no permission to unseal
SELECT orchestration_internal.unseal('x', 'c');
RESET ROLE;
REVOKE USAGE ON SCHEMA orchestration, orchestration_internal FROM seal_nobody;
DROP ROLE seal_nobody;
DROP EXTENSION orchestration;
