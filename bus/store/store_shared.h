/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_STORE_SHARED_H
#define JC_STORE_SHARED_H

#include <stdbool.h>
#include <stdint.h>

#include "err.h"

/*
 * Inside the store: what several processes agree on before LMDB is opened, by locks on files of the folder. A lock goes
 * with the process that held it, however that ends.
 */
struct shared {
	int dir;                     /* borrowed */
	int lease, opening;          /* -1: not held */
	bool alone;                  /* nobody else has the store open; right until shared_entered */
	bool anew;                   /* what was there was thrown away */
	char what[400];
};

#define SHARED_INIT ((struct shared){.dir = -1, .lease = -1, .opening = -1})
#define SHARED_WAIT_MS 10000

/* From here to shared_entered nobody else opens the store. Throws away what must not be read, when alone. what: one line,
 * what the store is to hold. Errors: store.leased, store.version, store.busy, file.*, disk.full. */
int shared_enter(struct shared *h, int dir, const char *what, struct err *e);
/* Throws away what cannot be opened. Only when alone, before shared_entered. */
int shared_throw_away(struct shared *h, struct err *e);
void shared_entered(struct shared *h);
/* The next that is alone throws it away. */
void shared_spoil(struct shared *h);
void shared_leave(struct shared *h);

/* The lock within which a process writes; one descriptor a process. -1 with store.busy after SHARED_WAIT_MS. */
int shared_writing_open(int dir, int *ret_fd, struct err *e);
int shared_writing_lock(int fd, struct err *e);
bool shared_writing_try(int fd, int64_t ms);           /* at most so long */
void shared_writing_unlock(int fd);

#endif
