/* SPDX-License-Identifier: Apache-2.0 */
#include "reader_parts.h"

#include <inttypes.h>
#include <stdlib.h>

#include "jscan.h"
#include "texts.h"
#include "utf8.h"

/* ---- opening, saving, restoring ---- */

static const char *position_text(const json_t *saved, const char *name)
{
	const char *t = json_string_value(json_object_get(saved, name));

	return t ? t : "";
}

static int restore(struct reader *r, const json_t *saved, struct err *e)
{
	const json_t *columns = json_object_get(saved, "columns"), *heads = json_object_get(saved, "heads"), *v;
	const char *name;
	size_t i;

	r->offset = (uint64_t)json_integer_value(json_object_get(saved, "offset"));
	r->line = (uint64_t)json_integer_value(json_object_get(saved, "line"));
	r->number = (uint64_t)json_integer_value(json_object_get(saved, "number"));
	r->rows = (uint64_t)json_integer_value(json_object_get(saved, "rows"));
	r->titles = (uint64_t)json_integer_value(json_object_get(saved, "titles"));
	r->header_cells = (unsigned)json_array_size(columns);
	r->header_found = r->header_cells > 0;
	if (!json_is_object(saved) || r->line == 0 || (r->form->header.within && r->rows && !r->header_found))
		return err_set(e, E_FORM_STATE, "file=%s", r->setup.shown);
	r->columns = mem_grow(NULL, r->header_cells, sizeof *r->columns);
	json_array_foreach(columns, i, v)
		r->columns[i] = (int)json_integer_value(v);
	json_object_foreach((json_t *)(uintptr_t)heads, name, v)
		for (unsigned k = 0; k < names_count(r->form->names); k++)
			if (strcmp(names_text(r->form->names, k), name) == 0)
				r->slots.v[k].text = arena_span(&r->heads, span_of(json_string_value(v)));
	r->has_count = json_is_true(json_object_get(saved, "has_count"));
	r->has_sum = json_is_true(json_object_get(saved, "has_sum"));
	r->count = strtoull(position_text(saved, "count"), NULL, 10);
	r->sum = strtoll(position_text(saved, "sum"), NULL, 10);
	return 0;
}

void reader_save(const struct reader *r, struct buf *b)
{
	bool comma = false;

	buf_printf(b, "{\"offset\":%" PRIu64 ",\"line\":%" PRIu64 ",\"number\":%" PRIu64 ",\"rows\":%" PRIu64
		",\"titles\":%" PRIu64 ",\"columns\":[", r->offset, r->line, r->number, r->rows, r->titles);
	for (unsigned i = 0; i < r->header_cells; i++)
		buf_printf(b, "%s%d", i ? "," : "", r->columns[i]);
	buf_str(b, "],\"heads\":{");
	for (unsigned k = 0; k + 1 < r->form->nkinds; k++)
		for (unsigned i = 0; i < r->form->kinds[k].ncolumns; i++) {
			int slot = r->form->kinds[k].slots[i];

			if (slot < 0 || !r->slots.v[slot].text.p)
				continue;
			if (comma)
				buf_c(b, ',');
			json_quote(b, span_of(names_text(r->form->names, (unsigned)slot)));
			buf_c(b, ':');
			json_quote(b, r->slots.v[slot].text);
			comma = true;
		}
	buf_printf(b, "},\"has_count\":%s,\"has_sum\":%s,\"count\":\"%" PRIu64 "\",\"sum\":\"%" PRId64 "\"}",
		r->has_count ? "true" : "false", r->has_sum ? "true" : "false", r->count, r->sum);
}

/* The codec reads the document inside, whose offsets these are. */
static int open_codec(struct reader *r, struct err *e)
{
	const struct form *f = r->form;
	struct codec_input *in = r->setup.input;

	if (f->wraps) {
		r->wraps = wrap_chain_open(f->wraps, in, f->codec->whole ? 0 : r->offset);
		in = wrap_chain_input(r->wraps);
	}
	if (f->codec->open(f->format, in, r->offset, r->line, &r->codec, e) != 0)
		return f->wraps ? err_at(e, "%s", r->setup.shown) : -1;
	return 0;
}

