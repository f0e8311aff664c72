/* SPDX-License-Identifier: Apache-2.0 */
#include "form_parts.h"

#include <stdlib.h>

/* ---- inward: kinds of records ---- */

static int column_slot(struct form_loading *in, const char *kind, struct span column)
{
	struct buf name = BUF_INIT;
	int slot;

	buf_printf(&name, "%s.%.*s", kind, SPAN_F(column));
	slot = (int)names_add(in->form->names, buf_as_span(&name));
	buf_done(&name);
	return slot;
}

static void read_kind(struct form_loading *in, struct conf *node)
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
		k->layout = form_tell_columns(in, k->name, names, k->ncolumns, columns);
	when = conf_want(node, "when", CONF_SCALAR, in->f);
	if (when && span_is(when->text, "first"))
		k->first = true;
	else if (when)
		k->when = expr_compile(when, f->names, in->f);
	conf_unknown(node, in->f);
}

static void read_kinds(struct form_loading *in)
{
	struct conf *kinds = conf_want(in->root, "kinds", CONF_MAP, in->f);
	struct form *f = in->form;

	for (struct conf *c = kinds ? kinds->first : NULL; c; c = c->next)
		read_kind(in, c);
	for (unsigned i = 0; i < f->nkinds; i++) {
		const struct form_kind *k = &f->kinds[i];
		bool last = i + 1 == f->nkinds, any = !k->first && !k->when;

		bool told = f->codec && f->codec->fits && !last;     /* the codec knows which rows are of the kind */

		if ((any != last && !(any && told)) || (last && strcmp(k->name, "line") != 0))
			conf_report(in->f, kinds, E_FORM_KINDS, "kind=%s", k->name);
	}
}

/* header: {within: N, find: {column: [name, ...]}}: its columns are those of kind "line". */
static void read_header(struct form_loading *in)
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

/* skip: {when: CONDITION} */
static void read_skip(struct form_loading *in)
{
	struct conf *node = conf_want(in->root, "skip", CONF_MAP, in->f), *when;

	if (!node)
		return;
	when = conf_need(node, "when", CONF_SCALAR, in->f);
	if (when)
		in->form->skip = expr_compile(when, in->form->names, in->f);
	conf_unknown(node, in->f);
}

static void read_trailer(struct form_loading *in)
{
	struct conf *node = conf_want(in->root, "trailer", CONF_MAP, in->f), *when;
	struct form *f = in->form;

	f->trailer_count_slot = f->trailer_sum_slot = -1;
	if (!node)
		return;
	when = conf_need(node, "when", CONF_SCALAR, in->f);
	if (when)
		f->trailer = expr_compile(when, f->names, in->f);
	f->trailer_count_slot = form_path_slot(in, conf_want(node, "count", CONF_SCALAR, in->f));
	f->trailer_sum_slot = form_path_slot(in, conf_want(node, "sum", CONF_SCALAR, in->f));
	f->trailer_optional = conf_bool(node, "optional", false, in->f);
	conf_unknown(node, in->f);
}

/* declares: {count: head.count, sum: head.sum, as: yuan|fen|li, of: TYPE} */
static void read_declares(struct form_loading *in)
{
	struct conf *node = conf_want(in->root, "declares", CONF_MAP, in->f);
	struct form *f = in->form;
	int as;

	f->declared_count_slot = f->declared_sum_slot = -1;
	f->declared_form = (struct amount_form){.money = {0, 2, false, true}};
	if (!node)
		return;
	f->declared_count_slot = form_path_slot(in, conf_want(node, "count", CONF_SCALAR, in->f));
	f->declared_sum_slot = form_path_slot(in, conf_want(node, "sum", CONF_SCALAR, in->f));
	as = conf_choice(node, "as", "yuan|fen|li", 0, in->f);
	if (as > 0)
		f->declared_form = (struct amount_form){.money = {0, 0, true, false}, .li = as == 2};
}

/* The path that a rule takes its text from. */
static struct span source_of(struct conf *rule)
{
	struct conf *from = rule->kind == CONF_MAP ? conf_get(rule, "from") : rule;

