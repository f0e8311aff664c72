/* SPDX-License-Identifier: Apache-2.0 */
#include "cases.h"

#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <unistd.h>

#include "fsys.h"
#include "say.h"
#include "show.h"
#include "trial.h"

#define FILE_MAX (4u << 20)

void cases_differ(const char *shown, unsigned line, struct span want, struct span got)
{
	struct buf b = BUF_INIT;
	const char *none = say("（没有）", "(nothing)");

	buf_printf(&b, say("%s：第 %u 行不同\n  预期 ", "%s: line %u differs\n  want "), shown, line);
	show_text(&b, want.p ? want : span_of(none));
	buf_str(&b, say("\n  实际 ", "\n  got  "));
	show_text(&b, got.p ? got : span_of(none));
	buf_c(&b, '\n');
	show_flush(&b, stdout);
	buf_done(&b);
}

int cases_get(const char *dir, const char *name, struct buf *ret, struct err *e)
{
	int fd, got = 0;

	if (fsys_open_dir(AT_FDCWD, dir, &fd, e) != 0)
		return -1;
	if (fsys_exists(fd, name))
		got = fsys_get(fd, name, FILE_MAX, ret, e) != 0 ? -1 : 1;
	close(fd);
	return got;
}

bool cases_line(struct span *text, struct span *ret)
{
	const char *end = text->n ? memchr(text->p, '\n', text->n) : NULL;
	size_t n = end ? (size_t)(end - text->p) : text->n;

	if (!text->n)
		return false;
	*ret = (struct span){text->p, n};
	text->p += n + (end ? 1 : 0);
	text->n -= n + (end ? 1 : 0);
	return true;
}

/* ---- inward ---- */

/* The one file of the case that is not expected.*; its name is what the form's pattern sees. */
static char *input_of(const char *dir, const char *shown, struct err *e)
{
	struct buf path = BUF_INIT;
	char **names;
	unsigned n = 0;
	int fd;

	if (fsys_open_dir(AT_FDCWD, dir, &fd, e) != 0)
		return NULL;
	if (fsys_list(fd, ".", &names, e) != 0) {
		close(fd);
		return NULL;
	}
	for (char **name = names; *name; name++)
		if (strncmp(*name, "expected.", 9) != 0 && n++ == 0)
			buf_printf(&path, "%s/%s", dir, *name);
	fsys_list_free(names);
	close(fd);
	if (n != 1) {
		err_set(e, E_CASE_INPUT, "case=%s\ngot=%u", shown, n);
		buf_done(&path);
		return NULL;
	}
	return (char *)(uintptr_t)buf_text(&path);
}

static void add_record(void *arg, struct reader *r, const struct reading *g)
{
	struct buf *b = arg;

	if (g->bad.id)
		buf_printf(b, "{\"line\":%llu,\"error\":\"%s\"}\n", (unsigned long long)g->line, err_code(g->bad.id)->name);
	else
		trial_events(r, g, b);
}

/* Equal as JSON; the order of members and what stands between them does not matter, nor does specversion. */
static bool same(struct span want, struct span got)
{
	json_t *a = json_loadb(want.p, want.n, JSON_REJECT_DUPLICATES, NULL);
	json_t *b = json_loadb(got.p, got.n, JSON_REJECT_DUPLICATES, NULL);
	bool is;

	if (a && b && !json_object_get(a, "specversion"))
		json_object_del(b, "specversion");
	is = a && b && json_equal(a, b);
	json_decref(a);
	json_decref(b);
	return is;
}

static int compare(const char *shown, struct span want, struct span got)
{
	struct span w, g;
	unsigned line = 0;
	int ret = 1;

	for (;;) {
		bool has_w = cases_line(&want, &w), has_g = cases_line(&got, &g);

		line++;
		if (!has_w && !has_g)
			return ret;
		if (has_w && has_g && same(w, g))
			continue;
		cases_differ(shown, line, has_w ? w : SPAN_NONE, has_g ? g : SPAN_NONE);
		ret = 0;
	}
}

int cases_run_in(struct library *l, const struct form *form, const char *dir, const char *shown, struct err *e)
{
	struct reader_prover *p = reader_prover_new(form, shown);
	struct buf want = BUF_INIT, got = BUF_INIT;
	char *path = input_of(dir, shown, e);
	int ret = -1;

	if (!path || (ret = cases_get(dir, "expected.jsonl", &want, e)) < 0)
		goto out;
	if (ret == 0) {
		ret = err_set(e, E_CASE_EXPECTED, "case=%s\nwant=expected.jsonl", shown);
		goto out;
	}
	if (trial_read(l, form, path, p, add_record, &got, e) != 0)
		buf_printf(&got, "{\"error\":\"%s\"}", err_code(e->id)->name);
	else
		trial_summary(reader_proof(p), &got);
	buf_c(&got, '\n');
	ret = compare(shown, buf_as_span(&want), buf_as_span(&got));
out:
	reader_prover_free(p);
	free(path);
	buf_done(&want);
	buf_done(&got);
	return ret;
}
