/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_LATER_H
#define JC_LATER_H

#ifndef JINCAI_PROGRAM
#error "the program lies on top of all layers: nothing below may include it"
#endif

#include <stdatomic.h>
#include <stdbool.h>

#include "err.h"

/*
 * What `run` does before the loop (flow.h) has it: what is not there now comes later, and is waited for. A broker that is
 * being started again is no reason to end, at whatever step it went away.
 */
struct later {
	const char *what;            /* name of the line in the log: at the 1st, 2nd, 4th, 8th failure in a row */
	const atomic_int *stop;      /* 1: wait no longer */
	bool until_idle;             /* three failures in a row are enough */
	unsigned failures;           /* in a row; the wait grows with it, 200 ms to 2 s */
};

/* Is it of a kind that is tried again: ERR_RETRY, or a commit of which nobody knows whether it happened. */
bool later_is(const struct err *e);
/* Waits: true, try again; false: it is of another kind, failed too often, or was stopped. */
bool later_again(struct later *l, const struct err *e);

#endif
