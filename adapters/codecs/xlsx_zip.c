/* SPDX-License-Identifier: Apache-2.0 */
#include "xlsx.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "fsys.h"

enum { PIECE = 128 << 10, RATIO_FROM = 16 << 20 };

static const char shown[] = "temporary file";

/* ---- what kind of file it is ---- */

/* Whether the bytes stand anywhere in the file. */
static bool holds(const struct xlsx_zip *z, struct span bytes)
{
	char *p = mem_new(PIECE);
	bool ret = false;
	ssize_t n;

	for (uint64_t at = 0; !ret && (n = pread(z->fd, p, PIECE, (off_t)at)) >= (ssize_t)bytes.n;
		at += (uint64_t)n - bytes.n + 1)
		ret = memmem(p, (size_t)n, bytes.p, bytes.n);
	free(p);
	return ret;
}

/* A compound file is a workbook of before 2007, or a package that a password has locked. */
static int look_at_begin(const struct xlsx_zip *z, struct err *e)
{
	static const char zip[] = {'P', 'K', 3, 4}, old[] = {'\xd0', '\xcf', '\x11', '\xe0'};
	char begin[4] = {0};

	if (pread(z->fd, begin, sizeof begin, 0) < 0)
		return err_sys(e, E_FILE_FAILED, shown, errno);
	if (memcmp(begin, zip, sizeof zip) == 0)
		return 0;
	if (memcmp(begin, old, sizeof old) != 0)
		return err_set(e, E_CODEC_XLSX_ZIP, "text=it begins with %02X %02X %02X %02X", (unsigned char)begin[0],
			(unsigned char)begin[1], (unsigned char)begin[2], (unsigned char)begin[3]);
	if (holds(z, SPAN("E\0n\0c\0r\0y\0p\0t\0e\0d\0P\0a\0c\0k\0a\0g\0e")))
		return err_set(e, E_CODEC_XLSX_LOCKED, "%s", "");
	return err_set(e, E_CODEC_XLSX_OLD, "%s", "");
}

int xlsx_zip_open(struct xlsx_zip *z, struct codec_input *in, struct err *e)
{
	char *p;
	size_t n = 1;
	int ret = 0;

	if (z->fd < 0 && fsys_temporary(&z->fd, e) != 0)
		return -1;
	p = mem_new(PIECE);
	while (!z->whole && n) {
		ret = in->fill(in, p, PIECE, &n, e);
		if (ret == 0 && z->size + n > XLSX_FILE_MAX)
			ret = err_set(e, E_CODEC_XLSX_LARGE, "part=.xlsx\nmax=%u", XLSX_FILE_MAX);
		if (ret == 0)
			ret = fsys_write(z->fd, p, n, shown, e);
		if (ret != 0)
			break;
		z->size += n;
		z->whole = n == 0;
	}
	free(p);
	return ret == 0 ? look_at_begin(z, e) : -1;
}

void xlsx_zip_close(struct xlsx_zip *z)
{
	if (z->fd >= 0)
		close(z->fd);
	z->fd = -1;
}

/* ---- parts ---- */

static int broken(struct archive *a, struct err *e)
{
	const char *why = archive_error_string(a);

	return err_set(e, E_CODEC_XLSX_ZIP, "text=%s", why ? why : "damaged");
}

/* Makers write "/xl/workbook.xml", "xl\\workbook.xml" and "Xl/Workbook.xml". */
static bool same_part(const char *a, const char *b)
{
	a += *a == '/' || *a == '\\';
	b += *b == '/';
	for (; *a && *b; a++, b++) {
		const char x = *a == '\\' ? '/' : *a;

		if (x != *b && ((x ^ *b) != 0x20 || (x | 0x20) < 'a' || (x | 0x20) > 'z'))
			return false;
	}
	return *a == *b;
}

static int read_part(const struct xlsx_zip *z, struct archive *a, const char *part, uint64_t max,
	int (*put)(void *arg, const char *p, size_t n, struct err *e), void *arg, struct err *e)
{
	const uint64_t ratio = RATIO_FROM + XLSX_RATIO_MAX * z->size;
	char *p = mem_new(PIECE);
	uint64_t there = 0;
	la_ssize_t n;
	int ret = 0;

	max = max < ratio ? max : ratio;
	while (ret == 0 && (n = archive_read_data(a, p, PIECE)) != 0) {
		if (n < 0)
			ret = broken(a, e);
		else if ((there += (uint64_t)n) > max)
			ret = err_set(e, E_CODEC_XLSX_LARGE, "part=%s\nmax=%llu", part, (unsigned long long)max);
		else
			ret = put(arg, p, (size_t)n, e);
	}
	free(p);
	return ret;
}

/* Goes through all parts: one that is there twice is two workbooks in one, and readers differ in which they show. */
static int find_part(const struct xlsx_zip *z, struct archive *a, const char *part, uint64_t max,
	int (*put)(void *arg, const char *p, size_t n, struct err *e), void *arg, struct err *e)
{
	unsigned parts = 0, found = 0;
	struct archive_entry *entry;
	int got;

	while ((got = archive_read_next_header(a, &entry)) == ARCHIVE_OK || got == ARCHIVE_WARN) {
		const char *name = archive_entry_pathname(entry);

		if (++parts > XLSX_PARTS_MAX)
			return err_set(e, E_CODEC_XLSX_LARGE, "part=.xlsx\nmax=%u", XLSX_PARTS_MAX);
		if (!name || !same_part(name, part))
			continue;
		if (archive_entry_is_encrypted(entry))
			return err_set(e, E_CODEC_XLSX_LOCKED, "%s", "");
		if (found++)
			return err_set(e, E_CODEC_XLSX_PART, "part=%s", part);
		if (read_part(z, a, part, max, put, arg, e) != 0)
			return -1;
	}
	if (got != ARCHIVE_EOF)
		return broken(a, e);
	return found ? 0 : err_set(e, E_CODEC_XLSX_PART, "part=%s", part);
}

int xlsx_zip_read(struct xlsx_zip *z, const char *part, uint64_t max,
	int (*put)(void *arg, const char *p, size_t n, struct err *e), void *arg, struct err *e)
{
	struct archive *a = archive_read_new();
	int ret;

	if (!a)
		abort();
	archive_read_support_format_zip_seekable(a);
	if (lseek(z->fd, 0, SEEK_SET) < 0 || archive_read_open_fd(a, z->fd, PIECE) != ARCHIVE_OK)
		ret = broken(a, e);
	else
		ret = find_part(z, a, part, max, put, arg, e);
	archive_read_free(a);
	return ret;
}
