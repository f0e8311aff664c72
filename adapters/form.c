/* SPDX-License-Identifier: Apache-2.0 */
#include "form.h"

#include <stdlib.h>

/* What is needed while a form is read; every step reports and goes on. */
struct loading {
	struct form *form;
	struct library *library;
	struct conf *root;
	struct findings *f;
};

static void add_site_names(struct names *n)
{
	names_add(n, SPAN("site.name"));
	names_add(n, SPAN("site.division"));
	names_add(n, SPAN("site.unit"));
}

void form_site_values(const struct library *l, const struct names *names, struct slots *s)
{
	const struct {
		const char *name, *value;
	} values[] = {{"site.name", l->site_name}, {"site.division", l->site_division}, {"site.unit", l->site_unit}};

	for (unsigned i = 0; i < names_count(names); i++)
		for (unsigned k = 0; k < sizeof values / sizeof *values; k++)
			if (strcmp(names_text(names, i), values[k].name) == 0)
				s->v[i].text = span_of(values[k].value);
}

/* Slot of a path that a setting names; -1 with a finding when it does not exist. */
static int path_slot(struct loading *in, struct conf *node)
{
	int slot;
	const char *near;

	if (!node)
		return -1;
	slot = names_use(in->form->names, node->text);
	if (slot >= 0)
		return slot;
	near = names_nearest(in->form->names, node->text);
	conf_report(in->f, node, E_MAP_PATH, "path=%.*s\nnear=%s", SPAN_F(node->text), near ? near : "-");
	return -1;
}

static struct map_setup setup_of(struct loading *in, enum map_shape shape)
{
	const struct form *f = in->form;

	return (struct map_setup){.shape = shape, .outward = f->outward, .names = f->names, .schema = f->schema,
		.charset = f->charset, .codes = in->library->codes, .key = in->library->key, .year_slot = -1};
}

/* ---- common to both directions ---- */

static void read_charset(struct loading *in)
{
	struct conf *node = conf_need(in->root, "charset", CONF_SCALAR, in->f);

	if (node && charset_by_name(node->text, &in->form->charset) != 0)
		conf_report(in->f, node, E_CONF_CHOICE, "key=charset\ngot=%.*s\nwords=utf-8|gbk|gb18030\nnear=-",
			SPAN_F(node->text));
}

static void read_codec(struct loading *in)
{
	struct conf *node = conf_need(in->root, "codec", CONF_MAP, in->f), *settings = node ? node->first : NULL;

	if (!settings)
		return;
	in->form->codec = codec_by_name(settings->key);
	if (!in->form->codec || settings->next) {
		conf_report_key(in->f, settings, E_FORM_CODEC, "got=%.*s", SPAN_F(settings->key));
		return;
	}
	if (in->form->outward && !in->form->codec->write) {
		conf_report_key(in->f, settings, E_FORM_READS_ONLY, "codec=%s", in->form->codec->name);
		return;
	}
	in->form->format = in->form->codec->compile(settings, in->form->charset, in->f);
	if (in->form->outward && in->form->format && in->form->format->read_only)
		conf_report_key(in->f, settings, E_FORM_READS_ONLY, "codec=%s", in->form->format->read_only);
}

static void read_wraps(struct loading *in)
{
	struct form *f = in->form;
	struct conf *node = conf_want(in->root, "wraps", CONF_LIST, in->f);
	struct wrap_setup setup = {.charset = f->charset, .keys = in->library->keys};

	if (node && f->outward)
		conf_report_key(in->f, node, E_FORM_READS_ONLY, "codec=%s", "wraps");
	else if (node)
		f->wraps = wrap_list_compile(node, &setup, in->f);
}