int reader_open(const struct reader_setup *s, struct reader **ret, struct err *e)
{
	struct reader *r = mem_new(sizeof *r);

	*r = (struct reader){.setup = *s, .form = s->form, .heads = ARENA_INIT, .line = 1,
		.nearest = {.names = BUF_INIT}};
	r->carried = mem_new((s->form->nkinds + 1u) * sizeof *r->carried);
	slots_init(&r->slots, names_count(s->form->names));
	form_site_values(s->library, s->form->names, &r->slots);
	if (pattern_match(s->form->file, s->name, &r->heads, &r->slots) != 1) {
		err_set(e, E_FORM_NAME, "file=%.*s", SPAN_F(s->name));
		goto fail;
	}
	/* The texts of the keys point into the name, which is the caller's. */
	for (unsigned i = 0; i < r->slots.n; i++)
		if (r->slots.v[i].text.p)
			r->slots.v[i].text = arena_span(&r->heads, r->slots.v[i].text);
	if (s->saved && restore(r, s->saved, e) != 0)
		goto fail;
	if (open_codec(r, e) != 0)
		goto fail;
	*ret = r;
	return 0;
fail:
	reader_close(r);
	return -1;
}

void reader_close(struct reader *r)
{
	if (!r)
		return;
	if (r->codec)
		r->form->codec->close(r->codec);
	wrap_chain_close(r->wraps);
	slots_done(&r->slots);
	arena_done(&r->heads);
	for (unsigned k = 0; k < r->form->nkinds; k++)
		arena_done(&r->carried[k]);
	free(r->carried);
	for (unsigned i = 0; i < FORM_EVENTS_MAX; i++) {
		buf_done(&r->texts[i].id);
		buf_done(&r->texts[i].fingerprint);
		buf_done(&r->texts[i].key);
	}
	buf_done(&r->nearest.names);
	free(r->columns);
	free(r->header_titles);
	free(r);
}

uint64_t reader_offset(const struct reader *r)
{
	return r->offset;
}

const struct row *reader_row(const struct reader *r)
{
	return &r->row;
}

struct slots *reader_slots(struct reader *r)
{
	return &r->slots;
}

const struct form_kind *reader_kind(const struct reader *r)
{
	return r->kind;
}

struct span reader_title(const struct reader *r, unsigned column, int *ret_slot)
{
	bool there = r->header_titles && column < r->header_cells;

	*ret_slot = column < r->header_cells ? r->columns[column] : -1;
	return there ? r->header_titles[column] : SPAN_NONE;
}

/* ---- rows ---- */

static int put_cell(struct reader *r, int slot, struct span cell, unsigned column, struct err *e)
{
	struct span text;

	if (slot < 0)
		return 0;
	if (r->form->codec->cell && r->form->codec->cell(r->codec, column, e) != 0)
		return -1;
	if (charset_decode(r->form->format->charset, cell, &r->slots.text, &text, e) != 0) {
		size_t n = strlen(e->args);

		snprintf(e->args + n, sizeof e->args - n, "%scell=%u", n ? "\n" : "", column + 1);
		return -1;
	}
	r->slots.v[slot] = (struct value){.text = text};
	return 0;
}

static int count_cells(const struct reader *r, unsigned want, struct err *e)
{
	if (r->row.ncells < want && !r->form->format->few_ok)
		return err_set(e, E_RECORD_FEW_COLUMNS, "want=%u\ngot=%u", want, r->row.ncells);
	if (r->row.ncells > want && !r->form->format->more_ok)
		return err_set(e, E_RECORD_MORE_COLUMNS, "want=%u\ngot=%u", want, r->row.ncells);
	return 0;
}

/* The row's cells as a kind of record has them, where the codec needs to know the kind. */
static int cut_as(struct reader *r, const struct form_kind *k, struct err *e)
{
	return r->form->codec->cut ? r->form->codec->cut(r->codec, k->layout, &r->row, e) : 0;
}

/* Puts a row's cells into the slots of `slots` (a column without a slot is left alone); missing ones are absent, and so
 * are those that cannot be read: the others count all the same, for what a dead record is worth is read from them. */