	return from && from->kind == CONF_SCALAR ? from->text : SPAN_NONE;
}

/* As source_of, or the path that a rule hides by hashing. */
static struct span origin_of(struct conf *rule)
{
	struct conf *keyed = rule->kind == CONF_MAP ? conf_get(rule, "keyed") : NULL;

	return keyed && keyed->kind == CONF_SCALAR ? keyed->text : source_of(rule);
}

static struct conf *rule_named(const struct form_event *x, struct span path)
{
	if (!span_starts(path, SPAN("data.")))
		return NULL;
	for (struct conf *rule = x->rules ? x->rules->first : NULL; rule; rule = rule->next)
		if (span_eq((struct span){path.p + 5, path.n - 5}, rule->key))
			return rule;
	return NULL;
}

/* Where a path leads when rules that it names are followed: a column; for one that is made of nothing, nothing. Rules name those
 * above them alone, so this ends; the bound is for forms that have that wrong. */
static struct span follow(const struct form_event *x, struct span path, struct span (*source)(struct conf *))
{
	for (unsigned i = 0; i < 64; i++) {
		struct conf *rule = rule_named(x, path);

		if (!rule)
			break;
		path = source(rule);
	}
	return path;
}

static bool is_personal(const struct form_event *x, struct span field)
{
	const struct schema_field *f = x->schema ? schema_field(x->schema, field) : NULL;

	return f && f->sensitivity != SENSITIVITY_NONE;
}

/* The personal field that can be read where the path is written in the clear: it is that field, is made of it, or of the same
 * column; SPAN_NONE. */
static struct span personal_in(const struct form_event *x, struct span path)
{
	struct span column = follow(x, path, source_of);

	for (unsigned i = 0; i < 64 && rule_named(x, path); i++, path = source_of(rule_named(x, path)))
		if (is_personal(x, rule_named(x, path)->key))
			return rule_named(x, path)->key;
	for (struct conf *rule = x->rules ? x->rules->first : NULL; rule && column.n; rule = rule->next)
		if (is_personal(x, rule->key) && span_eq(follow(x, origin_of(rule), origin_of), column))
			return rule->key;
	return SPAN_NONE;
}

/* Ids stand in logs, lists and file names, keys beside each event: what the schema calls personal must not be readable in them. */
static void refuse_personal(struct form_loading *in, const struct form_event *x, struct conf *part, enum err_id id)
{
	struct span path = source_of(part), field = personal_in(x, path);

	if (field.n)
		conf_report(in->f, part, id, "path=%.*s\nfield=%.*s", SPAN_F(path), SPAN_F(field));
}

static void read_identity(struct form_loading *in, struct conf *at, struct form_event *x)
{
	struct conf *node = conf_need(at, "identity", CONF_MAP, in->f), *content;
	struct map_setup setup = form_map_setup(in, MAP_LIST);
	struct conf *document;

	if (!node)
		return;
	setup.schema = x->schema;
	document = conf_want(node, "document", CONF_LIST, in->f);
	x->identity = document ? IDENTITY_DOCUMENT : IDENTITY_RECORD;
	if (document) {
		x->identity_parts = map_compile(&setup, document, in->f);
		for (struct conf *part = document->first; part; part = part->next)
			refuse_personal(in, x, part, E_FORM_PERSONAL);
		content = conf_need(at, "content", CONF_LIST, in->f);
		if (content)
			x->content = map_compile(&setup, content, in->f);
	} else if (!span_is(conf_text(node, "record", "", in->f), "number")) {
		conf_report(in->f, node, E_FORM_IDENTITY, "%s", "");
	}
	if (x->identity == IDENTITY_RECORD && x->nature == NATURE_INSTRUCTION)
		conf_report_key(in->f, node, E_FORM_NO_KEY, "%s", "");
	conf_unknown(node, in->f);
}

