/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COUNT_H
#define COUNT_H

/*
 * Between the files of the library that counts (count.c says for whom and how). A step that another file sees is counted
 * with those of count.c, in one order. Nothing of this is seen by the program.
 */
#include <stdbool.h>

#pragma GCC visibility push(hidden)

/* The next one of that name, behind us. Ends the program when there is none. */
void *count_next(const char *name);
/* Before a durable step: logs it, kills when it is the one. Returns its number, 0: nothing is asked. */
unsigned long count_before(const char *call, const char *what);
/* After it: kills when that was asked. */
void count_after(unsigned long step);

#pragma GCC visibility pop

#endif
