/* SPDX-License-Identifier: Apache-2.0 */
#include "xml.h"

#include "utf8.h"

/* ---- rows and their cells ---- */

size_t xml_new_row(struct codec_reader *r, uint64_t offset, size_t raw, int kind)
{
	if (r->nrows == r->rows_cap) {
		r->rows_cap = r->rows_cap * 2 + 16;
		r->rows = mem_grow(r->rows, r->rows_cap, sizeof *r->rows);
	}
	r->rows[r->nrows] = (struct xml_row){.offset = offset, .raw = raw, .kind = kind,
		.inside = r->src == &r->inner, .bad = E_NONE};
	return r->nrows++;
}

void xml_forget(struct codec_reader *r)
{
	r->nrows = r->given = r->ncells = 0;
	buf_clear(&r->texts);
	buf_clear(&r->inside);
}

/* The first reason counts. */
static void spoil(struct codec_reader *r, struct xml_row *row, const struct err *why)
{
	if (row->bad != E_NONE)
		return;
	row->bad = why->id;
	row->args = r->texts.n;
	row->args_n = strlen(why->args);
	buf_add(&r->texts, why->args, row->args_n);
}

void xml_bad_row(struct codec_reader *r, size_t row, const struct err *why)
{
	r->nrows = row + 1;
	r->rows[row].bad = E_NONE;
	r->rows[row].none = true;
	spoil(r, &r->rows[row], why);
}

void xml_spoil_column(struct codec_reader *r, struct xml_open *o, enum err_id id, struct span column)
{
	struct err why;

	err_set(&why, id, "column=%.*s", SPAN_F(utf8_cut(column, 200)));
	spoil(r, &r->rows[o->row], &why);
}

bool xml_has_room(struct codec_reader *r, struct xml_open *o, size_t more)
{
	struct err why;

	o->bytes += more;
	if (o->bytes <= CODEC_RECORD_MAX)
		return true;
	err_set(&why, E_CODEC_TOO_LONG, "max=%u", CODEC_RECORD_MAX);
	spoil(r, &r->rows[o->row], &why);
	return false;
}

static void add_cell(struct codec_reader *r, struct xml_open *o, int column, struct span text)
{
	struct xml_row *row = &r->rows[o->row];

	if (row->bad != E_NONE || !xml_has_room(r, o, text.n))
		return;
	if (r->ncells == r->cells_cap) {
		r->cells_cap = r->cells_cap * 2 + 64;
		r->cells_made = mem_grow(r->cells_made, r->cells_cap, sizeof *r->cells_made);
	}
	r->cells_made[r->ncells++] = (struct xml_cell){(unsigned)column, row->cells, r->texts.n, text.n};
	row->cells = (unsigned)r->ncells;
	buf_span(&r->texts, text);
}

static void add_number(struct codec_reader *r, struct xml_open *o, unsigned number)
{
	char text[16];

	snprintf(text, sizeof text, "%u", number);
	add_cell(r, o, o->kind->number, span_of(text));
}

static void take_attributes(struct codec_reader *r, struct xml_open *o, const struct xml_node *n, const XML_Char **atts)
{
	for (const struct xml_node *a = n->attributes; a; a = a->next)
		for (const XML_Char **at = atts; *at; at += 2)
			if (span_is(a->name, *at))
				add_cell(r, o, a->cell, span_of(at[1]));
}

/* ---- columns ---- */

static const struct xml_node *child(const struct xml_node *n, const XML_Char *name)
{
	for (const struct xml_node *c = n ? n->children : NULL; c; c = c->next)
		if (span_is(c->name, name))
			return c;
	return NULL;
}