static void read_map(struct form_loading *in, struct conf *at, struct form_event *x)
{
	const struct names *n = in->form->names;
	struct map_setup setup = form_map_setup(in, MAP_OBJECT);

	setup.year = conf_want(at, "fiscal_year", CONF_SCALAR, in->f);
	if (!setup.year)
		setup.year = conf_want(in->root, "fiscal_year", CONF_SCALAR, in->f);
	x->rules = conf_need(at, "map", CONF_MAP, in->f);
	setup.schema = x->schema;
	if (x->rules && x->schema)
		x->map = map_compile(&setup, x->rules, in->f);
	x->unit_slot = names_slot(n, SPAN("data.unit"));
	x->bank_slot = names_slot(n, SPAN("data.payee.bank"));
	x->date_slot = names_slot(n, SPAN("data.businessdate"));
	x->currency_slot = names_slot(n, SPAN("data.currency"));
	form_find_pay(in->form, x);
	if (x->map && schema_control(x->schema) && map_control_slot(x->map) < 0)
		conf_report_key(in->f, x->rules, E_MAP_REQUIRED, "field=%.*s\ntype=%s",
			SPAN_F(schema_control(x->schema)->path), x->type);
}

/* What one event is made of. at: its entry below `events`, or the whole form, which then makes this one alone. */
static void read_event(struct form_loading *in, struct conf *at, struct form_event *x)
{
	struct form *f = in->form;
	bool line = !f->nkinds || x->kind + 1 == f->nkinds;
	struct conf *when = at == in->root ? NULL : conf_want(at, "when", CONF_SCALAR, in->f), *key;

	/* Rows of heads stand above the lines: what such a row would find in line.* are cells of another row. */
	names_hide(f->names, SPAN("line."), !line);
	if (when)
		x->when = expr_compile(when, f->names, in->f);
	read_map(in, at, x);
	read_identity(in, at, x);
	key = conf_want(at, "key", CONF_SCALAR, in->f);
	x->key_slot = form_path_slot(in, key);
	if (key)
		refuse_personal(in, x, key, E_FORM_PERSONAL_KEY);
	names_hide(f->names, SPAN("data."), true);
	names_hide(f->names, SPAN("line."), false);
}

/* of: KIND */
static void read_source(struct form_loading *in, struct conf *at, struct form_event *x)
{
	struct form *f = in->form;
	struct conf *of = conf_want(at, "of", CONF_SCALAR, in->f);
	struct span kind = of ? of->text : SPAN("line");

	x->kind = f->nkinds ? f->nkinds - 1 : 0;
	for (unsigned i = 0; i < f->nkinds; i++)
		if (span_is(kind, f->kinds[i].name))
			x->kind = i;
	if (f->nkinds)
		f->kinds[x->kind].records = true;
	if (of && !span_is(kind, f->nkinds ? f->kinds[x->kind].name : "line"))
		conf_report(in->f, of, E_FORM_OF, "kind=%.*s", SPAN_F(kind));
}

static struct form_event *add_event(struct form_loading *in, struct span type, const struct conf *node, struct conf *at)
{
	struct form *f = in->form;
	struct form_event *x;

	f->events = mem_grow(f->events, f->nevents + 1u, sizeof *f->events);
	x = &f->events[f->nevents++];
	*x = (struct form_event){.type = mem_text(type), .key_slot = -1, .unit_slot = -1, .bank_slot = -1, .date_slot = -1,
		.currency_slot = -1};
	x->schema = library_schema(in->library, type, node, in->f);
	x->money = x->schema ? schema_kind_of_money(x->schema) : "";
	if (conf_need(at, "nature", CONF_SCALAR, in->f))
		x->nature = (enum form_nature)conf_choice(at, "nature", "instruction|report|master", 0, in->f);
	return x;
}

static struct span system_of(struct span type)
{
	const char *dot = type.n ? memchr(type.p, '.', type.n) : NULL;

	return (struct span){type.p, dot ? (size_t)(dot - type.p) : type.n};
}

