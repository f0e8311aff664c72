/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_SUSPECTS_H
#define JC_SUSPECTS_H

#ifndef JINCAI_PROGRAM
#error "the program lies on top of all layers: nothing below may include it"
#endif

#include "claim.h"

/* The suspected doubles of a claim (pays.h), for people: a line each, and how many more there are. */
void suspects_text(const struct claim *c, struct buf *b);

#endif