/* Goes down with an open row's columns: to the element that begins. */
static void go_down(struct codec_reader *r, unsigned level, struct xml_frame *up, struct xml_frame *f,
	const XML_Char *name, const XML_Char **atts)
{
	struct xml_open *o = &r->open[level];
	const struct xml_node *n;

	if (o->dead || r->rows[o->row].bad != E_NONE)
		return;
	if (o->list) {
		xml_json_start(r, level, up, f, name, atts);
		f->wants = true;
		return;
	}
	n = child(up->at[level], name);
	if (!n)
		return;
	f->wants = true;
	if (n->list >= 0) {
		xml_json_item(r, level, f, n, atts);
		return;
	}
	if (o->seen[n->number] == o->look)
		xml_spoil_column(r, o, E_XML_DUPLICATE, n->path);
	o->seen[n->number] = o->look;
	f->at[level] = n;
	take_attributes(r, o, n, atts);
}

/* What an element that ends was for an open row. A text where elements are wanted is refused, and the other way round; a
 * document inside stands for both. */
static void finish_columns(struct codec_reader *r, unsigned level, const struct xml_frame *f)
{
	struct xml_open *o = &r->open[level];
	const struct xml_node *n = f->at[level];

	if (o->dead || r->rows[o->row].bad != E_NONE)
		return;
	if (o->list) {
		xml_json_end(r, level, f);
		return;
	}
	if (!n)
		return;
	if (!f->inside && ((f->has_child && !n->children && n->cell >= 0) ||
		((f->has_child || n->cell < 0) && n->children && (f->mixed || !xml_blank(&r->text)))))
		xml_spoil_column(r, o, E_XML_KIND, n->path);
	else if (n->cell >= 0 && !f->has_child)
		add_cell(r, o, n->cell, buf_as_span(&r->text));
}

/* ---- which element is what ---- */

static bool holds(const struct xml_test *t, const XML_Char **atts)
{
	for (; *atts; atts += 2)
		if (span_is(t->name, *atts))
			return span_is(t->value, atts[1]);
	return false;
}

static const struct xml_test *first_broken(const struct xml_step *s, const XML_Char **atts)
{
	for (unsigned i = 0; i < s->ntests; i++)
		if (!holds(&s->tests[i], atts))
			return &s->tests[i];
	return NULL;
}

static struct span attribute(struct span name, const XML_Char **atts)
{
	for (; *atts; atts += 2)
		if (span_is(name, *atts))
			return span_of(atts[1]);
	return SPAN("-");
}

/* Which paths lead here or on. Returns the kind of row that it is, -1 for none; a test that kept a row's path from
 * leading on where no other does. */
static int match(struct codec_reader *r, uint32_t alive, struct xml_frame *f, const XML_Char *name,
	const XML_Char **atts, const struct xml_test **ret_broken)
{
	const unsigned step = r->depth - 1;
	const struct xml_test *broken = NULL;
	int kind = -1;
	bool led = false;

	for (unsigned i = 0; alive >> i; i++) {
		const struct xml_path *p = &r->f->paths[i];
		const struct xml_test *t;

		if (!(alive >> i & 1) || p->nsteps <= step || !span_is(p->steps[step].name, name))
			continue;
		t = first_broken(&p->steps[step], atts);
		if (t) {
			broken = broken || p->kind == XML_INSIDE ? broken : t;
			continue;
		}
		f->alive |= 1u << i;
		if (p->kind == XML_INSIDE)
			f->inside |= p->nsteps == step + 1 && r->src == &r->outer;
		else
			led = true;
		if (p->kind != XML_INSIDE && p->nsteps == step + 1 && kind < 0)
			kind = p->kind;
	}
	*ret_broken = led ? NULL : broken;
	return kind;
}

static void unknown_row(struct codec_reader *r, size_t row, const XML_Char *name, const struct xml_test *t,
	const XML_Char **atts)
{
	const struct span got = t ? attribute(t->name, atts) : SPAN_NONE;
	struct err why;

	if (t)
		err_set(&why, E_CODEC_XML_ROW, "element=%.*s\nattribute=%.*s\ngot=%.*s",
			SPAN_F(utf8_cut(span_of(name), 80)), SPAN_F(t->name), SPAN_F(utf8_cut(got, 80)));
	else
		err_set(&why, E_CODEC_XML_ROW, "element=%.*s", SPAN_F(utf8_cut(span_of(name), 80)));
	r->rows[row].none = true;
	spoil(r, &r->rows[row], &why);
}