/* events: {TYPE: {...}}: which there are, and whether they move money. */
static void begin_events(struct form_loading *in, struct conf *events)
{
	struct span first = events->first ? events->first->key : SPAN_NONE;
	unsigned n = 0;

	if (!events->first)
		conf_report_key(in->f, events, E_FORM_EVENTS, "max=%u", FORM_EVENTS_MAX);
	for (struct conf *c = events->first; c; c = c->next) {
		if (n++ == FORM_EVENTS_MAX)
			conf_report_key(in->f, events, E_FORM_EVENTS, "max=%u", FORM_EVENTS_MAX);
		if (n > FORM_EVENTS_MAX)
			return;
		if (!span_eq(system_of(c->key), system_of(first)))
			conf_report_key(in->f, c, E_FORM_SYSTEMS, "type=%.*s\nfirst=%.*s", SPAN_F(c->key), SPAN_F(first));
		if (conf_is(c, CONF_MAP, in->f))
			add_event(in, c->key, c, c);
	}
}

static void read_events(struct form_loading *in, struct conf *events)
{
	struct form *f = in->form;
	unsigned i = 0;

	if (!events) {
		if (f->nkinds)
			f->kinds[f->nkinds - 1].records = true;
		for (; i < f->nevents; i++) {
			f->events[i].kind = f->nkinds ? f->nkinds - 1 : 0;
			read_event(in, in->root, &f->events[i]);
		}
		return;
	}
	for (struct conf *c = events->first; c && i < f->nevents; c = c->next)
		if (c->kind == CONF_MAP)
			read_source(in, c, &f->events[i++]);
	i = 0;
	for (struct conf *c = events->first; c && i < f->nevents; c = c->next)
		if (c->kind == CONF_MAP) {
			read_event(in, c, &f->events[i++]);
			conf_unknown(c, in->f);
		}
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

/* Do all events come of rows of one kind, and has at most one of them an amount? Then what is declared needs no name. */
static bool one_total(const struct form *f)
{
	unsigned amounts = 0;

	for (unsigned i = 0; i < f->nevents; i++) {
		amounts += f->events[i].schema && schema_control(f->events[i].schema);
		if (f->events[i].kind != f->events[0].kind)
			return false;
	}
	return amounts <= 1;
}

/* declares: {of: TYPE}: which of several events the declared figures are about. */
static void read_declared_of(struct form_loading *in)
{
	struct form *f = in->form;
	struct conf *node = conf_get(in->root, "declares"), *of = NULL, *each = NULL;

	if (node && node->kind == CONF_MAP)
		of = conf_want(node, "of", CONF_SCALAR, in->f);
	for (unsigned i = 0; of && i < f->nevents; i++)
		if (span_is(of->text, f->events[i].type))
			f->declared_of = &f->events[i];
	if (node && node->kind == CONF_MAP)
		each = conf_want(node, "each", CONF_SCALAR, in->f);
	for (unsigned i = 0; each && i + 1 < f->nkinds; i++)
		if (span_is(each->text, f->kinds[i].name))
			f->declared_each = &f->kinds[i];
	if (each && !f->declared_each)
		conf_report(in->f, each, E_FORM_OF, "kind=%.*s", SPAN_F(each->text));
	if (of ? !f->declared_of : names_totals(in->root) && !one_total(f))
		conf_report(in->f, of ? of : in->root, E_FORM_DECLARED, "%s", "");
	if (node && node->kind == CONF_MAP)
		conf_unknown(node, in->f);
}

void form_load_inward(struct form_loading *in)
{
	struct form *f = in->form;
	struct conf *events = conf_get(in->root, "events"), *event;

	if (events && (events = conf_want(in->root, "events", CONF_MAP, in->f)) != NULL)
		begin_events(in, events);
	else if (!conf_get(in->root, "events") && (event = conf_need(in->root, "event", CONF_SCALAR, in->f)) != NULL)
		add_event(in, event->text, event, in->root);
	if (form_instructs(f) && !conf_get(in->root, "release"))
		conf_report(in->f, in->root, E_FORM_NO_RELEASE, "%s", "");
	f->release = (enum form_release)conf_choice(in->root, "release", "record|batch", RELEASE_RECORD, in->f);
	read_kinds(in);
	read_header(in);
	read_skip(in);
	read_trailer(in);
	read_declares(in);
	read_events(in, events);
	read_declared_of(in);
	if (f->release == RELEASE_BATCH && form_instructs(f) && !names_totals(in->root))
		conf_report(in->f, in->root, E_FORM_NO_TOTALS, "%s", "");
	drop_unused(f);
}