static int take_cells(struct reader *r, const int *slots, unsigned n, struct err *e)
{
	struct err later;
	int ret = 0;

	buf_clear(&r->slots.text);   /* a row may be looked at as more than one kind; only the last look counts */
	for (unsigned i = 0; i < n; i++) {
		if (i >= r->row.ncells) {
			if (slots[i] >= 0)
				r->slots.v[slots[i]] = (struct value){0};
			continue;
		}
		if (put_cell(r, slots[i], r->row.cells[i], i, ret ? &later : e) == 0)
			continue;
		r->slots.v[slots[i]] = (struct value){0};
		ret = -1;
	}
	return ret;
}

/* The position in this row of the cell that has one of the column's names; -1. */
static int find_name(struct reader *r, unsigned column)
{
	for (unsigned i = 0; i < r->row.ncells; i++) {
		struct span text;
		struct err ignored;

		if (charset_decode(r->form->format->charset, r->row.cells[i], &r->slots.text, &text, &ignored) != 0)
			continue;
		text = span_trim(text);
		for (unsigned k = 0; k < r->form->header.columns[column].nnames; k++)
			if (span_eq(text, r->form->header.columns[column].names[k]))
				return (int)i;
	}
	return -1;
}

/* Of the rows that are no header row, the one that lacks least is told: mostly the vendor changed one name in it. */
static void keep_nearest(struct reader *r, unsigned lacks, struct buf *names)
{
	struct buf before = r->nearest.names;

	if (lacks == r->form->header.ncolumns || (r->nearest.line && lacks >= r->nearest.lacks))
		return;
	r->nearest.lacks = lacks;
	r->nearest.line = r->row.line;
	r->nearest.names = *names;
	*names = before;
}

static void keep_titles(struct reader *r)
{
	r->header_titles = mem_grow(r->header_titles, r->row.ncells, sizeof *r->header_titles);
	for (unsigned i = 0; i < r->row.ncells; i++) {
		struct span text;
		struct err ignored;

		r->header_titles[i] = SPAN_NONE;
		if (charset_decode(r->form->format->charset, r->row.cells[i], &r->slots.text, &text, &ignored) == 0)
			r->header_titles[i] = arena_span(&r->heads, span_trim(text));
	}
}

/* Is this the header row: every wanted column has a cell of its own? */
static bool try_header(struct reader *r)
{
	const struct form_header *h = &r->form->header;
	int *columns = mem_grow(NULL, r->row.ncells, sizeof *columns);
	struct buf names = BUF_INIT;
	unsigned lacks = 0;

	for (unsigned i = 0; i < r->row.ncells; i++)
		columns[i] = -1;
	for (unsigned c = 0; c < h->ncolumns; c++) {
		int at = find_name(r, c);

		if (at >= 0 && columns[at] < 0) {
			columns[at] = h->columns[c].slot;
			continue;
		}
		buf_printf(&names, "%s%.*s", lacks++ ? ", " : "", SPAN_F(h->columns[c].names[0]));
	}
	if (lacks) {
		keep_nearest(r, lacks, &names);
		buf_done(&names);
		free(columns);
		return false;
	}
	free(r->columns);
	r->columns = columns;
	r->header_cells = r->row.ncells;
	keep_titles(r);
	return r->header_found = true;
}

static int no_header(const struct reader *r, struct err *e)
{
	const struct form_header *h = &r->form->header;
	struct buf names = BUF_INIT;

	if (r->nearest.line) {
		err_set(e, E_FORM_NO_HEADER, "within=%u\nline=%" PRIu64 "\nwant=%.*s", h->within, r->nearest.line,
			SPAN_F(utf8_cut(buf_as_span(&r->nearest.names), 200)));
	} else {
		for (unsigned c = 0; c < h->ncolumns; c++)
			buf_printf(&names, "%s%.*s", c ? ", " : "", SPAN_F(h->columns[c].names[0]));
		err_set(e, E_FORM_NO_HEADER, "within=%u\nwant=%.*s", h->within, SPAN_F(utf8_cut(buf_as_span(&names), 200)));
	}
	buf_done(&names);
	return err_at(e, "%s", r->setup.shown);
}

