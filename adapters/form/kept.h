/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_KEPT_H
#define JC_KEPT_H

#include "form.h"

/*
 * Forms, tables and schemas kept by digest: ROOT/<digest>/ is laid out as a library (library.h) and holds one of them, so that
 * what a batch began with, and what is in force, is read by the code that reads all others. What stands there is never changed;
 * whoever reads it compares the digest of what he has read.
 *
 * Each of these writes what is not there yet; durable on return. Errors: file.*, disk.*.
 */
#define KEPT_DIGEST (2u * HASH_SHA256 + 1u)

/* name: "payroll/pipe/batch"; one that is no name of a library ("./own.yaml") is kept as form.yaml. */
int kept_form(const char *root, const struct form *form, const char *name, struct err *e);
int kept_table(const char *root, const struct code_table *t, struct err *e);
int kept_schema(const char *root, const struct schema *s, struct err *e);
/* One file of any kind, by the digest of its bytes. */
int kept_file(const char *root, const char *name, struct span bytes, struct err *e);

/*
 * The form by its digest and the tables by theirs, as a claim names them: from FORMS/<digest>.yaml and, below root, the tables; all
 * else comes from l. *ret_library has to be freed after the form. NULL: it is not there any more, or is not what the digests say.
 */
struct form *kept_form_of(const struct library *l, const char *root, const char *forms, struct span digest, struct span tables,
	struct library **ret_library);

/* Is it that form, with those tables? No tables named: only the form is compared. */
bool kept_is_that(const struct form *f, struct span digest, struct span tables);

/* Is that a name under which a form lies in a library? */
bool kept_is_name(const char *name);
/* ROOT/<digest>; to be freed. */
char *kept_folder(const char *root, const char *digest);

#endif
