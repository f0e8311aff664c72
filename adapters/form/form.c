/* SPDX-License-Identifier: Apache-2.0 */
#include "form_parts.h"

#include <stdlib.h>

void form_site_names(struct names *n)
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

static void find_numbers(const struct form *f, struct form_event *x)
{
	unsigned n = 0;
	const struct schema_field *fields = x->schema ? schema_fields(x->schema, &n) : NULL;
	struct buf name = BUF_INIT;

	for (unsigned i = 0; i < n && x->nnumber_slots < FORM_NUMBERS_MAX; i++) {
		int slot;

		if (!fields[i].number)
			continue;
		buf_clear(&name);
		buf_printf(&name, "data.%.*s", SPAN_F(fields[i].path));
		slot = names_slot(f->names, buf_as_span(&name));
		if (slot >= 0)
			x->number_slots[x->nnumber_slots++] = slot;
	}
	buf_done(&name);
}

void form_find_pay(const struct form *f, struct form_event *x)
{
	static const char *const parts[] = {"data.payee.account", "data.unit", "data.currency", "data.purpose",
		"data.project", "data.program", "data.pay_kind", "data.month"};

	_Static_assert(sizeof parts / sizeof *parts <= FORM_PAY_MAX, "all parts have room");
	find_numbers(f, x);
	if (x->nature != NATURE_INSTRUCTION || !x->map || map_control_slot(x->map) < 0 ||
		schema_control(x->schema)->money == SCHEMA_BACK || names_slot(f->names, SPAN("data.payee.account")) < 0)
		return;
	for (unsigned i = 0; i < sizeof parts / sizeof *parts; i++)
		x->pay_slots[x->npay_slots++] = names_slot(f->names, span_of(parts[i]));
}

int form_path_slot(struct form_loading *in, const struct conf *node)
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

struct map_setup form_map_setup(const struct form_loading *in, enum map_shape shape)
{
	const struct form *f = in->form;

	return (struct map_setup){.shape = shape, .outward = f->outward, .names = f->names,
		.charset = f->charset, .codes = in->library->codes, .key = in->library->key, .year_slot = -1};
}

/* ---- common to both directions ---- */

static void read_charset(struct form_loading *in)
{
	struct conf *node = conf_need(in->root, "charset", CONF_SCALAR, in->f);

	if (node && charset_by_name(node->text, &in->form->charset) != 0)
		conf_report(in->f, node, E_CONF_CHOICE, "key=charset\ngot=%.*s\nwords=utf-8|gbk|gb18030\nnear=-",
			SPAN_F(node->text));
}

static void read_codec(struct form_loading *in)
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

static void read_wraps(struct form_loading *in)
{
	struct form *f = in->form;
	struct conf *node = conf_want(in->root, "wraps", CONF_LIST, in->f);
	struct wrap_setup setup = {.charset = f->charset, .keys = in->library->keys};

	if (node && f->outward)
		conf_report_key(in->f, node, E_FORM_READS_ONLY, "codec=%s", "wraps");
	else if (node)
		f->wraps = wrap_list_compile(node, &setup, in->f);
}

static void read_file(struct form_loading *in)
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

unsigned form_tell_columns(struct form_loading *in, const char *kind, const struct span *names, unsigned n,
	const struct conf *node)
{
	struct form *f = in->form;
	int number = f->format && f->codec->columns ? f->codec->columns(f->format, kind, names, n, node, in->f) : 0;

	return number < 0 ? 0 : (unsigned)number;
}

/* ---- */

static void add_fixed_names(struct form *f)
{
	f->names = names_new();
	form_site_names(f->names);
	if (f->outward)
		for (const char *const *n = (const char *const[]){"parcel.no", "parcel.date", "parcel.count", "parcel.sum",
			"parcel.split", NULL}; *n; n++)
			names_add(f->names, span_of(*n));
}

static void note_tables(struct form *f, const struct codes *c)
{
	const struct code_table *const *used = codes_used(c, &f->ntables);

	f->tables = mem_new((f->ntables + 1u) * sizeof *f->tables);
	for (unsigned i = 0; i < f->ntables; i++)
		f->tables[i] = used[i];
}

void form_tables_text(const struct form *f, struct buf *b)
{
	const char *before = "";

	for (unsigned i = 0; i < f->ntables; i++) {
		struct span base = code_table_base(f->tables[i]);
		unsigned k = 0;

		while (k < i && !span_eq(base, code_table_base(f->tables[k])))
			k++;
		if (k < i)
			continue;
		buf_printf(b, "%s%.*s=", before, SPAN_F(base));
		hash_hex(b, code_table_digest(f->tables[i]), HASH_SHA256);
		before = ",";
	}
}

struct form *form_load(struct library *l, const char *path, struct findings *findings)
{
	unsigned before = findings->count;
	struct conf_file *conf = conf_open(path, findings);
	struct form_loading in = {.library = l, .f = findings};
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
	codes_use_begin(l->codes);
	if (conf_is(in.root, CONF_MAP, findings)) {
		conf_need(in.root, "form", CONF_SCALAR, findings);
		f->outward = conf_choice(in.root, "form", "in|out", 0, findings) == 1;
		add_fixed_names(f);
		read_charset(&in);
		read_codec(&in);
		read_wraps(&in);
		read_file(&in);
		if (f->outward)
			form_load_outward(&in);
		else
			form_load_inward(&in);
		conf_unknown(in.root, findings);
	}
	note_tables(f, l->codes);
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

static void free_events(struct form *f)
{
	for (unsigned i = 0; i < f->nevents; i++) {
		free(f->events[i].type);
		expr_free(f->events[i].when);
		map_free(f->events[i].map);
		map_free(f->events[i].identity_parts);
		map_free(f->events[i].content);
	}
	free(f->events);
}

void form_free(struct form *f)
{
	if (!f)
		return;
	free_events(f);
	free_kinds(f);
	for (unsigned i = 0; i < f->nshapes; i++) {
		free(f->shapes[i].type);
		map_free(f->shapes[i].line);
		names_free(f->shapes[i].names);
	}
	free(f->shapes);
	free(f->titles);
	free(f->tables);
	map_free(f->head);
	expr_free(f->skip);
	expr_free(f->trailer);
	pattern_free(f->file);
	pattern_free(f->marker);
	if (f->format)
		f->codec->format_free(f->format);
	wrap_list_free(f->wraps);
	names_free(f->names);
	conf_close(f->conf);
	arena_done(&f->arena);
	free(f->name);
	free(f);
}

bool form_whole(const struct form *f)
{
	return f->wraps || f->codec->whole;
}

bool form_instructs(const struct form *f)
{
	for (unsigned i = 0; i < f->nevents; i++)
		if (f->events[i].nature == NATURE_INSTRUCTION)
			return true;
	return false;
}

const struct form_shape *form_shape(const struct form *f, struct span type)
{
	for (unsigned i = 0; i < f->nshapes; i++)
		if (span_is(type, f->shapes[i].type))
			return &f->shapes[i];
	return NULL;
}
