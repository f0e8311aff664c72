/* SPDX-License-Identifier: Apache-2.0 */
#include "items.h"

#include <stdlib.h>

#include "jscan.h"
#include "people.h"

/* Of the money part. */
static bool instructs(const struct site_adapter *a)
{
	return a->form && form_instructs(a->form);
}

bool items_pays(const struct site_destination *d)
{
	return d->form && d->form->money;
}

/* Does the route bring what some adapter makes as an instruction? */
static bool brings_instructions(const struct site *s, const struct site_route *r)
{
	for (unsigned i = 0; i < r->ntypes; i++)
		if (site_natures(s, span_of(r->types[i])) & 1u << NATURE_INSTRUCTION)
			return true;
	return false;
}

bool items_destination(const struct site *s, const struct site_destination *d)
{
	if (!d->form || items_pays(d))
		return d->form != NULL;
	for (unsigned i = 0; i < s->nroutes; i++)
		for (unsigned k = 0; k < s->routes[i].nto; k++)
			if (&s->destinations[s->routes[i].to[k]] == d && brings_instructions(s, &s->routes[i]))
				return true;
	return false;
}

/* ---- forms, tables, schemas ---- */

static void set_digest(struct item *x, const uint8_t raw[HASH_SHA256])
{
	struct buf b = BUF_INIT;

	hash_hex(&b, raw, HASH_SHA256);
	memcpy(x->digest, buf_text(&b), sizeof x->digest);
	buf_done(&b);
}

/* NULL: it is there. */
static struct item *add(struct items *i, const char *kind, struct span name)
{
	struct buf b = BUF_INIT;

	buf_printf(&b, "%s%.*s", kind, SPAN_F(name));
	for (unsigned k = 0; k < i->n; k++)
		if (strcmp(i->list[k].name, buf_text(&b)) == 0) {
			buf_done(&b);
			return NULL;
		}
	i->list = mem_grow(i->list, i->n + 1u, sizeof *i->list);
	i->list[i->n] = (struct item){.name = mem_text(buf_as_span(&b))};
	buf_done(&b);
	return &i->list[i->n++];
}

/* As libraries call it, wherever it was found; one named by its path is called so. */
static struct span form_name(const struct form *f)
{
	const char *path = conf_path(f->conf), *at = path + strlen(path), *end;

	if (span_ends(span_of(f->name), SPAN(".yaml")))
		return span_of(f->name);
	end = at - strlen(".yaml");
	for (unsigned slashes = 0; at > path; at--)
		if (at[-1] == '/' && ++slashes == 3)
			break;
	return (struct span){at, (size_t)(end - at)};
}

static void add_schema(struct site *s, struct items *i, const char *type)
{
	struct item *x = add(i, "schema:", span_of(type));
	struct findings quiet;

	if (!x)
		return;
	findings_init(&quiet);
	x->schema = library_schema(s->library, span_of(type), conf_root(s->conf), &quiet);
	findings_done(&quiet);
	set_digest(x, schema_digest(x->schema));
}

static void add_form(struct site *s, struct items *i, const struct form *f)
{
	struct item *x = add(i, "form:", form_name(f));

	if (!x)
		return;
	x->form = f;
	set_digest(x, f->digest);
	for (unsigned k = 0; k < f->ntables; k++)
		if ((x = add(i, "table:", code_table_base(f->tables[k])))) {
			x->table = f->tables[k];
			set_digest(x, code_table_digest(f->tables[k]));
		}
	for (unsigned k = 0; k < f->nevents; k++)
		add_schema(s, i, f->events[k].type);
	for (unsigned k = 0; k < f->nshapes; k++)
		add_schema(s, i, f->shapes[k].type);
}

/* ---- the site itself ---- */

static void member(struct buf *b, const char *name, struct span value)
{
	if (!value.n)
		return;
	if (b->p[b->n - 1] != '{')
		buf_c(b, ',');
	json_quote(b, span_of(name));
	buf_c(b, ':');
	json_quote(b, value);
}

static struct span text_of(const char *text)
{
	return text ? span_of(text) : SPAN("");
}

/* As the site file says it: a site that is called by another path is the same one. */
static struct span below(const struct site *s, const char *path)
{
	size_t n = strlen(s->base);

	if (!path)
		return SPAN("");
	return strncmp(path, s->base, n) == 0 && path[n] == '/' ? span_of(path + n + 1) : span_of(path);
}

static void add_adapters(const struct site *s, struct buf *b)
{
	for (unsigned i = 0; i < s->nadapters; i++) {
		const struct site_adapter *a = &s->adapters[i];

		if (!instructs(a))
			continue;
		buf_printf(b, "adapter %s {", a->name);
		member(b, "form", form_name(a->form));
		member(b, "start", text_of(a->start));
		member(b, "folder", below(s, a->folder));
		buf_str(b, "}\n");
	}
}

