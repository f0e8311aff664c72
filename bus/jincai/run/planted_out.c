/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fsys.h"
#include "planted.h"
#include "say.h"

#define FILE_MAX (1u << 20)          /* of a file of the demo */

/* What the receivers got, read back from their files. */
struct received {
	const char *marker;
	const json_t *amount;        /* where it stands in a line */
	uint64_t first;              /* lines before those of payments */
	uint64_t files, lines, bad;
	int64_t sum;
};

/* Cells are counted from the right: what may hold the delimiter inside a character, a name in GB18030, stands further
 * left. */
static struct span before_last(struct span line, char by, uint64_t behind)
{
	const char *last = memrchr(line.p, by, line.n), *before;

	while (last && --behind)
		last = memrchr(line.p, by, (size_t)(last - line.p));
	before = last ? memrchr(line.p, by, (size_t)(last - line.p)) : NULL;

	return before ? (struct span){before + 1, (size_t)(last - before - 1)} : SPAN_NONE;
}

static struct span at_width(struct span line, size_t at, size_t width)
{
	struct span cell = {line.p + at, width};

	if (line.n < at + width)
		return SPAN_NONE;
	while (cell.n && cell.p[0] == ' ')
		cell = (struct span){cell.p + 1, cell.n - 1};
	return cell;
}

static struct span after(struct span line, const char *text)
{
	const char *at = memmem(line.p, line.n, text, strlen(text)), *end;

	if (!at)
		return SPAN_NONE;
	at += strlen(text);
	end = memchr(at, '"', (size_t)(line.p + line.n - at));
	return end ? (struct span){at, (size_t)(end - at)} : SPAN_NONE;
}

static bool read_amount(struct received *r, struct span line)
{
	const char *by = json_text(r->amount, "by"), *text = json_text(r->amount, "after");
	uint64_t behind = planted_number(r->amount, "behind");
	struct span cell = by[0] ? before_last(line, by[0], behind ? behind : 1) : text[0] ? after(line, text) :
		at_width(line, planted_number(r->amount, "at"), planted_number(r->amount, "width"));
	struct err ignored;
	int64_t fen;

	return money_read(cell, &MONEY_YUAN, &fen, &ignored) == 0 && money_add(&r->sum, fen, &ignored) == 0;
}

static void read_lines(struct received *r, struct span text)
{
	for (uint64_t i = 0; text.n; i++) {
		const char *end = memchr(text.p, '\n', text.n);
		size_t n = end ? (size_t)(end - text.p) : text.n;

		if (i >= r->first) {
			r->lines++;
			r->bad += !read_amount(r, (struct span){text.p, n});
		}
		n += end ? 1 : 0;
		text.p += n;
		text.n -= n;
	}
}

static bool is_folder(int dir, const char *name)
{
	struct stat st;

	return fstatat(dir, name, &st, 0) == 0 && S_ISDIR(st.st_mode);
}

static int read_received(struct received *r, int dir, unsigned depth, struct err *e);

static int read_inner(struct received *r, int dir, const char *name, struct err *e)
{
	int inner, ret;

	if (fsys_open_dir(dir, name, &inner, e) != 0)
		return -1;
	ret = read_received(r, inner, 0, e);
	close(inner);
	return ret;
}

static int read_one(struct received *r, int dir, const char *name, struct err *e)
{
	struct buf bytes = BUF_INIT, marker = BUF_INIT;
	int ret = fsys_get(dir, name, FILE_MAX, &bytes, e);

	buf_printf(&marker, "%s%s", name, r->marker);
	if (ret == 0) {
		r->files++;
		read_lines(r, buf_as_span(&bytes));
		r->bad += !fsys_exists(dir, buf_text(&marker));
	}
	buf_done(&bytes);
	buf_done(&marker);
	return ret;
}

static int read_received(struct received *r, int dir, unsigned depth, struct err *e)
{
	char **names;
	int ret = 0;

	if (fsys_list(dir, ".", &names, e) != 0)
		return -1;
	for (unsigned i = 0; names[i] && ret == 0; i++) {
		if (names[i][0] == '.')              /* .staging is ours */
			continue;
		if (is_folder(dir, names[i]))
			ret = depth ? read_inner(r, dir, names[i], e) : 0;
		else if (!r->marker[0] || !span_ends(span_of(names[i]), span_of(r->marker)))
			ret = read_one(r, dir, names[i], e);
	}
	fsys_list_free(names);
	return ret;
}

static int show_receiver(struct planted *p, const json_t *out, struct err *e)
{
	struct received r = {.marker = json_text(out, "marker"), .amount = json_object_get(out, "amount"),
		.first = planted_number(out, "first")};
	char sum[24];
	int dir, ret;

	if (fsys_open_dir(p->dir, json_text(out, "folder"), &dir, e) != 0)
		return -1;
	ret = read_received(&r, dir, 1, e);
	close(dir);
	if (ret != 0)
		return -1;
	printf(say("  %-10s 文件 %" PRIu64 "，行 %" PRIu64 "，金额 %s CNY\n",
		"  %-10s files %" PRIu64 ", lines %" PRIu64 ", %s CNY\n"), json_text(out, "folder"), r.files, r.lines,
		money_text(r.sum, sum));
	if (r.bad == 0 && r.files == planted_number(out, "files") && r.lines == planted_number(out, "lines") &&
		r.sum == planted_fen(out, "sum"))
		return 0;
	p->wrong++;
	fflush(stdout);
	fprintf(stderr, say("与预埋不符：%s 应有文件 %" PRIu64 "、行 %" PRIu64 "、金额 %s；读不出或缺完成标志 %" PRIu64 "\n",
		"not as planted: %s should hold files %" PRIu64 ", lines %" PRIu64 ", %s; unreadable or without a "
		"marker: %" PRIu64 "\n"), json_text(out, "folder"), planted_number(out, "files"), planted_number(out, "lines"),
		money_text(planted_fen(out, "sum"), sum), r.bad);
	return 0;
}

int planted_receivers(struct planted *p, struct err *e)
{
	const json_t *out;
	size_t i;

	printf("\n%s\n", say("各去向收到的（从发出的文件读回）", "handed over, read back from the files"));
	json_array_foreach(json_object_get(p->root, "out"), i, out)
		if (show_receiver(p, out, e) != 0)
			return -1;
	return 0;
}
