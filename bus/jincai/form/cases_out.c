/* SPDX-License-Identifier: Apache-2.0 */
#include "cases.h"

#include <inttypes.h>
#include <stdlib.h>

#include "extract.h"

/* An event type as the form takes it: fields by name as the router has them, handed to the shape's names. */
struct taken {
	const struct form_shape *shape;
	struct names *names;
	struct extract *extract;
	struct slots fields, slots;
	struct taken *next;
};

/* The parcel under way: as a destination builds it, in memory. */
struct packing {
	struct library *library;
	const struct form *form;
	struct taken *types;
	struct buf lines, body;
	struct money_sum sum;
	char currency[TOTALS_CURRENCY_MAX], date[24];
	bool mixed;
	struct cases_cover *cover;
};

static struct taken *take_type(struct packing *p, struct span type, struct err *e)
{
	const struct form_shape *shape = form_shape(p->form, type);
	const struct schema *schema;
	struct findings quiet;
	struct taken *t = p->types;

	while (t && t->shape != shape)
		t = t->next;
	if (t)
		return t;
	findings_init(&quiet);
	schema = shape ? library_schema(p->library, type, NULL, &quiet) : NULL;
	findings_done(&quiet);
	if (!schema) {
		err_set(e, E_SITE_NOT_TAKEN, "destination=-\ntype=%.*s\nform=%s", SPAN_F(type), p->form->name);
		return NULL;
	}
	t = mem_new(sizeof *t);
	t->shape = shape;
	t->names = names_new();
	t->extract = extract_new(schema, t->names);
	slots_init(&t->fields, names_count(t->names));
	slots_init(&t->slots, names_count(shape->names));
	form_site_values(p->library, shape->names, &t->slots);
	t->next = p->types;
	return p->types = t;
}

static void hand_fields(struct taken *t)
{
	for (unsigned i = 0; i < t->slots.n; i++) {
		int from = names_use(t->names, span_of(names_text(t->shape->names, i)));

		if (from >= 0)
			t->slots.v[i] = t->fields.v[from];
	}
}

static int count_money(struct packing *p, const struct taken *t, struct err *e)
{
	int amount = extract_amount_slot(t->extract), currency = extract_currency_slot(t->extract);
	char name[TOTALS_CURRENCY_MAX];
	struct span c = totals_currency(currency >= 0 ? t->fields.v[currency].text : SPAN(""),
		extract_kind_of_money(t->extract), name);

	if (!p->sum.count)
		snprintf(p->currency, sizeof p->currency, "%.*s", SPAN_F(c));
	p->mixed |= !span_is(c, p->currency);
	if (amount >= 0 && t->fields.v[amount].is_money)
		return money_sum_add(&p->sum, t->fields.v[amount].fen, e);
	money_sum_unreadable(&p->sum);
	return 0;
}

static int write_cells(struct packing *p, const struct map *m, unsigned layout, const struct slots *s, struct buf *to,
	struct err *e)
{
	struct span cells[CODEC_CELLS_MAX];
	unsigned n = map_count(m);

	for (unsigned i = 0; i < n && i < CODEC_CELLS_MAX; i++)
		cells[i] = map_cell(m, s, i)->text;
	return p->form->codec->write(p->form->format, layout, cells, n, to, e);
}

static int pack_event(struct packing *p, struct span json, struct err *e)
{
	struct event v;
	struct taken *t;

	if (event_read(json, &v, e) != 0 || !(t = take_type(p, v.type, e)) ||
		extract_run(t->extract, &v, &t->fields, e) != 0)
		return -1;
	if (!p->sum.count)
		snprintf(p->date, sizeof p->date, "%.*s", SPAN_F(v.businessdate));
	hand_fields(t);
	slots_begin(&t->slots, v.data.n);
	if (map_run(t->shape->line, &t->slots, e) != 0 || count_money(p, t, e) != 0)
		return -1;
	cases_cover_line(p->cover, t->shape, &t->slots);
	return write_cells(p, t->shape->line, t->shape->layout, &t->slots, &p->lines, e);
}

static void set(const struct names *names, struct slots *s, const char *name, struct value v)
{
	for (unsigned i = 0; i < names_count(names); i++)
		if (strcmp(names_text(names, i), name) == 0)
			s->v[i] = v;
}

