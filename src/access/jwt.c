/*
 * jwt.c
 *	  Signatures of tokens, by OpenSSL: HS256, RS256 and ES256.
 *
 * Taking a token apart and judging what it claims is SQL's (tokens.sql), which
 * calls this with the key that it chose.
 */
#include "postgres.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/param_build.h>

#include "core/compat.h"
#include "core/errors.h"
#include "fmgr.h"
#include "utils/builtins.h"

#define MIN_HMAC_KEY 32			/* bytes, as RFC 7518 demands of HS256 */
#define MIN_RSA_KEY 2048		/* bits */
#define P256_BYTES 32

typedef struct Bytes
{
	const unsigned char *data;
	int			length;
} Bytes;

static Bytes
bytes_of(bytea *value)
{
	Bytes		bytes = {(const unsigned char *) VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value)};

	return bytes;
}

static void
refuse_key(const char *why)
{
	ereport(ERROR,
			(errcode(ERRCODE_CONFIG_FILE_ERROR),
			 errmsg("key for tokens cannot be used"),
			 errdetail("%s", why)));
}

static bool
verify_hmac(Bytes key, Bytes message, Bytes signature)
{
	unsigned char expected[EVP_MAX_MD_SIZE];
	unsigned int length = 0;

	if (key.length < MIN_HMAC_KEY)
		refuse_key("HS256 takes a key of at least 256 bits.");
	if (HMAC(EVP_sha256(), key.data, key.length, message.data, message.length, expected, &length) == NULL)
		return false;
	return signature.length == (int) length && CRYPTO_memcmp(expected, signature.data, length) == 0;
}

/* takes the parameters along; NULL when they make no key */
static EVP_PKEY *
make_public_key(const char *type, OSSL_PARAM_BLD *builder)
{
	OSSL_PARAM *parameters = OSSL_PARAM_BLD_to_param(builder);
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	EVP_PKEY   *key = NULL;

	if (parameters && context && EVP_PKEY_fromdata_init(context) == 1)
		if (EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, parameters) != 1)
			key = NULL;
	EVP_PKEY_CTX_free(context);
	OSSL_PARAM_free(parameters);
	OSSL_PARAM_BLD_free(builder);
	return key;
}

static EVP_PKEY *
rsa_key(Bytes modulus, Bytes exponent)
{
	OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
	BIGNUM	   *n = BN_bin2bn(modulus.data, modulus.length, NULL);
	BIGNUM	   *e = BN_bin2bn(exponent.data, exponent.length, NULL);
	EVP_PKEY   *key;

	OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n);
	OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e);
	key = make_public_key("RSA", builder);
	BN_free(n);
	BN_free(e);
	if (key && EVP_PKEY_get_bits(key) < MIN_RSA_KEY)
	{
		EVP_PKEY_free(key);
		key = NULL;
	}
	return key;
}

static EVP_PKEY *
p256_key(Bytes x, Bytes y)
{
	unsigned char point[1 + 2 * P256_BYTES] = {POINT_CONVERSION_UNCOMPRESSED};
	OSSL_PARAM_BLD *builder;

	if (x.length != P256_BYTES || y.length != P256_BYTES)
		return NULL;
	memcpy(point + 1, x.data, P256_BYTES);
	memcpy(point + 1 + P256_BYTES, y.data, P256_BYTES);
	builder = OSSL_PARAM_BLD_new();
	OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0);
	OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point));
	return make_public_key("EC", builder);
}

/* tokens carry r and s side by side, OpenSSL wants them in DER; NULL when they are not that */
static unsigned char *
ecdsa_der(Bytes signature, int *length)
{
	ECDSA_SIG  *pair;
	unsigned char *der = NULL;

	if (signature.length != 2 * P256_BYTES)
		return NULL;
	pair = ECDSA_SIG_new();
	ECDSA_SIG_set0(pair, BN_bin2bn(signature.data, P256_BYTES, NULL), BN_bin2bn(signature.data + P256_BYTES, P256_BYTES, NULL));
	*length = i2d_ECDSA_SIG(pair, &der);
	ECDSA_SIG_free(pair);
	return der;
}

/* nothing throws between here and the end: OpenSSL's memory is not PostgreSQL's */
static bool
verify_with(EVP_PKEY *key, Bytes message, const unsigned char *signature, int length)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool		valid = context && signature &&
		EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, key) == 1 &&
		EVP_DigestVerify(context, signature, length, message.data, message.length) == 1;

	EVP_MD_CTX_free(context);
	return valid;
}

static bool
verify_rsa(Bytes modulus, Bytes exponent, Bytes message, Bytes signature)
{
	EVP_PKEY   *key = rsa_key(modulus, exponent);
	bool		valid;

	if (key == NULL)
		refuse_key("RS256 takes a public key of at least 2048 bits.");
	valid = verify_with(key, message, signature.data, signature.length);
	EVP_PKEY_free(key);
	return valid;
}

static bool
verify_ecdsa(Bytes x, Bytes y, Bytes message, Bytes signature)
{
	EVP_PKEY   *key = p256_key(x, y);
	unsigned char *der;
	int			length = 0;
	bool		valid;

	if (key == NULL)
		refuse_key("ES256 takes a point of the curve P-256.");
	der = ecdsa_der(signature, &length);
	valid = verify_with(key, message, der, length);
	OPENSSL_free(der);
	EVP_PKEY_free(key);
	return valid;
}

ORCH_FUNCTION(orch_verify_signature);

/*
 * verify_signature(algorithm, first, second, message, signature): the parts of
 * the key are k for HS256, n and e for RS256, x and y for ES256.
 */
Datum
orch_verify_signature(PG_FUNCTION_ARGS)
{
	char	   *algorithm = text_to_cstring(PG_GETARG_TEXT_PP(0));
	Bytes		first = bytes_of(PG_GETARG_BYTEA_PP(1));
	Bytes		second = bytes_of(PG_GETARG_BYTEA_PP(2));
	Bytes		message = bytes_of(PG_GETARG_BYTEA_PP(3));
	Bytes		signature = bytes_of(PG_GETARG_BYTEA_PP(4));

	if (strcmp(algorithm, "HS256") == 0)
		PG_RETURN_BOOL(verify_hmac(first, message, signature));
	if (strcmp(algorithm, "RS256") == 0)
		PG_RETURN_BOOL(verify_rsa(first, second, message, signature));
	if (strcmp(algorithm, "ES256") == 0)
		PG_RETURN_BOOL(verify_ecdsa(first, second, message, signature));
	PG_RETURN_BOOL(false);
}
