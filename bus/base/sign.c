/* SPDX-License-Identifier: Apache-2.0 */
#include "sign.h"

#include <assert.h>
#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdlib.h>

#define SM2_ID "1234567812345678"
#define BYTES_MAX (SIGN_TEXT_MAX / 4 * 3)
#define WEAK_TRIES 256u              /* a point of order 8 escapes one try in 7 of 8 cases */

struct sign_key {
	EVP_PKEY *key;
	unsigned char *der;
	size_t nder;
};

struct sign_secret {
	EVP_PKEY *key;
};

static bool is_sm2(const EVP_PKEY *key)
{
	return EVP_PKEY_is_a(key, "SM2") == 1;
}

static bool known(const EVP_PKEY *key)
{
	return is_sm2(key) || EVP_PKEY_is_a(key, "ED25519") == 1;
}

/* How often a block begins in it. */
static unsigned blocks(struct span pem)
{
	unsigned n = 0;

	for (size_t i = 0; i + 11 <= pem.n; i++)
		n += memcmp(pem.p + i, "-----BEGIN ", 11) == 0;
	return n;
}

static bool holds(struct span pem, struct span word)
{
	return pem.n && memmem(pem.p, pem.n, word.p, word.n) != NULL;
}

/* ---- one signature ---- */

/* A context for one signature or check; NULL when OpenSSL refuses. */
static EVP_MD_CTX *begin(EVP_PKEY *key, bool make)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
	bool ok;

	if (!md || !ctx)
		abort();
	EVP_MD_CTX_set_pkey_ctx(md, ctx);
	ok = !is_sm2(key) || EVP_PKEY_CTX_set1_id(ctx, SM2_ID, sizeof SM2_ID - 1) == 1;
	if (ok && make)
		ok = EVP_DigestSignInit(md, NULL, is_sm2(key) ? EVP_sm3() : NULL, NULL, key) == 1;
	else if (ok)
		ok = EVP_DigestVerifyInit(md, NULL, is_sm2(key) ? EVP_sm3() : NULL, NULL, key) == 1;
	if (ok)
		return md;
	EVP_MD_CTX_free(md);
	EVP_PKEY_CTX_free(ctx);
	return NULL;
}

static void end(EVP_MD_CTX *md)
{
	EVP_PKEY_CTX *ctx = EVP_MD_CTX_get_pkey_ctx(md);

	EVP_MD_CTX_free(md);
	EVP_PKEY_CTX_free(ctx);
	ERR_clear_error();
}

static bool verifies(EVP_PKEY *key, struct span bytes, const unsigned char *sig, size_t n)
{
	EVP_MD_CTX *md = begin(key, false);
	bool ok = md && EVP_DigestVerify(md, sig, n, (const unsigned char *)bytes.p, bytes.n) == 1;

	if (md)
		end(md);
	ERR_clear_error();
	return ok;
}

/* Exactly one way to write the same bytes: what is decoded and written again is the same text. Else -1. */
static int unpack(struct span text, unsigned char ret[BYTES_MAX], size_t *ret_n)
{
	char again[SIGN_TEXT_MAX + 1];
	int n;

	if (text.n < 4 || text.n > SIGN_TEXT_MAX || text.n % 4)
		return -1;
	n = EVP_DecodeBlock(ret, (const unsigned char *)text.p, (int)text.n);
	if (n < 0)
		return -1;
	for (size_t i = text.n; i-- > text.n - 2 && text.p[i] == '=';)
		n--;
	if (EVP_EncodeBlock((unsigned char *)again, ret, n) != (int)text.n || memcmp(again, text.p, text.n) != 0)
		return -1;
	*ret_n = (size_t)n;
	return 0;
}

int sign_check(const struct sign_key *k, struct span bytes, struct span signature, struct err *e)
{
	unsigned char sig[BYTES_MAX];
	size_t n;

	if (unpack(signature, sig, &n) != 0)
		return err_set(e, E_SIGN_FORM, "%s", "");
	return verifies(k->key, bytes, sig, n) ? 0 : err_set(e, E_SIGN_WRONG, "%s", "");
}

/* ---- public keys ---- */

/* The point lies on the curve, and is not the one at infinity. */
static bool is_point(EVP_PKEY *key)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
	bool ok = ctx && EVP_PKEY_public_check(ctx) == 1;

	EVP_PKEY_CTX_free(ctx);
	ERR_clear_error();
	return ok;
}

/*
 * Under a point of small order a signature that nobody made holds for a part of all texts: R the neutral point, S zero.
 * Whoever finds one that holds does not need the private key.
 */
static bool is_weak(EVP_PKEY *key)
{
	static const unsigned char forged[64] = {1};

	if (is_sm2(key))
		return !is_point(key);
	for (unsigned i = 0; i < WEAK_TRIES; i++)
		if (verifies(key, (struct span){(const char *)&i, sizeof i}, forged, sizeof forged))
			return true;
	return false;
}

