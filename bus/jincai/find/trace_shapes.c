/* SPDX-License-Identifier: Apache-2.0 */
#include "trace.h"

#include <jansson.h>
#include <stdlib.h>

#include "json_text.h"
#include "say.h"
#include "show.h"

#define SIDE_WIDTH 118               /* of a terminal; what does not fit stands below */

/* What one destination was given, or would be given now: a cell is "column = value", masked, and stands in the row of
 * the field of the event that it was made from. */
struct shape {
	const struct site_destination *d;
	struct span head;
	struct span *from, *cells;
	unsigned n;
	int width;
};

struct shapes {
	const struct trace *t;
	struct arena *arena;
	struct router *router;
	const struct schema *schema;
	unsigned type;
	struct shape *list;
	unsigned n;
	int field_width;
};

static int width_of(struct span text)
{
	char *copy = mem_text(text);
	const int wide = 4096, ret = wide - show_padding(copy, wide);

	free(copy);
	return ret;
}

static struct span keep(struct shapes *s, struct buf *b)
{
	struct span ret = arena_span(s->arena, buf_as_span(b));

	buf_clear(b);
	return ret;
}

/* from: "data.payee.name", "" of what the form sets itself. */
static void add_cell(struct shapes *s, struct shape *x, struct span from, struct span column, struct span value,
	bool cut)
{
	const struct schema_field *f = span_starts(from, SPAN("data.")) && s->schema ?
		schema_field(s->schema, (struct span){from.p + 5, from.n - 5}) : NULL;
	struct buf b = BUF_INIT;

	if (column.n)
		show_text(&b, column);
	else
		buf_printf(&b, "%u", x->n + 1);
	buf_str(&b, " = ");
	if (f && f->sensitivity == SENSITIVITY_NONE) {
		buf_c(&b, '"');
		show_text(&b, value);
		buf_c(&b, '"');
	} else {
		show_masked(&b, value, f ? f->sensitivity : SENSITIVITY_NONE);
	}
	buf_str(&b, cut ? say("（已截短）", " (shortened)") : "");
	x->from = mem_grow(x->from, x->n + 1u, sizeof *x->from);
	x->cells = mem_grow(x->cells, x->n + 1u, sizeof *x->cells);
	x->from[x->n] = from;
	x->cells[x->n] = keep(s, &b);
	if (x->width < width_of(x->cells[x->n]))
		x->width = width_of(x->cells[x->n]);
	if (s->field_width < width_of(from))
		s->field_width = width_of(from);
	x->n++;
	buf_done(&b);
}

/* ---- of one destination ---- */

/* What lies on its topic, as far as somebody was given it; to be released. */
static json_t *given_to(const struct trace *t, const char *destination)
{
	struct err ignored;
	struct event v;

	for (unsigned i = t->nhops; i-- > 0;)
		if (strcmp(t->hops[i].kind, "routed") == 0 && span_is(t->hops[i].destination, destination) &&
			t->hops[i].record.n && event_read(t->hops[i].record, &v, &ignored) == 0)
			return json_loadb(v.data.p, v.data.n, 0, NULL);
	return NULL;
}

static void set_head(struct shapes *s, struct shape *x, const char *what)
{
	struct buf b = BUF_INIT;

	buf_printf(&b, say("%s（%s%s）", "%s (%s%s)"), x->d->name, x->d->form->name, what);
	x->head = keep(s, &b);
	x->width = width_of(x->head);
	buf_done(&b);
}

/* Cells whose names are known: those given, when the form is laid out as it was then; else those of now. */
static void add_named(struct shapes *s, struct shape *x, const json_t *given, const struct map *line,
	const struct slots *cells)
{
	const struct names *names = form_shape(x->d->form, s->t->event.type)->names;

	for (unsigned i = 0; i < map_count(line); i++) {
		const struct value *v = map_cell(line, cells, i);
		const char *text = given ? json_string_value(json_array_get(given, i)) : NULL;
		const int from = map_from(line, i);
		struct span value = v->text.p ? v->text : SPAN("");

		add_cell(s, x, from >= 0 ? span_of(names_text(names, (unsigned)from)) : SPAN(""), map_column(line, i),
			given ? arena_span(s->arena, span_of(text ? text : "")) : value, v->cut);
	}
}

/* The form is laid out otherwise now: what each cell meant cannot be told. */
static void add_nameless(struct shapes *s, struct shape *x, const json_t *given)
{
	const json_t *cell;
	size_t i;

	json_array_foreach(given, i, cell)
		add_cell(s, x, SPAN(""), SPAN(""), span_of(json_is_string(cell) ? json_string_value(cell) : ""), false);
}

