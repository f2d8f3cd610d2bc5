/*
 * seal_mac.c
 *	  A digest that nobody can make without the encryption key: for seals of the
 *	  audit trail.
 */
#include "core/compat.h"
#include "core/seal.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "funcapi.h"
#include "utils/builtins.h"

#define LABEL "orchestration audit seal"

static bool
mac_with(const OrchKey *key, bytea *data, uint8 *mac)
{
	uint8		derived[ORCH_KEY_BYTES];
	unsigned int length = 0;
	bool		done;

	/* a key of its own: what is signed here opens nothing elsewhere */
	done = HMAC(EVP_sha256(), key->bytes, ORCH_KEY_BYTES, (const uint8 *) LABEL, strlen(LABEL), derived, &length) != NULL &&
		HMAC(EVP_sha256(), derived, ORCH_KEY_BYTES, (const uint8 *) VARDATA_ANY(data), VARSIZE_ANY_EXHDR(data), mac, &length) != NULL;
	explicit_bzero(derived, sizeof(derived));
	return done;
}

ORCH_FUNCTION(orch_worker_mac);

/*
 * worker_mac(data, key_id): with the active key for NULL; no mac when the server
 * does not know the key.
 */
Datum
orch_worker_mac(PG_FUNCTION_ARGS)
{
	const char *wanted = PG_ARGISNULL(1) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(1));
	bytea	   *data = PG_GETARG_BYTEA_PP(0);
	bytea	   *result = palloc(VARHDRSZ + ORCH_KEY_BYTES);
	char		key_id[ORCH_KEY_ID_MAX + 1] = "";
	OrchKeyRing ring;
	const OrchKey *key;
	bool		done;
	Datum		values[2];
	bool		nulls[2] = {false, false};
	TupleDesc	desc;

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	orch_keys_load(&ring, false);
	key = wanted ? orch_keys_find(&ring, wanted) : &ring.keys[0];
	if (key != NULL)
		strlcpy(key_id, key->id, sizeof(key_id));
	done = key == NULL || mac_with(key, data, (uint8 *) VARDATA(result));
	nulls[1] = key == NULL;
	orch_keys_wipe(&ring);
	if (!done)
		elog(ERROR, "could not compute a digest");
	SET_VARSIZE(result, VARHDRSZ + ORCH_KEY_BYTES);
	values[0] = CStringGetTextDatum(wanted ? wanted : key_id);
	values[1] = PointerGetDatum(result);
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls));
}
