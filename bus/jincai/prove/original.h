/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_ORIGINAL_H
#define JC_ORIGINAL_H

#include "claim.h"
#include "hash.h"
#include "site.h"

/* A file of a source read as it is: nothing is taken, nothing copied. */
struct original {
	struct codec_input input;    /* first: fill casts back */
	const char *path;
	int fd;                      /* the caller's; -1: it cannot be opened, errno says why */
	struct hash_sha256 *hash;    /* gets all that is read; NULL: nobody asks */
};

/* path must outlive it. */
struct original original_open(const char *path, int flags);
/* The form, and the tables, of a claim whose adapter has others by now, among what the bus keeps; *ret_library has to be freed after
 * it. NULL: they are kept no more. */
struct form *original_form(const struct site *s, struct bus *b, const struct site_adapter *a, const struct claim *claim,
	struct library **ret_library);

#endif
