/* SPDX-License-Identifier: Apache-2.0 */
#include "selection_parts.h"

#include <stdlib.h>

#include "jscan.h"
#include "topics.h"

static void add_type(struct selection *s, const char *name)
{
	struct selection_type *t;
	struct findings quiet;

	for (unsigned i = 0; i < s->ntypes; i++)
		if (strcmp(s->types[i].name, name) == 0)
			return;
	s->types = mem_grow(s->types, s->ntypes + 2u, sizeof *s->types);
	t = &s->types[s->ntypes];
	*t = (struct selection_type){.name = name};
	findings_init(&quiet);
	t->schema = library_schema(s->site->library, span_of(name), conf_root(s->site->conf), &quiet);
	findings_done(&quiet);
	s->ntypes += t->schema != NULL;
}

/* The type of the events on the topic that a destination has for consumers outside; NULL: it has none. */
static const char *published(const struct site_destination *d)
{
	return d->topic && d->form && d->form->published ? schema_type(d->form->published) : NULL;
}

/* Types that an adapter of the site makes, or a route takes; and those for consumers. */
static void add_types(struct selection *s)
{
	const struct site *site = s->site;

	s->types = mem_new(sizeof *s->types);
	for (unsigned i = 0; i < site->nadapters; i++)
		for (unsigned k = 0; site->adapters[i].form && k < site->adapters[i].form->nevents; k++)
			add_type(s, site->adapters[i].form->events[k].type);
	for (unsigned i = 0; i < site->nroutes; i++)
		for (unsigned k = 0; k < site->routes[i].ntypes; k++)
			add_type(s, site->routes[i].types[k]);
	for (unsigned i = 0; i < site->ndestinations; i++)
		if (published(&site->destinations[i]))
			add_type(s, published(&site->destinations[i]));
	s->types[s->ntypes] = (struct selection_type){.name = NULL};
}

static bool is_read(const struct selection *s, const char *topic)
{
	for (unsigned i = 0; topic && i < s->nparts; i++)
		if (s->parts[i].data && strcmp(s->parts[i].topic, topic) == 0)
			return true;
	return false;
}

/* A type whose events may lie on a topic that is read. */
static bool is_meant(const struct selection *s, const char *type)
{
	for (unsigned i = 0; i < s->site->ndestinations; i++) {
		const struct site_destination *d = &s->site->destinations[i];

		if (published(d) && strcmp(published(d), type) == 0 && is_read(s, d->topic))
			return true;
	}
	return is_read(s, topics_of_type(span_of(type)));
}

static struct names *all_names(const struct selection *s)
{
	struct names *names = names_new();

	extract_free(extract_new(NULL, names));
	for (unsigned i = 0; i < s->ntypes; i++)
		if (is_meant(s, s->types[i].name))
			extract_free(extract_new(s->types[i].schema, names));
	return names;
}

static void add_numbers(struct selection_type *t)
{
	unsigned n = 0;
	const struct schema_field *fields = t->schema ? schema_fields(t->schema, &n) : NULL;

	t->numbers = mem_new((n + 1u) * sizeof *t->numbers);
	for (unsigned i = 0; i < n; i++) {
		struct buf name = BUF_INIT;

		buf_printf(&name, "data.%.*s", SPAN_F(fields[i].path));
		if (fields[i].number)
			t->numbers[t->nnumbers++] = (unsigned)names_use(t->names, buf_as_span(&name));
		buf_done(&name);
	}
}

/* Names of other types are known, and absent. */
static void make_ready(struct selection_type *t, const struct names *all, const struct conf *where, struct findings *f)
{
	t->names = names_new();
	t->extract = extract_new(t->schema, t->names);
	for (unsigned i = 0; i < names_count(all); i++)
		names_add(t->names, span_of(names_text(all, i)));
	slots_init(&t->slots, names_count(t->names));
	if (where)
		t->where = expr_compile(where, t->names, f);
	add_numbers(t);
}

static struct conf_file *as_conf(const char *where, struct findings *f)
{
	struct buf text = BUF_INIT;
	struct conf_file *c;

	json_quote(&text, span_of(where));
	c = conf_parse("--where", buf_as_span(&text), f);
	buf_done(&text);
	return c;
}

int selection_types(struct selection *s, struct err *e)
{
	struct conf_file *where = NULL;
	struct findings f;
	struct names *all;
	int ret = 0;

	findings_init(&f);
	add_types(s);
	all = all_names(s);
	if (s->sense.where) {
		where = as_conf(s->sense.where, &f);
		/* Against all at once: a name that some type has is right. */
		expr_free(where ? expr_compile(conf_root(where), all, &f) : NULL);
	}
	if (!f.count)
		for (unsigned i = 0; i <= s->ntypes; i++)
			make_ready(&s->types[i], all, where ? conf_root(where) : NULL, &f);
	if (f.count)
		ret = findings_first(&f, e);
	names_free(all);
	conf_close(where);
	findings_done(&f);
	return ret;
}

void selection_types_done(struct selection *s)
{
	for (unsigned i = 0; s->types && i <= s->ntypes; i++) {
		struct selection_type *t = &s->types[i];

		expr_free(t->where);
		extract_free(t->extract);
		if (t->names)
			slots_done(&t->slots);
		names_free(t->names);
		free(t->numbers);
	}
	free(s->types);
}

struct selection_type *selection_type_of(struct selection *s, const struct event *v, bool data)
{
	struct selection_type *t = &s->types[s->ntypes];
	struct err ignored;

	for (unsigned i = 0; data && i < s->ntypes; i++)
		if (span_is(v->type, s->types[i].name))
			t = &s->types[i];
	return extract_run(t->extract, v, &t->slots, &ignored) == 0 ? t : NULL;
}
