/* SPDX-License-Identifier: Apache-2.0 */
#include "site.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "clock.h"
#include "fsys.h"
#include "people.h"
#include "pays.h"

#define DOUBLE_DAYS 7                /* a payment is made again by mistake within a week or so */

struct loading {
	struct site *site;
	struct conf *root;
	struct findings *f;
	const char *const *forms;    /* pairs: as the site file calls a form by its path, and what is read in its place */
};

char *site_find(const char *path)
{
	const char *env = getenv("JINCAI_SITE");

	if (path)
		return mem_text(span_of(path));
	if (env && env[0])
		return mem_text(span_of(env));
	return mem_text(span_of(fsys_exists(AT_FDCWD, "jincai.yaml") ? "jincai.yaml" : "/etc/jincai/jincai.yaml"));
}

char *site_path(const struct site *s, struct span path)
{
	struct buf b = BUF_INIT;

	if (path.n && path.p[0] == '/')
		return mem_text(path);
	while (span_starts(path, SPAN("./")))
		path.p += 2, path.n -= 2;
	buf_printf(&b, "%s/%.*s", s->base, SPAN_F(path));
	return (char *)(uintptr_t)buf_text(&b);
}

static bool name_ok(struct span n)
{
	for (size_t i = 0; i < n.n; i++)
		if (!((n.p[i] >= 'a' && n.p[i] <= 'z') || (n.p[i] >= '0' && n.p[i] <= '9') || n.p[i] == '-'))
			return false;
	return n.n && n.n <= 40 && !span_is(n, SITE_ROUTER) && !span_is(n, SITE_KEEPER) &&
		!span_is(n, SITE_REPLAY);
}

static void check_name(struct loading *in, const struct conf *node)
{
	if (!name_ok(node->key))
		conf_report_key(in->f, node, E_SITE_NAME, "name=%.*s", SPAN_F(node->key));
}

/* ---- site: ---- */

static void set_text(char **to, struct span text)
{
	free(*to);
	*to = mem_text(text);
}

static void read_key(struct loading *in, struct conf *node)
{
	struct buf key = BUF_INIT, path = BUF_INIT;
	char *folder;
	struct err e;

	set_text(&in->site->library->keys, SPAN(""));
	if (!node)
		return;
	folder = site_path(in->site, node->text);
	set_text(&in->site->library->keys, span_of(folder));
	buf_printf(&path, "%s/identity.key", folder);
	if (fsys_get(AT_FDCWD, buf_text(&path), 4096, &key, &e) != 0)
		conf_report(in->f, node, e.id, "%s", e.args);
	else if (key.n < 16)
		conf_report(in->f, node, E_SITE_SHORT_KEY, "file=%s\nbytes=%zu", buf_text(&path), key.n);
	else
		site_check_key(in->site, node, buf_text(&path), buf_as_span(&key), in->f);
	site_check_folder(in->site, node, folder, in->f);
	/* With a key that is wrong the site is refused; forms that need one say nothing more about it. */
	in->site->library->key = hash_key_new(key.n ? key.p : "", key.n);
	if (key.n)
		explicit_bzero(key.p, key.n);
	buf_done(&key);
	buf_done(&path);
	free(folder);
}

static void read_site(struct loading *in)
{
	struct conf *node = conf_need(in->root, "site", CONF_MAP, in->f), *name;
	struct library *l = in->site->library;

	if (!node)
		return;
	name = conf_need(node, "name", CONF_SCALAR, in->f);
	if (name) {
		if (!name_ok(name->text))
			conf_report(in->f, name, E_SITE_NAME, "name=%.*s", SPAN_F(name->text));
		set_text(&in->site->name, name->text);
		set_text(&l->site_name, name->text);
	}
	set_text(&l->site_division, conf_text(node, "division", "", in->f));
	set_text(&l->site_unit, conf_text(node, "unit", "", in->f));
	in->site->test = conf_choice(node, "kind", "production|test", 0, in->f) == 1;
	read_key(in, conf_want(node, "keys", CONF_SCALAR, in->f));
	conf_unknown(node, in->f);
}

