/* SPDX-License-Identifier: Apache-2.0 */
#include "in_force.h"

#include <fcntl.h>
#include <stdlib.h>

#include "fsys.h"
#include "log.h"
#include "people.h"

#define SITE_TEXT_MAX (4u << 20)

/* ---- people ---- */

/* The text of the item site that was adopted: 1, 0 there is none, -1. */
static int adopted_site(struct bus *b, const struct adopted *a, struct buf *ret, struct err *e)
{
	const char *digest = adopted_digest(a, ITEM_SITE);
	struct buf path = BUF_INIT, hex = BUF_INIT;
	uint8_t raw[HASH_SHA256];
	char *root = adopted_root(b);
	int got = digest != NULL;

	if (digest) {
		buf_printf(&path, "%s/%s/" ITEM_SITE_FILE, root, digest);
		if (fsys_get(AT_FDCWD, buf_text(&path), SITE_TEXT_MAX, ret, e) == 0) {
			hash_sha256(ret->p, ret->n, raw);
			hash_hex(&hex, raw, sizeof raw);
		}
		if (!span_is(buf_as_span(&hex), digest))
			got = err_set(e, E_ADOPT_ALTERED, "item=" ITEM_SITE "\nfile=%s", buf_text(&path));
	}
	buf_done(&path);
	buf_done(&hex);
	free(root);
	return got;
}

int in_force_people(const struct site *files, struct bus *b, const struct adopted *a, struct people **ret,
	bool *ret_alone, struct err *e)
{
	static const char line[] = "\npeople ";
	struct buf text = BUF_INIT;
	int got = adopted_site(b, a, &text, e);
	const char *at = got == 1 ? strstr(buf_text(&text), line) : NULL, *end;
	bool production = got == 1 && strstr(buf_text(&text), "\n" ITEM_SITE_PRODUCTION);

	*ret = NULL;
	if (at) {
		at += sizeof line - 1;
		end = strchr(at, '\n');
		got = people_read((struct span){at, (size_t)(end - at)}, ret, e);
	}
	if (ret_alone)
		*ret_alone = got >= 0 && !*ret && !production && files->test && !files->people;
	buf_done(&text);
	return got < 0 ? -1 : 0;
}

/* ---- loading ---- */

/* Folders that stand before those of the library, and forms named by their path. */
struct over {
	const char **folders, **forms;
	unsigned nfolders, nforms;
	struct arena arena;
};

static void over_add(struct over *o, const char *name, const char *folder)
{
	const char *form = strncmp(name, "form:", 5) == 0 ? name + 5 : NULL;
	struct buf path = BUF_INIT;

	if (form && !kept_is_name(form)) {
		buf_printf(&path, "%s/form.yaml", folder);
		o->forms = mem_grow(o->forms, o->nforms + 3u, sizeof *o->forms);
		o->forms[o->nforms++] = arena_text(&o->arena, span_of(form));
		o->forms[o->nforms++] = arena_text(&o->arena, buf_as_span(&path));
		o->forms[o->nforms] = NULL;
		buf_done(&path);
		return;
	}
	o->folders = mem_grow(o->folders, o->nfolders + 2u, sizeof *o->folders);
	o->folders[o->nfolders++] = arena_text(&o->arena, span_of(folder));
	o->folders[o->nfolders] = NULL;
}

static void over_of(struct bus *b, const struct adopted *a, struct over *o)
{
	char *root = adopted_root(b);
	const char *name;
	json_t *digest;

	json_object_foreach(json_object_get(a->root, "items"), name, digest)
		if (strcmp(name, ITEM_SITE) != 0) {
			char *folder = kept_folder(root, json_string_value(digest));

			over_add(o, name, folder);
			free(folder);
		}
	free(root);
}

static void over_done(struct over *o)
{
	free(o->folders);
	free(o->forms);
	arena_done(&o->arena);
}

static struct site *load(const struct site *s, struct over *o, struct findings *f)
{
	const char *path = conf_path(s->conf);

	for (unsigned i = 0; i < s->library->nfolders; i++) {
		o->folders = mem_grow(o->folders, o->nfolders + 2u, sizeof *o->folders);
		o->folders[o->nfolders++] = s->library->folders[i];
		o->folders[o->nfolders] = NULL;
	}
	return site_load_over(path, o->folders, o->forms, f);
}

struct site *in_force_again(const struct site *s, struct findings *f)
{
	struct over o = {.arena = ARENA_INIT};
	struct site *ret = load(s, &o, f);

