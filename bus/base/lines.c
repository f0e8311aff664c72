/* SPDX-License-Identifier: Apache-2.0 */
#include "lines.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIECE (256u << 10)

int lines_open(struct lines *x, const char *path, struct err *e)
{
	struct stat st;

	*x = (struct lines){.path = path, .fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)};
	if (x->fd < 0)
		return errno == ENOENT ? 0 : err_sys(e, errno == EACCES ? E_FILE_DENIED : E_FILE_FAILED, path, errno);
	if (fstat(x->fd, &st) == 0 && S_ISREG(st.st_mode))
		return 1;
	close(x->fd);
	return err_set(e, E_FILE_NOT_REGULAR, "file=%s", path);
}

void lines_close(struct lines *x)
{
	close(x->fd);
	buf_done(&x->room);
}

/* 1 there is more, 0 the file has ended, -1. What was given before is gone. */
static int fill(struct lines *x, struct err *e)
{
	ssize_t got;

	if (x->at) {
		memmove(x->room.p, x->room.p + x->at, x->room.n - x->at);
		x->room.n -= x->at;
		x->at = 0;
	}
	buf_reserve(&x->room, PIECE);
	do
		got = read(x->fd, x->room.p + x->room.n, PIECE);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return err_sys(e, errno == EIO ? E_DISK_FAILED : E_FILE_FAILED, x->path, errno);
	x->room.n += (size_t)got;
	return got > 0;
}

int lines_next(struct lines *x, struct span *ret, bool *ret_ended, struct err *e)
{
	size_t looked = 0;
	const char *end = NULL;
	int more = 1;

	while (!(end = x->room.n > x->at + looked
			? memchr(x->room.p + x->at + looked, '\n', x->room.n - x->at - looked) : NULL) &&
		x->room.n - x->at < LINES_LONGEST && more == 1) {
		looked = x->room.n - x->at;
		if ((more = fill(x, e)) < 0)
			return -1;
	}
	*ret = (struct span){x->room.p + x->at, end ? (size_t)(end - x->room.p) - x->at : x->room.n - x->at};
	*ret_ended = end != NULL;
	x->at += ret->n + (end != NULL);
	x->offset += ret->n + (end != NULL);
	return end || ret->n;
}