static void read_checks(struct loading *in)
{
	struct conf *witness = conf_want(in->root, "witness", CONF_SCALAR, in->f), *twice;

	if (witness)
		in->site->witness = site_path(in->site, witness->text);
	twice = conf_want(in->root, "double", CONF_MAP, in->f);
	in->site->double_days = DOUBLE_DAYS;
	if (twice) {
		in->site->double_days = (unsigned)conf_int(twice, "days", 0, PAYS_DAYS_MAX, DOUBLE_DAYS, in->f);
		conf_unknown(twice, in->f);
	}
}

static void read_libraries(struct loading *in, const char *const *given)
{
	struct conf *node = conf_want(in->root, "library", CONF_LIST, in->f);

	for (; given && *given; given++)
		library_add(in->site->library, *given);
	for (struct conf *c = node ? node->first : NULL; c; c = c->next) {
		char *path = site_path(in->site, c->text);

		library_add(in->site->library, path);
		free(path);
	}
	library_add_own(in->site->library);
}

/* ---- adapters and destinations ---- */

/* from: {file: {folder: ...}}: the folder must be there, and writable by us. */
static char *read_folder(struct loading *in, struct conf *map, const char *key)
{
	struct conf *outer = conf_need(map, key, CONF_MAP, in->f);
	struct conf *file = outer ? conf_need(outer, "file", CONF_MAP, in->f) : NULL;
	struct conf *folder = file ? conf_need(file, "folder", CONF_SCALAR, in->f) : NULL;
	struct err e;
	char *path;
	int fd;

	if (outer)
		conf_unknown(outer, in->f);
	if (!folder)
		return NULL;
	conf_unknown(file, in->f);
	path = site_path(in->site, folder->text);
	if (fsys_open_dir(AT_FDCWD, path, &fd, &e) != 0) {
		/* The same file serves several hosts; who runs the flow opens it, or refuses. */
		if (e.id == E_FILE_MISSING && site_on_kafka(in->site))
			conf_report(in->f, folder, E_SITE_ELSEWHERE, "folder=%s\nname=%.*s", path, SPAN_F(map->key));
		else
			conf_report(in->f, folder, e.id, "%s", e.args);
	} else {
		if (faccessat(fd, ".", W_OK, AT_EACCESS) != 0)
			conf_report(in->f, folder, E_FILE_DENIED, "file=%s\nwhy=not writable", path);
		close(fd);
		site_check_folder(in->site, folder, path, in->f);
	}
	return path;
}

static const char *instead(const struct loading *in, struct span name)
{
	for (const char *const *pair = in->forms; pair && *pair; pair += 2)
		if (span_is(name, pair[0]))
			return pair[1];
	return NULL;
}

static struct form *read_form(struct loading *in, struct conf *map, bool outward)
{
	struct conf *node = conf_need(map, "form", CONF_SCALAR, in->f);
	const char *other = node ? instead(in, node->text) : NULL;
	char *path = other ? mem_text(span_of(other)) : node ? library_form(in->site->library, node->text, outward ? "out" : "in", node, in->f) : NULL;
	struct form *form = path ? form_load(in->site->library, path, in->f) : NULL;

	free(path);
	if (form && form->outward != outward) {
		conf_report(in->f, node, E_SITE_DIRECTION, "form=%.*s\nis=%s", SPAN_F(node->text),
			form->outward ? "out" : "in");
		form_free(form);
		form = NULL;
	}
	if (form)
		set_text(&form->name, node->text);
	return form;
}

static void read_adapter(struct loading *in, struct conf *node)
{
	struct site *s = in->site;
	struct site_adapter *a;
	struct conf *start, *returns;

	s->adapters = mem_grow(s->adapters, s->nadapters + 1u, sizeof *s->adapters);
	a = &s->adapters[s->nadapters++];
	*a = (struct site_adapter){.name = mem_text(node->key)};
	check_name(in, node);
	if (!conf_is(node, CONF_MAP, in->f))
		return;
	a->form = read_form(in, node, false);
	a->folder = read_folder(in, node, "from");
	returns = conf_want(node, "returns", CONF_SCALAR, in->f);
	if (returns)
		a->returns = site_path(s, returns->text);
	start = conf_want(node, "start", CONF_SCALAR, in->f);
	if (start) {
		int year = 0, month = 0, day = 0;

		if (start->text.n != 10 || sscanf(start->text.p, "%4d-%2d-%2d", &year, &month, &day) != 3 ||
			!clock_date_ok(year, month, day))
			conf_report(in->f, start, E_SITE_START, "text=%.*s", SPAN_F(start->text));
		a->start = mem_text(start->text);
	} else if (a->form && form_instructs(a->form)) {
		conf_report_key(in->f, node, E_SITE_NO_START, "adapter=%s", a->name);
	}
	a->keep_days = (unsigned)conf_int(node, "keep", 0, 36500, 0, in->f);
	a->contact = site_contact(node, in->f);
	site_expect(node, &a->expect, in->f);
	conf_unknown(node, in->f);
}

