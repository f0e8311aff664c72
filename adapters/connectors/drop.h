/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_DROP_H
#define JC_DROP_H

#include "codec.h"
#include "form.h"

/*
 * The file connector, inward: a drop folder that a vendor writes into.
 *
 * A complete file is *taken*: renamed into .taken/ beside it, under "<generation>-<counter>-<its name>", a name never used
 * before. Only then is it copied into our spool, under the same name, read and digested on the way. What lies in .taken
 * without a claim record is claimed, whoever put it there: a process that was stopped in the middle, and whose flow another one
 * runs by now, still does the one rename when it goes on. The original stays in .taken.
 *
 * Names in .taken that end in ".marker" are the markers that were taken along.
 */
struct drop;

/* folder must be there and writable (file.*), spool is made. Errors: drop.other_device when .taken is on another one. */
int drop_open(const char *folder, const char *spool, const struct form *form, struct drop **ret, struct err *e);
void drop_close(struct drop *d);

/* The next complete file by name; *ret is owned by d until the next call. 1, 0 none, -1. Whatever is not a regular file is
 * passed over and reported once through refused (may be NULL): drop.not_regular {file}{what}; so is a complete file that we
 * may not read: drop.denied {file}, and one whose name we cannot keep: drop.name {file} (not UTF-8, or with a quote, a backslash
 * or a control in it; file is the folder), drop.long_name {file}. */
int drop_find(struct drop *d, const char **ret, void (*refused)(void *arg, const struct err *why), void *arg,
	struct err *e);
/* Takes it: both renames, then .taken and the drop folder synced. ret_taken: at least 256 bytes. 0, -1; 1: it is no longer
 * there, the vendor took it back. */
int drop_take(struct drop *d, const char *name, uint64_t generation, unsigned counter, char *ret_taken,
	struct err *e);
/* Names of the files in .taken, markers and what is no file left out, sorted; freed by fsys_list_free. Marker files whose data was taken before a crash are
 * taken along first. Syncs both folders: an earlier life may have died between a rename and its sync. */
int drop_taken(struct drop *d, char ***ret, struct err *e);
/* Has anything come to .taken, or gone, since drop_taken read it? Our own taking counts. */
bool drop_taken_changed(struct drop *d);
/* The vendor's name in a taken one. */
const char *drop_name(const char *taken);

/* Puts a slip about a file that is not dealt with where its source finds it: that folder, made when missing; NULL: .returned in
 * the drop folder. Durable; the same name again is replaced. */
int drop_return(struct drop *d, const char *folder, const char *name, struct span bytes, struct err *e);

/* ---- the copy: reading it writes the spool file and keeps the digests ---- */
struct drop_copy;

/* Starts anew, whatever an earlier try left. */
int drop_copy_open(struct drop *d, const char *taken, struct drop_copy **ret, struct err *e);
struct codec_input *drop_copy_input(struct drop_copy *c);
/* Copies what is left without giving it to a reader, at most max_bytes; 1 more is left, 0 at the end, -1. */
int drop_copy_rest(struct drop_copy *c, uint64_t max_bytes, struct err *e);
/* At the end: syncs spool file and folder. drop.growing (ERR_RETRY) when size or time of the original changed meanwhile. */
int drop_copy_finish(struct drop_copy *c, struct err *e);
uint64_t drop_copy_size(const struct drop_copy *c);
void drop_copy_digest(const struct drop_copy *c, uint8_t ret[HASH_SHA256]);
const struct buf *drop_copy_digests(const struct drop_copy *c);  /* of its blocks, as in a claim */
void drop_copy_close(struct drop_copy *c);

/* ---- the spool, read back ---- */
struct drop_spool;

/* Reads from offset on; every block is checked against digests (claim.h) before a byte of it is given. drop.spool_missing,
 * drop.spool_damaged {block} (ERR_HALT; its first MiB). */
int drop_spool_open(struct drop *d, const char *taken, struct span digests, uint64_t size, uint64_t offset,
	struct drop_spool **ret, struct err *e);
/* Makes a copy that is gone once more, whole or not at all, from the original in .taken, which has to have that digest (SHA-256,
 * hex): drop.spool_missing when it is gone too, or another one; disk.full, drop.growing. */
int drop_spool_again(struct drop *d, const char *taken, struct span digest, struct err *e);
struct codec_input *drop_spool_input(struct drop_spool *s);
void drop_spool_close(struct drop_spool *s);
/* Deletes; fine when it is gone. */
int drop_spool_delete(struct drop *d, const char *taken, struct err *e);
/* Names in the spool. */
int drop_spool_list(struct drop *d, char ***ret, struct err *e);
/* Deletes originals in .taken that are older than that; the newest stay. */
void drop_forget(struct drop *d, const char *taken);
int64_t drop_taken_time(const struct drop *d, const char *taken);   /* when it was taken, ms; 0 unknown */

#endif
