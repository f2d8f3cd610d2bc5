/*
 * seal_cipher.c
 *	  AES-256-GCM by OpenSSL, which pgcrypto stands on too.
 *
 * Authenticated encryption with additional data is what binds a sealed value to
 * its row; pgcrypto's functions do not offer it.
 */
#include "core/compat.h"
#include "core/seal.h"

#include <openssl/evp.h>

#if OPENSSL_VERSION_NUMBER < 0x30000000L
#error "orchestration needs OpenSSL 3.0 or newer"
#endif

#define GCM_LENGTH_MAX (INT_MAX - ORCH_NONCE_BYTES - ORCH_TAG_BYTES)

/*
 * Encrypts length bytes into nonce, ciphertext and tag, with a nonce of its own.
 */
void
orch_gcm_encrypt(const uint8 *key, const void *bound, Size bound_length, const void *plain, Size length, uint8 *encrypted)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	uint8	   *out = encrypted + ORCH_NONCE_BYTES;
	int			n = 0;
	bool		done;

	done = ctx != NULL && length <= GCM_LENGTH_MAX && pg_strong_random(encrypted, ORCH_NONCE_BYTES) &&
		EVP_EncryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key, encrypted) == 1 &&
		EVP_EncryptUpdate(ctx, NULL, &n, bound, (int) bound_length) == 1 &&
		(length == 0 || EVP_EncryptUpdate(ctx, out, &n, plain, (int) length) == 1) &&
		EVP_EncryptFinal_ex(ctx, out + length, &n) == 1 &&
		EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, ORCH_TAG_BYTES, out + length) == 1;
	EVP_CIPHER_CTX_free(ctx);
	if (!done)
		elog(ERROR, "could not encrypt");
}

/*
 * Decrypts length bytes of nonce, ciphertext and tag.  False when key, bound
 * data or ciphertext are not those of the encryption; plain is void then.
 */
bool
orch_gcm_decrypt(const uint8 *key, const void *bound, Size bound_length, const uint8 *encrypted, Size length, uint8 *plain)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	const uint8 *in = encrypted + ORCH_NONCE_BYTES;
	Size		inner = length - ORCH_NONCE_BYTES - ORCH_TAG_BYTES;
	int			n = 0;
	uint8		rest[ORCH_TAG_BYTES];
	bool		done;

	done = ctx != NULL &&
		EVP_DecryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key, encrypted) == 1 &&
		EVP_DecryptUpdate(ctx, NULL, &n, bound, (int) bound_length) == 1 &&
		(inner == 0 || EVP_DecryptUpdate(ctx, plain, &n, in, (int) inner) == 1) &&
		EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_SET_TAG, ORCH_TAG_BYTES, unconstify(uint8 *, in + inner)) == 1 &&
		EVP_DecryptFinal_ex(ctx, rest, &n) == 1;
	EVP_CIPHER_CTX_free(ctx);
	if (!done)
		explicit_bzero(plain, inner);
	return done;
}