/* to: {file: {readers: group}} */
static bool read_readers(struct loading *in, struct conf *map)
{
	struct conf *to = conf_get(map, "to"), *file = to && to->kind == CONF_MAP ? conf_get(to, "file") : NULL;

	return file && file->kind == CONF_MAP && conf_choice(file, "readers", "owner|group", 0, in->f) == 1;
}

/* gather: partition, and how many shares of it run. */
static void read_gather(struct loading *in, struct conf *node, struct site_destination *d)
{
	d->parted = conf_choice(node, "gather", "batch|partition", 0, in->f) == 1;
	d->shares = d->parted ? (unsigned)conf_int(node, "shares", 1, SHARES_MAX, 0, in->f) : 0;
	if (d->parted && d->form && d->form->money)
		conf_report(in->f, conf_get(node, "gather"), E_SITE_GATHER_MONEY, "destination=%s", d->name);
	if (d->shares > in->site->partitions)
		conf_report(in->f, conf_get(node, "shares"), E_SHARES_MANY, "shares=%u\npartitions=%u", d->shares,
			in->site->partitions);
	else if (d->shares > 1 && !site_on_kafka(in->site))
		conf_report(in->f, conf_get(node, "shares"), E_BUS_NO_SHARES, "flow=%s", d->name);
}

static void read_destination(struct loading *in, struct conf *node)
{
	struct site *s = in->site;
	struct site_destination *d;
	struct conf *split;

	s->destinations = mem_grow(s->destinations, s->ndestinations + 1u, sizeof *s->destinations);
	d = &s->destinations[s->ndestinations++];
	*d = (struct site_destination){.name = mem_text(node->key)};
	check_name(in, node);
	if (!conf_is(node, CONF_MAP, in->f))
		return;
	d->form = read_form(in, node, true);
	read_gather(in, node, d);
	if (!conf_get(node, "mode"))
		conf_report_key(in->f, node, E_SITE_NO_MODE, "destination=%s", d->name);
	d->mode = (enum site_mode)conf_choice(node, "mode", "off|shadow|live", 0, in->f);
	d->said = d->mode;
	split = conf_want(node, "split", CONF_SCALAR, in->f);
	if (split)
		d->split = mem_text(split->text);
	d->group = read_readers(in, node);
	d->contact = site_contact(node, in->f);
	if (!site_topic(node, d, in->f))
		d->folder = read_folder(in, node, "to");
	conf_unknown(node, in->f);
}

/* Names are unique over adapters and destinations. */
static void check_twice(struct loading *in)
{
	const struct site *s = in->site;

	for (unsigned i = 0; i < s->ndestinations; i++)
		if (site_adapter(s, span_of(s->destinations[i].name)))
			conf_report_key(in->f, conf_get(conf_get(in->root, "destinations"), s->destinations[i].name),
				E_SITE_TWICE, "name=%s", s->destinations[i].name);
}

/* ---- routes ---- */

static int destination_of(struct loading *in, const struct conf *node)
{
	const struct site *s = in->site;
	const char **names = mem_new((s->ndestinations + 1u) * sizeof *names), *near;

	for (unsigned i = 0; i < s->ndestinations; i++) {
		names[i] = s->destinations[i].name;
		if (span_is(node->text, names[i])) {
			free(names);
			return (int)i;
		}
	}
	near = conf_nearest(node->text, names);
	conf_report(in->f, node, E_SITE_NOWHERE, "name=%.*s\nnear=%s", SPAN_F(node->text), near ? near : "-");
	free(names);
	return -1;
}

static void check_condition(struct loading *in, const struct schema *schema, const struct conf *when)
{
	struct names *names = names_new();
	struct extract *x = extract_new(schema, names);

	expr_free(expr_compile(when, names, in->f));
	extract_free(x);
	names_free(names);
}