/* A head and a trailer that declare different figures: one of them is wrong, and nobody here knows which. */
static void two_totals(struct reader *r, const char *what, struct span first, struct span second)
{
	err_set(&r->two_totals, E_BATCH_TWO_TOTALS, "what=%s\nfirst=%.*s\nsecond=%.*s", what, SPAN_F(first), SPAN_F(second));
}

static void declare_count(struct reader *r, uint64_t count)
{
	char first[24], second[24];

	if (r->has_count && r->count != count) {
		snprintf(first, sizeof first, "%" PRIu64, r->count);
		snprintf(second, sizeof second, "%" PRIu64, count);
		two_totals(r, "count", span_of(first), span_of(second));
	}
	r->count = count;
	r->has_count = true;
}

static void declare_sum(struct reader *r, int64_t sum)
{
	char first[24], second[24];

	if (r->has_sum && r->sum != sum)
		two_totals(r, "sum", span_of(money_text(r->sum, first)), span_of(money_text(sum, second)));
	r->sum = sum;
	r->has_sum = true;
}

/* Declared figures stand in heads and trailers as text, some as people write them. Read wrongly they hold a file, they never
 * let one go. */
static int declared(struct reader *r, int count_slot, int sum_slot, const struct money_form *form, struct err *e)
{
	struct span count = count_slot >= 0 ? texts_figure(r->slots.v[count_slot].text) : SPAN_NONE;
	struct span sum = sum_slot >= 0 ? texts_figure(r->slots.v[sum_slot].text) : SPAN_NONE;
	uint64_t n = 0;
	int64_t fen;

	if (count.n) {
		for (size_t i = 0; i < count.n; i++) {
			if (count.p[i] < '0' || count.p[i] > '9' || count.n > 15)
				return err_set(e, E_BATCH_DECLARED, "what=count\ntext=%.*s", SPAN_F(count));
			n = n * 10 + (uint64_t)(count.p[i] - '0');
		}
		declare_count(r, n);
	}
	if (sum.n) {
		if (money_read(sum, form, &fen, e) != 0)
			return err_set(e, E_BATCH_DECLARED, "what=sum\ntext=%.*s", SPAN_F(sum));
		declare_sum(r, fen);
	}
	return 0;
}

/* The rows below a head that cannot be read are not those of the head before it. */
static void drop_head(struct reader *r, const struct form_kind *k)
{
	for (unsigned i = 0; i < k->ncolumns; i++)
		if (k->slots[i] >= 0)
			r->slots.v[k->slots[i]] = (struct value){0};
}

/* A row of a head: its texts stay for the rows below, in the place of those of the head before. */
static int take_head(struct reader *r, const struct form_kind *k, struct err *e)
{
	struct arena *a = &r->carried[k - r->form->kinds];

	if (k == r->form->declared_each) {
		r->heads_declared++;
		r->declared_line = r->row.line;
		r->has_count = r->has_sum = false;
	}
	if (r->row.bad.id)
		*e = r->row.bad;
	if (r->row.bad.id || count_cells(r, k->ncolumns, e) != 0 || take_cells(r, k->slots, k->ncolumns, e) != 0) {
		drop_head(r, k);
		return -1;
	}
	arena_clear(a);
	for (unsigned i = 0; i < k->ncolumns; i++)
		if (k->slots[i] >= 0 && r->slots.v[k->slots[i]].text.p)
			r->slots.v[k->slots[i]].text = arena_span(a, r->slots.v[k->slots[i]].text);
	if (r->form->declared_each && k != r->form->declared_each)
		return 0;
	return declared(r, r->form->declared_count_slot, r->form->declared_sum_slot, &r->form->declared_form, e);
}

static bool is_trailer(struct reader *r)
{
	return r->form->trailer && expr_true(r->form->trailer, r->slots.v);
}

static int take_trailer(struct reader *r, struct err *e)
{
	r->trailer_seen = true;
	return declared(r, r->form->trailer_count_slot, r->form->trailer_sum_slot, &r->form->declared_form, e);
}

/* ---- records ---- */

