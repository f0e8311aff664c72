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
 * folder). Every function that writes says what is durable when it returns. Errors: file.* codes; a full disk is
 * disk.full (ERR_RETRY).
 */
int fsys_open_dir(int dirfd, const char *path, int *ret_fd, struct err *e);
/* Makes a folder (0700) if missing, its parent synced; opens it. */
int fsys_make_dir(int dirfd, const char *path, int *ret_fd, struct err *e);
/* mkdir -p with mode 0700. */
int fsys_make_path(const char *path, struct err *e);
int fsys_sync_dir(int dirfd, const char *path, struct err *e);     /* path is for the message */
int fsys_sync(int fd, const char *path, struct err *e);
int fsys_write(int fd, const void *p, size_t n, const char *path, struct err *e);   /* all of it */
/* Renames, never replacing (RENAME_NOREPLACE); file.exists when the name is taken. Not synced. */
int fsys_rename_new(int from_dir, const char *from, int to_dir, const char *to, const char *shown, struct err *e);
bool fsys_exists(int dirfd, const char *path);
/* Writes a small file whole: temporary name, sync, rename (replacing), folder synced. */
int fsys_put(int dirfd, const char *name, struct span bytes, struct err *e);
/* Reads a file of at most max bytes. file.missing, file.too_large. */
int fsys_get(int dirfd, const char *name, size_t max, struct buf *ret, struct err *e);
/* Names in a folder, sorted by bytes, without . and ..; *ret is a NULL-terminated list to be freed by fsys_list_free. */
int fsys_list(int dirfd, const char *path, char ***ret, struct err *e);
void fsys_list_free(char **names);

#endif