static bool within_dead(const struct codec_reader *r)
{
	return r->nopen && r->open[r->nopen - 1].dead;
}

/* The element begins a row: of a kind, or of none (bad). */
static void begin_row(struct codec_reader *r, struct xml_frame *f, int kind, const struct xml_test *broken,
	const XML_Char *name, const XML_Char **atts)
{
	const uint64_t raw = xml_locate(&r->src->map, xml_event(r->src)), offset = xml_offset(r, raw);
	struct xml_open *o;
	unsigned number = 0;

	if (!r->in_group)
		xml_begin_group(r, offset);
	f->begin = offset;
	if ((kind >= 0 || broken) && !r->over)
		number = r->nopen ? ++r->open[r->nopen - 1].inner : ++r->top;
	if (r->depth == r->group_depth)
		r->group_top = r->top;
	if (r->over || within_dead(r) || (kind < 0 && !broken))
		return;
	o = &r->open[r->nopen++];
	o->row = xml_new_row(r, offset, (size_t)(raw - (r->src == &r->outer ? r->group_begin : 0)), kind);
	o->look = ++r->look;
	o->bytes = o->inner = 0;
	o->list = NULL;
	o->dead = kind < 0 || !r->f->kinds[kind].root;
	o->kind = kind < 0 ? NULL : &r->f->kinds[kind];
	f->row = true;
	if (o->dead) {
		unknown_row(r, o->row, name, broken, atts);
		return;
	}
	for (unsigned i = 0; i < o->kind->nlists; i++)
		buf_clear(&o->lists[i]);
	f->wants = true;
	f->at[r->nopen - 1] = o->kind->root;
	if (o->kind->number >= 0)
		add_number(r, o, number);
	take_attributes(r, o, o->kind->root, atts);
}

static void end_row(struct codec_reader *r)
{
	struct xml_open *o = &r->open[--r->nopen];
	struct xml_row *row = &r->rows[o->row];
	const uint64_t raw = xml_locate(&r->src->map, xml_event_end(r->src));

	row->raw_n = (size_t)(raw - (r->src == &r->outer ? r->group_begin : 0)) - row->raw;
	for (unsigned i = 0; !o->dead && i < o->kind->nlists; i++)
		if (o->lists[i].n) {
			buf_c(&o->lists[i], ']');
			add_cell(r, o, o->kind->lists[i], buf_as_span(&o->lists[i]));
		}
}

/* ---- handlers ---- */

/* The text before a tag is of no element alone. */
static void leave_text(struct codec_reader *r, struct xml_frame *f)
{
	f->mixed |= f->wants && !xml_blank(&r->text);
	buf_clear(&r->text);
}

static bool too_long(struct codec_reader *r)
{
	if (XML_GetCurrentByteCount(r->src->parser) <= XML_TOKEN_MAX)
		return false;
	xml_stop(r, E_XML_TOO_LONG);
	return true;
}

static void start(void *arg, const XML_Char *name, const XML_Char **atts)
{
	struct codec_reader *r = arg;
	struct xml_frame *up = r->depth ? &r->frames[r->depth - 1] : NULL, *f = &r->frames[r->depth];
	const struct xml_test *broken;
	int kind;

	if (r->said || too_long(r))
		return;
	if (r->depth == XML_DEPTH_MAX) {
		xml_stop(r, E_XML_DEPTH);
		return;
	}
	if (up) {
		leave_text(r, up);
		up->has_child |= !up->inside;
	}
	r->depth++;
	*f = (struct xml_frame){.content = xml_event_end(r->src)};
	kind = match(r, up ? up->alive : UINT32_MAX >> (32 - r->f->npaths), f, name, atts, &broken);
	if (!up && !f->alive && !broken) {
		xml_no_root(r, name);
		return;
	}
	for (unsigned i = 0; i < r->nopen; i++)
		go_down(r, i, up, f, name, atts);
	if (kind >= 0 || broken || f->inside)
		begin_row(r, f, kind, broken, name, atts);
	else if (!r->in_group)
		xml_set_mark(r, xml_locate(&r->src->map, f->content));
}

