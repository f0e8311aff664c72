/* SPDX-License-Identifier: Apache-2.0 */
#include "library.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fsys.h"

struct library *library_new(void)
{
	struct library *l = mem_new(sizeof *l);

	l->codes = codes_new();
	l->site_name = mem_text(SPAN(""));
	l->site_division = mem_text(SPAN(""));
	l->site_unit = mem_text(SPAN(""));
	return l;
}

void library_free(struct library *l)
{
	if (!l)
		return;
	for (unsigned i = 0; i < l->nfolders; i++)
		free(l->folders[i]);
	free(l->folders);
	for (unsigned i = 0; i < l->nschemas; i++)
		schema_free(l->schemas[i]);
	free(l->schemas);
	codes_free(l->codes);
	if (!l->borrows)
		hash_key_free(l->key);
	free(l->keys);
	free(l->site_name);
	free(l->site_division);
	free(l->site_unit);
	free(l);
}

static char *join(const char *a, const char *b)
{
	struct buf t = BUF_INIT;

	buf_printf(&t, "%s/%s", a, b);
	return (char *)(uintptr_t)buf_text(&t);
}

void library_add(struct library *l, const char *folder)
{
	char *codes = join(folder, "schemas/codes");

	l->folders = mem_grow(l->folders, l->nfolders + 1u, sizeof *l->folders);
	l->folders[l->nfolders++] = mem_text(span_of(folder));
	codes_add_folder(l->codes, codes);
	free(codes);
}

struct library *library_before(const struct library *l, const char *const *folders)
{
	struct library *ret = library_new();

	for (; *folders; folders++)
		library_add(ret, *folders);
	for (unsigned i = 0; i < l->nfolders; i++)
		library_add(ret, l->folders[i]);
	ret->key = l->key;
	ret->borrows = true;
	ret->keys = l->keys ? mem_text(span_of(l->keys)) : NULL;
	free(ret->site_name);
	free(ret->site_division);
	free(ret->site_unit);
	ret->site_name = mem_text(span_of(l->site_name));
	ret->site_division = mem_text(span_of(l->site_division));
	ret->site_unit = mem_text(span_of(l->site_unit));
	return ret;
}

void library_add_own(struct library *l)
{
	char exe[512], *slash, *folder;
	ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);

	if (n <= 0)
		return;
	exe[n] = 0;
	slash = strrchr(exe, '/');
	*slash = 0;
	folder = join(exe, "../share/jincai");
	if (fsys_exists(AT_FDCWD, folder))
		library_add(l, folder);
	free(folder);
}

const struct schema *library_schema(struct library *l, struct span type, const struct conf *node, struct findings *f)
{
	size_t word = 0;

	for (unsigned i = 0; i < l->nschemas; i++)
		if (span_is(type, schema_type(l->schemas[i])))
			return l->schemas[i];
	while (word < type.n && type.p[word] != '.')
		word++;
	for (unsigned i = 0; i < l->nfolders; i++) {
		struct buf path = BUF_INIT;
		struct schema *s = NULL;
		bool there;

		buf_printf(&path, "%s/schemas/%.*s/%.*s.json", l->folders[i], (int)word, type.p, SPAN_F(type));
		there = fsys_exists(AT_FDCWD, buf_text(&path));
		if (there)
			s = schema_load(buf_text(&path), f);
		buf_done(&path);
		if (!there)
			continue;
		if (!s)
			return NULL;
		l->schemas = mem_grow(l->schemas, l->nschemas + 1u, sizeof *l->schemas);
		return l->schemas[l->nschemas++] = s;
	}
	conf_report(f, node, E_FORM_NO_SCHEMA, "type=%.*s", SPAN_F(type));
	return NULL;
}

/* Adds "system/dialect/form" of one folder, two levels down. */
static void add_forms(const char *root, const char *below, unsigned depth, char ***list, unsigned *n)
{
	char *path = join(root, below), **names;
	struct err e;
	int fd;

	if (fsys_open_dir(AT_FDCWD, path, &fd, &e) == 0) {
		if (fsys_list(fd, ".", &names, &e) == 0) {
			for (unsigned i = 0; names[i]; i++) {
				size_t len = strlen(names[i]);
				char *next = *below ? join(below, names[i]) : mem_text(span_of(names[i]));

				if (depth < 2) {
					add_forms(root, next, depth + 1, list, n);
				} else if (len > 5 && strcmp(names[i] + len - 5, ".yaml") == 0) {
					next[strlen(next) - 5] = 0;
					*list = mem_grow(*list, *n + 2u, sizeof **list);
					(*list)[(*n)++] = mem_text(span_of(next));
					(*list)[*n] = NULL;
				}
				free(next);
			}
			fsys_list_free(names);
		}
		close(fd);
	}
	free(path);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

char **library_forms(struct library *l)
{
	char **list = mem_new(sizeof *list);
	unsigned n = 0, kept = 0;

	for (unsigned i = 0; i < l->nfolders; i++) {
		char *root = join(l->folders[i], "adapters");

		add_forms(root, "", 0, &list, &n);
		free(root);
	}
	qsort(list, n, sizeof *list, by_text);
	for (unsigned i = 0; i < n; i++)
		if (kept && strcmp(list[kept - 1], list[i]) == 0)
			free(list[i]);
		else
			list[kept++] = list[i];
	list[kept] = NULL;
	return list;
}

static char *form_path(struct library *l, struct span name)
{
	for (unsigned i = 0; i < l->nfolders; i++) {
		struct buf path = BUF_INIT;

		buf_printf(&path, "%s/adapters/%.*s.yaml", l->folders[i], SPAN_F(name));
		if (fsys_exists(AT_FDCWD, buf_text(&path)))
			return path.p;
		buf_done(&path);
	}
	return NULL;
}

/* True when the form's file says `form: DIRECTION`. */
static bool has_direction(const char *path, const char *direction)
{
	struct findings quiet;
	struct conf_file *c;
	bool is;

	findings_init(&quiet);
	c = conf_open(path, &quiet);
	is = c && conf_root(c)->kind == CONF_MAP && span_is(conf_text(conf_root(c), "form", "", &quiet), direction);
	conf_close(c);
	findings_done(&quiet);
	return is;
}

static void report(struct findings *f, const struct conf *node, struct span name, enum err_id id, const char *near)
{
	struct err e;

	if (node) {
		conf_report(f, node, id, "name=%.*s\nnear=%s", SPAN_F(name), near);
		return;
	}
	err_set(&e, id, "name=%.*s\nnear=%s", SPAN_F(name), near);
	findings_add(f, &e, "", 0, 0, SPAN(""));
}

char *library_form(struct library *l, struct span name, const char *direction, const struct conf *node,
	struct findings *f)
{
	char *found = NULL, **forms;
	unsigned matches = 0;
	const char *near;

	if (span_ends(name, SPAN(".yaml")))
		return mem_text(name);
	if ((found = form_path(l, name)))
		return found;
	forms = library_forms(l);
	for (unsigned i = 0; forms[i]; i++) {
		struct span form = span_of(forms[i]);
		char *path;

		if (!span_starts(form, name) || form.p[name.n] != '/')
			continue;
		path = form_path(l, form);
		if (has_direction(path, direction) && matches++ == 0)
			found = path;
		else
			free(path);
	}
	if (matches != 1) {
		near = conf_nearest(name, (const char *const *)forms);
		report(f, node, name, matches ? E_FORM_SEVERAL : E_FORM_UNKNOWN, near ? near : "-");
		free(found);
		found = NULL;
	}
	fsys_list_free(forms);
	return found;
}
