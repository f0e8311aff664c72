/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cutting and writing of delimited rows: ns and rows a second, and allocations in the timed part (there must be none).
 *
 *	bench_codec [rows]
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "codec.h"

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

struct text_input {
	struct codec_input in;
	struct span text;
	size_t at;
};

static int fill(struct codec_input *in, char *p, size_t cap, size_t *ret_n, struct err *e)
{
	struct text_input *t = (struct text_input *)in;
	const size_t left = t->text.n - t->at;

	(void)e;
	*ret_n = left < cap ? left : cap;
	memcpy(p, t->text.p + t->at, *ret_n);
	t->at += *ret_n;
	return 0;
}

static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static struct codec_format *compile(const char *settings, enum charset charset)
{
	struct findings f;
	struct conf_file *c;
	struct codec_format *format;

	findings_init(&f);
	c = conf_parse("bench", span_of(settings), &f);
	format = codec_delimited.compile(conf_root(c), charset, &f);
	findings_print(&f, ERR_EN, 0, stderr);
	findings_done(&f);
	conf_close(c);
	if (!format)
		exit(1);
	return format;
}

/* 18 columns, about 290 bytes, two Chinese texts; every value differs from row to row as in a real file. */
static void make_row(unsigned i, bool chinese, struct span cells[18], char text[18][64])
{
	static const char *const names[] = {"王小明", "欧阳建国", "李珅", "斯琴高娃", "那仁花", "张伟", "额尔敦巴雅尔", "陈静怡"};
	static const char *const units[] = {"第一中学", "人民医院", "林业和草原局", "图里河镇财政所"};

	snprintf(text[0], 64, "2026%02u", i % 12 + 1);
	snprintf(text[1], 64, "150782%06u", i);
	snprintf(text[2], 64, "%s", chinese ? names[i * 7 % 8] : "Smith & Sons Ltd");
	snprintf(text[3], 64, "%u.%02u", 3000 + i * 37 % 9000, i % 100);
	snprintf(text[4], 64, "62284800100%08u", i * 131 % 100000000);
	snprintf(text[5], 64, "%s", chinese ? units[i * 5 % 4] : "Public Library No 12");
	snprintf(text[6], 64, "602%03u", i % 1000);
	snprintf(text[7], 64, "01");
	snprintf(text[8], 64, "15078219%02u%02u%02u%04u", 60 + i % 40, i % 12 + 1, i % 28 + 1, i % 10000);
	snprintf(text[9], 64, "1");
	snprintf(text[10], 64, "103100000026");
	snprintf(text[11], 64, "20261201");
	snprintf(text[12], 64, "2130%03u", i % 1000);
	snprintf(text[13], 64, "30101");
	snprintf(text[14], 64, "JN2026120100%08u", i);
	snprintf(text[15], 64, "%u.00", i % 500);
	snprintf(text[16], 64, "GZ-%010u-150782-602001-%06u-0001-00000001", i * 17, i);
	snprintf(text[17], 64, "%08x%08x%08x%08x 2026-12-01 08:00:%02u 0103", i * 2654435761u, i, i * 40503u, ~i, i % 60);
	for (unsigned k = 0; k < 18; k++)
		cells[k] = span_of(text[k]);
}

static void bench(const char *what, const char *settings, enum charset charset, bool chinese, unsigned rows)
{
	struct codec_format *f = compile(settings, charset);
	struct span cells[18];
	char text[18][64];
	struct buf file = BUF_INIT, once = BUF_INIT;
	struct err e = ERR_INIT;
	double best = 1e30, best_write = 1e30, t;
	unsigned long during = 0, count = 0;

	for (unsigned i = 0; i < rows; i++) {
		make_row(i, chinese, cells, text);
		if (f->codec->write(f, 0, cells, 18, &file, &e))
			exit(1);
	}
	for (int pass = 0; pass < 60; pass++) {
		struct text_input in = {{fill}, buf_as_span(&file), 0};
		struct codec_reader *r;
		struct row row;

		f->codec->open(f, &in.in, 0, 1, &r, &e);
		f->codec->next(r, &row, &e);
		during = allocations;
		t = now_ns();
		for (count = 1; f->codec->next(r, &row, &e) > 0; count++)
			if (row.ncells != 18 || row.bad.id)
				exit(1);
		t = (now_ns() - t) / (double)(count - 1);
		during = allocations - during;
		best = t < best ? t : best;
		f->codec->close(r);
		t = now_ns();
		for (unsigned i = 0; i < rows; i++) {
			buf_clear(&once);
			f->codec->write(f, 0, cells, 18, &once, &e);
		}
		t = (now_ns() - t) / rows;
		best_write = t < best_write ? t : best_write;
	}
	printf("%-28s %6.1f bytes/row  cut %6.1f ns/row %5.2f M rows/s %5.2f GB/s  allocations %lu  write %6.1f ns/row\n", what,
		(double)file.n / rows, best, 1e3 / best, (double)file.n / rows / best, during, best_write);
	if (count != rows)
		exit(1);
	buf_done(&file);
	buf_done(&once);
	f->codec->format_free(f);
}

int main(int argc, char **argv)
{
	const unsigned rows = argc > 1 ? (unsigned)atoi(argv[1]) : 20000;

	bench("gb18030 | no quotes", "{by: '|', end: lf}", CHARSET_GB18030, true, rows);
	bench("gbk | end any, trim", "{by: '|', trim: blanks}", CHARSET_GBK, true, rows);
	bench("utf-8 | no quotes", "{by: '|', end: lf}", CHARSET_UTF8, true, rows);
	bench("utf-8 ASCII only", "{by: ',', end: lf}", CHARSET_UTF8, false, rows);
	bench("utf-8 , quotes allowed", "{by: ',', quote: '\"'}", CHARSET_UTF8, true, rows);
	bench("gb18030 || two bytes", "{by: '||', end: lf}", CHARSET_GB18030, true, rows);
	return 0;
}
