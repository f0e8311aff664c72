/* SPDX-License-Identifier: Apache-2.0 */
#include "cases.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fsys.h"

struct file {
	char *dir;
	const char *name, *other;
	struct buf bytes;
};

struct cases_files {
	struct file *list;
	unsigned n;
};

struct cases_files *cases_files_new(void)
{
	return mem_new(sizeof(struct cases_files));
}

void cases_files_free(struct cases_files *f)
{
	if (!f)
		return;
	for (unsigned i = 0; i < f->n; i++) {
		free(f->list[i].dir);
		buf_done(&f->list[i].bytes);
	}
	free(f->list);
	free(f);
}

unsigned cases_files_count(const struct cases_files *f)
{
	return f->n;
}

void cases_files_add(struct cases_files *f, const char *dir, const char *name, const char *other, struct buf *bytes)
{
	f->list = mem_grow(f->list, f->n + 1u, sizeof *f->list);
	f->list[f->n++] = (struct file){mem_text(span_of(dir)), name, other, *bytes};
	*bytes = BUF_INIT;
}

/* Who may read it stays as it was; a new one is as readable as the case's folder is. */
static mode_t mode_of(int dir, const char *name)
{
	struct stat st;

	if (fstatat(dir, name, &st, 0) == 0 || fstatat(dir, ".", &st, 0) == 0)
		return st.st_mode & 0666;
	return 0600;
}

static int write_one(const struct file *f, struct err *e)
{
	int dir, ret = -1;
	mode_t mode;

	if (fsys_open_dir(AT_FDCWD, f->dir, &dir, e) != 0)
		return -1;
	mode = mode_of(dir, f->name);
	if (fsys_put(dir, f->name, buf_as_span(&f->bytes), e) != 0)
		goto out;
	if (fchmodat(dir, f->name, mode, 0) != 0 || (f->other && unlinkat(dir, f->other, 0) != 0 && errno != ENOENT)) {
		err_sys(e, E_FILE_FAILED, f->dir, errno);
		goto out;
	}
	ret = 0;
out:
	close(dir);
	return ret;
}

int cases_files_write(const struct cases_files *f, unsigned *ret_n, struct err *e)
{
	for (*ret_n = 0; *ret_n < f->n; ++*ret_n)
		if (write_one(&f->list[*ret_n], e) != 0)
			return -1;
	return 0;
}
