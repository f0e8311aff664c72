/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_FSYS_H
#define JC_FSYS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "buf.h"
#include "err.h"

/*
 * Files and folders by descriptor, as durable work needs them. Paths are relative to dirfd (AT_FDCWD for the working
 * folder). Every function that writes says what is durable when it returns. Descriptors are closed on exec.
 *
 * Errors by errno: disk.full (ENOSPC, EDQUOT: ERR_RETRY), disk.failed (EIO: ERR_HALT), and of kind ERR_CONF
 * file.missing, file.denied (EACCES, EPERM, EROFS), file.exists, file.other_device (EXDEV), file.link (ELOOP),
 * file.failed for all others.
 */
/* A link in the place of the folder is refused: file.link. Links on the way to it are followed. */
int fsys_open_dir(int dirfd, const char *path, int *ret_fd, struct err *e);
/* Makes a folder (0700) if missing and opens it. Durable: its name in its parent, also when it stood already. */
int fsys_make_dir(int dirfd, const char *path, int *ret_fd, struct err *e);
/* mkdir -p with mode 0700. Durable: all names on the way. */
int fsys_make_path(const char *path, struct err *e);
/* Durable: the names in the folder, the bytes of the file. Any failure but "cannot be synced" is disk.failed, a full
 * disk too: the kernel drops what it could not write and a second sync would say that all is well. */
int fsys_sync_dir(int dirfd, const char *path, struct err *e);     /* path is for the message */
int fsys_sync(int fd, const char *path, struct err *e);
/* Writes all of it. Not synced; after an error a part may stand in the file. */
int fsys_write(int fd, const void *p, size_t n, const char *path, struct err *e);
/* Renames, never replacing (RENAME_NOREPLACE); file.exists when the name is taken. Not synced. Where the file system
 * cannot do that: link, then unlink; a crash between leaves the file under both names. */
int fsys_rename_new(int from_dir, const char *from, int to_dir, const char *to, const char *shown, struct err *e);
/* Something has that name, be it a link to nowhere. */
bool fsys_exists(int dirfd, const char *path);
/* Writes a small file (0600) whole, name without '/': temporary name, sync, rename (replacing), folder synced.
 * Durable: all. Before the rename an error leaves the old file as it was. A crash may leave ".NAME.PID.tmp". One
 * thread at a time for one name. */
int fsys_put(int dirfd, const char *name, struct span bytes, struct err *e);
/* Appends the bytes of a file of at most max bytes to ret, which is as before on failure. Links are followed: mounted
 * settings and secrets are links. file.missing, file.too_large {max}, file.not_regular (a folder, pipe, device). */
int fsys_get(int dirfd, const char *name, size_t max, struct buf *ret, struct err *e);
/* An empty file (0600) without a name, in the folder that the environment calls TMPDIR, else in /tmp: it is gone when its
 * descriptor is closed. */
int fsys_temporary(int *ret_fd, struct err *e);
/* The file that says whose a folder is, made when missing: 1, and it is this process's until *ret_fd is closed, however that
 * happens; 0: another holds it, or this one by another descriptor, and *ret_pid says who (0 in the moment in which he has not
 * written it yet); -1, disk.full among them. */
int fsys_lease(int dirfd, const char *name, int *ret_fd, long *ret_pid, struct err *e);
/* Who wrote his pid into a file that is locked; 0: nobody yet. */
long fsys_lease_pid(int fd);
/* Names in a folder, sorted by bytes, without . and ..; *ret ends in NULL and is freed by fsys_list_free. */
int fsys_list(int dirfd, const char *path, char ***ret, struct err *e);
void fsys_list_free(char **names);

#endif
