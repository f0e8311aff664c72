/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_SIGN_H
#define JC_SIGN_H

#include <stdint.h>

#include "buf.h"
#include "err.h"
#include "hash.h"

/*
 * Signatures of people, by OpenSSL: Ed25519 (RFC 8032) and SM2 with SM3 (GB/T 32918, user id 1234567812345678 as GB/T
 * 35276 sets it). A public key is one PEM block "PUBLIC KEY", a private key one block "PRIVATE KEY" or "ENCRYPTED
 * PRIVATE KEY" (PKCS #8). Signatures are written in Base64: 64 bytes for Ed25519, a DER sequence of two numbers for
 * SM2. What is signed are the bytes themselves, so that anybody can check by the openssl program what was signed here.
 *
 * Errors (ERR_DATA for signatures, ERR_CONF for keys): sign.key (no such key, more than one, a size beyond
 * SIGN_PEM_MAX), sign.private (a private key where a public one belongs), sign.weak (a key under which forged
 * signatures hold), sign.passphrase, sign.form (no such Base64), sign.wrong. None of them says anything of a key's
 * bytes.
 */
#define SIGN_PEM_MAX 8192u           /* bytes of a key file */
#define SIGN_TEXT_MAX 128u           /* characters of a signature */

struct sign_key;                     /* public; may be used by several threads at once */

int sign_key_read(struct span pem, struct sign_key **ret, struct err *e);
void sign_key_free(struct sign_key *k);
/* "Ed25519" or "SM2". */
const char *sign_key_kind(const struct sign_key *k);
/* The key in one way of writing only, whatever the file held beside it: PEM, and the SHA-256 of its DER form. Two keys
 * with the same digest are the same key. */
void sign_key_pem(const struct sign_key *k, struct buf *b);
void sign_key_digest(const struct sign_key *k, uint8_t ret[HASH_SHA256]);
/* 0: this key signed exactly these bytes. */
int sign_check(const struct sign_key *k, struct span bytes, struct span signature, struct err *e);

struct sign_secret;                  /* private; one thread at a time */

/* ask is called when the key is encrypted: it writes the passphrase (at most cap - 1 bytes) and returns its length, or
 * -1. It may be NULL: such keys are sign.passphrase then. */
int sign_secret_read(struct span pem, int (*ask)(void *arg, char *ret, int cap), void *arg, struct sign_secret **ret,
	struct err *e);
void sign_secret_free(struct sign_secret *s);
/* The public half, to be freed. */
struct sign_key *sign_secret_key(const struct sign_secret *s);
/* Appends the signature. */
int sign_make(const struct sign_secret *s, struct span bytes, struct buf *b, struct err *e);

#endif