static void read_file(struct loading *in)
{
	struct form *f = in->form;
	struct conf *node = conf_need(in->root, "file", CONF_MAP, in->f), *name, *marker;

	if (!node)
		return;
	name = conf_need(node, "name", CONF_SCALAR, in->f);
	if (name)
		f->file = pattern_compile(name, f->names, f->outward, in->f);
	marker = conf_want(node, "marker", CONF_SCALAR, in->f);
	if (marker)
		f->marker = pattern_compile(marker, f->names, true, in->f);
	if (!f->outward) {
		f->complete = (enum form_complete)conf_choice(node, "complete", "marker|rename", COMPLETE_RENAME, in->f);
		if (f->complete == COMPLETE_MARKER && !marker)
			conf_need(node, "marker", CONF_SCALAR, in->f);
	}
	conf_unknown(node, in->f);
}

/* ---- inward: kinds of records ---- */

static int column_slot(struct loading *in, const char *kind, struct span column)
{
	struct buf name = BUF_INIT;
	int slot;

	buf_printf(&name, "%s.%.*s", kind, SPAN_F(column));
	slot = (int)names_add(in->form->names, buf_as_span(&name));
	buf_done(&name);
	return slot;
}

/* Tells the codec what columns a kind has, when it is one that knows columns. */
static unsigned tell_columns(struct loading *in, const char *kind, const struct span *names, unsigned n,
	const struct conf *node)
{
	struct form *f = in->form;
	int number = f->format && f->codec->columns ? f->codec->columns(f->format, kind, names, n, node, in->f) : 0;

	return number < 0 ? 0 : (unsigned)number;
}

static void read_kind(struct loading *in, struct conf *node)
{
	struct form *f = in->form;
	struct form_kind *k;
	struct conf *columns, *when;
	struct span names[CODEC_CELLS_MAX];

	f->kinds = mem_grow(f->kinds, f->nkinds + 1u, sizeof *f->kinds);
	k = &f->kinds[f->nkinds++];
	*k = (struct form_kind){.name = mem_text(node->key)};
	if (!conf_is(node, CONF_MAP, in->f))
		return;
	columns = conf_need(node, "columns", CONF_LIST, in->f);
	for (struct conf *c = columns ? columns->first : NULL; c && k->ncolumns < CODEC_CELLS_MAX; c = c->next) {
		k->slots = mem_grow(k->slots, k->ncolumns + 1u, sizeof *k->slots);
		names[k->ncolumns] = c->text;
		k->slots[k->ncolumns++] = column_slot(in, k->name, c->text);
	}
	if (columns)
		k->layout = tell_columns(in, k->name, names, k->ncolumns, columns);
	when = conf_want(node, "when", CONF_SCALAR, in->f);
	if (when && span_is(when->text, "first"))
		k->first = true;
	else if (when)
		k->when = expr_compile(when, f->names, in->f);
	conf_unknown(node, in->f);
}

static void read_kinds(struct loading *in)
{
	struct conf *kinds = conf_want(in->root, "kinds", CONF_MAP, in->f);
	struct form *f = in->form;

	for (struct conf *c = kinds ? kinds->first : NULL; c; c = c->next)
		read_kind(in, c);
	for (unsigned i = 0; i < f->nkinds; i++) {
		const struct form_kind *k = &f->kinds[i];
		bool last = i + 1 == f->nkinds, any = !k->first && !k->when;

		if (any != last || (last && strcmp(k->name, "line") != 0))
			conf_report(in->f, kinds, E_FORM_KINDS, "kind=%s", k->name);
	}
}

