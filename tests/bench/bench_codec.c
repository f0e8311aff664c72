/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Codecs alone: processor time of cutting a row, and allocations behind the first thousand rows. Files are read from
 * memory, formats in turn, one pass a round.
 *
 *	bench_codec ROUNDS [NAME CODEC CHARSET SETTINGS COLUMNS FILE]...
 *
 * A line for each pass: NAME, rows, bytes, ns, allocations, cut by blanks. COLUMNS are cut by commas. codecs.py makes the
 * files and the table.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "codec.h"
#include "input.h"

#define COLUMNS_MAX 64u
#define WARM 1000u                   /* rows until buffers have their size */

/* Allocations are counted by standing before the C library's. */
static unsigned long allocations;
void *__libc_malloc(size_t n);
void *__libc_calloc(size_t count, size_t n);
void *__libc_realloc(void *p, size_t n);

void *malloc(size_t n)
{
	allocations++;
	return __libc_malloc(n);
}

void *calloc(size_t count, size_t n)
{
	allocations++;
	return __libc_calloc(count, n);
}

void *realloc(void *p, size_t n)
{
	allocations++;
	return __libc_realloc(p, n);
}

struct format {
	const char *name;
	struct codec_format *format;
	unsigned kind, ncolumns;
	struct buf file;
};

static void stop(const char *what, const struct err *e)
{
	fprintf(stderr, "bench_codec: %s\n", what);
	if (e)
		err_print(e, ERR_EN, stderr);
	exit(1);
}

static struct span *split(const char *text, unsigned *ret_n)
{
	static struct span columns[COLUMNS_MAX];
	unsigned n = 0;

	for (const char *p = text; n < COLUMNS_MAX; p++) {
		size_t len = strcspn(p, ",");

		columns[n++] = (struct span){p, len};
		p += len;
		if (!*p)
			break;
	}
	*ret_n = n;
	return columns;
}

static void read_file(const char *path, struct buf *ret)
{
	FILE *f = fopen(path, "rb");
	char block[1 << 16];
	size_t n;

	if (!f)
		stop(path, NULL);
	while ((n = fread(block, 1, sizeof block, f)) > 0)
		buf_add(ret, block, n);
	fclose(f);
}

/* args: NAME CODEC CHARSET SETTINGS COLUMNS FILE. The settings stay parsed, for formats may borrow from them. */
static struct format make(char **args)
{
	const struct codec *codec = codec_by_name(span_of(args[1]));
	const char *const charset = args[2];
	struct format f = {.name = args[0]};
	struct findings found;
	struct conf_file *c;
	struct span *columns;
	int kind = 0;

	if (!codec)
		stop(args[1], NULL);
	findings_init(&found);
	c = conf_parse("bench", span_of(args[3]), &found);
	columns = split(args[4], &f.ncolumns);
	f.format = c ? codec->compile(conf_root(c), strcmp(charset, "utf-8") == 0 ? CHARSET_UTF8 :
		strcmp(charset, "gbk") == 0 ? CHARSET_GBK : CHARSET_GB18030, &found) : NULL;
	if (f.format && codec->columns)
		kind = codec->columns(f.format, "line", columns, f.ncolumns, conf_root(c), &found);
	if (!f.format || kind < 0) {
		findings_print(&found, ERR_EN, 0, stderr);
		stop(args[3], NULL);
	}
	f.kind = (unsigned)kind;
	read_file(args[5], &f.file);
	findings_done(&found);
	return f;
}

static long long cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void pass(const struct format *f)
{
	const struct codec *codec = f->format->codec;
	struct text_input in = text_input((struct span){f->file.p, f->file.n}, 0);
	struct codec_reader *r;
	struct err e = ERR_INIT;
	struct row row;
	unsigned long rows = 0, before = 0;
	long long began = cpu_ns();
	int got;

	if (codec->open(f->format, &in.in, 0, 1, &r, &e) != 0)
		stop(f->name, &e);
	for (; (got = codec->next(r, &row, &e)) > 0; rows++) {
		if (rows == WARM)
			before = allocations;
		if (codec->cut && !row.bad.id && codec->cut(r, f->kind, &row, &e) != 0)
			stop(f->name, &e);
		if (row.bad.id || row.ncells != f->ncolumns)
			stop(f->name, row.bad.id ? &row.bad : NULL);
	}
	if (got < 0)
		stop(f->name, &e);
	before = rows > WARM ? allocations - before : 0;
	printf("%s %lu %zu %lld %lu\n", f->name, rows, f->file.n, cpu_ns() - began, before);
	codec->close(r);
}

int main(int argc, char **argv)
{
	const int n = (argc - 2) / 6, rounds = argc > 1 ? atoi(argv[1]) : 0;
	struct format *formats = mem_new((size_t)(n > 0 ? n : 1) * sizeof *formats);

	if (n < 1 || argc != 2 + 6 * n)
		return 2;
	for (int i = 0; i < n; i++)
		formats[i] = make(argv + 2 + 6 * i);
	for (int round = 0; round < rounds; round++)
		for (int i = 0; i < n; i++)
			pass(&formats[i]);
	return 0;
}
