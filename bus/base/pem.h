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

#endif