/* Does a rule fill that field? */
static bool fills(const struct map *m, const struct schema_field *field)
{
	for (unsigned i = 0; m && i < map_count(m); i++)
		if (map_field(m, i) == field)
			return true;
	return false;
}

/* An event without the value that a destination is split by is dead there: of a form that never fills it, all are. */
static void check_filled(struct loading *in, const struct conf *type, const struct schema_field *field,
	const struct site_destination *d)
{
	for (unsigned i = 0; i < in->site->nadapters; i++) {
		const struct site_adapter *a = &in->site->adapters[i];

		for (unsigned k = 0; a->form && k < a->form->nevents; k++)
			if (span_is(type->text, a->form->events[k].type) && !fills(a->form->events[k].map, field))
				conf_report(in->f, type, E_SITE_SPLIT_NEVER,
					"type=%.*s\ndestination=%s\npath=%s\nadapter=%s\nform=%s", SPAN_F(type->text),
					d->name, d->split, a->name, a->form->name);
	}
}

static void check_split(struct loading *in, const struct conf *type, const struct schema *schema,
	const struct site_destination *d)
{
	struct span path = span_of(d->split);
	const struct schema_field *field = !span_starts(path, SPAN("data.")) ? NULL
		: schema_field(schema, (struct span){path.p + 5, path.n - 5});

	if (!field)
		conf_report(in->f, type, E_SITE_SPLIT, "type=%.*s\ndestination=%s\npath=%s", SPAN_F(type->text),
			d->name, d->split);
	else if (field->sensitivity != SENSITIVITY_NONE)
		conf_report(in->f, type, E_SITE_SPLIT_PERSONAL, "destination=%s\npath=%s", d->name, d->split);
	else
		check_filled(in, type, field, d);
}

/* What comes of a batch on one partition says nothing about the whole of it. */
static void check_gather(struct loading *in, const struct conf *type, const struct site_destination *d)
{
	for (unsigned i = 0; i < in->site->nadapters; i++) {
		const struct site_adapter *a = &in->site->adapters[i];

		for (unsigned k = 0; a->form && a->form->release == RELEASE_BATCH && k < a->form->nevents; k++)
			if (span_is(type->text, a->form->events[k].type))
				conf_report(in->f, type, E_SITE_GATHER_WHOLE, "destination=%s\nadapter=%s\ntype=%.*s",
					d->name, a->name, SPAN_F(type->text));
	}
}

static void check_route(struct loading *in, const struct conf *type, const struct site_route *r)
{
	char *text = mem_text(type->text);
	const struct schema *schema = library_schema(in->site->library, type->text, type, in->f);
	unsigned natures = site_natures(in->site, type->text);

	if (schema && r->when)
		check_condition(in, schema, r->when);
	for (unsigned i = 0; i < r->nto; i++) {
		const struct site_destination *d = &in->site->destinations[r->to[i]];

		if (!d->form)
			continue;
		if (!form_shape(d->form, type->text))
			conf_report(in->f, type, E_SITE_NOT_TAKEN, "type=%s\ndestination=%s\nform=%s", text, d->name,
				d->form->name);
		/* One adapter that makes it as something else is enough: what that one brings would be paid as well. */
		if (d->form->money && natures & ~(1u << NATURE_INSTRUCTION))
			conf_report(in->f, type, E_SITE_REPORT_TO_MONEY, "type=%s\ndestination=%s", text, d->name);
		if (d->parted)
			check_gather(in, type, d);
		if (d->split && schema)
			check_split(in, type, schema, d);
	}
	free(text);
}

