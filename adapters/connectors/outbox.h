/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_OUTBOX_H
#define JC_OUTBOX_H

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "err.h"
#include "hash.h"

/*
 * The file connector, outward: a folder that a receiver takes files from. A parcel waits in .staging/ (0700) inside that
 * folder under a name of ours and is renamed to its own, never replacing what is there. A name may have folders in
 * front ("602001/mx_000001.csv"); they are made (0700).
 *
 * A rename whose staged name is gone has been done: kill -9 leaves exactly that. After a power cut it may have been undone
 * after the receiver took the file; that question is the caller's (parcel states), not this file's.
 */
struct outbox;

/* home: the folder itself; or one of its own inside (".staging/p3/.staging"), which is made and below which is staged, for one of
 * several flows that hand over into one folder. group: files are 0640 and the folders in front of names 2770, so that a receiver
 * in the folder's group may take them; else 0600 and 0700, for ourselves alone. Errors: file.*, outbox.other_device when .staging
 * lies on another file system. */
int outbox_open(const char *folder, const char *home, bool group, struct outbox **ret, struct err *e);
void outbox_close(struct outbox *o);

/* Makes an empty staged file (whatever had that name is gone), appends to it, syncs it. disk.full leaves it unfinished: try
 * again from the start; outbox.staged: somebody took it away meanwhile, most likely who owns the flow by now. */
int outbox_stage(struct outbox *o, const char *staged, struct err *e);
int outbox_append(struct outbox *o, const char *staged, struct span bytes, struct err *e);
int outbox_sync(struct outbox *o, const char *staged, struct err *e);
int outbox_sync_staging(struct outbox *o, struct err *e);

bool outbox_is_staged(const struct outbox *o, const char *staged);
/* The SHA-256 of a staged file, or when it is gone, and name is not NULL, of the one that has that name. 1, 0 neither is there. */
int outbox_hash(struct outbox *o, const char *staged, const char *name, uint8_t ret[HASH_SHA256], struct err *e);

/* Renames staged to its name and remembers the folders to sync. A staged name that is gone: done before, 0. A name that is
 * taken: file.exists. */
int outbox_hand(struct outbox *o, const char *staged, const char *name, struct err *e);
/* Syncs every folder that outbox_hand touched since the last call, and .staging. */
int outbox_settle(struct outbox *o, struct err *e);

/* Deletes staged names that keep (sorted by bytes, n of them) does not have. Names begin with the generation of who staged
 * them ("3-17.body"): those of generation and later ones stay, for a process that was fenced must not clear away what its
 * successor stages. What is called ledger or witness is not ours. */
int outbox_discard(struct outbox *o, const char *const *keep, unsigned n, uint64_t generation, struct err *e);
/* Deletes one staged name; fine when it is gone. */
int outbox_unstage(struct outbox *o, const char *staged, struct err *e);

#endif
