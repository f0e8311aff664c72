/* SPDX-License-Identifier: Apache-2.0 */
#include "cases.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "fsys.h"
#include "trial.h"

#define FILE_MAX (4u << 20)

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

struct collecting {
	struct buf text;
	struct cases_cover *cover;
};

static void add_reading(void *arg, struct reader *r, const struct reading *g)
{
	struct collecting *c = arg;

	cases_cover_reading(c->cover, r, g);
	if (g->kind != READ_RECORD)
		return;
	if (g->bad.id)
		buf_printf(&c->text, "{\"line\":%llu,\"error\":\"%s\"}\n", (unsigned long long)g->line,
			err_code(g->bad.id)->name);
	else
		trial_events(r, g, &c->text);
}

/* What is to be expected from now on: lines that say the same stay as somebody wrote them. */
static void keep_expected(const struct cases_run *run, const char *dir, const struct cases_pair *pairs, unsigned n)
{
	static const struct span version = {"{\"specversion\":\"1.0\",", 21};
	struct buf text = BUF_INIT;

	for (unsigned i = 0; i < n; i++) {
		struct span line = pairs[i].equal ? pairs[i].want : pairs[i].got;

		if (!line.p)
			continue;
		if (!pairs[i].equal && span_starts(line, version)) {
			buf_c(&text, '{');
			line = (struct span){line.p + version.n, line.n - version.n};
		}
		buf_span(&text, line);
		buf_c(&text, '\n');
	}
	cases_files_add(run->files, dir, "expected.jsonl", NULL, &text);
}

static int compare(const struct cases_run *run, const char *dir, const char *shown, struct span want, struct span got)
{
	unsigned n;
	struct cases_pair *pairs = cases_diff(want, got, true, &n);
	bool equal = cases_diff_show(shown, pairs, n, true, CHARSET_UTF8) == 0;

	if (!equal && run->files)
		keep_expected(run, dir, pairs, n);
	free(pairs);
	return equal;
}

int cases_run_in(const struct cases_run *run, const char *dir, const char *shown, struct err *e)
{
	struct reader_prover *p = reader_prover_new(run->form, shown);
	struct collecting got = {BUF_INIT, run->cover};
	struct buf want = BUF_INIT;
	char *path = input_of(dir, shown, e);
	int ret = -1;

	if (!path || (ret = cases_get(dir, "expected.jsonl", &want, e)) < 0)
		goto out;
	if (ret == 0 && !run->files) {
		ret = err_set(e, E_CASE_EXPECTED, "case=%s\nwant=expected.jsonl", shown);
		goto out;
	}
	if (trial_read(run->library, run->form, path, p, add_reading, &got, e) != 0)
		buf_printf(&got.text, "{\"error\":\"%s\"}", err_code(e->id)->name);
	else
		trial_summary(reader_proof(p), &got.text);
	buf_c(&got.text, '\n');
	ret = compare(run, dir, shown, buf_as_span(&want), buf_as_span(&got.text));
out:
	reader_prover_free(p);
	free(path);
	buf_done(&want);
	buf_done(&got.text);
	return ret;
}
