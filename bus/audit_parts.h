/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_AUDIT_PARTS_H
#define JC_AUDIT_PARTS_H

#include "audit.h"

/* What audit.c (writing) and audit_verify.c share. Nobody else includes this. */
#define AUDIT_TAIL (sizeof ",\"chain\":\"\"}" - 1 + AUDIT_CHAIN - 1)     /* what ends the data of a record */

int audit_hash_by_name(struct span name, enum audit_hash *ret);
/* The chain value of a record: text is all of its event before ,"chain". */
void audit_digest(enum audit_hash hash, const char *before, struct span text, char ret[AUDIT_CHAIN]);

#endif