static struct sign_key *own(EVP_PKEY *key)
{
	struct sign_key *k = mem_new(sizeof *k);
	int n;

	/* A point can be written in three ways. */
	if (is_sm2(key))
		EVP_PKEY_set_utf8_string_param(key, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT,
			OSSL_PKEY_EC_POINT_CONVERSION_FORMAT_UNCOMPRESSED);
	k->key = key;
	n = i2d_PUBKEY(key, &k->der);
	assert(n > 0);
	k->nder = (size_t)n;
	ERR_clear_error();
	return k;
}

int sign_key_read(struct span pem, struct sign_key **ret, struct err *e)
{
	EVP_PKEY *key = NULL;
	BIO *in;

	if (holds(pem, SPAN("PRIVATE KEY")))
		return err_set(e, E_SIGN_PRIVATE, "%s", "");
	if (pem.n > SIGN_PEM_MAX || blocks(pem) != 1)
		return err_set(e, E_SIGN_KEY, "%s", "");
	in = BIO_new_mem_buf(pem.p, (int)pem.n);
	if (in)
		key = PEM_read_bio_PUBKEY(in, NULL, NULL, NULL);
	BIO_free(in);
	ERR_clear_error();
	if (!key || !known(key)) {
		EVP_PKEY_free(key);
		return err_set(e, E_SIGN_KEY, "%s", "");
	}
	if (is_weak(key)) {
		EVP_PKEY_free(key);
		return err_set(e, E_SIGN_WEAK, "%s", "");
	}
	*ret = own(key);
	return 0;
}

void sign_key_free(struct sign_key *k)
{
	if (!k)
		return;
	EVP_PKEY_free(k->key);
	OPENSSL_free(k->der);
	free(k);
}

const char *sign_key_kind(const struct sign_key *k)
{
	return is_sm2(k->key) ? "SM2" : "Ed25519";
}

void sign_key_pem(const struct sign_key *k, struct buf *b)
{
	BIO *out = BIO_new(BIO_s_mem());
	char *p;
	long n;

	if (!out || PEM_write_bio(out, "PUBLIC KEY", "", k->der, (long)k->nder) <= 0)
		abort();
	n = BIO_get_mem_data(out, &p);
	buf_add(b, p, (size_t)n);
	BIO_free(out);
}

void sign_key_digest(const struct sign_key *k, uint8_t ret[HASH_SHA256])
{
	hash_sha256(k->der, k->nder, ret);
}

/* ---- private keys ---- */

struct asking {
	int (*ask)(void *arg, char *ret, int cap);
	void *arg;
	bool asked;
};

static int passphrase(char *ret, int cap, int writing, void *arg)
{
	struct asking *a = arg;

	(void)writing;
	a->asked = true;
	return a->ask ? a->ask(a->arg, ret, cap) : -1;
}

int sign_secret_read(struct span pem, int (*ask)(void *arg, char *ret, int cap), void *arg, struct sign_secret **ret,
	struct err *e)
{
	struct asking a = {ask, arg, false};
	EVP_PKEY *key = NULL;
	BIO *in;

	if (pem.n > SIGN_PEM_MAX || blocks(pem) == 0 || !holds(pem, SPAN("PRIVATE KEY")))
		return err_set(e, E_SIGN_SECRET, "%s", "");
	in = BIO_new_mem_buf(pem.p, (int)pem.n);
	if (in)
		key = PEM_read_bio_PrivateKey(in, NULL, passphrase, &a);
	BIO_free(in);
	ERR_clear_error();
	if (!key || !known(key)) {
		bool locked = !key && a.asked;

		EVP_PKEY_free(key);
		return err_set(e, locked ? E_SIGN_PASSPHRASE : E_SIGN_SECRET, "%s", "");
	}
	*ret = mem_new(sizeof **ret);
	(*ret)->key = key;
	return 0;
}

void sign_secret_free(struct sign_secret *s)
{
	if (s)
		EVP_PKEY_free(s->key);
	free(s);
}

struct sign_key *sign_secret_key(const struct sign_secret *s)
{
	unsigned char *der = NULL;
	const unsigned char *at;
	EVP_PKEY *key;
	int n = i2d_PUBKEY(s->key, &der);

	assert(n > 0);
	at = der;
	key = d2i_PUBKEY(NULL, &at, n);
	OPENSSL_free(der);
	assert(key);
	return own(key);
}

int sign_make(const struct sign_secret *s, struct span bytes, struct buf *b, struct err *e)
{
	unsigned char sig[BYTES_MAX], text[SIGN_TEXT_MAX + 1];
	EVP_MD_CTX *md = begin(s->key, true);
	size_t n = sizeof sig;
	bool ok = md && EVP_DigestSign(md, sig, &n, (const unsigned char *)bytes.p, bytes.n) == 1;

	if (md)
		end(md);
	ERR_clear_error();
	if (!ok)
		return err_set(e, E_SIGN_SECRET, "%s", "");
	buf_add(b, text, (size_t)EVP_EncodeBlock(text, sig, (int)n));
	return 0;
}