/* Cells of a list map joined: parts of an id by ':', each made safe; NULL text where one is empty. */
static int make_id(struct reader *r, const struct form_event *x, struct buf *id, struct err *e)
{
	size_t kind = strlen(x->type);

	buf_clear(id);
	while (kind && x->type[kind - 1] != '.')   /* "payroll.line.v1": the version is no part of what a thing is */
		kind--;
	buf_add(id, x->type, kind ? kind - 1 : 0);
	if (x->identity == IDENTITY_RECORD) {
		buf_c(id, ':');
		buf_add(id, r->setup.digest.p, r->setup.digest.n < 32 ? r->setup.digest.n : 32);
		buf_c(id, ':');
		buf_u64(id, r->number);
		return 0;
	}
	if (map_run(x->identity_parts, &r->slots, e) != 0)
		return -1;
	for (unsigned i = 0; i < map_count(x->identity_parts); i++) {
		struct span part = map_cell(x->identity_parts, &r->slots, i)->text;

		if (!part.n)
			return err_set(e, E_RECORD_NO_KEY, "part=%.*s", SPAN_F(map_column(x->identity_parts, i)));
		buf_c(id, ':');
		event_id_part(id, part);
	}
	if (id->n > 400)
		return err_set(e, E_RECORD_LONG_KEY, "bytes=%zu", id->n);
	return 0;
}

static int make_fingerprint(struct reader *r, const struct form_event *x, struct buf *fingerprint, struct buf *scratch,
	struct err *e)
{
	uint8_t digest[HASH_SHA256];

	buf_clear(fingerprint);
	if (!x->content)
		return 0;
	if (map_run(x->content, &r->slots, e) != 0)
		return -1;
	buf_clear(scratch);
	for (unsigned i = 0; i < map_count(x->content); i++) {
		buf_span(scratch, map_cell(x->content, &r->slots, i)->text);
		buf_c(scratch, 0x1f);
	}
	hash_sha256(scratch->p, scratch->n, digest);
	hash_hex(fingerprint, digest, 16);
	return 0;
}

static int make_event(struct reader *r, unsigned i, struct err *e)
{
	struct reading_event *ret = &r->events[i];
	const struct form_event *x = ret->of;
	int control = map_control_slot(x->map);
	struct buf *key = &r->texts[i].key;

	if (map_run(x->map, &r->slots, e) != 0)
		return -1;
	if (control >= 0) {
		ret->readable = r->slots.v[control].is_money;
		ret->fen = r->slots.v[control].fen;
	}
	if (x->currency_slot >= 0)
		ret->currency = totals_currency(r->slots.v[x->currency_slot].text, x->money, r->texts[i].currency);
	if (make_id(r, x, &r->texts[i].id, e) != 0 || make_fingerprint(r, x, &r->texts[i].fingerprint, key, e) != 0)
		return -1;
	buf_clear(key);
	if (x->key_slot >= 0)
		buf_span(key, r->slots.v[x->key_slot].text);
	ret->id = buf_as_span(&r->texts[i].id);
	ret->fingerprint = buf_as_span(&r->texts[i].fingerprint);
	ret->key = buf_as_span(key);
	return 0;
}

/* Two columns that ran together must not take all sums out of their range: such an amount is none. */
static int check_size(struct reading_event *x, struct err *e)
{
	char amount[24], max[24];

	if (!x->readable || (x->fen <= READER_AMOUNT_MAX && x->fen >= -READER_AMOUNT_MAX))
		return 0;
	x->readable = false;
	return err_set(e, E_RECORD_AMOUNT, "text=%s\nmax=%s", money_text(x->fen, amount),
		money_text(READER_AMOUNT_MAX, max));
}

static void begin_event(struct reader *r, unsigned i, const struct form_event *of)
{
	struct reading_event *x = &r->events[i];

	x->of = of;
	x->readable = false;
	x->fen = 0;
	x->currency = x->id = x->fingerprint = x->key = SPAN_NONE;
}

/* What a record is counted as of which no event was begun: the first that is made of its kind. */
static const struct form_event *first_of(const struct reader *r)
{
	const struct form *f = r->form;

	for (unsigned i = 0; i < f->nevents; i++)
		if (!r->kind || f->events[i].kind == (unsigned)(r->kind - f->kinds))
			return &f->events[i];
	return &f->events[0];
}

