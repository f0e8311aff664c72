/* SPDX-License-Identifier: Apache-2.0 */
#include "pem.h"

#include <limits.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdlib.h>

static BIO *bytes_of(struct span pem)
{
	BIO *b = BIO_new_mem_buf(pem.n ? pem.p : "", pem.n < INT_MAX ? (int)pem.n : INT_MAX);

	if (!b)
		abort();
	return b;
}

static int no_passphrase(char *ret, int cap, int writing, void *arg)
{
	(void)ret, (void)cap, (void)writing, (void)arg;
	return -1;
}

int pem_certificates(struct span pem, struct err *e)
{
	BIO *b = bytes_of(pem);
	unsigned n = 0;
	X509 *x;
	bool ended;

	while ((x = PEM_read_bio_X509(b, NULL, no_passphrase, NULL))) {
		X509_free(x);
		n++;
	}
	ended = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
	ERR_clear_error();
	BIO_free(b);
	return n && ended ? 0 : err_set(e, E_PEM_CERTIFICATE, "n=%u", n + 1);
}

int pem_pair(struct span certificate, struct span key, struct err *e)
{
	BIO *c = bytes_of(certificate), *k = bytes_of(key);
	X509 *x = PEM_read_bio_X509(c, NULL, no_passphrase, NULL);
	EVP_PKEY *secret = PEM_read_bio_PrivateKey(k, NULL, no_passphrase, NULL);
	int ret = 0;

	if (!x)
		ret = err_set(e, E_PEM_CERTIFICATE, "n=1");
	else if (!secret)
		ret = err_set(e, E_PEM_KEY, "%s", "");
	else if (X509_check_private_key(x, secret) != 1)
		ret = err_set(e, E_PEM_PAIR, "%s", "");
	ERR_clear_error();
	EVP_PKEY_free(secret);
	X509_free(x);
	BIO_free(c);
	BIO_free(k);
	return ret;
}