static void add_shape(struct shapes *s, unsigned number)
{
	const struct site_destination *d = &s->t->site->destinations[number];
	json_t *data = given_to(s->t, d->name);
	const json_t *given = json_object_get(data, "line");
	struct shape x = {.d = d};
	const struct map *line = NULL;
	const struct slots *cells;
	struct span record;
	struct err e;
	bool now = router_record(s->router, s->type, number, &s->t->event, &record, &e) == 1 &&
		router_line(s->router, s->type, number, &s->t->event, &line, &cells, &e) == 0;
	bool same = now && given && strcmp(json_text(data, "layout"), map_layout(line)) == 0;

	if (given || now) {
		set_head(s, &x, same ? say("，已给的", ", as given") : given ?
			say("，已给的，格式后来变了", ", as given, the form is another now") :
			say("，尚未给，现在会是", ", not given yet, it would be"));
		if (now && (same || !given))
			add_named(s, &x, same ? given : NULL, line, cells);
		else
			add_nameless(s, &x, given);
		s->list = mem_grow(s->list, s->n + 1u, sizeof *s->list);
		s->list[s->n++] = x;
	}
	json_decref(data);
}

/* ---- side by side ---- */

static void put_padded(struct buf *b, struct span text, int width, bool last)
{
	const int missing = width - width_of(text);

	buf_span(b, text);
	if (!last)
		buf_printf(b, "%*s", (missing > 0 ? missing : 0) + 2, "");
}

/* Shapes first to end - 1 fit beside each other. */
static unsigned fit(const struct shapes *s, unsigned first)
{
	int width = 2 + s->field_width + 2;
	unsigned end = first;

	while (end < s->n && (end == first || width + s->list[end].width + 2 <= SIDE_WIDTH)) {
		width += s->list[end].width + 2;
		end++;
	}
	return end;
}

static int cell_of(const struct shape *x, struct span from, unsigned which)
{
	for (unsigned i = 0; i < x->n; i++)
		if (span_eq(x->from[i], from) && which-- == 0)
			return (int)i;
	return -1;
}

static bool was_before(const struct shapes *s, unsigned first, unsigned at, unsigned i)
{
	struct span from = s->list[at].from[i];

	for (unsigned k = first; k < at; k++)
		if (cell_of(&s->list[k], from, 0) >= 0)
			return true;
	for (unsigned k = 0; k < i; k++)
		if (span_eq(s->list[at].from[k], from))
			return true;
	return false;
}

/* Of one field: as many rows as one of them has cells of it. */
static void put_rows(const struct shapes *s, unsigned first, unsigned end, struct span from, struct buf *b)
{
	bool more = true;

	for (unsigned which = 0; more; which++) {
		more = false;
		for (unsigned k = first; k < end; k++)
			more |= cell_of(&s->list[k], from, which) >= 0;
		if (!more)
			return;
		buf_str(b, "  ");
		put_padded(b, from.n ? from : SPAN("-"), s->field_width, false);
		for (unsigned k = first; k < end; k++) {
			const int i = cell_of(&s->list[k], from, which);

			put_padded(b, i >= 0 ? s->list[k].cells[i] : SPAN("-"), s->list[k].width, k + 1 == end);
		}
		buf_c(b, '\n');
	}
}

static void put_side(const struct shapes *s, unsigned first, unsigned end, struct buf *b)
{
	buf_printf(b, "  %*s", s->field_width + 2, "");
	for (unsigned k = first; k < end; k++)
		put_padded(b, s->list[k].head, s->list[k].width, k + 1 == end);
	buf_c(b, '\n');
	for (unsigned k = first; k < end; k++)
		for (unsigned i = 0; i < s->list[k].n; i++)
			if (!was_before(s, first, k, i))
				put_rows(s, first, end, s->list[k].from[i], b);
}

void trace_shapes(const struct trace *t, struct router *router, struct buf *b)
{
	struct arena arena = ARENA_INIT;
	struct findings quiet;
	struct shapes s = {.t = t, .arena = &arena, .router = router};
	const int type = router_find(router, t->event.type);
	struct err ignored;

	findings_init(&quiet);
	s.schema = library_schema(t->site->library, t->event.type, conf_root(t->site->conf), &quiet);
	findings_done(&quiet);
	if (type >= 0 && router_look(router, (unsigned)type, &t->event, &ignored) == 0) {
		s.type = (unsigned)type;
		for (unsigned i = 0; i < t->site->ndestinations; i++)
			add_shape(&s, i);
	}
	if (s.n)
		buf_printf(b, "\n%s\n", say("各去向（个人信息已遮蔽）：", "each destination (what is personal is masked):"));
	for (unsigned first = 0, end; first < s.n; first = end) {
		end = fit(&s, first);
		put_side(&s, first, end, b);
	}
	for (unsigned i = 0; i < s.n; i++) {
		free(s.list[i].from);
		free(s.list[i].cells);
	}
	free(s.list);
	arena_done(&arena);
}
