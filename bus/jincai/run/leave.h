/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_LEAVE_H
#define JC_LEAVE_H

#ifndef JINCAI_PROGRAM
#error "the program lies on top of all layers: nothing below may include it"
#endif

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

/*
 * `run` on a cluster that does not answer, and is asked to end: single calls wait for it up to 40 s, one behind the other. What
 * ends a process at any moment loses nothing, and the next start asks what counts; so it ends without those answers.
 */
#define LEAVE_MS 8000u               /* brokers that are only slow have answered by then */

struct leave {
	const atomic_int *stop;      /* 1: asked to end */
	unsigned patience_ms;        /* LEAVE_MS */
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t over;
	bool started, ended;
};

/* From here on the process ends (exit code of run.left, which is printed) when it is still there patience_ms after it was asked to,
 * until leave_end. stop and patience_ms are set before; *l stays where it is. */
void leave_begin(struct leave *l);
void leave_end(struct leave *l);

#endif