static void read_route(struct loading *in, struct conf *node)
{
	struct site *s = in->site;
	struct site_route *r;
	struct conf *types, *to;

	if (!conf_is(node, CONF_MAP, in->f))
		return;
	s->routes = mem_grow(s->routes, s->nroutes + 1u, sizeof *s->routes);
	r = &s->routes[s->nroutes++];
	*r = (struct site_route){.node = node};
	types = conf_need(node, "types", CONF_LIST, in->f);
	r->when = conf_want(node, "when", CONF_SCALAR, in->f);
	to = conf_get(node, "to");
	if (!to || to->kind == CONF_MAP)
		conf_need(node, "to", CONF_SCALAR, in->f);
	for (struct conf *c = !to ? NULL : to->kind == CONF_LIST ? to->first : to; c;
		c = to->kind == CONF_LIST ? c->next : NULL) {
		int d = to->kind == CONF_MAP ? -1 : destination_of(in, c);

		if (d < 0)
			continue;
		r->to = mem_grow(r->to, r->nto + 1u, sizeof *r->to);
		r->to[r->nto++] = (unsigned)d;
	}
	for (struct conf *c = types ? types->first : NULL; c; c = c->next) {
		r->types = mem_grow(r->types, r->ntypes + 1u, sizeof *r->types);
		r->types[r->ntypes++] = mem_text(c->text);
		check_route(in, c, r);
	}
	conf_unknown(node, in->f);
}

/* ---- */

static char *folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? mem_text((struct span){path, slash == path ? 1 : (size_t)(slash - path)}) : mem_text(SPAN("."));
}

static void each_entry(struct loading *in, const char *key, void (*read)(struct loading *, struct conf *))
{
	struct conf *map = conf_need(in->root, key, CONF_MAP, in->f);

	for (struct conf *c = map ? map->first : NULL; c; c = c->next)
		read(in, c);
}

struct site *site_load(const char *path, const char *const *libraries, struct findings *f)
{
	return site_load_over(path, libraries, NULL, f);
}

struct site *site_load_over(const char *path, const char *const *libraries, const char *const *forms, struct findings *f)
{
	unsigned before = f->count;
	struct conf_file *conf = conf_open(path, f);
	struct loading in = {.f = f, .forms = forms};
	struct conf *routes;
	struct site *s;

	if (!conf)
		return NULL;
	s = mem_new(sizeof *s);
	*s = (struct site){.conf = conf, .base = folder_of(path), .name = mem_text(SPAN("")),
		.bus_url = mem_text(SPAN("")), .library = library_new()};
	in.site = s;
	in.root = conf_root(conf);
	if (conf_is(in.root, CONF_MAP, f)) {
		read_libraries(&in, libraries);
		read_site(&in);
		site_bus_read(s, in.root, f);
		read_checks(&in);
		s->people = site_people(s, in.root, f);
		site_audit(s, in.root, f);
		each_entry(&in, "adapters", read_adapter);
		each_entry(&in, "destinations", read_destination);
		check_twice(&in);
		site_check_folders(s, in.root, f);
		site_check_topics(s, in.root, f);
		routes = conf_need(in.root, "routes", CONF_LIST, f);
		for (struct conf *c = routes ? routes->first : NULL; c; c = c->next)
			read_route(&in, c);
		if (f->count == before)
			site_note_routes(s, in.root, f);
		conf_unknown(in.root, f);
	}
	if (f->count != before) {
		site_free(s);
		return NULL;
	}
	return s;
}

void site_free(struct site *s)
{
	if (!s)
		return;
	pays_free(s->pays);
	for (unsigned i = 0; i < s->nadapters; i++) {
		form_free(s->adapters[i].form);
		free(s->adapters[i].name);
		free(s->adapters[i].folder);
		free(s->adapters[i].returns);
		free(s->adapters[i].start);
		free(s->adapters[i].contact);
	}
	for (unsigned i = 0; i < s->ndestinations; i++) {
		form_free(s->destinations[i].form);
		free(s->destinations[i].name);
		free(s->destinations[i].folder);
		free(s->destinations[i].topic);
		free(s->destinations[i].split);
		free(s->destinations[i].contact);
	}
	for (unsigned i = 0; i < s->nroutes; i++) {
		for (unsigned k = 0; k < s->routes[i].ntypes; k++)
			free(s->routes[i].types[k]);
		free(s->routes[i].types);
		free(s->routes[i].to);
	}
	free(s->adapters);
	free(s->destinations);
	free(s->routes);
	people_free(s->people);
	library_free(s->library);
	conf_close(s->conf);
	free(s->name);
	site_bus_done(s);
	free(s->witness);
	free(s->anchor);
	free(s->base);
	free(s);
}

const struct site_adapter *site_adapter(const struct site *s, struct span name)
{
	for (unsigned i = 0; i < s->nadapters; i++)
		if (span_is(name, s->adapters[i].name))
			return &s->adapters[i];
	return NULL;
}