static void dead(struct reader *r, struct reading *g, const struct err *e)
{
	struct reading_event *x = &r->events[0];
	struct span currency = SPAN_NONE;
	struct err ignored;
	const char *cell = err_arg(e, "cell");

	if (!g->nevents)
		begin_event(r, 0, first_of(r));
	g->nevents = 1;
	g->events = r->events;
	g->bad = *e;
	err_at(&g->bad, "%s:%" PRIu64 "%s%s", r->setup.shown, r->row.line, cell ? ":" : "", cell ? cell : "");
	if (!x->readable && !r->row.bad.id &&
		map_run_amount(x->of->map, &r->slots, &x->fen, &currency, &ignored) == 0) {
		x->readable = true;
		check_size(x, &ignored);
	}
	/* Counted under the form's own currency, if it names one, also when nothing of it can be read. */
	if (!currency.n)
		currency = map_fixed_currency(x->of->map);
	if (!x->currency.n)
		x->currency = totals_currency(currency, x->of->money, r->texts[0].currency);
}

/* All events that the record makes, or none: the record is dead. */
static void make_events(struct reader *r, struct reading *g, unsigned kind)
{
	const struct form *f = r->form;
	struct err e;

	for (unsigned i = 0; i < f->nevents; i++) {
		const struct form_event *x = &f->events[i];

		if (x->kind != kind || (x->when && !expr_true(x->when, r->slots.v)))
			continue;
		begin_event(r, g->nevents, x);
		if (make_event(r, g->nevents++, &e) != 0 || check_size(&r->events[g->nevents - 1], &e) != 0) {
			dead(r, g, &e);
			return;
		}
	}
	if (!g->nevents) {
		err_set(&e, E_RECORD_NO_EVENT, "%s", "");
		dead(r, g, &e);
	}
	g->events = r->events;
}

static void begin_record(struct reader *r, struct reading *g)
{
	g->kind = READ_RECORD;
	g->number = ++r->number;
}

/* A head that cannot be read is a record that is dead: the batch must not prove without it. */
static void dead_row(struct reader *r, struct reading *g, const struct err *e)
{
	begin_record(r, g);
	r->row.bad = *e;
	dead(r, g, e);
}

static void record(struct reader *r, struct reading *g, const int *slots, unsigned n)
{
	const struct form *f = r->form;
	struct err e;

	begin_record(r, g);
	if (r->row.bad.id == E_NONE && count_cells(r, n, &e) != 0) {
		/* Columns may have moved: no cell of such a row is believed, its amount least of all. */
		r->row.bad = e;
	}
	if (r->row.bad.id != E_NONE)
		dead(r, g, &r->row.bad);
	else if (take_cells(r, slots, n, &e) != 0)
		dead(r, g, &e);
	else
		make_events(r, g, f->nkinds ? f->nkinds - 1 : 0);
}

/* Is this row of that kind? A look at one that it is not leaves the kind's carried values as they were. */
static bool kind_takes(struct reader *r, const struct form_kind *k)
{
	struct value kept[CODEC_CELLS_MAX];
	struct err ignored;
	bool is;

	if (r->form->codec->fits && (r->row.bad.id || !r->form->codec->fits(r->codec, k->layout)))
		return false;
	if (k->first)
		return r->rows == 1;
	if (!k->when)
		return true;
	for (unsigned i = 0; i < k->ncolumns; i++)
		kept[i] = k->slots[i] >= 0 ? r->slots.v[k->slots[i]] : (struct value){0};
	is = !r->row.bad.id && cut_as(r, k, &ignored) == 0;
	if (is) {
		/* A cell that cannot be read makes the row dead, not one of another kind. */
		(void)take_cells(r, k->slots, k->ncolumns, &ignored);
		is = expr_true(k->when, r->slots.v);
	}
	for (unsigned i = 0; i < k->ncolumns; i++)
		if (k->slots[i] >= 0)
			r->slots.v[k->slots[i]] = kept[i];
	return is;
}

/* A row that could not be cut may have been a head: nobody knows whose the rows below are. */
static void drop_heads(struct reader *r)
{
	for (unsigned i = 0; i + 1 < r->form->nkinds; i++)
		if (!r->form->kinds[i].first)
			drop_head(r, &r->form->kinds[i]);
}