/* header: {within: N, find: {column: [name, ...]}}: its columns are those of kind "line". */
static void read_header(struct loading *in)
{
	struct conf *node = conf_want(in->root, "header", CONF_MAP, in->f), *find;
	struct form_header *h = &in->form->header;

	if (!node) {
		if (!in->form->nkinds)
			conf_report(in->f, in->root, E_FORM_NO_COLUMNS, "%s", "");
		return;
	}
	if (in->form->nkinds)
		conf_report_key(in->f, node, E_FORM_TWO_COLUMNS, "%s", "");
	else if (in->form->codec && in->form->codec->columns)
		conf_report_key(in->f, node, E_FORM_NEEDS_KINDS, "codec=%s", in->form->codec->name);
	h->within = (unsigned)conf_int(node, "within", 1, 1000, 1, in->f);
	find = conf_need(node, "find", CONF_MAP, in->f);
	for (struct conf *c = find ? find->first : NULL; c; c = c->next) {
		struct conf *name = c->kind == CONF_LIST ? c->first : c;

		h->columns = mem_grow(h->columns, h->ncolumns + 1u, sizeof *h->columns);
		memset(&h->columns[h->ncolumns], 0, sizeof *h->columns);
		h->columns[h->ncolumns].slot = column_slot(in, "line", c->key);
		for (; name; name = c->kind == CONF_LIST ? name->next : NULL) {
			unsigned n = h->columns[h->ncolumns].nnames++;

			h->columns[h->ncolumns].names =
				mem_grow(h->columns[h->ncolumns].names, n + 1u, sizeof(struct span));
			h->columns[h->ncolumns].names[n] = arena_span(&in->form->arena, name->text);
		}
		h->ncolumns++;
	}
	conf_unknown(node, in->f);
}

static void read_trailer(struct loading *in)
{
	struct conf *node = conf_want(in->root, "trailer", CONF_MAP, in->f), *when;
	struct form *f = in->form;

	f->trailer_count_slot = f->trailer_sum_slot = -1;
	if (!node)
		return;
	when = conf_need(node, "when", CONF_SCALAR, in->f);
	if (when)
		f->trailer = expr_compile(when, f->names, in->f);
	f->trailer_count_slot = path_slot(in, conf_want(node, "count", CONF_SCALAR, in->f));
	f->trailer_sum_slot = path_slot(in, conf_want(node, "sum", CONF_SCALAR, in->f));
	f->trailer_optional = conf_bool(node, "optional", false, in->f);
	conf_unknown(node, in->f);
}

/* declares: {count: head.count, sum: head.sum, as: yuan|fen} */
static void read_declares(struct loading *in)
{
	struct conf *node = conf_want(in->root, "declares", CONF_MAP, in->f);
	struct form *f = in->form;

	f->declared_count_slot = f->declared_sum_slot = -1;
	f->declared_form = (struct money_form){0, 2, false, true};
	if (!node)
		return;
	f->declared_count_slot = path_slot(in, conf_want(node, "count", CONF_SCALAR, in->f));
	f->declared_sum_slot = path_slot(in, conf_want(node, "sum", CONF_SCALAR, in->f));
	if (conf_choice(node, "as", "yuan|fen", 0, in->f) == 1)
		f->declared_form = (struct money_form){0, 0, true, false};
	conf_unknown(node, in->f);
}

/* The path that a rule takes its text from. */
static struct span source_of(struct conf *rule)
{
	struct conf *from = rule->kind == CONF_MAP ? conf_get(rule, "from") : rule;

	return from && from->kind == CONF_SCALAR ? from->text : SPAN_NONE;
}

/* Ids stand in logs, lists and file names: what the schema calls personal must not be readable in them. */
static void refuse_personal(struct loading *in, struct conf *part)
{
	struct conf *map = conf_get(in->root, "map");
	struct span path = source_of(part);

	for (struct conf *rule = map && map->kind == CONF_MAP ? map->first : NULL; rule && path.n; rule = rule->next) {
		const struct schema_field *x = in->form->schema ? schema_field(in->form->schema, rule->key) : NULL;
		bool result = span_starts(path, SPAN("data.")) &&
			span_eq((struct span){path.p + 5, path.n - 5}, rule->key);

		if (!x || x->sensitivity == SENSITIVITY_NONE || !(result || span_eq(source_of(rule), path)))
			continue;
		conf_report(in->f, part, E_FORM_PERSONAL, "path=%.*s\nfield=%.*s", SPAN_F(path), SPAN_F(rule->key));
		return;
	}
}

