/* SPDX-License-Identifier: Apache-2.0 */
#include "pem.h"

#include <arpa/inet.h>
#include <limits.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "buf.h"

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

static void write_name(const X509_NAME *name, char *ret, size_t cap)
{
	BIO *b = BIO_new(BIO_s_mem());
	int n;

	if (!b)
		abort();
	/* As Java writes it in the names of ACLs: letters of any script as they are. */
	X509_NAME_print_ex(b, name, 0, XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB);
	n = BIO_read(b, ret, (int)cap - 1);
	ret[n > 0 ? n : 0] = 0;
	BIO_free(b);
}

static void write_time(const ASN1_TIME *time, char ret[24])
{
	struct tm tm;

	if (ASN1_TIME_to_tm(time, &tm) != 1 || strftime(ret, 24, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		strcpy(ret, "-");
}

static void add_host(const GENERAL_NAME *name, struct buf *ret)
{
	char text[INET6_ADDRSTRLEN];
	int type, n;
	const ASN1_STRING *s = GENERAL_NAME_get0_value(name, &type);
	const void *bytes = s ? ASN1_STRING_get0_data(s) : NULL;

	n = s ? ASN1_STRING_length(s) : 0;
	if (type == GEN_DNS)
		buf_printf(ret, "%s%.*s", ret->n ? " " : "", n, (const char *)bytes);
	else if (type == GEN_IPADD && (n == 4 || n == 16) &&
		inet_ntop(n == 4 ? AF_INET : AF_INET6, bytes, text, sizeof text))
		buf_printf(ret, "%s%s", ret->n ? " " : "", text);
}

static void write_hosts(X509 *x, char *ret, size_t cap)
{
	GENERAL_NAMES *all = X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);
	struct buf text = BUF_INIT;

	for (int i = 0; i < sk_GENERAL_NAME_num(all); i++)
		add_host(sk_GENERAL_NAME_value(all, i), &text);
	snprintf(ret, cap, "%.*s", text.n ? (int)text.n : 1, text.n ? text.p : "-");
	buf_done(&text);
	GENERAL_NAMES_free(all);
}

static void about(X509 *x, struct pem_about *ret)
{
	write_name(X509_get_subject_name(x), ret->subject, sizeof ret->subject);
	write_name(X509_get_issuer_name(x), ret->issuer, sizeof ret->issuer);
	write_hosts(x, ret->names, sizeof ret->names);
	write_time(X509_get0_notBefore(x), ret->from);
	write_time(X509_get0_notAfter(x), ret->until);
	X509_free(x);
	ERR_clear_error();
}

int pem_about(struct span pem, struct pem_about *ret, struct err *e)
{
	BIO *b = bytes_of(pem);
	X509 *x = PEM_read_bio_X509(b, NULL, no_passphrase, NULL);

	BIO_free(b);
	ERR_clear_error();
	if (!x)
		return err_set(e, E_PEM_CERTIFICATE, "n=1");
	about(x, ret);
	return 0;
}

int pem_about_der(struct span der, struct pem_about *ret)
{
	const unsigned char *at = (const unsigned char *)der.p;
	X509 *x = der.n <= LONG_MAX ? d2i_X509(NULL, &at, (long)der.n) : NULL;

	ERR_clear_error();
	if (!x)
		return -1;
	about(x, ret);
	return 0;
}

enum pem_fault pem_fault(int error, const char **ret_why)
{
	*ret_why = X509_verify_cert_error_string(error);
	switch (error) {
	case X509_V_ERR_CERT_HAS_EXPIRED:
	case X509_V_ERR_CERT_NOT_YET_VALID:
		return PEM_FAULT_TIME;
	case X509_V_ERR_HOSTNAME_MISMATCH:
	case X509_V_ERR_IP_ADDRESS_MISMATCH:
		return PEM_FAULT_HOST;
	default:
		return PEM_FAULT_TRUST;
	}
}