static int write_head(struct packing *p, struct err *e)
{
	const struct form *f = p->form;
	char count[24], amount[24];
	struct slots s;
	int64_t sum;
	int ret;

	if (p->mixed)
		return err_set(e, E_PARCEL_CURRENCIES, "batch=-");
	if (__builtin_add_overflow(p->sum.plus, p->sum.minus, &sum))
		return err_set(e, E_MONEY_RANGE, "text=sum");
	snprintf(count, sizeof count, "%" PRIu64, p->sum.count);
	slots_init(&s, names_count(f->names));
	form_site_values(p->library, f->names, &s);
	set(f->names, &s, "parcel.no", (struct value){.text = SPAN("1")});
	set(f->names, &s, "parcel.count", (struct value){.text = span_of(count)});
	set(f->names, &s, "parcel.sum",
		(struct value){.text = span_of(money_text(sum, amount)), .fen = sum, .is_money = true});
	set(f->names, &s, "parcel.date", (struct value){.text = span_of(p->date)});
	set(f->names, &s, "parcel.split", (struct value){.text = SPAN("")});
	slots_begin(&s, 256);
	ret = map_run(f->head, &s, e) != 0 ? -1 : write_cells(p, f->head, f->head_layout, &s, &p->body, e);
	slots_done(&s);
	return ret;
}

static int pack(struct packing *p, struct span events, struct err *e)
{
	const struct form *f = p->form;
	struct span line;

	while (cases_line(&events, &line))
		if (line.n && pack_event(p, line, e) != 0)
			return -1;
	f->codec->begin(f->format, &p->body);
	if (f->ntitles && f->codec->write(f->format, 0, f->titles, f->ntitles, &p->body, e) != 0)
		return -1;
	if (f->head && write_head(p, e) != 0)
		return -1;
	buf_span(&p->body, buf_as_span(&p->lines));
	f->codec->end(f->format, &p->body);
	return 0;
}

static void packing_done(struct packing *p)
{
	for (struct taken *t = p->types, *next; t; t = next) {
		next = t->next;
		extract_free(t->extract);
		names_free(t->names);
		slots_done(&t->fields);
		slots_done(&t->slots);
		free(t);
	}
	buf_done(&p->lines);
	buf_done(&p->body);
}

/* ---- comparing ---- */

static int compare(const struct form *form, const char *shown, struct span want, struct span got)
{
	struct cases_pair *pairs;
	unsigned n;

	if (span_eq(want, got))
		return 1;
	pairs = cases_diff(want, got, false, &n);
	if (!cases_diff_show(shown, pairs, n, false, form->charset))
		cases_differ(shown, n, SPAN_NONE, SPAN("(one end of line more or less at the end)"));
	free(pairs);
	return 0;
}

/* What the case says: one of the two files. */
struct expected {
	struct buf file, error;
	int has_file, has_error;
};

static int read_expected(const struct cases_run *run, const char *dir, const char *shown, struct expected *x, struct err *e)
{
	x->has_file = cases_get(dir, "expected.file", &x->file, e);
	x->has_error = x->has_file < 0 ? -1 : cases_get(dir, "expected.error", &x->error, e);
	if (x->has_error < 0)
		return -1;
	if (x->has_file == x->has_error && (x->has_file || !run->files))
		return err_set(e, E_CASE_EXPECTED, "case=%s\nwant=expected.file | expected.error", shown);
	return 0;
}

/* code: why no file could be made; empty: it was. */
static int hold_against(const struct cases_run *run, const struct expected *x, const char *shown, struct span body,
	struct span code)
{
	struct span want = buf_as_span(&x->error);

	if (x->has_file && !code.n)
		return compare(run->form, shown, buf_as_span(&x->file), body);
	want.n -= span_ends(want, SPAN("\n"));
	if (x->has_error && code.n && span_eq(want, code))
		return 1;
	cases_differ(shown, 1, x->has_error ? want : x->has_file ? SPAN("(expected.file)") : SPAN_NONE,
		code.n ? code : SPAN("(no error)"));
	return 0;
}

static void keep_expected(const struct cases_run *run, const char *dir, struct packing *p, struct span code)
{
	struct buf error = BUF_INIT;

	if (!code.n) {
		cases_files_add(run->files, dir, "expected.file", "expected.error", &p->body);
		return;
	}
	buf_printf(&error, "%.*s\n", SPAN_F(code));
	cases_files_add(run->files, dir, "expected.error", "expected.file", &error);
}

int cases_run_out(const struct cases_run *run, const char *dir, const char *shown, struct err *e)
{
	struct packing p = {.library = run->library, .form = run->form, .cover = run->cover};
	struct buf events = BUF_INIT;
	struct expected x = {BUF_INIT, BUF_INIT, 0, 0};
	struct span code = SPAN("");
	int ret = -1, has_events = cases_get(dir, "events.jsonl", &events, e);
	struct err why;

	if (has_events == 0)
		err_set(e, E_CASE_INPUT, "case=%s\ngot=0", shown);
	if (has_events != 1 || read_expected(run, dir, shown, &x, e) != 0)
		goto out;
	if (pack(&p, buf_as_span(&events), &why) != 0)
		code = span_of(err_code(why.id)->name);
	ret = hold_against(run, &x, shown, buf_as_span(&p.body), code);
	if (ret == 0 && run->files)
		keep_expected(run, dir, &p, code);
out:
	packing_done(&p);
	buf_done(&events);
	buf_done(&x.file);
	buf_done(&x.error);
	return ret;
}