/* One row that is neither blank nor a title. */
static void take_row(struct reader *r, struct reading *g)
{
	const struct form *f = r->form;
	const struct form_kind *k = f->kinds;
	const int *slots = r->columns;
	unsigned n = r->header_cells;
	struct err e;

	r->rows++;
	if (f->nkinds) {
		while (k + 1 < f->kinds + f->nkinds && !kind_takes(r, k))
			k++;
		if (!r->row.bad.id && cut_as(r, k, &e) != 0)
			r->row.bad = e;
		slots = k->slots;
		n = k->ncolumns;
		r->kind = k;
	}
	if (f->nkinds && k + 1 < f->kinds + f->nkinds) {
		if (take_head(r, k, &e) != 0)
			dead_row(r, g, &e);
		else if (k->records) {
			begin_record(r, g);
			make_events(r, g, (unsigned)(k - f->kinds));
		}
		return;
	}
	if (r->row.bad.id)
		drop_heads(r);
	if (!r->row.bad.id && f->skip && take_cells(r, slots, n, &e) == 0 && expr_true(f->skip, r->slots.v))
		return;
	if (!r->row.bad.id && f->trailer && take_cells(r, slots, n, &e) == 0 && is_trailer(r)) {
		if (take_trailer(r, &e) != 0)
			dead_row(r, g, &e);
		return;
	}
	record(r, g, slots, n);
}

/* Field by field: the error's room is large, and not looked at when its id is E_NONE. */
static void reading_begin(struct reading *g, enum reading_kind kind, const struct row *row)
{
	g->kind = kind;
	g->number = 0;
	g->line = row->line;
	g->offset = row->offset;
	g->raw = row->raw;
	g->bad.id = E_NONE;
	g->bad.where[0] = g->bad.args[0] = 0;
	g->events = NULL;
	g->nevents = 0;
}

int reader_next(struct reader *r, struct reading *ret, struct err *e)
{
	const struct form_header *h = &r->form->header;
	int got = r->form->codec->next(r->codec, &r->row, e);

	if (got < 0)
		return err_at(e, "%s", r->setup.shown);
	if (got == 0) {
		if (h->within && !r->header_found && r->offset)
			return no_header(r, e);
		/* A codec may see the end of its document before the wraps around it have ended, and proved. */
		if (r->wraps && wrap_chain_finish(r->wraps, e) != 0)
			return err_at(e, "%s", r->setup.shown);
		*ret = (struct reading){.kind = READ_END, .bad = ERR_INIT};
		return 0;
	}
	slots_begin(&r->slots, r->row.raw.n);
	if (r->row.deleted) {
		reading_begin(ret, READ_SKIPPED, &r->row);
	} else if (r->row.blank && r->form->format->skip_blank) {
		r->titles += !r->header_found;
		reading_begin(ret, READ_SKIPPED, &r->row);
	} else if (h->within && !r->header_found) {
		r->titles++;
		if ((r->row.bad.id || !try_header(r)) && r->titles >= h->within)
			return no_header(r, e);
		reading_begin(ret, READ_SKIPPED, &r->row);
	} else {
		reading_begin(ret, READ_SKIPPED, &r->row);
		take_row(r, ret);
	}
	r->offset = r->row.end;
	r->line = r->row.next_line;
	return 0;
}

void reader_data(struct reader *r, const struct reading_event *x, struct buf *b)
{
	map_write(x->of->map, &r->slots, b);
}

static struct span slot_text(const struct reader *r, int slot)
{
	return slot >= 0 ? r->slots.v[slot].text : SPAN_NONE;
}

void reader_attributes(struct reader *r, const struct reading_event *x, struct event *ret)
{
	ret->type = span_of(x->of->type);
	ret->id = x->id;
	ret->partitionkey = x->key;
	ret->fingerprint = x->fingerprint;
	ret->unit = slot_text(r, x->of->unit_slot);
	ret->bank = slot_text(r, x->of->bank_slot);
	ret->businessdate = slot_text(r, x->of->date_slot);
}
