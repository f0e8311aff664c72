/* SPDX-License-Identifier: Apache-2.0 */
#include "form_parts.h"

#include <stdlib.h>

/* ---- outward ---- */

/* Tells the codec the cells of a line and, where their columns have a width, the rules what fits. */
static unsigned tell_map(struct form_loading *in, const char *kind, struct map *m, const struct conf *node)
{
	const unsigned before = in->f->count;
	const struct form *f = in->form;
	struct span names[CODEC_CELLS_MAX];
	unsigned layout, n = map_count(m) < CODEC_CELLS_MAX ? map_count(m) : CODEC_CELLS_MAX;

	for (unsigned i = 0; i < n; i++)
		names[i] = map_column(m, i);
	layout = form_tell_columns(in, kind, names, n, node);
	for (unsigned i = 0; i < n && f->format && f->codec->room && in->f->count == before; i++)
		map_limit(m, i, f->codec->room(f->format, layout, i));
	return layout;
}

/* The bus never alters a payment: of what makes a bank move money, the account and the amount go as they are or not at all. */
static void refuse_cuts(struct form_loading *in, const struct form_shape *shape, const struct schema_field *fields,
	unsigned n, const struct conf *line)
{
	const struct conf *rule = line->first;

	for (unsigned i = 0; i < map_count(shape->line) && rule; i++, rule = rule->next) {
		const int from = map_from(shape->line, i);
		const char *path = from >= 0 ? names_text(shape->names, (unsigned)from) : "";

		for (unsigned k = 0; k < n && map_may_cut(shape->line, i); k++)
			if (strncmp(path, "data.", 5) == 0 && span_is(fields[k].path, path + 5) &&
				(fields[k].sensitivity == SENSITIVITY_ACCOUNT || fields[k].format == SCHEMA_MONEY))
				conf_report(in->f, rule, E_FORM_CUT, "path=%s", path);
		if (map_may_cut(shape->line, i) && strcmp(path, "event.amount") == 0)
			conf_report(in->f, rule, E_FORM_CUT, "path=%s", path);
	}
}

static const struct schema_field *field_of(const struct schema_field *fields, unsigned n, const char *path)
{
	for (unsigned i = 0; i < n && strncmp(path, "data.", 5) == 0; i++)
		if (span_is(fields[i].path, path + 5))
			return &fields[i];
	return NULL;
}

/* What is personal is masked on its way to consumers. Both have to say that a field goes out as it is: the form, and the schema, by
 * which consumers know what they get. */
static void guard_personal(struct form_loading *in, const struct form_shape *shape, const struct schema_field *fields,
	unsigned n, const struct conf *line)
{
	const struct conf *rule = line->first;

	for (unsigned i = 0; i < map_count(shape->line) && rule; i++, rule = rule->next) {
		const int slot = map_from(shape->line, i);
		const struct schema_field *from = slot < 0
			? NULL
			: field_of(fields, n, names_text(shape->names, (unsigned)slot)),
					  *to = map_field(shape->line, i);
		const bool open = from && from->sensitivity != SENSITIVITY_NONE && map_reveals(shape->line, i);

		if (from)
			map_mask(shape->line, i, from->sensitivity);
		if (open != (to->sensitivity != SENSITIVITY_NONE))
			conf_report(in->f, rule, E_FORM_REVEAL, "field=%.*s\ntype=%s", SPAN_F(to->path),
				schema_type(in->form->published));
	}
	map_masked(shape->line);
}

static void read_shape(struct form_loading *in, struct span type, struct conf *type_node, struct conf *line)
{
	struct form *f = in->form;
	const struct schema *schema = library_schema(in->library, type, type_node, in->f);
	const struct schema_field *fields, *control;
	struct form_shape *shape;
	struct map_setup setup = form_map_setup(in, MAP_LIST);
	struct buf name = BUF_INIT;
	unsigned n;

	if (!schema)
		return;
	f->shapes = mem_grow(f->shapes, f->nshapes + 1u, sizeof *f->shapes);
	shape = &f->shapes[f->nshapes++];
	*shape = (struct form_shape){.type = mem_text(type), .names = names_new(), .amount_slot = -1, .currency_slot = -1};
	form_site_names(shape->names);
	for (const char *const *a = (const char *const[]){"event.id", "event.type", "event.time", "event.batchid",
		"event.unit", "event.bank", "event.businessdate", "event.changed", "event.amount", "event.currency", NULL}; *a; a++)
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
	setup.published = f->published;
	setup.people = !f->money && f->titles;
	shape->line = map_compile(&setup, line, in->f);
	if (shape->line)
		shape->layout = tell_map(in, "line", shape->line, line);
	if (shape->line && f->published)
		guard_personal(in, shape, fields, n, line);
	if (shape->line && f->money)
		refuse_cuts(in, shape, fields, n, line);
	if (shape->line && f->ntitles && map_count(shape->line) != f->ntitles)
		conf_report(in->f, line, E_FORM_TITLES, "want=%u\ngot=%u", f->ntitles, map_count(shape->line));
}

static void read_shapes(struct form_loading *in)
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

static unsigned version_of(const char *type)
{
	const char *v = strrchr(type, '.');
	unsigned n = 0;

	if (!v || v[1] != 'v' || v[2] < '1' || v[2] > '9')
		return 0;
	for (v += 2; *v >= '0' && *v <= '9' && n < 1000; v++)
		n = n * 10 + (unsigned)(*v - '0');
	return *v ? 0 : n;
}

unsigned form_version(const struct form *f)
{
	return f->published ? version_of(schema_type(f->published)) : 0;
}

/* event: TYPE. */
static void read_published(struct form_loading *in)
{
	struct form *f = in->form;
	struct conf *node = conf_want(in->root, "event", CONF_SCALAR, in->f);
	const char *wrong = NULL;

	if (!node)
		return;
	f->published = library_schema(in->library, node->text, node, in->f);
	if (!f->published)
		return;
	if (f->money || f->ntitles || conf_get(in->root, "head"))
		wrong = f->money ? "money" : f->ntitles ? "titles" : "head";
	else if (!f->format || f->codec != &codec_json || !f->format->omits)
		wrong = "codec";
	if (wrong)
		conf_report_key(in->f, conf_get(in->root, wrong), E_FORM_PUBLISHED, "key=%s", wrong);
	if (!form_version(f))
		conf_report(in->f, node, E_FORM_VERSION, "type=%.*s", SPAN_F(node->text));
	if (schema_lists(f->published))
		conf_report(in->f, node, E_FORM_PUBLISHED, "key=array");
}

void form_load_outward(struct form_loading *in)
{
	struct form *f = in->form;
	struct conf *head, *titles;
	struct map_setup setup = form_map_setup(in, MAP_LIST);

	f->money = conf_bool(in->root, "money", false, in->f);
	titles = conf_want(in->root, "titles", CONF_LIST, in->f);
	for (struct conf *c = titles ? titles->first : NULL; c; c = c->next) {
		f->titles = mem_grow(f->titles, f->ntitles + 1u, sizeof *f->titles);
		f->titles[f->ntitles++] = arena_span(&f->arena, c->text);
	}
	read_published(in);
	head = conf_want(in->root, "head", CONF_LIST, in->f);
	if (head && (f->head = map_compile(&setup, head, in->f)) != NULL)
		f->head_layout = tell_map(in, "head", f->head, head);
	read_shapes(in);
}

