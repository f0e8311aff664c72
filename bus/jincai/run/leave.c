/* SPDX-License-Identifier: Apache-2.0 */
#include "leave.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "log.h"
#include "say.h"

#define LOOK_MS 100                  /* a signal handler cannot wake a thread */

static void leave(const struct leave *l)
{
	struct err e = ERR_INIT;

	err_set(&e, E_RUN_LEFT, "seconds=%u", l->patience_ms / 1000);
	err_print(&e, say_lang(), stderr);
	log_err(LOG_WARN, "run.left", &e, "exit=%d", err_code(e.id)->exit);
	_exit(err_code(e.id)->exit);
}

/* The lock is held, and given back while it waits. */
static void rest(struct leave *l)
{
	int64_t until = clock_steady_ms() + LOOK_MS;
	struct timespec t = {until / 1000, until % 1000 * 1000000};

	pthread_cond_timedwait(&l->over, &l->lock, &t);
}

static void *watch(void *arg)
{
	struct leave *l = arg;
	int64_t asked_ms = 0;

	pthread_mutex_lock(&l->lock);
	while (!l->ended) {
		if (!asked_ms && atomic_load(l->stop) == 1)
			asked_ms = clock_steady_ms();
		if (asked_ms && clock_steady_ms() - asked_ms >= (int64_t)l->patience_ms)
			leave(l);
		rest(l);
	}
	pthread_mutex_unlock(&l->lock);
	return NULL;
}

void leave_begin(struct leave *l)
{
	pthread_condattr_t steady;

	l->ended = false;
	pthread_mutex_init(&l->lock, NULL);
	pthread_condattr_init(&steady);
	pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
	pthread_cond_init(&l->over, &steady);
	pthread_condattr_destroy(&steady);
	/* Without it the process only takes longer to end. */
	l->started = pthread_create(&l->thread, NULL, watch, l) == 0;
}

void leave_end(struct leave *l)
{
	pthread_mutex_lock(&l->lock);
	l->ended = true;
	pthread_cond_signal(&l->over);
	pthread_mutex_unlock(&l->lock);
	if (l->started)
		pthread_join(l->thread, NULL);
	pthread_cond_destroy(&l->over);
	pthread_mutex_destroy(&l->lock);
}