/* The text as it stands in the file; of one CDATA section what is in it. */
static struct span own_text(const struct codec_reader *r, uint64_t from, uint64_t to)
{
	const struct span cdata = SPAN("<![CDATA["), close = SPAN("]]>");
	struct span s = xml_bytes(r, from, to);

	if (span_starts(s, cdata) && span_ends(s, close))
		s = (struct span){s.p + cdata.n, s.n - cdata.n - close.n};
	return s;
}

/* The document inside an element that ends; it breaks: what it is in is one bad row, and what else stood in that none. */
static void inside(struct codec_reader *r, struct xml_frame *f)
{
	const unsigned depth = r->depth, nopen = r->nopen;
	const uint64_t from = xml_locate(&r->outer.map, f->content), to = xml_locate(&r->outer.map, xml_event(&r->outer));
	const struct span all = xml_bytes(r, from, to), text = own_text(r, from, to);
	struct err why;
	int got = 0;

	if (!within_dead(r))
		got = xml_read_inside(r, text, from + (uint64_t)(text.p - all.p), &why);
	buf_clear(&r->text);
	if (f->wants)
		buf_span(&r->text, text);
	if (got == 0)
		return;
	r->depth = depth;
	r->nopen = nopen;
	if (nopen) {
		xml_bad_row(r, r->open[nopen - 1].row, &why);
		r->open[nopen - 1].dead = true;
		return;
	}
	r->nrows = 0;
	r->top = r->group_top;
	xml_bad_row(r, xml_new_row(r, f->begin, (size_t)(f->begin - r->group_begin), -1), &why);
	r->rows[0].raw_n = (size_t)(xml_locate(&r->outer.map, xml_event_end(&r->outer)) - f->begin);
}

static void end(void *arg, const XML_Char *name)
{
	struct codec_reader *r = arg;
	struct xml_frame *f = &r->frames[r->depth - 1];

	(void)name;
	if (r->said)
		return;
	if (f->inside && !r->over)
		inside(r, f);
	for (unsigned i = 0; i < r->nopen; i++)
		finish_columns(r, i, f);
	if (f->row)
		end_row(r);
	buf_clear(&r->text);
	r->depth--;
	if (r->in_group && r->depth < r->group_depth)
		xml_end_group(r);
	if (!r->in_group)
		xml_set_mark(r, xml_locate(&r->src->map, xml_event_end(r->src)));
	if (!r->depth && r->src == &r->outer)
		xml_end_document(r);
}

static void chars(void *arg, const XML_Char *p, int n)
{
	struct codec_reader *r = arg;

	const struct xml_frame *f = r->depth ? &r->frames[r->depth - 1] : NULL;

	if (f && f->wants && !f->inside && r->text.n <= CODEC_RECORD_MAX && !r->said)
		buf_add(&r->text, p, (size_t)n);
}

static void doctype(void *arg, const XML_Char *name, const XML_Char *sysid, const XML_Char *pubid, int internal)
{
	(void)name;
	(void)sysid;
	(void)pubid;
	(void)internal;
	xml_stop(arg, E_XML_DOCTYPE);
}

static void comment(void *arg, const XML_Char *text)
{
	(void)text;
	too_long(arg);
}

static void instruction(void *arg, const XML_Char *target, const XML_Char *text)
{
	(void)target;
	(void)text;
	too_long(arg);
}

void xml_handle(struct codec_reader *r, XML_Parser p)
{
	XML_SetUserData(p, r);
	XML_SetElementHandler(p, start, end);
	XML_SetCharacterDataHandler(p, chars);
	XML_SetStartDoctypeDeclHandler(p, doctype);
	XML_SetCommentHandler(p, comment);
	XML_SetProcessingInstructionHandler(p, instruction);
}