static void add_destinations(const struct site *s, struct buf *b)
{
	for (unsigned i = 0; i < s->ndestinations; i++) {
		const struct site_destination *d = &s->destinations[i];

		if (!items_destination(s, d))
			continue;
		buf_printf(b, "destination %s {", d->name);
		member(b, "form", form_name(d->form));
		member(b, "split", text_of(d->split));
		member(b, "folder", below(s, d->folder));
		member(b, "topic", text_of(d->topic));
		member(b, "readers", d->group ? SPAN("group") : SPAN(""));
		buf_str(b, "}\n");
	}
}

static bool leads_to_item(const struct site *s, const struct site_route *r)
{
	for (unsigned i = 0; i < r->nto; i++)
		if (items_destination(s, &s->destinations[r->to[i]]))
			return true;
	return false;
}

static void add_routes(const struct site *s, struct buf *b)
{
	for (unsigned i = 0; i < s->nroutes; i++) {
		const struct site_route *r = &s->routes[i];

		if (!leads_to_item(s, r))
			continue;
		buf_str(b, "route {\"types\":[");
		for (unsigned k = 0; k < r->ntypes; k++) {
			buf_str(b, k ? "," : "");
			json_quote(b, span_of(r->types[k]));
		}
		buf_c(b, ']');
		if (r->when)
			member(b, "when", r->when->text);
		buf_str(b, ",\"to\":[");
		for (unsigned k = 0, n = 0; k < r->nto; k++)
			if (items_destination(s, &s->destinations[r->to[k]])) {
				buf_str(b, n++ ? "," : "");
				json_quote(b, span_of(s->destinations[r->to[k]].name));
			}
		buf_str(b, "]}\n");
	}
}

/* Another key makes other ids: what was paid before would be new. It says nothing about the key. */
static void add_key(const struct site *s, struct buf *b)
{
	static const char what[] = "jincai: which key is it";
	uint8_t raw[HASH_SHA256];

	if (!s->library->key)
		return;
	hash_keyed(s->library->key, what, sizeof what - 1, raw);
	buf_str(b, "key ");
	hash_hex(b, raw, 8);
	buf_c(b, '\n');
}

static void write_site(const struct site *s, struct items *i)
{
	struct buf *b = &i->site;

	buf_printf(b, "division %s\nunit %s\npartitions %u\n", s->library->site_division, s->library->site_unit,
		s->partitions);
	buf_printf(b, "%sdouble %u\n", s->test ? "" : ITEM_SITE_PRODUCTION, s->double_days);
	/* What would show afterwards that something was changed. */
	if (s->anchor)
		buf_printf(b, "anchor %s\n", s->anchor);
	if (s->audit.hash == AUDIT_SM3)
		buf_str(b, "audit sm3\n");
	if (s->witness)
		buf_printf(b, "witness %s\n", s->witness);
	add_key(s, b);
	add_adapters(s, b);
	add_destinations(s, b);
	add_routes(s, b);
	if (i->people.n)
		buf_printf(b, "people %.*s\n", SPAN_F(buf_as_span(&i->people)));
}

/* ---- */

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct item *)a)->name, ((const struct item *)b)->name);
}

void items_of(struct site *s, struct items *ret)
{
	uint8_t raw[HASH_SHA256];
	struct item *x;

	*ret = (struct items){.site = BUF_INIT, .people = BUF_INIT};
	for (unsigned i = 0; i < s->nadapters; i++)
		if (instructs(&s->adapters[i]))
			add_form(s, ret, s->adapters[i].form);
	for (unsigned i = 0; i < s->ndestinations; i++)
		if (items_destination(s, &s->destinations[i]))
			add_form(s, ret, s->destinations[i].form);
	if (s->people)
		people_write(s->people, &ret->people);
	write_site(s, ret);
	x = add(ret, ITEM_SITE, SPAN(""));
	hash_sha256(ret->site.p, ret->site.n, raw);
	set_digest(x, raw);
	qsort(ret->list, ret->n, sizeof *ret->list, by_name);
}

void items_done(struct items *i)
{
	for (unsigned k = 0; k < i->n; k++)
		free(i->list[k].name);
	free(i->list);
	buf_done(&i->site);
	buf_done(&i->people);
	*i = (struct items){.site = BUF_INIT, .people = BUF_INIT};
}

const struct item *items_find(const struct items *i, struct span name)
{
	for (unsigned k = 0; k < i->n; k++)
		if (span_is(name, i->list[k].name))
			return &i->list[k];
	return NULL;
}

int items_keep(const struct items *i, const struct item *one, const char *root, struct err *e)
{
	if (one->form)
		return kept_form(root, one->form, one->name + strlen("form:"), e);
	if (one->table)
		return kept_table(root, one->table, e);
	if (one->schema)
		return kept_schema(root, one->schema, e);
	return kept_file(root, ITEM_SITE_FILE, buf_as_span(&i->site), e);
}