static void read_identity(struct loading *in)
{
	struct conf *node = conf_need(in->root, "identity", CONF_MAP, in->f), *content;
	struct form *f = in->form;
	struct map_setup setup = setup_of(in, MAP_LIST);
	struct conf *document;

	if (!node)
		return;
	document = conf_want(node, "document", CONF_LIST, in->f);
	f->identity = document ? IDENTITY_DOCUMENT : IDENTITY_RECORD;
	if (document) {
		f->identity_parts = map_compile(&setup, document, in->f);
		for (struct conf *part = document->first; part; part = part->next)
			refuse_personal(in, part);
		content = conf_need(in->root, "content", CONF_LIST, in->f);
		if (content)
			f->content = map_compile(&setup, content, in->f);
	} else if (!span_is(conf_text(node, "record", "", in->f), "number")) {
		conf_report(in->f, node, E_FORM_IDENTITY, "%s", "");
	}
	if (f->identity == IDENTITY_RECORD && f->nature == NATURE_INSTRUCTION)
		conf_report_key(in->f, node, E_FORM_NO_KEY, "%s", "");
	conf_unknown(node, in->f);
}

static int optional_slot(const struct names *n, const char *name)
{
	for (unsigned i = 0; i < names_count(n); i++)
		if (strcmp(names_text(n, i), name) == 0)
			return (int)i;
	return -1;
}

static void read_map(struct loading *in)
{
	struct conf *node = conf_need(in->root, "map", CONF_MAP, in->f);
	struct form *f = in->form;
	struct map_setup setup = setup_of(in, MAP_OBJECT);

	setup.year = conf_want(in->root, "fiscal_year", CONF_SCALAR, in->f);
	if (node && f->schema)
		f->map = map_compile(&setup, node, in->f);
	f->unit_slot = optional_slot(f->names, "data.unit");
	f->bank_slot = optional_slot(f->names, "data.payee.bank");
	f->date_slot = optional_slot(f->names, "data.businessdate");
	f->currency_slot = optional_slot(f->names, "data.currency");
	if (f->map && schema_control(f->schema) && map_control_slot(f->map) < 0)
		conf_report_key(in->f, node, E_MAP_REQUIRED, "field=%.*s\ntype=%s",
			SPAN_F(schema_control(f->schema)->path), f->type);
}

/* Columns that nothing refers to need not be decoded. */
static void drop_unused(struct form *f)
{
	for (unsigned i = 0; i < f->nkinds; i++)
		for (unsigned k = 0; k < f->kinds[i].ncolumns; k++)
			if (!names_used(f->names, (unsigned)f->kinds[i].slots[k]))
				f->kinds[i].slots[k] = -1;
}

/* Does a head or a line of totals declare anything? A name that does not exist is a finding of its own. */
static bool names_totals(struct conf *root)
{
	struct conf *head = conf_get(root, "declares"), *trailer = conf_get(root, "trailer");

	return (head && (conf_get(head, "count") || conf_get(head, "sum"))) ||
		(trailer && (conf_get(trailer, "count") || conf_get(trailer, "sum")));
}

static void load_inward(struct loading *in)
{
	struct form *f = in->form;
	struct conf *event = conf_need(in->root, "event", CONF_SCALAR, in->f);
	struct conf *nature = conf_need(in->root, "nature", CONF_SCALAR, in->f);

	if (event) {
		f->type = mem_text(event->text);
		f->schema = library_schema(in->library, event->text, event, in->f);
	}
	if (nature)
		f->nature = (enum form_nature)conf_choice(in->root, "nature", "instruction|report|master", 0, in->f);
	if (f->nature == NATURE_INSTRUCTION)
		conf_need(in->root, "release", CONF_SCALAR, in->f);
	f->release = (enum form_release)conf_choice(in->root, "release", "record|batch", RELEASE_RECORD, in->f);
	read_kinds(in);
	read_header(in);
	read_trailer(in);
	read_declares(in);
	read_map(in);
	read_identity(in);
	f->key_slot = path_slot(in, conf_want(in->root, "key", CONF_SCALAR, in->f));
	if (f->release == RELEASE_BATCH && f->nature == NATURE_INSTRUCTION && !names_totals(in->root))
		conf_report(in->f, in->root, E_FORM_NO_TOTALS, "%s", "");
	drop_unused(f);
}

