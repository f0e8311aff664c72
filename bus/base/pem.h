/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_PEM_H
#define JC_PEM_H

#include "err.h"
#include "span.h"

/*
 * Files of a TLS connection, looked at before anybody connects: what a cluster would refuse later with few words is found
 * where it is written. Nobody is believed because of this.
 */
#define PEM_MAX (1u << 20)           /* bytes of a file: a bundle of authorities has some hundred thousand */

/* Holds at least one certificate, and each block is one. pem.certificate */
int pem_certificates(struct span pem, struct err *e);
/* The key is not locked by a passphrase, and belongs to the first certificate. pem.key, pem.pair; nothing of the key's bytes
 * is said. */
int pem_pair(struct span certificate, struct span key, struct err *e);

/* What a certificate says of itself, for a message. */
struct pem_about {
	char subject[128], issuer[128];      /* RFC 2253: CN=jincai,O=... */
	char names[96];              /* hosts that it is for, with blanks between; "-": none */
	char from[24], until[24];    /* 2026-12-01T08:00:00Z */
};

/* The first certificate of a file: pem.certificate. */
int pem_about(struct span pem, struct pem_about *ret, struct err *e);
/* One as a peer shows it (DER); -1 when it cannot be read. */
int pem_about_der(struct span der, struct pem_about *ret);

/* What a verification of OpenSSL had against a certificate (X509_V_ERR_*). */
enum pem_fault { PEM_FAULT_TIME, PEM_FAULT_HOST, PEM_FAULT_TRUST };
enum pem_fault pem_fault(int error, const char **ret_why);

#endif
