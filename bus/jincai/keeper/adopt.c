/* SPDX-License-Identifier: Apache-2.0 */
#include "adopt.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "difference.h"
#include "fsys.h"
#include "in_force.h"
#include "people.h"

#define LINES_MAX 200u
#define FILE_MAX (64u << 20)

/* ---- the text of what was in force ---- */

/* All files below a folder, each behind a line with its name, so that two editions of a table are no one text. */
static int add_files(struct buf *b, const char *folder, struct err *e)
{
	char **names;
	int ret = 0;

	if (fsys_list(AT_FDCWD, folder, &names, e) != 0)
		return -1;
	for (unsigned i = 0; names[i] && ret == 0; i++) {
		char *path = kept_folder(folder, names[i]);
		int dir;

		if (fsys_open_dir(AT_FDCWD, path, &dir, e) == 0) {
			close(dir);
			ret = add_files(b, path, e);
		} else {
			buf_printf(b, "== %s\n", names[i]);
			ret = fsys_get(AT_FDCWD, path, FILE_MAX, b, e);
			if (ret == 0 && b->n && b->p[b->n - 1] != '\n')
				buf_c(b, '\n');
		}
		free(path);
	}
	fsys_list_free(names);
	return ret;
}

/* Writes content to a folder of its own, so that both are read in one way. */
int adopt_text(const char *root, const char *digest, struct buf *ret, struct err *e)
{
	char *folder;
	int got;

	if (!digest[0])
		return 0;
	folder = kept_folder(root, digest);
	got = add_files(ret, folder, e);
	free(folder);
	return got;
}

static int is_file(struct buf *b, struct span name, struct span bytes)
{
	const char *slash = name.n ? memrchr(name.p, '/', name.n) : NULL;

	if (slash)
		name = (struct span){slash + 1, (size_t)(name.p + name.n - slash - 1)};
	buf_printf(b, "== %.*s\n%.*s", SPAN_F(name), SPAN_F(bytes));
	if (bytes.n && bytes.p[bytes.n - 1] != '\n')
		buf_c(b, '\n');
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return span_cmp(((const struct span *)a)[0], ((const struct span *)b)[0]);
}

/* The same text of what the files say. */
static void text_now(const struct items *i, const struct item *x, struct buf *ret)
{
	struct span (*files)[2] = NULL, f[2];
	const char *base;
	unsigned n = 0;

	while (x &&
		(x->table ? code_table_file(x->table, n, &f[0], &f[1])
			  : x->schema && schema_file(x->schema, n, &f[0], &f[1]))) {
		files = mem_grow(files, n + 1u, sizeof *files);
		memcpy(files[n++], f, sizeof f);
	}
	if (n)
		qsort(files, n, sizeof *files, by_name);
	for (unsigned k = 0; k < n; k++)
		is_file(ret, files[k][0], files[k][1]);
	free(files);
	if (x && x->form) {
		struct buf name = BUF_INIT;

		base = kept_is_name(x->name + 5) ? strrchr(x->name, '/') + 1 : "form";
		buf_printf(&name, "%s.yaml", base);
		is_file(ret, buf_as_span(&name), conf_source(x->form->conf));
		buf_done(&name);
	} else if (x && !n) {
		is_file(ret, SPAN(ITEM_SITE_FILE), buf_as_span(&i->site));
	}
}

/* ---- the walk ---- */

static void note_next(const struct adopted *a, struct adopt_waiting *w)
{
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(a->root, "next"), i, one)
		if (strcmp(json_string_value(json_object_get(one, "item")), w->item) == 0) {
			w->next = json_string_value(json_object_get(one, "digest"));
			w->from = json_string_value(json_object_get(one, "from"));
		}
}

static int one_item(struct bus *b, const struct items *i, const struct adopted *a, const json_t *d, adopt_each *each,
	void *arg, struct err *e)
{
	struct buf was = BUF_INIT, is = BUF_INIT, text = BUF_INIT;
	struct adopt_waiting w = {.item = json_string_value(json_object_get(d, "item")),
		.was = json_string_value(json_object_get(d, "was")), .is = json_string_value(json_object_get(d, "is")),
		.next = "", .from = ""};
	char *root = adopted_root(b);
	struct difference lines;
	struct err ignored;
	int ret;

	/* What cannot be read any more differs all the same. */
	if (adopt_text(root, w.was, &was, &ignored) != 0)
		buf_clear(&was);
	text_now(i, items_find(i, span_of(w.item)), &is);
	lines = difference_lines(&text, buf_as_span(&was), buf_as_span(&is), LINES_MAX);
	w.text = buf_as_span(&text);
	w.gone = lines.gone;
	w.come = lines.come;
	note_next(a, &w);
	ret = each(arg, &w, e);
	buf_done(&was);
	buf_done(&is);
	buf_done(&text);
	free(root);
	return ret;
}

int adopt_waiting(struct site *s, struct bus *b, adopt_each *each, void *arg, struct err *e)
{
	struct adopted a = {0};
	struct people *people = NULL;
	struct items items;
	json_t *list, *one;
	struct err ignored;
	size_t i;
	int ret = 0;

	if (adopted_read(b, &a, e) != 0)
		return -1;
	if (a.root) {
		/* People that cannot be read are there. */
		bool alone;

		(void)in_force_people(s, b, &a, &people, &alone, &ignored);
		items_of(s, &items);
		list = alone ? json_array() : adopted_differences(&a, &items);
		json_array_foreach(list, i, one)
			if (ret == 0)
				ret = one_item(b, &items, &a, one, each, arg, e);
		json_decref(list);
		items_done(&items);
	}
	people_free(people);
	adopted_done(&a);
	return ret;
}