/* ---- outward ---- */

/* Tells the codec the cells of a line and, where their columns have a width, the rules what fits. */
static unsigned tell_map(struct loading *in, const char *kind, struct map *m, const struct conf *node)
{
	const unsigned before = in->f->count;
	const struct form *f = in->form;
	struct span names[CODEC_CELLS_MAX];
	unsigned layout, n = map_count(m) < CODEC_CELLS_MAX ? map_count(m) : CODEC_CELLS_MAX;

	for (unsigned i = 0; i < n; i++)
		names[i] = map_column(m, i);
	layout = tell_columns(in, kind, names, n, node);
	for (unsigned i = 0; i < n && f->format && f->codec->room && in->f->count == before; i++)
		map_limit(m, i, f->codec->room(f->format, layout, i));
	return layout;
}

static void read_shape(struct loading *in, struct span type, struct conf *type_node, struct conf *line)
{
	struct form *f = in->form;
	const struct schema *schema = library_schema(in->library, type, type_node, in->f);
	const struct schema_field *fields, *control;
	struct form_shape *shape;
	struct map_setup setup = setup_of(in, MAP_LIST);
	struct buf name = BUF_INIT;
	unsigned n;

	if (!schema)
		return;
	f->shapes = mem_grow(f->shapes, f->nshapes + 1u, sizeof *f->shapes);
	shape = &f->shapes[f->nshapes++];
	*shape = (struct form_shape){.type = mem_text(type), .names = names_new(), .amount_slot = -1, .currency_slot = -1};
	add_site_names(shape->names);
	for (const char *const *a = (const char *const[]){"event.id", "event.type", "event.time", "event.batchid",
		"event.unit", "event.bank", "event.businessdate", "event.amount", "event.currency", NULL}; *a; a++)
		names_add(shape->names, span_of(*a));
	fields = schema_fields(schema, &n);
	control = schema_control(schema);
	for (unsigned i = 0; i < n; i++) {
		unsigned slot;

		buf_clear(&name);
		buf_printf(&name, "data.%.*s", SPAN_F(fields[i].path));
		slot = names_add(shape->names, buf_as_span(&name));
		if (&fields[i] == control)
			shape->amount_slot = (int)slot;
		if (span_is(fields[i].path, "currency"))
			shape->currency_slot = (int)slot;
	}
	buf_done(&name);
	setup.names = shape->names;
	setup.schema = NULL;
	setup.people = !f->money && f->titles;
	shape->line = map_compile(&setup, line, in->f);
	if (shape->line)
		shape->layout = tell_map(in, "line", shape->line, line);
	if (shape->line && f->ntitles && map_count(shape->line) != f->ntitles)
		conf_report(in->f, line, E_FORM_TITLES, "want=%u\ngot=%u", f->ntitles, map_count(shape->line));
}

static void read_shapes(struct loading *in)
{
	struct conf *events = conf_need(in->root, "events", CONF_LIST, in->f), *line = conf_get(in->root, "line");

	if (!line || line->kind == CONF_SCALAR) {
		conf_need(in->root, "line", CONF_LIST, in->f);
		return;
	}
	for (struct conf *t = events ? events->first : NULL; t; t = t->next) {
		struct conf *own = line;

		if (line->kind == CONF_MAP) {
			char *type = mem_text(t->text);

			own = conf_need(line, type, CONF_LIST, in->f);
			free(type);
		}
		if (own)
			read_shape(in, t->text, t, own);
	}
	if (line->kind == CONF_MAP)
		conf_unknown(line, in->f);
}