	over_done(&o);
	return ret;
}

/* Do the files say of forms, tables and schemas what was adopted? */
static bool same_content(const struct items *i, const struct adopted *a)
{
	const json_t *items = json_object_get(a->root, "items");

	for (unsigned k = 0; k < i->n; k++) {
		const char *digest = adopted_digest(a, i->list[k].name);

		if (strcmp(i->list[k].name, ITEM_SITE) != 0 && (!digest || strcmp(digest, i->list[k].digest) != 0))
			return false;
	}
	return json_object_size(items) == i->n;
}

/* What was read is what was adopted, all of it. */
static int compare(const struct items *i, const struct adopted *a, struct err *e)
{
	for (unsigned k = 0; k < i->n; k++) {
		const struct item *x = &i->list[k];
		const char *digest = adopted_digest(a, x->name);

		if (digest && strcmp(digest, x->digest) == 0)
			continue;
		if (!digest || strcmp(x->name, ITEM_SITE) == 0)
			return err_set(e, E_ADOPT_SITE, "item=%s", x->name);
		return err_set(e, E_ADOPT_ALTERED, "item=%s\nfile=adopted/%s", x->name, digest);
	}
	return 0;
}

static void put_off(struct site *s, const struct adopted *a)
{
	for (unsigned i = 0; i < s->ndestinations; i++) {
		const enum adopted_off off = adopted_off(a, &s->destinations[i]);

		if (off == ADOPTED_AS_SAID)
			continue;
		s->destinations[i].mode = SITE_OFF;
		log_line(LOG_WARN, off == ADOPTED_NOT_LET ? "adopt.not_live" : "adopt.no_shadow",
			"destination=%s lines=wait do=%s", s->destinations[i].name,
			off == ADOPTED_NOT_LET ? "jincai_live" : "mode:_live");
	}
}

static int apply(struct site *files, struct bus *b, const struct adopted *a, struct in_force *x, struct findings *f,
	struct err *e)
{
	struct over o = {.arena = ARENA_INIT};
	struct items items;
	bool same;

	items_of(files, &items);
	same = same_content(&items, a);
	if (!same) {
		items_done(&items);
		over_of(b, a, &o);
		x->site = load(files, &o, f);
		x->owned = true;
		over_done(&o);
		if (!x->site)
			return err_set(e, E_ADOPT_UNREADABLE, "file=%s", conf_path(files->conf));
		items_of(x->site, &items);
	}
	x->closed = compare(&items, a, &x->why) != 0;
	items_done(&items);
	if (!files->test)
		put_off(x->site, a);
	return 0;
}

int in_force_load(struct site *files, struct bus *b, const struct adopted *a, struct in_force *ret, struct findings *f,
	struct err *e)
{
	struct in_force x = {.site = files, .why = ERR_INIT};
	struct people *people = NULL;
	struct err bad;
	bool altered = in_force_people(files, b, a, &people, &x.alone, &bad) != 0;

	if (!x.alone && apply(files, b, a, &x, f, e) != 0) {
		people_free(people);
		return -1;
	}
	/* Where those in force cannot be read, nobody approves. */
	if (people || altered) {
		people_free(x.site->people);
		x.site->people = people;
	}
	x.site->alone = x.alone;
	if (altered) {
		x.closed = true;
		x.why = bad;
	}
	x.site->closed = x.closed;
	*ret = x;
	return 0;
}

static bool was_asked(const struct adopted *a, const struct item *x)
{
	const char *digest = adopted_digest(a, x->name);
	const json_t *one;
	size_t i;

	if (digest && strcmp(digest, x->digest) == 0)
		return true;
	json_array_foreach(json_object_get(a->root, "next"), i, one)
		if (strcmp(json_string_value(json_object_get(one, "digest")), x->digest) == 0)
			return true;
	return false;
}

int in_force_keep(struct site *files, struct bus *b, const struct adopted *a, struct err *e)
{
	char *root = adopted_root(b);
	struct items items;
	int ret = 0;

	items_of(files, &items);
	for (unsigned i = 0; i < items.n && ret == 0; i++) {
		char *folder = kept_folder(root, items.list[i].digest);

		if (was_asked(a, &items.list[i]) && !fsys_exists(AT_FDCWD, folder))
			ret = items_keep(&items, &items.list[i], root, e);
		free(folder);
	}
	items_done(&items);
	free(root);
	return ret;
}

void in_force_done(struct in_force *x)
{
	if (x->owned)
		site_free(x->site);
	*x = (struct in_force){0};
}
