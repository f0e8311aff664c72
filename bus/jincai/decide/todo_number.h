/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_TODO_NUMBER_H
#define JC_TODO_NUMBER_H

#ifndef JINCAI_PROGRAM
#error "the program lies on top of all layers: nothing below may include it"
#endif

#include <stdint.h>

#include "span.h"

/*
 * Short numbers of what waits, to be said on the telephone and typed: "1123-07" is month and day on which it began to wait, and
 * the first digits of a decimal hash of what it is, two at least, as many as are needed to tell it from all else of that
 * day. The same thing has the same number as long as it waits; it may grow by a digit when another one comes.
 */
#define TODO_NUMBER_MAX 40
#define TODO_DIGITS_MIN 2u

/* The number with all of its digits. */
void todo_number_whole(int64_t day, struct span subject, char ret[TODO_NUMBER_MAX]);
/* Cuts each to what is needed; wholes is put in the order of their bytes. */
void todo_numbers_cut(char **wholes, unsigned n);
/* Written as a short number is. */
bool todo_number_is(struct span word);

#endif