static void load_outward(struct loading *in)
{
	struct form *f = in->form;
	struct conf *head, *titles;
	struct map_setup setup = setup_of(in, MAP_LIST);

	f->money = conf_bool(in->root, "money", false, in->f);
	titles = conf_want(in->root, "titles", CONF_LIST, in->f);
	for (struct conf *c = titles ? titles->first : NULL; c; c = c->next) {
		f->titles = mem_grow(f->titles, f->ntitles + 1u, sizeof *f->titles);
		f->titles[f->ntitles++] = arena_span(&f->arena, c->text);
	}
	head = conf_want(in->root, "head", CONF_LIST, in->f);
	if (head && (f->head = map_compile(&setup, head, in->f)) != NULL)
		f->head_layout = tell_map(in, "head", f->head, head);
	read_shapes(in);
}

/* ---- */

static void add_fixed_names(struct form *f)
{
	f->names = names_new();
	add_site_names(f->names);
	if (f->outward)
		for (const char *const *n = (const char *const[]){"parcel.no", "parcel.date", "parcel.count", "parcel.sum",
			"parcel.split", NULL}; *n; n++)
			names_add(f->names, span_of(*n));
}

struct form *form_load(struct library *l, const char *path, struct findings *findings)
{
	unsigned before = findings->count;
	struct conf_file *conf = conf_open(path, findings);
	struct loading in = {.library = l, .f = findings};
	struct form *f;

	if (!conf)
		return NULL;
	f = mem_new(sizeof *f);
	f->arena = ARENA_INIT;
	f->conf = conf;
	f->name = mem_text(span_of(path));
	hash_sha256(conf_source(conf).p, conf_source(conf).n, f->digest);
	in.form = f;
	in.root = conf_root(conf);
	if (conf_is(in.root, CONF_MAP, findings)) {
		conf_need(in.root, "form", CONF_SCALAR, findings);
		f->outward = conf_choice(in.root, "form", "in|out", 0, findings) == 1;
		add_fixed_names(f);
		read_charset(&in);
		read_codec(&in);
		read_wraps(&in);
		read_file(&in);
		if (f->outward)
			load_outward(&in);
		else
			load_inward(&in);
		conf_unknown(in.root, findings);
	}
	if (findings->count != before) {
		form_free(f);
		return NULL;
	}
	return f;
}

static void free_kinds(struct form *f)
{
	for (unsigned i = 0; i < f->nkinds; i++) {
		free(f->kinds[i].name);
		free(f->kinds[i].slots);
		expr_free(f->kinds[i].when);
	}
	free(f->kinds);
	for (unsigned i = 0; i < f->header.ncolumns; i++)
		free(f->header.columns[i].names);
	free(f->header.columns);
}

void form_free(struct form *f)
{
	if (!f)
		return;
	free_kinds(f);
	for (unsigned i = 0; i < f->nshapes; i++) {
		free(f->shapes[i].type);
		map_free(f->shapes[i].line);
		names_free(f->shapes[i].names);
	}
	free(f->shapes);
	free(f->titles);
	map_free(f->head);
	map_free(f->map);
	map_free(f->identity_parts);
	map_free(f->content);
	expr_free(f->trailer);
	pattern_free(f->file);
	pattern_free(f->marker);
	if (f->format)
		f->codec->format_free(f->format);
	wrap_list_free(f->wraps);
	names_free(f->names);
	conf_close(f->conf);
	arena_done(&f->arena);
	free(f->type);
	free(f->name);
	free(f);
}

bool form_whole(const struct form *f)
{
	return f->wraps || f->codec->whole;
}

const struct form_shape *form_shape(const struct form *f, struct span type)
{
	for (unsigned i = 0; i < f->nshapes; i++)
		if (span_is(type, f->shapes[i].type))
			return &f->shapes[i];
	return NULL;
}
