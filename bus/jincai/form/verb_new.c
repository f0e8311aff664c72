/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "fsys.h"
#include "new_form.h"
#include "say.h"
#include "show.h"
#include "verbs.h"

#define CASE_ROWS 20u

/* ---- the report: counts and header names, no value of any record ---- */

static void report_bytes(const struct sample *s, struct buf *b)
{
	buf_printf(b, say("字节 %llu，看了 %llu\n",
		"bytes %llu, looked at %llu\n"), (unsigned long long)s->size, (unsigned long long)s->looked);
	for (unsigned c = 0; c < CHARSET_COUNT; c++) {
		const struct sample_charset *r = &s->charsets[c];

		buf_printf(b, say("字符集 %-8s 多字节字符 %llu，不成字符 %llu 处",
			"charset %-8s %llu characters of several bytes, %llu places that are none"),
			charset_name((enum charset)c), (unsigned long long)r->chars, (unsigned long long)r->bad);
		if (r->bad)
			buf_printf(b, say("，首处在第 %lld 字节", ", the first at byte %lld"), (long long)r->first_bad);
		buf_c(b, '\n');
	}
	if (s->ascii)
		buf_str(b, say("  全是 ASCII：字符集从字节看不出来\n", "  all is ASCII: the bytes do not tell the charset\n"));
	buf_printf(b, say("字节序标记 %s；行尾 LF %llu，CRLF %llu，CR %llu\n",
		"byte order mark %s; ends of line LF %llu, CRLF %llu, CR %llu\n"),
		s->bom ? say("有", "yes") : say("无", "no"), (unsigned long long)s->lf, (unsigned long long)s->crlf,
		(unsigned long long)s->cr);
}

static void report_rows(const struct sample *s, struct buf *b)
{
	for (unsigned i = 0; i < SAMPLE_BY; i++) {
		const struct sample_by *by = &s->bys[i];

		if (by->columns > 1)
			buf_printf(b, say("分隔符 %-4s %u 列，%llu/%llu 行如此；引号单元 %llu，引号不配对 %llu\n",
				"delimiter %-4s %u columns in %llu of %llu rows; cells in quotes %llu, quotes without partner %llu\n"),
				by->by[0] == '\t' ? "\\t" : by->by, by->columns, (unsigned long long)by->same,
				(unsigned long long)by->rows, (unsigned long long)by->quoted, (unsigned long long)by->bad_quotes);
	}
	if (!s->by)
		buf_printf(b, say("没有多数行一致的分隔符；多数行 %zu 字节，%llu/%llu 行等长\n",
			"no delimiter that most rows agree on; most rows have %zu bytes, %llu of %llu rows as many\n"),
			s->row_bytes, (unsigned long long)s->row_same, (unsigned long long)s->rows);
	buf_printf(b, say("行 %llu，空行 %llu，标题行 %u，其上其他行 %u\n",
		"rows %llu, blank %llu, titles %u, other rows above %u\n"),
		(unsigned long long)s->rows, (unsigned long long)s->blank, s->titles, s->heads);
	if (s->by)
		buf_printf(b, say("首个满列行（第 %u 行）：像列名的 %u 格，下面都是数字而它不是的 %u 列：%s\n",
			"first full row (line %u): %u cells like names, %u columns with numbers in all rows but it: %s\n"),
			s->first_row, s->header_names, s->odd, s->header ? say("像表头", "like a header") :
			s->head ? say("像首行", "like a head") : say("像记录", "like a record"));
	if (s->by)
		buf_printf(b, say("末行 %u 列：%s %s\n", "last row has %u columns: %s %s\n"), s->trailer_cells,
			s->trailer ? say("像合计行", "like a trailer") : say("像记录", "like a record"),
			s->trailer_word ? s->trailer_word : "");
}

static void report(const struct sample *s)
{
	struct buf b = BUF_INIT;

	report_bytes(s, &b);
	report_rows(s, &b);
	for (unsigned i = 0; s->by && i < s->ncolumns; i++) {
		buf_printf(&b, "c%u ", i + 1);
		show_text(&b, span_of(s->columns[i].name));
		buf_str(&b, ": ");
		new_form_counts(&s->columns[i], &b);
	}
	show_flush(&b, stdout);
	buf_done(&b);
}

/* ---- files ---- */

static bool word_ok(const char *p, size_t n)
{
	return n >= 1 && n <= 40 && strspn(p, "abcdefghijklmnopqrstuvwxyz0123456789-_") >= n;
}

static int put(const char *dir, const char *under, const char *name, struct span bytes, struct err *e)
{
	struct buf path = BUF_INIT;
	int fd = -1, ret = -1;

	buf_printf(&path, "%s%s", dir, under);
	if (fsys_make_path(buf_text(&path), e) == 0 && fsys_open_dir(AT_FDCWD, buf_text(&path), &fd, e) == 0)
		ret = fsys_put(fd, name, bytes, e);
	if (fd >= 0)
		close(fd);
	buf_done(&path);
	return ret;
}

static int write_all(const struct args *a, const struct sample *s, const char *dir, struct err *e)
{
	const char *slash = strrchr(a->sample, '/'), *name = slash ? slash + 1 : a->sample;
	struct buf form = BUF_INIT;
	int ret;

	new_form(s, name, &form);
	ret = put(dir, "/cases/form/first", name, sample_first(s, CASE_ROWS), e);
	if (ret == 0)
		ret = put(dir, "", "form.yaml", buf_as_span(&form), e);
	buf_done(&form);
	return ret;
}

int verb_new(const struct args *a)
{
	const char *slash = a->nwords == 1 ? strchr(a->words[0], '/') : NULL;
	struct buf dir = BUF_INIT;
	struct sample *s = NULL;
	struct err e;
	int failed = -1;

	if (a->nwords != 1 || !a->sample)
		return verb_misused(a);
	if (!slash || !word_ok(a->words[0], (size_t)(slash - a->words[0])) ||
		!word_ok(slash + 1, strlen(slash + 1)))
		err_set(&e, E_NEW_NAME, "name=%s", a->words[0]);
	else
		failed = 0;
	if (!failed) {
		buf_printf(&dir, "%s/adapters/%s", a->dir ? a->dir : ".", a->words[0]);
		failed = fsys_exists(AT_FDCWD, buf_text(&dir)) ? err_set(&e, E_NEW_EXISTS, "folder=%s", buf_text(&dir)) :
			sample_read(a->sample, &s, &e);
	}
	if (!failed) {
		report(s);
		failed = write_all(a, s, buf_text(&dir), &e);
	}
	if (!failed)
		fprintf(stderr, say("已写 %s/form.yaml 和 cases/form/first/；请补上标有 # fill in 的，再用 jincai try %s --form %s/form.yaml\n",
			"wrote %s/form.yaml and cases/form/first/; fill in what is marked so, then jincai try %s --form %s/form.yaml\n"),
			buf_text(&dir), a->sample, buf_text(&dir));
	sample_free(s);
	buf_done(&dir);
	return failed ? verb_failed(&e) : 0;
}
